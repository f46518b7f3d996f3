//! The tables of instructions, in Markdown.

use super::figures::{Inference, Network};
use crate::device::qemu::{MPS2_AN386, MPS3_AN547};
use workbench::table::{grouped, markdown};

/// What CMSIS-NN took for a layer, counted once; see the text around the table.
struct Vendor {
    layer: &'static str,
    /// Estimated cycles on the Cortex-M4F.
    m4f_cycles: u64,
    /// Instructions on the Cortex-M55.
    m55_instructions: u64,
}

const VENDOR: [Vendor; 5] = [
    Vendor { layer: "conv 8x8x8 k3 -> 16", m4f_cycles: 274_288, m55_instructions: 46_053 },
    Vendor { layer: "conv 8x8x16 k3 s2 -> 16", m4f_cycles: 109_668, m55_instructions: 14_586 },
    Vendor { layer: "pointwise 8x8x16 -> 16", m4f_cycles: 80_453, m55_instructions: 17_994 },
    Vendor { layer: "dense 256 -> 32", m4f_cycles: 21_729, m55_instructions: 4_401 },
    Vendor { layer: "conv 8x8x1 k3 -> 8", m4f_cycles: 90_819, m55_instructions: 26_217 },
];

/// Rows are layers or networks, columns cores.
pub fn by_core(inferences: &[Inference]) -> String {
    let cores = distinct(inferences, |row| row.core.as_str());
    let mut header = vec!["".to_owned(), "multiply-adds".to_owned()];
    header.extend(cores.iter().map(|core| (*core).to_owned()));
    let rows = distinct(inferences, |row| row.model.as_str()).into_iter().map(|model| {
        let own: Vec<&Inference> = inferences.iter().filter(|row| row.model == model).collect();
        let mut row = vec![model.to_owned()];
        row.extend(own.first().map(|first| grouped(first.multiply_adds)));
        row.extend(cores.iter().map(|core| {
            let found = own.iter().find(|row| row.core == *core);
            found.map_or_else(|| "-".to_owned(), |row| grouped(row.instructions))
        }));
        row
    });
    markdown(header, rows)
}

/// The layers that were counted with the vendor's library too.
pub fn beside_vendor(inferences: &[Inference]) -> String {
    let header = [
        "",
        "M4F cycles",
        "CMSIS-NN, cycles",
        "ratio",
        "M55 instructions",
        "CMSIS-NN, instructions",
        "ratio",
    ];
    let find = |layer: &str, core: &str| {
        inferences.iter().find(|row| row.model == layer && row.core == core)
    };
    let beside = |ours: Option<u64>, theirs: u64| {
        let ratio = ours.map(|ours| format!("{:.2}", ours as f64 / theirs as f64));
        let [none, nothing] = ["-"; 2].map(str::to_owned);
        [ours.map_or(none, grouped), grouped(theirs), ratio.unwrap_or(nothing)]
    };
    let rows = VENDOR.iter().map(|vendor| {
        let Vendor { layer, m4f_cycles, m55_instructions } = vendor;
        let cycles = find(layer, MPS2_AN386.core).and_then(|row| row.cycles);
        let instructions = find(layer, MPS3_AN547.core).map(|row| row.instructions);
        let mut row = vec![(*layer).to_owned()];
        row.extend(beside(cycles, *m4f_cycles));
        row.extend(beside(instructions, *m55_instructions));
        row
    });
    markdown(header.map(str::to_owned).to_vec(), rows)
}

/// Instructions of whole networks, and those of microflow.
pub fn networks(networks: &[Network]) -> String {
    let header = [
        "",
        "core",
        "multiply-adds",
        "instructions",
        "a multiply-add",
        "cycles",
        "microflow, instructions",
        "ratio",
    ];
    let rows = networks.iter().map(|Network { ours, microflow }| {
        let Inference { model, core, instructions, cycles, multiply_adds } = ours;
        let each = |count: u64, of: u64| format!("{:.2}", count as f64 / of as f64);
        let [theirs, ratio] = match microflow {
            Ok(count) => [grouped(*count), each(*count, *instructions)],
            Err(reason) => [reason.clone(), "-".to_owned()],
        };
        vec![
            model.clone(),
            core.clone(),
            grouped(*multiply_adds),
            grouped(*instructions),
            each(*instructions, *multiply_adds),
            cycles.map_or_else(|| "-".to_owned(), grouped),
            theirs,
            ratio,
        ]
    });
    markdown(header.map(str::to_owned).to_vec(), rows)
}

/// The different values, in the order in which they come.
fn distinct<'a, V: PartialEq>(rows: &'a [Inference], value: impl Fn(&'a Inference) -> V) -> Vec<V> {
    let mut values = Vec::new();
    for value in rows.iter().map(value) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

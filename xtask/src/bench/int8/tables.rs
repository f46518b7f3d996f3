//! The tables of instructions, in Markdown.

use super::figures::Inference;
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
        "M4F instructions",
        "CMSIS-NN, cycles",
        "M55 instructions",
        "CMSIS-NN, instructions",
        "ratio",
    ];
    let find = |layer: &str, core: &str| {
        let own = |row: &&Inference| row.model == layer && row.core == core;
        inferences.iter().find(own).map(|row| row.instructions)
    };
    let rows = VENDOR.iter().map(|vendor| {
        let Vendor { layer, m4f_cycles, m55_instructions } = vendor;
        let [m4f, m55] = [MPS2_AN386, MPS3_AN547].map(|machine| find(layer, machine.core));
        let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), grouped);
        let ratio = m55.map(|m55| format!("{:.2}", m55 as f64 / *m55_instructions as f64));
        vec![
            (*layer).to_owned(),
            number(m4f),
            grouped(*m4f_cycles),
            number(m55),
            grouped(*m55_instructions),
            ratio.unwrap_or_else(|| "-".to_owned()),
        ]
    });
    markdown(header.map(str::to_owned).to_vec(), rows)
}

/// Instructions a multiply-add of whole networks.
pub fn networks(inferences: &[Inference]) -> String {
    let header = ["", "core", "multiply-adds", "instructions", "a multiply-add"];
    let rows = inferences.iter().map(|row| {
        let Inference { model, core, instructions, multiply_adds, .. } = row;
        vec![
            model.clone(),
            core.clone(),
            grouped(*multiply_adds),
            grouped(*instructions),
            format!("{:.2}", *instructions as f64 / *multiply_adds as f64),
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

//! The tables of instructions, in Markdown.

use super::figures::{Passes, Step};
use crate::device::cycles::Cycles;
use crate::device::qemu::{MPS2_AN386, MPS3_AN547};
use workbench::table::grouped;
use workbench::table::markdown;

/// A library that also trains on microcontrollers.
struct Peer {
    name: &'static str,
    /// Network, batch and instructions of a step of gradient descent.
    figures: &'static [(&'static str, usize, u64)],
}

/// Counted once, see the text around the table.
const PEERS: [Peer; 2] = [
    Peer {
        name: "AIfES",
        figures: &[
            ("8-16-4", 1, 28_390),
            ("8-16-4", 8, 72_301),
            ("16-32-4", 1, 83_206),
            ("16-32-4", 8, 201_541),
        ],
    },
    Peer { name: "PULP-TrainLib", figures: &[("8-16-4", 1, 5_958), ("16-32-4", 1, 15_333)] },
];

/// Rows are cores, columns networks, batches and optimizers; the last row is the vector unit's
/// gain.
pub fn steps(steps: &[Step]) -> String {
    let column =
        |step: &Step| format!("{}, batch {}, {}", step.network, step.batch, step.optimizer);
    let columns = distinct(steps, column);
    let find = |core: &str, wanted: &String| {
        let own = |step: &&Step| step.core == core && column(step) == *wanted;
        steps.iter().find(own).map(|step| step.instructions)
    };
    let mut header = vec!["core".to_owned()];
    header.extend(columns.iter().cloned());
    let cores = distinct(steps, |step| step.core.as_str()).into_iter().map(|core| {
        let mut row = vec![core.to_owned()];
        let figures = columns.iter().map(|column| find(core, column).map_or_else(nothing, grouped));
        row.extend(figures);
        row
    });
    let mut gain = vec![format!("{} / {}", MPS3_AN547.core, MPS2_AN386.core)];
    gain.extend(columns.iter().map(|column| {
        let both = find(MPS3_AN547.core, column).zip(find(MPS2_AN386.core, column));
        both.map_or_else(nothing, |(vectors, scalars)| ratio(vectors, scalars))
    }));
    markdown(header, cores.chain([gain]))
}

/// Estimated cycles of the steps on the Cortex-M4F, beside their instructions, with a column for
/// what a board measures.
pub fn cycles(steps: &[Step]) -> String {
    let header = [
        "network",
        "batch",
        "optimizer",
        "instructions",
        "cycles, low",
        "cycles",
        "cycles, high",
        "cycles an instruction",
        "measured on a NUCLEO-F446RE",
    ];
    let known = steps.iter().filter_map(|step| step.cycles.map(|cycles| (step, cycles)));
    let rows = known.map(|(step, Cycles { low, middle, high })| {
        let mut row = vec![step.network.clone(), step.batch.to_string(), step.optimizer.clone()];
        row.extend([step.instructions, low, middle, high].map(grouped));
        row.extend([ratio(middle, step.instructions), nothing()]);
        row
    });
    markdown(header.map(str::to_owned).to_vec(), rows)
}

/// Gradient descent and the ball on the Cortex-M4F, and what the peers' gradient descent takes
/// there.
pub fn peers(steps: &[Step]) -> String {
    let mut header = vec!["network".to_owned(), "batch".to_owned(), "optimizer".to_owned()];
    header.push("instructions".to_owned());
    for Peer { name, .. } in &PEERS {
        header.extend([format!("{name}, SGD"), "ratio".to_owned()]);
    }
    let rows = steps.iter().filter(|step| step.core == MPS2_AN386.core).map(|step| {
        let mut row = vec![step.network.clone(), step.batch.to_string(), step.optimizer.clone()];
        row.push(grouped(step.instructions));
        for Peer { figures, .. } in &PEERS {
            let figure = figures
                .iter()
                .find(|(network, batch, _)| (*network, *batch) == (&step.network, step.batch));
            row.extend(match figure {
                Some((.., peer)) => [grouped(*peer), ratio(step.instructions, *peer)],
                None => [nothing(), nothing()],
            });
        }
        row
    });
    markdown(header, rows)
}

/// Instructions and cycles a parameter: rows are cores and forms, columns numbers of parameters.
pub fn passes(passes: &[Passes]) -> String {
    let lengths = distinct(passes, |passes| passes.parameters);
    let mut header = ["core", "optimizer", "gradients, losses", "unit"].map(str::to_owned).to_vec();
    header.extend(lengths.iter().map(|length| format!("N = {}", grouped(*length))));
    header.push("spread".to_owned());
    let mut rows = Vec::new();
    for (core, form) in distinct(passes, key) {
        let own: Vec<&Passes> = passes.iter().filter(|row| key(row) == (core, form)).collect();
        let evaluations = distinct(&own, |row| format!("{}, {}", row.gradients, row.losses));
        let instructions = own.iter().map(|row| Some(row.instructions)).collect();
        let cycles = own.iter().map(|row| Some(row.cycles?.middle)).collect();
        let units: [(&str, Option<Vec<u64>>); 2] =
            [("instructions", instructions), ("cycles", cycles)];
        for (unit, figures) in units {
            let Some(figures) = figures else { continue };
            let each = figures.iter().zip(&own).map(|(figure, row)| per_parameter(*figure, row));
            let each: Vec<f64> = each.collect();
            let mut row = vec![core.to_owned(), title(form).to_owned()];
            row.extend([evaluations.join(" or "), unit.to_owned()]);
            row.extend(each.iter().map(|each| format!("{each:.2}")));
            let largest = each.iter().copied().fold(0.0, f64::max);
            let smallest = each.iter().copied().fold(f64::INFINITY, f64::min);
            row.push(format!("{:.2}", largest / smallest));
            rows.push(row);
        }
    }
    markdown(header, rows.into_iter())
}

/// The Cortex-M55 in units of the Cortex-M4F: rows are forms, columns numbers of parameters.
pub fn vectors(passes: &[Passes]) -> String {
    let lengths = distinct(passes, |passes| passes.parameters);
    let mut header = vec!["optimizer".to_owned()];
    header.extend(lengths.iter().map(|length| format!("N = {}", grouped(*length))));
    let find = |machine: &str, form: &str, length: u64| {
        let own = |row: &&Passes| key(row) == (machine, form) && row.parameters == length;
        passes.iter().find(own).map(|row| row.instructions)
    };
    let rows = distinct(passes, |passes| passes.form.as_str()).into_iter().map(|form| {
        let mut row = vec![title(form).to_owned()];
        row.extend(lengths.iter().map(|length| {
            let both =
                find(MPS3_AN547.core, form, *length).zip(find(MPS2_AN386.core, form, *length));
            both.map_or_else(nothing, |(vectors, scalars)| ratio(vectors, scalars))
        }));
        row
    });
    markdown(header, rows)
}

fn key(passes: &Passes) -> (&str, &str) {
    (&passes.core, &passes.form)
}

/// The title of a form, in words for people.
fn title(form: &str) -> &str {
    match form {
        "contact" => "ball, contact (the default)",
        "gradient-descent" => "ball, nearest point by gradient descent",
        "gauss-newton" => "ball, nearest point by Gauss-Newton",
        form => form,
    }
}

fn per_parameter(figure: u64, passes: &Passes) -> f64 {
    figure as f64 / passes.parameters as f64
}

fn ratio(own: u64, other: u64) -> String {
    format!("{:.2}", own as f64 / other as f64)
}

fn nothing() -> String {
    "-".to_owned()
}

/// The different values, in the order in which they come.
fn distinct<'a, T, V: PartialEq>(rows: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    let mut values = Vec::new();
    for value in rows.iter().map(value) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

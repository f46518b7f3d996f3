//! The tables of instructions, in Markdown.

use super::figures::{Passes, Step};
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

/// Instructions a parameter: rows are cores and forms, columns numbers of parameters.
pub fn passes(passes: &[Passes]) -> String {
    let lengths = distinct(passes, |passes| passes.parameters);
    let mut header = ["core", "optimizer", "gradients, losses"].map(str::to_owned).to_vec();
    header.extend(lengths.iter().map(|length| format!("N = {}", grouped(*length))));
    header.push("spread".to_owned());
    let rows = distinct(passes, key).into_iter().map(|(core, form)| {
        let own: Vec<&Passes> = passes.iter().filter(|row| key(row) == (core, form)).collect();
        let evaluations = distinct(&own, |row| format!("{}, {}", row.gradients, row.losses));
        let each: Vec<f64> = own.iter().map(|row| per_parameter(row)).collect();
        let mut row = vec![core.to_owned(), title(form).to_owned(), evaluations.join(" or ")];
        row.extend(each.iter().map(|each| format!("{each:.2}")));
        let largest = each.iter().copied().fold(0.0, f64::max);
        let smallest = each.iter().copied().fold(f64::INFINITY, f64::min);
        row.push(format!("{:.2}", largest / smallest));
        row
    });
    markdown(header, rows)
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

fn per_parameter(passes: &Passes) -> f64 {
    passes.instructions as f64 / passes.parameters as f64
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

//! `rolling-ball inspect`: tells what a model has, and what training more or less of it would take.

use anyhow::{Result, bail};
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use rolling_ball_import::{Cut, Import, Inspection, Instructions, Layer, shown};
use std::path::PathBuf;

/// Tell the layers of a model, and what training more or less of it would take of a board, to
/// choose what stands after `rolling-ball import --train`.
///
/// Bytes are those of the types and files that an import writes. Instructions are estimates from
/// steps that were counted on emulated cores.
#[derive(Args, Clone, Debug)]
pub struct InspectArgs {
    /// The model: an ONNX or a TFLite file, or a safetensors file with a state_dict in F32
    model: PathBuf,
    /// The layers of a safetensors file, in TOML
    #[arg(long, value_name = "NETWORK.toml")]
    network: Option<PathBuf>,
    /// Print the same as JSON, and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn inspect(args: &InspectArgs) -> Result<()> {
    let mut import = Import::new(&args.model);
    if let Some(network) = &args.network {
        import = import.network(network);
    }
    let inspection = import.inspect()?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&inspection)?);
    } else {
        print(&inspection);
    }
    match inspection.refused {
        Some(refused) => bail!(refused),
        None => Ok(()),
    }
}

fn print(Inspection { layers: all, cuts: places, notes, unused, .. }: &Inspection) {
    println!("{}", layers(all));
    for note in notes {
        println!("\n{}", shown(note));
    }
    if !unused.is_empty() {
        println!("\nnot used: {}", shown(&unused.join(", ")));
    }
    if places.is_empty() {
        return;
    }
    println!("\nplaces to cut, for --train:\n{}", cuts(places));
    for Cut { train, refused, .. } in places {
        if let Some(refused) = refused {
            println!("\n{train}: {refused}");
        }
    }
    println!("\n{}", ABOUT);
}

/// What the figures are.
const ABOUT: &str = "\
Features are what a frozen backbone gives, computed once a sample and kept: they take so many bytes
of RAM or flash beside the rest. Multiply-adds are those of a sample; a step with the ball takes two
forward passes and a backward pass of what comes after the backbone. Instructions are estimates, and
no cycles: for the features of a sample; then for each sample in a step, and beside that for the
step. The counted steps of small dense networks are at most 1.21 times their estimates. Those of
int8 come from a single counted network with small convolutions; depthwise and grouped convolutions
are taken to cost what others do, uncounted.";

fn layers(all: &[Layer]) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(vec!["operator", "becomes", "output", "parameters", "multiply-adds"]);
    for Layer { operator, becomes, refused, shape, parameters, multiply_adds, .. } in all {
        let shape = shape
            .as_ref()
            .map(|shape| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x "));
        let none = if *refused { "has no layer here" } else { "" };
        table.add_row(vec![
            shown(operator),
            becomes.clone().unwrap_or_else(|| none.to_owned()),
            shape.unwrap_or_else(|| "not known".to_owned()),
            parameters.to_string(),
            multiply_adds.map(|count| count.to_string()).unwrap_or_default(),
        ]);
    }
    table
}

fn cuts(all: &[Cut]) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    let both = all.iter().any(|cut| cut.int8.is_some());
    let mut header = vec!["train", "parameters", "RAM, bytes", "flash, bytes"];
    if both {
        header.extend(["int8: RAM, bytes", "int8: flash, bytes"]);
    }
    header.extend(["features, bytes a sample", "multiply-adds forward", "backward"]);
    let cores = all.first().map_or(&[][..], |cut| &cut.instructions);
    header.extend(cores.iter().map(|instructions| instructions.core));
    table.set_header(header);
    for cut in all {
        let mut cells = vec![
            cut.train.clone(),
            cut.parameters.to_string(),
            cut.ram_bytes.to_string(),
            cut.flash_bytes.to_string(),
        ];
        if both {
            let bytes = cut.int8.map(|int8| [int8.ram_bytes, int8.flash_bytes]);
            let cell = |bytes: usize| bytes.to_string();
            cells.extend(bytes.map_or([String::new(), String::new()], |bytes| bytes.map(cell)));
        }
        cells.push(cut.feature_bytes.to_string());
        cells.push(cut.multiply_adds.forward.to_string());
        cells.push(cut.multiply_adds.backward.to_string());
        cells.extend(cut.instructions.iter().map(
            |Instructions { per_features, per_sample, per_step, .. }| {
                let [features, sample, step] = [per_features, per_sample, per_step];
                format!("{}; {} + {}", rounded(*features), rounded(*sample), rounded(*step))
            },
        ));
        table.add_row(cells);
    }
    table
}

/// An estimate with three digits.
fn rounded(count: u64) -> String {
    let (number, unit) = match count {
        0..1_000 => return count.to_string(),
        1_000..1_000_000 => (count as f64 / 1e3, "k"),
        _ => (count as f64 / 1e6, "M"),
    };
    let decimals = if number < 10.0 {
        2
    } else if number < 100.0 {
        1
    } else {
        0
    };
    format!("{number:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_has_three_digits() {
        for (count, expected) in [
            (7, "7"),
            (1_234, "1.23 k"),
            (45_678, "45.7 k"),
            (408_296, "408 k"),
            (56e6 as u64, "56.0 M"),
        ] {
            assert_eq!(rounded(count), expected);
        }
    }
}

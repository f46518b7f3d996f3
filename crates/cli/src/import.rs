//! `rolling-ball import`: turns a trained network into Rust types and flash images, or into a
//! library for C. docs/import.md is its manual.

use crate::c_library::{self, Target};
use crate::dependency::{REPOSITORY, Source};
use anyhow::Result;
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use rolling_ball_import::{
    Difference, FeaturesFromFramework, File, FromFramework, Import, Row, shown,
};
use std::path::PathBuf;

/// Import a network: an ONNX or TFLite file, or safetensors and a description in TOML, become Rust
/// types and flash images, or a static library for C (docs/import.md).
///
/// What an ONNX or TFLite file becomes is evaluated as the firmware will evaluate it, and compared
/// with the file's own graph, layer by layer.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// The model: an ONNX or a TFLite file, or a safetensors file with a state_dict in F32
    model: PathBuf,
    /// The layers of a safetensors file, in TOML
    #[arg(long, value_name = "NETWORK.toml")]
    network: Option<PathBuf>,
    /// What of an ONNX or TFLite file is trained: last:1 (the default), last:2, ..., biases, all,
    /// none, or the names of layers; last:2:0..16 or NAME:0..16 trains only those outputs of the
    /// layer before the last, or of that layer, and :rank4 a low rank beside it
    #[arg(long, value_name = "WHAT", num_args = 1.., conflicts_with_all = ["network", "cut"])]
    train: Vec<String>,
    /// Train all that comes after this layer of an ONNX or TFLite file
    #[arg(long, value_name = "NAME", conflicts_with = "network")]
    cut: Option<String>,
    /// The name of the files and of the Rust module; else that of the model's file
    #[arg(long)]
    name: Option<String>,
    /// The directory for NAME.rs and the .bin files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Make a static library for C instead: libNAME.a, NAME.h and rolling_ball.h, for a Rust target
    /// such as thumbv7em-none-eabihf, or for `host`, which is this machine
    #[arg(long, value_name = "TARGET")]
    c_library: Option<String>,
    /// Where that library takes this project from: a version on crates.io, the URL of a git
    /// repository, or the folder of a clone
    #[arg(long, value_name = "SOURCE", requires = "c_library", default_value = REPOSITORY)]
    source: Source,
    /// Replace the files that are there already; of a symbolic link, the link
    #[arg(long)]
    force: bool,
    /// Quantise the backbone to eight bits
    #[arg(long, requires = "calibration")]
    int8: bool,
    /// Inputs to calibrate with: a safetensors file with `inputs`, in F32, or in U8 with `scale`
    /// and `offset`
    #[arg(long, value_name = "FILE", requires = "int8")]
    calibration: Option<PathBuf>,
    /// Inputs to measure the accuracy on: as those of --calibration, with `labels`
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// Inputs and what the framework computes for them, to compare with: a safetensors file with
    /// `inputs` and `outputs`, and for a description the outputs of layers, `layers.NAME`
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
    /// The least and the largest number of the drawn inputs on which an ONNX or TFLite file is
    /// compared with its own graph
    #[arg(long, value_names = ["LEAST", "LARGEST"], num_args = 2, default_values = ["-1", "1"],
          allow_negative_numbers = true)]
    range: Vec<f32>,
}

/// Runs the command.
pub fn import(args: &ImportArgs) -> Result<()> {
    // Before the work that an import may be.
    let target = args.c_library.as_deref().map(Target::find).transpose()?;
    let imported = request(args).read()?;
    match &target {
        Some(_) => c_library::write(&imported, &args.source, &args.out, args.force)?,
        None if args.force => imported.overwrite(&args.out)?,
        None => imported.write(&args.out)?,
    }
    println!("{}", table(&imported.report()));
    for note in imported.notes() {
        println!("\n{}", shown(note));
    }
    if !imported.unused().is_empty() {
        println!("\nnot used: {}", shown(&imported.unused().join(", ")));
    }
    if !imported.differences().is_empty() {
        // A description has no graph.
        let other = if args.network.is_some() { "the framework" } else { "the file's own graph" };
        println!("\nlargest differences from {other}:");
        println!("{}", differences(imported.differences()));
    }
    if let Some(FromFramework { inputs, largest, steps, features }) = imported.from_framework() {
        let unit = if steps { "steps of the output's byte" } else { "of the largest output" };
        println!(
            "\nlargest difference from the framework on {inputs} inputs: {largest:.2e} {unit}"
        );
        if let Some(FeaturesFromFramework { count, different, largest, steps }) = features {
            let unit = if steps { "steps of the byte" } else { "of the largest feature" };
            println!(
                "of {count} features {different} differ in a bit, by at most {largest:.2e} {unit}"
            );
        }
    }
    println!();
    if let Some(target) = &target {
        target.build(imported.name(), &args.out)?;
        println!("\nLink with -Wl,--gc-sections: a program then has what it calls, and no more.");
        return Ok(());
    }
    for File { name, content } in imported.files() {
        let path = args.out.join(name).display().to_string();
        println!("{:>9} bytes  {}", content.len(), shown(&path));
    }
    Ok(())
}

/// What is asked for.
fn request(args: &ImportArgs) -> Import {
    let mut import = Import::new(&args.model).train(&args.train);
    if let Some(network) = &args.network {
        import = import.network(network);
    }
    if let Some(cut) = &args.cut {
        import = import.cut(cut);
    }
    if let Some(name) = &args.name {
        import = import.name(name);
    }
    if let [least, largest] = args.range[..] {
        import = import.range(least, largest);
    }
    if let Some(calibration) = &args.calibration {
        import = import.int8(calibration);
    }
    if let Some(test) = &args.test {
        import = import.test(test);
    }
    if let Some(expected) = &args.expected {
        import = import.expected(expected);
    }
    import
}

fn differences(all: &[Difference]) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(vec!["layer", "difference", "at most"]);
    for Difference { layer, largest, steps, tolerance } in all {
        let unit = if *steps { " steps" } else { "" };
        let number = |number: f32| format!("{number:.1e}{unit}");
        table.add_row(vec![shown(layer), number(*largest), number(*tolerance)]);
    }
    table
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    let both = rows.iter().any(|row| row.int8.is_some());
    table.set_header(if both { vec!["", "f32", "int8 backbone"] } else { vec!["", "f32"] });
    for Row { quantity, float, int8 } in rows {
        let mut cells = vec![quantity, float];
        cells.extend(int8);
        table.add_row(cells);
    }
    table
}

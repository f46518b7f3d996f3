//! `rolling-ball import`: turns a network from PyTorch into Rust types, C arrays and flash images.
//! docs/import.md is its manual.

use anyhow::{Context, Result};
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use rolling_ball_import::{File, Import, Row, shown};
use std::path::PathBuf;

/// Import a network from PyTorch: safetensors and a description in TOML become Rust types, C arrays
/// and flash images (docs/import.md).
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// The weights: a safetensors file with a model's state_dict, in F32
    model: PathBuf,
    /// The layers, in TOML
    #[arg(long, value_name = "NETWORK.toml")]
    network: PathBuf,
    /// The directory for NAME.rs, NAME.h and the .bin files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
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
}

/// Runs the command.
pub fn import(args: &ImportArgs) -> Result<()> {
    let mut import = Import::new(&args.model, &args.network);
    if args.int8 {
        let calibration = args.calibration.as_ref().context("--int8 needs --calibration FILE")?;
        import = import.int8(calibration);
    }
    if let Some(test) = &args.test {
        import = import.test(test);
    }
    let imported = import.read()?;
    if args.force {
        imported.overwrite(&args.out)?
    } else {
        imported.write(&args.out)?
    }
    println!("{}", table(&imported.report()));
    if !imported.unused().is_empty() {
        println!("\nnot used: {}", shown(&imported.unused().join(", ")));
    }
    println!();
    for File { name, content } in imported.files() {
        let path = args.out.join(name).display().to_string();
        println!("{:>9} bytes  {}", content.len(), shown(&path));
    }
    Ok(())
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

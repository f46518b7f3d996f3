//! `rolling-ball export`: puts what was trained on a device back into the model's file.

use crate::flash_dump;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rolling_ball_import::{Import, shown};
use std::fs;
use std::path::{Path, PathBuf};

/// Put parameters that were trained on a device back into the file that the network was imported
/// from, to evaluate it, train it on or import it again.
///
/// Say what is trained as it was said at the import. The file stays as it is, byte for byte, but
/// for the trained layers. A batch normalisation that the import folded into a trained layer is
/// left with nothing but that layer's biases to add. What is exported is imported again to see that
/// it gives the same parameters.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// The model that was imported: an ONNX or a TFLite file, or a safetensors file
    model: PathBuf,
    /// The trained parameters: theta as little-endian f32, such as NAME.theta.bin
    #[arg(long, value_name = "FILE", required_unless_present = "checkpoints")]
    theta: Option<PathBuf>,
    /// Or a dump of the flash that holds the device's checkpoints, from the beginning of their
    /// range, of which the newest is taken; such as the flash.bin of an emulated board
    #[arg(long, value_name = "FILE", conflicts_with = "theta", requires = "erase_bytes")]
    checkpoints: Option<PathBuf>,
    /// Bytes of an erase block of that flash
    #[arg(long, value_name = "BYTES", requires = "checkpoints")]
    erase_bytes: Option<usize>,
    /// Bytes of its smallest write
    #[arg(long, value_name = "BYTES", default_value_t = 4)]
    write_bytes: usize,
    /// The file to write, of the same kind as the model
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it is there already; of a symbolic link, the link
    #[arg(long)]
    force: bool,
    /// The layers of a safetensors file, in TOML
    #[arg(long, value_name = "NETWORK.toml")]
    network: Option<PathBuf>,
    /// What of an ONNX or TFLite file was trained, as at the import
    #[arg(long, value_name = "WHAT", num_args = 1.., conflicts_with_all = ["network", "cut"])]
    train: Vec<String>,
    /// Where all that comes after this layer of an ONNX or TFLite file was trained: its name
    #[arg(long, value_name = "NAME", conflicts_with = "network")]
    cut: Option<String>,
}

/// The most bytes of a file of parameters: no network has more.
const LARGEST_THETA: u64 = 4 << 24;

/// Runs the command.
pub fn export(args: &ExportArgs) -> Result<()> {
    let mut import = Import::new(&args.model).train(&args.train);
    if let Some(network) = &args.network {
        import = import.network(network);
    }
    if let Some(cut) = &args.cut {
        import = import.cut(cut);
    }
    let theta = match (&args.checkpoints, args.erase_bytes, &args.theta) {
        (Some(dump), Some(erase), _) => {
            let parameters = import.read()?.sizes().parameters;
            flash_dump::theta(dump, parameters, [args.write_bytes, erase])?
        }
        (.., Some(file)) => theta(file)?,
        _ => bail!("expected --theta, or --checkpoints with --erase-bytes"),
    };
    let exported = import.export(&theta)?;
    if args.force {
        exported.overwrite(&args.out)?;
    } else {
        exported.write(&args.out)?;
    }
    let path = args.out.display().to_string();
    println!("{} trained parameters in {}", theta.len(), shown(&path));
    Ok(())
}

fn theta(file: &Path) -> Result<Vec<f32>> {
    let path = file.display();
    let unreadable = || format!("cannot read {path}");
    let metadata = fs::metadata(file).with_context(unreadable)?;
    ensure!(metadata.is_file(), "{path}: expected a file");
    ensure!(
        metadata.len() <= LARGEST_THETA,
        "{path}: expected at most {LARGEST_THETA} bytes, found {}",
        metadata.len()
    );
    let bytes = fs::read(file).with_context(unreadable)?;
    let (numbers, rest) = bytes.as_chunks();
    ensure!(
        rest.is_empty(),
        "{path}: expected theta as little-endian f32, four bytes each, found {} bytes. Of a \
         checkpoint in flash, --checkpoints takes the dump",
        bytes.len()
    );
    Ok(numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

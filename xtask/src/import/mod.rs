//! `cargo xtask import`: a network from PyTorch as Rust types, C arrays and flash images. docs/import.md is its
//! manual.

pub mod emit;
pub mod evaluate;
pub mod graph;
pub mod inputs;
pub mod quantise;
pub mod reference;
pub mod report;
pub mod sizes;
pub mod spec;
pub mod tensors;
#[cfg(test)]
mod tests;
mod types;
mod windows;

use anyhow::{Context, Result, ensure};
use clap::Args;
use emit::File;
use graph::Graph;
use inputs::Inputs;
use quantise::{Quantised, quantise};
use report::Measured;
use spec::Spec;
use std::path::{Path, PathBuf};

/// Import a network from PyTorch: safetensors and a description in TOML become Rust types, C arrays and flash
/// images (docs/import.md).
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
    /// Quantise the backbone to eight bits
    #[arg(long, requires = "calibration")]
    int8: bool,
    /// Inputs to calibrate with: a safetensors file with `inputs`, in F32, or in U8 with `scale` and `offset`
    #[arg(long, value_name = "FILE", requires = "int8")]
    calibration: Option<PathBuf>,
    /// Inputs to measure the accuracy on: as those of --calibration, with `labels`
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
}

/// An imported network.
#[derive(Debug)]
pub struct Imported {
    /// Its layers.
    pub graph: Graph,
    /// Their parameters, weights before biases.
    pub parameters: Vec<f32>,
    /// Its backbone in eight bits.
    pub int8: Option<Quantised>,
    /// How it does on the test inputs.
    pub measured: Option<Measured>,
    /// Tensors that it does not use.
    pub unused: Vec<String>,
    /// What is written.
    pub files: Vec<File>,
}

/// Runs the command.
pub fn import(args: &ImportArgs) -> Result<()> {
    let imported = prepare(args)?;
    let Imported { graph, parameters, int8, measured, unused, files } = &imported;
    emit::write(&args.out, files)?;
    println!("{}", report::table(graph, parameters, int8.as_ref(), measured.as_ref()));
    if !unused.is_empty() {
        println!("\nnot used: {}", unused.join(", "));
    }
    println!();
    for (name, content) in files {
        println!("{:>9} bytes  {}", content.len(), args.out.join(name).display());
    }
    Ok(())
}

/// Reads, checks and computes everything, and writes nothing.
pub fn prepare(args: &ImportArgs) -> Result<Imported> {
    let text = read(&args.network)?;
    let text = str::from_utf8(&text)
        .with_context(|| format!("{}: expected TOML, in UTF-8", args.network.display()))?;
    let spec = Spec::parse(text).with_context(|| args.network.display().to_string())?;
    let graph = Graph::new(&spec).with_context(|| args.network.display().to_string())?;
    let model = read(&args.model)?;
    let file = tensors::parse(&model, &args.model.display().to_string())?;
    let parameters = tensors::parameters(&graph, &file)
        .with_context(|| format!("{} does not fit the network", args.model.display()))?;
    let unused = tensors::unused(&graph, &file);
    let int8 = match args.calibration.as_deref().filter(|_| args.int8) {
        None => None,
        Some(path) => {
            let calibration = inputs(&graph, path)?;
            let backbone = graph.backbone();
            let parameters = &parameters[..backbone.parameters()];
            Some(quantise(&backbone, parameters, calibration.iter())?)
        }
    };
    let measured = match &args.test {
        None => None,
        Some(path) => {
            let test = inputs(&graph, path)?;
            Some(report::measure(&graph, &parameters, int8.as_ref(), &test)?)
        }
    };
    let files = emit::files(&graph, &parameters, int8.as_ref())?;
    Ok(Imported { graph, parameters, int8, measured, unused, files })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn inputs(graph: &Graph, path: &Path) -> Result<Inputs> {
    let bytes = read(path)?;
    let what = path.display().to_string();
    let inputs = Inputs::read(graph, &tensors::parse(&bytes, &what)?).context(what)?;
    ensure!(inputs.width > 0, "{}: no inputs", path.display());
    Ok(inputs)
}

//! Files as a whole.

pub mod built;
#[cfg(feature = "onnx-engine")]
mod compared;
mod hostile;
mod meaning;
mod shared;
mod written;
mod wrong;

use super::network::Network;
use super::operator::Operator;
use anyhow::{Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// The committed files of an operator each, which PyTorch has exported.
fn operators() -> Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/operators");
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths: Vec<PathBuf> = entries.collect::<Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    paths.sort_unstable();
    ensure!(paths.len() > 40, "found {} files", paths.len());
    Ok(paths)
}

/// Reads a committed file.
pub fn network_of(name: &str, see: impl FnOnce(&Network)) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/operators");
    see(&Network::read(&fs::read(folder.join(format!("{name}.onnx")))?)?);
    Ok(())
}

/// What the nodes of a committed file compute.
pub fn operators_of(name: &str) -> Result<Vec<Operator>> {
    let mut operators = Vec::new();
    network_of(name, |network| {
        operators = network.nodes.iter().map(|node| node.operator.clone()).collect();
    })?;
    Ok(operators)
}

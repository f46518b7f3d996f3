//! Imports the reference models of MLPerf Tiny and modules of PyTorch as their users would.

use super::shared;
use crate::{FromFramework, Import};
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;

#[test]
fn look() -> Result<()> {
    let folder = super::models().join("operators");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    for file in files {
        let name = file.file_name().context("a name")?.to_string_lossy().into_owned();
        let Some((stem, kind)) = name.rsplit_once('.') else { continue };
        if kind == "safetensors" {
            continue;
        }
        let expected = [format!("{stem}.expected.safetensors"), format!("{stem}_expected.safetensors")]
            .map(|expected| file.with_file_name(expected));
        let expected = expected.iter().find(|path| path.exists());
        let mut import = Import::new(&file).train(["none"]);
        if let Some(expected) = expected {
            import = import.expected(expected);
        }
        match import.read() {
            Ok(imported) => println!("{name}: {:?}", imported.from_framework()),
            Err(error) => println!("{name}: {error}"),
        }
    }
    Ok(())
}

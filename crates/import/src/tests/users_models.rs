//! Imports the reference models of MLPerf Tiny and modules of PyTorch as their users would.

use super::shared;
use crate::Import;
use anyhow::{Result, ensure};

#[test]
fn look() -> Result<()> {
    let Some(shared) = shared() else { return Ok(()) };
    let mut files: Vec<_> = ["mlperf_tiny", "torch"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(shared.join("models").join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "tflite" || extension == "onnx")
        })
        .collect();
    files.sort();
    for file in files {
        let expected = file.with_extension("expected.safetensors");
        let start = std::time::Instant::now();
        let none = Import::new(&file).train(["none"]).expected(&expected).read();
        println!("{:?}", none.map(|imported| imported.from_framework()));
        match Import::new(&file).expected(expected).read() {
            Ok(imported) => println!(
                "{}: {:?} {:?} {:?} {:?}",
                file.file_name().unwrap().display(),
                imported.from_framework(),
                imported.differences().iter().map(|d| d.largest).fold(0.0, f32::max),
                start.elapsed(),
                imported.unused(),
            ),
            Err(error) => println!("{}: {error}", file.file_name().unwrap().display()),
        }
    }
    ensure!(true);
    Ok(())
}

#[test]
fn look2() -> Result<()> {
    let Some(shared) = shared() else { return Ok(()) };
    let file = shared.join("models/mlperf_tiny/pretrainedResnet_quant.tflite");
    let imported = Import::new(&file).read()?;
    for d in imported.differences() {
        println!("{} {}", d.largest, d.layer);
    }
    let q = imported.int8.unwrap();
    for l in &q.layers {
        if let crate::int8::Layer::Sum { multipliers, shift, other_zero, clamps, .. } = &l.layer {
            println!("{multipliers:?} {shift} {other_zero} {clamps:?}");
        }
    }
    Ok(())
}

//! Compares outputs with LiteRT's.

use crate::tflite::{Arithmetic, Evaluator, Model, Type, Value};
use anyhow::{Context, Result, ensure};
use safetensors::SafeTensors;
use std::fs;
use std::path::{Path, PathBuf};

/// The largest difference from the expected outputs that is left: in int8 in steps, else relative to
/// the largest output; and how many outputs differ.
fn differences(
    model: &Path,
    expected: &Path,
    arithmetic: Arithmetic,
    outputs: &str,
) -> Result<Vec<(f64, usize)>> {
    let (model, expected) = (fs::read(model)?, fs::read(expected)?);
    let model = Model::read(&model)?;
    let expected = SafeTensors::deserialize(&expected)?;
    let evaluator = Evaluator::new(&model, arithmetic)?;
    let [input] = model.inputs.as_slice() else { anyhow::bail!("expected one input") };
    let input = &model.tensors[*input];
    let samples = expected.tensor("inputs")?;
    let bytes = input.len() * input.kind.size();
    let mut worst = vec![(0.0f64, 0); model.outputs.len()];
    for (index, sample) in samples.data().chunks_exact(bytes).enumerate() {
        let values = evaluator.evaluate(&[Value::read(input.kind, sample)])?;
        for (number, output) in model.outputs.iter().enumerate() {
            let tensor = &model.tensors[*output];
            let name = if number == 0 { outputs.to_owned() } else { format!("{outputs}.{number}") };
            let bytes = tensor.len() * tensor.kind.size();
            let expected = expected.tensor(&name)?.data();
            let expected = &expected.get(index * bytes..).context("too few")?[..bytes];
            let expected = Value::read(tensor.kind, expected).stored();
            let found = values[*output].as_ref().context("no output")?.stored();
            let largest = match tensor.kind {
                Type::F32 => expected.iter().fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs())),
                _ => 1.0,
            };
            let (most, count) = &mut worst[number];
            for (expected, found) in expected.iter().zip(&found) {
                *most = most.max((expected - found).abs() / largest);
                *count += usize::from(expected != found);
            }
        }
    }
    ensure!(samples.data().len() / bytes >= 8, "expected at least eight inputs");
    Ok(worst)
}

#[test]
fn look() -> Result<()> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/operators");
    let mut files: Vec<PathBuf> =
        fs::read_dir(cases)?.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
    let shared = std::env::var("ROLLING_BALL_SHARED").unwrap_or_default();
    if !shared.is_empty() {
        files.extend(
            fs::read_dir(Path::new(&shared).join("models/mlperf_tiny"))?.map(|e| e.unwrap().path()),
        );
    }
    files.extend(fs::read_dir("/tmp/tfl/mlref")?.map(|e| e.unwrap().path()));
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "tflite")) {
        let mut expected = file.with_extension("expected.safetensors");
        if !expected.exists() {
            expected =
                PathBuf::from(file.to_str().unwrap().replace(".tflite", "_expected.safetensors"));
        }
        for (arithmetic, outputs) in
            [(Arithmetic::Xnnpack, "outputs"), (Arithmetic::FixedPoint, "reference")]
        {
            let start = std::time::Instant::now();
            match differences(file, &expected, arithmetic, outputs) {
                Ok(d) => println!(
                    "{} {arithmetic:?} {d:?} {:?}",
                    file.file_name().unwrap().display(),
                    start.elapsed()
                ),
                Err(e) => println!("{} {e:#}", file.file_name().unwrap().display()),
            }
        }
    }
    Ok(())
}

//! Imports models as their users have them: those of MLPerf Tiny, modules of PyTorch, and a file
//! for each operator.

use super::{models, shared};
use crate::{FromFramework, Import, Imported};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// Imports a file with nothing trained, so that all of an int8 model is in int8, and compares it
/// with what the framework computes.
fn imported(file: &Path) -> Result<Imported> {
    let stem = file.file_stem().context("a name")?.to_string_lossy();
    let expected = [format!("{stem}.expected.safetensors"), format!("{stem}_expected.safetensors")]
        .map(|expected| file.with_file_name(expected));
    let mut import = Import::new(file).train(["none"]);
    if let Some(expected) = expected.iter().find(|path| path.exists()) {
        import = import.expected(expected);
    }
    Ok(import.read()?)
}

/// The ONNX and TFLite files in a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let model = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "onnx" || extension == "tflite")
    };
    let mut files: Vec<PathBuf> = paths.into_iter().filter(model).collect();
    files.sort();
    Ok(files)
}

#[test]
fn the_models_of_mlperf_tiny_need_no_description_and_have_litert_s_outputs() -> Result<()> {
    let Some(shared) = shared() else { return Ok(()) };
    let files = files(&shared.join("models/mlperf_tiny"))?;
    ensure!(files.len() == 8, "{files:?}");
    for file in files {
        let found = imported(&file)?.from_framework().context("nothing was compared")?;
        let FromFramework { largest, steps, .. } = found;
        // Its weights are int8 under real numbers, which LiteRT rounds to int8 as it computes. What
        // firmware computes is compared with the file's graph in real numbers at every import.
        let is_hybrid = file.ends_with("kws_ref_model_float32.tflite");
        let most = match (steps, is_hybrid) {
            (true, _) => 0.0,
            (false, true) => 2e-3,
            (false, false) => 1e-5,
        };
        ensure!(largest <= most, "{}: {found:?}", file.display());
    }
    Ok(())
}

#[test]
fn the_digits_of_pytorch_and_of_tensorflow_are_imported_with_their_outputs_and_features()
-> Result<()> {
    let onnx = Import::new(models().join("digits_cnn.onnx"))
        .expected(models().join("digits_cnn_expected.safetensors"))
        .read()?;
    let found = onnx.from_framework().context("nothing was compared")?;
    ensure!(!found.steps && found.largest <= 1e-5, "{found:?}");
    let tflite = Import::new(models().join("digits_cnn.tflite"))
        .expected(models().join("digits_cnn_features.safetensors"))
        .read()?;
    // What LiteRT computes before the last layer, which is what another engine would hand over.
    let found = tflite.from_framework().context("nothing was compared")?;
    let features = found.features.context("no features were compared")?;
    ensure!(features.steps && (features.count, features.different) == (6400, 0), "{features:?}");
    Ok(())
}

#[test]
fn features_of_another_layer_are_refused_by_their_place() -> Result<()> {
    let import = Import::new(models().join("digits_cnn.tflite"))
        .expected(models().join("digits_cnn_features.safetensors"))
        .train(["last:2"]);
    let said = import.read().err().context("expected an error")?.to_string();
    ensure!(said.contains("tensor features: expected a count and then 128 values"), "{said}");
    let file = std::fs::read(models().join("digits_cnn_features.safetensors"))?;
    let mut wrong = file.clone();
    // The tensors lie in the order of their names.
    let [header, ..] = file.as_chunks::<8>().0 else { anyhow::bail!("a short file") };
    let data = 8 + usize::try_from(u64::from_le_bytes(*header))?;
    wrong[data + 70] = wrong[data + 70].wrapping_add(2);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("wrong.safetensors");
    std::fs::write(&path, wrong)?;
    let import = Import::new(models().join("digits_cnn.tflite")).expected(path);
    let said = import.read().err().context("expected an error")?.to_string();
    ensure!(said.contains("feature 6 of input 1 is"), "{said}");
    Ok(())
}

#[test]
fn modules_of_pytorch_have_its_outputs_and_a_recurrent_one_is_refused_by_its_node() -> Result<()> {
    let Some(shared) = shared() else { return Ok(()) };
    let files = files(&shared.join("models/torch"))?;
    ensure!(files.len() == 6, "{files:?}");
    for file in files {
        if file.ends_with("gru.onnx") {
            let said = imported(&file).err().map(|error| error.to_string()).unwrap_or_default();
            ensure!(
                said.contains("node /rnn/GRU (GRU): this operator has no layer here"),
                "{said}"
            );
            continue;
        }
        let found = imported(&file)?.from_framework().context("nothing was compared")?;
        ensure!(!found.steps && found.largest <= 1e-5, "{}: {found:?}", file.display());
    }
    Ok(())
}

/// What is said of the files that are refused, by a part of their names.
const REFUSED: [(&str, &str); 20] = [
    ("activations_", "expected one input and one output, found 1 and 6"),
    ("concatenations_", "expected one input and one output"),
    ("curves_", "expected one input and one output"),
    ("means_", "expected one input and one output"),
    ("pools_", "expected one input and one output"),
    ("shapes_", "expected one input and one output"),
    ("sums_", "expected one input and one output"),
    ("gelu_tanh", "GELU by its approximation with tanh has no layer here"),
    (
        "instance_norm",
        "node /norm/InstanceNormalization (InstanceNormalization): this operator has",
    ),
    ("log_softmax", "node /LogSoftmax (LogSoftmax): this operator has no layer here"),
    ("refused_batch_matmul", "BATCH_MATMUL (PartitionedCall:0): this operator has no layer here"),
    ("refused_custom_operator", "Erfinv (erfinv/Erfinv): this operator has no layer here"),
    ("refused_float16", "convert the model to float32, or to full int8"),
    ("refused_open_shape", "dimension 1 is left open"),
    ("refused_several_subgraphs", "expected one subgraph, found 3"),
    ("selu", "node /Selu (Selu): this operator has no layer here"),
    ("shuffled", "node /Reshape (Reshape): expected at most three dimensions"),
    ("softmax.onnx", "expected at least one layer that computes something"),
    ("softmax_", "RESHAPE (Reshape): expected a batch of 1"),
    ("split", "node /Slice (Slice): this operator has no layer here"),
];

#[test]
fn every_operator_has_the_frameworks_outputs_or_is_refused_by_its_name() -> Result<()> {
    let mut count = 0;
    let mut wrong = Vec::new();
    for file in files(&models().join("operators"))? {
        let name = file.file_name().context("a name")?.to_string_lossy().into_owned();
        let refused = REFUSED.iter().find(|(part, _)| name.starts_with(part));
        match (imported(&file), refused) {
            (Ok(imported), None) => {
                let found = imported.from_framework().context("nothing was compared")?;
                let most = match found.steps {
                    // LiteRT rounds the products of a slope twice, the second time at a half that
                    // the first has made.
                    true if name.starts_with("prelu") => 1.0,
                    true => 0.0,
                    false if name.starts_with("hybrid") => 2e-3,
                    false => 1e-5,
                };
                count += 1;
                if found.largest > most {
                    wrong.push(format!("{name}: {found:?}"));
                }
            }
            (Err(error), Some((_, said))) if error.to_string().contains(said) => {}
            (Ok(_), Some((_, said))) => wrong.push(format!("{name}: not refused with {said:?}")),
            (Err(error), _) => wrong.push(format!("{name}: {error}")),
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(count >= 40, "only {count} files were imported");
    Ok(())
}

#[test]
fn every_int8_operator_is_imported_whatever_of_it_is_trained() -> Result<()> {
    /// How far apart numbers in f32 are from what the file has rounded in every layer: some steps
    /// of 255. What the file has cut besides is no difference, however many of its bytes it cuts.
    const MOST: f32 = 0.02;
    let int8 = |path: &PathBuf| {
        let name = path.to_string_lossy();
        let is_int8 = ["int8.tflite", "inside.tflite"].iter().any(|end| name.ends_with(end));
        // Some have several outputs; what is said of those is another test's.
        is_int8 && !REFUSED.iter().any(|(part, _)| name.contains(part))
    };
    let files: Vec<PathBuf> =
        files(&models().join("operators"))?.into_iter().filter(int8).collect();
    ensure!(files.len() == 8, "{files:?}");
    for file in files {
        for train in ["none", "last:1", "last:2", "last:3", "biases", "all"] {
            let imported = Import::new(&file).train([train]).read();
            let imported = imported.with_context(|| format!("--train {train}"))?;
            let differences = imported.differences();
            ensure!(!differences.is_empty(), "{}: nothing was compared", file.display());
            for difference in differences {
                let most = if difference.steps { 1.0 } else { MOST };
                ensure!(difference.largest <= most, "{}: {train}: {difference:?}", file.display());
            }
        }
        for train in ["last:2:biases", "last:2:0..1", "last:2:rank1"] {
            let said = match Import::new(&file).train([train]).read() {
                Ok(_) => continue,
                Err(error) => error.to_string(),
            };
            ensure!(said.contains("expected a dense layer or a convolution"), "{train}: {said}");
        }
    }
    Ok(())
}

//! What was trained, put back into the file that it comes from.

use super::{models, shared};
use crate::Import;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A theta of which every number differs.
fn trained(theta: &[f32]) -> Vec<f32> {
    theta.iter().zip(1..).map(|(value, i)| value * 1.0625 + (i % 7) as f32 / 64.0 + 0.01).collect()
}

/// The exported file, in a folder that lives as long as is needed.
fn exported(import: &Import, theta: &[f32], like: &Path) -> Result<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(like.file_name().context("a name")?);
    import.export(theta)?.write(&path)?;
    Ok((folder, path))
}

#[test]
fn a_described_network_that_is_exported_is_imported_with_the_same_parameters() -> Result<()> {
    for name in ["digits_cnn", "digits_mlp", "image_layers", "signal_layers"] {
        let model = models().join(format!("{name}.safetensors"));
        let network = models().join(format!("{name}.toml"));
        let import = Import::new(&model).network(&network);
        let before = import.read()?;
        for theta in [before.theta(), trained(&before.theta())] {
            let (_folder, path) = exported(&import, &theta, &model)?;
            let after = Import::new(&path).network(&network).read()?;
            ensure!(after.theta() == theta, "{name}");
            let kept = before.files().iter().zip(after.files());
            let mut kept = kept.filter(|(one, _)| one.name.ends_with("backbone.bin"));
            ensure!(kept.all(|(one, other)| one == other), "{name}: the backbone changed");
        }
    }
    Ok(())
}

/// Operators whose parameters, trained whole, have a place in the file of their own.
const WITH_PLACES: [&str; 9] = [
    "convolution_same_f32.tflite",
    "convolution_dilated_f32.tflite",
    "dense_f32.tflite",
    "depthwise_f32.tflite",
    "dilated.onnx",
    "grouped.onnx",
    "layer_norm.onnx",
    "dense_by_position.onnx",
    "residual.onnx",
];

#[test]
fn a_file_with_a_graph_takes_what_was_trained_and_keeps_all_other_bytes() -> Result<()> {
    for name in WITH_PLACES {
        let model = models().join("operators").join(name);
        let import = Import::new(&model).train(["all"]);
        let theta = import.read()?.theta();
        let bytes = fs::read(&model)?;
        ensure!(import.export(&theta)?.bytes() == bytes, "{name}: unchanged, but other bytes");
        let new = trained(&theta);
        let (_folder, path) = exported(&import, &new, &model)?;
        // An import compares itself with what an engine of its own computes from the file.
        let after = Import::new(&path).train(["all"]).read()?;
        ensure!(after.theta() == new && !after.differences().is_empty(), "{name}");
        let changed = bytes.iter().zip(fs::read(&path)?).filter(|(one, other)| *one != other);
        ensure!(changed.count() <= 4 * theta.len(), "{name}");
    }
    Ok(())
}

/// What is imported again gives the outputs that the core gives with the low rank beside the layer.
#[test]
fn a_low_rank_is_added_to_the_weights_that_it_was_trained_beside() -> Result<()> {
    let model = models().join("operators/dense_f32.tflite");
    let names = Import::new(&model).inspect()?.layers;
    let name = names.iter().rev().find_map(|layer| layer.names.first()).context("a name")?;
    let import = Import::new(&model).train([format!("{name}:rank1")]);
    let before = import.read()?;
    let node = before.graph.nodes.last().context("a layer")?;
    let [inputs, outputs] = node.widths();
    let theta = trained(&before.theta());
    ensure!(theta.len() == inputs + outputs, "{}", theta.len());
    let (_folder, path) = exported(&import, &theta, &model)?;
    let after = Import::new(&path).train([name]).read()?.theta();
    let (inner, outer) = theta.split_at(inputs);
    let own = &before.parameters[node.parameters.clone()];
    for (output, b) in outer.iter().enumerate() {
        for (input, a) in inner.iter().enumerate() {
            let place = output * inputs + input;
            ensure!(after[place] == own[place] + b * a, "{output} {input}");
        }
    }
    Ok(())
}

#[test]
fn a_batch_norm_of_a_graph_is_left_with_the_trained_scales_and_shifts() -> Result<()> {
    let model = models().join("operators/batch_norm.onnx");
    let import = Import::new(&model).train(["all"]);
    let theta = trained(&import.read()?.theta());
    let (_folder, path) = exported(&import, &theta, &model)?;
    let after = Import::new(&path).train(["all"]).read()?;
    ensure!(after.theta() == theta && !after.differences().is_empty());
    Ok(())
}

#[test]
fn a_user_s_network_takes_what_was_trained() -> Result<()> {
    let Some(shared) = shared() else { return Ok(()) };
    for (name, train) in [
        ("torch/resnet8.onnx", "last:3"),
        // Its normalisations are not folded in the file.
        ("torch/ae.onnx", "all"),
        ("mlperf_tiny/pretrainedResnet.tflite", "last:2"),
    ] {
        let model = shared.join("models").join(name);
        let import = Import::new(&model).name("net").train([train]);
        let theta = trained(&import.read()?.theta());
        let (_folder, path) = exported(&import, &theta, &model)?;
        let after = Import::new(&path).name("net").train([train]).read()?;
        ensure!(after.theta() == theta, "{name}");
    }
    Ok(())
}

#[test]
fn what_has_no_place_in_the_file_is_refused_by_its_layer() -> Result<()> {
    for (name, said) in [
        ("convolution_same_int8.tflite", "its parameters are int8 in the file"),
        ("layer_norm_without_affine.onnx", "have no place of their own in the file"),
    ] {
        let import = Import::new(models().join("operators").join(name)).train(["all"]);
        let theta = trained(&import.read()?.theta());
        let error = import.export(&theta).err().context("expected an error")?.to_string();
        ensure!(error.contains(said) && error.contains(name), "{error}");
    }
    Ok(())
}

#[test]
fn a_theta_of_another_length_or_that_is_not_finite_is_refused() -> Result<()> {
    let import = Import::new(models().join("operators/dense_f32.tflite")).train(["last:1"]);
    let theta = import.read()?.theta();
    let said = |theta: &[f32]| import.export(theta).err().map(|error| error.to_string());
    let short = said(&theta[1..]).context("expected an error")?;
    let numbers = format!("expected the {} parameters that are trained", theta.len());
    ensure!(short.contains(&numbers), "{short}");
    let mut wrong = theta.clone();
    wrong[2] = f32::NAN;
    let wrong = said(&wrong).context("expected an error")?;
    ensure!(wrong.contains("expected finite numbers, found NaN at 2"), "{wrong}");
    Ok(())
}

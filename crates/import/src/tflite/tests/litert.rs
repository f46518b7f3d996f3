//! The outputs are LiteRT's: in int8 to the byte, in `f32` but for the order of its sums.

use super::{operators, shared};
use crate::tflite::{Arithmetic, Evaluator, Model, Type, Value};
use anyhow::{Context, Result, bail, ensure};
use safetensors::SafeTensors;
use std::fs;
use std::path::Path;

/// The largest difference of a real output, relative to the largest output: sums of LiteRT are in
/// `f32`, and of thousands of terms in the largest of these networks.
const TOLERANCE: f64 = 1e-5;

/// The networks in `models/operators`, without what kind they are.
const IN_BOTH: [&str; 13] = [
    "activations",
    "concatenations",
    "convolution_dilated",
    "convolution_same",
    "curves",
    "dense",
    "depthwise",
    "means",
    "pools",
    "prelu",
    "shapes",
    "signal",
    "softmax",
];

/// Those among them of whose integers LiteRT's reference kernels have other bytes, or the same.
const WITH_REFERENCE: [&str; 12] = [
    "activations",
    "concatenations",
    "convolution_dilated",
    "convolution_same",
    "depthwise",
    "means",
    "pools",
    "prelu",
    "shapes",
    "signal",
    "softmax",
    "sums",
];

const MLPERF_TINY: [&str; 8] = [
    "ad01_fp32",
    "ad01_int8",
    "kws_ref_model",
    "kws_ref_model_float32",
    "pretrainedResnet",
    "pretrainedResnet_quant",
    "vww_96_float",
    "vww_96_int8",
];

/// Evaluates all inputs, and returns the largest difference of an output: of integers in steps, of
/// real numbers relative to the largest output.
fn difference(model: &Path, expected: &Path, arithmetic: Arithmetic, outputs: &str) -> Result<f64> {
    let (model, expected) = (fs::read(model)?, fs::read(expected)?);
    let model = Model::read(&model)?;
    let expected = SafeTensors::deserialize(&expected)?;
    let evaluator = Evaluator::new(&model, arithmetic)?;
    let [input] = *model.inputs.as_slice() else { bail!("expected one input") };
    let input = &model.tensors[input];
    let samples = expected.tensor("inputs")?.data();
    let length = input.len() * input.kind.size();
    ensure!(samples.len() >= 8 * length, "expected at least eight inputs");
    let mut most = 0.0f64;
    for (sample, bytes) in samples.chunks_exact(length).enumerate() {
        let values = evaluator.evaluate(&[Value::read(input.kind, bytes)])?;
        for (number, index) in model.outputs.iter().enumerate() {
            let tensor = &model.tensors[*index];
            let name = if number == 0 { outputs.to_owned() } else { format!("{outputs}.{number}") };
            let length = tensor.len() * tensor.kind.size();
            let expected = expected.tensor(&name)?.data().chunks_exact(length).nth(sample);
            let expected = Value::read(tensor.kind, expected.context("too few outputs")?).stored();
            let found = values[*index].as_ref().context("no output")?.stored();
            ensure!(found.len() == expected.len(), "{name}: {} values", found.len());
            let unit = match tensor.kind {
                Type::F32 => expected.iter().fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs())),
                _ => 1.0,
            };
            for (expected, found) in expected.iter().zip(&found) {
                let difference = (expected - found).abs() / unit;
                ensure!(!difference.is_nan(), "{name}: {found}");
                most = most.max(difference);
            }
        }
    }
    Ok(most)
}

/// Compares a network of `models/operators`.
fn compare(name: &str, arithmetic: Arithmetic, outputs: &str, tolerance: f64) -> Result<()> {
    let model = operators().join(format!("{name}.tflite"));
    let expected = operators().join(format!("{name}_expected.safetensors"));
    let difference = difference(&model, &expected, arithmetic, outputs);
    let difference = difference.with_context(|| name.to_owned())?;
    ensure!(difference <= tolerance, "{name}: {difference} of {outputs}, at most {tolerance}");
    Ok(())
}

#[test]
fn every_operator_in_f32_has_the_outputs_of_litert() -> Result<()> {
    for name in IN_BOTH.iter().chain(&["sums"]) {
        compare(&format!("{name}_f32"), Arithmetic::Xnnpack, "outputs", TOLERANCE)?;
    }
    Ok(())
}

#[test]
fn every_operator_in_int8_has_the_bytes_of_litert() -> Result<()> {
    for name in IN_BOTH.iter().chain(&["sums"]) {
        compare(&format!("{name}_int8"), Arithmetic::Xnnpack, "outputs", 0.0)?;
    }
    compare("convolution_same_uint8", Arithmetic::Xnnpack, "outputs", 0.0)
}

#[test]
fn in_fixed_point_every_operator_has_the_bytes_of_the_reference_kernels() -> Result<()> {
    for name in WITH_REFERENCE {
        compare(&format!("{name}_int8"), Arithmetic::FixedPoint, "reference", 0.0)?;
    }
    compare("convolution_same_uint8", Arithmetic::FixedPoint, "reference", 0.0)
}

/// Two of the networks tell the ways to round apart, so that neither test passes by the other.
#[test]
fn the_two_ways_to_round_int8_differ() -> Result<()> {
    for name in ["convolution_dilated_int8", "sums_int8"] {
        let equal = compare(name, Arithmetic::FixedPoint, "outputs", 0.0);
        ensure!(equal.is_err(), "{name}: the same bytes");
        compare(name, Arithmetic::FixedPoint, "outputs", 1.0)?;
    }
    Ok(())
}

#[test]
fn int8_weights_under_real_numbers_see_what_litert_shows_them() -> Result<()> {
    compare("hybrid_hybrid", Arithmetic::Xnnpack, "outputs", TOLERANCE)?;
    compare("hybrid_hybrid", Arithmetic::FixedPoint, "reference", TOLERANCE)
}

#[test]
fn int8_weights_as_real_numbers_compute_what_they_stand_for() -> Result<()> {
    compare("hybrid_hybrid", Arithmetic::RealWeights, "real", TOLERANCE)?;
    let equal = compare("hybrid_hybrid", Arithmetic::RealWeights, "outputs", TOLERANCE);
    ensure!(equal.is_err(), "the same as LiteRT's outputs");
    Ok(())
}

#[test]
fn the_models_of_mlperf_tiny_have_the_outputs_of_litert() -> Result<()> {
    let Some(folder) = shared("models/mlperf_tiny") else { return Ok(()) };
    for name in MLPERF_TINY {
        let model = folder.join(format!("{name}.tflite"));
        let expected = folder.join(format!("{name}.expected.safetensors"));
        let difference = difference(&model, &expected, Arithmetic::Xnnpack, "outputs");
        let difference = difference.with_context(|| name.to_owned())?;
        let integers = !matches!(
            name,
            "ad01_fp32" | "kws_ref_model_float32" | "pretrainedResnet" | "vww_96_float"
        );
        let tolerance = if integers { 0.0 } else { TOLERANCE };
        ensure!(difference <= tolerance, "{name}: {difference}, expected at most {tolerance}");
    }
    Ok(())
}

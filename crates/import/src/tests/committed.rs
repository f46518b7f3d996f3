//! Compares the committed models with PyTorch and with the core.

use super::models;
use crate::emit::File;
use crate::evaluate::Evaluator;
use crate::graph::{Graph, length};
use crate::inputs::Inputs;
use crate::int8::{Quantised, reference};
use crate::{Import, Imported, sizes, tensors};
use anyhow::{Context, Result, ensure};
use rolling_ball::nn::{Backbone, Layer, Network};

#[path = "../../../../models/generated/digits_cnn.rs"]
mod digits_cnn;
#[path = "../../../../models/generated/digits_mlp.rs"]
pub mod digits_mlp;
#[path = "../../../../models/generated/f32/image_layers.rs"]
mod image_layers_f32;
#[path = "../../../../models/generated/int8/image_layers.rs"]
mod image_layers_int8;
#[path = "../../../../models/generated/f32/signal_layers.rs"]
mod signal_layers_f32;
#[path = "../../../../models/generated/int8/signal_layers.rs"]
mod signal_layers_int8;

/// Imports a committed model, in int8 where there are calibration inputs.
fn committed(name: &str, calibration: Option<&str>, test: Option<&str>) -> Result<Imported> {
    let safetensors = |name: &str| models().join(format!("{name}.safetensors"));
    let mut import = Import::new(safetensors(name));
    import = import.network(models().join(format!("{name}.toml")));
    if let Some(calibration) = calibration {
        import = import.int8(safetensors(calibration));
    }
    if let Some(test) = test {
        import = import.test(safetensors(test));
    }
    Ok(import.read()?)
}

/// Inputs in this project's order, and PyTorch's outputs.
fn expected(graph: &Graph) -> Result<(Vec<Vec<f32>>, Vec<f32>)> {
    let path = models().join(format!("{}_expected.safetensors", graph.name));
    let bytes = std::fs::read(path)?;
    let file = tensors::parse(&bytes, "expected")?;
    let outputs = graph.nodes.last().map_or(0, |node| length(node.output));
    let inputs: Vec<Vec<f32>> = Inputs::read(graph, &file)?.iter().collect();
    let logits = tensors::floats(&file, "outputs", &[inputs.len(), outputs])?;
    Ok((inputs, logits))
}

const MODELS: [&str; 4] = ["digits_cnn", "digits_mlp", "image_layers", "signal_layers"];

#[test]
fn logits_are_those_of_pytorch_to_a_hundred_thousandth() -> Result<()> {
    for name in MODELS {
        let Imported { graph, parameters, .. } = committed(name, None, None)?;
        let (inputs, logits) = expected(&graph)?;
        let evaluator = Evaluator::new(&graph, &parameters);
        let found: Vec<f32> = inputs.iter().flat_map(|input| evaluator.logits(input)).collect();
        ensure!(found.len() == logits.len(), "{name}: {} logits", found.len());
        let scale = logits.iter().fold(0.0f32, |most, logit| most.max(logit.abs()));
        for (found, logit) in found.iter().zip(&logits) {
            ensure!((found - logit).abs() <= 1e-5 * scale, "{name}: {found}, expected {logit}");
        }
        // Outputs that hardly differ would agree whatever is computed.
        let least = logits.iter().copied().fold(f32::INFINITY, f32::min);
        ensure!(scale - least > 0.1 * scale, "{name}: all outputs are {scale}");
    }
    Ok(())
}

/// Compares the core, with the generated types and numbers, with the desktop's own evaluation.
fn compare<T: Layer, F: Backbone>(
    network: &Network<'_, T, F>,
    theta: &[f32],
    (graph, int8): (&Graph, Option<&Quantised>),
    inputs: &[Vec<f32>],
    logits: impl Fn(&[f32]) -> Vec<f32>,
) -> Result<()> {
    ensure!(Network::<T, F>::SCRATCH == sizes::scratch(graph, int8), "scratch of {}", graph.name);
    ensure!(
        Network::<T, F>::RAM_BYTES == sizes::ram_bytes(theta.len(), Network::<T, F>::SCRATCH),
        "RAM of {}",
        graph.name
    );
    let mut scratch = vec![0.0; Network::<T, F>::SCRATCH];
    for input in inputs.iter() {
        let output = network.predict(theta, &input.as_slice(), &mut scratch)?;
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        ensure!(bits(output) == bits(&logits(input)), "{}: {output:?}", graph.name);
    }
    Ok(())
}

#[test]
fn the_generated_networks_compute_the_bits_of_the_desktops_evaluation() -> Result<()> {
    let float = |name| committed(name, None, None);
    macro_rules! compare_f32 {
        ($module:ident, $name:literal) => {{
            let Imported { graph, parameters, .. } = float($name)?;
            let evaluator = Evaluator::new(&graph, &parameters);
            let inputs = expected(&graph)?.0;
            let logits = |input: &[f32]| evaluator.logits(input);
            compare(&$module::network()?, &$module::THETA, (&graph, None), &inputs, logits)?;
        }};
    }
    compare_f32!(digits_mlp, "digits_mlp");
    compare_f32!(image_layers_f32, "image_layers");
    compare_f32!(signal_layers_f32, "signal_layers");
    Ok(())
}

#[test]
fn the_generated_int8_networks_compute_the_bits_of_the_reference() -> Result<()> {
    macro_rules! compare_int8 {
        ($module:ident, $name:literal, $calibration:literal) => {{
            let Imported { graph, parameters, int8, .. } =
                committed($name, Some($calibration), None)?;
            let quantised = int8.context("no int8 backbone")?;
            let (backbone, evaluator) = (graph.backbone(), Evaluator::new(&graph, &parameters));
            let inputs = expected(&graph)?.0;
            let logits = |input: &[f32]| {
                evaluator.after_backbone(&reference::features(&backbone, &quantised, input))
            };
            compare(
                &$module::network()?,
                &$module::THETA,
                (&graph, Some(&quantised)),
                &inputs,
                logits,
            )?;
        }};
    }
    compare_int8!(digits_cnn, "digits_cnn", "digits_calibration");
    compare_int8!(image_layers_int8, "image_layers", "image_layers_expected");
    compare_int8!(signal_layers_int8, "signal_layers", "signal_layers_expected");
    Ok(())
}

#[test]
fn the_committed_files_are_what_import_writes() -> Result<()> {
    let generated = models().join("generated");
    for (name, calibration, directory) in [
        ("digits_cnn", Some("digits_calibration"), ""),
        ("digits_mlp", None, ""),
        ("image_layers", None, "f32"),
        ("signal_layers", None, "f32"),
        ("image_layers", Some("image_layers_expected"), "int8"),
        ("signal_layers", Some("signal_layers_expected"), "int8"),
    ] {
        for File { name: file, content } in committed(name, calibration, None)?.files {
            let path = generated.join(directory).join(&file);
            let there = std::fs::read(&path).with_context(|| path.display().to_string())?;
            ensure!(there == content, "{}: import it again (models/README.md)", path.display());
        }
    }
    Ok(())
}

#[test]
fn int8_costs_at_most_a_point_of_accuracy_on_held_out_digits() -> Result<()> {
    let imported = committed("digits_cnn", Some("digits_calibration"), Some("digits_test"))?;
    let measured = imported.measured.context("nothing was measured")?;
    let [exact, rounded] = [Some(measured.right_f32), measured.right_int8]
        .map(|right| right.unwrap_or(0) as f64 / measured.count as f64);
    ensure!(measured.count == 597, "{measured:?}");
    ensure!(exact > 0.9 && rounded >= exact - 0.01, "{measured:?}");
    Ok(())
}

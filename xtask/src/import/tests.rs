//! Imports as a whole: against PyTorch, against the core, and with files that are wrong.

use super::evaluate::Evaluator;
use super::graph::{Graph, Operation, length};
use super::inputs::Inputs;
use super::quantise::{Quantised, quantise};
use super::spec::Spec;
use super::{ImportArgs, Imported, prepare, reference, sizes, tensors};
use crate::workspace::root;
use anyhow::{Context, Result, ensure};
use oorandom::Rand32;
use proptest::prelude::*;
use rolling_ball::nn::{Backbone, Layer, Network};
use safetensors::tensor::{Dtype, TensorView};
use std::path::PathBuf;

#[path = "../../../models/generated/digits_cnn.rs"]
mod digits_cnn;
#[path = "../../../models/generated/digits_mlp.rs"]
mod digits_mlp;
#[path = "../../../models/generated/f32/image_layers.rs"]
mod image_layers_f32;
#[path = "../../../models/generated/int8/image_layers.rs"]
mod image_layers_int8;
#[path = "../../../models/generated/f32/signal_layers.rs"]
mod signal_layers_f32;
#[path = "../../../models/generated/int8/signal_layers.rs"]
mod signal_layers_int8;

fn models() -> PathBuf {
    root().join("models")
}

/// Imports a committed model, in int8 where there are calibration inputs.
fn committed(name: &str, calibration: Option<&str>, test: Option<&str>) -> Result<Imported> {
    let safetensors = |name: &str| models().join(format!("{name}.safetensors"));
    prepare(&ImportArgs {
        model: safetensors(name),
        network: models().join(format!("{name}.toml")),
        out: PathBuf::new(),
        int8: calibration.is_some(),
        calibration: calibration.map(safetensors),
        test: test.map(safetensors),
    })
}

/// Inputs in this project's order, and PyTorch's outputs.
fn expected(graph: &Graph) -> Result<(Inputs, Vec<f32>)> {
    let path = models().join(format!("{}_expected.safetensors", graph.name));
    let bytes = std::fs::read(path)?;
    let file = tensors::parse(&bytes, "expected")?;
    let outputs = graph.nodes.last().map_or(0, |node| length(node.output));
    let inputs = Inputs::read(graph, &file)?;
    let count = inputs.iter().count();
    Ok((inputs, tensors::floats(&file, "logits", &[count, outputs])?))
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
        // Outputs that hardly move would agree whatever is computed.
        let least = logits.iter().copied().fold(f32::INFINITY, f32::min);
        ensure!(scale - least > 0.1 * scale, "{name}: all outputs are {scale}");
    }
    Ok(())
}

/// The core on the generated types and numbers, and the desktop's own evaluation.
fn compare<T: Layer, F: Backbone>(
    network: &Network<'_, T, F>,
    theta: &[f32],
    (graph, int8): (&Graph, bool),
    inputs: &Inputs,
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
        let output = network.predict(theta, &input, &mut scratch)?;
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
            compare(&$module::network()?, &$module::THETA, (&graph, false), &inputs, logits)?;
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
            compare(&$module::network()?, &$module::THETA, (&graph, true), &inputs, logits)?;
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
        for (file, content) in committed(name, calibration, None)?.files {
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

/// A graph, and parameters and inputs that a seed decides.
fn random(text: &str, seed: u64) -> Result<(Graph, Vec<f32>, Vec<Vec<f32>>)> {
    let graph = Graph::new(&Spec::parse(text)?)?.backbone();
    let mut random = Rand32::new(seed);
    let mut numbers =
        |count: usize| (0..count).map(|_| 2.0 * random.rand_float() - 1.0).collect::<Vec<f32>>();
    let parameters = numbers(graph.parameters());
    let inputs = (0..20).map(|_| numbers(length(graph.input))).collect();
    Ok((graph, parameters, inputs))
}

fn quantised(graph: &Graph, parameters: &[f32], inputs: &[Vec<f32>]) -> Result<Quantised> {
    quantise(graph, parameters, inputs.iter().map(Vec::as_slice))
}

const MIXED: &str = r#"
    name = "mixed"
    input = [3, 8, 6]
    backbone = [
      { type = "conv2d", tensors = "", filters = 5, kernel = [3, 2], stride = [2, 1], padding = [1, 1] },
      { type = "relu6" },
      { type = "depthwise_conv2d", tensors = "", kernel = 3, padding = 1 },
      { type = "max_pool", kernel = 2, stride = 1 },
      { type = "average_pool", kernel = 2, padding = 1 },
      { type = "conv2d", tensors = "", filters = 4, kernel = 1 },
      { type = "relu" },
      { type = "flatten" },
      { type = "dense", tensors = "", outputs = 3 },
    ]
    layers = [{ type = "dense", tensors = "", outputs = 2 }]
"#;

/// The error of each layer is at most: its input's error times the weights, half a step of each weight times the
/// input, the rounding of the bias, and a step of the output (rounding, and the rounding of the zero at the ends).
#[test]
fn int8_features_stay_within_the_rounding_of_every_layer() -> Result<()> {
    for seed in 0..30 {
        let (graph, parameters, inputs) = random(MIXED, seed)?;
        let quantised = quantised(&graph, &parameters, &inputs)?;
        let evaluator = Evaluator::new(&graph, &parameters);
        for input in &inputs {
            let outputs = evaluator.outputs(input);
            let mut step = quantised.input.step;
            let mut error = step;
            for (index, layer) in &quantised.layers {
                let Some(layer) = layer else { continue };
                let node = &graph.nodes[*index];
                let before = index.checked_sub(1).map_or(input, |before| &outputs[before]);
                let largest = before.iter().fold(0.0f64, |most, x| most.max(f64::from(x.abs())));
                if let Operation::AveragePool(window) = node.operation {
                    let count = (window.size[0] * window.size[1]) as f64;
                    step = step / count / f64::from(layer.multipliers[0]);
                    error += step;
                    continue;
                }
                let all = &parameters[node.parameters.clone()];
                let weights = &all[..all.len() - node.biases];
                let each = weights.len() / node.biases;
                let depthwise = matches!(node.operation, Operation::Depthwise(_));
                let mut worst = 0.0f64;
                let mut output_step = 0.0;
                for (channel, multiplier) in layer.multipliers.iter().enumerate() {
                    let own: Vec<f64> = if depthwise {
                        weights
                            .iter()
                            .skip(channel)
                            .step_by(node.biases)
                            .copied()
                            .map(f64::from)
                            .collect()
                    } else {
                        weights[channel * each..][..each].iter().copied().map(f64::from).collect()
                    };
                    let sum: f64 = own.iter().map(|weight| weight.abs()).sum();
                    let most = own.iter().fold(0.0f64, |most, weight| most.max(weight.abs()));
                    let weight_step = most / 127.0;
                    output_step = step * weight_step / f64::from(*multiplier);
                    let of_weights = own.len() as f64 * weight_step / 2.0 * (largest + error);
                    worst = worst.max(sum * error + of_weights + step * weight_step / 2.0);
                }
                error = worst + output_step;
                step = output_step;
            }
            let exact = outputs.last().context("no layers")?;
            let rounded = reference::features(&graph, &quantised, input);
            for (exact, rounded) in exact.iter().zip(&rounded) {
                let difference = f64::from((exact - rounded).abs());
                ensure!(difference <= error * 1.001, "seed {seed}: {difference}, at most {error}");
            }
        }
    }
    Ok(())
}

#[test]
fn int8_features_explain_most_of_the_f32_features() -> Result<()> {
    let (mut signal, mut noise) = (0.0, 0.0);
    for seed in 0..30 {
        let (graph, parameters, inputs) = random(MIXED, seed)?;
        let quantised = quantised(&graph, &parameters, &inputs)?;
        let evaluator = Evaluator::new(&graph, &parameters);
        for input in &inputs {
            let rounded = reference::features(&graph, &quantised, input);
            for (exact, rounded) in evaluator.logits(input).iter().zip(&rounded) {
                signal += f64::from(*exact).powi(2);
                noise += f64::from(exact - rounded).powi(2);
            }
        }
    }
    // A vector whose deviation is a fifth of its range is rounded with a noise of 25 / 12 / 255^2 of its power; there are
    // eight roundings: the input, three layers with weights and their weights, and the mean.
    let most = 8.0 * 25.0 / 12.0 / 255.0f64.powi(2);
    ensure!(noise > 0.0 && noise < most * signal, "signal {signal}, noise {noise}");
    Ok(())
}

#[test]
fn a_relu_before_or_after_a_max_pool_is_the_same_int8_backbone() -> Result<()> {
    let text = |order: &str| {
        format!(
            r#"
            name = "order"
            input = [2, 6, 6]
            backbone = [{{ type = "conv2d", tensors = "", filters = 3, kernel = 3 }}, {order}]
            layers = [{{ type = "flatten" }}, {{ type = "dense", tensors = "", outputs = 2 }}]"#
        )
    };
    let bytes = |order: &str| -> Result<Vec<u8>> {
        let (graph, parameters, inputs) = random(&text(order), 4)?;
        Ok(quantised(&graph, &parameters, &inputs)?.bytes())
    };
    let before = bytes(r#"{ type = "relu" }, { type = "max_pool", kernel = 2 }"#)?;
    let after = bytes(r#"{ type = "max_pool", kernel = 2 }, { type = "relu" }"#)?;
    ensure!(before == after);
    Ok(())
}

#[test]
fn inputs_too_small_for_a_scale_are_refused() -> Result<()> {
    let (graph, parameters, mut inputs) = random(MIXED, 1)?;
    inputs.iter_mut().flatten().for_each(|value| *value *= 1e-40);
    let error = quantised(&graph, &parameters, &inputs).err();
    let said = error.map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(said.contains("are the inputs normalised as in training?"), "{said:?}");
    Ok(())
}

#[test]
fn weights_of_zero_and_inputs_of_zero_have_an_int8_form() -> Result<()> {
    let (graph, parameters, _) = random(MIXED, 1)?;
    let zeros = vec![vec![0.0; length(graph.input)]];
    for parameters in [vec![0.0; parameters.len()], parameters] {
        let quantised = quantised(&graph, &parameters, &zeros)?;
        let features = reference::features(&graph, &quantised, &zeros[0]);
        let exact = Evaluator::new(&graph, &parameters).logits(&zeros[0]);
        for (found, exact) in features.iter().zip(&exact) {
            ensure!((found - exact).abs() <= 0.05 * (1.0 + exact.abs()), "{found}, {exact}");
        }
    }
    Ok(())
}

/// A file with these tensors.
fn file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Result<Vec<u8>> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        Ok((*name, TensorView::new(*dtype, shape.to_vec(), bytes)?))
    });
    let views: Vec<_> = views.collect::<Result<_>>()?;
    Ok(safetensors::serialize(views, None)?)
}

fn floats(count: usize, value: f32) -> Vec<u8> {
    value.to_le_bytes().repeat(count)
}

const SMALL: &str = r#"
    name = "small"
    input = [1, 4, 4]
    layers = [
      { type = "conv2d", tensors = "conv", filters = 2, kernel = 3 },
      { type = "flatten" },
      { type = "dense", tensors = "dense", outputs = 3 },
    ]
"#;

/// What is said of a file with these tensors.
fn complaint(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Result<String> {
    let graph = Graph::new(&Spec::parse(SMALL)?)?;
    let bytes = file(tensors)?;
    let parameters =
        tensors::parse(&bytes, "small").and_then(|file| tensors::parameters(&graph, &file));
    Ok(parameters.err().map(|error| format!("{error:#}")).unwrap_or_default())
}

#[test]
fn tensors_that_do_not_fit_are_refused_by_name_with_what_was_expected() -> Result<()> {
    let good: [(&str, Dtype, &[usize], Vec<u8>); 4] = [
        ("conv.weight", Dtype::F32, &[2, 1, 3, 3], floats(18, 1.0)),
        ("conv.bias", Dtype::F32, &[2], floats(2, 1.0)),
        ("dense.weight", Dtype::F32, &[3, 8], floats(24, 1.0)),
        ("dense.bias", Dtype::F32, &[3], floats(3, 1.0)),
    ];
    assert_eq!(complaint(&good)?, "");
    type Tensor = (&'static str, Dtype, &'static [usize], Vec<u8>);
    let cases: [(usize, Tensor, &str); 7] = [
        (
            0,
            ("first.weight", Dtype::F32, &[2, 1, 3, 3], floats(18, 1.0)),
            "tensor conv.weight: not in the file, which has conv.bias, dense.bias, dense.weight, \
             first.weight",
        ),
        (
            0,
            ("conv.weight", Dtype::F32, &[2, 1, 9], floats(18, 1.0)),
            "tensor conv.weight: expected shape [2, 1, 3, 3], found [2, 1, 9]",
        ),
        (
            2,
            ("dense.weight", Dtype::F32, &[8, 3], floats(24, 1.0)),
            "tensor dense.weight: expected shape [3, 8], found [8, 3]",
        ),
        (
            1,
            ("conv.bias", Dtype::F16, &[2], vec![0; 4]),
            "tensor conv.bias: expected F32, found F16",
        ),
        (
            1,
            ("conv.bias", Dtype::F64, &[2], vec![0; 16]),
            "tensor conv.bias: expected F32, found F64",
        ),
        (
            3,
            ("dense.bias", Dtype::I64, &[3], vec![0; 24]),
            "tensor dense.bias: expected F32, found I64",
        ),
        (
            3,
            ("dense.bias", Dtype::F32, &[3], floats(3, f32::NAN)),
            "tensor dense.bias: expected finite values, found NaN at 0",
        ),
    ];
    for (place, tensor, expected) in cases {
        let mut tensors = good.clone();
        tensors[place] = tensor;
        let said = complaint(&tensors)?;
        ensure!(said.contains(expected), "expected {expected:?}, got {said:?}");
    }
    Ok(())
}

#[test]
fn networks_that_make_no_sense_are_refused_by_layer() -> Result<()> {
    let said = |text: &str| {
        let graph = Spec::parse(text).and_then(|spec| Graph::new(&spec));
        graph.err().map(|error| format!("{error:#}")).unwrap_or_default()
    };
    let network = |input: &str, layers: &str| {
        said(&format!("name = \"a\"\ninput = {input}\nlayers = [{layers}]"))
    };
    let dense = r#"{ type = "dense", tensors = "d", outputs = 2 }"#;
    assert_eq!(network("[4]", dense), "");
    for (said, expected) in [
        (
            network("[1, 4, 4]", dense),
            "layer 1 of the layers (dense): expected a vector, found a map of 4 x 4",
        ),
        (network("[4, 4, 4, 4]", dense), "expected [channels, height, width]"),
        (network("[0]", dense), "expected at least one value"),
        (network("[4294967295, 4294967295, 4294967295]", dense), "expected at most"),
        (network("[4]", ""), "expected at least one layer"),
        (network("[4]", r#"{ type = "flatten" }"#), "expected at least one that computes"),
        (network("[4]", r#"{ type = "lstm" }"#), "unknown variant `lstm`"),
        (network("[4]", r#"{ type = "relu", slope = 1 }"#), "unknown field `slope`"),
        (network("[4]", r#"{ type = "dense", outputs = 2 }"#), "missing field `tensors`"),
        (network("[4]", r#"{ type = "dense", tensors = "d", outputs = 0 }"#), "at least one"),
        (
            network("[1, 4, 4]", r#"{ type = "max_pool", kernel = 5 }"#),
            "a kernel of 5 does not fit into 4",
        ),
        (
            network("[1, 4, 4]", r#"{ type = "max_pool", kernel = 2, stride = 0 }"#),
            "a stride of at least 1",
        ),
        (
            network("[1, 4, 4]", r#"{ type = "max_pool", kernel = 2, padding = 2 }"#),
            "less padding than",
        ),
        (
            network("[1, 4, 4]", r#"{ type = "max_pool", kernel = "2" }"#),
            "expected a number, or [vertical, horizontal]",
        ),
        (
            network("[1, 4, 4]", r#"{ type = "conv1d", tensors = "c", filters = 1, kernel = 2 }"#),
            "found an image of 4 rows",
        ),
        (
            network("[4]", r#"{ type = "batch_norm", tensors = "n" }"#),
            "directly after a convolution",
        ),
        (network("[4]", r#"{ type = "leaky_relu", slope = 0.123456 }"#), "slope = 0.123456"),
        (said("name = \"../a\"\ninput = [1]\nlayers = []"), "expected lower-case letters"),
        (said("name = "), "not a network file"),
    ] {
        ensure!(said.contains(expected), "expected {expected:?}, got {said:?}");
    }
    Ok(())
}

#[test]
fn an_int8_backbone_of_other_activations_is_refused_by_layer() -> Result<()> {
    let text = MIXED.replace("relu6", "gelu");
    let (graph, parameters, inputs) = random(&text, 1)?;
    let error = quantised(&graph, &parameters, &inputs).err();
    let said = error.map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(said.contains("layer 2 of the backbone (gelu)"), "{said}");
    Ok(())
}

#[test]
fn inputs_that_do_not_fit_are_refused() -> Result<()> {
    let graph = Graph::new(&Spec::parse(SMALL)?)?;
    type Tensor = (&'static str, Dtype, &'static [usize], Vec<u8>);
    let said = |tensors: &[Tensor]| -> Result<String> {
        let bytes = file(tensors)?;
        let inputs = Inputs::read(&graph, &tensors::parse(&bytes, "inputs")?);
        Ok(inputs.err().map(|error| format!("{error:#}")).unwrap_or_default())
    };
    let inputs: Tensor = ("inputs", Dtype::F32, &[2, 1, 4, 4], floats(32, 0.5));
    assert_eq!(said(std::slice::from_ref(&inputs))?, "");
    for (tensors, expected) in [
        (vec![], "tensor inputs: not in the file"),
        (
            vec![("inputs", Dtype::F32, &[2, 15][..], floats(30, 0.5))],
            "tensor inputs: expected a count and then [1, 4, 4], as the network's input, found [2, 15]",
        ),
        (
            vec![("inputs", Dtype::U8, &[2, 16][..], vec![7; 32])],
            "inputs are bytes, which stand for byte * scale + offset: scale",
        ),
        (
            vec![("inputs", Dtype::BF16, &[2, 16][..], vec![7; 64])],
            "expected F32 or U8, found BF16",
        ),
        (
            vec![("inputs", Dtype::F32, &[2, 16][..], floats(32, f32::INFINITY))],
            "expected finite values",
        ),
        (
            vec![inputs.clone(), ("labels", Dtype::U8, &[3][..], vec![0; 3])],
            "tensor labels: expected shape [2], one for each input, found [3]",
        ),
        (
            vec![inputs.clone(), ("labels", Dtype::F32, &[2][..], floats(2, 0.0))],
            "tensor labels: expected U8, I32 or I64, found F32",
        ),
        (
            vec![inputs.clone(), ("labels", Dtype::I32, &[2][..], [0xff; 8].to_vec())],
            "tensor labels: class -1 is below 0",
        ),
    ] {
        let said = said(&tensors)?;
        ensure!(said.contains(expected), "expected {expected:?}, got {said:?}");
    }
    Ok(())
}

#[test]
fn hostile_files_are_refused() -> Result<()> {
    let header = |text: &str, data: usize| {
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.as_bytes());
        bytes.extend(vec![0; data]);
        bytes
    };
    let mut huge = u64::MAX.to_le_bytes().to_vec();
    huge.extend(b"{}");
    for bytes in [
        Vec::new(),
        vec![0; 7],
        vec![0xff; 64],
        huge,
        header("{", 0),
        header(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4),
        header(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8),
        header(
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
            6,
        ),
        header(r#"{"a":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,8]}}"#, 8),
    ] {
        let error = tensors::parse(&bytes, "model.safetensors").err();
        let said = error.map(|error| format!("{error:#}")).unwrap_or_default();
        ensure!(said.contains("model.safetensors: not a safetensors file"), "{bytes:?}: {said:?}");
    }
    Ok(())
}

/// Reads everything that import reads out of a file; whatever comes of it.
fn read_all(bytes: &[u8]) -> Result<()> {
    let graph =
        Graph::new(&Spec::parse(&std::fs::read_to_string(models().join("digits_cnn.toml"))?)?)?;
    let file = tensors::parse(bytes, "mutated")?;
    tensors::unused(&graph, &file);
    let weights = tensors::parameters(&graph, &file).map(|_| ());
    Inputs::read(&graph, &file).map(|_| ()).or(weights)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_file_never_panics(
        calibration: bool,
        length in 0.0..1.2f64,
        changes in prop::collection::vec((0.0..1.0f64, any::<u8>()), 0..12),
    ) {
        let name = if calibration { "digits_calibration" } else { "digits_cnn" };
        let mut bytes = std::fs::read(models().join(format!("{name}.safetensors"))).unwrap();
        // Most of the meaning is in the first bytes.
        for (place, byte) in changes {
            let place = (place * place * 600.0) as usize;
            bytes[place] = byte;
        }
        bytes.truncate((bytes.len() as f64 * length) as usize);
        let _ = read_all(&bytes);
    }

    #[test]
    fn a_network_of_any_numbers_never_panics(
        input in prop::collection::vec(any::<u64>().prop_map(|n| n >> (n % 64)), 0..5),
        numbers in prop::collection::vec(any::<u64>().prop_map(|n| n >> (n % 64)), 8),
    ) {
        let text = format!(
            "name = 'a'\ninput = {input:?}\nlayers = [\
             {{ type = 'conv2d', tensors = '', filters = {}, kernel = {}, stride = {}, padding = {} }},\
             {{ type = 'max_pool', kernel = {}, padding = {} }},\
             {{ type = 'flatten' }}, {{ type = 'dense', tensors = '', outputs = {} }}]",
            numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6],
        );
        let _ = Spec::parse(&text).and_then(|spec| Graph::new(&spec));
    }
}

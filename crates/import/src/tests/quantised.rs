//! Compares backbones in int8 with themselves in `f32`.

use crate::dataflow::Scale;
use crate::evaluate::Evaluator;
use crate::graph::{Graph, Operation, length};
use crate::int8::{Factor, Layer, Placed, Quantised, calibrate, reference};
use crate::spec::Spec;
use anyhow::{Context, Result, ensure};
use oorandom::Rand32;

fn value(factor: Factor) -> f64 {
    f64::from(factor.multiplier) / f64::from(factor.shift).exp2()
}

/// A graph, and parameters and inputs that a seed determines.
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
    calibrate(graph, parameters, inputs.iter().map(Vec::as_slice))
}

const MIXED: &str = r#"
    name = "mixed"
    input = [3, 8, 6]
    backbone = [
      { type = "conv2d", tensors = "", filters = 5, kernel = [3, 2], stride = [2, 1], padding = [
        1, 1,
      ] },
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

/// The error of a layer is at most the sum of these: the error of its input times the weights, half
/// a step of each weight times the input, the rounding of the bias, and one step of the output (its
/// rounding, and that of the zero at the ends).
#[test]
fn int8_features_stay_within_the_rounding_of_every_layer() -> Result<()> {
    for seed in 0..30 {
        let (graph, parameters, inputs) = random(MIXED, seed)?;
        let quantised = quantised(&graph, &parameters, &inputs)?;
        let evaluator = Evaluator::new(&graph, &parameters);
        for input in &inputs {
            let mut outputs = Vec::new();
            evaluator.each_output(input, |_, output| outputs.push(output.to_vec()));
            let mut step = quantised.input.step;
            let mut error = step;
            for Placed { index, layer } in &quantised.layers {
                let node = &graph.nodes[*index];
                let before = index.checked_sub(1).map_or(input, |before| &outputs[before]);
                let largest = before.iter().fold(0.0f64, |most, x| most.max(f64::from(x.abs())));
                let factors = match layer {
                    Layer::Affine { factors, .. } => factors,
                    Layer::Mean { factor, .. } => {
                        step /= value(*factor);
                        error += step;
                        continue;
                    }
                    _ => continue,
                };
                let all = &parameters[node.parameters.clone()];
                let weights = &all[..all.len() - node.biases];
                let each = weights.len() / node.biases;
                let depthwise = matches!(node.operation, Operation::Depthwise(_));
                let mut worst = 0.0f64;
                let mut output_step = 0.0;
                for (channel, factor) in factors.iter().enumerate() {
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
                    output_step = step * weight_step / value(*factor);
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
    // Where the deviation of a vector is a fifth of its range, rounding adds a noise of 25 / 12 /
    // 255^2 of its power. There are eight roundings: the input, three layers with weights and their
    // weights, and the mean.
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
fn outputs_that_are_no_numbers_are_refused() -> Result<()> {
    let (graph, _, _) = random(
        "name = 'large'\ninput = [2]\nbackbone = [{ type = 'dense', tensors = 'd', outputs = 1 \
         }]\nlayers = [{ type = 'relu' }]",
        1,
    )?;
    // The one product is infinite, the other minus infinity.
    let error = quantised(&graph, &[3e38, -3e38, 0.0], &[vec![2.0, 2.0]]).err();
    let said = error.map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(said.contains("its outputs on the calibration inputs are not finite"), "{said:?}");
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

/// An activation's table is right to half a step of its input, times its slope of at most 1.13
/// (that of gelu), and half a step of its output, and a step for the zeros of both.
#[test]
fn every_activation_has_an_int8_form() -> Result<()> {
    for activation in ["relu", "relu6", "tanh", "sigmoid", "gelu", "leaky_relu\", slope = 0.1, \""]
    {
        let activation = activation.trim_end_matches(", \"");
        let quoted = if activation.contains('"') { "" } else { "\"" };
        let text = format!(
            "name = 'one'\ninput = [4]\nbackbone = [{{ type = \"{activation}{quoted} }}]\nlayers = \
             [{{ type = 'dense', tensors = 'd', outputs = 1 }}]"
        );
        let (graph, _, mut inputs) = random(&text, 3)?;
        inputs.iter_mut().flatten().for_each(|value| *value *= 8.0);
        let quantised = quantised(&graph, &[], &inputs)?;
        ensure!(
            matches!(quantised.layers[..], [Placed { index: 0, layer: Layer::Table(_) }]),
            "{activation}"
        );
        let most = 1.13 * quantised.input.step + 1.5 * quantised.output.step;
        for input in &inputs {
            let exact = Evaluator::new(&graph, &[]).logits(input);
            for (found, exact) in reference::features(&graph, &quantised, input).iter().zip(&exact)
            {
                let difference = f64::from((found - exact).abs());
                ensure!(difference <= most, "{activation}: {found}, expected {exact}");
            }
        }
    }
    Ok(())
}

/// The inputs are bytes already, in 64ths, so that what is left is a step of the output: half of it
/// for its rounding, and half for that of the zero, where a range ends.
#[test]
fn layer_norms_and_prelus_are_within_a_step_of_their_outputs() -> Result<()> {
    for (input, layer) in [
        ("[6, 3, 2]", "type = 'layer_norm', tensors = ''"),
        ("[6, 3, 2]", "type = 'layer_norm', tensors = '', by_position = true, epsilon = 0.1"),
        ("[6, 9]", "type = 'layer_norm', tensors = '', by_position = true, epsilon = 1e-12"),
        ("[30]", "type = 'layer_norm', tensors = '', epsilon = 1e6"),
        ("[6, 3, 2]", "type = 'prelu', tensors = ''"),
        ("[12]", "type = 'prelu', tensors = ''"),
    ] {
        let text = format!(
            "name = 'one'\ninput = {input}\nbackbone = [{{ {layer} }}]\nlayers = [{{ type = \
             'flatten' }}, {{ type = 'dense', tensors = 'd', outputs = 1 }}]"
        );
        for seed in 0..20 {
            let (graph, parameters, mut inputs) = random(&text, seed)?;
            for value in inputs.iter_mut().flatten() {
                *value = (*value * 128.0).floor() / 64.0;
            }
            inputs[0][..2].copy_from_slice(&[-2.0, 127.0 / 64.0]);
            let quantised = quantised(&graph, &parameters, &inputs)?;
            ensure!(quantised.input == Scale { step: 1.0 / 64.0, zero: 0 }, "{quantised:?}");
            ensure!(
                matches!(
                    quantised.layers[..],
                    [Placed { layer: Layer::Norm { .. } | Layer::Slopes { .. }, .. }]
                ),
                "{layer}"
            );
            for input in &inputs {
                let exact = Evaluator::new(&graph, &parameters).logits(input);
                let features = reference::features(&graph, &quantised, input);
                for (found, exact) in features.iter().zip(&exact) {
                    let steps = f64::from((found - exact).abs()) / quantised.output.step;
                    ensure!(steps <= 1.001, "{layer}, seed {seed}: {found}, expected {exact}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_factor_is_nearest_to_its_value() -> Result<()> {
    for exponent in -60..=29 {
        for mantissa in [1.0, 1.3, 1.999_999_999_9] {
            let value = mantissa * f64::from(exponent).exp2();
            let factor = Factor::nearest(value);
            let least = value < f64::from(-17).exp2();
            ensure!(factor.multiplier >= 1 << 30 || least, "{value}: {factor:?}");
            ensure!((1..=47).contains(&factor.shift), "{value}: {factor:?}");
            let unit = f64::from(-i32::from(factor.shift)).exp2();
            ensure!(
                (self::value(factor) - value.min(f64::from(29).exp2())).abs() <= unit / 2.0,
                "{value}"
            );
        }
    }
    ensure!(Factor::nearest(0.0).multiplier == 0);
    Ok(())
}

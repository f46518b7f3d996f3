//! Every layer, every loss and a small network against PyTorch.
//! `tests/networks/pytorch/generate.py` writes what PyTorch gave.

use crate::support::layers::pass;
use crate::support::numbers::widen;
use rolling_ball::Objective;
use rolling_ball::kernels::Active;
use rolling_ball::nn::{
    AveragePool, BinaryCrossEntropyWithLogits, Conv1d, Conv2d, Dense, DepthwiseConv2d, Gelu,
    GlobalAveragePool, Huber, Kernel, Layer, LayerNorm, LeakyRelu, Loss, Map, MaxPool,
    MeanSquaredError, Network, Padding, Parameters, Relu, Relu6, Residual, Sample, Sigmoid, Signal,
    SoftmaxCrossEntropy, Stride, Tanh, Window, over,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// PyTorch computed in `f64`. Beside it, sums of up to 70 products of order 1, each rounded to 6e-8
/// of itself: an order below the square root of that many times the largest value.
const ROUNDING: f64 = 1e-6;

#[derive(Deserialize)]
struct Vectors {
    layers: BTreeMap<String, Passes>,
    losses: BTreeMap<String, Batch>,
    network: Whole,
}

#[derive(Deserialize)]
struct Passes {
    theta: Vec<f32>,
    input: Vec<f32>,
    slopes: Vec<f32>,
    output: Vec<f64>,
    gradient: Vec<f64>,
    input_gradient: Vec<f64>,
}

#[derive(Deserialize)]
struct Batch {
    outputs: Vec<Vec<f32>>,
    #[serde(default)]
    classes: Vec<usize>,
    #[serde(default)]
    targets: Vec<Vec<f32>>,
    loss: f64,
    gradients: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Whole {
    theta: Vec<f32>,
    inputs: Vec<Vec<f32>>,
    classes: Vec<usize>,
    loss: f64,
    gradient: Vec<f64>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("pytorch/vectors.json")).unwrap()
}

/// Relative to the largest of the values, or to 1 where that is larger.
fn agree(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(1.0f64, |size, x| size.max(x.abs()));
    for (found, expected) in widen(found).iter().zip(expected) {
        let off = (found - expected).abs() / size;
        assert!(off <= ROUNDING, "{what}: {found}, expected {expected}");
    }
}

fn passes<L: Layer>(name: &str, expected: &Passes) {
    let parameters = Parameters { theta: &expected.theta, frozen: &[] };
    let found = pass::<L, Active>(parameters, &expected.input, &expected.slopes);
    agree(&format!("{name}: output"), &found.output, &expected.output);
    agree(&format!("{name}: gradient"), &found.gradient, &expected.gradient);
    agree(&format!("{name}: input gradient"), &found.input_gradient, &expected.input_gradient);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn every_layer_gives_the_output_and_the_gradients_of_pytorch() {
    type Check = fn(&str, &Passes);
    let checks: BTreeMap<&str, Check> = BTreeMap::from([
        ("dense", passes::<Dense<7, 4>> as Check),
        ("conv2d", passes::<Conv2d<Map<5, 6, 2>, Window<Kernel<3>>, 3>>),
        (
            "conv2d, stride 2 1, padding 1 2",
            passes::<Conv2d<Map<5, 4, 3>, Window<Kernel<3, 4>, Stride<2, 1>, Padding<1, 2>>, 2>>,
        ),
        (
            "conv1d, stride 2, padding 2",
            passes::<Conv1d<Signal<11, 3>, Window<Kernel<5>, Stride<2>, Padding<2>>, 4>>,
        ),
        (
            "depthwise, padding 1",
            passes::<DepthwiseConv2d<Map<4, 5, 4>, Window<Kernel<3>, Stride<1>, Padding<1>>>>,
        ),
        (
            "depthwise, stride 2 1",
            passes::<DepthwiseConv2d<Map<5, 4, 3>, Window<Kernel<2, 3>, Stride<2, 1>>>>,
        ),
        ("max pool", passes::<MaxPool<Map<5, 6, 3>, Window<Kernel<2>, Stride<2>>>>),
        (
            "max pool, overlapping, padding 1",
            passes::<MaxPool<Map<4, 5, 2>, Window<Kernel<3>, Stride<1>, Padding<1>>>>,
        ),
        ("average pool", passes::<AveragePool<Map<5, 6, 3>, Window<Kernel<2>, Stride<2>>>>),
        (
            "average pool, overlapping, padding 1",
            passes::<AveragePool<Map<5, 4, 2>, Window<Kernel<3>, Stride<2>, Padding<1>>>>,
        ),
        ("global average pool", passes::<GlobalAveragePool<Map<3, 4, 5>>>),
        ("layer norm", passes::<LayerNorm<13>>),
        ("layer norm by position", passes::<LayerNorm<5, 6>>),
        ("residual", passes::<Residual<(Dense<6, 6>, Relu<6>)>>),
        ("relu", passes::<Relu<24>>),
        ("relu6", passes::<Relu6<24>>),
        ("leaky relu", passes::<LeakyRelu<24>>),
        ("leaky relu, 1 / 5", passes::<LeakyRelu<24, 1, 5>>),
        ("tanh", passes::<Tanh<24>>),
        ("sigmoid", passes::<Sigmoid<24>>),
        ("gelu", passes::<Gelu<24>>),
    ]);
    let vectors = vectors().layers;
    let names: BTreeSet<&str> = vectors.keys().map(String::as_str).collect();
    assert_eq!(names, checks.keys().copied().collect());
    for (name, expected) in &vectors {
        checks[name.as_str()](name, expected);
    }
}

/// The mean over a batch, weighted as a network's batch weighs it.
fn evaluates<T>(name: &str, loss: &impl Loss<T>, targets: &[T], expected: &Batch) {
    let weights: Vec<f32> = targets.iter().map(|target| loss.weight(target).unwrap()).collect();
    let total: f32 = weights.iter().sum();
    let mut mean = 0.0;
    assert_eq!(targets.len(), expected.outputs.len());
    for (index, target) in targets.iter().enumerate() {
        let mut output = expected.outputs[index].clone();
        let weight = weights[index] / total;
        mean += weight * loss.evaluate(&mut output, target, weight).unwrap();
        agree(&format!("{name}: gradient"), &output, &expected.gradients[index]);
    }
    agree(&format!("{name}: loss"), &[mean], &[expected.loss]);
}

fn compares_numbers(name: &str, loss: &impl for<'t> Loss<&'t [f32]>, expected: &Batch) {
    let targets: Vec<&[f32]> = expected.targets.iter().map(Vec::as_slice).collect();
    evaluates(name, loss, &targets, expected);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn every_loss_gives_the_value_and_the_gradient_of_pytorch() {
    let class_weights = [0.5, 2.0, 1.25, 3.5];
    let plain = SoftmaxCrossEntropy::new();
    let weighted = SoftmaxCrossEntropy::with_class_weights(&class_weights).unwrap();
    let mut checked = BTreeSet::new();
    let vectors = vectors().losses;
    for (name, loss) in [
        ("cross entropy", plain),
        ("cross entropy, class weights", weighted),
        ("cross entropy, smoothing 0.125", plain.with_label_smoothing(0.125).unwrap()),
        (
            "cross entropy, class weights, smoothing 0.125",
            weighted.with_label_smoothing(0.125).unwrap(),
        ),
    ] {
        evaluates(name, &loss, &vectors[name].classes, &vectors[name]);
        checked.insert(name);
    }
    let [binary, huber, squared] =
        ["binary cross entropy", "huber, delta 0.75", "mean squared error"];
    compares_numbers(binary, &BinaryCrossEntropyWithLogits::new(), &vectors[binary]);
    compares_numbers(huber, &Huber::new(0.75).unwrap(), &vectors[huber]);
    compares_numbers(squared, &MeanSquaredError, &vectors[squared]);
    checked.extend([binary, huber, squared]);
    assert_eq!(vectors.keys().map(String::as_str).collect::<BTreeSet<_>>(), checked);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_small_convolutional_network_has_the_loss_and_the_gradient_of_pytorch() {
    type First = Conv2d<Map<8, 8, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>, 4>;
    type Pooled = MaxPool<First, Window<Kernel<2>, Stride<2>>>;
    type Spatial = DepthwiseConv2d<Pooled, Window<Kernel<3>, Stride<1>, Padding<1>>>;
    type Head = (GlobalAveragePool<Spatial>, Dense<4, 3>);
    type Layers = (First, over::Relu<First>, Pooled, Spatial, Head);
    type Net = Network<'static, Layers>;

    let Whole { theta, inputs, classes, loss, gradient } = vectors().network;
    let samples = inputs
        .iter()
        .zip(&classes)
        .map(|(input, class)| Sample { input: input.as_slice(), target: *class });
    let mut scratch = [f32::NAN; Net::SCRATCH];
    let network = Net::new(&[]).unwrap();
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch).unwrap();
    let mut found = [f32::NAN; Net::PARAMETERS];
    let value = batch.gradient(&theta, &mut found).unwrap();
    agree("loss", &[value], &[loss]);
    agree("gradient", &found, &gradient);
}

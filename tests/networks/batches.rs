//! Layers, losses and networks against plain `f64` loops and their finite differences.

use crate::support::cases::cases;
use crate::support::numbers::{bits, deviation, widen};
use crate::support::random::Random;
use crate::support::reference_network::{
    ReferenceDense, cross_entropy, finite_differences, forward, mean_squared_error,
};
use core::cell::Cell;
use core::task::Poll;
use proptest::prelude::*;
use rolling_ball::kernels::Active;
use rolling_ball::nn::{
    AveragePool, BiasesOnly, Conv2d, Dense, DepthwiseConv2d, FitsIn, Flat, FloatBackbone, Frozen,
    GlobalAveragePool, Input, Kernel, Layer, LayerNorm, Loss, Map, MaxPool, MaxPool1d,
    MeanSquaredError, Network, Padding, Parameters, Quantized, Relu, Residual, Sample, Shape,
    Signal, SoftmaxCrossEntropy, Stride, Tanh, Window, over,
};
use rolling_ball::{Error, Objective, PollObjective, RollingBall, RollingBallConfig, step};

type Tail = (Dense<5, 6>, Relu<6>, Dense<6, 3>);
type Whole = Network<'static, Tail>;
type Front = (Dense<4, 5>, Relu<5>);
type Backbone<'a> = FloatBackbone<'a, Front>;
type Split<'a> = Network<'a, Tail, Backbone<'a>>;
type Joined = Network<'static, (Front, Tail)>;

const TAIL: [ReferenceDense; 2] = [
    ReferenceDense { inputs: 5, outputs: 6, rectified: true },
    ReferenceDense { inputs: 6, outputs: 3, rectified: false },
];
const FROZEN: ReferenceDense = ReferenceDense { inputs: 4, outputs: 5, rectified: true };

/// Sums of at most 6 products of order 1, two layers deep, forward and back: a few dozen roundings
/// of 6e-8, some of them amplified by weights up to 1.
const ROUNDING: f64 = 4e-6;

fn split(frozen: &[f32]) -> Split<'_> {
    Split::with_backbone(Backbone::new(frozen).unwrap(), &[]).unwrap()
}

fn classes(seed: u64, inputs: usize, count: usize) -> Vec<(Vec<f32>, usize)> {
    let mut random = Random(seed);
    (0..count).map(|index| (random.vector(inputs), (index * 2) % 3)).collect()
}

fn stream(samples: &[(Vec<f32>, usize)]) -> impl Iterator<Item = Sample<&[f32], usize>> + Clone {
    samples.iter().map(|(input, class)| Sample { input: input.as_slice(), target: *class })
}

/// The loss and the gradient of a batch of the whole network.
fn whole_gradient(
    loss: SoftmaxCrossEntropy<'_>,
    samples: &[(Vec<f32>, usize)],
    theta: &[f32],
) -> (f32, Vec<f32>) {
    let mut scratch = [f32::NAN; Whole::SCRATCH];
    let network = Whole::new(&[]).unwrap();
    let mut batch = network.batch(loss, stream(samples), &mut scratch).unwrap();
    let mut gradient = vec![f32::NAN; Whole::PARAMETERS];
    let value = batch.gradient(theta, &mut gradient).unwrap();
    assert_eq!(batch.loss(theta).unwrap().to_bits(), value.to_bits());
    (value, gradient)
}

fn agrees(value: f32, gradient: &[f32], reference: impl Fn(&[f64]) -> f64, theta: &[f32]) {
    let theta = widen(theta);
    let expected = reference(&theta);
    let off = (f64::from(value) - expected).abs();
    assert!(off <= ROUNDING, "loss {value}, expected {expected}");
    // Miri looks at what the core does, which is done; the differences would take an hour there.
    if cfg!(miri) {
        return;
    }
    let strayed = deviation(&widen(gradient), &finite_differences(reference, &theta));
    assert!(strayed <= ROUNDING, "gradient off by {strayed:.2e}");
    assert!(gradient.iter().any(|slope| slope.abs() > 0.01), "the gradient says nothing");
}

/// A rectifier has a kink at 0, where finite differences mean nothing: no sample comes within ten
/// of their steps.
fn stays_off_the_kinks(layers: &[ReferenceDense], parameters: &[f64], inputs: &[Vec<f32>]) {
    let mut straight = layers[0];
    straight.rectified = false;
    let count = straight.inputs * straight.outputs + straight.outputs;
    for input in inputs {
        for value in forward(&[straight], &parameters[..count], &widen(input)) {
            assert!(value.abs() > 1e-4, "a sample sits on a kink: choose another seed");
        }
    }
}

fn inputs<T>(samples: &[(Vec<f32>, T)]) -> Vec<Vec<f32>> {
    samples.iter().map(|(input, _)| input.clone()).collect()
}

#[test]
fn the_gradient_of_cross_entropy_through_dense_and_relu_is_that_of_finite_differences() {
    for seed in 0..8 {
        let samples = classes(seed, 5, 7);
        let theta = Random(100 + seed).vector(Whole::PARAMETERS);
        stays_off_the_kinks(&TAIL, &widen(&theta), &inputs(&samples));
        let (value, gradient) = whole_gradient(SoftmaxCrossEntropy::new(), &samples, &theta);
        let reference = |theta: &[f64]| {
            let loss = |(input, class): &(Vec<f32>, usize)| {
                cross_entropy(&forward(&TAIL, theta, &widen(input)), *class)
            };
            samples.iter().map(loss).sum::<f64>() / samples.len() as f64
        };
        agrees(value, &gradient, reference, &theta);
    }
}

#[test]
fn class_weights_weigh_the_samples_in_the_mean_and_in_the_gradient() {
    let weights = [0.5f32, 2.0, 3.5];
    for seed in 0..8 {
        let samples = classes(seed, 5, 7);
        let theta = Random(200 + seed).vector(Whole::PARAMETERS);
        stays_off_the_kinks(&TAIL, &widen(&theta), &inputs(&samples));
        let loss = SoftmaxCrossEntropy::with_class_weights(&weights).unwrap();
        let (value, gradient) = whole_gradient(loss, &samples, &theta);
        let reference = |theta: &[f64]| {
            let (mut sum, mut weight) = (0.0, 0.0);
            for (input, class) in &samples {
                let own = f64::from(weights[*class]);
                sum += own * cross_entropy(&forward(&TAIL, theta, &widen(input)), *class);
                weight += own;
            }
            sum / weight
        };
        agrees(value, &gradient, reference, &theta);
    }
}

#[test]
fn samples_that_are_added_one_by_one_give_the_bits_of_the_batch() {
    let samples = classes(31, 4, 7);
    let mut random = Random(32);
    let (frozen, theta) = (random.vector(Backbone::PARAMETERS), random.vector(Split::PARAMETERS));
    let weights = [1.0, 0.25, 2.0];
    let loss = SoftmaxCrossEntropy::with_class_weights(&weights).unwrap();
    let (network, mut scratch) = (split(&frozen), [f32::NAN; Split::SCRATCH]);
    let mut expected = vec![f32::NAN; Split::PARAMETERS];
    let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
    let mean = batch.gradient(&theta, &mut expected).unwrap();

    let weight = 1.0 / samples.iter().map(|(_, class)| weights[*class]).sum::<f32>();
    let (mut sum, mut gradient) = (0.0, vec![-0.0; Split::PARAMETERS]);
    for sample in stream(&samples) {
        let gradient = Some(gradient.as_mut_slice());
        sum += network.add_sample(&theta, &sample, &loss, weight, &mut scratch, gradient).unwrap();
    }
    assert_eq!((sum.to_bits(), bits(&gradient)), (mean.to_bits(), bits(&expected)));

    let wrong = Sample { input: samples[0].0.as_slice(), target: 3 };
    let refused = network.add_sample(&theta, &wrong, &loss, 1.0, &mut scratch, Some(&mut gradient));
    assert_eq!(refused, Err(Error::Class { class: 3, classes: 3 }));
    assert_eq!(bits(&gradient), bits(&expected), "a sample that was refused was added");
}

#[test]
fn a_class_of_weight_zero_does_not_count() {
    let samples = classes(3, 5, 9);
    let theta = Random(300).vector(Whole::PARAMETERS);
    let weights = [1.0, 0.0, 1.0];
    let weighted = SoftmaxCrossEntropy::with_class_weights(&weights).unwrap();
    let counted: Vec<_> = samples.iter().filter(|(_, class)| *class != 1).cloned().collect();
    assert!(counted.len() < samples.len());
    let (value, gradient) = whole_gradient(weighted, &samples, &theta);
    let (expected, slopes) = whole_gradient(SoftmaxCrossEntropy::new(), &counted, &theta);
    // The zeros add nothing but signs of zero to the same sums.
    assert_eq!(value, expected);
    assert_eq!(gradient, slopes);
}

#[test]
fn the_gradient_of_mean_squared_error_is_that_of_finite_differences() {
    for seed in 0..8 {
        let mut random = Random(400 + seed);
        let samples: Vec<(Vec<f32>, Vec<f32>)> =
            (0..6).map(|_| (random.vector(5), random.vector(3))).collect();
        let theta = random.vector(Whole::PARAMETERS);
        stays_off_the_kinks(&TAIL, &widen(&theta), &inputs(&samples));
        let stream = samples
            .iter()
            .map(|(input, target)| Sample { input: input.as_slice(), target: target.as_slice() });
        let mut scratch = [0.0; Whole::SCRATCH];
        let network = Whole::new(&[]).unwrap();
        let mut batch = network.batch(MeanSquaredError, stream, &mut scratch).unwrap();
        let mut gradient = vec![f32::NAN; Whole::PARAMETERS];
        let value = batch.gradient(&theta, &mut gradient).unwrap();
        let reference = |theta: &[f64]| {
            let loss = |(input, target): &(Vec<f32>, Vec<f32>)| {
                mean_squared_error(&forward(&TAIL, theta, &widen(input)), &widen(target))
            };
            samples.iter().map(loss).sum::<f64>() / samples.len() as f64
        };
        agrees(value, &gradient, reference, &theta);
    }
}

#[test]
fn behind_a_frozen_part_the_gradient_of_the_tail_is_that_of_finite_differences() {
    for seed in 0..8 {
        let samples = classes(500 + seed, 4, 7);
        let frozen = Random(600 + seed).vector(Backbone::PARAMETERS);
        let before = bits(&frozen);
        let theta = Random(700 + seed).vector(Split::PARAMETERS);
        let features: Vec<Vec<f32>> = samples
            .iter()
            .map(|(input, _)| forward(&[FROZEN], &widen(&frozen), &widen(input)))
            .map(|features| crate::support::numbers::narrow(&features))
            .collect();
        stays_off_the_kinks(&TAIL, &widen(&theta), &features);
        let mut scratch = [f32::NAN; Split::SCRATCH];
        let network = split(&frozen);
        let mut batch =
            network.batch(SoftmaxCrossEntropy::new(), stream(&samples), &mut scratch).unwrap();
        let mut gradient = vec![f32::NAN; Split::PARAMETERS];
        let value = batch.gradient(&theta, &mut gradient).unwrap();
        let reference = |theta: &[f64]| {
            let loss = |(input, class): &(Vec<f32>, usize)| {
                let features = forward(&[FROZEN], &widen(&frozen), &widen(input));
                cross_entropy(&forward(&TAIL, theta, &features), *class)
            };
            samples.iter().map(loss).sum::<f64>() / samples.len() as f64
        };
        agrees(value, &gradient, reference, &theta);
        assert_eq!(bits(&frozen), before);
    }
}

/// The same parameters, all trained, in one chain: `backward_through` of every layer, and the same
/// bits.
#[test]
fn the_tail_of_a_split_network_has_the_gradient_that_it_has_in_one_piece() {
    let samples = classes(9, 4, 5);
    let frozen = Random(10).vector(Backbone::PARAMETERS);
    let theta = Random(11).vector(Split::PARAMETERS);
    let joined_theta = [frozen.clone(), theta.clone()].concat();
    let loss = SoftmaxCrossEntropy::new();

    let mut scratch = [0.0; Split::SCRATCH];
    let network = split(&frozen);
    let mut gradient = vec![0.0; Split::PARAMETERS];
    let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
    let value = batch.gradient(&theta, &mut gradient).unwrap();

    let mut scratch = [0.0; Joined::SCRATCH];
    let network = Joined::new(&[]).unwrap();
    let mut joined_gradient = vec![0.0; Joined::PARAMETERS];
    let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
    let joined_value = batch.gradient(&joined_theta, &mut joined_gradient).unwrap();

    assert_eq!(value.to_bits(), joined_value.to_bits());
    assert_eq!(bits(&gradient), bits(&joined_gradient[Backbone::PARAMETERS..]));

    let layers = [FROZEN, TAIL[0], TAIL[1]];
    let reference = |theta: &[f64]| {
        let loss = |(input, class): &(Vec<f32>, usize)| {
            cross_entropy(&forward(&layers, theta, &widen(input)), *class)
        };
        samples.iter().map(loss).sum::<f64>() / samples.len() as f64
    };
    agrees(joined_value, &joined_gradient, reference, &joined_theta);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn training_the_tail_reads_the_frozen_part_in_place_and_leaves_it_unchanged() {
    static BACKBONE: [f32; Backbone::PARAMETERS] = {
        let mut parameters = [0.0; Backbone::PARAMETERS];
        let mut index = 0;
        while index < Backbone::PARAMETERS {
            parameters[index] = (index * 7 % 11) as f32 / 8.0 - 0.5;
            index += 1;
        }
        parameters
    };
    let before = bits(&BACKBONE);
    let network = split(&BACKBONE);
    // The network holds references, not copies: nothing else fits into four words.
    assert_eq!(size_of_val(&network), 2 * size_of::<&[f32]>());
    // Something to learn: the largest of the first three inputs.
    let mut samples = classes(12, 4, 30);
    for (input, class) in &mut samples {
        *class = (0..3).max_by(|a, b| input[*a].total_cmp(&input[*b])).unwrap();
    }
    let mut scratch = [0.0; Split::SCRATCH];
    let mut batch =
        network.batch(SoftmaxCrossEntropy::new(), stream(&samples), &mut scratch).unwrap();
    let mut theta = Random(13).vector(Split::PARAMETERS);
    let first = batch.loss(&theta).unwrap();
    let workspace = [[0.0; Split::PARAMETERS]; 2];
    let mut ball = RollingBall::new(RollingBallConfig::default(), workspace).unwrap();
    for _ in 0..300 {
        step(&mut ball, &mut batch, &mut theta).unwrap();
    }
    assert!(batch.loss(&theta).unwrap() < 0.7 * first);
    assert_eq!(bits(&BACKBONE), before);
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_streamed_batch_is_the_mean_over_its_samples(seed in any::<u64>(), count in 1usize..20) {
        let samples = classes(seed, 5, count);
        let theta = Random(seed ^ 1).vector(Whole::PARAMETERS);
        let (value, gradient) = whole_gradient(SoftmaxCrossEntropy::new(), &samples, &theta);
        let (mut mean, mut mean_gradient) = (0.0, vec![0.0; Whole::PARAMETERS]);
        for sample in &samples {
            let one = std::slice::from_ref(sample);
            let (value, gradient) = whole_gradient(SoftmaxCrossEntropy::new(), one, &theta);
            mean += f64::from(value) / count as f64;
            let share = widen(&gradient);
            mean_gradient =
                crate::support::numbers::add_scaled(&mean_gradient, 1.0 / count as f64, &share);
        }
        // Up to 20 sums of order 1 in f32.
        prop_assert!((f64::from(value) - mean).abs() <= ROUNDING);
        prop_assert!(deviation(&widen(&gradient), &mean_gradient) <= ROUNDING);
    }

    #[test]
    fn equal_class_weights_are_no_weights(seed in any::<u64>(), weight in 0.1f32..10.0) {
        let samples = classes(seed, 5, 8);
        let theta = Random(seed ^ 2).vector(Whole::PARAMETERS);
        let weights = [weight; 3];
        let loss = SoftmaxCrossEntropy::with_class_weights(&weights).unwrap();
        let (value, gradient) = whole_gradient(loss, &samples, &theta);
        let (expected, slopes) = whole_gradient(SoftmaxCrossEntropy::new(), &samples, &theta);
        prop_assert!((value - expected).abs() <= ROUNDING as f32);
        prop_assert!(deviation(&widen(&gradient), &widen(&slopes)) <= ROUNDING);
    }

    #[test]
    fn the_logits_may_be_as_large_as_they_like(
        a in -1e30f32..1e30, b in -1e30f32..1e30, class in 0usize..2,
    ) {
        let mut output = [a, b];
        let value = SoftmaxCrossEntropy::new().evaluate(&mut output, &class, 1.0).unwrap();
        let expected = (f64::from(a.max(b)) - f64::from([a, b][class])).max(0.0);
        // Where they differ by more than a few dozen, the loss is their difference.
        if (a - b).abs() > 100.0 {
            prop_assert!((f64::from(value) - expected).abs() <= 1e-6 * expected);
        }
        prop_assert!(value >= 0.0 && value.is_finite());
        prop_assert!((output[0] + output[1]).abs() <= 1e-6);
    }
}

#[test]
fn the_next_mini_batch_is_what_the_objective_evaluates_from_then_on() {
    let (first, second) = (classes(1, 5, 4), classes(2, 5, 6));
    let theta = Random(3).vector(Whole::PARAMETERS);
    let mut scratch = [0.0; Whole::SCRATCH];
    let network = Whole::new(&[]).unwrap();
    let loss = SoftmaxCrossEntropy::new();
    let mut batch = network.batch(loss, stream(&first), &mut scratch).unwrap();
    batch.set_samples(stream(&second));
    let (expected, _) = whole_gradient(loss, &second, &theta);
    assert_eq!(batch.loss(&theta).unwrap().to_bits(), expected.to_bits());
}

#[test]
fn predict_gives_the_output_of_the_reference_and_classify_its_largest() {
    let frozen = Random(20).vector(Backbone::PARAMETERS);
    let theta = Random(21).vector(Split::PARAMETERS);
    let network = split(&frozen);
    let mut scratch = [f32::NAN; Split::SCRATCH];
    let mut seen = [false; 3];
    for seed in 0..40 {
        let input: Vec<f32> = Random(seed).vector(4).iter().map(|x| 4.0 * x).collect();
        let features = forward(&[FROZEN], &widen(&frozen), &widen(&input));
        let expected = forward(&TAIL, &widen(&theta), &features);
        let output = network.predict(&theta, &input.as_slice(), &mut scratch).unwrap();
        // Inputs of order 4 instead of 1.
        assert!(deviation(&widen(output), &expected) <= 4.0 * ROUNDING);
        let class = network.classify(&theta, &input.as_slice(), &mut scratch).unwrap();
        assert!(expected.iter().all(|other| *other <= expected[class] + 8.0 * ROUNDING));
        seen[class] = true;
    }
    assert!(seen.iter().filter(|seen| **seen).count() > 1, "always the same class");
}

/// The bits of the output of a forward pass as a training makes it.
fn forward_bits<L: Layer>(theta: &[f32], frozen: &[f32], input: &[f32]) -> Vec<u32> {
    let mut activations = vec![f32::NAN; L::ACTIVATIONS];
    let mut output = vec![f32::NAN; L::OUTPUTS];
    let parameters = Parameters { theta, frozen };
    L::forward::<Active>(parameters, input, &mut activations, &mut output).unwrap();
    bits(&output)
}

/// Layers of every kind one after another, by which the two buffers of a prediction take turns.
fn predicts_what_training_sees<L: Layer>() {
    let theta = Random(61).vector(L::PARAMETERS);
    let frozen = Random(62).vector(L::FROZEN);
    let input = Random(63).vector(L::INPUTS);
    let network = Network::<L>::new(&frozen).unwrap();
    let mut scratch = vec![f32::NAN; Network::<L>::INFERENCE_SCRATCH];
    let output = network.predict(&theta, input.as_slice(), &mut scratch).unwrap();
    assert_eq!(bits(output), forward_bits::<L>(&theta, &frozen, &input));
    let mut roomy = vec![f32::NAN; Network::<L>::SCRATCH];
    let output = network.predict(&theta, input.as_slice(), &mut roomy).unwrap();
    assert_eq!(bits(output), forward_bits::<L>(&theta, &frozen, &input));
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_prediction_in_the_memory_of_inference_has_the_bits_of_a_trainings_forward_pass() {
    type First = Conv2d<Map<7, 6, 2>, Window<Kernel<3>, Stride<1>, Padding<1>>, 4>;
    type Pooled = MaxPool<First, Window<Kernel<3>, Stride<2>>>;
    type Spatial = DepthwiseConv2d<Pooled, Window<Kernel<2>, Stride<1>, Padding<1>>>;
    type Mean = AveragePool<Spatial, Window<Kernel<2>>>;
    type Front = (First, over::LeakyRelu<First>, Pooled, Spatial, over::Gelu<Spatial>, Mean);
    type Norm = over::LayerNorm<Mean, Frozen>;
    type Back = (Norm, Residual<(over::Tanh<Mean>, over::Sigmoid<Mean>)>, over::Dense<Mean, 5>);
    predicts_what_training_sees::<First>();
    predicts_what_training_sees::<(First,)>();
    predicts_what_training_sees::<(First, over::Relu6<First>)>();
    predicts_what_training_sees::<(First, over::Relu<First>, GlobalAveragePool<First>)>();
    predicts_what_training_sees::<Front>();
    predicts_what_training_sees::<(Front, Back)>();
    predicts_what_training_sees::<((Front, Norm), Residual<(over::Tanh<Mean>,)>)>();
}

#[test]
fn a_prediction_takes_no_more_scratch_than_a_training_and_often_much_less() {
    fn takes<N: Layer>() -> [usize; 2] {
        let [least, whole] = [Network::<N>::INFERENCE_SCRATCH, Network::<N>::SCRATCH];
        assert!(least <= whole, "{least} floats to predict, {whole} to train");
        [least, whole]
    }
    assert_eq!(takes::<Dense<1, 100>>(), [101, 101]);
    assert_eq!(takes::<(Dense<9, 1>, Dense<1, 9>, Dense<9, 1>)>(), [9 + 1, 20]);
    // The outputs of a ReLU take the places of its inputs; training keeps a bit of each.
    assert_eq!(takes::<(Dense<8, 8>, Relu<8>, Dense<8, 8>, Relu<8>)>(), [16, 24 + 2]);
    assert_eq!(takes::<(Dense<8, 8>, Tanh<8>, Dense<8, 8>, Tanh<8>)>(), [16, 40]);
    assert_eq!(takes::<(Dense<1, 90>, Relu<90>, Dense<90, 1>)>(), [1 + 90, 1 + 90 + 3 + 1]);
    assert_eq!(
        takes::<(LayerNorm<6>, MaxPool1d<Signal<6, 1>, Window<Kernel<2>>>)>(),
        [6 + 6 + 5, 24]
    );
}

/// Losses by the network's scratch slice of an inference, and by that of a training.
fn losses_in_the_scratch_of_an_inference<L: Layer>() {
    let samples = classes(60, L::INPUTS, L::OUTPUTS);
    let theta = Random(61).vector(L::PARAMETERS);
    let network = Network::<L>::new(&[]).unwrap();
    let loss = SoftmaxCrossEntropy::new();
    let [least, whole] = [Network::<L>::INFERENCE_SCRATCH, Network::<L>::SCRATCH];
    let mut scratch = vec![f32::NAN; whole];
    let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
    let expected = batch.loss(&theta).unwrap();

    let length = |what, expected, actual| Error::Length { what, expected, actual };
    let mut inference = vec![f32::NAN; least];
    let short = &mut inference[1..];
    let error = network.losses(loss, stream(&samples), short).map(|_| ()).unwrap_err();
    assert_eq!(error, length("scratch", least, least - 1));
    let mut losses = network.losses(loss, stream(&samples), &mut inference).unwrap();
    assert_eq!(losses.loss(&theta).unwrap().to_bits(), expected.to_bits());
    let mut polls = 0;
    let polled = loop {
        polls += 1;
        if let Poll::Ready(loss) = losses.poll_loss(&theta).unwrap() {
            break loss;
        }
    };
    assert_eq!(polled.to_bits(), expected.to_bits());
    assert_eq!(polls, 2 * samples.len() + 2);
    assert!(least < whole, "the test needs a network whose training takes more");
    let mut gradient = vec![7.0; L::PARAMETERS];
    let error = losses.gradient(&theta, &mut gradient).unwrap_err();
    assert_eq!(error, length("scratch", whole, least));
    assert!(gradient.iter().all(|value| *value == 7.0));
    assert_eq!(losses.loss(&theta).unwrap().to_bits(), expected.to_bits());
}

#[test]
fn losses_take_the_scratch_of_an_inference_and_have_the_bits_of_a_batch() {
    losses_in_the_scratch_of_an_inference::<(Dense<5, 8>, Relu<8>, Dense<8, 3>)>();
    losses_in_the_scratch_of_an_inference::<(Dense<4, 6>, Tanh<6>, Dense<6, 6>, Tanh<6>)>();
}

/// A tuple and the same layers nested otherwise.
#[test]
fn how_layers_are_put_into_tuples_changes_no_bit() {
    type Flat = (Dense<5, 6>, Relu<6>, Dense<6, 4>, Tanh<4>, Dense<4, 3>);
    type Left = ((((Dense<5, 6>, Relu<6>), Dense<6, 4>), Tanh<4>), Dense<4, 3>);
    type Right = (Dense<5, 6>, (Relu<6>, (Dense<6, 4>, (Tanh<4>, (Dense<4, 3>,)))));
    let samples = classes(70, 5, 7);
    let theta = Random(71).vector(Flat::PARAMETERS);
    fn gradient<L: Layer>(samples: &[(Vec<f32>, usize)], theta: &[f32]) -> Vec<u32> {
        let mut scratch = vec![f32::NAN; Network::<L>::scratch(2)];
        let network = Network::<L>::new(&[]).unwrap();
        let loss = SoftmaxCrossEntropy::new();
        let mut batch = network.batch(loss, stream(samples), &mut scratch).unwrap();
        let mut gradient = vec![f32::NAN; L::PARAMETERS];
        batch.gradient(theta, &mut gradient).unwrap();
        bits(&gradient)
    }
    let flat = gradient::<Flat>(&samples, &theta);
    assert_eq!(gradient::<Left>(&samples, &theta), flat);
    assert_eq!(gradient::<Right>(&samples, &theta), flat);
    assert_eq!(Network::<Left>::SCRATCH, Network::<Flat>::SCRATCH);
    assert_eq!(Network::<Left>::INFERENCE_SCRATCH, Network::<Flat>::INFERENCE_SCRATCH);
}

#[test]
fn sixteen_layers_fit_into_a_tuple() {
    type Pair = (Dense<2, 2>, Relu<2>);
    type Sixteen = (
        Dense<2, 2>,
        Relu<2>,
        Dense<2, 2>,
        Relu<2>,
        Dense<2, 2>,
        Relu<2>,
        Dense<2, 2>,
        Relu<2>,
        Dense<2, 2>,
        Relu<2>,
        Dense<2, 2>,
        Relu<2>,
        Dense<2, 2>,
        Relu<2>,
        Dense<2, 2>,
        Relu<2>,
    );
    assert_eq!(Sixteen::PARAMETERS, 8 * Pair::PARAMETERS);
    assert_eq!((Sixteen::BUFFERS, Sixteen::ENDS_IN_BACK), ([2, 2], false));
}

#[test]
fn shapes_follow_from_the_layers_before_through_tuples_norms_and_activations() {
    type First = Conv2d<Map<8, 8, 1>, Window<Kernel<3>>, 4>;
    type Block = (First, over::LayerNorm<First>, Residual<over::Relu<First>>);
    assert_eq!((First::MAP, <Block as Shape>::MAP), ([6, 6, 4], [6, 6, 4]));
    type Pooled = MaxPool<Block, Window<Kernel<2>, Stride<2>>>;
    assert_eq!(<(Block, Pooled, over::Dense<Pooled, 7>) as Shape>::MAP, [1, 1, 7]);
    assert_eq!(over::LayerNorm::<First>::PARAMETERS, 4 + 4);
    assert_eq!(over::LayerNorm::<Flat<First>>::PARAMETERS, 144 + 144);
}

#[test]
fn quantized_bytes_are_read_as_value_times_scale_plus_offset() {
    let theta = Random(22).vector(Whole::PARAMETERS);
    let network = Whole::new(&[]).unwrap();
    let mut scratch = [0.0; Whole::SCRATCH];
    let values = [0u8, 255, 7, 128, 200];
    let quantized = Quantized { values: &values, scale: 1.0 / 128.0, offset: -1.0 };
    let input: Vec<f32> = values.iter().map(|v| f32::from(*v) / 128.0 - 1.0).collect();
    let output = bits(network.predict(&theta, &quantized, &mut scratch).unwrap());
    let expected = network.predict(&theta, &input.as_slice(), &mut scratch).unwrap();
    assert_eq!(output, bits(expected));
    let short = Quantized { values: &values[1..], ..quantized };
    let error = network.predict(&theta, &short, &mut scratch).unwrap_err();
    assert_eq!(error, Error::Length { what: "sample", expected: 5, actual: 4 });
}

#[test]
fn slices_of_the_wrong_length_are_refused_by_name() {
    let length = |what, expected, actual| Error::Length { what, expected, actual };
    let frozen = vec![0.1; Backbone::PARAMETERS];
    let error = Backbone::new(&frozen[1..]).unwrap_err();
    assert_eq!(error, length("parameters of the backbone", 25, 24));
    assert_eq!(Whole::new(&[0.0]).unwrap_err(), length("frozen parameters", 0, 1));

    let network = split(&frozen);
    let theta = [0.1; Split::PARAMETERS];
    let mut scratch = [0.0; Split::SCRATCH];
    let input = [0.5f32; 4];
    let error = network.predict(&theta[1..], &input.as_slice(), &mut scratch).unwrap_err();
    assert_eq!(error, length("theta", Split::PARAMETERS, Split::PARAMETERS - 1));
    let error = network.predict(&theta, &&input[1..], &mut scratch).unwrap_err();
    assert_eq!(error, length("sample", 4, 3));
    let short = &mut scratch[..Split::INFERENCE_SCRATCH - 1];
    let error = network.classify(&theta, &input.as_slice(), short).unwrap_err();
    let least = Split::INFERENCE_SCRATCH;
    assert_eq!(error, length("scratch", least, least - 1));

    let samples = classes(1, 4, 2);
    let loss = SoftmaxCrossEntropy::new();
    let error = network.batch(loss, stream(&samples), &mut scratch[1..]).map(|_| ()).unwrap_err();
    assert_eq!(error, length("scratch", Split::SCRATCH, Split::SCRATCH - 1));
    let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
    let error = batch.gradient(&theta, &mut [0.0; 3]).unwrap_err();
    assert_eq!(error, length("gradient", Split::PARAMETERS, 3));
    assert_eq!(
        batch.loss(&theta[2..]).unwrap_err(),
        length("theta", Split::PARAMETERS, Split::PARAMETERS - 2)
    );
}

#[test]
fn targets_and_weights_that_do_not_fit_the_classes_are_refused() {
    let theta = vec![0.1; Whole::PARAMETERS];
    let network = Whole::new(&[]).unwrap();
    let mut scratch = [0.0; Whole::SCRATCH];
    let mut gradient = vec![0.0; Whole::PARAMETERS];
    let samples = [(vec![0.5f32; 5], 1), (vec![0.5; 5], 3)];
    let class = Error::Class { class: 3, classes: 3 };

    let plain = SoftmaxCrossEntropy::new();
    let mut batch = network.batch(plain, stream(&samples), &mut scratch).unwrap();
    assert_eq!(batch.loss(&theta).unwrap_err(), class);
    assert_eq!(batch.gradient(&theta, &mut gradient).unwrap_err(), class);

    let three = [1.0; 3];
    let weighted = SoftmaxCrossEntropy::with_class_weights(&three).unwrap();
    let mut batch = network.batch(weighted, stream(&samples), &mut scratch).unwrap();
    assert_eq!(batch.loss(&theta).unwrap_err(), class);

    let four = [1.0; 4];
    let weighted = SoftmaxCrossEntropy::with_class_weights(&four).unwrap();
    let mut batch = network.batch(weighted, stream(&samples), &mut scratch).unwrap();
    let error = batch.loss(&theta).unwrap_err();
    assert_eq!(error, Error::Length { what: "class weights", expected: 3, actual: 4 });

    for bad in [-0.5, f32::NAN, f32::INFINITY] {
        let error = SoftmaxCrossEntropy::with_class_weights(&[1.0, bad]).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "class weight", .. }));
    }

    let target = [0.0f32; 2];
    let error = MeanSquaredError.evaluate(&mut [0.0; 3], &target.as_slice(), 1.0).unwrap_err();
    assert_eq!(error, Error::Length { what: "target", expected: 3, actual: 2 });
}

#[test]
fn a_batch_of_nothing_or_of_no_weight_is_refused_and_theta_is_unchanged() {
    let network = Whole::new(&[]).unwrap();
    let mut scratch = [0.0; Whole::SCRATCH];
    let start = Random(5).vector(Whole::PARAMETERS);
    let mut theta = start.clone();
    let workspace = [vec![0.0; Whole::PARAMETERS], vec![0.0; Whole::PARAMETERS]];
    let mut ball = RollingBall::new(RollingBallConfig::default(), workspace).unwrap();
    let mut empty = network.batch(SoftmaxCrossEntropy::new(), stream(&[]), &mut scratch).unwrap();
    assert_eq!(step(&mut ball, &mut empty, &mut theta).unwrap_err(), Error::NoSamples);
    let weightless = [0.0; 3];
    let loss = SoftmaxCrossEntropy::with_class_weights(&weightless).unwrap();
    let samples = classes(6, 5, 3);
    let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
    assert_eq!(step(&mut ball, &mut batch, &mut theta).unwrap_err(), Error::NoSamples);
    assert_eq!(bits(&theta), bits(&start));
    let loss = SoftmaxCrossEntropy::new();
    let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
    assert!(step(&mut ball, &mut batch, &mut theta).is_ok());
}

/// Their sum overflows, which must not pass for a loss of 0.
#[test]
fn class_weights_whose_sum_overflows_are_no_loss_of_zero() {
    let network = Whole::new(&[]).unwrap();
    let mut scratch = [0.0; Whole::SCRATCH];
    let theta = Random(7).vector(Whole::PARAMETERS);
    let weights = [f32::MAX; 3];
    if let Ok(loss) = SoftmaxCrossEntropy::with_class_weights(&weights) {
        let samples = classes(6, 5, 3);
        let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
        let (expected, _) = whole_gradient(SoftmaxCrossEntropy::new(), &samples, &theta);
        if let Ok(value) = batch.loss(&theta) {
            assert!((value - expected).abs() <= ROUNDING as f32, "{value}, expected {expected}");
        }
    }
}

#[test]
fn an_input_that_is_not_finite_shows_in_the_loss() {
    let network = Whole::new(&[]).unwrap();
    let mut scratch = [0.0; Whole::SCRATCH];
    let theta = Random(7).vector(Whole::PARAMETERS);
    let samples = [(vec![f32::NAN, 0.5, 0.5, 0.5, 0.5], 1)];
    let mut batch =
        network.batch(SoftmaxCrossEntropy::new(), stream(&samples), &mut scratch).unwrap();
    assert!(batch.loss(&theta).unwrap().is_nan());
    let mut moved = theta.clone();
    let workspace = [vec![0.0; Whole::PARAMETERS], vec![0.0; Whole::PARAMETERS]];
    let mut ball = RollingBall::new(RollingBallConfig::default(), workspace).unwrap();
    assert_eq!(step(&mut ball, &mut batch, &mut moved).unwrap_err(), Error::NonFiniteLoss);
    assert_eq!(bits(&moved), bits(&theta));
}

#[test]
fn the_constants_count_parameters_and_ram() {
    assert_eq!(Tail::PARAMETERS, 5 * 6 + 6 + 6 * 3 + 3);
    assert_eq!(Whole::PARAMETERS, Tail::PARAMETERS);
    assert_eq!((Whole::INPUTS, Whole::OUTPUTS, Whole::FROZEN_PARAMETERS), (5, 3, 0));
    // The input, the hidden layer's output, a float of bits, the output.
    assert_eq!(Whole::SCRATCH, 5 + 6 + 1 + 3);
    assert_eq!((Split::INPUTS, Split::OUTPUTS, Backbone::PARAMETERS), (4, 3, 4 * 5 + 5));
    // The backbone's two buffers, one for its input and one for its output, lie where the layers
    // work then.
    assert_eq!(Split::SCRATCH, 5 + (6 + 1 + 3));
    assert_eq!(Split::scratch(3), 3 * Split::SCRATCH);
    type Small<'a> = Network<'a, Dense<5, 2>, Backbone<'a>>;
    assert_eq!([Small::scratch(1), Small::scratch(6)], [5 + (4 + 5), 6 * (5 + 2)]);
    // The input and the output take turns with what lies between.
    assert_eq!(Whole::INFERENCE_SCRATCH, 5 + 6);
    // The features lie beside the backbone's buffers.
    assert_eq!(Split::INFERENCE_SCRATCH, 5 + (4 + 5));
    assert_eq!(Whole::RAM_BYTES, 4 * (3 * Whole::PARAMETERS + Whole::SCRATCH));
    assert_eq!(Split::RAM_BYTES, 4 * (3 * Split::PARAMETERS + Split::SCRATCH));
    assert_eq!(Split::ram_bytes(3), 4 * (4 * Split::PARAMETERS + Split::SCRATCH));
    const EXACTLY: usize = Split::<'static>::RAM_BYTES;
    const FITS: () = FitsIn::<Split<'static>, EXACTLY>::CHECK;
    const { FITS };
}

#[test]
fn a_scratch_slice_of_exactly_that_many_floats_is_enough_and_its_old_content_does_not_matter() {
    let samples = classes(6, 5, 3);
    let theta = Random(7).vector(Whole::PARAMETERS);
    let network = Whole::new(&[]).unwrap();
    let evaluate = |fill: f32| {
        let mut scratch = vec![fill; Whole::SCRATCH];
        let loss = SoftmaxCrossEntropy::new();
        let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
        let mut gradient = vec![fill; Whole::PARAMETERS];
        batch.gradient(&theta, &mut gradient).unwrap();
        bits(&gradient)
    };
    assert_eq!(evaluate(0.0), evaluate(f32::NAN));
}

#[test]
fn initialisation_fills_the_weights_within_he_bounds_and_clears_the_biases() {
    let mut parameters = vec![f32::NAN; Tail::PARAMETERS];
    let mut random = Random(1);
    Tail::initialise(&mut parameters, &mut || random.uniform()).unwrap();
    let (first, second) = parameters.split_at(5 * 6 + 6);
    for (layer, inputs, outputs) in [(first, 5, 6), (second, 6, 3)] {
        let (weights, biases) = layer.split_at(inputs * outputs);
        let bound = (6.0 / inputs as f32).sqrt();
        assert!(weights.iter().all(|weight| weight.abs() <= bound));
        assert!(weights.iter().any(|weight| weight.abs() > bound / 2.0));
        assert_eq!(biases, vec![0.0; outputs]);
    }
}

/// The gradient of one sample's squared error with everything trained, picked apart, is that of
/// each part.
#[test]
fn a_layers_frozen_part_gets_no_gradient_and_the_rest_the_same_bits() {
    type All = (Dense<5, 6>, Relu<6>, Dense<6, 3>);
    type Biases = (Dense<5, 6, BiasesOnly>, Relu<6>, Dense<6, 3, BiasesOnly>);
    type First = (Dense<5, 6>, Relu<6>, Dense<6, 3, Frozen>);
    type Last = (Dense<5, 6, Frozen>, Relu<6>, Dense<6, 3>);
    let all = Random(31).vector(All::PARAMETERS);
    let (first, last) = all.split_at(36);
    let ((w1, b1), (w2, b2)) = (first.split_at(30), last.split_at(18));
    let gradient = gradient_of::<All>(&all, &[]);
    let (first_gradient, last_gradient) = gradient.split_at(36);
    assert!(gradient.iter().all(|slope| slope.is_finite()));

    let biases = gradient_of::<Biases>(&[b1, b2].concat(), &[w1, w2].concat());
    assert_eq!(bits(&biases), bits(&[&first_gradient[30..], &last_gradient[18..]].concat()));
    assert_eq!(bits(&gradient_of::<First>(first, last)), bits(first_gradient));
    assert_eq!(bits(&gradient_of::<Last>(last, first)), bits(last_gradient));
}

fn gradient_of<T: Layer>(theta: &[f32], frozen: &[f32]) -> Vec<f32> {
    let network = Network::<T>::new(frozen).unwrap();
    let mut scratch = vec![f32::NAN; Network::<T>::SCRATCH];
    let (input, target) = (Random(32).vector(5), Random(33).vector(3));
    let samples = [Sample { input: input.as_slice(), target: target.as_slice() }].into_iter();
    let mut batch = network.batch(MeanSquaredError, samples, &mut scratch).unwrap();
    let mut gradient = vec![f32::NAN; T::PARAMETERS];
    batch.gradient(theta, &mut gradient).unwrap();
    gradient
}

#[test]
fn frozen_parameters_of_the_wrong_length_are_refused_by_name() {
    type Biases = Dense<5, 3, BiasesOnly>;
    let error = Network::<Biases>::new(&[0.0; 14]).unwrap_err();
    assert_eq!(error, Error::Length { what: "frozen parameters", expected: 15, actual: 14 });
}

/// Drives a batch by polls; counts them.
fn poll_through(mut poll: impl FnMut() -> Result<Poll<f32>, Error>) -> (f32, usize) {
    let mut polls = 1;
    loop {
        match poll().unwrap() {
            Poll::Ready(value) => return (value, polls),
            Poll::Pending => polls += 1,
        }
    }
}

#[test]
fn an_evaluation_in_polls_gives_the_bits_of_one_at_once() {
    let samples = classes(40, 5, 7);
    let theta = Random(41).vector(Whole::PARAMETERS);
    let weights = [0.5f32, 2.0, 3.5];
    let loss = SoftmaxCrossEntropy::with_class_weights(&weights).unwrap();
    let (value, gradient) = whole_gradient(loss, &samples, &theta);
    let mut scratch = [f32::NAN; Whole::SCRATCH];
    let network = Whole::new(&[]).unwrap();
    let mut batch = network.batch(loss, stream(&samples), &mut scratch).unwrap();
    for _ in 0..2 {
        let mut polled = vec![f32::NAN; Whole::PARAMETERS];
        let (loss, polls) = poll_through(|| batch.poll_gradient(&theta, &mut polled));
        assert_eq!(loss.to_bits(), value.to_bits());
        assert_eq!(bits(&polled), bits(&gradient));
        assert_eq!(polls, 2 * samples.len() + 2);
        let (loss, _) = poll_through(|| batch.poll_loss(&theta));
        assert_eq!(loss.to_bits(), value.to_bits());
    }
}

/// Counts how often an input is read: once each time that a sample goes forward.
#[derive(Clone, Copy)]
struct Counted<'a>(&'a [f32], &'a Cell<usize>);

impl Input for Counted<'_> {
    fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        self.1.set(self.1.get() + 1);
        self.0.iter().copied()
    }
}

#[test]
fn a_poll_takes_at_most_one_sample_forward() {
    let (samples, reads) = (classes(42, 5, 9), Cell::new(0));
    let stream = samples
        .iter()
        .map(|(input, class)| Sample { input: Counted(input, &reads), target: *class });
    let theta = Random(43).vector(Whole::PARAMETERS);
    let mut scratch = [0.0; Whole::SCRATCH];
    let network = Whole::new(&[]).unwrap();
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch).unwrap();
    let mut gradient = [0.0; Whole::PARAMETERS];
    let mut before = 0;
    poll_through(|| {
        let polled = batch.poll_gradient(&theta, &mut gradient);
        assert!(reads.get() - before <= 1);
        before = reads.get();
        polled
    });
    assert_eq!(reads.get(), samples.len());
}

#[test]
fn an_evaluation_that_is_given_up_leaves_no_trace() {
    let samples = classes(44, 5, 6);
    let theta = Random(45).vector(Whole::PARAMETERS);
    let (value, gradient) = whole_gradient(SoftmaxCrossEntropy::new(), &samples, &theta);
    let mut scratch = [0.0; Whole::SCRATCH];
    let network = Whole::new(&[]).unwrap();
    let mut batch =
        network.batch(SoftmaxCrossEntropy::new(), stream(&samples), &mut scratch).unwrap();
    let mut polled = vec![f32::NAN; Whole::PARAMETERS];
    for given_up in 1..14 {
        for _ in 0..given_up {
            assert!(batch.poll_gradient(&theta, &mut polled).unwrap().is_pending());
        }
        // The other kind begins anew, and so do new samples and an evaluation at once.
        match given_up % 3 {
            0 => assert!(batch.poll_loss(&theta).unwrap().is_pending()),
            1 => batch.set_samples(stream(&samples)),
            _ => assert_eq!(batch.loss(&theta).unwrap().to_bits(), value.to_bits()),
        }
        let (loss, polls) = poll_through(|| batch.poll_gradient(&theta, &mut polled));
        assert_eq!((loss.to_bits(), polls), (value.to_bits(), 2 * samples.len() + 2));
        assert_eq!(bits(&polled), bits(&gradient));
    }
}

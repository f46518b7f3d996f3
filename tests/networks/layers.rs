//! Every layer by itself against plain `f64` loops and their finite differences.

use crate::support::layers::{Passes, forward, pass};
use crate::support::numbers::{bits, deviation, dot, widen};
use crate::support::random::Random;
use crate::support::reference_layers::{
    Place, average_pool, average_pool_counting, convolution, depthwise, grouped, layer_norm,
    max_pool, scale_shift, softmax,
};
use crate::support::reference_network::finite_differences;
use rolling_ball::Error;
use rolling_ball::kernels::{Active, Scalar};
use rolling_ball::nn::{
    All, AveragePool, BiasesOnly, Concat, Conv1d, Conv2d, Dense, DepthwiseConv1d, DepthwiseConv2d,
    Dilation, Elu, Epsilon, Frozen, Gaps, Gelu, GlobalAveragePool, Gradient, GroupedConv1d,
    GroupedConv2d, HardSigmoid, HardSwish, Identity, Kernel, Layer, LayerNorm, LeakyRelu, LowRank,
    Map, MaxPool, MeanOverPositions, Outputs, PRelu, Padding, PaddingBySide, Parameters,
    PointwiseConv2d, Relu, Relu6, Residual, ScaleShift, Shape, Sigmoid, Signal, Silu, Sliding,
    Softmax, Stride, Tanh, WeightsOnly, Whole, Window, over,
};

/// Up to about 50 sums of products of order 1, and differences whose own error is below 1e-9.
const ROUNDING: f64 = 4e-6;

/// Everything that holds of every layer; the inputs lie within `spread`.
fn behaves_as<L: Layer>(spread: f32, reference: impl Fn(&[f64], &[f64]) -> Vec<f64>) {
    computes::<L>(spread, reference);
    refuses_wrong_lengths::<L>();
}

/// All but the refusals, which layers put together leave to their parts.
fn computes<L: Layer>(spread: f32, reference: impl Fn(&[f64], &[f64]) -> Vec<f64>) {
    for seed in 0..4 {
        let mut random = Random(seed);
        let theta = random.vector(L::PARAMETERS);
        let input: Vec<f32> = random.vector(L::INPUTS).iter().map(|x| spread * x).collect();
        let slopes = random.vector(L::OUTPUTS);
        let parameters = Parameters { theta: &theta, frozen: &[] };
        let passes = pass::<L, Active>(parameters, &input, &slopes);
        is_right(&passes, &theta, &input, &slopes, &reference);
        is_consistent::<L>(parameters, &input, &slopes, &passes);
    }
}

fn is_right(
    passes: &Passes,
    theta: &[f32],
    input: &[f32],
    slopes: &[f32],
    reference: impl Fn(&[f64], &[f64]) -> Vec<f64>,
) {
    let (theta, input, slopes) = (widen(theta), widen(input), widen(slopes));
    let along = |theta: &[f64], input: &[f64]| dot(&reference(theta, input), &slopes);
    agree("output", &passes.output, &reference(&theta, &input));
    // Miri looks at what the core does, which is done; the differences would take an hour there.
    if cfg!(miri) {
        return;
    }
    let expected = finite_differences(|theta| along(theta, &input), &theta);
    agree("gradient", &passes.gradient, &expected);
    let expected = finite_differences(|input| along(&theta, input), &input);
    agree("input gradient", &passes.input_gradient, &expected);
}

fn agree(what: &str, found: &[f32], expected: &[f64]) {
    let size = expected.iter().fold(1.0f64, |size, x| size.max(x.abs()));
    let off = deviation(&widen(found), expected) / size;
    assert!(off <= ROUNDING, "{what} off by {off:.2e}");
}

/// The passes by themselves, the inference and the other kernels give the same bits; a gradient is
/// added to.
fn is_consistent<L: Layer>(parameters: Parameters, input: &[f32], slopes: &[f32], passes: &Passes) {
    let (mut activations, _) = forward::<L, Active>(parameters, input);
    let mut buffer = input.to_vec();
    let mut spent = slopes.to_vec();
    L::backward_input::<Active>(parameters, &mut buffer, &mut activations, &mut spent).unwrap();
    assert_eq!(bits(&buffer), bits(&passes.input_gradient));

    let mut gradient = vec![f32::NAN; L::PARAMETERS];
    for repeat in 1..=2 {
        let (mut activations, _) = forward::<L, Active>(parameters, input);
        let target = Gradient { values: &mut gradient, add: repeat > 1 };
        let mut spent = slopes.to_vec();
        L::backward::<Active>(parameters, input, &mut activations, &mut spent, target).unwrap();
        let repeated: Vec<f64> =
            passes.gradient.iter().map(|x| f64::from(repeat) * f64::from(*x)).collect();
        agree("gradient that is added to", &gradient, &repeated);
        if repeat == 1 {
            assert_eq!(bits(&gradient), bits(&passes.gradient));
        }
    }

    let [mut front, mut back] = L::BUFFERS.map(|length| vec![f32::NAN; length]);
    let mut inside = vec![f32::NAN; L::INFERENCE];
    front[..L::INPUTS].copy_from_slice(input);
    let (output, _) = L::infer::<Active>(parameters, &mut front, &mut back, &mut inside).unwrap();
    assert_eq!(bits(&output[..L::OUTPUTS]), bits(&passes.output));

    // With the feature `simd` these are not the kernels above.
    let scalar = pass::<L, Scalar>(parameters, input, slopes);
    assert_eq!(bits(&scalar.output), bits(&passes.output));
    assert_eq!(bits(&scalar.gradient), bits(&passes.gradient));
    assert_eq!(bits(&scalar.input_gradient), bits(&passes.input_gradient));
}

fn refuses_wrong_lengths<L: Layer>() {
    let (theta, input) = (vec![0.5; L::PARAMETERS + 1], vec![0.5; L::INPUTS + 1]);
    let right = Parameters { theta: &theta[1..], frozen: &[] };
    let wrong = Parameters { theta: &theta, frozen: &[] };
    let mut activations = vec![0.0; L::ACTIVATIONS];
    let mut output = vec![0.0; L::OUTPUTS + 1];
    let mut run = |parameters, input: &[f32], output: &mut [f32]| {
        let first = L::forward::<Active>(parameters, input, &mut activations, output);
        let mut buffer = input.to_vec();
        let second = L::backward_input::<Active>(parameters, &mut buffer, &mut activations, output);
        assert_eq!(first, second);
        if first.is_err() {
            assert_eq!(bits(&buffer), bits(input), "written on an error");
        }
        first
    };
    let length = |what, expected| Err(Error::Length { what, expected, actual: expected + 1 });
    assert_eq!(run(right, &input[1..], &mut output[1..]), Ok(()));
    assert_eq!(run(right, &input, &mut output[1..]), length("layer input", L::INPUTS));
    assert_eq!(run(right, &input[1..], &mut output), length("layer output", L::OUTPUTS));
    if L::PARAMETERS > 0 {
        let expected = length("layer parameters", L::PARAMETERS);
        assert_eq!(run(wrong, &input[1..], &mut output[1..]), expected);
        let mut gradient = vec![7.0; L::PARAMETERS + 1];
        let backward = |input: &[f32], values: &mut [f32]| {
            let output = &mut vec![0.0; L::OUTPUTS];
            let mut activations = vec![0.0; L::ACTIVATIONS];
            let gradient = Gradient { values, add: false };
            L::backward::<Active>(right, input, &mut activations, output, gradient)
        };
        assert_eq!(backward(&input[1..], &mut gradient), length("gradient", L::PARAMETERS));
        assert_eq!(backward(&input, &mut gradient[1..]), length("layer input", L::INPUTS));
        assert!(gradient.iter().all(|element| *element == 7.0), "written on an error");
    }
}

/// `A` trains everything, `B` its biases, `F` nothing.
fn trains_what_it_says<A: Layer, B: Layer, F: Layer>() {
    let mut random = Random(7);
    let all = random.vector(A::PARAMETERS);
    let (input, slopes) = (random.vector(A::INPUTS), random.vector(A::OUTPUTS));
    let weights = A::PARAMETERS - B::PARAMETERS;
    assert_eq!((B::FROZEN, F::FROZEN, F::PARAMETERS), (weights, A::PARAMETERS, 0));
    let (frozen, biases) = all.split_at(weights);
    let whole = pass::<A, Active>(Parameters { theta: &all, frozen: &[] }, &input, &slopes);
    let part = pass::<B, Active>(Parameters { theta: biases, frozen }, &input, &slopes);
    let none = pass::<F, Active>(Parameters { theta: &[], frozen: &all }, &input, &slopes);
    assert_eq!(bits(&part.gradient), bits(&whole.gradient[weights..]));
    assert!(whole.gradient.iter().any(|slope| slope.abs() > 0.01), "the gradient says nothing");
    for other in [part, none] {
        assert_eq!(bits(&other.output), bits(&whole.output));
        assert_eq!(bits(&other.input_gradient), bits(&whole.input_gradient));
    }
}

/// `A` trains everything, `P` the outputs from the first on; there are as many outputs.
fn trains_some_outputs<A: Layer, P: Layer>(first: usize, count: usize, outputs: usize) {
    let mut random = Random(9);
    let length = A::PARAMETERS / outputs - 1;
    let all = random.vector(A::PARAMETERS);
    let (weights, biases) = all.split_at(outputs * length);
    let of = |values: &[f32], outputs: std::ops::Range<usize>, length: usize| {
        values[outputs.start * length..outputs.end * length].to_vec()
    };
    let trained = |all: &[f32]| {
        let (weights, biases) = all.split_at(outputs * length);
        let chosen = first..first + count;
        [of(weights, chosen.clone(), length), of(biases, chosen, 1)].concat()
    };
    let (below, above) = (0..first, first + count..outputs);
    let frozen = [
        of(weights, below.clone(), length),
        of(weights, above.clone(), length),
        of(biases, below, 1),
        of(biases, above, 1),
    ]
    .concat();
    assert_eq!((P::PARAMETERS, P::FROZEN), (count * (length + 1), frozen.len()));
    let theta = trained(&all);
    let part = Parameters { theta: &theta, frozen: &frozen };
    let whole = Parameters { theta: &all, frozen: &[] };
    let (input, slopes) = (random.vector(A::INPUTS), random.vector(A::OUTPUTS));
    let expected = pass::<A, Active>(whole, &input, &slopes);
    let found = pass::<P, Active>(part, &input, &slopes);
    assert_eq!(bits(&found.output), bits(&expected.output));
    assert_eq!(bits(&found.input_gradient), bits(&expected.input_gradient));
    assert_eq!(bits(&found.gradient), bits(&trained(&expected.gradient)));
    is_consistent::<P>(part, &input, &slopes, &found);
    let mut lengths = Vec::new();
    P::filters(&mut |filter| lengths.push(filter.length));
    assert_eq!(lengths, [vec![length; count], vec![1; count]].concat());
    let mut theta = vec![f32::NAN; P::PARAMETERS];
    P::initialise(&mut theta, &mut || 0.5).unwrap();
    assert!(theta[..count * length].iter().all(|weight| *weight > 0.0));
    assert_eq!(theta[count * length..], vec![0.0; count]);
    let mut wrong = frozen;
    wrong.push(0.0);
    let parameters = Parameters { theta: &theta, frozen: &wrong };
    let (mut activations, mut output) = (vec![0.0; P::ACTIVATIONS], vec![0.0; P::OUTPUTS]);
    assert!(P::forward::<Active>(parameters, &input, &mut activations, &mut output).is_err());
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn some_outputs_of_a_layer_are_trained_with_the_bits_of_all() {
    type Connected<R = All> = Dense<7, 11, R>;
    trains_some_outputs::<Connected, Connected<Outputs<8, 3>>>(8, 3, 11);
    trains_some_outputs::<Connected, Connected<Outputs<0, 2>>>(0, 2, 11);
    trains_some_outputs::<Connected, Connected<Outputs<4, 5>>>(4, 5, 11);
    trains_some_outputs::<Connected, Connected<Outputs<0, 11>>>(0, 11, 11);
    type Convolved<R = All> =
        Conv2d<Map<5, 4, 3>, Window<Kernel<3, 2>, Stride<2, 1>, Padding<1>>, 19, R>;
    trains_some_outputs::<Convolved, Convolved<Outputs<17, 2>>>(17, 2, 19);
    trains_some_outputs::<Convolved, Convolved<Outputs<0, 9>>>(0, 9, 19);
    trains_some_outputs::<Convolved, Convolved<Outputs<3, 10>>>(3, 10, 19);
    type Pointwise<R = All> = PointwiseConv2d<Map<3, 3, 8>, 16, R>;
    trains_some_outputs::<Pointwise, Pointwise<Outputs<12, 4>>>(12, 4, 16);
    type Weights = Connected<Outputs<4, 5, WeightsOnly>>;
    type Biases = Connected<Outputs<4, 5, BiasesOnly>>;
    assert_eq!((Weights::PARAMETERS, Biases::PARAMETERS), (5 * 7, 5));
    trains_what_it_says::<Connected, Connected<BiasesOnly>, Connected<Frozen>>();
    takes_several_samples_as_one_at_a_time::<Weights>();
    takes_several_samples_as_one_at_a_time::<Biases>();
    takes_several_samples_as_one_at_a_time::<Connected<Outputs<4, 5>>>();
    takes_several_samples_as_one_at_a_time::<Pointwise<Outputs<12, 4>>>();
}

fn place<M: Shape, S: Sliding>() -> Place {
    Place {
        map: M::MAP,
        size: S::SIZE,
        stride: S::STRIDE,
        padding: S::PADDING,
        dilation: <S::Gaps as Gaps>::DILATION,
    }
}

fn convolves<M: Shape, S: Sliding, const FILTERS: usize>() {
    type L<M, S, const FILTERS: usize, R = All> = Conv2d<M, S, FILTERS, R>;
    let place = place::<M, S>();
    let [rows, columns] = place.windows();
    assert_eq!(L::<M, S, FILTERS>::MAP, [rows, columns, FILTERS]);
    behaves_as::<L<M, S, FILTERS>>(1.0, |theta, x| convolution(place, FILTERS, theta, x));
    trains_what_it_says::<L<M, S, FILTERS>, L<M, S, FILTERS, BiasesOnly>, L<M, S, FILTERS, Frozen>>(
    );
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_convolution_is_a_weighted_sum_of_every_window_plus_a_bias() {
    convolves::<Map<5, 6, 2>, Window<Kernel<3>>, 4>();
    convolves::<Map<5, 4, 3>, Window<Kernel<3, 2>, Stride<2, 1>, Padding<1>>, 2>();
    convolves::<Map<6, 5, 1>, Window<Kernel<2, 4>, Stride<1, 3>, Padding<1, 2>>, 3>();
    convolves::<Map<4, 4, 9>, Window<Kernel<1>>, 5>();
    convolves::<Map<3, 7, 2>, Window<Kernel<2>, Stride<3>>, 1>();
    convolves::<Map<2, 2, 2>, Window<Kernel<3>, Stride<1>, Padding<2>>, 2>();
    convolves::<Map<4, 3, 2>, Whole<Map<4, 3, 2>>, 3>();
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_padding_may_differ_from_side_to_side_and_a_window_may_have_gaps() {
    type Last = Window<Kernel<3>, Stride<2>, PaddingBySide<0, 1, 0, 1>>;
    type First = Window<Kernel<2, 3>, Stride<1, 2>, PaddingBySide<1, 0, 2, 0>>;
    type Vertical = Window<Kernel<2>, Stride<1>, Padding<0>, Dilation<3, 1>>;
    type Gaps = Window<Kernel<3, 2>, Stride<2, 1>, PaddingBySide<2, 1, 0, 2>, Dilation<2, 3>>;
    type Sparse = Window<Kernel<2>, Stride<4>, PaddingBySide<0, 1, 1, 0>, Dilation<2>>;
    fn all<S: Sliding>() {
        convolves::<Map<6, 8, 2>, S, 3>();
        convolves_by_channel::<Map<6, 8, 3>, S>();
        pools::<Map<6, 8, 2>, S>();
    }
    all::<Last>();
    all::<First>();
    all::<Vertical>();
    all::<Gaps>();
    all::<Sparse>();
    // Several filters at once, where a vector unit has them.
    convolves::<Map<6, 8, 3>, Gaps, 9>();
}

/// What `ceil_mode` adds to a pool are windows that reach beyond the map.
#[test]
fn a_pool_may_keep_the_windows_that_end_beyond_the_map() {
    type Ceiling = Window<Kernel<2>, Stride<2>, PaddingBySide<0, 1, 0, 1>>;
    let nothing = Parameters { theta: &[], frozen: &[] };
    let input: Vec<f32> = (1..10).map(|x| x as f32).collect();
    let slopes = [1.0, 2.0, 3.0, 4.0];
    let largest = pass::<MaxPool<Map<3, 3, 1>, Ceiling>, Active>(nothing, &input, &slopes);
    assert_eq!(largest.output, [5.0, 6.0, 8.0, 9.0]);
    assert_eq!(largest.input_gradient, [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 3.0, 4.0]);
}

#[test]
fn a_convolution_in_time_is_one_on_a_map_of_a_single_row() {
    type L = Conv1d<Signal<11, 3>, Window<Kernel<5>, Stride<2>, Padding<2>>, 4>;
    type Causal = Window<Kernel<3>, Stride<1>, PaddingBySide<0, 0, 8, 0>, Dilation<4>>;
    assert_eq!((L::MAP, L::INPUTS, L::PARAMETERS), ([1, 6, 4], 33, 4 * 15 + 4));
    let place = Place::new([1, 11, 3], [1, 5], [1, 2], [0, 2]);
    behaves_as::<L>(1.0, |theta, x| convolution(place, 4, theta, x));
    behaves_as::<Conv1d<Signal<7, 2>, Window<Kernel<3>>, 3>>(1.0, |theta, x| {
        let place = Place::new([1, 7, 2], [1, 3], [1, 1], [0, 0]);
        convolution(place, 3, theta, x)
    });
    behaves_as::<Conv1d<Signal<10, 2>, Causal, 3>>(1.0, |theta, x| {
        let place = Place::new([1, 10, 2], [1, 3], [1, 1], [0, 0]);
        let place = Place { padding: [[0, 8], [0, 0]], dilation: [1, 4], ..place };
        convolution(place, 3, theta, x)
    });
}

#[test]
fn a_window_as_long_as_the_signal_is_a_fully_connected_layer_bit_for_bit() {
    type Convolution = Conv1d<Signal<9, 2>, Window<Kernel<9>>, 5>;
    type Connected = Dense<18, 5>;
    let mut random = Random(3);
    let theta = random.vector(Connected::PARAMETERS);
    let (input, slopes) = (random.vector(18), random.vector(5));
    let parameters = Parameters { theta: &theta, frozen: &[] };
    let convolved = pass::<Convolution, Active>(parameters, &input, &slopes);
    assert_eq!(convolved, pass::<Connected, Active>(parameters, &input, &slopes));
}

fn convolves_by_channel<M: Shape, S: Sliding>() {
    let place = place::<M, S>();
    let [rows, columns] = place.windows();
    assert_eq!(DepthwiseConv2d::<M, S>::MAP, [rows, columns, M::MAP[2]]);
    behaves_as::<DepthwiseConv2d<M, S>>(1.0, |theta, x| depthwise(place, theta, x));
    trains_what_it_says::<
        DepthwiseConv2d<M, S>,
        DepthwiseConv2d<M, S, BiasesOnly>,
        DepthwiseConv2d<M, S, Frozen>,
    >();
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_depthwise_convolution_keeps_the_channels_apart() {
    convolves_by_channel::<Map<5, 6, 3>, Window<Kernel<3>>>();
    convolves_by_channel::<Map<5, 4, 9>, Window<Kernel<3, 2>, Stride<2, 1>, Padding<1>>>();
    convolves_by_channel::<Map<6, 5, 1>, Window<Kernel<2, 4>, Stride<1, 3>, Padding<1, 2>>>();
    convolves_by_channel::<Map<3, 7, 2>, Window<Kernel<2>, Stride<3>>>();
}

#[test]
fn a_depthwise_convolution_in_time_is_one_on_a_map_of_a_single_row() {
    type L = DepthwiseConv1d<Signal<11, 3>, Window<Kernel<5>, Stride<2>, Padding<2>>>;
    assert_eq!((L::MAP, L::PARAMETERS), ([1, 6, 3], 15 + 3));
    let place = Place::new([1, 11, 3], [1, 5], [1, 2], [0, 2]);
    behaves_as::<L>(1.0, |theta, x| depthwise(place, theta, x));
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn in_groups_a_filter_sees_the_channels_of_its_own_group() {
    fn convolves<M: Shape, S: Sliding, const FILTERS: usize, const GROUPS: usize>() {
        type L<M, S, const FILTERS: usize, const GROUPS: usize, R = All> =
            GroupedConv2d<M, S, FILTERS, GROUPS, R>;
        let place = place::<M, S>();
        let [rows, columns] = place.windows();
        assert_eq!(L::<M, S, FILTERS, GROUPS>::MAP, [rows, columns, FILTERS]);
        behaves_as::<L<M, S, FILTERS, GROUPS>>(1.0, |theta, x| {
            grouped(place, FILTERS, GROUPS, theta, x)
        });
        trains_what_it_says::<
            L<M, S, FILTERS, GROUPS>,
            L<M, S, FILTERS, GROUPS, BiasesOnly>,
            L<M, S, FILTERS, GROUPS, Frozen>,
        >();
        takes_several_samples_as_one_at_a_time::<L<M, S, FILTERS, GROUPS>>();
    }
    type Gaps = Window<Kernel<3, 2>, Stride<2, 1>, PaddingBySide<2, 1, 0, 2>, Dilation<2, 3>>;
    convolves::<Map<5, 6, 4>, Window<Kernel<3>, Stride<1>, Padding<1>>, 6, 2>();
    convolves::<Map<5, 4, 3>, Window<Kernel<3, 2>, Stride<2, 1>>, 6, 3>();
    convolves::<Map<6, 8, 6>, Gaps, 4, 2>();
    convolves::<Map<3, 4, 5>, Window<Kernel<2>>, 3, 1>();
    convolves::<Map<3, 4, 18>, Window<Kernel<2>>, 4, 2>();
    behaves_as::<GroupedConv1d<Signal<7, 4>, Window<Kernel<3>>, 8, 4>>(1.0, |theta, x| {
        grouped(Place::new([1, 7, 4], [1, 3], [1, 1], [0, 0]), 8, 4, theta, x)
    });
}

#[test]
fn a_scale_and_a_shift_are_those_of_the_channel() {
    type M = Map<3, 4, 5>;
    behaves_as::<ScaleShift<M>>(3.0, |theta, x| scale_shift(5, theta, x));
    trains_what_it_says::<ScaleShift<M>, ScaleShift<M, BiasesOnly>, ScaleShift<M, Frozen>>();
    takes_several_samples_as_one_at_a_time::<ScaleShift<M>>();
    let mut theta = [f32::NAN; ScaleShift::<M>::PARAMETERS];
    ScaleShift::<M>::initialise(&mut theta, &mut || 0.5).unwrap();
    assert_eq!(theta.to_vec(), [[1.0; 5], [0.0; 5]].concat());
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn what_an_average_counts_of_the_padding_is_said_by_its_type() {
    type M = Map<5, 7, 2>;
    type Same = Window<Kernel<3>, Stride<2>, Padding<1>>;
    /// A padding of 1, and below and right what `ceil_mode` adds to it.
    type Ceiling = Window<Kernel<3, 2>, Stride<3>, PaddingBySide<1, 2, 1, 1>>;
    type Gaps = Window<Kernel<2, 3>, Stride<1, 2>, PaddingBySide<1, 2, 2, 3>, Dilation<3, 2>>;
    fn counts<S: Sliding>() {
        let place = place::<M, S>();
        behaves_as::<AveragePool<M, S, Padding<0>>>(1.0, |_, x| {
            average_pool_counting([[0, 0]; 2], place, x)
        });
        let one = place.padding.map(|sides| sides.map(|side| side.min(1)));
        behaves_as::<AveragePool<M, S, Padding<1>>>(1.0, |_, x| {
            average_pool_counting(one, place, x)
        });
        behaves_as::<AveragePool<M, S>>(1.0, |_, x| average_pool(place, x));
    }
    counts::<Same>();
    counts::<Ceiling>();
    counts::<Gaps>();
}

fn pools<M: Shape, S: Sliding>() {
    let place = place::<M, S>();
    behaves_as::<MaxPool<M, S>>(1.0, |_, x| max_pool(place, x));
    behaves_as::<AveragePool<M, S>>(1.0, |_, x| average_pool(place, x));
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn pools_take_the_largest_and_the_mean_of_every_window() {
    pools::<Map<6, 4, 3>, Window<Kernel<2>, Stride<2>>>();
    pools::<Map<5, 7, 2>, Window<Kernel<2>, Stride<2>>>();
    pools::<Map<5, 6, 2>, Window<Kernel<3>, Stride<1>, Padding<1>>>();
    pools::<Map<7, 5, 2>, Window<Kernel<3, 2>, Stride<2, 1>, Padding<1, 0>>>();
    pools::<Map<8, 8, 1>, Window<Kernel<2>, Stride<3>, Padding<1>>>();
    pools::<Map<1, 9, 4>, Window<Kernel<1, 3>, Stride<1, 2>>>();
    pools::<Map<9, 9, 2>, Window<Kernel<2, 3>, Stride<4, 5>, Padding<1, 0>>>();
    pools::<Map<3, 4, 5>, Whole<Map<3, 4, 5>>>();
}

#[test]
fn the_global_average_has_one_value_a_channel() {
    type L = GlobalAveragePool<Map<3, 4, 5>>;
    assert_eq!((L::MAP, L::OUTPUTS), ([1, 1, 5], 5));
    let place = Place::new([3, 4, 5], [3, 4], [1, 1], [0, 0]);
    behaves_as::<L>(1.0, |_, x| average_pool(place, x));
}

/// `y = W x + b + B A x`, position by position, with `W` and `b` among the frozen parameters.
#[test]
fn a_low_rank_is_added_to_what_a_frozen_layer_gives() {
    fn adapts<L: Layer + Shape, A: Layer>(rank: usize, positions: usize) {
        let [inputs, outputs] = [L::INPUTS / positions, L::OUTPUTS / positions];
        let mut random = Random(13);
        let frozen = random.vector(L::FROZEN);
        assert_eq!((A::FROZEN, A::PARAMETERS), (L::FROZEN, rank * (inputs + outputs)));
        let theta = random.vector(A::PARAMETERS);
        let (input, slopes) = (random.vector(A::INPUTS), random.vector(A::OUTPUTS));
        let parameters = Parameters { theta: &theta, frozen: &frozen };
        let passes = pass::<A, Active>(parameters, &input, &slopes);
        let wide = widen(&frozen);
        let reference = |theta: &[f64], x: &[f64]| {
            let (inner, outer) = theta.split_at(rank * inputs);
            let (weights, biases) = wide.split_at(inputs * outputs);
            let at = |x: &[f64]| -> Vec<f64> {
                let code: Vec<f64> = inner.chunks(inputs).map(|row| dot(row, x)).collect();
                let each = weights.chunks(inputs).zip(biases).zip(outer.chunks(rank));
                each.map(|((row, bias), own)| dot(row, x) + bias + dot(own, &code)).collect()
            };
            x.chunks(inputs).flat_map(at).collect::<Vec<f64>>()
        };
        is_right(&passes, &theta, &input, &slopes, reference);
        is_consistent::<A>(parameters, &input, &slopes, &passes);
        takes_several_samples_as_one_at_a_time::<A>();
        // It begins as the layer was.
        let mut theta = vec![f32::NAN; A::PARAMETERS];
        A::initialise(&mut theta, &mut || 0.5).unwrap();
        assert!(theta[..rank * inputs].iter().all(|weight| *weight > 0.0));
        let begun = Parameters { theta: &theta, frozen: &frozen };
        let alone = Parameters { theta: &[], frozen: &frozen };
        let (found, expected) =
            (pass::<A, Active>(begun, &input, &slopes), pass::<L, Active>(alone, &input, &slopes));
        assert_eq!(bits(&found.output), bits(&expected.output));
        assert_eq!(found.input_gradient, expected.input_gradient);
        let mut lengths = Vec::new();
        A::filters(&mut |filter| lengths.push(filter.length));
        assert_eq!(lengths, [vec![inputs; rank], vec![rank; outputs]].concat());
        let (mut activations, mut output) = (vec![0.0; A::ACTIVATIONS], vec![0.0; A::OUTPUTS]);
        let wrong = Parameters { theta: &theta[1..], frozen: &frozen };
        assert!(A::forward::<Active>(wrong, &input, &mut activations, &mut output).is_err());
    }
    type Connected = Dense<7, 5, Frozen>;
    adapts::<Connected, LowRank<Connected, 2>>(2, 1);
    type Pointwise = PointwiseConv2d<Map<3, 4, 6>, 5, Frozen>;
    adapts::<Pointwise, LowRank<Pointwise, 3>>(3, 12);
    type Means<L> = MeanOverPositions<Map<3, 4, 7>, L>;
    takes_several_samples_as_one_at_a_time::<Means<(LowRank<Connected, 2>, Relu<5>)>>();
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_mean_over_positions_is_that_of_a_pointwise_convolution_and_a_pool() {
    type Input = Map<3, 4, 5>;
    type Wide<R = All> = PointwiseConv2d<Input, 6, R>;
    type Plain<R = All> = (Wide<R>, over::Relu<Wide>, GlobalAveragePool<Wide>);
    type Lean<R = All> = MeanOverPositions<Input, (Dense<5, 6, R>, Relu<6>)>;
    fn wide(theta: &[f64], x: &[f64]) -> Vec<f64> {
        convolution(Place::new([3, 4, 5], [1, 1], [1, 1], [0, 0]), 6, theta, x)
    }
    fn mean(wide: &[f64]) -> Vec<f64> {
        average_pool(Place::new([3, 4, 6], [3, 4], [1, 1], [0, 0]), wide)
    }
    behaves_as::<MeanOverPositions<Input, Dense<5, 6>>>(1.0, |theta, x| mean(&wide(theta, x)));
    computes::<Lean>(1.0, |theta, x| {
        mean(&wide(theta, x).iter().map(|y| y.max(0.0)).collect::<Vec<_>>())
    });
    takes_several_samples_as_one_at_a_time::<Lean>();
    takes_several_samples_as_one_at_a_time::<Lean<Outputs<1, 2>>>();
    type Means<R = All> = MeanOverPositions<Input, Dense<5, 6, R>>;
    trains_some_outputs::<Means, Means<Outputs<4, 2>>>(4, 2, 6);
    let mut random = Random(12);
    let (theta, input) = (random.vector(Plain::<All>::PARAMETERS), random.vector(60));
    let parameters = Parameters { theta: &theta, frozen: &[] };
    let slopes = random.vector(6);
    let plain = pass::<Plain, Active>(parameters, &input, &slopes);
    assert_eq!(pass::<Lean, Active>(parameters, &input, &slopes), plain);
}

/// On the way back the windows that do not overlap look again, those that do remember.
#[test]
fn of_equal_values_the_first_takes_the_gradient() {
    type Apart = MaxPool<Map<1, 4, 1>, Window<Kernel<1, 2>, Stride<1, 2>>>;
    type Overlapping = MaxPool<Map<1, 4, 1>, Window<Kernel<1, 2>>>;
    let nothing = Parameters { theta: &[], frozen: &[] };
    let apart = pass::<Apart, Active>(nothing, &[2.0, 2.0, -0.0, 0.0], &[3.0, 5.0]);
    assert_eq!(apart.input_gradient, [3.0, 0.0, 5.0, 0.0]);
    let overlapping = pass::<Overlapping, Active>(nothing, &[2.0; 4], &[3.0, 5.0, 7.0]);
    assert_eq!(overlapping.input_gradient, [3.0, 5.0, 7.0, 0.0]);
    let infinite = pass::<Apart, Active>(nothing, &[f32::NEG_INFINITY; 4], &[3.0, 5.0]);
    assert_eq!(infinite.output, [f32::NEG_INFINITY; 2]);
    assert_eq!(infinite.input_gradient, [3.0, 0.0, 5.0, 0.0]);
}

#[test]
fn a_value_that_is_not_a_number_shows_in_the_maximum_of_its_windows_and_takes_their_gradient() {
    type Apart = MaxPool<Map<1, 6, 1>, Window<Kernel<1, 3>, Stride<1, 3>>>;
    type Overlapping = MaxPool<Map<1, 6, 1>, Window<Kernel<1, 3>>>;
    let nothing = Parameters { theta: &[], frozen: &[] };
    let input = [1.0, f32::NAN, 9.0, 1.0, 2.0, 0.0];
    let apart = pass::<Apart, Active>(nothing, &input, &[3.0, 5.0]);
    assert!(apart.output[0].is_nan() && apart.output[1] == 2.0);
    assert_eq!(apart.input_gradient, [0.0, 3.0, 0.0, 0.0, 5.0, 0.0]);
    let overlapping = pass::<Overlapping, Active>(nothing, &input, &[1.0, 2.0, 4.0, 8.0]);
    assert!(overlapping.output[..2].iter().all(|y| y.is_nan()));
    assert_eq!(overlapping.output[2..], [9.0, 2.0]);
    assert_eq!(overlapping.input_gradient, [0.0, 3.0, 4.0, 0.0, 8.0, 0.0]);
}

fn applies<L: Layer>(function: impl Fn(f64) -> f64) {
    behaves_as::<L>(9.0, |_, input| input.iter().map(|x| function(*x)).collect());
}

#[test]
fn activations_apply_their_function_to_every_element() {
    applies::<Relu<50>>(|x| x.max(0.0));
    applies::<Relu6<50>>(|x| x.clamp(0.0, 6.0));
    applies::<LeakyRelu<50>>(|x| if x > 0.0 { x } else { 0.01 * x });
    applies::<LeakyRelu<50, 1, 5>>(|x| if x > 0.0 { x } else { 0.2 * x });
    applies::<Tanh<50>>(f64::tanh);
    applies::<Sigmoid<50>>(|x| 1.0 / (1.0 + (-x).exp()));
    applies::<Elu<50>>(|x| if x > 0.0 { x } else { x.exp_m1() });
    applies::<Elu<50, 1, 2>>(|x| if x > 0.0 { x } else { 0.5 * x.exp_m1() });
    applies::<Silu<50>>(|x| x / (1.0 + (-x).exp()));
    applies::<HardSigmoid<50>>(|x| (x / 6.0 + 0.5).clamp(0.0, 1.0));
    applies::<HardSigmoid<50, 1, 5>>(|x| (0.2 * x + 0.5).clamp(0.0, 1.0));
    applies::<HardSwish<50>>(|x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0));
    applies::<Gelu<50>>(|x| 0.5 * x * (1.0 + libm::erf(x / 2f64.sqrt())));
}

/// Several samples, whose bits do not fill whole floats.
#[test]
fn in_place_a_layer_gives_the_bits_that_it_gives_from_one_buffer_to_another() {
    fn is_the_same<L: Layer>() {
        const SAMPLES: usize = 3;
        let mut random = Random(17);
        let frozen = random.vector(L::FROZEN);
        let parameters = Parameters { theta: &[], frozen: &frozen };
        let kept = L::IN_PLACE.expect("a layer in place");
        let mut inputs: Vec<f32> =
            random.vector(SAMPLES * L::INPUTS).iter().map(|x| 9.0 * x).collect();
        inputs[..4].copy_from_slice(&[0.0, -0.0, 6.0, f32::NAN]);
        let slopes = random.vector(SAMPLES * L::OUTPUTS);
        let mut kept = vec![f32::NAN; SAMPLES * kept];
        let mut values = inputs.clone();
        L::forward_in_place(parameters, &mut values, &mut kept).unwrap();
        let mut gradient = slopes.clone();
        L::backward_in_place(parameters, &kept, &mut gradient).unwrap();
        let samples = inputs.chunks(L::INPUTS).zip(slopes.chunks(L::OUTPUTS));
        let found = values.chunks(L::OUTPUTS).zip(gradient.chunks(L::INPUTS));
        for ((input, slopes), (output, input_gradient)) in samples.zip(found) {
            let passes = pass::<L, Active>(parameters, input, slopes);
            assert_eq!(bits(output), bits(&passes.output));
            assert_eq!(bits(input_gradient), bits(&passes.input_gradient));
        }
        values.push(0.0);
        let error = L::forward_in_place(parameters, &mut values, &mut kept).unwrap_err();
        let (expected, actual) = (SAMPLES * L::INPUTS, SAMPLES * L::INPUTS + 1);
        assert_eq!(error, Error::Length { what: "layer input", expected, actual });
    }
    is_the_same::<Relu<50>>();
    is_the_same::<Relu<64>>();
    is_the_same::<Relu6<50>>();
    is_the_same::<LeakyRelu<50>>();
    is_the_same::<HardSigmoid<50, 1, 5>>();
    is_the_same::<ScaleShift<Map<3, 4, 5>, Frozen>>();
    // What is trained needs its input, and the slope of others is no matter of a bit.
    assert_eq!(ScaleShift::<Map<3, 4, 5>>::IN_PLACE, None);
    assert_eq!(Tanh::<50>::IN_PLACE, None);
    let nothing = Parameters { theta: &[], frozen: &[] };
    assert!(Tanh::<5>::forward_in_place(nothing, &mut [0.0; 5], &mut []).is_err());
}

/// A slope that is negative or infinite makes no other zero, and no NaN, where the rectifier is
/// flat.
#[test]
fn rectifiers_give_a_plain_zero_where_they_are_flat() {
    let nothing = Parameters { theta: &[], frozen: &[] };
    let input = [-1.0, 0.0, -0.0, 2.0];
    let passes = pass::<Relu<4>, Active>(nothing, &input, &[-1.0, f32::INFINITY, f32::NAN, -3.0]);
    assert_eq!(bits(&passes.output), bits(&[0.0, 0.0, 0.0, 2.0]));
    assert_eq!(bits(&passes.input_gradient), bits(&[0.0, 0.0, 0.0, -3.0]));
    let input = [0.0, 6.0, 7.0, 5.0];
    let passes = pass::<Relu6<4>, Active>(nothing, &input, &[-1.0, f32::INFINITY, f32::NAN, -3.0]);
    assert_eq!(bits(&passes.output), bits(&[0.0, 6.0, 6.0, 5.0]));
    assert_eq!(bits(&passes.input_gradient), bits(&[0.0, 0.0, 0.0, -3.0]));
}

#[test]
fn saturated_activations_stay_finite_and_nan_passes_through() {
    fn extremes<L: Layer>(low: f32, high: f32) {
        let nothing = Parameters { theta: &[], frozen: &[] };
        let input = [f32::MIN, -200.0, 200.0, f32::NAN];
        let passes = pass::<L, Active>(nothing, &input, &[1.0; 4]);
        assert_eq!(passes.output[1..3], [low, high]);
        assert!(passes.output[..3].iter().all(|y| y.is_finite()));
        assert!(passes.input_gradient[..3].iter().all(|slope| slope.is_finite()));
        assert!(passes.output[3].is_nan());
    }
    extremes::<Relu<4>>(0.0, 200.0);
    extremes::<Relu6<4>>(0.0, 6.0);
    extremes::<LeakyRelu<4>>(-2.0, 200.0);
    extremes::<Tanh<4>>(-1.0, 1.0);
    extremes::<Sigmoid<4>>(0.0, 1.0);
    extremes::<Gelu<4>>(0.0, 200.0);
    extremes::<Elu<4>>(-1.0, 200.0);
    extremes::<Silu<4>>(0.0, 200.0);
    extremes::<HardSigmoid<4>>(0.0, 1.0);
    extremes::<HardSwish<4>>(0.0, 200.0);
}

#[test]
fn a_prelu_has_one_slope_or_one_for_each_channel() {
    fn leaks(slopes: usize, theta: &[f64], x: &[f64]) -> Vec<f64> {
        let leak = |(i, x): (usize, &f64)| if *x > 0.0 { *x } else { theta[i % slopes] * x };
        x.iter().enumerate().map(leak).collect()
    }
    type M = Map<3, 4, 5>;
    behaves_as::<PRelu<M, 5>>(3.0, |theta, x| leaks(5, theta, x));
    behaves_as::<PRelu<M, 1>>(3.0, |theta, x| leaks(1, theta, x));
    takes_several_samples_as_one_at_a_time::<PRelu<M, 5>>();
    let parameters = Parameters { theta: &[], frozen: &[0.5] };
    let passes = pass::<PRelu<Map<1, 1, 3>, 1, Frozen>, Active>(
        parameters,
        &[-2.0, 2.0, f32::NAN],
        &[1.0; 3],
    );
    assert_eq!((&passes.output[..2], passes.output[2].is_nan()), (&[-1.0, 2.0][..], true));
    assert_eq!(passes.input_gradient, [0.5, 1.0, 0.5]);
    let mut theta = [f32::NAN; 5];
    PRelu::<M, 5>::initialise(&mut theta, &mut || 0.0).unwrap();
    assert_eq!(theta, [0.25; 5]);
}

#[test]
fn the_outputs_of_a_softmax_add_up_to_1_at_every_position() {
    behaves_as::<Softmax<Map<3, 2, 5>>>(4.0, |_, x| softmax(5, x));
    behaves_as::<Softmax<Map<1, 1, 7>>>(4.0, |_, x| softmax(7, x));
    let nothing = Parameters { theta: &[], frozen: &[] };
    let passes = pass::<Softmax<Map<1, 1, 2>>, Active>(nothing, &[3e38, -3e38], &[1.0, 2.0]);
    assert_eq!(passes.output, [1.0, 0.0]);
    assert_eq!(passes.input_gradient, [0.0, 0.0]);
    let passes = pass::<Softmax<Map<1, 1, 2>>, Active>(nothing, &[1.0, f32::NAN], &[1.0, 2.0]);
    assert!(passes.output.iter().all(|y| y.is_nan()));
}

#[test]
fn what_is_frozen_as_zeros_is_a_layer_without_biases() {
    type L = Conv2d<Map<4, 4, 2>, Window<Kernel<3>>, 3>;
    type Without = Conv2d<Map<4, 4, 2>, Window<Kernel<3>>, 3, WeightsOnly>;
    assert_eq!((Without::PARAMETERS, Without::FROZEN), (3 * 18, 3));
    let mut random = Random(5);
    let (weights, input, slopes) = (random.vector(54), random.vector(32), random.vector(12));
    let theta = [&weights[..], &[0.0; 3]].concat();
    let whole = pass::<L, Active>(Parameters { theta: &theta, frozen: &[] }, &input, &slopes);
    let parameters = Parameters { theta: &weights, frozen: &[0.0; 3] };
    let without = pass::<Without, Active>(parameters, &input, &slopes);
    assert_eq!(bits(&without.output), bits(&whole.output));
    assert_eq!(bits(&without.gradient), bits(&whole.gradient[..54]));
    assert_eq!(bits(&without.input_gradient), bits(&whole.input_gradient));
}

#[test]
fn layer_norm_scales_and_shifts_what_has_mean_0_and_deviation_1() {
    fn normalises<const N: usize, const POSITIONS: usize>() {
        behaves_as::<LayerNorm<N, POSITIONS>>(3.0, |theta, x| layer_norm(N, 1e-5, theta, x));
        trains_what_it_says::<
            LayerNorm<N, POSITIONS>,
            LayerNorm<N, POSITIONS, BiasesOnly>,
            LayerNorm<N, POSITIONS, Frozen>,
        >();
    }
    normalises::<13, 1>();
    normalises::<64, 1>();
    normalises::<5, 7>();
    normalises::<16, 3>();
}

#[test]
fn what_a_layer_norm_adds_to_the_variance_is_said_by_its_type() {
    behaves_as::<LayerNorm<13, 1, All, Epsilon<1, 5>>>(1.0, |theta, x| {
        layer_norm(13, 0.5, theta, x)
    });
    behaves_as::<over::LayerNorm<Map<2, 3, 5>, All, Epsilon<3>>>(1.0, |theta, x| {
        layer_norm(5, 1e-3, theta, x)
    });
    assert_eq!(LayerNorm::<4, 1, All, Epsilon<6>>::EPSILON, 1e-6);
    assert_eq!(LayerNorm::<4, 1, All, Epsilon<12>>::EPSILON, 1e-12);
    assert_eq!(LayerNorm::<4, 1, All, Epsilon<0>>::EPSILON, 1.0);
}

#[test]
fn values_that_are_all_equal_normalise_to_the_shifts() {
    type L = LayerNorm<8>;
    let mut theta = vec![f32::NAN; L::PARAMETERS];
    L::initialise(&mut theta, &mut || 0.5).unwrap();
    assert_eq!(theta, [[1.0; 8], [0.0; 8]].concat());
    let parameters = Parameters { theta: &theta, frozen: &[] };
    let passes = pass::<L, Active>(parameters, &[3.0; 8], &[1.0; 8]);
    assert_eq!(passes.output, [0.0; 8]);
    assert!(passes.input_gradient.iter().all(|slope| slope.is_finite()));
}

#[test]
fn a_residual_adds_its_input_to_what_its_layers_make_of_it() {
    fn connected(theta: &[f64], x: &[f64]) -> Vec<f64> {
        let place = Place::new([1, 1, 5], [1, 1], [1, 1], [0, 0]);
        convolution(place, 5, theta, x)
    }
    fn add(a: Vec<f64>, b: &[f64]) -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| a + b).collect()
    }
    behaves_as::<Residual<Dense<5, 5>>>(1.0, |theta, x| add(connected(theta, x), x));
    type Block = Residual<(Dense<5, 5>, Relu<5>, Dense<5, 5>)>;
    computes::<Block>(1.0, |theta, x| {
        let (first, second) = theta.split_at(30);
        let middle: Vec<f64> = connected(first, x).iter().map(|y| y.max(0.0)).collect();
        add(connected(second, &middle), x)
    });
    behaves_as::<Residual<Tanh<5>>>(1.0, |_, x| x.iter().map(|x| x + x.tanh()).collect());
    trains_what_it_says::<
        Residual<Dense<5, 5>>,
        Residual<Dense<5, 5, BiasesOnly>>,
        Residual<Dense<5, 5, Frozen>>,
    >();
}

/// A layer for several samples at once, and one at a time: the same bits, but for the order in
/// which a gradient is added up, which is that of the samples too.
fn takes_several_samples_as_one_at_a_time<L: Layer>() {
    const SAMPLES: usize = 3;
    let mut random = Random(11);
    let (theta, frozen) = (random.vector(L::PARAMETERS), random.vector(L::FROZEN));
    let parameters = Parameters { theta: &theta, frozen: &frozen };
    let (inputs, slopes) =
        (random.vector(SAMPLES * L::INPUTS), random.vector(SAMPLES * L::OUTPUTS));
    let mut activations = vec![f32::NAN; SAMPLES * L::ACTIVATIONS];
    let mut outputs = vec![f32::NAN; SAMPLES * L::OUTPUTS];
    L::forward::<Active>(parameters, &inputs, &mut activations, &mut outputs).unwrap();
    let mut input_gradients = inputs.clone();
    let mut gradient = vec![f32::NAN; L::PARAMETERS];
    let target = Gradient { values: &mut gradient, add: false };
    L::backward_through::<Active>(
        parameters,
        &mut input_gradients,
        &mut activations,
        &mut slopes.clone(),
        target,
    )
    .unwrap();
    let mut sum = vec![0.0; L::PARAMETERS];
    for sample in 0..SAMPLES {
        let of = |values: &[f32], length: usize| values[sample * length..][..length].to_vec();
        let alone =
            pass::<L, Active>(parameters, &of(&inputs, L::INPUTS), &of(&slopes, L::OUTPUTS));
        assert_eq!(bits(&of(&outputs, L::OUTPUTS)), bits(&alone.output));
        assert_eq!(bits(&of(&input_gradients, L::INPUTS)), bits(&alone.input_gradient));
        sum.iter_mut().zip(&alone.gradient).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    agree("gradient of several samples", &gradient, &sum);
}

/// Layers beside each other, on a map.
mod beside {
    use super::*;

    type Input = Map<4, 5, 3>;
    type Around = Window<Kernel<3>, Stride<1>, Padding<1>>;
    type First = Conv2d<Input, Around, 4>;
    type Halved = Conv2d<Input, Window<Kernel<3>, Stride<2>, Padding<1>>, 2>;
    type Second = Conv2d<Halved, Around, 5>;
    type Shortcut = Conv2d<Input, Window<Kernel<1>, Stride<2>>, 5>;
    type Long = (Halved, over::Tanh<Halved>, Second);

    fn first(theta: &[f64], x: &[f64]) -> Vec<f64> {
        convolution(Place::new([4, 5, 3], [3, 3], [1, 1], [1, 1]), 4, theta, x)
    }

    fn long(theta: &[f64], x: &[f64]) -> Vec<f64> {
        let (halved, second) = theta.split_at(Halved::PARAMETERS);
        let x = convolution(Place::new([4, 5, 3], [3, 3], [2, 2], [1, 1]), 2, halved, x);
        let x: Vec<f64> = x.iter().map(|x| x.tanh()).collect();
        convolution(Place::new([2, 3, 2], [3, 3], [1, 1], [1, 1]), 5, second, &x)
    }

    fn shortcut(theta: &[f64], x: &[f64]) -> Vec<f64> {
        convolution(Place::new([4, 5, 3], [1, 1], [2, 2], [0, 0]), 5, theta, x)
    }

    fn sum(a: &[f64], b: &[f64]) -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| a + b).collect()
    }

    fn side_by_side(a: (usize, &[f64]), b: (usize, &[f64])) -> Vec<f64> {
        let positions = a.1.chunks(a.0).zip(b.1.chunks(b.0));
        positions.flat_map(|(a, b)| [a, b].concat()).collect()
    }

    fn everything<L: Layer>(reference: impl Fn(&[f64], &[f64]) -> Vec<f64>) {
        behaves_as::<L>(1.0, reference);
        takes_several_samples_as_one_at_a_time::<L>();
        let [front, back] = L::BUFFERS;
        assert!(front + back + L::INFERENCE <= L::INPUTS + L::ACTIVATIONS + L::OUTPUTS);
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn a_shortcut_may_have_layers_of_its_own() {
        type Block = Residual<Long, Shortcut>;
        assert_eq!((Block::MAP, Block::PARAMETERS), ([2, 3, 5], (56 + 95) + 20));
        everything::<Block>(|theta, x| {
            let (layers, others) = theta.split_at(56 + 95);
            sum(&long(layers, x), &shortcut(others, x))
        });
        everything::<Residual<Shortcut, Long>>(|theta, x| {
            let (others, layers) = theta.split_at(20);
            sum(&long(layers, x), &shortcut(others, x))
        });
        type Twice = Residual<Identity<Input>, over::Tanh<Input>>;
        everything::<Twice>(|_, x| x.iter().map(|x| x + x.tanh()).collect());
        everything::<Residual<over::Tanh<Input>, (Identity<Input>,)>>(|_, x| {
            x.iter().map(|x| x + x.tanh()).collect()
        });
    }

    /// Both ways spend the gradient that they are given, so each is given its own.
    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn ways_may_end_in_a_rectifier() {
        type Rectified = (First, over::Relu<First>);
        type Other = (Conv2d<Input, Around, 4>, over::LeakyRelu<First>);
        fn two(theta: &[f64], x: &[f64]) -> [Vec<f64>; 2] {
            let (one, other) = theta.split_at(First::PARAMETERS);
            let leak = |y: &f64| if *y > 0.0 { *y } else { 0.01 * y };
            [
                first(one, x).iter().map(|y| y.max(0.0)).collect(),
                first(other, x).iter().map(leak).collect(),
            ]
        }
        everything::<Residual<Rectified, Other>>(|theta, x| {
            let [one, other] = two(theta, x);
            sum(&one, &other)
        });
        everything::<Concat<Rectified, Other>>(|theta, x| {
            let [one, other] = two(theta, x);
            side_by_side((4, &one), (4, &other))
        });
        type Around3 = (Conv2d<Input, Around, 3>, over::Relu<Input>);
        fn rectified(theta: &[f64], x: &[f64]) -> Vec<f64> {
            let place = Place::new([4, 5, 3], [3, 3], [1, 1], [1, 1]);
            convolution(place, 3, theta, x).iter().map(|y| y.max(0.0)).collect()
        }
        everything::<Residual<Around3>>(|theta, x| sum(&rectified(theta, x), x));
        everything::<Residual<Identity<Input>, Around3>>(|theta, x| sum(&rectified(theta, x), x));
        // In a way that begins with one, the other way needs the input as it was.
        type Before = (over::Relu<Input>, Conv2d<Input, Around, 3>);
        everything::<Residual<Before>>(|theta, x| {
            let place = Place::new([4, 5, 3], [3, 3], [1, 1], [1, 1]);
            let above: Vec<f64> = x.iter().map(|x| x.max(0.0)).collect();
            sum(&convolution(place, 3, theta, &above), x)
        });
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn a_concatenation_has_the_channels_of_both_at_every_position() {
        type Both = Concat<First, over::Tanh<Input>>;
        assert_eq!((Both::MAP, Both::PARAMETERS), ([4, 5, 7], First::PARAMETERS));
        everything::<Both>(|theta, x| {
            let tanh: Vec<f64> = x.iter().map(|x| x.tanh()).collect();
            side_by_side((4, &first(theta, x)), (3, &tanh))
        });
        everything::<Concat<Identity<Input>, First>>(|theta, x| {
            side_by_side((3, x), (4, &first(theta, x)))
        });
        everything::<Concat<First, Identity<Input>>>(|theta, x| {
            side_by_side((4, &first(theta, x)), (3, x))
        });
        everything::<Concat<Identity<Input>, Identity<Input>>>(|_, x| side_by_side((3, x), (3, x)));
        type Three = Concat<
            Shortcut,
            Concat<Long, MaxPool<Input, Window<Kernel<2>, Stride<2>, PaddingBySide<0, 0, 0, 1>>>>,
        >;
        assert_eq!(Three::MAP, [2, 3, 5 + 5 + 3]);
        everything::<Three>(|theta, x| {
            let (others, layers) = theta.split_at(20);
            let pool = Place::new([4, 5, 3], [2, 2], [2, 2], [0, 0]);
            let pooled = max_pool(Place { padding: [[0, 0], [0, 1]], ..pool }, x);
            let two = side_by_side((5, &long(layers, x)), (3, &pooled));
            side_by_side((5, &shortcut(others, x)), (8, &two))
        });
    }

    #[test]
    fn plain_vectors_are_concatenated_one_after_the_other() {
        type Both = Concat<Dense<4, 3>, Dense<4, 2>>;
        assert_eq!(Both::MAP, [1, 1, 5]);
        let connected = Place::new([1, 1, 4], [1, 1], [1, 1], [0, 0]);
        everything::<Both>(|theta, x| {
            let (first, second) = theta.split_at(15);
            [convolution(connected, 3, first, x), convolution(connected, 2, second, x)].concat()
        });
    }

    #[test]
    fn the_identity_hands_its_input_on_and_takes_no_memory_where_nothing_is_trained() {
        behaves_as::<Identity<Input>>(1.0, |_, x| x.to_vec());
        assert_eq!(Identity::<Input>::BUFFERS, [60, 0]);
    }

    /// Two blocks of a ResNet, of which a prediction keeps three vectors, not one for each layer.
    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn a_prediction_through_residuals_takes_turns_between_two_buffers_and_a_copy() {
        type Same = Conv2d<Input, Around, 3>;
        type Block = Residual<(Same, over::Relu<Same>, Same)>;
        type Blocks = (Block, over::Relu<Block>, Residual<Long, Shortcut>);
        assert_eq!((Blocks::BUFFERS, Blocks::INFERENCE), ([60, 60], 60));
        // The vector between the convolutions, and 60 bits.
        assert_eq!(Block::ACTIVATIONS, 60 + 2);
        takes_several_samples_as_one_at_a_time::<Blocks>();
    }
}

#[test]
fn weights_begin_within_he_bounds_and_biases_at_zero() {
    fn begins<L: Layer>(weights: usize, fan_in: f32) {
        let mut parameters = vec![f32::NAN; L::PARAMETERS];
        let mut random = Random(1);
        L::initialise(&mut parameters, &mut || random.uniform()).unwrap();
        let (weights, biases) = parameters.split_at(weights);
        let bound = (6.0 / fan_in).sqrt();
        assert!(weights.iter().all(|weight| weight.abs() <= bound));
        assert_eq!(weights.iter().any(|weight| weight.abs() > bound / 2.0), !weights.is_empty());
        assert!(biases.iter().all(|bias| *bias == 0.0));
        let error = L::initialise(&mut parameters[1..], &mut || 0.0).unwrap_err();
        let (expected, actual) = (L::PARAMETERS, L::PARAMETERS - 1);
        assert_eq!(error, Error::Length { what: "parameters", expected, actual });
    }
    begins::<Conv2d<Map<6, 6, 2>, Window<Kernel<3, 2>>, 4>>(4 * 12, 12.0);
    begins::<Conv2d<Map<6, 6, 2>, Window<Kernel<3, 2>>, 4, BiasesOnly>>(0, 12.0);
    begins::<DepthwiseConv2d<Map<6, 6, 8>, Window<Kernel<3, 2>>>>(48, 6.0);
}

/// The layers of a small convolutional network, each named where the next one's map is asked for.
mod chained {
    use super::*;

    type First = Conv2d<Map<8, 8, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>, 4>;
    type Pooled = MaxPool<First, Window<Kernel<2>, Stride<2>>>;
    type Spatial = DepthwiseConv2d<Pooled, Window<Kernel<3>, Stride<1>, Padding<1>>>;
    type Mean = GlobalAveragePool<Spatial>;
    type Net = (First, over::Relu<First>, Pooled, Spatial, Mean, Dense<4, 3>);

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn a_whole_convolutional_network_has_the_gradient_of_finite_differences() {
        let windowed = |map, stride| Place::new(map, [3, 3], stride, [1, 1]);
        computes::<Net>(1.0, |theta, x| {
            let (first, theta) = theta.split_at(First::PARAMETERS);
            let (spatial, dense) = theta.split_at(Spatial::PARAMETERS);
            let x = convolution(windowed([8, 8, 1], [1, 1]), 4, first, x);
            let x: Vec<f64> = x.iter().map(|x| x.max(0.0)).collect();
            let half = Place::new([8, 8, 4], [2, 2], [2, 2], [0, 0]);
            let x = max_pool(half, &x);
            let x = depthwise(windowed([4, 4, 4], [1, 1]), spatial, &x);
            let whole = Place::new([4, 4, 4], [4, 4], [1, 1], [0, 0]);
            let x = average_pool(whole, &x);
            let connected = Place::new([1, 1, 4], [1, 1], [1, 1], [0, 0]);
            convolution(connected, 3, dense, &x)
        });
    }
}

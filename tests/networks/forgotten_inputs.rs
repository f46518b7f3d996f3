//! Layers that forget their inputs: the vectors before them take turns, and nothing else changes.

use crate::support::random::Random;
use rolling_ball::kernels::Kernels;
use rolling_ball::nn::{
    All, AveragePool, BiasesOnly, Conv2d, Dense, DepthwiseConv2d, Frozen, GlobalAveragePool,
    Gradient, GroupedConv2d, Kernel, Layer, LayerNorm, Map, MaxPool, MeanOverPositions, Network,
    Padding, Parameters, Relu, Residual, Sample, Samples, ScaleShift, Shape, SoftmaxCrossEntropy,
    Stride, Tanh, Window, over,
};
use rolling_ball::{Error, Objective};
use std::marker::PhantomData;

/// The same layer, of which nobody knows that it forgets its input.
struct Remembers<L>(PhantomData<L>);

impl<L: Shape> Shape for Remembers<L> {
    const MAP: [usize; 3] = L::MAP;
}

impl<L: Layer> Layer for Remembers<L> {
    const INPUTS: usize = L::INPUTS;
    const OUTPUTS: usize = L::OUTPUTS;
    const PARAMETERS: usize = L::PARAMETERS;
    const FROZEN: usize = L::FROZEN;
    const ACTIVATIONS: usize = L::ACTIVATIONS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        L::forward::<K>(parameters, input, activations, output)
    }

    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        L::backward::<K>(parameters, input, activations, output_gradient, gradient)
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        L::backward_input::<K>(parameters, input, activations, output_gradient)
    }
}

fn numbers(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count).map(|_| random.uniform()).collect()
}

/// The loss and its gradient, and what is predicted, as bits, with room for so many samples.
fn bits<L: Layer>(seed: u64, room: usize) -> Result<Vec<u32>, Error> {
    const SAMPLES: usize = 5;
    let mut random = Random(seed);
    let theta = numbers(&mut random, L::PARAMETERS);
    let frozen = numbers(&mut random, L::FROZEN);
    let inputs = numbers(&mut random, SAMPLES * L::INPUTS);
    let inputs = inputs.chunks_exact(L::INPUTS).zip(0..);
    let samples: Vec<Sample<&[f32], usize>> =
        inputs.map(|(input, index)| Sample { input, target: index % L::OUTPUTS }).collect();
    let network = Network::<L>::new(&frozen)?;
    // What is left from earlier must not be seen.
    let mut scratch = vec![f32::NAN; Network::<L>::scratch(room)];
    let mut gradient = vec![f32::NAN; L::PARAMETERS];
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), samples.all(), &mut scratch)?;
    let loss = batch.gradient(&theta, &mut gradient)?;
    let mut inside = vec![f32::NAN; Network::<L>::INFERENCE_SCRATCH];
    let predicted = network.predict(&theta, &samples[0].input, &mut inside)?;
    let all = [loss].into_iter().chain(gradient).chain(predicted.iter().copied());
    Ok(all.map(f32::to_bits).collect())
}

/// Checks that the two compute the same, and that the first needs so many floats less a sample.
fn same<L: Layer, Other: Layer>(less: usize) -> Result<(), Error> {
    assert_eq!(L::ACTIVATIONS + less, Other::ACTIVATIONS);
    assert_eq!((L::PARAMETERS, L::FROZEN), (Other::PARAMETERS, Other::FROZEN));
    for seed in 0..4 {
        for room in 1..=3 {
            let found = bits::<L>(seed, room)?;
            assert!(found.iter().all(|bits| f32::from_bits(*bits).is_finite()));
            assert!(found.iter().any(|bits| *bits != found[0]));
            assert_eq!(found, bits::<Other>(seed, room)?, "seed {seed}, {room} at once");
        }
    }
    Ok(())
}

type Remembered<const I: usize, const O: usize, R> = Remembers<Dense<I, O, R>>;

#[test]
fn dense_layers_whose_biases_are_trained_share_two_vectors() -> Result<(), Error> {
    type Layers<R> = (
        Dense<3, 9, R>,
        Relu<9>,
        Dense<9, 4, R>,
        Relu<4>,
        Dense<4, 7, R>,
        Dense<7, 6, R>,
        Relu<6>,
        Dense<6, 3, R>,
    );
    type Old<R> = (
        Dense<3, 9, R>,
        Relu<9>,
        Remembered<9, 4, R>,
        Relu<4>,
        Remembered<4, 7, R>,
        Remembered<7, 6, R>,
        Relu<6>,
        Remembered<6, 3, R>,
    );
    // Of 9, 4, 7 and 6 the largest of each other one is left.
    same::<Layers<BiasesOnly>, Old<BiasesOnly>>((9 + 4 + 7 + 6) - (9 + 6))?;
    same::<Layers<All>, Old<All>>(0)
}

#[test]
fn a_layer_that_needs_its_input_keeps_it_and_its_neighbours_share_what_they_can()
-> Result<(), Error> {
    // The last one is trained whole, the first ones are frozen; a tanh and a norm stand between.
    type Layers = (
        Dense<3, 8, Frozen>,
        Relu<8>,
        Dense<8, 5, Frozen>,
        Dense<5, 6, BiasesOnly>,
        Dense<6, 7, BiasesOnly>,
        Tanh<7>,
        Dense<7, 9, BiasesOnly>,
        Relu<9>,
        Dense<9, 4, BiasesOnly>,
        LayerNorm<4>,
        Dense<4, 5, Frozen>,
        Dense<5, 3>,
    );
    type Old = (
        Dense<3, 8, Frozen>,
        Relu<8>,
        Remembered<8, 5, Frozen>,
        Remembered<5, 6, BiasesOnly>,
        Remembered<6, 7, BiasesOnly>,
        Tanh<7>,
        Remembered<7, 9, BiasesOnly>,
        Relu<9>,
        Remembered<9, 4, BiasesOnly>,
        LayerNorm<4>,
        Remembered<4, 5, Frozen>,
        Remembered<5, 3, All>,
    );
    // The tanh, the norm and the last layer keep their inputs. Only before the tanh there are more
    // vectors than two: that of 6 lies where that of 8 was.
    same::<Layers, Old>(6)
}

#[test]
fn a_mean_over_positions_forgets_what_its_layers_forget() -> Result<(), Error> {
    type M = Map<3, 3, 2>;
    type ByPosition<R> = MeanOverPositions<M, (Dense<2, 3, R>, Relu<3>)>;
    type Before<R> = (Conv2d<M, Window<Kernel<1>>, 2, R>, DepthwiseConv2d<M, Window<Kernel<1>>, R>);
    type Layers<R> = (
        Dense<5, 18, R>,
        Relu<18>,
        Conv2d<M, Window<Kernel<1>>, 2, R>,
        DepthwiseConv2d<M, Window<Kernel<1>>, R>,
        ByPosition<R>,
    );
    type Old<R> = (Dense<5, 18, R>, Relu<18>, Remembers<Before<R>>, Remembers<ByPosition<R>>);
    // The vector before the mean lies where the first was; in the old form there are three.
    same::<Layers<BiasesOnly>, Old<BiasesOnly>>(18)
}

type Image = Map<6, 6, 2>;
type Three = Window<Kernel<3>, Stride<1>, Padding<1>>;
type Halves = Window<Kernel<2>, Stride<2>>;
type Overlapping = Window<Kernel<2>, Stride<1>>;

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn convolutions_pools_and_residuals_share_vectors_too() -> Result<(), Error> {
    type Inside<R> = (
        Conv2d<Image, Three, 2, R>,
        over::Relu<Image>,
        DepthwiseConv2d<Image, Three, R>,
        Conv2d<Image, Three, 2, Frozen>,
        Conv2d<Image, Three, 2, R>,
    );
    type InsideOld<R> = (
        Conv2d<Image, Three, 2, R>,
        over::Relu<Image>,
        Remembers<DepthwiseConv2d<Image, Three, R>>,
        Remembers<Conv2d<Image, Three, 2, Frozen>>,
        Remembers<Conv2d<Image, Three, 2, R>>,
    );
    type Layers<R> = (
        Conv2d<Map<6, 6, 1>, Three, 2, R>,
        over::Relu<Image>,
        Residual<Inside<R>>,
        over::Relu<Image>,
        GroupedConv2d<Image, Three, 2, 2, R>,
        ScaleShift<Image, R>,
        MaxPool<Image, Overlapping>,
        AveragePool<Map<5, 5, 2>, Halves>,
        Conv2d<Map<2, 2, 2>, Three, 4, R>,
        GlobalAveragePool<Map<2, 2, 4>>,
        Dense<4, 3>,
    );
    type Old<R> = (
        Conv2d<Map<6, 6, 1>, Three, 2, R>,
        over::Relu<Image>,
        Remembers<Residual<InsideOld<R>>>,
        over::Relu<Image>,
        Remembers<GroupedConv2d<Image, Three, 2, 2, R>>,
        Remembers<ScaleShift<Image, R>>,
        Remembers<MaxPool<Image, Overlapping>>,
        Remembers<AveragePool<Map<5, 5, 2>, Halves>>,
        Remembers<Conv2d<Map<2, 2, 2>, Three, 4, R>>,
        Remembers<GlobalAveragePool<Map<2, 2, 4>>>,
        Dense<4, 3>,
    );
    // Before the last layer, which needs its input, lie maps of 72, 72, 72, 72, 50, 8 and 16, and
    // in the residual three of 72.
    same::<Layers<BiasesOnly>, Old<BiasesOnly>>((4 * 72 + 50 + 8 + 16 - 2 * 72) + 72)
}

//! A layer at every position of a map, and the mean of what it gives.

use super::branches::add;
use super::layer::{Layer, each_backward, each_backward_input, each_forward, samples};
use super::message::Message;
use super::parameters::{Filter, Gradient, Parameters};
use super::split::split_mut;
use super::window::Shape;
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// The mean of what the layer `L` makes of the channels at each position of the map `M`: what
/// pointwise convolutions, activations and a [`GlobalAveragePool`](super::GlobalAveragePool) at the
/// end compute, without a map of their outputs.
///
/// Parameters: those of `L`. Cost: that of `L` at every position, and an addition a value. RAM: the
/// activations of `L` for every position, and its output for one.
///
/// ```
/// use rolling_ball::nn::{Dense, GlobalAveragePool, Layer, Map, MeanOverPositions};
/// use rolling_ball::nn::{PointwiseConv2d, Relu, over};
///
/// // The end of a keyword spotter: 64 filters on 25 x 5 positions, and their mean.
/// type Input = Map<25, 5, 64>;
/// type Wide = PointwiseConv2d<Input, 64>;
/// type Plain = (Wide, over::Relu<Wide>, GlobalAveragePool<Wide>);
/// type Lean = MeanOverPositions<Input, (Dense<64, 64>, Relu<64>)>;
/// assert_eq!((Lean::PARAMETERS, Lean::OUTPUTS), (Plain::PARAMETERS, Plain::OUTPUTS));
/// // A map, and a bit of each of its values; and the bits, and the channels of a position.
/// assert_eq!(Plain::ACTIVATIONS, 25 * 5 * 64 + 25 * 5 * 64 / 32);
/// assert_eq!(Lean::ACTIVATIONS, 25 * 5 * 64 / 32 + 64);
/// ```
///
/// A layer with another number of inputs than the map has channels does not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Dense, Layer, Map, MeanOverPositions};
///
/// const _: usize = MeanOverPositions::<Map<25, 5, 64>, Dense<32, 64>>::PARAMETERS;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanOverPositions<M, L>(PhantomData<(M, L)>);

impl<M, L: Layer> Shape for MeanOverPositions<M, L> {
    const MAP: [usize; 3] = [1, 1, L::OUTPUTS];
}

impl<M: Shape, L: Layer> MeanOverPositions<M, L> {
    const POSITIONS: usize = {
        let message = Message::new()
            .text("MeanOverPositions: the map has ")
            .number(M::MAP[2])
            .text(" channels, but the layer has ")
            .number(L::INPUTS)
            .text(" inputs; they must be equal");
        assert!(M::MAP[2] == L::INPUTS, "{}", message.as_str());
        assert!(M::LENGTH > 0 && L::OUTPUTS > 0, "MeanOverPositions: expected values and outputs");
        M::MAP[0] * M::MAP[1]
    };

    /// The activations of each sample, and the output of a position.
    fn cut(samples: usize, activations: &mut [f32]) -> Result<[&mut [f32]; 2], Error> {
        let of = |floats| samples.saturating_mul(floats);
        Error::check_length("layer activations", of(Self::ACTIVATIONS), activations.len())?;
        let all = of(Self::POSITIONS.saturating_mul(L::ACTIVATIONS));
        let (kept, rest) = split_mut("layer activations", activations, all)?;
        Ok([kept, split_mut("layer activations", rest, L::OUTPUTS)?.0])
    }

    /// What is kept of a position, counted over all samples.
    fn kept(each: &mut [f32], position: usize) -> &mut [f32] {
        let start = position.saturating_mul(L::ACTIVATIONS);
        let each = each.get_mut(start..).unwrap_or_default();
        each.get_mut(..L::ACTIVATIONS).unwrap_or_default()
    }
}

impl<M: Shape, L: Layer> Layer for MeanOverPositions<M, L> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = L::OUTPUTS;
    const PARAMETERS: usize = {
        // Checks that the layer fits the map.
        let _ = Self::POSITIONS;
        L::PARAMETERS
    };
    const FROZEN: usize = L::FROZEN;
    const ACTIVATIONS: usize = Self::POSITIONS * L::ACTIVATIONS + L::OUTPUTS;
    const FORGETS_INPUT: bool = L::FORGETS_INPUT;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let samples = samples::<Self>(input, output)?;
        let [kept, one] = Self::cut(samples, activations)?;
        let mut place = 0..samples.saturating_mul(Self::POSITIONS);
        for (input, output) in each_forward::<Self>(input, output)? {
            output.fill(0.0);
            for (position, place) in input.whole_chunks(L::INPUTS).zip(&mut place) {
                L::forward::<K>(parameters, position, Self::kept(kept, place), one)?;
                add(output, one);
            }
            for mean in output {
                *mean /= Self::POSITIONS as f32;
            }
        }
        Ok(())
    }

    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let samples = samples::<Self>(input, output_gradient)?;
        let [kept, one] = Self::cut(samples, activations)?;
        let Gradient { values, add: mut begun } = gradient;
        let mut place = 0..samples.saturating_mul(Self::POSITIONS);
        for (input, slopes) in each_backward::<Self>(input, output_gradient)? {
            for (position, place) in input.whole_chunks(L::INPUTS).zip(&mut place) {
                share(one, slopes, Self::POSITIONS);
                let gradient = Gradient { values: &mut *values, add: begun };
                let kept = Self::kept(kept, place);
                L::backward::<K>(parameters, position, kept, one, gradient)?;
                begun = true;
            }
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let samples = samples::<Self>(input, output_gradient)?;
        let [kept, one] = Self::cut(samples, activations)?;
        let mut place = 0..samples.saturating_mul(Self::POSITIONS);
        for (input, slopes) in each_backward_input::<Self>(input, output_gradient)? {
            for (position, place) in input.whole_chunks_mut(L::INPUTS).zip(&mut place) {
                share(one, slopes, Self::POSITIONS);
                L::backward_input::<K>(parameters, position, Self::kept(kept, place), one)?;
            }
        }
        Ok(())
    }

    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let samples = samples::<Self>(input, output_gradient)?;
        let [kept, one] = Self::cut(samples, activations)?;
        let Gradient { values, add: mut begun } = gradient;
        let mut place = 0..samples.saturating_mul(Self::POSITIONS);
        for (input, slopes) in each_backward_input::<Self>(input, output_gradient)? {
            for (position, place) in input.whole_chunks_mut(L::INPUTS).zip(&mut place) {
                share(one, slopes, Self::POSITIONS);
                let gradient = Gradient { values: &mut *values, add: begun };
                let kept = Self::kept(kept, place);
                L::backward_through::<K>(parameters, position, kept, one, gradient)?;
                begun = true;
            }
        }
        Ok(())
    }

    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        L::initialise(theta, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        L::filters(tell);
    }
}

/// What a position has of the gradient with respect to the mean: as the pool computes it, which
/// makes no negative zeros.
fn share(one: &mut [f32], slopes: &[f32], positions: usize) {
    for (share, slope) in one.iter_mut().zip(slopes) {
        *share = 0.0 + slope / positions as f32;
    }
}

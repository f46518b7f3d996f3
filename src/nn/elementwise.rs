//! The layer that applies a function of one value to every element.

use super::activation::{self, Activation, BITS};
use super::layer::{Layer, NOT_IN_PLACE, infer_in_place, samples};
use super::parameters::Parameters;
use super::window::Shape;
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// The activation `A` of every value of the shape `M`, which stays as it is.
///
/// In a tuple, behind another layer, the output of a function with two slopes (ReLU, ReLU6, leaky
/// ReLU, hard sigmoid) takes the place of its input, and a bit for each value says which slope it
/// has. Else the layer keeps nothing: what its slope needs is computed anew on the way back.
///
/// ```
/// use rolling_ball::nn::{Dense, Layer, Relu, Tanh};
///
/// // The bits of 32 values in a float, and 32 values more.
/// assert_eq!(<(Dense<64, 32>, Relu<32>, Dense<32, 10>)>::ACTIVATIONS, 32 + 1);
/// assert_eq!(<(Dense<64, 32>, Tanh<32>, Dense<32, 10>)>::ACTIVATIONS, 32 + 32);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Elementwise<A, M>(PhantomData<(A, M)>);

impl<A, M: Shape> Shape for Elementwise<A, M> {
    const MAP: [usize; 3] = M::MAP;
}

impl<A: Activation, M: Shape> Elementwise<A, M> {
    /// What is kept of each sample, after a look at what there is for all of them.
    fn kept(values: &[f32], kept: &[f32]) -> Result<usize, Error> {
        let samples = samples::<Self>(values, values)?;
        let Some(length) = Self::IN_PLACE else { return Err(NOT_IN_PLACE) };
        Error::check_length("layer activations", samples.saturating_mul(length), kept.len())?;
        Ok(length)
    }
}

impl<A: Activation, M: Shape> Layer for Elementwise<A, M> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const PARAMETERS: usize = 0;
    const IN_PLACE: Option<usize> = match A::TWO_SLOPES {
        Some(_) => Some(M::LENGTH.div_ceil(BITS)),
        None => None,
    };
    const BUFFERS: [usize; 2] = [M::LENGTH, 0];
    const ENDS_IN_BACK: bool = false;

    fn forward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output)?;
        activation::forward::<A>(input, output)
    }

    fn backward_input<K: Kernels>(
        _parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        activation::backward::<A>(input, output_gradient)
    }

    fn forward_in_place(
        _parameters: Parameters,
        values: &mut [f32],
        kept: &mut [f32],
    ) -> Result<(), Error> {
        let length = Self::kept(values, kept)?;
        for (values, kept) in values.whole_chunks_mut(M::LENGTH).zip(kept.whole_chunks_mut(length))
        {
            activation::forward_in_place::<A>(values, kept);
        }
        Ok(())
    }

    fn backward_in_place(
        _parameters: Parameters,
        kept: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        let length = Self::kept(gradient, kept)?;
        for (gradient, kept) in gradient.whole_chunks_mut(M::LENGTH).zip(kept.whole_chunks(length))
        {
            activation::backward_in_place::<A>(kept, gradient);
        }
        Ok(())
    }

    fn infer<'s, K: Kernels>(
        _parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        _inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        infer_in_place::<Self>(front, back, |values| {
            for x in values {
                *x = A::value(*x);
            }
        })
    }
}

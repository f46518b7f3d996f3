//! The layer that applies a function of one value to every element.

use super::activation::{self, Activation};
use super::layer::{Layer, samples};
use super::parameters::Parameters;
use super::window::Shape;
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// The activation `A` of every value of the shape `M`, which stays as it is. The layer keeps
/// nothing: what its slope needs is computed anew on the way back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Elementwise<A, M>(PhantomData<(A, M)>);

impl<A, M: Shape> Shape for Elementwise<A, M> {
    const MAP: [usize; 3] = M::MAP;
}

impl<A: Activation, M: Shape> Layer for Elementwise<A, M> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const PARAMETERS: usize = 0;

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
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        activation::backward::<A>(input, output_gradient)
    }
}

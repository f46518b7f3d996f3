//! The layer that does nothing.

use super::layer::{Layer, samples};
use super::parameters::Parameters;
use super::split::split_mut;
use super::window::Shape;
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `y = x`, over the shape `M`. It stands where a layer is asked for and none is wanted, such as in
/// a branch of [`Concat`](super::Concat). Cost: a copy, and none where only a prediction is made.
///
/// ```
/// use rolling_ball::nn::{Concat, Conv2d, Identity, Kernel, Map, Padding, Shape, Stride, Window};
///
/// type Input = Map<8, 8, 3>;
/// type Wider = Conv2d<Input, Window<Kernel<3>, Stride<1>, Padding<1>>, 5>;
/// assert_eq!(Concat::<Identity<Input>, Wider>::MAP, [8, 8, 3 + 5]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity<M>(PhantomData<M>);

impl<M: Shape> Shape for Identity<M> {
    const MAP: [usize; 3] = M::MAP;
}

impl<M: Shape> Layer for Identity<M> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const PARAMETERS: usize = 0;
    const BUFFERS: [usize; 2] = [M::LENGTH, 0];
    const ENDS_IN_BACK: bool = false;
    const PASSES_THROUGH: bool = true;
    const FORGETS_INPUT: bool = true;

    fn forward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output)?;
        copy(output, input);
        Ok(())
    }

    fn backward_input<K: Kernels>(
        _parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        copy(input, output_gradient);
        Ok(())
    }

    fn infer<'s, K: Kernels>(
        _parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        _inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        split_mut("inference buffer", front, Self::INPUTS)?;
        Ok((front, back))
    }
}

pub(super) fn copy(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

//! The layer that does nothing.

use super::layer::{Buffers, Layer, PARAMETERS};
use crate::Error;
use crate::nn::window::Shape;
use core::marker::PhantomData;

/// Values of the shape `M`, as they are: the way around a [`Residual`](super::Residual), or a side
/// of a [`Concat`](super::Concat). It has no parameters and takes no time.
///
/// ```
/// use rolling_ball::nn::Map;
/// use rolling_ball::nn::int8::{Identity, Layer};
///
/// assert_eq!(Identity::<Map<4, 4, 2>>::OUTPUTS, 32);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity<M>(PhantomData<M>);

impl<M: Shape> Shape for Identity<M> {
    const MAP: [usize; 3] = M::MAP;
}

impl<M: Shape> Layer for Identity<M> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const BYTES: usize = 0;
    const ENDS_IN_BACK: bool = false;

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Error::check_length(PARAMETERS, Self::BYTES, bytes.len())
    }

    fn infer<'s>(
        _bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        Ok((front, back))
    }
}

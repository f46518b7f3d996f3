//! A change of scale.

use super::affine::Range;
use super::factor::{self, Factor};
use super::layer::{Buffers, Layer, input_and_output};
use crate::Error;
use crate::nn::window::Shape;
use core::marker::PhantomData;

/// Values of the shape `M` in another scale and with another zero:
/// `y = clamp(round((x - zero_x) * multiplier / 2^shift) + zero)`.
///
/// Cost: a multiplication a value.
///
/// ```
/// use rolling_ball::nn::Map;
/// use rolling_ball::nn::int8::{Layer, Rescale};
///
/// // Zeros and clamps; the multiplier; the shift.
/// assert_eq!(Rescale::<Map<4, 4, 2>>::BYTES, 4 + 4 + 1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Rescale<M>(PhantomData<M>);

impl<M: Shape> Shape for Rescale<M> {
    const MAP: [usize; 3] = M::MAP;
}

impl<M: Shape> Layer for Rescale<M> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const BYTES: usize = 4 + factor::BYTES;

    fn check(bytes: &[u8]) -> Result<(), Error> {
        let (range, rest) = Range::read(bytes)?;
        range.check()?;
        Factor::read(rest)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let (range, rest) = Range::read(bytes)?;
        let factor = Factor::read(rest)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        rescale(range, factor, input, output);
        Ok((back, front))
    }
}

fn rescale(range: Range, factor: Factor, input: &[i8], output: &mut [i8]) {
    for (y, x) in output.iter_mut().zip(input) {
        *y = range.output(factor.times(i32::from(*x).wrapping_sub(range.input_zero)));
    }
}

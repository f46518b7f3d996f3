//! The fully connected layer.

use super::affine::{Affine, assert_sum_fits, length};
use super::convolution::convolve;
use super::layer::{Buffers, Layer, input_and_output};
use crate::Error;
use crate::nn::window::Geometry;
use crate::nn::{Map, Window};

/// The int8 form of [`nn::Dense`](crate::nn::Dense): `I` inputs, `O` outputs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dense<const I: usize, const O: usize>;

impl<const I: usize, const O: usize> Dense<I, O> {
    /// One window over all of the input.
    const GEOMETRY: Geometry = {
        assert!(I > 0 && O > 0, "int8::Dense: expected at least one input and one output");
        assert_sum_fits(I);
        Geometry::of::<Map<1, 1, I>, Window<1, 1>>()
    };
}

impl<const I: usize, const O: usize> Layer for Dense<I, O> {
    const INPUTS: usize = Self::GEOMETRY.length();
    const OUTPUTS: usize = O;
    const BYTES: usize = length(O, Self::INPUTS * O);

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Affine::read(bytes, O, I * O)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let affine = Affine::read(bytes, O, I * O)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        convolve(Self::GEOMETRY, O, affine, input, output);
        Ok((back, front))
    }
}

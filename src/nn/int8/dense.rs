//! The fully connected layer.

use super::affine::{Affine, assert_sum_fits, length};
use super::convolution::{convolve, input_gradient};
use super::layer::{Buffers, Differentiable, Layer, input_and_output};
use crate::Error;
use crate::nn::window::{Geometry, NoGaps, Shape};
use crate::nn::{Kernel, Map, Window};

/// The int8 form of [`nn::Dense`](crate::nn::Dense): with
/// `INPUTS` inputs and `OUTPUTS` outputs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dense<const INPUTS: usize, const OUTPUTS: usize>;

impl<const INPUTS: usize, const OUTPUTS: usize> Dense<INPUTS, OUTPUTS> {
    /// One window over all of the input.
    const GEOMETRY: Geometry<NoGaps> = {
        assert!(
            INPUTS > 0 && OUTPUTS > 0,
            "int8::Dense: expected at least one input and one output"
        );
        assert_sum_fits(INPUTS);
        Geometry::of::<Map<1, 1, INPUTS>, Window<Kernel<1>>>()
    };
}

impl<const INPUTS: usize, const OUTPUTS: usize> Shape for Dense<INPUTS, OUTPUTS> {
    const MAP: [usize; 3] = [1, 1, OUTPUTS];
}

impl<const INPUTS: usize, const OUTPUTS: usize> Layer for Dense<INPUTS, OUTPUTS> {
    const INPUTS: usize = Self::GEOMETRY.length();
    const OUTPUTS: usize = OUTPUTS;
    const BYTES: usize = length(OUTPUTS, Self::INPUTS * OUTPUTS);

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Affine::read(bytes, OUTPUTS, INPUTS * OUTPUTS)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let affine = Affine::read(bytes, OUTPUTS, INPUTS * OUTPUTS)?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        convolve(Self::GEOMETRY, OUTPUTS, affine, input, output, &mut []);
        Ok((back, front))
    }
}

impl<const INPUTS: usize, const OUTPUTS: usize> Differentiable for Dense<INPUTS, OUTPUTS> {
    fn clamps(bytes: &[u8]) -> Result<[i8; 2], Error> {
        Ok(Affine::read(bytes, OUTPUTS, INPUTS * OUTPUTS)?.range.clamps())
    }

    fn input_gradient(
        bytes: &[u8],
        unit: f32,
        slopes: impl Iterator<Item = f32>,
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        let affine = Affine::read(bytes, OUTPUTS, INPUTS * OUTPUTS)?;
        input_gradient(Self::GEOMETRY, affine, unit, slopes, gradient);
        Ok(())
    }
}

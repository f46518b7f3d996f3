//! What an int8 layer is, and tuples of them.

use crate::Error;
use crate::nn::chain::{Chain, Tuple, assert_neighbours_fit};
use crate::nn::layer::larger;

/// What an error calls the bytes of a layer.
pub(super) const PARAMETERS: &str = "int8 parameters";

/// The two buffers of an inference, the one with the values first.
pub type Buffers<'s> = (&'s mut [i8], &'s mut [i8]);

/// A frozen function from bytes to bytes with constant shapes: one of the layers of this module, or
/// a tuple of layers, each of which has as many inputs as the one before it has outputs.
pub trait Layer {
    /// Length of the input.
    const INPUTS: usize;
    /// Length of the output.
    const OUTPUTS: usize;
    /// Bytes of its parameters.
    const BYTES: usize;
    /// The longest input or output of any layer inside.
    const WIDTH: usize = larger(Self::INPUTS, Self::OUTPUTS);
    /// Bytes that it needs beside the two buffers, for an input that is kept or for windows that
    /// are gathered.
    const INSIDE: usize = 0;
    /// Whether the output lies in the buffer that is `back` at the start.
    const ENDS_IN_BACK: bool = true;

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Length`] where there are not `BYTES` of them, [`Error::Setting`] where one is out
    /// of its range.
    fn check(bytes: &[u8]) -> Result<(), Error>;

    /// Computes the output. The two buffers of [`WIDTH`](Self::WIDTH) take turns: the input lies at
    /// the beginning of `front`; the output lies at the beginning of the first of the two that are
    /// given back. `inside` has at least [`INSIDE`](Self::INSIDE) bytes.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error>;
}

/// A layer whose gradient with respect to its input is computed from its bytes, so that it may lie
/// among layers that are trained: see [`nn::Int8`](crate::nn::Int8).
pub trait Differentiable: Layer {
    /// The least and the largest byte of an output: where it is one of them, it may have been cut.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn clamps(bytes: &[u8]) -> Result<[i8; 2], Error>;

    /// Overwrites `input_gradient` with the gradient with respect to the input, as if nothing were
    /// rounded and nothing cut. `slopes` are the gradient with respect to the output, one after the
    /// other, and `unit` is the output's scale over the input's: with it the multiplier of a sum is
    /// the scale of the weights.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn input_gradient(
        bytes: &[u8],
        unit: f32,
        slopes: impl Iterator<Item = f32>,
        input_gradient: &mut [f32],
    ) -> Result<(), Error>;
}

/// A layer's input and output in the two buffers.
pub(super) fn input_and_output<'s, L: Layer>(
    front: &'s [i8],
    back: &'s mut [i8],
) -> Result<(&'s [i8], &'s mut [i8]), Error> {
    let actual = front.len();
    let short = Error::Length { what: "int8 buffer", expected: L::INPUTS, actual };
    let input = front.get(..L::INPUTS).ok_or(short)?;
    Ok((input, buffer(back, L::OUTPUTS)?.0))
}

/// The first so many bytes of a buffer, and the rest.
pub(super) fn buffer(bytes: &mut [i8], length: usize) -> Result<(&mut [i8], &mut [i8]), Error> {
    let actual = bytes.len();
    let short = Error::Length { what: "int8 buffer", expected: length, actual };
    bytes.split_at_mut_checked(length).ok_or(short)
}

/// Splits bytes at a length, or says that they are too few.
pub(super) fn split(bytes: &[u8], length: usize) -> Result<(&[u8], &[u8]), Error> {
    let (what, actual) = (PARAMETERS, bytes.len());
    bytes.split_at_checked(length).ok_or(Error::Length { what, expected: length, actual })
}

impl<First: Layer, Rest: Layer> Layer for Chain<First, Rest> {
    const INPUTS: usize = First::INPUTS;
    const OUTPUTS: usize = Rest::OUTPUTS;
    const BYTES: usize = {
        assert_neighbours_fit(First::OUTPUTS, Rest::INPUTS);
        First::BYTES + Rest::BYTES
    };
    const WIDTH: usize = larger(First::WIDTH, Rest::WIDTH);
    const INSIDE: usize = larger(First::INSIDE, Rest::INSIDE);
    const ENDS_IN_BACK: bool = First::ENDS_IN_BACK != Rest::ENDS_IN_BACK;

    fn check(bytes: &[u8]) -> Result<(), Error> {
        let (first, rest) = split(bytes, First::BYTES)?;
        First::check(first)?;
        Rest::check(rest)
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let (first, rest) = split(bytes, First::BYTES)?;
        let (front, back) = First::infer(first, front, back, inside)?;
        Rest::infer(rest, front, back, inside)
    }
}

/// Layers one after another: tuples of 1 to 16, which may nest.
impl<T: Tuple<Nested: Layer>> Layer for T {
    const INPUTS: usize = T::Nested::INPUTS;
    const OUTPUTS: usize = T::Nested::OUTPUTS;
    const BYTES: usize = T::Nested::BYTES;
    const WIDTH: usize = T::Nested::WIDTH;
    const INSIDE: usize = T::Nested::INSIDE;
    const ENDS_IN_BACK: bool = T::Nested::ENDS_IN_BACK;

    #[inline(always)]
    fn check(bytes: &[u8]) -> Result<(), Error> {
        T::Nested::check(bytes)
    }

    #[inline(always)]
    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        T::Nested::infer(bytes, front, back, inside)
    }
}

//! What an int8 layer is, and chains of them.

use crate::Error;
use crate::nn::Chain;
use crate::nn::layer::larger;

/// The two buffers of an inference, the one with the values first.
pub type Buffers<'s> = (&'s mut [i8], &'s mut [i8]);

/// A frozen map from bytes to bytes with constant shapes.
pub trait Layer {
    /// Length of the input.
    const INPUTS: usize;
    /// Length of the output.
    const OUTPUTS: usize;
    /// Bytes of its parameters.
    const BYTES: usize;
    /// The longest input or output of any layer inside.
    const WIDTH: usize = larger(Self::INPUTS, Self::OUTPUTS);

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Length`] where there are not `BYTES` of them, [`Error::Setting`] where one is out of its range.
    fn check(bytes: &[u8]) -> Result<(), Error>;

    /// Computes the output. The two buffers of [`WIDTH`](Self::WIDTH) take turns: the input lies at the beginning of
    /// `front`; the output lies at the beginning of the first of the two that are given back.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
    ) -> Result<Buffers<'s>, Error>;
}

/// A layer's input and output in the two buffers.
pub(super) fn input_and_output<'s, L: Layer>(
    front: &'s [i8],
    back: &'s mut [i8],
) -> Result<(&'s [i8], &'s mut [i8]), Error> {
    let short = |expected, actual| Error::Length { what: "int8 buffer", expected, actual };
    let (inputs, outputs) = (front.len(), back.len());
    let input = front.get(..L::INPUTS).ok_or(short(L::INPUTS, inputs))?;
    let output = back.get_mut(..L::OUTPUTS).ok_or(short(L::OUTPUTS, outputs))?;
    Ok((input, output))
}

/// Splits bytes at a length, or says that they are too few.
pub(super) fn split(bytes: &[u8], length: usize) -> Result<(&[u8], &[u8]), Error> {
    let actual = bytes.len();
    let what = "int8 parameters";
    bytes.split_at_checked(length).ok_or(Error::Length { what, expected: length, actual })
}

impl<A: Layer, B: Layer> Layer for Chain<A, B> {
    const INPUTS: usize = A::INPUTS;
    const OUTPUTS: usize = B::OUTPUTS;
    const BYTES: usize = {
        assert!(
            A::OUTPUTS == B::INPUTS,
            "Chain<A, B>: the outputs of A must be as many as the inputs of B"
        );
        A::BYTES + B::BYTES
    };
    const WIDTH: usize = larger(A::WIDTH, B::WIDTH);

    fn check(bytes: &[u8]) -> Result<(), Error> {
        let (first, second) = split(bytes, A::BYTES)?;
        A::check(first)?;
        B::check(second)
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let (first, second) = split(bytes, A::BYTES)?;
        let (front, back) = A::infer(first, front, back)?;
        B::infer(second, front, back)
    }
}

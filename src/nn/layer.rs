//! What a layer is, and how layers are put one after another.

use super::parameters::{Gradient, Parameters};
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// A differentiable map with constant shapes.
///
/// Inputs, outputs and activations are those of one sample, in the lengths that the constants say, or of several, one after
/// the other: so many samples are evaluated at once, and each gives the bits that it gives alone. A layer answers other
/// lengths with [`Error::Length`].
pub trait Layer {
    /// Length of the input.
    const INPUTS: usize;
    /// Length of the output.
    const OUTPUTS: usize;
    /// Number of parameters that are trained: the layer's part of theta.
    const PARAMETERS: usize;
    /// Number of parameters that are not.
    const FROZEN: usize = 0;
    /// Floats that the layer keeps inside from the forward to the backward pass.
    const ACTIVATIONS: usize = 0;
    /// The longest input or output of any layer inside.
    const WIDTH: usize = larger(Self::INPUTS, Self::OUTPUTS);
    /// Floats that [`infer`](Self::infer) needs beside its two buffers.
    const INFERENCE: usize = Self::ACTIVATIONS;

    /// Computes the output.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error>;

    /// Adds the gradient with respect to the trained parameters to `gradient`, or overwrites it. Input and activations are
    /// those of the forward pass; the activations are spent. A layer that trains nothing has nothing to add.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn backward<K: Kernels>(
        _parameters: Parameters,
        _input: &[f32],
        _activations: &mut [f32],
        _output_gradient: &[f32],
        _gradient: Gradient,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// Overwrites the input with the gradient with respect to it: the buffer between two layers serves both
    /// ways. Input and activations are those of the forward pass; the activations are spent.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error>;

    /// [`backward`](Self::backward) and [`backward_input`](Self::backward_input) in one. A layer in which the
    /// first does not spend what the second needs may keep this.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        Self::backward::<K>(parameters, input, activations, output_gradient, gradient)?;
        Self::backward_input::<K>(parameters, input, activations, output_gradient)
    }

    /// The output where nothing is kept for a backward pass: two buffers of [`WIDTH`](Self::WIDTH) take turns. The
    /// input lies at the beginning of `front`; the output lies at the beginning of the first of the
    /// two that are given back.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn infer<'s, K: Kernels>(
        parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        let (input, _) = split_mut("inference buffer", front, Self::INPUTS)?;
        let (output, _) = split_mut("inference buffer", back, Self::OUTPUTS)?;
        let (inside, _) = split_mut("inference activations", inside, Self::ACTIVATIONS)?;
        Self::forward::<K>(parameters, input, inside, output)?;
        Ok((back, front))
    }

    /// Fills the layer's part of theta for training from scratch; `uniform` gives numbers in `-1 .. 1`.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn initialise(_theta: &mut [f32], _uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        Ok(())
    }

    /// Tells the lengths of the layer's filters, in the order in which they lie in theta: the trained weights that make one output, and
    /// each bias by itself.
    fn filters(_tell: &mut impl FnMut(usize)) {}
}

/// The larger of two constants.
pub(super) const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// How many samples an input and an output have, or the gradients with respect to them: at least one.
pub(super) fn samples<L: Layer>(input: &[f32], output: &[f32]) -> Result<usize, Error> {
    let samples = count::<L>(input);
    Error::check_length("layer input", samples * L::INPUTS, input.len())?;
    Error::check_length("layer output", samples * L::OUTPUTS, output.len())?;
    Ok(samples)
}

/// The inputs and outputs of the samples, one after the other.
pub(super) fn each_forward<'a, L: Layer>(
    input: &'a [f32],
    output: &'a mut [f32],
) -> Result<impl Iterator<Item = (&'a [f32], &'a mut [f32])>, Error> {
    samples::<L>(input, output)?;
    let inputs = input.chunks_exact(const { larger(L::INPUTS, 1) });
    Ok(inputs.zip(output.chunks_exact_mut(const { larger(L::OUTPUTS, 1) })))
}

/// The inputs of the samples, and the gradients with respect to their outputs, one after the other.
pub(super) fn each_backward<'a, L: Layer>(
    input: &'a [f32],
    output_gradient: &'a [f32],
) -> Result<impl Iterator<Item = (&'a [f32], &'a [f32])>, Error> {
    samples::<L>(input, output_gradient)?;
    let inputs = input.chunks_exact(const { larger(L::INPUTS, 1) });
    Ok(inputs.zip(output_gradient.chunks_exact(const { larger(L::OUTPUTS, 1) })))
}

/// As [`each_backward`], with inputs to be overwritten.
pub(super) fn each_backward_input<'a, L: Layer>(
    input: &'a mut [f32],
    output_gradient: &'a [f32],
) -> Result<impl Iterator<Item = (&'a mut [f32], &'a [f32])>, Error> {
    samples::<L>(input, output_gradient)?;
    let inputs = input.chunks_exact_mut(const { larger(L::INPUTS, 1) });
    Ok(inputs.zip(output_gradient.chunks_exact(const { larger(L::OUTPUTS, 1) })))
}

/// How many samples there are by the length of an input, which may have another.
fn count<L: Layer>(input: &[f32]) -> usize {
    (input.len() / L::INPUTS.max(1)).max(1)
}

/// Splits a slice at a length, or says that it is too short.
pub(super) fn split<'a>(
    what: &'static str,
    slice: &'a [f32],
    length: usize,
) -> Result<(&'a [f32], &'a [f32]), Error> {
    let actual = slice.len();
    slice.split_at_checked(length).ok_or(Error::Length { what, expected: length, actual })
}

/// As [`split`].
pub(super) fn split_mut<'a>(
    what: &'static str,
    slice: &'a mut [f32],
    length: usize,
) -> Result<(&'a mut [f32], &'a mut [f32]), Error> {
    let actual = slice.len();
    slice.split_at_mut_checked(length).ok_or(Error::Length { what, expected: length, actual })
}

/// `B` after `A`. Longer networks nest: `Chain<A, Chain<B, C>>`.
///
/// What goes from one layer to the next is a plain vector. A feature map lies in it position by position, so that a
/// fully connected layer may follow a convolution as it is: nothing needs to be flattened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chain<A, B>(PhantomData<(A, B)>);

impl<A: Layer, B: Layer> Chain<A, B> {
    const SHAPES_MATCH: () = assert!(
        A::OUTPUTS == B::INPUTS,
        "Chain<A, B>: the outputs of A must be as many as the inputs of B"
    );
}

impl<A: Layer, B: Layer> Layer for Chain<A, B> {
    const INPUTS: usize = A::INPUTS;
    const OUTPUTS: usize = B::OUTPUTS;
    const PARAMETERS: usize = {
        let () = Self::SHAPES_MATCH;
        A::PARAMETERS + B::PARAMETERS
    };
    const FROZEN: usize = A::FROZEN + B::FROZEN;
    const ACTIVATIONS: usize = A::ACTIVATIONS + A::OUTPUTS + B::ACTIVATIONS;
    const WIDTH: usize = larger(A::WIDTH, B::WIDTH);
    const INFERENCE: usize = larger(A::INFERENCE, B::INFERENCE);

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(A::PARAMETERS, A::FROZEN)?;
        let samples = count::<A>(input);
        let (inside, rest) = split_mut("activations", activations, samples * A::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, samples * A::OUTPUTS)?;
        A::forward::<K>(first, input, inside, middle)?;
        B::forward::<K>(second, middle, rest, output)
    }

    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(A::PARAMETERS, A::FROZEN)?;
        let (first_gradient, second_gradient) = gradient.split(A::PARAMETERS)?;
        let samples = count::<A>(input);
        let (inside, rest) = split_mut("activations", activations, samples * A::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, samples * A::OUTPUTS)?;
        if A::PARAMETERS == 0 {
            // Nobody below learns: the gradient goes no further.
            return B::backward::<K>(second, middle, rest, output_gradient, second_gradient);
        }
        B::backward_through::<K>(second, middle, rest, output_gradient, second_gradient)?;
        A::backward::<K>(first, input, inside, middle, first_gradient)
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(A::PARAMETERS, A::FROZEN)?;
        let samples = count::<A>(input);
        let (inside, rest) = split_mut("activations", activations, samples * A::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, samples * A::OUTPUTS)?;
        B::backward_input::<K>(second, middle, rest, output_gradient)?;
        A::backward_input::<K>(first, input, inside, middle)
    }

    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(A::PARAMETERS, A::FROZEN)?;
        let (first_gradient, second_gradient) = gradient.split(A::PARAMETERS)?;
        let samples = count::<A>(input);
        let (inside, rest) = split_mut("activations", activations, samples * A::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, samples * A::OUTPUTS)?;
        B::backward_through::<K>(second, middle, rest, output_gradient, second_gradient)?;
        A::backward_through::<K>(first, input, inside, middle, first_gradient)
    }

    fn infer<'s, K: Kernels>(
        parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        let (first, second) = parameters.split(A::PARAMETERS, A::FROZEN)?;
        let (front, back) = A::infer::<K>(first, front, back, inside)?;
        B::infer::<K>(second, front, back, inside)
    }

    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        let (first, second) = split_mut("parameters", theta, A::PARAMETERS)?;
        A::initialise(first, uniform)?;
        B::initialise(second, uniform)
    }

    fn filters(tell: &mut impl FnMut(usize)) {
        A::filters(tell);
        B::filters(tell);
    }
}

//! What a layer is.

use super::parameters::{Filter, Gradient, Parameters};
use super::split::split_mut;
use super::turns::{Below, Turns};
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;

/// A differentiable function of a vector, with constant shapes: one of the layers of this module,
/// or a tuple of layers, each of which has as many inputs as the one before it has outputs.
///
/// Inputs, outputs and activations are those of one sample, in the lengths that the constants say,
/// or of several samples, one after the other. Then so many samples are evaluated at once, and each
/// gives the bits that it gives alone. A layer answers other lengths with [`Error::Length`].
///
/// ```
/// use rolling_ball::nn::{Dense, Layer, Relu};
///
/// type Hidden = (Dense<64, 32>, Relu<32>);
/// type Layers = (Hidden, Dense<32, 10>);
/// assert_eq!((Layers::INPUTS, Layers::OUTPUTS), (64, 10));
/// assert_eq!(Layers::PARAMETERS, 64 * 32 + 32 + 32 * 10 + 10);
/// ```
///
/// Layers that do not fit do not compile, and the message has both numbers:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Dense, Layer, Relu};
///
/// // layers in a row: a layer has 32 outputs, but the layer after it has 31 inputs; they must be
/// // equal
/// const _: usize = <(Dense<64, 32>, Relu<31>, Dense<31, 10>)>::PARAMETERS;
/// ```
pub trait Layer {
    /// Length of the input of one sample.
    const INPUTS: usize;
    /// Length of the output of one sample.
    const OUTPUTS: usize;
    /// Number of parameters that are trained: the layer's part of theta.
    const PARAMETERS: usize;
    /// Number of parameters that are not trained.
    const FROZEN: usize = 0;
    /// Floats that the layer keeps inside for each sample, from the forward to the backward pass.
    const ACTIVATIONS: usize = 0;
    /// Floats that the layer keeps for each sample where its output takes the place of its input;
    /// none where that cannot be. It can where the gradient needs neither input nor output, or so
    /// little of them that it is kept beside, and only in a layer that trains nothing. In a tuple,
    /// every such layer but the first is evaluated so, and needs no memory for its output.
    const IN_PLACE: Option<usize> = None;
    /// Whether the backward passes read no value of the input, but only how long it is, as those of
    /// a layer of which no weights are trained. In a tuple, the buffer before such a layer is free
    /// once the layer has read it, and serves its neighbours.
    const FORGETS_INPUT: bool = false;
    /// What the layer needs where its output lies in one of two buffers that take turns.
    const TURNS: Turns =
        Turns { kept: Self::ACTIVATIONS, buffers: [Self::OUTPUTS, 0], ends_in_second: false };
    /// Whether the backward passes overwrite the gradient with respect to the output, as a tuple
    /// does whose last layer is evaluated in place.
    const SPENDS_GRADIENT: bool = false;
    /// Lengths of the two buffers that [`infer`](Self::infer) needs: that of the input, and the
    /// other one.
    const BUFFERS: [usize; 2] = [Self::INPUTS, Self::OUTPUTS];
    /// Whether [`infer`](Self::infer) leaves the output in the buffer that was not the input's, as
    /// most single layers do.
    const ENDS_IN_BACK: bool = true;
    /// Whether the output is the input, so that a layer beside it needs no copy of either.
    const PASSES_THROUGH: bool = false;
    /// Floats that [`infer`](Self::infer) needs beside its two buffers. Together with them they are
    /// no more than a training's input, activations and output of one sample.
    const INFERENCE: usize = Self::ACTIVATIONS;

    /// Computes the output, and keeps in the activations what the backward pass needs.
    ///
    /// # Errors
    /// [`Error::Length`] where a slice does not have the length that the constants say.
    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error>;

    /// Adds the gradient with respect to the trained parameters to `gradient`, or overwrites it.
    /// Input and activations are those of the forward pass; afterwards the activations are spent,
    /// and the output's gradient where [`SPENDS_GRADIENT`](Self::SPENDS_GRADIENT) says so. A layer
    /// that trains nothing has nothing to add.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn backward<K: Kernels>(
        _parameters: Parameters,
        _input: &[f32],
        _activations: &mut [f32],
        _output_gradient: &mut [f32],
        _gradient: Gradient,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// Overwrites the input with the gradient with respect to it, so that the buffer between two
    /// layers serves both ways. What is spent is as in [`backward`](Self::backward).
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error>;

    /// Does what [`backward`](Self::backward) and [`backward_input`](Self::backward_input) do, in
    /// one pass. A layer in which the first does not spend what the second needs may keep this
    /// default.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        Self::backward::<K>(parameters, input, activations, output_gradient, gradient)?;
        Self::backward_input::<K>(parameters, input, activations, output_gradient)
    }

    /// Overwrites the input with the output, and keeps what
    /// [`backward_in_place`](Self::backward_in_place) needs: [`IN_PLACE`](Self::IN_PLACE) floats
    /// for each sample. The bits are those of [`forward`](Self::forward).
    ///
    /// # Errors
    /// [`Error::Length`] where a slice does not have the length that the constants say,
    /// [`Error::Setting`] where the layer cannot be evaluated in place.
    fn forward_in_place(
        _parameters: Parameters,
        _values: &mut [f32],
        _kept: &mut [f32],
    ) -> Result<(), Error> {
        Err(NOT_IN_PLACE)
    }

    /// Overwrites the gradient with respect to the output with that with respect to the input. The
    /// bits are those of [`backward_input`](Self::backward_input).
    ///
    /// # Errors
    /// As [`forward_in_place`](Self::forward_in_place).
    fn backward_in_place(
        _parameters: Parameters,
        _kept: &[f32],
        _gradient: &mut [f32],
    ) -> Result<(), Error> {
        Err(NOT_IN_PLACE)
    }

    /// Does what [`forward`](Self::forward) does, with the output at the beginning of one of two
    /// buffers of the lengths that [`TURNS`](Self::TURNS) says for each sample. That one is given
    /// back first.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn forward_in_turns<'s, K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        kept: &mut [f32],
        first: &'s mut [f32],
        second: &'s mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        let length = count::<Self>(input).saturating_mul(Self::OUTPUTS);
        let (output, _) = split_mut("activations", first, length)?;
        Self::forward::<K>(parameters, input, kept, output)?;
        Ok((first, second))
    }

    /// Does what [`backward`](Self::backward), [`backward_input`](Self::backward_input) or
    /// [`backward_through`](Self::backward_through) do, after
    /// [`forward_in_turns`](Self::forward_in_turns): the gradient with respect to the output lies
    /// at the beginning of `slopes`, which is the buffer that the output was in, and `other` is the
    /// other one.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn backward_in_turns<K: Kernels>(
        parameters: Parameters,
        below: Below,
        kept: &mut [f32],
        slopes: &mut [f32],
        _other: &mut [f32],
        gradient: Option<Gradient>,
    ) -> Result<(), Error> {
        let length = below.samples::<Self>().saturating_mul(Self::OUTPUTS);
        let (slopes, _) = split_mut("activations", slopes, length)?;
        below.backward::<Self, K>(parameters, kept, slopes, gradient)
    }

    /// Computes the output of one sample where nothing is kept for a backward pass, with the bits
    /// of [`forward`](Self::forward): two buffers of at least [`BUFFERS`](Self::BUFFERS) take
    /// turns. The input lies at the beginning of `front`; the output lies at the beginning of the
    /// first of the two that are given back.
    ///
    /// # Errors
    /// [`Error::Length`] where a buffer is too short.
    fn infer<'s, K: Kernels>(
        parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        infer_forward::<Self, K>(parameters, front, back, inside)
    }

    /// Fills the layer's part of theta for training from scratch; `uniform` gives numbers from -1
    /// to below 1.
    ///
    /// # Errors
    /// [`Error::Length`] where theta is not as long as [`PARAMETERS`](Self::PARAMETERS).
    fn initialise(_theta: &mut [f32], _uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        Ok(())
    }

    /// Tells the layer's filters in the order in which they lie in theta: the trained weights that
    /// make one output together, and each bias, scale or shift by itself.
    fn filters(_tell: &mut impl FnMut(Filter)) {}
}

/// What a layer without [`Layer::IN_PLACE`] answers.
pub(super) const NOT_IN_PLACE: Error = Error::Setting {
    name: "layer in place",
    value: 0.0,
    expected: "a layer whose IN_PLACE says what it keeps",
};

/// [`Layer::infer`] from one buffer to the other, by the forward pass of a training.
#[inline(always)]
pub(super) fn infer_forward<'s, L: Layer + ?Sized, K: Kernels>(
    parameters: Parameters,
    front: &'s mut [f32],
    back: &'s mut [f32],
    inside: &mut [f32],
) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
    let (input, _) = split_mut("inference buffer", front, L::INPUTS)?;
    let (output, _) = split_mut("inference buffer", back, L::OUTPUTS)?;
    let (inside, _) = split_mut("inference activations", inside, L::ACTIVATIONS)?;
    L::forward::<K>(parameters, input, inside, output)?;
    Ok((back, front))
}

/// The larger of two constants.
pub(super) const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// How many samples an input and an output have, or the gradients with respect to them: at least
/// one.
pub(super) fn samples<L: Layer>(input: &[f32], output: &[f32]) -> Result<usize, Error> {
    let samples = count::<L>(input);
    Error::check_length("layer input", samples.saturating_mul(L::INPUTS), input.len())?;
    Error::check_length("layer output", samples.saturating_mul(L::OUTPUTS), output.len())?;
    Ok(samples)
}

/// The inputs and outputs of the samples, one after the other.
pub(super) fn each_forward<'a, L: Layer>(
    input: &'a [f32],
    output: &'a mut [f32],
) -> Result<impl Iterator<Item = (&'a [f32], &'a mut [f32])>, Error> {
    samples::<L>(input, output)?;
    let inputs = input.whole_chunks(L::INPUTS);
    Ok(inputs.zip(output.whole_chunks_mut(L::OUTPUTS)))
}

/// The inputs of the samples, and the gradients with respect to their outputs, one after the other.
pub(super) fn each_backward<'a, L: Layer>(
    input: &'a [f32],
    output_gradient: &'a [f32],
) -> Result<impl Iterator<Item = (&'a [f32], &'a [f32])>, Error> {
    samples::<L>(input, output_gradient)?;
    let inputs = input.whole_chunks(L::INPUTS);
    Ok(inputs.zip(output_gradient.whole_chunks(L::OUTPUTS)))
}

/// As [`each_backward`], with inputs to be overwritten.
pub(super) fn each_backward_input<'a, L: Layer>(
    input: &'a mut [f32],
    output_gradient: &'a [f32],
) -> Result<impl Iterator<Item = (&'a mut [f32], &'a [f32])>, Error> {
    samples::<L>(input, output_gradient)?;
    let inputs = input.whole_chunks_mut(L::INPUTS);
    Ok(inputs.zip(output_gradient.whole_chunks(L::OUTPUTS)))
}

/// [`Layer::infer`] of a layer whose output takes the place of its input: `change` overwrites it.
#[inline(always)]
pub(super) fn infer_in_place<'s, L: Layer + ?Sized>(
    front: &'s mut [f32],
    back: &'s mut [f32],
    change: impl FnOnce(&mut [f32]),
) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
    change(split_mut("inference buffer", front, L::INPUTS)?.0);
    Ok((front, back))
}

/// How many samples there are by the length of an input, which may have another.
pub(super) fn count<L: Layer + ?Sized>(input: &[f32]) -> usize {
    (input.len() / L::INPUTS.max(1)).max(1)
}

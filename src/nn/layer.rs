//! What a layer is, and how layers are put one after another.

use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// A differentiable map with constant shapes.
///
/// Slices come in the lengths that the constants say; a layer answers others with [`Error::Length`].
pub trait Layer {
    /// Length of the input.
    const INPUTS: usize;
    /// Length of the output.
    const OUTPUTS: usize;
    /// Number of parameters.
    const PARAMETERS: usize;
    /// Floats that the layer keeps inside from the forward to the backward pass.
    const ACTIVATIONS: usize = 0;
    /// Whether the layer stands for no layer at all (see [`Nothing`]).
    const IS_NOTHING: bool = false;

    /// Computes the output.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn forward<K: Kernels>(
        parameters: &[f32],
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error>;

    /// Adds the gradient with respect to the parameters to `gradient`. Input and activations are those of the
    /// forward pass; the activations are spent. A layer without parameters has nothing to add.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn backward<K: Kernels>(
        _parameters: &[f32],
        _input: &[f32],
        _activations: &mut [f32],
        _output_gradient: &[f32],
        _gradient: &mut [f32],
    ) -> Result<(), Error> {
        Ok(())
    }

    /// As [`backward`](Self::backward), and overwrites the input with the gradient with respect to it: the
    /// buffer between two layers serves both ways.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn backward_through<K: Kernels>(
        parameters: &[f32],
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error>;

    /// Fills the parameters for training from scratch; `uniform` gives numbers in `-1 .. 1`.
    ///
    /// # Errors
    /// [`Error::Length`].
    fn initialise(
        _parameters: &mut [f32],
        _uniform: &mut impl FnMut() -> f32,
    ) -> Result<(), Error> {
        Ok(())
    }
}

/// `B` after `A`. Longer networks nest: `Chain<A, Chain<B, C>>`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chain<A, B>(PhantomData<(A, B)>);

impl<A: Layer, B: Layer> Chain<A, B> {
    const SHAPES_MATCH: () = assert!(
        A::OUTPUTS == B::INPUTS,
        "Chain<A, B>: the outputs of A must be as many as the inputs of B"
    );
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

impl<A: Layer, B: Layer> Layer for Chain<A, B> {
    const INPUTS: usize = A::INPUTS;
    const OUTPUTS: usize = B::OUTPUTS;
    const PARAMETERS: usize = {
        let () = Self::SHAPES_MATCH;
        A::PARAMETERS + B::PARAMETERS
    };
    const ACTIVATIONS: usize = A::ACTIVATIONS + A::OUTPUTS + B::ACTIVATIONS;

    fn forward<K: Kernels>(
        parameters: &[f32],
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (first, second) = split("parameters", parameters, A::PARAMETERS)?;
        let (inside, rest) = split_mut("activations", activations, A::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, A::OUTPUTS)?;
        A::forward::<K>(first, input, inside, middle)?;
        B::forward::<K>(second, middle, rest, output)
    }

    fn backward<K: Kernels>(
        parameters: &[f32],
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (first, second) = split("parameters", parameters, A::PARAMETERS)?;
        let (first_gradient, second_gradient) = split_mut("gradient", gradient, A::PARAMETERS)?;
        let (inside, rest) = split_mut("activations", activations, A::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, A::OUTPUTS)?;
        B::backward_through::<K>(second, middle, rest, output_gradient, second_gradient)?;
        A::backward::<K>(first, input, inside, middle, first_gradient)
    }

    fn backward_through<K: Kernels>(
        parameters: &[f32],
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (first, second) = split("parameters", parameters, A::PARAMETERS)?;
        let (first_gradient, second_gradient) = split_mut("gradient", gradient, A::PARAMETERS)?;
        let (inside, rest) = split_mut("activations", activations, A::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, A::OUTPUTS)?;
        B::backward_through::<K>(second, middle, rest, output_gradient, second_gradient)?;
        A::backward_through::<K>(first, input, inside, middle, first_gradient)
    }

    fn initialise(parameters: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        let (first, second) = split_mut("parameters", parameters, A::PARAMETERS)?;
        A::initialise(first, uniform)?;
        B::initialise(second, uniform)
    }
}

/// No layer: the frozen part of a network that is trained whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Layer for Nothing {
    const INPUTS: usize = 0;
    const OUTPUTS: usize = 0;
    const PARAMETERS: usize = 0;
    const IS_NOTHING: bool = true;

    fn forward<K: Kernels>(
        _parameters: &[f32],
        _input: &[f32],
        _activations: &mut [f32],
        _output: &mut [f32],
    ) -> Result<(), Error> {
        Ok(())
    }

    fn backward_through<K: Kernels>(
        _parameters: &[f32],
        _input: &mut [f32],
        _activations: &mut [f32],
        _output_gradient: &[f32],
        _gradient: &mut [f32],
    ) -> Result<(), Error> {
        Ok(())
    }
}

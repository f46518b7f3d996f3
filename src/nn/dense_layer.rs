//! The fully connected layer, as a type with a constant shape.

use super::dense::{add_gradients, combine_weights};
use super::layer::{Layer, samples};
use super::parameters::{
    All, Filter, Gradient, Parameters, Trainable, filters, initialise, trained,
};
use super::window::Shape;
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `y = W x + b` of all values `x` of the shape `M`, with `OUTPUTS` outputs. Parameters: `W` row by
/// row (a row of weights for each output), then `b`; `R` says which of them are trained.
///
/// Cost of a sample: as many multiply-adds forward as `W` has weights, and twice that backward
/// (once, where nothing below is trained).
#[derive(Clone, Copy, Debug, Default)]
pub struct Dense<M, const OUTPUTS: usize, R = All>(PhantomData<(M, R)>);

impl<M, const OUTPUTS: usize, R> Shape for Dense<M, OUTPUTS, R> {
    const MAP: [usize; 3] = [1, 1, OUTPUTS];
}

impl<M: Shape, const OUTPUTS: usize, R: Trainable> Layer for Dense<M, OUTPUTS, R> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = OUTPUTS;
    const PARAMETERS: usize = {
        assert!(M::LENGTH > 0 && OUTPUTS > 0, "Dense: expected at least one input and one output");
        trained::<R>(M::LENGTH * OUTPUTS, OUTPUTS)
    };
    const FROZEN: usize = M::LENGTH * OUTPUTS + OUTPUTS - Self::PARAMETERS;

    // Training and inference share it: inlined into both, it would be in the flash twice.
    #[inline(never)]
    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (weights, biases) = parameters.weights_and_biases::<R>(M::LENGTH * OUTPUTS, OUTPUTS)?;
        samples::<Self>(input, output)?;
        K::transform(M::LENGTH, weights, biases, input, output);
        Ok(())
    }

    fn backward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        let (weights, biases) = gradient.weights_and_biases::<R>(M::LENGTH * OUTPUTS, OUTPUTS)?;
        add_gradients::<K>([M::LENGTH, OUTPUTS], input, output_gradient, weights, biases);
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (weights, _) = parameters.weights_and_biases::<R>(M::LENGTH * OUTPUTS, OUTPUTS)?;
        samples::<Self>(input, output_gradient)?;
        combine_weights::<K>([M::LENGTH, OUTPUTS], weights, input, output_gradient);
        Ok(())
    }

    /// He's uniform initialisation of the weights; the biases are zero.
    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        initialise::<R>(theta, M::LENGTH * OUTPUTS, OUTPUTS, M::LENGTH, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        filters::<R>([OUTPUTS, M::LENGTH], OUTPUTS, tell);
    }
}

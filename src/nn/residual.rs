//! A way around layers.

use super::layer::{Layer, samples};
use super::parameters::{Filter, Gradient, Parameters};
use super::window::Shape;
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `y = x + L(x)`, for layers `L` with as many outputs as inputs. Cost: that of `L`, and an
/// addition a value.
///
/// ```
/// use rolling_ball::nn::{Dense, Layer, Relu, Residual};
///
/// type Block = Residual<(Dense<16, 16>, Relu<16>)>;
/// assert_eq!(Block::PARAMETERS, 16 * 16 + 16);
/// ```
///
/// Layers with another number of outputs do not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Dense, Layer, Residual};
///
/// const _: usize = Residual::<Dense<16, 8>>::PARAMETERS;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Residual<L>(PhantomData<L>);

impl<L: Shape> Shape for Residual<L> {
    const MAP: [usize; 3] = L::MAP;
}

impl<L: Layer> Layer for Residual<L> {
    const INPUTS: usize = L::INPUTS;
    const OUTPUTS: usize = L::OUTPUTS;
    const PARAMETERS: usize = {
        assert!(L::INPUTS == L::OUTPUTS, "Residual<L>: expected as many outputs as inputs");
        L::PARAMETERS
    };
    const FROZEN: usize = L::FROZEN;
    const ACTIVATIONS: usize = L::ACTIVATIONS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output)?;
        L::forward::<K>(parameters, input, activations, output)?;
        add(output, input);
        Ok(())
    }

    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        L::backward::<K>(parameters, input, activations, output_gradient, gradient)
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        L::backward_input::<K>(parameters, input, activations, output_gradient)?;
        add(input, output_gradient);
        Ok(())
    }

    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        L::backward_through::<K>(parameters, input, activations, output_gradient, gradient)?;
        add(input, output_gradient);
        Ok(())
    }

    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        L::initialise(theta, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        L::filters(tell);
    }
}

fn add(y: &mut [f32], x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

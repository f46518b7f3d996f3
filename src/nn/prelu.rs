//! The rectifier whose leak is trained.

use super::layer::{Layer, samples};
use super::parameters::{All, Filter, Gradient, ParameterKind, Parameters, Trainable, trained};
use super::window::Shape;
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `y = x` above 0, and `slope * x` below, over the shape `M`: with `SLOPES` parameters, either one
/// for each channel or one for all. `R` says, as of weights, whether they are trained.
///
/// The layer keeps nothing: what its gradient needs is the input. Cost: a multiplication a value.
///
/// ```
/// use rolling_ball::nn::{Layer, Map, PRelu, Shape};
///
/// assert_eq!(PRelu::<Map<14, 14, 8>, 8>::PARAMETERS, 8);
/// assert_eq!(PRelu::<Map<14, 14, 8>, 1>::PARAMETERS, 1);
/// assert_eq!(PRelu::<Map<14, 14, 8>, 1>::MAP, [14, 14, 8]);
/// ```
///
/// Any other number of slopes does not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Layer, Map, PRelu};
///
/// const _: usize = PRelu::<Map<14, 14, 8>, 4>::PARAMETERS;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PRelu<M, const SLOPES: usize, R = All>(PhantomData<(M, R)>);

impl<M: Shape, const SLOPES: usize, R> Shape for PRelu<M, SLOPES, R> {
    const MAP: [usize; 3] = M::MAP;
}

impl<M: Shape, const SLOPES: usize, R: Trainable> Layer for PRelu<M, SLOPES, R> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const PARAMETERS: usize = {
        assert!(
            M::LENGTH > 0 && (SLOPES == 1 || SLOPES == M::MAP[2]),
            "PRelu<M, SLOPES>: expected one slope, or as many as M has channels"
        );
        trained::<R>(SLOPES, 0)
    };
    const FROZEN: usize = SLOPES - Self::PARAMETERS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (leaks, _) = parameters.weights_and_biases::<R>(SLOPES, 0)?;
        samples::<Self>(input, output)?;
        for (input, output) in input.whole_chunks(SLOPES).zip(output.whole_chunks_mut(SLOPES)) {
            for ((y, x), leak) in output.iter_mut().zip(input).zip(leaks) {
                *y = if *x > 0.0 { *x } else { leak * x };
            }
        }
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
        let (leaks, _) = gradient.weights_and_biases::<R>(SLOPES, 0)?;
        let leaks = leaks.to_add_to();
        for (input, slopes) in input.whole_chunks(SLOPES).zip(output_gradient.whole_chunks(SLOPES))
        {
            for ((leak, x), slope) in leaks.iter_mut().zip(input).zip(slopes) {
                *leak += if *x > 0.0 { 0.0 } else { slope * x };
            }
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (leaks, _) = parameters.weights_and_biases::<R>(SLOPES, 0)?;
        samples::<Self>(input, output_gradient)?;
        for (input, slopes) in
            input.whole_chunks_mut(SLOPES).zip(output_gradient.whole_chunks(SLOPES))
        {
            for ((x, slope), leak) in input.iter_mut().zip(slopes).zip(leaks) {
                *x = if *x > 0.0 { *slope } else { leak * slope };
            }
        }
        Ok(())
    }

    /// A quarter, as where the layer was introduced (arXiv 1502.01852).
    fn initialise(theta: &mut [f32], _uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        Error::check_length("parameters", Self::PARAMETERS, theta.len())?;
        theta.fill(0.25);
        Ok(())
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        (0..Self::PARAMETERS).for_each(|_| tell(Filter { kind: ParameterKind::Scale, length: 1 }));
    }
}

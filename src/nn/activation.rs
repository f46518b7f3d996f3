//! Activations: functions of one value, applied to every element.

use super::layer::{Layer, samples};
use super::parameters::Parameters;
use crate::kernels::Kernels;
use crate::{Error, Libm, Math};
use core::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};
use core::marker::PhantomData;

/// A differentiable function of one value.
///
/// ```
/// use rolling_ball::nn::Elementwise;
/// use rolling_ball::nn::activation::Activation;
///
/// struct Square;
///
/// impl Activation for Square {
///     fn value(x: f32) -> f32 {
///         x * x
///     }
///
///     fn backward(x: f32, slope: f32) -> f32 {
///         2.0 * x * slope
///     }
/// }
///
/// type Squares = Elementwise<Square, 16>;
/// ```
pub trait Activation {
    /// The output for the input `x`.
    fn value(x: f32) -> f32;
    /// The gradient with respect to the input `x`, from that with respect to the output.
    fn backward(x: f32, slope: f32) -> f32;
}

/// An activation `A` of `N` values. It keeps nothing: what its slope needs is computed anew on the way back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Elementwise<A, const N: usize>(PhantomData<A>);

/// `y = max(x, 0)`; its slope at 0 is 0.
pub type Relu<const N: usize> = Elementwise<Rectifier, N>;

/// `y = min(max(x, 0), 6)`; its slope at 0 and at 6 is 0.
pub type Relu6<const N: usize> = Elementwise<CappedRectifier, N>;

/// `y = x` above 0 and `x * NUMERATOR / DENOMINATOR` below: a hundredth where nothing else is said.
///
/// ```
/// use rolling_ball::nn::LeakyRelu;
///
/// type AFifth = LeakyRelu<32, 1, 5>;
/// ```
pub type LeakyRelu<const N: usize, const NUMERATOR: u16 = 1, const DENOMINATOR: u16 = 100> =
    Elementwise<LeakyRectifier<NUMERATOR, DENOMINATOR>, N>;

/// `y = tanh(x)`
pub type Tanh<const N: usize, M = Libm> = Elementwise<HyperbolicTangent<M>, N>;

/// `y = 1 / (1 + e^-x)`
pub type Sigmoid<const N: usize, M = Libm> = Elementwise<Logistic<M>, N>;

/// `y = x (1 + erf(x / sqrt(2))) / 2`: the exact form, not the one with `tanh`.
pub type Gelu<const N: usize, M = Libm> = Elementwise<GaussianErrorLinear<M>, N>;

impl<A: Activation, const N: usize> Layer for Elementwise<A, N> {
    const INPUTS: usize = N;
    const OUTPUTS: usize = N;
    const PARAMETERS: usize = 0;

    fn forward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output)?;
        forward::<A>(input, output)
    }

    fn backward_input<K: Kernels>(
        _parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        samples::<Self>(input, output_gradient)?;
        backward::<A>(input, output_gradient)
    }
}

/// `output = A(input)`, for a length that is known at run time; [`Elementwise`] does the same.
///
/// ```
/// use rolling_ball::nn::activation::{Rectifier, forward};
///
/// let mut output = [0.0; 2];
/// forward::<Rectifier>(&[-1.0, 2.0], &mut output)?;
/// assert_eq!(output, [0.0, 2.0]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] where the output is not as long as the input.
pub fn forward<A: Activation>(input: &[f32], output: &mut [f32]) -> Result<(), Error> {
    Error::check_length("layer output", input.len(), output.len())?;
    for (y, x) in output.iter_mut().zip(input) {
        *y = A::value(*x);
    }
    Ok(())
}

/// Overwrites the input with the gradient with respect to it.
///
/// # Errors
/// [`Error::Length`] where the output's gradient is not as long as the input.
pub fn backward<A: Activation>(input: &mut [f32], output_gradient: &[f32]) -> Result<(), Error> {
    Error::check_length("layer output", input.len(), output_gradient.len())?;
    for (x, slope) in input.iter_mut().zip(output_gradient) {
        *x = A::backward(*x, *slope);
    }
    Ok(())
}

/// The function of [`Relu`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Rectifier;

impl Activation for Rectifier {
    fn value(x: f32) -> f32 {
        // NaN passes through, so that the loss can tell.
        if x <= 0.0 { 0.0 } else { x }
    }

    fn backward(x: f32, slope: f32) -> f32 {
        if x > 0.0 { slope } else { 0.0 }
    }
}

/// The function of [`Relu6`].
#[derive(Clone, Copy, Debug, Default)]
pub struct CappedRectifier;

const CAP: f32 = 6.0;

impl Activation for CappedRectifier {
    fn value(x: f32) -> f32 {
        if x >= CAP { CAP } else { Rectifier::value(x) }
    }

    fn backward(x: f32, slope: f32) -> f32 {
        if x < CAP { Rectifier::backward(x, slope) } else { 0.0 }
    }
}

/// The function of [`LeakyRelu`].
#[derive(Clone, Copy, Debug, Default)]
pub struct LeakyRectifier<const NUMERATOR: u16, const DENOMINATOR: u16>;

impl<const NUMERATOR: u16, const DENOMINATOR: u16> LeakyRectifier<NUMERATOR, DENOMINATOR> {
    const LEAK: f32 = {
        assert!(DENOMINATOR > 0, "LeakyRelu: expected a denominator above 0");
        NUMERATOR as f32 / DENOMINATOR as f32
    };
}

impl<const NUMERATOR: u16, const DENOMINATOR: u16> Activation
    for LeakyRectifier<NUMERATOR, DENOMINATOR>
{
    fn value(x: f32) -> f32 {
        if x > 0.0 { x } else { Self::LEAK * x }
    }

    fn backward(x: f32, slope: f32) -> f32 {
        if x > 0.0 { slope } else { Self::LEAK * slope }
    }
}

/// The function of [`Tanh`].
#[derive(Clone, Copy, Debug, Default)]
pub struct HyperbolicTangent<M = Libm>(PhantomData<M>);

impl<M: Math> Activation for HyperbolicTangent<M> {
    fn value(x: f32) -> f32 {
        M::tanh(x)
    }

    fn backward(x: f32, slope: f32) -> f32 {
        let y = M::tanh(x);
        slope * (1.0 - y * y)
    }
}

/// The function of [`Sigmoid`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Logistic<M = Libm>(PhantomData<M>);

impl<M: Math> Activation for Logistic<M> {
    fn value(x: f32) -> f32 {
        1.0 / (1.0 + M::exp(-x))
    }

    fn backward(x: f32, slope: f32) -> f32 {
        let y = Self::value(x);
        slope * (y * (1.0 - y))
    }
}

/// The function of [`Gelu`].
#[derive(Clone, Copy, Debug, Default)]
pub struct GaussianErrorLinear<M = Libm>(PhantomData<M>);

impl<M: Math> GaussianErrorLinear<M> {
    /// The part of a normal distribution that lies below `x`.
    fn below(x: f32) -> f32 {
        0.5 * (1.0 + M::erf(x * FRAC_1_SQRT_2))
    }
}

impl<M: Math> Activation for GaussianErrorLinear<M> {
    fn value(x: f32) -> f32 {
        x * Self::below(x)
    }

    fn backward(x: f32, slope: f32) -> f32 {
        /// `1 / sqrt(2 pi)`
        const PEAK: f32 = 0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI;
        let density = PEAK * M::exp(-0.5 * (x * x));
        slope * (Self::below(x) + x * density)
    }
}

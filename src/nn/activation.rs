//! Activations: functions of one value, applied to every element.

use crate::chunks::Chunked;
use crate::{Error, Libm, Math};
use core::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};
use core::marker::PhantomData;

/// A differentiable function of one value, which [`Elementwise`](super::Elementwise) makes a layer
/// of.
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
    /// Of a function whose slope has only two values, an input of either slope: then a layer keeps
    /// a bit for each value, which of the two its slope is, and the output takes the input's place.
    const TWO_SLOPES: Option<[f32; 2]> = None;

    /// The output for the input `x`.
    fn value(x: f32) -> f32;
    /// The gradient with respect to the input `x`, from that with respect to the output.
    fn backward(x: f32, slope: f32) -> f32;
}

/// Computes `output = A(input)` for a length that is known at run time, as the layer
/// [`Elementwise`](super::Elementwise) does for one that its type knows. Cost: one evaluation of
/// `A` a value.
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

/// Overwrites the input with the gradient with respect to it, where `output_gradient` is that with
/// respect to the output.
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

/// How many values the bits of an `f32` are kept for.
pub(super) const BITS: usize = 32;

/// Overwrites values with the outputs of a function of [two slopes](Activation::TWO_SLOPES), and
/// keeps a bit for each: whether its slope is the second of them.
pub(super) fn forward_in_place<A: Activation>(values: &mut [f32], kept: &mut [f32]) {
    let kept: &mut [u32] = bytemuck::must_cast_slice_mut(kept);
    let [_, steep] = A::TWO_SLOPES.unwrap_or_default();
    for (kept, values) in kept.iter_mut().zip(values.chunks_up_to_mut(BITS)) {
        let mut bits = 0_u32;
        for (x, place) in values.iter_mut().zip(0..BITS as u32) {
            let is_steep = A::backward(*x, 1.0) == A::backward(steep, 1.0);
            bits |= u32::from(is_steep).wrapping_shl(place);
            *x = A::value(*x);
        }
        *kept = bits;
    }
}

/// Overwrites the gradient with respect to the outputs with that with respect to the values.
pub(super) fn backward_in_place<A: Activation>(kept: &[f32], gradient: &mut [f32]) {
    let kept: &[u32] = bytemuck::must_cast_slice(kept);
    let [flat, steep] = A::TWO_SLOPES.unwrap_or_default();
    for (kept, slopes) in kept.iter().zip(gradient.chunks_up_to_mut(BITS)) {
        let mut bits = *kept;
        for slope in slopes {
            *slope = A::backward(if bits & 1 == 1 { steep } else { flat }, *slope);
            bits = bits.wrapping_shr(1);
        }
    }
}

/// The function of [`Relu`](super::Relu).
#[derive(Clone, Copy, Debug, Default)]
pub struct Rectifier;

impl Activation for Rectifier {
    const TWO_SLOPES: Option<[f32; 2]> = Some([-1.0, 1.0]);

    fn value(x: f32) -> f32 {
        // NaN passes through, so that the loss can tell.
        if x <= 0.0 { 0.0 } else { x }
    }

    fn backward(x: f32, slope: f32) -> f32 {
        if x > 0.0 { slope } else { 0.0 }
    }
}

/// The function of [`Relu6`](super::Relu6).
#[derive(Clone, Copy, Debug, Default)]
pub struct CappedRectifier;

const CAP: f32 = 6.0;

impl Activation for CappedRectifier {
    const TWO_SLOPES: Option<[f32; 2]> = Some([-1.0, 1.0]);

    fn value(x: f32) -> f32 {
        if x >= CAP { CAP } else { Rectifier::value(x) }
    }

    fn backward(x: f32, slope: f32) -> f32 {
        if x < CAP { Rectifier::backward(x, slope) } else { 0.0 }
    }
}

/// The function of [`LeakyRelu`](super::LeakyRelu).
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
    const TWO_SLOPES: Option<[f32; 2]> = Some([-1.0, 1.0]);

    fn value(x: f32) -> f32 {
        if x > 0.0 { x } else { Self::LEAK * x }
    }

    fn backward(x: f32, slope: f32) -> f32 {
        if x > 0.0 { slope } else { Self::LEAK * slope }
    }
}

/// The function of [`Tanh`](super::Tanh).
#[derive(Clone, Copy, Debug, Default)]
pub struct HyperbolicTangent<F = Libm>(PhantomData<F>);

impl<F: Math> Activation for HyperbolicTangent<F> {
    fn value(x: f32) -> f32 {
        F::tanh(x)
    }

    fn backward(x: f32, slope: f32) -> f32 {
        let y = F::tanh(x);
        slope * (1.0 - y * y)
    }
}

/// The function of [`Sigmoid`](super::Sigmoid).
#[derive(Clone, Copy, Debug, Default)]
pub struct Logistic<F = Libm>(PhantomData<F>);

impl<F: Math> Activation for Logistic<F> {
    fn value(x: f32) -> f32 {
        1.0 / (1.0 + F::exp(-x))
    }

    fn backward(x: f32, slope: f32) -> f32 {
        let y = Self::value(x);
        slope * (y * (1.0 - y))
    }
}

/// The function of [`Gelu`](super::Gelu).
#[derive(Clone, Copy, Debug, Default)]
pub struct GaussianErrorLinear<F = Libm>(PhantomData<F>);

impl<F: Math> GaussianErrorLinear<F> {
    /// The part of a normal distribution that lies below `x`.
    fn below(x: f32) -> f32 {
        0.5 * (1.0 + F::erf(x * FRAC_1_SQRT_2))
    }
}

impl<F: Math> Activation for GaussianErrorLinear<F> {
    fn value(x: f32) -> f32 {
        x * Self::below(x)
    }

    fn backward(x: f32, slope: f32) -> f32 {
        /// `1 / sqrt(2 pi)`
        const PEAK: f32 = 0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI;
        let density = PEAK * F::exp(-0.5 * (x * x));
        slope * (Self::below(x) + x * density)
    }
}

/// The function of [`Elu`](super::Elu).
#[derive(Clone, Copy, Debug, Default)]
pub struct ExponentialLinear<const NUMERATOR: u16, const DENOMINATOR: u16, F = Libm>(
    PhantomData<F>,
);

impl<const NUMERATOR: u16, const DENOMINATOR: u16, F> ExponentialLinear<NUMERATOR, DENOMINATOR, F> {
    const ALPHA: f32 = {
        assert!(DENOMINATOR > 0, "Elu: expected a denominator above 0");
        NUMERATOR as f32 / DENOMINATOR as f32
    };
}

impl<const NUMERATOR: u16, const DENOMINATOR: u16, F: Math> Activation
    for ExponentialLinear<NUMERATOR, DENOMINATOR, F>
{
    fn value(x: f32) -> f32 {
        if x > 0.0 { x } else { Self::ALPHA * (F::exp(x) - 1.0) }
    }

    fn backward(x: f32, slope: f32) -> f32 {
        if x > 0.0 { slope } else { slope * (Self::ALPHA * F::exp(x)) }
    }
}

/// The function of [`Silu`](super::Silu).
#[derive(Clone, Copy, Debug, Default)]
pub struct LogisticLinear<F = Libm>(PhantomData<F>);

impl<F: Math> Activation for LogisticLinear<F> {
    fn value(x: f32) -> f32 {
        x * Logistic::<F>::value(x)
    }

    fn backward(x: f32, slope: f32) -> f32 {
        let y = Logistic::<F>::value(x);
        slope * (y * (1.0 + x * (1.0 - y)))
    }
}

/// The function of [`HardSigmoid`](super::HardSigmoid).
#[derive(Clone, Copy, Debug, Default)]
pub struct HardLogistic<const NUMERATOR: u16, const DENOMINATOR: u16>;

impl<const NUMERATOR: u16, const DENOMINATOR: u16> HardLogistic<NUMERATOR, DENOMINATOR> {
    const SLOPE: f32 = {
        assert!(DENOMINATOR > 0, "HardSigmoid: expected a denominator above 0");
        NUMERATOR as f32 / DENOMINATOR as f32
    };
}

impl<const NUMERATOR: u16, const DENOMINATOR: u16> Activation
    for HardLogistic<NUMERATOR, DENOMINATOR>
{
    const TWO_SLOPES: Option<[f32; 2]> = Some([f32::NEG_INFINITY, 0.0]);

    fn value(x: f32) -> f32 {
        let y = Self::SLOPE * x + 0.5;
        if y >= 1.0 { 1.0 } else { Rectifier::value(y) }
    }

    fn backward(x: f32, slope: f32) -> f32 {
        let y = Self::SLOPE * x + 0.5;
        if y > 0.0 && y < 1.0 { Self::SLOPE * slope } else { 0.0 }
    }
}

/// The function of [`HardSwish`](super::HardSwish).
#[derive(Clone, Copy, Debug, Default)]
pub struct HardLogisticLinear;

impl Activation for HardLogisticLinear {
    fn value(x: f32) -> f32 {
        x * HardLogistic::<1, 6>::value(x)
    }

    fn backward(x: f32, slope: f32) -> f32 {
        let part = HardLogistic::<1, 6>::backward(x, slope);
        slope * HardLogistic::<1, 6>::value(x) + x * part
    }
}

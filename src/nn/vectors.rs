//! The layers over plain vectors, whose lengths are written as numbers. A plain vector is a map of
//! one position.

use super::layer_norm::Epsilon;
use super::over;
use super::parameters::All;
use super::window::Map;
use crate::Libm;

/// `y = W x + b` with `INPUTS` inputs and `OUTPUTS` outputs. Parameters: `W` row by row (`OUTPUTS`
/// rows of `INPUTS` weights), then `b`; `R` says which of them are trained. Over a shape:
/// [`over::Dense`].
///
/// Cost of a sample: `INPUTS * OUTPUTS` multiply-adds forward, and twice that backward (once, where
/// nothing below is trained).
///
/// ```
/// use rolling_ball::nn::{BiasesOnly, Dense, Frozen, Layer};
///
/// assert_eq!(Dense::<64, 32>::PARAMETERS, 64 * 32 + 32);
/// assert_eq!(Dense::<64, 32, BiasesOnly>::PARAMETERS, 32);
/// assert_eq!(Dense::<64, 32, Frozen>::FROZEN, 64 * 32 + 32);
/// ```
pub type Dense<const INPUTS: usize, const OUTPUTS: usize, R = All> =
    over::Dense<Map<1, 1, INPUTS>, OUTPUTS, R>;

/// The activation `A` of `LENGTH` values. Over a shape: [`over::Elementwise`].
pub type Elementwise<A, const LENGTH: usize> = over::Elementwise<A, Map<1, 1, LENGTH>>;

/// `y = max(x, 0)` for `LENGTH` values; its slope at 0 is 0. Over a shape: [`over::Relu`].
pub type Relu<const LENGTH: usize> = over::Relu<Map<1, 1, LENGTH>>;

/// `y = min(max(x, 0), 6)` for `LENGTH` values; its slope at 0 and at 6 is 0. Over a shape:
/// [`over::Relu6`].
pub type Relu6<const LENGTH: usize> = over::Relu6<Map<1, 1, LENGTH>>;

/// `y = x` above 0, and `x * NUMERATOR / DENOMINATOR` below, for `LENGTH` values: a hundredth where
/// nothing else is said. Over a shape: [`over::LeakyRelu`].
///
/// ```
/// use rolling_ball::nn::LeakyRelu;
///
/// type AFifth = LeakyRelu<32, 1, 5>;
/// ```
pub type LeakyRelu<const LENGTH: usize, const NUMERATOR: u16 = 1, const DENOMINATOR: u16 = 100> =
    over::LeakyRelu<Map<1, 1, LENGTH>, NUMERATOR, DENOMINATOR>;

/// `y = tanh(x)` for `LENGTH` values, with the functions `F`. Over a shape: [`over::Tanh`].
pub type Tanh<const LENGTH: usize, F = Libm> = over::Tanh<Map<1, 1, LENGTH>, F>;

/// `y = 1 / (1 + e^-x)` for `LENGTH` values, with the functions `F`. Over a shape:
/// [`over::Sigmoid`].
pub type Sigmoid<const LENGTH: usize, F = Libm> = over::Sigmoid<Map<1, 1, LENGTH>, F>;

/// `y = x (1 + erf(x / sqrt(2))) / 2` for `LENGTH` values, with the functions `F`: the exact form,
/// not the one with `tanh`. Over a shape: [`over::Gelu`].
pub type Gelu<const LENGTH: usize, F = Libm> = over::Gelu<Map<1, 1, LENGTH>, F>;

/// `y = x` above 0, and `(e^x - 1) * NUMERATOR / DENOMINATOR` below, for `LENGTH` values with the
/// functions `F`: the fraction is 1 where nothing else is said. Over a shape: [`over::Elu`].
pub type Elu<const LENGTH: usize, const NUMERATOR: u16 = 1, const DENOMINATOR: u16 = 1, F = Libm> =
    over::Elu<Map<1, 1, LENGTH>, NUMERATOR, DENOMINATOR, F>;

/// `y = x / (1 + e^-x)` for `LENGTH` values, with the functions `F`. Over a shape: [`over::Silu`].
pub type Silu<const LENGTH: usize, F = Libm> = over::Silu<Map<1, 1, LENGTH>, F>;

/// `y = x * NUMERATOR / DENOMINATOR + 1/2`, at least 0 and at most 1, for `LENGTH` values: the
/// fraction is a sixth where nothing else is said, as PyTorch and Keras have it now. Over a shape:
/// [`over::HardSigmoid`].
///
/// ```
/// use rolling_ball::nn::HardSigmoid;
///
/// type AsOnnxHasIt = HardSigmoid<32, 1, 5>;
/// ```
pub type HardSigmoid<const LENGTH: usize, const NUMERATOR: u16 = 1, const DENOMINATOR: u16 = 6> =
    over::HardSigmoid<Map<1, 1, LENGTH>, NUMERATOR, DENOMINATOR>;

/// `y = x min(max(x + 3, 0), 6) / 6` for `LENGTH` values. Over a shape: [`over::HardSwish`].
pub type HardSwish<const LENGTH: usize> = over::HardSwish<Map<1, 1, LENGTH>>;

/// The normalisation of `LENGTH` values, or of `POSITIONS` vectors of `LENGTH` values one after
/// another, each by itself with the same scales and shifts. Over a shape, and all about it:
/// [`over::LayerNorm`].
///
/// ```
/// use rolling_ball::nn::{Layer, LayerNorm};
///
/// assert_eq!(LayerNorm::<64>::PARAMETERS, 64 + 64);
/// assert_eq!(LayerNorm::<8, 49>::OUTPUTS, 8 * 49);
/// assert_eq!(LayerNorm::<8, 49>::PARAMETERS, 8 + 8);
/// ```
pub type LayerNorm<const LENGTH: usize, const POSITIONS: usize = 1, R = All, Added = Epsilon<5>> =
    over::LayerNorm<Map<1, POSITIONS, LENGTH>, R, Added>;

//! The layers that take any vector, over a shape that is known already: a [`Map`](super::Map), or
//! the layer whose output they take.
//!
//! `nn::Relu<32>` is the layer for a plain vector of 32 values; `over::Relu<First>` is the same
//! layer for whatever `First` gives, so that nobody has to count. Each has the shape of its output,
//! so that the next layer may name it in turn.
//!
//! ```
//! use rolling_ball::nn::{Conv2d, Kernel, Layer, Map, MaxPool, Stride, Window, over};
//!
//! type First = Conv2d<Map<28, 28, 1>, Window<Kernel<3>>, 8>;
//! type Rectified = over::Relu<First>;
//! type Pooled = MaxPool<Rectified, Window<Kernel<2>, Stride<2>>>;
//! type Layers = (First, Rectified, Pooled, over::Dense<Pooled, 10>);
//! assert_eq!((Layers::INPUTS, Layers::OUTPUTS), (28 * 28, 10));
//! ```

use super::activation::{
    CappedRectifier, ExponentialLinear, GaussianErrorLinear, HardLogistic, HardLogisticLinear,
    HyperbolicTangent, LeakyRectifier, Logistic, LogisticLinear, Rectifier,
};
use crate::Libm;

pub use super::dense_layer::Dense;
pub use super::elementwise::Elementwise;
pub use super::layer_norm::LayerNorm;

/// `y = max(x, 0)`; its slope at 0 is 0.
pub type Relu<M> = Elementwise<Rectifier, M>;

/// `y = min(max(x, 0), 6)`; its slope at 0 and at 6 is 0.
pub type Relu6<M> = Elementwise<CappedRectifier, M>;

/// `y = x` above 0, and `x * NUMERATOR / DENOMINATOR` below: a hundredth where nothing else is
/// said.
pub type LeakyRelu<M, const NUMERATOR: u16 = 1, const DENOMINATOR: u16 = 100> =
    Elementwise<LeakyRectifier<NUMERATOR, DENOMINATOR>, M>;

/// `y = tanh(x)`
pub type Tanh<M, F = Libm> = Elementwise<HyperbolicTangent<F>, M>;

/// `y = 1 / (1 + e^-x)`
pub type Sigmoid<M, F = Libm> = Elementwise<Logistic<F>, M>;

/// `y = x (1 + erf(x / sqrt(2))) / 2`: the exact form, not the one with `tanh`.
pub type Gelu<M, F = Libm> = Elementwise<GaussianErrorLinear<F>, M>;

/// `y = x` above 0, and `(e^x - 1) * NUMERATOR / DENOMINATOR` below: the fraction is 1 where
/// nothing else is said.
pub type Elu<M, const NUMERATOR: u16 = 1, const DENOMINATOR: u16 = 1, F = Libm> =
    Elementwise<ExponentialLinear<NUMERATOR, DENOMINATOR, F>, M>;

/// `y = x / (1 + e^-x)`, which is also called swish.
pub type Silu<M, F = Libm> = Elementwise<LogisticLinear<F>, M>;

/// `y = x * NUMERATOR / DENOMINATOR + 1/2`, at least 0 and at most 1; the fraction is a sixth where
/// nothing else is said.
pub type HardSigmoid<M, const NUMERATOR: u16 = 1, const DENOMINATOR: u16 = 6> =
    Elementwise<HardLogistic<NUMERATOR, DENOMINATOR>, M>;

/// `y = x min(max(x + 3, 0), 6) / 6`
pub type HardSwish<M> = Elementwise<HardLogisticLinear, M>;

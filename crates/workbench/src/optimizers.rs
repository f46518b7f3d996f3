//! Optimizers whose vectors are on the heap.

use rolling_ball::kernels::Active;
use rolling_ball::{ClipNorm, Error, Optimizer};
use rolling_ball_rehearsal::OptimizerConfig;

/// An optimizer of any kind, or what was wrong with its settings.
pub type Boxed = Result<Box<dyn Optimizer + Send>, Error>;

/// Settings of an optimizer that works on the heap.
pub trait HeapConfig: OptimizerConfig<Active, Optimizer<Vec<f32>>: Send + 'static> {}

impl<C: OptimizerConfig<Active, Optimizer<Vec<f32>>: Send + 'static>> HeapConfig for C {}

/// The optimizer of these settings, for so many parameters.
///
/// # Errors
/// [`Error::Setting`].
pub fn optimizer<C: OptimizerConfig<Active>>(
    parameters: usize,
    config: C,
) -> Result<C::Optimizer<Vec<f32>>, Error> {
    config.build(Active::default(), || Ok(vec![0.0; parameters]))
}

/// As [`optimizer`], where it is chosen at run time.
///
/// # Errors
/// [`Error::Setting`].
pub fn boxed(parameters: usize, config: impl HeapConfig) -> Boxed {
    Ok(Box::new(optimizer(parameters, config)?))
}

/// As [`boxed`], with gradients clipped to this norm.
///
/// # Errors
/// [`Error::Setting`].
pub fn clipped(parameters: usize, config: impl HeapConfig, largest: f32) -> Boxed {
    Ok(Box::new(ClipNorm::new(optimizer(parameters, config)?, largest)?))
}

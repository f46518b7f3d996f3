//! Any [burn](https://burn.dev) module as an objective of rolling-ball: its optimizers train what
//! burn can differentiate, on any of burn's devices.
//!
//! ```
//! use burn::nn::loss::{MseLoss, Reduction};
//! use burn::nn::{Linear, LinearConfig};
//! use burn::tensor::{Device, Tensor};
//! use rolling_ball::{RollingBall, RollingBallConfig, step};
//! use rolling_ball_burn::ModuleObjective;
//!
//! let device = Device::default();
//! let inputs = Tensor::<2>::from_data([[0.0_f32], [1.0], [2.0]], &device);
//! let targets = Tensor::<2>::from_data([[1.0_f32], [3.0], [5.0]], &device);
//! let line = LinearConfig::new(1, 1).init(&device);
//! let loss = |line: &Linear, (inputs, targets): &(Tensor<2>, Tensor<2>)| {
//!     MseLoss::new().forward(line.forward(inputs.clone()), targets.clone(), Reduction::Mean)
//! };
//! let mut objective = ModuleObjective::new(line, (inputs, targets), loss);
//! let mut theta = objective.theta();
//! let config = RollingBallConfig::shrinking(0.03, 0.5, 300);
//! let mut ball = RollingBall::new(config, [vec![0.0; theta.len()], vec![0.0; theta.len()]])?;
//! for _ in 0..300 {
//!     step(&mut ball, &mut objective, &mut theta)?;
//! }
//! // y = 2 x + 1
//! assert!((theta[0] - 2.0).abs() < 0.1 && (theta[1] - 1.0).abs() < 0.1);
//! let line = objective.into_module(&theta)?;
//! # let _ = line;
//! # Ok::<(), rolling_ball::Error>(())
//! ```

mod parameters;

use burn::module::Module;
use burn::tensor::Tensor;
use parameters::{Count, Gather, Gradient, Scatter};
use rolling_ball::{Error, Objective};

/// A module with a loss of its samples. Theta holds the module's parameters that require gradients,
/// in the order in which burn visits them, each row by row.
///
/// Costs of an evaluation, beside burn's own: each parameter is copied to the device, and its
/// gradient back. The loss is that of the module in training; where that is random (dropout), so is
/// the objective, and where it keeps statistics (batch normalisation), every evaluation adds to
/// them.
pub struct ModuleObjective<M, S, L> {
    module: M,
    samples: S,
    loss: L,
    length: usize,
}

impl<M: Module, S, L: FnMut(&M, &S) -> Tensor<1>> ModuleObjective<M, S, L> {
    /// `loss` tells the loss of a module on samples, as a tensor of one element.
    pub fn new(module: M, samples: S, loss: L) -> Self {
        let module = module.train();
        let mut count = Count::default();
        module.visit(&mut count);
        Self { module, samples, loss, length: count.parameters }
    }

    /// How many parameters are trained: theta's length.
    pub fn parameters(&self) -> usize {
        self.length
    }

    /// The samples of the next evaluations.
    pub fn set_samples(&mut self, samples: S) {
        self.samples = samples;
    }

    /// The module's parameters: where to start.
    pub fn theta(&self) -> Vec<f32> {
        let mut gather = Gather::default();
        self.module.visit(&mut gather);
        gather.theta
    }

    /// The module with these parameters, no longer in training.
    ///
    /// # Errors
    /// [`Error::Length`] of theta.
    pub fn into_module(mut self, theta: &[f32]) -> Result<M, Error> {
        self.set(theta)?;
        Ok(self.module.valid())
    }

    fn set(&mut self, theta: &[f32]) -> Result<(), Error> {
        self.check("theta", theta)?;
        let mut scatter = Scatter { rest: theta };
        self.module = self.module.clone().map(&mut scatter);
        Ok(())
    }

    fn check(&self, what: &'static str, vector: &[f32]) -> Result<(), Error> {
        let (expected, actual) = (self.length, vector.len());
        if expected == actual { Ok(()) } else { Err(Error::Length { what, expected, actual }) }
    }
}

/// The value of a tensor of one element.
fn scalar(loss: &Tensor<1>) -> Result<f32, Error> {
    let data = loss.clone().into_data_as::<f32>();
    let number = match data.as_slice::<f32>() {
        Ok([number]) => *number,
        Ok(_) | Err(_) => {
            let actual = loss.dims().iter().product();
            return Err(Error::Length { what: "loss tensor", expected: 1, actual });
        }
    };
    Ok(number)
}

impl<M: Module, S, L: FnMut(&M, &S) -> Tensor<1>> Objective for ModuleObjective<M, S, L> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.set(theta)?;
        scalar(&(self.loss)(&self.module, &self.samples))
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        self.check("gradient", gradient)?;
        self.set(theta)?;
        let loss = (self.loss)(&self.module, &self.samples);
        let told = scalar(&loss)?;
        let mut gradients = Gradient { of: loss.backward(), rest: gradient };
        self.module.visit(&mut gradients);
        Ok(told)
    }
}

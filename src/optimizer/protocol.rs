//! Ask and tell: the optimizer asks for an evaluation, the caller makes it and tells the answer.

use crate::{Error, StepReport};

/// What the optimizer needs next.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Request {
    /// Evaluate the loss at theta, then call [`Optimizer::tell_loss`]. Cost: 1/3 of a gradient evaluation.
    Loss,
    /// Evaluate the loss and its gradient at theta, write the gradient into [`Optimizer::gradient_mut`],
    /// then call [`Optimizer::tell_gradient`]. When the request before was a loss at this same theta, its
    /// forward pass may be used again. Cost: 1.
    Gradient,
    /// The step is done; theta is the new point.
    Done(StepReport),
}

/// An optimizer as a state machine that never calls the loss. Theta is of the type `T`: a slice, unless its kernels work on
/// something else, such as a vector on a GPU.
///
/// One step is [`begin`](Self::begin), then an answer to each [`Request`] until [`Request::Done`]. Theta is
/// the caller's own slice; between the calls of a step it holds the point to evaluate, and the caller must
/// not change it. [`step`] is this loop over an [`Objective`]:
///
/// ```
/// use rolling_ball::{Optimizer, Request, RollingBall, RollingBallConfig};
///
/// // f(theta) = |theta|^2 / 2, evaluated by hand.
/// let loss = |theta: &[f32]| theta.iter().map(|t| t * t / 2.0).sum::<f32>();
/// let mut theta = [1.0, -2.0];
/// let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; 2]; 2])?;
/// let mut request = ball.begin(&mut theta)?;
/// let report = loop {
///     request = match request {
///         Request::Loss => {
///             let value = loss(&theta);
///             ball.tell_loss(&mut theta, value)?
///         }
///         Request::Gradient => {
///             ball.gradient_mut().copy_from_slice(&theta);
///             let value = loss(&theta);
///             ball.tell_gradient(&mut theta, value)?
///         }
///         Request::Done(report) => break report,
///     };
/// };
/// assert!(report.loss_after < Some(report.loss_before));
/// # Ok::<(), rolling_ball::Error>(())
/// ```
pub trait Optimizer<T: ?Sized = [f32]> {
    /// Starts a step at theta and says what to evaluate first.
    ///
    /// # Errors
    /// [`Error::Length`] where theta is not as long as the workspace, [`Error::UnexpectedAnswer`] while a step
    /// is in progress, [`Error::Setting`] where a schedule gives a value out of range. Theta is unchanged.
    fn begin(&mut self, theta: &mut T) -> Result<Request, Error>;

    /// Answers [`Request::Loss`].
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] where no loss was asked for; [`Error::NonFiniteLoss`].
    fn tell_loss(&mut self, theta: &mut T, loss: f32) -> Result<Request, Error>;

    /// Answers [`Request::Gradient`]: the gradient is in [`gradient_mut`](Self::gradient_mut).
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] where no gradient was asked for; [`Error::NonFiniteParameters`],
    /// [`Error::NonFiniteLoss`], [`Error::NonFiniteGradient`], [`Error::NonFiniteUpdate`].
    fn tell_gradient(&mut self, theta: &mut T, loss: f32) -> Result<Request, Error>;

    /// Where the gradient is to be written; as long as theta. Its content is the optimizer's own until
    /// a gradient is asked for.
    fn gradient_mut(&mut self) -> &mut T;

    /// Whether the answer that is waited for is a gradient.
    fn awaits_gradient(&self) -> bool;

    /// Gives up the step in progress; theta stays where it is.
    fn abandon(&mut self);

    /// How many steps are done.
    fn steps(&self) -> u32;
}

/// A loss and its gradient, of a theta as the optimizer's.
pub trait Objective<T: ?Sized = [f32]> {
    /// The loss at theta.
    ///
    /// # Errors
    /// Whatever keeps the objective from being evaluated, such as a theta of the wrong length.
    fn loss(&mut self, theta: &T) -> Result<f32, Error>;

    /// Overwrites `gradient` with the gradient at theta and returns the loss.
    ///
    /// # Errors
    /// As [`loss`](Self::loss).
    fn gradient(&mut self, theta: &T, gradient: &mut T) -> Result<f32, Error>;
}

/// Makes one step of `optimizer` on `objective`.
///
/// ```
/// use rolling_ball::{Error, Objective, RollingBall, RollingBallConfig, step};
///
/// struct Bowl;
/// impl Objective for Bowl {
///     fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
///         Ok(theta.iter().map(|t| t * t / 2.0).sum())
///     }
///     fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
///         gradient.copy_from_slice(theta);
///         self.loss(theta)
///     }
/// }
/// let mut theta = [1.0, -2.0];
/// let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; 2]; 2])?;
/// for _ in 0..100 {
///     step(&mut ball, &mut Bowl, &mut theta)?;
/// }
/// assert!(Bowl.loss(&theta)? < 0.01);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// The optimizer's and the objective's. After an objective's error no step is in progress, and theta is the
/// point that could not be evaluated.
pub fn step<O: Optimizer + ?Sized, F: Objective + ?Sized>(
    optimizer: &mut O,
    objective: &mut F,
    theta: &mut [f32],
) -> Result<StepReport, Error> {
    step_on(optimizer, objective, theta)
}

/// As [`step`], with a theta of any kind: there, an array can become a slice, since nothing else is expected.
pub(crate) fn step_on<T: ?Sized, O: Optimizer<T> + ?Sized, F: Objective<T> + ?Sized>(
    optimizer: &mut O,
    objective: &mut F,
    theta: &mut T,
) -> Result<StepReport, Error> {
    let mut request = optimizer.begin(theta)?;
    loop {
        request = match request {
            Request::Done(report) => return Ok(report),
            Request::Loss => match objective.loss(theta) {
                Ok(loss) => optimizer.tell_loss(theta, loss)?,
                Err(error) => {
                    optimizer.abandon();
                    return Err(error);
                }
            },
            Request::Gradient => match objective.gradient(theta, optimizer.gradient_mut()) {
                Ok(loss) => optimizer.tell_gradient(theta, loss)?,
                Err(error) => {
                    optimizer.abandon();
                    return Err(error);
                }
            },
        };
    }
}

//! Ask and tell: the optimizer asks for an evaluation, the caller makes it and tells the answer.

use super::{Schedule, StepReport};
use crate::Error;
use core::task::Poll;

/// What the optimizer needs next.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Request {
    /// Evaluate the loss at theta, then call [`Optimizer::tell_loss`]. Cost: 1/3 of a gradient
    /// evaluation.
    Loss,
    /// Evaluate the loss and its gradient at theta, write the gradient into
    /// [`Optimizer::gradient_mut`], then call [`Optimizer::tell_gradient`]. When the request before
    /// was a loss at this same theta, its forward pass may be used again. Cost: 1.
    Gradient,
    /// The step is done; theta is the new point.
    Done(StepReport),
}

/// What an optimizer waits for, see [`Optimizer::awaits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Evaluation {
    /// The loss alone.
    Loss,
    /// The loss and its gradient.
    Gradient,
}

/// An optimizer as a state machine that never calls the loss. Theta is of the type `T`: a slice,
/// unless its kernels work on something else, such as a vector on a GPU.
///
/// One step is [`begin`](Self::begin), then an answer to each [`Request`] until [`Request::Done`].
/// Theta is the caller's own slice; between the calls of a step it holds the point to evaluate, and
/// the caller must not change it. [`step`] is this loop over an [`Objective`]:
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
    /// [`Error::Length`] where theta is not as long as the workspace, [`Error::UnexpectedAnswer`]
    /// while a step is in progress, [`Error::Setting`] where a schedule gives a value out of range;
    /// of a step that begins with a loss also [`Error::NonFiniteParameters`] and
    /// [`Error::NonFiniteUpdate`]. Theta is unchanged.
    fn begin(&mut self, theta: &mut T) -> Result<Request, Error>;

    /// Answers [`Request::Loss`].
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] where no loss was asked for; [`Error::NonFiniteLoss`]; after the
    /// last trial of a line search, or of a step that needs losses only, also
    /// [`Error::NonFiniteUpdate`].
    fn tell_loss(&mut self, theta: &mut T, loss: f32) -> Result<Request, Error>;

    /// Answers [`Request::Gradient`]: the gradient is in [`gradient_mut`](Self::gradient_mut).
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] where no gradient was asked for; [`Error::NonFiniteParameters`],
    /// [`Error::NonFiniteLoss`], [`Error::NonFiniteGradient`], [`Error::NonFiniteUpdate`].
    fn tell_gradient(&mut self, theta: &mut T, loss: f32) -> Result<Request, Error>;

    /// Where the gradient is to be written; as long as theta, and empty where none is ever asked
    /// for. Its content is the optimizer's own until a gradient is asked for.
    fn gradient_mut(&mut self) -> &mut T;

    /// What the step in progress waits for; `None` where no step is in progress.
    fn awaits(&self) -> Option<Evaluation>;

    /// Gives up the step in progress; theta stays where it is.
    fn abandon(&mut self);

    /// How many steps are done since the optimizer was made, or since it was
    /// [restarted](Self::restart).
    fn steps(&self) -> u32;

    /// How many steps in a row have been refused, which is to say ended by an error, since one was
    /// done. A firmware that sees it rise lowers the rate, or stops: a step that is refused leaves
    /// theta where it was, and the next at the same rate may be refused for the same reason.
    ///
    /// ```
    /// use rolling_ball::{Optimizer, Sgd, SgdConfig};
    ///
    /// let mut theta = [1.0; 10];
    /// let mut sgd = Sgd::new(SgdConfig::default(), [0.0; 10], None)?;
    /// sgd.begin(&mut theta)?;
    /// assert!(sgd.tell_gradient(&mut theta, f32::NAN).is_err());
    /// assert_eq!(sgd.refused(), 1);
    /// # Ok::<(), rolling_ball::Error>(())
    /// ```
    fn refused(&self) -> u32;

    /// Whether each step that is refused halves the learning rate of the next. Each step that is
    /// done doubles it again, up to what the schedule says. Off at first.
    ///
    /// Entropy-SGD's walk takes half the rate too. A checkpoint tells how often the rate is halved;
    /// whether that goes on is for the firmware to say again.
    fn halve_when_refused(&mut self, halve: bool);

    /// Counts steps from 0 again, and with them every schedule, as at the beginning of another
    /// session of training. What the optimizer carries from step to step, such as momentum, stays.
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] while a step is in progress.
    fn restart(&mut self) -> Result<(), Error>;

    /// Sets the learning rate from the next step on. A schedule begins there: its step 0 is the
    /// next step.
    ///
    /// A checkpoint tells where a schedule began. So to resume such a training,
    /// [`restart`](Self::restart) before the schedule is set: then the resumed optimizer has the
    /// same one from its beginning.
    ///
    /// ```
    /// use rolling_ball::{Optimizer, Schedule, Sgd, SgdConfig};
    ///
    /// let mut sgd = Sgd::new(SgdConfig::default(), [0.0; 10], None)?;
    /// sgd.set_learning_rate(0.1.into())?;
    /// sgd.set_learning_rate(Schedule::Cosine { from: 0.1, to: 0.0, steps: 50 })?;
    /// # Ok::<(), rolling_ball::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`]; the rate is unchanged.
    fn set_learning_rate(&mut self, rate: Schedule) -> Result<(), Error>;

    /// Lets every schedule end so many steps after the one from which it counts, with the same
    /// values at its ends. A constant or a function of the caller's own stays as it is.
    ///
    /// ```
    /// use rolling_ball::{Optimizer, RollingBall, RollingBallConfig};
    ///
    /// let config = RollingBallConfig::fine_tuning(100);
    /// let mut ball = RollingBall::new(config, [[0.0; 10]; 2])?;
    /// ball.set_schedule_steps(30);
    /// assert_eq!(ball.config().learning_rate.at(30), 0.0);
    /// # Ok::<(), rolling_ball::Error>(())
    /// ```
    fn set_schedule_steps(&mut self, steps: u32);

    /// The parameters to deploy: theta itself, and for the rolling ball its centre, which is better
    /// where many labels are wrong. The centre is written over the gradient's buffer, so it costs
    /// no memory: one pass.
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] while a step is in progress; [`Error::Length`].
    fn centre<'a>(&'a mut self, theta: &'a T) -> Result<&'a T, Error>;
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
/// The optimizer's and the objective's. After an objective's error no step is in progress, and
/// theta is the point that could not be evaluated.
pub fn step<O: Optimizer + ?Sized, J: Objective + ?Sized>(
    optimizer: &mut O,
    objective: &mut J,
    theta: &mut [f32],
) -> Result<StepReport, Error> {
    step_on(optimizer, objective, theta)
}

/// As [`step`], with a theta of any kind: there, an array can become a slice, since nothing else is
/// expected.
pub(crate) fn step_on<T: ?Sized, O: Optimizer<T> + ?Sized, J: Objective<T> + ?Sized>(
    optimizer: &mut O,
    objective: &mut J,
    theta: &mut T,
) -> Result<StepReport, Error> {
    let mut request = optimizer.begin(theta)?;
    loop {
        let evaluated = match request {
            Request::Done(report) => return Ok(report),
            Request::Loss => objective.loss(theta),
            Request::Gradient => objective.gradient(theta, optimizer.gradient_mut()),
        };
        request = match (request, evaluated) {
            (_, Err(error)) => {
                optimizer.abandon();
                return Err(error);
            }
            (Request::Gradient, Ok(loss)) => optimizer.tell_gradient(theta, loss)?,
            (_, Ok(loss)) => optimizer.tell_loss(theta, loss)?,
        };
    }
}

/// An objective that is evaluated in pieces, between which the caller has other duties.
pub trait PollObjective {
    /// Gives up an evaluation in progress: the next poll begins a new one.
    fn restart(&mut self);

    /// Makes a piece of the loss at theta, which must stay the same until the value is ready.
    ///
    /// # Errors
    /// As [`Objective::loss`]; the evaluation is given up.
    fn poll_loss(&mut self, theta: &[f32]) -> Result<Poll<f32>, Error>;

    /// As [`poll_loss`](Self::poll_loss), with the gradient, whose slice must be the same until the
    /// value is ready.
    ///
    /// # Errors
    /// As [`Objective::gradient`]; the evaluation is given up.
    fn poll_gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<Poll<f32>, Error>;
}

/// Makes a piece of a step of `optimizer` on `objective`: begins it, or makes a piece of the
/// evaluation that it waits for. Ready with the report when the step is done; the call after that
/// begins the next.
///
/// A firmware calls it in its main loop, between other duties. In an async task the same is three
/// lines, with the executor's own `yield_now` (see `examples/embassy_task.rs`):
///
/// ```text
/// while poll_step(&mut ball, &mut batch, theta)?.is_pending() {
///     yield_now().await;
/// }
/// ```
///
/// ```
/// use core::task::Poll;
/// use rolling_ball::nn::{Dense, Network, Sample, SoftmaxCrossEntropy};
/// use rolling_ball::{RollingBall, RollingBallConfig, poll_step};
///
/// type Net = Network<'static, Dense<2, 2>>;
/// let samples = [([1.0f32, 0.0], 0), ([0.0, 1.0], 1)];
/// let stream = samples.iter().map(|(x, y)| Sample { input: x.as_slice(), target: *y });
/// let mut scratch = [0.0; Net::SCRATCH];
/// let mut batch = Net::new(&[])?.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
/// let mut theta = [0.0; Net::PARAMETERS];
/// let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; Net::PARAMETERS]; 2])?;
/// # fn feed_the_watchdog() {}
/// let report = loop {
///     feed_the_watchdog();
///     if let Poll::Ready(report) = poll_step(&mut ball, &mut batch, &mut theta)? {
///         break report;
///     }
/// };
/// assert!(report.loss_before > 0.6);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// # Errors
/// As [`step`].
pub fn poll_step<O: Optimizer + ?Sized, J: PollObjective + ?Sized>(
    optimizer: &mut O,
    objective: &mut J,
    theta: &mut [f32],
) -> Result<Poll<StepReport>, Error> {
    let told = match optimizer.awaits() {
        None => {
            objective.restart();
            optimizer.begin(theta)
        }
        Some(Evaluation::Loss) => match objective.poll_loss(theta) {
            Ok(Poll::Pending) => return Ok(Poll::Pending),
            Ok(Poll::Ready(loss)) => optimizer.tell_loss(theta, loss),
            Err(error) => Err(error),
        },
        Some(Evaluation::Gradient) => {
            match objective.poll_gradient(theta, optimizer.gradient_mut()) {
                Ok(Poll::Pending) => return Ok(Poll::Pending),
                Ok(Poll::Ready(loss)) => optimizer.tell_gradient(theta, loss),
                Err(error) => Err(error),
            }
        }
    };
    match told {
        Ok(Request::Done(report)) => Ok(Poll::Ready(report)),
        Ok(Request::Loss | Request::Gradient) => Ok(Poll::Pending),
        Err(error) => {
            optimizer.abandon();
            Err(error)
        }
    }
}

//! The rolling ball: the step, in the paper's order. Choosing how far the centre moves is in centre.rs, finding
//! the new contact in contact.rs and footpoint/.

mod centre;
mod config;
mod contact;
mod footpoint;
mod form;
mod geometry;
mod state;

pub use config::{CentreStep, Footpoint, RollingBallConfig};

use crate::kernels::{Active, Vector, VectorOps};
use crate::optimizer::RateSearch;
use crate::optimizer::{Outcome, StepRecord};
use crate::{Error, Optimizer, Request, Schedule};
use core::marker::PhantomData;
use footpoint::{GaussNewton, GradientDescent};
use form::Form;
use geometry::Geometry;

/// The answer that the ball is waiting for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Idle,
    /// The gradient at the contact.
    Contact,
    /// The loss at the refreshed contact, before its gradient is asked for.
    RefreshedContact,
    /// The loss at a trial of the centre's rate.
    CentreTrial,
    /// The loss at a trial of the Gauss-Newton line.
    GaussNewtonTrial,
    /// The gradient at an accepted Gauss-Newton point.
    GaussNewtonPoint,
    /// The loss after a move of the projection.
    ProjectionMove,
    /// The gradient at a point of the projection.
    ProjectionPoint,
    /// The loss where the step ends.
    End,
}

/// The rolling-ball optimizer (arXiv 2505.19527): the centre of a ball of a chosen radius rolls on the graph
/// of the loss, and theta is its contact with the graph.
///
/// `V` is the storage of its two vectors, each as long as theta: `[f32; N]` on a device,
/// `Vec<f32>` or `&mut [f32]` where the length is known at run time. `K` is the [`VectorOps`]; every
/// choice gives the same bits. Memory: 8 bytes a parameter beside theta's 4.
///
/// ```
/// use rolling_ball::{RollingBall, RollingBallConfig};
///
/// const N: usize = 100;
/// let on_a_device = RollingBall::new(RollingBallConfig::fine_tuning(200), [[0.0; N]; 2])?;
/// let on_a_desktop = RollingBall::new(RollingBallConfig::default(), [vec![0.0; N], vec![0.0; N]])?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RollingBall<V, K: VectorOps = Active> {
    config: RollingBallConfig,
    form: Form<V, K>,
    phase: Phase,
    record: StepRecord,
    geometry: Geometry,
    rate_search: RateSearch,
    gauss_newton: GaussNewton,
    gradient_descent: GradientDescent,
    refreshes: u32,
    /// Whether `displaced` describes where the ball rests (else it rests on theta with no offset known).
    resting: bool,
    /// The centre of the nearest-point forms is this part of the way from theta to theta~.
    centre_scale: f32,
    gradient: V,
    /// Theta~ of the nearest-point forms; the offset from the centre to the contact of the others.
    displaced: V,
    kernels: PhantomData<K>,
}

impl<V: AsRef<[f32]> + AsMut<[f32]>> RollingBall<V> {
    /// A ball with the default kernels. The workspace's content does not matter.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where the two vectors
    /// differ in length.
    pub fn new(config: RollingBallConfig, workspace: [V; 2]) -> Result<Self, Error> {
        Self::with_backend(Active::default(), config, workspace)
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> RollingBall<V, K> {
    /// As [`new`](RollingBall::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](RollingBall::new).
    // Inlined, so that a constant configuration leaves one form.
    #[inline]
    pub fn with_backend(
        _kernels: K,
        config: RollingBallConfig,
        [gradient, displaced]: [V; 2],
    ) -> Result<Self, Error> {
        config.check()?;
        Error::check_length("workspace", gradient.as_ref().length(), displaced.as_ref().length())?;
        Ok(Self {
            form: Form::of(&config),
            config,
            phase: Phase::Idle,
            record: StepRecord::default(),
            geometry: Geometry::default(),
            rate_search: RateSearch::default(),
            gauss_newton: GaussNewton::default(),
            gradient_descent: GradientDescent::default(),
            refreshes: 0,
            resting: false,
            centre_scale: 0.0,
            gradient,
            displaced,
            kernels: PhantomData,
        })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &RollingBallConfig {
        &self.config
    }

    /// Sets the radius from the next step on: a number, or a schedule.
    ///
    /// # Errors
    /// [`Error::Setting`]; the radius is unchanged.
    pub fn set_radius(&mut self, radius: impl Into<Schedule>) -> Result<(), Error> {
        let radius = radius.into();
        radius.check("radius")?;
        self.config.radius = radius;
        Ok(())
    }

    /// Sets the learning rate from the next step on: a number, or a schedule.
    ///
    /// # Errors
    /// [`Error::Setting`]; the rate is unchanged.
    pub fn set_learning_rate(&mut self, rate: impl Into<Schedule>) -> Result<(), Error> {
        let rate = rate.into();
        rate.check("learning rate")?;
        self.config.learning_rate = rate;
        Ok(())
    }

    /// The centre's parameters, for those who deploy the centre and not the contact theta. Written over
    /// the gradient's buffer, so it costs no memory: one pass.
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] while a step is in progress; [`Error::Length`].
    pub fn centre(&mut self, theta: &K::Vector) -> Result<&K::Vector, Error> {
        if self.phase != Phase::Idle {
            return Err(Error::STEP_IN_PROGRESS);
        }
        let (out, displaced) = (self.gradient.as_mut(), self.displaced.as_ref());
        Error::check_length("theta", out.length(), theta.length())?;
        if !self.resting {
            out.copy_from(theta);
            return Ok(out);
        }
        match self.config.footpoint {
            Footpoint::Contact { .. } => {
                K::descend_from(out, theta, displaced, 1.0);
            }
            Footpoint::GaussNewton { .. } | Footpoint::GradientDescent { .. } => {
                K::interpolate_into(out, theta, displaced, self.centre_scale);
            }
        }
        Ok(out)
    }

    fn ask_loss(&mut self, phase: Phase) -> Result<Request, Error> {
        self.phase = phase;
        self.record.ask_loss()
    }

    fn ask_gradient(&mut self, phase: Phase) -> Result<Request, Error> {
        self.phase = phase;
        self.record.ask_gradient()
    }

    /// Moves theta along the direction that a line search follows.
    // A pass of its own: inlined it would be in the binary once a form.
    #[inline(never)]
    fn move_along(&mut self, theta: &mut K::Vector, multiple: f32) {
        K::add_scaled(theta, multiple, self.gradient.as_ref());
    }

    /// Step 2: the centre moves along the tangent. `tried` is the loss at `theta - rate g`, where a line
    /// search has already moved theta there.
    fn displace(
        &mut self,
        theta: &mut K::Vector,
        rate: f32,
        tried: Option<f32>,
    ) -> Result<Request, Error> {
        self.geometry.displace(rate);
        if !self.geometry.displaced_height.is_finite() {
            return Err(Error::NonFiniteLoss);
        }
        self.record.report.learning_rate = rate;
        let Geometry { reach, gradient_squared, .. } = self.geometry;
        let gradient_norm = libm::sqrtf(gradient_squared);
        if tried.is_none() {
            self.record.check_move((rate + reach) * gradient_norm)?;
        }
        (self.form.leave)(self, theta, rate, tried)
    }

    // It ends every form.
    #[inline(never)]
    fn finish(&mut self, loss_after: Option<f32>, outcome: Outcome) -> Result<Request, Error> {
        self.phase = Phase::Idle;
        let report = &mut self.record.report;
        report.loss_after = loss_after;
        report.outcome = outcome;
        report.footpoint = match self.config.footpoint {
            Footpoint::GaussNewton { .. } => Some(self.gauss_newton.report),
            Footpoint::GradientDescent { .. } => Some(self.gradient_descent.report),
            Footpoint::Contact { .. } => None,
        };
        if let Some(footpoint) = report.footpoint {
            let distance = self.geometry.centre_distance(footpoint.distance);
            let radius = self.geometry.radius;
            report.contact_gap = Some((distance - radius).abs());
            // The displaced centre lies on the footpoint's normal, above or below: go the radius upwards.
            self.centre_scale = if distance == 0.0 { 0.0 } else { radius / distance };
        }
        self.record.done()
    }

    fn answer_loss(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        match self.phase {
            Phase::RefreshedContact | Phase::ProjectionMove | Phase::End if !loss.is_finite() => {
                theta.copy_from(self.gradient.as_ref());
                Err(Error::NonFiniteLoss)
            }
            Phase::CentreTrial => (self.form.judge_rate)(self, theta, loss),
            Phase::RefreshedContact => self.ask_gradient(Phase::Contact),
            Phase::ProjectionMove => self.ask_gradient(Phase::ProjectionPoint),
            Phase::GaussNewtonTrial | Phase::End => (self.form.judge)(self, theta, loss),
            Phase::Idle => Err(Error::UnexpectedAnswer { expected: "begin before an answer" }),
            Phase::Contact | Phase::GaussNewtonPoint | Phase::ProjectionPoint => {
                Err(Error::UnexpectedAnswer { expected: "the gradient, not the loss alone" })
            }
        }
    }

    fn answer_gradient(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        match self.phase {
            Phase::Contact => (self.form.rest)(self, theta, loss),
            Phase::GaussNewtonPoint | Phase::ProjectionPoint => {
                (self.form.follow)(self, theta, loss)
            }
            Phase::Idle => Err(Error::UnexpectedAnswer { expected: "begin before an answer" }),
            _ => Err(Error::UnexpectedAnswer { expected: "the loss alone, not the gradient" }),
        }
    }

    /// An error ends the step, but for an answer out of turn, which is as if it had not been given.
    fn settle(&mut self, answer: Result<Request, Error>) -> Result<Request, Error> {
        if answer.is_err_and(|error| error.ends_the_step()) {
            self.abandon();
        }
        answer
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Optimizer<K::Vector>
    for RollingBall<V, K>
{
    fn begin(&mut self, theta: &mut K::Vector) -> Result<Request, Error> {
        if self.phase != Phase::Idle {
            return Err(Error::STEP_IN_PROGRESS);
        }
        Error::check_length("theta", self.gradient.as_ref().length(), theta.length())?;
        let step = self.record.steps();
        self.geometry = Geometry {
            loss_scale: self.config.loss_scale,
            radius: self.config.radius.checked_at("radius", step)?,
            rate: self.config.learning_rate.checked_at("learning rate", step)?,
            ..Geometry::default()
        };
        self.refreshes = 0;
        self.record.begin();
        self.ask_gradient(Phase::Contact)
    }

    fn tell_loss(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        Error::check_length("theta", self.gradient.as_ref().length(), theta.length())?;
        let answer = self.answer_loss(theta, loss);
        self.settle(answer)
    }

    fn tell_gradient(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        Error::check_length("theta", self.gradient.as_ref().length(), theta.length())?;
        let answer = self.answer_gradient(theta, loss);
        self.settle(answer)
    }

    fn gradient_mut(&mut self) -> &mut K::Vector {
        self.gradient.as_mut()
    }

    fn awaits_gradient(&self) -> bool {
        matches!(self.phase, Phase::Contact | Phase::GaussNewtonPoint | Phase::ProjectionPoint)
    }

    /// A contact form then rests on theta with its own normal.
    fn abandon(&mut self) {
        self.phase = Phase::Idle;
        self.resting = false;
        self.rate_search.restart();
    }

    fn steps(&self) -> u32 {
        self.record.steps()
    }
}

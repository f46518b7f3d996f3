//! Taking turns, written once for every optimizer: who is asked for what, which answers are
//! refused, and what is rolled back.

use super::protocol::{Evaluation, Optimizer, Request};
use super::report::{Outcome, StepRecord};
use super::schedule::Schedule;
use crate::Error;
use crate::kernels::Vector;

/// What an optimizer needs next. `L` says what it will do with a loss, `G` with a gradient.
#[derive(Clone, Copy, Debug)]
pub enum Next<L, G> {
    /// The loss at a trial, which the optimizer judges, finite or not.
    Trial(L),
    /// The loss at a point that has replaced the one before. Where it is not finite, the point
    /// before is put back.
    Loss(L),
    /// The loss and its gradient.
    Gradient(G),
    /// Nothing: the step ends, with the loss at the new theta where it is known.
    Done(Option<f32>, Outcome),
}

impl<L, G> Next<L, G> {
    pub fn map<M, H>(self, loss: impl FnOnce(L) -> M, gradient: impl FnOnce(G) -> H) -> Next<M, H> {
        match self {
            Self::Trial(at) => Next::Trial(loss(at)),
            Self::Loss(at) => Next::Loss(loss(at)),
            Self::Gradient(at) => Next::Gradient(gradient(at)),
            Self::Done(loss_after, outcome) => Next::Done(loss_after, outcome),
        }
    }

    pub fn map_loss<M>(self, loss: impl FnOnce(L) -> M) -> Next<M, G> {
        self.map(loss, |at| at)
    }
}

/// Which answer a step is waiting for.
#[derive(Clone, Copy, Debug, Default)]
pub enum StepState<L, G> {
    /// None: no step is in progress.
    #[default]
    Idle,
    /// As [`Next::Trial`].
    Trial(L),
    /// As [`Next::Loss`].
    Loss(L),
    /// As [`Next::Gradient`].
    Gradient(G),
}

impl<L, G> StepState<L, G> {
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    /// What may be changed, saved or resumed between two steps only.
    pub fn check_idle(&self) -> Result<(), Error> {
        if self.is_idle() { Ok(()) } else { Err(Error::STEP_IN_PROGRESS) }
    }
}

/// The part of an optimizer that is its own. It never sees an answer out of turn, and need not
/// clean up after an error: [`Optimizer`] is implemented for every method, below.
pub trait Method {
    /// What theta is.
    type Vector: Vector + ?Sized;
    /// Where a loss leads.
    type Loss: Copy;
    /// Where a gradient leads.
    type Gradient: Copy;

    fn state(&self) -> &StepState<Self::Loss, Self::Gradient>;

    fn record(&self) -> &StepRecord;

    /// To be changed.
    fn turn_mut(&mut self) -> (&mut StepState<Self::Loss, Self::Gradient>, &mut StepRecord);

    /// How long theta is.
    fn parameters(&self) -> usize {
        self.gradient().length()
    }

    /// Empty where none is ever asked for.
    fn gradient(&self) -> &Self::Vector;

    fn gradient_mut(&mut self) -> &mut Self::Vector;

    /// The schedule of the learning rate, and the step from which on it counts.
    fn learning_rate_mut(&mut self) -> (&mut Schedule, &mut u32);

    /// All schedules, each with the step from which on it counts.
    fn schedules(&mut self) -> impl Iterator<Item = (&mut Schedule, &mut u32)>;

    /// Takes the values of the other schedules at a step of this learning rate, which begins with
    /// the gradient that is returned. Nothing is changed on an error.
    fn begin(&mut self, step: u32, rate: f32) -> Result<Self::Gradient, Error>;

    /// Asks for what the step begins with: the gradient at theta, unless it needs none.
    fn start(
        &mut self,
        _theta: &mut Self::Vector,
        at: Self::Gradient,
    ) -> Result<Next<Self::Loss, Self::Gradient>, Error> {
        Ok(Next::Gradient(at))
    }

    fn told_loss(
        &mut self,
        theta: &mut Self::Vector,
        at: Self::Loss,
        loss: f32,
    ) -> Result<Next<Self::Loss, Self::Gradient>, Error>;

    fn told_gradient(
        &mut self,
        theta: &mut Self::Vector,
        at: Self::Gradient,
        loss: f32,
    ) -> Result<Next<Self::Loss, Self::Gradient>, Error>;

    /// Where theta was before the move that a loss is asked about.
    fn before(&self) -> &Self::Vector {
        self.gradient()
    }

    /// A step was given up, or ended by an error: what is known of the steps so far may be of no
    /// use to the next.
    fn forget(&mut self) {}

    /// The parameters to deploy, where they are not theta.
    fn centre<'a>(&'a mut self, theta: &'a Self::Vector) -> &'a Self::Vector {
        theta
    }

    /// Asks for what comes next, or ends the step.
    fn ask(
        &mut self,
        next: Result<Next<Self::Loss, Self::Gradient>, Error>,
    ) -> Result<Request, Error> {
        let next = next.inspect_err(|_| {
            let (state, record) = self.turn_mut();
            *state = StepState::Idle;
            record.refuse();
            self.forget();
        })?;
        let (state, record) = self.turn_mut();
        let evaluations = &mut record.report.evaluations;
        Ok(match next {
            Next::Trial(at) | Next::Loss(at) => {
                evaluations.losses = evaluations.losses.saturating_add(1);
                *state = match next {
                    Next::Trial(_) => StepState::Trial(at),
                    _ => StepState::Loss(at),
                };
                Request::Loss
            }
            Next::Gradient(at) => {
                evaluations.gradients = evaluations.gradients.saturating_add(1);
                *state = StepState::Gradient(at);
                Request::Gradient
            }
            Next::Done(loss_after, outcome) => {
                *state = StepState::Idle;
                Request::Done(record.done(loss_after, outcome))
            }
        })
    }
}

/// Where the gradient that is told leads, if it is one that is waited for.
pub fn awaited_gradient<O: Method>(method: &O, theta: &O::Vector) -> Result<O::Gradient, Error> {
    Error::check_length("theta", method.parameters(), theta.length())?;
    match *method.state() {
        StepState::Gradient(at) => Ok(at),
        StepState::Loss(_) | StepState::Trial(_) => Err(Error::LOSS_EXPECTED),
        StepState::Idle => Err(Error::BEGIN_EXPECTED),
    }
}

impl<O: Method> Optimizer<O::Vector> for O {
    fn begin(&mut self, theta: &mut O::Vector) -> Result<Request, Error> {
        self.state().check_idle()?;
        Error::check_length("theta", self.parameters(), theta.length())?;
        let step = self.record().steps();
        let (schedule, set_at) = self.learning_rate_mut();
        let rate = schedule.checked_at("learning rate", step, *set_at)?;
        let rate = rate * self.record().rate_factor();
        let at = Method::begin(self, step, rate)?;
        self.turn_mut().1.begin(rate);
        let next = self.start(theta, at);
        self.ask(next)
    }

    fn tell_loss(&mut self, theta: &mut O::Vector, loss: f32) -> Result<Request, Error> {
        Error::check_length("theta", self.parameters(), theta.length())?;
        let next = match *self.state() {
            StepState::Loss(_) if !loss.is_finite() => {
                theta.copy_from(self.before());
                Err(Error::NonFiniteLoss)
            }
            StepState::Loss(at) | StepState::Trial(at) => self.told_loss(theta, at, loss),
            StepState::Gradient(_) => return Err(Error::GRADIENT_EXPECTED),
            StepState::Idle => return Err(Error::BEGIN_EXPECTED),
        };
        self.ask(next)
    }

    fn tell_gradient(&mut self, theta: &mut O::Vector, loss: f32) -> Result<Request, Error> {
        let at = awaited_gradient(self, theta)?;
        let next = self.told_gradient(theta, at, loss);
        self.ask(next)
    }

    fn gradient_mut(&mut self) -> &mut O::Vector {
        Method::gradient_mut(self)
    }

    fn awaits(&self) -> Option<Evaluation> {
        match self.state() {
            StepState::Idle => None,
            StepState::Trial(_) | StepState::Loss(_) => Some(Evaluation::Loss),
            StepState::Gradient(_) => Some(Evaluation::Gradient),
        }
    }

    fn abandon(&mut self) {
        *self.turn_mut().0 = StepState::Idle;
        self.forget();
    }

    fn steps(&self) -> u32 {
        self.record().steps()
    }

    fn refused(&self) -> u32 {
        self.record().refused()
    }

    fn halve_when_refused(&mut self, halve: bool) {
        self.turn_mut().1.halve_when_refused(halve);
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.state().check_idle()?;
        self.turn_mut().1.restart();
        self.schedules().for_each(|(_, set_at)| *set_at = 0);
        Ok(())
    }

    fn set_schedule_steps(&mut self, steps: u32) {
        self.schedules().for_each(|(schedule, _)| schedule.set_steps(steps));
    }

    fn set_learning_rate(&mut self, rate: Schedule) -> Result<(), Error> {
        rate.check("learning rate")?;
        let next_step = next_step(self);
        let (schedule, first_step) = self.learning_rate_mut();
        (*schedule, *first_step) = (rate, next_step);
        Ok(())
    }

    fn centre<'a>(&'a mut self, theta: &'a O::Vector) -> Result<&'a O::Vector, Error> {
        self.state().check_idle()?;
        Error::check_length("theta", self.parameters(), theta.length())?;
        Ok(Method::centre(self, theta))
    }
}

/// The index of the step that begins next, from which on a schedule counts that is set now.
pub fn next_step(method: &impl Method) -> u32 {
    method.record().steps().saturating_add(u32::from(!method.state().is_idle()))
}

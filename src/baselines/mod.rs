//! The optimizers to compare the ball with, on the same protocol.

/// The protocol of an optimizer that goes by [`Turns`] on the kernels that it needs, over what is its own: `begun`, `told_loss` and `told_gradient`, which answer
/// by the phase; and a method that also hears of a step that is given up.
macro_rules! by_turns {
    ($optimizer:ident on $kernels:ident $(, $gives_up:ident)?) => {
        impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: $kernels> $crate::Optimizer<K::Vector> for $optimizer<V, K> {
            fn begin(&mut self, theta: &mut K::Vector) -> Result<Request, Error> {
                self.begun(theta)
            }

            fn tell_loss(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
                Error::check_length("theta", self.gradient.as_ref().length(), theta.length())?;
                let answer = self.told_loss(theta, loss);
                self.turns.settle(answer)
            }

            fn tell_gradient(&mut self, theta: &mut K::Vector, loss: f32) -> Result<Request, Error> {
                Error::check_length("theta", self.gradient.as_ref().length(), theta.length())?;
                let answer = self.told_gradient(theta, loss);
                self.turns.settle(answer)
            }

            fn gradient_mut(&mut self) -> &mut K::Vector {
                self.gradient.as_mut()
            }

            fn awaits_gradient(&self) -> bool {
                self.turns.awaits_gradient()
            }

            fn abandon(&mut self) {
                self.turns.phase = Phase::Idle;
                $(self.$gives_up();)?
            }

            fn steps(&self) -> u32 {
                self.turns.record.steps()
            }
        }
    };
}

mod adam;
mod entropy_sgd;
mod sam;
mod sgd;

pub use adam::{Adam, AdamConfig};
pub use entropy_sgd::{EntropySgd, EntropySgdConfig};
pub use sam::{Sam, SamConfig};
pub use sgd::{Sgd, SgdConfig};

use crate::kernels::Vector;
use crate::optimizer::{Outcome, StepRecord};
use crate::{Error, Request, Schedule};

/// The answer that an optimizer is waiting for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Phase {
    #[default]
    Idle,
    /// The gradient where the step starts.
    Start,
    /// The loss at a trial of a line search.
    Trial,
    /// The gradient at the perturbed point, or on the walk.
    Perturbed,
    /// The loss where the step ends.
    End,
}

/// What these optimizers do alike: the turns, and the end of a step.
#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    phase: Phase,
    record: StepRecord,
    roll_back: bool,
}

impl Turns {
    fn new(roll_back: bool) -> Self {
        Self { roll_back, ..Self::default() }
    }

    fn begin(
        &mut self,
        expected: usize,
        theta: &(impl Vector + ?Sized),
        learning_rate: &Schedule,
    ) -> Result<Request, Error> {
        if self.phase != Phase::Idle {
            return Err(Error::STEP_IN_PROGRESS);
        }
        Error::check_length("theta", expected, theta.length())?;
        let rate = learning_rate.checked_at("learning rate", self.record.steps())?;
        self.record.begin();
        self.record.report.learning_rate = rate;
        self.ask_gradient(Phase::Start)
    }

    fn awaits_gradient(&self) -> bool {
        matches!(self.phase, Phase::Start | Phase::Perturbed)
    }

    fn ask_gradient(&mut self, phase: Phase) -> Result<Request, Error> {
        self.phase = phase;
        self.record.ask_gradient()
    }

    fn ask_loss(&mut self, phase: Phase) -> Result<Request, Error> {
        self.phase = phase;
        self.record.ask_loss()
    }

    /// Theta has moved by this length; `kept` is where it was.
    fn moved<T: Vector + ?Sized>(
        &mut self,
        theta: &mut T,
        kept: &T,
        length: f32,
    ) -> Result<Request, Error> {
        if let Err(error) = self.record.check_move(length) {
            theta.copy_from(kept);
            return Err(error);
        }
        self.record.report.absolute_update = length;
        if self.roll_back { self.ask_loss(Phase::End) } else { self.done(None, Outcome::Converged) }
    }

    /// The loss where the step ends.
    fn end<T: Vector + ?Sized>(
        &mut self,
        theta: &mut T,
        kept: &T,
        loss: f32,
    ) -> Result<Request, Error> {
        if loss.is_finite() {
            self.done(Some(loss), Outcome::Converged)
        } else {
            theta.copy_from(kept);
            Err(Error::NonFiniteLoss)
        }
    }

    fn done(&mut self, loss_after: Option<f32>, outcome: Outcome) -> Result<Request, Error> {
        self.phase = Phase::Idle;
        self.record.report.loss_after = loss_after;
        self.record.report.outcome = outcome;
        self.record.done()
    }

    /// The steps done, between two steps.
    fn steps_done(&self) -> Result<u32, Error> {
        if self.phase == Phase::Idle {
            Ok(self.record.steps())
        } else {
            Err(Error::STEP_IN_PROGRESS)
        }
    }

    /// As after this many steps.
    fn resume(&mut self, steps: u32) -> Result<(), Error> {
        self.steps_done()?;
        self.record = StepRecord::resumed(steps);
        Ok(())
    }

    /// What an answer out of turn is told.
    fn unexpected(&self) -> Result<Request, Error> {
        Err(Error::UnexpectedAnswer {
            expected: match self.phase {
                Phase::Idle => "begin before an answer",
                Phase::Start | Phase::Perturbed => "the gradient, not the loss alone",
                Phase::Trial | Phase::End => "the loss alone, not the gradient",
            },
        })
    }

    /// An error ends the step, but for an answer out of turn, which is as if it had not been given.
    fn settle(&mut self, answer: Result<Request, Error>) -> Result<Request, Error> {
        if answer.is_err_and(|error| error.ends_the_step()) {
            self.phase = Phase::Idle;
        }
        answer
    }
}

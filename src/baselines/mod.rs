//! The optimizers to compare the ball with, on the same protocol.

/// What every [`Method`](crate::optimizer::Method) here has in fields of the same names.
macro_rules! method_fields {
    ($($schedule:ident from $set_at:ident),+) => {
        fn state(&self) -> &StepState<Self::Loss, Self::Gradient> {
            &self.state
        }

        fn record(&self) -> &StepRecord {
            &self.record
        }

        fn turn_mut(&mut self) -> (&mut StepState<Self::Loss, Self::Gradient>, &mut StepRecord) {
            (&mut self.state, &mut self.record)
        }

        fn gradient(&self) -> &K::Vector {
            self.gradient.as_ref()
        }

        fn gradient_mut(&mut self) -> &mut K::Vector {
            self.gradient.as_mut()
        }

        fn learning_rate_mut(&mut self) -> (&mut Schedule, &mut u32) {
            (&mut self.config.learning_rate, &mut self.rate_set_at)
        }

        fn schedules(&mut self) -> impl Iterator<Item = (&mut Schedule, &mut u32)> {
            [$((&mut self.config.$schedule, &mut self.$set_at)),+].into_iter()
        }
    };
}

mod adam;
mod dog;
mod entropy_sgd;
mod prodigy;
mod sam;
mod sgd;

pub use adam::{Adam, AdamConfig};
pub use dog::{Dog, DogConfig};
pub use entropy_sgd::{EntropySgd, EntropySgdConfig};
pub use prodigy::{Prodigy, ProdigyConfig};
pub use sam::{Sam, SamConfig};
pub use sgd::{Sgd, SgdConfig};

use crate::optimizer::{Next, Outcome};

/// The gradient where a step starts.
#[derive(Clone, Copy, Debug)]
pub struct Start;

/// The loss where a step ends.
#[derive(Clone, Copy, Debug)]
pub struct End;

/// A step of one move ends: with the loss there, where it is asked for.
fn end<L, G>(roll_back: bool, at: L) -> Next<L, G> {
    if roll_back { Next::Loss(at) } else { Next::Done(None, Outcome::Converged) }
}

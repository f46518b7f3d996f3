//! Parts that any optimizer can take: they shape the answers on their way in.

/// What a wrapper passes on to the optimizer inside as it is.
macro_rules! pass_on {
    ($vector:ty) => {
        fn gradient_mut(&mut self) -> &mut $vector {
            self.inner.gradient_mut()
        }

        fn awaits(&self) -> Option<Evaluation> {
            self.inner.awaits()
        }

        fn abandon(&mut self) {
            self.inner.abandon();
        }

        fn steps(&self) -> u32 {
            self.inner.steps()
        }

        fn refused(&self) -> u32 {
            self.inner.refused()
        }

        fn halve_when_refused(&mut self, halve: bool) {
            self.inner.halve_when_refused(halve);
        }

        fn restart(&mut self) -> Result<(), Error> {
            self.inner.restart()
        }

        fn set_schedule_steps(&mut self, steps: u32) {
            self.inner.set_schedule_steps(steps);
        }

        fn set_learning_rate(&mut self, rate: Schedule) -> Result<(), Error> {
            self.inner.set_learning_rate(rate)
        }

        fn centre<'a>(&'a mut self, theta: &'a $vector) -> Result<&'a $vector, Error> {
            self.inner.centre(theta)
        }
    };
}

/// What a wrapper carries from step to step: what the optimizer inside does.
macro_rules! pass_on_state {
    () => {
        const VECTORS: usize = O::VECTORS;

        fn parameters(&self) -> usize {
            self.inner.parameters()
        }

        fn state(&self) -> Result<State<'_>, Error> {
            self.inner.state()
        }

        fn resume(
            &mut self,
            words: [u32; STATE_WORDS],
        ) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
            self.inner.resume(words)
        }
    };
}

mod by_part;
mod clip_norm;
mod keep_start;
mod weight_decay;

pub use by_part::{ByPart, Part, Parts, StepByPart};
pub use clip_norm::ClipNorm;
pub use keep_start::KeepStart;
pub use weight_decay::WeightDecay;

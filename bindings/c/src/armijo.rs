//! The line search.

use rolling_ball::Armijo;

/// Chooses the learning rate by trial: the first trial is `growth` times the rate that the last
/// step accepted; each rejected one multiplies it by `shrink`. A trial is accepted when the loss
/// falls by at least `decrease * rate * |gradient|^2`. Cost: one loss (1/3 gradient evaluation) a
/// trial.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_armijo {
    /// The part of the predicted decrease that is demanded; 0 up to below 1.
    pub decrease: f32,
    /// The factor after a rejected trial; above 0 and below 1.
    pub shrink: f32,
    /// The factor from the last step's rate to the first trial; at least 1.
    pub growth: f32,
    /// Trials before the step is given up as stalled; at least 1.
    pub trials: u32,
}

impl From<Armijo> for rb_armijo {
    fn from(Armijo { decrease, shrink, growth, trials }: Armijo) -> Self {
        Self { decrease, shrink, growth, trials }
    }
}

impl From<rb_armijo> for Armijo {
    fn from(rb_armijo { decrease, shrink, growth, trials }: rb_armijo) -> Self {
        Self { decrease, shrink, growth, trials }
    }
}

//! The settings of the Armijo line search.

use rolling_ball::Armijo;

/// A line search that chooses the learning rate by trial. The first trial is `growth` times the
/// rate that the last step accepted; each rejected trial multiplies it by `shrink`. A trial is
/// accepted when the loss falls by at least `decrease * rate * |gradient|^2`. Cost: one loss (1/3
/// of a gradient evaluation) for each trial.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_armijo {
    /// The fraction of the predicted decrease that is demanded; at least 0 and below 1.
    pub decrease: f32,
    /// The factor on the rate after a rejected trial; above 0 and below 1.
    pub shrink: f32,
    /// The factor from the rate of the last step to the first trial; at least 1.
    pub growth: f32,
    /// How many trials are made before the step ends as stalled; at least 1.
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

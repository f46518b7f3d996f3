//! Values that change from step to step.

use rolling_ball::{Error, Schedule};

/// The value `from` at every step.
pub const RB_SCHEDULE_CONSTANT: u32 = 0;
/// A straight line from `from` to `to`.
pub const RB_SCHEDULE_LINEAR: u32 = 1;
/// Half a cosine wave from `from` to `to`.
pub const RB_SCHEDULE_COSINE: u32 = 2;
/// The same factor at every step, from `from` to `to`; `to` must be above 0.
pub const RB_SCHEDULE_EXPONENTIAL: u32 = 3;

/// A value for each step: `from` at step 0, and `to` at step `steps` and after. For a rule of your
/// own, set the value before each step (rb_ball_set_radius, rb_ball_set_learning_rate).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_schedule {
    /// One of RB_SCHEDULE_CONSTANT, _LINEAR, _COSINE and _EXPONENTIAL.
    pub kind: u32,
    /// The value at step 0; 0 or above, and above 0 where the schedule is exponential.
    pub from: f32,
    /// The value at step `steps` and after; 0 or above. A constant schedule does not read it.
    pub to: f32,
    /// The number of steps. A constant schedule does not read it.
    pub steps: u32,
}

/// A schedule with the same value at every step.
#[unsafe(no_mangle)]
pub extern "C" fn rb_constant(value: f32) -> rb_schedule {
    rb_schedule { kind: RB_SCHEDULE_CONSTANT, from: value, to: value, steps: 0 }
}

/// A schedule from `from` to `to` on half a cosine wave in `steps` steps.
#[unsafe(no_mangle)]
pub extern "C" fn rb_cosine(from: f32, to: f32, steps: u32) -> rb_schedule {
    rb_schedule { kind: RB_SCHEDULE_COSINE, from, to, steps }
}

impl From<Schedule> for rb_schedule {
    fn from(schedule: Schedule) -> Self {
        let (kind, from, to, steps) = match schedule {
            Schedule::Constant(value) => return rb_constant(value),
            Schedule::Linear { from, to, steps } => (RB_SCHEDULE_LINEAR, from, to, steps),
            Schedule::Cosine { from, to, steps } => (RB_SCHEDULE_COSINE, from, to, steps),
            Schedule::Exponential { from, to, steps } => (RB_SCHEDULE_EXPONENTIAL, from, to, steps),
            // No default is a function. If one were, init would refuse this.
            Schedule::Custom(_) => (u32::MAX, 0.0, 0.0, 0),
        };
        Self { kind, from, to, steps }
    }
}

impl TryFrom<rb_schedule> for Schedule {
    type Error = Error;

    fn try_from(rb_schedule { kind, from, to, steps }: rb_schedule) -> Result<Self, Error> {
        match kind {
            RB_SCHEDULE_CONSTANT => Ok(Self::Constant(from)),
            RB_SCHEDULE_LINEAR => Ok(Self::Linear { from, to, steps }),
            RB_SCHEDULE_COSINE => Ok(Self::Cosine { from, to, steps }),
            RB_SCHEDULE_EXPONENTIAL => Ok(Self::Exponential { from, to, steps }),
            _ => Err(Error::Setting {
                name: "schedule kind",
                value: kind as f32,
                expected: "one of RB_SCHEDULE_...",
            }),
        }
    }
}

//! What every optimizer is made of: the protocol, what a step reports, schedules, line searches,
//! and parts around any.

mod line_search;
mod protocol;
mod rebind;
mod report;
mod resumable;
mod schedule;
mod turns;
mod wrappers;

pub use line_search::Armijo;
pub use protocol::{Evaluation, Objective, Optimizer, PollObjective, Request, poll_step, step};
pub use rebind::Rebind;
pub use report::{Evaluations, FootpointReport, Outcome, StepReport};
pub use resumable::{Kind, Resumable, STATE_VECTORS, STATE_WORDS, State};
pub use schedule::Schedule;
pub use wrappers::{ByPart, ClipNorm, KeepStart, Part, Parts, StepByPart, WeightDecay};

pub(crate) use line_search::{RateSearch, Verdict};
#[cfg(feature = "gpu")]
pub(crate) use protocol::step_on;
pub(crate) use report::{StepRecord, check_answer};
pub(crate) use turns::{Method, Next, StepState, awaited_gradient, next_step};

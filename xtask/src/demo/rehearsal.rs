//! The rehearsal of a plan: the firmware's own code on the firmware's own image.

use crate::demo::plan::{Plan, PlanArgs, Scenario};
use crate::device::write_image;
use anyhow::{Context, Result};
use rolling_ball_rehearsal::desktop::Rehearsal;
use rolling_ball_rehearsal::{Event, Image, OptimizerKind, whole};
use scenario::{DigitsTail, SpeakersCnnTail, SpeakersTail, last_layer};

/// Rehearses a plan with scalar and with wide kernels; `tell` hears the second run.
pub fn rehearse(plan: &Plan, tell: impl FnMut(&Event)) -> Result<Rehearsal> {
    let image = &Image::parse(&plan.image)?;
    Ok(match plan.scenario {
        Scenario::Digits => Rehearsal::new(&whole::<DigitsTail>(image)?, tell),
        Scenario::LastLayer | Scenario::LossesOnly => Rehearsal::new(&last_layer(image)?, tell),
        Scenario::Speakers => Rehearsal::new(&whole::<SpeakersTail>(image)?, tell),
        Scenario::SpeakersCnn => Rehearsal::new(&whole::<SpeakersCnnTail>(image)?, tell),
    }?)
}

/// Rehearses the digits with the ball and leaves their image in a folder of that name, for
/// firmwares that are built around it. Gives the hash of theta at the end.
pub fn leave_digits(folder: &str) -> Result<u32> {
    let plan = Plan::prepare(&PlanArgs::digits(OptimizerKind::Ball))?;
    write_image(folder, plan.scenario.binary(), &plan.image)?;
    let rehearsal = rehearse(&plan, |_| {})?;
    rehearsal.history()?.hashes().last().copied().context("the rehearsal made no step")
}

//! The desktop rehearsal: the firmware's own code on the firmware's own image.

use crate::demo::outcome::Told;
use crate::demo::plan::{Plan, PlanArgs, Scenario};
use crate::device::write_image;
use anyhow::{Context, Result};
use rolling_ball::kernels::{Kernels, Scalar, Wide};
use rolling_ball::nn::{Backbone, Layer, Network};
use scenario::{
    Buffers, DigitsTail, Event, Image, Model, OptimizerKind, SpeakersCnnTail, SpeakersTail,
    fine_tune, last_layer, whole,
};

/// One run's events, without a device's instruction counts and RAM.
fn rehearse<T: Layer, F: Backbone, K: Kernels + Copy>(
    kernels: K,
    model: &Model<'_, T, F>,
    mut tell: impl FnMut(&Event),
) -> Result<Vec<Event>> {
    let mut vectors = [const { Vec::<f32>::new() }; 4].map(|_| vec![0.0; T::PARAMETERS]);
    let [theta, gradient, first, second] = &mut vectors;
    let mut scratch = vec![0.0; Network::<T, F>::SCRATCH];
    let buffers = Buffers { theta, workspace: [gradient, first, second], scratch: &mut scratch };
    let mut events = Vec::new();
    fine_tune(
        kernels,
        model,
        buffers,
        || 0,
        |event| {
            tell(&event);
            events.push(event);
        },
    )
    .context("the rehearsal failed")?;
    Ok(events)
}

/// The rehearsal with scalar and with wide kernels.
pub struct Rehearsals {
    /// Events of the scalar kernels.
    pub scalar: Vec<Event>,
    /// Events of the wide kernels.
    pub wide: Vec<Event>,
}

impl Rehearsals {
    /// Rehearses a plan with both kernels; `tell` hears the second.
    pub fn of(plan: &Plan, tell: impl FnMut(&Event)) -> Result<Self> {
        let image = &Image::parse(&plan.image)?;
        match plan.scenario {
            Scenario::Digits => Self::run(&whole::<DigitsTail>(image)?, tell),
            Scenario::LastLayer => Self::run(&last_layer(image)?, tell),
            Scenario::Speakers => Self::run(&whole::<SpeakersTail>(image)?, tell),
            Scenario::SpeakersCnn => Self::run(&whole::<SpeakersCnnTail>(image)?, tell),
        }
    }

    fn run<T: Layer, F: Backbone>(
        model: &Model<'_, T, F>,
        tell: impl FnMut(&Event),
    ) -> Result<Self> {
        Ok(Self { scalar: rehearse(Scalar, model, |_| {})?, wide: rehearse(Wide, model, tell)? })
    }
}

/// Rehearses the digits with the ball and leaves their image in a folder of that name, for firmwares that are built around
/// it. Gives the hash of theta at the end.
pub fn leave_digits(folder: &str) -> Result<u32> {
    let plan = Plan::prepare(&PlanArgs::digits(OptimizerKind::Ball))?;
    write_image(folder, plan.scenario.binary(), &plan.image)?;
    let rehearsals = Rehearsals::of(&plan, |_| {})?;
    let last = Told::new(&rehearsals.wide)?.steps.last().map(|step| step.hash);
    last.context("the rehearsal made no step")
}

//! The desktop rehearsal: the firmware's own code on the firmware's own image.

use crate::demo::plan::{Plan, Scenario};
use anyhow::{Context, Result};
use rolling_ball::kernels::{Kernels, Scalar, Wide};
use rolling_ball::nn::{Layer, Network, Nothing};
use scenario::{
    DigitsTail, Event, Image, LastLayerFrozen, LastLayerTail, Memory, SpeakersTail, fine_tune,
};

/// One run's events, without a device's instruction counts and RAM.
fn rehearse<T: Layer, F: Layer, K: Kernels + Copy>(
    kernels: K,
    image: &Image,
    mut tell: impl FnMut(&Event),
) -> Result<Vec<Event>> {
    let mut vectors = [const { Vec::<f32>::new() }; 4].map(|_| vec![0.0; T::PARAMETERS]);
    let [theta, gradient, first, second] = &mut vectors;
    let mut scratch = vec![0.0; Network::<T, F>::SCRATCH];
    let memory = Memory { theta, workspace: [gradient, first, second], scratch: &mut scratch };
    let mut events = Vec::new();
    fine_tune::<T, F, K>(
        kernels,
        image,
        memory,
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
            Scenario::Digits => Self::run::<DigitsTail, Nothing>(image, tell),
            Scenario::LastLayer => Self::run::<LastLayerTail, LastLayerFrozen>(image, tell),
            Scenario::Speakers => Self::run::<SpeakersTail, Nothing>(image, tell),
        }
    }

    fn run<T: Layer, F: Layer>(image: &Image, tell: impl FnMut(&Event)) -> Result<Self> {
        Ok(Self {
            scalar: rehearse::<T, F, _>(Scalar, image, |_| {})?,
            wide: rehearse::<T, F, _>(Wide, image, tell)?,
        })
    }
}

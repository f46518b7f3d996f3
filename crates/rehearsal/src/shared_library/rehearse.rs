//! The run of a device.

use super::evaluate::check;
use super::{Lent, LentMut};
use crate::desktop::run;
use crate::{Accuracy, Event, Image, Model, OptimizerKind, Settings, StepEvent};
use rolling_ball::Error;
use rolling_ball::kernels::{Scalar, Wide};
use rolling_ball::nn::{Backbone, Layer, Network, QuantizedSamples};

/// The run that is asked for; see [`Settings`] and [`Image`].
#[derive(Debug)]
#[repr(C)]
pub struct Rehearse<'a> {
    /// The number of an [`OptimizerKind`].
    pub optimizer: u32,
    /// The number of steps.
    pub steps: u32,
    /// How many samples a step evaluates; 0 stands for all of them.
    pub batch: u32,
    /// The radius.
    pub radius: f32,
    /// The learning rate.
    pub learning_rate: f32,
    /// Not 0 for the kernels of a Cortex-M. The bits are the same as those of the others, and take
    /// longer.
    pub scalar: u32,
    /// What a byte is multiplied by.
    pub scale: f32,
    /// What is added after.
    pub offset: f32,
    /// The parameters to start from.
    pub start: Lent<'a, f32>,
    /// The inputs to learn from.
    pub inputs: Lent<'a, u8>,
    /// The class of each.
    pub labels: Lent<'a, u8>,
    /// The inputs to test on.
    pub held_out_inputs: Lent<'a, u8>,
    /// The class of each.
    pub held_out_labels: Lent<'a, u8>,
    /// Where the parameters go.
    pub theta: LentMut<'a, f32>,
    /// What is told of each step: as many as there are steps.
    pub told: LentMut<'a, StepEvent>,
    /// The accuracy before and after: two.
    pub accuracies: LentMut<'a, Accuracy>,
}

/// Makes a run as the device makes it, with its bits.
///
/// # Errors
///
/// Those of [`fine_tune`](crate::fine_tune), and [`Error::Setting`] where there is no optimizer of
/// this number.
pub fn rehearse<L: Layer, B: Backbone>(
    network: &Network<'static, L, B>,
    asked: &mut Rehearse<'_>,
) -> Result<(), Error> {
    let Rehearse { optimizer, steps, batch, radius, learning_rate, .. } = *asked;
    let optimizer = OptimizerKind::from_id(optimizer).ok_or(Error::Setting {
        name: "optimizer",
        value: optimizer as f32,
        expected: "the number of an optimizer",
    })?;
    let settings = Settings { optimizer, steps, batch, radius, learning_rate };
    let (width, scale, offset) = (Network::<L, B>::INPUTS, asked.scale, asked.offset);
    let (inputs, labels) = (asked.inputs.get(), asked.labels.get());
    let labelled = QuantizedSamples { inputs, labels, width, scale, offset };
    let (inputs, labels) = (asked.held_out_inputs.get(), asked.held_out_labels.get());
    let held_out = QuantizedSamples { inputs, labels, width, scale, offset };
    for QuantizedSamples { inputs, labels, .. } in [labelled, held_out] {
        check("inputs", labels.len().saturating_mul(width), inputs.len())?;
    }
    let start = asked.start.get();
    let image = Image { settings, weights: start, labelled, held_out };
    let model = Model { network: *network, start, image };

    let (scalar, theta) = (asked.scalar != 0, asked.theta.get());
    let (told, accuracies) = (asked.told.get(), asked.accuracies.get());
    check("reports of steps", steps as usize, told.len())?;
    let (mut told, mut accuracies) = (told.iter_mut(), accuracies.iter_mut());
    let tell = |event: Event| match event {
        Event::Step(step) => told.next().into_iter().for_each(|place| *place = step),
        Event::Before(accuracy) | Event::After(accuracy) => {
            accuracies.next().into_iter().for_each(|place| *place = accuracy);
        }
        _ => {}
    };
    if scalar { run(Scalar, &model, theta, tell) } else { run(Wide, &model, theta, tell) }
}

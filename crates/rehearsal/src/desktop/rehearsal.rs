//! Makes the device's own run on the desktop.

use super::{Error, History, first_difference};
use crate::{Buffers, Event, Model, fine_tune};
use rolling_ball::kernels::{Kernels, Scalar, Wide};
use rolling_ball::nn::{Backbone, Layer, Network, Samples};
use std::{println, vec, vec::Vec};

/// A run with scalar kernels, as on a Cortex-M, and the same run with wide ones.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// The events of the run with scalar kernels.
    pub scalar: Vec<Event>,
    /// The events of the run with wide kernels.
    pub wide: Vec<Event>,
}

impl Rehearsal {
    /// Runs a model with both kinds of kernels. `tell` hears the events of the second run while it
    /// goes on.
    ///
    /// It takes as long as two trainings, and memory for five vectors of theta's length in addition
    /// to the samples.
    ///
    /// # Errors
    ///
    /// [`Error::Run`] where the settings, the samples or the network do not fit each other, or
    /// where the training diverges.
    pub fn new<T: Layer, F: Backbone>(
        model: &Model<'_, T, F>,
        tell: impl FnMut(&Event),
    ) -> Result<Self, Error> {
        Ok(Self { scalar: events(Scalar, model, |_| {})?, wide: events(Wide, model, tell)? })
    }

    /// What the run with the wide kernels told.
    ///
    /// # Errors
    ///
    /// None for a rehearsal that [`new`](Self::new) made.
    pub fn history(&self) -> Result<History<'_>, Error> {
        History::new(&self.wide)
    }

    /// The first step after which the two kinds of kernels differ in any bit.
    ///
    /// # Errors
    ///
    /// None for a rehearsal that [`new`](Self::new) made.
    pub fn first_difference(&self) -> Result<Option<usize>, Error> {
        Ok(first_difference(&History::new(&self.scalar)?, &self.history()?))
    }
}

/// Rehearses a model and prints what a device would print, one line for each event. The counts of
/// instructions are 0.
///
/// # Errors
///
/// The same as those of [`Rehearsal::new`], and [`Error::Kernels`].
pub fn print<T: Layer, F: Backbone>(model: &Model<'_, T, F>) -> Result<(), Error> {
    let rehearsal = Rehearsal::new(model, |event| println!("{event}"))?;
    match rehearsal.first_difference()? {
        Some(step) => Err(Error::Kernels { step }),
        None => Ok(()),
    }
}

/// All events of one run.
fn events<T: Layer, F: Backbone, K: Kernels + Copy>(
    kernels: K,
    model: &Model<'_, T, F>,
    mut tell: impl FnMut(&Event),
) -> Result<Vec<Event>, Error> {
    let (mut theta, mut events) = (vec![0.0; T::PARAMETERS], Vec::new());
    run(kernels, model, &mut theta, |event| {
        tell(&event);
        events.push(event);
    })?;
    Ok(events)
}

/// Makes one run, which tells no counts of instructions and no use of RAM, and leaves its
/// parameters in theta.
pub(crate) fn run<T: Layer, F: Backbone, K: Kernels + Copy>(
    kernels: K,
    model: &Model<'_, T, F>,
    theta: &mut [f32],
    tell: impl FnMut(Event),
) -> Result<(), rolling_ball::Error> {
    let mut vectors = [const { Vec::<f32>::new() }; 3].map(|_| vec![0.0; T::PARAMETERS]);
    let mut scratch = vec![0.0; Network::<T, F>::SCRATCH];
    // Without a backbone the features would be the inputs.
    let samples = match F::SHAPE {
        Some(_) => model.image.labelled.len() + model.image.held_out.len(),
        None => 0,
    };
    let mut features = vec![F::Feature::default(); samples * Network::<T, F>::FEATURES];
    let workspace = vectors.each_mut().map(Vec::as_mut_slice);
    let (scratch, features) = (&mut scratch, &mut features);
    fine_tune(kernels, model, Buffers { theta, workspace, scratch, features }, || 0, tell)
}

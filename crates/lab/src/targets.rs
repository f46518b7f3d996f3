//! Whose device it is, and what it knew before.

use anyhow::Result;
use indicatif::ProgressBar;
use rayon::prelude::*;
use rolling_ball::Error;
use rolling_ball::nn::{Layer, Network};
use rolling_ball_rehearsal::accuracy;
use scenario::{DigitsTail, SpeakersTail};
use std::path::Path;
use workbench::data::Dataset;
use workbench::data::digits::{self, Sensor};
use workbench::data::shuffled;
use workbench::data::speakers::{Recordings, SPEAKERS};
use workbench::pretrain::{DIGITS_RECIPE, SPEAKERS_RECIPE, pretrain};
use workbench::progress;

/// A pre-trained network, what its device draws samples from, and samples like those that it was
/// pre-trained with.
pub struct Target {
    pub weights: Vec<f32>,
    pub data: Dataset,
    pub source: Dataset,
}

/// The part of the samples that a network classifies as they are labelled; none of them where an
/// output is not finite, since then a training has diverged.
pub fn tested<T: Layer>(theta: &[f32], data: &Dataset) -> Result<f64> {
    let network = Network::<T>::new(&[])?;
    let mut scratch = vec![0.0; Network::<T>::SCRATCH];
    match accuracy(&network, theta, data.samples(), &mut scratch) {
        Ok(accuracy) => Ok(accuracy.fraction()),
        Err(Error::NonFiniteOutput) => Ok(0.0),
        Err(error) => Err(error.into()),
    }
}

/// A network that knows clean digits, behind each of these sensors.
pub fn sensors(sensors: &[Sensor]) -> Result<Vec<Target>> {
    let bar = progress::bar("pre-training on clean digits", "epochs");
    let weights = pretrain::<DigitsTail>(&digits::clean()?, &DIGITS_RECIPE, &bar)?;
    bar.finish_and_clear();
    let ideal = Sensor { rotation: 0.0, gain: 1.0, offset: 0.0, noise: 0.0 };
    let target = |(seed, sensor): (u64, &Sensor)| {
        let (weights, data) = (weights.clone(), digits::sensed(sensor, seed)?);
        Ok(Target { weights, data, source: digits::sensed(&ideal, 1)? })
    };
    (1..).zip(sensors).map(target).collect()
}

/// One network for each speaker, who was left out of its pre-training, as a fifth of what the
/// others said was.
pub fn speakers(directory: &Path) -> Result<Vec<Target>> {
    each_speaker(directory, |speaker, others, data| {
        let order = shuffled(others.labels.len(), u64::from(speaker));
        let (source, rest) = order.split_at(order.len() / 5);
        let weights = without_the_speaker(&others.select(rest))?;
        Ok(Target { weights, data, source: others.select(source) })
    })
}

/// A network that is pre-trained with what others than its speaker said.
pub fn without_the_speaker(others: &Dataset) -> Result<Vec<f32>> {
    pretrain::<SpeakersTail>(others, &SPEAKERS_RECIPE, &ProgressBar::hidden())
}

/// Makes something of each speaker: of his number, of what the others said, and of what he said.
pub fn each_speaker<R: Send>(
    directory: &Path,
    make: impl Fn(u8, Dataset, Dataset) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let recordings = Recordings::read(directory)?;
    let bar = progress::bar("pre-training without each speaker", "speakers");
    bar.set_length(u64::from(SPEAKERS));
    let of = |speaker| {
        let (others, own) = recordings.leave_out(speaker);
        let made = make(speaker, others, own);
        bar.inc(1);
        made
    };
    let made = (0..SPEAKERS).into_par_iter().map(of).collect();
    bar.finish_and_clear();
    made
}

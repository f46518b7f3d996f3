//! Spoken digits, which the repository does not hold.

use super::TestArgs;
use super::part::{Part, QEMU, skipped};
use crate::demo::outcome::Outcome;
use crate::demo::plan::{PlanArgs, SpeakersNetwork};
use crate::device::qemu::MPS2_AN386;
use crate::int8;
use anyhow::{Result, ensure};
use libtest_mimic::Completion;
use std::path::{Path, PathBuf};
use workbench::data::speakers::SPEAKERS;
use workbench::workspace::root;

/// What a network of the spoken digits shows on the device.
const NETWORKS: [(SpeakersNetwork, &str); 2] = [
    (
        SpeakersNetwork::Dense,
        "spoken_digits_have_equal_bits_on_host_and_device_within_256_kb_of_ram",
    ),
    (
        SpeakersNetwork::Cnn,
        "convolutions_over_spoken_digits_have_equal_bits_on_host_and_device_within_128_kb_of_ram",
    ),
];

pub fn part(args: &TestArgs) -> Part {
    let beside = root().join("../shared/data");
    let directory = args.fsdd.clone().or_else(|| beside.is_dir().then_some(beside));
    let with = |check: fn(&Path) -> Result<()>| {
        let directory = directory.clone();
        move || with_digits(directory, check)
    };
    let mut part = Part::new("speakers", args).needs(&[QEMU]).builds_for(&[MPS2_AN386.target]);
    for (network, sentence) in NETWORKS {
        let directory = directory.clone();
        part = part.test_or_skip(sentence, move || {
            with_digits(directory, |directory| on_device(directory, network))
        });
    }
    part.needs(&[])
        .test_or_skip(
            "an_int8_backbone_is_smaller_and_as_accurate_on_spoken_digits_within_a_point",
            with(int8::check),
        )
        .test_or_skip(
            "six_speakers_reach_a_mean_of_87_per_cent_with_20_clips_and_91_7_with_50",
            with(means),
        )
}

/// Checks where the spoken digits are.
fn with_digits(
    directory: Option<PathBuf>,
    check: impl FnOnce(&Path) -> Result<()>,
) -> Result<Completion> {
    let Some(directory) = directory else {
        return Ok(skipped("the spoken digits are not here; name them with --fsdd DIR"));
    };
    check(&directory)?;
    Ok(Completion::Completed)
}

fn on_device(directory: &Path, network: SpeakersNetwork) -> Result<()> {
    let arguments = PlanArgs { network, ..PlanArgs::speaker(directory, 0, 20) };
    let outcome = Outcome::of(&arguments, false)?;
    outcome.check_bits()?;
    outcome.check_budget()?;
    let summary = outcome.summary()?;
    let (before, after) = (summary.accuracy_before, summary.accuracy_after);
    ensure!(after > before, "speaker 0: accuracy {before}, then {after}");
    Ok(())
}

fn means(directory: &Path) -> Result<()> {
    let (twenty, fifty) = (mean_of_speakers(directory, 20)?, mean_of_speakers(directory, 50)?);
    ensure!(
        twenty >= 0.87 && fifty >= 0.917,
        "mean over the speakers: {twenty} with 20 clips, {fifty} with 50"
    );
    Ok(())
}

/// Rehearsed with the default ball.
fn mean_of_speakers(directory: &Path, clips: u16) -> Result<f64> {
    let mut sum = 0.0;
    for speaker in 0..SPEAKERS {
        let outcome = Outcome::of(&PlanArgs::speaker(directory, speaker, clips), true)?;
        sum += outcome.summary()?.accuracy_after;
    }
    Ok(sum / f64::from(SPEAKERS))
}

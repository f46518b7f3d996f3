//! Spoken digits, which the repository does not hold.

use super::TestArgs;
use super::part::{Part, QEMU, skipped, tell};
use crate::demo::outcome::Outcome;
use crate::demo::plan::{Plan, PlanArgs, SpeakersNetwork};
use crate::device::qemu::{Emulation, MPS2_AN386};
use crate::device::{Build, write_image};
use crate::int8;
use anyhow::{Result, ensure};
use libtest_mimic::Completion;
use rolling_ball::kernels::{Active, Scalar};
use rolling_ball_rehearsal::Image;
use scenario::transaction::{Memory, learn};
use std::path::{Path, PathBuf};
use std::time::Duration;
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
    let in_a_transaction = with(transaction);
    part = part.test_or_skip(
        "a_transaction_with_40_per_cent_of_wrong_labels_is_no_worse_and_has_the_desktops_bits",
        in_a_transaction,
    );
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

/// Each speaker on the desktop, and one on the device.
fn transaction(directory: &Path) -> Result<()> {
    for speaker in 0..SPEAKERS {
        let clips = PlanArgs::speaker(directory, speaker, 50);
        let plan = Plan::prepare(&PlanArgs { wrong: 40, ..clips })?;
        let image = Image::parse(&plan.image)?;
        let scalar = learn(Scalar, &image, &mut Memory::new(), || 0)?;
        let wide = learn(Active::default(), &image, &mut Memory::new(), || 0)?;
        ensure!(scalar == wide, "speaker {speaker}: {scalar} by scalar kernels, {wide} by others");
        ensure!(scalar.after >= scalar.before, "speaker {speaker} ends below the start: {scalar}");
        if speaker > 0 {
            continue;
        }
        write_image("transaction", plan.scenario.binary(), &plan.image)?;
        let firmware = Build::firmware("transaction", &MPS2_AN386, "transaction").run()?;
        let mut told = Vec::new();
        let emulation = Emulation::new(&MPS2_AN386, &firmware, Duration::from_secs(600));
        emulation.lines(|line| told.push(line.to_owned()))?;
        ensure!(
            told.first() == Some(&scalar.to_string()),
            "the device says {told:?}, the desktop {scalar}"
        );
        tell(told.join("\n"));
    }
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

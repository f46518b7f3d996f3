//! The power fails in every operation of a save.

use crate::nor_flash::{Damage, Failure, NorFlashModel, Reading};
use crate::support::cases::cases;
use crate::support::numbers::bits;
use crate::support::optimizers::run;
use crate::training::{Ball, LENGTH, contact_ball, rubbish, start, wells};
use proptest::prelude::*;
use rolling_ball::{CheckpointError, Checkpoints};
use std::ops::Range;

const SLOTS: u32 = 3;
/// One save after each: more than there are slots.
const STEPS: usize = 7;

type Model<const WRITE: usize, const ERASE: usize, const READ: usize> =
    NorFlashModel<WRITE, ERASE, READ>;

/// Theta's bits before the first step and after each, without an interruption.
fn reference(steps: usize) -> Vec<Vec<u32>> {
    let (mut theta, mut ball) = (start(), contact_ball());
    let mut all = vec![bits(&theta)];
    for _ in 0..steps {
        run(&mut ball, &mut wells(), &mut theta, 1);
        all.push(bits(&theta));
    }
    all
}

/// Boots: resumes, or starts, and goes on to the last step with a save after each. Returns the step
/// that the boot began at and the one whose save failed.
fn boot<const WRITE: usize, const ERASE: usize, const READ: usize>(
    flash: &mut Model<WRITE, ERASE, READ>,
    range: Range<u32>,
    reference: &[Vec<u32>],
) -> (usize, Option<usize>) {
    let mut checkpoints = Checkpoints::new(flash, range).unwrap();
    let (mut theta, mut ball) = (rubbish(), contact_ball());
    let resumed = match checkpoints.resume(&mut theta, &mut ball) {
        Ok(Some(steps)) => steps as usize,
        // Nothing was found, but something cannot be read.
        Ok(None) | Err(CheckpointError::Flash(Failure)) => {
            theta = start();
            0
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(bits(&theta), reference[resumed], "resumed after {resumed} steps");
    for (done, expected) in reference.iter().enumerate().skip(resumed + 1) {
        run(&mut ball, &mut wells(), &mut theta, 1);
        assert_eq!(&bits(&theta), expected, "{done} steps, {resumed} of them resumed");
        match checkpoints.save(&theta, &ball) {
            Ok(()) => {}
            Err(CheckpointError::Flash(Failure)) => return (resumed, Some(done)),
            Err(error) => panic!("{error}"),
        }
    }
    (resumed, None)
}

/// A range with other things before and after it.
fn flash_with<const WRITE: usize, const ERASE: usize, const READ: usize>()
-> (Model<WRITE, ERASE, READ>, Range<u32>) {
    let length = Checkpoints::<Model<WRITE, ERASE, READ>>::bytes::<Ball>(LENGTH, SLOTS) as usize;
    let flash = Model::holding(vec![0xa5; length + 2 * ERASE]);
    (flash, ERASE as u32..(ERASE + length) as u32)
}

fn cut_everywhere<const WRITE: usize, const ERASE: usize, const READ: usize>(reading: Reading) {
    let reference = reference(STEPS);
    let (mut erased, range) = flash_with::<WRITE, ERASE, READ>();
    erased.reading = reading;
    let mut whole = erased.clone();
    assert_eq!(boot(&mut whole, range.clone(), &reference), (0, None));
    let operations = whole.operations;
    assert!(operations > STEPS * 2);
    let (mut old, mut new) = (0, 0);
    for at in 0..operations {
        for damage in [Damage::Untouched, Damage::Half, Damage::Noise(1), Damage::Noise(2)] {
            let mut flash = erased.clone();
            flash.power_cut = Some((at, damage));
            let (resumed, failed) = boot(&mut flash, range.clone(), &reference);
            let failed = failed.expect("a save without power fails");
            assert_eq!(resumed, 0);

            flash.reboot();
            let (resumed, failed_again) = boot(&mut flash, range.clone(), &reference);
            assert!(
                resumed == failed - 1 || resumed == failed,
                "power cut {at} {damage:?}, in save {failed}, resumed after {resumed} steps"
            );
            (old, new) = if resumed == failed { (old, new + 1) } else { (old + 1, new) };
            assert_eq!(failed_again, None);
            assert_eq!(boot(&mut flash, range.clone(), &reference), (STEPS, None));
            let around = [&flash.bytes[..ERASE], &flash.bytes[range.end as usize..]];
            assert!(around.iter().all(|bytes| bytes.iter().all(|byte| *byte == 0xa5)));
        }
    }
    // A word of which half was written may already be whole: its other half is what erased flash
    // holds.
    assert!(old > new, "{old} resumed from the old checkpoint, {new} from the new one");
}

#[test]
fn a_power_failure_in_any_operation_leaves_the_old_or_the_new_checkpoint() {
    cut_everywhere::<1, 128, 1>(Reading::All);
    cut_everywhere::<4, 256, 4>(Reading::All);
    cut_everywhere::<4, 1024, 1>(Reading::All);
    cut_everywhere::<8, 2048, 8>(Reading::All);
    cut_everywhere::<32, 128, 1>(Reading::All);
    cut_everywhere::<32, 4096, 32>(Reading::All);
    cut_everywhere::<64, 512, 64>(Reading::All);
    cut_everywhere::<256, 256, 1>(Reading::All);
    cut_everywhere::<8, 512, 512>(Reading::All);
}

#[test]
fn so_it_does_where_what_was_interrupted_cannot_be_read_until_it_is_erased() {
    cut_everywhere::<8, 2048, 8>(Reading::Corrected);
    cut_everywhere::<16, 256, 1>(Reading::Corrected);
    cut_everywhere::<32, 4096, 32>(Reading::Corrected);
    cut_everywhere::<256, 256, 1>(Reading::Corrected);
}

#[test]
fn so_it_does_where_nothing_but_what_was_written_can_be_read() {
    cut_everywhere::<16, 256, 1>(Reading::Written);
    cut_everywhere::<128, 1024, 1>(Reading::Written);
    cut_everywhere::<512, 512, 4>(Reading::Written);
}

fn damages() -> impl Strategy<Value = Damage> {
    prop_oneof![Just(Damage::Untouched), Just(Damage::Half), any::<u8>().prop_map(Damage::Noise),]
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn no_series_of_power_failures_sets_the_training_back(
        cuts in prop::collection::vec((0usize..500, damages()), 1..20),
        reading in prop_oneof![
            Just(Reading::All),
            Just(Reading::Corrected),
            Just(Reading::Written),
        ],
    ) {
        let reference = reference(STEPS);
        let (mut flash, range) = flash_with::<4, 256, 4>();
        flash.reading = reading;
        let mut kept = 0;
        for (after, damage) in cuts {
            flash.reboot();
            flash.power_cut = Some((flash.operations + after, damage));
            let (resumed, failed) = boot(&mut flash, range.clone(), &reference);
            prop_assert!(resumed >= kept);
            // Every save before the one that failed went well.
            kept = failed.map_or(STEPS, |failed| failed - 1).max(resumed);
        }
        flash.reboot();
        let (resumed, failed) = boot(&mut flash, range, &reference);
        prop_assert!(resumed >= kept);
        prop_assert_eq!(failed, None);
    }
}

//! Reads that fail, one or all from one on, and well again later.

use crate::forgery::on;
use crate::nor_flash::{Damage, Failure, NorFlashModel};
use crate::support::numbers::bits;
use crate::support::optimizers::{ball, run};
use crate::training::{Ball, contact_ball};
use rolling_ball::landscapes::Quadratic;
use rolling_ball::{CheckpointError, Checkpoints, Resumable};
use std::ops::Range;

type Flash = NorFlashModel<4, 512, 4>;
/// More than one read for a checkpoint.
const LENGTH: usize = 300;
const SAVES: usize = 6;
const SLOTS: u32 = 4;

fn new() -> (Vec<f32>, Ball) {
    (vec![0.5; LENGTH], ball(*contact_ball().config(), LENGTH))
}

type Bits = (Vec<u32>, Vec<u32>);

fn bits_of((theta, ball): &(Vec<f32>, Ball)) -> Bits {
    (bits(theta), bits(ball.state().unwrap().vectors[0]))
}

/// A flash after some saves, what was saved, and the training.
fn saved() -> (Flash, Vec<Bits>, (Vec<f32>, Ball)) {
    let bytes = Checkpoints::<Flash>::bytes::<Ball>(LENGTH, SLOTS) as usize;
    let (mut checkpoints, mut training, mut all) = (on(Flash::new(bytes)), new(), Vec::new());
    for _ in 0..SAVES {
        run(&mut training.1, &mut Quadratic { condition: 1.0 }, &mut training.0, 1);
        checkpoints.save(&training.0, &training.1).unwrap();
        all.push(bits_of(&training));
    }
    (checkpoints.into_inner(), all, training)
}

fn failing(flash: &Flash, reads: Range<usize>) -> Checkpoints<Flash> {
    let mut flash = flash.clone();
    (flash.reads, flash.failing_reads) = (0, reads);
    on(flash)
}

fn well_again<const ERASE: usize>(
    checkpoints: Checkpoints<NorFlashModel<4, ERASE, 4>>,
) -> Checkpoints<NorFlashModel<4, ERASE, 4>> {
    let mut flash = checkpoints.into_inner();
    flash.failing_reads = 0..0;
    on(flash)
}

/// Each read fails alone, with the one after it, and with all after it. The last is one that is
/// not made.
fn failures(reads: usize) -> impl Iterator<Item = Range<usize>> {
    (0..=reads).flat_map(|first| [first + 1, first + 2, usize::MAX].map(|end| first..end))
}

#[test]
fn a_read_that_fails_hides_one_checkpoint_and_never_changes_what_is_resumed() {
    let (flash, saved, _) = saved();
    let reads = {
        let (mut checkpoints, mut training) = (failing(&flash, 0..0), new());
        checkpoints.resume(&mut training.0, &mut training.1).unwrap();
        checkpoints.into_inner().reads
    };
    let (mut newest, mut older, mut refused, mut half_resumed) = (0, 0, 0, 0);
    for failing_reads in failures(reads) {
        let (mut checkpoints, mut training) = (failing(&flash, failing_reads.clone()), new());
        let before = bits_of(&training);
        match checkpoints.resume(&mut training.0, &mut training.1) {
            Ok(Some(steps)) => {
                assert_eq!(bits_of(&training), saved[steps as usize - 1], "{failing_reads:?}");
                let missed = SAVES - steps as usize;
                assert!(missed <= failing_reads.len().min(2), "{steps} of {failing_reads:?}");
                *(if missed == 0 { &mut newest } else { &mut older }) += 1;
            }
            Err(CheckpointError::Flash(Failure)) => {
                assert_eq!(bits_of(&training), before, "{failing_reads:?}");
                refused += 1;
            }
            Err(CheckpointError::HalfResumed) => {
                // As the error says: resume again.
                let steps =
                    well_again(checkpoints).resume(&mut training.0, &mut training.1).unwrap();
                assert_eq!(steps, Some(SAVES as u32));
                assert_eq!(bits_of(&training), saved[SAVES - 1]);
                half_resumed += 1;
            }
            other => panic!("{failing_reads:?}: {other:?}"),
        }
    }
    assert!(
        newest > 0 && older > 0 && refused > 0 && half_resumed > 0,
        "{newest} newest, {older} older, {refused} refused, {half_resumed} half resumed"
    );
}

#[test]
fn theta_alone_is_one_that_was_saved_or_unchanged_or_said_to_be_neither() {
    let (flash, saved, _) = saved();
    let reads = {
        let mut checkpoints = failing(&flash, 0..0);
        checkpoints.resume_theta(&mut new().0).unwrap();
        checkpoints.into_inner().reads
    };
    for failing_reads in failures(reads) {
        let (mut checkpoints, (mut theta, _)) = (failing(&flash, failing_reads.clone()), new());
        let before = theta.clone();
        match checkpoints.resume_theta(&mut theta) {
            Ok(Some(steps)) => assert_eq!(bits(&theta), saved[steps as usize - 1].0),
            Err(CheckpointError::Flash(Failure)) => assert_eq!(theta, before),
            other => assert_eq!(other, Err(CheckpointError::HalfResumed), "{failing_reads:?}"),
        }
    }
}

#[test]
fn a_save_whose_reads_fail_leaves_one_that_was_saved_and_the_next_save_is_made() {
    let (flash, saved, mut training) = saved();
    run(&mut training.1, &mut Quadratic { condition: 1.0 }, &mut training.0, 1);
    let new_bits = bits_of(&training);
    let reads = {
        let mut checkpoints = failing(&flash, 0..0);
        checkpoints.save(&training.0, &training.1).unwrap();
        checkpoints.into_inner().reads
    };
    let (mut made, mut failed) = (0, 0);
    for failing_reads in failures(reads) {
        let mut checkpoints = failing(&flash, failing_reads.clone());
        let save = checkpoints.save(&training.0, &training.1);
        let mut checkpoints = well_again(checkpoints);
        let mut resumed = new();
        let steps = checkpoints.resume(&mut resumed.0, &mut resumed.1).unwrap();
        let steps = steps.expect("a checkpoint is left") as usize;
        if steps == SAVES + 1 {
            assert_eq!(bits_of(&resumed), new_bits, "{failing_reads:?}");
        } else {
            assert_eq!(bits_of(&resumed), saved[steps - 1], "{failing_reads:?}");
        }
        match save {
            Ok(()) => {
                // What could not be read meanwhile is not newer than what was saved.
                assert_eq!(steps, SAVES + 1, "{failing_reads:?}");
                made += 1;
            }
            Err(error) => {
                assert_eq!(error, CheckpointError::Flash(Failure), "{failing_reads:?}");
                failed += 1;
            }
        }
        checkpoints.save(&training.0, &training.1).unwrap();
        let steps = checkpoints.resume(&mut resumed.0, &mut resumed.1).unwrap();
        assert_eq!((steps, bits_of(&resumed)), (Some(SAVES as u32 + 1), new_bits.clone()));
    }
    assert!(made > 0 && failed > 0, "{made} made, {failed} failed");
}

/// A checkpoint of another length lies elsewhere in the range than the next one.
#[test]
fn what_could_not_be_read_for_once_is_older_than_what_was_saved_meanwhile() {
    type Small = NorFlashModel<4, 128, 4>;
    let theta = |length: usize, value: f32| vec![value; length];
    let mut made = 0;
    for failing in 0..8 {
        let mut checkpoints = on(Small::new(8 * 128));
        checkpoints.save_theta(&theta(4, 1.0)).unwrap();
        checkpoints.save_theta(&theta(40, 2.0)).unwrap();
        let mut flash = checkpoints.into_inner();
        (flash.reads, flash.failing_reads) = (0, failing..failing + 1);
        let mut checkpoints = on(flash);
        if checkpoints.save_theta(&theta(4, 3.0)).is_err() {
            continue;
        }
        made += 1;
        let mut resumed = theta(4, 0.0);
        let read = well_again(checkpoints).resume_theta(&mut resumed);
        assert_eq!((read, resumed), (Ok(Some(0)), theta(4, 3.0)), "read {failing}");
    }
    // Those of the headers fail no save.
    assert!(made >= 8, "{made} made");
}

/// The newest checkpoint alone is left, after a save that was cut, and cannot be read for once.
#[test]
fn where_nothing_can_be_read_the_next_save_is_the_newest() {
    type Small = NorFlashModel<4, 128, 4>;
    let mut checkpoints = on(Small::new(2 * 128));
    for value in [1.0, 2.0] {
        checkpoints.save_theta(&[value; 4]).unwrap();
    }
    let mut flash = checkpoints.into_inner();
    flash.power_cut = Some((flash.operations + 1, Damage::Half));
    let mut checkpoints = on(flash);
    checkpoints.save_theta(&[3.0; 4]).unwrap_err();
    let mut flash = checkpoints.into_inner();
    flash.reboot();
    (flash.reads, flash.failing_reads) = (0, 1..2);
    let mut checkpoints = on(flash);
    checkpoints.save_theta(&[4.0; 4]).unwrap();
    let mut resumed = [0.0; 4];
    checkpoints.resume_theta(&mut resumed).unwrap();
    assert_eq!(resumed, [4.0; 4]);
}

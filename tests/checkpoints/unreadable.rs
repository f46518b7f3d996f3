//! Flashes with error correction, which cannot read what was interrupted until it is erased.

use crate::forgery::on;
use crate::nor_flash::{Damage, Failure, NorFlashModel, Reading};
use crate::support::optimizers::run;
use crate::training::{LENGTH, sgd, start, wells};
use rolling_ball::landscapes::Quadratic;
use rolling_ball::{CheckpointError, Checkpoints, Optimizer, RollingBall};
use rolling_ball::{RollingBallConfig, Sgd, SgdConfig, step};

/// Two blocks a slot, two erases and 56 words a save.
type Flash = NorFlashModel<8, 256>;
const PARAMETERS: usize = 40;
type Ball = RollingBall<[f32; PARAMETERS]>;
type Training = ([f32; PARAMETERS], Ball);

fn begin() -> Training {
    let ball = Ball::new(RollingBallConfig::default(), [[0.0; PARAMETERS]; 2]).unwrap();
    (std::array::from_fn(|index| 1.0 + index as f32), ball)
}

fn train((theta, ball): &mut Training) {
    step(ball, &mut Quadratic { condition: 1.0 }, theta).unwrap();
}

/// What is resumed of a flash, and how many steps it had done.
fn resumed(checkpoints: &mut Checkpoints<Flash>) -> (Result<Option<u32>, ()>, Training) {
    let mut training = begin();
    let steps = match checkpoints.resume(&mut training.0, &mut training.1) {
        Ok(steps) => Ok(steps),
        Err(CheckpointError::Flash(Failure)) => Err(()),
        Err(error) => panic!("{error}"),
    };
    (steps, training)
}

/// What came after a save that was cut in each of its operations.
#[derive(Default)]
struct Tally {
    cuts: usize,
    old: usize,
    new: usize,
    none: usize,
    /// How often the next save was made and resumed.
    saved: usize,
}

/// Cuts the save after this many others in each of its operations, and makes it again.
fn cut_the_save_after(saves: u32, slots: u32, reading: Reading) -> Tally {
    let bytes = Checkpoints::<Flash>::bytes::<Ball>(PARAMETERS, slots) as usize;
    let mut flash = Flash::new(bytes);
    flash.reading = reading;
    let (mut checkpoints, mut training) = (on(flash), begin());
    for _ in 0..saves {
        train(&mut training);
        checkpoints.save(&training.0, &training.1).unwrap();
    }
    let old = training.0;
    train(&mut training);
    let flash = checkpoints.into_inner();
    let mut tally = Tally::default();
    loop {
        let mut cut = flash.clone();
        cut.power_cut = Some((flash.operations + tally.cuts, Damage::Half));
        let mut checkpoints = on(cut);
        if checkpoints.save(&training.0, &training.1).is_ok() {
            return tally;
        }
        tally.cuts += 1;

        let mut cut = checkpoints.into_inner();
        cut.reboot();
        let mut checkpoints = on(cut);
        let (steps, (theta, _)) = resumed(&mut checkpoints);
        if steps == Ok(Some(saves)) && saves > 0 && theta == old {
            tally.old += 1;
        } else if steps == Ok(Some(saves + 1)) && theta == training.0 {
            tally.new += 1;
        } else {
            assert!(matches!(steps, Ok(None) | Err(())), "resumed {steps:?} and {theta:?}");
            assert_eq!(theta, begin().0);
            tally.none += 1;
        }
        checkpoints.save(&training.0, &training.1).unwrap();
        let (steps, (theta, _)) = resumed(&mut checkpoints);
        tally.saved += usize::from(steps == Ok(Some(saves + 1)) && theta == training.0);
    }
}

const READINGS: [(&str, Reading); 3] = [
    ("all words", Reading::All),
    ("none that was interrupted", Reading::Corrected),
    ("only what is written", Reading::Written),
];

/// `cargo xtask test power` prints the table.
#[test]
fn a_save_that_is_cut_in_any_operation_leaves_the_old_or_the_new_checkpoint() {
    println!("\n| slots | what can be read | cuts | old | new | none | saved again |");
    println!("|---|---|---|---|---|---|---|");
    for slots in 2..=4 {
        for (name, reading) in READINGS {
            let Tally { cuts, old, new, none, saved } = cut_the_save_after(5, slots, reading);
            println!("| {slots} | {name} | {cuts} | {old} | {new} | {none} | {saved} of {cuts} |");
            assert_eq!((cuts, old + new, none, saved), (58, 58, 0, 58), "{slots}, {name}");
        }
    }
}

#[test]
fn the_first_save_that_is_cut_in_any_operation_can_be_made_again() {
    for slots in 2..=4 {
        for (name, reading) in READINGS {
            let Tally { cuts, old, none, saved, .. } = cut_the_save_after(0, slots, reading);
            // Of what cannot be read nobody knows that it is erased: then it is, after the first
            // save.
            let others = if reading == Reading::Written { 2 * (slots as usize - 1) } else { 0 };
            let all = 58 + others;
            assert_eq!((cuts, old, saved), (all, 0, all), "{slots}, {name}");
            assert!(none > 50, "{slots}, {name}: {none}");
        }
    }
}

/// Three checkpoints of plain SGD in four slots, of one block each.
fn three_saved() -> (NorFlashModel<8, 256>, Vec<f32>, Sgd<Vec<f32>>) {
    let mut checkpoints = on(NorFlashModel::new(4 * 256));
    let (mut theta, mut optimizer) = (start(), sgd(SgdConfig::default()));
    for _ in 0..3 {
        run(&mut optimizer, &mut wells(), &mut theta, 1);
        checkpoints.save(&theta, &optimizer).unwrap();
    }
    let mut flash = checkpoints.into_inner();
    flash.reading = Reading::Corrected;
    (flash, theta, optimizer)
}

#[test]
fn the_newest_checkpoint_that_can_be_read_is_resumed_and_the_others_are_written_over() {
    const HEADER: usize = 0;
    const PAYLOAD: usize = 80;
    for unreadable in 0..16 {
        for at in [HEADER, PAYLOAD] {
            let (mut flash, theta, optimizer) = three_saved();
            let slots = (0..4).filter(|slot| unreadable & 1 << slot != 0);
            slots.for_each(|slot| flash.interrupt(256 * slot + at));
            let mut checkpoints = on(flash);
            let newest = (0..3).rev().find(|slot| unreadable & 1 << slot == 0);
            // Nobody reads the payload of a slot without a header.
            let expected = match newest {
                Some(slot) => Ok(Some(slot + 1)),
                None => Err(CheckpointError::Flash(Failure)),
            };
            let (mut taken, mut resumed) = (start(), sgd(SgdConfig::default()));
            assert_eq!(checkpoints.resume_theta(&mut taken), expected, "{unreadable:b}");
            assert_eq!(checkpoints.resume(&mut taken, &mut resumed), expected, "{unreadable:b}");
            if newest.is_none() {
                assert_eq!(taken, start(), "nothing was changed");
            }
            for _ in 0..5 {
                checkpoints.save(&theta, &optimizer).unwrap();
                assert_eq!(checkpoints.resume(&mut taken, &mut resumed), Ok(Some(3)));
                assert_eq!(taken, theta);
            }
        }
    }
}

#[test]
fn an_empty_flash_that_cannot_read_erased_words_says_so_until_something_is_saved() {
    let mut flash = NorFlashModel::<8, 256>::new(4 * 256);
    flash.reading = Reading::Written;
    let mut checkpoints = on(flash);
    let (mut theta, mut optimizer) = (start(), sgd(SgdConfig::default()));
    let unreadable = Err(CheckpointError::Flash(Failure));
    assert_eq!(checkpoints.resume(&mut theta, &mut optimizer), unreadable);
    assert_eq!(checkpoints.resume_theta(&mut theta), unreadable);
    assert_eq!(theta, start());
    assert_eq!(theta.len(), LENGTH);
    checkpoints.save(&theta, &optimizer).unwrap();
    assert_eq!(checkpoints.resume(&mut theta, &mut optimizer), Ok(Some(optimizer.steps())));
}

//! The power fails in every operation of the flash in two rounds.

use crate::nor_flash::{Damage, NorFlashModel, Reading};
use crate::support::{Board, Lost, N, begin, theta};
use embedded_storage::nor_flash::ReadNorFlash;
use rolling_ball_fleet::{Encoding, Stage};

type Updates = [Vec<f32>; 3];

/// Three rounds, each of which sends what the one before has left. A board without power is
/// started again.
fn rounds<const WRITE: usize, const ERASE: usize, const READ: usize>(
    flash: NorFlashModel<WRITE, ERASE, READ>,
) -> (Updates, Board<WRITE, ERASE, READ>, usize) {
    let mut board = Board::<WRITE, ERASE, READ>::boot(flash);
    let mut updates = [(); 3].map(|()| vec![0.0; N]);
    let mut boots = 0;
    for (round, update) in (1..).zip(&mut updates) {
        let begin = begin(round, Encoding::Int8);
        board
            .round(begin, &theta(round), update, |board| {
                let dead = board.flash.read(0, &mut [0; READ]).is_err();
                if dead {
                    let old = core::mem::replace(board, Board::new());
                    *board = old.reboot();
                    boots += 1;
                }
                Lost(dead)
            })
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
    }
    (updates, board, boots)
}

fn cut_everywhere<const WRITE: usize, const ERASE: usize, const READ: usize>(
    reading: Reading,
    damages: &[Damage],
    every: usize,
) {
    let mut erased = Board::<WRITE, ERASE, READ>::flash();
    erased.reading = reading;
    let (expected, board, boots) = rounds(erased.clone());
    assert_eq!(boots, 0);
    assert_ne!(expected[0], expected[1]);
    let operations = board.flash.operations;
    let mut trainings = 0;
    for at in (0..operations).step_by(every) {
        for damage in damages {
            let mut flash = erased.clone();
            flash.power_cut = Some((at, *damage));
            let (updates, board, boots) = rounds(flash);
            assert_eq!(boots, 1, "cut {at} {damage:?}");
            assert!(updates == expected, "cut {at} {damage:?}");
            trainings += board.trainings;
            assert_eq!(board.device.stage(), Stage::Done);
            let bytes = &board.flash.bytes;
            let around = [&bytes[..ERASE], &bytes[bytes.len() - ERASE..]];
            assert!(around.iter().all(|bytes| bytes.iter().all(|byte| *byte == 0xa5)));
        }
    }
    assert!(trainings > 0);
}

const DAMAGES: [Damage; 3] = [Damage::Untouched, Damage::Half, Damage::Noise(1)];

#[test]
fn a_power_failure_in_any_operation_changes_no_bit_of_an_update() {
    cut_everywhere::<32, 256, 1>(Reading::All, &DAMAGES, 1);
    cut_everywhere::<128, 1024, 128>(Reading::All, &DAMAGES, 1);
}

#[test]
fn nor_does_it_where_a_word_is_four_bytes() {
    // Its operations are eight times as many, and alike.
    cut_everywhere::<4, 1024, 4>(Reading::All, &[Damage::Half], 11);
}

#[test]
fn nor_does_it_where_what_was_interrupted_cannot_be_read_until_it_is_erased() {
    cut_everywhere::<32, 256, 32>(Reading::Corrected, &DAMAGES, 1);
    cut_everywhere::<64, 512, 1>(Reading::Written, &DAMAGES, 1);
}

#[test]
fn a_reset_between_any_two_answers_changes_no_bit_of_an_update() {
    let (expected, ..) = rounds(Board::<32, 1024>::flash());
    for at in 0..50 {
        let mut board = Board::<32, 1024>::new();
        let mut answers = 0;
        for (round, expected) in (1..).zip(&expected) {
            let mut update = vec![0.0; N];
            board
                .round(begin(round, Encoding::Int8), &theta(round), &mut update, |board| {
                    if answers == at {
                        let old = core::mem::replace(board, Board::new());
                        *board = old.reboot();
                    }
                    answers += 1;
                    Lost(answers % 5 == 0)
                })
                .unwrap();
            assert!(&update == expected, "a reset before answer {at}");
        }
        assert!(answers > 50, "{answers} answers");
    }
}

#[test]
fn a_flash_that_fails_is_told_and_works_again_once_it_is_well() {
    // A read that fails is like a flash that has no power for a moment.
    let (expected, ..) = rounds(Board::<32, 1024>::flash());
    let begin = begin(1, Encoding::Int8);
    let mut told = 0;
    for at in (0..400).step_by(7) {
        let mut board = Board::<32, 1024>::new();
        board.flash.failing_reads = at..at + 1;
        let mut update = vec![0.0; N];
        if board.round(begin, &theta(1), &mut update, |_| Lost(false)).is_err() {
            told += 1;
            board.round(begin, &theta(1), &mut update, |_| Lost(false)).unwrap();
        }
        assert!(update == expected[0], "read {at} failed");
    }
    assert!(told > 0);
}

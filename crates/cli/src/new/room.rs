//! Whether a network, its training and labelled samples fit a board, and how many samples do.

use super::board::Board;
use anyhow::{Result, bail, ensure};
use rolling_ball::nn::{Credibility, FineTuningConfig};
use rolling_ball_import::Sizes;

/// Theta, and the two vectors of the ball.
const VECTORS: usize = 3;
/// What a fine-tuning knows of a sample.
const CREDIBILITY: usize = size_of::<Credibility>();
/// The stack of the program beside the reading that lies on it. What the library takes of it is
/// below 2 KB, as `cargo xtask test stack` counts; the rest is for drivers, logs and the user.
const STACK_BYTES: usize = 16 << 10;
/// The code of the program with the board's drivers and its log: more than any was seen to take.
const CODE_BYTES: usize = 96 << 10;
/// More than this many samples are not asked for before the first session.
const MOST_LABELS: usize = 2000;

/// What a project takes of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many labelled samples a session of learning has.
    pub labels: usize,
    /// For how many there would be RAM, if they came from a sensor and took no flash.
    pub labels_in_ram: usize,
    /// Bytes of the flash, or of the file that stands in for it, that checkpoints have.
    pub checkpoint_bytes: usize,
    /// Bytes of RAM of learning, with the samples.
    pub ram_bytes: usize,
}

impl Room {
    /// Finds room for so many labelled samples, or for as many as there can be; an error where not
    /// even two of each class have room, of which one is held out while the other is learned from.
    pub fn find(board: &Board, sizes: &Sizes, wanted: usize) -> Result<Self> {
        let Sizes { inputs, outputs, parameters, scratch, features, feature_bytes, flash_bytes } =
            *sizes;
        let least = 2 * outputs;
        let training = size_of::<f32>() * (VECTORS * parameters + scratch);
        let stack = STACK_BYTES + inputs;
        // A label is aligned as the features are.
        let sample = feature_bytes + feature_bytes / features.max(1) + CREDIBILITY;
        let free = board.ram_bytes.saturating_sub(training + stack);
        let in_ram = free / sample.max(1);
        ensure!(
            in_ram >= least,
            "the network does not fit the {}: training it takes {training} bytes of RAM, the stack \
             {stack}, and two samples of each of {outputs} classes {}: {} in all, and the board \
             has {}. Train less of it (--train; `rolling-ball inspect` tells what each choice \
             takes), or take a larger board",
            board.what,
            least * sample,
            training + stack + least * sample,
            board.ram_bytes,
        );

        let most_in_ram = in_ram.min(MOST_LABELS.max(least));
        let slot = slot_bytes(parameters, wanted.clamp(least, most_in_ram));
        let slot = slot.next_multiple_of(board.erase_bytes);
        // More than two, where they take little, so that each is erased less often.
        let checkpoint_bytes = if 8 * slot <= board.flash_bytes / 16 { 8 * slot } else { 2 * slot };
        let (own, record) = match board.emulated {
            true => (0, 0),
            false => (checkpoint_bytes, 1 + inputs),
        };
        let needed = CODE_BYTES + flash_bytes + own;
        let free = board.flash_bytes.saturating_sub(needed);
        let in_flash = free.checked_div(record);
        let enough = in_flash.map_or(board.flash_bytes >= needed, |count| count >= least);
        if !enough {
            bail!(
                "the network does not fit the {}: it takes {flash_bytes} bytes of flash, its \
                 program up to {CODE_BYTES}, checkpoints {own}, and two samples of each of \
                 {outputs} classes {}: {} in all, and the board has {}. Quantise it (--calibration \
                 for a model in f32), or take a larger board",
                board.what,
                least * record,
                needed + least * record,
                board.flash_bytes,
            );
        }
        let most = most_in_ram.min(in_flash.unwrap_or(usize::MAX));
        let labels = wanted.clamp(least, most);
        let ram_bytes = training + labels * sample;
        Ok(Self { labels, labels_in_ram: in_ram, checkpoint_bytes, ram_bytes })
    }
}

/// The bytes of a checkpoint of a fine-tuning: a header, four words of state, theta, a vector of
/// the ball, and what is known of the samples.
fn slot_bytes(parameters: usize, labels: usize) -> usize {
    64 + size_of::<f32>() * (4 + 2 * parameters + FineTuningConfig::words(labels))
}

#[cfg(test)]
mod tests {
    use super::super::board::BOARDS;
    use super::*;

    const SMALL: Sizes = Sizes {
        inputs: 64,
        outputs: 10,
        parameters: 650,
        scratch: 400,
        features: 64,
        feature_bytes: 64,
        flash_bytes: 4000,
    };

    #[test]
    fn as_many_labels_as_are_wanted_fit_and_as_many_as_there_is_room_for_at_most() -> Result<()> {
        for board in &BOARDS {
            assert_eq!(Room::find(board, &SMALL, 200)?.labels, 200);
            let Room { labels, ram_bytes, .. } = Room::find(board, &SMALL, usize::MAX)?;
            assert!(labels <= MOST_LABELS && ram_bytes < board.ram_bytes, "{labels}");
        }
        Ok(())
    }

    #[test]
    fn checkpoints_begin_and_end_at_blocks_that_are_erased_and_leave_most_of_the_flash()
    -> Result<()> {
        for board in &BOARDS {
            for parameters in [1, 650, 5_000] {
                let sizes = Sizes { parameters, scratch: 0, ..SMALL };
                let Room { checkpoint_bytes, .. } = Room::find(board, &sizes, 200)?;
                assert!(checkpoint_bytes.is_multiple_of(2 * board.erase_bytes));
                assert!(checkpoint_bytes <= board.flash_bytes / 2, "{}", board.name);
            }
        }
        Ok(())
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_is_needed_and_what_there_is() {
        for (sizes, expected) in [
            (Sizes { parameters: 20_000, ..SMALL }, "241600 bytes of RAM"),
            (Sizes { flash_bytes: 600_000, ..SMALL }, "600000 bytes of flash"),
        ] {
            let board = &BOARDS[3];
            let said = Room::find(board, &sizes, 200).unwrap_err().to_string();
            assert!(said.contains(board.what) && said.contains("the board has"), "{said}");
            assert!(said.contains(expected), "{said}");
        }
    }
}

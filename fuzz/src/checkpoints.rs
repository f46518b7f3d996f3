//! Whatever a flash holds and whenever its power fails, resume answers with a checkpoint that was
//! saved, or with none, and a save succeeds or names a fault that there is.

use crate::input::Input;
use crate::nor_flash::{Damage, NorFlashModel, Reading};
use crate::trace::tell;
use crc::{CRC_32_ISO_HDLC, Crc};
use rolling_ball::{
    CheckpointError, Checkpoints, LaggedContact, Optimizer, Resumable, RollingBall,
    RollingBallConfig,
};
use std::sync::LazyLock;

const LENGTH: usize = 12;
const BLOCK: usize = 128;
const SLOTS: u32 = 3;
const SAVES: u32 = 5;
/// The most operations after the image was edited.
const OPERATIONS: usize = 8;

type Flash = NorFlashModel<4, BLOCK, 4>;
type Ball = RollingBall<[f32; LENGTH], LaggedContact>;
type Theta = [f32; LENGTH];

/// A training; every step is `theta -= theta / 8` or so.
#[derive(Clone)]
struct Training {
    theta: Theta,
    ball: Ball,
}

/// What a checkpoint holds.
type Bits = ([u32; LENGTH], [u32; LENGTH], [u32; 4]);

impl Training {
    fn start() -> Self {
        let config = RollingBallConfig { roll_back: false, ..RollingBallConfig::default() };
        let theta = std::array::from_fn(|index| 1.0 + index as f32);
        match Ball::new(config, [[0.0; LENGTH]; 2]) {
            Ok(ball) => Self { theta, ball },
            Err(error) => panic!("the settings are right: {error:?}"),
        }
    }

    fn step(&mut self) {
        let Self { theta, ball } = self;
        let begun = ball.begin(theta);
        ball.gradient_mut().copy_from_slice(theta);
        let loss = theta.iter().map(|t| t * t / 2.0).sum();
        let done = begun.and_then(|_| ball.tell_gradient(theta, loss));
        assert!(done.is_ok(), "a step of a resumed training: {done:?}");
    }

    fn bits(&self) -> Bits {
        match self.ball.state() {
            Ok(state) => {
                let [offset, ..] = state.vectors;
                let offset = std::array::from_fn(|index| offset[index].to_bits());
                (self.theta.map(f32::to_bits), offset, state.words)
            }
            Err(error) => panic!("no step is in progress: {error:?}"),
        }
    }
}

fn on(flash: Flash) -> Checkpoints<Flash> {
    let length = flash.bytes.len() as u32;
    match Checkpoints::new(flash, 0..length) {
        Ok(checkpoints) => checkpoints,
        Err(error) => panic!("the range is right: {error:?}"),
    }
}

/// A flash after some saves, and what was saved.
static SAVED: LazyLock<(Vec<u8>, Vec<Bits>)> = LazyLock::new(|| {
    let length = Checkpoints::<Flash>::bytes::<Ball>(LENGTH, SLOTS) as usize;
    let (mut checkpoints, mut training) = (on(Flash::new(length)), Training::start());
    let saved = (0..SAVES).map(|_| {
        training.step();
        let saved = checkpoints.save(&training.theta, &training.ball);
        assert!(saved.is_ok(), "{saved:?}");
        training.bits()
    });
    let saved = saved.collect();
    (checkpoints.into_inner().bytes, saved)
});

/// Edits the image as the input says. Whether a header was forged, with a checksum that is right.
fn edit(image: &mut [u8], input: &mut Input<'_>) -> bool {
    let mut forged = false;
    for _ in 0..input.below(8) {
        let at = usize::from(u16::from_le_bytes([input.byte(), input.byte()])) % image.len();
        let (kind, length, other) = (input.byte(), usize::from(input.byte()), input.byte());
        let end = (at + length).min(image.len());
        match kind % 5 {
            0 => image[at] ^= other,
            1 => image[at..end].fill(other),
            2 => {
                let from = usize::from(other) * BLOCK / 16 % image.len();
                let length = length.min(image.len() - from).min(image.len() - at);
                image.copy_within(from..from + length, at);
            }
            3 => {
                let block = |index: usize| index % (image.len() / BLOCK) * BLOCK;
                let (from, to) = (block(length), block(usize::from(other)));
                image.copy_within(from..from + BLOCK, to);
            }
            // So that it gets past the checksum of a header.
            _ => {
                let header = &mut image[at / BLOCK * BLOCK..][..64];
                let checksum = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&header[..60]);
                forged |= header[60..] != checksum.to_le_bytes();
                header[60..].copy_from_slice(&checksum.to_le_bytes());
            }
        }
    }
    forged
}

/// Makes the calls that the bytes say; how many there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    let (image, saved) = &*SAVED;
    let (mut image, mut saved) = (image.clone(), saved.clone());
    let forged = edit(&mut image, &mut input);
    let mut flash = Flash::holding(image);
    flash.reading = match input.below(3) {
        0 => Reading::All,
        1 => Reading::Corrected,
        _ => Reading::Written,
    };
    for _ in 0..input.below(3) {
        flash.interrupt(usize::from(input.byte()) * 8 % flash.bytes.len());
    }
    let mut training = Training::start();
    // What the last save left behind, where it is known.
    let mut newest = None;
    let mut calls = 0;
    for _ in 0..OPERATIONS {
        calls += 1;
        if input.flag() {
            let mut resumed = Training::start();
            let before = resumed.bits();
            let mut checkpoints = on(flash);
            let answer = checkpoints.resume(&mut resumed.theta, &mut resumed.ball);
            tell(format_args!("resume: {answer:?}"));
            match answer {
                Ok(Some(steps)) => {
                    assert_eq!(resumed.ball.steps(), steps);
                    let bits = resumed.bits();
                    assert!(saved.contains(&bits), "a theta that was never saved");
                    assert!(newest.is_none_or(|newest| newest == bits), "an older checkpoint");
                    training = resumed;
                }
                Ok(None) => {
                    assert_eq!(newest, None, "a checkpoint is gone");
                    assert_eq!(resumed.bits(), before, "nothing was resumed");
                }
                Err(error) => {
                    assert_eq!(newest, None, "{error:?}");
                    let half = matches!(error, CheckpointError::HalfResumed);
                    assert!(!half, "a flash that always reads the same");
                    assert_eq!(resumed.bits(), before, "nothing was resumed");
                }
            }
            flash = checkpoints.into_inner();
        } else {
            training.step();
            let cut = input.byte();
            let damage = match cut % 4 {
                0 => Damage::Untouched,
                1 => Damage::Half,
                _ => Damage::Noise(input.byte()),
            };
            // Half of them are cut.
            let at = usize::from(cut / 4);
            flash.power_cut = (at < 32).then_some((flash.operations + at, damage));
            let mut checkpoints = on(flash);
            let answer = checkpoints.save(&training.theta, &training.ball);
            tell(format_args!("save, cut at {at} of at most 32: {answer:?}"));
            flash = checkpoints.into_inner();
            let was_cut =
                flash.power_cut.is_some_and(|(operation, _)| operation < flash.operations);
            flash.reboot();
            // The header of a save that was cut may be whole.
            saved.push(training.bits());
            match answer {
                Ok(()) => newest = Some(training.bits()),
                Err(CheckpointError::Flash(_)) if was_cut => newest = None,
                // The newest checkpoint is of another version, or so it says.
                Err(CheckpointError::Version { .. }) if forged => newest = None,
                // The highest sequence number there can be.
                Err(error) => assert!(forged && newest.is_none(), "{error:?}"),
            }
        }
    }
    calls
}

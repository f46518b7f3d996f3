//! Whatever a flash holds, resume answers: with a checkpoint that was saved, or with none.

#![no_main]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/nor_flash.rs"]
mod nor_flash;

use crc::{CRC_32_ISO_HDLC, Crc};
use libfuzzer_sys::fuzz_target;
use nor_flash::NorFlashModel;
use rolling_ball::{
    Checkpoints, Error, Objective, Optimizer, Resumable, RollingBall, RollingBallConfig, step,
};
use std::sync::LazyLock;

const LENGTH: usize = 40;
const BLOCK: usize = 256;
const SLOTS: u32 = 4;
const SAVES: u32 = 6;

type Flash = NorFlashModel<4, BLOCK, 4>;
type Ball = RollingBall<[f32; LENGTH]>;
type Bits = ([u32; LENGTH], [u32; LENGTH]);

struct Bowl;

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(theta.iter().map(|t| t * t / 2.0).sum())
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        gradient.copy_from_slice(theta);
        self.loss(theta)
    }
}

fn start() -> ([f32; LENGTH], Ball) {
    let ball = Ball::new(RollingBallConfig::default(), [[0.0; LENGTH]; 2]).unwrap();
    (std::array::from_fn(|index| 1.0 + index as f32), ball)
}

fn bits((theta, ball): &([f32; LENGTH], Ball)) -> Bits {
    let [offset, _] = ball.state().unwrap().vectors;
    (theta.map(f32::to_bits), std::array::from_fn(|index| offset[index].to_bits()))
}

fn on(image: Vec<u8>) -> Checkpoints<Flash> {
    let length = image.len() as u32;
    Checkpoints::new(Flash::holding(image), 0..length).unwrap()
}

/// A flash after some saves, and what was saved.
static SAVED: LazyLock<(Vec<u8>, Vec<Bits>)> = LazyLock::new(|| {
    let length = Checkpoints::<Flash>::bytes::<Ball>(LENGTH, SLOTS) as usize;
    let (mut checkpoints, mut training) = (on(vec![0xff; length]), start());
    let saved = (0..SAVES).map(|_| {
        step(&mut training.1, &mut Bowl, &mut training.0).unwrap();
        checkpoints.save(&training.0, &training.1).unwrap();
        bits(&training)
    });
    let saved = saved.collect();
    (checkpoints.into_inner().bytes, saved)
});

/// Edits the image as the input says, five bytes at a time.
fn edit(image: &mut [u8], input: &[u8]) {
    for edit in input.chunks_exact(5) {
        let at = usize::from(u16::from_le_bytes([edit[1], edit[2]])) % image.len();
        let (length, other) = (usize::from(edit[3]), edit[4]);
        let end = (at + length).min(image.len());
        match edit[0] % 5 {
            0 => image[at] ^= other,
            1 => image[at..end].fill(other),
            2 => {
                let from = usize::from(other) * BLOCK / 16 % image.len();
                let length = length.min(image.len() - from).min(image.len() - at);
                image.copy_within(from..from + length, at);
            }
            3 => {
                let block = |index: u8| usize::from(index) % (image.len() / BLOCK) * BLOCK;
                let (from, to) = (block(edit[3]), block(other));
                image.copy_within(from..from + BLOCK, to);
            }
            // So that the fuzzer gets past the checksum of a header.
            _ => {
                let header = &mut image[at / BLOCK * BLOCK..][..64];
                let checksum = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&header[..60]);
                header[60..].copy_from_slice(&checksum.to_le_bytes());
            }
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let (image, saved) = &*SAVED;
    let mut image = image.clone();
    edit(&mut image, input);
    let (mut checkpoints, mut training) = (on(image), start());
    let untouched = bits(&training);
    match checkpoints.resume(&mut training.0, &mut training.1) {
        Ok(Some(steps)) => {
            assert_eq!(training.1.steps(), steps);
            assert_eq!(bits(&training), saved[steps as usize - 1]);
        }
        Ok(None) | Err(_) => assert_eq!(bits(&training), untouched),
    }
    step(&mut training.1, &mut Bowl, &mut training.0).unwrap();
    if checkpoints.save(&training.0, &training.1).is_ok() {
        let mut resumed = start();
        checkpoints.resume(&mut resumed.0, &mut resumed.1).unwrap();
        assert_eq!(bits(&resumed), bits(&training));
    }
});

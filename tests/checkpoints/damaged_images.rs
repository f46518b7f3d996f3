//! Whatever a flash holds, resume answers.

use crate::forgery::{forge_header, holding, word};
use crate::support::cases::cases;
use crate::support::numbers::bits;
use crate::support::optimizers::run;
use crate::support::random::Random;
use crate::training::{Ball, Flash, checkpoints, contact_ball, start, wells};
use proptest::prelude::*;
use proptest::sample::Index;
use rolling_ball::{Checkpoints, Resumable};

const SLOTS: u32 = 4;
const SAVES: usize = 6;

/// What a checkpoint is taken for: theta's bits and the offset's.
type Bits = (Vec<u32>, Vec<u32>);

fn bits_of(theta: &[f32], ball: &Ball) -> Bits {
    (bits(theta), bits(ball.state().unwrap().vectors[0]))
}

/// A flash after some saves, and what was saved.
fn saved() -> (Vec<u8>, Vec<Bits>) {
    let (mut theta, mut ball) = (start(), contact_ball());
    let mut checkpoints = checkpoints::<Ball>(SLOTS);
    let mut all = Vec::new();
    for _ in 0..SAVES {
        run(&mut ball, &mut wells(), &mut theta, 1);
        checkpoints.save(&theta, &ball).unwrap();
        all.push(bits_of(&theta, &ball));
    }
    (checkpoints.into_inner().bytes, all)
}

#[derive(Clone, Debug)]
enum Mutation {
    FlipBit(Index),
    Fill {
        from: Index,
        length: usize,
        byte: u8,
    },
    Scatter {
        from: Index,
        bytes: Vec<u8>,
    },
    Copy {
        from: Index,
        to: Index,
        length: usize,
    },
    CopySlot {
        from: u32,
        to: u32,
    },
    /// A bit of a header, with the checksum that belongs to it.
    Forge {
        slot: u32,
        bit: usize,
    },
}

impl Mutation {
    fn apply(&self, image: &mut [u8]) {
        let end = |from: usize, length: usize, image: &[u8]| (from + length).min(image.len());
        match self {
            Self::FlipBit(at) => {
                let bit = at.index(image.len() * 8);
                image[bit / 8] ^= 1 << (bit % 8);
            }
            Self::Fill { from, length, byte } => {
                let from = from.index(image.len());
                let end = end(from, *length, image);
                image[from..end].fill(*byte);
            }
            Self::Scatter { from, bytes } => {
                let from = from.index(image.len());
                for (to, byte) in image[from..].iter_mut().zip(bytes) {
                    *to = *byte;
                }
            }
            Self::Copy { from, to, length } => {
                let (from, to) = (from.index(image.len()), to.index(image.len()));
                let length = (*length).min(image.len() - from).min(image.len() - to);
                image.copy_within(from..from + length, to);
            }
            Self::CopySlot { from, to } => {
                let slot = image.len() / SLOTS as usize;
                let from = *from as usize * slot;
                image.copy_within(from..from + slot, *to as usize * slot);
            }
            Self::Forge { slot, bit } => {
                let at = *slot as usize * (image.len() / SLOTS as usize);
                let header = &mut image[at..at + 64];
                let changed = word(header, bit / 32) ^ 1 << (bit % 32);
                forge_header(header, bit / 32, changed);
            }
        }
    }
}

fn mutations() -> impl Strategy<Value = Mutation> {
    let byte = prop_oneof![Just(0x00), Just(0xff), any::<u8>()];
    prop_oneof![
        any::<Index>().prop_map(Mutation::FlipBit),
        (any::<Index>(), 1usize..1024, byte).prop_map(|(from, length, byte)| Mutation::Fill {
            from,
            length,
            byte
        }),
        (any::<Index>(), prop::collection::vec(any::<u8>(), 1..100))
            .prop_map(|(from, bytes)| Mutation::Scatter { from, bytes }),
        (any::<Index>(), any::<Index>(), 1usize..700)
            .prop_map(|(from, to, length)| Mutation::Copy { from, to, length }),
        (0..SLOTS, 0..SLOTS).prop_map(|(from, to)| Mutation::CopySlot { from, to }),
        (0..SLOTS, 0usize..480).prop_map(|(slot, bit)| Mutation::Forge { slot, bit }),
    ]
}

/// Resumes from an image: what was really saved, or nothing; then saves, and that is there.
fn check(image: Vec<u8>, saved: &[Bits]) -> Result<(), TestCaseError> {
    let mut checkpoints: Checkpoints<Flash> = holding(image);
    let (mut theta, mut ball) = (start(), contact_ball());
    let before = bits_of(&theta, &ball);
    match checkpoints.resume(&mut theta, &mut ball) {
        Ok(Some(steps)) => {
            let index =
                (steps as usize).checked_sub(1).expect("there was a step before every save");
            prop_assert_eq!(&bits_of(&theta, &ball), &saved[index]);
        }
        Ok(None) | Err(_) => prop_assert_eq!(bits_of(&theta, &ball), before),
    }
    run(&mut ball, &mut wells(), &mut theta, 1);
    if checkpoints.save(&theta, &ball).is_ok() {
        let (mut resumed_theta, mut resumed) = (start(), contact_ball());
        checkpoints.resume(&mut resumed_theta, &mut resumed).unwrap();
        prop_assert_eq!(bits_of(&resumed_theta, &resumed), bits_of(&theta, &ball));
    }
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn every_flipped_bit_of_the_newest_checkpoint_brings_back_the_one_before() {
    let (image, saved) = saved();
    let slot = image.len() / SLOTS as usize;
    let newest = (SAVES - 1) % SLOTS as usize * slot;
    let used = 64 + 4 * (4 + 2 * crate::training::LENGTH);
    for bit in 0..image.len() * 8 {
        let mut image = image.clone();
        image[bit / 8] ^= 1 << (bit % 8);
        let mut checkpoints: Checkpoints<Flash> = holding(image);
        let (mut theta, mut ball) = (start(), contact_ball());
        let steps = checkpoints.resume(&mut theta, &mut ball).unwrap();
        // One of another checkpoint, or between them, does not matter.
        let hit = (newest * 8..(newest + used) * 8).contains(&bit);
        let expected = if hit { SAVES - 1 } else { SAVES };
        assert_eq!(steps, Some(expected as u32), "bit {bit}");
        assert_eq!(bits_of(&theta, &ball), saved[expected - 1], "bit {bit}");
    }
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn a_mutated_image_gives_a_checkpoint_that_was_saved_or_none(
        mutations in prop::collection::vec(mutations(), 1..12),
    ) {
        let (mut image, saved) = saved();
        for mutation in mutations {
            mutation.apply(&mut image);
        }
        check(image, &saved)?;
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn random_bytes_give_no_checkpoint(seed: u64) {
        let mut random = Random(seed);
        let image = (0..512).flat_map(|_| random.uniform().to_bits().to_le_bytes()).collect();
        check(image, &[])?;
    }
}

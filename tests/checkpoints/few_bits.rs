//! Checkpoints that hold theta in few bits: smaller, and a resume says that it is not exact.

use crate::forgery::{PARAMETERS, VECTORS, forge_header, holding, on, word};
use crate::nor_flash::NorFlashModel;
use crate::support::cases::cases;
use crate::support::numbers::bits;
use crate::support::optimizers::run;
use crate::support::random::Random;
use crate::training::{
    Ball, Check, Flash, LENGTH, checkpoints, contact_ball, every_optimizer, rubbish, start, wells,
};
use proptest::prelude::*;
use rolling_ball::few_bits::{Group, round};
use rolling_ball::{CheckpointError, Checkpoints, Optimizer, Resumable, Resumed, ThetaBits};

const FEW: [ThetaBits; 2] = [ThetaBits::Eight, ThetaBits::Four];

/// Theta in groups of 32, as [`round`] rounds it.
fn rounded(theta: &[f32], theta_bits: ThetaBits) -> Vec<f32> {
    let groups: Vec<Group> = theta
        .chunks(32)
        .map(|block| Group { length: block.len(), bits: Some(theta_bits.bits()) })
        .collect();
    let mut rounded = vec![0.0; theta.len()];
    round(theta, groups.as_slice(), &mut rounded).unwrap();
    rounded
}

struct Resume(ThetaBits);

impl Check for Resume {
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
        let Self(theta_bits) = *self;
        let (mut theta, mut optimizer) = (start(), make());
        run(&mut optimizer, &mut wells(), &mut theta, 3);
        let mut checkpoints = checkpoints::<O>(2).with_theta_bits(theta_bits);
        checkpoints.save(&theta, &optimizer).unwrap();

        let (mut taken, mut resumed) = (vec![7.0; LENGTH], make());
        let before = resumed.state().unwrap().words;
        let refused = checkpoints.resume(&mut taken, &mut resumed);
        assert_eq!(refused, Err(CheckpointError::Rounded(theta_bits)), "{name}");
        assert_eq!((taken.clone(), resumed.state().unwrap().words), (vec![7.0; LENGTH], before));

        let said = checkpoints.resume_rounded(&mut taken, &mut resumed);
        assert_eq!(said, Ok(Some(Resumed { steps: 3, theta: theta_bits })), "{name}");
        assert_eq!(bits(&taken), bits(&rounded(&theta, theta_bits)), "{name}");
        let (own, other) = (optimizer.state().unwrap(), resumed.state().unwrap());
        assert_eq!(own.words, other.words, "{name}");
        for (own, other) in own.vectors.iter().zip(other.vectors) {
            assert_eq!(bits(own), bits(other), "{name}");
        }
        run(&mut resumed, &mut wells(), &mut taken, 3);
        assert_eq!(resumed.steps(), 6, "{name}");
    }
}

#[test]
fn every_optimizer_goes_on_from_a_rounded_theta_and_is_told_so() {
    for theta_bits in FEW {
        every_optimizer(&mut Resume(theta_bits));
    }
}

#[test]
fn a_theta_that_was_saved_whole_is_resumed_with_its_bits_and_said_to_be_whole() {
    let (mut theta, mut ball) = (start(), contact_ball());
    run(&mut ball, &mut wells(), &mut theta, 3);
    let mut checkpoints = checkpoints::<Ball>(2);
    checkpoints.save(&theta, &ball).unwrap();
    let mut checkpoints = checkpoints.with_theta_bits(ThetaBits::Four);
    let (mut taken, mut resumed) = (rubbish(), contact_ball());
    let said = checkpoints.resume_rounded(&mut taken, &mut resumed);
    assert_eq!(said, Ok(Some(Resumed { steps: 3, theta: ThetaBits::ThirtyTwo })));
    assert_eq!(bits(&taken), bits(&theta));
    assert_eq!(checkpoints.resume(&mut taken, &mut resumed), Ok(Some(3)));
}

#[test]
fn whole_and_rounded_checkpoints_share_a_ring() {
    let mut checkpoints = checkpoints::<Ball>(3);
    let (mut theta, mut ball) = (start(), contact_ball());
    for turn in 0..9 {
        let theta_bits = [FEW[0], ThetaBits::ThirtyTwo, FEW[1]][turn % 3];
        run(&mut ball, &mut wells(), &mut theta, 1);
        checkpoints = checkpoints.with_theta_bits(theta_bits);
        checkpoints.save(&theta, &ball).unwrap();
        let (mut taken, mut resumed) = (rubbish(), contact_ball());
        let said = checkpoints.resume_rounded(&mut taken, &mut resumed).unwrap();
        assert_eq!(said, Some(Resumed { steps: turn as u32 + 1, theta: theta_bits }));
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_theta_of_any_length_comes_back_rounded_by_blocks_of_32(
        length in 1usize..200,
        seed in any::<u64>(),
        few in 0usize..2,
    ) {
        let theta: Vec<f32> = Random(seed).vector(length);
        let mut checkpoints =
            on(NorFlashModel::<4, 512, 4>::new(4096)).with_theta_bits(FEW[few]);
        checkpoints.save_theta(&theta).unwrap();
        let mut taken = vec![f32::NAN; length];
        prop_assert_eq!(checkpoints.resume_theta(&mut taken), Ok(Some(0)));
        prop_assert_eq!(bits(&taken), bits(&rounded(&theta, FEW[few])));
        // Nothing but steps and whole numbers is in flash.
        let words = length.div_ceil(32) + length.div_ceil([4, 8][few]);
        let bytes = &checkpoints.into_inner().bytes[64 + 16..];
        let after = bytes[4 * words..].iter().take_while(|byte| **byte == 0xff).count();
        prop_assert!(after >= 64, "{} bytes after theta are erased", after);
    }
}

#[test]
fn a_checkpoint_in_few_bits_takes_few_bytes() {
    type Small = NorFlashModel<4, 64, 4>;
    let bytes = |theta_bits| Checkpoints::<Small>::bytes_in::<Ball>(theta_bits, 3200, 1);
    // A header of a unit, 16 bytes of state, the ball's vector, and theta.
    let beside = 64 + 16 + 4 * 3200;
    assert_eq!(bytes(ThetaBits::ThirtyTwo), (beside + 4 * 3200_u64).next_multiple_of(64));
    assert_eq!(bytes(ThetaBits::Eight), (beside + 3200 + 400_u64).next_multiple_of(64));
    assert_eq!(bytes(ThetaBits::Four), (beside + 1600 + 400_u64).next_multiple_of(64));
}

#[test]
fn a_range_that_only_a_rounded_checkpoint_fits_into_is_enough_for_one() {
    let length = 600;
    let theta = vec![0.25; length];
    let mut checkpoints = on(NorFlashModel::<4, 512, 4>::new(2048));
    let refused = checkpoints.save_theta(&theta);
    assert!(matches!(refused, Err(CheckpointError::TooSmall { .. })), "{refused:?}");
    checkpoints = checkpoints.with_theta_bits(ThetaBits::Eight);
    checkpoints.save_theta(&theta).unwrap();
    let mut taken = vec![0.0; length];
    assert_eq!(checkpoints.resume_theta(&mut taken), Ok(Some(0)));
}

#[test]
fn a_theta_that_is_not_finite_is_not_saved() {
    for theta_bits in FEW {
        let mut checkpoints = on(Flash::new(2048)).with_theta_bits(theta_bits);
        for bad in [f32::NAN, f32::INFINITY] {
            let refused = checkpoints.save_theta(&[0.5, bad]);
            assert_eq!(refused, Err(CheckpointError::NonFiniteParameters));
        }
    }
}

/// The image of a ball after five steps in one slot, and its theta.
fn image(theta_bits: ThetaBits) -> (Vec<u8>, Vec<f32>) {
    let (mut theta, mut ball) = (start(), contact_ball());
    run(&mut ball, &mut wells(), &mut theta, 5);
    let mut checkpoints = checkpoints::<Ball>(2).with_theta_bits(theta_bits);
    checkpoints.save(&theta, &ball).unwrap();
    (checkpoints.into_inner().bytes, rounded(&theta, theta_bits))
}

#[test]
fn no_bit_of_a_rounded_checkpoint_can_flip_unnoticed() {
    for theta_bits in FEW {
        let (image, theta) = image(theta_bits);
        let theta_bytes =
            4 * (LENGTH.div_ceil(32) + LENGTH.div_ceil(32 / theta_bits.bits() as usize));
        let end = 64 + 16 + theta_bytes + 4 * LENGTH;
        assert_eq!(image[end], 0xff);
        for place in 0..end {
            let mut image = image.clone();
            image[place] ^= 1 << (place % 8);
            let mut checkpoints: Checkpoints<Flash> = holding(image);
            let (mut taken, mut ball) = (vec![7.0; LENGTH], contact_ball());
            let said = checkpoints.resume_rounded(&mut taken, &mut ball);
            assert_eq!((said, taken), (Ok(None), vec![7.0; LENGTH]), "byte {place}");
        }
        let mut checkpoints: Checkpoints<Flash> = holding(image);
        let (mut taken, mut ball) = (rubbish(), contact_ball());
        checkpoints.resume_rounded(&mut taken, &mut ball).unwrap();
        assert_eq!(bits(&taken), bits(&theta));
    }
}

#[test]
fn forged_bits_and_numbers_of_parameters_are_no_checkpoint_and_stop_no_save() {
    let (image, _) = image(ThetaBits::Eight);
    let vectors = word(&image, VECTORS);
    assert_eq!(vectors, 0x0801);
    let mut forged = Vec::new();
    for bits in [0_u32, 1, 2, 5, 16, 32, 255] {
        forged.push((VECTORS, vectors & 0xff | bits << 8));
    }
    forged.extend([(VECTORS, vectors | 1 << 16), (VECTORS, vectors | 1 << 31)]);
    forged.extend([(PARAMETERS, u32::MAX), (PARAMETERS, 0), (VECTORS, 0x08ff)]);
    for (index, value) in forged {
        let mut image = image.clone();
        forge_header(&mut image, index, value);
        let mut checkpoints: Checkpoints<Flash> = holding(image);
        let (mut theta, mut ball) = (start(), contact_ball());
        let said = checkpoints.resume_rounded(&mut theta, &mut ball);
        assert_eq!(said, Ok(None), "{index}: {value:#x}");
        assert_eq!(checkpoints.resume_theta(&mut theta), Ok(None));
        checkpoints.save(&theta, &ball).unwrap();
        assert_eq!(checkpoints.resume(&mut theta, &mut ball), Ok(Some(0)));
    }
}

//! Payloads that nobody saved, with good checksums: a checksum is no authentication, but what it
//! lets through does no harm.

use crate::forgery::{forge_payload, holding};
use crate::support::optimizers::run;
use crate::support::random::Random;
use crate::training::{Check, Flash, LENGTH, checkpoints, every_optimizer, rubbish, start, wells};
use rolling_ball::{CheckpointError, Checkpoints, Optimizer, Resumable, step};

/// The floats that arithmetic surprises with.
const FLOATS: [f32; 10] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MAX,
    f32::MIN,
    f32::MIN_POSITIVE,
    1e-45,
    -0.0,
    1e30,
    -1.0,
];

/// The image after a save, one slot after the other, and the bytes of one.
fn image<O: Optimizer + Resumable>(optimizer: &mut O, saves: usize) -> (Vec<u8>, usize) {
    let mut checkpoints = checkpoints::<O>(2);
    let mut theta = start();
    for _ in 0..saves {
        run(optimizer, &mut wells(), &mut theta, 1);
        checkpoints.save(&theta, optimizer).unwrap();
    }
    let image = checkpoints.into_inner().bytes;
    let slot = image.len() / 2;
    (image, slot)
}

/// Theta of the newest checkpoint is forged at one place, and not finite.
struct NotFinite;

impl Check for NotFinite {
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
        let (image, slot) = image(&mut make(), 2);
        for rubbish in FLOATS.into_iter().filter(|float| !float.is_finite()) {
            for index in [0, LENGTH / 2, LENGTH - 1] {
                let mut image = image.clone();
                forge_payload(&mut image[slot..], 4 + index, rubbish.to_bits());
                let mut checkpoints: Checkpoints<Flash> = holding(image);
                let (mut theta, mut optimizer) = (start(), make());
                assert_eq!(checkpoints.resume_theta(&mut theta), Ok(Some(1)), "{name}");
                let steps = checkpoints.resume(&mut theta, &mut optimizer);
                assert_eq!(steps, Ok(Some(1)), "{name}: the one before");
                assert!(theta.iter().all(|element| element.is_finite()));
            }
        }
    }
}

#[test]
fn a_checkpoint_whose_theta_is_not_finite_is_none() {
    every_optimizer(&mut NotFinite);
}

/// Words of the state and floats of the vectors are forged at random.
struct Forged {
    random: Random,
    resumed: u32,
}

impl Forged {
    fn below(&mut self, end: usize) -> usize {
        ((self.random.uniform() + 1.0) / 2.0 * end as f32) as usize
    }
}

impl Check for Forged {
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
        let mut saved = make();
        let (image, _) = image(&mut saved, 1);
        let vectors = saved.state().unwrap().vectors;
        let words = 4 + LENGTH + vectors.into_iter().flatten().count();
        for _ in 0..200 {
            let mut image = image.clone();
            for _ in 0..=self.below(20) {
                let among = if self.below(2) == 0 { 4 } else { words };
                let (index, float) = (self.below(among), FLOATS[self.below(FLOATS.len())]);
                forge_payload(&mut image, index, float.to_bits());
            }
            let mut checkpoints: Checkpoints<Flash> = holding(image);
            let (mut theta, mut optimizer) = (rubbish(), make());
            match checkpoints.resume(&mut theta, &mut optimizer) {
                Ok(Some(steps)) => assert_eq!(optimizer.steps(), steps),
                // Theta was hit.
                Ok(None) => continue,
                Err(error) => panic!("{name}: {error}"),
            }
            self.resumed += 1;
            assert!(theta.iter().all(|element| element.is_finite()), "{name}");
            checkpoints.save(&theta, &optimizer).unwrap();
            assert_eq!(checkpoints.resume(&mut theta, &mut optimizer), Ok(Some(optimizer.steps())));
            for _ in 0..3 {
                // What the state says is the forger's. It may be refused, but neither panic nor
                // make theta no number.
                let ended = step(&mut optimizer, &mut wells(), &mut theta);
                assert!(theta.iter().all(|t| t.is_finite()), "{name}: {ended:?}, theta {theta:?}");
            }
            let expected = match theta.iter().all(|element| element.is_finite()) {
                true => Ok(()),
                false => Err(CheckpointError::NonFiniteParameters),
            };
            assert_eq!(checkpoints.save(&theta, &optimizer), expected, "{name}");
        }
    }
}

#[test]
fn a_forged_state_panics_nowhere_and_stops_no_save_of_a_finite_theta() {
    let mut forged = Forged { random: Random(15), resumed: 0 };
    every_optimizer(&mut forged);
    assert!(forged.resumed > 2000, "{}", forged.resumed);
}

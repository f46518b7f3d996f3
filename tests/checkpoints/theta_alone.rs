//! Theta is taken from a checkpoint without the optimizer that saved it.

use crate::support::numbers::bits;
use crate::support::optimizers::run;
use crate::training::{Check, LENGTH, checkpoints, every_optimizer, rubbish, sgd, start, wells};
use rolling_ball::{CheckpointError, Optimizer, Resumable, SgdConfig};

struct Take;

impl Check for Take {
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
        let (mut theta, mut optimizer) = (start(), make());
        let mut checkpoints = checkpoints::<O>(2);
        for steps in [0, 3, 4] {
            run(&mut optimizer, &mut wells(), &mut theta, steps);
            checkpoints.save(&theta, &optimizer).unwrap();
            let mut taken = rubbish();
            assert_eq!(checkpoints.resume_theta(&mut taken), Ok(Some(optimizer.steps())), "{name}");
            assert_eq!(bits(&taken), bits(&theta), "{name}");
        }
    }
}

#[test]
fn theta_and_its_steps_are_taken_whichever_optimizer_saved_them() {
    every_optimizer(&mut Take);
}

#[test]
fn an_empty_flash_has_no_theta_and_changes_none() {
    let mut theta = start();
    let mut checkpoints = checkpoints::<rolling_ball::Sgd<Vec<f32>>>(2);
    assert_eq!(checkpoints.resume_theta(&mut theta), Ok(None));
    assert_eq!(theta, start());
}

#[test]
fn a_theta_of_another_length_is_refused_and_unchanged() {
    let mut checkpoints = checkpoints::<rolling_ball::Sgd<Vec<f32>>>(2);
    checkpoints.save(&start(), &sgd(SgdConfig::default())).unwrap();
    let mut theta = vec![7.0; LENGTH + 1];
    let expected = CheckpointError::Parameters { expected: LENGTH + 1, saved: LENGTH };
    assert_eq!(checkpoints.resume_theta(&mut theta), Err(expected));
    assert_eq!(theta, vec![7.0; LENGTH + 1]);
}

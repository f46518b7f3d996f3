//! A training that was interrupted ends in the same bits as one that was not.

use crate::support::numbers::bits;
use crate::support::optimizers::{ball, forms, run};
use crate::training::{Check, LENGTH, checkpoints, every_optimizer, rubbish, start, wells};
use rolling_ball::{AnyRollingBall, Error, Objective, Optimizer, Resumable, Schedule, step};

const STEPS: usize = 9;

/// Trains, saves after `before` steps, and goes on with a new optimizer on a new theta.
struct Interrupt {
    /// What happens between the step and the save.
    then: Then,
    checked: usize,
}

#[derive(Clone, Copy)]
enum Then {
    Nothing,
    AStepIsGivenUp,
    AStepFails,
}

struct NotANumber;

impl Objective for NotANumber {
    fn loss(&mut self, _theta: &[f32]) -> Result<f32, Error> {
        Ok(f32::NAN)
    }

    fn gradient(&mut self, _theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        gradient.fill(f32::NAN);
        Ok(f32::NAN)
    }
}

impl Then {
    fn happens(self, optimizer: &mut impl Optimizer, theta: &mut [f32]) {
        match self {
            Self::Nothing => {}
            Self::AStepIsGivenUp => {
                optimizer.begin(theta).unwrap();
                optimizer.abandon();
            }
            Self::AStepFails => {
                step(optimizer, &mut NotANumber, theta).unwrap_err();
            }
        }
    }
}

impl Check for Interrupt {
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
        for before in 0..=STEPS {
            let (mut theta, mut optimizer) = (start(), make());
            run(&mut optimizer, &mut wells(), &mut theta, before);
            self.then.happens(&mut optimizer, &mut theta);
            let mut checkpoints = checkpoints::<O>(2);
            checkpoints.save(&theta, &optimizer).unwrap();
            let reports = run(&mut optimizer, &mut wells(), &mut theta, STEPS);

            let (mut resumed_theta, mut resumed) = (rubbish(), make());
            let steps = checkpoints.resume(&mut resumed_theta, &mut resumed).unwrap();
            assert_eq!(steps, Some(before as u32), "{name}");
            assert_eq!(resumed.steps(), before as u32, "{name}");
            let resumed_reports = run(&mut resumed, &mut wells(), &mut resumed_theta, STEPS);
            assert_eq!(bits(&resumed_theta), bits(&theta), "{name}, resumed after {before} steps");
            assert_eq!(resumed_reports, reports, "{name}, resumed after {before} steps");
            self.checked += 1;
        }
    }
}

fn interrupt(then: Then) {
    let mut interrupt = Interrupt { then, checked: 0 };
    every_optimizer(&mut interrupt);
    assert!(interrupt.checked > 30 * STEPS);
}

#[test]
fn resuming_continues_with_the_same_bits_and_reports() {
    interrupt(Then::Nothing);
}

#[test]
fn resuming_after_a_step_was_given_up_continues_with_the_same_bits() {
    interrupt(Then::AStepIsGivenUp);
}

#[test]
fn resuming_after_a_step_failed_continues_with_the_same_bits() {
    interrupt(Then::AStepFails);
}

#[test]
fn a_resumed_ball_has_the_same_centre() {
    for (name, config) in forms(0.3, 0.2, true) {
        let (mut theta, mut stopped) = (start(), ball(config, LENGTH));
        let mut checkpoints = checkpoints::<AnyRollingBall<Vec<f32>>>(2);
        for before in 0..5 {
            checkpoints.save(&theta, &stopped).unwrap();
            let (mut resumed_theta, mut resumed) = (rubbish(), ball(config, LENGTH));
            checkpoints.resume(&mut resumed_theta, &mut resumed).unwrap();
            let centre = bits(stopped.centre(&theta).unwrap());
            assert_eq!(bits(resumed.centre(&resumed_theta).unwrap()), centre, "{name}, {before}");
            if before > 0 {
                assert_ne!(centre, bits(&theta), "{name}, {before}");
            }
            run(&mut stopped, &mut wells(), &mut theta, 1);
        }
    }
}

#[test]
fn a_schedule_that_is_a_function_is_taken_from_the_resumed_optimizer() {
    let with = |schedule| {
        let (_, form) = forms(0.3, 0.2, true).swap_remove(6);
        ball(rolling_ball::RollingBallConfig { learning_rate: schedule, ..form }, LENGTH)
    };
    let (first, second) = (Schedule::Custom(|_| 0.1), Schedule::Custom(|_| 0.2));
    let (mut theta, mut stopped) = (start(), with(first));
    run(&mut stopped, &mut wells(), &mut theta, 3);
    let mut checkpoints = checkpoints::<AnyRollingBall<Vec<f32>>>(2);
    checkpoints.save(&theta, &stopped).unwrap();
    let mut resumed = with(second);
    assert_eq!(checkpoints.resume(&mut theta, &mut resumed), Ok(Some(3)));
    let report = step(&mut resumed, &mut wells(), &mut theta).unwrap();
    assert_eq!((report.step, report.learning_rate), (3, 0.2));
}

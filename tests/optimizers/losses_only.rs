//! The ball that needs losses only.

use crate::support::numbers::bits;
use crate::support::random::Random;
use proptest::prelude::*;
use rolling_ball::kernels::Scalar;
use rolling_ball::{
    ClipNorm, Error, Evaluation, KeepStart, Objective, Optimizer, Outcome, Request, Resumable,
    Schedule, StepReport, ZerothOrderBall, ZerothOrderBallConfig, step,
};

/// A loss that has no gradient.
struct Loss<F>(F);

impl<F: FnMut(&[f32]) -> f32> Objective for Loss<F> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(self.0(theta))
    }

    fn gradient(&mut self, _: &[f32], _: &mut [f32]) -> Result<f32, Error> {
        panic!("a gradient is asked for");
    }
}

fn bowl(theta: &[f32]) -> f32 {
    theta.iter().map(|t| t * t / 2.0).sum()
}

fn ball(radius: f32, parameters: usize, steps: u32) -> ZerothOrderBall {
    ZerothOrderBall::new(ZerothOrderBallConfig::shrinking(radius, parameters, steps)).unwrap()
}

fn descend(
    ball: &mut impl Optimizer,
    loss: impl FnMut(&[f32]) -> f32,
    theta: &mut [f32],
    steps: u32,
) -> Vec<StepReport> {
    let mut loss = Loss(loss);
    (0..steps).map(|_| step(ball, &mut loss, theta).unwrap()).collect()
}

#[test]
fn it_goes_down_a_bowl_in_any_number_of_dimensions() {
    for parameters in [1, 2, 3, 7, 16, 50] {
        let mut theta = Random(parameters as u64).vector(parameters);
        let (before, steps) = (bowl(&theta), 40 * parameters as u32 + 100);
        descend(&mut ball(2.0, parameters, steps), bowl, &mut theta, steps);
        assert!(bowl(&theta) < 1e-3 * before, "{parameters}: {before} to {}", bowl(&theta));
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn in_the_plane_it_does_not_mind_how_a_valley_lies() {
    for angle in 0..12 {
        let (sine, cosine) = (angle as f32 * 0.2618).sin_cos();
        let valley = |theta: &[f32]| {
            let (along, across) =
                (cosine * theta[0] + sine * theta[1], cosine * theta[1] - sine * theta[0]);
            along * along / 2.0 + 10.0 * across * across
        };
        let mut theta = [1.0, 1.5];
        descend(&mut ball(2.0, 2, 400), valley, &mut theta, 400);
        assert!(valley(&theta) < 1e-3, "{angle}: {}", valley(&theta));
    }
}

#[test]
fn a_step_asks_for_the_losses_at_both_ends_of_a_diameter_and_moves_along_it() {
    let (mut ball, mut theta) = (ball(0.5, 6, 100), Random(3).vector(6));
    for _ in 0..20 {
        let mut asked = Vec::new();
        let start = theta.clone();
        let mut loss = Loss(|theta: &[f32]| {
            asked.push(theta.to_vec());
            bowl(theta)
        });
        let report = step(&mut ball, &mut loss, &mut theta).unwrap();
        assert_eq!(asked.len(), 2);
        assert_eq!((report.evaluations.losses, report.evaluations.gradients), (2, 0));
        let radius = ball.config().radius.at(report.step);
        let distance = |a: &[f32], b: &[f32]| {
            a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
        };
        for end in &asked {
            assert!((distance(end, &start) / radius - 1.0).abs() < 1e-4);
        }
        assert!((distance(&asked[0], &asked[1]) / radius - 2.0).abs() < 1e-4);
        let (first, second) = (bowl(&asked[0]), bowl(&asked[1]));
        let slope = (first - second).abs() / (2.0 * radius);
        let told = report.gradient_norm.unwrap();
        assert!((told - slope).abs() <= 1e-4 * slope.max(1e-3));
        assert!((report.loss_before - (first + second) / 2.0).abs() < 1e-5);
        assert_eq!((report.loss_after, report.outcome), (None, Outcome::Converged));
        let moved = distance(&theta, &start);
        assert!((moved - report.absolute_update.unwrap()).abs() < 1e-5, "{moved}: {report:?}");
        let lower = if first < second { &asked[0] } else { &asked[1] };
        assert!(distance(&theta, lower) <= radius, "it moves towards the lower end");
    }
}

#[test]
fn a_loss_times_a_number_is_trained_to_the_same_bits() {
    let trained = |scale: f32| {
        let mut theta = Random(5).vector(9);
        let loss = |theta: &[f32]| scale * bowl(theta);
        descend(&mut ball(1.0, 9, 200), loss, &mut theta, 200);
        bits(&theta)
    };
    for power in [-60, -3, 4, 90] {
        assert_eq!(trained(2.0_f32.powi(power)), trained(1.0), "2^{power}");
    }
}

#[test]
fn a_loss_that_is_flat_leaves_theta_where_it_is() {
    let (mut ball, mut theta) = (ball(0.5, 3, 50), [0.25, -1.5, 3.0]);
    let reports = descend(&mut ball, |_| 7.0, &mut theta, 50);
    assert_eq!(theta, [0.25, -1.5, 3.0]);
    assert!(reports.iter().all(|report| report.absolute_update == Some(0.0)));
}

#[test]
fn losses_as_far_apart_as_floats_go_make_a_step_no_longer_than_others() {
    for huge in [1e30_f32, f32::MAX] {
        let (mut ball, mut theta) = (ball(1e-3, 4, 10), [0.5; 4]);
        for attempt in 0..10 {
            let cliff = |theta: &[f32]| if theta[0] > 0.5 { huge } else { -huge };
            let report = step(&mut ball, &mut Loss(cliff), &mut theta).unwrap();
            assert!(report.absolute_update.unwrap() <= 1.4e-3, "{attempt}: {report:?}");
            assert!(report.gradient_norm.unwrap().is_finite() && report.loss_before.is_finite());
        }
    }
}

/// Answers that are not finite.
const NONE: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

#[test]
fn a_step_with_a_loss_that_is_none_is_skipped_counted_and_ends_where_it_began_to_the_bit() {
    for length in [1, 2, 10, 33] {
        for bad in NONE {
            for at in 0..2 {
                let (mut ball, mut theta) = (ball(0.7, length, 100), Random(8).vector(length));
                // After a step, theta is rounded a last time where it begins.
                descend(&mut ball, bowl, &mut theta, 3);
                ball.begin(&mut theta).unwrap();
                ball.put_back(&mut theta).unwrap();
                let start = bits(&theta);
                for refused in 1..=5 {
                    let mut asked = 0;
                    let mut loss = Loss(|theta: &[f32]| {
                        asked += 1;
                        if asked > at { bad } else { bowl(theta) }
                    });
                    let done = step(&mut ball, &mut loss, &mut theta);
                    assert_eq!(done, Err(Error::NonFiniteLoss));
                    assert_eq!(asked, at + 1);
                    assert_eq!(bits(&theta), start);
                    assert_eq!((ball.refused(), ball.steps()), (refused, 3));
                }
                let report = step(&mut ball, &mut Loss(bowl), &mut theta).unwrap();
                assert_eq!((report.refused, ball.refused()), (5, 0));
            }
        }
    }
}

#[test]
fn a_step_after_one_that_was_refused_looks_into_another_direction() {
    // In half of the plane there is no loss.
    let half = |theta: &[f32]| if theta[1] > 1.5 { f32::NAN } else { bowl(theta) };
    let (mut ball, mut theta) = (ball(2.0, 2, 200), [2.0, 1.0]);
    let done = (0..1000)
        .filter(|_| step(&mut ball, &mut Loss(half), &mut theta).is_ok())
        .take(200)
        .count();
    assert_eq!(done, 200);
    assert!(bowl(&theta) < 1e-3, "{theta:?}");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn refusals_that_halve_make_the_ball_fit_between_walls() {
    let wall = |theta: &[f32]| if theta[0].abs() > 0.1 { f32::NAN } else { bowl(theta) };
    for halve in [false, true] {
        let config = ZerothOrderBallConfig {
            radius: 8.0.into(),
            ..ZerothOrderBallConfig::shrinking(8.0, 1, 50)
        };
        let (mut ball, mut theta) = (ZerothOrderBall::new(config).unwrap(), [0.05]);
        ball.halve_when_refused(halve);
        let done = (0..20).filter(|_| step(&mut ball, &mut Loss(wall), &mut theta).is_ok()).count();
        assert_eq!(done > 0, halve);
    }
}

#[test]
fn a_step_that_is_put_back_ends_in_the_middle_and_one_that_is_abandoned_at_the_end() {
    let (mut ball, mut theta) = (ball(0.7, 5, 100), Random(2).vector(5));
    ball.begin(&mut theta).unwrap();
    ball.put_back(&mut theta).unwrap();
    let middle = bits(&theta);
    for losses in 0..2 {
        assert_eq!(ball.begin(&mut theta), Ok(Request::Loss));
        for _ in 0..losses {
            assert_eq!(ball.tell_loss(&mut theta, 1.0), Ok(Request::Loss));
        }
        assert_ne!(bits(&theta), middle);
        assert!(matches!(ball.put_back(&mut theta[..4]), Err(Error::Length { .. })));
        assert_eq!(ball.awaits(), Some(Evaluation::Loss));
        ball.put_back(&mut theta).unwrap();
        assert_eq!((bits(&theta), ball.awaits()), (middle.clone(), None));
    }
    ball.begin(&mut theta).unwrap();
    let end = bits(&theta);
    ball.abandon();
    ball.put_back(&mut theta).unwrap();
    assert_eq!(bits(&theta), end);
    assert_eq!((ball.refused(), ball.steps()), (0, 0));
}

#[test]
fn what_is_wrong_with_theta_or_the_step_is_refused_and_theta_is_unchanged() {
    for bad in [f32::NAN, f32::INFINITY, 1e30] {
        let (mut ball, mut theta) = (ball(0.5, 3, 10), [1.0, bad, -0.0]);
        let before = bits(&theta);
        assert_eq!(ball.begin(&mut theta), Err(Error::NonFiniteParameters));
        assert_eq!((bits(&theta), ball.awaits(), ball.refused()), (before, None, 1));
    }
    let mut wide = ball(1e19, 3, 10);
    let mut theta = [1.0, 2.0, -0.0];
    assert_eq!(wide.begin(&mut theta), Err(Error::NonFiniteUpdate));
    assert_eq!(bits(&theta), bits(&[1.0, 2.0, -0.0]));
    let config = ZerothOrderBallConfig {
        learning_rate: 1e20.into(),
        ..ZerothOrderBallConfig::shrinking(0.5, 3, 10)
    };
    let mut far = ZerothOrderBall::new(config).unwrap();
    far.begin(&mut theta).unwrap();
    far.put_back(&mut theta).unwrap();
    let before = bits(&theta);
    assert_eq!(step(&mut far, &mut Loss(bowl), &mut theta), Err(Error::NonFiniteUpdate));
    assert_eq!(bits(&theta), before);
}

#[test]
fn answers_out_of_turn_are_refused_and_change_nothing() {
    let (mut ball, mut theta) = (ball(0.5, 3, 10), [1.0, 2.0, 3.0]);
    let refused = |answer| matches!(answer, Err(Error::UnexpectedAnswer { .. }));
    assert!(refused(ball.tell_loss(&mut theta, 1.0)));
    assert!(refused(ball.tell_gradient(&mut theta, 1.0)));
    assert_eq!(theta, [1.0, 2.0, 3.0]);
    assert!(matches!(ball.begin(&mut theta[..2]), Err(Error::Length { .. })));
    ball.begin(&mut theta).unwrap();
    let end = theta;
    assert!(refused(ball.begin(&mut theta)));
    assert!(refused(ball.tell_gradient(&mut theta, 1.0)));
    assert!(matches!(ball.tell_loss(&mut theta[..2], 1.0), Err(Error::Length { .. })));
    assert!(Resumable::state(&ball).is_err() && ball.restart().is_err());
    assert!(ball.centre(&theta).is_err());
    assert_eq!(theta, end);
    assert!(ball.gradient_mut().is_empty());
    assert_eq!(ball.tell_loss(&mut theta, 1.0), Ok(Request::Loss));
}

#[test]
fn a_radius_that_is_not_above_zero_or_a_rate_below_it_is_refused() {
    let config = ZerothOrderBallConfig::shrinking(1.0, 3, 10);
    for bad in [f32::NAN, f32::INFINITY, -1.0] {
        let made = |config| ZerothOrderBall::new(config).map(drop);
        let radius = made(ZerothOrderBallConfig { radius: bad.into(), ..config });
        assert!(matches!(radius, Err(Error::Setting { name: "radius", .. })));
        let rate = made(ZerothOrderBallConfig { learning_rate: bad.into(), ..config });
        assert!(matches!(rate, Err(Error::Setting { name: "learning rate", .. })));
    }
    let mut ball = ball(1.0, 3, 10);
    ball.set_radius(Schedule::Constant(0.0)).unwrap();
    let begun = ball.begin(&mut [1.0; 3]);
    assert!(matches!(begun, Err(Error::Setting { name: "radius", .. })), "{begun:?}");
}

#[test]
fn a_resumed_ball_goes_on_with_the_same_bits_between_any_two_steps() {
    for saved in [0, 1, 5, 17] {
        let (mut whole, mut theta) = (ball(1.0, 7, 40), Random(4).vector(7));
        descend(&mut whole, bowl, &mut theta, saved);
        let (mut resumed, mut resumed_theta) = (ball(1.0, 7, 40), theta.clone());
        resumed.resume(whole.state().unwrap().words).unwrap();
        for _ in saved..40 {
            let reports = [
                step(&mut whole, &mut Loss(bowl), &mut theta),
                step(&mut resumed, &mut Loss(bowl), &mut resumed_theta),
            ];
            assert_eq!(reports[0], reports[1]);
            assert_eq!(bits(&theta), bits(&resumed_theta));
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn wrappers_around_what_has_no_gradient_change_nothing() {
    let train = |ball: &mut dyn Optimizer| {
        let mut theta = Random(6).vector(5);
        for _ in 0..30 {
            step(ball, &mut Loss(bowl), &mut theta).unwrap();
        }
        bits(&theta)
    };
    let plain = train(&mut ball(1.0, 5, 30));
    assert_eq!(train(&mut ClipNorm::new(ball(1.0, 5, 30), 0.1).unwrap()), plain);
    let none: [f32; 0] = [];
    assert_eq!(train(&mut KeepStart::new(ball(1.0, 5, 30), none).unwrap()), plain);
}

#[test]
fn it_takes_no_more_memory_than_it_says() {
    assert!(size_of::<ZerothOrderBall<Scalar>>() <= 256);
}

proptest! {
    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn theta_stays_finite_and_the_parameters_that_are_large_do_not_move_the_small_ones_far(
        size in -30i32..30, radius in -20i32..10, seed in any::<u64>(),
    ) {
        let mut theta = Random(seed).vector(8);
        theta[3] *= 2.0_f32.powi(size);
        let radius = 2.0_f32.powi(radius);
        let before = theta.clone();
        let mut ball = ball(radius, 8, 20);
        for _ in 0..20 {
            let report = step(&mut ball, &mut Loss(bowl), &mut theta).unwrap();
            prop_assert!(report.absolute_update.unwrap() <= 0.7 * radius);
        }
        for (t, before) in theta.iter().zip(&before) {
            prop_assert!((t - before).abs() <= 20.0 * radius + 1e-5 * before.abs());
        }
    }
}

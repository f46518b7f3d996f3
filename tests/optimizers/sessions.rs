//! Schedules that are set on the way, and a second session of training with the same optimizer.

use crate::support::optimizers::{Named, every_optimizer, run};
use rolling_ball::kernels::Active;
use rolling_ball::{
    Error, Objective, Optimizer, Plain, RollingBall, RollingBallConfig, Schedule, step,
};

/// `|theta - 3|^2 / 2`
struct Bowl;

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(theta.iter().map(|t| (t - 3.0) * (t - 3.0) / 2.0).sum())
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        for (slope, t) in gradient.iter_mut().zip(theta) {
            *slope = t - 3.0;
        }
        self.loss(theta)
    }
}

fn optimizers() -> Vec<Named> {
    every_optimizer(Active::default(), 2, 0.1, true)
}

fn halving(steps: u32) -> Schedule {
    Schedule::Linear { from: 0.5, to: 0.0, steps }
}

#[test]
fn a_schedule_begins_at_the_step_at_which_it_is_set() {
    for Named { name, searches, mut optimizer } in optimizers() {
        let mut theta = [1.0, -2.0];
        run(&mut *optimizer, &mut Bowl, &mut theta, 3);
        optimizer.set_learning_rate(Schedule::Custom(|step| [0.04, 0.02][step as usize])).unwrap();
        // These report the rate that they found.
        let finds =
            searches || ["arc length", "DoG", "Prodigy"].iter().any(|other| name.contains(other));
        if !finds {
            let rates: Vec<f32> = run(&mut *optimizer, &mut Bowl, &mut theta, 2)
                .iter()
                .map(|report| report.learning_rate)
                .collect();
            assert_eq!(rates, [0.04, 0.02], "{name}");
        }
        assert!(optimizer.steps() >= 3, "{name}");
    }
}

#[test]
fn a_schedule_that_is_set_during_a_step_begins_with_the_next() {
    let config = RollingBallConfig::default().with_centre_step(Plain);
    let mut ball = RollingBall::new(config, [[0.0; 2]; 2]).unwrap();
    let mut theta = [1.0, -2.0];
    ball.begin(&mut theta).unwrap();
    ball.set_learning_rate(halving(2)).unwrap();
    ball.abandon();
    // The step that was given up was the first, and so is the one that follows.
    let rates: Vec<f32> = run(&mut ball, &mut Bowl, &mut theta, 3)
        .iter()
        .map(|report| report.learning_rate)
        .collect();
    assert_eq!(rates, [0.5, 0.5, 0.25]);
}

#[test]
fn a_second_session_goes_as_far_as_a_first() {
    let fresh = || RollingBall::new(RollingBallConfig::fine_tuning(20), [[0.0; 2]; 2]).unwrap();
    let session = |ball: &mut RollingBall<[f32; 2]>| {
        let mut theta = [50.0, -50.0];
        run(ball, &mut Bowl, &mut theta, 20);
        Bowl.loss(&theta).unwrap()
    };
    let first = session(&mut fresh());
    let set_anew = |ball: &mut RollingBall<[f32; 2]>| {
        ball.set_learning_rate(Schedule::Cosine { from: 1.0, to: 0.0, steps: 20 }).unwrap();
        ball.set_radius(Schedule::Cosine { from: 0.03, to: 0.0, steps: 20 }).unwrap();
    };
    for restart in [false, true] {
        let mut ball = fresh();
        run(&mut ball, &mut Bowl, &mut [1.0, -2.0], 20);
        if restart {
            ball.restart().unwrap();
        } else {
            set_anew(&mut ball);
        }
        let second = session(&mut ball);
        assert!((second - first).abs() < 1e-3 * first, "{second} after {first}, {restart}");
        assert_eq!(ball.steps(), if restart { 20 } else { 40 });
    }
}

#[test]
fn every_optimizer_is_restarted_between_two_steps_only() {
    for Named { name, mut optimizer, .. } in optimizers() {
        let mut theta = [1.0, -2.0];
        run(&mut *optimizer, &mut Bowl, &mut theta, 3);
        optimizer.begin(&mut theta).unwrap();
        assert!(matches!(optimizer.restart(), Err(Error::UnexpectedAnswer { .. })), "{name}");
        optimizer.abandon();
        optimizer.restart().unwrap();
        assert_eq!(optimizer.steps(), 0, "{name}");
        assert_eq!(step(&mut *optimizer, &mut Bowl, &mut theta).unwrap().step, 0, "{name}");
    }
}

#[test]
fn a_rate_and_a_radius_of_zero_are_a_step_that_stays() {
    for (radius, rate) in [(0.0, 0.0), (0.3, 0.0), (0.0, 0.1)] {
        let zero = Schedule::Custom(|_| 0.0);
        for (radius, rate) in [
            (radius.into(), rate.into()),
            (
                if radius == 0.0 { zero } else { radius.into() },
                if rate == 0.0 { zero } else { rate.into() },
            ),
        ] {
            let config =
                RollingBallConfig { radius, learning_rate: rate, ..RollingBallConfig::default() };
            let mut ball = RollingBall::new(config, [[0.0; 2]; 2]).unwrap();
            let mut theta = [1.0, -2.0];
            let report = step(&mut ball, &mut Bowl, &mut theta).unwrap();
            assert_eq!(report.learning_rate == 0.0, rate.at(0) == 0.0);
            if rate.at(0) == 0.0 {
                assert_eq!(theta, [1.0, -2.0]);
            } else {
                assert_ne!(theta, [1.0, -2.0]);
            }
        }
    }
}

#[test]
fn the_centre_is_asked_of_any_optimizer() {
    for Named { name, mut optimizer, .. } in optimizers() {
        let mut theta = [1.0, -2.0];
        run(&mut *optimizer, &mut Bowl, &mut theta, 3);
        let centre = optimizer.centre(&theta).unwrap().to_vec();
        let elsewhere = name.starts_with("ball") || name.ends_with("average");
        assert_eq!(centre != theta, elsewhere, "{name}: {centre:?}");
    }
}

//! The optimizers against plain `f64` loops, what they cost, and what they report.

use crate::support::faults::Counted;
use crate::support::formulas::{
    Affine, Formula, Penalised, Quadratic, Single, Waves, WeierstrassLike, bowl, parabola,
};
use crate::support::numbers::{add_scaled, bits, deviation, distance, dot, norm, widen};
use crate::support::optimizers::{ball, every_optimizer, forms, run, searches};
use crate::support::random::Random;
use rolling_ball::kernels::Scalar;
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, AnyRollingBallConfig, ArcLength, Armijo,
    ClipNorm, EntropySgd, EntropySgdConfig, Evaluations, GaussNewton, GradientDescent,
    LaggedContact, Objective, Optimizer, Outcome, Plain, RefreshedContact, RollingBallConfig, Sam,
    SamConfig, Schedule, Sgd, SgdConfig, StepReport, WeightDecay, step,
};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A few steps of coordinates of order 1: a handful of roundings of 6e-8 each, not amplified on
/// these losses.
const ROUNDING: f64 = 2e-6;
const STEPS: usize = 6;
pub const LENGTH: usize = 5;

/// Curvature at most 1.1.
pub fn loss() -> Waves {
    let mut random = Random(31);
    let mut wave = |amplitude: f64| (amplitude, widen(&random.vector(LENGTH)), 0.7);
    Waves { waves: vec![wave(0.3), wave(0.2), wave(0.1)] }
}

pub fn start() -> Vec<f32> {
    Random(32).vector(LENGTH)
}

pub fn zeros() -> Vec<f32> {
    vec![0.0; LENGTH]
}

/// The crate's trajectory beside one of plain loops.
pub fn follows(mut optimizer: impl Optimizer, mut plain: impl FnMut(&mut Vec<f64>)) {
    let mut theta = start();
    let mut expected = widen(&theta);
    for index in 0..STEPS {
        step(&mut optimizer, &mut Single(loss()), &mut theta).unwrap();
        plain(&mut expected);
        let strayed = deviation(&widen(&theta), &expected);
        assert!(strayed <= ROUNDING, "strayed {strayed:.2e} at step {index}");
    }
    assert!(distance(&widen(&start()), &expected) > 0.01, "it hardly moved");
}

#[test]
fn sgd_moves_against_the_gradient() {
    for roll_back in [false, true] {
        let config = SgdConfig { learning_rate: 0.3.into(), roll_back, ..SgdConfig::default() };
        follows(Sgd::new(config, zeros(), None).unwrap(), |theta| {
            *theta = add_scaled(theta, -0.3, &loss().slope(theta));
        });
    }
}

#[test]
fn momentum_sums_decaying_gradients() {
    let config = SgdConfig { learning_rate: 0.1.into(), momentum: 0.9, ..SgdConfig::default() };
    let mut velocity = vec![0.0; LENGTH];
    follows(Sgd::new(config, zeros(), Some(zeros())).unwrap(), move |theta| {
        let slope = loss().slope(theta);
        for (velocity, slope) in velocity.iter_mut().zip(&slope) {
            *velocity = 0.9 * *velocity + slope;
        }
        *theta = add_scaled(theta, -0.1, &velocity);
    });
}

#[test]
fn nesterov_looks_one_velocity_ahead() {
    let config = SgdConfig {
        learning_rate: 0.1.into(),
        momentum: 0.8,
        nesterov: true,
        ..SgdConfig::default()
    };
    let mut velocity = vec![0.0; LENGTH];
    follows(Sgd::new(config, zeros(), Some(zeros())).unwrap(), move |theta| {
        let slope = loss().slope(theta);
        for (velocity, slope) in velocity.iter_mut().zip(&slope) {
            *velocity = 0.8 * *velocity + slope;
        }
        let ahead = add_scaled(&slope, 0.8, &velocity);
        *theta = add_scaled(theta, -0.1, &ahead);
    });
}

fn adam(theta: &mut [f64], moments: &mut [[f64; 2]], time: i32, weight_decay: f64) {
    let slope = loss().slope(theta);
    for ((theta, [mean, variance]), slope) in theta.iter_mut().zip(moments).zip(slope) {
        *mean = 0.9 * *mean + 0.1 * slope;
        *variance = 0.99 * *variance + 0.01 * slope * slope;
        let corrected = *mean / (1.0 - 0.9f64.powi(time));
        let root = (*variance / (1.0 - 0.99f64.powi(time))).sqrt() + 1e-3;
        *theta -= 0.05 * weight_decay * *theta + 0.05 * corrected / root;
    }
}

#[test]
fn adam_divides_the_mean_gradient_by_the_root_of_the_mean_square_and_adamw_decays_beside_it() {
    for weight_decay in [0.0f32, 0.5] {
        let config = AdamConfig {
            learning_rate: 0.05.into(),
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-3,
            weight_decay,
            roll_back: false,
        };
        let (mut moments, mut time) = (vec![[0.0; 2]; LENGTH], 0);
        follows(Adam::new(config, [zeros(), zeros(), zeros()]).unwrap(), move |theta| {
            time += 1;
            adam(theta, &mut moments, time, weight_decay.into());
        });
    }
}

#[test]
fn sam_takes_the_gradient_from_the_worst_point_of_a_neighbourhood() {
    let config =
        SamConfig { learning_rate: 0.2.into(), radius: 0.3.into(), ..SamConfig::default() };
    follows(Sam::new(config, [zeros(), zeros()]).unwrap(), |theta| {
        let slope = loss().slope(theta);
        let worst = add_scaled(theta, 0.3 / norm(&slope), &slope);
        *theta = add_scaled(theta, -0.2, &loss().slope(&worst));
    });
}

#[test]
fn sam_on_a_flat_loss_stands_still() {
    let mut sam = Sam::new(SamConfig::default(), [zeros(), zeros()]).unwrap();
    let mut theta = start();
    let mut flat = Single(Affine { slope: vec![0.0; LENGTH], constant: 1.0 });
    step(&mut sam, &mut flat, &mut theta).unwrap();
    assert_eq!(bits(&theta), bits(&start()));
}

fn walking(noise: f32) -> EntropySgdConfig {
    EntropySgdConfig {
        learning_rate: 0.8.into(),
        walk_rate: 0.2.into(),
        moves: 4,
        pull: 0.5.into(),
        newest: 0.75,
        noise,
        seed: 5,
        roll_back: true,
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn entropy_sgd_goes_most_of_the_way_to_the_mean_of_a_walk_that_is_pulled_back() {
    let workspace = [zeros(), zeros(), zeros()];
    follows(EntropySgd::new(walking(0.0), workspace).unwrap(), |theta| {
        let (mut walk, mut mean) = (theta.clone(), theta.clone());
        for _ in 0..4 {
            let away = add_scaled(&walk, -1.0, theta);
            let slope = add_scaled(&loss().slope(&walk), 0.5, &away);
            walk = add_scaled(&walk, -0.2, &slope);
            mean = add_scaled(&add_scaled(&[0.0; LENGTH], 0.25, &mean), 0.75, &walk);
        }
        *theta = add_scaled(theta, 0.8, &add_scaled(&mean, -1.0, theta));
    });
}

/// One move of the walk on a flat loss is its noise alone, and a step to its newest point shows it.
fn noise(seed: u32, steps: u32) -> Vec<f32> {
    const LENGTH: usize = 20_000;
    let config = EntropySgdConfig {
        learning_rate: 1.0.into(),
        walk_rate: 0.25.into(),
        moves: 1,
        newest: 1.0,
        noise: 0.4,
        seed,
        ..EntropySgdConfig::default()
    };
    let workspace = [vec![0.0; LENGTH], vec![0.0; LENGTH], vec![0.0; LENGTH]];
    let mut entropy_sgd = EntropySgd::new(config, workspace).unwrap();
    let mut flat = Single(Affine { slope: vec![0.0; LENGTH], constant: 1.0 });
    let mut theta = vec![0.0; LENGTH];
    for _ in 0..steps {
        theta.fill(0.0);
        step(&mut entropy_sgd, &mut flat, &mut theta).unwrap();
    }
    theta
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_noise_of_entropy_sgd_has_the_deviation_that_it_says_and_is_new_in_every_step() {
    let moved = widen(&noise(1, 1));
    let count = moved.len() as f64;
    let (mean, squares) = (moved.iter().sum::<f64>() / count, dot(&moved, &moved) / count);
    // 0.4 times the root of the rate; a mean of 20 000 strays by 1 / 141 deviations, a variance by
    // 1 / 100.
    let deviation = 0.4 * 0.5;
    assert!(mean.abs() < 4.0 * deviation / 141.0, "{mean}");
    assert!((squares / deviation.powi(2) - 1.0).abs() < 0.04, "{squares}");
    assert_eq!(bits(&noise(1, 1)), bits(&noise(1, 1)));
    for other in [noise(2, 1), noise(1, 2)] {
        let same = other.iter().zip(noise(1, 1)).filter(|(a, b)| *a == b).count();
        assert!(same < 20, "{same} of the numbers are the same");
    }
}

/// The contact forms in plain loops: the contact, and its offset from the centre.
struct PlainContact {
    offset: Option<Vec<f64>>,
    refreshes: u32,
    arc_length: bool,
}

impl PlainContact {
    const RADIUS: f64 = 0.4;
    const RATE: f64 = 0.2;
    const SCALE: f64 = 2.0;

    /// The gradient, the offset that the contact's normal asks for, and the centre's rate.
    fn look(&self, theta: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
        let slope = loss().slope(theta);
        let slant = (1.0 + Self::SCALE * Self::SCALE * dot(&slope, &slope)).sqrt();
        let reach = Self::RADIUS * Self::SCALE / slant;
        let own = slope.iter().map(|slope| reach * slope).collect();
        let rate = if self.arc_length { Self::RATE / slant } else { Self::RATE };
        (slope, own, rate)
    }

    fn step(&mut self, theta: &mut Vec<f64>) {
        for refresh in 0..=self.refreshes {
            let (slope, own, rate) = self.look(theta);
            let offset = self.offset.get_or_insert_with(|| own.clone());
            let rate = if refresh == self.refreshes { rate } else { 0.0 };
            let centre = add_scaled(&add_scaled(theta, -1.0, offset), -rate, &slope);
            *theta = add_scaled(&centre, 1.0, &own);
            *offset = own;
        }
    }
}

#[test]
fn the_contact_forms_carry_the_centre_down_with_the_gradient_at_the_contact() {
    for refreshes in [0, 1, 3] {
        for (centre_step, arc_length) in
            [(AnyCentreStep::Plain(Plain), false), (AnyCentreStep::ArcLength(ArcLength), true)]
        {
            let config = RollingBallConfig {
                radius: 0.4.into(),
                learning_rate: 0.2.into(),
                loss_scale: 2.0,
                footpoint: AnyFootpoint::RefreshedContact(RefreshedContact { refreshes }),
                centre_step,
                roll_back: false,
            };
            let mut plain = PlainContact { offset: None, refreshes, arc_length };
            follows(ball(config, LENGTH), move |theta| plain.step(theta));
        }
    }
}

fn config(footpoint: AnyFootpoint, roll_back: bool) -> AnyRollingBallConfig {
    RollingBallConfig {
        radius: 0.3.into(),
        learning_rate: 0.05.into(),
        loss_scale: 1.0,
        footpoint,
        centre_step: AnyCentreStep::Plain(Plain),
        roll_back,
    }
}

/// The evaluations of the second step: what every later step costs.
fn cost_of<O: Optimizer + ?Sized>(optimizer: &mut O) -> Evaluations {
    let mut theta = start();
    run(optimizer, &mut Single(loss()), &mut theta, 2)[1].evaluations
}

#[test]
fn each_form_of_the_ball_costs_what_its_documentation_says() {
    let gradient_descent =
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.05, iterations: 7 });
    for (footpoint, gradients, moves) in [
        (AnyFootpoint::LaggedContact(LaggedContact), 1, 1),
        (AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 }), 2, 2),
        (AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 4 }), 5, 5),
        (gradient_descent, 7, 7),
    ] {
        for centre_step in [AnyCentreStep::Plain(Plain), AnyCentreStep::ArcLength(ArcLength)] {
            for roll_back in [false, true] {
                let config = RollingBallConfig { centre_step, ..config(footpoint, roll_back) };
                let losses = if roll_back { moves } else { 0 };
                let expected = Evaluations { gradients, losses };
                assert_eq!(cost_of(&mut ball(config, LENGTH)), expected, "{footpoint:?}");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn gauss_newton_costs_a_gradient_and_at_least_a_loss_a_move_and_no_more_for_roll_back() {
    for max_iterations in [1, 3] {
        let footpoint = AnyFootpoint::GaussNewton(GaussNewton { max_iterations, tolerance: 0.0 });
        let costs = [false, true].map(|back| cost_of(&mut ball(config(footpoint, back), LENGTH)));
        assert_eq!(costs[0], costs[1]);
        assert_eq!(costs[0].gradients, max_iterations);
        assert!(costs[0].losses >= max_iterations);
    }
    // The gradient at a point that is near enough is paid for without a move.
    let footpoint = AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 50, tolerance: 0.5 });
    let (mut ball, mut theta) = (ball(config(footpoint, true), LENGTH), start());
    let report = step(&mut ball, &mut Single(loss()), &mut theta).unwrap();
    assert_eq!(report.outcome, Outcome::Converged);
    assert_eq!(report.evaluations.gradients, report.footpoint.unwrap().iterations + 1);
}

#[test]
fn the_baselines_cost_one_gradient_sam_two_and_entropy_sgd_one_for_each_move() {
    for (roll_back, losses) in [(false, 0), (true, 1)] {
        for mut named in every_optimizer(Scalar, LENGTH, 0.05, roll_back) {
            if named.name.starts_with("ball") || named.searches {
                continue;
            }
            let gradients = match named.name.as_str() {
                "SAM" => 2,
                "Entropy-SGD" => 3,
                _ => 1,
            };
            let cost = cost_of(named.optimizer.as_mut());
            assert_eq!(cost, Evaluations { gradients, losses }, "{}", named.name);
        }
    }
}

#[test]
fn the_report_counts_the_evaluations_that_were_asked_for() {
    for mut named in every_optimizer(Scalar, LENGTH, 0.5, true) {
        let mut theta = start();
        let mut objective = Counted::new(Single(WeierstrassLike { terms: 2 }));
        for _ in 0..5 {
            (objective.losses, objective.gradients) = (0, 0);
            let report = step(named.optimizer.as_mut(), &mut objective, &mut theta).unwrap();
            let counted = Evaluations { gradients: objective.gradients, losses: objective.losses };
            assert_eq!(report.evaluations, counted, "{}", named.name);
        }
    }
}

#[test]
fn a_loss_costs_a_third_of_a_gradient() {
    assert_eq!(Evaluations { gradients: 2, losses: 3 }.cost(), 3.0);
    assert_eq!(Evaluations { gradients: 0, losses: 1 }.cost(), 1.0 / 3.0);
    assert_eq!(Evaluations::default().cost(), 0.0);
}

/// `D` of a step from `before` with the settings of [`config`], at a point, in `f64`.
fn footpoint_distance(formula: &impl Formula, before: &[f64], at: &[f64]) -> f64 {
    let (radius, rate) = (f64::from(0.3f32), f64::from(0.05f32));
    let slope = formula.slope(before);
    let (centre, height) = formula.centre(before, radius, 1.0);
    let displaced = add_scaled(&centre, -rate, &slope);
    let above = formula.value(at) - (height - rate * dot(&slope, &slope));
    distance(at, &displaced).powi(2) / 2.0 + above * above / 2.0
}

/// Roundings of `D`, of the terms of which it is the sum, and of the f32 loss that it sees.
const DISTANCE_ROUNDING: f64 = 32.0 * f32::EPSILON as f64;

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn gauss_newton_never_ends_further_from_the_displaced_centre_than_it_started() {
    let formula = WeierstrassLike { terms: 3 };
    let footpoint = AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 10, tolerance: 1e-4 });
    let mut ball = ball(config(footpoint, true), LENGTH);
    let mut theta = start();
    let mut fell = 0;
    for _ in 0..60 {
        let before = widen(&theta);
        let report = step(&mut ball, &mut Single(formula.clone()), &mut theta).unwrap();
        let first = footpoint_distance(&formula, &before, &before);
        let last = footpoint_distance(&formula, &before, &widen(&theta));
        assert!(last <= first * (1.0 + DISTANCE_ROUNDING), "from {first} to {last}");
        let reported = f64::from(report.footpoint.unwrap().distance);
        // The height of the centre is of order 1: its rounding, times its distance from the graph.
        assert!((reported - last).abs() <= DISTANCE_ROUNDING, "{reported}, is {last}");
        fell += usize::from(last < 0.99 * first);
    }
    assert!(fell > 10, "it moved in only {fell} steps");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_reported_distance_never_grows_from_iteration_to_iteration() {
    let formula = WeierstrassLike { terms: 3 };
    for seed in 0..20 {
        let mut last = f32::INFINITY;
        for max_iterations in 1..8 {
            let footpoint =
                AnyFootpoint::GaussNewton(GaussNewton { max_iterations, tolerance: 0.0 });
            let mut ball = ball(config(footpoint, true), LENGTH);
            let mut theta = Random(seed).vector(LENGTH);
            let report = step(&mut ball, &mut Single(formula.clone()), &mut theta).unwrap();
            let distance = report.footpoint.unwrap().distance;
            // An accepted point's D is computed anew from its sums: a few roundings of D.
            assert!(distance <= last * (1.0 + 8.0 * f32::EPSILON), "from {last} to {distance}");
            last = distance;
        }
    }
}

#[test]
fn the_reported_residual_is_the_gradient_of_the_distance_where_it_was_last_taken() {
    let formula = WeierstrassLike { terms: 2 };
    for footpoint in [
        AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 1, tolerance: 0.0 }),
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.05, iterations: 1 }),
    ] {
        let mut ball = ball(config(footpoint, true), LENGTH);
        let mut theta = start();
        for _ in 0..8 {
            let before = widen(&theta);
            let report = step(&mut ball, &mut Single(formula.clone()), &mut theta).unwrap();
            // One move: the only gradient was taken where the step started.
            let (radius, rate) = (f64::from(0.3f32), f64::from(0.05f32));
            let slope = formula.slope(&before);
            let (centre, height) = formula.centre(&before, radius, 1.0);
            let displaced = add_scaled(&centre, -rate, &slope);
            let above = formula.value(&before) - (height - rate * dot(&slope, &slope));
            let pull = add_scaled(&before, -1.0, &displaced);
            let expected = norm(&add_scaled(&pull, above, &slope));
            // The pulls of the radius cancel: roundings of radius * slope, of order 1.
            let off = (f64::from(report.footpoint.unwrap().residual) - expected).abs();
            // Where it is the root of a difference, the rounding of the squares over the residual.
            let allowed = DISTANCE_ROUNDING * (1.0 + 1.0 / expected);
            assert!(off <= allowed, "{footpoint:?}: {off:.2e}, residual {expected}");
        }
    }
}

#[test]
fn a_projection_step_that_is_too_large_is_reported_as_diverged() {
    let diverging = AnyFootpoint::GradientDescent(GradientDescent { step: 0.3, iterations: 6 });
    let steep = || Single(parabola(10.0));
    for roll_back in [false, true] {
        let (mut ball, mut theta) = (ball(config(diverging, roll_back), 1), [1.0f32]);
        let report = step(&mut ball, &mut steep(), &mut theta);
        match report {
            Ok(report) => assert_eq!(report.outcome, Outcome::Diverged),
            // So far that the step overflows.
            Err(error) => assert_eq!(error, rolling_ball::Error::NonFiniteUpdate),
        }
    }
    let good = AnyFootpoint::GradientDescent(GradientDescent { step: 1e-3, iterations: 6 });
    let (mut ball, mut theta) = (ball(config(good, true), 1), [1.0f32]);
    let report = step(&mut ball, &mut steep(), &mut theta).unwrap();
    assert_eq!(report.outcome, Outcome::IterationLimit);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_report_holds_the_losses_and_norms_where_the_step_started_and_ended() {
    let others = ["SGD, clipped", "SGD, decayed"];
    for roll_back in [false, true] {
        for mut named in every_optimizer(Scalar, LENGTH, 0.05, roll_back) {
            if others.contains(&named.name.as_str()) {
                continue;
            }
            let (mut objective, mut theta) = (Single(loss()), start());
            for index in 0..5 {
                let before = theta.clone();
                let report = step(named.optimizer.as_mut(), &mut objective, &mut theta).unwrap();
                let place = format!("{} at step {index}: {report:?}", named.name);
                assert_eq!(report.step, index, "{place}");
                assert_eq!(report.loss_before, objective.loss(&before).unwrap(), "{place}");
                if roll_back || report.loss_after.is_some() {
                    assert_eq!(report.loss_after, Some(objective.loss(&theta).unwrap()), "{place}");
                }
                let slope = norm(&loss().slope(&widen(&before)));
                let told = report.gradient_norm.unwrap();
                assert!((f64::from(told) - slope).abs() <= 1e-6, "{place}");
                let size = norm(&widen(&before));
                let told = report.parameter_norm.unwrap();
                assert!((f64::from(told) - size).abs() <= 1e-6, "{place}");
                let relative = report.absolute_update.unwrap() / told;
                assert_eq!(report.relative_update(), Some(relative), "{place}");
            }
            assert_eq!(named.optimizer.steps(), 5);
        }
    }
}

/// The length of the move, and what the report says it is.
fn moves(optimizer: &mut (impl Optimizer + ?Sized), check: impl Fn(f64, &StepReport)) {
    let mut theta = start();
    for _ in 0..6 {
        let before = widen(&theta);
        let report = step(optimizer, &mut Single(loss()), &mut theta).unwrap();
        check(distance(&before, &widen(&theta)), &report);
    }
}

#[test]
fn the_absolute_update_of_a_form_with_one_move_is_how_far_theta_moved() {
    let failures = RefCell::new(BTreeSet::new());
    for mut named in every_optimizer(Scalar, LENGTH, 0.05, true) {
        let ball = named.name.starts_with("ball");
        if ball && !named.name.contains("lagged contact") {
            continue;
        }
        let name = named.name.clone();
        moves(named.optimizer.as_mut(), |moved, report| {
            // Five coordinates of order 1 are rounded.
            if (f64::from(report.absolute_update.unwrap()) - moved).abs() > 5e-7 {
                failures.borrow_mut().insert(name.clone());
            }
            assert!(moved > 1e-3, "{name} moved only {moved}");
        });
    }
    let one_move = AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 1, tolerance: 0.0 });
    moves(&mut ball(config(one_move, true), LENGTH), |moved, report| {
        assert!((f64::from(report.absolute_update.unwrap()) - moved).abs() <= 5e-7);
    });
    assert!(failures.borrow().is_empty(), "{failures:#?}");
}

#[test]
fn the_absolute_update_of_a_form_with_several_moves_is_at_least_how_far_theta_moved() {
    let failures = RefCell::new(BTreeSet::new());
    for (name, form) in forms(0.3, 0.05, true) {
        moves(&mut ball(form, LENGTH), |moved, report| {
            // Gauss-Newton's lengths are roots of differences of squares of the radius, good to the
            // root of the rounding; the others' to the rounding of five coordinates a move.
            let newton = matches!(form.footpoint, AnyFootpoint::GaussNewton(_));
            let allowed = if newton { 0.3 * f64::from(f32::EPSILON).sqrt() } else { 5e-6 };
            if f64::from(report.absolute_update.unwrap()) < moved - allowed {
                failures.borrow_mut().insert(name.clone());
            }
        });
    }
    assert!(failures.borrow().is_empty(), "{failures:#?}");
}

#[test]
fn arc_length_bounds_the_step_of_the_centre_by_rate_over_scale() {
    for loss_scale in [1.0f32, 4.0] {
        let lagged = AnyFootpoint::LaggedContact(LaggedContact);
        let config = RollingBallConfig {
            centre_step: AnyCentreStep::ArcLength(ArcLength),
            loss_scale,
            ..config(lagged, false)
        };
        for steepness in [0.1, 1.0, 30.0, 1e4] {
            let formula = Affine { slope: vec![steepness, 0.0], constant: 0.0 };
            let mut ball = ball(config, 2);
            let mut theta = [0.0f32; 2];
            let first = run(&mut ball, &mut Single(formula.clone()), &mut theta, 1)[0];
            let before = f64::from(ball.centre(&theta).unwrap()[0]);
            run(&mut ball, &mut Single(formula), &mut theta, 1);
            let moved = before - f64::from(ball.centre(&theta).unwrap()[0]);
            let scale = f64::from(loss_scale);
            let slant = (1.0 + (scale * steepness).powi(2)).sqrt();
            let rate = f64::from(0.05f32) / slant;
            assert!((f64::from(first.learning_rate) - rate).abs() <= 1e-6 * rate);
            // The centre is of order 0.3, and rounded.
            assert!((moved - rate * steepness).abs() <= 1e-7, "{moved} {}", rate * steepness);
            assert!(moved <= 0.05 / scale + 1e-7);
        }
    }
}

#[test]
fn a_search_for_the_rate_reports_the_rate_that_it_accepted_and_the_loss_falls() {
    let config = SgdConfig {
        learning_rate: 100.0.into(),
        line_search: Some(Armijo::default()),
        ..SgdConfig::default()
    };
    let mut sgd = Sgd::new(config, zeros(), None).unwrap();
    let (mut objective, mut theta) = (Single(bowl(LENGTH)), start());
    // 100, 30, 9, 2.7, 0.81: the first below 2 is the first that falls.
    let report = step(&mut sgd, &mut objective, &mut theta).unwrap();
    assert!((report.learning_rate - 0.81).abs() <= 1e-6);
    assert_eq!(report.evaluations, Evaluations { gradients: 1, losses: 5 });
    let slope = report.gradient_norm.unwrap();
    let enough = 1e-4 * report.learning_rate * slope * slope;
    assert!(report.loss_after.unwrap() <= report.loss_before - enough);
    // The next search starts at twice that.
    let report = step(&mut sgd, &mut objective, &mut theta).unwrap();
    assert!((report.learning_rate - 1.62).abs() <= 1e-6);
    assert_eq!(report.evaluations, Evaluations { gradients: 1, losses: 1 });
}

/// On a bowl the loss at a rate is `(1 - rate)^2` of the loss, and nine tenths of the predicted
/// decrease are reached at rates up to 0.2 only.
#[test]
fn a_search_for_the_rate_demands_its_part_of_the_predicted_decrease() {
    let armijo = Armijo { decrease: 0.9, ..Armijo::default() };
    let lagged = AnyFootpoint::LaggedContact(LaggedContact);
    let searching =
        RollingBallConfig { centre_step: AnyCentreStep::Armijo(armijo), ..config(lagged, false) };
    let sgd = SgdConfig { line_search: Some(armijo), ..SgdConfig::default() };
    for (first, trials, accepted) in [(0.21f32, 2, 0.063), (0.19, 1, 0.19), (1.9, 3, 0.171)] {
        let searching = RollingBallConfig { learning_rate: first.into(), ..searching };
        let sgd = SgdConfig { learning_rate: first.into(), ..sgd };
        let all: [Box<dyn Optimizer>; 2] =
            [Box::new(ball(searching, LENGTH)), Box::new(Sgd::new(sgd, zeros(), None).unwrap())];
        for mut optimizer in all {
            let (mut objective, mut theta) = (Single(bowl(LENGTH)), start());
            let report = step(optimizer.as_mut(), &mut objective, &mut theta).unwrap();
            assert_eq!(report.evaluations.losses, trials, "first trial {first}");
            assert!((report.learning_rate - accepted).abs() <= 1e-6, "first trial {first}");
        }
    }
}

/// An objective that gives gradients, but no loss that is finite.
struct NoLoss<F>(F);

impl<F: Objective> Objective for NoLoss<F> {
    fn loss(&mut self, _theta: &[f32]) -> Result<f32, rolling_ball::Error> {
        Ok(f32::NAN)
    }

    fn gradient(
        &mut self,
        theta: &[f32],
        gradient: &mut [f32],
    ) -> Result<f32, rolling_ball::Error> {
        self.0.gradient(theta, gradient)
    }
}

#[test]
fn a_stalled_step_reports_no_move_and_no_search_of_an_earlier_step() {
    let mut failures = Vec::new();
    for (name, form) in forms(0.3, 0.05, false) {
        // The contact forms ask once more for a loss, at the end.
        if !searches(&form) || name.contains("contact") {
            continue;
        }
        let (mut ball, mut theta) = (ball(form, LENGTH), start());
        run(&mut ball, &mut Single(loss()), &mut theta, 2);
        let report = step(&mut ball, &mut NoLoss(Single(loss())), &mut theta).unwrap();
        assert_eq!(report.outcome, Outcome::Stalled, "{name}");
        assert_eq!(report.absolute_update, Some(0.0), "{name}");
        assert_eq!(report.loss_after, Some(report.loss_before), "{name}");
        let moves = report.footpoint.map_or(0, |footpoint| footpoint.iterations);
        if moves != 0 {
            failures.push((name, report.footpoint));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn schedules_start_and_end_where_they_say_and_stay_there() {
    let linear = Schedule::Linear { from: 3.0, to: 1.0, steps: 4 };
    let values: Vec<f32> = (0..6).map(|step| linear.at(step)).collect();
    assert_eq!(values, [3.0, 2.5, 2.0, 1.5, 1.0, 1.0]);
    let cosine = Schedule::Cosine { from: 3.0, to: 1.0, steps: 4 };
    let half_wave = |done: f64| 1.0 + 2.0 * (1.0 + (std::f64::consts::PI * done).cos()) / 2.0;
    let exponential = Schedule::Exponential { from: 8.0, to: 0.5, steps: 4 };
    for step in 0..4 {
        let expected = half_wave(f64::from(step) / 4.0);
        // A few roundings of numbers up to 8.
        assert!((f64::from(cosine.at(step)) - expected).abs() <= 1e-6);
        let expected = 8.0 * 0.5f64.powi(step as i32);
        assert!((f64::from(exponential.at(step)) - expected).abs() <= 4e-6);
    }
    for schedule in [linear, cosine] {
        assert_eq!((schedule.at(0), schedule.at(4), schedule.at(u32::MAX)), (3.0, 1.0, 1.0));
    }
    assert_eq!((exponential.at(4), exponential.at(u32::MAX)), (0.5, 0.5));
    assert_eq!(Schedule::from(0.25).at(7), 0.25);
    assert_eq!(Schedule::Custom(|step| step as f32).at(7), 7.0);
}

#[test]
fn a_scheduled_rate_and_radius_are_those_of_the_step() {
    let rate = Schedule::Linear { from: 0.1, to: 0.0, steps: 5 };
    let lagged = AnyFootpoint::LaggedContact(LaggedContact);
    let config = RollingBallConfig { learning_rate: rate, radius: rate, ..config(lagged, true) };
    let slope = Affine { slope: vec![0.75], constant: 0.0 };
    let (mut ball, mut theta) = (ball(config, 1), [0.2f32]);
    for index in 0..7 {
        let report = step(&mut ball, &mut Single(slope.clone()), &mut theta).unwrap();
        assert_eq!(report.learning_rate, rate.at(index));
        // w = sqrt(1 + 0.75^2) = 1.25: the contact is 0.6 radii from the centre.
        let offset = theta[0] - ball.centre(&theta).unwrap()[0];
        assert!((offset - 0.6 * rate.at(index)).abs() <= 1e-7);
    }
}

#[test]
fn a_radius_and_a_rate_that_are_set_later_hold_from_the_next_step_on() {
    let slope = Affine { slope: vec![0.75], constant: 0.0 };
    let mut ball = ball(config(AnyFootpoint::LaggedContact(LaggedContact), true), 1);
    let mut theta = [0.2f32];
    run(&mut ball, &mut Single(slope.clone()), &mut theta, 2);
    ball.set_radius(0.5.into()).unwrap();
    ball.set_learning_rate(Schedule::Constant(0.25)).unwrap();
    let report = run(&mut ball, &mut Single(slope), &mut theta, 1)[0];
    assert_eq!(report.learning_rate, 0.25);
    let offset = theta[0] - ball.centre(&theta).unwrap()[0];
    assert!((offset - 0.6 * 0.5).abs() <= 1e-7);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_shrinking_ball_loses_radius_and_rate_together_and_ends_as_a_point_at_rest() {
    let config = RollingBallConfig::shrinking(0.4, 0.2, 10);
    assert_eq!((config.radius.at(0), config.learning_rate.at(0)), (0.4, 0.2));
    assert_eq!((config.radius.at(10), config.learning_rate.at(10)), (0.0, 0.0));
    let (mut ball, mut theta) = (ball(config, LENGTH), start());
    run(&mut ball, &mut Single(loss()), &mut theta, 11);
    assert_eq!(bits(ball.centre(&theta).unwrap()), bits(&theta));
    let before = bits(&theta);
    run(&mut ball, &mut Single(loss()), &mut theta, 1);
    assert_eq!(bits(&theta), before);
}

fn plain_sgd() -> Sgd<Vec<f32>> {
    let config = SgdConfig { learning_rate: 0.1.into(), ..SgdConfig::default() };
    Sgd::new(config, zeros(), None).unwrap()
}

#[test]
fn a_gradient_longer_than_the_clip_norm_is_shortened_to_it() {
    let slope = Affine { slope: vec![3.0, 0.0, -4.0, 0.0, 0.0], constant: 0.0 };
    for largest in [0.5f32, 2.0, 4.9] {
        let mut clipped = ClipNorm::new(plain_sgd(), largest).unwrap();
        let mut theta = start();
        let report = step(&mut clipped, &mut Single(slope.clone()), &mut theta).unwrap();
        assert!((report.gradient_norm.unwrap() - largest).abs() <= 1e-6);
        let rate = -0.1 * f64::from(largest) / 5.0;
        let expected = add_scaled(&widen(&start()), rate, &slope.slope);
        assert!(deviation(&widen(&theta), &expected) <= 1e-7);
    }
}

#[test]
fn a_gradient_within_the_clip_norm_keeps_every_bit() {
    let mut clipped = ClipNorm::new(plain_sgd(), 5.0).unwrap();
    let (mut theta, mut expected) = (start(), start());
    run(&mut clipped, &mut Single(loss()), &mut theta, 5);
    run(&mut plain_sgd(), &mut Single(loss()), &mut expected, 5);
    assert_eq!(bits(&theta), bits(&expected));
}

fn decays_like_the_penalty(inner: impl Optimizer, mut plain: impl Optimizer, name: &str) {
    let mut decayed = WeightDecay::new(inner, 0.3).unwrap();
    let penalised = Penalised { formula: loss(), weight_decay: f64::from(0.3f32) };
    let (mut theta, mut expected) = (start(), start());
    for index in 0..STEPS {
        let report = step(&mut decayed, &mut Single(loss()), &mut theta).unwrap();
        let other = step(&mut plain, &mut Single(penalised.clone()), &mut expected).unwrap();
        let strayed = deviation(&widen(&theta), &widen(&expected));
        assert!(strayed <= ROUNDING, "{name}: strayed {strayed:.2e} at step {index}");
        assert!((report.loss_before - other.loss_before).abs() <= ROUNDING as f32, "{name}");
        let after = (report.loss_after.unwrap() - other.loss_after.unwrap()).abs();
        assert!(after <= ROUNDING as f32, "{name}");
        assert_eq!(report.evaluations, other.evaluations, "{name}");
    }
}

#[test]
fn weight_decay_is_an_objective_with_the_penalty_added() {
    decays_like_the_penalty(plain_sgd(), plain_sgd(), "SGD");
    let forms = [
        AnyFootpoint::LaggedContact(LaggedContact),
        AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 }),
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.05, iterations: 5 }),
        // A tolerance would let a last bit decide whether there is one more move.
        AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 2, tolerance: 0.0 }),
    ];
    for footpoint in forms {
        let config = config(footpoint, true);
        let name = format!("{footpoint:?}");
        decays_like_the_penalty(ball(config, LENGTH), ball(config, LENGTH), &name);
    }
    let armijo = AnyCentreStep::Armijo(Armijo::default());
    let config = RollingBallConfig {
        centre_step: armijo,
        ..config(AnyFootpoint::LaggedContact(LaggedContact), true)
    };
    decays_like_the_penalty(ball(config, LENGTH), ball(config, LENGTH), "Armijo");
}

#[test]
fn parts_can_be_put_around_each_other_and_opened_again() {
    let decayed = WeightDecay::new(plain_sgd(), 0.1).unwrap();
    let mut clipped = ClipNorm::new(decayed, 0.5).unwrap();
    let mut theta = start();
    step(&mut clipped, &mut Single(Quadratic { diagonal: vec![9.0; LENGTH] }), &mut theta).unwrap();
    assert_eq!(clipped.steps(), 1);
    assert_eq!(clipped.inner_mut().inner_mut().steps(), 1);
    // Clipped to 0.5, decayed, times the rate of 0.1.
    let decay = add_scaled(&widen(&start()), -0.1 * 0.1, &widen(&start()));
    let pull = widen(&start()).iter().map(|t| t / norm(&widen(&start()))).collect::<Vec<f64>>();
    let expected = add_scaled(&decay, -0.1 * 0.5, &pull);
    assert!(deviation(&widen(&theta), &expected) <= ROUNDING);
}

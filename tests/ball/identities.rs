//! The identities of the rolling ball, form by form.

use crate::support::formulas::{
    Affine, Constant, Formula, GaussianWells, Scaled, SineModel, Single, Waves, WeierstrassLike,
    bowl, parabola,
};
use crate::support::numbers::{add_scaled, bits, deviation, distance, dot, norm, widen};
use crate::support::optimizers::{ball, every_optimizer, forms, run};
use crate::support::random::Random;
use rolling_ball::{
    AnyCentreStep, AnyFootpoint, AnyRollingBallConfig, ArcLength, GaussNewton, GradientDescent,
    LaggedContact, Objective, Optimizer, Outcome, Plain, RefreshedContact, RollingBallConfig,
    Schedule, step,
};

/// Relative rounding of an `f32`.
const EPSILON: f64 = f32::EPSILON as f64;

/// Gauss-Newton compares values of `D`, about `radius^2 / 2`, and cannot see a change below their
/// rounding. A distance `x` from the nearest point changes `D` by about `x^2 / 2`: it is blind
/// below this.
fn blind(radius: f64) -> f64 {
    radius * EPSILON.sqrt()
}

const EXACT: AnyFootpoint =
    AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 100, tolerance: 0.0 });
const CONVERGED_CONTACT: AnyFootpoint =
    AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 40 });

fn config(radius: f64, learning_rate: f64, footpoint: AnyFootpoint) -> AnyRollingBallConfig {
    RollingBallConfig {
        radius: (radius as f32).into(),
        learning_rate: (learning_rate as f32).into(),
        loss_scale: 1.0,
        footpoint,
        centre_step: AnyCentreStep::Plain(Plain),
        roll_back: false,
    }
}

fn wells() -> GaussianWells {
    let mut random = Random(7);
    let point = |random: &mut Random| random.vector(2).iter().map(|m| f64::from(*m)).collect();
    GaussianWells { minima: (0..9).map(|_| point(&mut random)).collect(), sigma: 0.4 }
}

/// Waves of curvature at most 1.2: balls of radius up to 0.8 fit everywhere.
fn gentle_waves() -> Waves {
    let waves = Waves { waves: vec![(0.3, vec![1.5], 0.2), (0.1, vec![2.2], 1.0)] };
    assert!(waves.largest_curvature() < 1.2);
    waves
}

fn objectives() -> Vec<(&'static str, Box<dyn Objective>, Vec<f32>)> {
    vec![
        ("bowl", Box::new(Single(bowl(2))), vec![0.7, -0.4]),
        ("sine model", Box::new(Single(SineModel::example())), vec![1.1, 0.6]),
        ("Weierstrass", Box::new(Single(WeierstrassLike { terms: 3 })), vec![0.4, -1.2]),
        ("wells", Box::new(Single(wells())), vec![1.3, 0.8]),
    ]
}

/// Where the full move cannot be too far. Where the graph bends down along the gradient more than
/// the ball does (`radius * curvature > 1` on a hill), it falls away from the ball and the search
/// shortens the move.
fn convex_starts() -> Vec<(&'static str, Box<dyn Objective>, Vec<f32>)> {
    vec![
        ("bowl", Box::new(Single(bowl(2))), vec![0.7, -0.4]),
        ("sine model", Box::new(Single(SineModel::example())), vec![0.8, 1.3]),
        ("Weierstrass", Box::new(Single(WeierstrassLike { terms: 3 })), vec![-0.2, -0.3]),
        ("wells", Box::new(Single(wells())), vec![1.6, 1.4]),
        ("affine", Box::new(Single(slope())), vec![0.3, -0.5]),
    ]
}

fn slope() -> Affine {
    Affine { slope: vec![0.5, -0.75], constant: 0.2 }
}

#[test]
fn the_convex_starts_are_convex_along_the_gradient() {
    for (name, mut objective, start) in convex_starts() {
        let mut slope = vec![0.0; 2];
        objective.gradient(&start, &mut slope).unwrap();
        let ahead: Vec<f32> = start.iter().zip(&slope).map(|(t, g)| t - 0.01 * g).collect();
        let mut next = vec![0.0; 2];
        objective.gradient(&ahead, &mut next).unwrap();
        let along = dot(&widen(&slope), &widen(&next));
        assert!(along <= dot(&widen(&slope), &widen(&slope)), "{name}");
        assert!(along > 0.0, "{name}");
    }
}

/// One full move of Gauss-Newton: theta, and its gradient-descent step.
fn one_full_move(
    objective: &mut dyn Objective,
    start: &[f32],
    radius: f32,
    rate: f32,
) -> (Vec<u32>, Vec<u32>) {
    let one_move = AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 1, tolerance: 0.0 });
    let mut ball = ball(config(radius.into(), rate.into(), one_move), start.len());
    let mut gradient = vec![0.0; start.len()];
    objective.gradient(start, &mut gradient).unwrap();
    let expected: Vec<f32> = start.iter().zip(&gradient).map(|(t, g)| t - rate * g).collect();
    let mut theta = start.to_vec();
    let report = step(&mut ball, objective, &mut theta).unwrap();
    assert_eq!(report.outcome, Outcome::IterationLimit);
    (bits(&theta), bits(&expected))
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn one_full_gauss_newton_step_is_the_gradient_step_for_every_radius() {
    for (name, mut objective, start) in convex_starts() {
        for radius in [1e-3, 0.03, 0.1, 0.5, 1.0, 2.0, 5.0] {
            let (theta, expected) = one_full_move(objective.as_mut(), &start, radius, 0.01);
            assert_eq!(theta, expected, "{name} at radius {radius}");
        }
    }
}

/// On an affine loss `D` decreases by `rate^2 |g|^2 (1 + |g|^2) / 2`, far below the rounding of `D`
/// itself, about `radius^2 / 2`. All that may hide it is the rounding of the two losses, of order
/// 1, times the height of the centre: a few roundings each, and the radius.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn one_full_gauss_newton_step_is_the_gradient_step_for_a_huge_ball_if_the_losses_can_tell() {
    let (mut random, rate) = (Random(11), 0.1f32);
    let (mut told, mut drowned) = (0, 0);
    for radius in [10.0, 100.0, 1000.0] {
        for _ in 0..100 {
            let slope = widen(&random.vector(2));
            let squared = dot(&slope, &slope);
            let decrease = f64::from(rate * rate) * squared * (1.0 + squared) / 2.0;
            let affine = Affine { slope, constant: random.uniform().into() };
            let start = random.vector(2);
            if decrease > 4.0 * EPSILON * f64::from(radius) {
                told += 1;
                drowned += u32::from(decrease < EPSILON * f64::from(radius * radius) / 4.0);
                let (theta, expected) =
                    one_full_move(&mut Single(affine.clone()), &start, radius, rate);
                assert_eq!(theta, expected, "{affine:?} at radius {radius}");
            }
        }
    }
    assert!(told > 200, "only {told}");
    assert!(drowned > 50, "only {drowned} are below the rounding of D");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_flat_loss_keeps_theta_in_every_form() {
    let start = Random(3).vector(11);
    let mut failures = Vec::new();
    for named in every_optimizer(rolling_ball::kernels::Scalar, start.len(), 0.1, true) {
        // What shrinks theta by itself is not still on a flat loss.
        if named.name.contains("decayed") || named.name == "AdamW" {
            continue;
        }
        let (mut optimizer, mut theta) = (named.optimizer, start.clone());
        for index in 0..200 {
            match step(optimizer.as_mut(), &mut Single(Constant(0.7)), &mut theta) {
                Ok(report)
                    if report.absolute_update == Some(0.0) && bits(&theta) == bits(&start) => {}
                other => {
                    failures.push(format!("{} at step {index}: {other:?}", named.name));
                    break;
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn without_radius_and_rate_a_point_of_the_graph_is_its_own_footpoint() {
    let nothing = Schedule::Linear { from: 1.0, to: 0.0, steps: 0 };
    for (name, form) in forms(1.0, 1.0, true) {
        let form = RollingBallConfig { radius: nothing, learning_rate: nothing, ..form };
        for (objective_name, mut objective, start) in objectives() {
            let (mut ball, mut theta) = (ball(form, start.len()), start.clone());
            run(&mut ball, objective.as_mut(), &mut theta, 5);
            assert_eq!(bits(&theta), bits(&start), "{name} on {objective_name}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn on_an_affine_loss_the_centre_moves_on_a_parallel_line_whatever_the_radius() {
    let affine = Affine { slope: vec![0.5, -0.25, 0.75], constant: 0.3 };
    let start = [0.2f32, -0.4, 0.1];
    let (rate, steps) = (0.05, 20);
    // The projection's slowest error shrinks by 0.8 a move: 0.8^200 is nothing beside rounding.
    let projection = AnyFootpoint::GradientDescent(GradientDescent { step: 0.2, iterations: 200 });
    let lagged = AnyFootpoint::LaggedContact(LaggedContact);
    let refreshed = AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 2 });
    for footpoint in [EXACT, projection, lagged, refreshed] {
        for radius in [0.01, 0.3, 3.0] {
            let mut ball = ball(config(radius, rate, footpoint), 3);
            let mut theta = start;
            for index in 1..=steps {
                step(&mut ball, &mut Single(affine.clone()), &mut theta).unwrap();
                let (first, _) = affine.centre(&widen(&start), radius, 1.0);
                let moved = -rate * f64::from(index);
                let expected = add_scaled(&first, moved, &affine.slope);
                let centre = widen(ball.centre(&theta).unwrap());
                // Rounding of coordinates up to 3 a step; where D is compared, its blindness as
                // well.
                let seen = if footpoint == EXACT { blind(radius) } else { 0.0 };
                let allowed = f64::from(index) * 8.0 * EPSILON * (1.0 + radius) + seen;
                let strayed = deviation(&centre, &expected);
                let place = format!("{footpoint:?}, radius {radius}, step {index}");
                assert!(strayed <= allowed, "{place}: {strayed:.2e}, allowed {allowed:.2e}");
            }
        }
    }
}

/// Where the graph of `f` is nearest to a point above it, on a grid of theta.
fn nearest(f: &impl Fn(f64) -> f64, x: f64, y: f64, reach: f64) -> f64 {
    let samples = 40_000;
    let grid = (0..=samples).map(|i| x - reach + 2.0 * reach * f64::from(i) / f64::from(samples));
    grid.map(|t| ((t - x).powi(2) + (f(t) - y).powi(2)).sqrt()).fold(f64::INFINITY, f64::min)
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_contact_is_the_nearest_point_of_the_whole_graph_and_a_radius_from_the_centre() {
    let waves = gentle_waves();
    let f = |t: f64| waves.value(&[t]);
    for radius in [0.1, 0.4, 0.8] {
        let mut ball = ball(config(radius, 0.05, EXACT), 1);
        let mut theta = [0.9f32];
        for _ in 0..60 {
            step(&mut ball, &mut Single(waves.clone()), &mut theta).unwrap();
            let contact = f64::from(theta[0]);
            let (normal, height) = waves.centre(&[contact], radius, 1.0);
            let centre = f64::from(ball.centre(&theta).unwrap()[0]);
            // D bends by at least 1 - 1.2 radius >= 0.04 of its usual curvature: the nearest point
            // is found to 5 times the blindness, and the centre is no further off, nor its
            // distances.
            let allowed = 5.0 * blind(radius);
            assert!((centre - normal[0]).abs() <= allowed, "radius {radius}");
            let to_contact = (centre - contact).hypot(height - f(contact));
            assert!((to_contact - radius).abs() <= allowed, "{to_contact}, radius {radius}");
            let to_graph = nearest(&f, centre, height, 2.0 * radius);
            assert!(to_graph >= radius - allowed, "{to_graph} nearer than radius {radius}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_reported_footpoint_distance_is_that_of_the_displaced_centre_from_the_graph() {
    let waves = gentle_waves();
    let (radius, rate) = (0.5, 0.2);
    let mut ball = ball(config(radius, rate, EXACT), 1);
    let mut theta = [0.9f32];
    for _ in 0..40 {
        let before = widen(&theta);
        let (centre, height) = waves.centre(&before, radius, 1.0);
        let slope = waves.slope(&before);
        let (x, y) = (centre[0] - rate * slope[0], height - rate * dot(&slope, &slope));
        let report = step(&mut ball, &mut Single(waves.clone()), &mut theta).unwrap();
        let to_graph = nearest(&|t: f64| waves.value(&[t]), x, y, 2.0);
        let reported = (2.0 * f64::from(report.footpoint.unwrap().distance)).sqrt();
        // D in f32 is good to a few roundings of its terms; the nearest point is only blindly
        // found.
        assert!((reported - to_graph).abs() <= 16.0 * EPSILON * radius, "{reported} {to_graph}");
        let gap = f64::from(report.contact_gap.unwrap());
        assert!((gap - (to_graph - radius).abs()).abs() <= 16.0 * EPSILON * radius, "gap {gap}");
    }
}

/// A step on a curved graph brings the displaced centre nearer to it than a radius, here by about a
/// hundredth.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_centre_is_put_a_radius_from_the_contact_where_the_displaced_centre_came_nearer() {
    let (radius, rate) = (0.5, 0.2);
    // 0.7^400 is nothing beside rounding; the step is stable below 2 / (1 + slope^2 + ...).
    let projection = AnyFootpoint::GradientDescent(GradientDescent { step: 0.3, iterations: 400 });
    for footpoint in [EXACT, projection] {
        let mut ball = ball(config(radius, rate, footpoint), 1);
        let mut theta = [1.0f32];
        let report = step(&mut ball, &mut Single(parabola(1.0)), &mut theta).unwrap();
        assert!(report.contact_gap.unwrap() > 5e-3, "{footpoint:?}: {report:?}");
        let (expected, _) = parabola(1.0).centre(&widen(&theta), radius, 1.0);
        let strayed = deviation(&widen(ball.centre(&theta).unwrap()), &expected);
        // D bends by at least 1 - radius = 0.5 of its usual curvature.
        assert!(strayed <= 2.0 * blind(radius), "{footpoint:?}: {strayed:.2e}");
    }
}

/// A fast step on a steep convex slope carries the displaced centre through the graph. The ball is
/// put back on top of it, as the next step assumes.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_centre_lies_on_the_upward_normal_even_where_the_displaced_centre_fell_below_the_graph() {
    let (radius, rate) = (0.1, 0.9);
    // 0.5^200 is nothing beside rounding.
    let projection = AnyFootpoint::GradientDescent(GradientDescent { step: 0.5, iterations: 200 });
    for footpoint in [EXACT, projection] {
        let mut ball = ball(config(radius, rate, footpoint), 1);
        let mut theta = [1.0f32];
        step(&mut ball, &mut Single(parabola(1.0)), &mut theta).unwrap();
        let (expected, _) = parabola(1.0).centre(&widen(&theta), radius, 1.0);
        let centre = widen(ball.centre(&theta).unwrap());
        // The displaced centre is 0.33 below the graph, which is curved by 1: its footpoint is
        // found to the blindness of a D of 0.33^2 / 2, and the centre moves by no more than theta.
        let strayed = deviation(&centre, &expected);
        assert!(strayed <= 2.0 * blind(0.33), "{footpoint:?}: {centre:?}, expected {expected:?}");
    }
}

#[test]
fn the_contact_gap_counts_from_the_upward_normal_where_the_displaced_centre_fell_below_the_graph() {
    let (radius, rate) = (0.1, 0.9);
    let mut ball = ball(config(radius, rate, EXACT), 1);
    let mut theta = [1.0f32];
    let report = step(&mut ball, &mut Single(parabola(1.0)), &mut theta).unwrap();
    let below = (2.0 * f64::from(report.footpoint.unwrap().distance)).sqrt();
    let gap = f64::from(report.contact_gap.unwrap());
    // From below the graph by `below`, up to above it by the radius; D is good to a few roundings.
    assert!((gap - (below + radius)).abs() <= 1e-5, "gap {gap}, below {below}, radius {radius}");
}

/// The solvers follow the nearest point on the side of the valley that the ball comes from, past
/// the height where both sides touch (`sqrt(radius^2 - 1 / curvature^2)`), down to the cusp of the
/// curve of centres, where `(1 + slope^2)^(3/2) = radius * curvature`; from there it jumps to the
/// other side.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_ball_wider_than_the_valley_cannot_touch_the_bottom() {
    let (curvature, radius) = (2.0f64, 1.0f64);
    let both_sides = (radius * radius - 1.0 / (curvature * curvature)).sqrt();
    let cusp = ((radius * curvature).powf(2.0 / 3.0) - 1.0).sqrt() / curvature;
    let projection =
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.02, iterations: 2000 });
    for footpoint in [EXACT, projection] {
        let mut ball = ball(config(radius, 0.005, footpoint), 1);
        let mut theta = [1.6f32];
        let (mut highest_after_arrival, mut arrived) = (0.0f64, false);
        for index in 0..600 {
            step(&mut ball, &mut Single(parabola(curvature)), &mut theta).unwrap();
            let height = f64::from(theta[0]).abs();
            assert!(height >= 0.99 * cusp, "{footpoint:?} at step {index}: {height} < {cusp}");
            arrived |= height < both_sides;
            if arrived {
                highest_after_arrival = highest_after_arrival.max(height);
            }
        }
        assert!(arrived && highest_after_arrival <= both_sides, "{footpoint:?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_ball_narrower_than_the_valley_reaches_the_bottom() {
    let (curvature, radius, rate) = (2.0, 0.25, 0.05);
    for footpoint in [EXACT, CONVERGED_CONTACT, AnyFootpoint::LaggedContact(LaggedContact)] {
        let mut ball = ball(config(radius, rate, footpoint), 1);
        let mut theta = [1.6f32];
        run(&mut ball, &mut Single(parabola(curvature)), &mut theta, 200);
        // The distance shrinks by 1 - 0.05 * 2 / (1 - 0.5) = 0.8 a step, which leaves nothing of
        // 1.6; but Gauss-Newton rests where it is blind to its first move of rate * curvature *
        // theta.
        let allowed = if footpoint == EXACT { blind(radius) / (rate * curvature) } else { 1e-12 };
        assert!(f64::from(theta[0]).abs() <= allowed, "{footpoint:?}: {}", theta[0]);
    }
}

/// Curvature, radius and rate, with a ball that fits.
const LINEAR_THEORY: [(f64, f64, f64); 5] =
    [(1.0, 0.5, 0.1), (2.0, 0.2, 0.3), (0.5, 0.5, 0.3), (3.0, 0.1, 0.4), (1.0, 0.3, 1.0)];

/// The contact has no `D` to compare and so no blindness: the linear theory can be seen to four
/// digits.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn near_a_minimum_a_converged_contact_shrinks_the_distance_as_the_linear_theory_says() {
    for (curvature, radius, rate) in LINEAR_THEORY {
        let expected = 1.0 - rate * curvature / (1.0 - radius * curvature);
        let mut ball = ball(config(radius, rate, CONVERGED_CONTACT), 1);
        let mut theta = [0.01 / curvature as f32];
        // The first step finds the contact from theta as it is; from then on the centre obeys the
        // theory.
        step(&mut ball, &mut Single(parabola(curvature)), &mut theta).unwrap();
        let before = f64::from(ball.centre(&theta).unwrap()[0]);
        step(&mut ball, &mut Single(parabola(curvature)), &mut theta).unwrap();
        let factor = f64::from(ball.centre(&theta).unwrap()[0]) / before;
        // The theory drops (a theta)^2 / 2 = 5e-5 beside 1 in the reach, which 1 / (1 - rho a), at
        // most 2, amplifies twice; 0.5^40 is left of the contact's own error.
        assert!((factor - expected).abs() <= 2e-4, "{factor}, expected {expected}");
    }
}

#[test]
fn near_a_minimum_an_exact_gauss_newton_step_shrinks_the_distance_as_the_linear_theory_says() {
    for (curvature, radius, rate) in LINEAR_THEORY {
        let expected = 1.0 - rate * curvature / (1.0 - radius * curvature);
        let start = 0.05 / curvature;
        let mut ball = ball(config(radius, rate, EXACT), 1);
        let mut theta = [start as f32];
        step(&mut ball, &mut Single(parabola(curvature)), &mut theta).unwrap();
        let factor = f64::from(theta[0]) / start;
        // D is blind below this distance from the nearest point, the more so the flatter D is there
        // (curvature 1 - rho a, at least 0.4); the theory drops (a theta)^2 = 2.5e-3.
        let allowed = 2.0 * blind(radius) / start + 2.5e-3;
        assert!((factor - expected).abs() <= allowed, "{factor}, expected {expected}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_converged_contact_is_stable_below_and_unstable_above_the_curvature_of_the_linear_theory() {
    let (radius, rate) = (0.3, 0.4);
    let limit = 2.0 / (rate + 2.0 * radius);
    for (curvature, stable) in [(0.97 * limit, true), (1.03 * limit, false)] {
        let mut ball = ball(config(radius, rate, CONVERGED_CONTACT), 1);
        let start = 1e-4f32;
        let mut theta = [start];
        run(&mut ball, &mut Single(parabola(curvature)), &mut theta, 60);
        assert_eq!(theta[0].abs() < start, stable, "curvature {curvature}: {}", theta[0]);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_contact_at_rest_satisfies_the_contact_equation() {
    let waves = gentle_waves();
    for refreshes in [0, 1] {
        let footpoint = AnyFootpoint::RefreshedContact(RefreshedContact { refreshes });
        let rate = Schedule::Linear { from: 0.1, to: 0.0, steps: 8 };
        let config = RollingBallConfig { learning_rate: rate, ..config(0.6, 0.1, footpoint) };
        let mut ball = ball(config, 1);
        let mut theta = [0.9f32];
        // The centre stands still from step 8; the contact's error shrinks by rho * curvature <
        // 0.72 a step.
        let reports = run(&mut ball, &mut Single(waves.clone()), &mut theta, 68);
        let (expected, _) = waves.centre(&widen(&theta), 0.6, 1.0);
        let centre = widen(ball.centre(&theta).unwrap());
        // The rounding of coordinates of order 1.
        assert!(deviation(&centre, &expected) <= 4.0 * EPSILON, "{centre:?} {expected:?}");
        // The slope there is not 0: the equation says something.
        assert!(norm(&waves.slope(&widen(&theta))) > 0.05);
        // The gap is the root of a difference of squares of the radius.
        assert!(f64::from(reports[67].contact_gap.unwrap()) <= 2.0 * blind(0.6));
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_ball_of_no_size_descends_the_gradient_in_every_form() {
    let tiny = 1e-6f64;
    let rate = 1e-2f64;
    // 0.5^64 is nothing beside rounding.
    let projection = AnyFootpoint::GradientDescent(GradientDescent { step: 0.5, iterations: 64 });
    let forms = [
        EXACT,
        projection,
        AnyFootpoint::LaggedContact(LaggedContact),
        AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 }),
    ];
    for footpoint in forms {
        for centre_step in [AnyCentreStep::Plain(Plain), AnyCentreStep::ArcLength(ArcLength)] {
            let config = RollingBallConfig { centre_step, ..config(tiny, rate, footpoint) };
            let mut ball = ball(config, 2);
            let mut theta = [0.6f32, -0.8];
            for index in 0..20 {
                let before = widen(&theta);
                let slope = bowl(2).slope(&before);
                let squared = dot(&slope, &slope);
                let arc = centre_step == AnyCentreStep::ArcLength(ArcLength);
                let rate = if arc { rate / (1.0 + squared).sqrt() } else { rate };
                step(&mut ball, &mut Single(bowl(2)), &mut theta).unwrap();
                let expected = add_scaled(&before, -rate, &slope);
                // The nearest point is not straight below the tangent's end, which the graph is
                // rate^2 g.Hg / 2 away from: it is off by that times |g| / (1 + |g|^2). A contact
                // is off by two radii. The rest is rounding.
                let sideways = match footpoint {
                    AnyFootpoint::LaggedContact(_) | AnyFootpoint::RefreshedContact(_) => 0.0,
                    _ => rate * rate * squared / 2.0 * norm(&slope) / (1.0 + squared),
                };
                let allowed = 1.1 * sideways + 2.0 * tiny + 4.0 * EPSILON;
                let strayed = distance(&widen(&theta), &expected);
                let place = format!("{footpoint:?}, {centre_step:?}, step {index}");
                assert!(strayed <= allowed, "{place}: {strayed:.2e}, allowed {allowed:.2e}");
            }
        }
    }
}

/// Every operation is scaled by a power of two, which rounds nothing.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_loss_times_a_power_of_two_with_scale_and_rate_divided_by_it_gives_the_same_bits() {
    for (name, form) in forms(0.4, 0.1, true) {
        for factor in [0.125f32, 16.0] {
            let scaled = RollingBallConfig {
                loss_scale: 1.0 / factor,
                learning_rate: (0.1 / factor).into(),
                ..form
            };
            let formula = Scaled { formula: wells(), factor: factor.into() };
            let (mut plain_ball, mut scaled_ball) = (ball(form, 2), ball(scaled, 2));
            let (mut plain, mut other) = ([1.3f32, 0.8], [1.3f32, 0.8]);
            for index in 0..30 {
                step(&mut plain_ball, &mut Single(wells()), &mut plain).unwrap();
                step(&mut scaled_ball, &mut Single(formula.clone()), &mut other).unwrap();
                assert_eq!(bits(&plain), bits(&other), "{name}, {factor} times, step {index}");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_loss_times_three_with_scale_and_rate_divided_by_three_gives_the_same_trajectory() {
    for (name, form) in forms(0.4, 0.05, true) {
        let scaled = RollingBallConfig {
            loss_scale: 1.0 / 3.0,
            learning_rate: (0.05f32 / 3.0).into(),
            ..form
        };
        let formula = Scaled { formula: bowl(2), factor: 3.0 };
        let (mut plain, mut other) = ([0.9f32, -0.7], [0.9f32, -0.7]);
        run(&mut ball(form, 2), &mut Single(bowl(2)), &mut plain, 10);
        run(&mut ball(scaled, 2), &mut Single(formula), &mut other, 10);
        // Ten contracting steps on coordinates of order 1, a few dozen roundings each. Gauss-Newton
        // decides by D, about 0.4^2 / 2, where it stops: a step may differ by its tolerance of 1e-4
        // D, which is a distance of 0.01 radius.
        let stops_by_tolerance = matches!(form.footpoint, AnyFootpoint::GaussNewton(_));
        let allowed = if stops_by_tolerance { 0.01 * 0.4 } else { 100.0 * EPSILON };
        let strayed = deviation(&widen(&plain), &widen(&other));
        assert!(strayed <= allowed, "{name}: {strayed:.2e}, allowed {allowed:.2e}");
    }
}

#[test]
fn a_larger_loss_scale_is_another_metric_and_gives_another_step() {
    let base = config(0.4, 0.05, AnyFootpoint::LaggedContact(LaggedContact));
    let (mut plain, mut other) = ([0.9f32, -0.7], [0.9f32, -0.7]);
    run(&mut ball(base, 2), &mut Single(wells()), &mut plain, 5);
    let scaled = RollingBallConfig { loss_scale: 4.0, ..base };
    run(&mut ball(scaled, 2), &mut Single(wells()), &mut other, 5);
    assert!(distance(&widen(&plain), &widen(&other)) > 1e-3);
}

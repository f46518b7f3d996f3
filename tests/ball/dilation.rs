//! The ball against the dilated loss: grey-scale dilation by a spherical cap, which knows no
//! optimizer.

use crate::support::dilation::dilate;
use crate::support::formulas::{Formula, Single, Waves};
use crate::support::numbers::{add_scaled, deviation, distance, norm, widen};
use crate::support::optimizers::ball;
use rolling_ball::{
    AnyCentreStep, AnyFootpoint, AnyRollingBall, GaussNewton, LaggedContact, Optimizer, Plain,
    RollingBallConfig, step,
};

/// Curvature at most 2.1.
fn one_dimension() -> Waves {
    let waves = vec![(0.3, vec![2.0], 0.0), (0.1, vec![3.0], 1.0)];
    Waves { waves }
}

/// Curvature at most 1.2.
fn two_dimensions() -> Waves {
    let waves =
        vec![(0.2, vec![1.5, 0.5], 0.3), (0.15, vec![-0.8, 1.6], 1.1), (0.1, vec![0.7, 0.7], 0.0)];
    Waves { waves }
}

/// A landscape with its largest ball that fits everywhere, and where to start.
fn landscapes() -> [(Waves, f64, Vec<f32>); 2] {
    [(one_dimension(), 0.4, vec![0.9]), (two_dimensions(), 0.75, vec![1.4, 0.2])]
}

#[test]
fn the_balls_of_these_tests_fit_into_every_valley() {
    for (waves, radius, _) in landscapes() {
        let bend = radius * waves.largest_curvature();
        assert!(bend < 0.95, "radius * curvature {bend}");
    }
}

fn dilated(waves: &Waves, radius: f64, x: &[f64]) -> (f64, Vec<f64>) {
    dilate(|point: &[f64]| waves.value(point), radius, x)
}

/// Points along a line through the landscape.
fn positions(length: usize) -> impl Iterator<Item = Vec<f64>> {
    (0..25).map(move |i| (0..length).map(|d| -2.0 + 0.17 * f64::from(i) - 0.3 * d as f64).collect())
}

/// The height near its maximum is flat: the sampled maximiser is exact to the root of the rounding
/// of the height, about 1e-8, over the curvature of what is maximised, at least 1 / radius -
/// curvature = 0.1.
const MAXIMISER: f64 = 1e-6;

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_oracles_maximiser_satisfies_the_contact_equation() {
    for (waves, radius, start) in landscapes() {
        for x in positions(start.len()) {
            let (_, offset) = dilated(&waves, radius, &x);
            let contact = add_scaled(&x, 1.0, &offset);
            let slope = waves.slope(&contact);
            let reach = radius / (1.0 + norm(&slope).powi(2)).sqrt();
            let expected = add_scaled(&vec![0.0; x.len()], reach, &slope);
            let strayed = deviation(&offset, &expected);
            assert!(strayed <= MAXIMISER, "{strayed:.2e} at {x:?}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_slope_of_the_dilated_loss_is_the_slope_of_the_loss_at_the_contact() {
    for (waves, radius, start) in landscapes() {
        for x in positions(start.len()) {
            let (_, offset) = dilated(&waves, radius, &x);
            let expected = waves.slope(&add_scaled(&x, 1.0, &offset));
            let step = 1e-4;
            for d in 0..x.len() {
                let mut moved = x.clone();
                moved[d] += step;
                let (above, _) = dilated(&waves, radius, &moved);
                moved[d] -= 2.0 * step;
                let (below, _) = dilated(&waves, radius, &moved);
                let slope = (above - below) / (2.0 * step);
                // Truncation: step^2 / 6 times a third derivative, which the ball amplifies to a
                // few hundred. The heights are good to 1e-12, over the step 1e-8.
                assert!((slope - expected[d]).abs() <= 2e-6, "{slope} {} at {x:?}", expected[d]);
            }
        }
    }
}

fn rolling(
    waves: &Waves,
    radius: f64,
    rate: f32,
    footpoint: AnyFootpoint,
    start: &[f32],
) -> Vec<Resting> {
    let config = RollingBallConfig {
        radius: (radius as f32).into(),
        learning_rate: rate.into(),
        loss_scale: 1.0,
        footpoint,
        centre_step: AnyCentreStep::Plain(Plain),
        roll_back: false,
    };
    let mut ball = ball(config, start.len());
    let mut theta = start.to_vec();
    let mut objective = Single(waves.clone());
    (0..150)
        .map(|_| {
            step(&mut ball, &mut objective, &mut theta).unwrap();
            Resting::new(waves, radius, &mut ball, &theta)
        })
        .collect()
}

/// A ball that rests after a step, measured in `f64`.
struct Resting {
    /// The crate's centre.
    centre: Vec<f64>,
    /// The loss at the contact, and the centre above it.
    height: f64,
    /// Where the contact's own normal puts the centre.
    normal_centre: Vec<f64>,
}

impl Resting {
    fn new(waves: &Waves, radius: f64, ball: &mut AnyRollingBall<Vec<f32>>, theta: &[f32]) -> Self {
        let centre = widen(ball.centre(theta).unwrap());
        let (normal_centre, height) = waves.centre(&widen(theta), radius, 1.0);
        Self { centre, height, normal_centre }
    }
}

const TIGHT: AnyFootpoint =
    AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 50, tolerance: 0.0 });
const LAGGED: AnyFootpoint = AnyFootpoint::LaggedContact(LaggedContact);

/// The forms with their rates. The lagged contact is a step behind, by radius * curvature * rate *
/// slope.
const ROLLED: [(AnyFootpoint, f32); 2] = [(TIGHT, 0.1), (LAGGED, 0.02)];

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn where_the_ball_fits_the_rolled_centre_lies_on_the_dilated_surface() {
    for (waves, radius, start) in landscapes() {
        for (footpoint, rate) in ROLLED {
            let path = rolling(&waves, radius, rate, footpoint, &start);
            let length = distance(&path[0].centre, &path[149].centre);
            assert!(length > 0.3, "the ball rolled only {length}");
            // A lagging contact x + u' misses the maximum of h(x) by the square of its gap only.
            for resting in &path {
                let (surface, _) = dilated(&waves, radius, &resting.centre);
                let strayed = (resting.height - surface).abs();
                assert!(strayed <= 1e-3, "{footpoint:?}: {strayed:.2e} off the surface");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_rolled_centre_lies_on_the_normal_of_its_contact() {
    for (waves, radius, start) in landscapes() {
        for (footpoint, rate) in ROLLED {
            for resting in rolling(&waves, radius, rate, footpoint, &start) {
                // Gauss-Newton is blind below the root of the rounding, 3.5e-4 radii, over 1 -
                // radius * curvature > 0.1 of the curvature of D; the contact lags by 0.02 * slope
                // < 0.02.
                let allowed = if footpoint == TIGHT { 3.5e-3 * radius } else { 0.02 };
                let strayed = distance(&resting.centre, &resting.normal_centre);
                assert!(strayed <= allowed, "{footpoint:?}: {strayed:.2e} off the normal");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_centre_descends_the_dilated_loss() {
    for (waves, radius, start) in landscapes() {
        for (footpoint, rate) in ROLLED {
            let path = rolling(&waves, radius, rate, footpoint, &start);
            let heights: Vec<f64> =
                path.iter().map(|resting| dilated(&waves, radius, &resting.centre).0).collect();
            for pair in heights.windows(2) {
                // A step of rate * slope rises by less than the radius times the rounding at rest.
                assert!(
                    pair[1] <= pair[0] + 1e-6,
                    "{footpoint:?}: from {} to {}",
                    pair[0],
                    pair[1]
                );
            }
            assert!(heights[149] < heights[0] - 0.05, "{footpoint:?}");
        }
    }
}

/// A bumpy bounded loss on one period.
fn wrinkles() -> Waves {
    Waves {
        waves: (1..=5).map(|k| (1.0 / f64::from(k * k), vec![f64::from(k * k)], 0.0)).collect(),
    }
}

const RADII: [f64; 6] = [0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

fn total_variation(heights: &[f64]) -> f64 {
    heights.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum()
}

fn period() -> impl Iterator<Item = f64> {
    (0..=400).map(|i| std::f64::consts::TAU * f64::from(i) / 400.0)
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_surface_of_centres_of_a_bounded_loss_flattens_as_the_ball_grows() {
    let waves = wrinkles();
    let bare: Vec<f64> = period().map(|x| waves.value(&[x])).collect();
    let mut last = total_variation(&bare);
    for radius in RADII {
        let heights: Vec<f64> = period().map(|x| dilated(&waves, radius, &[x]).0).collect();
        let variation = total_variation(&heights);
        assert!(variation < last, "radius {radius}: {variation}, before {last}");
        last = variation;
    }
    // A ball of 10 hangs between peaks a period of 2 pi apart: it sags by 10 - sqrt(100 - pi^2) =
    // 0.5, down and up again.
    assert!(last < 1.05, "total variation {last} at the largest radius");
}

/// The ball is put on the graph anywhere, whether it fits there or not: a ball that cuts into the
/// graph has its centre below the dilated surface, and the balls on top reach the surface.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn no_resting_ball_has_its_centre_above_the_dilated_surface() {
    let waves = wrinkles();
    // The largest ball touches nothing but the very peaks, between these positions.
    for radius in &RADII[..5] {
        let radius = *radius;
        let mut touching = 0;
        for x in period() {
            let config = RollingBallConfig {
                radius: (radius as f32).into(),
                learning_rate: 1e-30.into(),
                loss_scale: 1.0,
                footpoint: LAGGED,
                centre_step: AnyCentreStep::Plain(Plain),
                roll_back: false,
            };
            let (mut ball, mut theta) = (ball(config, 1), [x as f32]);
            step(&mut ball, &mut Single(waves.clone()), &mut theta).unwrap();
            let resting = Resting::new(&waves, radius, &mut ball, &theta);
            let (surface, _) = dilated(&waves, radius, &resting.centre);
            // Theta and the centre are rounded to f32, on slopes up to 5.
            let allowed = 5.0 * 2.0 * f64::from(f32::EPSILON) * (6.3 + radius);
            assert!(resting.height <= surface + allowed, "radius {radius} at {x}");
            touching += usize::from(resting.height >= surface - 10.0 * allowed);
        }
        assert!(touching > 4, "radius {radius}: only {touching} balls touch the surface");
    }
}

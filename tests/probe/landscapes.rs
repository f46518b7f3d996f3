//! The landscapes against their formulas in `f64`, written here a second time, and against finite
//! differences of those.

use crate::support::numbers::{deviation, norm, widen};
use crate::support::random::Random;
use rolling_ball::landscapes::{
    Ackley, GaussianWells, Quadratic, Rastrigin, RippledBowl, Rosenbrock, SineModel, Weierstrass,
    WeierstrassLike, Whitley,
};
use rolling_ball::{Error, Objective};
use std::f64::consts::{E, PI, TAU};

type Formula = dyn Fn(&[f64]) -> f64;

/// A landscape and what it should be.
struct Case {
    name: &'static str,
    landscape: Box<dyn Objective>,
    formula: Box<Formula>,
    parameters: usize,
    /// The largest angle of a sine, or the largest exponent, between -2 and 2, or 1: its rounding
    /// is what the result loses.
    angle: f64,
    /// Over what distance the formula is as good as straight.
    straight: f64,
}

impl Case {
    /// By central differences.
    fn slopes(&self, theta: &[f32]) -> Vec<f64> {
        let slope = |d| {
            let at = |moved| {
                let mut theta = widen(theta);
                theta[d] += moved;
                (self.formula)(&theta)
            };
            (at(self.straight) - at(-self.straight)) / (2.0 * self.straight)
        };
        (0..theta.len()).map(slope).collect()
    }
}

const MINIMA: [[f32; 2]; 4] = [[0.5, -1.0], [1.2, 1.3], [-1.0, 0.25], [0.0, 0.1]];
const INPUTS: [f32; 5] = [-2.0, -0.75, 0.25, 1.0, 2.5];
const TARGETS: [f32; 5] = [0.5, -1.0, 0.25, 1.5, -0.5];

fn sum(theta: &[f64], value: impl Fn(f64) -> f64) -> f64 {
    theta.iter().map(|t| value(*t)).sum()
}

fn wells(theta: &[f64]) -> f64 {
    let depth = |minimum: &[f32; 2]| {
        let squared: f64 = theta.iter().zip(widen(minimum)).map(|(t, m)| (t - m).powi(2)).sum();
        (-squared / (2.0 * f64::from(0.3_f32).powi(2))).exp()
    };
    sum(theta, |t| t * t) - MINIMA.iter().map(depth).sum::<f64>()
}

fn sine_model(theta: &[f64]) -> f64 {
    let residuals = widen(&INPUTS).into_iter().zip(widen(&TARGETS));
    residuals.map(|(x, y)| (theta[1] * (theta[0] * x).sin() - y).powi(2)).sum::<f64>() / 5.0
}

fn whitley(theta: &[f64]) -> f64 {
    let pairs = theta.iter().flat_map(|x| theta.iter().map(move |y| (x, y)));
    let depths = pairs.map(|(x, y)| 100.0 * (x * x - y).powi(2) + (1.0 - y).powi(2));
    depths.map(|d| d * d / 4000.0 - d.cos() + 1.0).sum()
}

fn ackley(theta: &[f64]) -> f64 {
    let mean = |value: fn(f64) -> f64| sum(theta, value) / theta.len() as f64;
    let waves = mean(|t| (TAU * t).cos()).exp();
    20.0 - 20.0 * (-mean(|t| t * t).sqrt() / 5.0).exp() + E - waves
}

fn cases() -> Vec<Case> {
    let case =
        |name,
         landscape: Box<dyn Objective>,
         formula: Box<Formula>,
         parameters,
         angle,
         straight| { Case { name, landscape, formula, parameters, angle, straight } };
    let waves =
        |t: f64| (0..5).map(|k| 0.5_f64.powi(k) * (3.0_f64.powi(k) * PI * t).cos()).sum::<f64>();
    let like = |t: f64| (1..=20).map(|k| f64::from(k * k)).map(|s| (s * t).sin() / s).sum::<f64>();
    let quadratic = |theta: &[f64]| {
        let curvatures = (0..3).map(|i| 100.0_f64.powf(f64::from(i) / 2.0));
        theta.iter().zip(curvatures).map(|(t, a)| a * t * t / 2.0).sum::<f64>()
    };
    let bowl = Quadratic { condition: 100.0 };
    let rosenbrock = |theta: &[f64]| {
        theta
            .windows(2)
            .map(|p| 100.0 * (p[1] - p[0] * p[0]).powi(2) + (1.0 - p[0]).powi(2))
            .sum::<f64>()
    };
    let rastrigin = |t: f64| t * t + 10.0 - 10.0 * (TAU * t).cos();
    vec![
        case(
            "Weierstrass",
            Box::new(Weierstrass { amplitude: 0.5, frequency: 3.0, terms: 5 }),
            Box::new(move |theta| sum(theta, waves)),
            2,
            81.0 * PI * 2.0,
            1e-5,
        ),
        case(
            "Weierstrass-like",
            Box::new(WeierstrassLike { terms: 20 }),
            Box::new(move |theta| sum(theta, like)),
            2,
            800.0,
            1e-5,
        ),
        case("Whitley", Box::new(Whitley), Box::new(whitley), 2, 3609.0, 1e-6),
        case(
            "sine model",
            Box::new(SineModel { inputs: &INPUTS, targets: &TARGETS }),
            Box::new(sine_model),
            2,
            5.0,
            1e-4,
        ),
        case(
            "Gaussian wells",
            Box::new(GaussianWells { minima: &MINIMA, width: 0.3 }),
            Box::new(wells),
            2,
            100.0,
            1e-5,
        ),
        case("Rosenbrock", Box::new(Rosenbrock), Box::new(rosenbrock), 3, 1.0, 1e-4),
        case(
            "Rastrigin",
            Box::new(Rastrigin),
            Box::new(move |theta| sum(theta, rastrigin)),
            3,
            2.0 * TAU,
            1e-4,
        ),
        case("Ackley", Box::new(Ackley), Box::new(ackley), 3, 2.0 * TAU, 1e-4),
        case("quadratic", Box::new(bowl), Box::new(quadratic), 3, 1.0, 1e-3),
        case(
            "rippled bowl",
            Box::new(RippledBowl { bowl, amplitude: 0.25, frequency: 30.0 }),
            Box::new(move |theta| quadratic(theta) + 0.25 * sum(theta, |t| 1.0 - (30.0 * t).cos())),
            3,
            60.0,
            1e-5,
        ),
    ]
}

/// Between -2 and 2.
fn points(parameters: usize) -> Vec<Vec<f32>> {
    let mut random = Random(11);
    (0..50)
        .map(|_| random.vector(parameters).iter().map(|t| t.clamp(-2.0, 2.0)).collect())
        .collect()
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_losses_are_those_of_the_formulas() {
    for mut case in cases() {
        let points = points(case.parameters);
        let expected: Vec<f64> = points.iter().map(|theta| (case.formula)(&widen(theta))).collect();
        let largest = expected.iter().fold(1.0, |largest: f64, value| largest.max(value.abs()));
        // Some roundings, and those of the angles.
        let allowed = f64::from(f32::EPSILON) * 8.0 * largest.max(case.angle);
        for (theta, expected) in points.iter().zip(expected) {
            let loss = f64::from(case.landscape.loss(theta).unwrap());
            assert!((loss - expected).abs() <= allowed, "{}: {loss} {expected}", case.name);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_gradients_are_the_slopes_of_the_losses() {
    for mut case in cases() {
        let points = points(case.parameters);
        let slopes: Vec<Vec<f64>> = points.iter().map(|theta| case.slopes(theta)).collect();
        let largest = slopes.iter().map(|slopes| norm(slopes)).fold(0.0, f64::max);
        // Some roundings, and those of the angles.
        let allowed = f64::from(f32::EPSILON) * 8.0 * largest * case.angle.max(2.0);
        for (theta, slopes) in points.iter().zip(slopes) {
            let mut gradient = vec![f32::NAN; case.parameters];
            let loss = case.landscape.gradient(theta, &mut gradient).unwrap();
            assert_eq!(loss.to_bits(), case.landscape.loss(theta).unwrap().to_bits());
            let strayed = deviation(&widen(&gradient), &slopes);
            assert!(strayed <= allowed, "{}: {strayed} > {allowed} at {theta:?}", case.name);
        }
    }
}

#[test]
fn the_known_minima_are_zero_with_no_slope() {
    let minima: [(Box<dyn Objective>, f32); 4] = [
        (Box::new(Rosenbrock), 1.0),
        (Box::new(Whitley), 1.0),
        (Box::new(Rastrigin), 0.0),
        (Box::new(Ackley), 0.0),
    ];
    for (mut landscape, at) in minima {
        let mut gradient = [f32::NAN; 4];
        let loss = landscape.gradient(&[at; 4], &mut gradient).unwrap();
        assert!(loss.abs() <= 4.0 * f32::EPSILON, "{loss}");
        assert_eq!(gradient, [0.0; 4]);
    }
}

#[test]
fn a_landscape_of_two_parameters_says_so_to_a_theta_of_three() {
    let mut model = SineModel { inputs: &INPUTS, targets: &TARGETS };
    let expected = Error::Length { what: "theta", expected: 2, actual: 3 };
    assert_eq!(model.loss(&[0.0; 3]), Err(expected));
    assert_eq!(model.gradient(&[0.0; 3], &mut [0.0; 3]), Err(expected));
    let mut wells = GaussianWells { minima: &MINIMA, width: 0.3 };
    assert_eq!(wells.loss(&[0.0; 3]), Err(expected));
    let expected = Error::Length { what: "gradient", expected: 2, actual: 1 };
    assert_eq!(wells.gradient(&[0.0; 2], &mut [0.0; 1]), Err(expected));
}

//! The rolling ball against the exact one, on the paper's landscapes: dilation on a grid, which
//! knows no optimizer.

use crate::support::numbers::{add_scaled, distance, narrow, norm, widen};
use crate::support::optimizers::ball;
use rolling_ball::landscapes::{GaussianWells, SineModel, Weierstrass, WeierstrassLike, Whitley};
use rolling_ball::probe::{Grid, Slice};
use rolling_ball::{
    AnyCentreStep, AnyFootpoint, GaussNewton, LaggedContact, Objective, Optimizer, Plain,
    RollingBallConfig, step,
};

const MINIMA: [[f32; 2]; 5] = [[0.5, -0.5], [0.9, 0.3], [-1.0, 0.25], [0.1, 0.4], [-0.3, -0.9]];
const INPUTS: [f32; 6] = [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0];
const TARGETS: [f32; 6] = [-1.2, -1.0, -0.6, 0.6, 1.0, 1.2];

/// A landscape, a ball, and where it starts to roll at what rate.
struct Case {
    name: &'static str,
    landscape: Box<dyn Objective>,
    radius: f64,
    rate: f32,
    start: Vec<f32>,
}

fn cases() -> Vec<Case> {
    let case = |name, landscape: Box<dyn Objective>, radius, rate, start: &[f32]| Case {
        name,
        landscape,
        radius,
        rate,
        start: start.to_vec(),
    };
    let weierstrass = Weierstrass { amplitude: 0.5, frequency: 2.0, terms: 3 };
    let sines = SineModel { inputs: &INPUTS, targets: &TARGETS };
    let wells = GaussianWells { minima: &MINIMA, width: 0.4 };
    vec![
        case("Weierstrass", Box::new(weierstrass), 0.01, 0.003, &[0.37]),
        case("Weierstrass-like", Box::new(WeierstrassLike { terms: 3 }), 0.05, 0.01, &[1.3]),
        case("Whitley", Box::new(Whitley), 0.001, 0.0005, &[1.02, 1.022]),
        case("sine model", Box::new(sines), 0.05, 0.02, &[0.6, 0.9]),
        case("Gaussian wells", Box::new(wells), 0.05, 0.02, &[1.2, 0.8]),
    ]
}

const STEPS: usize = 60;

const EXACT: AnyFootpoint =
    AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 30, tolerance: 0.0 });
const LAGGED: AnyFootpoint = AnyFootpoint::LaggedContact(LaggedContact);

/// A resting ball.
struct Resting {
    contact: Vec<f32>,
    centre: Vec<f32>,
    /// Of the centre.
    height: f64,
}

fn slope(landscape: &mut dyn Objective, theta: &[f32]) -> Vec<f64> {
    let mut gradient = vec![0.0; theta.len()];
    landscape.gradient(theta, &mut gradient).unwrap();
    widen(&gradient)
}

fn roll(case: &mut Case, footpoint: AnyFootpoint) -> Vec<Resting> {
    let config = RollingBallConfig {
        radius: (case.radius as f32).into(),
        learning_rate: case.rate.into(),
        loss_scale: 1.0,
        footpoint,
        centre_step: AnyCentreStep::Plain(Plain),
        roll_back: false,
    };
    let mut ball = ball(config, case.start.len());
    let mut theta = case.start.clone();
    (0..STEPS)
        .map(|_| {
            step(&mut ball, &mut *case.landscape, &mut theta).unwrap();
            let centre = ball.centre(&theta).unwrap().to_vec();
            let away = distance(&widen(&theta), &widen(&centre));
            let loss = f64::from(case.landscape.loss(&theta).unwrap());
            let height = loss + (case.radius.powi(2) - away.powi(2)).max(0.0).sqrt();
            Resting { contact: theta.clone(), centre, height }
        })
        .collect()
}

/// The exact ball above this place, on a grid that is as wide as the ball.
fn surface(case: &mut Case, centre: &[f32]) -> f64 {
    let line = centre.len() == 1;
    let (reach, down): (u16, &[f32]) = if line { (200, &[]) } else { (20, &[0.0, 1.0]) };
    let across = &[1.0, 0.0][..centre.len()];
    let side = 2 * usize::from(reach) + 1;
    let spacing = case.radius as f32 / f32::from(reach);
    let grid = Grid::plane(if line { 1 } else { side }, side, spacing).unwrap();
    let slice = Slice { grid, origin: centre, across, down, loss_scale: 1.0 };
    let points = grid.points();
    let (mut heights, mut centres) = (vec![0.0; points], vec![0.0; points]);
    slice.sample(&mut *case.landscape, &mut vec![0.0; centre.len()], &mut heights).unwrap();
    grid.dilate(&heights, case.radius as f32, &mut centres, &mut vec![0; points]).unwrap();
    f64::from(centres[points / 2])
}

/// The largest curvature of the graph at a point, by differences of gradients: at most the norm of
/// the Hessian.
fn curvature(case: &mut Case, theta: &[f32]) -> f64 {
    let moved = 0.1 * case.radius;
    let rows = (0..theta.len()).map(|d| {
        let mut at = |step: f64| {
            let mut theta = widen(theta);
            theta[d] += step;
            slope(&mut *case.landscape, &narrow(&theta))
        };
        let [above, below] = [at(moved), at(-moved)];
        norm(&add_scaled(&above, -1.0, &below)) / (2.0 * moved)
    });
    norm(&rows.collect::<Vec<_>>())
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn on_the_papers_landscapes_a_ball_that_fits_rolls_on_the_exact_surface() {
    for footpoint in [EXACT, LAGGED] {
        for mut case in cases() {
            let path = roll(&mut case, footpoint);
            let rolled = distance(&widen(&path[0].centre), &widen(&path[STEPS - 1].centre));
            assert!(rolled > 0.5 * case.radius, "{}: rolled {rolled} only", case.name);
            for Resting { contact, centre, height } in path {
                let bend = case.radius * curvature(&mut case, &contact);
                assert!(bend < 1.0, "{}: radius * curvature {bend} at {contact:?}", case.name);
                let strayed = (height - surface(&mut case, &centre)).abs();
                // Theta and the centre are rounded to f32, on this slope.
                let steep = norm(&slope(&mut *case.landscape, &contact));
                let rounding = 2.0 * f64::from(f32::EPSILON) * norm(&widen(&contact)) * steep;
                // A small ball must be as exact in its own measure.
                let allowed = 1e-3_f64.min(0.02 * case.radius) + rounding;
                assert!(strayed <= allowed, "{}: {strayed:.2e} at {centre:?}", case.name);
            }
        }
    }
}

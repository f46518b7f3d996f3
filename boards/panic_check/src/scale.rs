//! The landscapes, and the probe of a loss.

use core::hint::black_box;
use rolling_ball::landscapes::{
    Ackley, GaussianWells, Quadratic, Rastrigin, RippledBowl, Rosenbrock, SineModel, Weierstrass,
    WeierstrassLike, Whitley,
};
use rolling_ball::nn::Dense;
use rolling_ball::probe::{
    Curvature, Grid, Scale, Slice, normalise_filters, normalise_layers, orthogonalise,
    principal_direction, smoothing_radius,
};
use rolling_ball::{Error, Objective};

const POINTS: usize = 12;

static MINIMA: [[f32; 2]; 2] = [[0.5, 1.0], [-0.5, 0.25]];
static VALUES: [f32; 3] = [0.5, -1.0, 2.0];

/// Evaluates every landscape, each on a plane.
pub fn look() -> Result<(), Error> {
    let (amplitude, frequency, terms) = black_box((0.5, 3.0, 4));
    look_at(&mut Weierstrass { amplitude, frequency, terms })?;
    look_at(&mut WeierstrassLike { terms: black_box(5) })?;
    look_at(&mut Whitley)?;
    let values = black_box(&VALUES);
    look_at(&mut SineModel { inputs: values, targets: values })?;
    look_at(&mut GaussianWells { minima: black_box(&MINIMA), width: black_box(0.3) })?;
    look_at(&mut Rosenbrock)?;
    look_at(&mut Rastrigin)?;
    look_at(&mut Ackley)?;
    let bowl = Quadratic { condition: black_box(10.0) };
    look_at(&mut bowl.clone())?;
    look_at(&mut RippledBowl { bowl, amplitude: black_box(0.1), frequency: black_box(9.0) })
}

fn look_at(landscape: &mut impl Objective) -> Result<(), Error> {
    let (mut across, mut down) = (black_box([1.0, 0.5]), black_box([0.5, 2.0]));
    let origin = black_box([0.3, 0.7]);
    let (mut theta, mut gradient) = (origin, [0.0; 2]);
    black_box(landscape.gradient(&theta, &mut gradient)?);
    normalise_filters(&mut across, &origin, black_box([2]))?;
    let mut layers = black_box([1.0; 3]);
    normalise_layers::<Dense<2, 1>>(&mut layers, &black_box([0.5; 3]))?;
    black_box(layers);
    principal_direction(black_box(&MINIMA), &origin, &[&across], &mut down, &mut gradient)?;
    orthogonalise(&mut down, &across)?;
    let curvature = black_box(Curvature { theta: &origin, step: 0.01, seed: 1 });
    let scratch = [&mut theta[..], &mut gradient, &mut across];
    black_box(curvature.largest(landscape, black_box(5), &mut down, scratch)?);
    black_box(curvature.trace(landscape, black_box(2), [&mut theta, &mut gradient])?);
    let grid = Grid::plane(black_box(3), black_box(4), black_box(0.1))?;
    let slice =
        Slice { grid, origin: &origin, across: &across, down: &down, loss_scale: black_box(1.0) };
    let (mut heights, mut centres) = ([0.0; POINTS], [0.0; POINTS]);
    let mut contacts = [0; POINTS];
    slice.sample(landscape, &mut theta, &mut heights)?;
    let mut scales = black_box([0.0, 0.1]).map(Scale::of_radius);
    for scale in &mut scales {
        grid.dilate(&heights, scale.radius, &mut centres, &mut contacts)?;
        scale.roughness = grid.roughness(&centres)?;
    }
    black_box((smoothing_radius(&scales, black_box(0.9)), contacts, theta));
    Ok(())
}

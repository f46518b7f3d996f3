//! Losses in closed form.

use super::comparison::{Comparison, Demand};
use anyhow::{Context, Result};
use oorandom::Rand32;
use rolling_ball::Objective;
use rolling_ball::gpu::{Device, Landscape, Shaded, Vector};
use rolling_ball::landscapes::{
    Ackley, GaussianWells, Quadratic, Rastrigin, RippledBowl, Rosenbrock, SineModel, Weierstrass,
    WeierstrassLike, Whitley,
};

/// Of the largest: sines by other polynomials than libm's, and sums in another order.
const PART: f32 = 1e-5;
/// Points of each, between -3 and 3 in every parameter.
const POINTS: usize = 20;
const PARAMETERS: usize = 100;

/// Loss and gradient of each.
pub fn compare(device: &Device) -> Result<Vec<Comparison>> {
    let mut random = Rand32::new(2);
    let mut between = |limit: f32| limit * (2.0 * random.rand_float() - 1.0);
    let minima: Vec<[f32; 2]> = (0..1000).map(|_| [between(3.0), between(3.0)]).collect();
    let inputs: Vec<f32> = (0..64).map(|_| between(5.0)).collect();
    let targets: Vec<f32> = inputs.iter().map(|x| libm::sinf(4.0 * x)).collect();
    let bowl = Quadratic { condition: 100.0 };
    let ripples = RippledBowl { bowl, amplitude: 0.05, frequency: 30.0 };
    let waves = Weierstrass { amplitude: 0.5, frequency: 3.0, terms: 5 };
    let mut found = Vec::new();
    let mut add = |comparisons: Result<[Comparison; 2]>| -> Result<()> {
        found.extend(comparisons?);
        Ok(())
    };
    add(of(device, "Ackley", Ackley, PARAMETERS))?;
    add(of(device, "Gaussian wells", GaussianWells { minima: &minima, width: 0.1 }, 2))?;
    add(of(device, "quadratic", bowl, PARAMETERS))?;
    add(of(device, "Rastrigin", Rastrigin, PARAMETERS))?;
    add(of(device, "rippled bowl", ripples, PARAMETERS))?;
    add(of(device, "Rosenbrock", Rosenbrock, PARAMETERS))?;
    add(of(device, "sine model", SineModel { inputs: &inputs, targets: &targets }, 2))?;
    add(of(device, "Weierstrass", waves, PARAMETERS))?;
    add(of(device, "Weierstrass-like", WeierstrassLike { terms: 100 }, PARAMETERS))?;
    add(of(device, "Whitley", Whitley, PARAMETERS))?;
    Ok(found)
}

fn of(
    device: &Device,
    name: &str,
    mut landscape: impl Shaded + Objective,
    parameters: usize,
) -> Result<[Comparison; 2]> {
    let mut there = Landscape::new(device, &landscape, parameters).context(name.to_owned())?;
    let mut random = Rand32::new(3);
    let mut slope = vec![0.0; parameters];
    let mut slope_there = Vector::zeros(device, parameters)?;
    let (mut losses, mut losses_there) = (Vec::new(), Vec::new());
    let (mut slopes, mut slopes_there) = (Vec::new(), Vec::new());
    for _ in 0..POINTS {
        let theta: Vec<f32> =
            (0..parameters).map(|_| 3.0 * (2.0 * random.rand_float() - 1.0)).collect();
        losses.push(landscape.gradient(&theta, &mut slope)?);
        slopes.extend_from_slice(&slope);
        let theta = Vector::from_slice(device, &theta)?;
        losses_there.push(there.gradient(&theta, &mut slope_there)?);
        slopes_there.extend(slope_there.read()?);
    }
    let demand = Demand::Part(PART);
    Ok([
        Comparison::of(format!("{name}: loss"), demand, &losses, &losses_there),
        Comparison::of(format!("{name}: gradient"), demand, &slopes, &slopes_there),
    ])
}

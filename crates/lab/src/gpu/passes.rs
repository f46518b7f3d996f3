//! Every pass over vectors.

use super::comparison::{Comparison, Demand};
use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::gpu::{Device, Shaders, Vector};
use rolling_ball::kernels::Wide;
use workload::passes::{Pass, Vectors, passes};

/// Over more than ten segments, and the last panel is short.
const LENGTH: usize = 1_000_003;
const RATE: f32 = 0.37;
/// Of the largest element: what the library states of the passes, of a sum of squares.
const PART: f32 = rolling_ball::gpu::TOLERANCE;

/// Vector and sums of each pass.
pub fn compare(device: &Device) -> Result<Vec<Comparison>> {
    let mut random = Rand32::new(1);
    let slices = [(); 4].map(|()| {
        let numbers = (0..LENGTH).map(|_| 2.0 * random.rand_float() - 1.0);
        numbers.collect::<Vec<f32>>()
    });
    let mut found = Vec::new();
    for (here, there) in passes::<Wide>().into_iter().zip(passes::<Shaders>()) {
        found.extend(compare_pass(device, &here, &there, slices.clone())?);
    }
    Ok(found)
}

fn compare_pass(
    device: &Device,
    here: &Pass,
    there: &Pass<Vector>,
    mut slices: [Vec<f32>; 4],
) -> Result<Vec<Comparison>> {
    // Adam's variance.
    slices[2].iter_mut().for_each(|element| *element = element.abs());
    let mut vectors = Vec::new();
    for slice in &slices {
        vectors.push(Vector::from_slice(device, slice)?);
    }
    let [theta, second, third, gradient] = &mut slices;
    let sums = (here.run)(Vectors { theta, second, third, gradient }, RATE);
    let [theta, second, third, gradient] = &mut vectors[..] else { return Ok(Vec::new()) };
    let sums_there = (there.run)(Vectors { theta, second, third, gradient }, RATE);
    let demand = Demand::on(device, PART);
    let mut found = Vec::new();
    if here.written > 0 {
        let expected: Vec<f32> = slices.concat();
        let mut actual = Vec::new();
        for vector in &vectors {
            actual.extend(vector.read()?);
        }
        found.push(Comparison::of(here.name.to_owned(), demand, &expected, &actual));
    }
    // Those that the pass has are not 0.
    let count = sums.iter().filter(|sum| **sum != 0.0).count();
    if count > 0 {
        let quantity = format!("{}: sums", here.name);
        found.push(Comparison::of(quantity, demand, &sums[..count], &sums_there[..count]));
    }
    device.failure().map_or(Ok(found), |error| Err(error.into()))
}

//! Landscapes on a device against the same landscapes on the processor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use rolling_ball::Objective;
use rolling_ball::gpu::{Device, Landscape, Shaded, Vector};
use rolling_ball::landscapes::*;
use support::random::Random;

fn compare(device: &Device, name: &str, landscape: impl Shaded + Objective, parameters: usize) {
    let mut landscape = landscape;
    let mut there = Landscape::new(device, &landscape, parameters).unwrap();
    let mut random = Random(5);
    let mut worst = (0f32, 0f32);
    for _ in 0..20 {
        let theta: Vec<f32> = random.vector(parameters).iter().map(|t| 3.0 * t).collect();
        let mut gradient = vec![0.0f32; parameters];
        let loss = landscape.gradient(&theta, &mut gradient).unwrap();
        let theta = Vector::from_slice(device, &theta).unwrap();
        let mut gradient_there = Vector::zeros(device, parameters).unwrap();
        let loss_there = there.gradient(&theta, &mut gradient_there).unwrap();
        assert_eq!(there.loss(&theta).unwrap(), loss_there);
        assert_eq!(device.failure(), None);
        let largest = gradient.iter().fold(0f32, |a, b| a.max(b.abs()));
        for (a, b) in gradient_there.read().unwrap().iter().zip(&gradient) {
            worst.1 = worst.1.max((a - b).abs() / largest);
        }
        worst.0 = worst.0.max((loss - loss_there).abs() / loss.abs().max(1.0));
    }
    eprintln!("{name} {parameters}: loss {:e} gradient {:e}", worst.0, worst.1);
}

#[test]
fn landscapes_agree() {
    let device = Device::new().unwrap();
    let wells: Vec<[f32; 2]> =
        (0..1000).map(|i| [(i as f32 * 0.37) % 6.0 - 3.0, (i as f32 * 0.91) % 6.0 - 3.0]).collect();
    let inputs: Vec<f32> = (0..64).map(|i| i as f32 / 6.4 - 5.0).collect();
    let targets: Vec<f32> = inputs.iter().map(|x| (4.0 * x).sin()).collect();
    for n in [2, 1000] {
        compare(&device, "ackley", Ackley, n);
        compare(&device, "quadratic", Quadratic { condition: 100.0 }, n);
        compare(&device, "rastrigin", Rastrigin, n);
        compare(
            &device,
            "rippled",
            RippledBowl { bowl: Quadratic { condition: 10.0 }, amplitude: 0.05, frequency: 30.0 },
            n,
        );
        compare(&device, "rosenbrock", Rosenbrock, n);
        compare(
            &device,
            "weierstrass",
            Weierstrass { amplitude: 0.5, frequency: 3.0, terms: 5 },
            n,
        );
        compare(&device, "weierstrass_like", WeierstrassLike { terms: 100 }, n);
        compare(&device, "whitley", Whitley, n.min(50));
    }
    compare(&device, "sine", SineModel { inputs: &inputs, targets: &targets }, 2);
    compare(&device, "wells", GaussianWells { minima: &wells, width: 0.1 }, 2);
}

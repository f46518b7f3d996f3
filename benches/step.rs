//! A whole step by length, on a bowl whose gradient is one pass: `cargo bench --features simd --bench step`.

#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rolling_ball::{
    Adam, AdamConfig, Error, Footpoint, Objective, Optimizer, RollingBall, RollingBallConfig, Sam,
    SamConfig, Sgd, SgdConfig, step,
};
use std::hint::black_box;
use std::time::Duration;

const LENGTHS: [usize; 4] = [64, 2_048, 65_536, 1 << 20];

/// `f(theta) = mean theta^2 / 2`
struct Bowl;

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(theta.iter().map(|t| t * t).sum::<f32>() / (2.0 * theta.len() as f32))
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let scale = 1.0 / theta.len() as f32;
        for (g, t) in gradient.iter_mut().zip(theta) {
            *g = t * scale;
        }
        self.loss(theta)
    }
}

type Named = (&'static str, Box<dyn Optimizer>);

fn optimizers(length: usize) -> Result<Vec<Named>, Error> {
    let vector = || vec![0.0; length];
    let ball = |footpoint| {
        let config = RollingBallConfig { footpoint, ..RollingBallConfig::default() };
        RollingBall::new(config, [vector(), vector()])
    };
    let nearest = Footpoint::GaussNewton { max_iterations: 8, tolerance: 1e-2 };
    let projection = Footpoint::GradientDescent { step: 0.1, iterations: 10 };
    let momentum = SgdConfig { momentum: 0.9, ..SgdConfig::default() };
    Ok(vec![
        ("ball, lagged contact", Box::new(ball(Footpoint::Contact { refreshes: 0 })?)),
        ("ball, nearest point", Box::new(ball(nearest)?)),
        ("ball, projection K 10", Box::new(ball(projection)?)),
        ("SGD", Box::new(Sgd::new(SgdConfig::default(), vector(), None)?)),
        ("momentum", Box::new(Sgd::new(momentum, vector(), Some(vector()))?)),
        ("Adam", Box::new(Adam::new(AdamConfig::default(), [vector(), vector(), vector()])?)),
        ("SAM", Box::new(Sam::new(SamConfig::default(), [vector(), vector()])?)),
    ])
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    group.sample_size(10).warm_up_time(Duration::from_millis(100));
    group.measurement_time(Duration::from_millis(400));
    for length in LENGTHS {
        let Ok(optimizers) = optimizers(length) else { continue };
        for (name, mut optimizer) in optimizers {
            let mut theta = vec![0.5; length];
            group.bench_function(BenchmarkId::new(name, length), |b| {
                b.iter(|| step(optimizer.as_mut(), &mut Bowl, black_box(&mut theta)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);

//! A whole step of every optimizer by length of theta, and a gradient of three networks beside it,
//! whose cost the optimizer's own comes on top of: `cargo bench --features simd --bench step`.
//!
//! A step's time includes its evaluations of a quadratic, each of which is one pass over theta and
//! the gradient; the group `evaluation` has them alone. The throughput is in bytes of theta.

use criterion::{BenchmarkId, Criterion, Throughput};
use rolling_ball::nn::Layer;
use rolling_ball::{Error, Objective, step};
use std::hint::black_box;
use std::time::Duration;
use workload::LENGTHS;
use workload::networks::{Convolutions, Digits, Images, Training, lend};
use workload::steps::{Quadratic, optimizers, start};

fn steps(criterion: &mut Criterion) -> Result<(), Error> {
    for length in LENGTHS {
        let mut group = criterion.benchmark_group(format!("step/{length}"));
        group.throughput(bytes(length));
        for (name, mut optimizer) in optimizers(length)? {
            let mut theta = start(length);
            group.bench_function(name, |bencher| {
                bencher.iter(|| black_box(step(&mut *optimizer, &mut Quadratic, &mut theta)));
            });
            // A step that fails is fast, and no measurement.
            step(&mut *optimizer, &mut Quadratic, &mut theta)?;
        }
        group.finish();
    }
    Ok(())
}

fn evaluations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evaluation");
    for length in LENGTHS {
        group.throughput(bytes(length));
        let theta = start(length);
        let mut gradient = vec![0.0; length];
        group.bench_function(BenchmarkId::new("gradient", length), |bencher| {
            bencher.iter(|| black_box(Quadratic.gradient(black_box(&theta), &mut gradient)));
        });
        group.bench_function(BenchmarkId::new("loss", length), |bencher| {
            bencher.iter(|| black_box(Quadratic.loss(black_box(&theta))));
        });
    }
    group.finish();
}

fn bytes(length: usize) -> Throughput {
    Throughput::Bytes((size_of::<f32>() * length) as u64)
}

fn network<L: Layer>(criterion: &mut Criterion, name: &str, samples: usize) -> Result<(), Error> {
    lend::<L>(samples, |Training { objective, theta, gradient }| {
        let mut group = criterion.benchmark_group(format!("{name}, {samples} samples"));
        group.throughput(Throughput::Elements(samples as u64));
        group.bench_function("gradient", |bencher| {
            bencher.iter(|| black_box(objective.gradient(black_box(theta), gradient)));
        });
        group.bench_function("loss", |bencher| {
            bencher.iter(|| black_box(objective.loss(black_box(theta))));
        });
        group.finish();
        Ok(())
    })
}

fn main() -> Result<(), Error> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .configure_from_args();
    steps(&mut criterion)?;
    evaluations(&mut criterion);
    network::<Digits>(&mut criterion, "network 64-32-10", 32)?;
    network::<Images>(&mut criterion, "network 784-128-10", 64)?;
    network::<Convolutions>(&mut criterion, "convolutional network 8 x 8", 32)?;
    criterion.final_summary();
    Ok(())
}

//! The passes over memory by length: `cargo bench --features simd --bench kernels`.

#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
#[cfg(feature = "simd")]
use rolling_ball::kernels::Wide;
use rolling_ball::kernels::{Kernels, Scalar};
use std::hint::black_box;
use std::time::Duration;

const LENGTHS: [usize; 4] = [64, 2_048, 65_536, 1 << 20];

/// The reductions and updates of the ball's forms, with the bytes that they read and write.
fn passes<K: Kernels>(criterion: &mut Criterion, name: &str) {
    for length in LENGTHS {
        let mut group = criterion.benchmark_group(format!("{name}/{length}"));
        group.sample_size(10).warm_up_time(Duration::from_millis(100));
        group.measurement_time(Duration::from_millis(400));
        let bytes = |vectors: usize| Throughput::Bytes((4 * vectors * length) as u64);
        let mut theta = vec![0.5; length];
        let (mut first, mut second) = (vec![0.25; length], vec![0.125; length]);

        group.throughput(bytes(2));
        group.bench_function("dot", |b| b.iter(|| K::dot(black_box(&theta), &first)));
        group.throughput(bytes(3));
        group.bench_function("contact_sums", |b| {
            b.iter(|| K::contact_sums(black_box(&theta), &first, &second));
        });
        group.bench_function("footpoint_sums", |b| {
            b.iter(|| K::footpoint_sums(black_box(&theta), &first, &second));
        });
        group.bench_function("add_scaled", |b| {
            b.iter(|| K::add_scaled(black_box(&mut theta), 1e-9, &first));
        });
        group.throughput(bytes(5));
        group.bench_function("gauss_newton_move", |b| {
            b.iter(|| K::gauss_newton_move(black_box(&mut theta), &first, &mut second, 0.5));
        });
        group.bench_function("project", |b| {
            b.iter(|| K::project(black_box(&mut theta), &first, &mut second, 0.1, 0.5));
        });
        group.throughput(bytes(6));
        group.bench_function("roll", |b| {
            b.iter(|| K::roll(black_box(&mut theta), &mut first, &mut second, 0.1, 0.5));
        });
        group.finish();
    }
}

fn kernels(criterion: &mut Criterion) {
    passes::<Scalar>(criterion, "scalar");
    #[cfg(feature = "simd")]
    passes::<Wide>(criterion, "wide");
}

criterion_group!(benches, kernels);
criterion_main!(benches);

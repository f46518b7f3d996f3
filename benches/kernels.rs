//! Every pass over memory, by length, on every set of kernels:
//! `cargo bench --features simd --bench kernels`.
//!
//! The throughput counts each slice once for a read and once for a write.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use rolling_ball::kernels::Scalar;
#[cfg(feature = "simd")]
use rolling_ball::kernels::Wide;
use std::hint::black_box;
use std::time::Duration;
use workload::LENGTHS;
use workload::passes::{AT_REST, Pass, passes};
use workload::slices::Slices;

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    kernels: &str,
    pass: Pass,
    memory: &mut [Slices],
) {
    for (length, slices) in LENGTHS.into_iter().zip(memory) {
        group.throughput(Throughput::Bytes(pass.bytes() * length as u64));
        group.bench_function(BenchmarkId::new(kernels, length), |bencher| {
            bencher.iter(|| black_box((pass.run)(black_box(slices.vectors()), AT_REST)));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .configure_from_args();
    let mut memory = LENGTHS.map(Slices::new);
    let scalar = passes::<Scalar>();
    #[cfg(feature = "simd")]
    let mut wide = passes::<Wide>().into_iter();
    for pass in scalar {
        let mut group = criterion.benchmark_group(pass.name);
        bench(&mut group, "Scalar", pass, &mut memory);
        #[cfg(feature = "simd")]
        if let Some(pass) = wide.next() {
            bench(&mut group, "Wide", pass, &mut memory);
        }
        group.finish();
    }
    criterion.final_summary();
}

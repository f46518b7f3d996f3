//! Every pass over memory, by length, on every set of kernels: `cargo bench --features simd --bench kernels`.
//!
//! The throughput counts each slice once for a read and once for a write.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
#[cfg(feature = "simd")]
use rolling_ball::kernels::Wide;
use rolling_ball::kernels::{AdamCoefficients, Kernels, Scalar};
use std::hint::black_box;
use std::time::Duration;

/// From a tail of a few neurons to a vector that no second-level cache holds.
const LENGTHS: [usize; 4] = [64, 2048, 65_536, 1 << 20];

/// Slices as long as theta: values of order 1, and so small a rate that no number of passes makes them overflow or
/// subnormal, which would be timed with another speed.
struct Slices {
    theta: Vec<f32>,
    second: Vec<f32>,
    third: Vec<f32>,
    gradient: Vec<f32>,
}

impl Slices {
    fn new(length: usize) -> Self {
        let wave = |phase: f32| (0..length).map(|i| 1.5 + (i as f32 + phase).sin()).collect();
        Self { theta: wave(0.0), second: wave(1.0), third: wave(2.0), gradient: wave(3.0) }
    }
}

/// A pass: its name, how many slices it reads and writes, and itself.
type Pass = (&'static str, u64, fn(&mut Slices));

fn passes<K: Kernels>() -> [Pass; 16] {
    const RATE: f32 = 1e-9;
    const ADAM: AdamCoefficients = AdamCoefficients {
        beta1: 0.9,
        beta2: 0.999,
        rate: RATE,
        second_correction: 1.0,
        epsilon: 1e-8,
        decay: 0.0,
    };
    [
        ("dot", 2, |s| {
            black_box(K::dot(&s.theta, &s.gradient));
        }),
        ("squared_norms", 2, |s| {
            black_box(K::squared_norms(&s.theta, &s.gradient));
        }),
        ("footpoint_sums", 3, |s| {
            black_box(K::footpoint_sums(&s.theta, &s.second, &s.gradient));
        }),
        ("contact_sums", 3, |s| {
            black_box(K::contact_sums(&s.theta, &s.second, &s.gradient));
        }),
        ("add_scaled", 3, |s| K::add_scaled(&mut s.theta, RATE, &s.gradient)),
        ("scale_into", 2, |s| K::scale_into(&mut s.theta, 0.5, &s.gradient)),
        ("interpolate_into", 3, |s| {
            K::interpolate_into(&mut s.gradient, &s.theta, &s.second, 0.5);
        }),
        ("displace", 4, |s| K::displace(&mut s.theta, &mut s.second, &s.gradient, RATE, 0.1)),
        // These leave the old theta in the gradient: the next pass reads that for a gradient.
        ("gauss_newton_move", 5, |s| {
            K::gauss_newton_move(&mut s.theta, &s.second, &mut s.gradient, RATE);
        }),
        ("project", 5, |s| K::project(&mut s.theta, &s.second, &mut s.gradient, RATE, 1.0)),
        ("roll", 6, |s| {
            black_box(K::roll(&mut s.theta, &mut s.second, &mut s.gradient, RATE, 0.1));
        }),
        ("descend", 4, |s| K::descend(&mut s.theta, &mut s.gradient, RATE)),
        ("descend_with_momentum", 6, |s| {
            let (theta, velocity, gradient) = (&mut s.theta, &mut s.second, &mut s.gradient);
            black_box(K::descend_with_momentum(theta, velocity, gradient, RATE, 0.5, false));
        }),
        ("adam", 8, |s| {
            let (theta, gradient) = (&mut s.theta, &mut s.gradient);
            black_box(K::adam(theta, &mut s.second, &mut s.third, gradient, ADAM));
        }),
        ("perturb", 4, |s| K::perturb(&mut s.theta, &mut s.second, &s.gradient, RATE)),
        ("descend_from", 3, |s| K::descend_from(&mut s.theta, &s.second, &s.gradient, RATE)),
    ]
}

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, kernels: &str, (_, slices, pass): Pass) {
    for length in LENGTHS {
        group.throughput(Throughput::Bytes(slices * 4 * length as u64));
        let mut memory = Slices::new(length);
        group.bench_function(BenchmarkId::new(kernels, length), |bencher| {
            bencher.iter(|| pass(black_box(&mut memory)));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .configure_from_args();
    let scalar = passes::<Scalar>();
    #[cfg(feature = "simd")]
    let mut wide = passes::<Wide>().into_iter();
    for pass in scalar {
        let mut group = criterion.benchmark_group(pass.0);
        bench(&mut group, "Scalar", pass);
        #[cfg(feature = "simd")]
        if let Some(pass) = wide.next() {
            bench(&mut group, "Wide", pass);
        }
        group.finish();
    }
    criterion.final_summary();
}

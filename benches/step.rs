//! A whole step of every optimizer by length of theta, and a gradient of two networks beside it, whose cost the
//! optimizer's own comes on top of: `cargo bench --features simd --bench step`.
//!
//! A step's time includes its evaluations of a quadratic, each of which is one pass over theta and the gradient; the
//! group `evaluation` has them alone. The throughput is in parameters.

use criterion::{BenchmarkId, Criterion, Throughput};
use rolling_ball::nn::{
    Chain, Conv2d, Dense, DepthwiseConv2d, GlobalAveragePool, Layer, Map, MaxPool, Network, Relu,
    Sample, Shape, SoftmaxCrossEntropy, Window,
};
use rolling_ball::{
    Adam, AdamConfig, CentreStep, Error, Footpoint, Objective, Optimizer, RollingBall,
    RollingBallConfig, Sam, SamConfig, Sgd, SgdConfig, step,
};
use std::hint::black_box;
use std::time::Duration;

/// From a tail of a few neurons to a vector that no second-level cache holds.
const LENGTHS: [usize; 4] = [64, 2048, 65_536, 1 << 20];
/// So small that theta, and with it the number of trials in a step, stays as it is however many steps are made.
const RATE: f32 = 1e-9;

/// `sum_i curvature_i theta_i^2 / 2n`, where the curvatures are 1, 2, 3, 4, 1, ...: one pass.
struct Quadratic;

const CURVATURES: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

impl Objective for Quadratic {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        let mut sums = [0.0; 4];
        for theta in theta.chunks_exact(4) {
            for ((sum, curvature), t) in sums.iter_mut().zip(CURVATURES).zip(theta) {
                *sum += curvature * t * t;
            }
        }
        Ok(sums.iter().sum::<f32>() / (2.0 * theta.len() as f32))
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let scale = 1.0 / theta.len() as f32;
        let mut sums = [0.0; 4];
        for (theta, gradient) in theta.chunks_exact(4).zip(gradient.chunks_exact_mut(4)) {
            let elements = theta.iter().zip(gradient).zip(CURVATURES);
            for (sum, ((t, slope), curvature)) in sums.iter_mut().zip(elements) {
                let along = curvature * t;
                *sum += along * t;
                *slope = scale * along;
            }
        }
        Ok(sums.iter().sum::<f32>() * scale / 2.0)
    }
}

fn start(length: usize) -> Vec<f32> {
    (0..length).map(|i| 1.5 + (i as f32).sin()).collect()
}

type Named = (&'static str, Box<dyn Optimizer>);

/// Every optimizer, with its name. No roll-back, so that none pays for a loss that it does not need.
fn optimizers(length: usize) -> Result<Vec<Named>, Error> {
    let zeros = || vec![0.0; length];
    let ball = |footpoint| {
        let config = RollingBallConfig {
            learning_rate: RATE.into(),
            footpoint,
            centre_step: CentreStep::ArcLength,
            roll_back: false,
            ..RollingBallConfig::default()
        };
        RollingBall::new(config, [zeros(), zeros()])
    };
    let sgd = |momentum| {
        let config = SgdConfig {
            learning_rate: RATE.into(),
            momentum,
            roll_back: false,
            ..SgdConfig::default()
        };
        Sgd::new(config, zeros(), Some(zeros()))
    };
    let adam = AdamConfig { learning_rate: RATE.into(), roll_back: false, ..AdamConfig::default() };
    let sam = SamConfig { learning_rate: RATE.into(), roll_back: false, ..SamConfig::default() };
    Ok(vec![
        ("ball, lagged contact", Box::new(ball(Footpoint::Contact { refreshes: 0 })?)),
        ("ball, refreshed contact", Box::new(ball(Footpoint::Contact { refreshes: 1 })?)),
        (
            "ball, nearest point",
            Box::new(ball(Footpoint::GaussNewton { max_iterations: 8, tolerance: 1e-2 })?),
        ),
        (
            "ball, paper's projection, K 4",
            Box::new(ball(Footpoint::GradientDescent { step: 0.1, iterations: 4 })?),
        ),
        ("SGD", Box::new(sgd(0.0)?)),
        ("momentum", Box::new(sgd(0.9)?)),
        ("Adam", Box::new(Adam::new(adam, [zeros(), zeros(), zeros()])?)),
        ("SAM", Box::new(Sam::new(sam, [zeros(), zeros()])?)),
    ])
}

fn steps(criterion: &mut Criterion) -> Result<(), Error> {
    for length in LENGTHS {
        let mut group = criterion.benchmark_group(format!("step/{length}"));
        group.throughput(Throughput::Elements(length as u64));
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
        group.throughput(Throughput::Elements(length as u64));
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

fn networks(criterion: &mut Criterion) -> Result<(), Error> {
    type Connected = Chain<Dense<64, 32>, Chain<Relu<32>, Dense<32, 10>>>;
    network::<Connected>(criterion, "network 64-32-10, 32 samples")?;

    type First = Conv2d<Map<8, 8, 1>, Window<3, 3, 1, 1, 1, 1>, 8>;
    type Pooled = MaxPool<First, Window<2, 2, 2, 2>>;
    type Spatial = DepthwiseConv2d<Pooled, Window<3, 3, 1, 1, 1, 1>>;
    type Pointwise = Conv2d<Spatial, Window<1, 1>, 16>;
    type Front = Chain<First, Chain<Relu<{ First::LENGTH }>, Pooled>>;
    type Back = Chain<Spatial, Chain<Pointwise, Relu<{ Pointwise::LENGTH }>>>;
    type Head = Chain<GlobalAveragePool<Pointwise>, Dense<16, 10>>;
    type Convolutional = Chain<Front, Chain<Back, Head>>;
    network::<Convolutional>(criterion, "convolutional network 8 x 8, 32 samples")
}

fn network<L: Layer>(criterion: &mut Criterion, name: &str) -> Result<(), Error> {
    const BATCH: usize = 32;

    let mut theta = vec![0.0; L::PARAMETERS];
    let mut angle = 0.0f32;
    L::initialise(&mut theta, &mut || {
        angle += 1.0;
        angle.sin()
    })?;
    let inputs: [Vec<f32>; BATCH] = std::array::from_fn(|i| {
        (0..L::INPUTS).map(|j| ((i * L::INPUTS + j) as f32).sin()).collect()
    });
    let stream = inputs
        .iter()
        .enumerate()
        .map(|(i, input)| Sample { input: input.as_slice(), target: i % 10 });
    let mut scratch = vec![0.0; Network::<L>::SCRATCH];
    let network = Network::<L>::new(&[])?;
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
    let mut gradient = vec![0.0; L::PARAMETERS];

    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("gradient", |bencher| {
        bencher.iter(|| black_box(objective.gradient(black_box(&theta), &mut gradient)));
    });
    group.bench_function("loss", |bencher| {
        bencher.iter(|| black_box(objective.loss(black_box(&theta))));
    });
    group.finish();
    Ok(())
}

fn main() -> Result<(), Error> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .configure_from_args();
    steps(&mut criterion)?;
    evaluations(&mut criterion);
    networks(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

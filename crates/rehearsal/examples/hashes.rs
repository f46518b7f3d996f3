//! What the tests of the Python package compare with: the same runs in Rust alone. A line for each:
//! its name, and the hashes of theta's bits after every step.

use rolling_ball::kernels::{Active, Scalar};
use rolling_ball::nn::{Credibility, FineTuning, QuantizedSamples, SoftmaxCrossEntropy};
use rolling_ball::{
    AdamConfig, DogConfig, EntropySgdConfig, Error, GaussNewton, GradientDescent, Objective,
    Optimizer, Plain, ProdigyConfig, RollingBallConfig, SamConfig, Schedule, SgdConfig,
    ZerothOrderBallConfig, step,
};
use rolling_ball_fleet::{Begin, Metrics, TrainingBuffers, train};
use rolling_ball_rehearsal::{
    Buffers, Event, Image, Model, OptimizerConfig, OptimizerKind, Settings, fine_tune, hash,
};

/// A network that import has written and this repository has committed, all of theta in `f32`.
#[allow(missing_docs)]
#[path = "../../../models/generated/digits_mlp.rs"]
mod digits_mlp;

/// The same, with a backbone in int8.
#[allow(missing_docs)]
#[path = "../../../models/generated/digits_cnn.rs"]
mod digits_cnn;

/// Samples that the tests make too: a pattern of bytes for each class, with noise in the lower
/// bits.
const COUNT: usize = 40;

fn labels() -> Vec<u8> {
    (0..COUNT).map(|index| (index * 7 % 10) as u8).collect()
}

fn bytes(width: usize) -> Vec<u8> {
    let scattered = |index: usize| (index as u32).wrapping_mul(2_654_435_761) >> 24;
    let row = |(index, label): (usize, u8)| {
        let (noise, pattern) = (index * width + 999_983, usize::from(label) * width);
        (0..width).map(move |column| {
            (scattered(pattern + column) & 0xe0 | scattered(noise + column) & 0x1f) as u8
        })
    };
    labels().into_iter().enumerate().flat_map(row).collect()
}

/// Every optimizer of a rehearsal, and the transaction.
macro_rules! network {
    ($module:ident, $width:expr) => {
        let (inputs, labels) = (bytes($width), labels());
        let samples = QuantizedSamples {
            inputs: &inputs,
            labels: &labels,
            width: $width,
            scale: 0.0078125,
            offset: -1.0,
        };
        for optimizer in OptimizerKind::ALL {
            let settings =
                Settings { optimizer, steps: 12, batch: 15, radius: 0.05, learning_rate: 0.25 };
            let image =
                Image { settings, weights: &$module::THETA, labelled: samples, held_out: samples };
            let network = $module::network()?;
            let model = Model { network, start: &$module::THETA, image };
            let mut theta = vec![0.0; $module::Network::PARAMETERS];
            let mut vectors = [const { Vec::new() }; 3].map(|_: Vec<f32>| theta.clone());
            let mut scratch = vec![0.0; $module::Network::SCRATCH];
            let buffers = Buffers {
                theta: &mut theta,
                workspace: vectors.each_mut().map(Vec::as_mut_slice),
                scratch: &mut scratch,
                features: &mut [],
            };
            let mut hashes = Vec::new();
            fine_tune(
                Scalar,
                &model,
                buffers,
                || 0,
                |event| {
                    if let Event::Step(step) = event {
                        hashes.push(step.hash);
                    }
                },
            )?;
            tell(&format!("{} {}", stringify!($module), optimizer.name()), &hashes);
        }
        let mut records = [Credibility::NEW; COUNT];
        let mut scratch = vec![0.0; $module::Network::SCRATCH];
        let mut theta = vec![0.0; $module::Network::PARAMETERS];
        let vectors = [theta.clone(), theta.clone()];
        let (network, loss) = ($module::network()?, SoftmaxCrossEntropy::new());
        let (records, scratch) = (&mut records, &mut scratch);
        let mut tuning =
            FineTuning::new(network, loss, samples, &$module::THETA, vectors, records, scratch)?;
        let kept = tuning.finish(&mut theta)?.kept;
        let credibilities: Vec<f32> =
            tuning.credibilities().iter().map(Credibility::label).collect();
        let all = [hash(&theta), kept.to_bits(), hash(&credibilities)];
        tell(&format!("{} fine_tune", stringify!($module)), &all);

        for guarded in [false, true] {
            let (steps, batch, seed) = (40, 15, 3);
            let (radius, learning_rate) = (0.03, 2.0);
            let begin =
                Begin { steps, batch, seed, radius, learning_rate, guarded, ..Begin::default() };
            let mut vectors = [const { Vec::new() }; 2].map(|_: Vec<f32>| theta.clone());
            let buffers = TrainingBuffers {
                theta: &mut theta,
                vectors: vectors.each_mut().map(Vec::as_mut_slice),
                scratch: &mut *scratch,
                credibilities: &mut *records,
            };
            let (network, start) = ($module::network()?, &$module::THETA);
            let metrics = train(&network, samples, start, &begin, buffers, &mut ())?;
            let Metrics { correct_before, correct_after, loss_before, loss_after, kept, .. } =
                metrics.unwrap_or_default();
            let floats = [loss_before, loss_after, kept].map(f32::to_bits);
            let all = [&[hash(&theta), correct_before, correct_after][..], &floats].concat();
            let guarded = if guarded { " guarded" } else { "" };
            tell(&format!("{} train{guarded}", stringify!($module)), &all);
        }
    };
}

/// Half the square of the length, of which every part is computed alike everywhere.
struct Bowl;

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(theta.first().map_or(0.0, |first| first * first) + 0.5)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        for (slope, t) in gradient.iter_mut().zip(theta) {
            *slope = t * 0.75;
        }
        self.loss(theta)
    }
}

const PARAMETERS: usize = 1000;

fn bowl<C: OptimizerConfig<Active>>(name: &str, config: C) -> Result<(), Error> {
    let mut theta: Vec<f32> =
        (0..PARAMETERS).map(|index| (index % 17) as f32 * 0.125 - 1.0).collect();
    let vector = || Ok::<_, Error>(vec![0.0; PARAMETERS]);
    let mut optimizer = config.build(Active::default(), vector)?;
    let mut hashes = Vec::new();
    for _ in 0..12 {
        step(&mut optimizer, &mut Bowl, &mut theta)?;
        hashes.push(hash(&theta));
    }
    hashes.push(hash(optimizer.centre(&theta)?));
    tell(name, &hashes);
    Ok(())
}

fn tell(name: &str, hashes: &[u32]) {
    let hashes: Vec<String> = hashes.iter().map(ToString::to_string).collect();
    println!("{name}: {}", hashes.join(" "));
}

fn main() -> Result<(), Error> {
    network!(digits_mlp, 64);
    network!(digits_cnn, 64);

    let rate = Schedule::Constant(0.25);
    let ball = RollingBallConfig::default();
    bowl("Ball", RollingBallConfig { learning_rate: rate, ..ball })?;
    bowl("Ball shrinking", RollingBallConfig::shrinking(0.5, 0.25, 10))?;
    let nearest = GaussNewton { max_iterations: 8, tolerance: 0.01 };
    bowl("Ball gauss_newton", ball.with_footpoint(nearest).with_centre_step(Plain))?;
    let paper = GradientDescent { step: 0.01, iterations: 8 };
    bowl("Ball gradient_descent", ball.with_footpoint(paper))?;
    bowl("Sgd", SgdConfig { momentum: 0.9, nesterov: true, ..SgdConfig::default() })?;
    bowl("Adam", AdamConfig { weight_decay: 0.01, ..AdamConfig::default() })?;
    bowl("Sam", SamConfig { learning_rate: rate, ..SamConfig::default() })?;
    bowl("EntropySgd", EntropySgdConfig { moves: 5, seed: 3, ..EntropySgdConfig::default() })?;
    bowl("Dog", DogConfig { average: true, ..DogConfig::default() })?;
    bowl("Prodigy", ProdigyConfig::default())?;
    bowl("ZerothOrderBall", ZerothOrderBallConfig::shrinking(0.5, PARAMETERS, 12))
}

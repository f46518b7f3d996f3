//! Weights in few bits: rounded after training, and trained at rounded weights.
//!
//! A network learns to which of two spirals a point belongs. In 2 bits a neuron's weights are -1, 0
//! and 1 times a scale of the neuron. What was trained without knowing that is another network when
//! it is rounded; what was trained at its rounded weights is deployed as it was trained.
//!
//! ```text
//! cargo run --release --example few_bits
//! ```

use rolling_ball::few_bits::{StraightThrough, round};
use rolling_ball::nn::{Dense, Layer, Network, ParameterKind, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, Objective, RollingBall, RollingBallConfig, step};

type Layers = (Dense<2, 16>, Relu<16>, Dense<16, 16>, Relu<16>, Dense<16, 2>);
type Net = Network<'static, Layers>;
type Theta = [f32; Net::PARAMETERS];

/// The number of points on both spirals together.
const SAMPLES: u16 = 200;
const STEPS: u32 = 1000;

/// A point on one of the spirals, `turned` of the way to the next point on the same one.
fn point(index: u16, turned: f32) -> Sample<[f32; 2], usize> {
    let class = index % 2;
    let along = (f32::from(index / 2) + turned) / f32::from(SAMPLES / 2);
    let angle = core::f32::consts::PI * (3.0 * along + f32::from(class));
    let radius = 0.2 + 0.8 * along;
    Sample { input: [radius * angle.cos(), radius * angle.sin()], target: usize::from(class) }
}

/// How many of the points in between the network puts on the right spiral, in per cent.
fn accuracy(theta: &[f32]) -> Result<f32, Error> {
    let (network, mut scratch) = (Net::new(&[])?, [0.0; Net::SCRATCH]);
    let mut right = 0;
    for index in 0..SAMPLES {
        let Sample { input, target } = point(index, 0.5);
        right += u16::from(network.classify(theta, &input.as_slice(), &mut scratch)? == target);
    }
    Ok(100.0 * f32::from(right) / f32::from(SAMPLES))
}

/// Trains from the same start each time.
fn train(objective: &mut impl Objective) -> Result<Theta, Error> {
    let mut state = 2025_u32;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut theta = [0.0; Net::PARAMETERS];
    Layers::initialise(&mut theta, &mut uniform)?;
    let config = RollingBallConfig::fine_tuning(STEPS);
    let mut ball = RollingBall::new(config, [[0.0; Net::PARAMETERS]; 2])?;
    for _ in 0..STEPS {
        step(&mut ball, objective, &mut theta)?;
    }
    Ok(theta)
}

fn main() -> Result<(), Error> {
    let samples: [_; SAMPLES as usize] = core::array::from_fn(|index| point(index as u16, 0.0));
    let stream = samples
        .iter()
        .map(|Sample { input, target }| Sample { input: input.as_slice(), target: *target });
    let network = Net::new(&[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), stream.clone(), &mut scratch)?;
    let theta = train(&mut batch)?;
    println!("Accuracy on points in between, in per cent. In 32 bits: {:.1}\n", accuracy(&theta)?);
    println!("bits  rounded after  trained at rounded weights");
    for bits in [8, 4, 3, 2] {
        // A scale for each neuron; biases stay as they are.
        let groups = Net::groups(|kind| (kind == ParameterKind::Weight).then_some(bits));
        let mut rounded = [0.0; Net::PARAMETERS];
        round(&theta, &groups, &mut rounded)?;

        // The buffer for the rounded weights is all the memory that this takes.
        let batch = network.batch(SoftmaxCrossEntropy::new(), stream.clone(), &mut scratch)?;
        let mut rounding = StraightThrough::new(batch, groups, [0.0; Net::PARAMETERS])?;
        let trained = train(&mut rounding)?;
        let deployed = rounding.rounded(&trained)?;
        println!("{bits:>4} {:>14.1} {:>27.1}", accuracy(&rounded)?, accuracy(deployed)?);
    }
    Ok(())
}

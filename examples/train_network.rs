//! A whole network trained from scratch, in memory that is known before it runs.
//!
//! Two spirals are wound around each other; the network tells from the coordinates of a point to
//! which of them it belongs. It learns from some points and is tested on others in between. Nothing
//! is allocated: every length is a constant of the network's type.
//!
//! ```text
//! cargo run --release --example train_network
//! ```

use rolling_ball::nn::{Dense, FitsIn, Layer, Network, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, Objective, Optimizer, RollingBall, RollingBallConfig, step};

/// Two coordinates, two times 16 hidden neurons, and two classes.
type Layers = (Dense<2, 16>, Relu<16>, Dense<16, 16>, Relu<16>, Dense<16, 2>);
type Net = Network<'static, Layers>;

/// This does not compile where the board has less memory than training takes.
const _: () = FitsIn::<Net, { 8 * 1024 }>::CHECK;

/// The number of points on both spirals together.
const SAMPLES: u16 = 200;
const STEPS: u32 = 400;

/// A point on one of the spirals, `turned` of the way to the next point on the same one.
fn point(index: u16, turned: f32) -> Sample<[f32; 2], usize> {
    let class = index % 2;
    let along = (f32::from(index / 2) + turned) / f32::from(SAMPLES / 2);
    let angle = core::f32::consts::PI * (2.5 * along + f32::from(class));
    let radius = 0.2 + 0.8 * along;
    Sample { input: [radius * angle.cos(), radius * angle.sin()], target: usize::from(class) }
}

/// How many of the points in between the network puts on the right spiral, in per cent.
fn accuracy(theta: &[f32]) -> Result<f32, Error> {
    let network = Net::new(&[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let mut right = 0;
    for index in 0..SAMPLES {
        let Sample { input, target } = point(index, 0.5);
        right += u16::from(network.classify(theta, &input.as_slice(), &mut scratch)? == target);
    }
    Ok(100.0 * f32::from(right) / f32::from(SAMPLES))
}

/// Numbers from -1 to below 1, the same in every run (xorshift).
fn uniform_numbers(mut state: u32) -> impl FnMut() -> f32 {
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

fn main() -> Result<(), Error> {
    println!("parameters: {}", Net::PARAMETERS);
    println!(
        "RAM to train them: {} bytes (theta, two vectors of the ball, the activations of one \
         sample)\n",
        Net::RAM_BYTES
    );

    let mut theta = [0.0; Net::PARAMETERS];
    Layers::initialise(&mut theta, &mut uniform_numbers(2025))?;
    let mut ball = RollingBall::new(
        RollingBallConfig::shrinking(0.1, 1.0, STEPS),
        [[0.0; Net::PARAMETERS]; 2],
    )?;

    // The samples are streamed through the network one by one for each evaluation, so that any
    // number of them takes the same RAM. Here they are in an array; on a device they would be in
    // flash.
    let samples: [_; SAMPLES as usize] = core::array::from_fn(|index| point(index as u16, 0.0));
    let stream = samples
        .iter()
        .map(|Sample { input, target }| Sample { input: input.as_slice(), target: *target });
    let network = Net::new(&[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;

    // Theta is where the ball touches the graph of the loss. The centre can be deployed as well; it
    // is written over the gradient, so it takes no memory.
    println!("                   accuracy on the other points, in per cent");
    println!(" step       loss    contact     centre");
    loop {
        if ball.steps().is_multiple_of(STEPS / 8) {
            println!(
                "{:>5} {:>10.5} {:>10.1} {:>10.1}",
                ball.steps(),
                objective.loss(&theta)?,
                accuracy(&theta)?,
                accuracy(ball.centre(&theta)?)?
            );
        }
        if ball.steps() == STEPS {
            return Ok(());
        }
        step(&mut ball, &mut objective, &mut theta)?;
    }
}

//! A network whose large front part stays as it is, in flash, and whose small tail learns.
//!
//! The front turns a point of the plane into 48 features; the tail decides from the features
//! whether the point lies in a circle. Only the tail's parameters, and what the optimizer needs for
//! them, take RAM.
//!
//! ```text
//! cargo run --release --example frozen_backbone
//! ```

use rolling_ball::nn::{Dense, FloatBackbone, Network, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, RollingBall, RollingBallConfig, step};

const FEATURES: usize = 48;
type Front = (Dense<2, 24>, Relu<24>, Dense<24, FEATURES>, Relu<FEATURES>);
type Backbone = FloatBackbone<'static, Front>;
type Tail = Dense<FEATURES, 2>;
type Net = Network<'static, Tail, Backbone>;
/// The same layers, all of them trained, for comparison.
type TrainedWhole = Network<'static, (Front, Tail)>;

/// A `static` that never changes is linked into flash and read there. In a firmware it would hold
/// trained weights; here arbitrary numbers do, since their features are good enough for a circle.
static IN_FLASH: [f32; Backbone::PARAMETERS] = arbitrary_numbers(12);

const SAMPLES: u16 = 300;
const STEPS: u32 = 300;

/// Numbers from -1 to below 1, made by the compiler (xorshift).
const fn arbitrary_numbers<const N: usize>(mut state: u32) -> [f32; N] {
    let mut numbers = [0.0; N];
    let mut rest = numbers.as_mut_slice();
    while let [first, others @ ..] = rest {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *first = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
        rest = others;
    }
    numbers
}

/// The points of a spiral that fills the unit disc evenly. Those within 0.7 of its centre, which is
/// half of them, are class 1.
fn point(index: f32) -> Sample<[f32; 2], usize> {
    let radius = (index / f32::from(SAMPLES)).sqrt();
    let angle = 2.4 * index;
    Sample {
        input: [radius * angle.cos(), radius * angle.sin()],
        target: usize::from(radius < 0.7),
    }
}

/// How many of the points between the samples the network puts on the right side, in per cent.
fn accuracy(theta: &[f32]) -> Result<f32, Error> {
    let network = Net::with_backbone(Backbone::new(&IN_FLASH)?, &[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let mut right = 0;
    for index in 0..SAMPLES {
        let Sample { input, target } = point(f32::from(index) + 0.5);
        right += u16::from(network.classify(theta, &input.as_slice(), &mut scratch)? == target);
    }
    Ok(100.0 * f32::from(right) / f32::from(SAMPLES))
}

fn main() -> Result<(), Error> {
    println!("parameters   frozen {:>5}   trained {:>5}", Backbone::PARAMETERS, Net::PARAMETERS);
    println!("RAM to train the tail        {:>6} bytes", Net::RAM_BYTES);
    println!("RAM to train all the layers  {:>6} bytes\n", TrainedWhole::RAM_BYTES);

    // Theta is the tail alone. Zeros are a fair start for a tail of one layer, because every class
    // is equally likely.
    let mut theta = [0.0; Net::PARAMETERS];
    println!("accuracy on other points: {:.1} %", accuracy(&theta)?);

    let samples: [_; SAMPLES as usize] = core::array::from_fn(|index| point(index as f32));
    let stream = samples
        .iter()
        .map(|Sample { input, target }| Sample { input: input.as_slice(), target: *target });
    let mut scratch = [0.0; Net::SCRATCH];
    let network = Net::with_backbone(Backbone::new(&IN_FLASH)?, &[])?;
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
    let mut ball = RollingBall::new(
        RollingBallConfig::shrinking(0.03, 0.3, STEPS),
        [[0.0; Net::PARAMETERS]; 2],
    )?;
    for _ in 0..STEPS {
        let report = step(&mut ball, &mut objective, &mut theta)?;
        if report.step.is_multiple_of(STEPS / 5) {
            println!("    step {:>4}: loss {:.4}", report.step, report.loss_before);
        }
    }
    println!("accuracy on other points: {:.1} %", accuracy(&theta)?);
    Ok(())
}

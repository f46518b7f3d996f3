//! A network trained sample by sample on two interleaved half-moons; its memory is known at compile time.
//!
//! `cargo run --release --example train_network`

use rolling_ball::nn::{Chain, Dense, FitsIn, Layer, Network, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, RollingBall, RollingBallConfig, step};

type Layers = Chain<Dense<2, 16>, Chain<Relu<16>, Dense<16, 2>>>;
type Net = Network<'static, Layers>;

/// A board with 4 KB of RAM will do. With 1 KB this line would not compile.
const _: () = FitsIn::<Net, { 4 * 1024 }>::CHECK;

/// A point on one of the moons, blurred a little by a fixed pattern.
fn moon(index: usize) -> ([f32; 2], usize) {
    let class = index % 2;
    let angle = (index as f32 * 0.618_034).fract() * core::f32::consts::PI;
    let blur = 0.3 * ((index as f32 * 0.754_878).fract() - 0.5);
    let (sin, cos) = angle.sin_cos();
    let point = if class == 0 { [cos + blur, sin] } else { [1.0 - cos + blur, 0.5 - sin] };
    (point, class)
}

fn accuracy(network: &Net, theta: &[f32], scratch: &mut [f32]) -> Result<f32, Error> {
    let mut right = 0;
    for index in 1000..1500 {
        let (point, class) = moon(index);
        right += u32::from(network.classify(theta, &point.as_slice(), scratch)? == class);
    }
    Ok(right as f32 / 5.0)
}

fn main() -> Result<(), Error> {
    println!("{} parameters, {} bytes of RAM to train them", Net::PARAMETERS, Net::RAM_BYTES);
    let points: Vec<_> = (0..200).map(moon).collect();
    let samples = points.iter().map(|(x, class)| Sample { input: x.as_slice(), target: *class });

    let network = Net::new(&[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let mut theta = [0.0; Net::PARAMETERS];
    let mut state = 1u32;
    Layers::initialise(&mut theta, &mut || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as f32 / 2_147_483_648.0 - 1.0
    })?;
    println!("accuracy before: {:.1} %", accuracy(&network, &theta, &mut scratch)?);

    let steps = 300;
    let config = RollingBallConfig::fine_tuning(steps);
    let mut ball = RollingBall::new(config, [[0.0; Net::PARAMETERS]; 2])?;
    for index in 0..steps {
        let loss = SoftmaxCrossEntropy::new();
        let mut objective = network.batch(loss, samples.clone(), &mut scratch)?;
        let report = step(&mut ball, &mut objective, &mut theta)?;
        if (index + 1) % 100 == 0 {
            println!("step {}: loss {:.4}", index + 1, report.loss_before);
        }
    }
    println!("accuracy of the contact: {:.1} %", accuracy(&network, &theta, &mut scratch)?);
    let centre = ball.centre(&theta)?;
    println!("accuracy of the centre:  {:.1} %", accuracy(&network, centre, &mut scratch)?);
    println!("(the radius has shrunk to nothing, so the two have met)");
    Ok(())
}

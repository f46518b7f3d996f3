//! A small convolutional network, trained from scratch: it tells rings, frames and crosses apart,
//! wherever in a noisy picture they are.
//!
//! Each layer's map is that of the layer before, which is named in its place. The network learns
//! from some pictures and is tested on others.
//!
//! ```text
//! cargo run --release --example cnn
//! ```

use rolling_ball::nn::{
    Conv2d, FitsIn, GlobalAveragePool, Kernel, Layer, Map, MaxPool, Network, Padding, Sample,
    SoftmaxCrossEntropy, Stride, Window, over,
};
use rolling_ball::{Error, RollingBall, RollingBallConfig, step};

const SIZE: usize = 12;
const CLASSES: usize = 3;

type First = Conv2d<Map<SIZE, SIZE, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>, 8>;
type Pooled = MaxPool<First, Window<Kernel<2>, Stride<2>>>;
type Second = Conv2d<Pooled, Window<Kernel<3>>, 12>;
type Mean = GlobalAveragePool<Second>;

type Front = (First, over::Relu<First>, Pooled);
type Back = (Second, over::Relu<Second>, Mean);
type Layers = (Front, Back, over::Dense<Mean, CLASSES>);
type Net = Network<'static, Layers>;

/// This does not compile where the board has less memory than training takes.
const _: () = FitsIn::<Net, { 32 * 1024 }>::CHECK;

const PICTURES: usize = 150;
const STEPS: u32 = 160;

type Picture = Sample<[f32; SIZE * SIZE], usize>;

/// Numbers from -1 to below 1, the same in every run (xorshift).
fn uniform_numbers(mut state: u32) -> impl FnMut() -> f32 {
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// A shape of 5 x 5 pixels somewhere in the picture, and noise all over it.
fn picture(class: usize, uniform: &mut impl FnMut() -> f32) -> Picture {
    let mut place = || 3.5 * (uniform() + 1.0) + 2.0;
    let (row, column) = (place().floor(), place().floor());
    let input = core::array::from_fn(|index| {
        let y = ((index / SIZE) as f32 - row).abs();
        let x = ((index % SIZE) as f32 - column).abs();
        let drawn = match class {
            0 => (x * x + y * y - 4.5).abs() < 1.0,
            1 => x.max(y) == 2.0,
            _ => x.min(y) == 0.0 && x.max(y) <= 2.0,
        };
        f32::from(u8::from(drawn)) + 0.4 * uniform()
    });
    Sample { input, target: class }
}

fn pictures(seed: u32) -> Vec<Picture> {
    let mut uniform = uniform_numbers(seed);
    (0..PICTURES).map(|index| picture(index % CLASSES, &mut uniform)).collect()
}

/// How many of the pictures the network classifies correctly, in per cent.
fn accuracy(theta: &[f32], pictures: &[Picture]) -> Result<f32, Error> {
    let network = Net::new(&[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let mut right = 0;
    for Sample { input, target } in pictures {
        right += usize::from(network.classify(theta, &input.as_slice(), &mut scratch)? == *target);
    }
    Ok(100.0 * right as f32 / pictures.len() as f32)
}

fn main() -> Result<(), Error> {
    println!("parameters: {}", Net::PARAMETERS);
    println!("RAM to train them: {} bytes\n", Net::RAM_BYTES);

    let mut theta = [0.0; Net::PARAMETERS];
    Layers::initialise(&mut theta, &mut uniform_numbers(7))?;
    let (learned, others) = (pictures(1), pictures(2));
    let stream = learned
        .iter()
        .map(|Sample { input, target }| Sample { input: input.as_slice(), target: *target });
    let mut scratch = [0.0; Net::SCRATCH];
    let mut objective = Net::new(&[])?.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
    let mut ball = RollingBall::new(
        RollingBallConfig::shrinking(0.1, 4.0, STEPS),
        [[0.0; Net::PARAMETERS]; 2],
    )?;
    println!("accuracy on other pictures: {:.1} %", accuracy(&theta, &others)?);
    for _ in 0..STEPS {
        let report = step(&mut ball, &mut objective, &mut theta)?;
        if report.step.is_multiple_of(STEPS / 8) {
            println!("    step {:>4}: loss {:.4}", report.step, report.loss_before);
        }
    }
    println!("accuracy on other pictures: {:.1} %", accuracy(&theta, &others)?);
    Ok(())
}

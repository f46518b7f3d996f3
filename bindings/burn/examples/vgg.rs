//! A small VGG on images in MNIST's format (MNIST or Fashion-MNIST), one epoch: the ball, SAM and
//! Adam at equal gradient evaluations. Prints a table of comma-separated values.

use anyhow::{Context, Result, bail, ensure};
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use oorandom::Rand32;
use rolling_ball::{
    Adam, AdamConfig, ClipNorm, Optimizer, RefreshedContact, RollingBall, RollingBallConfig, Sam,
    SamConfig, Schedule, Sgd, SgdConfig, step,
};
use rolling_ball_burn::ModuleObjective;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Train a small VGG on burn with the optimizers of rolling-ball, at equal gradient evaluations
#[derive(Parser)]
struct Arguments {
    /// The directory with the four IDX files, packed (.gz) or not
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Images of a gradient
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Training images, from the first
    #[arg(
        long,
        default_value_t = 60_000,
        value_parser = clap::value_parser!(u32).range(100..=60_000)
    )]
    images: u32,
    /// Of the weights and of the order
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const SIDE: usize = 28;
const PIXELS: usize = SIDE * SIDE;
/// How many images a test takes in one piece.
const TESTED: usize = 1000;

/// Two convolutions and a pool, twice, then two dense layers.
#[derive(Module, Debug)]
struct Vgg {
    convolutions: Vec<Conv2d>,
    pool: MaxPool2d,
    hidden: Linear,
    output: Linear,
}

impl Vgg {
    fn new(device: &Device) -> Self {
        let convolution = |channels: [usize; 2]| {
            Conv2dConfig::new(channels, [3, 3]).with_padding(PaddingConfig2d::Same).init(device)
        };
        Self {
            convolutions: [[1, 8], [8, 8], [8, 16], [16, 16]].map(convolution).into(),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            hidden: LinearConfig::new(16 * 7 * 7, 64).init(device),
            output: LinearConfig::new(64, 10).init(device),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let mut x = images;
        for (index, convolution) in self.convolutions.iter().enumerate() {
            x = activation::relu(convolution.forward(x));
            if index % 2 == 1 {
                x = self.pool.forward(x);
            }
        }
        self.output.forward(activation::relu(self.hidden.forward(x.flatten(1, 3))))
    }
}

type Batch = (Tensor<4>, Tensor<1, Int>);

fn cross_entropy(vgg: &Vgg, (images, labels): &Batch) -> Tensor<1> {
    let logits = vgg.forward(images.clone());
    CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, labels.clone())
}

/// Images and their labels, as bytes.
struct Images {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Images {
    fn read(directory: &Path, part: &str) -> Result<Self> {
        let pixels = idx(directory, &format!("{part}-images-idx3-ubyte"), 16)?;
        let labels = idx(directory, &format!("{part}-labels-idx1-ubyte"), 8)?;
        ensure!(
            pixels.len() == PIXELS * labels.len() && !labels.is_empty(),
            "{part}: {} bytes of images of {PIXELS} do not go with {} labels",
            pixels.len(),
            labels.len()
        );
        ensure!(labels.iter().all(|label| *label < 10), "{part}: a label is above 9");
        Ok(Self { pixels, labels })
    }

    fn batch(&self, order: &[usize], device: &Device) -> Batch {
        let image = |index: &usize| self.pixels.iter().skip(index * PIXELS).take(PIXELS);
        let pixels: Vec<f32> = order
            .iter()
            .flat_map(image)
            .map(|byte| (f32::from(*byte) / 255.0 - 0.13) / 0.31)
            .collect();
        let labels: Vec<i64> = order
            .iter()
            .filter_map(|index| self.labels.get(*index))
            .map(|label| i64::from(*label))
            .collect();
        let count = labels.len();
        (
            Tensor::from_data(TensorData::new(pixels, [count, 1, SIDE, SIDE]), device),
            Tensor::from_data(TensorData::new(labels, [count]), device),
        )
    }
}

/// More than the images of MNIST have; a few packed bytes may stand for gigabytes.
const MOST: u64 = 1 << 26;

/// What follows the header of a file, packed or not.
fn idx(directory: &Path, name: &str, header: usize) -> Result<Vec<u8>> {
    let (plain, packed) = (directory.join(name), directory.join(format!("{name}.gz")));
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(&plain) {
        file.take(MOST)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {}", plain.display()))?;
    } else {
        let file = File::open(&packed)
            .with_context(|| format!("--data needs a directory with {name} or {name}.gz"))?;
        flate2::read::GzDecoder::new(BufReader::new(file))
            .take(MOST)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot unpack {}", packed.display()))?;
    }
    ensure!((bytes.len() as u64) < MOST, "{name}: expected less than {MOST} bytes, unpacked");
    if bytes.len() < header {
        bail!("{name} is cut off: it has {} bytes, and its header alone {header}", bytes.len());
    }
    Ok(bytes.split_off(header))
}

/// An optimizer for so many parameters and steps.
type Make = fn(usize, u32) -> Result<Box<dyn Optimizer>, rolling_ball::Error>;

/// Name, gradient evaluations of a step, and how it is made; rates and radii shrink to nothing on
/// half a cosine.
const METHODS: [(&str, u32, Make); 8] = [
    ("SGD 0.1", 1, |n, steps| Ok(Box::new(sgd(n, steps, 0.1)?))),
    ("SGD 0.3", 1, |n, steps| Ok(Box::new(sgd(n, steps, 0.3)?))),
    ("SGD 1 clipped at 0.3", 1, |n, steps| Ok(Box::new(ClipNorm::new(sgd(n, steps, 1.0)?, 0.3)?))),
    ("Adam 0.002", 1, |n, steps| adam(n, steps, 0.002)),
    ("Adam 0.005", 1, |n, steps| adam(n, steps, 0.005)),
    ("SAM 0.3 radius 0.05", 2, |n, steps| {
        let config = SamConfig {
            learning_rate: shrinking(0.3, steps),
            radius: 0.05.into(),
            roll_back: false,
        };
        Ok(Box::new(Sam::new(config, [(); 2].map(|()| vec![0.0; n]))?))
    }),
    ("ball lagged arc length 1 radius 0.03", 1, |n, steps| ball(n, steps, 0)),
    ("ball refreshed arc length 1 radius 0.03", 2, |n, steps| ball(n, steps, 1)),
];

fn sgd(n: usize, steps: u32, rate: f32) -> Result<Sgd<Vec<f32>>, rolling_ball::Error> {
    let config = SgdConfig {
        learning_rate: shrinking(rate, steps),
        roll_back: false,
        ..SgdConfig::default()
    };
    Sgd::new(config, vec![0.0; n], None)
}

fn adam(n: usize, steps: u32, rate: f32) -> Result<Box<dyn Optimizer>, rolling_ball::Error> {
    let config = AdamConfig {
        learning_rate: shrinking(rate, steps),
        roll_back: false,
        ..AdamConfig::default()
    };
    Ok(Box::new(Adam::new(config, [(); 3].map(|()| vec![0.0; n]))?))
}

fn shrinking(from: f32, steps: u32) -> Schedule {
    Schedule::Cosine { from, to: 0.0, steps }
}

fn ball(n: usize, steps: u32, refreshes: u32) -> Result<Box<dyn Optimizer>, rolling_ball::Error> {
    let config = RollingBallConfig { roll_back: false, ..RollingBallConfig::fine_tuning(steps) };
    let config = config.with_footpoint(RefreshedContact { refreshes });
    Ok(Box::new(RollingBall::new(config, [(); 2].map(|()| vec![0.0; n]))?))
}

/// `0 .. count` in an order that the seed decides.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut random = Rand32::new(seed);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, random.rand_range(0..last as u32 + 1) as usize);
    }
    order
}

/// The part of the test images that is classified right, in per cent.
fn accuracy(vgg: &Vgg, test: &Images, device: &Device) -> f64 {
    let all: Vec<usize> = (0..test.labels.len()).collect();
    let mut correct = 0;
    for piece in all.chunks(TESTED) {
        let (images, labels) = test.batch(piece, device);
        let told = vgg.forward(images).argmax(1).flatten::<1>(0, 1);
        correct += told.equal(labels).int().sum().into_scalar::<i64>();
    }
    100.0 * correct as f64 / all.len() as f64
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let device = Device::default();
    let train = Images::read(&arguments.data, "train")?;
    let test = Images::read(&arguments.data, "t10k")?;
    let batch = arguments.batch as usize;
    let count = train.labels.len().min(arguments.images as usize);
    let order = shuffled(count, arguments.seed);
    let evaluations = (count / batch) as u32;
    let bar = ProgressBar::new(u64::from(evaluations) * METHODS.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{msg:40} {wide_bar} {pos}/{len} gradients") {
        bar.set_style(style);
    }
    println!("optimizer,gradients,accuracy");
    for (name, cost, make) in METHODS {
        bar.set_message(name);
        device.seed(arguments.seed);
        let first = train.batch(order.get(..batch).unwrap_or_default(), &device);
        let mut objective = ModuleObjective::new(Vgg::new(&device), first, cross_entropy);
        let mut theta = objective.theta();
        let steps = evaluations / cost;
        let mut optimizer = make(theta.len(), steps)?;
        let mut spent = 0.0;
        for part in order.chunks_exact(batch).take(steps as usize) {
            objective.set_samples(train.batch(part, &device));
            spent += step(optimizer.as_mut(), &mut objective, &mut theta)?.evaluations.cost();
            bar.inc(u64::from(cost));
        }
        let accuracy = accuracy(&objective.into_module(&theta)?, &test, &device);
        println!("{name},{spent},{accuracy:.2}");
    }
    bar.finish_and_clear();
    Ok(())
}

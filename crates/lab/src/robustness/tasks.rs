//! The data sets and networks, and what one run draws of them.

use crate::targets::{each_speaker, without_the_speaker};
use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::nn::Relu;
use rolling_ball::nn::{Conv2d, Dense, Kernel, Layer, Map, MaxPool, Padding, Stride, Window, over};
use std::path::Path;
use workbench::data::Dataset;
use workbench::data::digits::{self, Sensor};
use workbench::data::mnist::{self, Mnist};
use workbench::data::speakers::SPEAKERS;

type First = Conv2d<Map<8, 8, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>, 8>;
type FirstPool = MaxPool<First, Window<Kernel<2>, Stride<2>>>;
type Second = Conv2d<FirstPool, Window<Kernel<3>, Stride<1>, Padding<1>>, 16>;
type SecondPool = MaxPool<Second, Window<Kernel<2>, Stride<2>>>;
type Convolutions = (First, over::Relu<First>, FirstPool, Second, over::Relu<Second>, SecondPool);
/// The convolutional network of `models/digits_cnn.toml`, all of which is trained here.
pub type DigitsCnn = (Convolutions, over::Dense<SecondPool, 10>);
/// A small network for MNIST.
pub type MnistTail = (Dense<{ mnist::WIDTH }, 32>, Relu<32>, Dense<32, 10>);

/// A training that every method makes.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    pub name: &'static str,
    /// Its name in a file's.
    pub file: &'static str,
    /// What it is, in a sentence.
    pub words: &'static str,
    /// Samples of a gradient.
    pub batch: usize,
    /// Cost of a run in gradient evaluations; a loss counts 1/3.
    pub budget: u32,
    /// The loss on the training samples at which the methods are compared.
    pub loss: f32,
}

/// What a run begins with.
pub struct Draw {
    pub seed: u64,
    /// The parameters before.
    pub start: Vec<f32>,
    pub train: Dataset,
    /// Chooses a method's settings.
    pub validation: Dataset,
    /// What the networks are measured on.
    pub test: Dataset,
}

pub const DIGITS: Task = Task {
    name: "Digits, dense",
    file: "digits_dense.csv",
    words: "8x8 digits, a network of 64-32-10 from new weights, 300 samples in batches of 30",
    batch: 30,
    budget: 300,
    loss: 0.1,
};

pub const DIGITS_CNN: Task = Task {
    name: "Digits, convolutions",
    file: "digits_convolutions.csv",
    words: "the same digits, two convolutions and a dense layer from new weights",
    ..DIGITS
};

pub const MNIST: Task = Task {
    name: "MNIST",
    file: "mnist.csv",
    words: "MNIST, a network of 784-32-10 from new weights, 1,000 samples in batches of 50",
    batch: 50,
    budget: 300,
    loss: 0.1,
};

pub const SPOKEN: Task = Task {
    name: "Spoken digits",
    file: "spoken_digits.csv",
    words: "spoken digits, a network of 320-32-10 that knows five speakers, fine-tuned on 50 clips \
            of the sixth, all of them in each gradient; the speakers take turns",
    batch: 50,
    budget: 100,
    loss: 0.1,
};

/// The digits as they are.
const CLEAN: Sensor = Sensor { rotation: 0.0, gain: 1.0, offset: 0.0, noise: 0.0 };

/// The digits, for these seeds.
pub fn digits<T: Layer>(seeds: u64) -> Result<Vec<Draw>> {
    let (known, test) = (digits::clean()?, digits::sensed(&CLEAN, 1)?);
    let draw = |seed| {
        let (train, others) = known.draw(300, seed);
        let validation = others.draw(300, seed).0;
        Ok(Draw { seed, start: new_weights::<T>(seed)?, train, validation, test: test.clone() })
    };
    (0..seeds).map(draw).collect()
}

/// A part of MNIST, for these seeds.
pub fn mnist<T: Layer>(directory: &Path, seeds: u64) -> Result<Vec<Draw>> {
    let Mnist { train, test } = Mnist::read(directory)?;
    // The same for all: drawing from 60,000 images takes seconds.
    let (known, test) = (train.draw(4_000, 1).0, test.draw(1_000, 1).0);
    let draw = |seed| {
        let (train, others) = known.draw(1_000, seed);
        let validation = others.draw(500, seed).0;
        Ok(Draw { seed, start: new_weights::<T>(seed)?, train, validation, test: test.clone() })
    };
    (0..seeds).map(draw).collect()
}

/// The spoken digits, for these seeds: each of a speaker whom the network does not know.
pub fn spoken(directory: &Path, seeds: u64) -> Result<Vec<Draw>> {
    let speakers =
        each_speaker(directory, |_, others, own| Ok((without_the_speaker(&others)?, own)))?;
    let draw = |seed: u64| {
        let (start, own) = &speakers[(seed % u64::from(SPEAKERS)) as usize];
        let (train, others) = own.draw(50, seed);
        let (validation, test) = others.draw(150, seed);
        Draw { seed, start: start.clone(), train, validation, test }
    };
    Ok((0..seeds).map(draw).collect())
}

fn new_weights<T: Layer>(seed: u64) -> Result<Vec<f32>> {
    let mut random = Rand32::new(seed);
    let mut theta = vec![0.0; T::PARAMETERS];
    T::initialise(&mut theta, &mut || 2.0 * random.rand_float() - 1.0)?;
    Ok(theta)
}

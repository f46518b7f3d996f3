//! Measures the stack of each entry point of the library, for `cargo xtask test stack`.

#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use qemu_board::{exit, firmware, guard, print_line, stack};
use rolling_ball::nn::{
    Conv2d, Dense, Kernel, Layer, LayerNorm, Map, MaxPool, Network, Padding, Relu, Sample,
    SampleStore, SoftmaxCrossEntropy, Stride, Window,
};
use rolling_ball::{
    Adam, AdamConfig, ArcLength, Armijo, ByPart, CheckpointError, Checkpoints, ClipNorm, Dog,
    DogConfig, EntropySgd, EntropySgdConfig, Error, GaussNewton, GradientDescent, LaggedContact,
    Objective, Optimizer, Part, Plain, Prodigy, ProdigyConfig, RefreshedContact, RollingBall,
    RollingBallConfig, Sam, SamConfig, Sgd, SgdConfig, WeightDecay, ZerothOrderBall,
    ZerothOrderBallConfig, step,
};
use scenario::digits_cnn;
use static_cell::ConstStaticCell;

/// Parameters of the optimizers' objective: more than a panel of sums holds.
const N: usize = 260;
/// Parameters of what is saved, on whose number the stack does not depend.
const SAVED: usize = 8;

type Image = Map<6, 6, 1>;
type Convolution = Conv2d<Image, Window<Kernel<3>, Stride<1>, Padding<1>>, 2>;
type Pool = MaxPool<Convolution, Window<Kernel<2>, Stride<2>>>;
type Layers = (Convolution, Relu<72>, Pool, LayerNorm<18>, Dense<18, 3>);
type Small = Network<'static, Layers>;
type Digits = digits_cnn::Network;
const SCRATCH: usize =
    if Small::SCRATCH > Digits::SCRATCH { Small::SCRATCH } else { Digits::SCRATCH };

/// What a firmware has in statics too, and the flash that checkpoints are kept in.
struct Memory {
    theta: [f32; N],
    vectors: [[f32; N]; 5],
    scratch: [f32; SCRATCH],
    flash: Flash,
    store: SampleStore<8, 8>,
}

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory {
    theta: [0.0; N],
    vectors: [[0.0; N]; 5],
    scratch: [0.0; SCRATCH],
    flash: Flash([0xff; 1024]),
    store: SampleStore::new(),
});

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { exit::failure() };
    guard::install(peripherals.MPU);
    firmware::require(everything(MEMORY.take()));
    exit::success()
}

fn everything(memory: &mut Memory) -> Result<(), Error> {
    let Memory { theta, vectors, scratch, flash, store } = memory;
    optimizers(theta, vectors)?;
    checkpoints(theta, vectors, flash)?;
    networks(theta, vectors, scratch)?;
    tell("samples: push into a full store", || {
        for class in 0..9 {
            black_box(store.push(&[class; 8], class % 3));
        }
        Ok(())
    })
}

/// Prints the stack of a call, which must succeed.
fn tell(name: &str, call: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    let mut result = Ok(());
    let bytes = stack::of(|| result = call());
    print_line!("stack {bytes} of {name}");
    result
}

// These are calls of their own, so that their frames do not add up: the smallest RAM is full.
#[inline(never)]
fn optimizers(theta: &mut [f32; N], vectors: &mut [[f32; N]; 5]) -> Result<(), Error> {
    let [a, b, c, d, e] = vectors.each_mut().map(<[f32; N]>::as_mut_slice);
    let ball = RollingBallConfig::fine_tuning(10);
    tell_steps("the ball as preset", RollingBall::new(ball, [&mut *a, &mut *b])?, theta)?;
    let refreshed = settings(RefreshedContact { refreshes: 2 }, ArcLength);
    let refreshed = RollingBall::new(refreshed, [&mut *a, &mut *b])?;
    tell_steps("the ball, contact refreshed", refreshed, theta)?;
    let nearest = settings(GaussNewton { max_iterations: 4, tolerance: 1e-4 }, Plain);
    let nearest = RollingBall::new(nearest, [&mut *a, &mut *b])?;
    tell_steps("the ball, nearest point by Gauss-Newton", nearest, theta)?;
    let nearest = settings(GradientDescent { step: 0.1, iterations: 4 }, Plain);
    let nearest = RollingBall::new(nearest, [&mut *a, &mut *b])?;
    tell_steps("the ball, nearest point by descent", nearest, theta)?;
    let searched = settings(LaggedContact, Armijo::default());
    let searched = RollingBall::new(searched, [&mut *a, &mut *b])?;
    tell_steps("the ball, line search", searched, theta)?;
    let momentum = SgdConfig { momentum: 0.9, ..SgdConfig::default() };
    let sgd = Sgd::new(momentum, &mut *a, Some(&mut *b))?;
    tell_steps("SGD with momentum", sgd, theta)?;
    let search = SgdConfig { line_search: Some(Armijo::default()), ..SgdConfig::default() };
    tell_steps("SGD, line search", Sgd::new(search, &mut *a, None)?, theta)?;
    let sam = Sam::new(SamConfig::default(), [&mut *a, &mut *b])?;
    tell_steps("SAM", sam, theta)?;
    let entropy_sgd = EntropySgd::new(EntropySgdConfig::default(), [&mut *a, &mut *b, &mut *c])?;
    tell_steps("Entropy-SGD", entropy_sgd, theta)?;
    let adam = Adam::new(AdamConfig::default(), [&mut *a, &mut *b, &mut *c])?;
    tell_steps("Adam", adam, theta)?;
    let averaging = DogConfig { average: true, ..DogConfig::default() };
    let dog = Dog::new(averaging, [&mut *a, &mut *b], Some(&mut *c))?;
    tell_steps("DoG", dog, theta)?;
    let workspace = [&mut *a, &mut *b, &mut *c, d, e];
    let prodigy = Prodigy::new(ProdigyConfig::default(), workspace)?;
    tell_steps("Prodigy", prodigy, theta)?;
    let losses_only = ZerothOrderBallConfig::shrinking(0.1, N, 10);
    tell_steps("losses only", ZerothOrderBall::new(losses_only)?, theta)?;
    let adam = Adam::new(AdamConfig::default(), [&mut *a, &mut *b, &mut *c])?;
    let parts = [Part { length: N, rate: 0.5, decay: 0.1 }];
    let wrapped = ByPart::new(ClipNorm::new(adam, 1.0)?, parts)?;
    tell_steps("Adam, clipped, with rates by part", wrapped, theta)?;
    let ball = RollingBall::new(RollingBallConfig::default(), [a, b])?;
    tell_steps("the ball with weight decay", WeightDecay::new(ball, 0.1)?, theta)
}

fn settings<F, C>(footpoint: F, centre_step: C) -> RollingBallConfig<F, C> {
    let (radius, learning_rate) = (0.1.into(), 0.1.into());
    RollingBallConfig {
        radius,
        learning_rate,
        loss_scale: 1.0,
        footpoint,
        centre_step,
        roll_back: true,
    }
}

/// A step, on an objective that takes next to no stack itself. The first takes other ways than
/// those that follow.
fn tell_steps(name: &str, mut optimizer: impl Optimizer, theta: &mut [f32]) -> Result<(), Error> {
    theta.fill(0.1);
    let (mut most, mut result) = (0, Ok(()));
    for _ in 0..3 {
        let bytes = stack::of(|| result = step(&mut optimizer, &mut Bowl, theta).map(drop));
        most = most.max(bytes);
        result?;
    }
    print_line!("stack {most} of step: {name}");
    Ok(())
}

/// The simplest objective.
struct Bowl;

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(theta.iter().fold(0.0, |sum, x| sum + x * x / 2.0))
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        for (slope, x) in gradient.iter_mut().zip(theta) {
            *slope = *x;
        }
        self.loss(theta)
    }
}

#[inline(never)]
fn checkpoints(
    theta: &mut [f32; N],
    vectors: &mut [[f32; N]; 5],
    flash: &mut Flash,
) -> Result<(), Error> {
    let [a, b, ..] = vectors.each_mut().map(|vector| vector.split_at_mut(SAVED).0);
    let theta = theta.split_at_mut(SAVED).0;
    let mut ball = RollingBall::new(RollingBallConfig::fine_tuning(10), [a, b])?;
    let kept = |result: Result<(), CheckpointError<NorFlashErrorKind>>| {
        result.map_err(|_| Error::NoSamples)
    };
    let mut checkpoints = Checkpoints::new(flash, 0..1024).map_err(|_| Error::NoSamples)?;
    tell("checkpoints: save", || kept(checkpoints.save(theta, &ball)))?;
    tell("checkpoints: resume", || kept(checkpoints.resume(theta, &mut ball).map(drop)))?;
    tell("checkpoints: resume theta alone", || kept(checkpoints.resume_theta(theta).map(drop)))?;
    tell("checkpoints: erase", || kept(checkpoints.erase()))
}

#[inline(never)]
fn networks(
    theta: &mut [f32; N],
    vectors: &mut [[f32; N]; 5],
    scratch: &mut [f32; SCRATCH],
) -> Result<(), Error> {
    let image = black_box([0.5; 36]);
    let network = Small::new(&[])?;
    let theta = theta.split_at_mut(Small::PARAMETERS).0;
    let gradient = vectors.as_flattened_mut().split_at_mut(Small::PARAMETERS).0;
    let mut random = 1_u32;
    Layers::initialise(theta, &mut || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as f32 / (1 << 23) as f32 - 1.0
    })?;
    let samples = [Sample { input: image.as_slice(), target: 1 }];
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), samples.iter().cloned(), scratch)?;
    tell("network with convolution, pool, norm, dense: loss", || batch.loss(theta).map(drop))?;
    tell("network with convolution, pool, norm, dense: gradient", || {
        batch.gradient(theta, gradient).map(drop)
    })?;
    tell("network with convolution, pool, norm, dense: classify", || {
        black_box(network.classify(theta, image.as_slice(), scratch)?);
        Ok(())
    })?;
    let (digits, image) = (digits_cnn::network()?, black_box([0.5; Digits::INPUTS]));
    let theta = black_box(&digits_cnn::THETA);
    tell("network with an int8 backbone: classify", || {
        black_box(digits.classify(theta, image.as_slice(), scratch)?);
        Ok(())
    })
}

/// A flash in memory, whose stack is next to none.
struct Flash([u8; 1024]);

impl ErrorType for &mut Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for &mut Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let from = self.0.iter().skip(offset as usize);
        bytes.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for &mut Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 256;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let range = from as usize..to as usize;
        self.0.get_mut(range).ok_or(NorFlashErrorKind::OutOfBounds)?.fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let to = self.0.iter_mut().skip(offset as usize);
        to.zip(bytes).for_each(|(to, from)| *to = *from);
        Ok(())
    }
}

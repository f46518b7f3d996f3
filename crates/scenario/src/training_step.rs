//! The training steps whose instructions or cycles are counted, with the same bits on every core:
//! two small networks, one sample and eight samples, gradient descent (with the norms and without)
//! and the ball.

use core::fmt;
use core::hint::black_box;
use rolling_ball::nn::{self, Dense, Layer, Network, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, Optimizer, RollingBall, RollingBallConfig, Sgd, SgdConfig, step};
use rolling_ball_rehearsal::hash;

/// The layers of the smaller network, with 212 parameters.
pub type SmallTail = (Dense<8, 16>, Relu<16>, Dense<16, 4>);
/// The layers of the larger network, with 676 parameters.
pub type LargeTail = (Dense<16, 32>, Relu<32>, Dense<32, 4>);
/// The smaller network.
pub type Small = Network<'static, SmallTail>;
/// The larger network.
pub type Large = Network<'static, LargeTail>;

const CLASSES: usize = 4;
const BATCHES: [usize; 2] = [1, SAMPLES];
pub(crate) const SAMPLES: usize = 8;
/// How many samples are evaluated at once: as many as have room for their activations in the
/// smallest RAM, besides everything else.
const TOGETHER: usize = 2;

/// How many steps come before the one that is counted. From the second step on, the ball knows its
/// offset.
const WARM_UP: usize = 2;

static SMALL: Data<8, { Small::PARAMETERS }> = Data::new();
pub(crate) static LARGE: Data<16, { Large::PARAMETERS }> = Data::new();

/// What a step cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The numbers of inputs, hidden units and outputs.
    pub network: &'static str,
    /// The number of samples.
    pub batch: usize,
    /// `sgd`, `sgd-unmeasured` or `ball`.
    pub optimizer: &'static str,
    /// What the clock counted in the whole step, evaluations included: instructions or cycles.
    pub spent: u64,
    /// The CRC-32 of the bits of theta after the step.
    pub hash: u32,
}

/// All the memory that [`count`] needs.
#[derive(Debug)]
pub struct Memory {
    small: nn::memory!(Small, 2, TOGETHER),
    large: nn::memory!(Large, 2, TOGETHER),
}

/// Samples, and the parameters that a training starts from.
pub(crate) struct Data<const I: usize, const N: usize> {
    inputs: [[f32; I]; SAMPLES],
    pub(crate) theta: [f32; N],
}

impl Memory {
    /// Zeros, which take no flash.
    pub const ZERO: Self = Self { small: nn::Memory::ZERO, large: nn::Memory::ZERO };
}

impl<const I: usize, const N: usize> Data<I, N> {
    /// The first so many samples, labelled in turn.
    pub(crate) fn samples(
        &self,
        count: usize,
    ) -> impl Iterator<Item = Sample<&[f32], usize>> + Clone {
        let samples = self.inputs.iter().enumerate().take(count);
        samples.map(|(index, input)| Sample { input: input.as_slice(), target: index % CLASSES })
    }

    const fn new() -> Self {
        let (inputs, state) = uniform(1);
        let ([theta], _) = uniform(state);
        Self { inputs, theta }
    }
}

/// Pseudo-random numbers in `-0.5 .. 0.5`, with the state after them. They come from a linear
/// congruential generator, whose upper 24 bits a float holds exactly.
const fn uniform<const I: usize, const N: usize>(mut state: u32) -> ([[f32; I]; N], u32) {
    let mut rows = [[0.0; I]; N];
    let mut rest = rows.as_mut_slice();
    while let [row, others @ ..] = rest {
        let mut left = row.as_mut_slice();
        while let [number, others @ ..] = left {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *number = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
            left = others;
        }
        rest = others;
    }
    (rows, state)
}

/// Counts every step; `clock` returns the instructions, or cycles, so far. It is called four times
/// for each step that is counted.
///
/// # Errors
///
/// None, unless the optimizers or the networks are wrong.
pub fn count(
    memory: &mut Memory,
    clock: fn() -> u64,
    mut tell: impl FnMut(Counted),
) -> Result<(), Error> {
    let Memory { small, large } = memory;
    for batch in BATCHES {
        count_network::<SmallTail, 8, _, _>("8-16-4", &SMALL, small, batch, clock, &mut tell)?;
    }
    for batch in BATCHES {
        count_network::<LargeTail, 16, _, _>("16-32-4", &LARGE, large, batch, clock, &mut tell)?;
    }
    Ok(())
}

fn count_network<L: Layer, const I: usize, const N: usize, const S: usize>(
    network: &'static str,
    data: &Data<I, N>,
    memory: &mut nn::Memory<N, 2, S>,
    batch: usize,
    clock: fn() -> u64,
    tell: &mut impl FnMut(Counted),
) -> Result<(), Error> {
    let nn::Memory { theta, vectors: [gradient, offset], scratch } = memory;
    let (gradient, offset) = (gradient.as_mut_slice(), offset.as_mut_slice());
    // This is as plain as in other libraries, so without a loss after the step.
    let plain = SgdConfig { roll_back: false, ..SgdConfig::default() };
    let mut sgd = Sgd::new(plain, &mut *gradient, None)?;
    let (spent, hash) = count_step::<L, _, I, N>(data, &mut sgd, theta, scratch, batch, clock)?;
    tell(Counted { network, batch, optimizer: "sgd", spent, hash });

    // The step that is counted is none of those that measure.
    let mut sgd = Sgd::new(SgdConfig { measure_every: 8, ..plain }, &mut *gradient, None)?;
    let (spent, hash) = count_step::<L, _, I, N>(data, &mut sgd, theta, scratch, batch, clock)?;
    tell(Counted { network, batch, optimizer: "sgd-unmeasured", spent, hash });

    let mut ball = RollingBall::new(RollingBallConfig::default(), [gradient, offset])?;
    let (spent, hash) = count_step::<L, _, I, N>(data, &mut ball, theta, scratch, batch, clock)?;
    tell(Counted { network, batch, optimizer: "ball", spent, hash });
    Ok(())
}

/// Returns what the clock counted in the step after the warm-up, and the hash of theta.
// This is not inlined, so that the code is not specialised for a batch.
#[inline(never)]
fn count_step<L: Layer, O: Optimizer, const I: usize, const N: usize>(
    data: &Data<I, N>,
    optimizer: &mut O,
    theta: &mut [f32; N],
    scratch: &mut [f32],
    batch: usize,
    clock: fn() -> u64,
) -> Result<(u64, u32), Error> {
    // This is data, not something for the compiler to compute with.
    let data = black_box(data);
    *theta = data.theta;
    let samples = data.samples(batch);
    let network = Network::<L>::new(&[])?;
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples, scratch)?;
    for _ in 0..WARM_UP {
        step(optimizer, &mut objective, theta)?;
    }
    let start = clock();
    let empty = clock() - start;
    let start = clock();
    step(optimizer, &mut objective, theta)?;
    let spent = (clock() - start).saturating_sub(empty);
    Ok((spent, hash(theta)))
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { network, batch, optimizer, spent, hash } = self;
        write!(
            f,
            "step network {network} batch {batch} optimizer {optimizer} instructions {spent} \
             hash {hash}"
        )
    }
}

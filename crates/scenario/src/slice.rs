//! A slice through the loss of a small network, with balls of five radii over it, for any core and
//! with the same bits.

use crate::training_step::{LARGE, Large, SAMPLES};
use core::fmt;
use rolling_ball::nn::{self, SoftmaxCrossEntropy};
use rolling_ball::probe::{Grid, Slice};
use rolling_ball::{Error, Objective};
use rolling_ball_rehearsal::hash;

/// How many points the slice has.
pub const POINTS: usize = 65;
/// The distance from a point to the next.
const SPACING: f32 = 0.125;
/// The radii, in thousandths.
const RADII: [u16; 5] = [0, 100, 300, 1000, 3000];

/// What a ball sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The radius of the ball, in thousandths.
    pub radius: u16,
    /// How many minima the surface of its centre has.
    pub minima: usize,
    /// The instructions of rolling the ball; for the first ball, those of sampling the loss as
    /// well.
    pub instructions: u64,
    /// The CRC-32 of the bits of the surface.
    pub hash: u32,
}

/// All the memory that [`look`] needs.
#[derive(Debug)]
pub struct Memory {
    network: nn::memory!(Large, 1),
    heights: [f32; POINTS],
    centres: [f32; POINTS],
    contacts: [usize; POINTS],
}

impl Memory {
    /// Zeros, which take no flash.
    pub const ZERO: Self = Self {
        network: nn::Memory::ZERO,
        heights: [0.0; POINTS],
        centres: [0.0; POINTS],
        contacts: [0; POINTS],
    };
}

/// Looks along the gradient of the network of 16-32-4 on eight samples. `clock` returns the
/// instructions so far.
///
/// # Errors
///
/// None, unless the network's loss is not finite.
pub fn look(
    memory: &mut Memory,
    clock: fn() -> u64,
    mut tell: impl FnMut(Seen),
) -> Result<(), Error> {
    let Memory { network, heights, centres, contacts } = memory;
    let nn::Memory { theta, vectors: [direction], scratch } = network;
    let network = Large::new(&[])?;
    let samples = LARGE.samples(SAMPLES);
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples, scratch)?;
    objective.gradient(&LARGE.theta, direction)?;
    let grid = Grid::line(POINTS, SPACING)?;
    let slice = Slice { grid, origin: &LARGE.theta, across: direction, down: &[], loss_scale: 1.0 };
    let mut start = clock();
    slice.sample(&mut objective, theta, heights)?;
    for radius in RADII {
        grid.dilate(heights, f32::from(radius) / 1000.0, centres, contacts)?;
        let minima = grid.roughness(centres)?.minima;
        let now = clock();
        tell(Seen { radius, minima, instructions: now - start, hash: hash(centres) });
        start = clock();
    }
    Ok(())
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { radius, minima, instructions, hash } = self;
        write!(f, "radius {radius} minima {minima} instructions {instructions} hash {hash}")
    }
}

//! Losses that an optimizer has to survive, in closed form and with the same bits on every target.

use core::fmt;
use rolling_ball::{Libm, Math};

/// The parameters of the largest landscape.
pub const LARGEST: usize = 8;

/// A loss with cliffs, plateaus, regions without a number, or wild gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landscape {
    /// A bowl whose bottom lies behind a wall of slope 1e6.
    Cliff,
    /// A staircase: treads of gradient 0, ramps, and a jump at the end of each ramp.
    Stairs,
    /// A bowl that is NaN outside of a ring, with its bottom just inside.
    Ring,
    /// A bowl with two wells that go down to minus infinity, and a peak that goes up to infinity.
    Wells,
    /// A bowl, one in 21 of whose gradients has a component of 1e12, 1e30, NaN or infinity.
    Spikes,
    /// Slopes that lead into a logarithmic barrier, beyond which the loss is NaN.
    Barrier,
}

/// Where the bottom of the ring's bowl lies, and the squared radius of the ring.
const RING_BOTTOM: [f32; 3] = [1.9, 0.0, 0.0];
const RING_SQUARED: f32 = 4.0;

/// Each well and the peak: where it lies, and the numerator of its pole.
const POLES: [([f32; 2], f32); 3] =
    [([1.0, 0.5], -0.01), ([-0.7, -0.9], -0.01), ([0.0, 0.0], 0.01)];

const BARRIER: f32 = 0.1;

impl Landscape {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Cliff, Self::Stairs, Self::Ring, Self::Wells, Self::Spikes, Self::Barrier];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cliff => "cliff",
            Self::Stairs => "stairs",
            Self::Ring => "ring",
            Self::Wells => "wells",
            Self::Spikes => "spikes",
            Self::Barrier => "barrier",
        }
    }

    /// How many parameters it has.
    #[must_use]
    pub fn parameters(self) -> usize {
        match self {
            Self::Wells => 2,
            Self::Ring => 3,
            Self::Cliff => 4,
            Self::Stairs => 5,
            Self::Spikes => 6,
            Self::Barrier => LARGEST,
        }
    }

    /// Puts theta at one of its starts, where the loss is finite.
    pub fn start(self, number: u32, theta: &mut [f32]) {
        let half_side = match self {
            Self::Barrier => 0.99,
            Self::Ring => 1.0,
            Self::Wells => 2.0,
            Self::Cliff | Self::Stairs | Self::Spikes => 3.0,
        };
        for (index, t) in (0..).zip(theta) {
            let unit = (mixed(number.wrapping_mul(LARGEST as u32) + index) >> 8) as f32;
            *t = half_side * (unit / (1 << 23) as f32 - 1.0);
        }
    }

    /// The loss at theta.
    #[must_use]
    pub fn loss(self, theta: &[f32]) -> f32 {
        match self {
            Self::Cliff => match theta {
                [first, others @ ..] => {
                    let (off, beyond) = (first - 2.0, first - 1.0);
                    let wall = if beyond > 0.0 { 1e6 * beyond } else { 0.0 };
                    (off * off + squared(others)) / 2.0 + wall
                }
                [] => 0.0,
            },
            Self::Stairs => sum(theta, |t| {
                let (tread, along) = stair(t);
                let ramp = if along < 0.5 { 0.0 } else { 2.0 * along - 1.0 };
                1.25 * tread + ramp
            }),
            Self::Ring if squared(theta) > RING_SQUARED => f32::NAN,
            Self::Ring => {
                let mut loss = 0.0;
                for (t, bottom) in theta.iter().zip(RING_BOTTOM) {
                    loss += 2.5 * (t - bottom) * (t - bottom);
                }
                loss
            }
            Self::Wells => {
                let mut loss = squared(theta) / 2.0;
                for (place, pole) in POLES {
                    loss += pole / squared_distance(theta, place);
                }
                loss
            }
            Self::Spikes => squared(theta) / 2.0,
            Self::Barrier => {
                let (mut loss, mut slope) = (0.0, 0.0);
                for t in theta {
                    slope += 0.5;
                    loss += slope * t - BARRIER * (Libm::ln(1.0 - t) + Libm::ln(1.0 + t));
                }
                loss
            }
        }
    }

    /// Overwrites the gradient at theta. The number of the evaluation says where a spike is, as a
    /// bad sample would.
    pub fn gradient(self, theta: &[f32], gradient: &mut [f32], evaluation: u32) {
        gradient.copy_from_slice(theta);
        match self {
            Self::Cliff => {
                if let Some(slope) = gradient.first_mut() {
                    *slope += if *slope > 1.0 { 1e6 - 2.0 } else { -2.0 };
                }
            }
            Self::Stairs => {
                for slope in gradient {
                    let (_, along) = stair(*slope);
                    *slope = if along < 0.5 { 0.0 } else { 4.0_f32.copysign(*slope) };
                }
            }
            Self::Ring if squared(theta) > RING_SQUARED => gradient.fill(f32::NAN),
            Self::Ring => {
                for (slope, bottom) in gradient.iter_mut().zip(RING_BOTTOM) {
                    *slope = 5.0 * (*slope - bottom);
                }
            }
            Self::Wells => {
                for (place, pole) in POLES {
                    let distance = squared_distance(theta, place);
                    let scale = -2.0 * pole / (distance * distance);
                    for ((slope, t), at) in gradient.iter_mut().zip(theta).zip(place) {
                        *slope += scale * (t - at);
                    }
                }
            }
            Self::Spikes => {
                let random = mixed(evaluation);
                let spike = match random % 128 {
                    0 | 1 => 1e12,
                    2 | 3 => 1e30,
                    4 => f32::NAN,
                    5 => f32::NEG_INFINITY,
                    _ => return,
                };
                let place = (random >> 8) as usize % gradient.len().max(1);
                if let Some(slope) = gradient.get_mut(place) {
                    *slope = spike;
                }
            }
            Self::Barrier => {
                let mut toward = 0.0;
                for slope in gradient {
                    toward += 0.5;
                    let t = *slope;
                    *slope = toward + BARRIER * (1.0 / (1.0 - t) - 1.0 / (1.0 + t));
                }
            }
        }
    }
}

impl fmt::Display for Landscape {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The number of the tread, and how far along the stair from it to the next, from 0 to 1.
fn stair(t: f32) -> (f32, f32) {
    let height = 2.0 * t.abs();
    // Rounds towards 0; from 2^24 on every number is a whole one.
    let tread = if height < 1e7 { height as u32 as f32 } else { height };
    (tread, height - tread)
}

fn sum(theta: &[f32], value: impl Fn(f32) -> f32) -> f32 {
    let mut total = 0.0;
    for t in theta {
        total += value(*t);
    }
    total
}

fn squared(theta: &[f32]) -> f32 {
    sum(theta, |t| t * t)
}

fn squared_distance(theta: &[f32], place: [f32; 2]) -> f32 {
    let mut squared = 0.0;
    for (t, at) in theta.iter().zip(place) {
        squared += (t - at) * (t - at);
    }
    squared
}

/// A number that looks random, of its index (the finalizer of MurmurHash3).
fn mixed(index: u32) -> u32 {
    let bits = (index ^ (index >> 16)).wrapping_mul(0x85eb_ca6b);
    let bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
    bits ^ (bits >> 16)
}

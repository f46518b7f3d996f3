//! Where something is, from phases of waves between it and known places.

use super::least_squares::least_squares;
use super::{Job, narrow, path};
use crate::losses_only::families::Problem;
use crate::losses_only::methods::Budget;
use crate::pixels::{Colour, Pixels};
use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::{Error, Objective};
use std::f64::consts::{PI, TAU};
use workbench::statistics::normal;

/// A place on a floor, in metres from its middle.
type Place = [f64; 2];

/// Half of a side of the floor.
const ROOM: f64 = 5.0;
/// Known places, at its corners and in the middle of two sides.
const ANCHORS: [Place; 6] =
    [[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0], [0.0, -5.0], [0.0, 5.0]];
/// Metres from one wave to the next, there and back: modulation of 5 to 256 MHz.
const WAVES: [f64; 4] = [30.0, 8.1, 2.2, 0.585];
/// The standard deviation of what a phase is off, in cycles.
const NOISE: f64 = 0.04;
/// One phase in so many is that of a reflection.
const REFLECTED: u32 = 8;

/// The phases of all waves at all anchors, in cycles.
type Phases = [[f64; WAVES.len()]; ANCHORS.len()];

#[derive(Clone)]
pub struct Ranging {
    phases: Phases,
    truth: Place,
}

fn place(theta: &[f32]) -> Place {
    [0, 1].map(|axis| f64::from(theta[axis]) * ROOM)
}

fn distance(a: Place, b: Place) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

impl Ranging {
    /// The mean over all phases of 1 less the cosine of what they are off, and its slopes.
    fn evaluate(&self, place: Place) -> (f64, Place) {
        let (mut loss, mut slopes) = (0.0, [0.0; 2]);
        for (anchor, phases) in ANCHORS.iter().zip(self.phases) {
            let far = distance(place, *anchor);
            let mut slope = 0.0;
            for (wave, phase) in WAVES.iter().zip(phases) {
                let (sine, cosine) = (TAU * (far / wave - phase)).sin_cos();
                loss += 1.0 - cosine;
                slope += sine * TAU / wave;
            }
            for axis in 0..2 {
                slopes[axis] += slope * (place[axis] - anchor[axis]) / far.max(1e-9);
            }
        }
        let count = (WAVES.len() * ANCHORS.len()) as f64;
        (loss / count, slopes.map(|slope| slope / count))
    }
}

impl Objective for Ranging {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(self.evaluate(place(theta)).0 as f32)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let (loss, slopes) = self.evaluate(place(theta));
        gradient.iter_mut().zip(slopes).for_each(|(to, slope)| *to = (ROOM * slope) as f32);
        Ok(loss as f32)
    }
}

impl Problem for Ranging {
    /// Metres.
    fn left(&mut self, theta: &[f32]) -> f64 {
        distance(place(theta), self.truth)
    }
}

impl Job for Ranging {
    const NAME: &'static str = "ranging, m";
    const PARAMETERS: usize = 2;
    const BUDGET: Budget = Budget { losses: 600, gradient: 3, units: (10.0, 1.0) };
    const SOLVED: f64 = 0.1;

    fn of(seed: u64) -> Self {
        let mut random = Rand32::new(seed);
        let truth = [(); 2].map(|()| ROOM * (2.0 * f64::from(random.rand_float()) - 1.0));
        let phases = ANCHORS.map(|anchor| {
            WAVES.map(|wave| {
                if random.rand_range(0..REFLECTED) == 0 {
                    return f64::from(random.rand_float());
                }
                let noise = NOISE * f64::from(normal(&mut random));
                (distance(truth, anchor) / wave + noise).rem_euclid(1.0)
            })
        });
        Self { phases, truth }
    }

    /// From each anchor a distance, in which every wave counts the cycles of the next finer one;
    /// then the place that is at these distances, by least squares.
    fn usual_tool(&self) -> Vec<f32> {
        let distances = self.phases.map(|phases| {
            let mut waves = WAVES.iter().zip(phases);
            let coarse = waves.next().map_or(0.0, |(wave, phase)| wave * phase);
            waves.fold(coarse, |coarse, (wave, phase)| {
                wave * (phase + (coarse / wave - phase).round())
            })
        });
        let mut theta = vec![0.0; 2];
        least_squares(&mut theta, 100, |theta, tell| {
            for (anchor, measured) in ANCHORS.iter().zip(distances) {
                let place: Place = [0, 1].map(|axis| theta[axis] * ROOM);
                let far = distance(place, *anchor).max(1e-9);
                let slopes = [0, 1].map(|axis| ROOM * (place[axis] - anchor[axis]) / far);
                // A distance that is far off counts by its root only.
                let residual = far - measured;
                let weight = (0.1 / residual.abs().max(0.1)).sqrt();
                tell(weight * residual, &slopes.map(|slope| weight * slope));
            }
        });
        narrow(&theta)
    }

    /// The best place of a grid, and least squares from there.
    fn other_tool(&self) -> Vec<f32> {
        const SIDE: u32 = 20;
        let Budget { losses, gradient, .. } = Self::BUDGET;
        let side = || (0..SIDE).map(|at| (2.0 * f64::from(at) + 1.0) / f64::from(SIDE) - 1.0);
        let grid = side().flat_map(|y| side().map(move |x| vec![x, y]));
        let loss = |theta: &Vec<f64>| self.evaluate(place(&narrow(theta))).0;
        let best = grid.min_by(|a, b| loss(a).total_cmp(&loss(b)));
        let mut theta = best.unwrap_or_else(|| vec![0.0; 2]);
        least_squares(&mut theta, (losses - SIDE * SIDE) / gradient, |theta, tell| {
            let place: Place = [0, 1].map(|axis| theta[axis] * ROOM);
            for (anchor, phases) in ANCHORS.iter().zip(self.phases) {
                let far = distance(place, *anchor).max(1e-9);
                for (wave, phase) in WAVES.iter().zip(phases) {
                    // Twice its square is 1 less the cosine.
                    let (sine, cosine) = (PI * (far / wave - phase)).sin_cos();
                    let slope = |axis: usize| (place[axis] - anchor[axis]) / far * ROOM * PI / wave;
                    tell(sine, &[0, 1].map(|axis| cosine * slope(axis)));
                }
            }
        });
        narrow(&theta)
    }

    fn about() -> String {
        let waves = WAVES.map(|wave| wave.to_string()).join(", ");
        format!(
            "### Ranging by phases\n\nA place on a floor of {} x {} m, from the phases of four \
             waves, of {waves} m there and back, at {} known places: each wave repeats, so the \
             loss has many minima. Phases are off by {NOISE} of a cycle, and one in {REFLECTED} \
             is that of a reflection, which may be any. The loss is the mean of 1 less the cosine \
             of what a phase is off, {} of them; the error is good enough below {} m. The usual \
             tool counts the cycles of each wave by the next coarser one, and takes the place at \
             these distances by robust least squares; the other one takes the best of 400 places \
             of a grid, and least squares on the loss from there. Below is the loss, and its mean \
             over a metre around, with the way of the ball to where it should end.\n\n\
             ![Many dark dots; the mean is dark in one corner, where the way of the ball \
             goes](losses_only_ranging.png)",
            2.0 * ROOM,
            2.0 * ROOM,
            ANCHORS.len(),
            Self::BUDGET.losses,
            Self::SOLVED
        )
    }

    /// The loss of the floor, and its mean over a metre around, with the way of the ball and where
    /// it should end.
    fn picture(&self, seed: u64) -> Result<Option<(&'static str, Vec<u8>)>> {
        const HALF: i32 = 128;
        let side = || (-HALF..HALF).map(|at| ROOM * f64::from(at) / f64::from(HALF));
        let losses: Vec<f64> = side()
            .rev()
            .flat_map(|y| side().map(move |x| [x, y]))
            .map(|place| self.evaluate(place).0)
            .collect();
        let around = mean_around(&losses, 2 * HALF as usize, f64::from(HALF) / ROOM);
        let path = path(self, seed)?;
        let draw = |losses: &[f64]| {
            let (low, high) = losses
                .iter()
                .fold((f64::MAX, f64::MIN), |(low, high), loss| (low.min(*loss), high.max(*loss)));
            let shade = |loss: &f64| shade_of(16.0 * (loss - low) / (high - low));
            let mut pixels =
                Pixels { pixels: losses.iter().map(shade).collect(), width: 2 * HALF as usize };
            let half = HALF as f32;
            let at = |theta: &[f32]| [half * (1.0 + theta[0]), half * (1.0 - theta[1])];
            for pair in path.windows(2) {
                pixels.line(at(&pair[0]), at(&pair[1]));
            }
            let [x, y] = at(&self.truth.map(|at| (at / ROOM) as f32));
            pixels.dot(x, y);
            pixels
        };
        let picture = Pixels::together(&[draw(&losses), draw(&around)]).png()?;
        Ok(Some(("losses_only_ranging.png", picture)))
    }
}

/// From dark to light, in 16 steps.
fn shade_of(sixteenths: f64) -> Colour {
    let light = 6.0 + sixteenths.floor().clamp(0.0, 15.0);
    [11.0, 11.5, 12.0].map(|most| (light * most) as u8)
}

/// The mean over so many pixels around each.
fn mean_around(values: &[f64], width: usize, reach: f64) -> Vec<f64> {
    let reach = reach as isize;
    let near: Vec<(isize, isize)> = (-reach..=reach)
        .flat_map(|row| (-reach..=reach).map(move |column| (row, column)))
        .filter(|(row, column)| row * row + column * column <= reach * reach)
        .collect();
    let value = |row: isize, column: isize| {
        let (row, column) = (usize::try_from(row).ok()?, usize::try_from(column).ok()?);
        (column < width).then(|| values.get(row * width + column).copied()).flatten()
    };
    let mean = |index: usize| {
        let (row, column) = ((index / width) as isize, (index % width) as isize);
        let seen = near.iter().filter_map(|(down, across)| value(row + down, column + across));
        let (sum, count) = seen.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        sum / count
    };
    (0..values.len()).map(mean).collect()
}

//! An accelerometer's offsets, gains and cross axes, from raw readings in any position, some of
//! which were bumped: what an emulated Cortex-M0 does too.

use super::least_squares::{least_squares, solve};
use super::{Job, end, narrow};
use crate::losses_only::families::Problem;
use crate::losses_only::methods::Budget;
use crate::picture::{Chart, Mark, Series};
use anyhow::Result;
use rolling_ball::{Error, Objective};
use scenario::calibration::{
    COUNTS, Calibration as Misfits, PARAMETERS, READINGS, Reading, STEPS, Sensor, TOLERANCE,
};

/// Readings at rest on which it is judged.
const JUDGED: usize = 200;

#[derive(Clone)]
pub struct Calibration {
    readings: [Reading; READINGS],
    at_rest: [Reading; JUDGED],
}

/// In parts of gravity, as the sensor's errors are told.
fn scaled(theta: &[f32]) -> Vec<f32> {
    theta.iter().map(|t| TOLERANCE * t).collect()
}

impl Objective for Calibration {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Misfits { readings: &self.readings }.loss(&scaled(theta))
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let loss = Misfits { readings: &self.readings }.gradient(&scaled(theta), gradient)?;
        gradient.iter_mut().for_each(|slope| *slope *= TOLERANCE);
        Ok(loss)
    }
}

impl Problem for Calibration {
    /// The root of the mean square of what readings at rest are off, in thousandths of gravity.
    fn left(&mut self, theta: &[f32]) -> f64 {
        let misfit = Misfits { readings: &self.at_rest }.misfit(&scaled(theta));
        misfit.map_or(f64::INFINITY, |off| 1e3 * f64::from(off))
    }
}

impl Job for Calibration {
    const NAME: &'static str = "calibration, mg";
    const PARAMETERS: usize = PARAMETERS;
    const BUDGET: Budget = Budget { losses: 2 * STEPS, gradient: 3, units: (3.0, 0.5) };
    /// Twice the noise.
    const SOLVED: f64 = 8.0;

    fn of(seed: u64) -> Self {
        let mut sensor = Sensor::new(seed as u32);
        Self {
            readings: [(); READINGS].map(|()| sensor.held_by_hand()),
            at_rest: [(); JUDGED].map(|()| sensor.at_rest()),
        }
    }

    /// Least squares of the roots of what each reading adds to the loss.
    fn usual_tool(&self) -> Vec<f32> {
        let mut theta = vec![0.0; PARAMETERS];
        let evaluations = Self::BUDGET.losses / Self::BUDGET.gradient;
        least_squares(&mut theta, evaluations, |theta, tell| {
            let theta = narrow(theta);
            for reading in &self.readings {
                let mut slopes = [0.0; PARAMETERS];
                let mut alone = Misfits { readings: std::slice::from_ref(reading) };
                let loss = alone.gradient(&scaled(&theta), &mut slopes).unwrap_or(f32::INFINITY);
                let root = f64::from(loss).sqrt();
                let slope = |slope: f32| f64::from(TOLERANCE * slope) / (2.0 * root.max(1e-6));
                tell(root, &slopes.map(slope));
            }
        });
        narrow(&theta)
    }

    /// The ellipsoid through the readings, from a linear system, and what makes a sphere of it.
    fn other_tool(&self) -> Vec<f32> {
        let mut ellipsoid = vec![0.0; PARAMETERS];
        least_squares(&mut ellipsoid, 20, |ellipsoid, tell| {
            for reading in &self.readings {
                let [x, y, z] = reading.map(|raw| f64::from(raw) / f64::from(COUNTS));
                let terms = [x * x, y * y, z * z, 2.0 * x * y, 2.0 * x * z, 2.0 * y * z];
                let terms = [&terms[..], &[2.0 * x, 2.0 * y, 2.0 * z]].concat();
                let sum: f64 = terms.iter().zip(ellipsoid).map(|(term, times)| term * times).sum();
                tell(sum - 1.0, &terms);
            }
        });
        let [a, b, c, d, e, f, g, h, i] = *ellipsoid else { return Vec::new() };
        let offsets = solve(vec![vec![a, d, e, -g], vec![d, b, f, -h], vec![e, f, c, -i]]);
        let size = 1.0 - (offsets[0] * g + offsets[1] * h + offsets[2] * i);
        // The triangle whose square the matrix is (Cholesky).
        let xx = (a / size).sqrt();
        let (xy, xz) = (d / size / xx, e / size / xx);
        let yy = (b / size - xy * xy).sqrt();
        let yz = (f / size - xy * xz) / yy;
        let zz = (c / size - xz * xz - yz * yz).sqrt();
        let theta = [offsets[0], offsets[1], offsets[2], xx - 1.0, yy - 1.0, zz - 1.0, xy, xz, yz];
        theta.map(|t| t as f32 / TOLERANCE).to_vec()
    }

    fn about() -> String {
        format!(
            "### Calibration\n\nOffsets, gains and cross axes of an accelerometer with errors of \
             up to {TOLERANCE} of gravity, from {READINGS} raw readings in any position, of which \
             one in five was bumped. The loss is robust (Geman and McClure), {} of them: what the \
             emulated Cortex-M0 computes too. The error is that of the length of gravity in \
             {JUDGED} other readings at rest, in thousandths, good enough below {} of them, twice \
             the noise. The usual tool is least squares on the same loss; the other one fits an \
             ellipsoid to all readings.\n\n\
             ![The readings before, most of them off by more than a hundredth, and after, most of \
             them off by less than that](losses_only_calibration.svg)",
            Self::BUDGET.losses,
            Self::SOLVED
        )
    }

    fn picture(&self, seed: u64) -> Result<Option<(&'static str, Vec<u8>)>> {
        let end = end(self, seed)?;
        let off = |theta: &[f32]| {
            let theta = scaled(theta);
            let each = self.readings.iter().map(|reading| {
                let misfit = Misfits { readings: std::slice::from_ref(reading) }.misfit(&theta);
                // Nothing is no height on an axis of powers of ten.
                misfit.map_or(f64::NAN, |off| f64::from(off.max(1e-4)))
            });
            (1..).map(f64::from).zip(each).collect()
        };
        let series = |label: &str, theta: &[f32], colour| Series {
            label: label.to_owned(),
            points: off(theta),
            mark: Mark::Dots,
            colour,
        };
        let chart = Chart {
            title: "How far readings are off the length of gravity",
            x: "reading",
            y: "in parts of gravity",
            series: vec![series("before", &[0.0; PARAMETERS], 1), series("after", &end, 0)],
            logarithmic: (false, true),
        };
        Ok(Some(("losses_only_calibration.svg", chart.draw()?.into_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_bumped_the_ellipsoid_is_good_enough() {
        for seed in 1..=5 {
            let mut sensor = Sensor::new(seed);
            let readings = [(); READINGS].map(|()| sensor.at_rest());
            let at_rest = [(); JUDGED].map(|()| sensor.at_rest());
            let mut calibration = Calibration { readings, at_rest };
            let theta = calibration.other_tool();
            let left = calibration.left(&theta);
            assert!(left < Calibration::SOLVED, "{left}");
        }
    }
}

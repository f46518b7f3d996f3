//! What balls of one radius came to.

use super::landscape::losses;
use anyhow::Result;
use rolling_ball::probe::basins::{Basins, NearWells, Starts};

/// Ends as close as this are the same minimum.
pub const TOLERANCE: f32 = 0.01;
/// How far every start is moved, both ways.
pub const MOVE: f32 = 1e-6;

/// Basins with less than this share of the starts may be specks.
const LARGE: f64 = 0.001;

/// What balls of one radius came to.
pub struct Outcome {
    pub radius: f32,
    pub basins: Basins,
    /// At each minimum.
    pub losses: Vec<f32>,
    /// At the ends, without those of lost balls.
    pub mean_loss: f64,
    /// The share of the ends that change when every start is moved; none where it was not.
    pub moved: Option<f64>,
}

/// One of its figures.
pub type Figure = fn(&Outcome) -> f64;

impl Outcome {
    /// Finds out what these ends came to.
    pub fn of(
        wells: &NearWells,
        starts: &Starts,
        radius: f32,
        ends: &[[f32; 2]],
        moved: Option<f64>,
    ) -> Result<Self> {
        let basins = Basins::of(ends, starts, TOLERANCE)?;
        let places: Vec<[f32; 2]> = basins.minima().iter().map(|minimum| minimum.place).collect();
        let all = losses(wells, ends).into_iter().map(f64::from);
        let (sum, count) = all
            .zip(ends)
            .filter(|(_, end)| end.iter().all(|at| at.is_finite()))
            .fold((0.0, 0.0), |(sum, count), (loss, _)| (sum + loss, count + 1.0));
        let losses = losses(wells, &places);
        Ok(Self { radius, basins, losses, mean_loss: sum / count, moved })
    }

    /// Of balls from every start and again from beside it: `roll` says where they end.
    pub fn twice(
        wells: &NearWells,
        starts: &Starts,
        radius: f32,
        roll: impl Fn(&Starts) -> Result<Vec<[f32; 2]>>,
    ) -> Result<Self> {
        let beside = Starts { from: starts.from + MOVE, to: starts.to + MOVE, ..*starts };
        let (ends, others) = (roll(starts)?, roll(&beside)?);
        let changed = ends.iter().zip(&others).filter(|(end, other)| !same(**end, **other));
        let moved = changed.count() as f64 / ends.len() as f64;
        Self::of(wells, starts, radius, &ends, Some(moved))
    }

    /// Basins.
    pub fn count(&self) -> f64 {
        self.basins.minima().len() as f64
    }

    /// The length of the boundaries between them.
    pub fn boundary(&self) -> f64 {
        self.basins.boundary()
    }

    /// How many basins are more than specks.
    pub fn large(&self) -> usize {
        self.basins.of_share(LARGE)
    }
}

/// Ends of lost balls are the same.
fn same([a, b]: [f32; 2], [c, d]: [f32; 2]) -> bool {
    let lost = |x: f32, y: f32| x.is_nan() || y.is_nan();
    (a - c).hypot(b - d) <= TOLERANCE || lost(a, b) && lost(c, d)
}

//! Where the exact ball ends: steepest descent on the surface of its centres, computed by dilation
//! on a grid.

use super::landscape::settled;
use anyhow::Result;
use rolling_ball::landscapes::GaussianWells;
use rolling_ball::probe::basins::{NearWells, Settings, Starts};
use rolling_ball::probe::{Grid, Slice};

/// Between points at least, a fifth of a well's width: what a dilation costs grows with the fourth
/// power of one over it.
const FINEST: f32 = 0.02;

/// The loss under the balls.
pub struct Ground {
    grid: Grid,
    heights: Vec<f32>,
    /// Points of a row from the first start to the last.
    inner: usize,
    /// Points beyond them on either side, since what holds a ball up may lie there.
    beyond: usize,
}

impl Ground {
    /// Sampled for balls up to this radius. The points are this many times as far apart as the
    /// starts, or as the finest grid's where the starts are finer.
    pub fn new(wells: &NearWells, starts: &Starts, largest: f32, coarseness: f32) -> Result<Self> {
        let wanted = coarseness * starts.spacing().max(FINEST);
        let width = starts.to - starts.from;
        let inner = (width / wanted).round() as usize + 1;
        let spacing = width / (inner.max(2) - 1) as f32;
        let beyond = (largest / spacing).ceil() as usize;
        let side = inner + 2 * beyond;
        let grid = Grid::plane(side, side, spacing)?;
        let mut heights = vec![0.0; grid.points()];
        let mut loss = GaussianWells { minima: wells.minima(), width: wells.width() };
        let origin = [f32::midpoint(starts.from, starts.to); 2];
        let (across, down): (&[f32], &[f32]) = (&[1.0, 0.0], &[0.0, 1.0]);
        let slice = Slice { grid, origin: &origin, across, down, loss_scale: 1.0 };
        slice.sample(&mut loss, &mut [0.0; 2], &mut heights)?;
        Ok(Self { grid, heights, inner, beyond })
    }

    /// Between its points.
    pub fn spacing(&self) -> f32 {
        self.grid.spacing()
    }

    /// Where the ball from each start ends, each of which is at its nearest point: at a minimum of
    /// the surface of the centres, and then down the loss itself from there, as the other balls do.
    pub fn ends(
        &self,
        wells: &NearWells,
        starts: &Starts,
        settings: &Settings,
        radius: f32,
    ) -> Result<Vec<[f32; 2]>> {
        let points = self.grid.points();
        let (mut centres, mut contacts) = (vec![0.0; points], vec![0; points]);
        self.grid.dilate(&self.heights, radius, &mut centres, &mut contacts)?;
        let last = self.inner - 1;
        let rows = centres.chunks_exact(self.grid.columns()).skip(self.beyond).take(self.inner);
        let inner = rows.flat_map(|row| row.iter().skip(self.beyond).take(self.inner));
        let bottoms = bottoms(&inner.copied().collect::<Vec<_>>(), self.inner);

        let place = |point: usize| {
            [point % self.inner, point / self.inner]
                .map(|at| starts.from + self.spacing() * at as f32)
        };
        let mut reached: Vec<usize> = bottoms.clone();
        reached.sort_unstable();
        reached.dedup();
        let minima = settled(wells, reached.iter().map(|point| place(*point)).collect(), settings);
        Ok((0..starts.count())
            .map(|start| {
                let nearest =
                    |at: f32| (((at - starts.from) / self.spacing()).round() as usize).min(last);
                let [column, row] = starts.place(start).map(nearest);
                let bottom = bottoms.get(row * self.inner + column);
                let found = bottom.and_then(|bottom| reached.binary_search(bottom).ok());
                found.and_then(|index| minima.get(index)).copied().unwrap_or([f32::NAN; 2])
            })
            .collect())
    }
}

/// For each point of a square of heights, where the steepest way down from it ends.
fn bottoms(heights: &[f32], side: usize) -> Vec<usize> {
    let next = |point: usize| {
        let (column, row) = (point % side, point / side);
        let around = |at: usize| at.saturating_sub(1)..=(at + 1).min(side - 1);
        let (mut steepest, mut next) = (0.0, point);
        for r in around(row) {
            for c in around(column) {
                let distance = if r == row || c == column { 1.0 } else { std::f32::consts::SQRT_2 };
                let slope = (heights[point] - heights[r * side + c]) / distance;
                if slope > steepest {
                    (steepest, next) = (slope, r * side + c);
                }
            }
        }
        next
    };
    // From the lowest point up, so that where a way goes on is known.
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|a, b| heights[*a].total_cmp(&heights[*b]));
    let mut bottoms: Vec<usize> = (0..heights.len()).collect();
    for point in order {
        bottoms[point] = bottoms[next(point)];
    }
    bottoms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_down_ends_in_its_valley() {
        #[rustfmt::skip]
        let heights = [
            1.0, 5.0, 3.0, 2.0,
            2.0, 6.0, 4.0, 3.0,
            3.0, 7.0, 5.0, 4.0,
            9.0, 8.0, 6.0, 5.0,
        ];
        let expected = [[0, 0, 3, 3]; 4].concat();
        assert_eq!(bottoms(&heights, 4), expected);
    }
}

//! Measures of how wrinkled a surface is.

use super::Grid;
use crate::Error;
use crate::chunks::Chunked;

/// What the wrinkles of a surface on a grid amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Roughness {
    /// How many points inside the grid are below all their neighbours. Of equal neighbours, only
    /// the first may count.
    pub minima: usize,
    /// The sum of all changes from a point to the next, without their signs, in units of the loss.
    /// On a plane it is the mean over the lines both ways.
    pub total_variation: f32,
    /// The part of the total variation that would not be there if each line only fell to its lowest
    /// point and rose from there: 0 without wrinkles.
    pub excess_variation: f32,
    /// The largest second difference divided by the squared spacing, whether up or down. Where a
    /// ball bridges a valley, the surface of its centre has a kink, whose curvature only the
    /// spacing bounds.
    pub largest_curvature: f32,
}

/// A radius, and how rough the surface is for a ball of that radius.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Scale {
    /// The radius of the ball.
    pub radius: f32,
    /// The roughness of the surface on which the ball's centre rolls.
    pub roughness: Roughness,
}

impl Scale {
    /// A scale whose roughness is not measured yet.
    #[must_use]
    pub fn of_radius(radius: f32) -> Self {
        Self { radius, ..Self::default() }
    }
}

/// The first of these radii at which this fraction of the excess variation is gone. The fraction is
/// of the excess variation of the first scale, which is that of the loss itself where its radius
/// is 0. `None` where no radius is large enough, or where nothing is rough.
#[must_use]
pub fn smoothing_radius(scales: &[Scale], fraction: f32) -> Option<f32> {
    let (first, others) = scales.split_first()?;
    let all = first.roughness.excess_variation;
    if all <= 0.0 {
        return None;
    }
    let left = (1.0 - fraction) * all;
    let enough = others.iter().find(|scale| scale.roughness.excess_variation <= left)?;
    Some(enough.radius)
}

impl Grid {
    /// Measures how rough these heights are.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where there is not one height for each point; [`Error::NonFiniteLoss`]
    /// where a height is not finite.
    pub fn roughness(&self, heights: &[f32]) -> Result<Roughness, Error> {
        self.check_heights(heights)?;
        let (rows, columns) = (self.rows(), self.columns());
        let mut sums = Sums::default();
        if columns > 1 {
            for row in heights.whole_chunks(columns) {
                sums.add(row.iter().copied());
            }
        }
        if rows > 1 {
            for column in 0..columns {
                let rows = heights.whole_chunks(columns);
                sums.add(rows.filter_map(|row| row.get(column).copied()));
            }
        }
        let lines = sums.lines.max(1) as f32;
        Ok(Roughness {
            minima: self.minima(heights),
            total_variation: sums.variation / lines,
            excess_variation: sums.excess / lines,
            largest_curvature: sums.bend / (self.spacing() * self.spacing()),
        })
    }

    /// How many points are below all their neighbours. Of equal ones in a row, the first counts.
    fn minima(&self, heights: &[f32]) -> usize {
        let (rows, columns) = (self.rows(), self.columns());
        let height = |row: usize, column: usize| {
            heights.get(row.wrapping_mul(columns).wrapping_add(column)).copied()
        };
        // The neighbours on either side, where the grid extends that way.
        let ways = |size: usize, at: usize| match size {
            1 => Some(at..=at),
            _ if at == 0 || at == size.saturating_sub(1) => None,
            _ => Some(at.saturating_sub(1)..=at.saturating_add(1)),
        };
        let mut minima = 0_usize;
        if self.points() == 1 {
            return minima;
        }
        for row in 0..rows {
            for column in 0..columns {
                let Some((beside, own)) = ways(rows, row).zip(height(row, column)) else {
                    continue;
                };
                let Some(across) = ways(columns, column) else { continue };
                let lowest = beside.into_iter().all(|r| {
                    across.clone().all(|c| match (r, c).cmp(&(row, column)) {
                        core::cmp::Ordering::Equal => true,
                        core::cmp::Ordering::Less => height(r, c).is_some_and(|other| own < other),
                        core::cmp::Ordering::Greater => {
                            height(r, c).is_some_and(|other| own <= other)
                        }
                    })
                });
                minima = minima.saturating_add(usize::from(lowest));
            }
        }
        minima
    }
}

/// Sums and maxima over the lines of a grid.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    lines: usize,
    variation: f32,
    excess: f32,
    /// The largest second difference.
    bend: f32,
}

impl Sums {
    fn add(&mut self, line: impl Iterator<Item = f32> + Clone) {
        let lowest = line.clone().fold(f32::INFINITY, f32::min);
        let changes = line.clone().zip(line.skip(1));
        let (mut before, mut bottom) = (None::<f32>, false);
        for (height, next) in changes {
            let change = next - height;
            self.variation += change.abs();
            bottom |= height == lowest;
            // What goes up on the way down must come down again, and on the way up it is the other
            // way round.
            let wrong_way = if bottom { -change } else { change };
            self.excess += 2.0 * wrong_way.max(0.0);
            if let Some(before) = before {
                // Heights far apart may differ by more than an `f32` holds: a NaN stays one.
                let bend = (change - before).abs();
                if bend.is_nan() || bend > self.bend {
                    self.bend = bend;
                }
            }
            before = Some(change);
        }
        self.lines = self.lines.saturating_add(1);
    }
}

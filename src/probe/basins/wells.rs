//! Gaussian wells in a bowl, of which only those nearby are evaluated.

use super::{Plane, exponential};
use crate::Error;
use crate::kernels::{LANES, SimdVector};
use std::vec;
use std::vec::Vec;

/// Beyond how many widths a well is left out. There it is less than `1.6e-8` deep.
pub const CUTOFF: f32 = 6.0;

/// How many widths are added to that, so that no rounding at a cell's edge matters.
const SLACK: f32 = 0.01;

/// How many cells a row has at most.
const SIDE: usize = 512;

/// Where the well of a lane with no more wells is: so far from everything that nothing of it is
/// left, but not so far that a square overflows.
const NOWHERE: [f32; 2] = [1e18, 1e18];

/// The largest coordinate and the largest width; the smallest width is 1 divided by this.
const LARGEST: f32 = 1e15;

/// [`GaussianWells`](crate::landscapes::GaussianWells) in two dimensions, sorted into square cells.
/// Each cell has a list of the wells that are within [`CUTOFF`] widths of any of its points, and a
/// point is evaluated with its cell's list. Outside of all cells there is only the bowl.
///
/// The cell of a coordinate is `(coordinate - origin) * cells_per_unit`, rounded down. Within the
/// cells, the result differs from the sum over all wells by roundings, and by at most `1.6e-8` for
/// each well in the loss and `1.6e-8 * 6 / width` in the gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct NearWells {
    minima: Vec<[f32; 2]>,
    width: f32,
    origin: [f32; 2],
    cells_per_unit: f32,
    side: usize,
    offsets: Vec<u32>,
    indices: Vec<u32>,
    /// The wells that the indices of the lists stand for.
    near: Vec<[f32; 2]>,
}

impl NearWells {
    /// Sorts wells of this standard deviation into cells.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where the width is not between `1e-15` and `1e15`, or where a coordinate
    /// is not between `-1e15` and `1e15`.
    pub fn new(minima: &[[f32; 2]], width: f32) -> Result<Self, Error> {
        if !(1.0 / LARGEST..=LARGEST).contains(&width) {
            return Err(Error::Setting {
                name: "width",
                value: width,
                expected: "from 1e-15 to 1e15",
            });
        }
        if let Some(far) = minima.iter().flatten().find(|m| !(-LARGEST..=LARGEST).contains(*m)) {
            return Err(Error::Setting {
                name: "coordinate of a minimum",
                value: *far,
                expected: "from -1e15 to 1e15",
            });
        }
        let reach = (CUTOFF + SLACK) * width;
        let (origin, extent) = surroundings(minima, reach);
        let cell = width.max(extent / (SIDE - 1) as f32);
        let side = (extent / cell) as usize + 1;
        let mut lists = vec![Vec::new(); side * side];
        for (index, minimum) in (0_u32..).zip(minima) {
            for (row, line) in lists.chunks_mut(side).enumerate() {
                for (column, list) in line.iter_mut().enumerate() {
                    let mut squared = 0.0;
                    for ((at, origin), m) in [column, row].into_iter().zip(origin).zip(minimum) {
                        let edge = origin + cell * at as f32;
                        let away = (edge - m).max(m - (edge + cell)).max(0.0);
                        squared += away * away;
                    }
                    if squared <= reach * reach {
                        list.push(index);
                    }
                }
            }
        }
        let mut offsets = vec![0];
        let mut indices = Vec::new();
        for list in lists {
            indices.extend(list);
            // There are no more than SIDE * SIDE lists of wells.
            offsets.push(u32::try_from(indices.len()).map_err(|_| Error::Setting {
                name: "wells",
                value: minima.len() as f32,
                expected: "fewer, or narrower ones",
            })?);
        }
        let near = indices.iter().filter_map(|index| minima.get(*index as usize).copied());
        Ok(Self {
            near: near.collect(),
            minima: minima.to_vec(),
            width,
            origin,
            cells_per_unit: 1.0 / cell,
            side,
            offsets,
            indices,
        })
    }

    /// The positions of the wells.
    #[must_use]
    pub fn minima(&self) -> &[[f32; 2]] {
        &self.minima
    }

    /// The standard deviation of the wells.
    #[must_use]
    pub fn width(&self) -> f32 {
        self.width
    }

    /// The corner of the first cell.
    #[must_use]
    pub fn origin(&self) -> [f32; 2] {
        self.origin
    }

    /// 1 divided by the side of a cell.
    #[must_use]
    pub fn cells_per_unit(&self) -> f32 {
        self.cells_per_unit
    }

    /// How many cells a row has, and how many rows there are.
    #[must_use]
    pub fn side(&self) -> usize {
        self.side
    }

    /// Where the list of each cell begins in [`indices`](Self::indices), row by row, and at the end
    /// where the last list ends.
    #[must_use]
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// The lists of all cells: each holds the indices of its wells, in their order.
    #[must_use]
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// The wells near a point.
    #[inline(always)]
    fn list(&self, x: f32, y: f32) -> &[[f32; 2]] {
        let [left, bottom] = self.origin;
        let (column, row) = ((x - left) * self.cells_per_unit, (y - bottom) * self.cells_per_unit);
        let within = 0.0..self.side as f32;
        if !(within.contains(&column) && within.contains(&row)) {
            return &[];
        }
        let cell = row as usize * self.side + column as usize;
        let [start, end] = [cell, cell + 1].map(|at| self.offsets.get(at).copied().unwrap_or(0));
        self.near.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// The lower corner and the side of a square that extends `reach` beyond all minima.
fn surroundings(minima: &[[f32; 2]], reach: f32) -> ([f32; 2], f32) {
    let mut corners = minima.iter().copied();
    let first = corners.next().unwrap_or_default();
    let [mut low, mut high] = [first; 2];
    for minimum in corners {
        for ((low, high), m) in low.iter_mut().zip(&mut high).zip(minimum) {
            (*low, *high) = (low.min(m), high.max(m));
        }
    }
    let mut extent = 0.0_f32;
    for (low, high) in low.iter().zip(high) {
        extent = extent.max(high - low);
    }
    (low.map(|low| low - reach), extent + 2.0 * reach)
}

impl Plane for NearWells {
    #[inline(always)]
    fn evaluate<V: SimdVector>(&self, [x, y]: [V; 2]) -> (V, [V; 2]) {
        let mut lists: [&[[f32; 2]]; LANES] = [&[]; LANES];
        let mut longest = 0;
        for ((list, x), y) in lists.iter_mut().zip(x.store()).zip(y.store()) {
            *list = self.list(x, y);
            longest = longest.max(list.len());
        }
        let exponent = V::splat(-1.0 / (2.0 * self.width * self.width));
        let mut loss = x * x + y * y;
        // These are never -0, so that nothing changes where a lane with a shorter list adds
        // nothing.
        let (mut pull_x, mut pull_y) = (V::splat(0.0), V::splat(0.0));
        for place in 0..longest {
            let (mut wells_x, mut wells_y) = ([0.0; LANES], [0.0; LANES]);
            for ((well_x, well_y), list) in wells_x.iter_mut().zip(&mut wells_y).zip(lists) {
                [*well_x, *well_y] = list.get(place).copied().unwrap_or(NOWHERE);
            }
            let (across, up) = (x - V::load(&wells_x), y - V::load(&wells_y));
            let depth = exponential((across * across + up * up) * exponent);
            loss = loss - depth;
            pull_x = pull_x + depth * across;
            pull_y = pull_y + depth * up;
        }
        let inverse_variance = V::splat(1.0 / (self.width * self.width));
        let two = V::splat(2.0);
        (loss, [two * x + inverse_variance * pull_x, two * y + inverse_variance * pull_y])
    }
}

//! The paper's wells in a bowl, and the exact ball over them.

use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::landscapes::GaussianWells;
use rolling_ball::probe::{Grid, Slice};

/// Wells and starts are between minus this and this in both coordinates.
pub const EDGE: f32 = 3.0;

/// Places between -3 and 3 in both coordinates: the wells of the paper's fifth landscape.
pub fn scattered(count: u32, seed: u64) -> Vec<[f32; 2]> {
    let mut random = Rand32::new(seed);
    let mut place = || 2.0 * EDGE * random.rand_float() - EDGE;
    (0..count).map(|_| [place(), place()]).collect()
}

/// The surface of the exact ball's centres over wells, which the ball goes down from point to point
/// of a grid.
pub struct ExactBall {
    grid: Grid,
    centres: Vec<f32>,
    contacts: Vec<usize>,
}

impl ExactBall {
    /// A ball of this radius, on a grid of this spacing.
    pub fn new(minima: &[[f32; 2]], width: f32, radius: f32, spacing: f32) -> Result<Self> {
        // The ball reaches over the edge of where the wells are.
        let side = 2 * ((EDGE + radius) / spacing) as usize + 1;
        let grid = Grid::plane(side, side, spacing)?;
        let (mut heights, mut centres) = (vec![0.0; grid.points()], vec![0.0; grid.points()]);
        let mut wells = GaussianWells { minima, width };
        plane(grid).sample(&mut wells, &mut [0.0; 2], &mut heights)?;
        let mut contacts = vec![0; grid.points()];
        grid.dilate(&heights, radius, &mut centres, &mut contacts)?;
        Ok(Self { grid, centres, contacts })
    }

    /// The column and row nearest to a place.
    fn at(&self, place: [f32; 2]) -> [usize; 2] {
        let middle = (self.grid.columns() / 2) as f32;
        place.map(|t| (t / self.grid.spacing() + middle).round() as usize)
    }

    fn place(&self, at: [usize; 2]) -> [f32; 2] {
        at.map(|at| (at as f32 - (self.grid.columns() / 2) as f32) * self.grid.spacing())
    }

    /// What the ball touches whose centre is there.
    pub fn contact(&self, centre: [f32; 2]) -> [f32; 2] {
        let (side, [column, row]) = (self.grid.columns(), self.at(centre));
        let contact = self.contacts.get(row * side + column).copied().unwrap_or_default();
        self.place([contact % side, contact / side])
    }

    /// The steepest way down.
    pub fn path(&self, start: [f32; 2]) -> Vec<[f32; 2]> {
        let side = self.grid.columns();
        let height = |[column, row]: [usize; 2]| {
            self.centres.get(row * side + column).copied().unwrap_or(f32::INFINITY)
        };
        let mut at = self.at(start);
        let mut path = vec![self.place(at)];
        loop {
            let [columns, rows] = at.map(|at| at.saturating_sub(1)..=(at + 1).min(side - 1));
            let around = rows.flat_map(|row| columns.clone().map(move |column| [column, row]));
            match around.min_by(|a, b| height(*a).total_cmp(&height(*b))) {
                Some(lowest) if height(lowest) < height(at) => at = lowest,
                _ => return path,
            }
            path.push(self.place(at));
        }
    }
}

/// A plane around the middle of the bowl.
pub fn plane(grid: Grid) -> Slice<'static> {
    let (across, down): (&[f32], &[f32]) = (&[1.0, 0.0], &[0.0, 1.0]);
    Slice { grid, origin: &[0.0; 2], across, down, loss_scale: 1.0 }
}

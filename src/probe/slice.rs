//! A loss along a line or over a plane.

use super::Grid;
use crate::chunks::Chunked;
use crate::kernels::{Active, VectorOps};
use crate::{Error, Objective};

/// A line or a plane through the space of the parameters, with the origin in the middle of its
/// grid.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    /// The points of the slice. The spacing is a distance between thetas, whatever the length of
    /// the directions.
    pub grid: Grid,
    /// The theta in the middle of the grid.
    pub origin: &'a [f32],
    /// The direction from one column to the next.
    pub across: &'a [f32],
    /// The direction from one row to the next, orthogonal to `across` (see
    /// [`orthogonalise`](super::orthogonalise)); empty for a line.
    pub down: &'a [f32],
    /// The factor that the loss is multiplied by, as in
    /// [`RollingBallConfig`](crate::RollingBallConfig::loss_scale).
    pub loss_scale: f32,
}

impl Slice<'_> {
    /// Writes the scaled loss at each point. `theta`, which is as long as the origin, is
    /// overwritten with one point after the other. Losses that are not finite are written as they
    /// are.
    ///
    /// Cost: one loss evaluation for each point.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where a slice does not have the length that it must have;
    /// [`Error::Setting`] where a direction has length 0 or the loss scale is not above 0; and the
    /// errors of the objective.
    pub fn sample<F: Objective + ?Sized>(
        &self,
        objective: &mut F,
        theta: &mut [f32],
        heights: &mut [f32],
    ) -> Result<(), Error> {
        self.check(theta, heights)?;
        for (row, line) in (0..self.grid.rows()).zip(heights.whole_chunks_mut(self.grid.columns()))
        {
            for (column, height) in (0..self.grid.columns()).zip(line) {
                self.place(row, column, theta)?;
                *height = self.loss_scale * objective.loss(theta)?;
            }
        }
        Ok(())
    }

    /// Writes the theta of a point of the grid.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where theta is not as long as the origin; [`Error::Setting`] where a
    /// direction has length 0.
    pub fn place(&self, row: usize, column: usize, theta: &mut [f32]) -> Result<(), Error> {
        Error::check_length("theta", self.origin.len(), theta.len())?;
        let step = self.step("across", self.across, column, self.grid.columns())?;
        Active::descend_from(theta, self.origin, self.across, -step);
        if self.grid.rows() > 1 {
            let step = self.step("down", self.down, row, self.grid.rows())?;
            Active::add_scaled(theta, step, self.down);
        }
        Ok(())
    }

    /// The factor on the direction that leads from the middle to this point.
    fn step(
        &self,
        name: &'static str,
        direction: &[f32],
        index: usize,
        size: usize,
    ) -> Result<f32, Error> {
        let length = crate::math::sqrt(Active::dot(direction, direction));
        if !(length.is_finite() && length > 0.0) {
            let expected = "a direction with a finite length above 0";
            return Err(Error::Setting { name, value: length, expected });
        }
        let middle = (size - 1) as f32 / 2.0;
        Ok((index as f32 - middle) * self.grid.spacing() / length)
    }

    fn check(&self, theta: &[f32], heights: &[f32]) -> Result<(), Error> {
        self.grid.check("heights", heights)?;
        Error::check_positive("loss scale", self.loss_scale)?;
        Error::check_length("theta", self.origin.len(), theta.len())?;
        Error::check_length("across", self.origin.len(), self.across.len())?;
        let down = if self.grid.rows() > 1 { self.origin.len() } else { 0 };
        Error::check_length("down", down, self.down.len())
    }
}

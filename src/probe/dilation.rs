//! The exact ball, by grey-scale dilation with a spherical cap.

use super::Grid;
use crate::Error;
use crate::chunks::Chunked;

impl Grid {
    /// Rests a ball on the surface from above at each point of the grid, and writes the height of
    /// its centre: `centre(x) = max over |u| <= radius of height(x + u) + sqrt(radius^2 - |u|^2)`,
    /// over the points of the grid. For each ball it also writes the index of the point that the
    /// ball touches. A radius of 0 leaves the heights as they are.
    ///
    /// On the grid this is exact. Between the points the surface may touch a ball earlier, so the
    /// centres are too low by at most about `spacing^2 / 8` times the largest curvature of the
    /// surface and the ball together. Beyond the edges of the grid nothing holds a ball up.
    ///
    /// Cost: about `pi (radius / spacing)^2` operations a point on a plane, and
    /// `2 radius / spacing` on a line.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where a slice does not have a value for each point;
    /// [`Error::NonFiniteLoss`] where a height is not finite; [`Error::Setting`] where the radius
    /// is not finite or is negative. In these cases nothing is written.
    pub fn dilate(
        &self,
        heights: &[f32],
        radius: f32,
        centres: &mut [f32],
        contacts: &mut [usize],
    ) -> Result<(), Error> {
        self.check("centres", centres)?;
        self.check("contacts", contacts)?;
        self.check_heights(heights)?;
        Error::check_not_negative("radius", radius)?;
        centres.fill(f32::NEG_INFINITY);
        let (rows, columns) = (self.rows(), self.columns());
        for (source, line) in (0..rows).zip(heights.whole_chunks(columns)) {
            let places = centres.whole_chunks_mut(columns).zip(contacts.whole_chunks_mut(columns));
            for (row, (centres, contacts)) in (0..rows).zip(places) {
                let down = row.abs_diff(source) as f32 * self.spacing();
                self.dilate_row(
                    line,
                    source.wrapping_mul(columns),
                    down,
                    radius,
                    centres,
                    contacts,
                );
            }
        }
        Ok(())
    }

    /// Raises the balls of one row by the heights of a row that is `down` rows away and begins at
    /// the index `first`.
    fn dilate_row(
        &self,
        heights: &[f32],
        first: usize,
        down: f32,
        radius: f32,
        centres: &mut [f32],
        contacts: &mut [usize],
    ) {
        for shift in 0..heights.len() {
            let across = shift as f32 * self.spacing();
            let squared = radius * radius - (down * down + across * across);
            // A rounding error must not take a ball of radius 0 off its own point.
            if squared < 0.0 {
                return;
            }
            let cap = crate::math::sqrt(squared);
            let after = heights.get(shift..).unwrap_or_default();
            raise(after, first.wrapping_add(shift), cap, centres, contacts);
            let (centres, contacts) = (centres.get_mut(shift..), contacts.get_mut(shift..));
            raise(heights, first, cap, centres.unwrap_or_default(), contacts.unwrap_or_default());
        }
    }
}

/// Raises each centre to the height at which the ball touches the height beside it.
fn raise(heights: &[f32], first: usize, cap: f32, centres: &mut [f32], contacts: &mut [usize]) {
    let places = centres.iter_mut().zip(contacts);
    for (index, (height, (centre, contact))) in (0..heights.len()).zip(heights.iter().zip(places)) {
        let candidate = height + cap;
        if candidate > *centre {
            (*centre, *contact) = (candidate, first.wrapping_add(index));
        }
    }
}

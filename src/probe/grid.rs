//! Points at equal distances.

use crate::Error;
use core::num::NonZero;

/// Points on a line, which is one row, or on a plane, row by row, with the same distance between
/// rows as between columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    rows: NonZero<usize>,
    columns: NonZero<usize>,
    spacing: f32,
}

impl Grid {
    /// So many points, this far from each other.
    ///
    /// # Errors
    /// [`Error::Length`] without a point, [`Error::Setting`] where the spacing is not above 0.
    pub fn line(points: usize, spacing: f32) -> Result<Self, Error> {
        Self::plane(1, points, spacing)
    }

    /// So many rows of so many points, this far from each other both ways.
    ///
    /// # Errors
    /// [`Error::Length`] without a point, [`Error::Setting`] where the spacing is not above 0.
    pub fn plane(rows: usize, columns: usize, spacing: f32) -> Result<Self, Error> {
        let sides = NonZero::new(rows).zip(NonZero::new(columns));
        let Some((rows, columns)) =
            sides.filter(|(rows, columns)| rows.checked_mul(*columns).is_some())
        else {
            return Err(Error::Length { what: "grid", expected: 1, actual: 0 });
        };
        Error::check_positive("spacing", spacing)?;
        Ok(Self { rows, columns, spacing })
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.get()
    }

    /// How many points a row has.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns.get()
    }

    /// How many points in all.
    #[must_use]
    pub fn points(&self) -> usize {
        self.rows() * self.columns()
    }

    /// From a point to the next.
    #[must_use]
    pub fn spacing(&self) -> f32 {
        self.spacing
    }

    /// Checks that there is a value for each point.
    pub(super) fn check<T>(&self, what: &'static str, values: &[T]) -> Result<(), Error> {
        Error::check_length(what, self.points(), values.len())
    }

    /// Checks that there is a finite height for each point.
    pub(super) fn check_heights(&self, heights: &[f32]) -> Result<(), Error> {
        self.check("heights", heights)?;
        if heights.iter().all(|height| height.is_finite()) {
            Ok(())
        } else {
            Err(Error::NonFiniteLoss)
        }
    }
}

//! Grids of points at equal distances.

use crate::Error;
use core::num::NonZero;

/// Points on a line, which is one row, or on a plane, row by row. The distance between rows is the
/// same as that between columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    rows: NonZero<usize>,
    columns: NonZero<usize>,
    spacing: f32,
}

impl Grid {
    /// A line of `points` points, `spacing` apart.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where there is no point; [`Error::Setting`] where the spacing is not
    /// above 0, or has a square that no `f32` holds.
    pub fn line(points: usize, spacing: f32) -> Result<Self, Error> {
        Self::plane(1, points, spacing)
    }

    /// A plane of `rows` rows of `columns` points each, `spacing` apart both ways.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where there is no point; [`Error::Setting`] where the spacing is not
    /// above 0, or has a square that no `f32` holds.
    pub fn plane(rows: usize, columns: usize, spacing: f32) -> Result<Self, Error> {
        let sides = NonZero::new(rows).zip(NonZero::new(columns));
        let Some((rows, columns)) =
            sides.filter(|(rows, columns)| rows.checked_mul(*columns).is_some())
        else {
            return Err(Error::Length { what: "grid", expected: 1, actual: 0 });
        };
        Error::check_positive("spacing", spacing)?;
        // What is measured over a grid works with squares of distances.
        let square = spacing * spacing;
        if !(square.is_normal() && (1.0 / square).is_finite()) {
            let expected = "a number whose square an f32 holds";
            return Err(Error::Setting { name: "spacing", value: spacing, expected });
        }
        Ok(Self { rows, columns, spacing })
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.get()
    }

    /// How many points a row has.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns.get()
    }

    /// How many points there are in all.
    #[must_use]
    pub fn points(&self) -> usize {
        self.rows().saturating_mul(self.columns())
    }

    /// The distance from a point to the next.
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

//! Losses of two parameters in WGSL.

use super::super::std::{vec, vec::Vec};
use crate::probe::basins::NearWells;

/// A loss of two parameters in WGSL.
///
/// The source has a function `evaluate(x: f32, y: f32) -> vec3f`, which gives the loss and its two
/// slopes. It sees the arrays `numbers` and `integers`, and `exponential`, `logarithm`, `sine` and
/// `cosine`, which are more exact than WGSL's own. For bits that do not depend on the compiler, it
/// has `plus`, `minus` and `times` of two numbers, and `rounded` around a quotient or a root.
#[derive(Clone, Debug)]
pub struct PlaneFormula {
    /// What errors of its compiler call it.
    pub name: &'static str,
    /// WGSL.
    pub source: &'static str,
    /// What is in `numbers`.
    pub numbers: Vec<f32>,
    /// What is in `integers`.
    pub integers: Vec<u32>,
}

/// A [`Plane`](crate::probe::basins::Plane) with a formula in WGSL: [`NearWells`], or one of your
/// own.
pub trait ShadedPlane {
    /// The formula.
    fn formula(&self) -> PlaneFormula;
}

impl ShadedPlane for NearWells {
    fn formula(&self) -> PlaneFormula {
        let (width, [left, bottom]) = (self.width(), self.origin());
        let mut numbers = vec![
            -1.0 / (2.0 * width * width),
            1.0 / (width * width),
            left,
            bottom,
            self.cells_per_unit(),
            self.side() as f32,
        ];
        let place = |index: &u32| self.minima().get(*index as usize);
        numbers.extend(self.indices().iter().filter_map(place).flatten());
        let mut integers = vec![self.side() as u32];
        integers.extend(self.offsets());
        PlaneFormula {
            name: "near_wells",
            source: include_str!("near_wells.wgsl"),
            numbers,
            integers,
        }
    }
}

//! Losses of two parameters, written in WGSL.

use super::super::std::{vec, vec::Vec};
use crate::probe::basins::NearWells;

/// A loss of two parameters, written in WGSL.
///
/// The source has a function `evaluate(x: f32, y: f32) -> vec3f`, which returns the loss and its
/// two derivatives. It may use the arrays `numbers` and `integers`, and the functions
/// `exponential`, `logarithm`, `sine` and `cosine`, which are more accurate than WGSL's own. For
/// bits that do not depend on the compiler, it may use `plus`, `minus` and `times` of two numbers,
/// and `rounded` around a quotient or a root.
#[derive(Clone, Debug)]
pub struct PlaneFormula {
    /// The name by which errors of the shader compiler call it.
    pub name: &'static str,
    /// The source, in WGSL.
    pub source: &'static str,
    /// The content of the array `numbers`.
    pub numbers: Vec<f32>,
    /// The content of the array `integers`.
    pub integers: Vec<u32>,
}

/// A [`Plane`](crate::probe::basins::Plane) that also has a formula in WGSL: [`NearWells`], or one
/// of your own.
pub trait ShadedPlane {
    /// The formula of this plane.
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

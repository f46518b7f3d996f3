//! Windows that slide over a feature map: what convolutions and pools have in common.

use crate::kernels::Filters;
use core::marker::PhantomData;

/// A feature map of `HEIGHT` rows of `WIDTH` positions of `CHANNELS` values each: channels last, as sensors deliver
/// their samples. A signal in time is a map of one row. It needs not be flattened for a layer that knows no maps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Map<const HEIGHT: usize, const WIDTH: usize, const CHANNELS: usize>;

/// A window, its stride and the zeros around the map: `HEIGHT` and `WIDTH` of the window, then the same of the stride and
/// of the padding. One that is larger than its map does not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Conv2d, Layer, Map, Window};
///
/// const _: usize = Conv2d::<Map<2, 2, 1>, Window<3, 3>, 4>::OUTPUTS;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Window<
    const HEIGHT: usize,
    const WIDTH: usize,
    const VERTICAL_STRIDE: usize = 1,
    const HORIZONTAL_STRIDE: usize = 1,
    const VERTICAL_PADDING: usize = 0,
    const HORIZONTAL_PADDING: usize = 0,
>;

/// One window as large as the map: that of [`GlobalAveragePool`](super::GlobalAveragePool).
#[derive(Clone, Copy, Debug, Default)]
pub struct Whole<M>(PhantomData<M>);

/// How many values there are, and how they lie: a [`Map`], or a layer whose output is one. So the next layer's map need
/// not be counted: the layer before is named in its place.
///
/// ```
/// use rolling_ball::nn::{Conv2d, Map, MaxPool, Shape, Window};
///
/// type First = Conv2d<Map<28, 28, 1>, Window<3, 3>, 8>;
/// type Pooled = MaxPool<First, Window<2, 2, 2, 2>>;
/// type Second = Conv2d<Pooled, Window<3, 3, 2, 2, 1, 1>, 16>;
/// assert_eq!(First::MAP, [26, 26, 8]);
/// assert_eq!(Pooled::MAP, [13, 13, 8]);
/// assert_eq!(Second::MAP, [7, 7, 16]);
/// assert_eq!(Second::LENGTH, 7 * 7 * 16);
/// ```
pub trait Shape {
    /// Rows, positions in a row, values at a position.
    const MAP: [usize; 3];
    /// All values.
    const LENGTH: usize = Self::MAP[0] * Self::MAP[1] * Self::MAP[2];
}

impl<const H: usize, const W: usize, const C: usize> Shape for Map<H, W, C> {
    const MAP: [usize; 3] = [H, W, C];
}

/// A [`Window`], or the [`Whole`] map: vertical first.
pub trait Sliding {
    /// Positions of the window.
    const SIZE: [usize; 2];
    /// From one window to the next.
    const STRIDE: [usize; 2];
    /// Positions of zeros on either side.
    const PADDING: [usize; 2];
}

impl<
    const H: usize,
    const W: usize,
    const SH: usize,
    const SW: usize,
    const PH: usize,
    const PW: usize,
> Sliding for Window<H, W, SH, SW, PH, PW>
{
    const SIZE: [usize; 2] = [H, W];
    const STRIDE: [usize; 2] = [SH, SW];
    const PADDING: [usize; 2] = [PH, PW];
}

impl<M: Shape> Sliding for Whole<M> {
    const SIZE: [usize; 2] = [M::MAP[0], M::MAP[1]];
    const STRIDE: [usize; 2] = Self::SIZE;
    const PADDING: [usize; 2] = [0, 0];
}

/// A window on a map, as values: the loops over it are compiled once for all shapes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub map: [usize; 3],
    pub size: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    /// Rows and columns of windows.
    pub windows: [usize; 2],
}

impl Geometry {
    pub const fn of<M: Shape, S: Sliding>() -> Self {
        let (map, size, stride, padding) = (M::MAP, S::SIZE, S::STRIDE, S::PADDING);
        assert!(map[2] > 0, "Map: expected at least one channel");
        let windows = [
            places(map[0], size[0], stride[0], padding[0]),
            places(map[1], size[1], stride[1], padding[1]),
        ];
        Self { map, size, stride, padding, windows }
    }

    /// Rows and columns of windows, with this many values each.
    pub const fn output(self, values: usize) -> [usize; 3] {
        [self.windows[0], self.windows[1], values]
    }

    /// Positions in a whole window.
    pub const fn positions(self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Whether a position may lie in several windows.
    pub const fn overlaps(self) -> bool {
        self.stride[0] < self.size[0] || self.stride[1] < self.size[1]
    }

    /// Whether the position of this number lies in a window, where windows do not overlap.
    pub fn covers(self, position: usize) -> bool {
        let covered = |direction: usize, place: usize| {
            let pick = |values: [usize; 2]| if direction == 0 { values[0] } else { values[1] };
            let (stride, place) = (pick(self.stride).max(1), place + pick(self.padding));
            place / stride < pick(self.windows) && place % stride < pick(self.size)
        };
        let width = self.map[1].max(1);
        covered(0, position / width) && covered(1, position % width)
    }

    /// Values at a position: at least one, which the compiler cannot know of a value.
    pub fn channels(self) -> usize {
        self.map[2].max(1)
    }

    /// Values in a whole window.
    pub const fn length(self) -> usize {
        self.positions() * self.map[2]
    }

    /// Whether several filters of this window can be evaluated at once.
    pub fn fits_filters(self) -> bool {
        Filters::fit(self.length(), self.size[1] * self.map[2])
    }

    /// The windows, row by row, each as its runs: what lies in the map and in the window, side by side in both.
    /// What lies in the padding is left out.
    pub fn each(self) -> impl Iterator<Item = impl Iterator<Item = Run> + Clone> {
        let [_, width, channels] = self.map;
        let [rows, columns] = self.windows;
        (0..rows).flat_map(move |row| {
            let vertical = self.overlap(0, row);
            (0..columns).map(move |column| {
                let horizontal = self.overlap(1, column);
                let length = horizontal.length * channels;
                (0..vertical.length).map(move |line| Run {
                    window: ((vertical.window + line) * self.size[1] + horizontal.window)
                        * channels,
                    map: ((vertical.map + line) * width + horizontal.map) * channels,
                    length,
                })
            })
        })
    }

    /// What a window and the map have in common along one direction, in positions.
    fn overlap(self, direction: usize, place: usize) -> Run {
        let pick = |values: [usize; 2]| if direction == 0 { values[0] } else { values[1] };
        let (size, padding) = (pick(self.size), pick(self.padding));
        let [height, width, _] = self.map;
        let extent = pick([height, width]);
        let start = place * pick(self.stride);
        let window = padding.saturating_sub(start);
        let map = start.saturating_sub(padding);
        let length = size.saturating_sub(window).min(extent.saturating_sub(map));
        Run { window, map, length }
    }
}

/// Values that are neighbours both in the window and in the map: where they begin in each, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub window: usize,
    pub map: usize,
    pub length: usize,
}

impl Run {
    /// Its values in the window.
    pub fn of_window<T>(self, values: &[T]) -> &[T] {
        values.get(self.window..self.window + self.length).unwrap_or_default()
    }

    /// As [`of_window`](Self::of_window).
    pub fn of_window_mut(self, values: &mut [f32]) -> &mut [f32] {
        values.get_mut(self.window..self.window + self.length).unwrap_or_default()
    }

    /// Its values in the map.
    pub fn of_map<T>(self, values: &[T]) -> &[T] {
        values.get(self.map..self.map + self.length).unwrap_or_default()
    }

    /// As [`of_map`](Self::of_map).
    pub fn of_map_mut(self, values: &mut [f32]) -> &mut [f32] {
        values.get_mut(self.map..self.map + self.length).unwrap_or_default()
    }
}

/// How often a window fits along one direction.
const fn places(extent: usize, size: usize, stride: usize, padding: usize) -> usize {
    assert!(size > 0 && stride > 0, "Window: expected a size and a stride of at least 1");
    assert!(padding < size, "Window: expected less padding than the window is long");
    let padded = extent + 2 * padding;
    assert!(padded >= size, "Window: expected one no longer than the map with its padding");
    (padded - size) / stride + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::vec::Vec;

    fn runs<M: Shape, S: Sliding>() -> Vec<Vec<(usize, usize, usize)>> {
        let windows = Geometry::of::<M, S>().each();
        windows.map(|runs| runs.map(|run| (run.window, run.map, run.length)).collect()).collect()
    }

    #[test]
    fn a_window_in_time_is_one_run() {
        let expected = [[(0, 0, 6)], [(0, 4, 6)]];
        assert_eq!(runs::<Map<1, 5, 2>, Window<1, 3, 1, 2>>(), expected);
    }

    #[test]
    fn what_lies_in_the_padding_is_left_out() {
        let expected = [[(2, 0, 4)], [(0, 0, 6)], [(0, 2, 4)]];
        assert_eq!(runs::<Map<1, 3, 2>, Window<1, 3, 1, 1, 0, 1>>(), expected);
        // The first and the last of nine windows of 3 x 3 on a map of 3 x 3.
        let windows = runs::<Map<3, 3, 1>, Window<3, 3, 1, 1, 1, 1>>();
        assert_eq!(windows[0], [(4, 0, 2), (7, 3, 2)]);
        assert_eq!(windows[4], [(0, 0, 3), (3, 3, 3), (6, 6, 3)]);
        assert_eq!(windows[8], [(0, 4, 2), (3, 7, 2)]);
    }

    /// Element by element, with the padding written out.
    #[test]
    fn runs_cover_what_a_window_sees_of_the_map() {
        type M = Map<5, 4, 2>;
        type S = Window<3, 2, 2, 1, 2, 1>;
        let geometry = Geometry::of::<M, S>();
        assert_eq!(geometry.windows, [4, 5]);
        for (index, found) in runs::<M, S>().into_iter().enumerate() {
            let (row, column) = (index / 5, index % 5);
            let mut seen = Vec::new();
            for (window, map, length) in found {
                seen.extend((0..length).map(|i| (window + i, map + i)));
            }
            let mut expected = Vec::new();
            for (y, x, c) in
                (0..3).flat_map(|y| (0..2).flat_map(move |x| (0..2).map(move |c| (y, x, c))))
            {
                let (v, h) = (row as i32 * 2 + y - 2, column as i32 + x - 1);
                if (0..5).contains(&v) && (0..4).contains(&h) {
                    expected.push(((y * 4 + x * 2 + c) as usize, (v * 8 + h * 2 + c) as usize));
                }
            }
            assert_eq!(seen, expected, "window {index}");
        }
    }
}

//! Windows that slide over a feature map: what convolutions and pools have in common.

use crate::kernels::Filters;
use core::marker::PhantomData;

/// A feature map of `HEIGHT` rows of `WIDTH` positions of `CHANNELS` values each. Channels come
/// last, as sensors deliver their samples. A layer that knows no maps takes it as the plain vector
/// that it is in memory; it need not be flattened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Map<const HEIGHT: usize, const WIDTH: usize, const CHANNELS: usize>;

/// A signal in time: `LENGTH` moments of `CHANNELS` values each, which is a map of one row.
pub type Signal<const LENGTH: usize, const CHANNELS: usize> = Map<1, LENGTH, CHANNELS>;

/// The size of a window in positions: `Kernel<3, 5>` is three rows high and five wide, `Kernel<3>`
/// is three by three, or in a signal three moments.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernel<const HEIGHT: usize, const WIDTH: usize = HEIGHT>;

/// How many positions lie between the beginnings of two neighbouring windows: vertically and
/// horizontally. One number counts for both.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stride<const VERTICAL: usize, const HORIZONTAL: usize = VERTICAL>;

/// How many positions of zeros are put on either side of the map: above and below it, and left and
/// right of it. One number counts for both.
#[derive(Clone, Copy, Debug, Default)]
pub struct Padding<const VERTICAL: usize, const HORIZONTAL: usize = VERTICAL>;

/// A window that slides over a map: its [`Kernel`], its [`Stride`] (1 where it is not said) and the
/// [`Padding`] of the map (none where it is not said).
///
/// ```
/// use rolling_ball::nn::{Conv2d, Kernel, Map, MaxPool, Padding, Shape, Stride, Window};
///
/// type Image = Map<28, 28, 1>;
/// assert_eq!(Conv2d::<Image, Window<Kernel<3>>, 8>::MAP, [26, 26, 8]);
/// assert_eq!(Conv2d::<Image, Window<Kernel<3>, Stride<1>, Padding<1>>, 8>::MAP, [28, 28, 8]);
/// assert_eq!(Conv2d::<Image, Window<Kernel<3, 5>, Stride<1, 2>>, 8>::MAP, [26, 12, 8]);
/// assert_eq!(MaxPool::<Image, Window<Kernel<2>, Stride<2>>>::MAP, [14, 14, 1]);
/// ```
///
/// A window that is larger than its map with the padding does not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Conv2d, Kernel, Layer, Map, Window};
///
/// const _: usize = Conv2d::<Map<2, 2, 1>, Window<Kernel<3>>, 4>::OUTPUTS;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Window<Size, Step = Stride<1>, Border = Padding<0>>(PhantomData<(Size, Step, Border)>);

/// A window `W` that slides along a signal `M`: one row high, and as wide as `W` is. The layers in
/// time, such as [`Conv1d`](super::Conv1d), make it of the window that they are given.
#[derive(Clone, Copy, Debug, Default)]
pub struct InTime<M, W>(PhantomData<(M, W)>);

/// All values of the shape `M` as a plain vector: a map of one position.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flat<M>(PhantomData<M>);

/// One window as large as the map `M`: that of [`GlobalAveragePool`](super::GlobalAveragePool).
#[derive(Clone, Copy, Debug, Default)]
pub struct Whole<M>(PhantomData<M>);

/// How many values there are, and how they lie: a [`Map`], or a layer, whose output has a shape
/// too. So the next layer's shape need not be counted: the layer before it is named in its place.
///
/// ```
/// use rolling_ball::nn::{Conv2d, Kernel, Map, MaxPool, Padding, Shape, Stride, Window};
///
/// type First = Conv2d<Map<28, 28, 1>, Window<Kernel<3>>, 8>;
/// type Pooled = MaxPool<First, Window<Kernel<2>, Stride<2>>>;
/// type Second = Conv2d<Pooled, Window<Kernel<3>, Stride<2>, Padding<1>>, 16>;
/// assert_eq!(First::MAP, [26, 26, 8]);
/// assert_eq!(Pooled::MAP, [13, 13, 8]);
/// assert_eq!(Second::MAP, [7, 7, 16]);
/// assert_eq!(Second::LENGTH, 7 * 7 * 16);
/// ```
pub trait Shape {
    /// Rows, positions in a row, values at a position. A plain vector is a map of one position.
    const MAP: [usize; 3];
    /// How many values there are in all.
    const LENGTH: usize = Self::MAP[0] * Self::MAP[1] * Self::MAP[2];
}

impl<const HEIGHT: usize, const WIDTH: usize, const CHANNELS: usize> Shape
    for Map<HEIGHT, WIDTH, CHANNELS>
{
    const MAP: [usize; 3] = [HEIGHT, WIDTH, CHANNELS];
}

impl<M: Shape> Shape for Flat<M> {
    const MAP: [usize; 3] = [1, 1, M::LENGTH];
}

/// What slides over a map: a [`Window`], or the [`Whole`] map at once. The vertical number comes
/// first.
pub trait Sliding {
    /// Positions of the window.
    const SIZE: [usize; 2];
    /// Positions from one window to the next.
    const STRIDE: [usize; 2];
    /// Positions of zeros on either side of the map.
    const PADDING: [usize; 2];
}

impl<
    const HEIGHT: usize,
    const WIDTH: usize,
    const DOWN: usize,
    const RIGHT: usize,
    const VERTICAL: usize,
    const HORIZONTAL: usize,
> Sliding for Window<Kernel<HEIGHT, WIDTH>, Stride<DOWN, RIGHT>, Padding<VERTICAL, HORIZONTAL>>
{
    const SIZE: [usize; 2] = [HEIGHT, WIDTH];
    const STRIDE: [usize; 2] = [DOWN, RIGHT];
    const PADDING: [usize; 2] = [VERTICAL, HORIZONTAL];
}

impl<M: Shape, W: Sliding> Sliding for InTime<M, W> {
    const SIZE: [usize; 2] = {
        assert!(M::MAP[0] == 1, "a layer in time: expected a signal, which is a map of one row");
        [1, W::SIZE[1]]
    };
    const STRIDE: [usize; 2] = [1, W::STRIDE[1]];
    const PADDING: [usize; 2] = [0, W::PADDING[1]];
}

impl<M: Shape> Sliding for Whole<M> {
    const SIZE: [usize; 2] = [M::MAP[0], M::MAP[1]];
    const STRIDE: [usize; 2] = Self::SIZE;
    const PADDING: [usize; 2] = [0, 0];
}

/// A window on a map, as values: the loops over it are compiled once for all shapes.
///
/// Where a position lies in the map, with its padding, and where a value lies in the map or in the
/// window, fits a `usize` ([`of`](Self::of), [`Shape::LENGTH`]): the arithmetic here never wraps.
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
    pub const fn of<M: Shape, W: Sliding>() -> Self {
        let (map, size, stride, padding) = (M::MAP, W::SIZE, W::STRIDE, W::PADDING);
        assert!(map[2] > 0, "Map: expected at least one channel");
        let windows = [
            places(map[0], size[0], stride[0], padding[0]),
            places(map[1], size[1], stride[1], padding[1]),
        ];
        assert!(
            size[0] <= usize::MAX / size[1] / map[2],
            "Window: expected one whose values a usize can count"
        );
        Self { map, size, stride, padding, windows }
    }

    /// Rows and columns of windows, with this many values each.
    pub const fn output(self, values: usize) -> [usize; 3] {
        [self.windows[0], self.windows[1], values]
    }

    /// Positions in a whole window.
    pub const fn positions(self) -> usize {
        self.size[0].wrapping_mul(self.size[1])
    }

    /// Whether a position may lie in several windows.
    pub const fn overlaps(self) -> bool {
        self.stride[0] < self.size[0] || self.stride[1] < self.size[1]
    }

    /// Whether the position of this number lies in a window, where windows do not overlap.
    pub fn covers(self, position: usize) -> bool {
        let covered = |direction: usize, place: usize| {
            let pick = |values: [usize; 2]| if direction == 0 { values[0] } else { values[1] };
            let (stride, place) =
                (pick(self.stride).max(1), place.wrapping_add(pick(self.padding)));
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
        self.positions().wrapping_mul(self.map[2])
    }

    /// Whether several filters of this window can be evaluated at once.
    pub fn fits_filters(self) -> bool {
        Filters::fit(self.length(), self.size[1] * self.map[2])
    }

    /// The windows, row by row, each as its runs: what lies in the map and in the window, side by
    /// side in both. What lies in the padding is left out.
    pub fn each(self) -> impl Iterator<Item = impl Iterator<Item = Run> + Clone> {
        let [_, width, channels] = self.map;
        let [rows, columns] = self.windows;
        (0..rows).flat_map(move |row| {
            let vertical = self.overlap(0, row);
            (0..columns).map(move |column| {
                let horizontal = self.overlap(1, column);
                let length = horizontal.length.wrapping_mul(channels);
                (0..vertical.length).map(move |line| Run {
                    window: begin(
                        [vertical.window.wrapping_add(line), horizontal.window],
                        [self.size[1], channels],
                    ),
                    map: begin(
                        [vertical.map.wrapping_add(line), horizontal.map],
                        [width, channels],
                    ),
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
        let start = place.wrapping_mul(pick(self.stride));
        let window = padding.saturating_sub(start);
        let map = start.saturating_sub(padding);
        let length = size.saturating_sub(window).min(extent.saturating_sub(map));
        Run { window, map, length }
    }
}

/// Values that are neighbours both in the window and in the map: where they begin in each, and how
/// many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub window: usize,
    pub map: usize,
    pub length: usize,
}

impl Run {
    /// Its values in the window.
    pub fn of_window<T>(self, values: &[T]) -> &[T] {
        values.get(self.window..self.window.wrapping_add(self.length)).unwrap_or_default()
    }

    /// As [`of_window`](Self::of_window).
    pub fn of_window_mut(self, values: &mut [f32]) -> &mut [f32] {
        values.get_mut(self.window..self.window.wrapping_add(self.length)).unwrap_or_default()
    }

    /// Its values in the map.
    pub fn of_map<T>(self, values: &[T]) -> &[T] {
        values.get(self.map..self.map.wrapping_add(self.length)).unwrap_or_default()
    }

    /// As [`of_map`](Self::of_map).
    pub fn of_map_mut(self, values: &mut [f32]) -> &mut [f32] {
        values.get_mut(self.map..self.map.wrapping_add(self.length)).unwrap_or_default()
    }
}

/// Where a position begins among the values, which are fewer than a `usize` can count.
#[inline(always)]
const fn begin([row, column]: [usize; 2], [width, channels]: [usize; 2]) -> usize {
    row.wrapping_mul(width).wrapping_add(column).wrapping_mul(channels)
}

/// How often a window fits along one direction.
const fn places(extent: usize, size: usize, stride: usize, padding: usize) -> usize {
    assert!(size > 0 && stride > 0, "Window: expected a size and a stride of at least 1");
    assert!(padding < size, "Window: expected less padding than the window is long");
    let padded = extent.saturating_add(padding.saturating_mul(2));
    assert!(padded >= size, "Window: expected one no longer than the map with its padding");
    (padded - size) / stride + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::vec::Vec;

    fn runs<M: Shape, W: Sliding>() -> Vec<Vec<(usize, usize, usize)>> {
        let windows = Geometry::of::<M, W>().each();
        windows.map(|runs| runs.map(|run| (run.window, run.map, run.length)).collect()).collect()
    }

    #[test]
    fn a_window_in_time_is_one_run() {
        let expected = [[(0, 0, 6)], [(0, 4, 6)]];
        assert_eq!(runs::<Map<1, 5, 2>, Window<Kernel<1, 3>, Stride<1, 2>>>(), expected);
    }

    #[test]
    fn what_lies_in_the_padding_is_left_out() {
        let expected = [[(2, 0, 4)], [(0, 0, 6)], [(0, 2, 4)]];
        assert_eq!(
            runs::<Map<1, 3, 2>, Window<Kernel<1, 3>, Stride<1>, Padding<0, 1>>>(),
            expected
        );
        // The first and the last of nine windows of 3 x 3 on a map of 3 x 3.
        let windows = runs::<Map<3, 3, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>>();
        assert_eq!(windows[0], [(4, 0, 2), (7, 3, 2)]);
        assert_eq!(windows[4], [(0, 0, 3), (3, 3, 3), (6, 6, 3)]);
        assert_eq!(windows[8], [(0, 4, 2), (3, 7, 2)]);
    }

    /// Element by element, with the padding written out.
    #[test]
    fn runs_cover_what_a_window_sees_of_the_map() {
        type M = Map<5, 4, 2>;
        type W = Window<Kernel<3, 2>, Stride<2, 1>, Padding<2, 1>>;
        let geometry = Geometry::of::<M, W>();
        assert_eq!(geometry.windows, [4, 5]);
        for (index, found) in runs::<M, W>().into_iter().enumerate() {
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

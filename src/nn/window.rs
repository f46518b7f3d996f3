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

/// How many positions of zeros are put on each side of the map, where opposite sides differ. Keras
/// and TFLite put what "same" needs at the end first, and a causal convolution has all of it before
/// the signal.
///
/// ```
/// use rolling_ball::nn::{
///     Conv1d, Conv2d, Dilation, Kernel, Map, PaddingBySide, Shape, Signal, Stride, Window,
/// };
///
/// type Same = Window<Kernel<3>, Stride<2>, PaddingBySide<0, 1, 0, 1>>;
/// assert_eq!(Conv2d::<Map<28, 28, 1>, Same, 8>::MAP, [14, 14, 8]);
/// type Causal = Window<Kernel<3>, Stride<1>, PaddingBySide<0, 0, 8, 0>, Dilation<4>>;
/// assert_eq!(Conv1d::<Signal<50, 3>, Causal, 8>::MAP, [1, 50, 8]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PaddingBySide<
    const TOP: usize,
    const BOTTOM: usize,
    const LEFT: usize,
    const RIGHT: usize,
>;

/// How far apart two neighbours in the window lie in the map, in positions: vertically and
/// horizontally. One number counts for both; 1 leaves no gaps. Where it is said, positions are
/// looked at one by one, so say it only where there are gaps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dilation<const VERTICAL: usize, const HORIZONTAL: usize = VERTICAL>;

/// No [`Dilation`]: what are neighbours in the window are neighbours in the map.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGaps;

/// A window that slides over a map: its [`Kernel`], its [`Stride`] (1 where it is not said), the
/// padding of the map ([`Padding`] or [`PaddingBySide`], none where it is not said) and its
/// [`Dilation`] ([`NoGaps`] where it is not said).
///
/// ```
/// use rolling_ball::nn::{Conv2d, Dilation, Kernel, Map, MaxPool, Padding, Shape, Stride, Window};
///
/// type Image = Map<28, 28, 1>;
/// assert_eq!(Conv2d::<Image, Window<Kernel<3>>, 8>::MAP, [26, 26, 8]);
/// assert_eq!(Conv2d::<Image, Window<Kernel<3>, Stride<1>, Padding<1>>, 8>::MAP, [28, 28, 8]);
/// assert_eq!(Conv2d::<Image, Window<Kernel<3, 5>, Stride<1, 2>>, 8>::MAP, [26, 12, 8]);
/// assert_eq!(MaxPool::<Image, Window<Kernel<2>, Stride<2>>>::MAP, [14, 14, 1]);
/// type Dilated = Window<Kernel<3>, Stride<1>, Padding<2>, Dilation<2>>;
/// assert_eq!(Conv2d::<Image, Dilated, 8>::MAP, [28, 28, 8]);
/// ```
///
/// Where the last windows would end beyond the map, they are left away. Other frameworks can keep
/// them (`ceil_mode`), as padding at the end does here:
///
/// ```
/// use rolling_ball::nn::{Kernel, Map, MaxPool, PaddingBySide, Shape, Stride, Window};
///
/// type Floor = Window<Kernel<2>, Stride<2>>;
/// type Ceiling = Window<Kernel<2>, Stride<2>, PaddingBySide<0, 1, 0, 1>>;
/// assert_eq!(MaxPool::<Map<7, 7, 1>, Floor>::MAP, [3, 3, 1]);
/// assert_eq!(MaxPool::<Map<7, 7, 1>, Ceiling>::MAP, [4, 4, 1]);
/// ```
///
/// A window that is larger than its map with the padding does not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Conv2d, Kernel, Layer, Map, Window};
///
/// const _: usize = Conv2d::<Map<2, 2, 1>, Window<Kernel<3>>, 4>::OUTPUTS;
/// ```
///
/// Nor does one that sees nothing but padding somewhere:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Conv2d, Kernel, Layer, Map, PaddingBySide, Window};
///
/// type Beyond = Window<Kernel<2>, rolling_ball::nn::Stride<1>, PaddingBySide<0, 2, 0, 0>>;
/// const _: usize = Conv2d::<Map<5, 5, 1>, Beyond, 4>::OUTPUTS;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Window<Size, Step = Stride<1>, Zeros = Padding<0>, Spread = NoGaps>(
    PhantomData<(Size, Step, Zeros, Spread)>,
);

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
    /// Positions of zeros before the map, above and left of it, and after it, below and right.
    const PADDING: [[usize; 2]; 2];
    /// What is known of the gaps in the window.
    type Gaps: Gaps;
}

/// The zeros around a map: [`Padding`] or [`PaddingBySide`].
pub trait Border {
    /// Above the map and left of it, then below it and right of it.
    const PADDING: [[usize; 2]; 2];
}

impl<const VERTICAL: usize, const HORIZONTAL: usize> Border for Padding<VERTICAL, HORIZONTAL> {
    const PADDING: [[usize; 2]; 2] = [[VERTICAL, HORIZONTAL]; 2];
}

impl<const TOP: usize, const BOTTOM: usize, const LEFT: usize, const RIGHT: usize> Border
    for PaddingBySide<TOP, BOTTOM, LEFT, RIGHT>
{
    const PADDING: [[usize; 2]; 2] = [[TOP, LEFT], [BOTTOM, RIGHT]];
}

impl<
    const HEIGHT: usize,
    const WIDTH: usize,
    const DOWN: usize,
    const RIGHT: usize,
    P: Border,
    G: Gaps,
> Sliding for Window<Kernel<HEIGHT, WIDTH>, Stride<DOWN, RIGHT>, P, G>
{
    const SIZE: [usize; 2] = [HEIGHT, WIDTH];
    const STRIDE: [usize; 2] = [DOWN, RIGHT];
    const PADDING: [[usize; 2]; 2] = P::PADDING;
    type Gaps = G;
}

impl<M: Shape, W: Sliding> Sliding for InTime<M, W> {
    const SIZE: [usize; 2] = {
        assert!(M::MAP[0] == 1, "a layer in time: expected a signal, which is a map of one row");
        [1, W::SIZE[1]]
    };
    const STRIDE: [usize; 2] = [1, W::STRIDE[1]];
    const PADDING: [[usize; 2]; 2] = [[0, W::PADDING[0][1]], [0, W::PADDING[1][1]]];
    type Gaps = W::Gaps;
}

impl<M: Shape> Sliding for Whole<M> {
    const SIZE: [usize; 2] = [M::MAP[0], M::MAP[1]];
    const STRIDE: [usize; 2] = Self::SIZE;
    const PADDING: [[usize; 2]; 2] = [[0, 0]; 2];
    type Gaps = NoGaps;
}

/// A window on a map, as values: the loops over it are compiled once for all shapes.
///
/// Where a position lies in the map, with its padding, and where a value lies in the map or in the
/// window, fits a `usize` ([`of`](Self::of), [`Shape::LENGTH`]): the arithmetic here never wraps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry<G> {
    pub map: [usize; 3],
    pub size: [usize; 2],
    pub stride: [usize; 2],
    /// Above the map and left of it: what lies below and right of it only adds to the windows.
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
    /// Rows and columns of windows.
    pub windows: [usize; 2],
    pub gaps: PhantomData<G>,
}

impl<G: Gaps> Geometry<G> {
    pub const fn of<M: Shape, W: Sliding<Gaps = G>>() -> Self {
        Self::new(M::MAP, W::SIZE, W::STRIDE, W::PADDING)
    }

    const fn new(
        map: [usize; 3],
        size: [usize; 2],
        stride: [usize; 2],
        [padding, after]: [[usize; 2]; 2],
    ) -> Self {
        let dilation = G::DILATION;
        assert!(map[2] > 0, "Map: expected at least one channel");
        let windows = [
            places(map[0], size[0], stride[0], [padding[0], after[0]], dilation[0]),
            places(map[1], size[1], stride[1], [padding[1], after[1]], dilation[1]),
        ];
        assert!(
            size[0] <= usize::MAX / size[1] / map[2],
            "Window: expected one whose values a usize can count"
        );
        Self { map, size, stride, padding, dilation, windows, gaps: PhantomData }
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
        self.stride[0] < reach(self.size[0], self.dilation[0])
            || self.stride[1] < reach(self.size[1], self.dilation[1])
    }

    /// Whether the position of this number lies in a window, where windows do not overlap.
    pub fn covers(self, position: usize) -> bool {
        let covered = |direction: usize, place: usize| {
            let pick = |values: [usize; 2]| if direction == 0 { values[0] } else { values[1] };
            let (stride, place) =
                (pick(self.stride).max(1), place.wrapping_add(pick(self.padding)));
            let (dilation, inside) = (pick(self.dilation).max(1), place % stride);
            place / stride < pick(self.windows)
                && inside < reach(pick(self.size), dilation)
                && inside % dilation == 0
        };
        let width = self.map[1].max(1);
        covered(0, position / width) && covered(1, position % width)
    }

    /// Where positions begin and end that lie in the map or in the part of its padding that is
    /// counted.
    pub const fn bounds(self, padding: [[usize; 2]; 2], counted: [[usize; 2]; 2]) -> Bounds {
        let [[top, left], [bottom, right]] = padding;
        let [[counted_top, counted_left], [counted_bottom, counted_right]] = counted;
        let [height, width, _] = self.map;
        [
            [top.saturating_sub(counted_top), top + height + smaller(bottom, counted_bottom)],
            [left.saturating_sub(counted_left), left + width + smaller(right, counted_right)],
        ]
    }

    /// How many positions of each window lie within bounds.
    pub fn counts(self, [vertical, horizontal]: Bounds) -> impl Iterator<Item = usize> {
        let [rows, columns] = self.windows;
        (0..rows).flat_map(move |row| {
            let height = self.within(vertical, 0, row);
            (0..columns).map(move |column| {
                let width = self.within(horizontal, 1, column);
                height.wrapping_mul(width)
            })
        })
    }

    /// Values at a position: at least one, which the compiler cannot know of a value.
    pub fn channels(self) -> usize {
        self.map[2].max(1)
    }

    /// Values in a whole window.
    pub const fn length(self) -> usize {
        self.positions().wrapping_mul(self.map[2])
    }

    /// Whether the map is cut into the windows, one after another as its values lie: there is one
    /// window, which is the map, or a window at each position, which is all that it sees.
    pub const fn tiles(self) -> bool {
        let [height, width, _] = self.map;
        let ([rows, columns], [high, wide]) = (self.windows, self.size);
        let one = rows == 1 && columns == 1 && high == height && wide == width;
        let each = high == 1 && wide == 1 && rows == height && columns == width;
        G::NONE && (one || each)
    }

    /// Whether several filters of this window can be evaluated at once.
    pub fn fits_filters(self) -> bool {
        Filters::fit(self.length(), self.size[1] * self.map[2])
    }

    /// The windows, row by row, each as its runs: what lies in the map and in the window, side by
    /// side in both. What lies in the padding is left out.
    pub fn each(self) -> impl Iterator<Item = impl Iterator<Item = Run> + Clone> {
        let [rows, columns] = self.windows;
        (0..rows).flat_map(move |row| {
            let vertical = self.overlap(0, row);
            (0..columns).map(move |column| {
                let horizontal = self.overlap(1, column);
                G::runs([self.size[1], self.map[1], self.map[2]], vertical, horizontal)
            })
        })
    }

    /// What a window and the map have in common along one direction, in positions: in the window
    /// they are neighbours, in the map as far apart as the dilation says.
    fn overlap(self, direction: usize, place: usize) -> Run {
        let pick = |values: [usize; 2]| if direction == 0 { values[0] } else { values[1] };
        let (size, padding) = (pick(self.size), pick(self.padding));
        let [height, width, _] = self.map;
        let extent = pick([height, width]);
        let start = place.wrapping_mul(pick(self.stride));
        if G::NONE {
            let window = padding.saturating_sub(start);
            let map = start.saturating_sub(padding);
            let length = size.saturating_sub(window).min(extent.saturating_sub(map));
            return Run { window, map, length };
        }
        let dilation = pick(self.dilation);
        let seen = [padding, padding.wrapping_add(extent)];
        let (window, length) = between(seen, start, size, dilation);
        let map = start.wrapping_add(window.wrapping_mul(dilation)).wrapping_sub(padding);
        Run { window, map, length }
    }

    /// How many of a window's positions along one direction lie within bounds.
    fn within(self, bounds: [usize; 2], direction: usize, place: usize) -> usize {
        let pick = |values: [usize; 2]| if direction == 0 { values[0] } else { values[1] };
        let start = place.wrapping_mul(pick(self.stride));
        between(bounds, start, pick(self.size), pick(self.dilation)).1
    }
}

/// Where positions begin and end, vertically and horizontally, counted from the first of the
/// padding.
pub(super) type Bounds = [[usize; 2]; 2];

/// What is known of the gaps in a window: there are none ([`NoGaps`]), or a [`Dilation`] says them.
/// The loops over windows are compiled once for each of the two, so that those without gaps look
/// for none.
pub trait Gaps: Copy {
    /// Positions of the map from one of the window to the next.
    const DILATION: [usize; 2];
    /// Whether there are none.
    #[doc(hidden)]
    const NONE: bool;

    /// The runs of a window, by what it has in common with the map along each direction. The widths
    /// are those of the window and of the map, and the channels.
    #[doc(hidden)]
    fn runs(
        widths: [usize; 3],
        vertical: Run,
        horizontal: Run,
    ) -> impl Iterator<Item = Run> + Clone;
}

impl Gaps for NoGaps {
    const DILATION: [usize; 2] = [1, 1];
    const NONE: bool = true;

    /// A line each.
    #[inline(always)]
    fn runs(
        widths: [usize; 3],
        vertical: Run,
        horizontal: Run,
    ) -> impl Iterator<Item = Run> + Clone {
        let [window_width, width, channels] = widths;
        let length = horizontal.length.wrapping_mul(channels);
        let line = [window_width, width].map(|width| width.wrapping_mul(channels));
        let window = begin([vertical.window, horizontal.window], [window_width, channels]);
        let map = begin([vertical.map, horizontal.map], [width, channels]);
        let mut next = Run { window, map, length };
        (0..vertical.length).map(move |_| {
            let run = next;
            let [window_line, map_line] = line;
            next.window = run.window.wrapping_add(window_line);
            next.map = run.map.wrapping_add(map_line);
            run
        })
    }
}

impl<const VERTICAL: usize, const HORIZONTAL: usize> Gaps for Dilation<VERTICAL, HORIZONTAL> {
    const DILATION: [usize; 2] = [VERTICAL, HORIZONTAL];
    const NONE: bool = false;

    /// A position each.
    #[inline(always)]
    fn runs(
        widths: [usize; 3],
        vertical: Run,
        horizontal: Run,
    ) -> impl Iterator<Item = Run> + Clone {
        let [window_width, width, channels] = widths;
        (0..vertical.length.wrapping_mul(horizontal.length)).map(move |index| {
            let positions = horizontal.length.max(1);
            let (line, place) = (index / positions, index % positions);
            Run {
                window: begin(
                    [vertical.window.wrapping_add(line), horizontal.window.wrapping_add(place)],
                    [window_width, channels],
                ),
                map: begin(
                    [
                        vertical.map.wrapping_add(line.wrapping_mul(VERTICAL)),
                        horizontal.map.wrapping_add(place.wrapping_mul(HORIZONTAL)),
                    ],
                    [width, channels],
                ),
                length: channels,
            }
        })
    }
}

/// Values that are neighbours both in the window and in the map: where they begin in each, and how
/// many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
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
    pub fn of_window_mut<T>(self, values: &mut [T]) -> &mut [T] {
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

/// Of the positions of a window that starts here, those that lie between two bounds: the first of
/// them, and how many they are.
#[inline(always)]
const fn between(
    [from, to]: [usize; 2],
    start: usize,
    size: usize,
    dilation: usize,
) -> (usize, usize) {
    let first = gaps(from.saturating_sub(start), dilation);
    let end = gaps(to.saturating_sub(start), dilation);
    (first, smaller(end, size).saturating_sub(first))
}

const fn smaller(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// How many positions of a window lie before a distance from its start.
#[inline(always)]
const fn gaps(distance: usize, dilation: usize) -> usize {
    if dilation <= 1 { distance } else { distance.div_ceil(dilation) }
}

/// How many positions of the map lie from the first of a window to its last, both included.
const fn reach(size: usize, dilation: usize) -> usize {
    size.saturating_sub(1).saturating_mul(dilation).saturating_add(1)
}

/// How often a window fits along one direction.
const fn places(
    extent: usize,
    size: usize,
    stride: usize,
    [before, after]: [usize; 2],
    dilation: usize,
) -> usize {
    assert!(size > 0 && stride > 0, "Window: expected a size and a stride of at least 1");
    assert!(dilation > 0, "Window: expected a dilation of at least 1");
    let (reach, inside) = (reach(size, dilation), before.saturating_add(extent));
    let padded = inside.saturating_add(after);
    assert!(padded < usize::MAX, "Window: expected a map with a padding that a usize can count");
    assert!(padded >= reach, "Window: expected one no longer than the map with its padding");
    let last = (padded - reach) / stride;
    assert!(last * stride < inside, "Window: expected every window to begin before the map ends");
    // What begins in the map sees it. What begins in the padding before the map might not.
    let mut place = 0;
    while place <= last && place * stride < before {
        let (_, seen) = between([before, inside], place * stride, size, dilation);
        assert!(seen > 0, "Window: expected less padding: every window must see some of the map");
        place += 1;
    }
    last + 1
}

#[cfg(test)]
mod tests;

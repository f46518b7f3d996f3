//! The windows of a map. They are worked out as they are needed and never stored: together they can
//! be a million times as large as the map.

use super::graph::{Map, Window};
use std::ops::Range;

/// Elements that are neighbours both in the window and in the map: a row of the window, without
/// what is in the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The index of the first element in the window.
    pub window: usize,
    /// The index of the first element in the map.
    pub map: usize,
    /// The number of elements.
    pub length: usize,
}

/// For each window, row by row: its runs, from the top down.
pub fn windows(
    map: Map,
    window: Window,
) -> impl Iterator<Item = impl Iterator<Item = Run> + Clone> {
    let [_, width, channels] = map;
    let [down, across] = [0, 1].map(|d| starts(map[d], d, window));
    let starts = down.flat_map(move |top| across.clone().map(move |left| (top, left)));
    // A row of the window is looked at as a whole, or where the window has gaps one by one.
    let together = if window.dilation == [1; 2] { usize::MAX } else { 1 };
    starts.map(move |(top, left)| {
        let columns = seen(left, map[1], 1, window);
        let together = together.min(columns.len());
        seen(top, map[0], 0, window).flat_map(move |row| {
            columns.clone().step_by(together.max(1)).map(move |column| Run {
                window: (row * window.size[1] + column) * channels,
                map: (place(row, top, 0, window) * width + place(column, left, 1, window))
                    * channels,
                length: together * channels,
            })
        })
    })
}

/// Where a position of a window that starts here lies in the map.
fn place(position: usize, start: usize, d: usize, window: Window) -> usize {
    start + position * window.dilation[d] - window.padding[d][0]
}

/// The indices of a channel's elements in the window and in the map, run by run.
pub fn of_channel(
    runs: impl Iterator<Item = Run>,
    channel: usize,
    channels: usize,
) -> impl Iterator<Item = (usize, usize)> {
    runs.flat_map(move |run| {
        (channel..run.length).step_by(channels).map(move |i| (run.window + i, run.map + i))
    })
}

/// Where the windows start in one direction, counted from the start of the padding.
fn starts(extent: usize, d: usize, window: Window) -> impl Iterator<Item = usize> + Clone {
    let padding: usize = window.padding[d].iter().sum();
    let places = (extent + padding - window.span(d)) / window.stride[d] + 1;
    (0..places).map(move |place| place * window.stride[d])
}

/// The positions of a window that are not in the padding.
fn seen(start: usize, extent: usize, d: usize, window: Window) -> Range<usize> {
    let (size, dilation, before) = (window.size[d], window.dilation[d], window.padding[d][0]);
    let first = before.saturating_sub(start).div_ceil(dilation);
    let end = (extent + before).saturating_sub(start).div_ceil(dilation);
    first.min(end)..size.min(end).max(first.min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_a_row_of_the_window_without_the_padding() {
        // Two rows of three positions with two channels; the window is as large as the map.
        let window =
            Window { size: [2, 3], stride: [1, 2], padding: [[1; 2]; 2], dilation: [1; 2] };
        let all: Vec<Vec<Run>> = windows([2, 3, 2], window).map(Iterator::collect).collect();
        let run = |window, map, length| Run { window, map, length };
        assert_eq!(
            all,
            [
                vec![run(8, 0, 4)],
                vec![run(6, 2, 4)],
                vec![run(2, 0, 4), run(8, 6, 4)],
                vec![run(0, 2, 4), run(6, 8, 4)],
                vec![run(2, 6, 4)],
                vec![run(0, 8, 4)],
            ]
        );
    }

    #[test]
    fn a_channel_is_every_so_many_elements_of_each_run() {
        let runs = [Run { window: 0, map: 6, length: 4 }, Run { window: 4, map: 12, length: 2 }];
        let second: Vec<(usize, usize)> = of_channel(runs.into_iter(), 1, 2).collect();
        assert_eq!(second, [(1, 7), (3, 9), (5, 13)]);
    }
}

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
    let [height, width, channels] = map;
    let [down, across] = [0, 1].map(|d| starts(map[d], d, window));
    let starts = down.flat_map(move |top| across.clone().map(move |left| (top, left)));
    starts.map(move |(top, left)| {
        let columns = seen(left, width, 1, window);
        seen(top, height, 0, window).map(move |row| Run {
            window: (row * window.size[1] + columns.start) * channels,
            map: ((top + row - window.padding[0]) * width + left + columns.start
                - window.padding[1])
                * channels,
            length: columns.len() * channels,
        })
    })
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
    let places = (extent + 2 * window.padding[d] - window.size[d]) / window.stride[d] + 1;
    (0..places).map(move |place| place * window.stride[d])
}

/// The positions of a window that are not in the padding.
fn seen(start: usize, extent: usize, d: usize, window: Window) -> Range<usize> {
    let (size, padding) = (window.size[d], window.padding[d]);
    padding.saturating_sub(start)..size.min((extent + padding).saturating_sub(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_a_row_of_the_window_without_the_padding() {
        // Two rows of three positions with two channels; the window is as large as the map.
        let window = Window { size: [2, 3], stride: [1, 2], padding: [1, 1] };
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

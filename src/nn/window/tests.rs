//! Where windows lie.

use super::*;

extern crate std;
use std::vec::Vec;

fn runs<M: Shape, W: Sliding>() -> Vec<Vec<(usize, usize, usize)>> {
    let geometry = Geometry::<W::Gaps>::of::<M, W>();
    let windows = geometry.each();
    windows.map(|runs| runs.map(|run| (run.window, run.map, run.length)).collect()).collect()
}

#[test]
fn windows_tile_a_map_where_each_is_a_position_or_the_one_is_the_map() {
    const fn tiles<M: Shape, W: Sliding>() -> bool {
        Geometry::<W::Gaps>::of::<M, W>().tiles()
    }
    assert!(tiles::<Map<5, 4, 3>, Window<Kernel<1>>>());
    assert!(tiles::<Map<5, 4, 3>, Window<Kernel<5, 4>>>());
    assert!(tiles::<Map<5, 4, 3>, Whole<Map<5, 4, 3>>>());
    assert!(!tiles::<Map<5, 4, 3>, Window<Kernel<1>, Stride<2>>>());
    assert!(!tiles::<Map<4, 4, 3>, Window<Kernel<2>, Stride<2>>>());
    assert!(!tiles::<Map<5, 4, 3>, Window<Kernel<3>, Stride<1>, Padding<1>>>());
    assert!(!tiles::<Map<5, 4, 3>, Window<Kernel<1>, Stride<1>, Padding<0>, Dilation<2>>>());
}

#[test]
fn a_window_in_time_is_one_run() {
    let expected = [[(0, 0, 6)], [(0, 4, 6)]];
    assert_eq!(runs::<Map<1, 5, 2>, Window<Kernel<1, 3>, Stride<1, 2>>>(), expected);
}

#[test]
fn what_lies_in_the_padding_is_left_out() {
    let expected = [[(2, 0, 4)], [(0, 0, 6)], [(0, 2, 4)]];
    assert_eq!(runs::<Map<1, 3, 2>, Window<Kernel<1, 3>, Stride<1>, Padding<0, 1>>>(), expected);
    // The first and the last of nine windows of 3 x 3 on a map of 3 x 3.
    let windows = runs::<Map<3, 3, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>>();
    assert_eq!(windows[0], [(4, 0, 2), (7, 3, 2)]);
    assert_eq!(windows[4], [(0, 0, 3), (3, 3, 3), (6, 6, 3)]);
    assert_eq!(windows[8], [(0, 4, 2), (3, 7, 2)]);
}

/// Of one direction, what each window sees: its own position, and that of the map. `None` where
/// one sees nothing, or where not even one window fits.
fn plainly(
    extent: usize,
    size: usize,
    stride: usize,
    [before, after]: [usize; 2],
    dilation: usize,
) -> Option<Vec<Vec<[usize; 2]>>> {
    let last = |start: usize| start + (size - 1) * dilation;
    let starts = (0..).step_by(stride).take_while(|start| last(*start) < before + extent + after);
    let windows: Vec<Vec<_>> = starts
        .map(|start| {
            let places = (0..size).map(|tap| [tap, start + tap * dilation]);
            let inside = places.filter(|[_, y]| (before..before + extent).contains(y));
            inside.map(|[tap, y]| [tap, y - before]).collect()
        })
        .collect();
    (!windows.is_empty() && windows.iter().all(|window| !window.is_empty())).then_some(windows)
}

type Shaped = ([usize; 3], [usize; 2], [usize; 2], [[usize; 2]; 2]);

#[derive(Debug, PartialEq)]
struct Seen {
    windows: [usize; 2],
    /// Of each window, where its values lie in it and in the map.
    values: Vec<Vec<(usize, usize)>>,
    /// In how many windows each position lies, where they do not overlap.
    covers: Option<Vec<usize>>,
}

fn sees<G: Gaps>((map, size, stride, padding): Shaped) -> Seen {
    let geometry = Geometry::<G>::new(map, size, stride, padding);
    let each = |run: Run| (0..run.length).map(move |i| (run.window + i, run.map + i));
    let values = geometry.each().map(|runs| runs.flat_map(each).collect()).collect();
    let covers = |place| usize::from(geometry.covers(place));
    let covers = (!geometry.overlaps()).then(|| (0..map[0] * map[1]).map(covers).collect());
    Seen { windows: geometry.windows, values, covers }
}

/// Value by value, for all small shapes: vertical and horizontal settings meet in pairs, one of
/// which is one of the few that the other is compared with.
#[test]
fn runs_are_what_a_window_sees_of_the_map_value_by_value() {
    let mut directions = Vec::new();
    for extent in 1..6 {
        for (size, stride, dilation) in (0..36).map(|i| (1 + i % 4, 1 + i / 4 % 3, 1 + i / 12)) {
            for sides in (0..16).map(|i| [i % 4, i / 4]) {
                if let Some(seen) = plainly(extent, size, stride, sides, dilation) {
                    directions.push((extent, size, stride, sides, dilation, seen));
                }
            }
        }
    }
    assert!(directions.len() > 1000, "{} of 2880", directions.len());
    // An interpreter takes minutes for all of them.
    let step = if cfg!(miri) { 97 } else { 1 };
    for (index, first) in directions.iter().enumerate().step_by(step) {
        let other = &directions[index * 31 % directions.len()];
        for (channels, [rows, columns]) in [(1, [first, other]), (3, [other, first])] {
            let (height, size_v, down, [top, bottom], dilation_v, seen_v) = rows;
            let (width, size_h, right, [left, end], dilation_h, seen_h) = columns;
            let shape = (
                [*height, *width, channels],
                [*size_v, *size_h],
                [*down, *right],
                [[*top, *left], [*bottom, *end]],
            );
            let seen = match [*dilation_v, *dilation_h] {
                [1, 1] => {
                    assert_eq!(sees::<NoGaps>(shape), sees::<Dilation<1>>(shape));
                    sees::<NoGaps>(shape)
                }
                [1, 2] => sees::<Dilation<1, 2>>(shape),
                [1, 3] => sees::<Dilation<1, 3>>(shape),
                [2, 1] => sees::<Dilation<2, 1>>(shape),
                [2, 2] => sees::<Dilation<2>>(shape),
                [2, 3] => sees::<Dilation<2, 3>>(shape),
                [3, 1] => sees::<Dilation<3, 1>>(shape),
                [3, 2] => sees::<Dilation<3, 2>>(shape),
                _ => sees::<Dilation<3>>(shape),
            };
            assert_eq!(seen.windows, [seen_v.len(), seen_h.len()], "{shape:?}");
            let mut expected = Vec::new();
            let mut covered = std::vec![0; height * width];
            for (row, column) in
                seen_v.iter().flat_map(|row| seen_h.iter().map(move |column| (row, column)))
            {
                let mut window = Vec::new();
                for ([v, y], [h, x]) in
                    row.iter().flat_map(|place| column.iter().map(move |other| (place, other)))
                {
                    covered[y * width + x] += 1;
                    window.extend((0..channels).map(|channel| {
                        (
                            (v * size_h + h) * channels + channel,
                            (y * width + x) * channels + channel,
                        )
                    }));
                }
                expected.push(window);
            }
            assert_eq!(seen.values, expected, "{shape:?}");
            if let Some(covers) = seen.covers {
                assert_eq!(covers, covered, "{shape:?}");
            }
        }
    }
}

#[test]
fn windows_that_see_nothing_of_the_map_are_refused() {
    fn of<G: Gaps + std::panic::RefUnwindSafe>(before: usize, after: usize) -> Option<[usize; 2]> {
        let shape = ([3, 1, 1], [2, 1], [1, 1], [[before, 0], [after, 0]]);
        std::panic::catch_unwind(|| sees::<G>(shape).windows).ok()
    }
    assert_eq!(of::<NoGaps>(1, 1), Some([4, 1]));
    assert_eq!(of::<NoGaps>(2, 0), None);
    assert_eq!(of::<NoGaps>(0, 2), None);
    assert_eq!(of::<Dilation<2>>(2, 2), Some([5, 1]));
    // A map of three positions in the gap of four.
    assert_eq!(of::<Dilation<4>>(1, 1), None);
}

//! The windows of a map, element by element.

use super::graph::{Map, Window};

/// For each window, row by row: which elements of the map it sees, as pairs of the index in the
/// window and the index in the map, with neighbours in one run. What is in the padding is left out.
pub fn windows(map: Map, window: Window) -> Vec<Vec<(usize, usize)>> {
    let [height, width, channels] = map;
    let places =
        |d: usize| (map[d] + 2 * window.padding[d] - window.size[d]) / window.stride[d] + 1;
    let mut all = Vec::new();
    for (top, left) in (0..places(0)).flat_map(|y| (0..places(1)).map(move |x| (y, x))) {
        let mut seen = Vec::new();
        for row in 0..window.size[0] {
            for column in 0..window.size[1] {
                let y = (top * window.stride[0] + row).checked_sub(window.padding[0]);
                let x = (left * window.stride[1] + column).checked_sub(window.padding[1]);
                if let (Some(y), Some(x)) = (y, x)
                    && y < height
                    && x < width
                {
                    let inside = (row * window.size[1] + column) * channels;
                    let outside = (y * width + x) * channels;
                    seen.extend((0..channels).map(|channel| (inside + channel, outside + channel)));
                }
            }
        }
        all.push(seen);
    }
    all
}

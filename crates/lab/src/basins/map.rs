//! Maps of starts as PNG.

use super::colours::LOST;
use crate::pixels::{Colour, Pixels};
use rolling_ball::probe::basins::{Basins, Starts};

/// Pixels of a side, about.
const SIDE: usize = 512;

/// Each start in the colour of its basin, the second coordinate upwards, with a dot at each
/// minimum.
pub fn of(basins: &Basins, starts: &Starts, colours: &[Colour]) -> Pixels {
    let scale = (SIDE / starts.side).max(1);
    let width = scale * starts.side;
    let mut map = Pixels { pixels: vec![LOST; width * width], width };
    for (index, pixel) in map.pixels.iter_mut().enumerate() {
        let (column, row) = (index % width / scale, (width - 1 - index / width) / scale);
        let label = basins.labels().get(row * starts.side + column).copied().flatten();
        *pixel = label.and_then(|label| colours.get(label as usize)).copied().unwrap_or(LOST);
    }
    for minimum in basins.minima() {
        let [x, y] = minimum.place.map(|at| {
            let starts = (at - starts.from) / starts.spacing();
            scale as f32 * (starts + 0.5) - 0.5
        });
        map.dot(x, (width - 1) as f32 - y);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::{BLACK, GAP, WHITE};

    const COLOURS: [Colour; 4] = [[1; 3], [2; 3], [3; 3], [4; 3]];

    /// Four starts, each in its own basin but the lost last one.
    fn three_and_a_lost_one() -> Pixels {
        let starts = Starts { from: 0.0, to: 1.0, side: 2 };
        // Their minima are out of the picture.
        let ends = [[50.0, 50.0], [60.0, 50.0], [70.0, 50.0], [f32::NAN; 2]];
        let basins = Basins::of(&ends, &starts, 0.1).unwrap();
        of(&basins, &starts, &COLOURS)
    }

    #[test]
    fn the_second_coordinate_goes_up_and_lost_balls_are_black() {
        let map = three_and_a_lost_one();
        let corner = |row: usize, column: usize| map.pixels[row * SIDE + column];
        let last = SIDE - 1;
        assert_eq!([corner(last, 0), corner(last, last)], [COLOURS[0], COLOURS[1]]);
        assert_eq!([corner(0, 0), corner(0, last)], [COLOURS[2], LOST]);
    }

    #[test]
    fn a_minimum_is_a_dot_where_it_is() {
        let starts = Starts { from: 0.0, to: 1.0, side: 2 };
        let basins = Basins::of(&[[1.0, 0.0]; 4], &starts, 0.1).unwrap();
        let map = of(&basins, &starts, &COLOURS);
        let at = |row: usize, column: usize| map.pixels[row * SIDE + column];
        // The middle of the second start's square, in the lower right corner.
        assert_eq!(at(3 * SIDE / 4, 3 * SIDE / 4), BLACK);
        assert_eq!(at(3 * SIDE / 4, 3 * SIDE / 4 + 2), WHITE);
        assert_eq!(at(3 * SIDE / 4, 3 * SIDE / 4 + 3), COLOURS[0]);
        assert_eq!(map.pixels.iter().filter(|pixel| **pixel == BLACK).count(), 12);
    }

    #[test]
    fn three_maps_leave_the_last_place_white() {
        let together = Pixels::together(&[(); 3].map(|()| three_and_a_lost_one()));
        let side = 2 * SIDE + GAP;
        assert_eq!((together.width, together.pixels.len()), (side, side * side));
        assert_eq!(together.pixels[0], COLOURS[2]);
        assert_eq!(together.pixels[(side - 1) * side], COLOURS[0]);
        assert_eq!(together.pixels[side * side - 1], WHITE);
    }
}

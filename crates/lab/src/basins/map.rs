//! Maps of starts as PNG.

use super::colours::{Colour, LOST};
use anyhow::{Context, Result};
use rolling_ball::probe::basins::{Basins, Starts};

/// Pixels of a side, about.
const SIDE: usize = 512;
const WHITE: Colour = [255; 3];
const BLACK: Colour = [0; 3];
/// Of a minimum's dot and of the ring around it, in pixels.
const DOT: f32 = 2.0;
const RING: f32 = 3.2;
/// Between maps side by side, in pixels.
const GAP: usize = 8;

/// Pixels row by row, from the top.
pub struct Map {
    pixels: Vec<Colour>,
    width: usize,
}

impl Map {
    /// Each start in the colour of its basin, the second coordinate upwards, with a dot at each
    /// minimum.
    pub fn of(basins: &Basins, starts: &Starts, colours: &[Colour]) -> Self {
        let scale = (SIDE / starts.side).max(1);
        let width = scale * starts.side;
        let mut map = Self { pixels: vec![WHITE; width * width], width };
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

    fn dot(&mut self, x: f32, y: f32) {
        let width = self.width;
        let around = |at: f32| ((at - RING).ceil() as isize)..=((at + RING).floor() as isize);
        for row in around(y) {
            for column in around(x) {
                let (Ok(r), Ok(c)) = (usize::try_from(row), usize::try_from(column)) else {
                    continue;
                };
                let distance = (column as f32 - x).hypot(row as f32 - y);
                if c < width
                    && distance <= RING
                    && let Some(pixel) = self.pixels.get_mut(r * width + c)
                {
                    *pixel = if distance <= DOT { BLACK } else { WHITE };
                }
            }
        }
    }

    /// Maps of one size beside and below each other, from the top left, about as many rows as
    /// columns.
    pub fn together(maps: &[Self]) -> Self {
        let columns = (1..).find(|side| side * side >= maps.len()).unwrap_or(1);
        let rows = maps.len().div_ceil(columns);
        let side = maps.first().map_or(0, |map| map.width);
        let width = columns * (side + GAP) - GAP;
        let height = rows * (side + GAP) - GAP;
        let mut pixels = vec![WHITE; width * height];
        for (index, map) in maps.iter().enumerate() {
            let (left, top) = (index % columns * (side + GAP), index / columns * (side + GAP));
            for (row, line) in map.pixels.chunks_exact(side).enumerate() {
                let place = (top + row) * width + left;
                if let Some(target) = pixels.get_mut(place..place + side) {
                    target.copy_from_slice(line);
                }
            }
        }
        Self { pixels, width }
    }

    /// Encodes the map as a PNG file.
    pub fn png(&self) -> Result<Vec<u8>> {
        let height = self.pixels.len() / self.width.max(1);
        let [width, height] = [self.width, height].map(u32::try_from);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width?, height?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().context("cannot write a PNG")?;
        writer.write_image_data(&self.pixels.concat()).context("cannot write a PNG")?;
        writer.finish().context("cannot write a PNG")?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOURS: [Colour; 4] = [[1; 3], [2; 3], [3; 3], [4; 3]];

    /// Four starts, each in its own basin but the lost last one.
    fn map() -> Map {
        let starts = Starts { from: 0.0, to: 1.0, side: 2 };
        // Their minima are out of the picture.
        let ends = [[50.0, 50.0], [60.0, 50.0], [70.0, 50.0], [f32::NAN; 2]];
        let basins = Basins::of(&ends, &starts, 0.1).unwrap();
        Map::of(&basins, &starts, &COLOURS)
    }

    #[test]
    fn the_second_coordinate_goes_up_and_lost_balls_are_black() {
        let map = map();
        let corner = |row: usize, column: usize| map.pixels[row * SIDE + column];
        let last = SIDE - 1;
        assert_eq!([corner(last, 0), corner(last, last)], [COLOURS[0], COLOURS[1]]);
        assert_eq!([corner(0, 0), corner(0, last)], [COLOURS[2], LOST]);
    }

    #[test]
    fn a_minimum_is_a_dot_where_it_is() {
        let starts = Starts { from: 0.0, to: 1.0, side: 2 };
        let basins = Basins::of(&[[1.0, 0.0]; 4], &starts, 0.1).unwrap();
        let map = Map::of(&basins, &starts, &COLOURS);
        let at = |row: usize, column: usize| map.pixels[row * SIDE + column];
        // The middle of the second start's square, in the lower right corner.
        assert_eq!(at(3 * SIDE / 4, 3 * SIDE / 4), BLACK);
        assert_eq!(at(3 * SIDE / 4, 3 * SIDE / 4 + 2), WHITE);
        assert_eq!(at(3 * SIDE / 4, 3 * SIDE / 4 + 3), COLOURS[0]);
        assert_eq!(map.pixels.iter().filter(|pixel| **pixel == BLACK).count(), 12);
    }

    #[test]
    fn three_maps_leave_the_last_place_white() {
        let together = Map::together(&[map(), map(), map()]);
        let side = 2 * SIDE + GAP;
        assert_eq!((together.width, together.pixels.len()), (side, side * side));
        assert_eq!(together.pixels[0], COLOURS[2]);
        assert_eq!(together.pixels[(side - 1) * side], COLOURS[0]);
        assert_eq!(together.pixels[side * side - 1], WHITE);
    }
}

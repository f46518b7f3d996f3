//! Pictures of pixels, as PNG.

use anyhow::{Context, Result};

/// Red, green and blue.
pub type Colour = [u8; 3];

pub const WHITE: Colour = [255; 3];
pub const BLACK: Colour = [0; 3];
/// Of a dot and of the ring around it, in pixels.
const DOT: f32 = 2.0;
const RING: f32 = 3.2;
/// Between pictures side by side, in pixels.
pub const GAP: usize = 8;

/// Pixels row by row, from the top.
pub struct Pixels {
    pub pixels: Vec<Colour>,
    pub width: usize,
}

impl Pixels {
    /// A black dot in a white ring.
    pub fn dot(&mut self, x: f32, y: f32) {
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

    /// A black line, a pixel wide.
    pub fn line(&mut self, [x, y]: [f32; 2], [to_x, to_y]: [f32; 2]) {
        let far = (to_x - x).abs().max((to_y - y).abs()).ceil().max(1.0);
        for index in 0..=far as usize {
            let part = index as f32 / far;
            let (x, y) = (x + part * (to_x - x), y + part * (to_y - y));
            let column = (0.0..self.width as f32).contains(&x).then_some(x as usize);
            if let Some(column) = column
                && y >= 0.0
                && let Some(pixel) = self.pixels.get_mut(y as usize * self.width + column)
            {
                *pixel = BLACK;
            }
        }
    }

    /// Pictures of one size beside and below each other, from the top left, about as many rows as
    /// columns.
    pub fn together(pictures: &[Self]) -> Self {
        let columns = (1..).find(|side| side * side >= pictures.len()).unwrap_or(1);
        let rows = pictures.len().div_ceil(columns);
        let side = pictures.first().map_or(0, |picture| picture.width);
        let width = columns * (side + GAP) - GAP;
        let height = rows * (side + GAP) - GAP;
        let mut pixels = vec![WHITE; width * height];
        for (index, picture) in pictures.iter().enumerate() {
            let (left, top) = (index % columns * (side + GAP), index / columns * (side + GAP));
            for (row, line) in picture.pixels.chunks_exact(side).enumerate() {
                let place = (top + row) * width + left;
                if let Some(target) = pixels.get_mut(place..place + side) {
                    target.copy_from_slice(line);
                }
            }
        }
        Self { pixels, width }
    }

    /// Encodes them as a PNG file.
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

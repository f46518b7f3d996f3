//! Maps of basins as PNG.

use super::super::picture::COLOURS;
use super::super::wells::EDGE;
use super::Found;
use anyhow::Result;

/// Pixels between maps.
pub const GAP: usize = 8;
/// Half the side of a minimum's dot, in parts of the map's side; and of how many basins at most they are shown.
const DOT: usize = 256;
const DOTS: usize = 200;
const WHITE: [u8; 3] = [255; 3];
const BLACK: [u8; 3] = [0; 3];
/// How dark the highest minimum is.
const DARKEST: f32 = 0.35;

/// One map, or several with two in a row; a pixel a start, the second coordinate upwards.
pub fn png(maps: &[&Found], side: usize) -> Result<Vec<u8>> {
    let columns = maps.len().min(2);
    let rows = maps.len().div_ceil(columns.max(1));
    let along = |count: usize| count * side + count.saturating_sub(1) * GAP;
    let (width, height) = (along(columns), along(rows));
    let mut pixels = vec![WHITE; width * height];
    for (index, found) in maps.iter().enumerate() {
        let [left, top] = [index % columns, index / columns].map(|place| place * (side + GAP));
        for (row, line) in map(found, side).chunks(side).enumerate() {
            pixels[(top + row) * width + left..][..side].copy_from_slice(line);
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels.as_flattened())?;
    writer.finish()?;
    Ok(file)
}

/// The pixels of a map, row by row from above.
fn map(found: &Found, side: usize) -> Vec<[u8; 3]> {
    let finite = || found.depths.iter().copied().filter(|depth| depth.is_finite());
    let (low, high) = (finite().fold(f32::MAX, f32::min), finite().fold(f32::MIN, f32::max));
    let brightness = |depth: f32| {
        let part = if high > low { (depth - low) / (high - low) } else { 0.0 };
        1.0 - (1.0 - DARKEST) * part
    };
    let colours: Vec<[u8; 3]> = (0..)
        .zip(&found.depths)
        .map(|(label, depth)| shaded(colour(label), brightness(*depth)))
        .collect();
    let labels = found.basins.labels();
    let mut pixels = Vec::with_capacity(labels.len());
    for line in labels.chunks(side).rev() {
        // A ball that was lost ends nowhere.
        pixels
            .extend(line.iter().map(|label| label.map_or(WHITE, |label| colours[label as usize])));
    }
    if found.basins.minima().len() <= DOTS {
        for minimum in found.basins.minima() {
            dot(&mut pixels, side, minimum.place);
        }
    }
    pixels
}

/// Of the basin with this number: the palette's for the largest, then hues far from each other.
fn colour(label: usize) -> [f32; 3] {
    // The last of the palette is nearly black.
    if let Some(colour) = COLOURS[..COLOURS.len() - 1].get(label) {
        return [colour.0, colour.1, colour.2].map(|part| f32::from(part) / 255.0);
    }
    let hue = (label as f32 * 0.618_034).fract();
    let saturation = 0.45 + 0.4 * (label as f32 * 0.732).fract();
    [5.0, 3.0, 1.0].map(|part| {
        let place = (part + 6.0 * hue) % 6.0;
        1.0 - saturation * place.min(4.0 - place).clamp(0.0, 1.0)
    })
}

fn shaded(colour: [f32; 3], brightness: f32) -> [u8; 3] {
    colour.map(|part| (255.0 * part * brightness).round() as u8)
}

fn dot(pixels: &mut [[u8; 3]], side: usize, place: [f32; 2]) {
    let last = (side - 1) as f32;
    let [column, row] = place.map(|at| (at + EDGE) / (2.0 * EDGE) * last);
    let (column, row, reach) = (column.round(), (last - row).round(), (side / DOT) as f32);
    for (index, pixel) in pixels.iter_mut().enumerate() {
        let (across, down) = ((index % side) as f32 - column, (index / side) as f32 - row);
        if across.abs() <= reach / 2.0 && down.abs() <= reach / 2.0 {
            *pixel = BLACK;
        }
    }
}

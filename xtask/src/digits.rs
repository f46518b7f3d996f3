//! The digits scenario: clean digits for the desktop, and the same digits seen by the device's own sensor.

use crate::dataset::Dataset;
use anyhow::{Result, ensure};
use oorandom::Rand32;

/// data/digits/README.md has the format.
const PACKED: &[u8] = include_bytes!("../../data/digits/digits.bin");
const SIDE: usize = 8;
const WIDTH: usize = SIDE * SIDE;
const RECORD: usize = 41;
/// A pixel of value 1 as the sensor's byte; the brightest, 16, is 240.
const BYTE: f32 = 15.0;
/// The digits before this one pre-train the network; the device meets the others.
const PRE_TRAINING: usize = 1200;

/// How the device's sensor differs from the one that the clean digits were taken with.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    /// It is mounted turned by this angle, counter-clockwise in degrees.
    pub rotation: f32,
    /// Its response to a brightness is this times the clean one's.
    pub gain: f32,
    /// Added to every pixel, in units of the clean pixels (0 to 16).
    pub offset: f32,
    /// Standard deviation of the noise on every pixel, in the same units.
    pub noise: f32,
}

/// The sensor of the demo.
pub const SENSOR: Sensor = Sensor { rotation: 40.0, gain: 0.7, offset: 2.0, noise: 1.0 };

/// Clean digits to pre-train with.
pub fn clean() -> Result<Dataset> {
    let digits = unpack()?;
    Ok(digits.select(&(0..PRE_TRAINING).collect::<Vec<_>>()))
}

/// What the device's sensor sees of the other digits.
pub fn sensed(sensor: &Sensor, seed: u64) -> Result<Dataset> {
    let digits = unpack()?;
    let mut seen = digits.select(&(PRE_TRAINING..digits.labels.len()).collect::<Vec<_>>());
    let mut random = Rand32::new(seed);
    for image in seen.inputs.chunks_exact_mut(WIDTH) {
        sensor.see(image, &mut random);
    }
    Ok(seen)
}

fn unpack() -> Result<Dataset> {
    ensure!(PACKED.len().is_multiple_of(RECORD), "data/digits/digits.bin is truncated");
    let mut digits = Dataset {
        inputs: Vec::new(),
        labels: Vec::new(),
        width: WIDTH,
        scale: 1.0 / (16.0 * BYTE),
        offset: -0.3,
    };
    for record in PACKED.chunks_exact(RECORD) {
        digits.labels.push(record[0]);
        for row in record[1..].chunks_exact(5) {
            let row = row.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            for x in 0..SIDE {
                digits.inputs.push((row >> (5 * x) & 31) as u8 * BYTE as u8);
            }
        }
    }
    Ok(digits)
}

impl Sensor {
    /// Turns the image into what the sensor reads of it.
    fn see(&self, image: &mut [u8], random: &mut Rand32) {
        let clean: Vec<f32> = image.iter().map(|byte| f32::from(*byte) / BYTE).collect();
        let (sin, cos) = libm::sincosf(self.rotation.to_radians());
        let middle = (SIDE as f32 - 1.0) / 2.0;
        for (index, byte) in image.iter_mut().enumerate() {
            let (x, y) = ((index % SIDE) as f32 - middle, (index / SIDE) as f32 - middle);
            let brightness =
                bilinear(&clean, cos * x - sin * y + middle, sin * x + cos * y + middle);
            // Twelve uniform numbers add up to a variance of 1.
            let normal = (0..12).map(|_| random.rand_float()).sum::<f32>() - 6.0;
            let read = self.gain * brightness + self.offset + self.noise * normal;
            *byte = (read * BYTE).round().clamp(0.0, 255.0) as u8;
        }
    }
}

/// The image between its pixels; black outside.
fn bilinear(image: &[f32], x: f32, y: f32) -> f32 {
    let pixel = |x: f32, y: f32| {
        let inside = (0.0..SIDE as f32).contains(&x) && (0.0..SIDE as f32).contains(&y);
        if inside { image[y as usize * SIDE + x as usize] } else { 0.0 }
    };
    let (left, top) = (x.floor(), y.floor());
    let (right_part, bottom_part) = (x - left, y - top);
    let row = |y: f32| pixel(left, y) * (1.0 - right_part) + pixel(left + 1.0, y) * right_part;
    row(top) * (1.0 - bottom_part) + row(top + 1.0) * bottom_part
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDEAL: Sensor = Sensor { rotation: 0.0, gain: 1.0, offset: 0.0, noise: 0.0 };

    #[test]
    fn the_file_holds_the_digits_that_scikit_learn_counts() -> Result<()> {
        let digits = unpack()?;
        let count = |class| digits.labels.iter().filter(|label| **label == class).count();
        let counts: Vec<usize> = (0..10).map(count).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(digits.inputs.len(), 1797 * WIDTH);
        assert_eq!(digits.inputs.iter().max(), Some(&240));
        Ok(())
    }

    #[test]
    fn an_ideal_sensor_sees_the_clean_digits() -> Result<()> {
        let seen = sensed(&IDEAL, 1)?;
        assert_eq!(seen.inputs, unpack()?.inputs[PRE_TRAINING * WIDTH..]);
        Ok(())
    }

    #[test]
    fn a_quarter_turn_puts_the_top_left_pixel_at_the_bottom_left() {
        let mut image = [0; WIDTH];
        image[0] = 240;
        Sensor { rotation: 90.0, ..IDEAL }.see(&mut image, &mut Rand32::new(1));
        let brightest = image.iter().enumerate().max_by_key(|(_, byte)| **byte);
        assert_eq!(brightest.map(|(index, _)| index), Some(WIDTH - SIDE));
    }

    #[test]
    fn the_sensor_of_the_demo_is_the_same_for_the_same_seed() -> Result<()> {
        assert_eq!(sensed(&SENSOR, 1)?.inputs, sensed(&SENSOR, 1)?.inputs);
        assert_ne!(sensed(&SENSOR, 1)?.inputs, sensed(&SENSOR, 2)?.inputs);
        Ok(())
    }
}

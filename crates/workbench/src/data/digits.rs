//! The digits scenario: clean digits for the desktop, and the same digits seen by the device's own
//! sensor.

use crate::data::{Dataset, bilinear, normal};
use anyhow::{Result, ensure};
use oorandom::Rand32;

/// data/digits/README.md has the format.
const PACKED: &[u8] = include_bytes!("../../../../data/digits/digits.bin");
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
    /// It is mounted so that the picture it reads is turned by this angle, counter-clockwise in
    /// degrees.
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
                bilinear(&clean, SIDE, cos * x - sin * y + middle, sin * x + cos * y + middle);
            let read = self.gain * brightness + self.offset + self.noise * normal(random);
            *byte = (read * BYTE).round().clamp(0.0, 255.0) as u8;
        }
    }
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

    /// `load_digits().images[0]`, and the sum and the first labels of all.
    #[test]
    fn the_pixels_are_those_of_scikit_learn() -> Result<()> {
        let digits = unpack()?;
        let pixels: Vec<u8> = digits.inputs.iter().map(|byte| byte / BYTE as u8).collect();
        let first = [
            [0, 0, 5, 13, 9, 1, 0, 0],
            [0, 0, 13, 15, 10, 15, 5, 0],
            [0, 3, 15, 2, 0, 11, 8, 0],
            [0, 4, 12, 0, 0, 8, 8, 0],
            [0, 5, 8, 0, 0, 9, 8, 0],
            [0, 4, 11, 0, 1, 12, 7, 0],
            [0, 2, 14, 5, 10, 12, 0, 0],
            [0, 0, 6, 13, 10, 0, 0, 0],
        ];
        assert_eq!(pixels[..WIDTH], first.concat());
        assert_eq!(digits.labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(pixels.iter().map(|pixel| u32::from(*pixel)).sum::<u32>(), 561_718);
        assert!(pixels.iter().all(|pixel| *pixel <= 16));
        assert!(digits.inputs.iter().all(|byte| byte.is_multiple_of(BYTE as u8)));
        Ok(())
    }

    #[test]
    fn the_device_meets_the_digits_that_did_not_pre_train() -> Result<()> {
        let (all, clean, seen) = (unpack()?, clean()?, sensed(&IDEAL, 1)?);
        assert_eq!((clean.labels.len(), seen.labels.len()), (1200, 597));
        assert_eq!([clean.inputs, seen.inputs].concat(), all.inputs);
        assert_eq!([clean.labels, seen.labels].concat(), all.labels);
        Ok(())
    }

    #[test]
    fn a_quarter_turn_moves_every_pixel_of_every_digit_and_a_full_turn_none() -> Result<()> {
        let clean = sensed(&IDEAL, 1)?.inputs;
        let turned = sensed(&Sensor { rotation: 90.0, ..IDEAL }, 1)?.inputs;
        for (clean, turned) in clean.chunks_exact(WIDTH).zip(turned.chunks_exact(WIDTH)) {
            for (y, x) in (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x))) {
                // Columns become rows, the last one on top.
                assert_eq!(turned[(SIDE - 1 - x) * SIDE + y], clean[y * SIDE + x]);
            }
        }
        assert_eq!(sensed(&Sensor { rotation: 360.0, ..IDEAL }, 1)?.inputs, clean);
        Ok(())
    }

    #[test]
    fn gain_and_offset_are_applied_to_the_brightness_and_clipped_to_a_byte() {
        let read = |gain, offset, pixel: u8| {
            let mut image = [pixel * BYTE as u8; WIDTH];
            Sensor { gain, offset, ..IDEAL }.see(&mut image, &mut Rand32::new(1));
            assert!(image.iter().all(|byte| *byte == image[0]));
            image[0]
        };
        assert_eq!(read(0.5, 2.0, 8), 90);
        assert_eq!(read(1.0, 3.0, 0), 45);
        assert_eq!(read(2.0, 0.0, 16), 255);
        assert_eq!(read(1.0, -3.0, 2), 0);
    }

    #[test]
    fn noise_has_the_deviation_that_was_asked_for() -> Result<()> {
        let grey = Sensor { gain: 0.0, offset: 8.0, noise: 1.0, ..IDEAL };
        let bytes = sensed(&grey, 1)?.inputs;
        let count = bytes.len() as f64;
        let mean = bytes.iter().map(|byte| f64::from(*byte)).sum::<f64>() / count;
        let variance =
            bytes.iter().map(|byte| (f64::from(*byte) - mean).powi(2)).sum::<f64>() / count;
        // In bytes: 8 * 15, and 15. Five standard errors of 38208 pixels.
        assert!((mean - 120.0).abs() < 5.0 * 15.0 / count.sqrt(), "{mean}");
        assert!((variance.sqrt() - 15.0).abs() < 5.0 * 15.0 / (2.0 * count).sqrt(), "{variance}");
        Ok(())
    }
}

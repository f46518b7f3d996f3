//! An accelerometer that calibrates itself: offsets, gains and cross axes from raw readings at rest
//! in any position, some of which were bumped. The same on the desktop and on a device, in losses
//! alone.

use core::fmt;
use rolling_ball::kernels::Kernels;
use rolling_ball::{Error, Objective, ZerothOrderBall, ZerothOrderBallConfig, step};
use rolling_ball_rehearsal::hash;

/// Offsets, gains less 1, and cross axes, in parts of gravity.
pub const PARAMETERS: usize = 9;
/// How far an offset or a gain may be off, by the sensor's data sheet; a cross axis by less.
pub const TOLERANCE: f32 = 0.2;
/// How many readings the device keeps.
pub const READINGS: usize = 96;
/// The steps of the ball on the device.
pub const STEPS: u32 = 400;
/// The radius of the ball: about as far as all parameters are off together, six that may be
/// anywhere in their tolerance and three that are less off.
pub const RADIUS: f32 = 0.35;

/// The seed of the sensor that is calibrated on every core.
pub const SENSOR: u32 = 1;

/// What the sensor says for gravity along an axis: 12 bits for 2 g.
pub const COUNTS: f32 = 1024.0;
/// One reading of so many was bumped.
const BUMPED: u32 = 5;
/// How far a reading at rest is off, in parts of gravity.
const NOISE: f32 = 0.004;
/// The misfit at which a reading counts for half: what is far from it is not at rest.
const AT_REST: f32 = 0.05;

/// A raw reading of the three axes.
pub type Reading = [i16; 3];

/// How far readings are from the length of gravity once they are corrected: the mean of
/// `r^2 / (r^2 + c^2)` (Geman and McClure), in which a bumped reading counts as one and pulls no
/// more. Such a loss has more than one minimum.
#[derive(Clone, Debug)]
pub struct Calibration<'a> {
    /// What the sensor said.
    pub readings: &'a [Reading],
}

/// A reading without its offsets, and that corrected.
fn corrected(theta: &[f32; PARAMETERS], reading: Reading) -> [[f32; 3]; 2] {
    let [bx, by, bz, gx, gy, gz, xy, xz, yz] = *theta;
    let [x, y, z] = reading.map(|raw| f32::from(raw) / COUNTS);
    let [x, y, z] = [x - bx, y - by, z - bz];
    [[x, y, z], [x + gx * x + xy * y + xz * z, y + gy * y + yz * z, z + gz * z]]
}

fn length([x, y, z]: [f32; 3]) -> f32 {
    libm::sqrtf(x * x + y * y + z * z)
}

fn sized(theta: &[f32]) -> Result<&[f32; PARAMETERS], Error> {
    theta.try_into().map_err(|_| wrong_length("theta", theta.len()))
}

fn wrong_length(what: &'static str, actual: usize) -> Error {
    Error::Length { what, expected: PARAMETERS, actual }
}

impl Calibration<'_> {
    /// The root of the mean square of what corrected readings are off the length of gravity.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn misfit(&self, theta: &[f32]) -> Result<f32, Error> {
        let theta = sized(theta)?;
        let off = |reading: &Reading| length(corrected(theta, *reading)[1]) - 1.0;
        let squared: f32 = self.readings.iter().map(|reading| off(reading) * off(reading)).sum();
        Ok(libm::sqrtf(squared / self.readings.len().max(1) as f32))
    }
}

impl Objective for Calibration<'_> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        let theta = sized(theta)?;
        let mut sum = 0.0;
        for reading in self.readings {
            let off = length(corrected(theta, *reading)[1]) - 1.0;
            sum += off * off / (off * off + AT_REST * AT_REST);
        }
        Ok(sum / self.readings.len().max(1) as f32)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let sized = sized(theta)?;
        let actual = gradient.len();
        let gradient: &mut [f32; PARAMETERS] =
            gradient.try_into().map_err(|_| wrong_length("gradient", actual))?;
        *gradient = [0.0; PARAMETERS];
        let share = 1.0 / self.readings.len().max(1) as f32;
        for reading in self.readings {
            let [[x, y, z], moved] = corrected(sized, *reading);
            let size = length(moved);
            let off = size - 1.0;
            let spread = off * off + AT_REST * AT_REST;
            let by_size = share * 2.0 * off * AT_REST * AT_REST / (spread * spread);
            let [dx, dy, dz] = moved.map(|m| if size > 0.0 { by_size * m / size } else { 0.0 });
            let [.., gx, gy, gz, xy, xz, yz] = *sized;
            let slopes = [
                -(dx * (1.0 + gx)),
                -(dx * xy + dy * (1.0 + gy)),
                -(dx * xz + dy * yz + dz * (1.0 + gz)),
                dx * x,
                dy * y,
                dz * z,
                dx * y,
                dx * z,
                dy * z,
            ];
            gradient.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += slope);
        }
        self.loss(theta)
    }
}

/// A sensor as it may leave the factory, with a random number generator in its hands.
#[derive(Clone, Debug)]
pub struct Sensor {
    random: u32,
    offsets: [f32; 3],
    gains: [f32; 3],
    cross: [f32; 3],
}

impl Sensor {
    /// The sensor of a seed: each is off by up to [`TOLERANCE`], and a fifth of that across.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut sensor = Self {
            random: seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1_e995,
            offsets: [0.0; 3],
            gains: [0.0; 3],
            cross: [0.0; 3],
        };
        sensor.offsets = [(); 3].map(|()| TOLERANCE * sensor.number());
        sensor.gains = [(); 3].map(|()| TOLERANCE * sensor.number());
        sensor.cross = [(); 3].map(|()| 0.2 * TOLERANCE * sensor.number());
        sensor
    }

    /// A number between -1 and 1 (xorshift of 32 bits).
    fn number(&mut self) -> f32 {
        let mut bits = self.random | u32::from(self.random == 0);
        for _ in 0..4 {
            bits ^= bits << 13;
            bits ^= bits >> 17;
            bits ^= bits << 5;
        }
        self.random = bits;
        (bits >> 8) as f32 / 8_388_608.0 - 1.0
    }

    /// A direction: a point of the cube that is also in the ball.
    fn direction(&mut self) -> [f32; 3] {
        loop {
            let point = [(); 3].map(|()| self.number());
            let size = length(point);
            if (0.1..=1.0).contains(&size) {
                return point.map(|p| p / size);
            }
        }
    }

    /// A reading at rest in a random position.
    pub fn at_rest(&mut self) -> Reading {
        let gravity = self.direction();
        self.reading(gravity)
    }

    /// A reading of which one in five was bumped: up to the weight of the sensor came on top.
    pub fn held_by_hand(&mut self) -> Reading {
        let mut force = self.direction();
        let chance = (self.number() + 1.0) / 2.0;
        if chance * (BUMPED as f32) < 1.0 {
            let bump = self.direction();
            let size = 0.6 + 0.4 * self.number();
            force.iter_mut().zip(bump).for_each(|(f, b)| *f += size * b);
        }
        self.reading(force)
    }

    fn reading(&mut self, [x, y, z]: [f32; 3]) -> Reading {
        let [gx, gy, gz] = self.gains;
        let [xy, xz, yz] = self.cross;
        let distorted = [x + gx * x, y + gy * y + xy * x, z + gz * z + xz * x + yz * y];
        let offsets = self.offsets;
        let mut axes = distorted.into_iter().zip(offsets);
        [(); 3].map(|()| {
            let (value, offset) = axes.next().unwrap_or_default();
            let noise = NOISE * (self.number() + self.number());
            libm::roundf((value + offset + noise) * COUNTS).clamp(-2048.0, 2047.0) as i16
        })
    }
}

/// What a calibration came to. It is written without its instructions, which differ from core to
/// core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibrated {
    /// How far new readings at rest are off the length of gravity before, in millionths.
    pub before: u32,
    /// And after.
    pub after: u32,
    /// The instructions of all steps.
    pub instructions: u64,
    /// The CRC-32 of the bits of theta.
    pub theta: u32,
}

impl fmt::Display for Calibrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after, theta, .. } = self;
        write!(f, "calibration before {before} after {after} theta {theta}")
    }
}

/// All the memory that [`calibrate`] needs: 612 bytes.
#[derive(Clone, Debug)]
pub struct Memory {
    readings: [Reading; READINGS],
    theta: [f32; PARAMETERS],
}

impl Memory {
    /// Zeros, which take no flash: no offset, and gains of 1.
    pub const ZERO: Self = Self { readings: [[0; 3]; READINGS], theta: [0.0; PARAMETERS] };
}

/// Takes the readings of a sensor that is held by hand, and calibrates it. `clock` returns the
/// instructions so far.
///
/// # Errors
/// None, unless a loss is not finite.
pub fn calibrate<K: Kernels>(
    kernels: K,
    seed: u32,
    memory: &mut Memory,
    clock: fn() -> u64,
) -> Result<Calibrated, Error> {
    let Memory { readings, theta } = memory;
    *theta = [0.0; PARAMETERS];
    let mut sensor = Sensor::new(seed);
    readings.iter_mut().for_each(|reading| *reading = sensor.held_by_hand());
    let mut after = sensor;
    let mut misfit = |theta: &[f32]| {
        let mut squared = 0.0;
        for _ in 0..READINGS {
            let off = Calibration { readings: &[after.at_rest()] }.misfit(theta)?;
            squared += off * off;
        }
        Ok::<_, Error>((1e6 * libm::sqrtf(squared / READINGS as f32)) as u32)
    };
    let before = misfit(theta)?;
    let begun = clock();
    let config = ZerothOrderBallConfig::shrinking(RADIUS, PARAMETERS, STEPS);
    let mut ball = ZerothOrderBall::with_backend(kernels, config)?;
    let mut calibration = Calibration { readings };
    for _ in 0..STEPS {
        step(&mut ball, &mut calibration, theta)?;
    }
    let instructions = clock().wrapping_sub(begun);
    Ok(Calibrated { before, after: misfit(theta)?, instructions, theta: hash(theta) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolling_ball::kernels::Scalar;

    #[test]
    fn most_sensors_that_are_held_by_hand_are_calibrated_to_their_noise() {
        let noise = (1e6 * NOISE) as u32;
        let mut near = 0;
        for seed in 1..=20 {
            let mut memory = Memory::ZERO;
            let calibrated = calibrate(Scalar, seed, &mut memory, || 0).unwrap();
            assert!(calibrated.after < calibrated.before / 2, "sensor {seed}: {calibrated}");
            near += u32::from(calibrated.after < 2 * noise);
        }
        assert!(near >= 18, "{near} of 20");
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let mut sensor = Sensor::new(3);
        let readings = [(); READINGS].map(|()| sensor.held_by_hand());
        let mut calibration = Calibration { readings: &readings };
        let theta = [0.02, -0.03, 0.05, 0.1, -0.07, 0.03, 0.02, -0.01, 0.03];
        let mut gradient = [0.0; PARAMETERS];
        calibration.gradient(&theta, &mut gradient).unwrap();
        for (index, slope) in gradient.into_iter().enumerate() {
            let at = |by: f32| {
                let mut there = theta;
                there[index] += by;
                calibration.clone().loss(&there).unwrap()
            };
            let difference = (at(1e-3) - at(-1e-3)) / 2e-3;
            assert!((difference - slope).abs() < 2e-2, "{index}: {slope}, {difference}");
        }
    }
}

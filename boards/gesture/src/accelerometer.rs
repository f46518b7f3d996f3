//! The LIS3DH accelerometer, set up so that it keeps its readings until they are fetched.

use core::convert::Infallible;
use embedded_hal::i2c::{ErrorKind, I2c};
use lis3dh::{Configuration, DataRate, FifoMode, Lis3dh, Lis3dhCore, Lis3dhI2C, Mode, Range};

/// The acceleration along x, y and z. A byte `b` stands for `(b - 128) / 32` g.
pub type Reading = [u8; 3];

/// How often the sensor measures.
pub const READINGS_A_SECOND: u32 = 50;

/// Why there is no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SensorError {
    /// The bus failed: the wiring, its pull-up resistors, or the address (expected 0x18, SDO low).
    Bus(ErrorKind),
    /// Something other than a LIS3DH answers.
    NotALis3dh,
}

/// A LIS3DH that measures up to 4 g fifty times a second. It keeps 32 readings, so the program may
/// look away for 0.6 seconds.
pub struct Accelerometer<I> {
    sensor: Lis3dh<Lis3dhI2C<I>>,
}

/// A reading that the sensor has kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The oldest reading that has not been fetched yet.
    pub reading: Reading,
    /// Whether the sensor was full, so that it may have lost older readings.
    pub overrun: bool,
}

impl<I: I2c> Accelerometer<I> {
    /// Finds the sensor at its default address and sets it up.
    ///
    /// # Errors
    ///
    /// [`SensorError`] says why there is no sensor.
    pub fn new(bus: I) -> Result<Self, SensorError> {
        let sensor = Lis3dh::new_i2c_with_config(bus, lis3dh::SlaveAddr::Default, configuration())
            .map_err(explain)?;
        let mut accelerometer = Self { sensor };
        accelerometer.keep_readings()?;
        Ok(accelerometer)
    }

    /// Sets the sensor up again; after an error it may have been without power.
    pub(crate) fn restart(&mut self) -> Result<(), SensorError> {
        self.sensor.configure(configuration()).map_err(explain)?;
        self.keep_readings()
    }

    /// The next reading, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<Kept>, SensorError> {
        let status = self.sensor.get_fifo_status().map_err(explain)?;
        if status.empty {
            return Ok(None);
        }
        // The values are left-justified, with the low byte first; only the high bytes are kept.
        let [_, x, _, y, _, z] = self.sensor.read_accel_bytes().map_err(explain)?;
        let reading = [x, y, z].map(|signed| signed ^ 0x80);
        Ok(Some(Kept { reading, overrun: status.overrun }))
    }

    fn keep_readings(&mut self) -> Result<(), SensorError> {
        self.sensor.set_range(Range::G4).map_err(explain)?;
        self.sensor.enable_fifo(FifoMode::Stream, 0).map_err(explain)
    }
}

fn configuration() -> Configuration {
    Configuration { mode: Mode::Normal, datarate: DataRate::Hz_50, ..Configuration::default() }
}

fn explain<E: embedded_hal::i2c::Error>(error: lis3dh::Error<E, Infallible>) -> SensorError {
    match error {
        lis3dh::Error::Bus(error) => SensorError::Bus(error.kind()),
        _ => SensorError::NotALis3dh,
    }
}

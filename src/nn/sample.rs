//! What a batch streams.

use crate::Error;

/// One labelled example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<I, T> {
    /// What the network sees.
    pub input: I,
    /// What the loss compares with: a class, or a slice.
    pub target: T,
}

/// Anything that can be written into the network's input buffer, so that samples may stay packed in flash.
pub trait Input {
    /// Fills the buffer.
    ///
    /// # Errors
    /// [`Error::Length`] where the input is not as long as the buffer.
    fn write(&self, buffer: &mut [f32]) -> Result<(), Error>;
}

impl Input for &[f32] {
    fn write(&self, buffer: &mut [f32]) -> Result<(), Error> {
        Error::check_length("sample", buffer.len(), self.len())?;
        for (element, value) in buffer.iter_mut().zip(*self) {
            *element = *value;
        }
        Ok(())
    }
}

/// Bytes that stand for `value * scale + offset`: a sensor's raw reading, normalised as it is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantized<'a> {
    /// The bytes.
    pub values: &'a [u8],
    /// Multiplies a byte.
    pub scale: f32,
    /// Added after.
    pub offset: f32,
}

impl Input for Quantized<'_> {
    fn write(&self, buffer: &mut [f32]) -> Result<(), Error> {
        Error::check_length("sample", buffer.len(), self.values.len())?;
        for (element, value) in buffer.iter_mut().zip(self.values) {
            *element = f32::from(*value) * self.scale + self.offset;
        }
        Ok(())
    }
}

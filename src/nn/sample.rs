//! What a batch streams.

use crate::Error;
use crate::kernels::Vector;

/// One labelled example: an input `I` and a target `Y`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<I, Y> {
    /// What the network sees.
    pub input: I,
    /// What the loss compares with: a class, or a slice.
    pub target: Y,
}

/// What a network can read an input from: floats in a slice or an array, bytes ([`Quantized`]), or
/// a type of your own, so that samples may stay packed in flash.
pub trait Input {
    /// The values, in order.
    fn values(&self) -> impl ExactSizeIterator<Item = f32>;

    /// Fills a buffer with the values.
    ///
    /// # Errors
    /// [`Error::Length`] where the input is not as long as the buffer.
    fn write(&self, buffer: &mut [f32]) -> Result<(), Error> {
        write_values(self.values(), buffer)
    }
}

fn write_values(
    values: impl ExactSizeIterator<Item = f32>,
    buffer: &mut [f32],
) -> Result<(), Error> {
    Error::check_length("sample", buffer.len(), values.len())?;
    for (element, value) in buffer.iter_mut().zip(values) {
        *element = value;
    }
    Ok(())
}

impl Input for [f32] {
    fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        self.iter().copied()
    }

    fn write(&self, buffer: &mut [f32]) -> Result<(), Error> {
        Error::check_length("sample", buffer.len(), self.len())?;
        // One copy, where the loop would take the values one by one.
        buffer.copy_from(self);
        Ok(())
    }
}

impl<const LENGTH: usize> Input for [f32; LENGTH] {
    fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        self.iter().copied()
    }

    fn write(&self, buffer: &mut [f32]) -> Result<(), Error> {
        self.as_slice().write(buffer)
    }
}

impl<I: Input + ?Sized> Input for &I {
    fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        (**self).values()
    }

    fn write(&self, buffer: &mut [f32]) -> Result<(), Error> {
        (**self).write(buffer)
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
    fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        self.values.iter().map(|value| f32::from(*value) * self.scale + self.offset)
    }

    // Not inlined: with each width that a network knows, the loop would be unrolled and in the
    // flash again.
    #[inline(never)]
    fn write(&self, buffer: &mut [f32]) -> Result<(), Error> {
        write_values(self.values(), buffer)
    }
}

/// Signed bytes that stand for `(value - zero) * scale`, as int8 networks have them (LiteRT's scale
/// and zero point): the features of an int8 backbone, or what another engine has computed.
///
/// ```
/// use rolling_ball::nn::{Input, QuantizedInt8};
///
/// let features = QuantizedInt8 { values: &[-128, -126, 127], scale: 0.5, zero: -128 };
/// assert!(features.values().eq([0.0, 1.0, 127.5]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantizedInt8<'a> {
    /// The bytes.
    pub values: &'a [i8],
    /// What a step between two bytes stands for.
    pub scale: f32,
    /// The byte that stands for 0.
    pub zero: i8,
}

impl Input for QuantizedInt8<'_> {
    fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        self.values.iter().map(|value| self.number(*value))
    }
}

impl QuantizedInt8<'_> {
    /// What a byte stands for.
    pub(super) fn number(&self, value: i8) -> f32 {
        i32::from(value).wrapping_sub(i32::from(self.zero)) as f32 * self.scale
    }
}

//! The backbone over one slice of bytes.

use super::layer::{Differentiable, Layer, buffer};
use crate::Error;
use crate::kernels::Kernels;
use crate::nn::{Backbone, Input, QuantizedInt8};
use core::marker::PhantomData;

const MAGIC: [u8; 4] = *b"RBQ2";
/// With multipliers in `f32`.
const EARLIER: [u8; 4] = *b"RBQ1";
const HEADER: usize = MAGIC.len() + 4 + 4 + 1 + 1;

/// Layers `L` of [`int8`](crate::nn::int8), read in place from flash. RAM: two buffers of the
/// longest vector between two layers, a byte a value, and beside them the windows that a
/// convolution gathers and what [`Residual`](super::Residual) and [`Concat`](super::Concat) keep.
///
/// The input is quantised as it is read; the features come out as `f32`. Where a value of the input
/// is NaN or infinite, every feature is NaN, since no byte can stand for it: the loss and
/// [`classify`](crate::nn::Network::classify) then refuse it, as they do behind layers in `f32`.
///
/// ```
/// use rolling_ball::nn::{Dense, Network, int8};
///
/// type Backbone<'a> = int8::Int8Backbone<'a, int8::Dense<2, 1>>;
/// type Net<'a> = Network<'a, Dense<1, 2>, Backbone<'a>>;
///
/// // y = 2 a + b with 10 steps per unit of the input, weights in halves, and steps of a tenth in
/// // the output.
/// let mut bytes = Vec::from(*b"RBQ2");
/// bytes.extend(10.0f32.to_le_bytes()); // steps per unit of the input
/// bytes.extend(0.1f32.to_le_bytes()); // scale of the output
/// bytes.extend([0, 0]); // zero of the input, zero of the output
/// bytes.extend([0i8, 0, -128, 127].map(|value| value as u8)); // zeros and clamps of the layer
/// bytes.extend((1i32 << 30).to_le_bytes()); // multiplier: (0.1 * 0.5) / 0.1 is 2^30 / 2^31
/// bytes.extend(0i32.to_le_bytes()); // bias
/// bytes.extend([31]); // shift
/// bytes.extend([4, 2]); // weights, in halves
///
/// let network = Net::with_backbone(Backbone::new(&bytes)?, &[])?;
/// let mut scratch = [0.0; Net::INFERENCE_SCRATCH];
/// let logits = network.predict(&[1.0, 10.0, 0.0, 0.0], &[1.5, -0.5], &mut scratch)?;
/// assert_eq!(logits, [2.5, 25.0]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Debug)]
pub struct Int8Backbone<'a, L> {
    layers: &'a [u8],
    input: Scale,
    output: Scale,
    types: PhantomData<L>,
}

/// The scale of a vector, and the byte that stands for 0.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// Of an input the steps per unit, of an output the units per step.
    factor: f32,
    zero: i8,
}

impl<L> Clone for Int8Backbone<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for Int8Backbone<'_, L> {}

impl<'a, L: Layer> Int8Backbone<'a, L> {
    /// Its bytes in flash.
    pub const BYTES: usize = HEADER + L::BYTES;

    /// Over its bytes. Cost: a look at each multiplier and bias.
    ///
    /// # Errors
    /// [`Error::Length`] where there are not `BYTES` of them, [`Error::Format`] where they do not
    /// begin as this version's do, [`Error::Setting`] where a scale is not a finite number above 0,
    /// a multiplier, a shift or a bias is such that a sum could overflow, or a maximum lies below
    /// its minimum.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let what = "int8 backbone";
        if bytes.starts_with(&EARLIER) {
            let expected = "RBQ2 at the beginning, not RBQ1 of an earlier version: import it again";
            return Err(Error::Format { what, expected });
        }
        let actual = bytes.len();
        Error::check_length("bytes of the int8 backbone", Self::BYTES, actual)?;
        let (header, layers) = bytes.split_first_chunk::<HEADER>().ok_or(Error::Length {
            what: "bytes of the int8 backbone",
            expected: Self::BYTES,
            actual,
        })?;
        let [m0, m1, m2, m3, s0, s1, s2, s3, u0, u1, u2, u3, input_zero, output_zero] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            let expected = "RBQ2 at the beginning, as this version's import writes it";
            return Err(Error::Format { what, expected });
        }
        let scale = |bytes, zero: u8| {
            let factor = f32::from_le_bytes(bytes);
            Error::check_positive("int8 scale", factor)?;
            Ok(Scale { factor, zero: zero.cast_signed() })
        };
        let input = scale([s0, s1, s2, s3], input_zero)?;
        let output = scale([u0, u1, u2, u3], output_zero)?;
        L::check(layers)?;
        Ok(Self { layers, input, output, types: PhantomData })
    }
}

impl<L: Layer> Backbone for Int8Backbone<'_, L> {
    const SHAPE: Option<(usize, usize)> = Some((L::INPUTS, L::OUTPUTS));
    const SCRATCH: usize = (2 * L::WIDTH + L::INSIDE).div_ceil(size_of::<f32>());

    type Feature = i8;
    type Kept<'k> = QuantizedInt8<'k>;

    fn keep<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &mut [f32],
        kept: &mut [i8],
    ) -> Result<(), Error> {
        Error::check_length("features", L::OUTPUTS, kept.len())?;
        let output = self.infer(input, scratch)?.ok_or(Error::NonFiniteInput)?;
        for (feature, byte) in kept.iter_mut().zip(output) {
            *feature = *byte;
        }
        Ok(())
    }

    fn kept<'k>(&self, features: &'k [i8]) -> QuantizedInt8<'k> {
        QuantizedInt8 { values: features, scale: self.output.factor, zero: self.output.zero }
    }

    fn features<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error> {
        Error::check_length("features", L::OUTPUTS, features.len())?;
        match self.infer(input, scratch)? {
            Some(output) => self.kept(output).write(features),
            None => {
                features.fill(f32::NAN);
                Ok(())
            }
        }
    }
}

impl<L: Layer> Int8Backbone<'_, L> {
    /// The bytes of the output, at the beginning of the scratch slice, or `None` where a value of
    /// the input is NaN or infinite.
    pub(in crate::nn) fn infer<'s>(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &'s mut [f32],
    ) -> Result<Option<&'s [i8]>, Error> {
        let values = input.values();
        Error::check_length("sample", L::INPUTS, values.len())?;
        Error::check_length("scratch", Self::SCRATCH, scratch.len())?;
        let buffers: &mut [i8] = bytemuck::must_cast_slice_mut(scratch);
        let (last, rest) = buffer(buffers, L::WIDTH)?;
        let (other, inside) = buffer(rest, L::WIDTH)?;
        let (front, back) = if L::ENDS_IN_BACK { (other, last) } else { (last, other) };
        let mut finite = true;
        for (byte, value) in front.iter_mut().zip(values) {
            finite &= value.is_finite();
            *byte = self.input.quantise(value);
        }
        if !finite {
            return Ok(None);
        }
        let (output, _) = L::infer(self.layers, front, back, inside)?;
        Ok(Some(buffer(output, L::OUTPUTS)?.0))
    }

    /// Whether a value of the input has a byte, so that it is not cut to the nearest that there is.
    pub(in crate::nn) fn has_byte(&self, value: f32) -> bool {
        let (minimum, maximum) = (i32::from(i8::MIN), i32::from(i8::MAX));
        (minimum..=maximum).contains(&self.input.rounded(value))
    }
}

impl<L: Differentiable> Int8Backbone<'_, L> {
    /// The least and the largest byte of an output.
    pub(in crate::nn) fn clamps(&self) -> Result<[i8; 2], Error> {
        L::clamps(self.layers)
    }

    /// Overwrites `input_gradient`, where `slopes` are the gradient with respect to the output, one
    /// after the other.
    pub(in crate::nn) fn input_gradient(
        &self,
        slopes: impl Iterator<Item = f32>,
        input_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let unit = self.output.factor * self.input.factor;
        L::input_gradient(self.layers, unit, slopes, input_gradient)
    }
}

impl Scale {
    fn quantise(self, value: f32) -> i8 {
        let (minimum, maximum) = (i32::from(i8::MIN), i32::from(i8::MAX));
        self.rounded(value).max(minimum).min(maximum) as i8
    }

    fn rounded(self, value: f32) -> i32 {
        (libm::rintf(value * self.factor) as i32).saturating_add(i32::from(self.zero))
    }
}

//! What a network sees of a sample: its input as floats or bytes, or features that were kept.

use crate::error::rb_error;
use crate::memory::{check_many, extent, slice};
use core::ffi::c_void;
use core::ops::Range;
use rolling_ball::Error;
use rolling_ball::kernels::Kernels;
use rolling_ball::nn::{
    Backbone, FeatureSource, Features, Input, Layer, Network, Quantized, QuantizedInt8,
};

/// The values are floats.
pub const RB_INPUT_FLOATS: u32 = 0;
/// The values are bytes, which stand for `value * scale + offset`.
pub const RB_INPUT_BYTES: u32 = 1;
/// The values are signed bytes, which stand for `(value - zero) * scale`.
pub const RB_INPUT_INT8: u32 = 2;
/// The values are features that NAME_features has written, float or int8_t as its header says.
pub const RB_INPUT_KEPT: u32 = 3;

/// What an imported network sees of a sample. Make it by rb_floats, rb_bytes or rb_int8 of an
/// input, which is as long as the network's header says, or by NAME_kept of features. The values
/// stay where they are, such as in flash.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_input {
    /// The first of the values.
    pub values: *const c_void,
    /// One of RB_INPUT_...
    pub kind: u32,
    /// For RB_INPUT_BYTES and RB_INPUT_INT8: multiplies a byte.
    pub scale: f32,
    /// For RB_INPUT_BYTES: added after.
    pub offset: f32,
    /// For RB_INPUT_INT8: the byte that stands for 0.
    pub zero: i8,
}

impl rb_input {
    const fn new(values: *const c_void, kind: u32) -> Self {
        Self { values, kind, scale: 1.0, offset: 0.0, zero: 0 }
    }

    /// Features that were kept.
    pub const fn kept<T>(features: *const T) -> Self {
        Self::new(features.cast(), RB_INPUT_KEPT)
    }
}

/// An input of floats.
#[unsafe(no_mangle)]
pub extern "C" fn rb_floats(values: *const f32) -> rb_input {
    rb_input::new(values.cast(), RB_INPUT_FLOATS)
}

/// An input of bytes, which stand for `value * scale + offset`: a sensor's raw reading.
#[unsafe(no_mangle)]
pub extern "C" fn rb_bytes(values: *const u8, scale: f32, offset: f32) -> rb_input {
    rb_input { scale, offset, ..rb_input::new(values.cast(), RB_INPUT_BYTES) }
}

/// An input of signed bytes, which stand for `(value - zero) * scale`, as TFLite's do.
#[unsafe(no_mangle)]
pub extern "C" fn rb_int8(values: *const i8, scale: f32, zero: i8) -> rb_input {
    rb_input { scale, zero, ..rb_input::new(values.cast(), RB_INPUT_INT8) }
}

/// The values of an input. It is one type, so that the backbone of a network is in flash once.
#[derive(Clone, Copy)]
pub enum Raw<'s> {
    Floats(&'s [f32]),
    Bytes(Quantized<'s>),
    Int8(QuantizedInt8<'s>),
}

impl Input for Raw<'_> {
    fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        match self {
            Self::Floats(values) => Values::Floats(values.values()),
            Self::Bytes(values) => Values::Bytes(values.values()),
            Self::Int8(values) => Values::Int8(values.values()),
        }
    }

    fn write(&self, buffer: &mut [f32]) -> Result<(), Error> {
        match self {
            Self::Floats(values) => values.write(buffer),
            Self::Bytes(values) => values.write(buffer),
            Self::Int8(values) => values.write(buffer),
        }
    }
}

/// The values one by one.
enum Values<F, B, I> {
    Floats(F),
    Bytes(B),
    Int8(I),
}

impl<F, B, I> Iterator for Values<F, B, I>
where
    F: Iterator<Item = f32>,
    B: Iterator<Item = f32>,
    I: Iterator<Item = f32>,
{
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        match self {
            Self::Floats(values) => values.next(),
            Self::Bytes(values) => values.next(),
            Self::Int8(values) => values.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Floats(values) => values.size_hint(),
            Self::Bytes(values) => values.size_hint(),
            Self::Int8(values) => values.size_hint(),
        }
    }
}

impl<F, B, I> ExactSizeIterator for Values<F, B, I>
where
    F: ExactSizeIterator<Item = f32>,
    B: ExactSizeIterator<Item = f32>,
    I: ExactSizeIterator<Item = f32>,
{
}

/// What a network sees of a sample, after its pointer was checked.
pub enum Seen<'s, B: Backbone> {
    Raw(Raw<'s>),
    Kept(Features<B::Kept<'s>>),
}

impl<B: Backbone> FeatureSource<B> for Seen<'_, B> {
    fn features<K: Kernels>(
        &self,
        backbone: &B,
        scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error> {
        match self {
            Self::Raw(values) => values.features::<K>(backbone, scratch, features),
            Self::Kept(kept) => kept.features::<K>(backbone, scratch, features),
        }
    }
}

/// What decides how long a network's inputs are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Width {
    inputs: usize,
    features: usize,
    /// How many bytes a feature has that is kept.
    feature_bytes: usize,
}

impl Width {
    pub(crate) const fn of<L: Layer, B: Backbone>() -> Self {
        Self {
            inputs: Network::<L, B>::INPUTS,
            features: L::INPUTS,
            feature_bytes: size_of::<B::Feature>(),
        }
    }
}

impl rb_input {
    /// The addresses of the values, for this network.
    pub(crate) fn extent<L: Layer, B: Backbone>(self) -> Range<usize> {
        extent::<u8>(self.values.cast(), self.bytes(Width::of::<L, B>()))
    }

    /// How many bytes the values take.
    pub(crate) fn bytes(self, Width { inputs, features, feature_bytes }: Width) -> usize {
        match self.kind {
            RB_INPUT_FLOATS => inputs.saturating_mul(size_of::<f32>()),
            RB_INPUT_KEPT => features.saturating_mul(feature_bytes),
            _ => inputs,
        }
    }

    /// Checks that it is an input of any network, and not what an uninitialised one holds.
    pub(crate) fn check<L: Layer, B: Backbone>(self) -> Result<(), rb_error> {
        self.check_times::<L, B>(1)
    }

    /// Checks the same of so many inputs.
    pub(crate) fn check_times<L: Layer, B: Backbone>(self, count: usize) -> Result<(), rb_error> {
        let inputs = Network::<L, B>::INPUTS.saturating_mul(count);
        match self.kind {
            RB_INPUT_FLOATS => check_many::<f32>(self.values.cast(), inputs),
            RB_INPUT_KEPT => {
                check_many::<B::Feature>(self.values.cast(), L::INPUTS.saturating_mul(count))
            }
            RB_INPUT_BYTES | RB_INPUT_INT8 => check_many::<u8>(self.values.cast(), inputs),
            _ => Err(rb_error::Setting),
        }
    }

    /// The input of this number, where they lie one after another.
    pub(crate) fn nth<L: Layer, B: Backbone>(self, index: usize) -> Self {
        let bytes = self.bytes(Width::of::<L, B>());
        // Within what was checked, so nothing overflows.
        let values = self.values.wrapping_byte_add(index.wrapping_mul(bytes));
        Self { values, ..self }
    }

    /// Makes a slice of the values.
    ///
    /// # Safety
    ///
    /// The pointer must lead to as many values as the network has inputs, or features where they
    /// are kept, which nobody writes while the result lives.
    pub(crate) unsafe fn read<'s, L: Layer, B: Backbone + 'static>(
        self,
        network: &Network<'static, L, B>,
    ) -> Result<Seen<'s, B>, rb_error> {
        let (inputs, Self { values, scale, offset, zero, .. }) = (Network::<L, B>::INPUTS, self);
        // SAFETY: the caller promises it; the kind says of what type the values are.
        unsafe {
            Ok(match self.kind {
                RB_INPUT_FLOATS => Seen::Raw(Raw::Floats(slice(values.cast(), inputs)?)),
                RB_INPUT_BYTES => {
                    let values = slice(values.cast(), inputs)?;
                    Seen::Raw(Raw::Bytes(Quantized { values, scale, offset }))
                }
                RB_INPUT_INT8 => {
                    let values = slice(values.cast(), inputs)?;
                    Seen::Raw(Raw::Int8(QuantizedInt8 { values, scale, zero }))
                }
                RB_INPUT_KEPT => {
                    let values = slice::<B::Feature>(values.cast(), L::INPUTS)?;
                    Seen::Kept(network.kept_features(values))
                }
                _ => return Err(rb_error::Setting),
            })
        }
    }
}

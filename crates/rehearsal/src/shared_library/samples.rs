//! Samples as a caller of a library has them: rows of bytes or of floats.

use super::Lent;
use rolling_ball::Error;
use rolling_ball::nn::{Input, Quantized, Sample, Samples};

/// Inputs one after another: floats, or bytes that stand for `value * scale + offset`. One of the
/// two is empty.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Inputs<'a> {
    /// Bytes.
    pub bytes: Lent<'a, u8>,
    /// Floats.
    pub floats: Lent<'a, f32>,
    /// Multiplies a byte.
    pub scale: f32,
    /// Added after.
    pub offset: f32,
}

/// An input in bytes or in floats.
#[derive(Clone, Copy, Debug)]
pub(super) enum Row<'a> {
    Bytes(Quantized<'a>),
    Floats(&'a [f32]),
}

impl Input for Row<'_> {
    fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        let length = match self {
            Self::Bytes(row) => row.values.len(),
            Self::Floats(row) => row.len(),
        };
        (0..length).map(move |index| match self {
            Self::Bytes(Quantized { values, scale, offset }) => {
                f32::from(values.get(index).copied().unwrap_or_default()) * scale + offset
            }
            Self::Floats(row) => row.get(index).copied().unwrap_or_default(),
        })
    }

    fn write(&self, buffer: &mut [f32]) -> Result<(), Error> {
        match self {
            Self::Bytes(row) => row.write(buffer),
            Self::Floats(row) => row.write(buffer),
        }
    }
}

impl<'a> Inputs<'a> {
    /// How many inputs of this width there are.
    pub(super) fn count(&self, width: usize) -> usize {
        let values = self.bytes.get().len().max(self.floats.get().len());
        values.checked_div(width).unwrap_or_default()
    }

    /// One of the inputs.
    pub(super) fn row(&self, width: usize, index: usize) -> Option<Row<'a>> {
        let start = index.checked_mul(width)?;
        let place = start..start.checked_add(width)?;
        let Self { bytes, floats, scale, offset } = *self;
        match bytes.get().get(place.clone()) {
            Some(values) if width > 0 => Some(Row::Bytes(Quantized { values, scale, offset })),
            _ => Some(Row::Floats(floats.get().get(place)?)),
        }
    }
}

/// Inputs of so many values, each with a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Labelled<'a> {
    pub inputs: Inputs<'a>,
    pub width: usize,
    pub labels: &'a [u32],
}

impl<'a> Samples for Labelled<'a> {
    type Input = Row<'a>;
    type Target = usize;

    fn len(&self) -> usize {
        self.labels.len().min(self.inputs.count(self.width))
    }

    fn get(&self, index: usize) -> Option<Sample<Row<'a>, usize>> {
        let target = *self.labels.get(index)? as usize;
        Some(Sample { input: self.inputs.row(self.width, index)?, target })
    }
}

/// Inputs of so many values, each with as many numbers as the network has outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aimed<'a> {
    pub inputs: Inputs<'a>,
    pub width: usize,
    pub targets: &'a [f32],
    pub outputs: usize,
}

impl<'a> Samples for Aimed<'a> {
    type Input = Row<'a>;
    type Target = &'a [f32];

    fn len(&self) -> usize {
        let targets = self.targets.len().checked_div(self.outputs).unwrap_or_default();
        targets.min(self.inputs.count(self.width))
    }

    fn get(&self, index: usize) -> Option<Sample<Row<'a>, &'a [f32]>> {
        let start = index.checked_mul(self.outputs)?;
        let target = self.targets.get(start..start.checked_add(self.outputs)?)?;
        Some(Sample { input: self.inputs.row(self.width, index)?, target })
    }
}

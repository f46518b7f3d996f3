//! The values of a tensor.

use super::super::model::{Tensor, Type};
use super::super::operation::of_all;
use anyhow::{Result, ensure};

/// The values of a tensor, in the order of its dimensions.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the types of Rust")]
pub enum Value {
    F32(Vec<f32>),
    I8(Vec<i8>),
    U8(Vec<u8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
}

impl Value {
    /// Reads values in little-endian order, as they lie in files; bytes that are left over are
    /// ignored.
    pub fn read(kind: Type, data: &[u8]) -> Self {
        match kind {
            Type::F32 => Self::F32(numbers(data, f32::from_le_bytes)),
            Type::I8 => Self::I8(numbers(data, i8::from_le_bytes)),
            Type::U8 => Self::U8(data.to_vec()),
            Type::I16 => Self::I16(numbers(data, i16::from_le_bytes)),
            Type::I32 => Self::I32(numbers(data, i32::from_le_bytes)),
            Type::I64 => Self::I64(numbers(data, i64::from_le_bytes)),
        }
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::I8(values) => values.len(),
            Self::U8(values) => values.len(),
            Self::I16(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::I64(values) => values.len(),
        }
    }

    /// The type of the values.
    pub fn kind(&self) -> Type {
        match self {
            Self::F32(_) => Type::F32,
            Self::I8(_) => Type::I8,
            Self::U8(_) => Type::U8,
            Self::I16(_) => Type::I16,
            Self::I32(_) => Type::I32,
            Self::I64(_) => Type::I64,
        }
    }

    /// The numbers as they are stored.
    pub fn stored(&self) -> Vec<f64> {
        match self {
            Self::F32(values) => values.iter().copied().map(f64::from).collect(),
            Self::I8(values) => values.iter().copied().map(f64::from).collect(),
            Self::U8(values) => values.iter().copied().map(f64::from).collect(),
            Self::I16(values) => values.iter().copied().map(f64::from).collect(),
            Self::I32(values) => values.iter().copied().map(f64::from).collect(),
            Self::I64(values) => values.iter().map(|value| *value as f64).collect(),
        }
    }

    /// The numbers without the zero point, and the scale: what they stand for is the product.
    pub fn centred(&self, tensor: &Tensor) -> Result<(Vec<f64>, f32)> {
        let mut values = self.stored();
        if tensor.kind == Type::F32 {
            return Ok((values, 1.0));
        }
        let (scale, zero) = of_all(tensor)?;
        for value in &mut values {
            *value -= zero as f64;
        }
        Ok((values, scale))
    }

    /// What the numbers stand for.
    pub fn real(&self, tensor: &Tensor) -> Result<Vec<f64>> {
        let (values, scale) = self.centred(tensor)?;
        Ok(values.into_iter().map(|value| value * f64::from(scale)).collect())
    }

    /// The values at these places, in this order.
    pub fn at(&self, places: &[usize]) -> Self {
        fn at<T: Copy>(values: &[T], places: &[usize]) -> Vec<T> {
            places.iter().map(|place| values[*place]).collect()
        }
        match self {
            Self::F32(values) => Self::F32(at(values, places)),
            Self::I8(values) => Self::I8(at(values, places)),
            Self::U8(values) => Self::U8(at(values, places)),
            Self::I16(values) => Self::I16(at(values, places)),
            Self::I32(values) => Self::I32(at(values, places)),
            Self::I64(values) => Self::I64(at(values, places)),
        }
    }

    /// These values, and others of the same type after them.
    pub fn extend(&mut self, others: &Self) -> Result<()> {
        match (&mut *self, others) {
            (Self::F32(values), Self::F32(others)) => values.extend(others),
            (Self::I8(values), Self::I8(others)) => values.extend(others),
            (values, others) => {
                let same = values.kind() == others.kind();
                ensure!(same, "{} beside {}", values.kind(), others.kind());
                anyhow::bail!("{} is not computed with", others.kind());
            }
        }
        Ok(())
    }

    /// Integers of a type, from numbers that are integers in its range.
    pub fn integers(kind: Type, numbers: &[f64]) -> Self {
        match kind {
            Type::F32 => Self::F32(numbers.iter().map(|number| *number as f32).collect()),
            Type::I8 => Self::I8(numbers.iter().map(|number| *number as i8).collect()),
            Type::U8 => Self::U8(numbers.iter().map(|number| *number as u8).collect()),
            Type::I16 => Self::I16(numbers.iter().map(|number| *number as i16).collect()),
            Type::I32 => Self::I32(numbers.iter().map(|number| *number as i32).collect()),
            Type::I64 => Self::I64(numbers.iter().map(|number| *number as i64).collect()),
        }
    }
}

fn numbers<const SIZE: usize, T>(data: &[u8], number: impl Fn([u8; SIZE]) -> T) -> Vec<T> {
    data.as_chunks().0.iter().map(|bytes| number(*bytes)).collect()
}

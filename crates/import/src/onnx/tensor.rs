//! Values that the file has, of any type that ONNX writes numbers in.

use super::limits::MOST_VALUES;
use super::proto::TensorProto;
use anyhow::{Context, Result, bail, ensure};

/// The type of the elements of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "ONNX's terms")]
pub enum Element {
    F32,
    U8,
    I8,
    U16,
    I16,
    I32,
    I64,
    Bool,
    F16,
    F64,
    U32,
    U64,
    BF16,
}

impl Element {
    /// The element type with this number in ONNX's `TensorProto.DataType`.
    pub fn from_code(code: i64) -> Result<Self> {
        Ok(match code {
            1 => Self::F32,
            2 => Self::U8,
            3 => Self::I8,
            4 => Self::U16,
            5 => Self::I16,
            6 => Self::I32,
            7 => Self::I64,
            9 => Self::Bool,
            10 => Self::F16,
            11 => Self::F64,
            12 => Self::U32,
            13 => Self::U64,
            16 => Self::BF16,
            other => {
                let name = match other {
                    0 => "no type",
                    8 => "texts",
                    14 | 15 => "complex numbers",
                    17..=20 | 23 | 24 => "floats of 8 or 4 bits",
                    21 | 22 => "integers of 4 bits",
                    _ => "another type",
                };
                bail!(
                    "expected floats of 16, 32 or 64 bits, integers of 8 to 64 bits or booleans, \
                     found {name} (type {other})"
                )
            }
        })
    }

    /// Whether it is a floating-point type, all of which are computed with in 32 bits here.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::F64 | Self::BF16)
    }

    /// The integers of this type, if it is one. Those above `i64` are not read.
    fn range(self) -> Option<(i64, i64)> {
        Some(match self {
            Self::U8 => (0, u8::MAX.into()),
            Self::I8 => (i8::MIN.into(), i8::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::I16 => (i16::MIN.into(), i16::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::I32 => (i32::MIN.into(), i32::MAX.into()),
            Self::U64 => (0, i64::MAX),
            Self::I64 => (i64::MIN, i64::MAX),
            Self::Bool => (0, 1),
            Self::F32 | Self::F16 | Self::F64 | Self::BF16 => return None,
        })
    }
}

/// The values of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Of a floating-point type. Those of 64 bits are rounded.
    Floats(Vec<f32>),
    /// Of an integer type, or booleans.
    Integers(Vec<i64>),
}

/// A tensor with its values, the last dimension first to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// What the file has them written in.
    pub element: Element,
    pub shape: Vec<usize>,
    pub values: Values,
}

/// The number of values of a shape. Without those dimensions whose length is 0, it is bounded too,
/// so that products of some of the lengths do not overflow.
pub fn count(shape: &[usize]) -> Result<usize> {
    let mut lengths = shape.iter().map(|length| (*length).max(1));
    let count = lengths.try_fold(1usize, usize::checked_mul);
    let count = count
        .filter(|count| *count <= MOST_VALUES)
        .with_context(|| format!("expected at most {MOST_VALUES} values, found shape {shape:?}"))?;
    Ok(if shape.contains(&0) { 0 } else { count })
}

/// A dimension of the file as a length.
pub fn length(dimension: i64) -> Result<usize> {
    let length = usize::try_from(dimension).ok().filter(|length| *length <= MOST_VALUES);
    length.with_context(|| format!("expected a length from 0 to {MOST_VALUES}, found {dimension}"))
}

impl Tensor {
    /// Makes a tensor, whose values must fit its type and shape.
    pub fn new(element: Element, shape: Vec<usize>, values: Values) -> Result<Self> {
        let expected = count(&shape)?;
        let found = match &values {
            Values::Floats(values) => values.len(),
            Values::Integers(values) => values.len(),
        };
        ensure!(found == expected, "expected {expected} values for shape {shape:?}, found {found}");
        match (&values, element.range()) {
            (Values::Floats(_), None) => {}
            (Values::Integers(integers), Some((least, most))) => {
                let wrong = integers.iter().find(|value| !(least..=most).contains(*value));
                if let Some(value) = wrong {
                    bail!("expected {element:?} values, found {value}");
                }
            }
            _ => bail!("expected {element:?} values, found others"),
        }
        Ok(Self { element, shape, values })
    }

    /// A list of integers.
    pub fn integers(integers: Vec<i64>) -> Self {
        let shape = vec![integers.len()];
        Self { element: Element::I64, shape, values: Values::Integers(integers) }
    }

    /// Decodes a tensor of the file.
    pub fn read(tensor: TensorProto) -> Result<Self> {
        ensure!(
            !tensor.external,
            "its values are in another file: save the model as a single file, without external \
             data"
        );
        let element = Element::from_code(tensor.element)?;
        let shape = tensor.dimensions.iter().map(|dimension| length(*dimension));
        let shape: Vec<usize> = shape.collect::<Result<_>>()?;
        let values = match tensor.raw {
            Some(bytes) => raw(element, bytes)?,
            None => match element {
                Element::F32 => Values::Floats(tensor.floats),
                Element::F64 => {
                    Values::Floats(tensor.doubles.iter().map(|value| *value as f32).collect())
                }
                Element::F16 | Element::BF16 => {
                    let bits = tensor.integers.iter().map(|bits| {
                        let bits = u16::try_from(*bits).ok();
                        bits.with_context(|| format!("expected the bits of {element:?} values"))
                    });
                    let bits: Vec<u16> = bits.collect::<Result<_>>()?;
                    Values::Floats(bits.into_iter().map(|bits| half(element, bits)).collect())
                }
                _ => Values::Integers(tensor.integers),
            },
        };
        Self::new(element, shape, values)
    }

    /// Its floats, or an error that says what they are for.
    pub fn as_floats(&self) -> Result<&[f32]> {
        match &self.values {
            Values::Floats(floats) => Ok(floats),
            Values::Integers(_) => bail!("expected floats, found {:?} values", self.element),
        }
    }

    /// Its integers.
    pub fn as_integers(&self) -> Result<&[i64]> {
        match &self.values {
            Values::Integers(integers) => Ok(integers),
            Values::Floats(_) => bail!("expected integers, found {:?} values", self.element),
        }
    }
}

/// Decodes `raw_data`, which is little-endian.
fn raw(element: Element, bytes: &[u8]) -> Result<Values> {
    fn each<const N: usize, T>(bytes: &[u8], decode: impl Fn([u8; N]) -> T) -> Result<Vec<T>> {
        let (chunks, rest) = bytes.as_chunks();
        ensure!(rest.is_empty(), "expected values of {N} bytes, found {} bytes", bytes.len());
        Ok(chunks.iter().map(|chunk| decode(*chunk)).collect())
    }
    Ok(match element {
        Element::F32 => Values::Floats(each(bytes, f32::from_le_bytes)?),
        Element::F64 => Values::Floats(each(bytes, |bytes| f64::from_le_bytes(bytes) as f32)?),
        Element::F16 | Element::BF16 => {
            Values::Floats(each(bytes, |bytes| half(element, u16::from_le_bytes(bytes)))?)
        }
        Element::U8 | Element::Bool => {
            Values::Integers(each(bytes, |[byte]: [u8; 1]| byte.into())?)
        }
        Element::I8 => Values::Integers(each(bytes, |byte| i8::from_le_bytes(byte).into())?),
        Element::U16 => Values::Integers(each(bytes, |bytes| u16::from_le_bytes(bytes).into())?),
        Element::I16 => Values::Integers(each(bytes, |bytes| i16::from_le_bytes(bytes).into())?),
        Element::U32 => Values::Integers(each(bytes, |bytes| u32::from_le_bytes(bytes).into())?),
        Element::I32 => Values::Integers(each(bytes, |bytes| i32::from_le_bytes(bytes).into())?),
        // Above i64, they look negative, and are refused as such.
        Element::U64 | Element::I64 => Values::Integers(each(bytes, i64::from_le_bytes)?),
    })
}

/// The value of a float of 16 bits, which 32 bits hold exactly.
fn half(element: Element, bits: u16) -> f32 {
    if element == Element::BF16 {
        return f32::from_bits(u32::from(bits) << 16);
    }
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = ((bits >> 10) & 0x1f, f32::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2f32.powi(i32::from(exponent) - 25),
    };
    sign * magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(element: i64, dimensions: &[i64], raw: &[u8]) -> Result<Tensor> {
        let dimensions = dimensions.to_vec();
        Tensor::read(TensorProto { element, dimensions, raw: Some(raw), ..Default::default() })
    }

    fn complaint(read: Result<Tensor>) -> String {
        read.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_same_values_are_read_from_bytes_and_from_typed_fields() -> Result<()> {
        let typed = TensorProto {
            element: 3,
            dimensions: vec![3],
            integers: vec![-1, 0, 127],
            ..Default::default()
        };
        assert_eq!(read(3, &[3], &[0xff, 0, 0x7f])?, Tensor::read(typed)?);
        let typed = TensorProto {
            element: 10,
            dimensions: vec![2],
            integers: vec![0x3c00, 0xc000],
            ..Default::default()
        };
        let halves = read(10, &[2], &[0x00, 0x3c, 0x00, 0xc0])?;
        assert_eq!(halves.as_floats()?, [1.0, -2.0]);
        assert_eq!(halves, Tensor::read(typed)?);
        let typed = TensorProto {
            element: 11,
            dimensions: vec![],
            doubles: vec![0.5],
            ..Default::default()
        };
        assert_eq!(read(11, &[], &0.5f64.to_le_bytes())?, Tensor::read(typed)?);
        Ok(())
    }

    #[test]
    fn floats_of_16_bits_have_the_value_that_their_format_says() {
        for (bits, value) in [
            (0x0001, 2f32.powi(-24)),
            (0x0400, 2f32.powi(-14)),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(half(Element::F16, bits), value, "{bits:#x}");
        }
        assert!(half(Element::F16, 0x7c01).is_nan());
        assert_eq!(half(Element::BF16, 0xbf80), -1.0);
    }

    #[test]
    fn values_that_do_not_fit_their_shape_or_type_are_refused() {
        for (tensor, why) in [
            (read(1, &[2], &[0; 4]), "expected 2 values for shape [2], found 1"),
            (read(1, &[1], &[0; 3]), "expected values of 4 bytes, found 3 bytes"),
            (read(1, &[-1], &[]), "expected a length from 0"),
            (read(1, &[1 << 20, 1 << 20], &[]), "expected at most 16777216 values"),
            (read(8, &[1], &[]), "found texts (type 8)"),
            (read(22, &[1], &[]), "found integers of 4 bits (type 22)"),
            (read(9, &[1], &[2]), "expected Bool values, found 2"),
            (read(13, &[1], &[0xff; 8]), "expected U64 values, found -1"),
        ] {
            let said = complaint(tensor);
            assert!(said.contains(why), "{said}");
        }
        let external = TensorProto { element: 1, external: true, ..Default::default() };
        assert!(complaint(Tensor::read(external)).contains("without external data"));
    }
}

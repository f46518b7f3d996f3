//! What comes from numpy: read where it lies, where it lies in one piece.

use numpy::{
    Element, PyArray1, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn,
    PyReadwriteArray1, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use rolling_ball_rehearsal::shared_library::Inputs;
use std::borrow::Cow;

/// Numbers that lie in one piece.
pub struct Values<'py, T: Element>(PyReadonlyArrayDyn<'py, T>);

impl<'py, T: Element> Values<'py, T> {
    /// An array of this type, copied where it does not lie in one piece, or not at a multiple of
    /// its numbers' size.
    fn new(what: &str, array: &Bound<'py, PyArrayDyn<T>>) -> PyResult<Self> {
        let array = if array.is_c_contiguous() && array.is_aligned() {
            array.clone()
        } else {
            let requirements = ["C_CONTIGUOUS", "ALIGNED"];
            let numpy = numpy(array.py())?;
            numpy.call_method1("require", (array, array.dtype(), requirements))?.cast_into()?
        };
        let readonly = array.try_readonly().map_err(|error| {
            PyValueError::new_err(format!("{what}: {error}, by a call that changes it"))
        })?;
        Ok(Self(readonly))
    }

    pub fn get(&self) -> PyResult<&[T]> {
        self.0.as_slice().map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

/// So many values that say nothing yet, or `MemoryError`: what asks for too much must not end the
/// interpreter.
pub fn room<T: Clone + Default>(length: usize) -> PyResult<Vec<T>> {
    let mut values = Vec::new();
    let room = values.try_reserve_exact(length);
    room.map_err(|_| PyMemoryError::new_err(format!("there is no memory for {length} values")))?;
    values.resize(length, T::default());
    Ok(values)
}

fn numpy(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("numpy")
}

/// The name of an array's type, or of a value's class.
fn found(value: &Bound<'_, PyAny>) -> String {
    let name = match value.cast::<PyUntypedArray>() {
        Ok(array) => array.dtype().str().map(|text| text.to_string()),
        Err(_) => value.get_type().name().map(|text| text.to_string()),
    };
    name.unwrap_or_else(|_| "something else".to_owned())
}

/// Floats of this shape.
pub fn floats<'py>(
    what: &str,
    value: &Bound<'py, PyAny>,
    expected: &[usize],
) -> PyResult<Values<'py, f32>> {
    let array = value.cast::<PyArrayDyn<f32>>().map_err(|_| {
        let found = found(value);
        PyTypeError::new_err(format!("{what}: expected a numpy array of float32, found {found}"))
    })?;
    if array.shape() != expected {
        let (expected, found) = (shape(expected), shape(array.shape()));
        let said = format!("{what}: expected shape {expected}, found {found}");
        return Err(PyValueError::new_err(said));
    }
    Values::new(what, array)
}

/// A vector of floats that is changed where it lies.
pub fn floats_mut<'py>(
    what: &str,
    value: &Bound<'py, PyAny>,
    length: usize,
) -> PyResult<PyReadwriteArray1<'py, f32>> {
    let expected = format!("{what}: expected a numpy array of float32 with shape ({length},)");
    let array = value.cast::<PyArray1<f32>>().map_err(|_| {
        let (kind, found) = (found(value), value.cast::<PyUntypedArray>().map(shape_of));
        let found = found.map_or(kind.clone(), |shape| format!("{kind} with shape {shape}"));
        PyTypeError::new_err(format!("{expected}, found {found}"))
    })?;
    let fault = match () {
        () if !array.is_c_contiguous() => ", not contiguous",
        () if !array.is_aligned() => ", not aligned",
        () => "",
    };
    if array.shape() != [length] || !fault.is_empty() {
        let found = shape(array.shape());
        let said = format!(
            "{expected} in one piece, since it is changed where it lies; found shape {found}{fault}"
        );
        return Err(PyValueError::new_err(said));
    }
    array.try_readwrite().map_err(|error| {
        PyValueError::new_err(format!("{expected} that may be written to: {error}"))
    })
}

fn shape_of(array: &Bound<'_, PyUntypedArray>) -> String {
    shape(array.shape())
}

/// A shape as numpy shows it.
fn shape(shape: &[usize]) -> String {
    match shape {
        [length] => format!("({length},)"),
        lengths => {
            let lengths: Vec<String> = lengths.iter().map(ToString::to_string).collect();
            format!("({})", lengths.join(", "))
        }
    }
}

/// Inputs, a row each: bytes or floats.
pub enum Rows<'py> {
    /// Bytes, with what they are multiplied by and what is added after.
    Bytes(Values<'py, u8>, (f32, f32)),
    /// Floats.
    Floats(Values<'py, f32>),
}

impl<'py> Rows<'py> {
    /// Inputs of so many values; the number of them is the first of the shape's.
    pub fn new(
        what: &str,
        value: &Bound<'py, PyAny>,
        width: usize,
        byte: (f32, f32),
    ) -> PyResult<(usize, Self)> {
        let (array, rows) = if let Ok(array) = value.cast::<PyArrayDyn<u8>>() {
            (array.as_untyped(), Self::Bytes(Values::new(what, array)?, byte))
        } else if let Ok(array) = value.cast::<PyArrayDyn<f32>>() {
            (array.as_untyped(), Self::Floats(Values::new(what, array)?))
        } else {
            let found = found(value);
            let said = format!("{what}: expected a numpy array of uint8 or float32, found {found}");
            return Err(PyTypeError::new_err(said));
        };
        match array.shape() {
            [count, of @ ..] if !of.is_empty() && of.iter().product::<usize>() == width => {
                Ok((*count, rows))
            }
            other => {
                let found = shape(other);
                let said = format!(
                    "{what}: expected shape (n, {width}), a row for each input, found {found}"
                );
                Err(PyValueError::new_err(said))
            }
        }
    }

    /// Inputs in bytes, as a device has them.
    pub fn bytes(
        what: &str,
        value: &Bound<'py, PyAny>,
        width: usize,
    ) -> PyResult<(usize, Values<'py, u8>)> {
        match Self::new(what, value, width, (1.0, 0.0))? {
            (count, Self::Bytes(values, _)) => Ok((count, values)),
            (_, Self::Floats(_)) => Err(PyTypeError::new_err(format!(
                "{what}: expected a numpy array of uint8, as a device has its samples, found \
                 float32"
            ))),
        }
    }

    /// What they stand for.
    pub fn floats(&self) -> PyResult<Cow<'_, [f32]>> {
        Ok(match self {
            Self::Bytes(values, (scale, offset)) => {
                values.get()?.iter().map(|byte| f32::from(*byte) * scale + offset).collect()
            }
            Self::Floats(values) => values.get()?.into(),
        })
    }

    /// As a library takes them.
    pub fn lent(&self) -> PyResult<Lendable<'_>> {
        Ok(match self {
            Self::Bytes(values, byte) => Lendable::Bytes(values.get()?, *byte),
            Self::Floats(values) => Lendable::Floats(values.get()?),
        })
    }
}

/// Slices of inputs, which may go to where Python is not locked.
#[derive(Clone, Copy)]
pub enum Lendable<'a> {
    Bytes(&'a [u8], (f32, f32)),
    Floats(&'a [f32]),
}

impl<'a> From<Lendable<'a>> for Inputs<'a> {
    fn from(rows: Lendable<'a>) -> Self {
        match rows {
            Lendable::Bytes(values, (scale, offset)) => {
                Self { bytes: values.into(), scale, offset, ..Self::default() }
            }
            Lendable::Floats(values) => Self { floats: values.into(), ..Self::default() },
        }
    }
}

/// Whole numbers of any type, one for each of `count` samples.
fn numbers(what: &str, value: &Bound<'_, PyAny>, count: usize) -> PyResult<Vec<i64>> {
    let numpy = numpy(value.py())?;
    let array = numpy.call_method1("asarray", (value,))?;
    let array: Bound<'_, PyUntypedArray> = array.cast_into()?;
    // An empty list is an array of float64.
    if array.len() > 0 && !matches!(array.dtype().kind(), b'i' | b'u') {
        let found = found(array.as_any());
        let said = format!("{what}: expected whole numbers, such as uint8 or int64, found {found}");
        return Err(PyTypeError::new_err(said));
    }
    if array.shape() != [count] {
        let found = shape_of(&array);
        let said = format!("{what}: expected shape ({count},), one for each input, found {found}");
        return Err(PyValueError::new_err(said));
    }
    let array = array.call_method1("astype", ("int64",))?;
    let array: Bound<'_, PyArray1<i64>> = array.cast_into()?;
    Ok(array.to_vec()?)
}

/// A class for each sample.
pub fn classes(
    what: &str,
    value: &Bound<'_, PyAny>,
    count: usize,
    outputs: usize,
) -> PyResult<Vec<u32>> {
    let class = |(index, number): (usize, i64)| match u32::try_from(number) {
        Ok(class) if (class as usize) < outputs => Ok(class),
        _ => Err(PyValueError::new_err(format!(
            "{what}: expected classes from 0 to {}, found {number} at {index}",
            outputs.saturating_sub(1)
        ))),
    };
    numbers(what, value, count)?.into_iter().enumerate().map(class).collect()
}

/// A group for each sample, by any numbers.
pub fn groups(what: &str, value: &Bound<'_, PyAny>, count: usize) -> PyResult<Vec<u32>> {
    // Equal numbers stay equal, and that is all that counts.
    let mut known = std::collections::HashMap::new();
    let groups = numbers(what, value, count)?;
    Ok(groups
        .into_iter()
        .map(|group| {
            let next = known.len() as u32;
            *known.entry(group).or_insert(next)
        })
        .collect())
}

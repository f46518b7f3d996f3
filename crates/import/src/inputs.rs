//! Inputs to calibrate with and to test on, read from a safetensors file.

use super::graph::{Graph, length};
use super::tensors::{find, finite, floats};
use anyhow::{Context, Result, bail, ensure};
use safetensors::tensor::{Dtype, SafeTensors};
use std::ops::Range;

/// Inputs, read where they lie in their file, and their classes.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    values: Values<'a>,
    /// For each value of an input in this project's order, its place in the file's.
    places: Vec<usize>,
    /// The class of each input, where the file has `labels`.
    pub labels: Option<Vec<usize>>,
}

/// The values of the inputs in the file's order, one input after another.
#[derive(Clone, Copy, Debug)]
enum Values<'a> {
    Floats(&'a [[u8; 4]]),
    Bytes { bytes: &'a [u8], scale: f32, offset: f32 },
}

impl Values<'_> {
    fn range(&self, range: Range<usize>) -> Vec<f32> {
        match self {
            Self::Floats(values) => {
                values[range].iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
            }
            Self::Bytes { bytes, scale, offset } => {
                bytes[range].iter().map(|byte| f32::from(*byte) * scale + offset).collect()
            }
        }
    }
}

impl<'a> Inputs<'a> {
    /// Finds `inputs`, as floats or as bytes with `scale` and `offset`, and `labels` where there
    /// are some.
    pub fn read(graph: &Graph, file: &SafeTensors<'a>) -> Result<Self> {
        let tensor = find(file, "inputs")?;
        let width = length(graph.input);
        let shape = tensor.shape();
        let count = shape.first().copied().unwrap_or(0);
        let one = shape.iter().skip(1).try_fold(1usize, |product, n| product.checked_mul(*n));
        ensure!(
            count > 0 && one == Some(width),
            "tensor inputs: expected a count and then {:?}, as the network's input, found \
             {shape:?}",
            graph.layout.shape()
        );
        let values = match tensor.dtype() {
            Dtype::F32 => Values::Floats(finite("inputs", &tensor)?),
            Dtype::U8 => {
                let [scale, offset] = ["scale", "offset"].map(|name| {
                    floats(file, name, &[1]).with_context(|| {
                        format!("inputs are bytes, which stand for byte * scale + offset: {name}")
                    })
                });
                let (bytes, scale, offset) = (tensor.data(), scale?[0], offset?[0]);
                ensure!(
                    (0..=u8::MAX).all(|byte| (f32::from(byte) * scale + offset).is_finite()),
                    "tensor inputs: expected finite values, found the scale {scale} and the offset \
                     {offset}, which make some byte infinite"
                );
                Values::Bytes { bytes, scale, offset }
            }
            other => bail!("tensor inputs: expected F32 or U8, found {other}"),
        };
        let labels =
            if file.names().contains(&"labels") { Some(labels(file, count)?) } else { None };
        Ok(Self { values, places: graph.layout.places(), labels })
    }

    /// The number of inputs.
    pub fn len(&self) -> usize {
        let values = match self.values {
            Values::Floats(values) => values.len(),
            Values::Bytes { bytes, .. } => bytes.len(),
        };
        values / self.places.len()
    }

    /// All inputs in this project's order, with scale and offset, where the file has bytes.
    pub fn bytes(&self) -> Option<(Vec<u8>, f32, f32)> {
        let Values::Bytes { bytes, scale, offset } = self.values else { return None };
        let inputs = bytes.chunks_exact(self.places.len());
        let ordered = inputs.flat_map(|input| self.places.iter().map(|place| input[*place]));
        Some((ordered.collect(), scale, offset))
    }

    /// The inputs in this project's order, one at a time.
    pub fn iter(&self) -> impl Iterator<Item = Vec<f32>> {
        let width = self.places.len();
        (0..self.len()).map(move |index| {
            let values = self.values.range(index * width..(index + 1) * width);
            self.places.iter().map(|place| values[*place]).collect()
        })
    }
}

fn labels(file: &SafeTensors, count: usize) -> Result<Vec<usize>> {
    let tensor = find(file, "labels")?;
    ensure!(
        tensor.shape() == [count],
        "tensor labels: expected shape [{count}], one for each input, found {:?}",
        tensor.shape()
    );
    let data = tensor.data();
    let class = |number: i64| {
        usize::try_from(number).with_context(|| format!("tensor labels: class {number} is below 0"))
    };
    match tensor.dtype() {
        Dtype::U8 => data.iter().map(|byte| Ok(usize::from(*byte))).collect(),
        Dtype::I32 => {
            let numbers = data.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes));
            numbers.map(|number| class(i64::from(number))).collect()
        }
        Dtype::I64 => {
            data.as_chunks().0.iter().map(|bytes| class(i64::from_le_bytes(*bytes))).collect()
        }
        other => bail!("tensor labels: expected U8, I32 or I64, found {other}"),
    }
}

//! Inputs to calibrate with and to test on, read from a safetensors file.

use super::graph::{Graph, length, torch_shape};
use super::tensors::{as_floats, channels_last, find, floats};
use anyhow::{Context, Result, bail, ensure};
use safetensors::tensor::{Dtype, SafeTensors};

/// Inputs in this project's order, and their classes.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The inputs, one after another.
    pub values: Vec<f32>,
    /// The length of one input.
    pub width: usize,
    /// The class of each input, where the file has `labels`.
    pub labels: Option<Vec<usize>>,
}

impl Inputs {
    /// Reads `inputs`, as floats or as bytes with `scale` and `offset`, and `labels` where there
    /// are some.
    pub fn read(graph: &Graph, file: &SafeTensors) -> Result<Self> {
        let tensor = find(file, "inputs")?;
        let width = length(graph.input);
        let shape = tensor.shape();
        let count = shape.first().copied().unwrap_or(0);
        let one = shape.iter().skip(1).try_fold(1usize, |product, n| product.checked_mul(*n));
        ensure!(
            count > 0 && one == Some(width),
            "tensor inputs: expected a count and then {:?}, as the network's input, found \
             {shape:?}",
            torch_shape(graph.input, graph.dimensions)
        );
        let flat = match tensor.dtype() {
            Dtype::F32 => as_floats("inputs", &tensor)?,
            Dtype::U8 => {
                let [scale, offset] = ["scale", "offset"].map(|name| {
                    floats(file, name, &[1]).with_context(|| {
                        format!("inputs are bytes, which stand for byte * scale + offset: {name}")
                    })
                });
                let (scale, offset) = (scale?[0], offset?[0]);
                tensor.data().iter().map(|byte| f32::from(*byte) * scale + offset).collect()
            }
            other => bail!("tensor inputs: expected F32 or U8, found {other}"),
        };
        ensure!(
            flat.iter().all(|value| value.is_finite()),
            "tensor inputs: expected finite values, found NaN or infinity"
        );
        let [height, positions, channels] = graph.input;
        let values = channels_last(&flat, count, channels, height * positions);
        let labels =
            if file.names().contains(&"labels") { Some(labels(file, count)?) } else { None };
        Ok(Self { values, width, labels })
    }

    /// The inputs, one at a time.
    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width)
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
    let numbers: Vec<i64> = match tensor.dtype() {
        Dtype::U8 => data.iter().map(|byte| i64::from(*byte)).collect(),
        Dtype::I32 => {
            data.as_chunks().0.iter().map(|bytes| i64::from(i32::from_le_bytes(*bytes))).collect()
        }
        Dtype::I64 => data.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect(),
        other => bail!("tensor labels: expected U8, I32 or I64, found {other}"),
    };
    let class = |number: &i64| {
        usize::try_from(*number)
            .with_context(|| format!("tensor labels: class {number} is below 0"))
    };
    numbers.iter().map(class).collect()
}

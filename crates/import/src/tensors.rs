//! Reads parameters from a safetensors file, and turns PyTorch's layouts into this project's.

use super::graph::{Form, Graph, Node, Operation, Source, torch_shape};
use anyhow::{Context, Result, bail, ensure};
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};

/// The most bytes of a header. One with a thousand tensors has 100 KB.
pub const LONGEST_HEADER: u64 = 1 << 20;

/// The most names that an error tells.
const MOST_NAMES: usize = 20;

/// Reads the header of a file.
pub fn parse<'a>(bytes: &'a [u8], what: &str) -> Result<SafeTensors<'a>> {
    let context = || format!("{what}: not a safetensors file, or a damaged one");
    check_header(bytes).with_context(context)?;
    SafeTensors::deserialize(bytes).with_context(context)
}

/// Checks what safetensors leaves unchecked: it accepts headers of 100 MB, which take a multiple of
/// that once they are parsed, and where overflows panic it panics if the last offset is near the
/// largest number.
fn check_header(bytes: &[u8]) -> Result<()> {
    let (length, rest) = bytes.split_first_chunk().context("the file ends in its first number")?;
    let length = u64::from_le_bytes(*length);
    ensure!(
        length <= LONGEST_HEADER,
        "expected a header of at most {LONGEST_HEADER} bytes, found {length}"
    );
    let (header, data) =
        rest.split_at_checked(usize::try_from(length)?).context("the file ends in its header")?;
    let header: Metadata = serde_json::from_slice(header)?;
    ensure!(
        header.data_len() == data.len(),
        "the header describes {} bytes of values, the file has {}",
        header.data_len(),
        data.len()
    );
    Ok(())
}

/// Reads all parameters of the graph, layer after layer, each with its weights before its biases.
pub fn parameters(graph: &Graph, file: &SafeTensors) -> Result<Vec<f32>> {
    let there: usize = file.iter().map(|(_, tensor)| tensor.data().len() / size_of::<f32>()).sum();
    // Each bias that is not there comes with a weight that is. Only layers that share their tensors
    // take more.
    let most = 2 * there;
    let mut parameters = Vec::with_capacity(graph.parameters().min(most));
    for node in &graph.nodes {
        if let Some(source) = &node.source {
            layer(node, source, file, &mut parameters).with_context(|| node.label.clone())?;
        }
        ensure!(
            node.parameters.end <= most,
            "{}: up to it the network takes {} parameters from a file of {there} values, expected \
             at most twice as many as the file has: too many layers share their tensors",
            node.label,
            node.parameters.end
        );
    }
    Ok(parameters)
}

/// The tensors of the file that the network does not name. If there are any, a layer may have been
/// forgotten.
pub fn unused(graph: &Graph, file: &SafeTensors) -> Vec<String> {
    let prefixes: Vec<String> = graph
        .nodes
        .iter()
        .filter_map(|node| node.source.as_ref())
        .flat_map(|source| {
            let norm = source.batch_norm.iter().map(|(tensors, _)| format!("{tensors}."));
            std::iter::once(format!("{}.", source.tensors)).chain(norm)
        })
        .collect();
    let used = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let mut unused: Vec<String> =
        file.names().into_iter().filter(|name| !used(name)).map(ToOwned::to_owned).collect();
    unused.sort_unstable();
    unused
}

fn layer(node: &Node, source: &Source, file: &SafeTensors, to: &mut Vec<f32>) -> Result<()> {
    let Source { tensors, bias, batch_norm } = source;
    let name = format!("{tensors}.weight");
    let [height, width, channels] = node.input;
    let (mut weights, outputs) = match node.operation {
        Operation::Convolution(window, form) => {
            let [rows, columns] = window.size;
            let filters = node.biases;
            let shape = match form {
                Form::Conv2d => vec![filters, channels, rows, columns],
                Form::Conv1d => vec![filters, channels, columns],
                Form::Dense => vec![filters, channels * height * width],
            };
            let values = floats(file, &name, &shape)?;
            (channels_last(&values, filters, channels, rows * columns), filters)
        }
        Operation::Depthwise(window) => {
            let [rows, columns] = window.size;
            let values = floats(file, &name, &[channels, 1, rows, columns])?;
            (channels_last(&values, 1, channels, rows * columns), channels)
        }
        Operation::LayerNorm { dimensions } => {
            // On a map, PyTorch's normalized_shape is the shape of the map.
            let shape = torch_shape(node.input, dimensions);
            let values = floats(file, &name, &shape)?;
            let shifts = floats(file, &format!("{tensors}.bias"), &shape)?;
            for values in [values, shifts] {
                to.extend(channels_last(&values, 1, channels, height * width));
            }
            return Ok(());
        }
        _ => bail!("a layer of this type has no parameters"),
    };
    let mut biases = if *bias {
        floats(file, &format!("{tensors}.bias"), &[outputs])?
    } else {
        vec![0.0; outputs]
    };
    if let Some((tensors, epsilon)) = batch_norm {
        let norm = BatchNorm::read(file, tensors, outputs, *epsilon)?;
        let depthwise = matches!(node.operation, Operation::Depthwise(_));
        norm.fold(&mut weights, &mut biases, depthwise);
        ensure!(
            weights.iter().chain(&biases).all(|value| value.is_finite()),
            "folding {tensors} in overflows: are its scales and variances those of a trained \
             network?"
        );
    }
    to.extend(weights);
    to.extend(biases);
    Ok(())
}

/// Turns `(outer, channels, positions)` into `(outer, positions, channels)`.
pub fn channels_last(values: &[f32], outer: usize, channels: usize, positions: usize) -> Vec<f32> {
    let mut permuted = Vec::with_capacity(values.len());
    for block in 0..outer {
        for position in 0..positions {
            for channel in 0..channels {
                permuted.push(values[(block * channels + channel) * positions + position]);
            }
        }
    }
    permuted
}

/// The values of a tensor, which must have this shape.
pub fn floats(file: &SafeTensors, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
    let tensor = find(file, name)?;
    ensure!(
        tensor.shape() == shape,
        "tensor {name}: expected shape {shape:?}, found {:?}",
        tensor.shape()
    );
    let values = finite(name, &tensor)?;
    Ok(values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

/// The bytes of each value of a tensor, which must be finite.
pub fn finite<'a>(name: &str, tensor: &TensorView<'a>) -> Result<&'a [[u8; 4]]> {
    ensure!(
        tensor.dtype() == Dtype::F32,
        "tensor {name}: expected F32, found {}: convert it with `.float()` before it is saved",
        tensor.dtype()
    );
    let values = tensor.data().as_chunks().0;
    for (place, bytes) in values.iter().enumerate() {
        let value = f32::from_le_bytes(*bytes);
        ensure!(
            value.is_finite(),
            "tensor {name}: expected finite values, found {value} at {place}"
        );
    }
    Ok(values)
}

/// Finds a tensor by its name.
pub fn find<'a>(file: &SafeTensors<'a>, name: &str) -> Result<TensorView<'a>> {
    file.tensor(name).map_err(|_| {
        let mut names = file.names();
        names.sort_unstable();
        let others = names.len().saturating_sub(MOST_NAMES);
        names.truncate(MOST_NAMES);
        let others = if others > 0 { format!(" and {others} others") } else { String::new() };
        anyhow::anyhow!("tensor {name}: not in the file, which has {}{others}", names.join(", "))
    })
}

/// `y = (x - mean) / sqrt(variance + epsilon) * gamma + beta` for each output.
struct BatchNorm {
    factors: Vec<f64>,
    means: Vec<f32>,
    betas: Vec<f32>,
}

impl BatchNorm {
    fn read(file: &SafeTensors, tensors: &str, outputs: usize, epsilon: f64) -> Result<Self> {
        let read = |part: &str| floats(file, &format!("{tensors}.{part}"), &[outputs]);
        let (gammas, betas) = (read("weight")?, read("bias")?);
        let (means, variances) = (read("running_mean")?, read("running_var")?);
        ensure!(
            variances.iter().all(|variance| *variance >= 0.0),
            "tensor {tensors}.running_var: expected values of 0 or above"
        );
        let factor = |(gamma, variance): (&f32, &f32)| {
            f64::from(*gamma) / (f64::from(*variance) + epsilon).sqrt()
        };
        let factors = gammas.iter().zip(&variances).map(factor).collect();
        Ok(Self { factors, means, betas })
    }

    fn fold(&self, weights: &mut [f32], biases: &mut [f32], depthwise: bool) {
        let outputs = biases.len();
        let each = (weights.len() / outputs.max(1)).max(1);
        for (index, weight) in weights.iter_mut().enumerate() {
            let output = if depthwise { index % outputs } else { index / each };
            *weight = (f64::from(*weight) * self.factors[output]) as f32;
        }
        for (output, bias) in biases.iter_mut().enumerate() {
            let centred = f64::from(*bias) - f64::from(self.means[output]);
            *bias = (centred * self.factors[output] + f64::from(self.betas[output])) as f32;
        }
    }
}

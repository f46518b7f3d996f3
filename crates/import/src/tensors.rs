//! Reads parameters from a safetensors file, and turns PyTorch's layouts into this project's.

use super::graph::{Form, Graph, Node, Operation, Source, torch_shape};
use super::spec::Train;
use anyhow::{Context, Result, bail, ensure};
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};
use std::collections::BTreeMap;

/// The most bytes of a header. One with a thousand tensors has 100 KB.
pub const LONGEST_HEADER: u64 = 1 << 20;

/// The most parameters that need not be in the file: scales of 1 and shifts of 0.
const MOST_NEUTRAL: usize = 1 << 16;

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

/// The parameters of a network, and what of the file they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// All parameters, layer after layer, each with its weights before its biases.
    pub parameters: Vec<f32>,
    /// The tensors of the file that the network does not use. If there are any, a layer may have
    /// been forgotten.
    pub unused: Vec<String>,
}

/// Reads all parameters of the graph.
pub fn read(graph: &Graph, file: &SafeTensors) -> Result<Read> {
    let there: usize = file.iter().map(|(_, tensor)| tensor.data().len() / size_of::<f32>()).sum();
    // Each bias that is not there comes with a weight that is. Only layers that share their tensors
    // take more, and normalisations that have none.
    let most = 2 * there + MOST_NEUTRAL;
    let mut parameters = Vec::with_capacity(graph.parameters().min(most));
    let mut used = Used::default();
    for node in graph.every() {
        if let Some(source) = &node.source {
            layer(node, source, file, &mut used, &mut parameters)
                .with_context(|| node.label.clone())?;
        }
        ensure!(
            node.parameters.end <= most,
            "{}: up to it the network takes {} parameters from a file of {there} values, expected \
             at most twice as many as the file has and {MOST_NEUTRAL} more: too many layers share \
             their tensors",
            node.label,
            node.parameters.end
        );
    }
    let mut unused: Vec<String> = file.names().into_iter().map(ToOwned::to_owned).collect();
    unused.retain(|name| !used.counts(name));
    unused.sort_unstable();
    Ok(Read { parameters, unused })
}

/// The tensors that are used, each with the layer that uses it and with whether that is trained.
#[derive(Debug, Default)]
struct Used(BTreeMap<String, (String, bool)>);

impl Used {
    /// Notes that a layer uses a tensor. What is trained must be its own: on the device, each layer
    /// would learn something else.
    fn note(&mut self, name: &str, node: &Node) -> Result<()> {
        let trained = node.train != Train::Frozen;
        match self.0.get(name) {
            Some((other, also)) if trained || *also => bail!(
                "tensor {name}: {other} uses it as well, and what two layers share cannot be \
                 trained: say train = \"frozen\" for both, or put them into the backbone"
            ),
            _ => {
                self.0.insert(name.to_owned(), (node.label.clone(), trained));
                Ok(())
            }
        }
    }

    /// Whether a tensor is used, or is the count of batches of a normalisation that is.
    fn counts(&self, name: &str) -> bool {
        let of_norm = |norm: &str| self.0.contains_key(&format!("{norm}.running_mean"));
        self.0.contains_key(name) || name.strip_suffix(".num_batches_tracked").is_some_and(of_norm)
    }
}

fn layer(
    node: &Node,
    source: &Source,
    file: &SafeTensors,
    used: &mut Used,
    to: &mut Vec<f32>,
) -> Result<()> {
    let Source { tensors, bias, batch_norm } = source;
    let has = |part: &str| file.names().contains(&format!("{tensors}.{part}").as_str());
    let mut read = |part: &str, shape: &[usize]| {
        let name = format!("{tensors}.{part}");
        let values = floats(file, &name, shape)?;
        used.note(&name, node)?;
        anyhow::Ok(values)
    };
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
            let values = read("weight", &shape)?;
            (channels_last(&values, filters, channels, rows * columns), filters)
        }
        Operation::Grouped(window, groups) => {
            let [rows, columns] = window.size;
            let (filters, each) = (node.biases, channels / groups);
            // A signal's filters have no rows.
            let signal =
                height == 1 && find(file, &format!("{tensors}.weight"))?.shape().len() == 3;
            let shape = if signal {
                vec![filters, each, columns]
            } else {
                vec![filters, each, rows, columns]
            };
            let values = read("weight", &shape)?;
            (channels_last(&values, filters, each, rows * columns), filters)
        }
        Operation::Depthwise(window) => {
            let [rows, columns] = window.size;
            let values = read("weight", &[channels, 1, rows, columns])?;
            (channels_last(&values, 1, channels, rows * columns), channels)
        }
        Operation::LayerNorm(norm) => {
            // On a map, PyTorch's normalized_shape is the shape of the map.
            let shape = match norm.dimensions {
                0 => vec![channels],
                dimensions => torch_shape(node.input, dimensions),
            };
            let positions = if norm.dimensions == 0 { 1 } else { height * width };
            // Without elementwise_affine it has neither, and without a bias no shifts.
            for (part, there, neutral) in [("weight", true, 1.0), ("bias", *bias, 0.0)] {
                let absent = !there || !(has("weight") || has("bias"));
                let values = if absent {
                    vec![neutral; shape.iter().product()]
                } else {
                    read(part, &shape)?
                };
                to.extend(channels_last(&values, 1, channels, positions));
            }
            return expect_no_bias(*bias, tensors, has("bias"));
        }
        Operation::ParametricRelu => {
            let one = find(file, &format!("{tensors}.weight"))?.shape() == [1];
            let values = read("weight", &[if one { 1 } else { channels }])?;
            to.extend(values.iter().cycle().take(channels));
            return Ok(());
        }
        Operation::ScaleShift => (vec![1.0; channels], channels),
        _ => bail!("a layer of this type has no parameters"),
    };
    let stand_alone = node.operation == Operation::ScaleShift;
    let mut biases = match (stand_alone, *bias) {
        (false, true) => read("bias", &[outputs])?,
        _ => vec![0.0; outputs],
    };
    if !stand_alone {
        expect_no_bias(*bias, tensors, has("bias"))?;
    }
    if let Some((tensors, epsilon)) = batch_norm {
        let norm = BatchNorm::read(file, tensors, outputs, *epsilon, |name| used.note(name, node))?;
        let by_channel = matches!(node.operation, Operation::Depthwise(_) | Operation::ScaleShift);
        norm.fold(&mut weights, &mut biases, by_channel);
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

/// Where a layer is said to have no bias, the file must have none either: it would be dropped.
fn expect_no_bias(said: bool, tensors: &str, there: bool) -> Result<()> {
    ensure!(
        said || !there,
        "bias = false, but the file has {tensors}.bias: leave bias = false away, or the tensor"
    );
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
    fn read(
        file: &SafeTensors,
        tensors: &str,
        outputs: usize,
        epsilon: f64,
        mut note: impl FnMut(&str) -> Result<()>,
    ) -> Result<Self> {
        let mut read = |part: &str| {
            let name = format!("{tensors}.{part}");
            let values = floats(file, &name, &[outputs])?;
            note(&name)?;
            anyhow::Ok(values)
        };
        // With affine=False it has neither scales nor shifts.
        let names = file.names();
        let has = |part: &str| names.contains(&format!("{tensors}.{part}").as_str());
        let affine = has("weight") || has("bias") || !has("running_var");
        let (gammas, betas) = if affine {
            (read("weight")?, read("bias")?)
        } else {
            (vec![1.0; outputs], vec![0.0; outputs])
        };
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

    fn fold(&self, weights: &mut [f32], biases: &mut [f32], by_channel: bool) {
        let outputs = biases.len();
        let each = (weights.len() / outputs.max(1)).max(1);
        for (index, weight) in weights.iter_mut().enumerate() {
            let output = if by_channel { index % outputs } else { index / each };
            *weight = (f64::from(*weight) * self.factors[output]) as f32;
        }
        for (output, bias) in biases.iter_mut().enumerate() {
            let centred = f64::from(*bias) - f64::from(self.means[output]);
            *bias = (centred * self.factors[output] + f64::from(self.betas[output])) as f32;
        }
    }
}

//! Reads what an operator computes, and checks its inputs and output by it.

use super::flatbuffer::Table;
use super::model::{Activation, Binary, Function, Operation, Quantisation, Tensor, Type, Window};
use crate::limits::MOST_DIMENSIONS;
use anyhow::{Context, Result, bail, ensure};

/// What an operator works on.
pub struct Operands<'a> {
    pub inputs: Vec<Option<&'a Tensor<'a>>>,
    pub outputs: Vec<&'a Tensor<'a>>,
    /// Its options, and which table they are.
    pub options: Option<Table<'a>>,
    pub kind: u8,
}

/// What to do about integers of another width.
const WIDTH: &str = "convert the model to float32, or to full int8 with an input of int8";

impl<'a> Operands<'a> {
    fn input(&self, index: usize) -> Result<&'a Tensor<'a>> {
        self.optional(index).with_context(|| format!("it has no input {index}"))
    }

    fn optional(&self, index: usize) -> Option<&'a Tensor<'a>> {
        self.inputs.get(index).copied().flatten()
    }

    fn output(&self) -> Result<&'a Tensor<'a>> {
        match self.outputs.as_slice() {
            [output] => Ok(output),
            outputs => bail!("expected one output, found {}", outputs.len()),
        }
    }

    fn options(&self, kind: u8) -> Result<Table<'a>> {
        let options = self.options.filter(|_| self.kind == kind);
        options.with_context(|| format!("expected options of kind {kind}, found {}", self.kind))
    }

    /// Checks the number of inputs, of which the last ones may be missing.
    fn count(&self, least: usize, most: usize) -> Result<()> {
        let count = self.inputs.len();
        ensure!(
            (least..=most).contains(&count),
            "expected {least} to {most} inputs, found {count}"
        );
        (0..least).try_for_each(|index| self.input(index).map(drop))
    }

    /// Checks the number of inputs, and that they and the output are all in `f32` or all in int8.
    fn alike(&self, count: usize) -> Result<()> {
        self.count(count, count)?;
        let kind = self.computed(self.input(0)?)?;
        for index in 0..count {
            let input = self.input(index)?;
            ensure!(
                self.computed(input)? == kind,
                "`{}` is {}, the first input {kind}",
                input.name,
                input.kind
            );
        }
        self.expect_output(kind)?;
        self.computed(self.output()?).map(drop)
    }

    /// The type of what is computed with, `f32` or int8.
    fn computed(&self, tensor: &Tensor) -> Result<Type> {
        match tensor.kind {
            Type::F32 => {}
            Type::I8 => {
                of_all(tensor)?;
            }
            kind => bail!("`{}` is {kind}, which is not computed with: {WIDTH}", tensor.name),
        }
        Ok(tensor.kind)
    }

    fn expect_output(&self, kind: Type) -> Result<()> {
        let output = self.output()?;
        ensure!(output.kind == kind, "expected an output of {kind}, found {}", output.kind);
        Ok(())
    }

    fn expect_shape(&self, shape: &[usize]) -> Result<()> {
        let found = &self.output()?.shape;
        ensure!(found == shape, "expected an output of shape {shape:?}, found {found:?}");
        Ok(())
    }

    /// Checks that integers stand for the same before and after.
    fn expect_same_scale(&self) -> Result<()> {
        let output = self.output()?;
        let all = |tensor: &Tensor| tensor.quantisation.as_ref().map(Quantisation::of_all);
        for input in self.inputs.iter().flatten().filter(|input| input.kind != Type::F32) {
            ensure!(
                all(input) == all(output),
                "expected the scale and zero point of `{}` for its output too",
                input.name
            );
        }
        Ok(())
    }

    /// Checks the weights of filters, whose outputs are in one of their dimensions, and the bias.
    fn weights(&self, dimension: usize) -> Result<()> {
        let (input, weights) = (self.input(0)?, self.input(1)?);
        let kind = self.computed(input)?;
        self.expect_output(kind)?;
        self.computed(self.output()?)?;
        let filters = weights.shape[dimension];
        let expected = if kind == Type::F32 { Type::F32 } else { Type::I32 };
        let bias = self.optional(2);
        if let Some(bias) = bias {
            ensure!(
                bias.kind == expected && bias.len() == filters,
                "expected a bias of {filters} values of {expected}, found {:?} of {}",
                bias.shape,
                bias.kind
            );
        }
        if weights.kind == Type::F32 && kind == Type::F32 {
            return Ok(());
        }
        ensure!(weights.kind == Type::I8, "weights of {} are not read: {WIDTH}", weights.kind);
        let quantisation = weights.quantisation.as_ref().context("its weights have no scale")?;
        ensure!(
            quantisation.scales.len() == 1 || quantisation.dimension == dimension,
            "expected scales of its weights by dimension {dimension}, found {}",
            quantisation.dimension
        );
        ensure!(
            quantisation.zeros.iter().all(|zero| *zero == 0),
            "expected weights whose zero points are 0"
        );
        let Some(bias) = bias.filter(|_| kind == Type::I8) else { return Ok(()) };
        let of_bias = bias.quantisation.as_ref().context("its bias has no scale")?;
        let (scale, _) = of_all(input)?;
        for filter in 0..filters {
            let product = scale * quantisation.of(filter).0;
            let (found, zero) = of_bias.of(filter);
            ensure!(
                zero == 0 && (product - found).abs() <= 0.02 * product,
                "expected a bias with the product of the scales of input and weights, {product}, \
                 and 0 as zero point, found {found} and {zero} for output {filter}"
            );
        }
        Ok(())
    }
}

/// The one scale and zero of a tensor of integers.
pub fn of_all(tensor: &Tensor) -> Result<(f32, i64)> {
    let all = tensor.quantisation.as_ref().and_then(Quantisation::of_all);
    all.with_context(|| format!("expected one scale and zero point for `{}`", tensor.name))
}

/// Reads the operation of a name. A name that is not known is an unknown operation.
pub fn read(name: &str, operands: &Operands) -> Result<Operation> {
    let function = |function| {
        operands.alike(1)?;
        operands.expect_shape(&operands.input(0)?.shape)?;
        Ok(Operation::Function(function))
    };
    match name {
        "CONV_2D" => convolution(operands),
        "DEPTHWISE_CONV_2D" => depthwise(operands),
        "FULLY_CONNECTED" => fully_connected(operands),
        "ADD" => binary(operands, Binary::Add, 11),
        "SUB" => binary(operands, Binary::Subtract, 28),
        "MUL" => binary(operands, Binary::Multiply, 21),
        "CONCATENATION" => concatenation(operands),
        "AVERAGE_POOL_2D" => {
            let (window, activation) = pool(operands)?;
            Ok(Operation::AveragePool { window, activation })
        }
        "MAX_POOL_2D" => {
            let (window, activation) = pool(operands)?;
            Ok(Operation::MaxPool { window, activation })
        }
        "MEAN" => mean(operands),
        "PAD" | "PADV2" => pad(operands),
        "RESHAPE" | "SQUEEZE" | "EXPAND_DIMS" => reshape(operands),
        "TRANSPOSE" => transpose(operands),
        "SOFTMAX" => softmax(operands),
        "LOGISTIC" => function(Function::Logistic),
        "TANH" => function(Function::Tanh),
        "RELU" => function(Function::Relu),
        "RELU6" => function(Function::Relu6),
        "RELU_N1_TO_1" => function(Function::ReluN1To1),
        "ELU" => function(Function::Elu),
        "HARD_SWISH" => function(Function::HardSwish),
        "LEAKY_RELU" => {
            let alpha = operands.options(75)?.f32(0)?;
            ensure!(alpha.is_finite(), "expected a finite slope, found {alpha}");
            function(Function::LeakyRelu { alpha })
        }
        "GELU" => function(Function::Gelu { approximate: operands.options(116)?.bool(0)? }),
        "PRELU" => {
            operands.alike(2)?;
            operands.expect_shape(&broadcast(&operands.input(0)?.shape, operands.input(1)?)?)?;
            Ok(Operation::Prelu)
        }
        "QUANTIZE" => quantise(operands),
        "DEQUANTIZE" => dequantise(operands),
        _ => Ok(Operation::Unknown),
    }
}

/// The number of products and sums that the operation needs, with those outside of maps.
pub fn operations(operation: &Operation, operands: &Operands) -> u128 {
    let length = |tensor: Option<&Tensor>| tensor.map_or(0, |tensor| tensor.len() as u128);
    let outputs = length(operands.outputs.first().copied());
    let weights = operands.inputs.get(1).copied().flatten();
    let each = match operation {
        Operation::Convolution { .. } | Operation::FullyConnected { .. } => {
            // The weights of a filter, of which there is at least one.
            let filters = weights.and_then(|weights| weights.shape.first()).copied().unwrap_or(1);
            length(weights) / filters as u128
        }
        Operation::Depthwise { window, .. }
        | Operation::AveragePool { window, .. }
        | Operation::MaxPool { window, .. } => window.size[0] as u128 * window.size[1] as u128,
        Operation::Mean { .. } => return length(operands.inputs.first().copied().flatten()),
        _ => 1,
    };
    // Each is below 2^64.
    outputs.saturating_mul(each)
}

fn activation(number: i8) -> Result<Activation> {
    Ok(match number {
        0 => Activation::None,
        1 => Activation::Relu,
        2 => Activation::ReluN1To1,
        3 => Activation::Relu6,
        4 => bail!("a fused TANH is not read: use it as a layer of its own"),
        _ => bail!("the fused activation {number} is not known"),
    })
}

/// The sizes of a map `[batch, height, width, channels]`.
fn map(tensor: &Tensor, what: &str) -> Result<[usize; 4]> {
    <[usize; 4]>::try_from(tensor.shape.as_slice())
        .ok()
        .with_context(|| format!("expected four dimensions of {what}, found {:?}", tensor.shape))
}

/// A window with its padding in numbers, and the height and width of what it yields.
fn slide(
    padding: i8,
    map: [usize; 4],
    size: [usize; 2],
    stride: [i32; 2],
    dilation: [i32; 2],
) -> Result<(Window, [usize; 2])> {
    let positive = |pair: [i32; 2], what: &str| -> Result<[usize; 2]> {
        let valid = pair.iter().all(|number| *number > 0);
        ensure!(valid, "expected {what} of at least 1, found {pair:?}");
        Ok(pair.map(|number| number as usize))
    };
    let stride = positive(stride, "strides")?;
    let dilation = positive(dilation, "dilations")?;
    let mut window = Window { size, stride, dilation, before: [0; 2], after: [0; 2] };
    let mut output = [0; 2];
    for direction in 0..2 {
        let (extent, stride) = (map[1 + direction], stride[direction]);
        // Each factor is below 2^31.
        let reach = (size[direction] - 1).saturating_mul(dilation[direction]).saturating_add(1);
        output[direction] = match padding {
            0 => extent.div_ceil(stride),
            1 => {
                let places = extent.checked_sub(reach).map(|left| left / stride + 1);
                places.with_context(|| {
                    format!("a window of {reach} positions does not fit into {extent}")
                })?
            }
            _ => bail!("expected padding of kind 0 (SAME) or 1 (VALID), found {padding}"),
        };
        if padding == 0 {
            // The last window begins inside of the map.
            let end = ((output[direction] - 1) * stride).saturating_add(reach);
            let outside = end.saturating_sub(extent);
            window.before[direction] = outside / 2;
            window.after[direction] = outside - outside / 2;
        }
    }
    Ok((window, output))
}

fn convolution(operands: &Operands) -> Result<Operation> {
    operands.count(2, 3)?;
    let options = operands.options(1)?;
    let input = map(operands.input(0)?, "the input")?;
    let [filters, height, width, channels] = map(operands.input(1)?, "the weights")?;
    let groups = input[3] / channels;
    ensure!(
        input[3] % channels == 0 && filters % groups == 0,
        "weights for {channels} channels and {filters} filters do not fit to {} channels",
        input[3]
    );
    let stride = [options.i32(2)?, options.i32(1)?];
    let dilation = [options.i32_or(5, 1)?, options.i32_or(4, 1)?];
    let (window, [rows, columns]) =
        slide(options.i8(0)?, input, [height, width], stride, dilation)?;
    operands.weights(0)?;
    operands.expect_shape(&[input[0], rows, columns, filters])?;
    Ok(Operation::Convolution { window, activation: activation(options.i8(3)?)? })
}

fn depthwise(operands: &Operands) -> Result<Operation> {
    operands.count(2, 3)?;
    let options = operands.options(2)?;
    let input = map(operands.input(0)?, "the input")?;
    let [one, height, width, filters] = map(operands.input(1)?, "the weights")?;
    ensure!(
        one == 1 && filters % input[3] == 0,
        "weights of {:?} do not fit to {} channels",
        operands.input(1)?.shape,
        input[3]
    );
    let multiplier = filters / input[3];
    let told = options.i32(3)?;
    ensure!(
        usize::try_from(told) == Ok(multiplier),
        "it tells {told} filters for each channel, its weights have {multiplier}"
    );
    let stride = [options.i32(2)?, options.i32(1)?];
    let dilation = [options.i32_or(6, 1)?, options.i32_or(5, 1)?];
    let (window, [rows, columns]) =
        slide(options.i8(0)?, input, [height, width], stride, dilation)?;
    operands.weights(3)?;
    operands.expect_shape(&[input[0], rows, columns, filters])?;
    Ok(Operation::Depthwise { window, multiplier, activation: activation(options.i8(4)?)? })
}

fn fully_connected(operands: &Operands) -> Result<Operation> {
    operands.count(2, 3)?;
    let options = operands.options(8)?;
    ensure!(options.i8(1)? == 0, "weights in a shuffled order are not read");
    let (input, weights) = (operands.input(0)?, operands.input(1)?);
    let &[outputs, inputs] = weights.shape.as_slice() else {
        bail!("expected weights of two dimensions, found {:?}", weights.shape);
    };
    ensure!(
        input.len() % inputs == 0,
        "weights for {inputs} inputs do not fit to an input of {:?}",
        input.shape
    );
    operands.weights(0)?;
    if options.bool(2)? {
        let (last, others) = input.shape.split_last().context("expected at least one dimension")?;
        ensure!(*last == inputs, "weights for {inputs} inputs do not fit to {last}");
        operands.expect_shape(&[others, &[outputs]].concat())?;
    } else {
        operands.expect_shape(&[input.len() / inputs, outputs])?;
    }
    let asymmetric = options.bool(3)?;
    Ok(Operation::FullyConnected { asymmetric, activation: activation(options.i8(0)?)? })
}

/// The shape of two tensors of which each dimension is the same or 1 in one of them, the last
/// dimensions side by side.
fn broadcast(shape: &[usize], other: &Tensor) -> Result<Vec<usize>> {
    let dimensions = shape.len().max(other.shape.len());
    let size = |shape: &[usize], from_last: usize| {
        shape.len().checked_sub(from_last).map_or(1, |index| shape[index])
    };
    (1..=dimensions)
        .rev()
        .map(|from_last| match (size(shape, from_last), size(&other.shape, from_last)) {
            (1, size) | (size, 1) => Ok(size),
            (size, other) if size == other => Ok(size),
            _ => bail!("shapes of {shape:?} and {:?} do not fit to each other", other.shape),
        })
        .collect()
}

fn binary(operands: &Operands, binary: Binary, kind: u8) -> Result<Operation> {
    let options = operands.options(kind)?;
    operands.alike(2)?;
    operands.expect_shape(&broadcast(&operands.input(0)?.shape, operands.input(1)?)?)?;
    Ok(Operation::Binary(binary, activation(options.i8(0)?)?))
}

/// An index of a dimension, where -1 is the last.
fn axis(index: i64, dimensions: usize) -> Result<usize> {
    let from_first = if index < 0 { index.saturating_add(dimensions as i64) } else { index };
    let axis = usize::try_from(from_first).ok().filter(|axis| *axis < dimensions);
    axis.with_context(|| format!("expected one of {dimensions} dimensions, found {index}"))
}

fn concatenation(operands: &Operands) -> Result<Operation> {
    let options = operands.options(10)?;
    ensure!(!operands.inputs.is_empty(), "expected at least one input");
    operands.alike(operands.inputs.len())?;
    ensure!(
        activation(options.i8(1)?)? == Activation::None,
        "a fused activation is not read: use a layer of its own"
    );
    let mut shape = operands.input(0)?.shape.clone();
    let axis = axis(options.i32(0)?.into(), shape.len())?;
    shape[axis] = 0;
    for index in 0..operands.inputs.len() {
        let input = operands.input(index)?;
        let fits = input.shape.len() == shape.len()
            && (0..shape.len()).all(|d| d == axis || input.shape[d] == shape[d]);
        ensure!(fits, "`{}` of {:?} does not fit to the others", input.name, input.shape);
        // At most as many inputs as operands, each with at most 2^24.
        shape[axis] += input.shape[axis];
    }
    operands.expect_shape(&shape)?;
    operands.expect_same_scale()?;
    Ok(Operation::Concatenation { axis })
}

fn pool(operands: &Operands) -> Result<(Window, Activation)> {
    let options = operands.options(5)?;
    operands.alike(1)?;
    operands.expect_same_scale()?;
    let input = map(operands.input(0)?, "the input")?;
    let size = [options.i32(4)?, options.i32(3)?];
    ensure!(size.iter().all(|size| *size > 0), "expected a window of at least 1, found {size:?}");
    let stride = [options.i32(2)?, options.i32(1)?];
    let size = size.map(|size| size as usize);
    let (window, [rows, columns]) = slide(options.i8(0)?, input, size, stride, [1, 1])?;
    operands.expect_shape(&[input[0], rows, columns, input[3]])?;
    Ok((window, activation(options.i8(5)?)?))
}

/// The numbers of a constant that tells dimensions.
fn numbers(tensor: &Tensor) -> Result<Vec<i64>> {
    let Tensor { name, kind, .. } = tensor;
    let data = tensor.data.with_context(|| {
        format!("`{name}` is computed, expected a constant: convert the model with fixed shapes")
    })?;
    ensure!(
        tensor.len() <= 2 * MOST_DIMENSIONS,
        "expected at most {} numbers in `{name}`, found {}",
        2 * MOST_DIMENSIONS,
        tensor.len()
    );
    Ok(match kind {
        Type::I32 => data.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b).into()).collect(),
        Type::I64 => data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect(),
        _ => bail!("expected integers of four or eight bytes in `{name}`, found {kind}"),
    })
}

fn mean(operands: &Operands) -> Result<Operation> {
    let options = operands.options(27)?;
    operands.count(2, 2)?;
    let input = operands.input(0)?;
    let kind = operands.computed(input)?;
    operands.expect_output(kind)?;
    operands.computed(operands.output()?)?;
    let dimensions = input.shape.len();
    let axes = numbers(operands.input(1)?)?.into_iter().map(|index| axis(index, dimensions));
    let mut axes: Vec<usize> = axes.collect::<Result<_>>()?;
    axes.sort_unstable();
    axes.dedup();
    let keep = options.bool(0)?;
    let shape: Vec<usize> = (0..dimensions)
        .filter_map(|dimension| match axes.contains(&dimension) {
            true => keep.then_some(1),
            false => Some(input.shape[dimension]),
        })
        .collect();
    operands.expect_shape(&shape)?;
    Ok(Operation::Mean { axes })
}

fn pad(operands: &Operands) -> Result<Operation> {
    operands.count(2, 3)?;
    let (input, output) = (operands.input(0)?, operands.output()?);
    operands.computed(input)?;
    operands.expect_output(input.kind)?;
    let same = |other: &Tensor| {
        input.kind == other.kind
            && (input.kind == Type::F32 || of_all(other).ok() == of_all(input).ok())
    };
    ensure!(same(output), "expected the scale and zero point of its input for its output too");
    if let Some(value) = operands.optional(2) {
        ensure!(
            value.len() == 1 && same(value),
            "expected one value of the type and scale of the input around it, found {:?} of {}",
            value.shape,
            value.kind
        );
    }
    let amounts = numbers(operands.input(1)?)?;
    ensure!(
        amounts.len() == 2 * input.shape.len(),
        "expected two amounts for each of {} dimensions, found {}",
        input.shape.len(),
        amounts.len()
    );
    let amounts: Vec<[usize; 2]> = amounts
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[before, after]| Ok([usize::try_from(*before)?, usize::try_from(*after)?]))
        .collect::<Result<_>>()
        .context("expected amounts of at least 0")?;
    let shape = input.shape.iter().zip(&amounts);
    let shape: Vec<usize> = shape
        .map(|(size, [before, after])| size.saturating_add(*before).saturating_add(*after))
        .collect();
    operands.expect_shape(&shape)?;
    Ok(Operation::Pad { amounts })
}

fn reshape(operands: &Operands) -> Result<Operation> {
    operands.count(1, 2)?;
    let (input, output) = (operands.input(0)?, operands.output()?);
    ensure!(
        input.len() == output.len(),
        "{:?} and {:?} have not as many values",
        input.shape,
        output.shape
    );
    unchanged(operands)?;
    Ok(Operation::Reshape)
}

/// Checks that the values of the first input stay what they are.
fn unchanged(operands: &Operands) -> Result<()> {
    let (input, output) = (operands.input(0)?, operands.output()?);
    operands.expect_output(input.kind)?;
    ensure!(
        input.quantisation == output.quantisation,
        "expected the scale and zero point of `{}` for its output too",
        input.name
    );
    Ok(())
}

fn transpose(operands: &Operands) -> Result<Operation> {
    operands.count(2, 2)?;
    let input = operands.input(0)?;
    let dimensions = input.shape.len();
    let found = numbers(operands.input(1)?)?;
    let permutation = found.iter().map(|index| axis(*index, dimensions));
    let permutation: Vec<usize> = permutation.collect::<Result<_>>()?;
    let mut sorted = permutation.clone();
    sorted.sort_unstable();
    ensure!(
        sorted.iter().copied().eq(0..dimensions),
        "expected a permutation of {dimensions} dimensions, found {found:?}"
    );
    let shape: Vec<usize> = permutation.iter().map(|dimension| input.shape[*dimension]).collect();
    operands.expect_shape(&shape)?;
    unchanged(operands)?;
    if input.kind != Type::F32 && input.quantisation.is_some() {
        of_all(input)?;
    }
    Ok(Operation::Transpose { permutation })
}

fn softmax(operands: &Operands) -> Result<Operation> {
    let options = operands.options(9)?;
    operands.alike(1)?;
    let input = operands.input(0)?;
    ensure!(!input.shape.is_empty(), "expected at least one dimension");
    operands.expect_shape(&input.shape)?;
    let beta = options.f32(0)?;
    ensure!(beta.is_finite() && beta > 0.0, "expected a factor above 0, found {beta}");
    Ok(Operation::Softmax { beta })
}

fn quantise(operands: &Operands) -> Result<Operation> {
    operands.count(1, 1)?;
    let (input, output) = (operands.input(0)?, operands.output()?);
    match (input.kind, output.kind) {
        (Type::F32, Type::I8 | Type::U8) => {}
        (Type::I8 | Type::U8, Type::I8 | Type::U8) => {
            of_all(input)?;
        }
        (from, to) => bail!("from {from} to {to} is not computed: {WIDTH}"),
    }
    of_all(output)?;
    operands.expect_shape(&input.shape)?;
    Ok(Operation::Quantise)
}

fn dequantise(operands: &Operands) -> Result<Operation> {
    operands.count(1, 1)?;
    let (input, output) = (operands.input(0)?, operands.output()?);
    match (input.kind, output.kind) {
        (Type::I8 | Type::U8, Type::F32) => {}
        (from, to) => bail!("from {from} to {to} is not computed: {WIDTH}"),
    }
    of_all(input)?;
    operands.expect_shape(&input.shape)?;
    Ok(Operation::Dequantise)
}

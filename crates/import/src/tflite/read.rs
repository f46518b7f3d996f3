//! Reads a model from the bytes of a `.tflite` file, and checks all of it. The numbers of fields
//! are those of the format's public schema.

use super::flatbuffer::{Table, Vector};
use super::model::{Model, Operation, Operator, Quantisation, Tensor, Type};
use super::names::{CUSTOM, OPERATORS, TYPES};
use super::operation::{self, Operands};
use crate::limits::{MOST_DIMENSIONS, MOST_OPERATIONS, MOST_VALUES};
use anyhow::{Context, Result, bail, ensure};
use std::borrow::Cow;

/// The most values of all other tensors together, for which the file has no bytes.
const MOST_COMPUTED: usize = 1 << 23;

const MOST_TENSORS: usize = 4096;

const MOST_OPERATORS: usize = 1024;

/// The most tensors that an operator reads or makes.
const MOST_OPERANDS: usize = 64;

/// What to do about a model whose values have a type that is not read.
const EXPORT: &str = "convert the model to float32, or to full int8";

impl<'a> Model<'a> {
    /// Reads the model, which borrows its names and constants from the file.
    ///
    /// # Errors
    ///
    /// A file that is damaged or of another kind; several subgraphs; more than a stated number of
    /// tensors, operators, dimensions, values, or products and sums for an input; and what its
    /// operators do not expect. Operators that are not known are read as [`Operation::Unknown`].
    ///
    /// # Cost
    ///
    /// A pass over the tables. What is made takes at most three times the memory of the file, and
    /// 4 MB more.
    pub fn read(file: &'a [u8]) -> Result<Self> {
        ensure!(
            file.get(4..8) == Some(b"TFL3"),
            "not a .tflite file: expected `TFL3` as its bytes 4 to 7"
        );
        let model = Table::root(file)?;
        let version = model.u32(0)?;
        ensure!(version == 3, "expected version 3 of the format, found {version}");
        let subgraphs: Vector<4> = model.vector(2)?;
        let count = subgraphs.len();
        let graph = subgraphs.table(0)?.context("the file has no subgraph")?;
        ensure!(
            count == 1,
            "expected one subgraph, found {count}, of which the first is `{}`: convert the model \
             without control flow and with one signature",
            graph.text(4)?
        );
        let mut scales = file.len() / size_of::<f32>();
        let buffers: Vector<4> = model.vector(4)?;
        let tensors: Vector<4> = graph.vector(0)?;
        limit(tensors.len(), MOST_TENSORS, "tensors")?;
        let tensors: Vec<Tensor> = tensors
            .tables()
            .enumerate()
            .map(|(index, table)| {
                let table = table.with_context(|| format!("tensor {index}"))?;
                let name = table.text(3).with_context(|| format!("tensor {index}"))?;
                tensor(table, name, buffers, &mut scales)
                    .with_context(|| format!("tensor {index} (`{name}`)"))
            })
            .collect::<Result<_>>()?;
        // At most so many tensors, of which each has at most MOST_VALUES: far from an overflow.
        let (constants, computed): (Vec<_>, Vec<_>) =
            tensors.iter().partition(|tensor| tensor.data.is_some());
        let count = |tensors: Vec<&Tensor>| tensors.into_iter().map(Tensor::len).sum();
        limit(count(constants), MOST_VALUES, "values in all constants")?;
        limit(count(computed), MOST_COMPUTED, "values in all inputs and outputs")?;
        let shared: usize = tensors.iter().filter_map(|tensor| tensor.data).map(<[u8]>::len).sum();
        limit(shared, 2 * file.len(), "bytes of constants, twice as many as the file has")?;

        let indices = |number: usize, what: &str| -> Result<Vec<usize>> {
            let found: Vector<4> = graph.vector(number)?;
            limit(found.len(), MOST_OPERANDS, what)?;
            ensure!(found.len() > 0, "expected at least one of the {what}");
            found.i32s().map(|index| tensor_index(index, tensors.len())).collect()
        };
        let inputs = indices(1, "inputs of the network")?;
        let outputs = indices(2, "outputs of the network")?;
        for input in &inputs {
            let tensor = &tensors[*input];
            ensure!(tensor.data.is_none(), "the input `{}` is a constant", tensor.name);
        }
        let operators = operators(model, graph, &tensors, &inputs)?;
        let made: Vec<usize> = operators.iter().flat_map(|o| &o.outputs).copied().collect();
        for output in &outputs {
            let name = tensors[*output].name;
            let there = made.contains(output) || inputs.contains(output);
            ensure!(there, "no operator makes the output `{name}`");
        }
        Ok(Self { tensors, operators, inputs, outputs })
    }

    /// The operator as errors name it.
    pub fn label(&self, index: usize) -> String {
        let Operator { name, outputs, .. } = &self.operators[index];
        label(index, name, outputs, &self.tensors)
    }
}

fn label(index: usize, name: &str, outputs: &[usize], tensors: &[Tensor]) -> String {
    match outputs.first() {
        Some(output) => {
            format!("operator {index} ({name}), which makes `{}`", tensors[*output].name)
        }
        None => format!("operator {index} ({name}), which makes nothing"),
    }
}

fn limit(count: usize, most: usize, what: &str) -> Result<()> {
    ensure!(count <= most, "expected at most {most} {what}, found {count}");
    Ok(())
}

fn tensor_index(index: i32, count: usize) -> Result<usize> {
    let found = usize::try_from(index).ok().filter(|index| *index < count);
    found.with_context(|| format!("expected one of {count} tensors, found tensor {index}"))
}

fn tensor<'a>(
    table: Table<'a>,
    name: &'a str,
    buffers: Vector<'a, 4>,
    scales: &mut usize,
) -> Result<Tensor<'a>> {
    let number = table.i8(1)?;
    let kind = match number {
        0 => Type::F32,
        2 => Type::I32,
        3 => Type::U8,
        4 => Type::I64,
        7 => Type::I16,
        9 => Type::I8,
        _ => {
            let found = usize::try_from(number).ok().and_then(|number| TYPES.get(number));
            match found {
                Some(found) => bail!("values of type {found} are not read: {EXPORT}"),
                None => bail!("values of type {number} are not known: {EXPORT}"),
            }
        }
    };
    let sizes: Vector<4> = table.vector(0)?;
    limit(sizes.len(), MOST_DIMENSIONS, "dimensions")?;
    let shape: Vec<usize> = sizes
        .i32s()
        .map(|size| {
            let size = usize::try_from(size).ok().filter(|size| *size > 0);
            size.context("expected a size of at least 1 in every dimension")
        })
        .collect::<Result<_>>()?;
    let length = shape.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
    let length = length.filter(|length| *length <= MOST_VALUES).with_context(|| {
        format!("expected at most {MOST_VALUES} values, found a shape of {shape:?}")
    })?;
    let signature: Vector<4> = table.vector(7)?;
    // The first dimension is that of the samples, of which there is one unless the shape says so.
    if let Some(open) = signature.i32s().skip(1).position(|size| size < 0) {
        bail!("dimension {} is left open: convert the model with a fixed shape", open + 1);
    }
    ensure!(!table.bool(5)?, "it keeps values from one call to the next, which is not read");
    ensure!(table.table(6)?.is_none(), "sparse values are not read: convert the model without");
    ensure!(table.u32(10)? == 0, "its values are in another file, which is not read");

    let index = table.u32(2)? as usize;
    let buffer = buffers.table(index)?;
    let buffer = buffer
        .with_context(|| format!("expected one of {} buffers, found {index}", buffers.len()))?;
    ensure!(
        buffer.u64(1)? <= 1 && buffer.u64(2)? <= 1,
        "its values are behind the tables, as in files above 2 GB, which is not read"
    );
    let data = buffer.vector::<1>(0)?.bytes();
    let data = if data.is_empty() { None } else { Some(data) };
    if let Some(data) = data {
        let expected = length * kind.size();
        ensure!(
            data.len() == expected,
            "expected {expected} bytes for {length} values of type {kind}, found {}",
            data.len()
        );
    }
    let quantisation = match table.table(4)? {
        Some(table) => quantisation(table, kind, &shape, scales).context("quantisation")?,
        None => None,
    };
    Ok(Tensor { name, shape, kind, quantisation, data })
}

fn quantisation(
    table: Table,
    kind: Type,
    shape: &[usize],
    left: &mut usize,
) -> Result<Option<Quantisation>> {
    ensure!(table.u8(4)? == 0, "quantisation that is not affine is not read");
    let (found, zeros): (Vector<4>, Vector<8>) = (table.vector(2)?, table.vector(3)?);
    let count = found.len();
    if count == 0 || kind == Type::F32 {
        return Ok(None);
    }
    let dimension = usize::try_from(table.i32(6)?).ok();
    let size = dimension.and_then(|dimension| shape.get(dimension));
    ensure!(
        count == 1 || Some(&count) == size,
        "expected one scale, or one for each index of its dimension, found {count} scales for \
         dimension {dimension:?} of {shape:?}"
    );
    *left = left.checked_sub(count).context("the file has fewer numbers than it has scales")?;
    ensure!(zeros.len() == count, "expected {count} zero points, found {}", zeros.len());
    let (scales, zeros): (Vec<f32>, Vec<i64>) = (found.f32s().collect(), zeros.i64s().collect());
    if let Some(scale) = scales.iter().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
        bail!("expected scales above 0, found {scale}");
    }
    if let Some((least, most)) = kind.range()
        && let Some(zero) = zeros.iter().find(|zero| !(least..=most).contains(zero))
    {
        bail!("expected zero points of type {kind}, found {zero}");
    }
    Ok(Some(Quantisation { scales, zeros, dimension: dimension.unwrap_or(0) }))
}

fn operators<'a>(
    model: Table<'a>,
    graph: Table<'a>,
    tensors: &[Tensor<'a>],
    inputs: &[usize],
) -> Result<Vec<Operator<'a>>> {
    let codes: Vector<4> = model.vector(1)?;
    let found: Vector<4> = graph.vector(3)?;
    limit(found.len(), MOST_OPERATORS, "operators")?;
    let mut there: Vec<bool> = tensors.iter().map(|tensor| tensor.data.is_some()).collect();
    for input in inputs {
        there[*input] = true;
    }
    let mut operations = 0u128;
    let mut operators = Vec::with_capacity(found.len());
    for (index, table) in found.tables().enumerate() {
        let context = || format!("operator {index}");
        let table = table.with_context(context)?;
        let name = operator_name(codes, table).with_context(context)?;
        let context = || format!("operator {index} ({name})");
        let (inputs, outputs) = operands(table, tensors.len()).with_context(context)?;
        let label = label(index, &name, &outputs, tensors);
        for input in inputs.iter().flatten() {
            let input = (there[*input], tensors[*input].name);
            ensure!(input.0, "{label}: its input `{}` comes from no operator before it", input.1);
        }
        for output in &outputs {
            let name = tensors[*output].name;
            ensure!(!there[*output], "{label}: `{name}` is there already");
            there[*output] = true;
        }
        let operands = Operands {
            inputs: inputs.iter().map(|input| input.map(|input| &tensors[input])).collect(),
            outputs: outputs.iter().map(|output| &tensors[*output]).collect(),
            options: table.table(4)?,
            kind: table.u8(3)?,
        };
        let operation = operation::read(&name, &operands).with_context(|| label.clone())?;
        operations = operations.saturating_add(operation::operations(&operation, &operands));
        ensure!(
            operations <= MOST_OPERATIONS,
            "{label}: expected at most {MOST_OPERATIONS} products and sums for an input in all \
             operators, found {operations} up to this one"
        );
        operators.push(Operator { name, operation, inputs, outputs });
    }
    Ok(operators)
}

fn operator_name<'a>(codes: Vector<'a, 4>, operator: Table<'a>) -> Result<Cow<'a, str>> {
    let index = operator.u32(0)? as usize;
    let code = codes.table(index)?;
    let code =
        code.with_context(|| format!("expected one of {} kinds, found {index}", codes.len()))?;
    // Older files have the number in a byte; newer ones have the largest byte there for all above.
    let number = code.i32(3)?.max(code.i8(0)?.into());
    match usize::try_from(number).ok().and_then(|number| OPERATORS.get(number)) {
        Some(&CUSTOM) => Ok(Cow::Borrowed(code.text(1)?)),
        Some(name) => Ok(Cow::Borrowed(name)),
        None => Ok(Cow::Owned(format!("number {number}"))),
    }
}

type Indices = (Vec<Option<usize>>, Vec<usize>);

fn operands(operator: Table, count: usize) -> Result<Indices> {
    let (inputs, outputs): (Vector<4>, Vector<4>) = (operator.vector(1)?, operator.vector(2)?);
    limit(inputs.len(), MOST_OPERANDS, "inputs")?;
    limit(outputs.len(), MOST_OPERANDS, "outputs")?;
    let inputs = inputs.i32s().map(|index| match index {
        -1 => Ok(None),
        _ => tensor_index(index, count).map(Some),
    });
    let outputs = outputs.i32s().map(|index| tensor_index(index, count));
    Ok((inputs.collect::<Result<_>>()?, outputs.collect::<Result<_>>()?))
}

impl Operation {
    /// Whether it is one that is read.
    pub fn is_known(&self) -> bool {
        *self != Self::Unknown
    }
}

//! What a node computes and the shapes that it makes, from the file's attributes and inputs.

use super::call::{Call, axes, axis};
use super::model::Value;
use super::operator::{Operator, PadMode};
use super::shapes::{self, broadcast, product};
use super::tensor::{Element, count, length};
use super::windows::window;
use anyhow::{Context, Result, bail, ensure};

/// A node whose operator is known.
#[derive(Debug)]
pub struct Typed {
    pub operator: Operator,
    /// The shape and the element type of each output that is described. Others, such as the places
    /// of the largest values, are not known here.
    pub outputs: Vec<(Vec<usize>, Option<Element>)>,
}

/// Finds out what a node computes. `None` is an operator that is not known here.
pub fn typed(call: &Call) -> Result<Option<Typed>> {
    let attributes = &call.attributes;
    if let Some(operator) = of_each(call)? {
        call.at_most(1)?;
        return one(call, operator, call.shape(0)?.to_vec());
    }
    let (operator, shape) = match call.operator {
        "Clip" => (clip(call)?, call.shape(0)?.to_vec()),
        "Conv" | "MaxPool" | "AveragePool" => window(call)?,
        "Gemm" => gemm(call)?,
        "MatMul" => {
            call.at_most(2)?;
            (Operator::MatMul, product(call.shape(0)?, call.shape(1)?)?)
        }
        "Add" | "Sub" | "Mul" | "Div" | "Pow" => {
            call.at_most(2)?;
            let operator = match call.operator {
                "Add" => Operator::Add,
                "Sub" => Operator::Sub,
                "Mul" => Operator::Mul,
                "Div" => Operator::Div,
                _ => Operator::Pow,
            };
            (operator, broadcast(call.shape(0)?, call.shape(1)?)?)
        }
        "PRelu" => {
            call.at_most(2)?;
            let shape = call.shape(0)?;
            ensure!(
                broadcast(shape, call.shape(1)?)? == shape,
                "expected slopes for {shape:?}, found shape {:?}",
                call.shape(1)?
            );
            (Operator::PRelu, shape.to_vec())
        }
        "Softmax" | "LogSoftmax" => softmax(call)?,
        "BatchNormalization" | "InstanceNormalization" | "LayerNormalization" => normalised(call)?,
        "GlobalAveragePool" | "GlobalMaxPool" => {
            call.at_most(1)?;
            let [batch, channels, positions @ ..] = call.shape(0)? else {
                bail!("expected a map of channels and positions, found {:?}", call.shape(0)?);
            };
            let operator = match call.operator {
                "GlobalAveragePool" => Operator::GlobalAveragePool,
                _ => Operator::GlobalMaxPool,
            };
            (operator, [&[*batch, *channels][..], &vec![1; positions.len()]].concat())
        }
        "ReduceMean" => reduce_mean(call)?,
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => {
            (Operator::Reshape, shapes::of_view(call)?.context("expected a shape")?)
        }
        "Transpose" => {
            let (order, shape) = (shapes::order(call)?, call.shape(0)?);
            let shape = order.iter().map(|place| shape[*place]).collect();
            (Operator::Transpose { order }, shape)
        }
        "Concat" => {
            let (axis, shape) = shapes::concatenation(call)?;
            (Operator::Concat { axis }, shape)
        }
        "Slice" => {
            let shapes::Sliced { starts, steps, shape } = shapes::slice(call)?;
            (Operator::Slice { starts, steps }, shape)
        }
        "Pad" => pad(call)?,
        "Split" => return split(call),
        "QuantizeLinear" | "DequantizeLinear" => return quantised(call),
        _ => return Ok(None),
    };
    attributes.finish()?;
    one(call, operator, shape)
}

/// A node whose first output has this shape, and the element type of the first input.
fn one(call: &Call, operator: Operator, shape: Vec<usize>) -> Result<Option<Typed>> {
    let element = call.input(0)?.element;
    call.attributes.finish()?;
    Ok(Some(Typed { operator, outputs: vec![(shape, element)] }))
}

/// A function of each value.
fn of_each(call: &Call) -> Result<Option<Operator>> {
    let attributes = &call.attributes;
    let float = |name, default| anyhow::Ok(attributes.float(name)?.unwrap_or(default));
    Ok(Some(match call.operator {
        "Relu" => Operator::Relu,
        "Sigmoid" => Operator::Sigmoid,
        "Tanh" => Operator::Tanh,
        "Erf" => Operator::Erf,
        "Sqrt" => Operator::Sqrt,
        "HardSwish" => Operator::HardSwish,
        "LeakyRelu" => Operator::LeakyRelu { alpha: float("alpha", 0.01)? },
        "Elu" => Operator::Elu { alpha: float("alpha", 1.0)? },
        "Swish" => Operator::Swish { alpha: float("alpha", 1.0)? },
        "Selu" => Operator::Selu {
            alpha: float("alpha", 1.673_263_2)?,
            gamma: float("gamma", 1.050_701)?,
        },
        "HardSigmoid" => {
            Operator::HardSigmoid { alpha: float("alpha", 0.2)?, beta: float("beta", 0.5)? }
        }
        "Gelu" => match attributes.text("approximate")?.unwrap_or("none") {
            "none" => Operator::Gelu { tanh: false },
            "tanh" => Operator::Gelu { tanh: true },
            other => bail!("attribute approximate: {other:?} is not known"),
        },
        _ => return Ok(None),
    }))
}

fn clip(call: &Call) -> Result<Operator> {
    call.at_most(3)?;
    let bound = |name, place| {
        if call.opset < 11 { call.attributes.float(name) } else { call.float(place) }
    };
    let low = bound("min", 1)?.unwrap_or(f32::NEG_INFINITY);
    let high = bound("max", 2)?.unwrap_or(f32::INFINITY);
    ensure!(low <= high, "expected bounds that are in order, found {low} and {high}");
    Ok(Operator::Clip { low, high })
}

fn gemm(call: &Call) -> Result<(Operator, Vec<usize>)> {
    call.at_most(3)?;
    let attributes = &call.attributes;
    let transposed = [attributes.flag("transA")?, attributes.flag("transB")?];
    let alpha = attributes.float("alpha")?.unwrap_or(1.0);
    let beta = attributes.float("beta")?.unwrap_or(1.0);
    let matrix = |place: usize| {
        let shape = call.shape(place)?;
        let [rows, columns] = *shape else { bail!("expected a matrix, found shape {shape:?}") };
        Ok(if transposed[place] { [columns, rows] } else { [rows, columns] })
    };
    let shape = product(&matrix(0)?, &matrix(1)?)?;
    if call.given(2).is_some() {
        let added = call.shape(2)?;
        ensure!(
            broadcast(&shape, added)? == shape,
            "expected a bias for {shape:?}, found shape {added:?}"
        );
    }
    Ok((Operator::Gemm { alpha, beta, transposed }, shape))
}

fn softmax(call: &Call) -> Result<(Operator, Vec<usize>)> {
    call.at_most(1)?;
    let shape = call.shape(0)?;
    let default = if call.opset < 13 { 1 } else { -1 };
    let place = axis(call.attributes.integer("axis")?.unwrap_or(default), shape.len())?;
    // Before version 13 it went over all dimensions from there on.
    ensure!(
        call.opset >= 13 || shape[place + 1..].iter().all(|length| *length == 1),
        "over several dimensions: export the model with `opset_version` 13 or above"
    );
    let operator = match call.operator {
        "Softmax" => Operator::Softmax { axis: place },
        _ => Operator::LogSoftmax { axis: place },
    };
    Ok((operator, shape.to_vec()))
}

fn normalised(call: &Call) -> Result<(Operator, Vec<usize>)> {
    let (attributes, shape) = (&call.attributes, call.shape(0)?);
    let epsilon = attributes.float("epsilon")?.unwrap_or(1e-5);
    ensure!(
        epsilon.is_finite() && epsilon >= 0.0,
        "attribute epsilon: expected a number of 0 or above, found {epsilon}"
    );
    let (operator, expected, parameters) = match call.operator {
        "LayerNormalization" => {
            attributes.expect_integer("stash_type", 1)?;
            let axis = axis(attributes.integer("axis")?.unwrap_or(-1), shape.len())?;
            (Operator::LayerNormalization { axis, epsilon }, &shape[axis..], 1..3)
        }
        name => {
            let channels = shape.get(1..2).context("expected a dimension of channels")?;
            let batch = name == "BatchNormalization";
            if batch {
                attributes.ignore(&["momentum"]);
                attributes.expect_integer("spatial", 1)?;
                ensure!(
                    !attributes.flag("training_mode")?,
                    "it is set to training: export the model after `.eval()`"
                );
                (Operator::BatchNormalization { epsilon }, channels, 1..5)
            } else {
                (Operator::InstanceNormalization { epsilon }, channels, 1..3)
            }
        }
    };
    call.at_most(parameters.end)?;
    for place in parameters {
        // Only the shifts of a layer norm may be left out.
        if place == 2 && call.given(place).is_none() && call.operator == "LayerNormalization" {
            continue;
        }
        let given = call.shape(place)?;
        let fits = given == expected
            || call.operator == "LayerNormalization" && broadcast(expected, given)? == expected;
        ensure!(
            fits,
            "expected parameters of shape {expected:?}, found {given:?} for {}",
            call.input(place)?.name
        );
    }
    Ok((operator, shape.to_vec()))
}

fn reduce_mean(call: &Call) -> Result<(Operator, Vec<usize>)> {
    call.at_most(2)?;
    let shape = call.shape(0)?;
    let list = call.attribute_or_input("axes", 1, 18)?.unwrap_or(&[]);
    let none = call.attributes.flag("noop_with_empty_axes")?;
    let keep = call.attributes.integer("keepdims")?.unwrap_or(1) != 0;
    let axes = match list {
        [] if none => Vec::new(),
        [] => (0..shape.len()).collect(),
        list => axes(list, shape.len())?,
    };
    let reduced = shape.iter().enumerate().filter_map(|(place, length)| {
        match (axes.contains(&place), keep) {
            (false, _) => Some(*length),
            (true, true) => Some(1),
            (true, false) => None,
        }
    });
    let reduced = reduced.collect();
    Ok((Operator::ReduceMean { axes, keep }, reduced))
}

/// What a padding adds, and the shape that it makes.
pub fn pad(call: &Call) -> Result<(Operator, Vec<usize>)> {
    call.at_most(4)?;
    let shape = call.shape(0)?;
    let dimensions = shape.len();
    let list = call.attribute_or_input("pads", 1, 11)?.context("expected pads")?;
    let value = if call.opset < 11 { call.attributes.float("value")? } else { call.float(2)? };
    let named = call.integers(3)?;
    let all: Vec<i64> = (0..dimensions as i64).collect();
    let named = named.unwrap_or(&all);
    axes(named, dimensions)?;
    let (before, after) = list.split_at_checked(named.len()).context("expected more pads")?;
    ensure!(after.len() == named.len(), "expected {} pads, found {list:?}", 2 * named.len());
    let (mut pads, mut padded) = (vec![[0; 2]; dimensions], shape.to_vec());
    for ((place, before), after) in named.iter().zip(before).zip(after) {
        let place = axis(*place, dimensions)?;
        pads[place] = [length(*before)?, length(*after)?];
        padded[place] += pads[place][0] + pads[place][1];
    }
    count(&padded)?;
    let mode = match call.attributes.text("mode")?.unwrap_or("constant") {
        "constant" => PadMode::Constant(value.unwrap_or(0.0)),
        "reflect" => PadMode::Reflect,
        "edge" => PadMode::Edge,
        "wrap" => PadMode::Wrap,
        other => bail!("attribute mode: {other:?} is not known"),
    };
    Ok((Operator::Pad { pads, mode }, padded))
}

fn split(call: &Call) -> Result<Option<Typed>> {
    call.at_most(2)?;
    let shape = call.shape(0)?;
    let axis = axis(call.attributes.integer("axis")?.unwrap_or(0), shape.len())?;
    let whole = shape[axis];
    let parts = match call.attributes.integer("num_outputs")? {
        None => call.outputs,
        Some(parts) => {
            let parts = usize::try_from(parts).ok().filter(|parts| *parts == call.outputs);
            parts.with_context(|| format!("expected num_outputs = {}", call.outputs))?
        }
    };
    let lengths: Vec<usize> = match call.attribute_or_input("split", 1, 13)? {
        Some(list) => list.iter().map(|given| length(*given)).collect::<Result<_>>()?,
        None => {
            // The last part may be shorter.
            let each = whole.div_ceil(parts.max(1));
            (0..parts).map(|part| each.min(whole.saturating_sub(part * each))).collect()
        }
    };
    ensure!(
        lengths.len() == call.outputs && count(&[lengths.iter().sum()])? == whole,
        "expected {} parts of {whole} in all, found {lengths:?}",
        call.outputs
    );
    call.attributes.finish()?;
    let element = call.input(0)?.element;
    let outputs = lengths.iter().map(|length| {
        let mut part = shape.to_vec();
        part[axis] = *length;
        (part, element)
    });
    let outputs = outputs.collect();
    Ok(Some(Typed { operator: Operator::Split { axis, lengths }, outputs }))
}

fn quantised(call: &Call) -> Result<Option<Typed>> {
    call.at_most(3)?;
    let (attributes, shape) = (&call.attributes, call.shape(0)?);
    attributes.expect_integer("block_size", 0)?;
    attributes.ignore(&["saturate", "precision"]);
    let given = attributes.integer("axis")?.unwrap_or(1);
    let scale = call.shape(1)?;
    // One scale for all has no axis, wherever the attribute points.
    let axis = match scale {
        [] | [1] => 0,
        _ => {
            let place = axis(given, shape.len())?;
            ensure!(
                *scale == [shape[place]],
                "expected a scale for each of {} in dimension {place}, found shape {scale:?}",
                shape[place]
            );
            place
        }
    };
    let zero = call.given(2);
    if zero.is_some() {
        let zero = call.shape(2)?;
        ensure!(
            zero == scale || count(zero)? == count(scale)?,
            "expected zero points of the scale's shape {scale:?}, found {zero:?}"
        );
    }
    let wanted = attributes.integer("output_dtype")?.filter(|code| *code != 0);
    let wanted = wanted.map(Element::from_code).transpose()?;
    let (operator, element) = if call.operator == "QuantizeLinear" {
        let of_zero = zero.and_then(|zero: &Value| zero.element);
        let element = of_zero.or(wanted).or(Some(Element::U8));
        (Operator::QuantizeLinear { axis }, element)
    } else {
        (Operator::DequantizeLinear { axis }, wanted.or(call.input(1)?.element))
    };
    attributes.finish()?;
    Ok(Some(Typed { operator, outputs: vec![(shape.to_vec(), element)] }))
}

/// The products and sums that a node needs for an input.
pub fn operations(call: &Call, typed: &Typed) -> Result<u128> {
    let made = typed.outputs.iter().map(|(shape, _)| count(shape));
    let made: u128 = made.sum::<Result<usize>>()? as u128;
    let each = match &typed.operator {
        // The weights of one filter.
        Operator::Conv { .. } => count(&call.shape(1)?[1..])? as u128,
        Operator::MaxPool { window, .. } | Operator::AveragePool { window, .. } => {
            window.kernel.iter().map(|length| *length as u128).product()
        }
        Operator::Gemm { transposed, .. } => call.shape(0)?[usize::from(!transposed[0])] as u128,
        Operator::MatMul => call.shape(0)?.last().map_or(1, |length| *length as u128),
        // They go over their input.
        Operator::GlobalAveragePool | Operator::GlobalMaxPool | Operator::ReduceMean { .. } => {
            return Ok(count(call.shape(0)?)? as u128);
        }
        _ => 1,
    };
    Ok(made * each)
}

//! Convolutions and pools: their windows, and how many fit.

use super::call::Call;
use super::limits::MOST_VALUES;
use super::operator::{Operator, Window};
use super::tensor::count;
use anyhow::{Context, Result, bail, ensure};

/// What a convolution or a pool computes, with the shape that it makes.
pub fn window(call: &Call) -> Result<(Operator, Vec<usize>)> {
    match call.operator {
        "Conv" => convolution(call),
        _ => pool(call),
    }
}

fn convolution(call: &Call) -> Result<(Operator, Vec<usize>)> {
    call.at_most(3)?;
    let (shape, weights) = (call.shape(0)?, call.shape(1)?);
    let [batch, channels, positions @ ..] = shape else { bail!("{}", expected_map(shape)) };
    let [filters, each, kernel @ ..] = weights else {
        bail!("expected filters, found shape {weights:?}");
    };
    let group = call.attributes.integer("group")?.unwrap_or(1);
    let group = usize::try_from(group).ok().filter(|group| *group > 0);
    let group = group.context("expected a group of at least 1")?;
    ensure!(
        each.checked_mul(group) == Some(*channels) && filters.is_multiple_of(group),
        "expected filters over {channels} channels in {group} groups, found shape {weights:?}"
    );
    if call.given(2).is_some() {
        let biases = call.shape(2)?;
        ensure!(biases == [*filters], "expected {filters} biases, found shape {biases:?}");
    }
    if let Some(given) = call.attributes.integers("kernel_shape")? {
        let equal = given.iter().map(|given| usize::try_from(*given).ok());
        ensure!(
            equal.eq(kernel.iter().copied().map(Some)),
            "expected the kernel of the filters, {kernel:?}, found {given:?}"
        );
    }
    ensure!(positions.len() == kernel.len(), "expected filters of shape {weights:?} for {shape:?}");
    let kernel = in_two_dimensions(kernel, 1).with_context(|| expected_map(shape))?;
    let (window, places) = slide(call, positions, kernel, false)?;
    let shape = [&[*batch, *filters][..], &places].concat();
    Ok((Operator::Conv { window, group }, shape))
}

fn pool(call: &Call) -> Result<(Operator, Vec<usize>)> {
    call.at_most(1)?;
    let shape = call.shape(0)?;
    let [batch, channels, positions @ ..] = shape else { bail!("{}", expected_map(shape)) };
    let given = call.attributes.integers("kernel_shape")?.context("expected kernel_shape")?;
    let kernel = lengths(given, 1).context("attribute kernel_shape")?;
    ensure!(
        kernel.len() == positions.len(),
        "expected a kernel of {} dimensions, found {kernel:?}",
        positions.len()
    );
    let kernel = in_two_dimensions(&kernel, 1).with_context(|| expected_map(shape))?;
    let ceil = call.attributes.flag("ceil_mode")?;
    let (window, places) = slide(call, positions, kernel, ceil)?;
    let operator = if call.operator == "MaxPool" {
        // It is about the second output, which is refused.
        call.attributes.ignore(&["storage_order"]);
        Operator::MaxPool { window, ceil }
    } else {
        let count_pads = call.attributes.flag("count_include_pad")?;
        Operator::AveragePool { window, ceil, count_pads }
    };
    Ok((operator, [&[*batch, *channels][..], &places].concat()))
}

fn expected_map(shape: &[usize]) -> String {
    format!("expected a signal or an image, of 3 or 4 dimensions with the batch, found {shape:?}")
}

/// Numbers from an attribute, each at least so large.
fn lengths(list: &[i64], least: usize) -> Result<Vec<usize>> {
    let lengths = list.iter().map(|given| {
        let length = usize::try_from(*given).ok();
        let length = length.filter(|length| (least..=MOST_VALUES).contains(length));
        length.with_context(|| format!("expected numbers of at least {least}, found {list:?}"))
    });
    lengths.collect()
}

/// The numbers for rows and columns. A signal in time is one row high.
fn in_two_dimensions(list: &[usize], row: usize) -> Option<[usize; 2]> {
    match *list {
        [columns] => Some([row, columns]),
        [rows, columns] => Some([rows, columns]),
        _ => None,
    }
}

/// Finds the window of a node, and how many of it fit into the positions of its input.
fn slide(
    call: &Call,
    positions: &[usize],
    kernel: [usize; 2],
    ceil: bool,
) -> Result<(Window, Vec<usize>)> {
    let pair = |name: &str| {
        let Some(list) = call.attributes.integers(name)? else { return Ok([1, 1]) };
        let list = lengths(list, 1).with_context(|| format!("attribute {name}"))?;
        ensure!(
            list.len() == positions.len(),
            "attribute {name}: expected {} numbers, found {list:?}",
            positions.len()
        );
        in_two_dimensions(&list, 1).context("expected one or two numbers")
    };
    let (strides, dilations) = (pair("strides")?, pair("dilations")?);
    let map = in_two_dimensions(positions, 1).context("expected one or two dimensions")?;
    // What a window reaches over, with the gaps of a dilation.
    let mut reach = [0; 2];
    for (reach, (kernel, dilation)) in reach.iter_mut().zip(kernel.into_iter().zip(dilations)) {
        *reach = (kernel - 1).checked_mul(dilation).context("a dilation that is too large")? + 1;
    }
    let given = call.attributes.integers("pads")?;
    let automatic = call.attributes.text("auto_pad")?.unwrap_or("NOTSET");
    let pads = match automatic {
        "NOTSET" | "" => {
            let zeros = vec![0; 2 * positions.len()];
            let list = lengths(given.unwrap_or(&zeros), 0).context("attribute pads")?;
            match *list {
                [left, right] if positions.len() == 1 => [0, left, 0, right],
                [top, left, bottom, right] if positions.len() == 2 => [top, left, bottom, right],
                _ => bail!("attribute pads: expected {} numbers", zeros.len()),
            }
        }
        "VALID" => [0; 4],
        "SAME_UPPER" | "SAME_LOWER" => {
            let mut pads = [0; 4];
            for direction in 0..2 {
                let (length, stride) = (map[direction], strides[direction]);
                let places = length.div_ceil(stride);
                let covered = places.saturating_sub(1) * stride + reach[direction];
                let all = covered.saturating_sub(length);
                let (less, more) = (all / 2, all - all / 2);
                let upper = automatic == "SAME_UPPER";
                pads[direction] = if upper { less } else { more };
                pads[direction + 2] = if upper { more } else { less };
            }
            pads
        }
        other => bail!("attribute auto_pad: {other:?} is not known"),
    };
    let mut places = [0; 2];
    for direction in 0..2 {
        let (before, after) = (pads[direction], pads[direction + 2]);
        let (length, stride) = (map[direction], strides[direction]);
        let padded = length + before + after;
        let free = padded.checked_sub(reach[direction]).with_context(|| {
            format!("a window over {} positions does not fit into {padded}", reach[direction])
        })?;
        let rounded = if ceil { free.div_ceil(stride) } else { free / stride };
        // A window that would begin behind the map and the padding before it is left out.
        let beyond = ceil && rounded * stride >= length + before;
        places[direction] = rounded + usize::from(!beyond);
    }
    let window = Window { kernel, strides, dilations, pads };
    count(&[places[0], places[1]])?;
    Ok((window, places[2 - positions.len()..].to_vec()))
}

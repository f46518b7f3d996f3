//! What nodes are taken to compute, in every version of their operators.

use super::built::{Built, built, float, integer, integers, text};
use crate::onnx::network::Network;
use crate::onnx::operator::{Operator, PadMode, Window};
use anyhow::{Context, Result};

/// The only node that is left, and the shape of what it makes.
fn only(built: Built) -> Result<(Operator, Vec<usize>)> {
    let bytes = built.bytes();
    let network = Network::read(&bytes)?;
    let [node] = &network.nodes[..] else {
        anyhow::bail!("expected one node, found {:?}", network.nodes);
    };
    let output = network.outputs[0].1;
    let shape = network.values[output].shape.clone().context("no shape")?;
    Ok((node.operator.clone(), shape))
}

fn pads(auto: &str, length: i64, kernel: &[i64], stride: i64) -> Result<([usize; 4], usize)> {
    let weights = [&[1, 1][..], kernel].concat();
    let built = built(&[1, 1, length], &["y = Conv(x, w)"]).floats("w", &weights);
    let built = built.attribute(text("auto_pad", auto)).attribute(integers("strides", &[stride]));
    let (Operator::Conv { window, .. }, shape) = only(built)? else {
        anyhow::bail!("expected a convolution");
    };
    Ok((window.pads, shape[2]))
}

#[test]
fn automatic_padding_is_what_onnx_defines() -> Result<()> {
    assert_eq!(pads("SAME_UPPER", 8, &[4], 1)?, ([0, 1, 0, 2], 8));
    assert_eq!(pads("SAME_LOWER", 8, &[4], 1)?, ([0, 2, 0, 1], 8));
    assert_eq!(pads("SAME_UPPER", 8, &[3], 2)?, ([0, 0, 0, 1], 4));
    assert_eq!(pads("SAME_UPPER", 9, &[1], 2)?, ([0; 4], 5));
    assert_eq!(pads("VALID", 8, &[3], 2)?, ([0; 4], 3));
    Ok(())
}

#[test]
fn defaults_of_a_convolution_and_a_pool_are_filled_in() -> Result<()> {
    let conv = built(&[1, 4, 9, 8], &["y = Conv(x, w)"]).floats("w", &[6, 2, 3, 2]);
    let window = Window { kernel: [3, 2], strides: [1, 1], dilations: [1, 1], pads: [0; 4] };
    assert_eq!(
        only(conv.attribute(integer("group", 2)))?,
        (Operator::Conv { window, group: 2 }, vec![1, 6, 7, 7])
    );
    let pool = built(&[1, 4, 9, 8], &["y = AveragePool(x)"]);
    let pool = pool.attribute(integers("kernel_shape", &[3, 2]));
    let operator = Operator::AveragePool { window, ceil: false, count_pads: false };
    assert_eq!(only(pool)?, (operator, vec![1, 4, 7, 7]));
    Ok(())
}

#[test]
fn a_window_that_would_begin_behind_the_map_is_left_out() -> Result<()> {
    for (pads, places) in [([0, 0], 3), ([1, 1], 3), ([0, 1], 3)] {
        let pool = built(&[1, 1, 6], &["y = MaxPool(x)"]);
        let pool = pool.attribute(integers("kernel_shape", &[2]));
        let pool = pool.attribute(integers("strides", &[2])).attribute(integers("pads", &pads));
        let (_, shape) = only(pool.attribute(integer("ceil_mode", 1)))?;
        assert_eq!(shape[2], places + usize::from(pads == [1, 1]), "{pads:?}");
    }
    Ok(())
}

#[test]
fn settings_are_found_where_each_version_has_them() -> Result<()> {
    let clip = Operator::Clip { low: 0.5, high: f32::INFINITY };
    let attribute = built(&[1, 4], &["y = Clip(x)"]).opset(10).attribute(float("min", 0.5));
    assert_eq!(only(attribute)?.0, clip);
    let input = built(&[1, 4], &["y = Clip(x, low)"]).floats("low", &[]);
    assert_eq!(only(input)?.0, clip);

    let pads = vec![[0, 0], [1, 2]];
    let pad = (Operator::Pad { pads, mode: PadMode::Constant(0.0) }, vec![1, 7]);
    let attribute = built(&[1, 4], &["y = Pad(x)"]).opset(10);
    assert_eq!(only(attribute.attribute(integers("pads", &[0, 1, 0, 2])))?, pad);
    let input = built(&[1, 4], &["y = Pad(x, p)"]).integers("p", &[0, 1, 0, 2]);
    assert_eq!(only(input)?, pad);
    let axes = built(&[1, 4], &["y = Pad(x, p, , a)"]).opset(18);
    assert_eq!(only(axes.integers("p", &[1, 2]).integers("a", &[-1]))?, pad);

    let mean = (Operator::ReduceMean { axes: vec![2], keep: false }, vec![1, 4]);
    let attribute = built(&[1, 4, 3], &["y = ReduceMean(x)"]).attribute(integer("keepdims", 0));
    assert_eq!(only(attribute.attribute(integers("axes", &[-1])))?, mean);
    let input = built(&[1, 4, 3], &["y = ReduceMean(x, a)"]).opset(18).integers("a", &[2]);
    assert_eq!(only(input.attribute(integer("keepdims", 0)))?, mean);

    let slice = (Operator::Slice { starts: vec![0, 3], steps: vec![1, -2] }, vec![1, 2]);
    let input = built(&[1, 4], &["y = Slice(x, s, e, a, t)"]).integers("s", &[-1]);
    let input = input.integers("e", &[i64::MIN]).integers("a", &[1]).integers("t", &[-2]);
    assert_eq!(only(input)?, slice);
    let slice = (Operator::Slice { starts: vec![0, 1], steps: vec![1, 1] }, vec![1, 3]);
    let attribute = built(&[1, 4], &["y = Slice(x)"]).opset(9).attribute(integers("starts", &[1]));
    let attribute = attribute.attribute(integers("ends", &[i64::MAX]));
    assert_eq!(only(attribute.attribute(integers("axes", &[1])))?, slice);
    Ok(())
}

#[test]
fn what_changes_nothing_is_left_out_and_reported() -> Result<()> {
    let lines = ["a = Identity(x)", "b = Dropout(a)", "c = Flatten(b)", "y = Relu(c)"];
    let bytes = built(&[1, 4], &lines).bytes();
    let network = Network::read(&bytes)?;
    assert_eq!(network.nodes.len(), 1);
    assert_eq!(network.nodes[0].inputs, [Some(network.inputs[0])]);
    assert_eq!(
        network.dropped,
        [
            "node a (Identity) is left out: it changes nothing.",
            "node b (Dropout) is left out: it drops values only in training.",
            "node c (Flatten) is left out: its output has the shape of its input.",
        ]
    );
    Ok(())
}

#[test]
fn a_shape_that_is_computed_from_the_input_s_shape_is_a_constant() -> Result<()> {
    // What PyTorch exports for x.view(x.size(0), -1).
    let lines = [
        "s = Shape(x)",
        "b = Gather(s, zero)",
        "u = Unsqueeze(b, axes)",
        "t = Concat(u, rest)",
        "y = Reshape(x, t)",
    ];
    let built = built(&[1, 2, 3], &lines).integers("axes", &[0]).integers("rest", &[-1]);
    let built = built.integer("zero", 0).attribute_of(3, integer("axis", 0));
    assert_eq!(only(built)?, (Operator::Reshape, vec![1, 6]));
    Ok(())
}

#[test]
fn a_cast_between_floats_is_left_out_and_one_to_integers_is_not_known() -> Result<()> {
    let cast =
        |to| built(&[1, 4], &["c = Cast(x)", "y = Relu(c)"]).attribute_of(0, integer("to", to));
    assert_eq!(only(cast(11))?.0, Operator::Relu);
    let bytes = cast(7).bytes();
    let network = Network::read(&bytes)?;
    assert_eq!(network.unknown().map(|node| node.kind.as_str()), Some("Cast"));
    Ok(())
}

#[test]
fn a_split_into_equal_parts_and_into_given_ones_has_their_shapes() -> Result<()> {
    let split = |built: Built| {
        let bytes = built.bytes();
        let network = Network::read(&bytes)?;
        anyhow::Ok(network.nodes[0].operator.clone())
    };
    let lines = ["a, b, c = Split(x)", "d = Concat(a, b)", "y = Concat(d, c)"];
    let equal = built(&[1, 8], &lines).opset(18).attribute_of(0, integer("axis", 1));
    let equal = equal.attribute_of(0, integer("num_outputs", 3));
    let equal = equal.attribute_of(1, integer("axis", 1)).attribute_of(2, integer("axis", 1));
    assert_eq!(split(equal)?, Operator::Split { axis: 1, lengths: vec![3, 3, 2] });
    let lines = ["a, b = Split(x, l)", "y = Concat(b, a)"];
    let given = built(&[1, 8], &lines).integers("l", &[5, 3]).attribute(integer("axis", 1));
    let given = given.attribute_of(0, integer("axis", 1));
    assert_eq!(split(given)?, Operator::Split { axis: 1, lengths: vec![5, 3] });
    Ok(())
}

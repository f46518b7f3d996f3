//! What a description can say, compared with a plain evaluation of PyTorch's definitions.

use crate::evaluate::Evaluator;
use crate::graph::{Graph, length};
use crate::spec::Spec;
use crate::tensors::{self, Read};
use anyhow::{Result, ensure};
use safetensors::tensor::{Dtype, TensorView};

/// A file of F32 tensors.
fn file(tensors: &[(&str, &[usize], &[f32])]) -> Result<Vec<u8>> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        Ok((*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?))
    });
    let views: Vec<_> = views.collect::<Result<_>>()?;
    Ok(safetensors::serialize(views, None)?)
}

/// The output of a network with these layers for an input, and the tensors that are not used.
fn outputs(
    input: &[usize],
    layers: &str,
    tensors: &[(&str, &[usize], &[f32])],
    values: &[f32],
) -> Result<(Vec<f32>, Vec<String>)> {
    let text = format!("name = \"net\"\ninput = {input:?}\nlayers = [{layers}]");
    let graph = Graph::new(&Spec::parse(&text)?)?;
    ensure!(length(graph.input) == values.len(), "{} values", values.len());
    let bytes = file(tensors)?;
    let Read { parameters, unused } = tensors::read(&graph, &tensors::parse(&bytes, "net")?)?;
    Ok((Evaluator::new(&graph, &parameters).logits(values), unused))
}

fn said<T>(result: Result<T>) -> String {
    result.err().map(|error| format!("{error:#}")).unwrap_or_default()
}

#[test]
fn a_bias_of_the_file_is_never_dropped() -> Result<()> {
    let weight = ("fc.weight", &[2, 1][..], &[1.0, 2.0][..]);
    let bias = ("fc.bias", &[2][..], &[100.0, -100.0][..]);
    let with = r#"{ type = "dense", tensors = "fc", outputs = 2 }"#;
    let without = r#"{ type = "dense", tensors = "fc", outputs = 2, bias = false }"#;
    ensure!(outputs(&[1], with, &[weight, bias], &[0.0])?.0 == [100.0, -100.0]);
    ensure!(outputs(&[1], without, &[weight], &[1.0])?.0 == [1.0, 2.0]);
    let dropped = said(outputs(&[1], without, &[weight, bias], &[0.0]));
    ensure!(dropped.contains("bias = false, but the file has fc.bias"), "{dropped}");
    Ok(())
}

#[test]
fn each_tensor_is_used_or_told() -> Result<()> {
    let tensors = [
        ("fc.weight", &[1, 1][..], &[2.0][..]),
        ("fc.bias", &[1][..], &[1.0][..]),
        ("fc.weight_v", &[1][..], &[5.0][..]),
        ("other.weight", &[1][..], &[5.0][..]),
    ];
    let dense = r#"{ type = "dense", tensors = "fc", outputs = 1 }"#;
    let (found, unused) = outputs(&[1], dense, &tensors, &[3.0])?;
    ensure!((found, unused) == (vec![7.0], ["fc.weight_v", "other.weight"].map(Into::into).into()));
    Ok(())
}

#[test]
fn tensors_that_two_layers_share_are_not_trained() -> Result<()> {
    let tensors = [("fc.weight", &[1, 1][..], &[2.0][..]), ("fc.bias", &[1][..], &[1.0][..])];
    let layer = |train: &str| {
        format!("{{ type = 'dense', tensors = 'fc', outputs = 1, train = '{train}' }},")
    };
    let frozen = outputs(&[1], &layer("frozen").repeat(2), &tensors, &[3.0])?;
    ensure!(frozen.0 == [15.0]);
    for pair in [["all", "all"], ["frozen", "biases"], ["all", "frozen"]] {
        let said = said(outputs(&[1], &pair.map(layer).concat(), &tensors, &[3.0]));
        ensure!(
            said.contains("layer 2 of the layers (dense): tensor fc.weight: layer 1 of the layers"),
            "{said}"
        );
    }
    Ok(())
}

#[test]
fn a_batch_norm_stands_anywhere_with_or_without_scales_and_shifts() -> Result<()> {
    let statistics =
        [("n.running_mean", &[1][..], &[2.0][..]), ("n.running_var", &[1][..], &[3.0][..])];
    let affine = [("n.weight", &[1][..], &[10.0][..]), ("n.bias", &[1][..], &[5.0][..])];
    let norm = r#"{ type = "batch_norm", tensors = "n", epsilon = 1.0 }"#;
    // (x - 2) / sqrt(3 + 1), and that times 10 plus 5.
    ensure!(outputs(&[1], norm, &statistics, &[6.0])?.0 == [2.0]);
    let both = [statistics, affine].concat();
    ensure!(outputs(&[1], norm, &both, &[6.0])?.0 == [25.0]);
    // Folded into the layer before it, which doubles.
    let dense = r#"{ type = "dense", tensors = "d", outputs = 1, bias = false },"#;
    let folded = [both.clone(), vec![("d.weight", &[1, 1], &[2.0])]].concat();
    ensure!(outputs(&[1], &format!("{dense}{norm}"), &folded, &[3.0])?.0 == [25.0]);
    // Half of a pair is a damaged file.
    let half = [both[0], both[1], both[2]];
    ensure!(said(outputs(&[1], norm, &half, &[6.0])).contains("tensor n.bias: not in the file"));
    Ok(())
}

#[test]
fn a_residual_adds_its_input_or_its_shortcut() -> Result<()> {
    let tensors = [("a.weight", &[1, 1][..], &[10.0][..]), ("b.weight", &[1, 1][..], &[3.0][..])];
    let dense =
        |name: &str| format!("{{ type = 'dense', tensors = '{name}', outputs = 1, bias = false }}");
    let identity = format!("{{ type = 'residual', layers = [{}, {}] }}", dense("a"), dense("b"));
    ensure!(outputs(&[1], &identity, &tensors, &[2.0])?.0 == [62.0]);
    let shortcut =
        format!("{{ type = 'residual', layers = [{}], shortcut = [{}] }}", dense("a"), dense("b"));
    ensure!(outputs(&[1], &shortcut, &tensors, &[2.0])?.0 == [26.0]);
    Ok(())
}

#[test]
fn a_concat_has_the_channels_of_all_branches_position_by_position() -> Result<()> {
    let concat = r#"{ type = "concat", branches = [[{ type = "relu" }], [], [{ type = "elu" }]] }"#;
    // Two channels of two moments, in this project's order.
    let (found, _) = outputs(&[2, 2], concat, &[], &[1.0, -2.0, 3.0, 0.0])?;
    let elu = (-2.0f32).exp_m1();
    let expected = [1.0, 0.0, 1.0, -2.0, 1.0, elu, 3.0, 0.0, 3.0, 0.0, 3.0, 0.0];
    ensure!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    Ok(())
}

/// A convolution of one channel, written down as PyTorch defines it: for every window the sum of
/// the filter times what lies under it, with zeros around the map.
fn plain(
    map: [usize; 2],
    values: &[f32],
    (size, stride, dilation): ([usize; 2], usize, usize),
    [top, bottom, left, right]: [usize; 4],
    filter: &[f32],
) -> Vec<f32> {
    let extent = [map[0] + top + bottom, map[1] + left + right];
    let places = |d: usize| (extent[d] - (size[d] - 1) * dilation - 1) / stride + 1;
    let mut sums = Vec::new();
    for (row, column) in
        (0..places(0)).flat_map(|row| (0..places(1)).map(move |column| (row, column)))
    {
        let mut sum = 0.0;
        for (i, j) in (0..size[0]).flat_map(|i| (0..size[1]).map(move |j| (i, j))) {
            let (y, x) = (row * stride + i * dilation, column * stride + j * dilation);
            if (top..top + map[0]).contains(&y) && (left..left + map[1]).contains(&x) {
                sum += filter[i * size[1] + j] * values[(y - top) * map[1] + x - left];
            }
        }
        sums.push(sum);
    }
    sums
}

#[test]
fn paddings_of_four_numbers_strides_and_dilations_are_pytorchs() -> Result<()> {
    let map = [5, 6];
    let values: Vec<f32> = (0..30u16).map(|i| f32::from(i * i % 17)).collect();
    let filter: Vec<f32> = (0..6u8).map(|i| f32::from(i) - 2.0).collect();
    let size = [2, 3];
    let tensors = [("c.weight", &[1, 1, 2, 3][..], &filter[..])];
    for (stride, dilation) in [(1, 1), (2, 1), (1, 2), (3, 2)] {
        for padding @ [top, bottom, left, right] in
            [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 2, 0], [1, 0, 0, 1]]
        {
            let layer = format!(
                "{{ type = 'conv2d', tensors = 'c', filters = 1, kernel = [2, 3], bias = false, \
                 stride = {stride}, dilation = {dilation}, \
                 padding = [{top}, {bottom}, {left}, {right}] }}"
            );
            let (found, _) = outputs(&[1, 5, 6], &layer, &tensors, &values)?;
            let expected = plain(map, &values, (size, stride, dilation), padding, &filter);
            ensure!(found == expected, "{layer}: {found:?}, expected {expected:?}");
        }
    }
    Ok(())
}

#[test]
fn same_keeps_the_size_with_the_odd_zero_at_the_end() -> Result<()> {
    let map = [8, 8];
    let values: Vec<f32> = (0..64u8).map(|i| f32::from(i % 11)).collect();
    let filter: Vec<f32> = (0..16u8).map(f32::from).collect();
    let tensors = [("c.weight", &[1, 1, 4, 4][..], &filter[..])];
    // torch.nn.Conv2d(1, 1, 4, padding="same") pads 1 before and 2 after.
    for (stride, padding) in [(1, [1, 2, 1, 2]), (2, [1, 1, 1, 1]), (3, [1, 1, 1, 1])] {
        let layer = format!(
            "{{ type = 'conv2d', tensors = 'c', filters = 1, kernel = 4, bias = false, \
             stride = {stride}, padding = 'same' }}"
        );
        let (found, _) = outputs(&[1, 8, 8], &layer, &tensors, &values)?;
        let expected = plain(map, &values, ([4, 4], stride, 1), padding, &filter);
        ensure!(found == expected, "{layer}: {found:?}, expected {expected:?}");
        ensure!(found.len() == 8usize.div_ceil(stride).pow(2));
    }
    Ok(())
}

#[test]
fn the_groups_of_a_convolution_see_their_own_channels() -> Result<()> {
    // Four channels in two groups, with two filters each, over one position.
    let filters: Vec<f32> = (1..=8u8).map(f32::from).collect();
    let tensors = [("c.weight", &[4, 2, 1, 1][..], &filters[..])];
    let layer = "{ type = 'conv2d', tensors = 'c', filters = 4, kernel = 1, groups = 2, \
                 bias = false }";
    let (found, _) = outputs(&[4, 1, 1], layer, &tensors, &[1.0, 10.0, 100.0, 1000.0])?;
    ensure!(found == [21.0, 43.0, 6500.0, 8700.0], "{found:?}");
    Ok(())
}

#[test]
fn an_average_leaves_the_padding_out_where_it_is_told_to() -> Result<()> {
    let layer = |count: bool| {
        format!("{{ type = 'average_pool', kernel = 2, padding = 1, count_padding = {count} }}")
    };
    let values = [4.0, 8.0, 12.0, 16.0];
    ensure!(outputs(&[1, 2, 2], &layer(true), &[], &values)?.0 == [1.0, 2.0, 3.0, 4.0]);
    ensure!(outputs(&[1, 2, 2], &layer(false), &[], &values)?.0 == values);
    Ok(())
}

#[test]
fn a_layer_norm_goes_over_all_or_by_position_with_its_epsilon() -> Result<()> {
    // Two positions of two channels: PyTorch's LayerNorm(2) on a sequence.
    let values = [1.0, 3.0, 10.0, 10.0];
    let by_position = "{ type = 'layer_norm', tensors = 'n', by_position = true, epsilon = 3.0 }";
    let affine = [("n.weight", &[2][..], &[2.0, 4.0][..]), ("n.bias", &[2][..], &[1.0, 1.0][..])];
    // The deviation is sqrt(1 + 3), then sqrt(0 + 3).
    ensure!(outputs(&[2, 2], by_position, &affine, &values)?.0 == [0.0, 3.0, 1.0, 1.0]);
    let plain = outputs(&[2, 2], by_position, &[], &values)?.0;
    ensure!(plain == [-0.5, 0.5, 0.0, 0.0], "{plain:?}");
    Ok(())
}

#[test]
fn a_prelu_has_a_slope_for_each_channel_or_one() -> Result<()> {
    let layer = "{ type = 'prelu', tensors = 'a' }";
    let values = [-1.0, 1.0, -2.0, -2.0];
    let each = [("a.weight", &[2][..], &[0.5, 0.25][..])];
    ensure!(outputs(&[2, 2], layer, &each, &values)?.0 == [-0.5, 1.0, -1.0, -0.5]);
    let one = [("a.weight", &[1][..], &[0.5][..])];
    ensure!(outputs(&[2, 2], layer, &one, &values)?.0 == [-0.5, 1.0, -1.0, -1.0]);
    Ok(())
}

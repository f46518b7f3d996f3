//! Descriptions that fit their tensors and compute something else: each is an error with
//! [`Import::expected`], which names the first layer that differs where the framework's outputs of
//! the layers are known.

use super::shared;
use crate::evaluate::Evaluator;
use crate::graph::{Graph, every, length};
use crate::spec::Spec;
use crate::tensors::{self, Read};
use crate::{Import, Imported};
use anyhow::{Context, Result, ensure};
use safetensors::tensor::{Dtype, TensorView};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A network as its module has it.
const RIGHT: &str = r#"
    name = "net"
    input = [2, 8, 8]
    layers = [
      { type = "conv2d", tensors = "first", filters = 4, kernel = 3, stride = 2,
        padding = [0, 1, 0, 1] },
      { type = "batch_norm", tensors = "norm", epsilon = 0.001 },
      { type = "relu" },
      { type = "residual", layers = [
        { type = "conv2d", tensors = "inner", filters = 4, kernel = 3, padding = 2, dilation = 2 },
      ] },
      { type = "layer_norm", tensors = "centred", epsilon = 0.01 },
      { type = "conv2d", tensors = "next", filters = 3, kernel = 1 },
      { type = "tanh" },
      { type = "flatten" },
      { type = "dense", tensors = "last", outputs = 5 },
      { type = "sigmoid" },
    ]
"#;

const TENSORS: [(&str, &[usize]); 14] = [
    ("first.weight", &[4, 2, 3, 3]),
    ("first.bias", &[4]),
    ("norm.weight", &[4]),
    ("norm.bias", &[4]),
    ("norm.running_mean", &[4]),
    ("norm.running_var", &[4]),
    ("inner.weight", &[4, 4, 3, 3]),
    ("inner.bias", &[4]),
    ("centred.weight", &[4, 4, 4]),
    ("centred.bias", &[4, 4, 4]),
    ("next.weight", &[3, 4, 1, 1]),
    ("next.bias", &[3]),
    ("last.weight", &[5, 48]),
    ("last.bias", &[5]),
];

/// How many inputs are compared.
const INPUTS: usize = 3;

/// A safetensors file.
fn file(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Result<Vec<u8>> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?))
    });
    Ok(safetensors::serialize(views.collect::<Result<Vec<_>>>()?, None)?)
}

/// A folder with the network's tensors, inputs and outputs, and if asked for those of its layers.
struct Model(TempDir);

impl Model {
    fn new(with_layers: bool) -> Result<Self> {
        let mut random = oorandom::Rand32::new(7);
        let mut numbers = |count: usize, least: f32| -> Vec<f32> {
            (0..count).map(|_| least + random.rand_float()).collect()
        };
        let tensors = TENSORS.map(|(name, shape)| {
            // A variance is above 0, and scales are best not near it.
            let least =
                if name.contains("norm") || name.contains("centred.w") { 0.1 } else { -0.5 };
            let values = numbers(shape.iter().product(), least);
            (name.to_owned(), shape.to_vec(), values)
        });
        let model = file(&tensors)?;
        let graph = Graph::new(&Spec::parse(RIGHT)?)?;
        let Read { parameters, .. } = tensors::read(&graph, &tensors::parse(&model, "net")?)?;
        let inputs = numbers(INPUTS * length(graph.input), -0.5);

        // What the module gives, and the modules inside it, in PyTorch's order.
        let all = every(&graph.nodes);
        let mut expected = vec![("inputs".to_owned(), vec![INPUTS, 2, 8, 8], inputs.clone())];
        let mut outputs = vec![Vec::new(); all.len()];
        for input in inputs.chunks_exact(length(graph.input)) {
            let input: Vec<f32> = graph.layout.places().iter().map(|place| input[*place]).collect();
            let mut index = 0;
            Evaluator::new(&graph, &parameters).each_output(&input, |node, output| {
                let channels = node.output[2];
                let first =
                    (0..channels).flat_map(|channel| output.iter().skip(channel).step_by(channels));
                outputs[index].extend(first.copied());
                index += 1;
            });
        }
        let last = outputs.last().cloned().context("a layer")?;
        expected.push(("outputs".to_owned(), vec![INPUTS, 5], last));
        for (node, outputs) in all.iter().zip(outputs) {
            let Some(source) = node.source.as_ref().filter(|_| with_layers) else { continue };
            let name = source.batch_norm.as_ref().map_or(&source.tensors, |(norm, _)| norm);
            let [rows, columns, channels] = node.output;
            let shape = match rows * columns {
                1 => vec![INPUTS, channels],
                _ => vec![INPUTS, channels, rows, columns],
            };
            expected.push((format!("layers.{name}"), shape, outputs));
        }
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("net.safetensors"), model)?;
        std::fs::write(folder.path().join("expected.safetensors"), file(&expected)?)?;
        Ok(Self(folder))
    }

    /// Imports it by a description, and compares.
    fn described(&self, description: &str) -> Result<Imported> {
        let path = |name: &str| self.0.path().join(name);
        std::fs::write(path("net.toml"), description)?;
        imported(&path("net.safetensors"), &path("net.toml"), &path("expected.safetensors"))
    }

    fn said(&self, from: &str, to: &str) -> Result<String> {
        ensure!(RIGHT.matches(from).count() == 1, "{from}");
        let said = self.described(&RIGHT.replace(from, to)).err();
        Ok(said.with_context(|| format!("{to:?} was imported"))?.to_string())
    }
}

fn imported(model: &Path, network: &Path, expected: &Path) -> Result<Imported> {
    Ok(Import::new(model).network(network).expected(expected).read()?)
}

/// What may be described wrongly, and the first layer that then differs.
const WRONG: [(&str, &str, &str); 7] = [
    ("padding = [0, 1, 0, 1]", "padding = [1, 0, 1, 0]", "layer 1 of the layers (conv2d)"),
    (", epsilon = 0.001", "", "layer 1 of the layers (conv2d)"),
    (
        "padding = 2, dilation = 2",
        "padding = 1",
        "layer 1 of layer 4 of the layers (residual) (conv2d)",
    ),
    (r#"{ type = "residual", layers = ["#, "", "layer 5 of the layers (layer_norm)"),
    (", epsilon = 0.01 }", " }", "layer 5 of the layers (layer_norm)"),
    (r#"{ type = "tanh" },"#, "", "layer 8 of the layers (dense)"),
    (r#"{ type = "relu" },"#, "", "layer 1 of layer 3 of the layers (residual) (conv2d)"),
];

/// The description with a fault. Where a residual is left away, what is inside it stays.
fn said(model: &Model, from: &str, to: &str) -> Result<String> {
    if !from.contains("residual") {
        return model.said(from, to);
    }
    let without = RIGHT.replace(from, to).replace("      ] },\n", "");
    Ok(model.described(&without).err().context("it was imported without its sum")?.to_string())
}

#[test]
fn a_description_that_is_right_is_compared_layer_by_layer() -> Result<()> {
    let imported = Model::new(true)?.described(RIGHT)?;
    let layers: Vec<&str> =
        imported.differences().iter().map(|difference| difference.layer.as_str()).collect();
    assert_eq!(
        layers,
        [
            "layer 1 of the layers (conv2d)",
            "layer 1 of layer 4 of the layers (residual) (conv2d)",
            "layer 5 of the layers (layer_norm)",
            "layer 6 of the layers (conv2d)",
            "layer 9 of the layers (dense)",
        ]
    );
    ensure!(imported.differences().iter().all(|difference| difference.largest <= 1e-6));
    Ok(())
}

#[test]
fn what_a_description_has_wrong_is_told_by_the_first_layer_that_differs() -> Result<()> {
    let model = Model::new(true)?;
    for (from, to, layer) in WRONG {
        let said = said(&model, from, to)?;
        ensure!(
            said.contains(&format!(": {layer}: its outputs differ from those of the framework"))
                && said.contains("It is the first layer that does"),
            "{from}: {said}"
        );
    }
    // What comes last has no layer after it to tell.
    let said = said(&model, "      { type = \"sigmoid\" },\n", "")?;
    ensure!(
        said.contains("Up to layer 9 of the layers (dense) the outputs of all layers"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_shape_that_is_wrong_is_told_with_both_shapes() -> Result<()> {
    let model = Model::new(true)?;
    let said = said(
        &model,
        "padding = 2, dilation = 2 },",
        "padding = 2 },\n{ type = 'max_pool', \
                    kernel = 3, stride = 1 },",
    )?;
    ensure!(
        said.contains(
            "layer 1 of layer 4 of the layers (residual) (conv2d): tensor \
                       layers.inner: expected the layer's output for 3 inputs, 6 x 6 positions of \
                       4 channels, found shape [3, 4, 4, 4]"
        ),
        "{said}"
    );
    Ok(())
}

#[test]
fn where_only_the_outputs_are_known_a_wrong_description_is_an_error_that_says_so() -> Result<()> {
    let model = Model::new(false)?;
    model.described(RIGHT)?;
    for (from, to, _) in WRONG {
        let said = said(&model, from, to)?;
        ensure!(
            said.contains("the outputs of the imported network differ from those of the framework")
                && said.contains("cannot be told by the outputs alone"),
            "{from}: {said}"
        );
    }
    Ok(())
}

/// ResNet-8 for CIFAR-10, in blocks of two convolutions each.
fn resnet(with_sums: bool) -> String {
    let conv = |name: &str, filters: usize, more: &str| {
        format!("{{ type = 'conv2d', tensors = '{name}', filters = {filters}{more} }},\n")
    };
    let norm = |name: &str| format!("{{ type = 'batch_norm', tensors = '{name}' }},\n");
    let relu = "{ type = 'relu' },\n";
    let mut layers = conv("c", 16, ", kernel = 3, padding = 1") + &norm("b") + relu;
    for (block, filters, stride) in [("s1", 16, 1), ("s2", 32, 2), ("s3", 64, 2)] {
        let first = format!(", kernel = 3, padding = 1, stride = {stride}");
        let inside = conv(&format!("{block}.c1"), filters, &first)
            + &norm(&format!("{block}.b1"))
            + relu
            + &conv(&format!("{block}.c2"), filters, ", kernel = 3, padding = 1")
            + &norm(&format!("{block}.b2"));
        let shortcut = conv(&format!("{block}.sc"), filters, ", kernel = 1, stride = 2");
        let shortcut = if stride == 1 { String::new() } else { shortcut };
        layers += &match with_sums {
            true => {
                format!("{{ type = 'residual', layers = [{inside}], shortcut = [{shortcut}] }},\n")
            }
            false => inside,
        };
        layers += relu;
    }
    format!(
        "name = 'resnet8'\ninput = [3, 32, 32]\nlayers = [{layers}{{ type = \
         'global_average_pool' }}, {{ type = 'flatten' }}, {{ type = 'dense', tensors = 'fc', \
         outputs = 10 }}]"
    )
}

/// A keyword spotter of depthwise convolutions, whose first convolution has this padding.
fn keyword_spotter(padding: &str) -> String {
    let mut layers = format!(
        "{{ type = 'conv2d', tensors = 'stem.1', filters = 64, kernel = [10, 4], stride = 2, \
         padding = {padding} }}, {{ type = 'batch_norm', tensors = 'stem.2' }}, {{ type = 'relu' \
         }},"
    );
    for block in 0..4 {
        layers += &format!(
            "{{ type = 'depthwise_conv2d', tensors = 'blocks.{block}.0', kernel = 3, padding = 1 \
             }}, {{ type = 'batch_norm', tensors = 'blocks.{block}.1' }}, {{ type = 'relu' }}, {{ \
             type = 'conv2d', tensors = 'blocks.{block}.3', filters = 64, kernel = 1 }}, {{ type \
             = 'batch_norm', tensors = 'blocks.{block}.4' }}, {{ type = 'relu' }},"
        );
    }
    format!(
        "name = 'kws'\ninput = [1, 49, 10]\nlayers = [{layers}{{ type = 'global_average_pool' }}, \
         {{ type = 'flatten' }}, {{ type = 'dense', tensors = 'fc', outputs = 12 }}]"
    )
}

#[test]
fn a_residual_network_without_its_sums_and_keras_padding_on_both_sides_differ_from_pytorch()
-> Result<()> {
    let Some(shared) = shared() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let network: PathBuf = folder.path().join("network.toml");
    for (name, right, wrong) in [
        ("resnet8", resnet(true), resnet(false)),
        // What Keras pads as [4, 5, 1, 1].
        ("dscnn_same", keyword_spotter("[4, 5, 1, 1]"), keyword_spotter("[5, 1]")),
    ] {
        let path = |end: &str| shared.join(format!("models/torch/{name}{end}"));
        let import = || imported(&path(".safetensors"), &network, &path(".expected.safetensors"));
        std::fs::write(&network, right)?;
        let found = import()?.from_framework().context("nothing was compared")?;
        ensure!(found.largest <= 1e-5, "{name}: {found:?}");
        std::fs::write(&network, wrong)?;
        let said = import().err().with_context(|| format!("{name} was imported"))?.to_string();
        ensure!(said.contains("differ from those of the framework"), "{name}: {said}");
    }
    Ok(())
}

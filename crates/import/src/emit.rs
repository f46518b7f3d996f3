//! The files of an imported network: Rust types, C arrays, and the numbers that they include.

use super::graph::{Activation, Form, Graph, Node, Operation, every, length};
use super::int8::Quantised;
use super::sizes::{self, Split};
use super::types::{self, Type};
use anyhow::Result;
use std::fmt::{Display, Write as _};

/// A file of an imported network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name of the file, without a directory.
    pub name: String,
    /// The content of the file.
    pub content: Vec<u8>,
}

impl File {
    fn new(name: String, content: Vec<u8>) -> Self {
        Self { name, content }
    }
}

/// Makes all files of a network.
pub fn files(graph: &Graph, parameters: &[f32], int8: Option<&Quantised>) -> Result<Vec<File>> {
    let name = &graph.name;
    let end = graph.nodes[..graph.backbone].last().map_or(0, |node| node.parameters.end);
    let Split { theta, frozen } = sizes::split(graph, parameters);
    let backbone = match int8 {
        Some(quantised) => quantised.bytes(),
        None => bytes(&parameters[..end]),
    };
    let mut files = vec![
        File::new(
            format!("{name}.rs"),
            rust(graph, theta.len(), frozen.len(), &backbone, int8)?.into_bytes(),
        ),
        File::new(
            format!("{name}.h"),
            c_header(graph, &theta, &frozen, &parameters[..end], int8)?.into_bytes(),
        ),
        File::new(format!("{name}.theta.bin"), bytes(&theta)),
    ];
    if !frozen.is_empty() {
        files.push(File::new(format!("{name}.frozen.bin"), bytes(&frozen)));
    }
    if graph.backbone > 0 {
        files.push(File::new(format!("{name}.backbone.bin"), backbone));
    }
    Ok(files)
}

/// The same files, with Rust code that `include!` accepts, which allows no documentation of a whole
/// file.
pub fn includable(mut files: Vec<File>) -> Vec<File> {
    for file in files.iter_mut().filter(|file| file.name.ends_with(".rs")) {
        let text = String::from_utf8_lossy(&file.content);
        let lines = text.lines().map(|line| match line.strip_prefix("//!") {
            Some(comment) => format!("//{comment}\n"),
            None => format!("{line}\n"),
        });
        file.content = lines.collect::<String>().into_bytes();
    }
    files
}

fn bytes(values: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_of_val(values));
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

fn rust(
    graph: &Graph,
    theta: usize,
    frozen: usize,
    backbone: &[u8],
    int8: Option<&Quantised>,
) -> Result<String> {
    let name = &graph.name;
    let scratch = sizes::scratch(graph, int8);
    let precision = if int8.is_some() { "int8" } else { "f32" };
    let mut text = String::new();
    writeln!(text, "//! The network `{name}`, as `rolling-ball import` wrote it: do not edit.")?;
    writeln!(text, "//!\n//! | | bytes |\n//! |---|---|")?;
    if graph.backbone > 0 {
        writeln!(text, "//! | backbone, {precision}, in flash | {} |", backbone.len())?;
    }
    if frozen > 0 {
        writeln!(text, "//! | frozen parameters after it, in flash | {} |", 4 * frozen)?;
    }
    writeln!(text, "//! | theta to start from, in flash | {} |", 4 * theta)?;
    writeln!(text, "//! | scratch, in RAM | {} |", 4 * scratch)?;
    let ram = sizes::ram_bytes(theta, scratch);
    writeln!(text, "//! | theta, the ball's two vectors and scratch, in RAM | {ram} |")?;
    writeln!(text, "\nuse rolling_ball::{{Error, nn}};\n")?;

    let (backbone_nodes, other_nodes) = graph.nodes.split_at(graph.backbone);
    let frozen_types = match int8 {
        Some(quantised) => types::int8(&every(backbone_nodes), &quantised.layers)?,
        None => {
            backbone_nodes.iter().map(|node| types::float(node, true)).collect::<Result<_>>()?
        }
    };
    let mut number = 0;
    let mut named = |types: Vec<Type>| {
        let name = |layer: Type| {
            number += 1;
            let alias = format!("Layer{number}");
            text.push_str(&layer.declared(&format!("type {alias}")));
            Type::named(alias)
        };
        Type::tuple(types.into_iter().map(name).collect())
    };
    let frozen_layers = named(frozen_types);
    let layers = match other_nodes {
        [] => types::identity(graph.output()),
        nodes => named(types::after_backbone(nodes)?),
    };
    text.push('\n');
    let mut network = vec![Type::named("'static"), Type::named("Layers")];
    if graph.backbone > 0 {
        writeln!(text, "/// The layers that stay frozen.")?;
        text.push_str(&frozen_layers.declared("pub type BackboneLayers"));
        let backbone = if int8.is_some() { "nn::int8::Int8Backbone" } else { "nn::FloatBackbone" };
        let arguments = vec![Type::named("'static"), Type::named("BackboneLayers")];
        writeln!(text, "/// They, read where they lie.")?;
        text.push_str(&Type::with(backbone, arguments).declared("pub type Backbone"));
        network.push(Type::named("Backbone"));
    }
    writeln!(text, "/// The layers that theta belongs to.")?;
    text.push_str(&layers.declared("pub type Layers"));
    writeln!(text, "/// The network.")?;
    text.push_str(&Type::with("nn::Network", network).declared("pub type Network"));

    let array = |constant: &str, length: &str, file: &str| {
        let declaration = format!("pub static {constant}: [f32; {length}]");
        let value = format!("nn::floats_from_le_bytes(*include_bytes!(\"{name}.{file}.bin\"));");
        let line = format!("{declaration} = {value}\n");
        if line.len() <= 101 { line } else { format!("{declaration} =\n    {value}\n") }
    };
    writeln!(text, "\n/// Theta to start from.")?;
    text.push_str(&array("THETA", "Network::PARAMETERS", "theta"));
    writeln!(text, "/// The parameters of the layers that are not trained.")?;
    if frozen > 0 {
        text.push_str(&array("FROZEN", "Network::FROZEN_PARAMETERS", "frozen"));
    } else {
        writeln!(text, "pub static FROZEN: [f32; 0] = [];")?;
    }
    if graph.backbone > 0 {
        writeln!(text, "/// What the backbone reads.")?;
        match int8 {
            Some(_) => writeln!(
                text,
                "pub static BACKBONE: [u8; Backbone::BYTES] = \
                 *include_bytes!(\"{name}.backbone.bin\");"
            )?,
            None => text.push_str(&array("BACKBONE", "Backbone::PARAMETERS", "backbone")),
        }
    }
    let new = if graph.backbone > 0 {
        "Network::with_backbone(Backbone::new(&BACKBONE)?, &FROZEN)"
    } else {
        "Network::new(&FROZEN)"
    };
    writeln!(
        text,
        "
/// The network over what lies in flash.
///
/// # Errors
/// None, as long as the files are those that were imported.
pub fn network() -> Result<Network, Error> {{
    {new}
}}"
    )?;
    Ok(text)
}

/// The letters of -1.1754944e-38f, with what is around it.
const LONGEST_FLOAT: usize = 20;

fn c_header(
    graph: &Graph,
    theta: &[f32],
    frozen: &[f32],
    backbone: &[f32],
    int8: Option<&Quantised>,
) -> Result<String> {
    let (name, upper) = (&graph.name, graph.name.to_uppercase());
    let outputs = length(graph.output());
    let widths = perceptron(graph);
    let scratch = match &widths {
        // What rb_mlp_scratch gives: each layer's sums and what becomes of them.
        Some(widths) => 2 * widths.iter().skip(1).sum::<usize>() - outputs,
        None => sizes::scratch(graph, int8),
    };
    let quantised = int8.map(Quantised::bytes).unwrap_or_default();
    let floats = theta.len() + frozen.len() + if int8.is_some() { 0 } else { backbone.len() };
    // At once, since a text that grows is there twice while it is moved.
    let mut text = String::with_capacity(2000 + LONGEST_FLOAT * floats + 6 * quantised.len());
    writeln!(text, "/* The network {name}, as `rolling-ball import` wrote it: do not edit. */")?;
    writeln!(text, "#ifndef {upper}_H\n#define {upper}_H\n\n#include <stdint.h>\n")?;
    for (what, value) in [
        ("INPUTS", length(graph.input)),
        ("OUTPUTS", outputs),
        ("PARAMETERS", theta.len()),
        ("FROZEN_PARAMETERS", frozen.len()),
        ("SCRATCH", scratch),
        ("RAM_BYTES", sizes::ram_bytes(theta.len(), scratch)),
    ] {
        writeln!(text, "#define {upper}_{what} {value}")?;
    }
    match widths {
        Some(widths) => {
            writeln!(text, "\n/* The widths of rb_mlp. */")?;
            writeln!(text, "#define {upper}_WIDTHS {}", widths.len())?;
            write!(text, "static const uint32_t {name}_widths[{upper}_WIDTHS] = {{")?;
            values_in_c(&mut text, widths.iter(), 16)?;
        }
        None => writeln!(
            text,
            "\n/* The C library evaluates dense layers with ReLU between them, all trained \
             (rb_mlp), and not\n   this network: SCRATCH and RAM_BYTES are those of its Rust \
             form. */"
        )?,
    }
    floats_in_c(&mut text, "Theta to start from.", &format!("{name}_theta"), theta)?;
    let frozen_text = "The parameters of the layers that are not trained.";
    floats_in_c(&mut text, frozen_text, &format!("{name}_frozen"), frozen)?;
    match int8 {
        Some(_) => {
            writeln!(text, "\n/* What the int8 backbone reads. */")?;
            write!(text, "static const uint8_t {name}_backbone[{}] = {{", quantised.len())?;
            values_in_c(&mut text, quantised.iter(), 16)?;
        }
        None => {
            floats_in_c(
                &mut text,
                "What the backbone reads.",
                &format!("{name}_backbone"),
                backbone,
            )?;
        }
    }
    writeln!(text, "\n#endif")?;
    Ok(text)
}

/// The widths of dense layers with ReLU between them, all of them trained, which is what the C
/// library has as `rb_mlp`.
fn perceptron(graph: &Graph) -> Option<Vec<usize>> {
    let dense = |node: &Node| {
        matches!(node.operation, Operation::Convolution(_, Form::Dense))
            && node.trains() == [true, true]
    };
    let relu = |node: &Node| node.operation == Operation::Activation(Activation::Relu);
    let alternate = graph
        .nodes
        .iter()
        .enumerate()
        .all(|(index, node)| if index.is_multiple_of(2) { dense(node) } else { relu(node) });
    let whole = graph.backbone == 0 && graph.nodes.len() % 2 == 1 && alternate;
    let outputs = graph.nodes.iter().step_by(2).map(|node| length(node.output));
    whole.then(|| [length(graph.input)].into_iter().chain(outputs).collect())
}

fn floats_in_c(text: &mut String, comment: &str, name: &str, values: &[f32]) -> Result<()> {
    // C has no empty arrays.
    if values.is_empty() {
        return Ok(());
    }
    write!(text, "\n/* {comment} */\nstatic const float {name}[{}] = {{", values.len())?;
    values_in_c(text, values.iter().map(|value| format!("{value:e}f")), 6)
}

/// The values of an array, so many a line, and its end.
fn values_in_c(
    text: &mut String,
    values: impl Iterator<Item = impl Display>,
    columns: usize,
) -> Result<()> {
    for (index, value) in values.enumerate() {
        let before = if index % columns == 0 { "\n    " } else { " " };
        write!(text, "{before}{value},")?;
    }
    writeln!(text, "\n}};")?;
    Ok(())
}

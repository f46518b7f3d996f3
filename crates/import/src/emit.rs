//! The files of an imported network: Rust types, and the numbers that they include.

use super::graph::{Graph, every};
use super::int8::Quantised;
use super::sizes::{self, Split};
use super::types::{self, Type};
use anyhow::Result;
use std::fmt::Write as _;

/// A file of an imported network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name of the file, without a directory.
    pub name: String,
    /// The content of the file.
    pub content: Vec<u8>,
}

impl File {
    pub(crate) fn new(name: String, content: Vec<u8>) -> Self {
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

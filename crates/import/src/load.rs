//! From a model's file to a graph and its parameters.

use crate::dataflow::{Choice, Dataflow, Tree};
use crate::engine::Engine;
use crate::graph::Graph;
use crate::int8::keep_frozen;
use crate::kind::Kind;
use crate::names;
use crate::onnx::network::Network;
use crate::read::{LARGEST_DESCRIPTION, read};
use crate::spec::Spec;
use crate::tensors::{self, Read};
use crate::tflite;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::Path;

/// A model's file, read as far as its kind goes.
pub enum Opened<'a> {
    /// Tensors by name.
    Safetensors(&'a [u8]),
    /// A graph of ONNX's operators.
    Onnx(&'a [u8], Box<Network<'a>>),
    /// A graph of TFLite's operators.
    Tflite(Box<tflite::Model<'a>>),
}

/// A network.
#[derive(Debug)]
pub struct Loaded {
    pub graph: Graph,
    /// The parameters of the layers, with each layer's weights before its biases.
    pub parameters: Vec<f32>,
    /// The tensors that the network does not use.
    pub unused: Vec<String>,
    /// What was left away or folded, in sentences.
    pub notes: Vec<String>,
    /// The steps of the file's own graph, where it has one.
    pub dataflow: Option<Dataflow>,
}

/// Reads a file.
pub fn open(bytes: &[u8]) -> Result<Opened<'_>> {
    Ok(match Kind::of(bytes)? {
        Kind::Safetensors => Opened::Safetensors(bytes),
        Kind::Onnx => Opened::Onnx(bytes, Box::new(Network::read(bytes)?)),
        Kind::Tflite => Opened::Tflite(Box::new(tflite::Model::read(bytes)?)),
    })
}

impl Opened<'_> {
    /// Whether the file says itself what its network computes.
    pub fn has_graph(&self) -> bool {
        !matches!(self, Self::Safetensors(_))
    }

    /// What evaluates the file's own graph.
    ///
    /// # Errors
    ///
    /// Where there is none: the file has no graph, an operator is not known to the engine, or this
    /// crate was built without it.
    pub fn engine(&self) -> Result<Engine<'_>> {
        match self {
            Self::Safetensors(_) => bail!("a safetensors file has no graph"),
            Self::Onnx(bytes, network) => Engine::onnx(bytes, network),
            Self::Tflite(model) => Engine::tflite(model),
        }
    }
}

/// The network of a file that has a graph.
pub fn graph(opened: &Opened, name: &str, choice: &Choice) -> Result<Loaded> {
    let (dataflow, unused) = match opened {
        Opened::Safetensors(_) => bail!(
            "a safetensors file has tensors, but not the layers that they belong to: describe \
             those with --network NETWORK.toml (docs/import.md), or import the model's ONNX or \
             TFLite file, which needs no description"
        ),
        Opened::Onnx(_, network) => {
            let unused = network.unused.iter().map(|name| (*name).to_owned()).collect();
            (Dataflow::from_onnx(network)?, unused)
        }
        Opened::Tflite(model) => (Dataflow::from_tflite(model)?, unused(model)),
    };
    let dataflow = dataflow.fold()?;
    let Tree { mut graph, parameters } = dataflow.tree(name)?.train(&dataflow, choice)?;
    keep_frozen(&mut graph, &dataflow);
    let notes = dataflow.notes.clone();
    Ok(Loaded { graph, parameters, unused, notes, dataflow: Some(dataflow) })
}

/// The constants that no operator takes.
fn unused(model: &tflite::Model) -> Vec<String> {
    let taken: BTreeSet<usize> = model
        .operators
        .iter()
        .flat_map(|operator| operator.inputs.iter().flatten().copied())
        .collect();
    let constants = model.tensors.iter().enumerate().filter(|(_, tensor)| tensor.data.is_some());
    let unused = constants.filter(|(index, _)| !taken.contains(index));
    unused.map(|(_, tensor)| tensor.name.to_owned()).collect()
}

/// The network that a description makes of tensors.
pub fn described(
    opened: &Opened,
    network: &Path,
    model: &Path,
    name: Option<&str>,
) -> Result<Loaded> {
    let Opened::Safetensors(bytes) = opened else {
        bail!("{}: it describes its layers itself: leave --network away", model.display());
    };
    let text = read(network, LARGEST_DESCRIPTION)?;
    let text = str::from_utf8(&text)
        .with_context(|| format!("{}: expected TOML, in UTF-8", network.display()))?;
    let mut spec = Spec::parse(text).with_context(|| network.display().to_string())?;
    if let Some(name) = name {
        names::check(name)?;
        name.clone_into(&mut spec.name);
    }
    let graph = Graph::new(&spec).with_context(|| network.display().to_string())?;
    let file = tensors::parse(bytes, &model.display().to_string())?;
    let Read { parameters, unused } = tensors::read(&graph, &file)
        .with_context(|| format!("{} does not fit the network", model.display()))?;
    Ok(Loaded { graph, parameters, unused, notes: Vec::new(), dataflow: None })
}

/// The name of a network: the one that is given, or one made of that of the file.
pub fn name(given: Option<&str>, model: &Path) -> Result<String> {
    if let Some(name) = given {
        names::check(name)?;
        return Ok(name.to_owned());
    }
    let stem = model.file_stem().unwrap_or_default().to_string_lossy();
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = stem.chars().map(letter).collect();
    names::check(&name)
        .context("the file's name is that of the network, unless --name says another")?;
    Ok(name)
}

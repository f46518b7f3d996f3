//! What a model has, and what training more or less of it would take of a board.

mod cuts;
mod instructions;
mod operators;

pub use cuts::{Cut, Int8, MultiplyAdds};
pub use instructions::Instructions;
pub use operators::operators;

use crate::load::Loaded;
use crate::types;
use anyhow::Result;
use serde::Serialize;

/// What a model has, and what training more or less of it would take. It is made by
/// [`Import::inspect`](crate::Import::inspect).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// The name that the network would have.
    pub name: String,
    /// The layers in the order in which they are evaluated: one with branches comes after those
    /// inside it. Where the file cannot be imported, they are the operators of the file.
    pub layers: Vec<Layer>,
    /// What could be trained, from less to more; none where the file cannot be imported.
    pub cuts: Vec<Cut>,
    /// What was left away or folded, in sentences.
    pub notes: Vec<String>,
    /// The tensors that the network does not use.
    pub unused: Vec<String>,
    /// Why the file cannot be imported, if that is so: the operator, and what can be done.
    pub refused: Option<String>,
}

/// A layer, or an operator of a file that cannot be imported.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layer {
    /// The operator and its name, as the file has them.
    pub operator: String,
    /// What `--train` and `--cut` may call it.
    pub names: Vec<String>,
    /// The type of this library that it becomes; none of an operator of a file that cannot be
    /// imported.
    pub becomes: Option<String>,
    /// Whether it is an operator that is in the way of an import.
    pub refused: bool,
    /// The shape of its output: rows, columns and channels, or, of an operator of a file that
    /// cannot be imported, as the file has it with its batch. None where it is not known.
    pub shape: Option<Vec<usize>>,
    /// Its parameters, or the numbers of the constants that the operator takes.
    pub parameters: usize,
    /// The products that are added up for an input, with those in the padding; none of an operator
    /// of a file that cannot be imported.
    pub multiply_adds: Option<u64>,
}

/// Tells a network that can be imported.
pub fn network(loaded: Loaded) -> Result<Inspection> {
    let Loaded { graph, unused, notes, dataflow, .. } = loaded;
    let mut layers = Vec::new();
    for node in graph.every() {
        let step = node.step.and_then(|step| dataflow.as_ref()?.steps.get(step));
        let described = node.source.as_ref().map(|source| source.tensors.clone());
        layers.push(Layer {
            operator: node.label.clone(),
            names: match step {
                Some(step) => step.names.clone(),
                None => described.into_iter().collect(),
            },
            becomes: Some(types::float(node, true)?.short().to_owned()),
            refused: false,
            shape: Some(node.output.to_vec()),
            parameters: node.own_parameters(),
            multiply_adds: Some(node.multiply_adds()),
        });
    }
    let name = graph.name.clone();
    let cuts = cuts::cuts(graph, dataflow.as_ref())?;
    Ok(Inspection { name, layers, cuts, notes, unused, refused: None })
}

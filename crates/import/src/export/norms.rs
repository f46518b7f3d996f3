//! Batch normalisations that an import folds into the layer before them, or reads as scales and
//! shifts. What is trained is both in one: in the file the layer's weights are those, and the norm
//! is left with nothing but the biases to add.

use super::floats::{Floats, put};
use crate::graph::{self, Source};
use crate::load::{self, Opened};
use crate::onnx::network::{Network, Node};
use crate::onnx::operator::Operator;
use anyhow::Result;
use std::collections::BTreeSet;

/// A norm by the names of its tensors.
#[derive(Debug)]
pub struct Norm {
    scales: String,
    pub shifts: String,
    means: String,
    variances: String,
    epsilon: f64,
    /// The biases of the layer before it.
    biases: Option<String>,
    /// What errors call it, where it may be a layer of its own.
    label: String,
}

impl Norm {
    /// That of a described layer.
    pub fn described(layer: &graph::Node, source: &Source) -> Option<Self> {
        let (norm, epsilon) = source.batch_norm.as_ref()?;
        let part = |part: &str| format!("{norm}.{part}");
        let alone = source.tensors == *norm;
        Some(Self {
            scales: part("weight"),
            shifts: part("bias"),
            means: part("running_mean"),
            variances: part("running_var"),
            epsilon: *epsilon,
            biases: (!alone).then(|| format!("{}.bias", source.tensors)),
            label: if alone { layer.label.clone() } else { String::new() },
        })
    }

    /// Those of an ONNX file.
    pub fn in_file(file: &[u8]) -> Result<Vec<Self>> {
        let Opened::Onnx(_, network) = load::open(file)? else { return Ok(Vec::new()) };
        Ok(network.nodes.iter().filter_map(|node| Self::of_node(&network, node)).collect())
    }

    fn of_node(network: &Network, node: &Node) -> Option<Self> {
        let Operator::BatchNormalization { epsilon } = node.operator else { return None };
        let name = |node: &Node, index: usize| {
            let input = node.inputs.get(index).copied().flatten()?;
            Some(network.values[input].name.to_owned())
        };
        let input = node.inputs.first().copied().flatten();
        let before = network.nodes.iter().find(|other| other.outputs.contains(&input));
        Some(Self {
            scales: name(node, 1)?,
            shifts: name(node, 2)?,
            means: name(node, 3)?,
            variances: name(node, 4)?,
            epsilon: f64::from(epsilon),
            biases: before.and_then(|before| name(before, 2)),
            label: node.label.clone(),
        })
    }

    /// Whether it is among the tensors of a layer.
    pub fn is_among(&self, names: &[String]) -> bool {
        names.contains(&self.variances)
    }

    /// Whether it is a layer of its own.
    pub fn is(&self, label: &str) -> bool {
        self.label == label
    }

    /// Leaves to the tensors that can take what is trained only those that do: the shifts and,
    /// where it is a layer of its own, the scales. Without shifts the biases before it take theirs.
    pub fn leave(&self, names: &mut BTreeSet<String>, floats: &[Floats], alone: bool) {
        names.remove(&self.means);
        names.remove(&self.variances);
        if !alone {
            names.remove(&self.scales);
            if floats.iter().any(|floats| floats.name == self.shifts)
                && let Some(biases) = &self.biases
            {
                names.remove(biases);
            }
        }
    }

    /// Makes it give what it is given, and takes the biases before it away.
    pub fn neutralise(&self, floats: &[Floats], file: &mut [u8]) {
        // With the epsilon the variance is 1, to less than half of the last digit of what it
        // divides.
        let (variance, scale) = match self.epsilon < 1.0 {
            true => ((1.0 - self.epsilon) as f32, 1.0),
            false => (0.0, self.epsilon.sqrt() as f32),
        };
        let mut fill = |name: &str, number: f32| {
            for Floats { bytes, .. } in floats.iter().filter(|floats| floats.name == name) {
                for place in bytes.clone().step_by(size_of::<f32>()) {
                    put(file, place, number);
                }
            }
        };
        fill(&self.scales, scale);
        fill(&self.shifts, 0.0);
        fill(&self.means, 0.0);
        fill(&self.variances, variance);
        if let Some(biases) = &self.biases {
            fill(biases, 0.0);
        }
    }
}

//! What is to be trained: which layers stay in the backbone, and what of the others is frozen.

use super::Dataflow;
use super::tree::Tree;
use crate::graph::{Graph, Node, Operation};
use crate::spec::Train;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;

/// What is to be trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Everything.
    All,
    /// Nothing: the network is only evaluated.
    None,
    /// The last layers that have parameters, so many of them.
    Last(usize),
    /// The layers of these names.
    Named(Vec<String>),
    /// The biases of all layers.
    Biases,
    /// All layers after the one of this name.
    Cut(String),
}

impl Choice {
    /// Reads what stands after `--train`: `last:2`, `biases`, `all`, `none`, or names of layers.
    pub fn parse(words: &[String]) -> Result<Self> {
        let [word] = words else { return Ok(Self::Named(words.to_vec())) };
        Ok(match (word.as_str(), word.strip_prefix("last:")) {
            ("all", _) => Self::All,
            ("none", _) => Self::None,
            ("biases", _) => Self::Biases,
            (_, Some(number)) => {
                let number = number.parse().ok().filter(|number| *number > 0);
                Self::Last(number.with_context(|| {
                    format!("--train {word}: expected a number of layers of at least 1 after last:")
                })?)
            }
            _ => Self::Named(vec![word.clone()]),
        })
    }
}

impl Tree {
    /// Makes a backbone of all layers before the first that is trained, and freezes what is not
    /// trained after it.
    ///
    /// # Errors
    ///
    /// A name that no layer has, or nothing that could be trained.
    pub fn train(mut self, dataflow: &Dataflow, choice: &Choice) -> Result<Self> {
        let with_parameters = self.graph.with_parameters();
        ensure!(
            *choice == Choice::None || !with_parameters.is_empty(),
            "the network has no parameters, so nothing can be trained: say --train none"
        );
        let trained: BTreeSet<usize> = match choice {
            Choice::None => BTreeSet::new(),
            Choice::All | Choice::Biases => with_parameters.iter().copied().collect(),
            Choice::Last(count) => with_parameters.iter().rev().take(*count).copied().collect(),
            Choice::Named(names) => {
                let mut trained = BTreeSet::new();
                for name in names {
                    let layer = self.named(dataflow, &with_parameters, name)?;
                    trained.insert(layer);
                }
                trained
            }
            Choice::Cut(name) => {
                let every: Vec<usize> = (0..self.graph.every().len()).collect();
                let layer = self.named(dataflow, &every, name)?;
                let after = with_parameters.iter().copied().filter(|other| *other > layer);
                let trained: BTreeSet<usize> = after.collect();
                ensure!(!trained.is_empty(), "--cut {name}: no layer after it can be trained");
                trained
            }
        };
        let how = if *choice == Choice::Biases { Train::Biases } else { Train::All };
        self.graph.train(&trained, how);
        Ok(self)
    }

    /// The layer of this name.
    fn named(&self, dataflow: &Dataflow, among: &[usize], name: &str) -> Result<usize> {
        let all = self.graph.every();
        let names = |layer: usize| {
            let step = all[layer].step.and_then(|step| dataflow.steps.get(step));
            step.map(|step| step.names.as_slice()).unwrap_or_default()
        };
        let found: Vec<usize> = among
            .iter()
            .copied()
            .filter(|layer| names(*layer).iter().any(|own| own == name))
            .collect();
        match found.as_slice() {
            [layer] => Ok(*layer),
            [] => {
                let all = among.iter().filter_map(|layer| names(*layer).first().cloned());
                bail!(
                    "no layer is called {name}; expected one of {}",
                    all.collect::<Vec<_>>().join(", ")
                )
            }
            _ => bail!("{} layers are called {name}: expected a name that one has", found.len()),
        }
    }
}

impl Graph {
    /// The layers that have parameters of their own, in the order of
    /// [`every`](Self::every) layer.
    pub fn with_parameters(&self) -> Vec<usize> {
        let all = self.every();
        (0..all.len()).filter(|index| all[*index].source.is_some()).collect()
    }

    /// Trains these layers, counted in the order of [`every`](Self::every) layer: what comes
    /// before the first of them is the backbone, and what else has parameters is frozen.
    pub fn train(&mut self, trained: &BTreeSet<usize>, how: Train) {
        let mut layer = 0;
        let mut backbone = 0;
        for (index, node) in self.nodes.iter_mut().enumerate() {
            set(node, &mut layer, trained, how);
            if trained.range(..layer).next().is_none() {
                backbone = index + 1;
            }
        }
        self.backbone = backbone;
    }
}

/// Says for a layer and for those inside it what is trained. They are counted in the order of
/// [`Graph::every`](crate::graph::Graph::every).
fn set(node: &mut Node, index: &mut usize, trained: &BTreeSet<usize>, how: Train) {
    if let Operation::Residual { layers: first, shortcut: second }
    | Operation::Concat { first, second } = &mut node.operation
    {
        for node in first.iter_mut().chain(second) {
            set(node, index, trained, how);
        }
    }
    if node.source.is_some() {
        node.train = if trained.contains(index) { how } else { Train::Frozen };
    }
    *index += 1;
}

//! What is to be trained: which layers stay in the backbone, and what of the others is frozen.

use super::Dataflow;
use super::tree::Tree;
use crate::graph::{Graph, Node, Operation};
use crate::spec::Train;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::iter::{once, repeat};

/// What is to be trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Everything.
    All,
    /// Nothing: the network is only evaluated.
    None,
    /// The last layers that have parameters, so many of them: the last one whole, and this part of
    /// the others.
    Last(usize, Part),
    /// The layers of these names, and a part of each.
    Named(Vec<(String, Part)>),
    /// The biases of all layers.
    Biases,
    /// All layers after the one of this name.
    Cut(String),
}

/// What of a layer is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Its biases.
    Biases,
    /// Some of its outputs, from the first number to below the second; none is an end of the layer.
    Outputs([Option<usize>; 2]),
    /// A matrix of this rank beside it.
    Rank(usize),
}

impl Part {
    /// Splits a word into the name of a layer and what of it is trained: `NAME`, `NAME:biases`,
    /// `NAME:rank4`, or `NAME:FIRST..END`, where either number may be left away.
    fn split(word: &str) -> (&str, Self) {
        let number = |text: &str| match text {
            "" => Some(None),
            text => text.parse().ok().map(Some),
        };
        let part = |text: &str| match text.split_once("..") {
            Some((first, end)) => Some(Self::Outputs([number(first)?, number(end)?])),
            None => match text.strip_prefix("rank") {
                Some(rank) => rank.parse().ok().map(Self::Rank),
                None => (text == "biases").then_some(Self::Biases),
            },
        };
        let found = word.rsplit_once(':').and_then(|(name, text)| Some((name, part(text)?)));
        found.unwrap_or((word, Self::Whole))
    }

    /// As it is said of a layer with so many outputs.
    fn of(self, outputs: usize) -> Train {
        match self {
            Self::Whole => Train::All,
            Self::Biases => Train::Biases,
            Self::Rank(rank) => Train::Rank(rank),
            Self::Outputs([first, end]) => {
                Train::Outputs([first.unwrap_or(0), end.unwrap_or(outputs)])
            }
        }
    }
}

impl Choice {
    /// Reads what stands after `--train`: `last:2`, `biases`, `all`, `none`, or names of layers;
    /// `last:2` and names may be followed by a [`Part`].
    pub fn parse(words: &[String]) -> Result<Self> {
        let named = |words: &[String]| {
            let split = |word: &String| {
                let (name, part) = Part::split(word);
                (name.to_owned(), part)
            };
            Self::Named(words.iter().map(split).collect())
        };
        let [word] = words else { return Ok(named(words)) };
        let (name, part) = Part::split(word);
        Ok(match (word.as_str(), name.strip_prefix("last:")) {
            ("all", _) => Self::All,
            ("none", _) => Self::None,
            ("biases", _) => Self::Biases,
            (_, Some(number)) => {
                let number = number.parse().ok().filter(|number| *number > 0);
                let number = number.with_context(|| {
                    format!("--train {word}: expected a number of layers of at least 1 after last:")
                })?;
                ensure!(
                    part == Part::Whole || number > 1,
                    "--train {word}: the last layer is trained whole; say last:2 or more with what \
                     is trained of the layers before it, or the name of the last layer with it"
                );
                Self::Last(number, part)
            }
            _ => named(words),
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
        let all = self.graph.every();
        let how = |layer: usize, part: Part| (layer, part.of(all[layer].biases));
        let trained: BTreeMap<usize, Train> = match choice {
            Choice::None => BTreeMap::new(),
            Choice::All => with_parameters.iter().map(|layer| how(*layer, Part::Whole)).collect(),
            Choice::Biases => {
                with_parameters.iter().map(|layer| how(*layer, Part::Biases)).collect()
            }
            Choice::Last(count, part) => {
                let last = with_parameters.iter().rev().take(*count);
                let parts = once(Part::Whole).chain(repeat(*part));
                last.zip(parts).map(|(layer, part)| how(*layer, part)).collect()
            }
            Choice::Named(names) => {
                let mut trained = BTreeMap::new();
                for (name, part) in names {
                    let (layer, train) = how(self.named(dataflow, &with_parameters, name)?, *part);
                    trained.insert(layer, train);
                }
                trained
            }
            Choice::Cut(name) => {
                let every: Vec<usize> = (0..all.len()).collect();
                let layer = self.named(dataflow, &every, name)?;
                let after = with_parameters.iter().copied().filter(|other| *other > layer);
                let trained: BTreeMap<usize, Train> =
                    after.map(|layer| how(layer, Part::Whole)).collect();
                ensure!(!trained.is_empty(), "--cut {name}: no layer after it can be trained");
                trained
            }
        };
        drop(all);
        self.graph.train(&trained)?;
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
    ///
    /// # Errors
    ///
    /// What cannot be trained of a layer.
    pub fn train(&mut self, trained: &BTreeMap<usize, Train>) -> Result<()> {
        let mut layer = 0;
        let mut backbone = 0;
        for (index, node) in self.nodes.iter_mut().enumerate() {
            set(node, &mut layer, trained)?;
            if trained.range(..layer).next().is_none() {
                backbone = index + 1;
            }
        }
        self.backbone = backbone;
        Ok(())
    }
}

/// Says for a layer and for those inside it what is trained. They are counted in the order of
/// [`Graph::every`](crate::graph::Graph::every).
fn set(node: &mut Node, index: &mut usize, trained: &BTreeMap<usize, Train>) -> Result<()> {
    if let Operation::Residual { layers: first, shortcut: second }
    | Operation::Concat { first, second } = &mut node.operation
    {
        for node in first.iter_mut().chain(second) {
            set(node, index, trained)?;
        }
    }
    if node.source.is_some() {
        node.train = trained.get(index).copied().unwrap_or(Train::Frozen);
        node.check_train()?;
    }
    *index += 1;
    Ok(())
}

//! Normalisations.

use super::{Lowering, Node, Parameters};
use crate::graph::{self, LayerNorm};
use anyhow::{Context, Result, ensure};

impl Lowering<'_, '_> {
    pub(super) fn batch_norm(&mut self, node: &Node, epsilon: f32) -> Result<()> {
        let layout = self.view(node, 0)?.layout;
        let channels = layout.map()[2];
        ensure!(
            layout.channels() == Some(0),
            "expected channels in the first dimension, found {:?}",
            layout.shape()
        );
        let names = ["scales", "shifts", "means", "variances"];
        let mut all = Vec::new();
        for (index, what) in names.into_iter().enumerate() {
            let (_, numbers) = self.numbers(node, index + 1, what)?;
            ensure!(
                numbers.len() == channels,
                "expected {channels} {what}, found {}",
                numbers.len()
            );
            all.push(numbers);
        }
        ensure!(all[3].iter().all(|variance| *variance >= 0.0), "expected variances of 0 or above");
        let factor = |channel: usize| {
            f64::from(all[0][channel]) / (f64::from(all[3][channel]) + f64::from(epsilon)).sqrt()
        };
        let shift = |channel: usize| {
            f64::from(all[1][channel]) - f64::from(all[2][channel]) * factor(channel)
        };
        let weights = (0..channels).map(|channel| factor(channel) as f32).collect();
        let biases = (0..channels).map(|channel| shift(channel) as f32).collect();
        let parameters = Parameters { filters: 0, weights, biases };
        self.same(node, graph::Operation::ScaleShift, parameters)
    }

    pub(super) fn layer_norm(&mut self, node: &Node, axis: usize, epsilon: f32) -> Result<()> {
        let layout = self.view(node, 0)?.layout;
        let shape = layout.shape();
        let from = axis.checked_sub(1).context("expected a norm that leaves the batch alone")?;
        let (dimensions, places) = if from == 0 {
            (shape.len(), layout.places())
        } else {
            ensure!(
                from + 1 == shape.len() && layout.channels() == Some(from),
                "expected a norm over all values, or over the channels in the last dimension"
            );
            (0, (0..layout.map()[2]).collect())
        };
        let read = |index: usize, what: &str, neutral: f32| {
            if node.inputs.get(index).copied().flatten().is_none() {
                return Ok(vec![neutral; places.len()]);
            }
            let (_, numbers) = self.numbers(node, index, what)?;
            ensure!(numbers.len() == places.len(), "expected {} {what}", places.len());
            Ok(places.iter().map(|place| numbers[*place]).collect())
        };
        let (weights, biases) = (read(1, "scales", 1.0)?, read(2, "shifts", 0.0)?);
        let operation = graph::Operation::LayerNorm(LayerNorm { dimensions, epsilon });
        self.same(node, operation, Parameters { filters: 0, weights, biases })
    }
}

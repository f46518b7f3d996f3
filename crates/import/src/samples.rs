//! Labelled samples in bytes, as firmware takes them.

use super::graph::{Graph, length};
use super::inputs::Inputs;
use super::tensors;
use anyhow::{Context, Result, bail, ensure};

/// Labelled samples, as [`Imported::samples`](crate::Imported::samples) reads them: inputs of
/// [`Sizes::inputs`](crate::Sizes::inputs) bytes one after another, in the order in which the
/// imported network takes them, and a class for each. A byte stands for `byte * scale + offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// The inputs, one after another.
    pub inputs: Vec<u8>,
    /// The class of each.
    pub labels: Vec<u8>,
    /// Multiplies a byte.
    pub scale: f32,
    /// Added after.
    pub offset: f32,
}

impl Samples {
    pub(crate) fn read(graph: &Graph, file: &[u8], what: &str) -> Result<Self> {
        let inputs = Inputs::read(graph, &tensors::parse(file, what)?)?;
        let Some((bytes, scale, offset)) = inputs.bytes() else {
            bail!(
                "tensor inputs: expected U8 with scale and offset, as a sensor delivers it, found \
                 F32"
            );
        };
        let classes = length(graph.output());
        let labels = inputs.labels.context("expected a tensor labels, one for each input")?;
        let label = |class: usize| {
            ensure!(
                class < classes,
                "tensor labels: expected classes below {classes}, the network's outputs, found \
                 {class}"
            );
            u8::try_from(class).context("tensor labels: a device stores a class in a byte")
        };
        let labels = labels.into_iter().map(label).collect::<Result<_>>()?;
        Ok(Self { inputs: bytes, labels, scale, offset })
    }
}

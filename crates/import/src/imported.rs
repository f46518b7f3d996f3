//! An imported network.

use crate::emit::{self, File};
use crate::error::Error;
use crate::graph::Graph;
use crate::quantise::Quantised;
use crate::report::{self, Measured, Row};
use std::path::Path;

/// An imported network: its files, and what it takes of a board.
#[derive(Debug)]
pub struct Imported {
    /// Its layers.
    pub(crate) graph: Graph,
    /// Their parameters, weights before biases.
    pub(crate) parameters: Vec<f32>,
    /// Its backbone in eight bits.
    pub(crate) int8: Option<Quantised>,
    /// How it does on the test inputs.
    pub(crate) measured: Option<Measured>,
    /// Tensors that it does not use.
    pub(crate) unused: Vec<String>,
    /// What is written.
    pub(crate) files: Vec<File>,
}

impl Imported {
    /// The name that its description gives it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.graph.name
    }

    /// Its files: `NAME.rs`, `NAME.h`, and the `.bin` files that the first includes.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Tensors of the model that the network does not use: perhaps a layer was forgotten.
    #[must_use]
    pub fn unused(&self) -> &[String] {
        &self.unused
    }

    /// What it takes of a board in flash and RAM, and where test inputs were given, its accuracy
    /// and what int8 costs.
    #[must_use]
    pub fn report(&self) -> Vec<Row> {
        let Self { graph, parameters, int8, measured, .. } = self;
        report::rows(graph, parameters, int8.as_ref(), measured.as_ref())
    }

    /// Writes its files into a directory, which is made where it is missing.
    ///
    /// # Errors
    /// [`Error`] names the file that cannot be written.
    pub fn write(&self, directory: impl AsRef<Path>) -> Result<(), Error> {
        emit::write(directory.as_ref(), &self.files).map_err(Error)
    }
}

//! An imported network.

use crate::c_library::CLibrary;
use crate::compare::Difference;
use crate::emit::File;
use crate::error::Error;
use crate::evaluate::Evaluator;
use crate::expected::FromFramework;
use crate::graph::{Graph, length};
use crate::int8::{Quantised, reference};
use crate::read::{LARGEST_TENSORS, read};
use crate::report::{self, Measured, Row};
use crate::samples::Samples;
use crate::shared_library::SharedLibrary;
use crate::sizes::{self, Sizes};
use crate::write::{self, Existing};
use anyhow::{Context, Result, anyhow};
use std::path::Path;

pub(crate) const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// An imported network: its files, and what it takes of a board.
#[derive(Debug)]
pub struct Imported {
    /// The layers of the network.
    pub(crate) graph: Graph,
    /// The parameters of the layers, with each layer's weights before its biases.
    pub(crate) parameters: Vec<f32>,
    /// The backbone in eight bits, where it was quantised.
    pub(crate) int8: Option<Quantised>,
    /// How the network does on the test inputs, where there are some.
    pub(crate) measured: Option<Measured>,
    /// The tensors that the network does not use.
    pub(crate) unused: Vec<String>,
    /// What was left away or folded.
    pub(crate) notes: Vec<String>,
    /// What a byte of an input stands for: what multiplies it, and what is added after.
    pub(crate) byte: (f32, f32),
    /// How each layer differs from the file's own graph, or from the framework.
    pub(crate) differences: Vec<Difference>,
    /// How the outputs differ from the framework's.
    pub(crate) from_framework: Option<FromFramework>,
    /// The files to write.
    pub(crate) files: Vec<File>,
}

impl Imported {
    /// The name that the description gives the network.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.graph.name
    }

    /// The files: `NAME.rs`, and the `.bin` files that it includes.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The tensors of the model that the network does not use. If there are any, a layer may have
    /// been forgotten.
    #[must_use]
    pub fn unused(&self) -> &[String] {
        &self.unused
    }

    /// What of the model was left away, or became part of something else, in sentences.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How each layer differs from what the file's own graph computes; of a model that is described
    /// in TOML, which has no graph, from the framework's outputs of the layers that
    /// [`Import::expected`] gives.
    ///
    /// [`Import::expected`]: crate::Import::expected
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// How the outputs differ from those of the framework, where [`Import::expected`] gives some.
    ///
    /// [`Import::expected`]: crate::Import::expected
    #[must_use]
    pub fn from_framework(&self) -> Option<FromFramework> {
        self.from_framework
    }

    /// Theta to start from: the parameters that are trained.
    #[must_use]
    pub fn theta(&self) -> Vec<f32> {
        sizes::split(&self.graph, &self.parameters).theta
    }

    /// What the network takes of a board in flash and RAM. Where test inputs were given, also its
    /// accuracy and what int8 costs.
    #[must_use]
    pub fn report(&self) -> Vec<Row> {
        let Self { graph, parameters, int8, measured, .. } = self;
        report::rows(graph, parameters, int8.as_ref(), measured.as_ref())
    }

    /// What the network has and takes, in numbers.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let Self { graph, parameters, int8, files, .. } = self;
        let [features, feature_bytes] = sizes::features(graph, int8.is_some());
        let numbers = files.iter().filter(|file| file.name.ends_with(".bin"));
        Sizes {
            inputs: length(graph.input),
            outputs: length(graph.output()),
            parameters: sizes::split(graph, parameters).theta.len(),
            scratch: sizes::scratch(graph, int8.as_ref()),
            features,
            feature_bytes,
            flash_bytes: numbers.map(|file| file.content.len()).sum(),
        }
    }

    /// What a byte of an input stands for, where nobody says otherwise, as a factor and an offset:
    /// what the byte is to a model that takes bytes, else [`Import::range`] in 255 steps.
    ///
    /// [`Import::range`]: crate::Import::range
    #[must_use]
    pub fn byte(&self) -> (f32, f32) {
        self.byte
    }

    /// What the frozen backbone makes of an input in this project's order, with the bits of the
    /// firmware; the input itself where there is no backbone. It is a plain evaluation, slower than
    /// that of the core.
    ///
    /// # Errors
    ///
    /// [`Error`] where the input is not [`Sizes::inputs`] long.
    pub fn features(&self, input: &[f32]) -> Result<Vec<f32>, Error> {
        let Self { graph, parameters, int8, .. } = self;
        let (expected, found) = (length(graph.input), input.len());
        if found != expected {
            return Err(anyhow!("expected an input of {expected} values, found {found}").into());
        }
        let backbone = graph.backbone();
        Ok(match int8 {
            Some(quantised) => reference::features(&backbone, quantised, input),
            None => Evaluator::new(&backbone, parameters).logits(input),
        })
    }

    /// Reads labelled samples for a firmware of this network: a safetensors file as that of
    /// [`Import::test`], in bytes. The file is checked against the network, and its order changed
    /// to the network's.
    ///
    /// # Errors
    ///
    /// [`Error`] says what is wrong with the file.
    ///
    /// [`Import::test`]: crate::Import::test
    pub fn samples(&self, path: impl AsRef<Path>) -> Result<Samples, Error> {
        let path = path.as_ref();
        let what = path.display().to_string();
        let bytes = read(path, LARGEST_TENSORS)?;
        Ok(Samples::read(&self.graph, &bytes, &what).context(what)?)
    }

    /// Writes the files into a directory, which is made where it does not exist. Each file is there
    /// whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error`] names the file that cannot be written, or that is there already, and then nothing
    /// is written. A symbolic link counts as a file, and is not followed; neither may the directory
    /// be one.
    pub fn write(&self, directory: impl AsRef<Path>) -> Result<(), Error> {
        self.write_or(directory.as_ref(), Existing::Refused)
    }

    /// Writes the files as [`write`](Self::write) does, but in the place of those that are there.
    /// Of a symbolic link the link is replaced, and what it points to stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error`] names the file that cannot be written.
    pub fn overwrite(&self, directory: impl AsRef<Path>) -> Result<(), Error> {
        self.write_or(directory.as_ref(), Existing::Replaced)
    }

    /// The same network as a static library for C: what becomes one, and its header. The arguments
    /// are what Cargo.toml says of the crates `rolling-ball` and `rolling-ball-c`, such as
    /// `version = "0.1"`.
    ///
    /// # Errors
    ///
    /// [`Error`] where nothing of the network is trained, or its name is one of the library's own.
    pub fn c_library(&self, core: &str, bindings: &str) -> Result<CLibrary, Error> {
        Ok(CLibrary::new(self, core, bindings)?)
    }

    /// The same network as a shared library of the desktop, which evaluates it and makes the
    /// device's own runs. The arguments are what Cargo.toml says of the crates `rolling-ball` and
    /// `rolling-ball-rehearsal`, such as `version = "0.1"`.
    ///
    /// # Errors
    ///
    /// [`Error`] where nothing of the network is trained.
    pub fn shared_library(&self, core: &str, rehearsal: &str) -> Result<SharedLibrary, Error> {
        Ok(SharedLibrary::new(self, core, rehearsal)?)
    }

    /// The CRC-32 of what of the network no training changes: its inputs, outputs and parameters,
    /// each as a `u32` in little-endian order, then the bytes of its backbone and of the frozen
    /// parameters behind it, as they lie in flash.
    #[must_use]
    pub fn hash(&self) -> u32 {
        let Sizes { inputs, outputs, parameters, .. } = self.sizes();
        let mut digest = CRC.digest();
        for size in [inputs, outputs, parameters] {
            // No network that an import takes is larger.
            digest.update(&(size as u32).to_le_bytes());
        }
        for part in ["backbone", "frozen"] {
            let name = format!("{}.{part}.bin", self.name());
            let file = self.files.iter().find(|file| file.name == name);
            digest.update(file.map_or(&[], |file| &file.content));
        }
        digest.finalize()
    }

    fn write_or(&self, directory: &Path, existing: Existing) -> Result<(), Error> {
        write::check_directory(directory)?;
        Ok(write::write(directory, &self.files, existing)?)
    }
}

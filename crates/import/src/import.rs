//! What to import, and the way from its files to a network.

use crate::emit;
use crate::error::Error;
use crate::graph::Graph;
use crate::imported::Imported;
use crate::inputs::Inputs;
use crate::int8::calibrate;
use crate::read::{LARGEST_DESCRIPTION, LARGEST_TENSORS, read};
use crate::report;
use crate::spec::Spec;
use crate::tensors::{self, Read};
use crate::write::{self, Existing};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// A model to import: its files, and what is wanted of it.
///
/// ```
/// use rolling_ball_import::Import;
/// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
/// # std::env::set_current_dir(models)?;
///
/// let imported = Import::new("digits_mlp.safetensors", "digits_mlp.toml").read()?;
/// assert_eq!(imported.name(), "digits_mlp");
/// let names: Vec<&str> = imported.files().iter().map(|file| file.name.as_str()).collect();
/// assert_eq!(
///     names,
///     ["digits_mlp.rs", "digits_mlp.h", "digits_mlp.theta.bin", "digits_mlp.frozen.bin"]
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Import {
    model: PathBuf,
    network: PathBuf,
    calibration: Option<PathBuf>,
    test: Option<PathBuf>,
}

impl Import {
    /// A model whose weights are in the safetensors file `model` (a `state_dict` in F32) and whose
    /// layers the TOML file `network` describes.
    pub fn new(model: impl Into<PathBuf>, network: impl Into<PathBuf>) -> Self {
        let (model, network) = (model.into(), network.into());
        Self { model, network, calibration: None, test: None }
    }

    /// Quantises the backbone to eight bits. `calibration` is a safetensors file with some hundred
    /// representative `inputs`, either in F32, or in U8 with `scale` and `offset`.
    #[must_use]
    pub fn int8(mut self, calibration: impl Into<PathBuf>) -> Self {
        self.calibration = Some(calibration.into());
        self
    }

    /// Measures the accuracy on a file like that of [`int8`](Self::int8), which must have `labels`
    /// as well.
    #[must_use]
    pub fn test(mut self, inputs: impl Into<PathBuf>) -> Self {
        self.test = Some(inputs.into());
        self
    }

    /// Reads, checks and computes everything, and writes nothing. It takes at most 18 times the
    /// bytes of its files in memory, and 170 MB more, whatever is in them. It evaluates the network
    /// once for each calibration input and each test input, with at most 2^30 products and sums.
    ///
    /// # Errors
    ///
    /// [`Error`] says what is wrong with which file.
    pub fn read(&self) -> Result<Imported, Error> {
        Ok(self.imported()?)
    }

    /// Imports a model in a build script. The files are written into `OUT_DIR`, to be used by
    /// `include!(concat!(env!("OUT_DIR"), "/NAME.rs"))`, where `NAME` is the name in the
    /// description. Cargo is told to run the script again when a file has changed. Paths are
    /// relative to the package.
    ///
    /// # Errors
    ///
    /// The same as those of [`read`](Self::read), and where a file cannot be written, or where this
    /// is not called from a build script.
    pub fn build(&self) -> Result<(), Error> {
        Ok(self.write_into_out_dir()?)
    }

    fn write_into_out_dir(&self) -> Result<()> {
        let directory = std::env::var_os("OUT_DIR")
            .context("OUT_DIR is not set: Import::build is for build scripts")?;
        let files = [&self.model, &self.network].into_iter();
        for file in files.chain(&self.calibration).chain(&self.test) {
            println!("cargo::rerun-if-changed={}", file.display());
        }
        let files = emit::includable(self.imported()?.files);
        write::write(Path::new(&directory), &files, Existing::Replaced)
    }

    fn imported(&self) -> Result<Imported> {
        let text = read(&self.network, LARGEST_DESCRIPTION)?;
        let text = str::from_utf8(&text)
            .with_context(|| format!("{}: expected TOML, in UTF-8", self.network.display()))?;
        let spec = Spec::parse(text).with_context(|| self.network.display().to_string())?;
        let graph = Graph::new(&spec).with_context(|| self.network.display().to_string())?;
        let model = read(&self.model, LARGEST_TENSORS)?;
        let file = tensors::parse(&model, &self.model.display().to_string())?;
        let Read { parameters, unused } = tensors::read(&graph, &file)
            .with_context(|| format!("{} does not fit the network", self.model.display()))?;
        let int8 = match &self.calibration {
            None => None,
            Some(path) => {
                let bytes = read(path, LARGEST_TENSORS)?;
                let calibration = inputs(&graph, path, &bytes)?;
                let backbone = graph.backbone();
                let parameters = &parameters[..backbone.parameters()];
                Some(calibrate(&backbone, parameters, calibration.iter())?)
            }
        };
        let measured = match &self.test {
            None => None,
            Some(path) => {
                let bytes = read(path, LARGEST_TENSORS)?;
                let test = inputs(&graph, path, &bytes)?;
                Some(report::measure(&graph, &parameters, int8.as_ref(), &test)?)
            }
        };
        let files = emit::files(&graph, &parameters, int8.as_ref())?;
        Ok(Imported { graph, parameters, int8, measured, unused, files })
    }
}

fn inputs<'a>(graph: &Graph, path: &Path, bytes: &'a [u8]) -> Result<Inputs<'a>> {
    let what = path.display().to_string();
    Inputs::read(graph, &tensors::parse(bytes, &what)?).context(what)
}

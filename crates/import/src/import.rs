//! What to import, and the way from its files to a network.

use crate::compare::{Comparison, Difference};
use crate::dataflow::{Choice, Dataflow, Part};
use crate::emit;
use crate::engine::Engine;
use crate::error::Error;
use crate::expected;
use crate::export::{self, Exported};
use crate::graph::Graph;
use crate::imported::Imported;
use crate::inputs::Inputs;
use crate::inspect::{self, Inspection};
use crate::int8::{calibrate, kept};
use crate::load::{self, Loaded, Opened};
use crate::read::{LARGEST_TENSORS, read};
use crate::report;
use crate::tensors;
use crate::write::{self, Existing};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// A model to import: its file, and what is wanted of it.
///
/// ```
/// use rolling_ball_import::Import;
/// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
/// # std::env::set_current_dir(models)?;
///
/// let imported = Import::new("digits_mlp.safetensors").network("digits_mlp.toml").read()?;
/// assert_eq!(imported.name(), "digits_mlp");
/// let names: Vec<&str> = imported.files().iter().map(|file| file.name.as_str()).collect();
/// assert_eq!(names, ["digits_mlp.rs", "digits_mlp.theta.bin", "digits_mlp.frozen.bin"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Import {
    model: PathBuf,
    network: Option<PathBuf>,
    name: Option<String>,
    train: Vec<String>,
    cut: Option<String>,
    range: [f32; 2],
    calibration: Option<PathBuf>,
    test: Option<PathBuf>,
    expected: Option<PathBuf>,
}

impl Import {
    /// A model: an ONNX or a TFLite file, which says everything itself; or the tensors of a
    /// PyTorch module in a safetensors file (a `state_dict` in F32), whose layers are described by
    /// a [`network`](Self::network).
    pub fn new(model: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            network: None,
            name: None,
            train: Vec::new(),
            cut: None,
            range: [-1.0, 1.0],
            calibration: None,
            test: None,
            expected: None,
        }
    }

    /// The TOML file that describes the layers of a safetensors file, and says which are trained.
    #[must_use]
    pub fn network(mut self, description: impl Into<PathBuf>) -> Self {
        self.network = Some(description.into());
        self
    }

    /// The name of the files and of the Rust module; else that of the model's file.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What of an ONNX or TFLite file is trained: `last:1` (the last layer that has parameters,
    /// which is the default), `last:2` and so on, `biases`, `all`, or the names of layers. What
    /// comes before the first of them is the backbone. Behind a name, `:biases`, a range of
    /// outputs such as `:0..16`, or `:rank4` says what of the layer is trained; behind `last:2`,
    /// what of the layers before the last.
    #[must_use]
    pub fn train(mut self, what: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.train = what.into_iter().map(Into::into).collect();
        self
    }

    /// Trains all that comes after the layer of this name in an ONNX or TFLite file.
    #[must_use]
    pub fn cut(mut self, name: impl Into<String>) -> Self {
        self.cut = Some(name.into());
        self
    }

    /// The least and the largest number of the inputs on which the import is compared with the
    /// file's own graph, where no others are given; -1 and 1 where this is not said.
    #[must_use]
    pub fn range(mut self, least: f32, largest: f32) -> Self {
        self.range = [least, largest];
        self
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

    /// Compares the import with what the framework that made the model computes: a safetensors file
    /// with `inputs` and its `outputs` for them, in the model's own order and types; where another
    /// engine is to compute them, its `features`, which is what comes before the layers that are
    /// trained, place by place; and of a model that is described the outputs of its modules by
    /// their names, `layers.NAME`, so that the first layer that differs can be named.
    #[must_use]
    pub fn expected(mut self, outputs: impl Into<PathBuf>) -> Self {
        self.expected = Some(outputs.into());
        self
    }

    /// Reads, checks and computes everything, and writes nothing. It takes at most 18 times the
    /// bytes of its files in memory, or 36 times those of an ONNX or TFLite file, whose weights may
    /// be bytes, and 170 MB more, whatever is in them. It evaluates the network once for each
    /// calibration input and each test input, with at most 2^30 products and sums.
    ///
    /// What an ONNX or TFLite file becomes is evaluated as the firmware will evaluate it, and
    /// compared, layer by layer, with what the file's own graph gives.
    ///
    /// # Errors
    ///
    /// [`Error`] says what is wrong with which file, or which layer is the first that differs.
    pub fn read(&self) -> Result<Imported, Error> {
        Ok(self.imported()?)
    }

    /// Tells what the model has and what training more or less of it would take, and imports
    /// nothing. What is said of what is trained is left aside: all places to cut are told.
    ///
    /// ```
    /// use rolling_ball_import::Import;
    /// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
    /// # std::env::set_current_dir(models)?;
    ///
    /// let inspection = Import::new("operators/dense_f32.tflite").inspect()?;
    /// assert!(inspection.refused.is_none());
    /// let all = inspection.cuts.iter().find(|cut| cut.train == "all");
    /// let parameters: usize = inspection.layers.iter().map(|layer| layer.parameters).sum();
    /// assert_eq!(all.map(|cut| cut.parameters), Some(parameters));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] says why the file or the description cannot be read. A file of ONNX or TFLite that
    /// can be read, but not be imported, is no error: its operators are told, and
    /// [`Inspection::refused`] says what is in the way.
    pub fn inspect(&self) -> Result<Inspection, Error> {
        Ok(self.inspected()?)
    }

    /// Puts parameters that were trained on a device back into the model's file, where those come
    /// from with which an import of the same model, with the same choice of what is trained,
    /// begins. The rest of the file stays as it is, byte for byte.
    ///
    /// A batch normalisation that an import folds into the layer before it has nothing left to do
    /// in what is exported: that layer's tensors have the trained numbers, the norm's shifts the
    /// biases, and the norm a mean of 0, a variance of 1 and scales of 1.
    ///
    /// What is exported has been imported again: it gives these parameters.
    ///
    /// ```
    /// use rolling_ball_import::Import;
    /// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
    /// # std::env::set_current_dir(models)?;
    ///
    /// let import = Import::new("operators/dense_f32.tflite").train(["last:1"]);
    /// let imported = import.read()?;
    /// let theta: Vec<f32> = imported.theta().iter().map(|parameter| parameter + 0.5).collect();
    /// let exported = import.export(&theta)?;
    /// assert_eq!(exported.bytes().len(), std::fs::read("operators/dense_f32.tflite")?.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read), where theta has another length or is not finite, and where
    /// the file has no place for a trained parameter: one that is an integer in the file, a bias
    /// that the model was made without, or what is computed of several constants.
    pub fn export(&self, theta: &[f32]) -> Result<Exported, Error> {
        Ok(self.exported(theta)?)
    }

    /// Imports a model in a build script. The files are written into `OUT_DIR`, to be used by
    /// `include!(concat!(env!("OUT_DIR"), "/NAME.rs"))`, where `NAME` is the name of the network.
    /// Cargo is told to run the script again when a file has changed. Paths are relative to the
    /// package.
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
        let files = [&self.model].into_iter().chain(&self.network).chain(&self.calibration);
        for file in files.chain(&self.test).chain(&self.expected) {
            println!("cargo::rerun-if-changed={}", file.display());
        }
        let files = emit::includable(self.imported()?.files);
        write::write(Path::new(&directory), &files, Existing::Replaced)
    }

    fn imported(&self) -> Result<Imported> {
        let bytes = read(&self.model, LARGEST_TENSORS)?;
        let what = || self.model.display().to_string();
        let opened = load::open(&bytes).with_context(what)?;
        let loaded = self.loaded(&opened, &self.choice()?)?;
        let Loaded { graph, parameters, unused, mut notes, dataflow } = loaded;
        let of_bytes = dataflow.as_ref().is_some_and(|dataflow| dataflow.values[0].scale.is_some());
        let int8 = match &self.calibration {
            _ if of_bytes && graph.backbone > 0 => {
                ensure!(
                    self.calibration.is_none(),
                    "the model is in int8 already, with its own scales: leave --int8 away"
                );
                let dataflow = dataflow.as_ref().context("expected a graph")?;
                Some(kept(&graph.backbone(), dataflow).with_context(what)?)
            }
            None => None,
            Some(path) => {
                let bytes = read(path, LARGEST_TENSORS)?;
                let calibration = inputs(&graph, path, &bytes)?;
                let backbone = graph.backbone();
                let parameters = &parameters[..backbone.parameters()];
                Some(calibrate(&backbone, parameters, calibration.iter())?)
            }
        };
        let kept = int8.as_ref().filter(|_| of_bytes);
        let mut differences = match (&dataflow, opened.engine()) {
            (None, _) => Vec::new(),
            (Some(dataflow), Ok(engine)) => {
                let (graph, parameters) = (&graph, parameters.as_slice());
                let comparison = Comparison { graph, parameters, int8: kept, dataflow };
                self.differences(&engine, &comparison).with_context(what)?
            }
            (Some(_), Err(error)) => {
                notes.push(format!(
                    "NOT COMPARED with the file's own graph: {error:#}. Compare with the framework \
                     that made the model: --expected FILE"
                ));
                Vec::new()
            }
        };
        let from_framework = match &self.expected {
            None => None,
            Some(path) => {
                let bytes = read(path, LARGEST_TENSORS)?;
                let what = || path.display().to_string();
                let file = tensors::parse(&bytes, &what())?;
                let network = (&graph, parameters.as_slice(), int8.as_ref());
                let compared = expected::compare(&file, network, dataflow.as_ref());
                let (found, of_layers) = compared.with_context(what)?;
                differences.extend(of_layers);
                Some(found)
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
        let byte = self.byte(dataflow.as_ref());
        // The files in text are the largest part of an import: nothing else is needed with them.
        drop((dataflow, opened));
        drop(bytes);
        let files = emit::files(&graph, &parameters, int8.as_ref())?;
        Ok(Imported {
            graph,
            parameters,
            int8,
            measured,
            unused,
            notes,
            byte,
            differences,
            from_framework,
            files,
        })
    }

    /// What a byte of an input stands for: a factor, and an offset.
    fn byte(&self, dataflow: Option<&Dataflow>) -> (f32, f32) {
        match dataflow.and_then(|dataflow| dataflow.values.first()?.scale) {
            Some(scale) => (scale.step as f32, scale.number(i8::MIN)),
            None => {
                let [least, largest] = self.range;
                ((largest - least) / 255.0, least)
            }
        }
    }

    /// The network of the file, of which this is trained where no description says it.
    fn loaded(&self, opened: &Opened, choice: &Choice) -> Result<Loaded> {
        match &self.network {
            Some(network) => {
                ensure!(
                    self.train.is_empty() && self.cut.is_none(),
                    "the description says what is trained: leave --train and --cut away"
                );
                load::described(opened, network, &self.model, self.name.as_deref())
            }
            None => load::graph(opened, &self.network_name()?, choice)
                .with_context(|| self.model.display().to_string()),
        }
    }

    fn network_name(&self) -> Result<String> {
        load::name(self.name.as_deref(), &self.model)
    }

    fn inspected(&self) -> Result<Inspection> {
        let bytes = read(&self.model, LARGEST_TENSORS)?;
        let opened = load::open(&bytes).with_context(|| self.model.display().to_string())?;
        match self.loaded(&opened, &Choice::None) {
            Ok(loaded) => inspect::network(loaded),
            // It has operators, which can be told all the same.
            Err(error) if self.network.is_none() && opened.has_graph() => {
                inspect::operators(&opened, self.network_name()?, error)
            }
            Err(error) => Err(error),
        }
    }

    fn exported(&self, theta: &[f32]) -> Result<Exported> {
        let bytes = read(&self.model, LARGEST_TENSORS)?;
        let choice = self.choice()?;
        let what = || self.model.display().to_string();
        let import = |bytes: &[u8]| {
            let opened = load::open(bytes).with_context(what)?;
            self.loaded(&opened, &choice)
        };
        Ok(Exported { bytes: export::export(&bytes, theta, import).with_context(what)? })
    }

    fn choice(&self) -> Result<Choice> {
        match (&self.cut, self.train.as_slice()) {
            (None, []) => Ok(Choice::Last(1, Part::Whole)),
            (None, words) => Choice::parse(words),
            (Some(name), []) => Ok(Choice::Cut(name.clone())),
            _ => anyhow::bail!("expected --train or --cut, found both"),
        }
    }

    /// Compares with the file's own graph on drawn inputs.
    fn differences(&self, engine: &Engine, comparison: &Comparison) -> Result<Vec<Difference>> {
        let [least, largest] = self.range;
        ensure!(
            least < largest && (largest - least).is_finite(),
            "--range: expected two finite numbers, the smaller one first"
        );
        let input = comparison.dataflow.values.first().context("expected an input")?;
        let count = input.layout.shape().iter().product();
        // The same inputs every time: an import that passes once passes again.
        let mut random = oorandom::Rand32::new(1);
        let mut number = |_| match input.scale {
            // What a byte stands for, so that the file's own rounding changes nothing.
            Some(scale) if comparison.dataflow.takes_numbers => {
                scale.number(random.rand_range(0..256) as f32 - 128.0)
            }
            Some(_) => random.rand_range(0..256) as f32 - 128.0,
            None => least + (largest - least) * random.rand_float(),
        };
        // One at a time: an input may be the largest part of a file's values.
        let inputs = (0..COMPARED).map(|_| (0..count).map(&mut number).collect());
        comparison.with(engine, inputs)
    }
}

/// How many inputs are drawn to compare with the file's own graph.
const COMPARED: usize = 4;

fn inputs<'a>(graph: &Graph, path: &Path, bytes: &'a [u8]) -> Result<Inputs<'a>> {
    let what = path.display().to_string();
    Inputs::read(graph, &tensors::parse(bytes, &what)?).context(what)
}

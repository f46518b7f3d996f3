//! Models as users have them, imported.

use crate::arrays::{Rows, floats};
use crate::error::{BuildError, of_import};
use crate::network::Network;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rolling_ball_cli::{REPOSITORY, Source, build_shared_library};
use rolling_ball_import::{Import, Imported, Row};
use std::path::PathBuf;

/// An imported model.
#[pyclass(module = "rolling_ball", frozen)]
pub struct Model {
    import: Import,
    imported: Imported,
}

/// Labelled samples: inputs, labels, and what a byte of an input stands for.
type Samples<'py> = (Bound<'py, PyArray2<u8>>, Bound<'py, PyArray1<u8>>, f32, f32);

#[pymethods]
impl Model {
    /// The network's name.
    #[getter]
    fn name(&self) -> &str {
        self.imported.name()
    }

    /// How many values an input has.
    #[getter]
    fn inputs(&self) -> usize {
        self.imported.sizes().inputs
    }

    /// How many values an input has, and how many outputs there are.
    #[getter]
    fn shape(&self) -> (usize, usize) {
        let sizes = self.imported.sizes();
        (sizes.inputs, sizes.outputs)
    }

    /// How many parameters are trained: the length of theta.
    #[getter]
    fn parameters(&self) -> usize {
        self.imported.sizes().parameters
    }

    /// Theta to start from, float32 [parameters]: a copy.
    #[getter]
    fn theta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        PyArray1::from_vec(py, self.imported.theta())
    }

    /// The CRC-32 of what of the network no training changes, by which devices of a fleet know
    /// their model: inputs, outputs and parameters as u32, the backbone's bytes, the frozen
    /// parameters'.
    #[getter]
    fn hash(&self) -> u32 {
        self.imported.hash()
    }

    /// What a byte of an input stands for, as (scale, offset): `byte * scale + offset`. It is what
    /// the byte is to a model that takes bytes, else `range` in 255 steps.
    #[getter]
    fn byte(&self) -> (f32, f32) {
        self.imported.byte()
    }

    /// What of the model was left away or folded, in sentences.
    #[getter]
    fn notes(&self) -> &[String] {
        self.imported.notes()
    }

    /// What the network takes of a board, in rows: what is told, for f32, and with an int8
    /// backbone.
    fn report(&self) -> Vec<(String, String, Option<String>)> {
        let rows = self.imported.report().into_iter();
        rows.map(|Row { quantity, float, int8 }| (quantity.to_string(), float, int8)).collect()
    }

    /// As `rolling_ball.inspect`, of this model's file.
    fn inspect(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        inspected(py, &self.import)
    }

    /// What the frozen backbone makes of inputs, float32 [n, features], with the bits of the
    /// firmware; the inputs themselves where there is no backbone.
    ///
    /// `x` is uint8 or float32 [n, inputs], in the network's order: channels last. Nothing is
    /// compiled: it is a plain evaluation, slower than that of `Network`. Raises `TypeError` and
    /// `ValueError` of another type or shape.
    fn features<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (imported, width) = (&self.imported, self.imported.sizes().inputs);
        let (count, rows) = Rows::new("x", x, width, imported.byte())?;
        let values = rows.floats()?;
        let features = py.detach(|| {
            let rows = values.chunks(width.max(1)).map(|row| imported.features(row));
            rows.collect::<Result<Vec<_>, _>>()
        });
        let features = features.map_err(of_import)?;
        let each = imported.sizes().features;
        let flat = PyArray1::from_vec(py, features.concat());
        flat.reshape([count, each])
    }

    /// Reads labelled samples: a safetensors file with `inputs` in U8, their `scale` and `offset`,
    /// and `labels`. Returns x, uint8 [n, inputs] in the network's order, y, uint8 [n], scale and
    /// offset. Raises `ValueError` that says what is wrong with the file.
    fn samples<'py>(&self, py: Python<'py>, path: PathBuf) -> PyResult<Samples<'py>> {
        let samples = self.imported.samples(path).map_err(of_import)?;
        let (count, width) = (samples.labels.len(), self.imported.sizes().inputs);
        let inputs = PyArray1::from_vec(py, samples.inputs).reshape([count, width])?;
        Ok((inputs, PyArray1::from_vec(py, samples.labels), samples.scale, samples.offset))
    }

    /// Puts a trained theta, float32 [parameters], back into the model's own file, written to
    /// `path` in the place of what is there. Raises `ValueError` where the file has no place for a
    /// trained parameter, or cannot be written.
    fn export(&self, py: Python<'_>, theta: &Bound<'_, PyAny>, path: PathBuf) -> PyResult<()> {
        let theta = floats("theta", theta, &[self.imported.sizes().parameters])?;
        let theta = theta.get()?;
        py.detach(|| self.import.export(theta)?.overwrite(path)).map_err(of_import)
    }

    /// Compiles the network, once: a shared library of the device's own code, kept in `cache` (by
    /// default in the user's folder for caches, or in `ROLLING_BALL_CACHE`).
    ///
    /// `source` is where the library's Rust comes from: the folder of a clone, a version on
    /// crates.io, or the URL of a git repository. Cargo tells what it does, unless `quiet`. The
    /// first network takes a minute or two, others some seconds. A process keeps what it has
    /// loaded: after a change of the clone's code, start another. Raises `BuildError` where there
    /// is no cargo (rustup installs it), or with what cargo said, and where nothing of the model is
    /// trained; `ValueError` where there is no such source.
    #[pyo3(signature = (source=None, *, cache=None, quiet=false))]
    fn build(
        &self,
        py: Python<'_>,
        source: Option<String>,
        cache: Option<PathBuf>,
        quiet: bool,
    ) -> PyResult<Network> {
        let source = source.as_deref().unwrap_or(REPOSITORY);
        let source: Source = source
            .parse()
            .map_err(|error: anyhow::Error| PyValueError::new_err(format!("source: {error:#}")))?;
        let cache = match cache {
            Some(cache) => cache,
            None => default_cache()?,
        };
        // Cargo runs in a folder of its own.
        let cache = std::path::absolute(cache)?;
        let path = py
            .detach(|| build_shared_library(&self.imported, &source, &cache, quiet))
            .map_err(|error| BuildError::new_err(format!("{error:#}")))?;
        Network::load(path)
    }

    fn __repr__(&self) -> String {
        let sizes = self.imported.sizes();
        format!(
            "Model({}: {} inputs, {} outputs, {} parameters)",
            self.imported.name(),
            sizes.inputs,
            sizes.outputs,
            sizes.parameters
        )
    }
}

/// Imports a model: an ONNX or TFLite file, or a safetensors file whose layers the TOML file
/// `network` describes.
///
/// `train` says what is trained: `last:1`, which is the default, `last:2`, ..., `biases`, `all`, or
/// names of layers; `cut` trains all after the layer of that name. `name` becomes the network's.
/// `int8` quantises the frozen backbone by the inputs of that safetensors file. `range` is the
/// least and the largest number of inputs; `test` and `expected` are files to measure and to
/// compare with. What is imported is compared, layer by layer, with the file's own graph.
///
/// Raises `ValueError`, which says what is wrong with which file or layer.
#[pyfunction]
#[pyo3(signature = (
    path, network=None, *, train=None, cut=None, name=None, range=None, int8=None, test=None,
    expected=None
))]
#[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
pub fn import_model(
    py: Python<'_>,
    path: PathBuf,
    network: Option<PathBuf>,
    train: Option<Train>,
    cut: Option<String>,
    name: Option<String>,
    range: Option<(f32, f32)>,
    int8: Option<PathBuf>,
    test: Option<PathBuf>,
    expected: Option<PathBuf>,
) -> PyResult<Model> {
    let mut import = Import::new(path);
    import = network.into_iter().fold(import, Import::network);
    import = train.into_iter().fold(import, |import, words| import.train(words.words()));
    import = cut.into_iter().fold(import, Import::cut);
    import = name.into_iter().fold(import, Import::name);
    import = range.into_iter().fold(import, |import, (least, most)| import.range(least, most));
    import = int8.into_iter().fold(import, Import::int8);
    import = test.into_iter().fold(import, Import::test);
    import = expected.into_iter().fold(import, Import::expected);
    let imported = py.detach(|| import.read()).map_err(of_import)?;
    Ok(Model { import, imported })
}

/// What is trained: one word, or several.
#[derive(FromPyObject)]
pub enum Train {
    Word(String),
    Words(Vec<String>),
}

impl Train {
    fn words(self) -> Vec<String> {
        match self {
            Self::Word(word) => vec![word],
            Self::Words(words) => words,
        }
    }
}

/// Where compiled networks are kept, if nobody says it.
fn default_cache() -> PyResult<PathBuf> {
    let folder = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    let home = || folder("HOME");
    let cache = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| home().map(|home| home.join(".cache")))
    };
    let cache = folder("ROLLING_BALL_CACHE").or(cache.map(|cache| cache.join("rolling-ball")));
    cache.ok_or_else(|| {
        let said = "there is no home folder to keep compiled networks in: expected cache=, or the \
                    environment's ROLLING_BALL_CACHE";
        PyValueError::new_err(said)
    })
}

fn inspected(py: Python<'_>, import: &Import) -> PyResult<Py<PyAny>> {
    let inspection = py.detach(|| import.inspect()).map_err(of_import)?;
    let text = serde_json::to_string(&inspection)
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(py.import("json")?.call_method1("loads", (text,))?.unbind())
}

/// Tells what a model has, and what training more or less of it would take of a board; imports
/// nothing. A dictionary with the lists `layers` and `cuts`, whose `train` is for `import_model`.
/// Raises `ValueError` where the file cannot be read.
#[pyfunction]
#[pyo3(signature = (path, network=None))]
pub fn inspect(py: Python<'_>, path: PathBuf, network: Option<PathBuf>) -> PyResult<Py<PyAny>> {
    let import = network.into_iter().fold(Import::new(path), Import::network);
    inspected(py, &import)
}

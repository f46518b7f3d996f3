//! Models as users have them, imported.

use crate::arrays::{Rows, Values};
use crate::error::{BuildError, of_import};
use crate::network::Network;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
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
    #[getter]
    fn name(&self) -> &str {
        self.imported.name()
    }

    #[getter]
    fn inputs(&self) -> usize {
        self.imported.sizes().inputs
    }

    #[getter]
    fn shape(&self) -> (usize, usize) {
        let sizes = self.imported.sizes();
        (sizes.inputs, sizes.outputs)
    }

    #[getter]
    fn parameters(&self) -> usize {
        self.imported.sizes().parameters
    }

    #[getter]
    fn theta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        PyArray1::from_vec(py, self.imported.theta())
    }

    #[getter]
    fn hash(&self) -> u32 {
        self.imported.hash()
    }

    #[getter]
    fn byte(&self) -> (f32, f32) {
        self.imported.byte()
    }

    #[getter]
    fn notes(&self) -> &[String] {
        self.imported.notes()
    }

    fn report(&self) -> Vec<(String, String, Option<String>)> {
        let rows = self.imported.report().into_iter();
        rows.map(|Row { quantity, float, int8 }| (quantity.to_string(), float, int8)).collect()
    }

    fn inspect(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        inspected(py, &self.import)
    }

    fn features<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (imported, width) = (&self.imported, self.imported.sizes().inputs);
        let (count, rows) = Rows::new("x", x, width, imported.byte())?;
        let floats = rows.floats()?;
        let features = py.detach(|| {
            let rows = floats.chunks(width.max(1)).map(|row| imported.features(row));
            rows.collect::<Result<Vec<_>, _>>()
        });
        let features = features.map_err(of_import)?;
        let each = imported.sizes().features;
        let flat = PyArray1::from_vec(py, features.concat());
        flat.reshape([count, each])
    }

    fn samples<'py>(&self, py: Python<'py>, path: PathBuf) -> PyResult<Samples<'py>> {
        let samples = self.imported.samples(path).map_err(of_import)?;
        let (count, width) = (samples.labels.len(), self.imported.sizes().inputs);
        let inputs = PyArray1::from_vec(py, samples.inputs).reshape([count, width])?;
        Ok((inputs, PyArray1::from_vec(py, samples.labels), samples.scale, samples.offset))
    }

    fn export(&self, py: Python<'_>, theta: &Bound<'_, PyAny>, path: PathBuf) -> PyResult<()> {
        let theta: Values<'_, f32> =
            crate::arrays::floats("theta", theta, self.imported.sizes().parameters)?;
        let theta = theta.get()?;
        let exported = py.detach(|| self.import.export(theta)).map_err(of_import)?;
        std::fs::write(&path, exported.bytes())?;
        Ok(())
    }

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

/// Imports a model.
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
        .map_err(|error| PyTypeError::new_err(error.to_string()))?;
    Ok(py.import("json")?.call_method1("loads", (text,))?.unbind())
}

/// Tells what a model has, and imports nothing.
#[pyfunction]
#[pyo3(signature = (path, network=None))]
pub fn inspect(py: Python<'_>, path: PathBuf, network: Option<PathBuf>) -> PyResult<Py<PyAny>> {
    let import = network.into_iter().fold(Import::new(path), Import::network);
    inspected(py, &import)
}

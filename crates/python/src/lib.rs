//! The Python package `rolling-ball`: what of it is compiled. `python/rolling_ball` has the rest,
//! and the types of what is here in `_native.pyi`. The comments of what Python sees are what its
//! `help` prints.

mod arrays;
mod error;
mod fleet;
mod library;
mod model;
mod network;
mod optimizer;
mod optimizers;
mod report;
mod schedule;

use pyo3::pymodule;

#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::fleet::{Hello, Metrics, end, hello, rehearse_update, round};
    #[pymodule_export]
    use crate::model::{Model, import_model, inspect};
    #[pymodule_export]
    use crate::network::{FineTuned, Network, Rehearsed, Trained, hash};
    #[pymodule_export]
    use crate::optimizer::Optimizer;
    #[pymodule_export]
    use crate::optimizers::{Adam, Ball, Dog, EntropySgd, Prodigy, Sam, Sgd, ZerothOrderBall};
    #[pymodule_export]
    use crate::report::{Accuracy, Report, Step};
    #[pymodule_export]
    use crate::schedule::Schedule;
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;
    use std::ffi::OsString;

    /// Runs the command `rolling-ball` with these arguments, the first of which is its name, and
    /// returns what the process should exit with.
    #[pyfunction]
    fn command(arguments: Vec<OsString>) -> u8 {
        let code = rolling_ball_cli::run(arguments);
        u8::from(code != std::process::ExitCode::SUCCESS)
    }

    /// Runs the command as `command` does, for programs that go on.
    #[pyfunction]
    fn run(py: Python<'_>, arguments: Vec<OsString>) -> PyResult<()> {
        py.detach(|| rolling_ball_cli::try_run(arguments))
            .map_err(|error| PyValueError::new_err(format!("{error:#}")))
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("BuildError", module.py().get_type::<crate::error::BuildError>())?;
        module.add("Refused", module.py().get_type::<crate::fleet::Refused>())?;
        module.add("CHUNK", rolling_ball_fleet::CHUNK)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

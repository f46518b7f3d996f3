//! What went wrong, as exceptions of Python: `ValueError` where what was given is wrong,
//! `FloatingPointError` where a number on the way was not finite.

use pyo3::exceptions::{PyException, PyFloatingPointError, PyRuntimeError, PyValueError};
use pyo3::{PyErr, create_exception};
use rolling_ball::Error;
use rolling_ball_rehearsal::shared_library::Refused;

create_exception!(
    rolling_ball,
    BuildError,
    PyException,
    "A network could not be compiled or loaded: there is no cargo, or what it said."
);

/// An error of the core.
pub fn of_core(error: Error) -> PyErr {
    let said = error.to_string();
    match error {
        Error::NonFiniteParameters
        | Error::NonFiniteLoss
        | Error::NonFiniteGradient
        | Error::NonFiniteUpdate
        | Error::NonFiniteOutput
        | Error::NonFiniteInput => PyFloatingPointError::new_err(said),
        Error::UnexpectedAnswer { .. } => PyRuntimeError::new_err(said),
        _ => PyValueError::new_err(said),
    }
}

/// An answer of a network's library.
pub fn of_library(refused: Refused) -> PyErr {
    match refused {
        Refused::Wrong(said) => PyValueError::new_err(said),
        Refused::NotFinite(said) => PyFloatingPointError::new_err(said),
    }
}

/// An error of an import: what is wrong with which file.
pub fn of_import(error: rolling_ball_import::Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}

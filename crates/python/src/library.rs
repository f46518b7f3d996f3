//! The shared library of a network, loaded. The one file with `unsafe`.

#![allow(unsafe_code, reason = "a library's symbol has no type; see SAFETY")]

use crate::error::BuildError;
use libloading::Library;
use pyo3::PyResult;
use rolling_ball_rehearsal::shared_library::{Functions, SYMBOL};
use std::path::Path;

/// Loads a library, which stays loaded until the process ends: another file that takes its place
/// meanwhile is not looked at. The path is an absolute one, since a bare name would be looked for
/// where the system has its libraries.
pub fn load(path: &Path) -> PyResult<&'static Functions> {
    let wrong = |said: String| BuildError::new_err(format!("{}: {said}", path.display()));
    // SAFETY: loading a library runs its initialisers. A library of Rust has none of its own; that
    // the file is one that this package has made is what the caller says by naming it, as with any
    // extension that Python imports.
    let library = unsafe { Library::new(path) }
        .map_err(|error| wrong(format!("{:#}", anyhow::Error::new(error))))?;
    // It is never unloaded, so what is found in it lives as long as the process.
    let library = Box::leak(Box::new(library));
    let expected = "expected the library of a network, as Model.build makes it";
    // SAFETY: the symbol's address is only looked up; of what it points to, the first field, a
    // version, is read, which is in all versions a `u32`.
    let version = unsafe { library.get::<*const u32>(SYMBOL) };
    let version = version.map_err(|_| wrong(expected.to_owned()))?;
    // SAFETY: as above.
    let found = unsafe { **version };
    if found != Functions::VERSION {
        return Err(wrong(format!(
            "it is of version {found} of the interface, expected {}: delete its folder, and build \
             the network again",
            Functions::VERSION
        )));
    }
    // SAFETY: a library of this version has a static of this type, in a layout that does not depend
    // on the compiler, and stays loaded.
    let functions = unsafe { library.get::<*const Functions>(SYMBOL) };
    let functions = functions.map_err(|_| wrong(expected.to_owned()))?;
    // SAFETY: as above.
    Ok(unsafe { &**functions })
}

//! A network as a static library for C: a crate that becomes one, its header, and the one object
//! that is left of it.

mod object;

pub use object::single_object;

use crate::emit::File;
use crate::error::Error;
use crate::imported::Imported;
use crate::template::Words;
use crate::write::{self, Existing};
use anyhow::{Result, ensure};
use std::path::Path;

/// A crate of which cargo makes a static library that contains a network and all of the C
/// interface, and the header of that library.
#[derive(Clone, Debug)]
pub struct CLibrary {
    name: String,
    header: File,
    crate_files: Vec<File>,
}

impl CLibrary {
    pub(crate) fn new(imported: &Imported, core: &str, bindings: &str) -> Result<Self> {
        let Imported { graph, int8, files, .. } = imported;
        let name = graph.name.clone();
        ensure!(
            !name.starts_with("rb_"),
            "name = {name:?}: expected one without rb_ at its beginning, which all names of \
             rolling_ball.h have"
        );
        let sizes = imported.sizes();
        ensure!(
            sizes.parameters > 0,
            "nothing is trained, so the library would have no theta: --train"
        );
        let [feature, c_feature] = if int8.is_some() { ["i8", "int8_t"] } else { ["f32", "float"] };
        let words = Words::new([
            ("name", name.as_str()),
            ("NAME", &name.to_uppercase()),
            ("feature", feature),
            ("c_feature", c_feature),
            ("core", core),
            ("bindings", bindings),
        ])
        .numbers([
            ("inputs", sizes.inputs),
            ("outputs", sizes.outputs),
            ("parameters", sizes.parameters),
            ("features", sizes.features),
            ("feature_bytes", sizes.feature_bytes),
            ("scratch", sizes.scratch),
            ("ram_bytes", sizes.ram_bytes()),
        ]);
        let header = words.fill(&format!("{name}.h"), include_str!("header.h"));
        let mut crate_files = vec![
            words.fill("Cargo.toml", include_str!("manifest.toml")),
            words.fill("lib.rs", include_str!("library.rs")),
            File::new(".gitignore".to_owned(), b"/target\n".to_vec()),
        ];
        crate_files.extend(files.iter().cloned());
        Ok(Self { name, header, crate_files })
    }

    /// Writes the crate into the folder `NAME` of a directory, and the header `NAME.h` beside it.
    ///
    /// # Errors
    ///
    /// As those of [`Imported::write`].
    pub fn write(&self, directory: impl AsRef<Path>) -> Result<(), Error> {
        self.write_or(directory.as_ref(), Existing::Refused)
    }

    /// Writes the same in the place of what is there.
    ///
    /// # Errors
    ///
    /// As those of [`Imported::overwrite`].
    pub fn overwrite(&self, directory: impl AsRef<Path>) -> Result<(), Error> {
        self.write_or(directory.as_ref(), Existing::Replaced)
    }

    fn write_or(&self, directory: &Path, existing: Existing) -> Result<(), Error> {
        let folder = directory.join(&self.name);
        write::check_directory(directory)?;
        write::check_directory(&folder)?;
        // The header last: where it is, the crate is whole.
        write::write(&folder, &self.crate_files, existing)?;
        Ok(write::write(directory, std::slice::from_ref(&self.header), existing)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::Import;
    use crate::tests::models;
    use anyhow::{Result, ensure};

    #[test]
    fn a_library_without_theta_or_with_the_interfaces_own_names_is_refused() -> Result<()> {
        let import = || Import::new(models().join("operators/residual.onnx"));
        for (import, expected) in [
            (import().train(["none"]), "nothing is trained"),
            (import().name("rb_ball"), "expected one without rb_"),
        ] {
            let refused = import.read()?.c_library("", "").err();
            let said = refused.map(|error| error.to_string()).unwrap_or_default();
            ensure!(said.contains(expected), "{said}");
        }
        Ok(())
    }

    #[test]
    fn every_word_of_the_templates_is_filled_in() -> Result<()> {
        let imported = Import::new(models().join("operators/residual.onnx")).read()?;
        let library = imported.c_library("version = '1'", "version = '1'")?;
        let shared = imported.shared_library("version = '1'", "version = '1'")?;
        let files = library.crate_files.iter().chain([&library.header]).chain(shared.files());
        for file in files {
            let text = String::from_utf8_lossy(&file.content);
            ensure!(file.name.ends_with(".bin") || !text.contains('@'), "{}", file.name);
        }
        Ok(())
    }
}

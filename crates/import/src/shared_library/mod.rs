//! A network as a shared library of the desktop: the crate that becomes one.

use crate::emit::File;
use crate::error::Error;
use crate::imported::{CRC, Imported};
use crate::template::Words;
use crate::write::{self, Existing};
use anyhow::{Result, ensure};
use std::path::Path;

/// A crate of which cargo makes a shared library that evaluates, rehearses and fine-tunes a
/// network, for programs of this machine that load it.
#[derive(Clone, Debug)]
pub struct SharedLibrary {
    package: String,
    files: Vec<File>,
}

impl SharedLibrary {
    pub(crate) fn new(imported: &Imported, core: &str, rehearsal: &str) -> Result<Self> {
        let Imported { graph, byte: (scale, offset), files, .. } = imported;
        ensure!(
            imported.sizes().parameters > 0,
            "nothing is trained, so the library would have no theta: say in train what is"
        );
        let name = graph.name.as_str();
        let hash = imported.hash().to_string();
        let (scale, offset) = (format!("{scale:?}"), format!("{offset:?}"));
        let words = [("name", name), ("hash", &hash), ("scale", &scale), ("offset", &offset)];
        let library = Words::new(words).fill("lib.rs", include_str!("library.rs"));
        // Libraries of other contents have other names, so that all may lie in one folder; those of
        // another version of this crate too, since what they have may be another.
        let mut digest = CRC.digest();
        files.iter().chain([&library]).for_each(|file| digest.update(&file.content));
        for text in [core, rehearsal, env!("CARGO_PKG_VERSION")] {
            digest.update(text.as_bytes());
        }
        let digest = digest.finalize();
        let package = format!("{name}_{digest:08x}");
        let words =
            [("name", name), ("package", &package), ("core", core), ("rehearsal", rehearsal)];
        let manifest = Words::new(words).fill("Cargo.toml", include_str!("manifest.toml"));
        let mut all = files.clone();
        all.extend([library, manifest]);
        Ok(Self { package, files: all })
    }

    /// The name of the package: that of the network, and a hash of its files, of where the library
    /// comes from, and of this crate's version.
    #[must_use]
    pub fn package(&self) -> &str {
        &self.package
    }

    /// The files of the crate.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Writes the crate into a directory, in the place of what is there.
    ///
    /// # Errors
    ///
    /// As those of [`Imported::overwrite`].
    pub fn overwrite(&self, directory: impl AsRef<Path>) -> Result<(), Error> {
        write::check_directory(directory.as_ref())?;
        // The manifest last: where it is, the crate is whole.
        Ok(write::write(directory.as_ref(), &self.files, Existing::Replaced)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::Import;
    use crate::tests::models;
    use anyhow::{Result, ensure};

    #[test]
    fn libraries_of_other_contents_or_sources_have_other_names() -> Result<()> {
        let package = |train: &str, core: &str| -> Result<String> {
            let import = Import::new(models().join("digits_cnn.onnx")).train([train]);
            Ok(import.read()?.shared_library(core, "version = '1'")?.package().to_owned())
        };
        let one = package("last:1", "version = '1'")?;
        ensure!(one == package("last:1", "version = '1'")? && one.starts_with("digits_cnn_"));
        ensure!(one != package("all", "version = '1'")?);
        ensure!(one != package("last:1", "version = '2'")?);
        Ok(())
    }

    #[test]
    fn a_library_without_theta_is_refused() -> Result<()> {
        let import = Import::new(models().join("operators/residual.onnx")).train(["none"]);
        let refused = import.read()?.shared_library("", "").err();
        let said = refused.map(|error| error.to_string()).unwrap_or_default();
        ensure!(said.contains("nothing is trained"), "{said}");
        Ok(())
    }

    #[test]
    fn the_hash_is_that_of_what_no_training_changes() -> Result<()> {
        let import = |train: &str| {
            Import::new(models().join("digits_cnn.onnx")).train([train.to_owned()]).read()
        };
        let (last, all) = (import("last:1")?, import("all")?);
        ensure!(last.hash() == import("last:1")?.hash() && last.hash() != all.hash());
        // Nothing of it is frozen: the three sizes alone.
        let sizes = all.sizes();
        let words = [sizes.inputs, sizes.outputs, sizes.parameters];
        let bytes: Vec<u8> = words.iter().flat_map(|word| (*word as u32).to_le_bytes()).collect();
        ensure!(all.hash() == crate::imported::CRC.checksum(&bytes));
        Ok(())
    }
}

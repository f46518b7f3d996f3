//! Where a generated project takes this library from.

use anyhow::{Context, Error, Result, ensure};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::Value;

/// The repository of this library.
pub const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// A version on crates.io, a git repository, or a clone of it in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A requirement such as `0.1` or `=0.1.0`.
    Version(String),
    /// The URL of a repository.
    Git(String),
    /// The root of a clone.
    Path(PathBuf),
}

impl Source {
    /// What stands in Cargo.toml for the crate that lies in this folder of the repository, without
    /// braces, so that features can follow: `git = "https://..."`.
    pub fn of(&self, folder: &str) -> String {
        let (key, value) = match self {
            Self::Version(version) => ("version", version.clone()),
            Self::Git(url) => ("git", url.clone()),
            Self::Path(root) => {
                let path: PathBuf = root.join(folder).components().collect();
                ("path", path.to_string_lossy().into_owned())
            }
        };
        format!("{key} = {}", Value::from(value))
    }
}

/// As `--source` takes it.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(text) | Self::Git(text) => f.write_str(text),
            Self::Path(root) => root.display().fmt(f),
        }
    }
}

/// A version begins with a digit or a comparison, a URL has `://` or an `@`; all else is a folder,
/// which must be a clone.
impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let begins = text.trim_start_matches(['=', '^', '~', '<', '>', ' ']);
        if text.contains("://") || text.starts_with("git@") {
            Ok(Self::Git(text.to_owned()))
        } else if begins.starts_with(|letter: char| letter.is_ascii_digit())
            && !Path::new(text).is_dir()
        {
            Ok(Self::Version(text.to_owned()))
        } else {
            clone_in(Path::new(text)).map(Self::Path)
        }
    }
}

fn clone_in(folder: &Path) -> Result<PathBuf> {
    let expected = || {
        format!(
            "{}: expected a version such as {}, the URL of a git repository, or the folder of a \
             clone of {REPOSITORY}",
            folder.display(),
            env!("CARGO_PKG_VERSION")
        )
    };
    let root = folder.canonicalize().with_context(expected)?;
    ensure!(root.join("crates/import/Cargo.toml").is_file(), expected());
    ensure!(
        root.to_str().is_some(),
        "{}: Cargo.toml cannot name a path that is no UTF-8",
        folder.display()
    );
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_version_a_url_or_the_folder_of_a_clone() -> Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let clone = root.to_str().context("expected UTF-8")?;
        for (source, core, import) in [
            ("0.1", "version = \"0.1\"".to_owned(), "version = \"0.1\"".to_owned()),
            ("=0.1.0", "version = \"=0.1.0\"".to_owned(), "version = \"=0.1.0\"".to_owned()),
            (REPOSITORY, format!("git = \"{REPOSITORY}\""), format!("git = \"{REPOSITORY}\"")),
            (clone, format!("path = \"{clone}\""), format!("path = \"{clone}/crates/import\"")),
        ] {
            let source: Source = source.parse()?;
            assert_eq!((source.of(""), source.of("crates/import")), (core, import));
            assert_eq!(source.to_string().parse::<Source>()?, source);
        }
        Ok(())
    }

    #[test]
    fn a_folder_that_is_no_clone_is_refused_with_what_was_expected() {
        for folder in ["no/such/folder", env!("CARGO_MANIFEST_DIR")] {
            let said = format!("{:#}", folder.parse::<Source>().unwrap_err());
            assert!(said.contains(folder) && said.contains("expected a version"), "{said}");
        }
    }
}

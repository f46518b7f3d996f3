//! Writes the files of a network, whole or not at all.

use super::emit::File;
use anyhow::{Context, Result, anyhow, ensure};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// What becomes of files that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// They stay, and nothing is written.
    Refused,
    /// The new ones take their place. Where a symbolic link is in the way it goes, and what it
    /// points to stays as it is.
    Replaced,
}

/// Writes the files into a directory, which is made where it does not exist. Each is written under
/// a name of its own first, and then takes its name at once.
pub fn write(directory: &Path, files: &[File], existing: Existing) -> Result<()> {
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    let paths: Vec<PathBuf> = files.iter().map(|file| directory.join(&file.name)).collect();
    for path in &paths {
        check(path, existing)?;
    }
    let complete = files.iter().map(|file| {
        whole(directory, file)
            .with_context(|| format!("cannot write {}", directory.join(&file.name).display()))
    });
    let complete: Vec<NamedTempFile> = complete.collect::<Result<_>>()?;
    let mut written = Vec::new();
    for (file, path) in complete.into_iter().zip(&paths) {
        let placed = match existing {
            Existing::Refused => file.persist_noclobber(path),
            Existing::Replaced => file.persist(path),
        };
        if let Err(error) = placed {
            // Somebody else has made the file since it was looked for. What was replaced is gone,
            // and what was not there is not to be there.
            if existing == Existing::Refused {
                written.iter().for_each(|path| drop(fs::remove_file(path)));
            }
            return Err(error.error).with_context(|| format!("cannot write {}", path.display()));
        }
        written.push(path);
    }
    Ok(())
}

/// Refuses a directory that is a symbolic link: what it points to may be anybody's.
pub fn check_directory(directory: &Path) -> Result<()> {
    // A slash at the end would follow the link.
    let directory: PathBuf = directory.components().collect();
    let link = fs::symlink_metadata(&directory).is_ok_and(|metadata| metadata.is_symlink());
    ensure!(
        !link,
        "{} is a symbolic link, which is not followed: name the directory itself",
        directory.display()
    );
    Ok(())
}

fn check(path: &Path, existing: Existing) -> Result<()> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    let shown = path.display();
    if metadata.is_dir() {
        return Err(anyhow!("{shown} is a directory: expected none, or a file to replace"));
    }
    let what = if metadata.is_symlink() { "is a symbolic link" } else { "is there already" };
    ensure!(
        existing == Existing::Replaced,
        "{shown} {what}, and nothing was written: --force (Imported::overwrite) replaces it"
    );
    Ok(())
}

/// The file under a name that nobody else has.
fn whole(directory: &Path, file: &File) -> Result<NamedTempFile> {
    let mut builder = Builder::new();
    // It is nobody's secret, as temporary files are.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.prefix(".rolling-ball-").tempfile_in(directory)?;
    temporary.write_all(&file.content)?;
    Ok(temporary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn file(name: &str, content: &str) -> File {
        File { name: name.to_owned(), content: content.as_bytes().to_vec() }
    }

    /// What is in a directory.
    fn there(directory: &Path) -> Result<BTreeMap<String, String>> {
        let entries = fs::read_dir(directory)?.map(|entry| {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok((name, fs::read_to_string(entry.path()).unwrap_or_default()))
        });
        entries.collect()
    }

    fn complaint(result: Result<()>) -> String {
        result.err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    #[test]
    fn files_that_are_there_stay_and_no_other_is_written_unless_they_are_to_be_replaced()
    -> Result<()> {
        let folder = tempfile::tempdir()?;
        let files = [file("a.rs", "new"), file("b.bin", "new")];
        fs::write(folder.path().join("b.bin"), "old")?;
        let said = complaint(write(folder.path(), &files, Existing::Refused));
        ensure!(said.contains("b.bin is there already") && said.contains("--force"), "{said}");
        ensure!(there(folder.path())? == BTreeMap::from([("b.bin".into(), "old".into())]));
        write(folder.path(), &files, Existing::Replaced)?;
        let new = ["a.rs", "b.bin"].map(|name| (name.to_owned(), "new".to_owned()));
        ensure!(there(folder.path())? == BTreeMap::from(new));
        Ok(())
    }

    #[test]
    fn a_directory_in_the_place_of_a_file_is_never_replaced() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("b.bin"))?;
        for existing in [Existing::Refused, Existing::Replaced] {
            let files = [file("a.rs", "new"), file("b.bin", "new")];
            let said = complaint(write(folder.path(), &files, existing));
            ensure!(said.contains("b.bin is a directory"), "{said}");
            ensure!(!folder.path().join("a.rs").exists(), "a.rs was written");
        }
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_refused_or_replaced_and_its_target_never_touched() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let (target, out) = (folder.path().join("target"), folder.path().join("out"));
        fs::write(&target, "precious")?;
        fs::create_dir(&out)?;
        for points_to in [target.clone(), folder.path().join("nothing")] {
            let link = out.join("a.rs");
            std::os::unix::fs::symlink(&points_to, &link)?;
            let said = complaint(write(&out, &[file("a.rs", "new")], Existing::Refused));
            ensure!(said.contains("a.rs is a symbolic link"), "{said}");
            write(&out, &[file("a.rs", "new")], Existing::Replaced)?;
            ensure!(!fs::symlink_metadata(&link)?.is_symlink(), "the link is still there");
            ensure!(fs::read_to_string(&link)? == "new");
            fs::remove_file(&link)?;
        }
        ensure!(fs::read_to_string(&target)? == "precious");
        ensure!(!folder.path().join("nothing").exists(), "the link was followed");
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_is_a_symbolic_link_is_refused_with_a_slash_at_its_end_too() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link)?;
        for path in [link.clone(), link.join("")] {
            let said = complaint(check_directory(&path));
            ensure!(said.contains("link is a symbolic link, which is not followed"), "{said}");
        }
        check_directory(folder.path())?;
        check_directory(&folder.path().join("not/there/yet"))
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_may_be_read_by_whom_new_files_may() -> Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir()?;
        write(folder.path(), &[file("a.rs", "new")], Existing::Refused)?;
        fs::write(folder.path().join("plain"), "")?;
        let mode = |name| {
            Ok::<_, std::io::Error>(fs::metadata(folder.path().join(name))?.permissions().mode())
        };
        ensure!(mode("a.rs")? == mode("plain")?);
        Ok(())
    }
}

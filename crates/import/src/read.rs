//! Reads files that may be anything.

use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// The most bytes of a description of a network. Each of them takes up to a hundred in memory while
/// it is parsed.
pub const LARGEST_DESCRIPTION: u64 = 1 << 18;

/// The most bytes of a model, and of a file of inputs.
pub const LARGEST_TENSORS: u64 = 1 << 28;

/// Reads a file of at most so many bytes.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let unreadable = || format!("cannot read {}", path.display());
    // A pipe would have to be waited for as soon as it is opened, and a device may never end.
    let metadata = fs::metadata(path).with_context(unreadable)?;
    ensure!(metadata.is_file(), "{}: expected a file, found {}", path.display(), kind(&metadata));
    let mut file = File::open(path).with_context(unreadable)?.take(most + 1);
    let mut bytes = Vec::new();
    if metadata.len() <= most {
        bytes.reserve_exact(usize::try_from(metadata.len())?);
        file.read_to_end(&mut bytes).with_context(unreadable)?;
    }
    ensure!(
        metadata.len() <= most && bytes.len() as u64 <= most,
        "{}: expected a file of at most {most} bytes, found {}",
        path.display(),
        metadata.len().max(bytes.len() as u64)
    );
    Ok(bytes)
}

fn kind(metadata: &fs::Metadata) -> &'static str {
    if metadata.is_dir() { "a directory" } else { "a device or a pipe" }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn complaint(path: &Path, most: u64) -> String {
        read(path, most).err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    #[test]
    fn a_directory_and_a_device_are_refused_by_name() {
        let directory = std::env::temp_dir();
        assert_eq!(
            complaint(&directory, 100),
            format!("{}: expected a file, found a directory", directory.display())
        );
        for device in ["/dev/zero", "/dev/null"] {
            let expected = format!("{device}: expected a file, found a device or a pipe");
            assert_eq!(complaint(Path::new(device), 100), expected);
        }
    }

    #[test]
    fn a_pipe_that_nobody_writes_into_is_not_waited_for() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let pipe = folder.path().join("pipe");
        ensure!(std::process::Command::new("mkfifo").arg(&pipe).status()?.success());
        let said = complaint(&pipe, 100);
        ensure!(said.ends_with("pipe: expected a file, found a device or a pipe"), "{said}");
        Ok(())
    }

    #[test]
    fn a_file_above_the_limit_is_refused_with_both_sizes() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        fs::write(&path, [7; 101])?;
        let said = complaint(&path, 100);
        ensure!(said.ends_with("expected a file of at most 100 bytes, found 101"), "{said}");
        ensure!(read(&path, 101)? == [7; 101]);
        Ok(())
    }

    #[test]
    fn a_file_that_claims_to_be_empty_is_read_up_to_the_limit() {
        // Linux makes the content of this file while it is read, and says that its size is 0.
        let path = Path::new("/proc/cpuinfo");
        if path.exists() {
            let said = complaint(path, 10);
            assert!(said.ends_with("expected a file of at most 10 bytes, found 11"), "{said}");
        }
    }
}

//! Reads files of data, which may be anything.

use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// The most bytes of a file, and of what is packed in it: the images of MNIST are 47 million.
const MOST: u64 = 1 << 26;

/// Opens a file; what is no file may have to be waited for, or never end.
pub fn open(path: &Path) -> Result<File> {
    let unreadable = || format!("cannot read {}", path.display());
    let is_file = fs::metadata(path).with_context(unreadable)?.is_file();
    ensure!(is_file, "{}: expected a file, found something else", path.display());
    File::open(path).with_context(unreadable)
}

/// Reads all of a file that was opened, or what is packed in it, up to a limit: a few bytes may be
/// packed gigabytes.
pub fn whole(reader: impl Read, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = reader.take(MOST + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("{} cannot be read to its end", path.display()))?;
    ensure!(
        bytes.len() as u64 <= MOST,
        "{}: expected at most {MOST} bytes, unpacked where it is packed",
        path.display()
    );
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Write, repeat};

    #[test]
    fn what_is_packed_is_unpacked_up_to_a_limit() -> Result<()> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::copy(&mut repeat(0).take(2 * MOST), &mut packed)?;
        packed.flush()?;
        let packed = packed.finish()?;
        ensure!((packed.len() as u64) < MOST / 100, "{} bytes are no bomb", packed.len());
        let unpacked = whole(flate2::read::GzDecoder::new(&packed[..]), Path::new("bomb.gz"));
        let said = unpacked.err().map(|error| format!("{error:#}")).unwrap_or_default();
        ensure!(said.contains("bomb.gz: expected at most 67108864 bytes"), "{said}");
        Ok(())
    }

    #[test]
    fn a_directory_is_no_file() {
        let said = open(&std::env::temp_dir()).err().map(|error| error.to_string());
        assert!(said.unwrap_or_default().ends_with("expected a file, found something else"));
    }
}

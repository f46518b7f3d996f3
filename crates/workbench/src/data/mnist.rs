//! MNIST, from the four IDX files of its authors.

use crate::data::{Dataset, file};
use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use std::path::Path;

/// Pixels of an image.
pub const WIDTH: usize = 28 * 28;

/// Training and test images with their labels.
pub struct Mnist {
    /// 60,000 images.
    pub train: Dataset,
    /// 10,000 others.
    pub test: Dataset,
}

impl Mnist {
    /// Reads `{train,t10k}-{images-idx3,labels-idx1}-ubyte` of a directory, packed (`.gz`) or not;
    /// pixels are normalised by the mean and the deviation of the training images, 0.1307 and
    /// 0.3081.
    pub fn read(directory: &Path) -> Result<Self> {
        let read = |part: &str| -> Result<Dataset> {
            let images = payload(directory, &format!("{part}-images-idx3-ubyte"), [0x803, 28, 28])?;
            let labels = payload(directory, &format!("{part}-labels-idx1-ubyte"), [0x801, 0, 0])?;
            ensure!(
                images.len() == WIDTH * labels.len(),
                "the {part} files in {} do not belong together: {} bytes of images, {} labels",
                directory.display(),
                images.len(),
                labels.len()
            );
            ensure!(labels.iter().all(|label| *label < 10), "a {part} label is above 9");
            Ok(Dataset {
                inputs: images,
                labels,
                width: WIDTH,
                scale: 1.0 / (255.0 * 0.3081),
                offset: -0.1307 / 0.3081,
            })
        };
        Ok(Self { train: read("train")?, test: read("t10k")? })
    }
}

/// What follows the header of a file: its magic number, the count, and of images rows and columns.
fn payload(directory: &Path, name: &str, [magic, rows, columns]: [u32; 3]) -> Result<Vec<u8>> {
    let bytes = bytes(directory, name)?;
    let fields = if rows == 0 { 2 } else { 4 };
    let header: Vec<u32> = bytes.chunks_exact(4).take(fields).map(big_endian).collect();
    let expected =
        |count| if rows == 0 { vec![magic, count] } else { vec![magic, count, rows, columns] };
    let count = header.get(1).copied().unwrap_or(0);
    ensure!(
        header == expected(count),
        "{name} in {} is no such IDX file: its header is {header:x?}",
        directory.display()
    );
    let payload = bytes.get(4 * fields..).unwrap_or_default();
    let length = u64::from(count) * u64::from((rows * columns).max(1));
    ensure!(
        payload.len() as u64 == length,
        "{name} in {} is cut off: expected {length} bytes after the header, got {}",
        directory.display(),
        payload.len()
    );
    Ok(payload.to_vec())
}

fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// The file, or what is packed in it.
fn bytes(directory: &Path, name: &str) -> Result<Vec<u8>> {
    let plain = directory.join(name);
    if plain.is_file() {
        return file::whole(file::open(&plain)?, &plain);
    }
    let packed = directory.join(format!("{name}.gz"));
    let file = file::open(&packed).with_context(|| {
        format!(
            "cannot read {}, nor {name} beside it: expected the directory with MNIST's four IDX \
             files, packed or not (Fashion-MNIST's, of the Debian package \
             dataset-fashion-mnist, serve too: /usr/share/datasets/fashion-mnist)",
            packed.display()
        )
    })?;
    file::whole(GzDecoder::new(file), &packed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_is_cut_off_or_something_else_says_so() -> Result<()> {
        let directory =
            std::env::temp_dir().join(format!("rolling-ball-mnist-{}", std::process::id()));
        fs::create_dir_all(&directory)?;
        let name = "train-labels-idx1-ubyte";
        let said = |bytes: &[u8]| -> Result<String> {
            fs::write(directory.join(name), bytes)?;
            let read = payload(&directory, name, [0x801, 0, 0]);
            Ok(read.map_or_else(|error| format!("{error:#}"), |labels| format!("{labels:?}")))
        };
        assert_eq!(said(&[0, 0, 8, 1, 0, 0, 0, 2, 7, 3])?, "[7, 3]");
        assert!(
            said(&[0, 0, 8, 1, 0, 0, 0, 3, 7, 3])?
                .contains("expected 3 bytes after the header, got 2")
        );
        assert!(said(&[0, 0, 8, 3, 0, 0, 0, 2, 7, 3])?.contains("no such IDX file"));
        assert!(said(&[0])?.contains("no such IDX file"));
        fs::remove_dir_all(&directory)?;
        Ok(())
    }

    #[test]
    fn a_missing_directory_is_named_with_what_it_should_hold() {
        let said = bytes(Path::new("no-such-folder"), "train-labels-idx1-ubyte").unwrap_err();
        let said = format!("{said:#}");
        assert!(said.contains("no-such-folder") && said.contains("four IDX files"), "{said}");
    }
}

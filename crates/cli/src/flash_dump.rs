//! A dump of the flash that holds a device's checkpoints.

use anyhow::{Context, Result, anyhow, ensure};
use rolling_ball::{CheckpointError, Checkpoints, Flash, FlashSizes};
use std::fs;
use std::path::Path;

/// The most bytes of a dump: more than any microcontroller's flash.
const LARGEST: u64 = 1 << 30;

/// Reads the newest theta, of so many parameters, from a dump of the checkpoints' range.
pub fn theta(path: &Path, parameters: usize, [write, erase]: [usize; 2]) -> Result<Vec<f32>> {
    let shown = path.display();
    let unreadable = || format!("cannot read {shown}");
    let metadata = fs::metadata(path).with_context(unreadable)?;
    ensure!(metadata.is_file(), "{shown}: expected a file");
    let length = metadata.len();
    ensure!(length <= LARGEST, "{shown}: expected at most {LARGEST} bytes, found {length}");
    let bytes = fs::read(path).with_context(unreadable)?;
    let capacity = bytes.len() / erase.max(1) * erase;
    let end = u32::try_from(capacity).with_context(unreadable)?;
    let dump = Dump { bytes, sizes: FlashSizes { read: 1, write, erase, capacity } };
    let said = |error: CheckpointError<&str>| anyhow!("{shown}: {error}");
    let mut theta = vec![0.0; parameters];
    let found = Checkpoints::new(dump, 0..end).map_err(said)?.resume_theta(&mut theta);
    found.map_err(said)?.with_context(|| {
        format!(
            "{shown}: no checkpoint was found. Is it a dump of the whole range that checkpoints \
             have, from its beginning, with an erase block of {erase} bytes and a write of {write}?"
        )
    })?;
    Ok(theta)
}

/// The bytes, with what the flash erases and writes at once, which say where checkpoints lie.
struct Dump {
    bytes: Vec<u8>,
    sizes: FlashSizes,
}

impl Flash for Dump {
    type Error = &'static str;

    fn sizes(&self) -> FlashSizes {
        self.sizes
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), &'static str> {
        let start = offset as usize;
        let there = self.bytes.get(start..start.saturating_add(bytes.len()));
        bytes.copy_from_slice(there.ok_or("the dump ends before the checkpoint does")?);
        Ok(())
    }

    fn write(&mut self, _offset: u32, _bytes: &[u8]) -> Result<(), &'static str> {
        Err("a dump is not written")
    }

    fn erase(&mut self, _from: u32, _to: u32) -> Result<(), &'static str> {
        Err("a dump is not erased")
    }
}

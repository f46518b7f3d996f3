//! Puts a firmware's defmt log into words: the strings are in its ELF file, only numbers come from
//! the device.

use anyhow::{Context, Result, bail};
use defmt_decoder::{DecodeError, Table};
use std::fs;
use std::path::Path;

/// The lines of a log, as `defmt-print` would show them.
pub fn decode(elf: &Path, log: &[u8]) -> Result<Vec<String>> {
    let elf_bytes =
        fs::read(elf).with_context(|| format!("cannot read {}; build it first", elf.display()))?;
    let table = Table::parse(&elf_bytes)?
        .with_context(|| format!("{} logs nothing by defmt", elf.display()))?;
    let mut decoder = table.new_stream_decoder();
    decoder.received(log);
    let mut lines = Vec::new();
    loop {
        match decoder.decode() {
            Ok(frame) => lines.push(frame.display(false).to_string()),
            Err(DecodeError::UnexpectedEof) => return Ok(lines),
            Err(DecodeError::Malformed) => bail!("the log is damaged after {lines:#?}"),
        }
    }
}

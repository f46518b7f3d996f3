//! The instructions of a firmware, as llvm-objdump lists them.

use super::instruction::{Instruction, parse_line};
use crate::device::elf::{parse, read, truncated};
use anyhow::{Context, Result};
use object::{Object, ObjectSymbol};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::setup;
use workbench::workspace::capture;

/// All instructions of a firmware.
pub struct Listing {
    elf: PathBuf,
    instructions: Vec<Instruction>,
    /// The place of each address in that vector.
    places: HashMap<u32, usize>,
}

impl Listing {
    /// Lists the instructions of an ELF file.
    pub fn of(elf: &Path) -> Result<Self> {
        let objdump = setup::llvm_tool("llvm-objdump")?;
        let mut command = Command::new(objdump);
        command.args(["--disassemble", "--section=.text", "--mcpu=cortex-m4"]).arg(elf);
        let text = capture(&mut command, "listing the instructions of the firmware")?;
        let mut instructions = Vec::new();
        for line in text.lines() {
            instructions.extend(parse_line(line)?);
        }
        let places = (0..).zip(&instructions).map(|(place, own)| (own.address, place)).collect();
        Ok(Self { elf: elf.to_owned(), instructions, places })
    }

    /// The instructions from an address on.
    pub fn from(&self, address: u32) -> Result<&[Instruction]> {
        let place = self.places.get(&address).with_context(|| {
            format!("{} has no instruction at {address:#x}", self.elf.display())
        })?;
        Ok(self.instructions.get(*place..).unwrap_or_default())
    }

    /// The address of the function of that name.
    pub fn function(&self, name: &str) -> Result<u32> {
        let bytes = read(&self.elf)?;
        let file = parse(&self.elf, &bytes)?;
        for symbol in file.symbols() {
            let raw = symbol.name().with_context(|| truncated(&self.elf))?;
            if format!("{:#}", rustc_demangle::demangle(raw)) == name {
                // The lowest bit says that it is Thumb code.
                return Ok(symbol.address() as u32 & !1);
            }
        }
        anyhow::bail!("{} has no function {name}", self.elf.display())
    }
}

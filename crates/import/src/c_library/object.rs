//! A static library as one object whose only global names are those of its header. Else the copies
//! of `memcpy` and the like that Rust brings along would be those of the whole program, and a
//! libc's faster ones would not be linked.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library at `archive`, whose names begin with one of `prefixes`, as one that holds a single
/// object. `function` is one of its functions. Anything but an ELF is given back as it is.
///
/// # Errors
///
/// Where the linker that comes with Rust is not there or fails, or the object is not understood.
pub fn single_object(archive: &Path, function: &str, prefixes: &[&str]) -> Result<Vec<u8>> {
    let whole = std::fs::read(archive).with_context(|| format!("{}", archive.display()))?;
    if !holds_elf(&whole) {
        return Ok(whole);
    }
    let folder = tempfile::tempdir()?;
    let (linked, script) = (folder.path().join("rolling_ball.o"), folder.path().join("script"));
    // Rust's own objects come with what they were compiled from.
    std::fs::write(&script, "SECTIONS { /DISCARD/ : { *(.llvmbc) *(.llvmcmd) } }")?;
    let output = Command::new(linker()?)
        .args(["-flavor", "gnu", "--relocatable", "--strip-debug", "--undefined", function])
        .arg(archive)
        .arg("-T")
        .arg(&script)
        .arg("-o")
        .arg(&linked)
        .output()
        .context("running the linker of Rust")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "linking {}: {said}", archive.display());
    let mut object = std::fs::read(&linked)?;
    let kept = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let names = localise(&mut object, kept)
        .with_context(|| format!("the object of {} is not understood", archive.display()))?;
    ensure!(names.iter().any(|name| name == function), "{function} is not in the object");
    Ok(archived(&object, &names))
}

/// Whether the first member of an archive that is no table is an ELF.
fn holds_elf(archive: &[u8]) -> bool {
    archive.windows(6).any(|bytes| bytes == b"`\n\x7fELF")
}

/// The linker that comes with Rust.
fn linker() -> Result<PathBuf> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir"])
        .output()
        .context("running rustc, whose linker is looked for")?;
    let libraries = String::from_utf8(output.stdout)?;
    let host = Path::new(libraries.trim()).parent().context("rustc names no library folder")?;
    let linker = host.join("bin").join(format!("rust-lld{}", std::env::consts::EXE_SUFFIX));
    ensure!(linker.is_file(), "{} is not there: it comes with Rust", linker.display());
    Ok(linker)
}

const SYMTAB: u32 = 2;
const RELA: u32 = 4;
const REL: u32 = 9;
const GROUP: u32 = 17;
const SYMTAB_SHNDX: u32 = 18;
const ADDRSIG: u32 = 0x6fff_4c03;

/// A section's header.
#[derive(Clone, Copy, Debug)]
struct Section {
    kind: u32,
    at: usize,
    size: usize,
    link: usize,
    /// Where in the file the header's sh_link and sh_info are.
    link_at: usize,
    info_at: usize,
}

/// A little-endian ELF of 32 or 64 bits.
struct Elf<'a> {
    bytes: &'a mut [u8],
    wide: bool,
}

impl Elf<'_> {
    fn number(&self, at: usize, length: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn size(&self, at: usize, length: usize) -> Option<usize> {
        usize::try_from(self.number(at, length)?).ok()
    }

    fn put(&mut self, at: usize, number: u64, length: usize) -> Option<()> {
        let bytes = self.bytes.get_mut(at..at.checked_add(length)?)?;
        bytes.copy_from_slice(number.to_le_bytes().get(..length)?);
        Some(())
    }

    fn sections(&self) -> Option<Vec<Section>> {
        // Where the table begins, how long an entry is, and where in it things are.
        let (table, word, entry, count) =
            if self.wide { (0x28, 8, 0x3a, 0x3c) } else { (0x20, 4, 0x2e, 0x30) };
        let (start, length) = (self.size(table, word)?, self.size(entry, 2)?);
        let (offset, link) = if self.wide { (0x18, 0x28) } else { (0x10, 0x18) };
        (0..self.size(count, 2)?)
            .map(|index| {
                let header = start + index * length;
                Some(Section {
                    kind: u32::try_from(self.number(header + 4, 4)?).ok()?,
                    at: self.size(header + offset, word)?,
                    size: self.size(header + offset + word, word)?,
                    link: self.size(header + link, 4)?,
                    link_at: header + link,
                    info_at: header + link + 4,
                })
            })
            .collect()
    }

    fn name(&self, at: usize) -> Option<String> {
        let text = self.bytes.get(at..)?.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

/// Makes every name local that is defined and not kept, and returns those that are. A table of
/// symbols begins with the local ones, so their numbers change.
fn localise(bytes: &mut [u8], kept: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let little = bytes.get(5) == Some(&1);
    let mut elf = Elf { wide: bytes.get(4) == Some(&2), bytes };
    let sections = elf.sections().filter(|_| little)?;
    let table = sections.iter().position(|section| section.kind == SYMTAB)?;
    let symbols = *sections.get(table)?;
    let names_at = sections.get(symbols.link)?.at;
    let (length, info, section) = if elf.wide { (24, 4, 6) } else { (16, 12, 14) };
    let (mut locals, mut globals, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..symbols.size / length {
        let at = symbols.at + index * length;
        let mut entry = elf.bytes.get(at..at + length)?.to_vec();
        let (binding, defined) = (entry.get(info)? >> 4, elf.number(at + section, 2)? != 0);
        let name = elf.name(names_at + elf.size(at, 4)?)?;
        let keep = kept(&name);
        if binding != 0 && defined && keep {
            names.push(name);
        }
        if binding == 0 || (defined && !keep) {
            *entry.get_mut(info)? &= 0xf;
            // Visibility is of global names.
            *entry.get_mut(info + 1)? &= !3;
            locals.push((index, entry));
        } else {
            globals.push((index, entry));
        }
    }
    let first_global = locals.len();
    let mut renumbered = vec![0; first_global + globals.len()];
    for (new, (old, entry)) in locals.into_iter().chain(globals).enumerate() {
        *renumbered.get_mut(old)? = new as u64;
        let at = symbols.at + new * length;
        elf.bytes.get_mut(at..at + length)?.copy_from_slice(&entry);
    }
    elf.put(symbols.info_at, first_global as u64, 4)?;
    for section in sections.iter().filter(|section| section.link == table) {
        match section.kind {
            REL | RELA => renumber(&mut elf, section, &renumbered)?,
            GROUP => {
                let old = elf.size(section.info_at, 4)?;
                elf.put(section.info_at, *renumbered.get(old)?, 4)?;
                // What is local is nobody else's copy too.
                elf.put(section.at, 0, 4)?;
            }
            // A list of numbers that are no longer those; without a table it is not read.
            ADDRSIG => elf.put(section.link_at, 0, 4)?,
            SYMTAB_SHNDX => return None,
            _ => {}
        }
    }
    Some(names)
}

/// Gives relocations the new numbers of their symbols.
fn renumber(elf: &mut Elf, section: &Section, renumbered: &[u64]) -> Option<()> {
    let (word, shift) = if elf.wide { (8, 32) } else { (4, 8) };
    let length = if section.kind == RELA { 3 * word } else { 2 * word };
    for index in 0..section.size / length {
        let at = section.at + index * length + word;
        let number = elf.number(at, word)?;
        let symbol = renumbered.get(usize::try_from(number >> shift).ok()?)?;
        elf.put(at, symbol << shift | number & ((1 << shift) - 1), word)?;
    }
    Some(())
}

/// An archive of one object, with the table of its names.
fn archived(object: &[u8], names: &[String]) -> Vec<u8> {
    let texts: Vec<u8> = names.iter().flat_map(|name| [name.as_bytes(), b"\0"].concat()).collect();
    let table = 4 + 4 * names.len() + texts.len();
    let header = |name: &str, size: usize| {
        format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644).into_bytes()
    };
    let mut archive = b"!<arch>\n".to_vec();
    // Members begin at even places.
    let object_at = archive.len() + 60 + table + table % 2;
    archive.extend(header("/", table));
    let numbers = std::iter::once(names.len()).chain(names.iter().map(|_| object_at));
    archive.extend(numbers.flat_map(|number| (number as u32).to_be_bytes()));
    archive.extend(texts);
    archive.extend(std::iter::repeat_n(b'\n', table % 2));
    archive.extend(header("rolling_ball.o/", object.len()));
    archive.extend(object);
    archive.extend(std::iter::repeat_n(b'\n', object.len() % 2));
    archive
}

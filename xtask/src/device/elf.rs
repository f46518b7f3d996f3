//! Reads sizes and symbols from a linked ELF file.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use object::elf::{SHF_ALLOC, SHF_WRITE};
use object::{File, Object, ObjectSection, ObjectSegment, ObjectSymbol, SectionFlags, SymbolKind};

/// What a firmware takes from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Code, read-only data and the initial values of `.data`.
    pub flash_bytes: u64,
    /// `.data`, `.bss` and `.uninit`; the stack is not in it.
    pub static_ram_bytes: u64,
}

/// Measures the firmware at `path`.
pub fn sizes(path: &Path) -> Result<Sizes> {
    let bytes = read(path)?;
    let file = parse(path, &bytes)?;

    let mut flash_bytes = 0;
    let mut loaded = false;
    // For ELF these are exactly the PT_LOAD headers.
    for segment in file.segments() {
        loaded = true;
        let content = segment.data().with_context(|| truncated(path))?;
        flash_bytes += content.len() as u64;
    }
    ensure!(
        loaded,
        "{} has nothing to load; pass a linked executable, not an object file or library",
        path.display(),
    );

    let static_ram_bytes = file
        .sections()
        .filter(|section| is_allocated_and_writable(section.flags()))
        .map(|section| section.size())
        .sum();
    Ok(Sizes { flash_bytes, static_ram_bytes })
}

/// Names every symbol of `path` whose raw or demangled name contains one of `needles`.
///
/// The names are demangled, sorted and without repeats. A function that was inlined
/// everywhere has no symbol, so it is not found.
pub fn symbols_matching(path: &Path, needles: &[&str]) -> Result<Vec<String>> {
    let bytes = read(path)?;
    let file = parse(path, &bytes)?;

    let mut names = Vec::new();
    let mut any = false;
    for symbol in file.symbols() {
        // These name source files and sections, not code or data.
        if matches!(symbol.kind(), SymbolKind::File | SymbolKind::Section) {
            continue;
        }
        let raw = symbol.name().with_context(|| truncated(path))?;
        any |= !raw.is_empty();
        let demangled = format!("{:#}", rustc_demangle::demangle(raw));
        if needles.iter().any(|needle| raw.contains(needle) || demangled.contains(needle)) {
            names.push(demangled);
        }
    }
    // Without this, a stripped file would pass every check for absent symbols.
    ensure!(
        any,
        "{} has no symbols; build it with `strip = false` in its Cargo profile",
        path.display(),
    );
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// The bytes of a section, such as `.text`.
pub fn section_bytes(path: &Path, name: &str) -> Result<u64> {
    let bytes = read(path)?;
    let section = parse(path, &bytes)?.section_by_name(name).map(|section| section.size());
    section.with_context(|| format!("{} has no section {name}", path.display()))
}

fn is_allocated_and_writable(flags: SectionFlags) -> bool {
    match flags {
        SectionFlags::Elf { sh_flags, .. } => {
            sh_flags.contains(SHF_ALLOC) && sh_flags.contains(SHF_WRITE)
        }
        _ => false,
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}; build it first", path.display()))
}

pub(super) fn parse<'data>(path: &Path, bytes: &'data [u8]) -> Result<File<'data>> {
    File::parse(bytes)
        .with_context(|| format!("{} is not a complete ELF file; build it again", path.display()))
}

pub(super) fn truncated(path: &Path) -> String {
    format!("{} is cut off or damaged; build it again", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env;
    use std::path::PathBuf;

    fn message<T>(result: Result<T>) -> String {
        match result {
            Ok(_) => String::new(),
            Err(error) => format!("{error:#}"),
        }
    }

    fn temporary(name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = env::temp_dir().join(format!("rolling-ball-{}-{name}", std::process::id()));
        fs::write(&path, bytes)?;
        Ok(path)
    }

    #[test]
    fn missing_file_is_named() {
        let text = message(sizes(Path::new("no-such-firmware.elf")));
        assert!(text.contains("no-such-firmware.elf"), "{text}");
    }

    #[test]
    fn truncated_file_is_an_error() -> Result<()> {
        let own = fs::read(env::current_exe()?)?;
        for length in [0, 3, 40, own.len() / 2] {
            let path = temporary("truncated", own.get(..length).unwrap_or_default())?;
            let texts = [message(sizes(&path)), message(symbols_matching(&path, &["main"]))];
            fs::remove_file(&path)?;
            for text in texts {
                assert!(text.contains("build it again"), "{length} bytes: {text}");
            }
        }
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn own_executable_has_sizes_and_symbols() -> Result<()> {
        let path = env::current_exe()?;
        let found = sizes(&path)?;
        assert!(found.flash_bytes > found.static_ram_bytes, "{found:?}");
        let names = symbols_matching(&path, &["own_executable_has_sizes"])?;
        assert!(names.iter().all(|name| name.contains("::elf::tests::")), "{names:?}");
        assert!(!names.is_empty());
        assert!(symbols_matching(&path, &["no such symbol"])?.is_empty());
        Ok(())
    }
}

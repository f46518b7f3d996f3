//! Who calls what in an ELF file, by the relocations that the linker left in it.

use super::elf::{parse, read, truncated};
use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SymbolKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the compiler is told, so that the linker leaves the relocations where they are.
pub const KEEP_RELOCATIONS: &str = "-Clink-arg=--emit-relocs";

/// The functions that refer to a symbol whose demangled name fits, and are none of those
/// themselves.
///
/// The binary must be linked with [`KEEP_RELOCATIONS`].
pub fn callers_of(path: &Path, fits: impl Fn(&str) -> bool) -> Result<BTreeSet<String>> {
    let bytes = read(path)?;
    let file = parse(path, &bytes)?;
    let mut functions = BTreeMap::new();
    for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text) {
        // The lowest bit of an address says that it is Thumb code.
        let start = symbol.address() & !1;
        functions.insert(start, (start + symbol.size(), name(path, &symbol)?));
    }
    let (mut callers, mut any) = (BTreeSet::new(), false);
    for section in file.sections() {
        for (address, relocation) in section.relocations() {
            any = true;
            let RelocationTarget::Symbol(index) = relocation.target() else { continue };
            let called = name(path, &file.symbol_by_index(index)?)?;
            let around = functions.range(..=address).next_back();
            let Some((_, (end, caller))) = around else { continue };
            if address < *end && fits(&called) && !fits(caller) {
                callers.insert(caller.clone());
            }
        }
    }
    ensure!(any, "{} has no relocations; link it with {KEEP_RELOCATIONS}", path.display());
    Ok(callers)
}

fn name<'data>(path: &Path, symbol: &impl ObjectSymbol<'data>) -> Result<String> {
    let raw = symbol.name().with_context(|| truncated(path))?;
    Ok(format!("{:#}", rustc_demangle::demangle(raw)))
}

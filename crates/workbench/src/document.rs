//! Writes docs/benchmarks.md, which says part by part what was measured, where and when.

use crate::markdown::fill;
use crate::workspace::{capture, root};
use anyhow::{Context, Result};
use std::process::Command;

const PATH: &str = "docs/benchmarks.md";

/// The titles of its parts, in their order.
const PARTS: [&str; 6] = [KERNELS, DESKTOP, FOOTPOINT, MCU, SIZE, GPU];

/// The title of the part that is written by `cargo xtask bench --only kernels`.
pub const KERNELS: &str = "Passes over memory";
/// The title of the part that is written by `cargo xtask bench --only desktop`.
pub const DESKTOP: &str = "Training on the desktop";
/// The title of the part that is written by `cargo xtask bench --only footpoint`.
pub const FOOTPOINT: &str = "To the same footpoint";
/// The title of the part that is written by `cargo xtask bench --only mcu`.
pub const MCU: &str = "A training step on a microcontroller";
/// The title of the part that is written by `cargo xtask bench --only size`.
pub const SIZE: &str = "Flash and RAM";
/// The title of the part that is written by `cargo lab gpu --only timings`.
pub const GPU: &str = "Passes on a GPU";

/// Puts a part's text under its title, and leaves the other parts as they are.
pub fn replace(title: &str, text: &str) -> Result<()> {
    let path = root().join(PATH);
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let place = place()?;
    let mut document =
        "# Benchmarks\n\nWritten by `cargo xtask bench --write`, part by part, and by \
         `cargo lab gpu --write`.\n"
            .to_owned();
    for heading in PARTS {
        let kept = section(&old, heading);
        if heading == title {
            document += &format!("\n## {heading}\n\n*{place}*\n\n{}\n", text.trim());
        } else if let Some(kept) = kept {
            document += &format!("\n## {heading}\n\n{}\n", kept.trim());
        }
    }
    std::fs::write(&path, fill(&document)).with_context(|| format!("cannot write {PATH}"))?;
    eprintln!("wrote {PATH}");
    Ok(())
}

/// What lies under a title.
fn section<'a>(document: &'a str, title: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("\n## {title}\n"))?;
    Some(rest.split("\n## ").next().unwrap_or(rest))
}

/// Date, machine and compiler.
fn place() -> Result<String> {
    let date = capture(Command::new("date").arg("+%F"), "date")?;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let rustc = capture(Command::new(rustc).arg("--version"), "rustc --version")?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    Ok(format!("{}, {processor}, {cores} cores, {}", date.trim(), rustc.trim()))
}

/// The processor's name, where the system tells it.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |name: &str| {
        let line = text.lines().find(|line| line.split(':').next().map(str::trim) == Some(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let (name, family, model) = (field("model name")?, field("cpu family")?, field("model")?);
    Some(format!("{name} (family {family}, model {model})"))
}

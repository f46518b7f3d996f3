//! Writes the documents that say part by part what was measured, where and when.

use crate::markdown::fill;
use crate::workspace::{capture, root};
use anyhow::{Context, Result, ensure};
use std::process::Command;

/// A document whose parts are written one by one by commands.
#[derive(Debug)]
pub struct Document {
    path: &'static str,
    /// Its title, and how it is written.
    opening: &'static str,
    /// The titles of its parts, in their order. One that no command writes stays as it is.
    parts: &'static [&'static str],
}

/// How fast and how large everything is.
pub const BENCHMARKS: Document = Document {
    path: "docs/benchmarks.md",
    opening: "# Benchmarks\n\nWritten by `cargo xtask bench --write`, part by part, and by \
              `cargo lab gpu --write`.\n",
    parts: &[KERNELS, DESKTOP, FOOTPOINT, MCU, INT8, SIZE, BBOB, GPU],
};

/// The title of the part that is written by `cargo xtask bench --only kernels`.
pub const KERNELS: &str = "Passes over memory";
/// The title of the part that is written by `cargo xtask bench --only desktop`.
pub const DESKTOP: &str = "Training on the desktop";
/// The title of the part that is written by `cargo xtask bench --only footpoint`.
pub const FOOTPOINT: &str = "To the same footpoint";
/// The title of the part that is written by `cargo xtask bench --only mcu`.
pub const MCU: &str = "A training step on a microcontroller";
/// The title of the part that is written by `cargo xtask bench --only int8`.
pub const INT8: &str = "Inference in int8 on a microcontroller";
/// The title of the part that is written by `cargo xtask bench --only size`.
pub const SIZE: &str = "Flash and RAM";
/// The title of the part that is written by `cargo xtask bench --only bbob`.
pub const BBOB: &str = "Losses only, on BBOB";
/// The title of the part that is written by `cargo lab gpu --only timings`.
pub const GPU: &str = "Passes on a GPU";

/// What weights and checkpoints in few bits cost.
pub const FEW_BITS: Document = Document {
    path: "docs/few_bits.md",
    opening: "# Few bits\n\nWritten by `cargo lab few-bits --write`. Which calls these are is in \
              the documentation of the module `few_bits`, of `StraightThrough` and of \
              `Checkpoints::with_theta_bits`.\n",
    parts: &[TRAINED_BITS, KEPT_BITS],
};

/// The title of the table of weights that are rounded after training or trained so.
pub const TRAINED_BITS: &str = "Weights";
/// The title of the table of checkpoints whose theta is rounded.
pub const KEPT_BITS: &str = "Checkpoints";

/// The ball that needs losses only, beside what is like it and what follows a gradient.
pub const LOSSES_ONLY: Document = Document {
    path: "docs/losses_only.md",
    opening: "# Losses only\n\n`ZerothOrderBall` asks for two losses a step and for no gradient; \
              its documentation says what it does. Written by `cargo lab losses-only --write`.\n",
    parts: &[
        LOSSES_TWINS,
        LOSSES_WRINKLES,
        LOSSES_JOBS,
        LOSSES_NETWORKS,
        LOSSES_NOT,
        LOSSES_RATE,
        LOSSES_DIRECTIONS,
        LOSSES_RADIUS,
        LOSSES_NOISE,
    ],
};

/// The title of the table of twins among wells by radius.
pub const LOSSES_TWINS: &str = "Where it ends, by radius";
/// The title of the tables of wrinkled bowls.
pub const LOSSES_WRINKLES: &str = "Wrinkled bowls";
/// The title of the table of jobs that people have.
pub const LOSSES_JOBS: &str = "Jobs";
/// The title of the table of networks that learn so.
pub const LOSSES_NETWORKS: &str = "Networks";
/// The title of the table of losses that it is not for.
pub const LOSSES_NOT: &str = "Where it loses";
/// The title of the table of rates.
pub const LOSSES_RATE: &str = "The rate";
/// The title of the table of directions.
pub const LOSSES_DIRECTIONS: &str = "Directions";
/// Written by `cargo lab losses-only --write`.
pub const LOSSES_RADIUS: &str = "The radius";
/// Written by `cargo lab losses-only --write`.
pub const LOSSES_NOISE: &str = "Noise";

/// Devices that learn together.
pub const FLEET: Document = Document {
    path: "docs/fleet.md",
    opening: "# The fleet\n\nDevices learn together by way of Flower, and are rehearsed to the bit \
              before. Each part with a date is written by `cargo xtask fleet --write`.\n",
    parts: &[
        FLEET_PATH,
        FLEET_CONFIGURATION,
        FLEET_PROTOCOL,
        FLEET_BOARDS,
        FLEET_ACCURACY,
        FLEET_BAD,
        FLEET_THOUSAND,
        FLEET_COSTS,
        FLEET_THREATS,
        FLEET_PRIVACY,
        FLEET_LIMITS,
    ],
};

/// The title of the way to a first federation, which is written by hand.
pub const FLEET_PATH: &str = "In ten minutes";
/// The title of the table of settings, which is written by hand.
pub const FLEET_CONFIGURATION: &str = "Settings of a run";
/// The title of the part on what a device and its gateway say, which is written by hand.
pub const FLEET_PROTOCOL: &str = "Between a device and its gateway";
/// The title of the part on boards and rehearsed devices in one federation.
pub const FLEET_BOARDS: &str = "Boards and rehearsals in one federation";
/// The title of the table of accuracies.
pub const FLEET_ACCURACY: &str = "What a federation is worth";
/// The title of the table of means against devices that spoil a federation.
pub const FLEET_BAD: &str = "Bad devices";
/// The title of the part on a thousand devices.
pub const FLEET_THOUSAND: &str = "A thousand devices";
/// The title of the tables of bytes, instructions and rounds.
pub const FLEET_COSTS: &str = "What it costs";
/// The title of the part on who can learn or spoil what, which is written by hand.
pub const FLEET_THREATS: &str = "Threats";
/// The title of the part on privacy, which is written by hand.
pub const FLEET_PRIVACY: &str = "Secure aggregation and differential privacy";
/// The title of the list of limits, which is written by hand.
pub const FLEET_LIMITS: &str = "Limits";

/// What was tried to break it, and what is known to be wrong.
pub const RELIABILITY: Document = Document {
    path: "docs/reliability.md",
    opening: "# Reliability\n\nEach part but the list of findings is written by the command that \
              it names, with `--write`. What takes under a minute is part of `cargo xtask test`, \
              the rest of `cargo xtask test --long`.\n",
    parts: &[
        FINDINGS,
        PANICS,
        STACK,
        POWER,
        FUZZING,
        C,
        MIRI_SCALAR,
        MIRI_AVX2,
        ARCHITECTURES,
        PACKAGE,
        SOAK,
        FLIPS,
        FILES,
    ],
};

/// The title of the list of findings, which is written by hand.
pub const FINDINGS: &str = "Open findings";
/// The title of the table of builds without a panicking path.
pub const PANICS: &str = "No panic in any profile";
/// The title of the table of stack by entry point.
pub const STACK: &str = "Stack by entry point";
/// The title of the part on power failures during a save.
pub const POWER: &str = "Power failures";
/// The title of the part on random calls of the library.
pub const FUZZING: &str = "Random calls and files";
/// The title of the part on random calls of the C interface.
pub const C: &str = "Random calls from C";
/// The title of the part on Miri over the kernels for cores without a vector unit.
pub const MIRI_SCALAR: &str = "Undefined behaviour, scalar kernels";
/// The title of the part on Miri over those that are chosen at run time.
pub const MIRI_AVX2: &str = "Undefined behaviour, AVX2";
/// The title of the part on other byte orders and word sizes.
pub const ARCHITECTURES: &str = "Other architectures";
/// The title of the part on features, versions, licences and the package.
pub const PACKAGE: &str = "Features, versions, licences, package";
/// The title of the part on millions of steps.
pub const SOAK: &str = "Millions of steps";
/// The title of the part on flipped bits on the device.
pub const FLIPS: &str = "Flipped bits on the device";
/// The title of the part on hostile model files.
pub const FILES: &str = "Hostile files";

impl Document {
    /// Puts a part's text under its title, and leaves the other parts as they are.
    pub fn replace(&self, title: &str, text: &str) -> Result<()> {
        let Self { path, opening, parts } = *self;
        ensure!(parts.contains(&title), "{path} has no part {title:?}");
        let file = root().join(path);
        let old = std::fs::read_to_string(&file).unwrap_or_default();
        self.check_known(&old)?;
        let place = place()?;
        let mut document = opening.to_owned();
        for heading in parts {
            let kept = section(&old, heading);
            if *heading == title {
                document += &format!("\n## {heading}\n\n*{place}*\n\n{}\n", text.trim());
            } else if let Some(kept) = kept {
                document += &format!("\n## {heading}\n\n{}\n", kept.trim());
            }
        }
        std::fs::write(&file, fill(&document)).with_context(|| format!("cannot write {path}"))?;
        eprintln!("wrote {path}");
        Ok(())
    }

    /// Fails where a part of the text would be lost, since it is not among those of the document.
    fn check_known(&self, text: &str) -> Result<()> {
        let Self { path, parts, .. } = self;
        for heading in text.lines().filter_map(|line| line.strip_prefix("## ")) {
            ensure!(
                parts.contains(&heading),
                "{path} has a part {heading:?}, which would be lost: add it to the parts in \
                 crates/workbench/src/document.rs"
            );
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_committed_document_would_be_lost() -> Result<()> {
        for document in [BENCHMARKS, FEW_BITS, LOSSES_ONLY, FLEET, RELIABILITY] {
            let text = std::fs::read_to_string(root().join(document.path))?;
            assert!(text.contains("\n## "), "{} has no part", document.path);
            document.check_known(&text)?;
        }
        assert!(FLEET.check_known("# The fleet\n\n## By hand\n").is_err());
        Ok(())
    }
}

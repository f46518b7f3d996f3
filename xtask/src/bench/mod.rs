//! `cargo xtask bench`: what training takes on a microcontroller, and what it takes with others.

mod document;
pub mod mcu;
mod size;
mod table;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

/// Count the instructions of training steps on six emulated cores, beside other libraries, and the flash and RAM they take
///
/// Instructions are QEMU's and exact. Each part prints a table in Markdown.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// Only these parts
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,
    /// Print the figures as JSON too, in the last line
    #[arg(long)]
    json: bool,
    /// Put the tables of these parts into docs/benchmarks.md
    #[arg(long)]
    write: bool,
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Instructions of a training step on the emulated cores
    Mcu,
    /// Flash and RAM
    Size,
}

/// What a part found.
struct Findings {
    /// Markdown.
    text: String,
    /// As `--json` prints it.
    rows: Value,
}

impl Part {
    fn measure(self, args: &BenchArgs) -> Result<Findings> {
        match self {
            Self::Mcu => mcu::measure(args),
            Self::Size => size::measure(args),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Mcu => "A training step on a microcontroller",
            Self::Size => "Flash and RAM",
        }
    }

    fn key(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Runs the command.
pub fn bench(args: &BenchArgs) -> Result<()> {
    let parts = if args.only.is_empty() { Part::value_variants() } else { &args.only };
    let mut json = Map::new();
    for part in parts {
        let title = part.title();
        let Findings { text, rows } = part.measure(args).with_context(|| title.to_owned())?;
        println!("## {title}\n\n{text}\n");
        if args.write {
            document::replace(title, &text)?;
        }
        json.insert(part.key(), rows);
    }
    if args.json {
        println!("{}", Value::Object(json));
    }
    Ok(())
}

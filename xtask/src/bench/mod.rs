//! `cargo xtask bench`: the library against the machine and against its peers.

mod desktop;
mod footpoint;
mod guard;
pub mod kernels;
pub mod mcu;
mod peers;
mod problem;
mod size;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use rayon::ThreadPoolBuilder;
use serde_json::{Map, Value};
use workbench::document;

/// Measure the library against this machine's memory, PyTorch and JAX, and count its instructions on a microcontroller
///
/// Times are medians, of one run in which all that is compared takes turns; instructions are QEMU's and exact. Each part
/// prints a table in Markdown.
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
    /// Install QEMU and valgrind with the system's package manager where they are missing, through sudo if need be
    #[arg(long)]
    install: bool,
    /// A Python that has torch and jax, to compare with [default: an environment that benches/peers/setup.sh makes]
    #[arg(long, value_name = "FILE")]
    python: Option<std::path::PathBuf>,
    /// Of the passes over memory only those in cache: what another build of this program is asked for
    #[arg(long, hide = true)]
    in_cache: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The passes over memory, against STREAM's triad
    Kernels,
    /// A gradient evaluation and a step on the desktop, against PyTorch and JAX
    Desktop,
    /// The way to the nearest point of the graph, against the paper's solver
    Footpoint,
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
            Self::Kernels => on_threads(1, || kernels::measure(args))?,
            Self::Desktop => desktop::measure(args),
            Self::Footpoint => on_threads(1, || footpoint::measure(args))?,
            Self::Mcu => mcu::measure(args),
            Self::Size => size::measure(args),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Kernels => document::KERNELS,
            Self::Desktop => document::DESKTOP,
            Self::Footpoint => document::FOOTPOINT,
            Self::Mcu => document::MCU,
            Self::Size => document::SIZE,
        }
    }

    fn key(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Does work in which the kernels may use so many threads.
fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
    Ok(pool.install(work))
}

/// Runs the command.
pub fn bench(args: &BenchArgs) -> Result<()> {
    let parts = if args.only.is_empty() { Part::value_variants() } else { &args.only };
    let mut json = Map::new();
    for part in parts {
        let title = part.title();
        let Findings { text, rows } = part.measure(args).context(title)?;
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

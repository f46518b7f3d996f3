//! What is measured, as asked for.

use clap::{Args, ValueEnum};
use workbench::document;

/// Measure the library against this machine's memory, PyTorch, JAX and methods that need losses
/// only, and count its instructions on a microcontroller
///
/// Times are medians, of one run in which all that is compared takes turns; instructions are QEMU's
/// and exact, cycles are estimates. Each part prints a table in Markdown.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// Only these parts
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',')]
    pub only: Vec<Part>,
    /// Print the figures as JSON too, in the last line; with `--only bbob` or `--only int8` print
    /// their list and nothing else
    #[arg(long)]
    pub json: bool,
    /// Put the tables of these parts into docs/benchmarks.md
    #[arg(long)]
    pub write: bool,
    /// Install QEMU and valgrind with the system's package manager where they are missing, through
    /// sudo if need be
    #[arg(long)]
    pub install: bool,
    /// A folder of TFLite files in int8, of which `int8` counts whole inferences too
    #[arg(long, value_name = "DIR")]
    pub models: Option<std::path::PathBuf>,
    /// A Python that has torch and jax, to compare with, or what benches/peers/bbob needs [default:
    /// the environments that benches/peers/setup.sh makes]
    #[arg(long, value_name = "FILE")]
    pub python: Option<std::path::PathBuf>,
    /// Of the passes over memory only those in cache: what another build of this program is asked
    /// for
    #[arg(long, hide = true)]
    pub in_cache: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The passes over memory, against STREAM's triad
    Kernels,
    /// A gradient evaluation and a step on the desktop, against PyTorch and JAX
    Desktop,
    /// The way to the nearest point of the graph, against the paper's solver
    Footpoint,
    /// Instructions, and estimated cycles, of a training step on the emulated cores
    Mcu,
    /// Instructions of inferences in int8 on the emulated cores, against CMSIS-NN
    Int8,
    /// Flash and RAM
    Size,
    /// The ball that needs losses only, against CMA-ES and others on the BBOB functions of COCO
    Bbob,
}

impl Part {
    /// Of its part of docs/benchmarks.md.
    pub fn title(self) -> &'static str {
        match self {
            Self::Kernels => document::KERNELS,
            Self::Desktop => document::DESKTOP,
            Self::Footpoint => document::FOOTPOINT,
            Self::Mcu => document::MCU,
            Self::Int8 => document::INT8,
            Self::Size => document::SIZE,
            Self::Bbob => document::BBOB,
        }
    }

    /// The key of its figures in the JSON.
    pub fn key(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

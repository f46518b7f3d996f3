//! What the comparison is asked for.

use clap::{Args, ValueEnum};

/// Compare the ball on a GPU with the ball on this processor, and time it
///
/// Every pass over vectors, every landscape, whole trainings and maps of basins; where a GPU
/// divides exactly, all but the landscapes have the processor's bits. Any adapter will do that
/// Vulkan, Metal or Direct3D 12 has, such as Mesa's Vulkan on the processor. Pictures go to
/// target/gpu.
#[derive(Args, Clone, Debug)]
pub struct GpuArgs {
    /// Fail where there is no adapter, instead of saying so
    #[arg(long)]
    pub require: bool,
    /// Where there is no adapter, install Mesa's Vulkan on the processor with the system's package
    /// manager, through sudo if need be
    /// [without it: only as root]
    #[arg(long)]
    pub install: bool,
    /// An adapter with this in its name [default: the best]
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
    /// Only these parts
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',')]
    pub only: Vec<Part>,
    /// Parameters of the passes that are timed, in units of 2^20 [default: 64, on the processor 4]
    #[arg(long, value_name = "MEBI")]
    pub parameters: Option<usize>,
    /// Print the figures as JSON too, in the last line
    #[arg(long)]
    pub json: bool,
    /// Put the timings into docs/benchmarks.md
    #[arg(long)]
    pub write: bool,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Every pass over vectors
    Passes,
    /// Losses in closed form
    Landscapes,
    /// A hundred steps of every form of the ball, and of other optimizers, on a network
    Training,
    /// Where 4096 balls of each of four radii end, among a thousand wells
    Basins,
    /// The passes against a copy of the same bytes, and against this processor
    Timings,
}

//! `cargo xtask fleet`: devices learn together by way of Flower.

mod accuracy;
mod bad;
mod boards;
mod costs;
mod curve;
mod environment;
mod flower;
mod memory;
mod model;
mod processes;
mod relay;
mod run;
pub mod small;
mod thousand;

use anyhow::Result;
use clap::{Args, ValueEnum};
use environment::Environment;
use model::Model;
use run::Run;
use std::path::PathBuf;
use workbench::document::FLEET;
use workbench::workspace::root;

/// Devices learn together by way of Flower: emulated boards and rehearsed devices in one federation
///
/// Makes a Python environment with Flower in target/fleet (some 600 MB, once), builds the wheel and
/// the boards, pre-trains a network on two speakers and lets the devices of three others federate:
/// on the spoken digits, or on the digits by sensor where those are not here. docs/fleet.md says
/// what each part shows.
#[derive(Args, Clone, Debug)]
pub struct FleetArgs {
    /// Devices of the federation
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(5..=10_000))]
    devices: u32,
    /// Rounds of the federation of boards and rehearsed devices
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(3..=1000))]
    rounds: u32,
    /// Run these parts only [default: all]
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Write the figures into docs/fleet.md, and the picture beside it
    #[arg(long)]
    write: bool,
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
    /// The spoken digits [default: ../shared/data beside the repository, where it is]
    #[arg(long, value_name = "DIR")]
    fsdd: Option<PathBuf>,
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Emulated boards and rehearsed devices in one federation, with power failures
    Boards,
    /// What a federation is worth beside local and central training
    Accuracy,
    /// Devices with random labels, or that send garbage
    Bad,
    /// A thousand devices in Flower's simulation engine
    Thousand,
    /// Bytes, instructions, and rounds to an accuracy
    Costs,
}

impl Part {
    fn title(self) -> &'static str {
        use workbench::document::{
            FLEET_ACCURACY, FLEET_BAD, FLEET_BOARDS, FLEET_COSTS, FLEET_THOUSAND,
        };
        match self {
            Self::Boards => FLEET_BOARDS,
            Self::Accuracy => FLEET_ACCURACY,
            Self::Bad => FLEET_BAD,
            Self::Thousand => FLEET_THOUSAND,
            Self::Costs => FLEET_COSTS,
        }
    }

    fn measure(self, fleet: &Fleet, args: &FleetArgs) -> Result<String> {
        match self {
            Self::Boards => boards::measure(fleet, args.rounds, args.install),
            Self::Accuracy => accuracy::measure(fleet),
            Self::Bad => bad::measure(fleet),
            Self::Thousand => thousand::measure(fleet, args.write),
            Self::Costs => costs::measure(fleet),
        }
    }
}

/// What every part needs.
pub struct Fleet {
    environment: Environment,
    model: Model,
    devices: u32,
    /// Whether the samples are the spoken digits.
    spoken: bool,
    /// What the samples are, as a sentence has it.
    digits: &'static str,
}

impl Fleet {
    fn prepare(args: &FleetArgs) -> Result<Self> {
        let beside = root().join("../shared/data");
        let fsdd = args.fsdd.clone().or_else(|| beside.is_dir().then_some(beside));
        let environment = Environment::prepare()?;
        let model = Model::prepare(&environment, fsdd.as_deref())?;
        let spoken = fsdd.is_some();
        let digits =
            if spoken { "spoken digits by speaker and recording" } else { "digits by sensor" };
        Ok(Self { environment, model, devices: args.devices, spoken, digits })
    }

    /// A federation that begins anew.
    fn run(&self, name: &str) -> Result<Run> {
        Ok(Run::new(&self.environment, &self.model, name)?.with("devices", self.devices))
    }
}

/// Runs the command.
pub fn fleet(args: &FleetArgs) -> Result<()> {
    let fleet = Fleet::prepare(args)?;
    for part in Part::value_variants() {
        if !args.only.is_empty() && !args.only.contains(part) {
            continue;
        }
        let text = part.measure(&fleet, args)?;
        println!("\n## {}\n\n{}\n", part.title(), text.trim());
        if args.write {
            FLEET.replace(part.title(), &text)?;
        }
    }
    Ok(())
}

/// A part of one as per cent.
fn per_cent(part: f64) -> String {
    format!("{:.1}", 100.0 * part)
}

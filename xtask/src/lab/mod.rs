//! `cargo xtask lab`: losses at a chosen scale, and the paper's claims, as tables and pictures in one report.

mod basins;
pub mod browser;
mod finetune;
pub mod footpoint;
mod highest_contact;
mod ironing;
mod mnist;
mod numbers;
mod optimizers;
pub mod picture;
mod radius_map;
mod report;
mod scale;
mod training;
mod twins;
mod unreachable;
mod vgg;
pub mod wells;
mod wrinkles;

use anyhow::Result;
use clap::{Args, Subcommand};

/// See losses at a chosen scale, and test what the paper says of the ball
#[derive(Args, Clone, Debug)]
pub struct LabArgs {
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Clone, Debug, Subcommand)]
enum Experiment {
    Basins(basins::BasinsArgs),
    Finetune(finetune::FinetuneArgs),
    Footpoint(footpoint::FootpointArgs),
    Ironing(ironing::IroningArgs),
    Mnist(mnist::MnistArgs),
    RadiusMap(radius_map::RadiusMapArgs),
    Twins(twins::TwinsArgs),
    Unreachable(unreachable::UnreachableArgs),
    Scale(scale::ScaleArgs),
    Vgg(vgg::VggArgs),
    Wrinkles(wrinkles::WrinklesArgs),
}

/// Runs the command.
pub fn lab(args: &LabArgs) -> Result<()> {
    #[cfg(not(feature = "gpu"))]
    if matches!(&args.experiment, Experiment::Basins(args) if basins::needs_gpu(args)) {
        return crate::gpu::run_with_feature();
    }
    let section = match &args.experiment {
        Experiment::Basins(args) => basins::run(args)?,
        Experiment::Finetune(args) => finetune::run(args)?,
        Experiment::Footpoint(args) => footpoint::run(args)?,
        Experiment::Ironing(args) => ironing::run(args)?,
        Experiment::Mnist(args) => mnist::run(args)?,
        Experiment::RadiusMap(args) => radius_map::run(args)?,
        Experiment::Twins(args) => twins::run(args)?,
        Experiment::Unreachable(args) => unreachable::run(args)?,
        Experiment::Scale(args) => scale::run(args)?,
        Experiment::Vgg(args) => vgg::run(args)?,
        Experiment::Wrinkles(args) => wrinkles::run(args)?,
    };
    section.publish()
}

//! `cargo lab`: losses at a chosen scale, the paper's claims and the ball on a GPU, as tables and
//! pictures.

mod basins;
mod few_bits;
mod finetune;
mod footpoint;
mod gpu;
mod highest_contact;
mod ironing;
mod losses_only;
mod mnist;
mod picture;
mod pixels;
mod radius_map;
mod report;
mod robustness;
mod scale;
mod statistics;
mod targets;
mod training;
mod twins;
mod unreachable;
mod untuned;
mod vgg;
mod wells;
mod wrinkles;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// See losses at a chosen scale, and test what the paper says of the ball
#[derive(Parser)]
#[command(name = "cargo lab", bin_name = "cargo lab")]
struct Cli {
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Subcommand)]
enum Experiment {
    Basins(basins::BasinsArgs),
    FewBits(few_bits::FewBitsArgs),
    Finetune(finetune::FinetuneArgs),
    Footpoint(footpoint::FootpointArgs),
    Gpu(gpu::GpuArgs),
    Ironing(ironing::IroningArgs),
    LossesOnly(losses_only::LossesOnlyArgs),
    Mnist(mnist::MnistArgs),
    RadiusMap(radius_map::RadiusMapArgs),
    Robustness(robustness::RobustnessArgs),
    Twins(twins::TwinsArgs),
    Unreachable(unreachable::UnreachableArgs),
    Untuned(untuned::UntunedArgs),
    Scale(scale::ScaleArgs),
    Vgg(vgg::VggArgs),
    Wrinkles(wrinkles::WrinklesArgs),
}

fn main() -> ExitCode {
    match run(&Cli::parse().experiment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(experiment: &Experiment) -> Result<()> {
    let section = match experiment {
        Experiment::FewBits(args) => return few_bits::run(args),
        Experiment::Finetune(args) => return finetune::run(args),
        Experiment::Gpu(args) => return gpu::run(args),
        Experiment::LossesOnly(args) => return losses_only::run(args),
        Experiment::Untuned(args) => return untuned::run(args),
        Experiment::Basins(args) => basins::run(args)?,
        Experiment::Footpoint(args) => footpoint::run(args)?,
        Experiment::Ironing(args) => ironing::run(args)?,
        Experiment::Mnist(args) => mnist::run(args)?,
        Experiment::RadiusMap(args) => radius_map::run(args)?,
        Experiment::Robustness(args) => robustness::run(args)?,
        Experiment::Twins(args) => twins::run(args)?,
        Experiment::Unreachable(args) => unreachable::run(args)?,
        Experiment::Scale(args) => scale::run(args)?,
        Experiment::Vgg(args) => vgg::run(args)?,
        Experiment::Wrinkles(args) => wrinkles::run(args)?,
    };
    section.publish()
}

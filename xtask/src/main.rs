//! One entry point for everything that is not the library itself.

mod bench;
mod boards;
mod browser;
mod c;
mod command;
mod cores;
mod demo;
mod device;
mod duty;
mod fleet;
mod fuzz;
mod int8;
mod lab;
mod lanes;
mod model;
mod own_network;
mod resume;
mod rounds;
mod size;
mod soak;
mod test;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Tasks of the rolling-ball repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Bench(bench::BenchArgs),
    C(c::CArgs),
    Demo(demo::DemoArgs),
    Test(test::TestArgs),
    /// Run the part of the tests that formats and lints
    Lint,
    Qemu(cores::QemuArgs),
    /// Build the firmware of the retail boards, and print its sizes
    Boards,
    Duty(duty::DutyArgs),
    Fleet(fleet::FleetArgs),
    Fuzz(fuzz::FuzzArgs),
    Int8(int8::Int8Args),
    Lanes(lanes::LanesArgs),
    Model(model::ModelArgs),
    Resume(resume::ResumeArgs),
    Size(size::SizeArgs),
    Soak(soak::SoakArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Bench(args) => bench::bench(&args),
        Task::C(args) => c::c(&args),
        Task::Demo(args) => demo::demo(&args),
        Task::Test(args) => test::test(&args),
        Task::Qemu(args) => cores::qemu(&args),
        Task::Lint => test::lint(),
        Task::Boards => boards::boards(),
        Task::Lanes(args) => lanes::lanes(&args),
        Task::Model(args) => model::model(&args),
        Task::Duty(args) => duty::duty(&args),
        Task::Resume(args) => resume::resume(&args),
        Task::Size(args) => size::size(&args),
        Task::Soak(args) => soak::soak(&args),
        Task::Fleet(args) => fleet::fleet(&args),
        Task::Fuzz(args) => fuzz::fuzz(&args),
        Task::Int8(args) => int8::int8(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

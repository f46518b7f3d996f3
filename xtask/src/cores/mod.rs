//! `cargo xtask qemu`: the same scenarios on six cores, with the same bits on all.

mod calibrations;
mod golden;
mod row;
mod static_ram;

use crate::demo::firmware;
use crate::demo::plan::{Plan, PlanArgs, Scenario};
use crate::demo::rehearsal::rehearse;
use crate::device;
use crate::device::qemu::{Emulation, MACHINES, MICROBIT, Machine};
use anyhow::{Context, Result, ensure};
use clap::Args;
pub use golden::Agreement;
use golden::Golden;
use indicatif::{MultiProgress, ProgressBar};
use rayon::prelude::*;
use rolling_ball_rehearsal::desktop::{History, Rehearsal, first_difference};
use rolling_ball_rehearsal::{Accuracy, Event, OptimizerKind};
use row::{Row, table};
use scenario::calibration::Calibrated;
use static_ram::StaticRam;
use workbench::progress;
use workbench::setup;

/// Run the scenarios on six emulated cores, from Cortex-M0 to Cortex-M55, and compare them bit for
/// bit
///
/// The small scenarios train the last layer in 16 KB of RAM, and in 10 KB by losses alone, and
/// calibrate an accelerometer in 4 KB, on every core; the digits scenario trains the whole network
/// where the RAM allows it. All hashes must be those of the desktop's rehearsal, after every step
/// (after the last where an accelerometer is calibrated), and all figures those of the committed
/// table, boards/qemu/golden.json.
#[derive(Args, Clone, Debug)]
pub struct QemuArgs {
    /// Write the committed table instead of comparing with it
    #[arg(long)]
    bless: bool,
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
    /// Print the small scenario's rows as JSON, and nothing else, on stdout
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn qemu(args: &QemuArgs) -> Result<()> {
    setup::rust_targets(&MACHINES.map(|machine| machine.target))?;
    setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    let measured = measured()?;
    let rows = measured.rows();
    if args.json {
        let small = rows.iter().filter(|row| row.scenario == Scenario::LastLayer.binary());
        println!("{}", serde_json::to_string(&small.map(Row::figures).collect::<Vec<_>>())?);
    } else {
        println!("{}", table(rows));
    }
    if args.bless {
        measured.write()
    } else {
        eprintln!("{}", measured.compare()?.sentence());
        Ok(())
    }
}

/// Runs everything and compares it with the committed table.
pub fn check() -> Result<Agreement> {
    measured()?.compare()
}

/// A plan, and what the desktop made of it.
struct Rehearsed {
    plan: Plan,
    rehearsal: Rehearsal,
}

impl Rehearsed {
    fn new(arguments: &PlanArgs) -> Result<Self> {
        let plan = Plan::prepare(arguments)?;
        let rehearsal = rehearse(&plan, |_| {})?;
        ensure!(
            rehearsal.first_difference()?.is_none(),
            "the desktop's scalar and wide kernels differ: this breaks the numeric contract"
        );
        Ok(Self { plan, rehearsal })
    }
}

/// What is run on a core.
enum Job<'a> {
    FineTuning(&'a Rehearsed, &'a Machine, ProgressBar),
    Calibration(&'a Calibrated, &'a Machine),
}

impl Job<'_> {
    fn run(&self) -> Result<Row> {
        match self {
            Self::FineTuning(rehearsed, machine, bar) => row(rehearsed, machine, bar),
            Self::Calibration(expected, machine) => calibrations::row(expected, machine),
        }
    }
}

/// Runs everything, all at once.
fn measured() -> Result<Golden> {
    let small = Rehearsed::new(&PlanArgs::last_layer())?;
    let losses_only = Rehearsed::new(&PlanArgs::losses_only())?;
    let digits = Rehearsed::new(&PlanArgs::digits(OptimizerKind::Ball))?;
    let calibrated = calibrations::rehearse()?;
    let static_ram = StaticRam::of(&firmware::build(&losses_only.plan, "qemu", &MICROBIT)?)?;
    let bars = MultiProgress::new();
    let mut jobs = Vec::new();
    for rehearsed in [&small, &losses_only, &digits] {
        for machine in MACHINES {
            if rehearsed.plan.scenario.budget().1 > machine.ram_bytes {
                continue;
            }
            let name = format!("{} on the {}", rehearsed.plan.scenario.binary(), machine.core);
            let bar = bars.add(progress::bar(&name, "steps"));
            bar.set_length(u64::from(rehearsed.plan.settings.steps));
            jobs.push(Job::FineTuning(rehearsed, machine, bar));
        }
    }
    jobs.extend(MACHINES.map(|machine| Job::Calibration(&calibrated, machine)));
    let rows = jobs.par_iter().map(Job::run).collect::<Result<_>>();
    bars.clear().context("cannot clear the progress bars")?;
    Golden::new(rows?, static_ram)
}

fn row(rehearsed: &Rehearsed, machine: &Machine, bar: &ProgressBar) -> Result<Row> {
    let Rehearsed { plan, rehearsal } = rehearsed;
    bar.tick();
    let firmware = firmware::build(plan, "qemu", machine)?;
    let run = device::run(&Emulation::new(machine, &firmware, device::LIMIT), |event| {
        if matches!(event, Event::Step(_)) {
            bar.inc(1);
        }
    })?;
    bar.finish();
    let (host, told) = (rehearsal.history()?, History::new(&run.events)?);
    if let Some(step) = first_difference(&host, &told) {
        anyhow::bail!(
            "{} on the {} differs from the desktop from step {step} on: this breaks the numeric \
             contract",
            plan.scenario.binary(),
            machine.core
        );
    }
    ensure!(
        (host.before, host.after) == (told.before, told.after),
        "{} on the {}: the parameters are the desktop's, but not the classes that it sees",
        plan.scenario.binary(),
        machine.core
    );
    let percent = |accuracy: Accuracy| {
        format!("{:.1} %", 100.0 * f64::from(accuracy.correct) / f64::from(accuracy.samples.max(1)))
    };
    let last = told.steps.last().context("the firmware made no step")?;
    Ok(Row {
        scenario: plan.scenario.binary().to_owned(),
        core: machine.core.to_owned(),
        machine: machine.name.to_owned(),
        hash: format!("{:08x}", last.hash),
        instructions_for_features: run.instructions_for_features(),
        instructions_per_step: told.per(|step| step.instructions, plan.settings.steps),
        flash_bytes: run.sizes.flash_bytes,
        ram_bytes: run.ram_bytes().context("the firmware did not tell its use of RAM")?,
        before: percent(told.before),
        after: percent(told.after),
    })
}

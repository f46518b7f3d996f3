//! `cargo xtask demo`: the desktop rehearsal and the emulated device, side by side.

mod chart;
pub mod firmware;
pub mod outcome;
pub mod plan;
pub mod rehearsal;

use crate::demo::chart::{Bars, Curve, loss_and_accuracy};
use crate::demo::outcome::{Outcome, Summary};
use crate::demo::plan::PlanArgs;
use crate::device;
use crate::device::qemu::MPS2_AN386;
use anyhow::Result;
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use rolling_ball_rehearsal::Accuracy;
use rolling_ball_rehearsal::desktop::History;
use workbench::setup;
use workbench::table::grouped;
use workbench::workspace::root;

/// Fine-tune a network on the desktop and on an emulated Cortex-M4F, and compare them bit for bit.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    #[command(flatten)]
    plan: PlanArgs,
    /// Only the desktop rehearsal: needs neither QEMU nor the Rust target
    #[arg(long)]
    host_only: bool,
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
    /// Print one JSON object as the last line of stdout
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn demo(args: &DemoArgs) -> Result<()> {
    if !args.host_only {
        setup::rust_targets(&[MPS2_AN386.target])?;
        setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    }
    let outcome = Outcome::of(&args.plan, args.host_only)?;
    let summary = outcome.summary()?;
    print_settings(&outcome);
    print_table(&outcome, &summary)?;
    draw(&outcome)?;
    if args.json {
        println!("{}", serde_json::to_string(&summary)?);
    }
    outcome.check_bits()
}

fn print_settings(outcome: &Outcome) {
    let settings = &outcome.plan.settings;
    let kind = settings.optimizer;
    let mut said = kind.name().to_owned();
    if kind.has_radius() {
        said += &format!(", radius {}", settings.radius);
    }
    if kind.has_learning_rate() {
        said += &format!(", learning rate {}", settings.learning_rate);
    }
    println!("{}: {said}", outcome.plan.title);
}

fn draw(outcome: &Outcome) -> Result<()> {
    let plan = &outcome.plan;
    let path = device::images("demo")?.join(format!("{}.svg", plan.scenario.binary()));
    let (host, on_device) = (outcome.host()?, outcome.on_device()?);
    let host_losses = host.losses();
    let device_losses = on_device.as_ref().map(History::losses);
    let mut curves = vec![Curve { label: "desktop", values: &host_losses }];
    let mut bars = vec![bars_of("desktop", &host)];
    if let (Some(told), Some(losses)) = (&on_device, &device_losses) {
        curves.push(Curve { label: "Cortex-M4F", values: losses });
        bars.push(bars_of("Cortex-M4F", told));
    }
    if plan.settings.steps < 2 {
        println!("no chart: it takes at least 2 steps");
        return Ok(());
    }
    loss_and_accuracy(&path, &plan.title, &curves, &bars)?;
    println!("chart: {}", path.strip_prefix(root()).unwrap_or(&path).display());
    Ok(())
}

fn bars_of<'a>(label: &'a str, told: &History) -> Bars<'a> {
    Bars { label, before: told.before.fraction(), after: told.after.fraction() }
}

fn print_table(outcome: &Outcome, summary: &Summary) -> Result<()> {
    let plan = &outcome.plan;
    let (host, on_device) = (&outcome.host()?, outcome.on_device()?);
    let on_device = on_device.as_ref();
    let differences = outcome.first_difference()?;
    let ram_parts = outcome.ram();
    let accuracy = |accuracy: Accuracy| {
        let percent = 100.0 * accuracy.fraction();
        format!("{percent:.1} % ({} of {})", accuracy.correct, accuracy.samples)
    };
    let (flash, ram) = plan.scenario.budget();
    let none = || "-".to_owned();
    let of = |bytes: u64, budget: u64| format!("{} of {}", kilobytes(bytes), kilobytes(budget));
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["", "desktop", "Cortex-M4F (QEMU)"]);
    let mut row = |name: &str, host: String, device: String| {
        table.add_row([name.to_owned(), host, device]);
    };
    row(
        "accuracy before",
        accuracy(host.before),
        on_device.map_or_else(none, |told| accuracy(told.before)),
    );
    row(
        "accuracy after",
        accuracy(host.after),
        on_device.map_or_else(none, |told| accuracy(told.after)),
    );
    let same = |value: String| {
        let device = on_device.map_or_else(none, |_| value.clone());
        (value, device)
    };
    let counts = [
        ("labelled samples", plan.labelled.to_string()),
        ("steps", plan.settings.steps.to_string()),
        ("gradient evaluations", summary.gradient_evaluations.to_string()),
        ("loss evaluations", summary.loss_evaluations.to_string()),
    ];
    for (name, value) in counts {
        let (host, device) = same(value);
        row(name, host, device);
    }
    let hash =
        |told: &History| told.steps.last().map_or_else(none, |step| format!("{:08x}", step.hash));
    row("hash of theta at the end", hash(host), on_device.map_or_else(none, hash));
    row(
        "hashes equal at every step",
        match differences {
            None => "yes, scalar and wide".to_owned(),
            Some(step) => format!("NO, from step {step} on"),
        },
        on_device.map_or_else(none, |_| match differences {
            None => "yes".to_owned(),
            Some(_) => "NO".to_owned(),
        }),
    );
    let number = |value: Option<u64>| value.map_or_else(none, grouped);
    row(
        "instructions a gradient evaluation",
        none(),
        number(summary.instructions_per_gradient_evaluation),
    );
    row("instructions a step", none(), number(summary.instructions_per_step));
    row("flash", none(), summary.flash_bytes.map_or_else(none, |bytes| of(bytes, flash)));
    let image = plan.image.len() as u64;
    row(
        "  of it code, image",
        none(),
        summary.flash_bytes.map_or_else(none, |bytes| {
            format!("{}, {}", kilobytes(bytes.saturating_sub(image)), kilobytes(image))
        }),
    );
    row("RAM", none(), summary.ram_bytes.map_or_else(none, |bytes| of(bytes, ram)));
    row(
        "  of it static, stack",
        none(),
        ram_parts.map_or_else(none, |(data, stack)| {
            format!("{}, {}", kilobytes(data), kilobytes(stack))
        }),
    );
    println!("{table}");
    Ok(())
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.1} KB", bytes as f64 / 1024.0)
}

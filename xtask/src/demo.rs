//! `cargo xtask demo`: the desktop rehearsal and the emulated device, side by side.

use crate::chart::{Bars, Curve, loss_and_accuracy};
use crate::device::{self, DeviceRun};
use crate::plan::{Plan, PlanArgs, Scenario};
use crate::qemu::MPS2_AN386;
use crate::rehearsal::{Rehearsals, rehearse_both};
use crate::{progress, setup};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use indicatif::MultiProgress;
use scenario::{Accuracy, DigitsTail, Event, Image, SpeakersTail, StepEvent};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// Wall-clock limit of the emulated run.
const LIMIT: Duration = Duration::from_secs(540);

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

#[derive(Serialize)]
struct Summary {
    optimizer: &'static str,
    accuracy_before: f64,
    accuracy_after: f64,
    labelled_samples: usize,
    steps: u32,
    gradient_evaluations: u32,
    loss_evaluations: u32,
    hashes_equal: bool,
    instructions_per_gradient_evaluation: Option<u64>,
    instructions_per_step: Option<u64>,
    flash_bytes: Option<u64>,
    ram_bytes: Option<u64>,
}

/// What one run told, sorted.
struct Told<'a> {
    before: Accuracy,
    after: Accuracy,
    steps: Vec<&'a StepEvent>,
}

impl<'a> Told<'a> {
    fn new(events: &'a [Event]) -> Result<Self> {
        let find = |wanted: fn(&Event) -> Option<Accuracy>| {
            events.iter().find_map(wanted).context("the run ended without telling its accuracy")
        };
        Ok(Self {
            before: find(|event| match event {
                Event::Before(accuracy) => Some(*accuracy),
                _ => None,
            })?,
            after: find(|event| match event {
                Event::After(accuracy) => Some(*accuracy),
                _ => None,
            })?,
            steps: events
                .iter()
                .filter_map(|event| if let Event::Step(step) = event { Some(step) } else { None })
                .collect(),
        })
    }

    fn losses(&self) -> Vec<f32> {
        self.steps.iter().map(|step| step.loss).collect()
    }

    fn hashes(&self) -> Vec<u32> {
        self.steps.iter().map(|step| step.hash).collect()
    }

    /// A mean over the steps, rounded.
    fn per(&self, of: impl Fn(&StepEvent) -> u64, count: u32) -> u64 {
        let sum: u64 = self.steps.iter().map(|step| of(step)).sum();
        let count = u64::from(count.max(1));
        (sum + count / 2) / count
    }
}

/// Runs the command.
pub fn demo(args: &DemoArgs) -> Result<()> {
    if !args.host_only {
        setup::rust_targets(&[MPS2_AN386.target])?;
        setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    }
    let plan = Plan::prepare(&args.plan)?;
    let firmware = if args.host_only {
        None
    } else {
        let spinner = progress::spinner("building the firmware");
        let firmware = device::build_plan(&plan)?;
        spinner.finish_and_clear();
        Some(firmware)
    };
    let (rehearsals, device) = run_side_by_side(&plan, firmware.as_deref())?;
    let summary = report(&plan, &rehearsals, device.as_ref())?;
    if args.json {
        println!("{}", serde_json::to_string(&summary)?);
    }
    ensure!(
        summary.hashes_equal,
        "the runs differ: the table says from which step on; this breaks the numeric contract"
    );
    Ok(())
}

/// The rehearsal in this thread, the emulator in another, a bar for each.
fn run_side_by_side(
    plan: &Plan,
    firmware: Option<&Path>,
) -> Result<(Rehearsals, Option<DeviceRun>)> {
    let image = Image::parse(&plan.image)?;
    let bars = MultiProgress::new();
    let new_bar = |message: &str| {
        let bar = bars.add(progress::bar(message, "steps"));
        bar.set_length(u64::from(plan.settings.steps));
        bar
    };
    let host_bar = new_bar("desktop rehearsal");
    let device_bar = firmware.map(|_| new_bar("Cortex-M4F in QEMU"));
    std::thread::scope(|scope| {
        let device = firmware.zip(device_bar.as_ref()).map(|(firmware, bar)| {
            scope.spawn(move || {
                device::run(&MPS2_AN386, firmware, LIMIT, |event| {
                    if matches!(event, Event::Step(_)) {
                        bar.inc(1);
                    }
                })
            })
        });
        let tell = |event: &Event| {
            if matches!(event, Event::Step(_)) {
                host_bar.inc(1);
            }
        };
        let rehearsals = match plan.scenario {
            Scenario::Digits => rehearse_both::<DigitsTail>(&image, tell),
            Scenario::Speakers => rehearse_both::<SpeakersTail>(&image, tell),
        };
        let device = match device.map(|thread| thread.join()) {
            None => None,
            Some(Ok(run)) => Some(run?),
            Some(Err(_)) => bail!("the thread that runs the emulator panicked"),
        };
        host_bar.finish_and_clear();
        if let Some(bar) = &device_bar {
            bar.finish_and_clear();
        }
        Ok((rehearsals?, device))
    })
}

/// Prints the table, draws the chart.
fn report(plan: &Plan, rehearsals: &Rehearsals, device: Option<&DeviceRun>) -> Result<Summary> {
    let wide = Told::new(&rehearsals.wide)?;
    let scalar = Told::new(&rehearsals.scalar)?;
    let on_device = device.map(|run| Told::new(&run.events)).transpose()?;
    let settings = &plan.settings;
    let count = |of: fn(&StepEvent) -> u32| wide.steps.iter().map(|step| of(step)).sum::<u32>();
    let gradients = count(|step| step.gradients);
    let losses = count(|step| step.losses);

    let mut differences = first_difference(&wide, &scalar);
    if let Some(on_device) = &on_device {
        differences = differences.or(first_difference(&wide, on_device));
    }
    let stack = device.and_then(|run| {
        run.events.iter().find_map(|event| match event {
            Event::Ram { data, stack } => Some((u64::from(*data), u64::from(*stack))),
            _ => None,
        })
    });
    let summary = Summary {
        optimizer: settings.optimizer.name(),
        accuracy_before: wide.before.fraction(),
        accuracy_after: wide.after.fraction(),
        labelled_samples: plan.labelled,
        steps: settings.steps,
        gradient_evaluations: gradients,
        loss_evaluations: losses,
        hashes_equal: differences.is_none(),
        instructions_per_gradient_evaluation: on_device
            .as_ref()
            .map(|told| told.per(|step| step.gradient_instructions, gradients)),
        instructions_per_step: on_device
            .as_ref()
            .map(|told| told.per(|step| step.instructions, settings.steps)),
        flash_bytes: device.map(|run| run.sizes.flash_bytes),
        ram_bytes: stack.map(|(data, stack)| data + stack),
    };

    let radius = match settings.optimizer {
        scenario::OptimizerKind::Ball | scenario::OptimizerKind::Sam => {
            format!(", radius {}", settings.radius)
        }
        _ => String::new(),
    };
    println!(
        "{}: {}{radius}, learning rate {}",
        plan.title,
        settings.optimizer.name(),
        settings.learning_rate
    );
    print_table(plan, &summary, &wide, on_device.as_ref(), stack, differences);

    let path = device::demo_folder()?.join(format!("{}.svg", plan.scenario.binary()));
    let host_losses = wide.losses();
    let device_losses = on_device.as_ref().map(Told::losses);
    let mut curves = vec![Curve { label: "desktop", values: &host_losses }];
    let mut bars = vec![bars("desktop", &wide)];
    if let (Some(told), Some(losses)) = (&on_device, &device_losses) {
        curves.push(Curve { label: "Cortex-M4F", values: losses });
        bars.push(self::bars("Cortex-M4F", told));
    }
    if settings.steps < 2 {
        println!("no chart: it takes at least 2 steps");
    } else {
        loss_and_accuracy(&path, &plan.title, &curves, &bars)?;
        let root = device::root();
        println!("chart: {}", path.strip_prefix(&root).unwrap_or(&path).display());
    }
    Ok(summary)
}

fn bars<'a>(label: &'a str, told: &Told) -> Bars<'a> {
    Bars { label, before: told.before.fraction(), after: told.after.fraction() }
}

/// The first step after which theta differs in a bit.
fn first_difference(a: &Told, b: &Told) -> Option<usize> {
    let (a_hashes, b_hashes) = (a.hashes(), b.hashes());
    let differing = a_hashes.iter().zip(&b_hashes).position(|(a, b)| a != b);
    let shorter = a_hashes.len().min(b_hashes.len());
    differing.or((a_hashes.len() != b_hashes.len()).then_some(shorter))
}

fn print_table(
    plan: &Plan,
    summary: &Summary,
    host: &Told,
    on_device: Option<&Told>,
    stack: Option<(u64, u64)>,
    differences: Option<usize>,
) {
    let accuracy = |accuracy: Accuracy| {
        let percent = 100.0 * accuracy.fraction();
        format!("{percent:.1} % ({} of {})", accuracy.correct, accuracy.samples)
    };
    let (flash, ram) = device::budget(plan.scenario);
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
        |told: &Told| told.steps.last().map_or_else(none, |step| format!("{:08x}", step.hash));
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
    row("RAM", none(), summary.ram_bytes.map_or_else(none, |bytes| of(bytes, ram)));
    row(
        "  of it static, stack",
        none(),
        stack.map_or_else(none, |(data, stack)| {
            format!("{}, {}", kilobytes(data), kilobytes(stack))
        }),
    );
    println!("{table}");
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.1} KB", bytes as f64 / 1024.0)
}

/// With a space between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

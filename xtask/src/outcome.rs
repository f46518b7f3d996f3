//! What a plan led to, on the desktop and on the device, and whether the two are the same.

use crate::device::{self, DeviceRun};
use crate::plan::{Plan, PlanArgs, Scenario};
use crate::progress;
use crate::qemu::MPS2_AN386;
use crate::rehearsal::{Rehearsals, rehearse_both};
use anyhow::{Context, Result, bail, ensure};
use indicatif::MultiProgress;
use scenario::{Accuracy, DigitsTail, Event, Image, SpeakersTail, StepEvent};
use serde::Serialize;
use std::path::Path;

/// A plan and its runs.
pub struct Outcome {
    /// What was to be run.
    pub plan: Plan,
    /// On the desktop.
    pub rehearsals: Rehearsals,
    /// On the device, where one was asked for.
    pub device: Option<DeviceRun>,
}

/// The numbers of a demo.
#[derive(Serialize)]
pub struct Summary {
    /// Its name.
    pub optimizer: &'static str,
    /// Before fine-tuning, a fraction.
    pub accuracy_before: f64,
    /// After it.
    pub accuracy_after: f64,
    /// What was learned from.
    pub labelled_samples: usize,
    /// Steps made.
    pub steps: u32,
    /// In all steps.
    pub gradient_evaluations: u32,
    /// In all steps.
    pub loss_evaluations: u32,
    /// After every step, in all runs.
    pub hashes_equal: bool,
    /// On the device, the mean.
    pub instructions_per_gradient_evaluation: Option<u64>,
    /// On the device, the mean.
    pub instructions_per_step: Option<u64>,
    /// From the ELF file.
    pub flash_bytes: Option<u64>,
    /// Static data and stack.
    pub ram_bytes: Option<u64>,
}

/// What one run told, sorted.
pub struct Told<'a> {
    /// Before fine-tuning.
    pub before: Accuracy,
    /// After it.
    pub after: Accuracy,
    /// Each step.
    pub steps: Vec<&'a StepEvent>,
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

    /// The loss at each step.
    pub fn losses(&self) -> Vec<f32> {
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

impl Outcome {
    /// Runs a plan on the desktop, and on the device too unless only the host is wanted.
    pub fn of(arguments: &PlanArgs, host_only: bool) -> Result<Self> {
        let plan = Plan::prepare(arguments)?;
        let firmware = if host_only {
            None
        } else {
            let spinner = progress::spinner("building the firmware");
            let firmware = device::build_plan(&plan)?;
            spinner.finish_and_clear();
            Some(firmware)
        };
        let (rehearsals, device) = run_side_by_side(&plan, firmware.as_deref())?;
        Ok(Self { plan, rehearsals, device })
    }

    /// The desktop's events.
    pub fn host(&self) -> Result<Told<'_>> {
        Told::new(&self.rehearsals.wide)
    }

    /// The device's events.
    pub fn on_device(&self) -> Result<Option<Told<'_>>> {
        self.device.as_ref().map(|run| Told::new(&run.events)).transpose()
    }

    /// The first step after which theta differs in a bit between any two runs.
    pub fn first_difference(&self) -> Result<Option<usize>> {
        let host = self.host()?;
        let scalar = first_difference(&host, &Told::new(&self.rehearsals.scalar)?);
        let device = self.on_device()?.and_then(|told| first_difference(&host, &told));
        Ok(scalar.into_iter().chain(device).min())
    }

    /// Static data and stack of the device, in bytes.
    pub fn ram(&self) -> Option<(u64, u64)> {
        self.device.as_ref()?.events.iter().find_map(|event| match event {
            Event::Ram { data, stack } => Some((u64::from(*data), u64::from(*stack))),
            _ => None,
        })
    }

    /// The numbers.
    pub fn summary(&self) -> Result<Summary> {
        let host = self.host()?;
        let on_device = self.on_device()?;
        let settings = &self.plan.settings;
        let count = |of: fn(&StepEvent) -> u32| host.steps.iter().map(|step| of(step)).sum::<u32>();
        let gradients = count(|step| step.gradients);
        let per = |of: fn(&StepEvent) -> u64, count: u32| {
            on_device.as_ref().map(|told| told.per(of, count))
        };
        Ok(Summary {
            optimizer: settings.optimizer.name(),
            accuracy_before: host.before.fraction(),
            accuracy_after: host.after.fraction(),
            labelled_samples: self.plan.labelled,
            steps: settings.steps,
            gradient_evaluations: gradients,
            loss_evaluations: count(|step| step.losses),
            hashes_equal: self.first_difference()?.is_none(),
            instructions_per_gradient_evaluation: per(|step| step.gradient_instructions, gradients),
            instructions_per_step: per(|step| step.instructions, settings.steps),
            flash_bytes: self.device.as_ref().map(|run| run.sizes.flash_bytes),
            ram_bytes: self.ram().map(|(data, stack)| data + stack),
        })
    }

    /// Fails where two runs differ in a bit.
    pub fn check_bits(&self) -> Result<()> {
        match self.first_difference()? {
            None => Ok(()),
            Some(step) => bail!(
                "the runs of {} differ from step {step} on: this breaks the numeric contract",
                self.plan.title
            ),
        }
    }

    /// Fails where the device needs more flash or RAM than its budget.
    pub fn check_budget(&self) -> Result<()> {
        let (flash, ram) = device::budget(self.plan.scenario);
        let summary = self.summary()?;
        let (Some(flash_bytes), Some(ram_bytes)) = (summary.flash_bytes, summary.ram_bytes) else {
            bail!("the device did not tell what it needs");
        };
        ensure!(
            flash_bytes <= flash && ram_bytes <= ram,
            "{}: {flash_bytes} bytes of flash and {ram_bytes} of RAM, the board has {flash} and {ram}",
            self.plan.title
        );
        Ok(())
    }
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
                device::run(&MPS2_AN386, firmware, device::LIMIT, |event| {
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
        let device = device.map(|thread| thread.join());
        // What stops the rehearsal stops the device too, and the rehearsal says it better.
        let rehearsals = rehearsals?;
        let device = match device {
            None => None,
            Some(Ok(run)) => Some(run?),
            Some(Err(_)) => bail!("the thread that runs the emulator panicked"),
        };
        host_bar.finish_and_clear();
        if let Some(bar) = &device_bar {
            bar.finish_and_clear();
        }
        Ok((rehearsals, device))
    })
}

/// The first step after which theta differs in a bit.
fn first_difference(a: &Told, b: &Told) -> Option<usize> {
    let (a_hashes, b_hashes) = (a.hashes(), b.hashes());
    let differing = a_hashes.iter().zip(&b_hashes).position(|(a, b)| a != b);
    let shorter = a_hashes.len().min(b_hashes.len());
    differing.or((a_hashes.len() != b_hashes.len()).then_some(shorter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(hashes: &[u32]) -> Vec<Event> {
        let accuracy = Accuracy { correct: 1, samples: 2 };
        let steps = hashes.iter().enumerate().map(|(index, hash)| {
            Event::Step(StepEvent {
                step: index as u32,
                loss: 1.0,
                gradient_norm: 1.0,
                gradients: 1,
                losses: 1,
                gradient_instructions: 10,
                instructions: 25,
                hash: *hash,
            })
        });
        std::iter::once(Event::Before(accuracy))
            .chain(steps)
            .chain([Event::After(accuracy)])
            .collect()
    }

    fn difference(a: &[u32], b: &[u32]) -> Result<Option<usize>> {
        Ok(first_difference(&Told::new(&run(a))?, &Told::new(&run(b))?))
    }

    #[test]
    fn runs_are_equal_only_where_every_hash_is() -> Result<()> {
        assert_eq!(difference(&[1, 2, 3], &[1, 2, 3])?, None);
        assert_eq!(difference(&[1, 2, 3], &[1, 5, 3])?, Some(1));
        assert_eq!(difference(&[1, 2, 3], &[1, 2])?, Some(2));
        Ok(())
    }

    #[test]
    fn a_run_that_ends_early_is_an_error() {
        let mut events = run(&[1]);
        events.pop();
        assert!(Told::new(&events).is_err());
    }

    #[test]
    fn a_mean_is_rounded_to_the_nearest() -> Result<()> {
        let events = run(&[1, 2, 3]);
        let told = Told::new(&events)?;
        assert_eq!(told.per(|step| step.instructions, 3), 25);
        assert_eq!(told.per(|step| step.instructions, 2), 38);
        Ok(())
    }
}

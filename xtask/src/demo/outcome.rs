//! What a plan led to, on the desktop and on the device, and whether the two are the same.

use crate::demo::firmware;
use crate::demo::plan::{Plan, PlanArgs};
use crate::demo::rehearsal::rehearse;
use crate::device::qemu::{Emulation, MPS2_AN386};
use crate::device::{self, DeviceRun};
use anyhow::{Result, bail, ensure};
use indicatif::MultiProgress;
use rolling_ball_rehearsal::desktop::{History, Rehearsal, first_difference};
use rolling_ball_rehearsal::{Event, StepEvent};
use serde::Serialize;
use std::path::Path;
use workbench::progress;

/// A plan and its runs.
pub struct Outcome {
    /// What was to be run.
    pub plan: Plan,
    /// On the desktop.
    pub rehearsal: Rehearsal,
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

impl Outcome {
    /// Runs a plan on the desktop, and on the device too unless only the host is wanted.
    pub fn of(arguments: &PlanArgs, host_only: bool) -> Result<Self> {
        let plan = Plan::prepare(arguments)?;
        let firmware = if host_only {
            None
        } else {
            let spinner = progress::spinner("building the firmware");
            let firmware = firmware::build(&plan, "demo", &MPS2_AN386)?;
            spinner.finish_and_clear();
            Some(firmware)
        };
        let (rehearsal, device) = run_side_by_side(&plan, firmware.as_deref())?;
        Ok(Self { plan, rehearsal, device })
    }

    /// The desktop's events.
    pub fn host(&self) -> Result<History<'_>> {
        Ok(self.rehearsal.history()?)
    }

    /// The device's events.
    pub fn on_device(&self) -> Result<Option<History<'_>>> {
        Ok(self.device.as_ref().map(|run| History::new(&run.events)).transpose()?)
    }

    /// The first step after which theta differs in a bit between any two runs.
    pub fn first_difference(&self) -> Result<Option<usize>> {
        let host = self.host()?;
        let scalar = self.rehearsal.first_difference()?;
        let device = self.on_device()?.and_then(|device| first_difference(&host, &device));
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
            on_device.as_ref().map(|device| device.per(of, count))
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
        let (flash, ram) = self.plan.scenario.budget();
        let summary = self.summary()?;
        let (Some(flash_bytes), Some(ram_bytes)) = (summary.flash_bytes, summary.ram_bytes) else {
            bail!("the device did not tell what it needs");
        };
        ensure!(
            flash_bytes <= flash && ram_bytes <= ram,
            "{}: {flash_bytes} bytes of flash and {ram_bytes} of RAM, the board has {flash} and \
             {ram}",
            self.plan.title
        );
        Ok(())
    }
}

/// The rehearsal in this thread, the emulator in another, a bar for each.
fn run_side_by_side(
    plan: &Plan,
    firmware: Option<&Path>,
) -> Result<(Rehearsal, Option<DeviceRun>)> {
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
                device::run(&Emulation::new(&MPS2_AN386, firmware, device::LIMIT), |event| {
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
        let rehearsal = rehearse(plan, tell);
        let device = device.map(|thread| thread.join());
        // What stops the rehearsal stops the device too, and the rehearsal says it better.
        let rehearsal = rehearsal?;
        let device = match device {
            None => None,
            Some(Ok(run)) => Some(run?),
            Some(Err(_)) => bail!("the thread that runs the emulator panicked"),
        };
        host_bar.finish_and_clear();
        if let Some(bar) = &device_bar {
            bar.finish_and_clear();
        }
        Ok((rehearsal, device))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::plan::Scenario;
    use crate::device::elf::Sizes;
    use rolling_ball_rehearsal::{Accuracy, OptimizerKind, Settings};

    fn run(hashes: &[u32]) -> Vec<Event> {
        let accuracy = Accuracy { correct: 1, samples: 2, outputs: 3 };
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

    fn outcome(scalar: &[u32], wide: &[u32], device: Option<&[u32]>) -> Outcome {
        let plan = Plan {
            scenario: Scenario::Digits,
            title: "a test".to_owned(),
            settings: Settings {
                optimizer: OptimizerKind::Ball,
                steps: wide.len() as u32,
                batch: 0,
                radius: 1.0,
                learning_rate: 1.0,
            },
            labelled: 4,
            image: Vec::new(),
        };
        let device = device.map(|hashes| DeviceRun {
            events: [run(hashes), vec![Event::Ram { data: 3000, stack: 500 }]].concat(),
            sizes: Sizes { flash_bytes: 70_000, static_ram_bytes: 3000 },
        });
        Outcome { plan, rehearsal: Rehearsal { scalar: run(scalar), wide: run(wide) }, device }
    }

    #[test]
    fn the_first_difference_is_that_of_any_two_runs() -> Result<()> {
        let of = |scalar, device| outcome(scalar, &[1, 2, 3], device).first_difference();
        assert_eq!(of(&[1, 2, 3], None)?, None);
        assert_eq!(of(&[1, 2, 3], Some(&[1, 2, 3]))?, None);
        assert_eq!(of(&[1, 2, 9], None)?, Some(2));
        assert_eq!(of(&[1, 2, 3], Some(&[1, 9, 3]))?, Some(1));
        assert_eq!(of(&[1, 2, 9], Some(&[9, 2, 3]))?, Some(0));
        assert_eq!(of(&[1, 9, 3], Some(&[1, 2, 9]))?, Some(1));
        Ok(())
    }

    #[test]
    fn runs_that_differ_fail_the_check_and_the_step_is_named() {
        assert!(outcome(&[1, 2], &[1, 2], Some(&[1, 2])).check_bits().is_ok());
        let check = outcome(&[1, 2], &[1, 2], Some(&[1, 7])).check_bits();
        let text = check.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(text.contains("a test") && text.contains("from step 1 on"), "{text}");
    }

    #[test]
    fn a_summary_adds_up_the_steps_of_host_and_device() -> Result<()> {
        let summary = outcome(&[1, 2, 3], &[1, 2, 3], Some(&[1, 2, 3])).summary()?;
        assert_eq!((summary.optimizer, summary.labelled_samples, summary.steps), ("ball", 4, 3));
        assert_eq!((summary.accuracy_before, summary.accuracy_after), (0.5, 0.5));
        assert_eq!((summary.gradient_evaluations, summary.loss_evaluations), (3, 3));
        assert!(summary.hashes_equal);
        assert_eq!(summary.instructions_per_gradient_evaluation, Some(10));
        assert_eq!(summary.instructions_per_step, Some(25));
        assert_eq!((summary.flash_bytes, summary.ram_bytes), (Some(70_000), Some(3500)));
        assert!(!outcome(&[1], &[1], Some(&[2])).summary()?.hashes_equal);
        Ok(())
    }

    #[test]
    fn a_run_on_the_desktop_alone_has_no_numbers_of_a_device() -> Result<()> {
        let outcome = outcome(&[1], &[1], None);
        let summary = outcome.summary()?;
        assert_eq!(summary.instructions_per_gradient_evaluation, None);
        assert_eq!(summary.instructions_per_step, None);
        assert_eq!((summary.flash_bytes, summary.ram_bytes), (None, None));
        let text = outcome.check_budget().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(text.contains("did not tell"), "{text}");
        Ok(())
    }

    #[test]
    fn a_device_that_needs_more_than_its_board_has_fails_the_check() {
        let needs = |flash_bytes, stack| {
            let mut outcome = outcome(&[1], &[1], Some(&[1]));
            if let Some(device) = &mut outcome.device {
                device.sizes.flash_bytes = flash_bytes;
                device.events.pop();
                device.events.push(Event::Ram { data: 65_000, stack });
            }
            outcome.check_budget().err().map(|error| error.to_string())
        };
        assert_eq!(needs(131_072, 536), None);
        for (flash, stack) in [(131_073, 536), (131_072, 537)] {
            let text = needs(flash, stack).unwrap_or_default();
            let ram = 65_000 + stack;
            assert!(text.contains(&format!("{flash} bytes of flash and {ram} of RAM")), "{text}");
        }
    }

    #[test]
    fn a_plan_rehearsed_with_both_kernels_gives_equal_bits_and_learns() -> Result<()> {
        let arguments = PlanArgs { steps: 20, ..PlanArgs::digits(OptimizerKind::Ball) };
        let outcome = Outcome::of(&arguments, true)?;
        outcome.check_bits()?;
        let summary = outcome.summary()?;
        assert_eq!((summary.steps, outcome.host()?.losses().len()), (20, 20));
        assert!(summary.accuracy_after > summary.accuracy_before);
        Ok(())
    }
}

//! Instructions of a training step on the emulated cores, and of the optimizers' passes by the
//! number of parameters; on the Cortex-M4F estimated cycles too.

mod committed;
mod figures;
mod tables;

use super::arguments::BenchArgs;
use super::findings::Findings;
use super::told::{Told, cycles_of, field};
use crate::cores::Agreement;
use crate::device::Build;
use crate::device::cycles::Measurement;
use crate::device::qemu::{Emulation, MACHINES, MPS2_AN386, MPS3_AN547, Machine};
use anyhow::{Result, ensure};
use committed::Committed;
use figures::{Passes, Step};
use scenario::training_step::{Counted, Memory, count};
use std::time::Duration;
use workbench::progress;
use workbench::setup;

/// Their scalar and vector instructions are what the library is written for; the guard looks at
/// these alone.
const GUARDED: [&Machine; 2] = [&MPS2_AN386, &MPS3_AN547];

const FOLDER: &str = "bench";
const LIMIT: Duration = Duration::from_secs(120);

/// Counts on all cores.
pub fn measure(args: &BenchArgs) -> Result<Findings> {
    setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    let measured = measure_on(&MACHINES)?;
    if args.write {
        measured.write()?;
    }
    let Committed { steps, passes, .. } = &measured;
    let text = [
        "Instructions as QEMU counts them (`-icount`), of one whole step with its evaluations, \
         after two steps to warm up; the bits of theta are the desktop's on every core. `sgd` is \
         plain gradient descent, and `sgd-unmeasured` a step of it between two that take the norms \
         (`SgdConfig::measure_every`), with the same bits; `ball` is the default ball, which \
         evaluates the loss once more a step to be able to go back.",
        &tables::steps(steps),
        "Estimated cycles on the Cortex-M4F: what was executed there, by the times of Arm's \
         Technical Reference Manual for memory without wait states \
         (xtask/src/device/cycles/timing.rs has the assumptions). Low and high are bounds of what \
         the manual leaves open. No hardware has confirmed them: the last column is for whoever \
         has a board, where `cargo run --release --bin cycles` in boards/nucleo-f446re prints \
         what its cycle counter says of the same steps.",
        &tables::cycles(steps),
        "Beside other libraries that train on microcontrollers, on the Cortex-M4F, with the ratio \
         to theirs. Theirs were counted on the same emulated board (mps2-an386), compiled by \
         arm-none-eabi-gcc 12.2 with -O2 and hard floats. AIfES: its whole step. PULP-TrainLib \
         (stm32 branch, `exp` replaced by `expf`): without biases, and one sample a step only.",
        &tables::peers(steps),
        "The optimizer alone, instructions and estimated cycles a parameter and step, without the \
         evaluations that it asks for. `spread` is the largest of a row in units of its smallest; \
         what does not depend on the number of parameters shows in the first column.",
        &tables::passes(passes),
        "The Cortex-M55 in units of the Cortex-M4F:",
        &tables::vectors(passes),
    ]
    .join("\n\n");
    Ok(Findings { text, rows: serde_json::to_value(steps)? })
}

/// Counts again on the guarded cores, and fails where a figure rose.
pub fn check() -> Result<Agreement> {
    measure_on(&GUARDED)?.compare()
}

/// The steps on these machines, and the passes on those of them that are guarded.
fn measure_on(machines: &[&Machine]) -> Result<Committed> {
    setup::rust_targets(&machines.iter().map(|machine| machine.target).collect::<Vec<_>>())?;
    let guarded = machines.iter().filter(|machine| is_guarded(machine));
    let bar = progress::bar("counting instructions", "firmwares");
    bar.set_length((machines.len() + guarded.clone().count()) as u64);
    let expected = on_the_desktop()?;
    let (mut steps, mut passes) = (Vec::new(), Vec::new());
    for machine in machines {
        bar.tick();
        steps.extend(count_steps(machine, &expected)?);
        bar.inc(1);
    }
    for machine in guarded {
        passes.extend(count_passes(machine)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Committed::new(steps, passes)
}

fn is_guarded(machine: &Machine) -> bool {
    GUARDED.iter().any(|guarded| guarded.name == machine.name)
}

/// The same steps here, where nothing counts instructions.
fn on_the_desktop() -> Result<Vec<Counted>> {
    let (mut memory, mut steps) = (Memory::ZERO, Vec::new());
    count(&mut memory, || 0, |step| steps.push(step))?;
    Ok(steps)
}

fn count_steps(machine: &Machine, expected: &[Counted]) -> Result<Vec<Step>> {
    let Told { lines, measured } = told(machine, "bench_step", "step ")?;
    ensure!(lines.len() == expected.len(), "the {} made other steps: {lines:#?}", machine.core);
    let mut measured = measured.map(Vec::into_iter);
    let steps = expected.iter().zip(&lines).map(|(expected, line)| {
        let measurement = measured.as_mut().map(|all| sum(all.take(1)));
        step(machine, expected, line, measurement)
    });
    steps.collect()
}

/// A line of the firmware, which must tell of this step with the same bits.
fn step(
    machine: &Machine,
    expected: &Counted,
    line: &str,
    measurement: Option<Measurement>,
) -> Result<Step> {
    let instructions = field(line, "instructions")?;
    ensure!(
        line == Counted { spent: instructions, ..*expected }.to_string(),
        "the {} said {line:?}, the desktop {:?}: this breaks the numeric contract",
        machine.core,
        expected.to_string()
    );
    let Counted { network, batch, optimizer, .. } = *expected;
    Ok(Step {
        core: machine.core.to_owned(),
        network: network.to_owned(),
        batch,
        optimizer: optimizer.to_owned(),
        instructions,
        cycles: cycles_of(measurement, line, instructions)?,
    })
}

fn count_passes(machine: &Machine) -> Result<Vec<Passes>> {
    let Told { lines, measured } = told(machine, "bench_passes", "passes ")?;
    let mut measured = measured.map(Vec::into_iter);
    let passes = lines.iter().map(|line| {
        let (gradients, losses) = (field(line, "gradients")?, field(line, "losses")?);
        let turns = 1 + gradients + losses;
        let measurement = measured.as_mut().map(|all| sum(all.take(turns as usize)));
        let instructions = field(line, "instructions")?;
        Ok(Passes {
            core: machine.core.to_owned(),
            form: field(line, "form")?,
            parameters: field(line, "parameters")?,
            gradients,
            losses,
            instructions,
            cycles: cycles_of(measurement, line, instructions)?,
        })
    });
    passes.collect()
}

fn sum(measurements: impl Iterator<Item = Measurement>) -> Measurement {
    measurements.fold(Measurement::default(), |mut sum, own| {
        sum += own;
        sum
    })
}

fn told(machine: &Machine, binary: &str, begin: &str) -> Result<Told> {
    let firmware = Build::firmware(FOLDER, machine, binary).run()?;
    Told::by(&Emulation::new(machine, &firmware, LIMIT), begin)
}

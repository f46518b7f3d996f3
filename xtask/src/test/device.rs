//! The emulated Cortex-M4F against the desktop: the same bits, within the budget of flash and RAM.

use super::TestArgs;
use super::faults::{SHORT, in_a_sentence};
use super::part::{Part, QEMU, tell};
use crate::demo::outcome::Outcome;
use crate::demo::plan::PlanArgs;
use crate::device::Build;
use crate::device::qemu::{Emulation, MACHINES, MPS2_AN386, MPS3_AN547, Machine};
use crate::own_network;
use anyhow::{Context, Result, ensure};
use rolling_ball::kernels::{Scalar, Wide};
use rolling_ball_rehearsal::OptimizerKind;
use scenario::passes::{Memory, hash_of_passes};

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("device", args)
        .test("the_ball_takes_the_turned_digits_from_below_60_to_above_85_per_cent", accuracy)
        .needs(&[QEMU])
        .builds_for(&MACHINES.map(|machine| machine.target));
    for optimizer in OptimizerKind::ALL {
        let name = optimizer.name();
        let sentence = format!("{name}_gives_equal_bits_on_host_and_device_within_its_budget");
        part = part.test(sentence, move || {
            let outcome = Outcome::of(&PlanArgs::digits(optimizer), false)?;
            outcome.check_bits()?;
            outcome.check_budget()
        });
    }
    for machine in MACHINES {
        // Where the numeric contract ends: the vectors of the Cortex-M55 flush what the other cores
        // compute with.
        let done = if machine.core == MPS3_AN547.core { "flushed" } else { "kept" };
        let core = in_a_sentence(machine);
        part = part.test(format!("subnormal_numbers_are_{done}_on_the_{core}"), move || {
            subnormals(machine, done)
        });
        let sentence = format!("products_of_bytes_of_all_lengths_to_200_are_exact_on_the_{core}");
        part = part.test(sentence, move || byte_products(machine));
    }
    for machine in MACHINES {
        let core = in_a_sentence(machine);
        let sentence = format!("passes_of_every_length_have_the_desktops_bits_on_the_{core}");
        part = part.test(sentence, move || passes(machine));
    }
    part.test("a_slice_of_a_loss_and_the_balls_over_it_have_equal_bits_on_host_and_device", slice)
        .test(
            "a_network_that_nothing_knows_by_name_has_equal_bits_on_host_and_device",
            own_network::check,
        )
        .test(
            "models_of_pytorch_and_tensorflow_have_equal_bits_on_host_and_device",
            crate::model::check,
        )
}

/// The accuracy is the rehearsal's, whose bits are the device's.
fn accuracy() -> Result<()> {
    let summary = Outcome::of(&PlanArgs::digits(OptimizerKind::Ball), true)?.summary()?;
    let (before, after) = (summary.accuracy_before, summary.accuracy_after);
    ensure!(before <= 0.60 && after >= 0.85, "digits: accuracy {before}, then {after}");
    Ok(())
}

fn subnormals(machine: &Machine, done: &str) -> Result<()> {
    let firmware = Build::firmware("test", machine, "subnormals").run()?;
    let mut said = String::new();
    Emulation::new(machine, &firmware, SHORT).lines(|line| said.push_str(line))?;
    ensure!(said == format!("subnormals are {done}"), "{}, expected {done}: {said}", machine.core);
    Ok(())
}

/// Each core has its own form of the loops. The desktop's are compared one by one in the scenario's
/// own test.
fn byte_products(machine: &Machine) -> Result<()> {
    let firmware = Build::firmware("test", machine, "byte_products").run()?;
    let mut said = String::new();
    Emulation::new(machine, &firmware, SHORT).lines(|line| said.push_str(line))?;
    let expected = format!("byte products {:08x}", scenario::byte_products::hash());
    ensure!(said == expected, "{}, expected {expected}: {said}", machine.core);
    Ok(())
}

/// Some cores have passes by hand, and all lengths leave other rests behind the whole blocks.
fn passes(machine: &Machine) -> Result<()> {
    let mut memory = Box::new(Memory::ZERO);
    let [scalar, wide] =
        [hash_of_passes::<Scalar>(&mut memory), hash_of_passes::<Wide>(&mut memory)];
    ensure!(scalar == wide, "on the desktop {scalar:08x} and {wide:08x}");
    let firmware = Build::firmware("test", machine, "passes").run()?;
    let mut said = String::new();
    Emulation::new(machine, &firmware, SHORT).lines(|line| said.push_str(line))?;
    ensure!(said == format!("{scalar:08x}"), "{}, expected {scalar:08x}: {said}", machine.core);
    Ok(())
}

/// What a ball sees of a loss is the same on the device.
fn slice() -> Result<()> {
    let firmware = Build::firmware("test", &MPS2_AN386, "slice").run()?;
    let mut expected = Vec::new();
    let mut memory = scenario::slice::Memory::ZERO;
    scenario::slice::look(&mut memory, || 0, |seen| expected.push(seen))?;
    let (mut told, mut instructions) = (Vec::new(), 0_u64);
    Emulation::new(&MPS2_AN386, &firmware, SHORT).lines(|line| told.push(line.to_owned()))?;
    ensure!(told.len() == expected.len(), "the device said {told:?}");
    for (line, seen) in told.iter().zip(expected) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let spent = words.get(5).and_then(|word| word.parse().ok());
        let spent: u64 = spent.with_context(|| format!("the device said {line:?}"))?;
        let here = scenario::slice::Seen { instructions: spent, ..seen }.to_string();
        ensure!(*line == here, "the device saw {line}, the desktop {here}");
        instructions += spent;
    }
    tell(format!(
        "{} points of a loss under {} balls on the {}: {instructions} instructions",
        scenario::slice::POINTS,
        told.len(),
        MPS2_AN386.core
    ));
    Ok(())
}

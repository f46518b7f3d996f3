//! Instructions of inferences in int8 on the emulated cores: of layers, and of whole networks.

mod committed;
mod desktop;
mod figures;
mod microflow;
mod models;
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
use figures::Inference;
use scenario::int8_shapes::{Counted, Memory, count};
use std::time::Duration;
use workbench::{progress, setup};

/// Whose instructions are in the committed table's comparison; see `bench::mcu`.
const GUARDED: [&Machine; 2] = [&MPS2_AN386, &MPS3_AN547];
const LIMIT: Duration = Duration::from_secs(120);

/// Counts on all cores.
pub fn measure(args: &BenchArgs) -> Result<Findings> {
    setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    let layers = layers_on(&MACHINES)?;
    if args.write {
        Committed::new(layers.clone())?.write()?;
    }
    let networks = args.models.as_deref().map(models::count).transpose()?.unwrap_or_default();
    let mut text = vec![
        "Instructions as QEMU counts them (`-icount`), of one inference of a layer; the bits of \
         the outputs are the desktop's on every core. `digits` is the committed network \
         (models/generated/digits_cnn.rs), whose last layer is in `f32`."
            .to_owned(),
        tables::by_core(&layers),
        "Beside CMSIS-NN, the vendor's kernels, which were measured once under the same emulator, \
         compiled by gcc 12 with -O2 for the Cortex-M4F (cycles, as the documented timings of its \
         pipeline estimate them; ours are estimated like those of a training step) and -Ofast for \
         the Cortex-M55 (instructions)."
            .to_owned(),
        tables::beside_vendor(&layers),
    ];
    if !networks.is_empty() {
        text.push(
            "Whole networks, from the TFLite files that `--models` names, of which the last layer \
             is trained and so in `f32`. An inference begins with `f32` inputs, which are \
             quantised first. Beside it is the crate microflow of the registry \
             (benches/peers/microflow), which compiles the same files, where it can."
                .to_owned(),
        );
        text.push(tables::networks(&networks));
    }
    if let Some(folder) = &args.models {
        text.push(
            "The same networks on this machine, on one thread, in milliseconds a sample: ours \
             sample by sample, LiteRT (with XNNPACK) sample by sample and in batches."
                .to_owned(),
        );
        text.push(desktop::table(args, folder)?);
    }
    let networks = networks.into_iter().map(|network| network.ours);
    let all: Vec<_> = layers.into_iter().chain(networks).collect();
    Ok(Findings { text: text.join("\n\n"), rows: serde_json::to_value(all)? })
}

/// Counts the layers again on the guarded cores, and fails where a figure rose.
pub fn check() -> Result<Agreement> {
    Committed::new(layers_on(&GUARDED)?)?.compare()
}

fn layers_on(machines: &[&Machine]) -> Result<Vec<Inference>> {
    setup::rust_targets(&machines.iter().map(|machine| machine.target).collect::<Vec<_>>())?;
    let mut expected = Vec::new();
    let mut memory = Memory::ZERO;
    count(&mut memory, || 0, |layer| expected.push(layer))?;
    let bar = progress::bar("counting layers in int8", "firmwares");
    bar.set_length(machines.len() as u64);
    let mut inferences = Vec::new();
    for machine in machines {
        bar.tick();
        let firmware = Build::firmware("bench", machine, "bench_int8").run()?;
        let Told { lines, measured } =
            Told::by(&Emulation::new(machine, &firmware, LIMIT), "int8 ")?;
        ensure!(
            lines.len() == expected.len(),
            "the {} counted other layers: {lines:#?}",
            machine.core
        );
        let mut measured = measured.map(Vec::into_iter);
        for (line, expected) in lines.iter().zip(&expected) {
            let measurement = measured.as_mut().and_then(Iterator::next);
            inferences.push(inference(machine, expected, line, measurement)?);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(inferences)
}

/// A line of the firmware, which must tell of this layer with the same bits.
fn inference(
    machine: &Machine,
    expected: &Counted,
    line: &str,
    measurement: Option<Measurement>,
) -> Result<Inference> {
    let instructions = field(line, "instructions")?;
    ensure!(
        line == Counted { instructions, ..*expected }.to_string(),
        "the {} said {line:?}, the desktop {:?}: this breaks the numeric contract",
        machine.core,
        expected.to_string()
    );
    let Counted { layer, multiply_adds, .. } = *expected;
    let (model, core) = (layer.to_owned(), machine.core.to_owned());
    let cycles = cycles_of(measurement, line, instructions)?.map(|cycles| cycles.middle);
    Ok(Inference { model, core, instructions, cycles, multiply_adds })
}

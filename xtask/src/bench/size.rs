//! Flash and RAM: of the firmware with each optimizer, and of training by network.

use super::arguments::BenchArgs;
use super::findings::Findings;
use crate::device::elf::Sizes;
use crate::device::qemu::MPS2_AN386;
use crate::size::{PROFILES, kinds, sizes, sizes_with, write_digits};
use anyhow::Result;
use rolling_ball_rehearsal::OptimizerKind;
use scenario::training_step::{Large, Small};
use scenario::{Digits, LastLayer, Speakers, SpeakersCnn};
use serde::Serialize;
use workbench::progress;
use workbench::setup;
use workbench::table::grouped;
use workbench::table::markdown;

/// The networks 8-16-4 and 16-32-4, gradient descent and the ball, in one firmware without an
/// image.
const STEPS: &str = "bench_step";

/// A firmware, built by a profile.
#[derive(Serialize)]
struct Row {
    firmware: String,
    profile: &'static str,
    flash_bytes: u64,
    /// Static data; the stack is not in it.
    ram_bytes: u64,
}

pub fn measure(_: &BenchArgs) -> Result<Findings> {
    setup::rust_targets(&[MPS2_AN386.target])?;
    let image = write_digits()?;
    let firmwares = kinds().map(Some).into_iter().chain([None]);
    let bar = progress::bar("building firmwares", "built");
    bar.set_length(((kinds().len() + 1) * PROFILES.len()) as u64);
    let mut rows = Vec::new();
    for kind in firmwares {
        for profile in PROFILES {
            bar.tick();
            let (firmware, sizes) = match kind {
                Some(kind) => (format!("size_{}", kind.name()), sizes_with(kind, profile)?),
                None => (STEPS.to_owned(), sizes(STEPS, profile)?),
            };
            let Sizes { flash_bytes, static_ram_bytes: ram_bytes } = sizes;
            rows.push(Row { firmware, profile, flash_bytes, ram_bytes });
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let text = format!(
        "Whole firmwares for the {core}, with their vectors, handlers and formatted lines. \
         `size_*` are the digits scenario with one optimizer each; of their flash {image} bytes \
         are the image of weights and samples. `{STEPS}` trains 8-16-4 and 16-32-4 with gradient \
         descent and with the ball, and its samples and first parameters are in its flash. RAM is \
         static data, without the stack.\n\n{firmwares}\n\nCode and constants of the peers' \
         firmwares that train 8-16-4 by gradient descent, compiled by arm-none-eabi-gcc 12.2 with \
         -O2: AIfES 19.7 kB, PULP-TrainLib 6.6 kB.\n\nRAM of training, bytes, as the networks' \
         types state it: theta, the optimizer's vectors and the activations of one sample, \
         whatever the batch. AIfES keeps the activations of the whole batch; its figures are for \
         one sample, with the parameters.\n\n{training}",
        core = MPS2_AN386.core,
        image = grouped(image as u64),
        firmwares = firmwares_table(&rows),
        training = training_table(),
    );
    Ok(Findings { text, rows: serde_json::to_value(rows)? })
}

fn firmwares_table(rows: &[Row]) -> String {
    let mut header = vec!["firmware".to_owned()];
    for profile in PROFILES {
        header.extend([format!("flash, bytes (`{profile}`)"), format!("RAM, bytes (`{profile}`)")]);
    }
    markdown(
        header,
        rows.chunks(PROFILES.len()).map(|profiles| {
            let mut row: Vec<String> =
                profiles.iter().take(1).map(|row| row.firmware.clone()).collect();
            row.extend(
                profiles.iter().flat_map(|row| [grouped(row.flash_bytes), grouped(row.ram_bytes)]),
            );
            row
        }),
    )
}

fn training_table() -> String {
    let header = [
        "network",
        "parameters trained",
        "losses only",
        "SGD",
        "ball, SAM, momentum",
        "Adam",
        "AIfES, SGD",
        "AIfES, Adam",
    ];
    let rows = [
        ("8-16-4", Small::PARAMETERS, Small::ram_bytes as fn(usize) -> usize, Some((2_480, 4_336))),
        ("16-32-4", Large::PARAMETERS, Large::ram_bytes, None),
        ("digits, last layer", LastLayer::PARAMETERS, LastLayer::ram_bytes, None),
        ("digits, 64-32-10", Digits::PARAMETERS, Digits::ram_bytes, None),
        ("spoken digits, 320-32-10", Speakers::PARAMETERS, Speakers::ram_bytes, None),
        ("spoken digits, convolutions", SpeakersCnn::PARAMETERS, SpeakersCnn::ram_bytes, None),
    ];
    markdown(
        header.map(str::to_owned).to_vec(),
        rows.into_iter().map(|(network, parameters, ram_bytes, peer)| {
            let bytes = |bytes: usize| grouped(bytes as u64);
            let mut row = vec![network.to_owned(), bytes(parameters)];
            let kinds = [
                OptimizerKind::ZerothOrderBall,
                OptimizerKind::Sgd,
                OptimizerKind::Ball,
                OptimizerKind::Adam,
            ];
            row.extend(kinds.map(|kind| bytes(ram_bytes(kind.vectors()))));
            row.extend(match peer {
                Some((sgd, adam)) => [bytes(sgd), bytes(adam)],
                None => ["-", "-"].map(str::to_owned),
            });
            row
        }),
    )
}

//! Flipped bits on the device: whatever is resumed was saved, to the bit.

use super::TestArgs;
use super::faults::SHORT;
use super::part::{Part, QEMU, report};
use crate::device::Build;
use crate::device::qemu::{Emulation, MPS2_AN386};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use workbench::document::FLIPS;
use workbench::progress::during;
use workbench::table::{grouped, markdown};

/// Trials of each kind, in two seconds.
const TRIALS: u32 = 10_000;

/// What the firmware calls its kinds of trials, and what is flipped.
const KINDS: [(&str, &str); 4] = [
    ("at rest", "1 to 64 bits of the flash, anywhere or in one slot"),
    ("written", "1 to 8 bits of a byte on its way into flash"),
    ("read", "1 to 8 bits of a byte on its way from flash"),
    ("in RAM", "a bit of theta or of the ball's vector in RAM, before a save"),
];

/// What a trial ends with, and what the firmware calls it.
const ENDINGS: [(&str, &str); 6] = [
    ("bits flipped", "bits"),
    ("the newest", "newest"),
    ("an older one", "older"),
    ("none", "nothing"),
    ("an error", "refused"),
    ("anything else", "silent"),
];

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    Part::new("flips", args)
        .needs(&[QEMU])
        .builds_for(&[MPS2_AN386.target])
        .test("no_checkpoint_with_a_flipped_bit_is_resumed_on_the_cortex_m4f", move || {
            report(write, FLIPS, &format!("`cargo xtask test flips --write`\n\n{}", check()?))
        })
}

/// Makes the trials of each kind on the device; the table of what they ended with.
fn check() -> Result<String> {
    let firmware = Build::firmware("test", &MPS2_AN386, "flips").run()?;
    let (mut told, argument) = (BTreeMap::new(), TRIALS.to_string());
    let emulation = Emulation::new(&MPS2_AN386, &firmware, SHORT);
    let emulation = Emulation { argument: Some(&argument), ..emulation };
    during("flipped bits in QEMU", || {
        emulation.lines(|line| {
            if let Some((kind, counts)) = line.split_once(": ") {
                told.insert(kind.to_owned(), counts.to_owned());
            }
        })
    })?;
    let mut rows = Vec::new();
    for (kind, what) in KINDS {
        let counts = told.get(kind).with_context(|| format!("nothing was told of {kind:?}"))?;
        let words = Vec::from_iter(counts.split_whitespace());
        let counts = ENDINGS.map(|(_, ending)| {
            let at = words.iter().position(|word| *word == ending)?;
            words.get(at + 1)?.parse::<u32>().ok()
        });
        let [Some(bits), Some(newest), Some(older), Some(none), Some(refused), Some(silent)] =
            counts
        else {
            anyhow::bail!("of {kind:?} the firmware said {words:?}");
        };
        ensure!(newest + older + none + refused + silent == TRIALS, "{kind}: {words:?}");
        ensure!(silent == 0, "{kind}: {silent} flips were accepted without an error");
        // Flips that never do harm would prove nothing.
        ensure!(kind == "in RAM" || newest < TRIALS, "{kind}: no flip did any harm");
        let row = [bits, newest, older, none, refused, silent].map(|count| grouped(count.into()));
        rows.push([what.to_owned()].into_iter().chain(row).collect());
    }
    let header = ["what is flipped"].into_iter().chain(ENDINGS.map(|(heading, _)| heading));
    let header = header.map(str::to_owned).collect();
    Ok(format!(
        "{} trials of each kind on an emulated {}, with a ring of four checkpoints of the default \
         ball: what was resumed afterwards, compared with what was saved bit by bit. A byte that \
         arrives damaged is refused by the save, which reads back what it has written; then the \
         newest checkpoint of before is still there. What is flipped in RAM before a save cannot \
         be told from training: it is saved as it is, and resumed so, unless it makes a number of \
         theta that is not finite, which the save refuses.\n\n{}",
        grouped(TRIALS.into()),
        MPS2_AN386.core,
        markdown(header, rows.into_iter())
    ))
}

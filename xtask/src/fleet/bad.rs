//! Devices that spoil a federation, and the means that hold against them.

use super::{Fleet, per_cent};
use anyhow::Result;
use workbench::progress;
use workbench::table::markdown;

const ROUNDS: u32 = 20;
/// The part of the devices that are bad.
const PART: &str = "0.1";
/// The means, as the app and the table call them.
const MEANS: [(&str, &str); 3] = [
    ("samples", "by samples"),
    ("clipped", "by samples, of changes clipped to their median length"),
    ("trimmed", "trimmed by 15 % on either side"),
];
/// What is wrong: its column, and the settings.
const FAULTS: [(&str, &[(&str, &str)]); 4] = [
    ("nothing", &[]),
    ("random labels", &[("wrong-labels", PART)]),
    ("garbage or NaN", &[("garbage", PART)]),
    ("the same, nothing refused", &[("garbage", PART), ("refuse", "false")]),
];

/// Federates with each mean and each fault.
pub fn measure(fleet: &Fleet) -> Result<String> {
    let bar = progress::bar("federations with bad devices", "federations");
    bar.set_length((MEANS.len() * FAULTS.len()) as u64);
    let mut rows = Vec::new();
    for (mean, name) in MEANS {
        let mut row = vec![name.to_owned()];
        for (fault, (_, settings)) in FAULTS.iter().enumerate() {
            let mut run = fleet.run(&format!("bad-{mean}-{fault}"))?;
            run = run.with("rounds", ROUNDS).with("mean", mean);
            for (key, value) in *settings {
                run = run.with(key, value);
            }
            let report = run.rehearse(&fleet.environment)?;
            // A mean that has come to NaN has no further round.
            let last = report.curve("held-out").last().map_or(0.0, |(_, accuracy)| *accuracy);
            row.push(if report.round < ROUNDS { "NaN".to_owned() } else { per_cent(last) });
            bar.inc(1);
        }
        rows.push(row);
    }
    bar.finish_and_clear();
    let mut columns = vec!["mean".to_owned()];
    columns.extend(FAULTS.map(|(name, _)| name.to_owned()));
    Ok(format!(
        "`cargo xtask fleet --only bad`. Accuracy in per cent on the held-out samples after \
         {ROUNDS} rounds of {} devices, each of which is bad with a probability of {PART}: it has \
         random labels, or sends in each round, in turn, NaN, a change of a wrong length, random \
         numbers as large as weights, or ten times its change backwards.\n\n{}",
        fleet.devices,
        markdown(columns, rows.into_iter())
    ))
}

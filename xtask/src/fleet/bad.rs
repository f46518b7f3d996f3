//! Devices that spoil a federation, and the means that hold against them.

use super::{Fleet, per_cent};
use anyhow::Result;
use workbench::progress;
use workbench::table::markdown;

const ROUNDS: u32 = 60;
/// The part of the devices that are bad.
const PART: &str = "0.1";
/// The means, as the app and the table call them. A trimmed one cuts off, on either side, as many
/// as are bad.
const MEANS: [(&str, &str); 3] = [
    ("samples", "by samples"),
    ("clipped", "by samples, of changes clipped to their median length"),
    ("trimmed", "trimmed by 10 % on either side"),
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
    // The accuracies of each mean by fault; nothing where it came to NaN.
    let mut accuracies: Vec<Vec<Option<f64>>> = Vec::new();
    for (mean, name) in MEANS {
        let mut of_mean = Vec::new();
        for (fault, (_, settings)) in FAULTS.iter().enumerate() {
            let mut run = fleet.run(&format!("bad-{mean}-{fault}"))?;
            run = run.with("rounds", ROUNDS).with("mean", mean).with("trim", PART);
            for (key, value) in *settings {
                run = run.with(key, value);
            }
            let report = run.rehearse(&fleet.environment)?;
            // A mean that has come to NaN has no further round.
            let last = report.curve("held-out").last().map_or(0.0, |(_, accuracy)| *accuracy);
            of_mean.push((report.round == ROUNDS).then_some(last));
            bar.inc(1);
        }
        let cells = of_mean.iter().map(|part| part.map_or("NaN".to_owned(), per_cent));
        rows.push(std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>());
        accuracies.push(of_mean);
    }
    bar.finish_and_clear();
    let mut columns = vec!["mean".to_owned()];
    columns.extend(FAULTS.map(|(name, _)| name.to_owned()));
    Ok(format!(
        "`cargo xtask fleet --only bad`. Accuracy in per cent on the held-out samples after \
         {ROUNDS} rounds of {} devices, each of which is bad with a probability of {PART}: it has \
         random labels, or sends in each round one of NaN, a change of a wrong length, random \
         numbers as large as weights, and ten times its change backwards.\n\n{}\n\n{}",
        fleet.devices,
        markdown(columns, rows.into_iter()),
        losses(&accuracies)
    ))
}

/// What each mean loses to bad devices at most: beside its own federation without them, and beside
/// that of the first mean.
fn losses(accuracies: &[Vec<Option<f64>>]) -> String {
    let clean = |mean: &[Option<f64>]| mean.first().copied().flatten().unwrap_or_default();
    let plain = accuracies.first().map_or(0.0, |mean| clean(mean));
    let mut text =
        "Points that bad devices cost at most where bad updates are refused, beside the \
                    same mean without bad devices, and beside the mean by samples without them: "
            .to_owned();
    let of_mean = accuracies.iter().zip(MEANS).map(|(mean, (name, _))| {
        let worst =
            mean.iter().take(3).flatten().fold(f64::INFINITY, |least, part| least.min(*part));
        let lost = |clean: f64| format!("{:.1}", 100.0 * (clean - worst));
        format!("{name} {} and {}", lost(clean(mean)), lost(plain))
    });
    text += &of_mean.collect::<Vec<_>>().join("; ");
    text + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_beside_the_same_mean_and_beside_the_first() {
        let accuracies = [[0.9, 0.8, 0.5], [0.85, 0.84, 0.86]].map(|mean| mean.map(Some).to_vec());
        let text = losses(&accuracies);
        assert!(text.contains("samples 40.0 and 40.0; clipped 1.0 and 6.0."), "{text}");
    }
}

//! What a federation is worth, beside local and central training.

use super::{Fleet, per_cent};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use workbench::progress;
use workbench::table::markdown;

const ROUNDS: u32 = 20;
/// After how many rounds too.
const EARLY: u32 = 5;

/// The parameters that are compared, as `rolling_ball_fleet.references` calls them, and as the
/// table does.
const TRAININGS: [(&str, &str); 2] =
    [("start", "before"), ("central", "central training on the samples of all devices")];

#[derive(Deserialize)]
struct Accuracies {
    #[serde(rename = "held-out")]
    held_out: f64,
    tuned: f64,
    guarded: f64,
    unknown: f64,
}

impl Accuracies {
    fn row(&self, name: String) -> Vec<String> {
        let values = [self.held_out, self.tuned, self.guarded, self.unknown];
        std::iter::once(name).chain(values.map(per_cent)).collect()
    }
}

/// Federates, and compares.
pub fn measure(fleet: &Fleet) -> Result<String> {
    let run = fleet.run("accuracy")?;
    let mut rows = Vec::new();
    for rounds in [EARLY, ROUNDS] {
        let run = run.clone().with("rounds", rounds);
        let (_, answer) = progress::during("federating and comparing", || -> Result<_> {
            Ok((run.rehearse(&fleet.environment)?, run.ask(&fleet.environment, "references")?))
        })?;
        let mut told: BTreeMap<String, Accuracies> =
            serde_json::from_str(&answer).context("the references are not understood")?;
        let mut row = |key: &str, name: String| -> Result<()> {
            let accuracies = told.remove(key).with_context(|| format!("nothing of {key}"))?;
            rows.push(accuracies.row(name));
            Ok(())
        };
        if rounds == EARLY {
            row(TRAININGS[0].0, TRAININGS[0].1.to_owned())?;
        }
        row("federated", format!("federation of {} devices, {rounds} rounds", fleet.devices))?;
        if rounds == ROUNDS {
            row(TRAININGS[1].0, TRAININGS[1].1.to_owned())?;
        }
    }
    let columns = ["parameters", "as they are", "tuned", "guarded", "unknown speaker"];
    let table = markdown(columns.map(str::to_owned).to_vec(), rows.into_iter());
    Ok(format!(
        "`cargo xtask fleet --only accuracy`. Accuracy in per cent on {}, of held-out devices, \
         which take no part in the federation: as the parameters are, after a held-out device has \
         tuned them on its own ten samples as a device does in a round, and after it has done so \
         guarded by the transaction of `FineTuning`. It is tested on all other held-out samples of \
         its group. The last column is a group that nobody has trained on.\n\n{table}",
        fleet.digits
    ))
}

//! One federation: its settings, and what it came to.

use super::environment::Environment;
use super::model::Model;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;

/// The settings of a run, by the names that the app has for them.
#[derive(Clone, Debug)]
pub struct Run {
    settings: BTreeMap<&'static str, String>,
    /// Which of them are words.
    words: [&'static str; 6],
}

/// The metrics of a round by name.
pub type Metrics = BTreeMap<String, f64>;

/// What a board's update was beside its rehearsal's.
#[derive(Clone, Debug, Deserialize)]
pub struct Comparison {
    pub round: u32,
    pub attempts: u32,
    pub equal: bool,
    pub sent: u64,
    pub received: u64,
}

/// What a federation has come to.
#[derive(Clone, Debug, Deserialize)]
pub struct Report {
    pub round: u32,
    /// The checksum of the shared parameters.
    pub hash: u32,
    pub history: BTreeMap<u32, Metrics>,
    pub boards: Vec<Comparison>,
}

impl Report {
    /// A metric after the last round.
    pub fn last(&self, name: &str) -> Result<f64> {
        let metrics = self.history.get(&self.round).context("the last round told nothing")?;
        metrics.get(name).copied().with_context(|| format!("no round told of {name}"))
    }

    /// A metric after each round, from the start on.
    pub fn curve(&self, name: &str) -> Vec<(f64, f64)> {
        let rounds = self.history.iter();
        rounds.filter_map(|(round, told)| Some((f64::from(*round), *told.get(name)?))).collect()
    }
}

impl Run {
    /// A federation that begins anew, with a name of its own.
    pub fn new(environment: &Environment, model: &Model, name: &str) -> Result<Self> {
        let state = environment.folder().join("runs").join(name);
        if state.exists() {
            fs::remove_dir_all(&state).context("cannot empty target/fleet/runs")?;
        }
        fs::create_dir_all(&state).context("cannot make target/fleet/runs")?;
        let words = ["data", "network", "state", "mean", "encoding", "boards"];
        let run = Self { settings: BTreeMap::new(), words };
        Ok(run
            .with("data", model.data.display())
            .with("network", model.library.display())
            .with("state", state.display())
            .with("scale", decimal(model.scale))
            .with("offset", decimal(model.offset)))
    }

    /// The same with another setting.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.settings.insert(name, value.to_string());
        self
    }

    /// As the programs of the app take them.
    pub fn arguments(&self) -> Vec<String> {
        self.settings.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// As `flwr run --run-config` takes them.
    pub fn configuration(&self) -> String {
        let setting = |(name, value): (&&'static str, &String)| {
            let quote = if self.words.contains(name) { "'" } else { "" };
            format!("{name}={quote}{value}{quote}")
        };
        self.settings.iter().map(setting).collect::<Vec<_>>().join(" ")
    }

    /// What a module of the app prints of this run.
    pub fn ask(&self, environment: &Environment, module: &str) -> Result<String> {
        let mut arguments = vec!["-m".to_owned(), format!("rolling_ball_fleet.{module}")];
        arguments.extend(self.arguments());
        environment.python(&arguments, module)
    }

    /// Makes all of it in one process, and reports it.
    pub fn rehearse(&self, environment: &Environment) -> Result<Report> {
        parsed(&self.ask(environment, "rehearsal")?)
    }

    /// What it has come to so far.
    pub fn report(&self, environment: &Environment) -> Result<Report> {
        parsed(&self.ask(environment, "report")?)
    }
}

fn parsed(text: &str) -> Result<Report> {
    let line = text.lines().last().unwrap_or_default();
    let report: Report = serde_json::from_str(line).context("a report is not understood")?;
    ensure!(!report.history.is_empty(), "a report has no round");
    Ok(report)
}

/// A number of which TOML sees that it is none of the integers.
fn decimal(value: f32) -> String {
    format!("{value:?}")
}

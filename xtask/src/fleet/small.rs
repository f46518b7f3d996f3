//! What `cargo xtask test fleet` looks at: the app's own tests, and a small federation.

use super::Fleet;
use super::environment::Environment;
use super::flower::SuperLink;
use super::model::Model;
use anyhow::{Context, Result, ensure};
use workbench::workspace::capture;

const DEVICES: u32 = 6;
const ROUNDS: u32 = 2;

/// What came out, or why it cannot be looked at here.
type Outcome = Result<Result<String, String>>;

/// Runs the app's own tests.
pub fn app() -> Outcome {
    let environment = match Environment::install() {
        Ok(environment) => environment,
        Err(reason) => return Ok(Err(format!("{reason:#}"))),
    };
    environment.wheel()?;
    let mut pytest = environment.program("python");
    pytest.args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"]);
    let told = capture(&mut pytest, "pytest")?;
    let last = told.lines().last().unwrap_or_default();
    ensure!(last.contains(" passed"), "pytest found no test:\n{told}");
    Ok(Ok(last.to_owned()))
}

/// Runs a federation of the digits by sensor in Flower's simulation engine, and the same in one
/// process.
pub fn federation() -> Outcome {
    let environment = match Environment::install() {
        Ok(environment) => environment,
        Err(reason) => return Ok(Err(format!("{reason:#}"))),
    };
    environment.wheel()?;
    let model = Model::prepare(&environment, None)?;
    let digits = "digits by sensor";
    let fleet = Fleet { environment, model, devices: DEVICES, spoken: false, digits };
    let run = |name: &str| -> Result<_> {
        Ok(fleet.run(name)?.with("rounds", ROUNDS).with("minimum-nodes", DEVICES))
    };
    let engine = run("small")?;
    let link = SuperLink::start(&fleet.environment)?;
    link.run(&engine, DEVICES as usize, |_| false)?.context("Flower was stopped")?;
    let report = engine.report(&fleet.environment)?;
    let rehearsed = run("small-rehearsed")?.rehearse(&fleet.environment)?;
    ensure!(report.round == ROUNDS, "Flower has ended after {} rounds", report.round);
    ensure!(
        report.hash == rehearsed.hash,
        "the engine's parameters are {:08x}, the rehearsal's {:08x}",
        report.hash,
        rehearsed.hash
    );
    let (before, after) = (report.curve("held-out"), report.last("held-out")?);
    let before = before.first().map_or(0.0, |(_, accuracy)| *accuracy);
    Ok(Ok(format!(
        "{DEVICES} devices, {ROUNDS} rounds: from {} to {} %, hash {:08x}",
        super::per_cent(before),
        super::per_cent(after),
        report.hash
    )))
}

//! The default build, which chooses its instructions when it runs, against one that is compiled for
//! this processor.

use super::bandwidth::Row;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use workbench::progress;
use workbench::statistics::median;
use workbench::table::markdown;
use workbench::workspace::{capture, cargo, root};

/// The two programs take turns.
const ROUNDS: usize = 9;

/// Rows are passes, in cache; columns both builds and what the default one reaches of the other.
pub fn table() -> Result<String> {
    let spinner = progress::spinner("building for this processor");
    let arguments = ["build", "--release", "--locked", "--package", "xtask"];
    let mut build = cargo();
    build.args(arguments).args(["--target-dir", "target/native"]);
    capture(build.env("RUSTFLAGS", "-C target-cpu=native"), "building for this processor")?;
    let native = root().join("target/native/release/xtask");
    let default = std::env::current_exe().context("cannot find this program")?;
    spinner.set_message("taking turns with the build for this processor");
    let (mut defaults, mut natives) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        defaults.push(rows(&default)?);
        natives.push(rows(&native)?);
    }
    spinner.finish_and_clear();
    let header = ["pass", "N", "default, GB/s", "native, GB/s", "default / native"];
    let first = defaults.first().into_iter().flatten();
    let rows = first.map(|row| {
        let [default, native] = [&defaults, &natives].map(|rounds| of(row, rounds));
        let mut cells = vec![row.name.clone(), row.n.to_string()];
        cells.extend([format!("{default:.1}"), format!("{native:.1}")]);
        cells.push(format!("{:.2}", default / native));
        cells
    });
    Ok(markdown(header.map(str::to_owned).into(), rows))
}

/// The median over the rounds of the pass of this row.
fn of(row: &Row, rounds: &[Vec<Row>]) -> f64 {
    let same = rounds.iter().flatten().filter(|other| (&other.name, other.n) == (&row.name, row.n));
    median(same.map(|row| row.gb_per_s))
}

/// What this program measures in cache.
fn rows(program: &Path) -> Result<Vec<Row>> {
    let arguments = ["bench", "--only", "kernels", "--in-cache", "--json"];
    let said = capture(Command::new(program).args(arguments), &format!("{}", program.display()))?;
    let last = said.lines().last().context("the other build printed nothing")?;
    let mut json: Value = serde_json::from_str(last)?;
    let rows = json.get_mut("kernels").map(Value::take).context("no rows in its JSON")?;
    let rows: Vec<Row> = serde_json::from_value(rows)?;
    ensure!(!rows.is_empty(), "{} measured nothing", program.display());
    Ok(rows)
}

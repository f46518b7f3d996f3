//! Whole networks on this machine, beside LiteRT on one thread.

use super::models;
use crate::bench::arguments::BenchArgs;
use crate::bench::script::{Environment, Script};
use crate::bench::told::field;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use workbench::progress;
use workbench::table::markdown;

const ENVIRONMENT: Environment = Environment {
    folder: "target/peers-litert",
    setup: "benches/peers/setup.sh litert",
    has: "LiteRT",
};

/// Samples that LiteRT evaluates together.
const BATCHES: [u64; 2] = [1, 32];
/// How often each has its turn.
const TURNS: usize = 3;

#[derive(Serialize)]
struct Request<'a> {
    model: &'a Path,
    batch: u64,
}

#[derive(Deserialize)]
struct Answer {
    seconds: f64,
}

/// The table, or why there is none.
pub fn table(args: &BenchArgs, folder: &Path) -> Result<String> {
    if let Some(reason) = ENVIRONMENT.missing(args) {
        return Ok(format!("Nothing stands beside them on this machine: {reason}."));
    }
    let mut litert = Script::start(args, &ENVIRONMENT, "LiteRT", "litert/infer.py", [""; 0])?;
    let files = models::int8_files(folder)?;
    let bar = progress::bar("whole networks on this machine", "networks");
    bar.set_length(files.len() as u64);
    let mut rows = Vec::new();
    for (file, _) in files {
        bar.tick();
        rows.push(row(&mut litert, &file)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let header = ["", "ours, ms", "LiteRT, ms", "LiteRT, batch 32, ms a sample", "ratio to that"];
    Ok(markdown(header.map(str::to_owned).to_vec(), rows.into_iter()))
}

/// Medians of a sample, of the turn in which each was the fastest: what else the machine does only
/// adds to them.
fn row(litert: &mut Script, file: &PathBuf) -> Result<Vec<String>> {
    let mut fastest = [f64::INFINITY; 3];
    for _ in 0..TURNS {
        let said = models::on_the_desktop(&models::variables(file), &["time"])?;
        let mut seconds = vec![field::<f64>(&said, "nanoseconds")? * 1e-9];
        for batch in BATCHES {
            seconds.push(litert.ask::<Answer>(&Request { model: file, batch })?.seconds);
        }
        for (fastest, seconds) in fastest.iter_mut().zip(seconds) {
            *fastest = fastest.min(seconds);
        }
    }
    let [ours, _, theirs] = fastest;
    let mut row = vec![file.file_stem().unwrap_or_default().to_string_lossy().into_owned()];
    row.extend(fastest.map(|seconds| format!("{:.2}", seconds * 1e3)));
    row.push(format!("{:.2}", ours / theirs));
    Ok(row)
}

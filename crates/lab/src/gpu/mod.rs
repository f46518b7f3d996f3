//! `cargo lab gpu`: the ball on a GPU against the ball on this processor, in tables, pictures and
//! JSON.

mod adapter;
mod arguments;
mod basins;
mod comparison;
mod landscapes;
mod passes;
mod timings;
mod training;

use adapter::{describe, is_processor, open};
use anyhow::{Context, Result, ensure};
pub use arguments::GpuArgs;
use arguments::Part;
use clap::ValueEnum;
use comparison::Comparison;
use rolling_ball::gpu::Device;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use workbench::document;
use workbench::progress;
use workbench::table::markdown;
use workbench::workspace::root;

/// Parameters of the passes that are timed, on a processor and on a GPU.
const MILLIONS: [usize; 2] = [4, 64];

/// Runs the command.
pub fn run(args: &GpuArgs) -> Result<()> {
    let Some(device) = open(args)? else { return Ok(()) };
    println!("{}\n", describe(device.adapter()));
    let mut report = Report { device, tables: Map::new(), failed: 0 };
    let parts = if args.only.is_empty() { Part::value_variants() } else { &args.only };
    for part in parts {
        report.add(*part, args)?;
    }
    if args.json {
        let adapter = report.device.adapter();
        report.tables.insert(
            "adapter".to_owned(),
            json!({ "name": adapter.name, "backend": adapter.backend, "driver": adapter.driver }),
        );
        println!("{}", Value::Object(report.tables));
    }
    let failed = report.failed;
    ensure!(
        failed == 0,
        "{failed} quantities are not what they are on this processor: see FAIL above"
    );
    Ok(())
}

struct Report {
    device: Device,
    tables: Map<String, Value>,
    failed: usize,
}

impl Report {
    fn add(&mut self, part: Part, args: &GpuArgs) -> Result<()> {
        let bar = progress::bar("", "");
        match part {
            Part::Passes => {
                bar.set_message("passes");
                let found = passes::compare(&self.device)?;
                self.tell("passes", "Passes over vectors", &found);
            }
            Part::Landscapes => {
                bar.set_message("landscapes");
                let found = landscapes::compare(&self.device)?;
                self.tell("landscapes", "Losses in closed form", &found);
            }
            Part::Training => {
                bar.set_message("training");
                let (found, picture) = training::compare(&self.device, &bar)?;
                self.tell("training", "Training a network", &found);
                draw("training.svg", &picture)?;
            }
            Part::Basins => {
                bar.set_message("basins");
                let (found, ratio) = basins::compare(&self.device, &bar)?;
                self.tell("basins", "Basins of 1000 wells", &found);
                println!(
                    "The device is {ratio:.2} times as fast as this processor with all its cores.\n"
                );
            }
            Part::Timings => {
                bar.set_message("timings");
                let [processor, graphics] = MILLIONS;
                let usual = if is_processor(&self.device) { processor } else { graphics };
                let parameters = args.parameters.unwrap_or(usual) << 20;
                ensure!(parameters > 0, "--parameters: expected at least 1");
                let (text, rows) = timings::measure(&self.device, parameters, &bar)?;
                println!("## {}\n\n{text}\n", document::GPU);
                self.tables.insert("timings".to_owned(), rows);
                if args.write {
                    document::BENCHMARKS.replace(document::GPU, &text)?;
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn tell(&mut self, key: &str, title: &str, found: &[Comparison]) {
        let table = markdown(Comparison::header(), found.iter().map(Comparison::row));
        let failed = found.iter().filter(|comparison| !comparison.met()).count();
        self.failed += failed;
        let passed = found.len() - failed;
        println!("## {title}\n\n{table}\n\n{passed} passed, {failed} failed\n");
        let rows = found.iter().map(Comparison::json).collect();
        self.tables.insert(key.to_owned(), Value::Array(rows));
    }
}

fn draw(file: &str, svg: &str) -> Result<()> {
    let folder: PathBuf = root().join("target/gpu");
    std::fs::create_dir_all(&folder).context("cannot create target/gpu")?;
    std::fs::write(folder.join(file), svg)
        .with_context(|| format!("cannot write target/gpu/{file}"))?;
    println!("wrote target/gpu/{file}\n");
    Ok(())
}

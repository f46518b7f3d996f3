//! `cargo xtask bench`: the library against the machine and against its peers.

mod arguments;
mod bbob;
mod desktop;
mod findings;
mod footpoint;
pub mod guard;
pub mod int8;
pub mod kernels;
pub mod mcu;
mod peers;
mod problem;
mod script;
mod size;
mod threads;
mod told;

use anyhow::{Context, Result};
pub use arguments::BenchArgs;
use arguments::Part;
use clap::ValueEnum;
use findings::Findings;
use serde_json::{Map, Value};
use threads::on_threads;
use workbench::document;

/// Runs the command.
pub fn bench(args: &BenchArgs) -> Result<()> {
    let parts = if args.only.is_empty() { Part::value_variants() } else { &args.only };
    // A list alone is of use to programs that read all that is printed.
    let list_alone = args.json && matches!(parts, [Part::Bbob | Part::Int8]);
    let mut json = Map::new();
    for part in parts {
        let title = part.title();
        let Findings { text, rows } = measure(*part, args).context(title)?;
        if !list_alone {
            println!("## {title}\n\n{text}\n");
        }
        if args.write {
            document::BENCHMARKS.replace(title, &text)?;
        }
        if list_alone {
            println!("{rows}");
        }
        json.insert(part.key(), rows);
    }
    if args.json && !list_alone {
        println!("{}", Value::Object(json));
    }
    Ok(())
}

fn measure(part: Part, args: &BenchArgs) -> Result<Findings> {
    match part {
        Part::Kernels => on_threads(1, || kernels::measure(args))?,
        Part::Desktop => desktop::measure(args),
        Part::Footpoint => on_threads(1, || footpoint::measure(args))?,
        Part::Mcu => mcu::measure(args),
        Part::Int8 => int8::measure(args),
        Part::Size => size::measure(args),
        Part::Bbob => bbob::measure(args),
    }
}

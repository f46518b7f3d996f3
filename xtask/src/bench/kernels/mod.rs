//! Passes over memory against STREAM's triad, the processor's own limits, and another build; a step
//! by its number of parameters; instructions.

mod bandwidth;
mod growth;
mod instructions;
mod native;
mod peak;
mod roofline;

use super::arguments::BenchArgs;
use super::findings::Findings;
use crate::cores::Agreement;
use anyhow::Result;
use bandwidth::{IN_CACHE, Row};
use instructions::Instructions;
use rolling_ball::kernels::{Level, Wide};
use roofline::{PICTURE, Roofline};
use workbench::progress;
use workbench::setup;
use workbench::table::grouped;
use workbench::table::markdown;
use workload::LENGTHS;
use workload::passes::{passes, triad};
use workload::slices::Slices;

/// Where every vector unit is measured.
const BY_LEVEL: [usize; 2] = [IN_CACHE, 65_536];

pub fn measure(args: &BenchArgs) -> Result<Findings> {
    if args.in_cache {
        let rows = bandwidth::measure(&passes::<Wide>(), IN_CACHE, &mut Slices::new(IN_CACHE));
        return Ok(Findings { text: String::new(), rows: serde_json::to_value(rows)? });
    }
    let rows = by_length();
    let by_level = by_level();
    let roofline = Roofline { rows: &rows, peak: peak::gflop_per_s() };
    let picture = if args.write {
        roofline.write()?;
        format!(
            "![Passes under the roofs of memory and arithmetic]({PICTURE})\n\n*GFLOP/s by \
             operations a byte, where the slices lie in the first cache, the second, and memory. \
             The level roof is what this processor multiplies and adds, not fused, in chains over \
             eight slices in the first cache: {:.0} GFLOP/s, measured.*",
            roofline.peak
        )
    } else {
        let peak = roofline.peak;
        format!(
            "Multiplications and additions that are not fused: {peak:.0} GFLOP/s at most, measured."
        )
    };
    let text = [
        format!(
            "GB/s of one thread, and in brackets what part that is of STREAM's triad `a = b + q \
             c`, timed right before each pass over the same memory by the same loop; medians of \
             the same run. Counted as STREAM counts: each slice once for a read, once for a write, \
             without the reads that a cache makes to fill a line. The instructions are those of \
             {:?}.",
            Level::in_use()
        ),
        lengths_table(&rows),
        picture,
        "By vector unit, GB/s. The bits are the same.".to_owned(),
        by_level,
        "Slices of 1024 in the first cache: the default build, which finds out what the processor \
         has when it runs, and one that is compiled with `-C target-cpu=native`; the two programs \
         took turns."
.to_owned(),
        native::table()?,
        "A whole step on a quadratic whose gradient is one pass: nanoseconds a parameter. `spread` \
         is the largest of a row in units of its smallest."
.to_owned(),
        growth::table()?,
        counted(args)?,
    ]
    .join("\n\n");
    Ok(Findings { text, rows: serde_json::to_value(rows)? })
}

/// Counts instructions again, and fails where there are more than the committed ones.
pub fn check() -> Result<Agreement> {
    Instructions::count()?.compare()
}

/// Instructions by callgrind, where it is.
fn counted(args: &BenchArgs) -> Result<String> {
    if let Err(reason) = setup::debian_package("valgrind", "valgrind", args.install) {
        return Ok(format!("SKIPPED: instructions are not counted: {reason:#}"));
    }
    let instructions = Instructions::count()?;
    if args.write {
        instructions.write()?;
    }
    Ok(format!(
        "Instructions by callgrind: passes and steps at 65,536 parameters, networks at 64 samples. \
         `cargo xtask test` fails where one rises by over 2 %.\n\n{}",
        instructions.table()
    ))
}

fn by_length() -> Vec<Row> {
    let bar = progress::bar("passes over memory", "lengths");
    bar.set_length(LENGTHS.len() as u64);
    let mut rows = Vec::new();
    for length in LENGTHS {
        bar.tick();
        rows.extend(bandwidth::measure(&passes::<Wide>(), length, &mut Slices::new(length)));
        bar.inc(1);
    }
    bar.finish_and_clear();
    rows
}

/// Rows are passes, columns lengths.
fn lengths_table(rows: &[Row]) -> String {
    let mut header = vec!["pass".to_owned(), "bytes, FLOP".to_owned()];
    header.extend(LENGTHS.map(|length| format!("N = {}", grouped(length as u64))));
    let table = passes::<Wide>().into_iter().map(|pass| {
        let mut row = vec![pass.name.to_owned(), format!("{}, {}", pass.bytes(), pass.operations)];
        let own = rows.iter().filter(|row| row.name == pass.name);
        row.extend(own.map(|row| format!("{:.1} ({:.2})", row.gb_per_s, row.ratio())));
        row
    });
    markdown(header, table)
}

/// Rows are passes, columns lengths and vector units.
fn by_level() -> String {
    let all: Vec<_> = passes::<Wide>().into_iter().chain([triad()]).collect();
    let levels = Level::ALL.into_iter().filter(|level| *level <= Level::available());
    let mut header = vec!["pass".to_owned()];
    let mut columns = Vec::new();
    for length in BY_LEVEL {
        let mut slices = Slices::new(length);
        for level in levels.clone() {
            level.limit();
            header.push(format!("{level:?}, N = {}", grouped(length as u64)));
            columns.push(bandwidth::measure(&all, length, &mut slices));
        }
        Level::available().limit();
    }
    let rows = all.iter().enumerate().map(|(index, pass)| {
        let figures = columns.iter().filter_map(|column| column.get(index));
        let figures = figures.map(|row| format!("{:.1}", row.gb_per_s));
        [pass.name.to_owned()].into_iter().chain(figures).collect()
    });
    markdown(header, rows)
}

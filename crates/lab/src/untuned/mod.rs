//! Fine-tuning where nobody tunes and labels may be wrong: how good it is, and how often it ends
//! below where it began.

mod targets;
mod ways;

use crate::report::{Part, Section};
use crate::statistics::{largest, mean};
use anyhow::Result;
use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;
use rolling_ball::nn::{Layer, Network};
use rolling_ball_rehearsal::accuracy;
use scenario::{DigitsTail, SpeakersTail};
use std::path::PathBuf;
use targets::{Target, sensors, speakers};
use ways::{Way, tuned, untuned};
use workbench::data::{Dataset, shuffled};
use workbench::progress;

/// Fine-tuning where nobody tunes and labels may be wrong: accuracy, how often it ends below the
/// start, and what is forgotten
#[derive(Args, Clone, Debug)]
pub struct UntunedArgs {
    /// Also the spoken digits: the directory with fsdd_logmel16x20_u8.{x,y,speaker}.u8.bin
    #[arg(long, value_name = "DIR")]
    fsdd: Option<PathBuf>,
    /// Draws of the labelled samples for each target
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// Labelled samples
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "10,20,50",
        value_parser = clap::value_parser!(u32).range(2..=400)
    )]
    samples: Vec<u32>,
    /// Wrong labels, in per cent
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "0,20,40",
        value_parser = clap::value_parser!(u32).range(0..=100)
    )]
    wrong: Vec<u32>,
}

/// Labelled samples, and the part of their labels that is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Case {
    samples: usize,
    wrong: u32,
}

/// Accuracies of a run: on what the device did not learn from, before and after, and on data of the
/// source.
#[derive(Clone, Copy, Debug)]
struct Run {
    target: usize,
    before: f64,
    after: f64,
    source: f64,
}

/// The runs of a case, by way.
struct Cell {
    data: &'static str,
    case: Case,
    tuned: Vec<Vec<Run>>,
    untuned: Vec<Vec<Run>>,
}

impl Cell {
    /// The runs with the settings that are best in this cell.
    fn best(&self) -> &[Run] {
        let score = |runs: &Vec<Run>| mean(runs.iter().map(|run| run.after));
        &self.tuned[largest(&self.tuned.iter().map(score).collect::<Vec<_>>())]
    }
}

pub fn run(args: &UntunedArgs) -> Result<Section> {
    let mut cells = Vec::new();
    if let Some(directory) = &args.fsdd {
        let targets = speakers(directory)?;
        cells.extend(measure::<SpeakersTail>("spoken digits", &targets, args)?);
    } else {
        eprintln!("SKIPPED: the spoken digits, which need --fsdd DIR");
    }
    let (near, far) = sensors()?;
    cells.extend(measure::<DigitsTail>("near sensors", &near, args)?);
    cells.extend(measure::<DigitsTail>("far sensors", &far, args)?);
    let parts = vec![overview(&cells, args), each(&cells)];
    Ok(Section { name: "untuned", title: "Where nobody tunes", parts })
}

fn measure<T: Layer>(
    data: &'static str,
    targets: &[Target],
    args: &UntunedArgs,
) -> Result<Vec<Cell>> {
    let (tuned, untuned) = (tuned(), untuned());
    let mut cells = Vec::new();
    let bar = progress::bar(data, "runs");
    let cases = args.samples.len() * args.wrong.len();
    let ways = tuned.len() + untuned.len();
    bar.set_length((cases * ways * targets.len()) as u64 * args.seeds);
    for samples in &args.samples {
        for wrong in &args.wrong {
            let case = Case { samples: *samples as usize, wrong: *wrong };
            let runs = |ways: &[Way]| -> Result<Vec<Vec<Run>>> {
                ways.par_iter().map(|way| runs::<T>(way, targets, case, args.seeds, &bar)).collect()
            };
            cells.push(Cell { data, case, tuned: runs(&tuned)?, untuned: runs(&untuned)? });
        }
    }
    bar.finish_and_clear();
    Ok(cells)
}

fn runs<T: Layer>(
    way: &Way,
    targets: &[Target],
    case: Case,
    draws: u64,
    bar: &ProgressBar,
) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        for number in 0..draws {
            let (mut labelled, held_out) = draw(&target.data, case.samples, number);
            labelled.mislabel(case.wrong as f32 / 100.0, number);
            let (theta, _) = way.fine_tune::<T>(&target.weights, labelled.samples())?;
            let before = tested::<T>(&target.weights, &held_out)?;
            let (mut after, mut source) = (0.0, 0.0);
            if let Some(theta) = theta {
                after = tested::<T>(&theta, &held_out)?;
                source = tested::<T>(&theta, &target.source)?;
            }
            runs.push(Run { target: index, before, after, source });
            bar.inc(1);
        }
    }
    Ok(runs)
}

/// Labelled samples as they come, and all others.
fn draw(data: &Dataset, count: usize, number: u64) -> (Dataset, Dataset) {
    let order = shuffled(data.labels.len(), 1000 + number);
    let (labelled, others) = order.split_at(count.min(order.len()));
    (data.select(labelled), data.select(others))
}

fn tested<T: Layer>(theta: &[f32], data: &Dataset) -> Result<f64> {
    let network = Network::<T>::new(&[])?;
    let mut scratch = vec![0.0; Network::<T>::SCRATCH];
    Ok(accuracy(&network, theta, data.samples(), &mut scratch)?.fraction())
}

/// One number for each part of wrong labels.
fn by_wrong(cells: &[Cell], args: &UntunedArgs, of: impl Fn(&[&Cell]) -> f64) -> String {
    let words = args.wrong.iter().map(|wrong| {
        let cells: Vec<&Cell> = cells.iter().filter(|cell| cell.case.wrong == *wrong).collect();
        format!("{:.1}", 100.0 * of(&cells))
    });
    words.collect::<Vec<_>>().join(" / ")
}

/// What a way came to, over all cells.
fn row(
    name: &str,
    cells: &[Cell],
    args: &UntunedArgs,
    of: impl Fn(&Cell) -> &[Run] + Copy,
) -> Vec<String> {
    let all = |cells: &[&Cell], what: fn(&Run) -> f64| {
        mean(cells.iter().flat_map(|cell| of(cell).iter().map(what)))
    };
    let gain = |cells: &[&Cell]| all(cells, |run| run.after - run.before);
    let short = |cells: &[&Cell]| {
        let best = mean(cells.iter().flat_map(|cell| cell.best().iter().map(|run| run.after)));
        best - all(cells, |run| run.after)
    };
    let below =
        |cells: &[&Cell]| all(cells, |run| if run.after < run.before - 0.01 { 1.0 } else { 0.0 });
    let worst = |cells: &[&Cell]| {
        let mut least = f64::INFINITY;
        for cell in cells {
            let targets = of(cell).iter().map(|run| run.target).max().unwrap_or(0);
            for target in 0..=targets {
                let own = of(cell).iter().filter(|run| run.target == target);
                least = least.min(mean(own.map(|run| run.after - run.before)));
            }
        }
        least
    };
    let source = |cells: &[&Cell]| all(cells, |run| run.source);
    vec![
        name.to_owned(),
        by_wrong(cells, args, gain),
        by_wrong(cells, args, short),
        by_wrong(cells, args, below),
        by_wrong(cells, args, worst),
        by_wrong(cells, args, source),
    ]
}

fn overview(cells: &[Cell], args: &UntunedArgs) -> Part {
    let header = ["", "gain", "short of the best", "below the start", "worst target", "source"];
    let mut rows = vec![row("the best settings of each cell", cells, args, |cell| cell.best())];
    for (index, way) in untuned().iter().enumerate() {
        rows.push(row(way.name(), cells, args, |cell| &cell.untuned[index]));
    }
    Part::Table { header: header.map(str::to_owned).into(), rows }
}

/// Every cell.
fn each(cells: &[Cell]) -> Part {
    let mut header: Vec<String> =
        ["data", "samples", "wrong, %", "before", "best"].map(str::to_owned).into();
    header.extend(untuned().iter().map(|way| way.name().to_owned()));
    let rows = cells.iter().map(|cell| {
        let after = |runs: &[Run]| format!("{:.1}", 100.0 * mean(runs.iter().map(|run| run.after)));
        let before = mean(cell.best().iter().map(|run| run.before));
        let mut row = vec![
            cell.data.to_owned(),
            cell.case.samples.to_string(),
            cell.case.wrong.to_string(),
            format!("{:.1}", 100.0 * before),
            after(cell.best()),
        ];
        row.extend(cell.untuned.iter().map(|runs| after(runs)));
        row
    });
    Part::Table { header, rows: rows.collect() }
}

//! Fine-tuning where nobody tunes and labels may be wrong: how good it is, and how often it ends
//! below where it began.

mod cameras;
mod ways;

use crate::report::{Part, Section};
use crate::statistics::{largest, mean};
use crate::targets::{Target, sensors, speakers, tested};
use anyhow::{Context, Result};
use cameras::{CameraTail, cameras};
use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;
use rolling_ball::nn::Layer;
use scenario::{DigitsTail, SpeakersTail};
use std::path::PathBuf;
use ways::{Way, tried, tuned, untuned};
use workbench::data::digits::{SENSOR, Sensor};
use workbench::data::{Dataset, shuffled};
use workbench::markdown::fill;
use workbench::progress;
use workbench::workspace::root;

/// Fine-tuning where nobody tunes and labels may be wrong: accuracy, how often it ends below the
/// start, and what is forgotten
#[derive(Args, Clone, Debug)]
pub struct UntunedArgs {
    /// Also the spoken digits: the directory with fsdd_logmel16x20_u8.{x,y,speaker}.u8.bin
    #[arg(long, value_name = "DIR")]
    fsdd: Option<PathBuf>,
    /// Also a last layer behind other cameras: `pretrainedResnet_quant.tflite` of MLPerf Tiny
    #[arg(long, value_name = "FILE", requires = "pictures")]
    model: Option<PathBuf>,
    /// Its pictures: a safetensors file with `inputs` of CIFAR-10 in U8, `scale`, `offset` and
    /// `labels`, as `cargo xtask model --samples` takes it
    #[arg(long, value_name = "FILE", requires = "model")]
    pictures: Option<PathBuf>,
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
    /// Print the means of every cell as JSON too, in the last line
    #[arg(long)]
    json: bool,
    /// Write docs/untuned.md
    #[arg(long, requires_all = ["fsdd", "model"])]
    write: bool,
}

/// By how many degrees the sensors are turned.
const NEAR: [f32; 6] = [16.0, -18.0, 20.0, -20.0, 22.0, -24.0];
const FAR: [f32; 6] = [35.0, -36.0, 37.0, -38.0, 39.0, -40.0];

/// Labelled samples, and the part of their labels that is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Case {
    samples: usize,
    wrong: u32,
}

/// A run: accuracies on what the device did not learn from, before and after, and on data of the
/// source; and what a transaction said.
#[derive(Clone, Copy, Debug)]
struct Run {
    target: usize,
    before: f64,
    after: f64,
    source_before: f64,
    source: f64,
    /// How much of the move was kept.
    kept: f32,
    /// Labels by whether they are right and whether they are found credible.
    labels: [[u32; 2]; 2],
}

impl Run {
    /// Whether it ends more than a point below where it began.
    fn is_below(&self) -> bool {
        self.after < self.before - 0.01
    }

    fn is_above(&self) -> bool {
        self.after > self.before + 0.01
    }
}

/// The runs of a case, by way.
struct Cell {
    data: &'static str,
    case: Case,
    tuned: Vec<Vec<Run>>,
    untuned: Vec<Vec<Run>>,
    tried: Vec<Vec<Run>>,
}

impl Cell {
    /// The runs with the settings that are best in this cell.
    fn best(&self) -> &[Run] {
        let score = |runs: &Vec<Run>| mean(runs.iter().map(|run| run.after));
        &self.tuned[largest(&self.tuned.iter().map(score).collect::<Vec<_>>())]
    }
}

pub fn run(args: &UntunedArgs) -> Result<()> {
    let mut cells = Vec::new();
    if let Some(directory) = &args.fsdd {
        let targets = speakers(directory)?;
        cells.extend(measure::<SpeakersTail>("spoken digits", &targets, args)?);
    } else {
        eprintln!("SKIPPED: the spoken digits, which need --fsdd DIR");
    }
    for (data, rotations) in [("near sensors", NEAR), ("far sensors", FAR)] {
        let turned = sensors(&rotations.map(|rotation| Sensor { rotation, ..SENSOR }))?;
        cells.extend(measure::<DigitsTail>(data, &turned, args)?);
    }
    if let (Some(model), Some(pictures)) = (&args.model, &args.pictures) {
        cells.extend(measure::<CameraTail>("cameras", &cameras(model, pictures)?, args)?);
    } else {
        eprintln!("SKIPPED: the cameras, which need --model FILE and --pictures FILE");
    }
    let parts = vec![
        Part::Text(protocol(&cells, args)),
        overview(&cells, args),
        Part::Heading("What a transaction says, and how often it is right".to_owned()),
        Part::Text(JUDGEMENT.to_owned()),
        judgement(&cells, args),
        Part::Heading("What was tried".to_owned()),
        Part::Text(TRIED.to_owned()),
        variants(&cells, args),
        Part::Heading("Every cell".to_owned()),
        Part::Text("Accuracy in per cent, the mean of all targets and draws.".to_owned()),
        each(&cells),
    ];
    let section = Section { name: "untuned", title: "Where nobody tunes", parts };
    if args.write {
        let path = root().join("docs/untuned.md");
        let page = format!("{GUIDE}\n{}", section.markdown());
        std::fs::write(&path, fill(&page))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("written: docs/untuned.md");
    }
    section.publish()?;
    if args.json {
        println!("{}", json(&cells));
    }
    Ok(())
}

const GUIDE: &str = "\
    # Fine-tuning where nobody tunes

Reprinted by `cargo lab untuned --fsdd DIR --model FILE --pictures FILE \
    --write`; `--json` prints the means of every cell as JSON in the last line.

A device has a few labels, and some of them are wrong. Nobody tunes there: a \
    rate that suits a network that is nearly right spoils one that is far off, \
    and the other way round. `nn::FineTuning` trains far, and then keeps as much \
    of the move as samples support that were held out. It is a guard around any \
    optimizer; here it is around the ball, as `FineTuning::new` makes it.
";

const JUDGEMENT: &str = "\
    A run is below the start where it ends more than a point below it. A label \
    is found credible where the probability that it is right is a half or more. \
    The judgement costs five predictions a sample and five of the six trainings, \
    and no sample that is not learned from too.";

const TRIED: &str = "\
    Other settings, and another optimizer inside. Less pull goes further where \
    all labels are right; it ends below the start more often where they are not, \
    and forgets more. More steps change little, nor does the optimizer: the \
    judgement does most of the work.";

fn protocol(cells: &[Cell], args: &UntunedArgs) -> String {
    let start = |of: fn(&Run) -> f64| {
        let runs = cells.iter().flat_map(|cell| cell.best().iter().map(of));
        100.0 * mean(runs)
    };
    let list =
        |numbers: &[u32]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!(
        "Spoken digits (FSDD) of six speakers, each unknown to his network, and 8x8 digits of \
         sensors that are turned by 16 to 24 degrees (near) and by 35 to 40 (far), six each; \
         and the last layer of MLPerf Tiny's ResNet-8 behind three cameras that turn CIFAR-10's \
         pictures by 4 to 8 degrees, in other colours and with noise, on features that its \
         frozen int8 layers have made once. Labelled samples: {}, as they come; {} draws of \
         each. Triples are for {} % wrong labels. A run may cost 100 evaluations of the \
         gradient over all its samples; it is tested on all other samples of its target. The \
         best settings are those of 36 (clipped SGD, Adam, the ball) with the highest mean in \
         that cell: nobody can choose them. `gain` is in points over the start ({:.1} %), \
         `short of the best` in points, `runs below the start` in per cent of the runs that end \
         more than a point below it, `worst target` the smallest mean gain of a target in a \
         cell, `source` the accuracy afterwards on samples like those of the pre-training \
         ({:.1} % before).",
        list(&args.samples),
        args.seeds,
        list(&args.wrong).replace(", ", " / "),
        start(|run| run.before),
        start(|run| run.source_before),
    )
}

fn measure<T: Layer>(
    data: &'static str,
    targets: &[Target],
    args: &UntunedArgs,
) -> Result<Vec<Cell>> {
    let (tuned, untuned, tried) = (tuned(), untuned(), tried());
    let mut cells = Vec::new();
    let bar = progress::bar(data, "runs");
    let cases = args.samples.len() * args.wrong.len();
    let ways = tuned.len() + untuned.len() + tried.len();
    bar.set_length((cases * ways * targets.len()) as u64 * args.seeds);
    for samples in &args.samples {
        for wrong in &args.wrong {
            let case = Case { samples: *samples as usize, wrong: *wrong };
            let runs = |ways: &[Way]| -> Result<Vec<Vec<Run>>> {
                ways.par_iter().map(|way| runs::<T>(way, targets, case, args.seeds, &bar)).collect()
            };
            let (tuned, untuned, tried) = (runs(&tuned)?, runs(&untuned)?, runs(&tried)?);
            cells.push(Cell { data, case, tuned, untuned, tried });
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
            let right = labelled.labels.clone();
            labelled.mislabel(case.wrong as f32 / 100.0, number);
            let tuned = way.fine_tune::<T>(&target.weights, labelled.samples())?;
            let before = tested::<T>(&target.weights, &held_out)?;
            let source_before = tested::<T>(&target.weights, &target.source)?;
            let (mut after, mut source) = (0.0, 0.0);
            if let Some(theta) = tuned.theta {
                after = tested::<T>(&theta, &held_out)?;
                source = tested::<T>(&theta, &target.source)?;
            }
            let kept = tuned.report.map_or(1.0, |report| report.kept);
            let mut labels = [[0; 2]; 2];
            let truth = labelled.labels.iter().zip(&right).map(|(label, right)| label == right);
            for (right, credible) in truth.zip(tuned.credible) {
                labels[usize::from(right)][usize::from(credible >= 0.5)] += 1;
            }
            let target = index;
            runs.push(Run { target, before, after, source_before, source, kept, labels });
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

/// One number for each part of wrong labels.
fn by_wrong(cells: &[Cell], args: &UntunedArgs, of: impl Fn(&[&Cell]) -> f64) -> String {
    let words = args.wrong.iter().map(|wrong| {
        let cells: Vec<&Cell> = cells.iter().filter(|cell| cell.case.wrong == *wrong).collect();
        // There is nothing of some: wrong labels where all are right.
        let value = of(&cells);
        if value.is_nan() { "-".to_owned() } else { format!("{:.1}", 100.0 * value) }
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
    let below = |cells: &[&Cell]| all(cells, |run| f64::from(u8::from(run.is_below())));
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

const HEADER: [&str; 6] =
    ["", "gain", "short of the best", "runs below the start", "worst target", "source"];

fn overview(cells: &[Cell], args: &UntunedArgs) -> Part {
    let mut rows = vec![row(BEST, cells, args, |cell| cell.best())];
    for (index, way) in untuned().iter().enumerate() {
        rows.push(row(way.name(), cells, args, |cell| &cell.untuned[index]));
    }
    Part::Table { header: HEADER.map(str::to_owned).into(), rows }
}

/// What was tried, below what is shipped.
fn variants(cells: &[Cell], args: &UntunedArgs) -> Part {
    let mut rows = vec![row("as shipped", cells, args, |cell| &cell.untuned[0])];
    for (index, way) in tried().iter().enumerate() {
        rows.push(row(way.name(), cells, args, |cell| &cell.tried[index]));
    }
    Part::Table { header: HEADER.map(str::to_owned).into(), rows }
}

/// A number of some cells.
type Measure<'a> = &'a dyn Fn(&[&Cell]) -> f64;

/// What a transaction says of its move and of the labels, and how often it is right.
fn judgement(cells: &[Cell], args: &UntunedArgs) -> Part {
    let all = |cells: &[&Cell], of: &dyn Fn(&Run, &Run) -> f64| {
        // The first of the untuned is the transaction; the preset is what it would be without.
        let preset = untuned().iter().position(|way| way.name() == PRESET).unwrap_or(0);
        mean(cells.iter().flat_map(|cell| {
            cell.untuned[0].iter().zip(&cell.untuned[preset]).map(|(own, preset)| of(own, preset))
        }))
    };
    let count = |cells: &[&Cell], right: usize, credible: usize| -> f64 {
        let runs = cells.iter().flat_map(|cell| &cell.untuned[0]);
        runs.map(|run| f64::from(run.labels[right][credible])).sum()
    };
    let rate = |cells: &[&Cell], right: usize| {
        let doubted = count(cells, right, 0);
        doubted / (doubted + count(cells, right, 1))
    };
    let share = |yes: bool| f64::from(u8::from(yes));
    let rows: [(&str, Measure); 6] = [
        ("of the move kept, the mean", &|cells| all(cells, &|own, _| f64::from(own.kept))),
        ("runs refused", &|cells| all(cells, &|own, _| share(own.kept == 0.0))),
        ("refused, where the preset ends above the start", &|cells| {
            all(cells, &|own, preset| share(own.kept == 0.0 && preset.is_above()))
        }),
        ("not refused, and below the start", &|cells| {
            all(cells, &|own, _| share(own.kept > 0.0 && own.is_below()))
        }),
        ("of the wrong labels, not credible", &|cells| rate(cells, 0)),
        ("of the right labels, not credible", &|cells| rate(cells, 1)),
    ];
    let header = ["", "per cent"].map(str::to_owned).into();
    let rows = rows.map(|(name, of)| vec![name.to_owned(), by_wrong(cells, args, of)]).into();
    Part::Table { header, rows }
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

/// The means of every cell, for other programs.
fn json(cells: &[Cell]) -> serde_json::Value {
    let mut rows = Vec::new();
    for cell in cells {
        let ways = untuned();
        let untuned =
            ways.iter().zip(&cell.untuned).map(|(way, runs)| (way.name(), false, &**runs));
        for (method, tuned, runs) in [(BEST, true, cell.best())].into_iter().chain(untuned) {
            let of = |what: fn(&Run) -> f64| mean(runs.iter().map(what));
            rows.push(serde_json::json!({
                "data": cell.data,
                "samples": cell.case.samples,
                "wrong": cell.case.wrong,
                "method": method,
                "tuned": tuned,
                "accuracy": of(|run| run.after),
                "before": of(|run| run.before),
                "source_before": of(|run| run.source_before),
                "source_after": of(|run| run.source),
            }));
        }
    }
    rows.into()
}

/// The preset of the ball, which is what a transaction is compared with.
const PRESET: &str = "ball, `fine_tuning(steps)`";
const BEST: &str = "the best settings of each cell";

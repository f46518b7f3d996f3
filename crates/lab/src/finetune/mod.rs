//! Which optimizer serves fine-tuning best at equal cost.

pub mod methods;
mod runs;
mod tables;
pub mod training;

use super::picture::{Chart, Mark, Series};
use super::report::{Part, Section};
use super::statistics::{largest, mean};
use super::targets::{Target, sensors, speakers, tested};
use anyhow::{Context, Result};
use clap::Args;
use methods::{METHODS, every_method};
use rolling_ball::nn::Layer;
use runs::{Case, compare};
use scenario::{DigitsTail, SpeakersTail};
use std::path::PathBuf;
use tables::{BUDGET, Findings, Row, one_setting};
use workbench::data::digits::{SENSOR, Sensor};
use workbench::markdown::fill;
use workbench::progress;
use workbench::workspace::root;

/// Fine-tuning for one speaker or one sensor: every optimizer at equal cost, tuned on the others
/// (docs/study.md)
#[derive(Args, Clone, Debug)]
pub struct FinetuneArgs {
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
        default_value = "5,10,20,50",
        value_parser = clap::value_parser!(u32).range(1..=400)
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
    /// Every budget with every number of samples, and in mini-batches too: takes three times as
    /// long
    #[arg(long)]
    all: bool,
    /// Print the means of every case as JSON too, in the last line
    #[arg(long)]
    json: bool,
    /// Write docs/study.md
    #[arg(long, requires = "fsdd")]
    write: bool,
}

/// Budgets beside the usual one, and the samples with which they are tried.
const OTHER_BUDGETS: [u32; 2] = [30, 300];
const OTHER_SAMPLES: usize = 20;
/// The number of samples in a mini-batch.
const BATCH: usize = 10;

impl FinetuneArgs {
    fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for budget in [BUDGET].into_iter().chain(OTHER_BUDGETS) {
            for batch in [None, Some(BATCH)] {
                for samples in self.samples.iter().map(|samples| *samples as usize) {
                    let split = batch.is_none_or(|batch| samples > batch);
                    let other = batch.is_none() && samples == OTHER_SAMPLES;
                    let asked = self.all || budget == BUDGET || other;
                    if split && asked {
                        let case = |wrong: &u32| Case { samples, batch, wrong: *wrong, budget };
                        cases.extend(self.wrong.iter().map(case));
                    }
                }
            }
        }
        cases
    }
}

/// Runs the experiment.
pub fn run(args: &FinetuneArgs) -> Result<()> {
    let mut found = vec![findings::<DigitsTail>("Drifted sensors", &sensors(&drifted())?, args)?];
    if let Some(directory) = &args.fsdd {
        let targets = speakers(directory)?;
        found.insert(0, findings::<SpeakersTail>("Spoken digits", &targets, args)?);
    } else {
        eprintln!("SKIPPED: the spoken digits, which need --fsdd DIR");
    }
    let mut parts = vec![Part::Text(PROTOCOL.to_owned())];
    if let [spoken, sensors] = &found[..] {
        for (findings, other) in [(spoken, sensors), (sensors, spoken)] {
            parts.push(Part::Heading(format!("{}, where nobody tunes", findings.name)));
            parts.push(Part::Text(format!(
                "The mean of all cases of {BUDGET} gradient evaluations: as the library ships it, \
                 and with the one setting that is best on the other data ({}).",
                other.name.to_lowercase()
            )));
            parts.push(findings.untuned(other));
        }
    }
    for findings in &found {
        parts.push(Part::Heading(format!("{}, in one table", findings.name)));
        parts.push(Part::Text(format!(
            "Accuracy in per cent, the mean of {} targets and {} draws, {:.1} before. The best of \
             a column is bold; a star is at those whose difference from it may be chance (p of \
             0.05 or more). `sd` is the deviation over the draws, `width` the part of a method's \
             settings within two points of its best, both the mean of all cases.",
            findings.targets,
            args.seeds,
            100.0 * findings.before
        )));
        parts.push(findings.overview());
    }
    if let [spoken, sensors] = &found[..] {
        parts.push(Part::Heading("One setting for everything".to_owned()));
        parts.push(Part::Text(format!(
            "Each method's one setting that is best on the mean of all cases of {BUDGET} gradient \
             evaluations of both."
        )));
        parts.push(one_setting(&[spoken, sensors]));
    }
    for findings in &found {
        parts.push(Part::Heading(format!("{}, against the default ball", findings.name)));
        parts.push(Part::Text(
            "How many points more than the lagged ball with arc length, and the p of the paired \
             test."
                .to_owned(),
        ));
        parts.push(findings.against_the_ball());
        parts.push(sensitivity(findings)?);
        for budget in [BUDGET].into_iter().chain(OTHER_BUDGETS) {
            for (batches, words) in [(false, "the full batch"), (true, "batches of 10")] {
                if let Some(table) = findings.every_case(budget, batches) {
                    let name = findings.name;
                    parts.push(Part::Heading(format!("{name}, {budget} gradients of {words}")));
                    parts.push(Part::Text("Columns: labelled samples, wrong labels.".to_owned()));
                    parts.push(table);
                }
            }
        }
        parts.push(findings.numbers(match findings.name {
            "Spoken digits" => "spoken.csv",
            _ => "sensors.csv",
        }));
    }
    let section = Section { name: "finetune", title: "Fine-tuning at equal cost", parts };
    if args.write {
        let path = root().join("docs/study.md");
        let page = format!("{GUIDE}\n{}", section.markdown());
        std::fs::write(&path, fill(&page))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("written: docs/study.md");
    }
    section.publish()?;
    if args.json {
        let rows: Vec<_> = found.iter().flat_map(Findings::json).collect();
        println!("{}", serde_json::Value::from(rows));
    }
    Ok(())
}

const GUIDE: &str = "\
# Which optimizer for which case

Reprinted by `cargo lab finetune --fsdd DIR --write`; the wrinkles are of `cargo lab \
    wrinkles`, the wells of `cargo lab twins`. How robust the networks are is in \
    [robustness.md](robustness.md).

| the case | take | as good | not |
|---|---|---|---|
| nobody tunes, labels may be wrong | `nn::FineTuning` (docs/untuned.md) | | any optimizer \
    at one setting for all devices: with wrong labels a sixth to three quarters of the runs end \
    below the start |
| nobody tunes, labels are clean | `nn::FineTuning` (docs/untuned.md) | `fine_tuning(steps)` \
    and SGD with Armijo: ahead of it on far targets, behind it on near ones | |
| tuned on similar targets, clean labels | clipped SGD or the lagged ball with arc length | \
    Armijo; clipped Adam on the sensors | plain SGD, SAM |
| tuned, many wrong labels | the refreshed ball, the nearest point or plain SGD on the \
    spoken digits | Adam; on the sensors hardly anything differs | Armijo, momentum, SAM |
| mini-batches | clipped SGD or the lagged ball with arc length | clipped Adam | Armijo with \
    wrong labels: it believes each batch |
| few gradients | clipped SGD, clipped Adam | the lagged ball on the spoken digits | forms \
    of two and more gradients a step |
| ripples of a known size on a smooth loss | the lagged ball with a plain step and a \
    shrinking radius | gradients at random points nearby, shrinking likewise | every optimizer \
    that is a point |
| wells that must be left | `ZerothOrderBall`, in few dimensions \
    ([losses_only.md](losses_only.md)) | the highest of several contacts (an experiment, four \
    gradients a step) | every form that follows one contact |

What the tables say of the ball, for and against it:

- With clean labels its default form is as good as the best, and so is clipped SGD: what \
    helps is the bounded step, not the radius. At equal cost the ball wins nothing there that \
    clipping does not.
- On the drifted sensors, where a run must go far, clipped Adam and the line searches are \
    ahead of it by a point or so.
- With 40 % wrong labels the forms that look at two or more gradients a step are best on the \
    spoken digits; there the default loses one to two points to them, to Adam and to plain SGD.
- No method has one rate for both data sets: what is best on one, chosen there, is bad on \
    the other. The bounded step of `fine_tuning` is what travels best among the settings that \
    are shipped; Armijo travels as well where the labels are clean.
- The preset is rate 1, radius 0.03, loss scale 3. The grid's best on all cases bounds the \
    step alike with rate 3 and loss scale 10, is ahead on the sensors and level on the spoken \
    digits (both rows are in the table of one setting); the preset keeps the smaller rate, which \
    is stable up to a curvature of 2 and not of 2/3.
- The paper's own projection is last everywhere at equal cost: ten evaluations buy one short \
    step.
- A ball whose contact is the highest of eight probes does leave the wells in which the \
    paper's form stays (`twins`), at four gradient evaluations a step; on smooth fine-tuning \
    losses it is far behind at equal cost.
";

const PROTOCOL: &str = "Each run fine-tunes a pre-trained network on a few labelled samples of its \
                        target and is tested on all other samples of that target. A run may spend \
                        the same number of gradient evaluations whatever the optimizer; a loss \
                        alone counts 1/3. Rates and radii shrink to nothing on half a cosine, but \
                        where a line search chooses the rate. Every method is tried with twelve \
                        settings, and a target's figure uses the settings that are best on the \
                        other targets. Rolling back is off (it would add 1/3 to each step of the \
                        methods that do not evaluate the new loss anyway), but where a method is \
                        run as shipped. Schedules end with the last step that the budget allows, \
                        counted by what the steps really cost. The test is of paired differences \
                        over targets and draws, by flipping signs, with Holm's correction for the \
                        number of methods in a column.";

/// How the digits' sensors see.
fn drifted() -> [Sensor; 6] {
    let turned =
        |rotation: f32, gain: f32, offset: f32| Sensor { rotation, gain, offset, ..SENSOR };
    [
        SENSOR,
        turned(30.0, 0.7, 2.0),
        turned(-30.0, 0.6, 3.0),
        turned(90.0, 0.7, 2.0),
        turned(180.0, 0.8, 1.0),
        turned(-90.0, 0.5, 4.0),
    ]
}

fn findings<T: Layer>(
    name: &'static str,
    targets: &[Target],
    args: &FinetuneArgs,
) -> Result<Findings> {
    let before = targets.iter().map(|target| tested::<T>(&target.weights, &target.data));
    let before = before.collect::<Result<Vec<_>>>()?;
    let methods = every_method();
    let cases = args.cases();
    let bar = progress::bar(name, "runs");
    let settings: usize = methods.iter().map(|method| method.grid().len()).sum();
    bar.set_length((settings * targets.len() * cases.len()) as u64 * args.seeds);
    let row = |case: &Case| {
        let outcomes = compare::<T>(&methods, targets, *case, args.seeds, &bar)?;
        Ok(Row { case: *case, outcomes })
    };
    let rows = cases.iter().map(row).collect::<Result<_>>()?;
    bar.finish_and_clear();
    Ok(Findings { name, targets: targets.len(), before: mean(before), rows })
}

/// How much accuracy is lost with which of a method's settings.
fn sensitivity(findings: &Findings) -> Result<Part> {
    let usual: Vec<&Row> = findings.rows.iter().filter(|row| row.case.budget == BUDGET).collect();
    let series = METHODS.iter().enumerate().map(|(index, method)| {
        let settings = 0..method.grid().len();
        let score = |setting: usize| {
            mean(usual.iter().map(|row| row.outcomes[index].by_settings()[setting]))
        };
        let mut scores: Vec<f64> = settings.map(score).collect();
        let best = scores[largest(&scores)];
        scores.sort_by(|a, b| b.total_cmp(a));
        let points = (1..).zip(scores).map(|(rank, score)| (f64::from(rank), 100.0 * score));
        Series {
            label: format!("{} ({:.1})", method.name, 100.0 * best),
            points: points.collect(),
            mark: if method.rolls() { Mark::Line } else { Mark::Dots },
            colour: index,
        }
    });
    let chart = Chart {
        title: &format!("{}: accuracy with each of a method's settings", findings.name),
        x: "settings, the best first",
        y: "accuracy, %",
        series: series.collect(),
        logarithmic: (false, false),
    };
    let file = match findings.name {
        "Spoken digits" => "spoken_settings.svg",
        _ => "sensors_settings.svg",
    };
    let caption =
        "The mean of all cases of the usual budget; the ball's forms are lines.".to_owned();
    Ok(Part::Picture { file, svg: chart.draw()?, caption })
}

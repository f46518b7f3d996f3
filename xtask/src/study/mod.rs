//! `cargo xtask study`: the tables of docs/fine-tuning.md.

mod compare;

use crate::data::digits::{self, SENSOR, Sensor};
use crate::data::speakers::{Recordings, SPEAKERS};
use crate::demo::plan::{DIGITS_RECIPE, SPEAKERS_RECIPE};
use crate::pretrain::pretrain;
use crate::progress;
use crate::study::compare::{Method, Row, Target, Terms, compare, largest, mean, methods};
use crate::workspace::root;
use anyhow::{Context, Result};
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use indicatif::ProgressBar;
use rayon::prelude::*;
use rolling_ball::nn::{Layer, Network};
use scenario::{DigitsTail, SpeakersTail, accuracy};
use std::fmt::Write;
use std::path::PathBuf;

/// Compare the ball's forms with the other optimizers at equal cost.
#[derive(Args, Clone, Debug)]
pub struct StudyArgs {
    /// Also the spoken digits: the directory with fsdd_logmel16x20_u8.{x,y,speaker}.u8.bin
    #[arg(long, value_name = "DIR")]
    fsdd: Option<PathBuf>,
    /// Draws of the labelled samples for each target
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// Write the tables to docs/fine-tuning.md
    #[arg(long)]
    write: bool,
}

/// A table of the study.
struct Case {
    title: &'static str,
    terms: Terms,
    /// Accuracy of the pre-trained network on each target.
    before: Vec<f64>,
    rows: Vec<Row>,
}

/// Runs the command.
pub fn study(args: &StudyArgs) -> Result<()> {
    let terms = |samples, batch, noise, budget| {
        let seeds = args.seeds;
        Terms { samples, batch, noise, budget, seeds }
    };
    let methods = methods();
    let mut cases = run_cases::<DigitsTail>(
        &methods,
        &sensors()?,
        &[
            ("Digits, 100 samples", terms(100, 0, 0.0, 100.0)),
            ("Digits, 100 samples, 30 % mislabelled", terms(100, 0, 0.3, 100.0)),
        ],
    )?;
    let six: Vec<String> = (0..6).map(|sensor| format!("sensor {sensor}")).collect();
    let mut text = String::new();
    for case in &cases {
        text += &case_table(&methods, case, &six)?;
    }
    if let Some(directory) = &args.fsdd {
        let recordings = Recordings::read(directory)?;
        let spoken = run_cases::<SpeakersTail>(
            &methods,
            &speakers(&recordings)?,
            &[
                ("Spoken digits, 20 clips", terms(20, 0, 0.0, 100.0)),
                ("Spoken digits, 50 clips", terms(50, 0, 0.0, 100.0)),
                ("Spoken digits, 50 clips, 30 % mislabelled", terms(50, 0, 0.3, 100.0)),
                ("Spoken digits, 50 clips, batches of 10", terms(50, 10, 0.0, 100.0)),
            ],
        )?;
        let names: Vec<String> =
            (0..SPEAKERS).map(|speaker| format!("speaker {speaker}")).collect();
        for case in &spoken {
            text += &case_table(&methods, case, &names)?;
        }
        cases.extend(spoken);
    } else {
        eprintln!("SKIPPED: the spoken digits, which need --fsdd DIR");
    }
    text += &default_table(&methods, &cases);
    println!("{text}");
    if args.write {
        let path = root().join("docs/fine-tuning.md");
        let page = format!("{INTRODUCTION}\n{text}");
        std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
        println!("written: docs/fine-tuning.md");
    }
    Ok(())
}

const INTRODUCTION: &str = "\
# Fine-tuning at equal cost

Reprinted by `cargo xtask study --fsdd DIR --write`.

Each run fine-tunes a pre-trained network on a few labelled samples of its target and is tested on all other
samples of that target. A run may spend the same number of gradient evaluations whatever the optimizer; a
loss alone counts 1/3. Rates and radii shrink to nothing on half a cosine, but where a line search chooses
the rate. Every method is tried with twelve settings (with Armijo: one, or the radii only), and a target's
figure uses the settings that are best on the *other* targets. Accuracies are in per cent, means over draws of
the labelled samples; `sd` is the standard deviation over the draws; `width` is the part of the settings within
two points of the best: how little it matters that nobody tunes a device. Rolling back is off for all
(it would add 1/3 to each step of the methods that do not evaluate the new loss anyway).
";

/// The digits' sensors: one pre-trained network, six ways to see.
fn sensors() -> Result<Vec<Target>> {
    let bar = progress::bar("pre-training on clean digits", "epochs");
    let weights = pretrain::<DigitsTail>(&digits::clean()?, &DIGITS_RECIPE, &bar)?;
    bar.finish_and_clear();
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
    .iter()
    .map(|sensor| Ok(Target { weights: weights.clone(), data: digits::sensed(sensor, 1)? }))
    .collect()
}

/// One network for each speaker, who was left out of its pre-training.
fn speakers(recordings: &Recordings) -> Result<Vec<Target>> {
    let bar = progress::bar("pre-training without each speaker", "speakers");
    bar.set_length(u64::from(SPEAKERS));
    let targets = (0..SPEAKERS)
        .into_par_iter()
        .map(|speaker| {
            let (others, own) = recordings.leave_out(speaker);
            let weights =
                pretrain::<SpeakersTail>(&others, &SPEAKERS_RECIPE, &ProgressBar::hidden())?;
            bar.inc(1);
            Ok(Target { weights, data: own })
        })
        .collect();
    bar.finish_and_clear();
    targets
}

fn run_cases<T: Layer>(
    methods: &[Method],
    targets: &[Target],
    cases: &[(&'static str, Terms)],
) -> Result<Vec<Case>> {
    let network = Network::<T>::new(&[])?;
    let mut scratch = vec![0.0; Network::<T>::SCRATCH];
    let before = targets
        .iter()
        .map(|target| {
            let samples = target.data.samples();
            Ok(accuracy(&network, &target.weights, &samples, &mut scratch)?.fraction())
        })
        .collect::<Result<Vec<_>>>()?;
    cases
        .iter()
        .map(|(title, terms)| {
            let bar = progress::bar(title, "runs");
            let grids: usize = methods.iter().map(|method| method.grid.len()).sum();
            bar.set_length((grids * targets.len()) as u64);
            let rows = methods
                .iter()
                .map(|method| compare::<T>(method, targets, *terms, &bar))
                .collect::<Result<_>>()?;
            bar.finish_and_clear();
            Ok(Case { title, terms: *terms, before: before.clone(), rows })
        })
        .collect()
}

fn percent(fraction: f64) -> String {
    format!("{:.1}", 100.0 * fraction)
}

fn case_table(methods: &[Method], case: &Case, targets: &[String]) -> Result<String> {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    let mut header = vec!["".to_owned()];
    header.extend(targets.iter().cloned());
    header.extend(["mean", "sd", "width"].map(str::to_owned));
    table.set_header(header);
    let mut before = vec!["before".to_owned()];
    before.extend(case.before.iter().copied().map(percent));
    before.extend([percent(mean(case.before.iter().copied())), String::new(), String::new()]);
    table.add_row(before);
    for (method, row) in methods.iter().zip(&case.rows) {
        let mut cells = vec![method.name.to_owned()];
        cells.extend(row.accuracy.iter().copied().map(percent));
        cells.push(percent(mean(row.accuracy.iter().copied())));
        cells.push(percent(row.deviation));
        cells.push(format!("{:.2}", row.width));
        table.add_row(cells);
    }
    let Terms { budget, batch, seeds, .. } = case.terms;
    let batch = if batch == 0 { "full batch".to_owned() } else { format!("batches of {batch}") };
    let mut text = String::new();
    writeln!(text, "\n## {}\n", case.title)?;
    writeln!(text, "{budget} gradient evaluations, {batch}, {seeds} draws.\n\n{table}")?;
    Ok(text)
}

/// What nobody tuned: for each method, the one setting that is best on the mean of all cases.
fn default_table(methods: &[Method], cases: &[Case]) -> String {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    let mut header = vec!["", "rate", "radius", "scale or clip norm"];
    header.extend(cases.iter().map(|case| case.title));
    header.push("mean");
    table.set_header(header);
    for (index, method) in methods.iter().enumerate() {
        let scores: Vec<f64> = (0..method.grid.len())
            .map(|settings| mean(cases.iter().map(|case| case.rows[index].by_settings[settings])))
            .collect();
        let best = largest(&scores);
        let settings = method.grid[best];
        let some = |value: f32| if value > 0.0 { value.to_string() } else { String::new() };
        let mut cells = vec![
            method.name.to_owned(),
            some(settings.rate),
            some(settings.radius),
            some(settings.scale),
        ];
        cells.extend(cases.iter().map(|case| percent(case.rows[index].by_settings[best])));
        cells.push(percent(scores[best]));
        table.add_row(cells);
    }
    format!(
        "\n## One setting for everything\n\nThe setting of each method that is best on the mean of the cases.\n\n{table}\n"
    )
}

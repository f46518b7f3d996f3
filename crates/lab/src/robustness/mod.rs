//! How robust a trained network is, by the optimizer that trained it.

mod claims;
mod findings;
mod measures;
mod methods;
mod perturbation;
mod tables;
mod tasks;
mod training;

use super::report::{Part, Section};
use anyhow::{Context, Result};
use clap::Args;
use findings::{At, Findings, TUNING, explore, uncertainty};
use scenario::{DigitsTail, SpeakersTail};
use std::path::PathBuf;
use tasks::{DIGITS, DIGITS_CNN, DigitsCnn, MNIST, MnistTail, SPOKEN};
use workbench::markdown::fill;
use workbench::workspace::root;

/// Flatness, and accuracy under noise, attacks, few bits and flipped bits: every optimizer at equal
/// cost and at equal training loss, and the paper's claims one by one (docs/robustness.md)
#[derive(Args, Clone, Debug)]
pub struct RobustnessArgs {
    /// Also MNIST: the directory with its four IDX files, packed or not
    #[arg(long, value_name = "DIR")]
    mnist: Option<PathBuf>,
    /// Also the spoken digits: the directory with fsdd_logmel16x20_u8.{x,y,speaker}.u8.bin
    #[arg(long, value_name = "DIR")]
    fsdd: Option<PathBuf>,
    /// Trainings of each optimizer, from other weights on other samples
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// Write docs/robustness.md
    #[arg(long, requires = "mnist", requires = "fsdd")]
    write: bool,
}

/// Runs the experiment.
pub fn run(args: &RobustnessArgs) -> Result<Section> {
    let seeds = args.seeds + TUNING as u64;
    // All are read first: a directory that is wrong says so before minutes of training.
    let mnist = args.mnist.as_ref().map(|directory| tasks::mnist::<MnistTail>(directory, seeds));
    let spoken = args.fsdd.as_ref().map(|directory| tasks::spoken(directory, seeds));
    let (mnist, spoken) = (mnist.transpose()?, spoken.transpose()?);
    if mnist.is_none() {
        eprintln!("SKIPPED: MNIST, which needs --mnist DIR");
    }
    if spoken.is_none() {
        eprintln!("SKIPPED: the spoken digits, which need --fsdd DIR");
    }
    let mut found = vec![
        explore::<DigitsTail>(&DIGITS, &tasks::digits::<DigitsTail>(seeds)?)?,
        explore::<DigitsCnn>(&DIGITS_CNN, &tasks::digits::<DigitsCnn>(seeds)?)?,
    ];
    if let Some(draws) = mnist {
        found.push(explore::<MnistTail>(&MNIST, &draws)?);
    }
    if let Some(draws) = spoken {
        found.push(explore::<SpeakersTail>(&SPOKEN, &draws)?);
    }
    let section = Section {
        name: "robustness",
        title: "Robustness, by the optimizer",
        parts: parts(&found, args.seeds)?,
    };
    if args.write {
        let path = root().join("docs/robustness.md");
        let page = format!("{GUIDE}\n{}", section.markdown());
        std::fs::write(&path, fill(&page))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("written: docs/robustness.md");
    }
    Ok(section)
}

const GUIDE: &str = "# How robust the networks are that each optimizer ends in

Reprinted by `cargo lab robustness --mnist DIR --fsdd DIR --write`.

- A large radius does end in flatter minima, as the paper says. In the runs that get to the same \
                     training loss, a radius of 1 is flatter than SGD, SAM and Entropy-SGD, and at \
                     the same settings radii of 0.3 and 1 are flatter than none. The default \
                     radius of 0.03 is not.
- Flatter is not better here. No radius generalises better than the same ball without one, and at \
                     a radius of 1 many trainings never get to that loss.
- The default ball generalises better than SGD, and bears more noise in the inputs. So does \
                     clipped SGD, from which it differs in no measure: that is the bounded step.
- The centre at a constant radius of 0.3 bears disturbed weights. It is ahead of clipped SGD under \
                     the stronger noise of the weights and under flipped bits, and level with it \
                     in accuracy.
- The paper's own projection and the nearest point are behind SGD at equal cost, in accuracy and \
                     under noise of inputs and weights: a step costs them five to ten gradients.
- Weights of 8 bits cost no optimizer anything, those of 4 bits hardly more than a point; 2 bits \
                     harm all of them.
";

fn parts(found: &[Findings], seeds: u64) -> Result<Vec<Part>> {
    let heading = |words: &str| Part::Heading(words.to_owned());
    let text = |words: &str| Part::Text(words.to_owned());
    let [eigenvalue, trace] = uncertainty(found);
    let mut parts = vec![
        text(PROTOCOL),
        heading("What is measured"),
        text(MEASURED),
        Part::Text(format!(
            "In the median network the residual of the largest eigenvalue is {:.1} % of it, and \
             the standard error of the trace {:.0} %.",
            100.0 * eigenvalue,
            100.0 * trace
        )),
        heading("What the paper claims"),
        Part::Text(claims::words()),
        claims::claims(found, &claims::PAPERS),
        heading("What the radius does, and the centre"),
        text(RADIUS),
        claims::claims(found, &claims::OF_THE_RADIUS),
    ];
    for (at, words) in [(At::Cost, "at equal cost"), (At::Loss, "at equal training loss")] {
        parts.push(Part::Heading(format!("All data, beside clipped SGD, {words}")));
        parts.push(text(BESIDE));
        parts.push(tables::beside_clipped(found, at));
    }
    parts.push(tables::by_radius(found)?);
    for findings in found {
        let task = &findings.task;
        for (at, words) in [(At::Cost, "at equal cost"), (At::Loss, "at equal training loss")] {
            parts.push(Part::Heading(format!("{}, {words}", task.name)));
            let reached = match at {
                At::Cost => format!("after {} gradient evaluations", task.budget),
                At::Loss => format!("where the loss on all training samples is {}", task.loss),
            };
            parts.push(Part::Text(format!(
                "On {}; means of {seeds} runs, {reached}. Bold differs from clipped SGD by more \
                 than chance.",
                task.words
            )));
            parts.push(tables::by_method(findings, at));
        }
        parts.push(tables::numbers(findings));
    }
    Ok(parts)
}

const PROTOCOL: &str = "Every optimizer trains the same networks from the same weights on the same \
                        samples in the same order, for the same number of gradient evaluations; a \
                        loss alone counts 1/3. Rates shrink to nothing on half a cosine, over as \
                        many steps as the optimizer's measured cost of a step allows. So do radii \
                        where a row says `to 0`; there contact and centre end at one point. Where \
                        a row says `contact` or `centre`, the radius is constant, and that point \
                        is deployed. All balls but the nearest point and the paper's projection \
                        are lagged contacts with arc length: at radius 0 that is SGD with a \
                        bounded step. Entropy-SGD makes five moves a step. The nearest point has \
                        arc length too; the paper's projection makes ten steps of its solver, from \
                        a radius of 1 that shrinks to 0. The settings of a row are the best of \
                        eight by the accuracy on validation samples in five other runs; but rows \
                        that say `as at 0` have those of the ball at radius 0, so that nothing \
                        differs but the radius. To an equal training loss each trains with the \
                        same settings until the loss on all training samples is low; what is \
                        measured lies on the line of the last step, where that loss is met. It may \
                        take twice as many steps as there are gradient evaluations above, whatever \
                        they cost.";

const MEASURED: &str = "Accuracies are in per cent on test samples. The largest eigenvalue and the \
                        trace are those of the Hessian of the loss on 200 training samples (or all \
                        of fewer), by 30 iterations and 16 directions of `probe::Curvature`; their \
                        means are geometric. Both shrink with the loss itself, so that they are \
                        best compared at equal training loss. Noise of the inputs is normal, its \
                        deviation in units of the inputs' own; an attack by the fast gradient sign \
                        method moves every input value by so many of these units, where the loss \
                        rises. Weights are rounded to integers with a scale for each filter, \
                        biases are not. Noise of the weights multiplies each parameter by a normal \
                        number of mean 1 and that deviation. Flips are in weights of eight bits, \
                        of which each is flipped with that chance. What is random is drawn three \
                        times for each network, the same for every row.";

const RADIUS: &str = "What would follow if it were the radius that helps, and not the bounded \
                      step: the ball with a radius beside the ball without one, at the same \
                      settings; and its centre beside its contact. Read as the table above.";

const BESIDE: &str = "The mean difference in points, or the factor of the curvature; over all data \
                      sets and seeds where both got there. Bold is more than chance: p below 0.05 \
                      in the paired test, by flipping signs, with Holm's correction over the whole \
                      table.";

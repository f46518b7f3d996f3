//! What each solver pays to find the footpoint on digits batches.

use super::picture::{Chart, Mark, Series};
use super::report::{Part, Section};
use anyhow::Result;
use clap::Args;
use rolling_ball::nn::{Network, QuantizedSamples, Samples, SoftmaxCrossEntropy};
use rolling_ball::{
    AnyCentreStep, AnyFootpoint, GaussNewton, GradientDescent, Objective, Plain, RollingBallConfig,
    SgdConfig, StepReport, step,
};
use scenario::DigitsTail;
use workbench::data::digits;
use workbench::optimizers::optimizer;
use workbench::pretrain::DIGITS_RECIPE;
use workbench::pretrain::pretrain;
use workbench::progress;
use workload::footpoint::{NEAR, SETTINGS};

type Net = Network<'static, DigitsTail>;

/// Samples of a batch.
const BATCH: usize = 32;
/// The paper's step sizes that are tried.
const STEPS: [f32; 4] = [0.001, 0.01, 0.1, 0.3];
/// Iterations of the paper's solver at most.
const PAPER_ITERATIONS: u32 = 400;
/// Moves of Gauss-Newton at most.
const MOVES: u32 = 40;

/// What the footpoint costs by Gauss-Newton and by the paper's solver, in gradient evaluations,
/// from many states of a network
#[derive(Args, Clone, Debug)]
pub struct FootpointArgs {
    /// States of the network from which footpoints are sought, for each setting
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    states: u32,
}

/// A network somewhere on the way of its training, and a batch.
pub struct State {
    theta: Vec<f32>,
    batch: usize,
}

/// States along the fine-tuning of the pre-trained network on what the device's sensor sees.
pub fn states(samples: &QuantizedSamples, count: u32) -> Result<Vec<State>> {
    let bar = progress::bar("pre-training on clean digits", "epochs");
    let mut theta = pretrain::<DigitsTail>(&digits::clean()?, &DIGITS_RECIPE, &bar)?;
    bar.finish_and_clear();
    let config = SgdConfig { learning_rate: 0.03.into(), ..SgdConfig::default() };
    let mut sgd = optimizer(theta.len(), config)?;
    let mut states = Vec::new();
    for index in 0..count as usize {
        let batch = index * BATCH;
        states.push(State { theta: theta.clone(), batch });
        let mut scratch = vec![0.0; Net::SCRATCH];
        let network = Net::new(&[])?;
        let stream = samples.range(batch, BATCH);
        let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
        for _ in 0..6 {
            step(&mut sgd, &mut objective, &mut theta)?;
        }
    }
    Ok(states)
}

/// One step of the ball from a state; `None` where the solver's loss left the finite numbers.
fn one_step(
    samples: &QuantizedSamples,
    state: &State,
    (radius, rate): (f32, f32),
    footpoint: AnyFootpoint,
) -> Result<Option<StepReport>> {
    let config = RollingBallConfig {
        radius: radius.into(),
        learning_rate: rate.into(),
        loss_scale: 1.0,
        footpoint,
        centre_step: AnyCentreStep::Plain(Plain),
        roll_back: true,
    };
    let mut theta = state.theta.clone();
    let mut ball = optimizer(theta.len(), config)?;
    let mut scratch = vec![0.0; Net::SCRATCH];
    let network = Net::new(&[])?;
    let stream = samples.range(state.batch, BATCH);
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
    objective.loss(&theta)?;
    Ok(step(&mut ball, &mut objective, &mut theta).ok())
}

/// What Gauss-Newton did from one state.
pub struct Descent {
    /// Moves after which the distance was larger by more than its own rounding.
    pub rises: usize,
    /// The least distance.
    converged: f32,
    /// Gradient evaluations until the distance was near the converged one.
    pub gradients: u32,
    /// Losses until then.
    pub losses: u32,
}

/// Seeks a footpoint move by move.
pub fn gauss_newton(
    samples: &QuantizedSamples,
    state: &State,
    setting: (f32, f32),
) -> Result<Descent> {
    let mut reports = Vec::new();
    let mut loss_before = 0.0;
    for max_iterations in 1..=MOVES {
        let solver = AnyFootpoint::GaussNewton(GaussNewton { max_iterations, tolerance: 0.0 });
        let report = one_step(samples, state, setting, solver)?;
        if let Some((report, footpoint)) = report.and_then(|r| r.footpoint.map(|f| (r, f))) {
            loss_before = report.loss_before.abs();
            reports.push((report.evaluations, footpoint.distance));
            if footpoint.iterations < max_iterations {
                break;
            }
        }
    }
    let distances: Vec<f32> = reports.iter().map(|(_, distance)| *distance).collect();
    let converged = distances.iter().copied().fold(f32::INFINITY, f32::min);
    let (gradients, losses) = reports
        .iter()
        .find(|(_, distance)| *distance <= NEAR * converged)
        .map_or((u32::MAX, u32::MAX), |(evaluations, _)| {
            (evaluations.gradients, evaluations.losses)
        });
    // Beside the rounding of D itself, that of the height, which is of the order of radius and
    // loss.
    let height = setting.0 + loss_before;
    let rounding =
        |distance: f32| 4.0 * f32::EPSILON * (distance + (2.0 * distance).sqrt() * height);
    let rises = distances.windows(2).filter(|pair| pair[1] > pair[0] + rounding(pair[0])).count();
    Ok(Descent { rises, converged, gradients, losses })
}

/// Gradient evaluations of the paper's solver until it is near; `None` where it does not get there.
fn paper(
    samples: &QuantizedSamples,
    state: &State,
    setting: (f32, f32),
    gamma: f32,
    converged: f32,
) -> Result<Option<u32>> {
    let near = |iterations: u32| -> Result<bool> {
        let solver = AnyFootpoint::GradientDescent(GradientDescent { step: gamma, iterations });
        let report = one_step(samples, state, setting, solver)?;
        let footpoint = report.and_then(|report| report.footpoint);
        Ok(footpoint.is_some_and(|footpoint| footpoint.distance <= NEAR * converged))
    };
    if !near(PAPER_ITERATIONS)? {
        return Ok(None);
    }
    // Once near it stays near, so the first such iteration can be bisected.
    let (mut far, mut there) = (0, PAPER_ITERATIONS);
    while there - far > 1 {
        let middle = far.midpoint(there);
        if near(middle)? {
            there = middle;
        } else {
            far = middle;
        }
    }
    Ok(Some(there))
}

fn median(mut values: Vec<u32>) -> String {
    values.sort_unstable();
    values.get(values.len() / 2).map_or_else(|| "-".to_owned(), u32::to_string)
}

/// A solver of the pictures, by how many iterations it may make.
struct Solver {
    name: &'static str,
    limited: fn(u32) -> AnyFootpoint,
}

const SOLVERS: [Solver; 4] = [
    Solver {
        name: "Gauss-Newton",
        limited: |max_iterations| {
            AnyFootpoint::GaussNewton(GaussNewton { max_iterations, tolerance: 0.0 })
        },
    },
    Solver {
        name: "paper, gamma 0.3",
        limited: |iterations| {
            AnyFootpoint::GradientDescent(GradientDescent { step: 0.3, iterations })
        },
    },
    Solver {
        name: "paper, gamma 0.1",
        limited: |iterations| {
            AnyFootpoint::GradientDescent(GradientDescent { step: 0.1, iterations })
        },
    },
    Solver {
        name: "paper, gamma 0.01",
        limited: |iterations| {
            AnyFootpoint::GradientDescent(GradientDescent { step: 0.01, iterations })
        },
    },
];

/// How many gradient evaluations the pictures show.
const SHOWN: u32 = 30;

/// D in units of the least, and the residual, after each number of gradient evaluations; infinite
/// where the solver diverged.
fn path(
    samples: &QuantizedSamples,
    state: &State,
    setting: (f32, f32),
    solver: &Solver,
    least: f32,
) -> Result<Vec<[f32; 2]>> {
    let mut found = Vec::new();
    for iterations in 1..=SHOWN {
        let report = one_step(samples, state, setting, (solver.limited)(iterations))?;
        let Some((report, footpoint)) = report.and_then(|r| r.footpoint.map(|f| (r, f))) else {
            found.push((iterations, [f32::INFINITY; 2]));
            break;
        };
        let spent = report.evaluations.gradients;
        found.push((spent, [footpoint.distance / least, footpoint.residual]));
        if footpoint.iterations < iterations {
            break;
        }
    }
    let after = |spent: u32| {
        let last = found.iter().rev().find(|(gradients, _)| *gradients <= spent);
        last.map_or([f32::INFINITY; 2], |(_, values)| *values)
    };
    Ok((1..=SHOWN).map(after).collect())
}

/// Median and worst over the states.
fn curves(samples: &QuantizedSamples, states: &[State], setting: (f32, f32)) -> Result<Vec<Part>> {
    let mut series = [Vec::new(), Vec::new()];
    for (colour, solver) in SOLVERS.iter().enumerate() {
        let mut paths = Vec::new();
        for state in states {
            let least = gauss_newton(samples, state, setting)?.converged;
            paths.push(path(samples, state, setting, solver, least)?);
        }
        for (what, series) in series.iter_mut().enumerate() {
            let at = |spent: usize| {
                let mut values: Vec<f32> = paths.iter().map(|path| path[spent][what]).collect();
                values.sort_by(f32::total_cmp);
                [values[values.len() / 2], values[values.len() - 1]]
            };
            for (rank, words, mark) in [(0, "median", Mark::Line), (1, "worst", Mark::Dots)] {
                let points = (0..SHOWN as usize)
                    .map(|spent| ((spent + 1) as f64, f64::from(at(spent)[rank])));
                series.push(Series {
                    label: format!("{}, {words}", solver.name),
                    points: points.filter(|(_, y)| y.is_finite() && *y > 0.0).collect(),
                    mark,
                    colour,
                });
            }
        }
    }
    let (radius, rate) = setting;
    let [distances, residuals] = series;
    let draw = |file, title: &str, y, series, caption: &str| -> Result<Part> {
        let x = "gradient evaluations";
        let chart = Chart { title, x, y, series, logarithmic: (false, true) };
        Ok(Part::Picture { file, svg: chart.draw()?, caption: caption.to_owned() })
    };
    Ok(vec![
        draw(
            "distance.svg",
            &format!("Distance to the graph at radius {radius}, rate {rate}"),
            "D, least = 1",
            distances,
            "A solver that diverges has no point.",
        )?,
        draw(
            "residual.svg",
            &format!("Residual at radius {radius}, rate {rate}"),
            "|grad D|",
            residuals,
            "At the last point whose gradient was taken.",
        )?,
    ])
}

/// Runs the experiment.
pub fn run(args: &FootpointArgs) -> Result<Section> {
    let data = digits::sensed(&digits::SENSOR, 1)?;
    let samples = data.samples();
    let states = states(&samples, args.states)?;
    let bar = progress::bar("seeking footpoints", "states");
    bar.set_length((states.len() * SETTINGS.len()) as u64);
    let mut header = ["radius, rate", "Gauss-Newton gradients", "worst", "losses", "D rose"]
        .map(str::to_owned)
        .to_vec();
    header.extend(STEPS.iter().map(|gamma| format!("paper, gamma {gamma}")));
    let mut rows = Vec::new();
    for setting in SETTINGS {
        let mut descents = Vec::new();
        let mut papers = vec![Vec::new(); STEPS.len()];
        for state in &states {
            let descent = gauss_newton(&samples, state, setting)?;
            for (gamma, reached) in STEPS.iter().zip(&mut papers) {
                reached.extend(paper(&samples, state, setting, *gamma, descent.converged)?);
            }
            descents.push(descent);
            bar.inc(1);
        }
        let mut cells = vec![
            format!("{}, {}", setting.0, setting.1),
            median(descents.iter().map(|descent| descent.gradients).collect()),
            descents.iter().map(|descent| descent.gradients).max().unwrap_or(0).to_string(),
            median(descents.iter().map(|descent| descent.losses).collect()),
            descents.iter().map(|descent| descent.rises).sum::<usize>().to_string(),
        ];
        cells.extend(papers.into_iter().map(|reached| {
            let there = reached.len();
            format!("{} ({there} of {})", median(reached), states.len())
        }));
        rows.push(cells);
    }
    bar.finish_and_clear();
    let mut parts = vec![
        Part::Text(format!(
            "Gradient evaluations until D is within 1 % of its converged value: network 64-32-10, \
             batches of {BATCH} digits, {} states; medians. In brackets: how many states the \
             paper's solver got there from, in {PAPER_ITERATIONS} evaluations.",
            states.len()
        )),
        Part::Table { header, rows },
    ];
    parts.extend(curves(&samples, &states, SETTINGS[0])?);
    Ok(Section { name: "footpoint", title: "What the footpoint costs", parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauss_newton_reaches_the_footpoint_in_ten_gradients_and_never_moves_away() -> Result<()> {
        let data = digits::sensed(&digits::SENSOR, 1)?;
        let samples = data.samples();
        for state in states(&samples, 16)? {
            for setting in SETTINGS {
                let descent = gauss_newton(&samples, &state, setting)?;
                assert!(descent.gradients <= 10, "{setting:?}: {} gradients", descent.gradients);
                assert_eq!(descent.rises, 0, "{setting:?}: D rose");
            }
        }
        Ok(())
    }
}

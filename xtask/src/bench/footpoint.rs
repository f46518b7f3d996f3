//! To the same footpoint: Gauss-Newton, and the paper's solver here, in JAX and in PyTorch.

use super::arguments::BenchArgs;
use super::findings::Findings;
use super::peers::{self, Peer};
use super::problem::{Problem, TwoLayers};
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use rolling_ball::kernels::Active;
use rolling_ball::{
    AnyCentreStep, AnyFootpoint, AnyRollingBallConfig, Error, GaussNewton, GradientDescent,
    Objective, Optimizer, Plain, Request, RollingBallConfig, SgdConfig, step,
};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;
use workbench::data::{Dataset, digits};
use workbench::optimizers::optimizer;
use workbench::pretrain::DIGITS_RECIPE;
use workbench::pretrain::pretrain;
use workbench::progress;
use workbench::statistics::median;
use workbench::table::markdown;
use workbench::timing::median_seconds;
use workload::footpoint::{NEAR, SETTINGS};

type Layers = TwoLayers<784, 128, 10>;
const WIDTHS: [usize; 3] = [784, 128, 10];
const BATCH: usize = 64;
/// How many of the radii and rates of `cargo lab footpoint` are taken.
const SETTINGS_TAKEN: usize = 3;
/// Steps of fine-tuning, after which the footpoint is sought.
const STARTS: [usize; 2] = [0, 10];
/// The learning rate of that fine-tuning.
const RATE: f32 = 0.03;

/// The paper's step size, of the authors' example.
const PAPER: f32 = 1e-3;
/// The step sizes of which the best is taken too.
const GRID: [f32; 6] = [PAPER, 0.01, 0.03, 0.1, 0.3, 1.0];
/// Gradient evaluations of the paper's solver at most.
const LIMIT: u32 = 2000;
/// Moves of Gauss-Newton, to learn how near one can get.
const MOVES: u32 = 60;

/// Everyone has a turn in each.
const ROUNDS: usize = 5;
/// How long a turn lasts; it has one solution at least.
const TIME: Duration = Duration::from_millis(300);
/// Between what we and the peers find for `D`, relative.
const AGREEMENT: f64 = 1e-3;
const OURS: &str = "rolling-ball";

#[derive(Serialize)]
struct Solve<'a> {
    file: &'a Path,
    widths: [usize; 3],
    batch: usize,
    seconds: f64,
    radius: f32,
    rate: f32,
    gamma: f32,
    evaluations: u32,
}

#[derive(Deserialize)]
struct Answer {
    distance: f64,
    solve: f64,
    threads: f64,
}

/// A solver, and how far it is run.
struct Run {
    name: &'static str,
    solver: Solver,
    evaluations: u32,
    /// Losses beside them.
    losses: u32,
    /// Whether it is then at the footpoint.
    there: bool,
    /// `D` there.
    distance: f64,
}

#[derive(Clone, Copy)]
enum Solver {
    GaussNewton,
    /// The paper's solver with this step size.
    Paper(f32),
}

/// An implementation of a solver.
struct Measured {
    implementation: String,
    gamma: Option<f32>,
    /// `None` where it did not get there.
    gradient_evaluations: Option<u32>,
    losses: u32,
    seconds: f64,
}

/// A row as `--json` prints it.
#[derive(Serialize)]
struct Row {
    implementation: String,
    gradient_evaluations: Option<u32>,
    seconds_median: f64,
}

pub fn measure(args: &BenchArgs) -> Result<Findings> {
    let mut problem = problem()?;
    let mut peers = peers::start(args, "footpoint.py", &[1])?;
    let bar = progress::bar("to the same footpoint", "rounds");
    bar.set_length((STARTS.len() * SETTINGS_TAKEN * ROUNDS) as u64);
    let mut text = format!(
        "Network {name}, batch {BATCH}, one thread each. The network is pre-trained on clean \
         digits, enlarged to 28 by 28 pixels, and fine-tuned to a sensor's, as in `cargo lab \
         footpoint`. D is half the squared distance to the displaced centre; a solver is there \
         where D is at most {NEAR} times the least that any of them finds. How many gradient \
         evaluations that takes is counted with D in 64-bit floats; then each implementation makes \
         as many, and the whole solution is timed, from theta to the footpoint: medians of \
         {ROUNDS} rounds, in which all take turns. Gauss-Newton judges its moves by losses, which \
         its time contains. The paper's solver has the step size gamma {PAPER} of its authors' \
         example, and the best of {GRID:?}, which nobody knows beforehand. Where it does not get \
         there, {LIMIT} evaluations are timed. Ratios are to Gauss-Newton.",
        name = problem.name(),
    );
    let mut cases = Vec::new();
    let mut fine_tuned = 0;
    for steps in STARTS {
        fine_tune(&mut problem, steps - fine_tuned)?;
        fine_tuned = steps;
        let file = problem.write(&format!("footpoint-{steps}"))?;
        for setting in SETTINGS.into_iter().take(SETTINGS_TAKEN) {
            let (least, runs) = plan(&problem, setting)?;
            let measured = compare(&problem, &file, setting, &runs, &mut peers, &bar)?;
            let (radius, rate) = setting;
            text += &format!(
                "\n\nAfter {steps} steps, with radius {radius} and rate {rate}: D is {least:.4} at \
                 the footpoint.\n\n"
            );
            text += &table(&measured);
            cases.push(measured);
        }
    }
    bar.finish_and_clear();
    Ok(Findings { text, rows: serde_json::to_value(medians(&cases))? })
}

/// The network, pre-trained on clean digits, before a batch of what the device's sensor sees.
fn problem() -> Result<Problem> {
    let bar = progress::bar("pre-training on clean digits", "epochs");
    let theta = pretrain::<Layers>(&enlarged(&digits::clean()?), &DIGITS_RECIPE, &bar)?;
    bar.finish_and_clear();
    let sensed = enlarged(&digits::sensed(&digits::SENSOR, 1)?);
    Ok(Problem::new::<Layers>(&WIDTHS, BATCH)?.trained(theta, &sensed))
}

/// Steps of gradient descent on the batch.
fn fine_tune(problem: &mut Problem, steps: usize) -> Result<()> {
    let mut theta = problem.theta.clone();
    let config = SgdConfig { learning_rate: RATE.into(), ..SgdConfig::default() };
    let mut sgd = optimizer(theta.len(), config)?;
    let mut scratch = problem.scratch::<Layers>();
    let mut objective = problem.objective::<Layers, Active>(&mut scratch)?;
    for _ in 0..steps {
        step(&mut sgd, &mut objective, &mut theta)?;
    }
    drop(objective);
    problem.theta = theta;
    Ok(())
}

/// Digits of 8 by 8 pixels as 28 by 28: each is repeated.
fn enlarged(digits: &Dataset) -> Dataset {
    let (from, to) = (8, 28);
    let enlarge = |image: &[u8]| -> Vec<u8> {
        let pixels = (0..to * to).map(|pixel| (pixel / to * from / to, pixel % to * from / to));
        pixels.filter_map(|(row, column)| image.get(row * from + column).copied()).collect()
    };
    let inputs = digits.inputs.chunks_exact(digits.width).flat_map(enlarge).collect();
    Dataset { inputs, labels: digits.labels.clone(), width: to * to, ..*digits }
}

fn config(solver: Solver, evaluations: u32, (radius, rate): (f32, f32)) -> AnyRollingBallConfig {
    let footpoint = match solver {
        Solver::GaussNewton => {
            AnyFootpoint::GaussNewton(GaussNewton { max_iterations: evaluations, tolerance: 0.0 })
        }
        Solver::Paper(step) => {
            AnyFootpoint::GradientDescent(GradientDescent { step, iterations: evaluations })
        }
    };
    RollingBallConfig {
        radius: radius.into(),
        learning_rate: rate.into(),
        loss_scale: 1.0,
        footpoint,
        centre_step: AnyCentreStep::Plain(Plain),
        roll_back: false,
    }
}

/// Runs every solver long: the least `D`, and how far each solver is to be run.
fn plan(problem: &Problem, setting: (f32, f32)) -> Result<(f64, Vec<Run>)> {
    // The point after the last move is asked for no gradient, so one move more.
    let solve = |solver, evaluations| distances(problem, config(solver, evaluations + 1, setting));
    let gauss_newton = solve(Solver::GaussNewton, MOVES)?;
    let mut paper = Vec::new();
    for gamma in GRID {
        paper.push((gamma, solve(Solver::Paper(gamma), LIMIT)?));
    }
    let everyone = paper.iter().map(|(_, distances)| distances).chain([&gauss_newton]);
    let least = everyone.flatten().copied().fold(f64::INFINITY, f64::min);
    let run = |name, solver, distances: &[f64]| {
        let first = first_near(distances, least);
        let evaluations = first.unwrap_or(LIMIT);
        let distance = distances.get(evaluations as usize).copied();
        let distance = distance.context("a solver left the finite numbers")?;
        let losses = losses(problem, config(solver, evaluations, setting))?;
        anyhow::Ok(Run { name, solver, evaluations, losses, there: first.is_some(), distance })
    };
    let evaluations = |distances: &[f64]| first_near(distances, least).unwrap_or(u32::MAX);
    let (gamma, best) = paper
        .iter()
        .min_by_key(|(_, distances)| evaluations(distances))
        .context("an empty grid")?;
    let (_, slow) = paper.first().context("an empty grid")?;
    let runs = vec![
        run("Gauss-Newton", Solver::GaussNewton, &gauss_newton)?,
        run("the paper's solver", Solver::Paper(PAPER), slow)?,
        run("the paper's solver, best gamma", Solver::Paper(*gamma), best)?,
    ];
    Ok((least, runs))
}

/// The gradient evaluations that a solver needs: `distances[k]` is `D` after as many moves, each of
/// which takes one.
fn first_near(distances: &[f64], least: f64) -> Option<u32> {
    let near = |distance: &f64| *distance <= f64::from(NEAR) * least;
    distances.iter().position(near).map(|index| index as u32)
}

/// Where the ball's centre is to go.
struct Centre {
    theta: Vec<f64>,
    height: f64,
}

impl Centre {
    /// From the contact, as the paper's steps 1 and 2.
    fn displaced(
        contact: &[f32],
        loss: f32,
        gradient: &[f32],
        config: &AnyRollingBallConfig,
    ) -> Self {
        let [radius, rate] = [config.radius, config.learning_rate].map(|at| f64::from(at.at(0)));
        let squared: f64 = gradient.iter().map(|slope| f64::from(*slope).powi(2)).sum();
        let reach = radius / (1.0 + squared).sqrt();
        let pairs = contact.iter().zip(gradient);
        let theta = pairs.map(|(at, slope)| f64::from(*at) - (reach + rate) * f64::from(*slope));
        Self { theta: theta.collect(), height: f64::from(loss) + reach - rate * squared }
    }

    /// `D`
    fn distance(&self, theta: &[f32], loss: f32) -> f64 {
        let pairs = self.theta.iter().zip(theta);
        let squared: f64 = pairs.map(|(centre, at)| (centre - f64::from(*at)).powi(2)).sum();
        (squared + (f64::from(loss) - self.height).powi(2)) / 2.0
    }
}

/// `D` in 64-bit floats wherever a step asks for a gradient: at the contact, and after each move
/// but the last. Ends early where the solver leaves the finite numbers.
fn distances(problem: &Problem, config: AnyRollingBallConfig) -> Result<Vec<f64>> {
    let mut scratch = problem.scratch::<Layers>();
    let mut objective = problem.objective::<Layers, Active>(&mut scratch)?;
    let mut ball = problem.ball::<Active>(config)?;
    let mut theta = problem.theta.clone();
    let mut centre = None;
    let mut distances = Vec::new();
    let mut request = ball.begin(&mut theta);
    loop {
        request = match request {
            Ok(Request::Loss) => {
                let loss = objective.loss(&theta)?;
                ball.tell_loss(&mut theta, loss)
            }
            Ok(Request::Gradient) => {
                let loss = objective.gradient(&theta, ball.gradient_mut())?;
                let gradient = ball.gradient_mut();
                let centre = centre
                    .get_or_insert_with(|| Centre::displaced(&theta, loss, gradient, &config));
                distances.push(centre.distance(&theta, loss));
                ball.tell_gradient(&mut theta, loss)
            }
            Ok(Request::Done(_)) => return Ok(distances),
            Err(Error::NonFiniteLoss | Error::NonFiniteGradient | Error::NonFiniteUpdate) => {
                return Ok(distances);
            }
            Err(error) => return Err(error.into()),
        };
    }
}

/// Losses that a step evaluates beside the gradients.
fn losses(problem: &Problem, config: AnyRollingBallConfig) -> Result<u32> {
    let mut scratch = problem.scratch::<Layers>();
    let mut objective = problem.objective::<Layers, Active>(&mut scratch)?;
    let mut ball = problem.ball::<Active>(config)?;
    Ok(step(&mut ball, &mut objective, &mut problem.theta.clone())?.evaluations.losses)
}

/// Lets all take turns on one case.
fn compare(
    problem: &Problem,
    file: &Path,
    setting: (f32, f32),
    runs: &[Run],
    peers: &mut [Peer],
    bar: &ProgressBar,
) -> Result<Vec<Measured>> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut turns = Vec::new();
        for run in runs {
            let solution = config(run.solver, run.evaluations, setting);
            turns.push((OURS, run, turn(problem, solution)?));
            let Solver::Paper(gamma) = run.solver else { continue };
            for peer in &mut *peers {
                let answer: Answer = peer.ask(&Solve {
                    file,
                    widths: WIDTHS,
                    batch: BATCH,
                    seconds: TIME.as_secs_f64(),
                    radius: setting.0,
                    rate: setting.1,
                    gamma,
                    evaluations: run.evaluations,
                })?;
                peer.check_threads(answer.threads)?;
                peer.check_agreement("D", answer.distance, run.distance, AGREEMENT)?;
                turns.push((peer.implementation, run, answer.solve));
            }
        }
        rounds.push(turns);
        bar.inc(1);
    }
    let turns = rounds.first().map_or(&[][..], Vec::as_slice);
    let measured = turns.iter().enumerate().map(|(index, (implementation, run, _))| {
        let seconds = rounds.iter().filter_map(|turns| turns.get(index));
        Measured {
            implementation: format!("{implementation}, {}", run.name),
            gamma: match run.solver {
                Solver::GaussNewton => None,
                Solver::Paper(gamma) => Some(gamma),
            },
            losses: run.losses,
            gradient_evaluations: run.there.then_some(run.evaluations),
            seconds: median(seconds.map(|(_, _, seconds)| *seconds)),
        }
    });
    Ok(measured.collect())
}

/// Our turn: the time of a step.
fn turn(problem: &Problem, config: AnyRollingBallConfig) -> Result<f64> {
    let mut scratch = problem.scratch::<Layers>();
    let mut objective = problem.objective::<Layers, Active>(&mut scratch)?;
    let mut ball = problem.ball::<Active>(config)?;
    let mut theta = problem.theta.clone();
    median_seconds(TIME, || {
        theta.copy_from_slice(&problem.theta);
        step(&mut ball, &mut objective, &mut theta)?;
        Ok(())
    })
}

fn table(measured: &[Measured]) -> String {
    let header = ["implementation", "gamma", "gradient evaluations", "losses", "ms", "ratio"];
    let ours = measured.first().map_or(f64::NAN, |gauss_newton| gauss_newton.seconds);
    markdown(
        header.map(str::to_owned).to_vec(),
        measured.iter().map(|measured| {
            let Measured { implementation, gamma, gradient_evaluations, losses, seconds } =
                measured;
            vec![
                implementation.clone(),
                gamma.map_or_else(|| "-".to_owned(), |gamma| gamma.to_string()),
                gradient_evaluations
                    .map_or_else(|| format!("not in {LIMIT}"), |count| count.to_string()),
                losses.to_string(),
                format!("{:.2}", 1e3 * seconds),
                format!("{:.1}", seconds / ours),
            ]
        }),
    )
}

/// Medians over the cases. There are no gradient evaluations where one of the cases has none.
fn medians(cases: &[Vec<Measured>]) -> Vec<Row> {
    let implementations = cases.first().map_or(&[][..], Vec::as_slice);
    let row = |(index, first): (usize, &Measured)| {
        let all = || cases.iter().filter_map(|measured| measured.get(index));
        let counts: Option<Vec<u32>> =
            all().map(|measured| measured.gradient_evaluations).collect();
        Row {
            implementation: first.implementation.clone(),
            gradient_evaluations: counts.map(|counts| median(counts) as u32),
            seconds_median: median(all().map(|measured| measured.seconds)),
        }
    };
    implementations.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_gradients_are_needed_as_moves_until_d_is_within_one_percent() {
        assert_eq!(first_near(&[4.0, 2.0, 1.02, 1.005, 1.0], 1.0), Some(3));
        assert_eq!(first_near(&[4.0, 2.0, 1.02], 1.0), None);
        assert_eq!(first_near(&[4.0, f64::NAN, 1.0], 1.0), Some(2));
    }

    #[test]
    fn the_distance_to_the_displaced_centre_is_what_the_step_reports() -> Result<()> {
        let problem = problem()?;
        for (solver, moves) in [(Solver::GaussNewton, 3), (Solver::Paper(0.01), 5)] {
            let setting = (1.0, 1.0);
            let distances = distances(&problem, config(solver, moves + 1, setting))?;
            let mut scratch = problem.scratch::<Layers>();
            let mut objective = problem.objective::<Layers, Active>(&mut scratch)?;
            let config = RollingBallConfig { roll_back: true, ..config(solver, moves, setting) };
            let mut ball = problem.ball::<Active>(config)?;
            let report = step(&mut ball, &mut objective, &mut problem.theta.clone())?;
            let reported = report.footpoint.map_or(f64::NAN, |found| f64::from(found.distance));
            let distance = distances.get(moves as usize).copied().unwrap_or(f64::NAN);
            assert!((distance / reported - 1.0).abs() < 1e-4, "{distance} is not {reported}");
        }
        Ok(())
    }

    #[test]
    fn a_solver_that_did_not_get_there_once_has_no_count_of_evaluations() {
        let measured = |gradient_evaluations, seconds| {
            let implementation = "solver".to_owned();
            vec![Measured { implementation, gamma: None, gradient_evaluations, losses: 0, seconds }]
        };
        let all = [measured(Some(5), 2.0), measured(Some(9), 4.0), measured(Some(7), 3.0)];
        let [row] = &medians(&all)[..] else { panic!("one implementation, one row") };
        assert_eq!((row.gradient_evaluations, row.seconds_median), (Some(7), 3.0));
        let [row] = &medians(&[measured(Some(5), 2.0), measured(None, 4.0)])[..] else {
            panic!("one implementation, one row")
        };
        assert_eq!(row.gradient_evaluations, None);
    }
}

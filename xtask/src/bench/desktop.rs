//! A gradient evaluation and a training step: ours, PyTorch's and JAX's, of the same network on the
//! same batch.

use super::arguments::BenchArgs;
use super::findings::Findings;
use super::peers::{self, Peer};
use super::problem::{Problem, ThreeLayers, TwoLayers};
use super::threads::on_threads;
use anyhow::Result;
use indicatif::ProgressBar;
use rolling_ball::kernels::{Active, Kernels};
use rolling_ball::nn::Layer;
use rolling_ball::{Objective, Optimizer, RollingBallConfig, Sgd, SgdConfig, step};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;
use workbench::progress;
use workbench::statistics::median;
use workbench::table::markdown;
use workbench::timing::median_seconds;

/// Everyone has a turn in each.
const ROUNDS: usize = 5;
/// How long each kind of work lasts in a turn.
const TIME: Duration = Duration::from_millis(300);
const THREADS: [usize; 2] = [1, 2];
/// As in benches/peers/gradient.py.
const RATE: f32 = 1e-3;
/// Between the losses and gradient norms of the implementations, relative.
const AGREEMENT: f64 = 1e-4;
const OURS: &str = "rolling-ball";
const NETWORKS: u64 = 5;

#[derive(Serialize)]
struct Request<'a> {
    file: &'a Path,
    widths: &'a [usize],
    batch: usize,
    seconds: f64,
}

#[derive(Deserialize)]
struct Answer {
    loss: f64,
    gradient_norm: f64,
    gradient: f64,
    step: f64,
    threads: f64,
}

/// Seconds of each kind of work.
#[derive(Clone, Copy)]
struct Seconds {
    gradient: f64,
    step: f64,
    ball_step: Option<f64>,
}

/// An implementation with so many threads.
struct Measured {
    network: String,
    batch: usize,
    threads: usize,
    implementation: &'static str,
    seconds: Seconds,
}

/// A row as `--json` prints it.
#[derive(Serialize)]
struct Row<'a> {
    network: &'a str,
    batch: usize,
    threads: usize,
    implementation: String,
    seconds_median: f64,
}

pub fn measure(args: &BenchArgs) -> Result<Findings> {
    let mut peers = peers::start(args, "gradient.py", &THREADS)?;
    let bar = progress::bar("training on the desktop", "rounds");
    bar.set_length(NETWORKS * ROUNDS as u64);
    let mut all = Vec::new();
    all.extend(compare::<TwoLayers<784, 128, 10>>(&[784, 128, 10], 64, &mut peers, &bar)?);
    all.extend(compare::<ThreeLayers<784, 512, 512, 10>>(
        &[784, 512, 512, 10],
        256,
        &mut peers,
        &bar,
    )?);
    all.extend(compare::<TwoLayers<64, 32, 10>>(&[64, 32, 10], 32, &mut peers, &bar)?);
    all.extend(compare::<TwoLayers<16, 32, 4>>(&[16, 32, 4], 8, &mut peers, &bar)?);
    all.extend(compare::<TwoLayers<320, 32, 10>>(&[320, 32, 10], 20, &mut peers, &bar)?);
    bar.finish_and_clear();
    let text = format!(
        "Fully connected networks with ReLU and softmax cross-entropy, in 32-bit floats; each \
         implementation has the same parameters and the same batch, and finds the same loss and \
         the same norm of the gradient. A gradient evaluation gives the loss and its gradient; the \
         steps are gradient descent, and the ball in its default form, without momentum and \
         without a roll-back. Medians of {ROUNDS} rounds, in which all take turns of {} s. Ratios \
         are to rolling-ball with as many threads: above 1, rolling-ball is faster.\n\n{}",
        TIME.as_secs_f64(),
        table(&all),
    );
    let rows: Vec<Row> = all.iter().flat_map(Measured::rows).collect();
    Ok(Findings { text, rows: serde_json::to_value(rows)? })
}

/// Lets all take turns on one network.
fn compare<T: Layer>(
    widths: &'static [usize],
    batch: usize,
    peers: &mut [Peer],
    bar: &ProgressBar,
) -> Result<Vec<Measured>> {
    let problem = Problem::new::<T>(widths, batch)?;
    let file = problem.write(&problem.name())?;
    let request = Request { file: &file, widths, batch, seconds: TIME.as_secs_f64() };
    let (loss, gradient_norm) = evaluate::<T>(&problem)?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut turns = Vec::new();
        for threads in THREADS {
            turns.push(on_threads(threads, || turn::<T, Active>(&problem))??);
        }
        for peer in &mut *peers {
            let answer: Answer = peer.ask(&request)?;
            peer.check_threads(answer.threads)?;
            peer.check_agreement("loss", answer.loss, loss, AGREEMENT)?;
            peer.check_agreement("gradient norm", answer.gradient_norm, gradient_norm, AGREEMENT)?;
            turns.push(Seconds { gradient: answer.gradient, step: answer.step, ball_step: None });
        }
        rounds.push(turns);
        bar.inc(1);
    }
    let ours = THREADS.iter().map(|threads| (*threads, OURS));
    let everyone = ours.chain(peers.iter().map(|peer| (peer.threads, peer.implementation)));
    let measured = everyone.enumerate().map(|(index, (threads, implementation))| {
        let turns = || rounds.iter().filter_map(|turns| turns.get(index));
        let ball_steps: Option<Vec<f64>> = turns().map(|turn| turn.ball_step).collect();
        let seconds = Seconds {
            gradient: median(turns().map(|turn| turn.gradient)),
            step: median(turns().map(|turn| turn.step)),
            ball_step: ball_steps.map(median),
        };
        Measured { network: problem.name(), batch, threads, implementation, seconds }
    });
    Ok(measured.collect())
}

/// Our loss, and the norm of our gradient.
fn evaluate<T: Layer>(problem: &Problem) -> Result<(f64, f64)> {
    let mut scratch = problem.scratch::<T>();
    let mut gradient = vec![0.0; T::PARAMETERS];
    let loss =
        problem.objective::<T, Active>(&mut scratch)?.gradient(&problem.theta, &mut gradient)?;
    let squared: f64 = gradient.iter().map(|slope| f64::from(*slope).powi(2)).sum();
    Ok((loss.into(), squared.sqrt()))
}

/// Our turn.
fn turn<T: Layer, K: Kernels + Default>(problem: &Problem) -> Result<Seconds> {
    let mut scratch = problem.scratch::<T>();
    let mut objective = problem.objective::<T, K>(&mut scratch)?;
    let mut gradient = vec![0.0; T::PARAMETERS];
    let evaluation = median_seconds(TIME, || {
        objective.gradient(&problem.theta, &mut gradient)?;
        Ok(())
    })?;
    let config = SgdConfig { learning_rate: RATE.into(), roll_back: false, ..SgdConfig::default() };
    let mut sgd = Sgd::with_backend(K::default(), config, gradient, None)?;
    let config = RollingBallConfig {
        learning_rate: RATE.into(),
        roll_back: false,
        ..RollingBallConfig::default()
    };
    let mut ball = problem.ball::<K>(config.into_any())?;
    Ok(Seconds {
        gradient: evaluation,
        step: step_seconds(&mut sgd, &mut objective, problem)?,
        ball_step: Some(step_seconds(&mut ball, &mut objective, problem)?),
    })
}

fn step_seconds(
    optimizer: &mut impl Optimizer,
    objective: &mut impl Objective,
    problem: &Problem,
) -> Result<f64> {
    let mut theta = problem.theta.clone();
    median_seconds(TIME, || {
        step(optimizer, objective, &mut theta)?;
        Ok(())
    })
}

impl Measured {
    fn rows(&self) -> Vec<Row<'_>> {
        let Self { network, batch, threads, implementation, seconds } = self;
        let row = |kind: &str, seconds_median| Row {
            network,
            batch: *batch,
            threads: *threads,
            implementation: format!("{implementation}{kind}"),
            seconds_median,
        };
        let mut rows = vec![row("", seconds.gradient), row(" SGD step", seconds.step)];
        rows.extend(seconds.ball_step.map(|seconds| row(" ball step", seconds)));
        rows
    }
}

/// Ours for the same network, with as many threads or with as many as there are.
fn ours<'a>(all: &'a [Measured], peer: &Measured) -> Option<&'a Measured> {
    let same = |ours: &&Measured| {
        (&ours.network, ours.implementation) == (&peer.network, OURS)
            && ours.threads <= peer.threads
    };
    all.iter().filter(same).max_by_key(|ours| ours.threads)
}

fn table(all: &[Measured]) -> String {
    let header = [
        "network",
        "batch",
        "threads",
        "implementation",
        "gradient, µs",
        "ratio",
        "SGD step, µs",
        "ratio",
        "ball step, µs",
    ];
    markdown(
        header.map(str::to_owned).to_vec(),
        all.iter().map(|measured| {
            let Measured { network, batch, threads, implementation, seconds } = measured;
            let ratio = |of: fn(&Seconds) -> f64| {
                let ours = ours(all, measured).map_or(f64::NAN, |ours| of(&ours.seconds));
                format!("{:.2}", of(seconds) / ours)
            };
            let micros = |seconds: f64| format!("{:.1}", 1e6 * seconds);
            vec![
                network.clone(),
                batch.to_string(),
                threads.to_string(),
                (*implementation).to_owned(),
                micros(seconds.gradient),
                ratio(|seconds| seconds.gradient),
                micros(seconds.step),
                ratio(|seconds| seconds.step),
                seconds.ball_step.map_or_else(|| "-".to_owned(), micros),
            ]
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(threads: usize, implementation: &'static str) -> Measured {
        let seconds = Seconds { gradient: 1.0, step: 1.0, ball_step: None };
        Measured { network: "1-1".to_owned(), batch: 1, threads, implementation, seconds }
    }

    #[test]
    fn a_peer_is_compared_with_ours_of_at_most_as_many_threads() {
        let all = [measured(1, OURS), measured(2, OURS), measured(1, "peer"), measured(3, "peer")];
        let threads = |peer| ours(&all, peer).map(|ours| ours.threads);
        let [_, _, one, three] = &all;
        assert_eq!((threads(one), threads(three)), (Some(1), Some(2)));
    }
}

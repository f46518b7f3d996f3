//! The passes on a device against its own copy of the same bytes, and against this processor.

use anyhow::Result;
use indicatif::ProgressBar;
use rolling_ball::gpu::{self, Adapter, AdapterKind, DenseNetwork, Device, Shaders, Vector};
use rolling_ball::kernels::{Vector as _, Wide};
use rolling_ball::{RollingBall, RollingBallConfig, step};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use workbench::statistics::median;
use workbench::table::markdown;
use workbench::timing::median_seconds;
use workload::networks::{Images, Training, lend};
use workload::passes::{AT_REST, Pass, Vectors, passes};
use workload::slices::Slices;

/// Rounds, in which copy and pass take turns.
const ROUNDS: usize = 7;
/// What is timed at once, at least.
const AT_ONCE: Duration = Duration::from_millis(20);
/// What a copy reads and writes, in bytes a parameter.
const COPIED: f64 = 8.0;
/// The part of a copy's bandwidth that update kernels should reach on a discrete GPU.
const GOAL: f64 = 0.8;

/// Those of [`Images`].
const WIDTHS: [usize; 3] = [784, 128, 10];
const SAMPLES: usize = 512;

/// How long a pass takes: medians of one run.
struct Timing {
    name: &'static str,
    /// Whether it is one that replaces elements.
    updates: bool,
    bytes: u64,
    gb_per_s: f64,
    /// Its bandwidth in units of the copy's, timed in the same round.
    of_copy: f64,
    /// How many times as fast as the same pass on this processor.
    of_processor: f64,
}

/// A section for docs/benchmarks.md, and its figures.
pub fn measure(device: &Device, parameters: usize, bar: &ProgressBar) -> Result<(String, Value)> {
    let mut vectors = Vec::new();
    for _ in 0..4 {
        let mut vector = Vector::zeros(device, parameters)?;
        vector.fill(1.0);
        vectors.push(vector);
    }
    let mut slices = Slices::new(parameters);
    let all = passes::<Shaders>();
    bar.set_length(all.len() as u64);
    let mut timings = Vec::new();
    for (there, here) in all.iter().zip(passes::<Wide>()) {
        timings.push(time(device, there, &mut vectors, &here, &mut slices)?);
        bar.inc(1);
    }
    let step = steps(device)?;
    let text = text(device.adapter(), parameters, &timings, step);
    let rows = timings.iter().map(|timing| {
        json!({
            "pass": timing.name,
            "bytes_a_parameter": timing.bytes,
            "gb_per_s": timing.gb_per_s,
            "of_a_copy": timing.of_copy,
            "of_this_processor": timing.of_processor,
        })
    });
    let rows: Vec<Value> = rows.collect();
    Ok((text, json!({ "parameters": parameters, "passes": rows, "step_of_this_processor": step })))
}

fn time(
    device: &Device,
    there: &Pass<Vector>,
    vectors: &mut [Vector],
    here: &Pass,
    slices: &mut Slices,
) -> Result<Timing> {
    let parameters = vectors.first().map_or(0, Vector::len);
    let (mut own, mut of_copy, mut of_processor) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let [theta, second, third, gradient] = &mut vectors[..] else { continue };
        let copy = seconds(device, || theta.copy_from(second))?;
        let pass = seconds(device, || {
            (there.run)(Vectors { theta, second, third, gradient }, AT_REST);
        })?;
        let processor = here_seconds(|| {
            (here.run)(slices.vectors(), AT_REST);
        });
        let bytes = there.bytes() as f64;
        own.push(bytes * parameters as f64 / pass / 1e9);
        of_copy.push(bytes / COPIED * copy / pass);
        of_processor.push(processor / pass);
    }
    Ok(Timing {
        name: there.name,
        updates: there.written > 0,
        bytes: there.bytes(),
        gb_per_s: median(own),
        of_copy: median(of_copy),
        of_processor: median(of_processor),
    })
}

/// Of one call, of as many as take [`AT_ONCE`] together; all are done when the time is taken.
fn seconds(device: &Device, mut work: impl FnMut()) -> Result<f64> {
    work();
    device.finish()?;
    let mut calls = 1;
    loop {
        let begun = Instant::now();
        for _ in 0..calls {
            work();
        }
        device.finish()?;
        let passed = begun.elapsed();
        if passed >= AT_ONCE {
            return Ok(passed.as_secs_f64() / f64::from(calls));
        }
        calls *= 2;
    }
}

fn here_seconds(mut work: impl FnMut()) -> f64 {
    work();
    let begun = Instant::now();
    let mut calls = 0;
    while calls == 0 || begun.elapsed() < AT_ONCE {
        work();
        calls += 1;
    }
    begun.elapsed().as_secs_f64() / f64::from(calls)
}

/// How many times as fast as here a step of the ball is on a network, with everything on the
/// device.
fn steps(device: &Device) -> Result<f64> {
    let network = DenseNetwork::new(device, &WIDTHS)?;
    let config = RollingBallConfig::default();
    let slice = || vec![0.0f32; network.parameters()];
    let mut here = RollingBall::new(config, [slice(), slice()])?;
    let vector = || Vector::zeros(device, network.parameters());
    let mut there = RollingBall::with_backend(Shaders, config, [vector()?, vector()?])?;
    let mut ratios = Ok(Vec::new());
    lend::<Images>(SAMPLES, |Training { objective, theta, .. }| {
        let mut theta = theta.to_vec();
        ratios = (|| {
            let inputs: Vec<f32> = (0..SAMPLES * WIDTHS[0]).map(|i| (i as f32).sin()).collect();
            let classes: Vec<usize> = (0..SAMPLES).map(|i| i % WIDTHS[2]).collect();
            let mut batch = network.batch(&inputs, &classes)?;
            let mut theta_there = Vector::from_slice(device, &theta)?;
            let mut ratios = Vec::new();
            for _ in 0..ROUNDS {
                let processor = median_seconds(AT_ONCE, || {
                    Ok(step(&mut here, objective, &mut theta).map(drop)?)
                })?;
                let graphics = median_seconds(AT_ONCE, || {
                    Ok(gpu::step(&mut there, &mut batch, &mut theta_there).map(drop)?)
                })?;
                ratios.push(processor / graphics);
            }
            anyhow::Ok(ratios)
        })();
        Ok(())
    })?;
    Ok(median(ratios?))
}

fn text(adapter: &Adapter, parameters: usize, timings: &[Timing], step: f64) -> String {
    let header = ["pass", "bytes", "GB/s", "of a copy", "times this processor"];
    let rows = timings.iter().map(|timing| {
        vec![
            timing.name.to_owned(),
            timing.bytes.to_string(),
            format!("{:.1}", timing.gb_per_s),
            format!("{:.2}", timing.of_copy),
            format!("{:.2}", timing.of_processor),
        ]
    });
    let table = markdown(header.map(str::to_owned).to_vec(), rows);
    let least = timings.iter().filter(|timing| timing.updates).map(|timing| timing.of_copy);
    let least = least.fold(f64::INFINITY, f64::min);
    let verdict = if adapter.kind == AdapterKind::Discrete {
        let reached = if least >= GOAL { "reached" } else { "missed" };
        format!(
            "The update kernels reach at least {least:.2} of a copy; the goal, {GOAL}, is \
             {reached}."
        )
    } else {
        format!(
            "The goal, {GOAL} of a copy for every update kernel at 64 Mi parameters, is for a \
             discrete GPU. There it is unmeasured: none was at hand, and this adapter shares the \
             processor's cores and memory. `cargo lab gpu --only timings --write` on a machine \
             with one writes its figures here."
        )
    };
    format!(
        "{}, by {}, {}. {} Mi parameters; medians of {ROUNDS} rounds of one run, in which the \
         device's own copy, the pass and the same pass on all cores of this processor take turns. \
         Bytes a parameter as STREAM counts them; a copy's are {COPIED}. A pass that gives sums is \
         waited for.\n\n{table}\n\n{verdict}\n\nA step of the default ball on 784-128-10 with \
         {SAMPLES} samples, all of it on the device: {step:.2} times this processor.",
        adapter.name,
        adapter.backend,
        adapter.driver,
        parameters >> 20,
    )
}

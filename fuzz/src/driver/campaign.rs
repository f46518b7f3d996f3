//! Runs a target on every core, for a time or for a number of inputs.

use super::failure::Failure;
use super::inputs::{Inputs, folder, seeds};
use super::panics::run;
use crate::Target;
use anyhow::{Context, Result, bail};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// An input that takes longer than this never ends.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many different failures are told of one target.
const FAILURES: usize = 24;

/// How long to run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub time: Duration,
    pub executions: u64,
}

/// A target with its seeds.
#[derive(Debug)]
pub struct Campaign {
    target: Target,
    seed: u64,
    seeds: Vec<Vec<u8>>,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    executions: u64,
    calls: u64,
    time: Duration,
    pub failures: Vec<Failure>,
}

impl Outcome {
    /// A row of the table.
    pub fn row(&self, name: &str) -> String {
        let Self { executions, calls, time, .. } = *self;
        let rate = executions as f64 / time.as_secs_f64();
        let calls = calls as f64 / executions.max(1) as f64;
        let rate = HumanCount(rate as u64);
        format!("| {name} | {} | {rate} | {calls:.1} |", HumanCount(executions))
    }
}

/// What the threads share.
#[derive(Default)]
struct Shared {
    executions: AtomicU64,
    calls: AtomicU64,
    stop: AtomicBool,
    failures: Mutex<Vec<Failure>>,
}

/// The input that a thread is at, since when.
type Current = Mutex<(Instant, Vec<u8>)>;

impl Campaign {
    pub fn new(target: Target, seed: u64) -> Result<Self> {
        Ok(Self { target, seed, seeds: seeds(&target)? })
    }

    /// Runs the target.
    pub fn run(&self, limits: Limits) -> Result<Outcome> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (shared, start) = (Shared::default(), Instant::now());
        let current: Vec<Current> =
            (0..cores).map(|_| Mutex::new((Instant::now(), Vec::new()))).collect();
        let bar = bar(self.target.name, limits.time);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..)
                .zip(&current)
                .map(|(index, current)| {
                    let shared = &shared;
                    scope.spawn(move || self.work(index, limits, start, shared, current))
                })
                .collect();
            while workers.iter().any(|worker| !worker.is_finished()) {
                thread::sleep(Duration::from_millis(100));
                let executions = shared.executions.load(Relaxed);
                bar.set_position(start.elapsed().min(limits.time).as_millis() as u64);
                let rate = executions as f64 / start.elapsed().as_secs_f64();
                let rate = HumanCount(rate as u64);
                bar.set_message(format!("{} inputs, {rate} a second", HumanCount(executions)));
                self.check_that_it_goes_on(&current);
            }
            workers.into_iter().try_for_each(|worker| match worker.join() {
                Ok(worked) => worked,
                Err(_) => bail!("the driver itself has panicked"),
            })
        })?;
        bar.finish_and_clear();
        Ok(Outcome {
            executions: shared.executions.into_inner(),
            calls: shared.calls.into_inner(),
            time: start.elapsed(),
            failures: shared.failures.into_inner().unwrap_or_else(PoisonError::into_inner),
        })
    }

    fn work(
        &self,
        index: u64,
        limits: Limits,
        start: Instant,
        shared: &Shared,
        current: &Current,
    ) -> Result<()> {
        let name = self.target.name.bytes().fold(0, |sum: u64, byte| sum * 31 + u64::from(byte));
        let seed = u128::from(self.seed) << 64 | u128::from(name) << 16 | u128::from(index);
        let mut inputs = Inputs::new(seed, &self.seeds, self.target.longest);
        // The committed ones first, by one of the threads.
        let committed = if index == 0 { &self.seeds[..] } else { &[] };
        let mut committed = committed.iter();
        while start.elapsed() < limits.time && !shared.stop.load(Relaxed) {
            let mut now = lock(current);
            let (since, input) = &mut *now;
            *since = Instant::now();
            match committed.next() {
                Some(seed) => input.clone_from(seed),
                None => inputs.next(input),
            }
            // The one that watches needs it where this never ends.
            let input = input.clone();
            drop(now);
            match run(&self.target, &input) {
                Ok(calls) => drop(shared.calls.fetch_add(calls, Relaxed)),
                Err(panic) => {
                    let mut failures = lock(&shared.failures);
                    match failures.iter_mut().find(|failure| failure.panic.is_like(&panic)) {
                        Some(known) => known.times += 1,
                        None => {
                            failures.push(Failure::new(self.target, self.seed, panic, input)?);
                            *lock(current) = (Instant::now(), Vec::new());
                        }
                    }
                    shared.stop.fetch_or(failures.len() >= FAILURES, Relaxed);
                }
            }
            let executions = shared.executions.fetch_add(1, Relaxed) + 1;
            shared.stop.fetch_or(executions >= limits.executions, Relaxed);
        }
        Ok(())
    }

    /// Ends the program where an input takes too long, since a thread cannot be stopped.
    fn check_that_it_goes_on(&self, current: &[Current]) {
        for current in current {
            let now = lock(current);
            let (since, input) = &*now;
            if since.elapsed() > PATIENCE && !input.is_empty() {
                let name = self.target.name;
                let file = folder().join("artifacts").join(format!("{name}-endless"));
                let written = std::fs::create_dir_all(folder().join("artifacts"))
                    .and_then(|()| std::fs::write(&file, input))
                    .with_context(|| format!("cannot write {}", file.display()));
                eprintln!(
                    "error: {name} with seed {} has not ended an input after {PATIENCE:?}: \
                     {input:02x?}\n{written:?}\n  repeat it: cargo xtask fuzz --target {name} \
                     --input {}",
                    self.seed,
                    file.display()
                );
                std::process::exit(1);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bar(name: &str, time: Duration) -> ProgressBar {
    let bar = ProgressBar::new(time.as_millis() as u64).with_prefix(name.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{prefix:16} {wide_bar} {msg}") {
        bar.set_style(style);
    }
    bar
}

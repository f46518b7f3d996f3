//! An input that fails: made small, written to a file, and told so that it can be repeated.

use super::inputs::folder;
use super::panics::{Panic, run};
use crate::Target;
use crate::trace::trace;
use anyhow::{Context, Result, bail};
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long an input may be made smaller.
const PATIENCE: Duration = Duration::from_secs(1);

/// An input that fails.
#[derive(Debug)]
pub struct Failure {
    pub target: Target,
    pub seed: u64,
    pub panic: Panic,
    pub input: Vec<u8>,
    /// How many inputs failed at this place.
    pub times: u64,
    pub file: PathBuf,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target: Target { name, .. }, seed, panic, input, times, file } = self;
        let Panic { place, message } = panic;
        writeln!(f, "{name}, {times} times with seed {seed}, at {place}:\n  {message}")?;
        writeln!(f, "  the smallest input: {input:02x?}")?;
        write!(f, "  repeat it: cargo xtask fuzz --target {name} --input {}", file.display())
    }
}

impl Failure {
    /// Makes the input small and writes it to a file.
    pub fn new(target: Target, seed: u64, panic: Panic, input: Vec<u8>) -> Result<Self> {
        let (input, panic) = smaller(&target, input, panic);
        let artifacts = folder().join("artifacts").join(target.name);
        let place = panic.place.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let file = artifacts.join(format!("{place}-{:08x}", hash(&input)));
        std::fs::create_dir_all(&artifacts)
            .and_then(|()| std::fs::write(&file, &input))
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Self { target, seed, panic, input, times: 1, file })
    }
}

/// Tells files apart.
fn hash(input: &[u8]) -> u32 {
    input.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Runs an input once, and tells every call; an error says what it panics with.
pub fn repeat(target: &Target, input: &[u8]) -> Result<u64> {
    trace();
    run(target, input).or_else(|Panic { place, message }| bail!("{place}: {message}"))
}

/// Takes bytes out, and makes those that are left 0, as long as it fails at the same place.
fn smaller(target: &Target, mut input: Vec<u8>, mut panic: Panic) -> (Vec<u8>, Panic) {
    let start = Instant::now();
    let mut length = input.len().div_ceil(2);
    while length > 0 && start.elapsed() < PATIENCE {
        let mut changed = false;
        let mut at = 0;
        while at < input.len() && start.elapsed() < PATIENCE {
            let end = (at + length).min(input.len());
            let mut without = input.clone();
            without.drain(at..end);
            let mut zeroed = input.clone();
            zeroed[at..end].fill(0);
            let mut smaller = [without, zeroed].into_iter().filter(|other| *other != input);
            let fails = smaller.find_map(|other| {
                let failed = run(target, &other).err()?;
                failed.is_like(&panic).then_some((other, failed))
            });
            match fails {
                Some((other, failed)) => (input, panic, changed) = (other, failed, true),
                None => at += length,
            }
        }
        if !changed {
            length /= 2;
        }
    }
    (input, panic)
}

//! PyTorch and JAX, each in a Python of its own that answers lines of JSON: benches/peers.

use super::arguments::BenchArgs;
use super::script::{Environment, Script};
use anyhow::{Result, ensure};
use serde::{Serialize, de::DeserializeOwned};

/// Their names in the tables, and as the scripts know them.
const FRAMEWORKS: [(&str, &str); 2] = [("PyTorch eager", "torch"), ("JAX jitted", "jax")];
const ENVIRONMENT: Environment =
    Environment { folder: "target/peers", setup: "benches/peers/setup.sh", has: "PyTorch and JAX" };
/// Threads that may be busy in what shall be one.
const ONE_THREAD: f64 = 1.3;

/// A framework that may use so many threads.
pub struct Peer {
    pub implementation: &'static str,
    pub threads: usize,
    script: Script,
}

/// Starts a script in each framework, for each number of threads.
pub fn start(args: &BenchArgs, script: &str, threads: &[usize]) -> Result<Vec<Peer>> {
    let mut peers = Vec::new();
    for &threads in threads {
        for (implementation, framework) in FRAMEWORKS {
            let arguments = [framework, &threads.to_string()];
            let script = Script::start(args, &ENVIRONMENT, implementation, script, arguments)?;
            peers.push(Peer { implementation, threads, script });
        }
    }
    Ok(peers)
}

impl Peer {
    /// Asks, and waits for the answer.
    pub fn ask<A: DeserializeOwned>(&mut self, request: &impl Serialize) -> Result<A> {
        self.script.ask(request)
    }

    /// Checks how many threads were busy.
    pub fn check_threads(&self, busy: f64) -> Result<()> {
        ensure!(
            self.threads > 1 || busy <= ONE_THREAD,
            "{} kept {busy:.1} threads busy where it was told to use one: its times would be \
             compared with those of one thread",
            self.implementation
        );
        Ok(())
    }

    /// Checks that it computes what we compute.
    pub fn check_agreement(
        &self,
        what: &str,
        theirs: f64,
        ours: f64,
        tolerance: f64,
    ) -> Result<()> {
        ensure!(
            (theirs - ours).abs() <= tolerance * ours.abs(),
            "{} does not do the same work: its {what} is {theirs}, ours {ours}",
            self.implementation
        );
        Ok(())
    }
}

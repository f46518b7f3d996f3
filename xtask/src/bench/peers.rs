//! PyTorch and JAX, each in a Python of its own that answers lines of JSON: benches/peers.

use super::arguments::BenchArgs;
use anyhow::{Context, Result, bail, ensure};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use workbench::workspace::root;

/// Their names in the tables, and as the scripts know them.
const FRAMEWORKS: [(&str, &str); 2] = [("PyTorch eager", "torch"), ("JAX jitted", "jax")];
/// Threads that may be busy in what shall be one.
const ONE_THREAD: f64 = 1.3;

/// A framework that may use so many threads.
pub struct Peer {
    pub implementation: &'static str,
    pub threads: usize,
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// Starts a script in each framework, for each number of threads.
pub fn start(args: &BenchArgs, script: &str, threads: &[usize]) -> Result<Vec<Peer>> {
    let python = python(args)?;
    let script = root().join("benches/peers").join(script);
    let mut peers = Vec::new();
    for &threads in threads {
        for (implementation, framework) in FRAMEWORKS {
            let mut process = Command::new(&python)
                .arg(&script)
                .args([framework, &threads.to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .with_context(|| format!("cannot start {}", python.display()))?;
            let requests = process.stdin.take().context("a peer has no standard input")?;
            let answers = process.stdout.take().context("a peer has no standard output")?;
            let answers = BufReader::new(answers);
            peers.push(Peer { implementation, threads, process, requests, answers });
        }
    }
    Ok(peers)
}

fn python(args: &BenchArgs) -> Result<PathBuf> {
    if let Some(python) = &args.python {
        return Ok(python.clone());
    }
    let python = root().join("target/peers/bin/python");
    if !python.exists() {
        bail!(
            "there is no Python with PyTorch and JAX in target/peers: run benches/peers/setup.sh, \
             or name another with --python FILE"
        );
    }
    Ok(python)
}

impl Peer {
    /// Asks, and waits for the answer.
    pub fn ask<A: DeserializeOwned>(&mut self, request: &impl Serialize) -> Result<A> {
        let name = self.implementation;
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        let mut answer = String::new();
        let sent = self.requests.write_all(line.as_bytes()).and_then(|()| self.requests.flush());
        sent.and_then(|()| self.answers.read_line(&mut answer))
            .with_context(|| format!("{name} has ended: what it printed above says why"))?;
        ensure!(!answer.is_empty(), "{name} has ended: what it printed above says why");
        serde_json::from_str(&answer)
            .with_context(|| format!("{name} answered what is not understood: {}", answer.trim()))
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

impl Drop for Peer {
    /// It has nothing to save.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

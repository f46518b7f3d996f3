//! A Python script of benches/peers that answers lines of JSON.

use super::arguments::BenchArgs;
use anyhow::{Context, Result, bail, ensure};
use serde::{Serialize, de::DeserializeOwned};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use workbench::workspace::root;

/// Where Python is with what the scripts need.
pub struct Environment {
    /// Where the setup makes it.
    pub folder: &'static str,
    pub setup: &'static str,
    /// What is in it.
    pub has: &'static str,
}

impl Environment {
    /// Why no script can run, where none can.
    pub fn missing(&self, args: &BenchArgs) -> Option<String> {
        let Self { folder, setup, has } = self;
        let python = self.python(args);
        (args.python.is_none() && !python.exists()).then(|| {
            format!(
                "there is no Python with {has} in {folder}: run {setup}, or name another with \
                 --python FILE"
            )
        })
    }

    /// What runs a script: this environment's Python, or the one that the user has named.
    fn python(&self, args: &BenchArgs) -> PathBuf {
        let own = || root().join(self.folder).join("bin/python");
        args.python.clone().unwrap_or_else(own)
    }
}

/// A script that runs.
pub struct Script {
    /// What it is to the user.
    name: String,
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Script {
    /// Starts one.
    pub fn start(
        args: &BenchArgs,
        environment: &Environment,
        name: &str,
        script: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<Self> {
        if let Some(reason) = environment.missing(args) {
            bail!(reason);
        }
        let python = environment.python(args);
        let mut process = Command::new(&python)
            .arg(root().join("benches/peers").join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", python.display()))?;
        let requests = process.stdin.take().context("a script has no standard input")?;
        let answers = process.stdout.take().context("a script has no standard output")?;
        Ok(Self { name: name.to_owned(), process, requests, answers: BufReader::new(answers) })
    }

    /// Asks, and waits for the answer.
    pub fn ask<A: DeserializeOwned>(&mut self, request: &impl Serialize) -> Result<A> {
        let name = &self.name;
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
}

impl Drop for Script {
    /// It has nothing to save.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! Flower's simulation engine, behind a SuperLink of our own.

use super::environment::Environment;
use super::memory;
use super::processes::kill_tree;
use super::run::Run;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a SuperLink may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often its memory is looked at.
const INTERVAL: Duration = Duration::from_secs(2);

/// A SuperLink that runs simulations. It ends with this value.
pub struct SuperLink<'a> {
    environment: &'a Environment,
    process: Child,
}

/// How a run of Flower went.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// The most memory that the SuperLink and everything that it started had, in bytes.
    pub memory: u64,
}

impl<'a> SuperLink<'a> {
    /// Starts one, which installs nothing.
    pub fn start(environment: &'a Environment) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let home = environment.folder().join("flower");
        fs::create_dir_all(&home).context("cannot make target/fleet/flower")?;
        let connection = format!(
            "[superlink]\ndefault = \"here\"\n\n[superlink.here]\naddress = \"127.0.0.1:{port}\"\n\
             insecure = true\n"
        );
        fs::write(home.join("config.toml"), connection).context("cannot write for Flower")?;
        let log = fs::File::create(environment.folder().join("superlink.log"))?;
        let mut command = environment.program("flower-superlink");
        command.args(["--insecure", "--simulation", "--disable-runtime-dependency-installation"]);
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let process = command.spawn().context("cannot start flower-superlink")?;
        let link = Self { environment, process };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(
                start.elapsed() < PATIENCE,
                "flower-superlink does not answer; target/fleet/superlink.log says why"
            );
            thread::sleep(Duration::from_millis(100));
        }
        Ok(link)
    }

    /// Runs the app on so many nodes, and hears each line that it prints. Where `tell` says that it
    /// is enough, everything is killed in the middle, and there is no course.
    pub fn run(
        mut self,
        run: &Run,
        nodes: usize,
        mut tell: impl FnMut(&str) -> bool,
    ) -> Result<Option<Course>> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let federation = format!(
            "num-supernodes={nodes} client-resources-num-cpus=1 init-args-num-cpus={cores}"
        );
        let mut command = self.environment.program("flwr");
        command.arg("run").arg(Environment::app()).args(["here", "--stream"]);
        command.args(["--federation-config", &federation]);
        command.args(["--run-config", &run.configuration()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let watch = memory::watch(self.process.id(), INTERVAL);
        let mut flower = command.spawn().context("cannot start flwr")?;
        let output = flower.stdout.take().context("flwr has no output")?;
        let mut last = Vec::new();
        for line in BufReader::new(output).lines() {
            let line = line.context("cannot read what flwr says")?;
            if tell(&line) {
                self.kill()?;
                // It only listened.
                let _ = flower.kill();
                let _ = flower.wait();
                return Ok(None);
            }
            last.push(line);
        }
        let status = flower.wait()?;
        let course = Course { memory: watch.most() };
        if !status.success() {
            let tail: Vec<_> = last.iter().rev().take(20).rev().cloned().collect();
            bail!("flwr run ended with {status}:\n{}", tail.join("\n"));
        }
        Ok(Some(course))
    }

    /// Kills it with everything that it has started, at once. The engine is in another session, so
    /// a signal to the group would leave it alive.
    fn kill(&mut self) -> Result<()> {
        kill_tree(self.process.id())?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for SuperLink<'_> {
    fn drop(&mut self) {
        // It has ended already where it was killed before.
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = self.kill();
        }
    }
}

//! Runs one ELF in QEMU and streams what it prints.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

const QEMU: &str = "qemu-system-arm";
const SEMIHOSTING: &str = "enable=on,target=native";
/// Lines kept for the error message; a register dump of QEMU takes 24.
const TAIL_LINES: usize = 40;
/// Lines in flight: a slow listener makes QEMU wait instead of filling memory.
const PENDING_LINES: usize = 256;
const EXIT_POLL: Duration = Duration::from_millis(5);

/// A board that QEMU models.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// QEMU's name for the board.
    pub name: &'static str,
    /// The core, as people call it.
    pub core: &'static str,
    /// The Rust target that the core runs.
    pub target: &'static str,
    /// The core that the compiler is told, where the target is not enough: it may have more
    /// instructions, or take products that are added in one instruction no faster than in two.
    pub target_cpu: Option<&'static str>,
    /// The RAM of the board.
    pub ram_bytes: u64,
}

/// The micro:bit: a Cortex-M0, which computes floats in software.
pub const MICROBIT: Machine = Machine {
    name: "microbit",
    core: "Cortex-M0",
    target: "thumbv6m-none-eabi",
    target_cpu: None,
    ram_bytes: 16 << 10,
};
/// Arm's MPS2 board with the AN385 image: a Cortex-M3, which computes floats in software.
pub const MPS2_AN385: Machine = Machine {
    name: "mps2-an385",
    core: "Cortex-M3",
    target: "thumbv7m-none-eabi",
    target_cpu: None,
    ram_bytes: 4 << 20,
};
/// Arm's MPS2 board with the AN386 image: a Cortex-M4F.
pub const MPS2_AN386: Machine = Machine {
    name: "mps2-an386",
    core: "Cortex-M4F",
    target: "thumbv7em-none-eabihf",
    target_cpu: Some("cortex-m4"),
    ram_bytes: 4 << 20,
};
/// Arm's MPS2 board with the AN500 image: a Cortex-M7F.
pub const MPS2_AN500: Machine = Machine {
    name: "mps2-an500",
    core: "Cortex-M7F",
    target: "thumbv7em-none-eabihf",
    target_cpu: None,
    ram_bytes: 4 << 20,
};
/// Arm's MPS2 board with the AN505 image: a Cortex-M33.
pub const MPS2_AN505: Machine = Machine {
    name: "mps2-an505",
    core: "Cortex-M33",
    target: "thumbv8m.main-none-eabihf",
    target_cpu: Some("cortex-m33"),
    ram_bytes: 2 << 20,
};
/// Arm's MPS3 board with the AN547 image: a Cortex-M55, whose vectors are called Helium.
pub const MPS3_AN547: Machine = Machine {
    name: "mps3-an547",
    core: "Cortex-M55",
    target: "thumbv8m.main-none-eabihf",
    target_cpu: Some("cortex-m55"),
    ram_bytes: 256 << 10,
};

/// All of them, from the smallest core to the largest. `boards/qemu/build.rs` has their memory
/// maps.
pub const MACHINES: [&Machine; 6] =
    [&MICROBIT, &MPS2_AN385, &MPS2_AN386, &MPS2_AN500, &MPS2_AN505, &MPS3_AN547];

/// A firmware on a machine.
#[derive(Clone, Copy, Debug)]
pub struct Emulation<'a> {
    /// The board.
    pub machine: &'a Machine,
    /// The firmware.
    pub elf: &'a Path,
    /// What the firmware may read as its command line.
    pub argument: Option<&'a str>,
    /// The folder whose files it may read, where that is not this program's own.
    pub folder: Option<&'a Path>,
    /// Each instruction takes two to the power of this many nanoseconds, the same in every run.
    pub shift: u32,
    /// The most wall-clock time that it may take.
    pub limit: Duration,
}

impl<'a> Emulation<'a> {
    /// At 64 ns an instruction.
    pub fn new(machine: &'a Machine, elf: &'a Path, limit: Duration) -> Self {
        Self { machine, elf, argument: None, folder: None, shift: 6, limit }
    }

    /// Runs it and hands every line of its standard output to `on_line` as it comes.
    ///
    /// The firmware ends the run with a semihosting exit. A failure exit, or a run longer than the
    /// limit, is an error that holds the last lines.
    pub fn lines(&self, on_line: impl FnMut(&str)) -> Result<()> {
        self.stream(self.command()?, on_line, |_| false)
    }

    /// As [`lines`](Self::lines), and hands what QEMU logs of each block of instructions to
    /// `on_block`, which says whether the line was of one.
    pub fn traced(
        &self,
        on_line: impl FnMut(&str),
        on_block: impl FnMut(&str) -> bool,
    ) -> Result<()> {
        let mut command = self.command()?;
        command.args(["-d", "exec,nochain"]);
        self.stream(command, on_line, on_block)
    }

    fn stream(
        &self,
        command: Command,
        on_line: impl FnMut(&str),
        on_block: impl FnMut(&str) -> bool,
    ) -> Result<()> {
        stream(command, self.limit, on_line, on_block).with_context(|| {
            format!("running {} on {} in QEMU", self.elf.display(), self.machine.name)
        })
    }

    /// As [`lines`](Self::lines), for a firmware whose output is not lines: all of it, at the end.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let mut child = self
            .command()?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map(KillOnDrop)
            .with_context(|| format!("cannot start `{QEMU}`; check PATH"))?;
        let mut stdout = child.0.stdout.take().context("QEMU has no standard output")?;
        let (sender, receiver) = sync_channel(1);
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // A closed channel means that the time was up.
            let _ = sender.send(stdout.read_to_end(&mut bytes).map(|_| bytes));
        });
        let limit = self.limit;
        let bytes = receiver
            .recv_timeout(limit)
            .with_context(|| format!("killed after {limit:?}: the firmware did not exit in time"))?
            .context("cannot read QEMU's output; run it again")?;
        let status = child.0.wait().context("cannot learn how QEMU ended; run it again")?;
        ensure!(status.success(), "QEMU ended with {status}: {}", String::from_utf8_lossy(&bytes));
        Ok(bytes)
    }

    /// Runs it without listening, and kills it as soon as that is so; an error where it ends by
    /// itself before.
    pub fn killed_when(&self, mut so: impl FnMut() -> bool) -> Result<()> {
        let mut command = self.command()?;
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let start = Instant::now();
        let mut child = command
            .spawn()
            .map(KillOnDrop)
            .with_context(|| format!("cannot start `{QEMU}`; check PATH"))?;
        while !so() {
            let ended = child.0.try_wait().context("cannot learn how QEMU ended; run it again")?;
            ensure!(ended.is_none(), "QEMU ended before it was killed");
            ensure!(start.elapsed() < self.limit, "there was no reason to kill it in time");
        }
        Ok(())
    }

    fn command(&self) -> Result<Command> {
        let Self { machine, elf, argument, shift, .. } = *self;
        ensure!(
            elf.is_file(),
            "no firmware at {}; build it for {} first",
            elf.display(),
            machine.target,
        );
        let argument = argument.map(|word| format!(",arg={word}")).unwrap_or_default();
        let mut command = Command::new(QEMU);
        command
            .args(["-M", machine.name])
            .args(["-nographic", "-monitor", "none", "-serial", "none"])
            .args(["-icount", &format!("shift={shift}")])
            .args(["-semihosting-config", &format!("{SEMIHOSTING}{argument}")])
            .arg("-kernel")
            .arg(elf);
        if let Some(folder) = self.folder {
            command.current_dir(folder);
        }
        Ok(command)
    }
}

/// Of standard error, `on_block` takes what it says it does.
fn stream(
    mut command: Command,
    limit: Duration,
    mut on_line: impl FnMut(&str),
    mut on_block: impl FnMut(&str) -> bool,
) -> Result<()> {
    let deadline = Instant::now()
        .checked_add(limit)
        .context("the time limit is too long; pass some hours at most")?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map(KillOnDrop)
        .with_context(|| {
            format!(
                "cannot start `{program}`; install QEMU 7.2 or newer \
                 (Debian: apt-get install qemu-system-arm) and check PATH"
            )
        })?;
    let lines = read_lines(&mut child.0);

    let mut tail = Tail::default();
    loop {
        // Checked on every turn: a firmware that prints without end must stop too.
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timed_out(child, lines, tail, limit, on_line));
        }
        match lines.recv_timeout(left) {
            Ok(line) => {
                let line = line.context("cannot read QEMU's output; run it again")?;
                if !matches!(&line, Line::Error(text) if on_block(text)) {
                    tail.take(line, &mut on_line);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // Both streams are closed, so the process is about to end.
    let status = loop {
        if let Some(status) =
            child.0.try_wait().context("cannot learn how QEMU ended; run it again")?
        {
            break status;
        }
        if Instant::now() >= deadline {
            return Err(timed_out(child, lines, tail, limit, on_line));
        }
        thread::sleep(EXIT_POLL);
    };
    tail.judge(status)
}

fn timed_out(
    child: KillOnDrop,
    lines: Receiver<io::Result<Line>>,
    mut tail: Tail,
    limit: Duration,
    mut on_line: impl FnMut(&str),
) -> anyhow::Error {
    drop(child);
    // What was printed before the kill still counts; a read error here changes nothing.
    for line in lines.into_iter().flatten() {
        tail.take(line, &mut on_line);
    }
    anyhow::anyhow!(
        "killed after {limit:?}: the firmware did not exit in time; it hangs, faults \
         (the default HardFault handler loops for ever) or needs a longer limit; {}",
        tail.describe(),
    )
}

enum Line {
    Output(String),
    Error(String),
}

/// The last lines, for the error message.
#[derive(Default)]
struct Tail {
    lines: VecDeque<Line>,
}

impl Tail {
    fn take(&mut self, line: Line, mut on_line: impl FnMut(&str)) {
        if let Line::Output(text) = &line {
            on_line(text);
        }
        if self.lines.len() == TAIL_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    fn judge(&self, status: ExitStatus) -> Result<()> {
        if !status.success() {
            bail!(
                "QEMU ended with {status}: the firmware failed or could not run; {}",
                self.describe()
            );
        }
        // Warnings of a run that went well.
        for line in &self.lines {
            if let Line::Error(text) = line {
                eprintln!("qemu: {text}");
            }
        }
        Ok(())
    }

    fn describe(&self) -> String {
        if self.lines.is_empty() {
            return "it printed nothing".to_owned();
        }
        let mut text = String::from("its last lines:");
        for line in &self.lines {
            let (stream, content) = match line {
                Line::Output(content) => ("stdout", content),
                Line::Error(content) => ("stderr", content),
            };
            text.push_str(&format!("\n  {stream} | {content}"));
        }
        text
    }
}

/// No QEMU outlives its run, whatever ends it.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // Both fail only when the process is already gone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read_lines(child: &mut Child) -> Receiver<io::Result<Line>> {
    let (sender, receiver) = sync_channel(PENDING_LINES);
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, Line::Output, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, Line::Error, sender);
    }
    receiver
}

fn forward(
    stream: impl Read + Send + 'static,
    wrap: fn(String) -> Line,
    sender: SyncSender<io::Result<Line>>,
) {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        loop {
            let mut bytes = Vec::new();
            let line = match reader.read_until(b'\n', &mut bytes) {
                Ok(0) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&bytes);
                    Ok(wrap(text.trim_end_matches(['\r', '\n']).to_owned()))
                }
                Err(error) => Err(error),
            };
            let broken = line.is_err();
            // A closed channel means that the run is over.
            if sender.send(line).is_err() || broken {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<()>) -> String {
        match result {
            Ok(()) => String::new(),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn missing_qemu_says_what_to_install() {
        let command = Command::new("no-such-qemu-anywhere");
        let text = message(stream(command, Duration::from_secs(1), |_| {}, |_| false));
        assert!(text.contains("`no-such-qemu-anywhere`"), "{text}");
        assert!(text.contains("install QEMU 7.2"), "{text}");
    }

    #[test]
    fn missing_firmware_says_to_build_it() {
        let path = Path::new("no-such-firmware.elf");
        let text = message(Emulation::new(&MPS2_AN386, path, Duration::from_secs(1)).lines(|_| {}));
        assert!(text.contains("no-such-firmware.elf"), "{text}");
        assert!(text.contains("build it"), "{text}");
    }

    #[cfg(unix)]
    fn shell(script: &str, limit: Duration) -> (Result<()>, Vec<String>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let mut lines = Vec::new();
        let result = stream(command, limit, |line| lines.push(line.to_owned()), |_| false);
        (result, lines)
    }

    #[cfg(unix)]
    #[test]
    fn lines_arrive_in_order() {
        let (result, lines) = shell("echo one; printf 'two\\r\\nlast'", Duration::from_secs(10));
        assert_eq!(message(result), "");
        assert_eq!(lines, ["one", "two", "last"]);
    }

    #[cfg(unix)]
    #[test]
    fn failure_holds_both_streams() {
        let (result, _) = shell("echo loss; echo panicked >&2; exit 3", Duration::from_secs(10));
        let text = message(result);
        assert!(text.contains("exit status: 3"), "{text}");
        assert!(text.contains("stdout | loss"), "{text}");
        assert!(text.contains("stderr | panicked"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn limit_stops_silence_and_floods() {
        for script in ["echo start; exec sleep 60", "exec yes start"] {
            let begin = Instant::now();
            let (result, lines) = shell(script, Duration::from_millis(200));
            assert!(message(result).contains("killed after 200ms"), "{script}");
            assert_eq!(lines.first().map(String::as_str), Some("start"), "{script}");
            assert!(begin.elapsed() < Duration::from_secs(20), "{script}");
        }
    }
}

//! An emulated board whose serial port is a socket, and whose flash is a file: it may be killed at
//! any time, and started again.

use super::qemu::MPS2_AN386;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the emulator may take to start.
const START: Duration = Duration::from_secs(20);

/// A board that takes part in a fleet.
pub struct Board {
    elf: PathBuf,
    folder: PathBuf,
    /// The emulator connects to it.
    listener: TcpListener,
    running: Option<(Child, TcpStream)>,
}

impl Board {
    /// A board of this firmware, whose files are in this folder. It is not started yet.
    pub fn new(elf: &Path, folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port on this machine")?;
        listener.set_nonblocking(true)?;
        fs::create_dir_all(folder)?;
        Ok(Self { elf: elf.to_owned(), folder: folder.to_owned(), listener, running: None })
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that is its flash.
    pub fn flash(&self) -> PathBuf {
        self.folder.join("flash.bin")
    }

    /// Turns it on. What it prints goes to `said.txt`, behind what it said before.
    pub fn start(&mut self) -> Result<()> {
        let port = self.listener.local_addr()?.port();
        let said = fs::File::options();
        let said = said.clone().create(true).append(true).open(self.folder.join("said.txt"))?;
        let child = Command::new("qemu-system-arm")
            .args(["-M", MPS2_AN386.name, "-nographic", "-monitor", "none"])
            .args(["-serial", &format!("tcp:127.0.0.1:{port}")])
            .args(["-semihosting-config", "enable=on,target=native"])
            .arg("-kernel")
            .arg(&self.elf)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()
            .context("cannot start `qemu-system-arm`; install QEMU 7.2 or newer")?;
        let begun = Instant::now();
        let stream = loop {
            match self.listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    ensure!(
                        begun.elapsed() < START,
                        "the emulator did not connect: {}",
                        self.said()
                    );
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => return Err(error).context("the emulator could not connect"),
            }
        };
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        self.running = Some((child, stream));
        Ok(())
    }

    /// Whether it has power.
    pub fn is_on(&self) -> bool {
        self.running.is_some()
    }

    /// Takes its power, in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            // Both fail only when the process is already gone.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.join("said.txt")).unwrap_or_default()
    }

    /// Sends bytes, and hands over those that come, until one says that it is enough or none has
    /// come for this long.
    pub fn ask(
        &mut self,
        request: &[u8],
        patience: Duration,
        mut hear: impl FnMut(u8) -> Result<bool>,
    ) -> Result<()> {
        let said = self.folder.join("said.txt");
        let (child, stream) = self.running.as_mut().context("the board has no power")?;
        let ended = child.try_wait()?;
        ensure!(ended.is_none(), "the board has ended: {}", fs::read_to_string(said)?);
        stream.write_all(request)?;
        stream.set_read_timeout(Some(patience))?;
        let mut bytes = [0; 256];
        loop {
            match stream.read(&mut bytes) {
                Ok(0) => anyhow::bail!("the board has hung up"),
                Ok(count) => {
                    for byte in &bytes[..count] {
                        if hear(*byte)? {
                            return Ok(());
                        }
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Ok(());
                }
                Err(error) => return Err(error).context("the board's serial port"),
            }
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.kill();
    }
}

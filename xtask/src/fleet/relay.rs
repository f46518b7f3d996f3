//! What lies between a gateway and an emulated board: a socket that gateways connect to, and the
//! power of the board, which is cut where a fault is asked for.

use crate::device::serial::Board;
use crate::rounds::killed_in_a_save;
use anyhow::{Context, Result};
use rolling_ball_fleet::{Answer, Frame, Request, Stage};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long an answer of a board is waited for before the gateway asks again.
const ANSWER: Duration = Duration::from_millis(800);
/// The answers with pieces of an update after which the power is cut in an upload.
const PIECES: u32 = 20;

/// When the power of a board is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// While its second checkpoint of its first round is written.
    Save,
    /// In the middle of the update of this round.
    Upload(u32),
}

/// A board that gateways reach by a socket.
pub struct Relay {
    port: u16,
    over: Arc<AtomicBool>,
    cuts: Arc<AtomicU32>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Relay {
    /// Turns a board on, behind a free port.
    pub fn start(board: Board, fault: Option<Fault>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port on this machine")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let (over, cuts) = (Arc::default(), Arc::default());
        let mut line = Line {
            board,
            fault,
            round: 0,
            pieces: 0,
            over: Arc::clone(&over),
            cuts: Arc::clone(&cuts),
        };
        line.board.start()?;
        let thread = Some(thread::spawn(move || line.serve(&listener)));
        Ok(Self { port, over, cuts, thread })
    }

    /// As the app takes it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Turns it off, and tells how often its power was cut before.
    pub fn stop(mut self) -> Result<u32> {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            ended.map_err(|_| anyhow::anyhow!("the relay of a board has panicked"))??;
        }
        Ok(self.cuts.load(Ordering::Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

struct Line {
    board: Board,
    fault: Option<Fault>,
    /// The round that was begun last.
    round: u32,
    /// The pieces of its update that have gone up.
    pieces: u32,
    over: Arc<AtomicBool>,
    cuts: Arc<AtomicU32>,
}

impl Line {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn serve(&mut self, listener: &TcpListener) -> Result<()> {
        while !self.is_over() {
            match listener.accept() {
                // A gateway that goes away, or that is sent away, comes back.
                Ok((gateway, _)) => self.connected(gateway)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error).context("no gateway can connect"),
            }
        }
        Ok(())
    }

    /// Carries requests and answers until either side is gone.
    fn connected(&mut self, mut gateway: TcpStream) -> Result<()> {
        gateway.set_nonblocking(false)?;
        gateway.set_nodelay(true)?;
        gateway.set_read_timeout(Some(Duration::from_millis(200)))?;
        let (mut request, mut bytes) = (Vec::new(), [0; 256]);
        while !self.is_over() {
            let count = match gateway.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    continue;
                }
                Err(_) => return Ok(()),
            };
            for byte in bytes.iter().take(count) {
                request.push(*byte);
                if *byte == 0 {
                    let answer = self.answer(&std::mem::take(&mut request))?;
                    if gateway.write_all(&answer).is_err() || self.cut_after(&answer)? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn answer(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        let mut frame = Frame::new();
        if let Some(Request::Begin(begin)) = content(&mut frame, request).and_then(Request::read)
            && begin.id.round != self.round
        {
            (self.round, self.pieces) = (begin.id.round, 0);
        }
        let mut answer = Vec::new();
        self.board.ask(request, ANSWER, |byte| {
            answer.push(byte);
            Ok(byte == 0)
        })?;
        Ok(answer)
    }

    /// Cuts the power where it is time to, and turns the board on again.
    fn cut_after(&mut self, answer: &[u8]) -> Result<bool> {
        let mut frame = Frame::new();
        let answer = content(&mut frame, answer).and_then(Answer::read);
        let cut = match (self.fault, answer) {
            (Some(Fault::Save), Some(Answer::Status(status))) => {
                if status.stage != Stage::Training {
                    return Ok(false);
                }
                if !killed_in_a_save(&mut self.board)? {
                    // It was too late, so this board begins anew.
                    fs::remove_file(self.board.flash()).context("a board's flash is not there")?;
                    self.board.start()?;
                    return Ok(true);
                }
                true
            }
            (Some(Fault::Upload(round)), Some(Answer::Update { .. })) if round == self.round => {
                self.pieces += 1;
                if self.pieces == PIECES {
                    self.board.kill();
                }
                self.pieces == PIECES
            }
            _ => false,
        };
        if cut {
            self.fault = None;
            self.cuts.fetch_add(1, Ordering::Relaxed);
            self.board.start()?;
        }
        Ok(cut)
    }
}

/// What is in a frame.
fn content<'a>(frame: &'a mut Frame, bytes: &[u8]) -> Option<&'a [u8]> {
    let (last, others) = bytes.split_last()?;
    for byte in others {
        frame.push(*byte);
    }
    frame.push(*last)
}

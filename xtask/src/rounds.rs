//! An emulated board that makes rounds with a gateway over its serial port, and loses its power in
//! the middle of a save and of an upload; and what the protocol adds to learning alone.

use crate::device::elf::{self, Sizes};
use crate::device::qemu::{Emulation, MPS2_AN386};
use crate::device::serial::Board;
use crate::device::{self, Build};
use anyhow::{Context, Result, ensure};
use oorandom::Rand32;
use rolling_ball::nn::{Credibility, QuantizedSamples};
use rolling_ball_fleet::{
    Begin, Device, Encoding, Gateway, Heard, Metrics, RoundId, TrainingBuffers, model_hash,
    rehearse_update, train,
};
use rolling_ball_rehearsal::{Image, Settings};
use scenario::Speakers;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const N: usize = Speakers::PARAMETERS;
const CLIPS: usize = 40;
const FOLDER: &str = "fleet";

/// A request is sent again after this long.
const PATIENCE: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(180);

/// The bytes of a checkpoint of the ball, in blocks of the board's flash.
const SLOT: u64 = 84 << 10;
/// How often the power is cut at most, until it is in the middle of a save.
const ATTEMPTS: u32 = 50;

/// The firmware of a device in a fleet.
pub fn firmware() -> Result<PathBuf> {
    Build::firmware(FOLDER, &MPS2_AN386, "fleet").run()
}

/// Where the files of boards are.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = device::images(FOLDER)?.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// What the power is cut in.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    Save,
    Upload,
}

/// Makes two rounds, in one of which the power is cut in a save, and in one in an upload.
pub fn check() -> Result<()> {
    let elf = firmware()?;
    let folder = folder("board")?;
    let (inputs, labels) = clips();
    let samples = samples(&inputs, &labels);
    let mut board = Board::new(&elf, &folder)?;
    write_samples(&folder.join("samples.image"), samples)?;
    let mut random = Rand32::new(4);
    let mut theta: Vec<f32> = (0..N).map(|_| 0.1 * (random.rand_float() - 0.5)).collect();
    let mut left = vec![0.0; N];
    let plain = begin(1, Encoding::Int8, false);
    let guarded = begin(2, Encoding::Int8, true);
    for (begin, cut) in [(plain, Cut::Save), (guarded, Cut::Upload)] {
        let mut expected = vec![0.0; N];
        let (trained, metrics) = rehearse(samples, &theta, &begin)?;
        rehearse_update(&theta, &trained, begin.encoding, &mut left, &mut expected);
        let mut update = vec![0.0; N];
        let told = round(&mut board, begin, &theta, &mut update, Some(cut))
            .with_context(|| format!("round {}: {}", begin.id.round, board.said()))?;
        ensure!(told == metrics, "the board tells {told:?}, the desktop {metrics:?}");
        ensure!(update == expected, "round {}: the board's update is another", begin.id.round);
        ensure!(update.iter().any(|change| *change != 0.0), "nothing was learned");
        // A server with one device.
        theta.iter_mut().zip(&update).for_each(|(theta, change)| *theta += change);
    }
    let said = board.said();
    ensure!(said.contains("resumes after 5 steps"), "{said}");
    ensure!(said.matches("boots").count() >= 3, "{said}");
    Ok(())
}

fn begin(round: u32, encoding: Encoding, guarded: bool) -> Begin {
    let (inputs, outputs) = (Speakers::INPUTS as u32, Speakers::OUTPUTS as u32);
    Begin {
        id: RoundId { federation: 1, round },
        model: model_hash(inputs, outputs, N as u32, &[]),
        steps: 16,
        batch: if guarded { 0 } else { 16 },
        seed: 9,
        radius: 0.03,
        learning_rate: 0.5,
        encoding,
        guarded,
        ..Begin::default()
    }
}

/// Ten kinds of clips that look alike.
fn clips() -> (Vec<u8>, Vec<u8>) {
    let mut random = Rand32::new(1);
    let kinds: Vec<u8> =
        (0..10 * Speakers::INPUTS).map(|_| random.rand_range(30..220) as u8).collect();
    let labels: Vec<u8> = (0..CLIPS).map(|clip| (clip % 10) as u8).collect();
    let mut inputs = Vec::new();
    for label in &labels {
        let kind = kinds.chunks(Speakers::INPUTS).nth(usize::from(*label)).unwrap_or_default();
        inputs.extend(kind.iter().map(|byte| byte + random.rand_range(0..32) as u8));
    }
    (inputs, labels)
}

fn samples<'a>(inputs: &'a [u8], labels: &'a [u8]) -> QuantizedSamples<'a> {
    let width = Speakers::INPUTS;
    QuantizedSamples { inputs, labels, width, scale: 1.0 / 64.0, offset: -2.0 }
}

/// Writes the clips of a board.
pub fn write_samples(path: &Path, labelled: QuantizedSamples) -> Result<()> {
    let none = QuantizedSamples { inputs: &[], labels: &[], ..labelled };
    let settings = Settings::ball(1, 1.0, 1.0);
    let image = Image { settings, weights: &[], labelled, held_out: none };
    let mut bytes = Vec::new();
    image.write(|piece| bytes.extend_from_slice(piece))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// The round as the desktop makes it.
fn rehearse(
    samples: QuantizedSamples,
    start: &[f32],
    round: &Begin,
) -> Result<(Vec<f32>, Metrics)> {
    let mut theta = vec![0.0; N];
    let [mut one, mut other] = [(); 2].map(|()| vec![0.0; N]);
    let mut scratch = vec![0.0; Speakers::SCRATCH];
    let mut credibilities = vec![Credibility::NEW; CLIPS];
    let buffers = TrainingBuffers {
        theta: &mut theta,
        vectors: [&mut one, &mut other],
        scratch: &mut scratch,
        credibilities: &mut credibilities,
    };
    let metrics = train(&Speakers::new(&[])?, samples, start, round, buffers, &mut ())?;
    Ok((theta, metrics.context("a rehearsal goes on")?))
}

/// Makes a round with the board, whose power is cut once, or not.
fn round(
    board: &mut Board,
    begin: Begin,
    theta: &[f32],
    update: &mut [f32],
    mut cut: Option<Cut>,
) -> Result<Metrics> {
    let mut gateway = Gateway::new(begin, theta, update)?;
    let mut attempts = 0;
    let begun = Instant::now();
    if !board.is_on() {
        board.start()?;
    }
    loop {
        ensure!(begun.elapsed() < LIMIT, "the round did not end in time");
        let request = gateway.request().to_vec();
        let mut heard = Heard::Nothing;
        board.ask(&request, PATIENCE, |byte| {
            heard = gateway.hear(byte)?;
            Ok(heard != Heard::Nothing)
        })?;
        match heard {
            Heard::Update => gateway.end(),
            Heard::End => break,
            Heard::Busy if cut == Some(Cut::Save) => {
                attempts += 1;
                ensure!(attempts < ATTEMPTS, "no save was hit");
                if killed_in_a_save(board)? {
                    cut = None;
                } else {
                    // It was killed too late, and begins anew.
                    fs::remove_file(board.flash())?;
                }
                board.start()?;
            }
            Heard::Answer if cut == Some(Cut::Upload) && gateway.progress().1 > 1000 => {
                board.kill();
                board.start()?;
                cut = None;
            }
            Heard::Busy => std::thread::sleep(Duration::from_millis(20)),
            Heard::Nothing | Heard::Answer => {}
        }
    }
    ensure!(cut.is_none(), "the power was not cut");
    Ok(*gateway.metrics())
}

/// Kills the board as soon as its second checkpoint is being saved; whether it was in time. The
/// header is written last, where the slot begins.
pub fn killed_in_a_save(board: &mut Board) -> Result<bool> {
    let first = Device::bytes(4096, N);
    let second = first + SLOT;
    let written = |flash: &mut fs::File, at: u64| -> Result<bool> {
        let mut bytes = [0; 64];
        flash.seek(SeekFrom::Start(at))?;
        flash.read_exact(&mut bytes)?;
        Ok(bytes.iter().any(|byte| *byte != 0xff))
    };
    let begun = Instant::now();
    let mut flash = fs::File::open(board.flash())?;
    while !written(&mut flash, second + 64)? {
        ensure!(begun.elapsed() < LIMIT, "there was no second save: {}", board.said());
    }
    board.kill();
    Ok(written(&mut flash, first)? && !written(&mut flash, second)?)
}

/// What the protocol may add to a firmware that learns alone, in bytes.
pub const FLASH_PROMISE: i64 = 6 << 10;
pub const RAM_PROMISE: i64 = 1 << 10;

/// What the protocol adds to a firmware that learns alone, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    /// Flash, where the rest is built for speed, and where all is built for size.
    pub flash: [i64; 2],
    /// Static data, and the deepest stack of a round.
    pub ram: i64,
}

/// Builds a firmware with the protocol and one without, runs both, and compares what they take;
/// more than the promise is an error.
pub fn added() -> Result<Added> {
    let build = |binary, profile| -> Result<(PathBuf, Sizes)> {
        let build = Build { profile, ..Build::firmware(FOLDER, &MPS2_AN386, binary) };
        let elf = build.run()?;
        let sizes = elf::sizes(&elf)?;
        Ok((elf, sizes))
    };
    let mut flash = [0; 2];
    for (place, profile) in flash.iter_mut().zip(crate::size::PROFILES) {
        let [with, without] = [build("fleet", profile)?.1, build("alone", profile)?.1];
        *place = with.flash_bytes.cast_signed() - without.flash_bytes.cast_signed();
    }
    let (inputs, labels) = clips();
    let samples = samples(&inputs, &labels);

    let (elf, sizes) = build("fleet", "release")?;
    let mut board = Board::new(&elf, &folder("with")?)?;
    write_samples(&board.folder().join("samples.image"), samples)?;
    let begin = begin(1, Encoding::Int8, false);
    round(&mut board, begin, &vec![0.0; N], &mut vec![0.0; N], None)?;
    // It tells its stack when it has trained: that of the first round's end in the second.
    let begin = Begin { id: RoundId { federation: 1, round: 2 }, ..begin };
    round(&mut board, begin, &vec![0.1; N], &mut vec![0.0; N], None)?;
    let with = sizes.static_ram_bytes + deepest(&board.said())?;

    let (elf, sizes) = build("alone", "release")?;
    let alone = folder("without")?;
    write_samples(&alone.join("samples.image"), samples)?;
    let mut said = String::new();
    let emulation = Emulation { folder: Some(&alone), ..Emulation::new(&MPS2_AN386, &elf, LIMIT) };
    emulation.lines(|line| said += &format!("{line}\n"))?;
    let without = sizes.static_ram_bytes + deepest(&said)?;
    let added = Added { flash, ram: with.cast_signed() - without.cast_signed() };
    ensure!(
        added.flash.iter().all(|flash| *flash <= FLASH_PROMISE) && added.ram <= RAM_PROMISE,
        "the protocol adds {added:?} bytes, more than the promised {FLASH_PROMISE} of flash and \
         {RAM_PROMISE} of RAM"
    );
    Ok(added)
}

/// The most bytes of stack that a board told.
fn deepest(said: &str) -> Result<u64> {
    let told = said.lines().filter_map(|line| line.strip_prefix("stack "));
    let told = told.map(|bytes| bytes.parse().context("no number of bytes"));
    let told: Vec<u64> = told.collect::<Result<_>>()?;
    told.into_iter().max().with_context(|| format!("it did not tell its stack: {said}"))
}

//! A board makes rounds with a gateway over its serial port, loses its power in the middle of a
//! save and of an upload, and has the bits of the desktop.

use super::TestArgs;
use super::part::{Part, QEMU};
use crate::device::Build;
use crate::device::qemu::MPS2_AN386;
use crate::device::serial::Board;
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
use std::path::Path;
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

pub fn part(args: &TestArgs) -> Part {
    Part::new("fleet", args).builds_for(&[MPS2_AN386.target]).needs(&[QEMU]).test(
        "a_board_that_is_killed_in_a_save_and_in_an_upload_makes_rounds_with_the_bits_of_the_desktop",
        || check(&crate::device::images(FOLDER)?.join("board"), &firmware()?),
    )
}

/// The firmware of a device in a fleet.
pub fn firmware() -> Result<std::path::PathBuf> {
    Build::firmware(FOLDER, &MPS2_AN386, "fleet").run()
}

/// What the power is cut in.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    Save,
    Upload,
}

fn check(folder: &Path, elf: &Path) -> Result<()> {
    let (inputs, labels) = clips();
    let samples = QuantizedSamples {
        inputs: &inputs,
        labels: &labels,
        width: Speakers::INPUTS,
        scale: 1.0 / 64.0,
        offset: -2.0,
    };
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let mut board = Board::new(elf, folder)?;
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
        let told = round(&mut board, begin, &theta, &mut update, cut)
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

/// Makes a round with the board, whose power is cut once.
fn round(
    board: &mut Board,
    begin: Begin,
    theta: &[f32],
    update: &mut [f32],
    cut: Cut,
) -> Result<Metrics> {
    let mut gateway = Gateway::new(begin, theta, update)?;
    let (mut cut, mut attempts) = (Some(cut), 0);
    let begun = Instant::now();
    board.kill();
    board.start()?;
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
fn killed_in_a_save(board: &mut Board) -> Result<bool> {
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

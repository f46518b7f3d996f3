//! Flips bits of a ring of checkpoints: in flash, on their way to it and from it, and in RAM before
//! a save. Each kind is tried as often as the command line says, for `cargo xtask test flips`.

#![no_std]
#![no_main]

mod flash;
mod ring;
mod tally;

use cortex_m_rt::entry;
use flash::{Fault, Flash};
use oorandom::Rand32;
use qemu_board::command_line::command_line;
use qemu_board::{exit, firmware, print_line};
use ring::{BYTES, Ring, Snapshot, Training};
use rolling_ball::{CheckpointError, Error, Optimizer};
use tally::{Ending, Tally};

const SEED: u64 = 1;
/// The most bits that a trial flips in flash.
const MOST: u32 = 64;

/// A kind of trial: how many bits were flipped, and what came of it.
type Trial = fn(&Ring, &mut Rand32) -> Result<(u32, Ending), Error>;

const KINDS: [(&str, Trial); 4] =
    [("at rest", at_rest), ("written", written), ("read", read), ("in RAM", in_ram)];

#[entry]
fn main() -> ! {
    firmware::prepare();
    firmware::require(run());
    exit::success()
}

fn run() -> Result<(), Error> {
    let mut buffer = [0; 16];
    let said = str::from_utf8(command_line(&mut buffer)).unwrap_or_default();
    let Ok(trials) = said.trim().parse() else {
        print_line!("expected a number of trials as the command line, got {said:?}");
        exit::failure()
    };
    let (ring, mut random) = (Ring::fill()?, Rand32::new(SEED));
    for (name, trial) in KINDS {
        let mut tally = Tally::default();
        for _ in 0..trials {
            let (bits, ending) = trial(&ring, &mut random)?;
            tally.count(bits, ending);
        }
        print_line!("{name}: {tally}");
    }
    Ok(())
}

/// Flips bits of what lies in flash: one in half of the trials, else up to [`MOST`]; anywhere, or
/// in the part that one slot takes.
fn at_rest(ring: &Ring, random: &mut Rand32) -> Result<(u32, Ending), Error> {
    let mut image = ring.image;
    let bits = if random.rand_u32().is_multiple_of(2) { 1 } else { random.rand_range(2..MOST + 1) };
    let slots = ring.saved.len();
    let (start, length) = match random.rand_u32() as usize % (2 * slots) {
        slot if slot < slots => (slot * BYTES / slots, BYTES / slots),
        _ => (0, BYTES),
    };
    for _ in 0..bits {
        let bit = random.rand_range(0..8 * length as u32) as usize;
        if let Some(byte) = image.get_mut(start + bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
    }
    Ok((bits, resumed(&ring.saved, Flash::new(&mut image))?))
}

/// Flips bits of a byte on its way to the flash.
fn written(ring: &Ring, random: &mut Rand32) -> Result<(u32, Ending), Error> {
    let mut training = ring.training.clone();
    training.step()?;
    let mut image = ring.image;
    let fault = fault(random, ring.written);
    let saved = training.save(&mut Flash::with_faults(&mut image, None, Some(fault)));
    let found = Flash::new(&mut image);
    let ending = match saved {
        // What was kept must be what was to be saved.
        Ok(()) => resumed(&[training.snapshot()?], found)?,
        // What was not kept must not be there, but what was there before.
        Err(_) => match resumed(&ring.saved, found)? {
            Ending::Newest => Ending::Refused,
            _ => Ending::Silent,
        },
    };
    Ok((fault.mask.count_ones(), ending))
}

/// Flips bits of a byte on its way from the flash.
fn read(ring: &Ring, random: &mut Rand32) -> Result<(u32, Ending), Error> {
    let mut image = ring.image;
    let fault = fault(random, ring.read);
    let flash = Flash::with_faults(&mut image, Some(fault), None);
    Ok((fault.mask.count_ones(), resumed(&ring.saved, flash)?))
}

/// Flips a bit of theta, or of the ball's vector, in RAM before a save: nothing can tell that from
/// training, so it is saved, and resumed, as it is.
fn in_ram(ring: &Ring, random: &mut Rand32) -> Result<(u32, Ending), Error> {
    let mut training = ring.training.clone();
    training.flip(random.rand_range(0..Training::BITS as u32) as usize)?;
    let mut image = ring.image;
    let ending = match training.save(&mut Flash::new(&mut image)) {
        Ok(()) => resumed(&[training.snapshot()?], Flash::new(&mut image))?,
        Err(_) => Ending::Refused,
    };
    Ok((1, ending))
}

/// Some bits of one of so many bytes.
fn fault(random: &mut Rand32, bytes: usize) -> Fault {
    let byte = random.rand_range(0..bytes as u32) as usize;
    let mask = if random.rand_u32().is_multiple_of(2) {
        1 << random.rand_range(0..8)
    } else {
        random.rand_range(1..256) as u8
    };
    Fault { byte, mask }
}

/// What a resume makes of a flash that holds these, the newest last.
fn resumed(saved: &[Snapshot], mut flash: Flash) -> Result<Ending, Error> {
    let mut training = Training::new()?;
    let before = training.snapshot()?;
    let told = training.resume(&mut flash);
    let after = training.snapshot()?;
    let untouched = after == before;
    Ok(match told {
        Ok(Some(steps)) if steps != training.ball.steps() => Ending::Silent,
        Ok(Some(_)) if saved.last() == Some(&after) => Ending::Newest,
        Ok(Some(_)) if saved.contains(&after) => Ending::Older,
        Ok(Some(_)) => Ending::Silent,
        Ok(None) if untouched => Ending::Nothing,
        Ok(None) => Ending::Silent,
        // It says itself that it has changed something.
        Err(CheckpointError::HalfResumed) => Ending::Refused,
        Err(_) if untouched => Ending::Refused,
        Err(_) => Ending::Silent,
    })
}

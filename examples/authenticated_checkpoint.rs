//! Checkpoints that nobody can forge who does not have the device's key.
//!
//! A checkpoint's checksums find accidents. Whoever can write to the flash, such as a serial one
//! beside the processor, can compute them too. [`Authenticated`] lies between the checkpoints and
//! the flash and keeps a tag, an HMAC-SHA-256 under a key, at the end of each slot. The header of a
//! slot whose tag is wrong cannot be read, so that slot is no checkpoint: the newest authentic one
//! is resumed, and the next save erases the forged one. Copy this file to begin with.
//!
//! **What it does not cover.** Who keeps a copy of the flash can put it back later, with its tags:
//! an old theta is resumed. Against that, hash the value of a monotonic counter (of a secure
//! element, or fuses) with each slot, and count up after each save. Nor does it cover a flash that
//! answers otherwise when it is read again, as a chip between flash and processor could: then keep
//! checkpoints in the processor's own flash. And nothing here is secret; it is not encrypted.
//!
//! ```text
//! cargo run --release --features checkpoints --example authenticated_checkpoint
//! ```

#[path = "../tests/support/nor_flash.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod nor_flash;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use hmac::{Hmac, KeyInit, Mac};
use nor_flash::NorFlashModel;
use rolling_ball::landscapes::Quadratic;
use rolling_ball::{CheckpointError, Checkpoints, Error, Optimizer, Sgd, SgdConfig, step};
use sha2::Sha256;
use std::error;

const PARAMETERS: usize = 200;
const SLOTS: u32 = 3;

/// It writes 8 bytes at a time and erases 2 KB, as on an STM32L4.
type Flash = NorFlashModel<8, 2048>;
type Momentum = Sgd<[f32; PARAMETERS]>;

/// A unit of the checkpoints, of which the tag takes the first half.
const TAG: u32 = 64;
const TAG_BYTES: usize = 32;
/// A slot is one block for the checkpoints, so that its header is where a block begins.
const BLOCK: u32 = Flash::ERASE_SIZE as u32 - TAG;
const _: () =
    assert!(Checkpoints::<Authenticated>::bytes::<Momentum>(PARAMETERS, 1) == BLOCK as u64);
/// As long as a block of SHA-256.
type Key = [u8; 64];

/// A flash whose blocks end in a tag. What it shows of a block is what lies before the tag.
struct Authenticated {
    flash: Flash,
    key: Key,
}

#[derive(Debug)]
enum Refused {
    /// The flash failed.
    Flash,
    /// The tag of a block is not that of its content.
    Forged,
}

impl NorFlashError for Refused {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl From<nor_flash::Failure> for Refused {
    fn from(_: nor_flash::Failure) -> Self {
        Self::Flash
    }
}

impl ErrorType for Authenticated {
    type Error = Refused;
}

impl Authenticated {
    /// The place in the flash of an offset.
    fn place(offset: u32) -> u32 {
        offset / BLOCK * Flash::ERASE_SIZE as u32 + offset % BLOCK
    }

    /// The tag to be of the block at this place, with this header.
    fn tag(&mut self, block: u32, header: &[u8]) -> Result<Hmac<Sha256>, Refused> {
        let mut tag = Hmac::new(&self.key.into());
        // So that a slot that is moved elsewhere is forged as well.
        tag.update(&block.to_le_bytes());
        tag.update(header);
        let mut piece = [0; 64];
        for offset in (header.len() as u32..BLOCK).step_by(piece.len()) {
            self.flash.read(block + offset, &mut piece)?;
            tag.update(&piece);
        }
        Ok(tag)
    }
}

impl ReadNorFlash for Authenticated {
    const READ_SIZE: usize = Flash::READ_SIZE;

    /// A header is given away where its block is authentic.
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Refused> {
        let place = Self::place(offset);
        self.flash.read(place, bytes)?;
        if offset.is_multiple_of(BLOCK) {
            let mut tag = [0; TAG_BYTES];
            self.flash.read(place + BLOCK, &mut tag)?;
            // Takes as long for every tag that is wrong.
            self.tag(place, bytes)?.verify_slice(&tag).map_err(|_| Refused::Forged)?;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.flash.capacity() / Flash::ERASE_SIZE * BLOCK as usize
    }
}

impl NorFlash for Authenticated {
    const WRITE_SIZE: usize = Flash::WRITE_SIZE;
    const ERASE_SIZE: usize = BLOCK as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Refused> {
        Ok(self.flash.erase(Self::place(from), Self::place(to))?)
    }

    /// The header is written last, and before it the tag of all: after a power failure between
    /// them there is no header, and so no checkpoint.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        let place = Self::place(offset);
        if offset.is_multiple_of(BLOCK) {
            let tag = self.tag(place, bytes)?.finalize().into_bytes();
            self.flash.write(place + BLOCK, &tag)?;
        }
        Ok(self.flash.write(place, bytes)?)
    }
}

fn checkpoints(flash: Flash) -> Result<Checkpoints<Authenticated>, CheckpointError<Refused>> {
    // A device's own, from where nobody else can read it: fuses, a secure element, or a part of
    // the flash that is locked.
    let key = [0x5a; 64];
    Checkpoints::new(Authenticated { flash, key }, 0..SLOTS * BLOCK)
}

fn momentum() -> Result<Momentum, Error> {
    let config = SgdConfig { momentum: 0.9, ..SgdConfig::default() };
    Sgd::new(config, [0.0; PARAMETERS], Some([0.0; PARAMETERS]))
}

/// What the firmware does after every reset. Returns the flash, and the steps that it resumed.
fn boot(flash: Flash) -> Result<(Flash, Option<u32>), Box<dyn error::Error>> {
    let (mut checkpoints, mut optimizer) = (checkpoints(flash)?, momentum()?);
    let mut theta = [1.0; PARAMETERS];
    let resumed = match checkpoints.resume(&mut theta, &mut optimizer) {
        Ok(resumed) => resumed,
        // No slot is authentic. An erased one is not, either: that is how a new device begins.
        Err(CheckpointError::Flash(Refused::Forged)) => None,
        Err(error) => return Err(error.into()),
    };
    match resumed {
        Some(steps) => println!("boot: resumed after {steps} steps"),
        None => println!("boot: no authentic checkpoint, starting anew"),
    }
    for _ in 0..2 {
        step(&mut optimizer, &mut Quadratic { condition: 1.0 }, &mut theta)?;
        checkpoints.save(&theta, &optimizer)?;
        println!("  step {}: saved", optimizer.steps());
    }
    Ok((checkpoints.into_inner().flash, resumed))
}

/// Where the newest checkpoint of four begins.
const NEWEST: usize = 3 % SLOTS as usize * Flash::ERASE_SIZE;
/// Bytes of its header and of its payload.
const HEADER: usize = 64;
const PAYLOAD: usize = 4 * (4 + 2 * PARAMETERS);

fn main() -> Result<(), Box<dyn error::Error>> {
    let (flash, _) = boot(Flash::new(SLOTS as usize * Flash::ERASE_SIZE))?;
    let (saved, resumed) = boot(flash)?;
    expect(resumed == Some(2), "a checkpoint of one's own is resumed")?;

    println!("\nEach byte of the newest checkpoint is changed, and its checksums with it:");
    let mut refused = 0;
    for index in 0..HEADER + PAYLOAD {
        let mut bytes = saved.bytes.clone();
        forge(bytes.get_mut(NEWEST..).unwrap_or_default(), index);
        if bytes == saved.bytes {
            continue; // It was a byte of a checksum.
        }
        let (mut theta, mut optimizer) = ([1.0; PARAMETERS], momentum()?);
        let resumed = checkpoints(Flash::holding(bytes))?.resume(&mut theta, &mut optimizer)?;
        expect(resumed == Some(3), "a forged checkpoint is refused, the one before is resumed")?;
        refused += 1;
    }
    println!("{refused} forgeries were refused, and the checkpoint before was resumed");

    println!("\nThe flash is put back to what it was. Nothing here covers that:");
    boot(boot(saved.clone())?.0)?;
    expect(boot(saved)?.1 == Some(4), "an old copy is authentic")
}

/// What a forger does who knows the format, but not the key.
fn forge(slot: &mut [u8], index: usize) {
    if let Some(byte) = slot.get_mut(index) {
        *byte ^= 1;
    }
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let Some((header, rest)) = slot.split_first_chunk_mut::<HEADER>() else { return };
    let payload = crc.checksum(rest.get(..PAYLOAD).unwrap_or_default());
    header.iter_mut().skip(24).zip(payload.to_le_bytes()).for_each(|(to, from)| *to = from);
    let [described @ .., _, _, _, _] = header;
    let own = crc.checksum(described);
    header.iter_mut().skip(60).zip(own.to_le_bytes()).for_each(|(to, from)| *to = from);
}

fn expect(is_so: bool, what: &str) -> Result<(), Box<dyn error::Error>> {
    if is_so { Ok(()) } else { Err(format!("expected that {what}").into()) }
}

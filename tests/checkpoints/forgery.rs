//! Slots changed by someone who knows the format: their checksums are good. The unit is 64.

use crate::nor_flash::NorFlashModel;
use crc::{CRC_32_ISO_HDLC, Crc};
use rolling_ball::Checkpoints;

const HEADER: usize = 64;
const CHECKSUM: usize = 6;

/// The words of a header.
pub const VERSION: usize = 1;
pub const SEQUENCE: usize = 2;
pub const PARAMETERS: usize = 4;
pub const VECTORS: usize = 5;

fn crc(bytes: &[u8]) -> u32 {
    Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(bytes)
}

pub fn word(slot: &[u8], index: usize) -> u32 {
    u32::from_le_bytes(slot[4 * index..][..4].try_into().unwrap())
}

fn set(slot: &mut [u8], index: usize, value: u32) {
    slot[4 * index..][..4].copy_from_slice(&value.to_le_bytes());
}

/// Changes a word of the header.
pub fn forge_header(slot: &mut [u8], index: usize, value: u32) {
    set(slot, index, value);
    let own = crc(&slot[..HEADER - 4]);
    set(slot, HEADER / 4 - 1, own);
}

/// Changes a word of the payload: four of the state, then theta, then the state's vectors.
pub fn forge_payload(slot: &mut [u8], index: usize, value: u32) {
    set(slot, HEADER / 4 + index, value);
    let words = 4 + word(slot, PARAMETERS) * (1 + word(slot, VECTORS));
    sign(slot, words as usize);
}

/// Gives a slot the checksum of its payload of so many words.
pub fn sign(slot: &mut [u8], words: usize) {
    let checksum = crc(&slot[HEADER..][..4 * words]);
    forge_header(slot, CHECKSUM, checksum);
}

/// Checkpoints in all of a flash that holds this.
pub fn holding<const WRITE: usize, const ERASE: usize, const READ: usize>(
    image: Vec<u8>,
) -> Checkpoints<NorFlashModel<WRITE, ERASE, READ>> {
    on(NorFlashModel::holding(image))
}

/// Checkpoints in all of a flash.
pub fn on<const WRITE: usize, const ERASE: usize, const READ: usize>(
    flash: NorFlashModel<WRITE, ERASE, READ>,
) -> Checkpoints<NorFlashModel<WRITE, ERASE, READ>> {
    let length = flash.bytes.len() as u32;
    Checkpoints::new(flash, 0..length).unwrap()
}

//! A frame: what a message is wrapped in, so that its end and its damage are seen.
//!
//! No content is as long as 254 bytes, so one byte in front says where the first zero is, each zero
//! says where the next is (consistent overhead byte stuffing), and a buffer is coded in place.

use crate::checksum;
use crate::fields::Writer;

/// The kind, an update's fields, the values, and the checksum.
const CONTENT: usize = 1 + 17 + crate::CHUNK_BYTES + CHECKSUM;
pub(crate) const CHECKSUM: usize = 4;

/// The bytes of the longest frame: a byte of overhead in front, and a zero behind.
pub const FRAME_BYTES: usize = CONTENT + 2;

/// The one buffer of a peer: gathers the bytes of a frame, and then holds the frame to be sent.
#[derive(Clone, Debug)]
pub struct Frame {
    bytes: [u8; FRAME_BYTES],
    filled: usize,
    /// What is being gathered is longer than any frame.
    too_long: bool,
}

impl Default for Frame {
    fn default() -> Self {
        Self::new()
    }
}

impl Frame {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; FRAME_BYTES], filled: 0, too_long: false }
    }

    /// Takes a byte of the stream. Where it ends a frame that is whole, returns the frame's
    /// content: the kind of the message and its body. What is damaged or too long is passed over.
    pub fn push(&mut self, byte: u8) -> Option<&[u8]> {
        if byte != 0 {
            match self.bytes.get_mut(self.filled) {
                Some(place) => {
                    *place = byte;
                    self.filled = self.filled.saturating_add(1);
                }
                None => self.too_long = true,
            }
            return None;
        }
        let filled = core::mem::take(&mut self.filled);
        if core::mem::take(&mut self.too_long) {
            return None;
        }
        opened(self.bytes.get_mut(..filled)?)
    }

    /// Replaces what is in the buffer by a frame of what `write` writes, and returns its bytes.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Writer)) -> &[u8] {
        self.filled = 0;
        let Some((_, content)) = self.bytes.split_first_mut() else { return &[] };
        let mut writer = Writer::new(content);
        write(&mut writer);
        let length = writer.finish();
        self.close(length)
    }

    /// Codes the content of this length, which lies behind the first byte.
    fn close(&mut self, length: usize) -> &[u8] {
        let end = length.saturating_add(1);
        let Some(coded) = self.bytes.get_mut(..end) else { return &[] };
        let mut to_next = 1;
        // The place in front is like a zero.
        if let Some(front) = coded.first_mut() {
            *front = 0;
        }
        for byte in coded.iter_mut().rev() {
            if *byte == 0 {
                *byte = core::mem::replace(&mut to_next, 1);
            } else {
                to_next = to_next.saturating_add(1);
            }
        }
        if let Some(last) = self.bytes.get_mut(end) {
            *last = 0;
        }
        self.bytes.get(..=end).unwrap_or_default()
    }
}

/// The content of a frame without its zero, decoded where it lies.
fn opened(coded: &mut [u8]) -> Option<&[u8]> {
    let mut to_next = 0_u8;
    for byte in coded.iter_mut() {
        if to_next == 0 {
            to_next = core::mem::take(byte);
        }
        to_next = to_next.checked_sub(1)?;
    }
    let (_, content) = coded.split_first()?;
    if to_next == 0 { checked(content) } else { None }
}

/// What is before the checksum, if it has that checksum.
pub(crate) fn checked(content: &[u8]) -> Option<&[u8]> {
    let (described, checksum) = content.split_last_chunk::<CHECKSUM>()?;
    let whole = !described.is_empty() && checksum::of(described).to_le_bytes() == *checksum;
    whole.then_some(described)
}

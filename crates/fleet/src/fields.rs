//! Little-endian fields, one after another.

use crate::checksum;

/// Writes fields into a buffer that has room for every message.
#[derive(Debug)]
pub struct Writer<'a> {
    bytes: &'a mut [u8],
    length: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, length: 0 }
    }

    #[inline(never)] // A message has a dozen fields.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            // They are of one length.
            place.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            self.length = end;
        }
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    pub(crate) fn half(&mut self, half: u16) {
        self.bytes(&half.to_le_bytes());
    }

    pub(crate) fn word(&mut self, word: u32) {
        self.bytes(&word.to_le_bytes());
    }

    #[inline(never)] // A message has a dozen fields.
    pub(crate) fn words(&mut self, words: &[u32]) {
        for word in words {
            self.word(*word);
        }
    }

    pub(crate) fn float(&mut self, float: f32) {
        self.word(float.to_bits());
    }

    /// Adds the checksum of all that was written, and returns the length of it all.
    pub(crate) fn finish(mut self) -> usize {
        let checksum = checksum::of(self.bytes.get(..self.length).unwrap_or_default());
        self.word(checksum);
        self.length
    }
}

/// Reads fields from a body. A field that is not there is zero, and the end tells that one was not:
/// it is looked at once, not at each field.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    /// What is left; `None` where it was too short.
    rest: Option<&'a [u8]>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: Some(bytes) }
    }

    /// A number of so many bytes.
    #[inline(never)] // A message has a dozen fields.
    fn number(&mut self, bytes: usize) -> u32 {
        let cut = self.rest.and_then(|rest| rest.split_at_checked(bytes));
        self.rest = cut.map(|(_, rest)| rest);
        let (field, _) = cut.unwrap_or_default();
        field.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.number(1) as u8
    }

    pub(crate) fn half(&mut self) -> u16 {
        self.number(2) as u16
    }

    pub(crate) fn word(&mut self) -> u32 {
        self.number(4)
    }

    pub(crate) fn float(&mut self) -> f32 {
        f32::from_bits(self.word())
    }

    /// What is left.
    pub(crate) fn rest(self) -> Option<&'a [u8]> {
        self.rest
    }

    /// A message that has more than its fields is none.
    pub(crate) fn end(self) -> Option<()> {
        self.rest?.is_empty().then_some(())
    }
}

/// Values as they lie in a message or in flash.
pub(crate) fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let (words, _) = bytes.as_chunks::<4>();
    words.iter().map(|word| f32::from_le_bytes(*word))
}

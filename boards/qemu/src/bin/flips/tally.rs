//! What became of the trials of a kind.

use core::fmt;

/// What a trial ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The newest checkpoint, to the bit.
    Newest,
    /// An older one, to the bit.
    Older,
    /// No checkpoint; nothing was changed.
    Nothing,
    /// An error.
    Refused,
    /// Something else, without an error.
    Silent,
}

/// How many trials have ended in each way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    bits: u32,
    newest: u32,
    older: u32,
    nothing: u32,
    refused: u32,
    silent: u32,
}

impl Tally {
    /// Counts a trial with so many flipped bits.
    pub fn count(&mut self, bits: u32, ending: Ending) {
        self.bits += bits;
        *match ending {
            Ending::Newest => &mut self.newest,
            Ending::Older => &mut self.older,
            Ending::Nothing => &mut self.nothing,
            Ending::Refused => &mut self.refused,
            Ending::Silent => &mut self.silent,
        } += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { bits, newest, older, nothing, refused, silent } = self;
        write!(
            f,
            "bits {bits} newest {newest} older {older} nothing {nothing} refused {refused} \
             silent {silent}"
        )
    }
}

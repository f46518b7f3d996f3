//! A flash of whatever type behind a table of its functions, so that what goes over it is compiled
//! with this crate, once, and may be built for size where the rest is built for speed.

use crate::message::Refusal;
use rolling_ball::Flash;

/// The flash failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed;

impl From<Failed> for Refusal {
    fn from(_: Failed) -> Self {
        Self::Flash
    }
}

/// What rounds need of a flash.
pub(crate) trait Storage {
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failed>;
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failed>;
    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed>;
}

/// A flash, and what it has failed with last.
pub(crate) struct Stored<'f, F: Flash> {
    flash: &'f mut F,
    pub error: Option<F::Error>,
}

impl<'f, F: Flash> Stored<'f, F> {
    pub fn new(flash: &'f mut F) -> Self {
        Self { flash, error: None }
    }

    fn ended(&mut self, result: Result<(), F::Error>) -> Result<(), Failed> {
        result.map_err(|error| {
            self.error = Some(error);
            Failed
        })
    }
}

impl<F: Flash> Storage for Stored<'_, F> {
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        let read = self.flash.read(offset, bytes);
        self.ended(read)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        let written = self.flash.write(offset, bytes);
        self.ended(written)
    }

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed> {
        let erased = self.flash.erase(from, to);
        self.ended(erased)
    }
}

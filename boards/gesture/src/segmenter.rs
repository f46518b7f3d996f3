//! Cuts the stream of readings into gestures.

use crate::Reading;

/// How many readings a window has: 1.28 seconds of them.
pub const READINGS: usize = 64;
/// How many values a reading has.
pub const AXES: usize = 3;
/// How many values a window has.
pub const VALUES: usize = READINGS * AXES;

/// The latest readings, the oldest first.
pub type Window = [u8; VALUES];

/// For how many readings the hand must rest until a gesture is over: 0.3 seconds.
const SETTLED: usize = 16;
/// The hand rests while no axis has changed by so much within that time. This is 0.125 g, well
/// above the noise.
const MOVEMENT: u8 = 4;
/// A movement of fewer readings than this, 0.3 seconds, is a bump.
const SHORTEST: usize = 15;

/// Finds where a gesture is over, which is when the hand comes to rest.
#[derive(Clone, Debug)]
pub struct Segmenter {
    window: Window,
    /// For how many readings the hand has been moving.
    moving: usize,
}

impl Default for Segmenter {
    fn default() -> Self {
        Self::new()
    }
}

impl Segmenter {
    /// A segmenter before the first reading.
    #[must_use]
    pub const fn new() -> Self {
        Self { window: [128; VALUES], moving: 0 }
    }

    /// Takes a reading. Where it ends a gesture, returns the window that ends with it.
    pub fn push(&mut self, reading: Reading) -> Option<&Window> {
        self.window.copy_within(AXES.., 0);
        for (place, value) in self.window.iter_mut().rev().zip(reading.iter().rev()) {
            *place = *value;
        }
        if !self.rests() {
            self.moving = self.moving.saturating_add(1);
            return None;
        }
        let moved = core::mem::take(&mut self.moving);
        (moved >= SHORTEST + SETTLED).then_some(&self.window)
    }

    fn rests(&self) -> bool {
        (0..AXES).all(|axis| {
            let latest = self.window.iter().skip(axis).step_by(AXES).rev().take(SETTLED);
            let (least, most) = latest.fold((u8::MAX, u8::MIN), |(least, most), value| {
                (least.min(*value), most.max(*value))
            });
            most - least < MOVEMENT
        })
    }
}

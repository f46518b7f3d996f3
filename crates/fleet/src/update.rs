//! An update: what has changed, and what the last one has left.

use crate::message::Encoding;

/// No change is larger, so that none overflows on its way.
const LARGEST: f32 = f32::MAX / 4.0;

/// What is to be sent of a parameter.
#[allow(clippy::manual_clamp, reason = "so a NaN is a number too")]
pub(crate) fn change(theta: f32, start: f32, left: f32) -> f32 {
    ((theta - start) + left).max(-LARGEST).min(LARGEST)
}

/// The update that a device would send, as its gateway decodes it, and what is left of it then: the
/// same bits, without a device. `left` is what the device's last update has left, zeros at first,
/// and becomes what is left when the round is ended. Where the lengths differ, the shortest counts.
///
/// ```
/// use rolling_ball_fleet::{Encoding, rehearse_update};
///
/// let (start, theta) = ([0.0, 1.0], [1.0, 1.25]);
/// let (mut left, mut update) = ([0.0; 2], [0.0; 2]);
/// rehearse_update(&start, &theta, Encoding::Int8, &mut left, &mut update);
/// assert_eq!(update, [1.0, 32.0 / 127.0]); // of the scale 1/127
/// assert_eq!(left[1], 0.25 - update[1]);
/// ```
pub fn rehearse_update(
    start: &[f32],
    theta: &[f32],
    encoding: Encoding,
    left: &mut [f32],
    update: &mut [f32],
) {
    let mut at = 0_usize;
    let count = start.len().min(theta.len()).min(left.len()).min(update.len());
    while at < count {
        let end = at.saturating_add(encoding.chunk()).min(count);
        let of = |all| piece(all, at, end);
        let (start, theta) = (of(start), of(theta));
        let left = left.get_mut(at..end).unwrap_or_default();
        let update = update.get_mut(at..end).unwrap_or_default();
        for ((left, theta), start) in left.iter_mut().zip(theta).zip(start) {
            *left = change(*theta, *start, *left);
        }
        let scale = int8::scale(left);
        for (left, update) in left.iter_mut().zip(update) {
            *update = match encoding {
                Encoding::F32 => *left,
                Encoding::Int8 => int8::value(int8::code(*left, scale), scale),
            };
            *left -= *update;
        }
        at = end;
    }
}

fn piece(all: &[f32], at: usize, end: usize) -> &[f32] {
    all.get(at..end).unwrap_or_default()
}

/// Values in eight bits: those of a frame have a scale, and what the rounding leaves is kept.
pub mod int8 {
    /// The largest code; -128 is not used.
    const MOST: f32 = 127.0;

    /// The scale of the changes of a frame. Where it underflows, all codes are 0.
    #[must_use]
    pub fn scale(changes: &[f32]) -> f32 {
        scale_of(changes.iter().fold(0.0, |largest, change| change.abs().max(largest)))
    }

    /// The scale where the largest change is of this magnitude.
    #[must_use]
    pub fn scale_of(largest: f32) -> f32 {
        largest / MOST
    }

    /// The code that stands for a change.
    #[must_use]
    #[inline(never)] // Its cast is longer than it looks on most cores, and is in flash once.
    pub fn code(change: f32, scale: f32) -> i8 {
        if scale > 0.0 {
            let ratio = change / scale;
            // The cast cuts off the fraction.
            (ratio + 0.5_f32.copysign(ratio)) as i8
        } else {
            0
        }
    }

    /// What a code stands for: the same number on either side.
    #[must_use]
    pub fn value(code: i8, scale: f32) -> f32 {
        f32::from(code) * scale
    }
}

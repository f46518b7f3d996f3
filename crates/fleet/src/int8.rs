//! Values in eight bits: those of a frame have a scale, and what the rounding leaves is kept.

/// The largest code; -128 is not used.
const MOST: f32 = 127.0;

/// The scale of values of which this is the largest, by magnitude. Where it underflows, all codes
/// are 0.
pub(crate) fn scale(largest: f32) -> f32 {
    largest / MOST
}

/// The code that stands for a value.
pub(crate) fn code(value: f32, scale: f32) -> i8 {
    if scale > 0.0 {
        let ratio = value / scale;
        // The cast cuts off the fraction.
        (ratio + 0.5_f32.copysign(ratio)) as i8
    } else {
        0
    }
}

/// What a code stands for: the same number on either side.
pub(crate) fn value(code: i8, scale: f32) -> f32 {
    f32::from(code) * scale
}

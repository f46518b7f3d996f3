//! Changes of the numbers in a file whose parts lie at multiples of two or four bytes.

use crate::input::Input;

/// Changes a number in place.
pub fn edit(file: &mut [u8], input: &mut Input<'_>) {
    let at = usize::from(u16::from_le_bytes([input.byte(), input.byte()]));
    let number: i32 = match input.below(12) {
        0..=4 => i32::from(input.byte()) % 9,
        5 | 6 => i32::from(input.byte().cast_signed()),
        7 => i32::MAX,
        8 => i32::MIN,
        9 => 1 << (input.byte() % 31),
        10 => input.float().to_bits().cast_signed(),
        _ => input.word().cast_signed(),
    };
    let bytes = number.to_le_bytes();
    let (size, bytes) = match input.below(4) {
        0 => (1, &bytes[..1]),
        1 => (2, &bytes[..2]),
        _ => (4, &bytes[..]),
    };
    let places = file.len() / size;
    if let Some(place) = file.chunks_exact_mut(size).nth(at % places.max(1)) {
        place.copy_from_slice(bytes);
    }
}

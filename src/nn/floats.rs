//! Numbers in files, for statics in flash.

/// Little-endian floats, as `include_bytes!` gives them: the numbers of a static, without a loop
/// for the compiler where the target is little-endian too.
///
/// ```
/// use rolling_ball::nn::floats_from_le_bytes;
///
/// static IN_FLASH: [f32; 2] = floats_from_le_bytes([0, 0, 128, 63, 0, 0, 0, 192]);
/// assert_eq!(IN_FLASH, [1.0, -2.0]);
/// ```
///
/// A file of another length does not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::floats_from_le_bytes;
///
/// static IN_FLASH: [f32; 3] = floats_from_le_bytes([0, 0, 128, 63, 0, 0, 0, 192]);
/// ```
#[must_use]
pub const fn floats_from_le_bytes<const BYTES: usize, const N: usize>(
    bytes: [u8; BYTES],
) -> [f32; N] {
    const {
        assert!(BYTES == size_of::<f32>() * N, "expected four bytes for each number");
    }
    let mut numbers: [f32; N] = bytemuck::must_cast(bytes);
    if cfg!(target_endian = "big") {
        let mut rest: &mut [f32] = &mut numbers;
        while let Some((first, others)) = rest.split_first_mut() {
            *first = f32::from_bits(first.to_bits().swap_bytes());
            rest = others;
        }
    }
    numbers
}

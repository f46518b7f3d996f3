//! Products of bytes over all short lengths, with the same sums on every core: what the layers in
//! int8 are made of has several forms, of which each core has its own.

use rolling_ball::kernels::bytes::{ROWS, Rows, columns_times};

/// The longest row.
pub const LONGEST: usize = 200;

/// Zeros of the values, with both ends.
const ZEROS: [i8; 4] = [-128, -7, 0, 127];
/// Rows begin at every address of a word.
const STARTS: usize = 4;

/// What the sums begin with.
pub const BIASES: [i32; ROWS] = [0, 1_000_000, -1_000_000, 7];

const BYTES: usize = LONGEST * ROWS + STARTS;
static WEIGHTS: [i8; BYTES] = random(1);
static VALUES: [i8; BYTES] = random(2);

/// Pseudo-random bytes, of which every eighth is at one of the two ends.
const fn random<const N: usize>(mut state: u32) -> [i8; N] {
    let mut bytes = [0; N];
    let mut rest = bytes.as_mut_slice();
    while let [byte, others @ ..] = rest {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = match state >> 20 & 15 {
            0 => i8::MIN,
            1 => i8::MAX,
            _ => (state >> 24) as u8 as i8,
        };
        rest = others;
    }
    bytes
}

/// A case: what was multiplied, and the sums.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The form.
    pub form: Form,
    /// The weights.
    pub weights: &'a [i8],
    /// The values.
    pub values: &'a [i8],
    /// The byte that stands for 0 among the values.
    pub zero: i8,
    /// The sums of the products.
    pub sums: [i32; ROWS],
}

/// How weights and values lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Rows of weights, each as long as the values.
    Rows,
    /// Neighbouring columns of two matrices of this width.
    Columns(usize),
}

/// Multiplies everything.
pub fn each(mut see: impl FnMut(Case)) {
    for length in 0..=LONGEST {
        for (start, zero) in (0..STARTS).zip(ZEROS) {
            let values = VALUES.get(start..start + length).unwrap_or_default();
            for rows in 0..=ROWS {
                // Weights and values are not aligned alike.
                let start = STARTS - 1 - start;
                let weights = WEIGHTS.get(start..start + rows * length).unwrap_or_default();
                let sums = Rows::new(weights, length, BIASES, zero).times(values);
                see(Case { form: Form::Rows, weights, values, zero, sums });
            }
            let width = ROWS + length % 5;
            let weights = WEIGHTS.get(..length).unwrap_or_default();
            let sums = columns_times(BIASES, weights, values, width, zero);
            see(Case { form: Form::Columns(width), weights, values, zero, sums });
        }
    }
}

/// The hash of all sums (FNV-1a).
#[must_use]
pub fn hash() -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    each(|case| {
        for byte in case.sums.iter().flat_map(|sum| sum.to_le_bytes()) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    });
    hash
}

//! Products of bytes over all short lengths, with the same sums on every core: what the layers in
//! int8 are made of has several forms, of which each core has its own.

use rolling_ball::kernels::bytes::{
    ROWS, Rows, columns_times, some_columns_times, some_rows_times,
};

/// The longest row.
pub const LONGEST: usize = 200;

/// Zeros of the values, with both ends.
const ZEROS: [i8; 4] = [-128, -7, 0, 127];
/// Rows begin at every address of a word.
const STARTS: usize = 4;

/// As many columns as a vector of bytes has.
const WIDE: usize = 16;

/// What the sums of rows begin with.
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
    pub sums: &'a [i32],
}

/// How weights and values lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Rows of weights, each as long as the values, with [`BIASES`].
    Rows,
    /// Neighbouring columns of two matrices of this width, of lines that have all of them.
    Columns(usize),
    /// Neighbouring columns of two matrices of this width.
    SomeColumns(usize),
}

/// Multiplies everything.
pub fn each(mut see: impl FnMut(Case)) {
    for length in 0..=LONGEST {
        for (start, zero) in (0..STARTS).zip(ZEROS) {
            let values = VALUES.get(start..start + length).unwrap_or_default();
            // Weights and values are not aligned alike.
            let start = STARTS - 1 - start;
            for rows in 0..=ROWS {
                let weights = WEIGHTS.get(start..start + rows * length).unwrap_or_default();
                let sums = match rows {
                    ROWS => Rows::new(weights, length, BIASES, zero).times(values),
                    _ => some_rows_times(weights, BIASES, values, zero),
                };
                see(Case { form: Form::Rows, weights, values, zero, sums: &sums });
            }
            let weights = WEIGHTS.get(start..start + length).unwrap_or_default();
            let mut see = |form, sums: &[i32]| see(Case { form, weights, values, zero, sums });
            let width = ROWS + length % 5;
            let sums = columns_times::<ROWS>(weights, values, width, zero);
            see(Form::Columns(width), &sums);
            let width = WIDE + length % 5;
            let sums = columns_times::<WIDE>(weights, values, width, zero);
            see(Form::Columns(width), &sums);
            let width = 1 + length % 7;
            let sums = some_columns_times(weights, values, width, zero);
            see(Form::SomeColumns(width), &sums);
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

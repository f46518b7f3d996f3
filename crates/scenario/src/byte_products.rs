//! Products of bytes over all short lengths, with the same sums on every core: what the layers in
//! int8 are made of has several forms, of which each core has its own.

use rolling_ball::kernels::bytes::{
    ROWS, Requantization, Rows, columns_times, many_columns_times, some_columns_times,
    some_rows_times,
};

/// The longest row.
pub const LONGEST: usize = 200;

/// Zeros of the values, with both ends.
const ZEROS: [i8; 4] = [-128, -7, 0, 127];
/// Rows begin at every address of a word.
const STARTS: usize = 4;

/// As many columns as a vector of bytes has.
const WIDE: usize = 16;

/// The most columns that are multiplied together: five eights, and the most that is left over.
const MANY: usize = 47;

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
            let count = 1 + length % MANY;
            let width = count + length % 5;
            let mut sums = [1; MANY];
            let sums = sums.get_mut(..count).unwrap_or_default();
            many_columns_times(weights, values, width, zero, sums);
            see(Form::Columns(width), sums);
            let width = 1 + length % 7;
            let sums = some_columns_times(weights, values, width, zero);
            see(Form::SomeColumns(width), &sums);
        }
    }
}

/// Sums that become outputs.
#[derive(Clone, Copy, Debug)]
pub struct Requantized<'a> {
    /// What is added to the sums first; where there are none, the sums have them already.
    pub biases: &'a [[u8; 4]],
    /// The sums; those of [`ROWS`] outputs a window where they have no biases.
    pub sums: &'a [i32],
    /// The factors, one for each sum, or for each of a window's.
    pub multipliers: &'a [[u8; 4]],
    /// The powers of two below them.
    pub shifts: &'a [u8],
    /// The output that stands for 0.
    pub zero: i8,
    /// The least and the largest output.
    pub clamps: [i8; 2],
    /// The outputs, in the order of the sums.
    pub outputs: &'a [i8],
}

const CLAMPS: [[i8; 2]; 4] = [[-128, 127], [-3, 90], [0, 127], [5, 5]];

static SHIFTS: [u8; LONGEST] = {
    let mut shifts = [33; LONGEST];
    let mut place = 0;
    while place < LONGEST {
        shifts[place] += VALUES[place].cast_unsigned() % 31;
        place += 1;
    }
    shifts
};
static MULTIPLIERS: [[u8; 4]; LONGEST] = words(i32::MAX, 0);
static REQUANTIZED_BIASES: [[u8; 4]; LONGEST] = words(-1, 3);
static SUMS: [i32; LONGEST] = {
    let mut sums = [0; LONGEST];
    let mut place = 0;
    while place < LONGEST {
        // A sum with its bias fits an `i32`.
        sums[place] = word(place).rotate_left(13) / 2;
        place += 1;
    }
    sums
};

/// Words of the random bytes, of which these bits are kept and then moved to the right.
const fn words(kept: i32, shift: u32) -> [[u8; 4]; LONGEST] {
    let mut words = [[0; 4]; LONGEST];
    let mut place = 0;
    while place < LONGEST {
        words[place] = ((word(place) & kept) >> shift).to_le_bytes();
        place += 1;
    }
    words
}

/// Four of the random bytes.
const fn word(place: usize) -> i32 {
    let at = 4 * (place % (BYTES / 4));
    let [a, b, c, d] = [WEIGHTS[at], WEIGHTS[at + 1], WEIGHTS[at + 2], WEIGHTS[at + 3]];
    i32::from_le_bytes([a.cast_unsigned(), b.cast_unsigned(), c.cast_unsigned(), d.cast_unsigned()])
}

/// Makes outputs of as many sums as a row may be long, from 0 on.
pub fn each_requantized(mut see: impl FnMut(Requantized)) {
    let (multipliers, shifts, biases, sums) = (&MULTIPLIERS, &SHIFTS, &REQUANTIZED_BIASES, &SUMS);
    for count in 0..=LONGEST {
        let (zero, clamps) = (VALUES[count], CLAMPS[count % CLAMPS.len()]);
        let [multipliers, biases] = [&multipliers[..count], &biases[..count]];
        let (sums, shifts) = (&sums[..count], &shifts[..count]);
        let requantization = Requantization::new(multipliers, shifts, zero, clamps);
        let mut outputs = [0; LONGEST];
        requantization.write(biases, sums, &mut outputs[..count]);
        let outputs = &outputs[..count];
        see(Requantized { biases, sums, multipliers, shifts, zero, clamps, outputs });

        let windows = sums.as_chunks::<ROWS>().0;
        let (Some(multipliers), Some(shifts)) =
            (multipliers.first_chunk::<ROWS>(), shifts.first_chunk::<ROWS>())
        else {
            continue;
        };
        let requantization = Requantization::new(multipliers, shifts, zero, clamps);
        let stride = ROWS + count % 3;
        let mut apart = [0; LONGEST / ROWS * (ROWS + 2)];
        requantization.write_windows(windows, stride, &mut apart[..windows.len() * stride]);
        let mut outputs = [[0; ROWS]; LONGEST / ROWS];
        for (outputs, apart) in outputs.iter_mut().zip(apart.chunks(stride)) {
            outputs.copy_from_slice(&apart[..ROWS]);
        }
        let outputs = outputs[..windows.len()].as_flattened();
        let (biases, sums) = (&[][..], windows.as_flattened());
        see(Requantized { biases, sums, multipliers, shifts, zero, clamps, outputs });
    }
}

/// The hash of all sums, and of all outputs (FNV-1a).
#[must_use]
pub fn hash() -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut see = |byte: u8| hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    each(|case| case.sums.iter().flat_map(|sum| sum.to_le_bytes()).for_each(&mut see));
    each_requantized(|case| {
        case.outputs.iter().for_each(|output| see(output.cast_unsigned()));
    });
    hash
}

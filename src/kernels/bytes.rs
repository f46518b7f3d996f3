//! Products of bytes: what the layers of [`nn::int8`](crate::nn::int8) spend their time in. Sums of
//! integers are exact, so that any order gives the same bits.

use super::Unit;
use crate::chunks::Chunked;

/// Rows of weights that are multiplied at once, so that a value is read once for all of them.
pub const ROWS: usize = 4;

/// [`ROWS`] rows of weights, one after another, with a bias for each, and the zero of the values
/// that they are multiplied with.
///
/// ```
/// use rolling_ball::kernels::bytes::Rows;
///
/// // 100 + 1 (5 - 3) + 2 (7 - 3), and 200 - 1 (5 - 3) + 0 (7 - 3).
/// let rows = Rows::new(&[1, 2, -1, 0, 0, 0, 0, 0], 2, [100, 200, 0, 0], 3);
/// assert_eq!(rows.times(&[5, 7]), [110, 198, 0, 0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    #[cfg(dsp)]
    rows: &'a [i8],
    #[cfg(not(dsp))]
    rows: [&'a [i8]; ROWS],
    length: usize,
    biases: [i32; ROWS],
    zero: i8,
}

impl<'a> Rows<'a> {
    /// Rows of this length. Where there are not as many weights, no product is added.
    #[inline(always)]
    #[must_use]
    pub fn new(weights: &'a [i8], length: usize, biases: [i32; ROWS], zero: i8) -> Self {
        #[cfg(dsp)]
        let (rows, biases) = (weights, biases);
        #[cfg(not(dsp))]
        let (rows, biases) = {
            let rows = split(weights, length).unwrap_or_default();
            (rows, if VECTORS { without_zero(biases, rows, zero) } else { biases })
        };
        Self { rows, length, biases, zero }
    }

    /// As [`new`](Self::new), for [`times_on`](Self::times_on) the same vector unit.
    #[cfg_attr(
        dsp,
        expect(clippy::extra_unused_type_parameters, reason = "there are no other units")
    )]
    #[inline(always)]
    pub(crate) fn on<U: Unit>(
        weights: &'a [i8],
        length: usize,
        biases: [i32; ROWS],
        zero: i8,
    ) -> Self {
        #[cfg(not(dsp))]
        if U::MULTIPLIES_BYTES {
            let rows = split(weights, length).unwrap_or_default();
            return Self { rows, length, biases, zero };
        }
        Self::new(weights, length, biases, zero)
    }

    /// For each row its bias and its products with the values, each less the zero, added up. There
    /// must be as many values as the rows are long. A sum that no `i32` holds wraps.
    #[inline(always)]
    #[must_use]
    pub fn times(&self, values: &[i8]) -> [i32; ROWS] {
        let values = values.get(..self.length).unwrap_or_default();
        #[cfg(dsp)]
        return super::cortex_m::four_rows(self.rows, values, self.biases, self.zero);
        #[cfg(not(dsp))]
        {
            let zero = i32::from(if VECTORS { 0 } else { self.zero });
            four_rows(self.biases, self.rows, values, zero)
        }
    }

    /// As [`times`](Self::times), of rows that are [`on`](Self::on) this vector unit.
    #[cfg_attr(
        dsp,
        expect(clippy::extra_unused_type_parameters, reason = "there are no other units")
    )]
    #[inline(always)]
    pub(crate) fn times_on<U: Unit>(&self, values: &[i8]) -> [i32; ROWS] {
        #[cfg(not(dsp))]
        if U::MULTIPLIES_BYTES {
            let values = values.get(..self.length).unwrap_or_default();
            return U::four_rows(self.biases, self.rows, values, self.zero);
        }
        self.times(values)
    }
}

/// As [`Rows::times`], for rows of which some may be missing: their sums are the biases.
#[must_use]
pub fn some_rows_times(
    weights: &[i8],
    mut biases: [i32; ROWS],
    values: &[i8],
    zero: i8,
) -> [i32; ROWS] {
    let zero = i32::from(zero);
    for (sum, row) in biases.iter_mut().zip(weights.whole_chunks(values.len())) {
        for (weight, value) in row.iter().zip(values) {
            *sum = add(*sum, *weight, i32::from(*value).wrapping_sub(zero));
        }
    }
    biases
}

/// For each of `N` neighbouring columns the products of its weights with its values, each less the
/// zero, added up. Both are matrices of this width without what lies before the first of the
/// columns. A line that ends before the last of the columns counts as none; a sum that no `i32`
/// holds wraps.
///
/// ```
/// use rolling_ball::kernels::bytes::columns_times;
///
/// // Two rows of five columns, of which the last four count.
/// let weights = [1, 2, 3, 4, 0, 5, 6, 7, 8];
/// let values = [1, 1, 1, 1, 9, 2, 2, 2, 3];
/// assert_eq!(columns_times(&weights, &values, 5, 1), [5, 6, 7, 16]);
/// ```
#[inline(always)]
#[must_use]
pub fn columns_times<const N: usize>(
    weights: &[i8],
    values: &[i8],
    width: usize,
    zero: i8,
) -> [i32; N] {
    #[cfg(dsp)]
    if let Some(sums) = super::cortex_m::four_columns(weights, values, width, zero) {
        return sums;
    }
    let zero = i32::from(zero);
    let (mut weights, mut values) = (weights, values);
    let mut sums = [0; N];
    while let (Some(some_weights), Some(some)) = (weights.first_chunk::<N>(), values.first_chunk())
    {
        let some: &[i8; N] = some;
        for ((sum, weight), value) in sums.iter_mut().zip(some_weights).zip(some) {
            *sum = add(*sum, *weight, i32::from(*value).wrapping_sub(zero));
        }
        let (Some(rest), Some(others)) = (weights.get(width..), values.get(width..)) else { break };
        (weights, values) = (rest, others);
    }
    sums
}

/// As [`columns_times`], for as many columns as there are sums.
///
/// ```
/// use rolling_ball::kernels::bytes::many_columns_times;
///
/// let (weights, values) = ([1, 2, 3, 4, 0, 5, 6, 7, 8], [1, 1, 1, 1, 9, 2, 2, 2, 3]);
/// let mut sums = [0; 4];
/// many_columns_times(&weights, &values, 5, 1, &mut sums);
/// assert_eq!(sums, [5, 6, 7, 16]);
/// ```
#[inline(always)]
pub fn many_columns_times(weights: &[i8], values: &[i8], width: usize, zero: i8, sums: &mut [i32]) {
    #[cfg(mve)]
    let (weights, values, sums) =
        match super::cortex_m::eight_columns(weights, values, width, zero, sums) {
            0 => (weights, values, sums),
            done if done == sums.len() => return,
            done => {
                (from(weights, done), from(values, done), sums.get_mut(done..).unwrap_or_default())
            }
        };
    let left = weights.len().min(values.len()).checked_sub(sums.len());
    // A width of 0 is none, and gives one line.
    let lines = left.map_or(0, |left| left.checked_div(width).unwrap_or_default().wrapping_add(1));
    sums.fill(0);
    let zero = i32::from(zero);
    let (mut weights, mut values) = (weights, values);
    for _ in 0..lines {
        for ((sum, weight), value) in sums.iter_mut().zip(weights).zip(values) {
            *sum = add(*sum, *weight, i32::from(*value).wrapping_sub(zero));
        }
        weights = weights.get(width..).unwrap_or_default();
        values = values.get(width..).unwrap_or_default();
    }
}

/// As [`columns_times`], where some of the columns may be missing: their sums mean nothing.
#[must_use]
pub fn some_columns_times(weights: &[i8], values: &[i8], width: usize, zero: i8) -> [i32; ROWS] {
    let zero = i32::from(zero);
    let mut sums = [0; ROWS];
    for (weights, values) in weights.chunks_up_to(width).zip(values.chunks_up_to(width)) {
        for ((sum, weight), value) in sums.iter_mut().zip(weights).zip(values) {
            *sum = add(*sum, *weight, i32::from(*value).wrapping_sub(zero));
        }
    }
    sums
}

/// What makes outputs in bytes of sums: each times a multiplier of at least 0 over a power of two,
/// rounded to the nearest integer (halves up), moved by the zero of the outputs, and clamped. Only
/// for shifts from 33 to 63: the half that is added is then a whole number of 2^32, so that the
/// upper word of a product is enough.
///
/// ```
/// use rolling_ball::kernels::bytes::Requantization;
///
/// // An eighth, and three sixteenths.
/// let multipliers = [1_i32 << 30, 3 << 29].map(i32::to_le_bytes);
/// let biases = [0_i32, 2].map(i32::to_le_bytes);
/// let requantization = Requantization::new(&multipliers, &[33, 33], 3, [-128, 127]);
/// let mut outputs = [0; 2];
/// requantization.write(&biases, &[6, 10], &mut outputs);
/// // 6 / 8 is rounded to 1, and 12 * 3 / 16 to 2.
/// assert_eq!(outputs, [4, 5]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Requantization<'a> {
    multipliers: &'a [[u8; 4]],
    shifts: &'a [u8],
    /// Twice the zero, and one: the last bit goes at the very end, and until then all is twice as
    /// large.
    zero_and_half: i32,
    /// Twice the least and the largest output.
    clamps: [i32; 2],
}

impl<'a> Requantization<'a> {
    /// Multipliers, little-endian, and shifts are as many as the outputs side by side. The clamps
    /// are the least and the largest output.
    #[inline(always)]
    #[must_use]
    pub fn new(multipliers: &'a [[u8; 4]], shifts: &'a [u8], zero: i8, clamps: [i8; 2]) -> Self {
        let zero_and_half = i32::from(zero).wrapping_mul(2).wrapping_add(1);
        let clamps = clamps.map(|clamp| i32::from(clamp).wrapping_mul(2));
        Self { multipliers, shifts, zero_and_half, clamps }
    }

    /// Overwrites outputs by their sums with these biases, little-endian, as many as there are of
    /// all.
    #[inline(always)]
    pub fn write(&self, biases: &[[u8; 4]], sums: &[i32], outputs: &mut [i8]) {
        #[cfg(mve)]
        {
            let Self { multipliers, shifts, zero_and_half, clamps } = *self;
            let factors = (multipliers, shifts);
            let settings = (zero_and_half, clamps);
            let done = super::cortex_m::requantize(factors, settings, biases, sums, &mut *outputs);
            if done < outputs.len() {
                let (multipliers, shifts) = (from(multipliers, done), from(shifts, done));
                let outputs = outputs.get_mut(done..).unwrap_or_default();
                Self { multipliers, shifts, ..*self }.write_one_by_one(
                    from(biases, done),
                    from(sums, done),
                    outputs,
                );
            }
        }
        #[cfg(not(mve))]
        self.write_one_by_one(biases, sums, outputs);
    }

    #[inline(always)]
    fn write_one_by_one(&self, biases: &[[u8; 4]], sums: &[i32], outputs: &mut [i8]) {
        let factors = self.multipliers.iter().zip(self.shifts).zip(biases);
        for (((factor, bias), sum), y) in factors.zip(sums).zip(outputs) {
            *y = self.output(factor, sum.wrapping_add(i32::from_le_bytes(*bias)));
        }
    }

    /// Overwrites [`ROWS`] outputs of each of some windows, which begin at every `stride`, by their
    /// sums, in which the biases are already.
    ///
    /// ```
    /// use rolling_ball::kernels::bytes::Requantization;
    ///
    /// let eighths = [(1_i32 << 30).to_le_bytes(); 4];
    /// let requantization = Requantization::new(&eighths, &[33; 4], 0, [-128, 127]);
    /// let mut outputs = [0; 9];
    /// requantization.write_windows(&[[8, 16, 24, 32], [40, 48, 56, 64]], 5, &mut outputs);
    /// assert_eq!(outputs, [1, 2, 3, 4, 0, 5, 6, 7, 8]);
    /// ```
    #[inline(always)]
    pub fn write_windows(&self, sums: &[[i32; ROWS]], stride: usize, outputs: &mut [i8]) {
        #[cfg(mve)]
        if let Some((multipliers, shifts)) =
            self.multipliers.first_chunk().zip(self.shifts.first_chunk())
        {
            let settings = (self.zero_and_half, self.clamps);
            let factors = (multipliers, shifts);
            if super::cortex_m::requantize_windows(factors, settings, sums, stride, &mut *outputs) {
                return;
            }
        }
        for (sums, outputs) in sums.iter().zip(outputs.chunks_up_to_mut(stride)) {
            let factors = self.multipliers.iter().zip(self.shifts);
            for ((factor, sum), y) in factors.zip(sums).zip(outputs) {
                *y = self.output(factor, *sum);
            }
        }
    }

    #[inline(always)]
    fn output(&self, (multiplier, shift): (&[u8; 4], &u8), sum: i32) -> i8 {
        let [minimum, maximum] = self.clamps;
        // At most 2^31 * 2^31 in magnitude; half of its high word and a zero fit an i32.
        let product = i64::from(sum).wrapping_mul(i64::from(i32::from_le_bytes(*multiplier)));
        let doubled = ((product >> 32) as i32).wrapping_shr(u32::from(*shift).wrapping_sub(33));
        let moved = doubled.wrapping_add(self.zero_and_half);
        (moved.max(minimum).min(maximum) >> 1) as i8
    }
}

/// What lies behind so many.
#[cfg(mve)]
fn from<T>(values: &[T], count: usize) -> &[T] {
    values.get(count..).unwrap_or_default()
}

/// Adds a product to a sum.
#[inline(always)]
fn add(sum: i32, weight: i8, value: i32) -> i32 {
    sum.wrapping_add(i32::from(weight).wrapping_mul(value))
}

/// The rows of this length.
#[cfg(not(dsp))]
#[inline(always)]
fn split(rows: &[i8], length: usize) -> Option<[&[i8]; ROWS]> {
    let (first, rest) = rows.split_at_checked(length)?;
    let (second, rest) = rest.split_at_checked(length)?;
    let (third, rest) = rest.split_at_checked(length)?;
    Some([first, second, third, rest.get(..length)?])
}

/// Adds the products of the rows with the values, each less the zero, to the sums.
#[inline(always)]
pub(super) fn four_rows(
    sums: [i32; ROWS],
    rows: [&[i8]; ROWS],
    values: &[i8],
    zero: i32,
) -> [i32; ROWS] {
    let [mut first, mut second, mut third, mut fourth] = sums;
    let [a, b, c, d] = rows;
    for ((((a, b), c), d), value) in a.iter().zip(b).zip(c).zip(d).zip(values) {
        let value = i32::from(*value).wrapping_sub(zero);
        first = add(first, *a, value);
        second = add(second, *b, value);
        third = add(third, *c, value);
        fourth = add(fourth, *d, value);
    }
    [first, second, third, fourth]
}

/// Whether there are vectors of bytes, as processors of 64 bits have. The compiler multiplies
/// those, by VMLADAVA on a Cortex-M55, only where nothing is subtracted from a value before.
#[cfg(not(dsp))]
const VECTORS: bool = cfg!(any(mve, target_pointer_width = "64"));

/// The biases less what the zero adds to each sum.
#[cfg(not(dsp))]
#[inline(always)]
fn without_zero(mut biases: [i32; ROWS], rows: [&[i8]; ROWS], zero: i8) -> [i32; ROWS] {
    for (bias, row) in biases.iter_mut().zip(rows) {
        let sum = row.iter().map(|weight| i32::from(*weight)).fold(0, i32::wrapping_add);
        *bias = bias.wrapping_sub(sum.wrapping_mul(i32::from(zero)));
    }
    biases
}

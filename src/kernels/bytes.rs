//! Products of bytes: what the layers of [`nn::int8`](crate::nn::int8) spend their time in. Sums of
//! integers are exact, so that any order gives the same bits.

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
#[cfg(not(dsp))]
#[inline(always)]
fn four_rows(sums: [i32; ROWS], rows: [&[i8]; ROWS], values: &[i8], zero: i32) -> [i32; ROWS] {
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

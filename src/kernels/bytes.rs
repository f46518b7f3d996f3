//! Products of bytes: what the layers of [`nn::int8`](crate::nn::int8) spend their time in. Sums of
//! integers are exact, so that any order gives the same bits.

use crate::chunks::Chunked;

/// Rows of weights that are multiplied at once, so that a value is read once for all of them.
pub const ROWS: usize = 4;

/// Up to [`ROWS`] rows of weights, one after another, with a bias for each, and the zero of the
/// values that they are multiplied with.
///
/// ```
/// use rolling_ball::kernels::bytes::Rows;
///
/// // 100 + 1 (5 - 3) + 2 (7 - 3), and 200 - 1 (5 - 3) + 0 (7 - 3); there are no more rows.
/// let rows = Rows::new(&[1, 2, -1, 0], 2, [100, 200, 0, 0], 3);
/// assert_eq!(rows.times(&[5, 7]), [110, 198, 0, 0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    weights: &'a [i8],
    length: usize,
    biases: [i32; ROWS],
    zero: i8,
    #[cfg(mve)]
    four: helium::FourRows<'a>,
}

impl<'a> Rows<'a> {
    /// Rows of this length. Where they are more than [`ROWS`], the first ones count; a row that is
    /// shorter counts as none.
    #[inline(always)]
    #[must_use]
    pub fn new(weights: &'a [i8], length: usize, biases: [i32; ROWS], zero: i8) -> Self {
        let weights = weights.get(..length.saturating_mul(ROWS)).unwrap_or(weights);
        Self {
            weights,
            length,
            biases,
            zero,
            #[cfg(mve)]
            four: helium::FourRows::new(weights, length, biases, zero),
        }
    }

    /// For each row its bias and its products with the values, each less the zero, added up. There
    /// must be as many values as the rows are long. A sum that no `i32` holds wraps.
    #[inline(always)]
    #[must_use]
    pub fn times(&self, values: &[i8]) -> [i32; ROWS] {
        let values = values.get(..self.length).unwrap_or_default();
        if self.weights.len() == self.length.wrapping_mul(ROWS) {
            return self.all_times(values);
        }
        self.some_times(values)
    }

    /// Where some of the rows are missing.
    #[inline(never)]
    fn some_times(&self, values: &[i8]) -> [i32; ROWS] {
        let zero = i32::from(self.zero);
        let mut sums = self.biases;
        for (sum, row) in sums.iter_mut().zip(self.weights.whole_chunks(self.length)) {
            for (weight, value) in row.iter().zip(values) {
                *sum = add(*sum, *weight, i32::from(*value).wrapping_sub(zero));
            }
        }
        sums
    }

    #[cfg(dsp)]
    #[inline(always)]
    fn all_times(&self, values: &[i8]) -> [i32; ROWS] {
        super::cortex_m::four_rows(self.weights, values, self.biases, self.zero)
    }

    #[cfg(mve)]
    #[inline(always)]
    fn all_times(&self, values: &[i8]) -> [i32; ROWS] {
        self.four.times(values)
    }

    #[cfg(not(any(dsp, mve)))]
    #[inline(always)]
    fn all_times(&self, values: &[i8]) -> [i32; ROWS] {
        let zero = i32::from(self.zero);
        four_rows(self.biases, split(self.weights, self.length), values, |value| {
            i32::from(value).wrapping_sub(zero)
        })
    }
}

/// For each of [`ROWS`] neighbouring columns its bias and the products of its weights with its
/// values, each less the zero, added up. Both are matrices of this width without what lies before the first
/// of the columns. A column that ends early ends there; a sum that no `i32` holds wraps.
///
/// ```
/// use rolling_ball::kernels::bytes::columns_times;
///
/// // Two rows of five columns, of which the last four count.
/// let weights = [1, 2, 3, 4, 0, 5, 6, 7, 8];
/// let values = [1, 1, 1, 1, 9, 2, 2, 2, 3];
/// assert_eq!(columns_times([100, 0, 0, 0], &weights, &values, 5, 1), [105, 6, 7, 16]);
/// ```
#[inline(always)]
#[must_use]
pub fn columns_times(
    biases: [i32; ROWS],
    weights: &[i8],
    values: &[i8],
    width: usize,
    zero: i8,
) -> [i32; ROWS] {
    let zero = i32::from(zero);
    let mut sums = biases;
    let (mut weights, mut values) = (weights, values);
    while let (Some(first), Some(x)) = (weights.first_chunk::<ROWS>(), values.first_chunk::<ROWS>()) {
        add_each(&mut sums, first, x, zero);
        let (Some(rest), Some(others)) = (weights.get(width..), values.get(width..)) else {
            return sums;
        };
        (weights, values) = (rest, others);
    }
    for (weights, values) in weights.chunks_up_to(width).zip(values.chunks_up_to(width)) {
        add_each(&mut sums, weights, values, zero);
    }
    sums
}

/// Adds the products of neighbouring columns, each to its sum.
#[inline(always)]
fn add_each(sums: &mut [i32; ROWS], weights: &[i8], values: &[i8], zero: i32) {
    for ((sum, weight), value) in sums.iter_mut().zip(weights).zip(values) {
        *sum = add(*sum, *weight, i32::from(*value).wrapping_sub(zero));
    }
}

/// Adds a product to a sum.
#[inline(always)]
fn add(sum: i32, weight: i8, value: i32) -> i32 {
    sum.wrapping_add(i32::from(weight).wrapping_mul(value))
}

/// The rows of this length.
#[cfg(not(dsp))]
#[inline(always)]
fn split(rows: &[i8], length: usize) -> [&[i8]; ROWS] {
    let mut each = rows.whole_chunks(length);
    core::array::from_fn(|_| each.next().unwrap_or_default())
}

/// Adds the products of four rows with what `of` makes of the values to the sums.
#[cfg(not(dsp))]
#[inline(always)]
fn four_rows(
    sums: [i32; ROWS],
    rows: [&[i8]; ROWS],
    values: &[i8],
    of: impl Fn(i8) -> i32,
) -> [i32; ROWS] {
    let [mut first, mut second, mut third, mut fourth] = sums;
    let [a, b, c, d] = rows;
    for ((((a, b), c), d), value) in a.iter().zip(b).zip(c).zip(d).zip(values) {
        let value = of(*value);
        first = add(first, *a, value);
        second = add(second, *b, value);
        third = add(third, *c, value);
        fourth = add(fourth, *d, value);
    }
    [first, second, third, fourth]
}

/// What the compiler makes sixteen products at once of, by VMLADAVA. For that, nothing may be
/// subtracted from a value before it is multiplied.
#[cfg(mve)]
mod helium {
    use super::{ROWS, four_rows, split};

    #[derive(Clone, Copy, Debug)]
    pub struct FourRows<'a> {
        rows: [&'a [i8]; ROWS],
        /// With what the zero adds to each sum: the sum of the weights, times minus the zero.
        biases: [i32; ROWS],
    }

    impl<'a> FourRows<'a> {
        #[inline(always)]
        pub fn new(
            weights: &'a [i8],
            length: usize,
            mut biases: [i32; ROWS],
            zero: i8,
        ) -> Self {
            let rows = split(weights, length);
            for (bias, row) in biases.iter_mut().zip(rows) {
                let sum = row.iter().map(|weight| i32::from(*weight)).fold(0, i32::wrapping_add);
                *bias = bias.wrapping_sub(sum.wrapping_mul(i32::from(zero)));
            }
            Self { rows, biases }
        }

        #[inline(always)]
        pub fn times(&self, values: &[i8]) -> [i32; ROWS] {
            four_rows(self.biases, self.rows, values, i32::from)
        }
    }
}

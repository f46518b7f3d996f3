//! Numbers of a device beside those of this processor.

use super::adapter::is_processor;
use rolling_ball::gpu::Device;
use serde_json::{Value, json};
use workbench::table::grouped;

/// How far apart numbers are, in units in the last place: up to these, and more.
const APART: [u64; 5] = [0, 1, 2, 8, 64];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Demand {
    /// The same bits.
    Bits,
    /// Differences up to this part of the largest number.
    Part(f32),
}

impl Demand {
    /// The same bits on a processor; else differences up to this part.
    pub fn on(device: &Device, part: f32) -> Self {
        if is_processor(device) { Self::Bits } else { Self::Part(part) }
    }

    fn words(self) -> String {
        match self {
            Self::Bits => "the bits".to_owned(),
            Self::Part(part) => format!("{part:.0e}"),
        }
    }
}

/// How one quantity compares on both sides.
pub struct Comparison {
    quantity: String,
    demand: Demand,
    numbers: usize,
    /// How many are so far apart, see [`APART`].
    histogram: [usize; APART.len() + 1],
    /// The largest difference.
    error: f64,
    /// The largest difference, as a part of the largest number.
    part: f64,
    met: bool,
}

impl Comparison {
    pub fn of(quantity: String, demand: Demand, expected: &[f32], actual: &[f32]) -> Self {
        let mut histogram = [0; APART.len() + 1];
        let (mut error, mut largest) = (0.0f64, 0.0f64);
        let mut finite = true;
        for (expected, actual) in expected.iter().zip(actual) {
            let apart = apart(*expected, *actual);
            histogram[APART.iter().position(|limit| apart <= *limit).unwrap_or(APART.len())] += 1;
            if apart > 0 {
                let difference = (f64::from(*expected) - f64::from(*actual)).abs();
                finite &= difference.is_finite();
                error = error.max(difference);
            }
            largest = largest.max(f64::from(expected.abs()));
        }
        let part = if error > 0.0 { error / largest } else { 0.0 };
        let met = expected.len() == actual.len()
            && match demand {
                Demand::Bits => histogram[0] == expected.len(),
                Demand::Part(allowed) => finite && part <= f64::from(allowed),
            };
        let numbers = expected.len();
        Self { quantity, demand, numbers, histogram, error, part, met }
    }

    pub fn met(&self) -> bool {
        self.met
    }

    pub fn header() -> Vec<String> {
        let counts = ["equal", "1 ULP", "2", "3 to 8", "9 to 64", "more"];
        let mut header = vec!["quantity".to_owned(), "numbers".to_owned()];
        header.extend(counts.map(str::to_owned));
        header.extend(["largest error", "of the largest", "demanded", ""].map(str::to_owned));
        header
    }

    pub fn row(&self) -> Vec<String> {
        let verdict = if self.met { "pass" } else { "FAIL" };
        let small = |value: f64| if value == 0.0 { "0".to_owned() } else { format!("{value:.1e}") };
        let mut row = vec![self.quantity.clone(), grouped(self.numbers as u64)];
        row.extend(self.histogram.map(|count| grouped(count as u64)));
        row.extend([small(self.error), small(self.part), self.demand.words(), verdict.to_owned()]);
        row
    }

    pub fn json(&self) -> Value {
        json!({
            "quantity": self.quantity,
            "numbers": self.numbers,
            "by_ulp": self.histogram,
            "largest_error": self.error,
            "largest_error_of_largest_number": self.part,
            "demanded": self.demand.words(),
            "passed": self.met,
        })
    }
}

/// How many numbers lie between two: 0 where the bits are equal.
fn apart(a: f32, b: f32) -> u64 {
    let place = |number: f32| {
        let bits = i64::from(number.to_bits() & 0x7fff_ffff);
        if number.is_sign_negative() { -1 - bits } else { bits }
    };
    if a.is_nan() && b.is_nan() { 0 } else { place(a).abs_diff(place(b)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_by_how_far_they_are_apart() {
        let next = 1.0f32.next_up();
        let found =
            Comparison::of(String::new(), Demand::Bits, &[1.0, 1.0, 0.0], &[1.0, next, 1.0]);
        assert_eq!(found.histogram, [1, 1, 0, 0, 0, 1]);
        assert!(!found.met());
    }

    #[test]
    fn a_zero_of_the_other_sign_is_not_the_same_bits() {
        assert_eq!((apart(0.0, -0.0), apart(0.0, 0.0)), (1, 0));
    }

    #[test]
    fn what_is_not_finite_meets_no_part() {
        let part = Demand::Part(1.0);
        assert!(!Comparison::of(String::new(), part, &[1.0], &[f32::NAN]).met());
        assert!(!Comparison::of(String::new(), part, &[1.0], &[]).met());
        assert!(Comparison::of(String::new(), part, &[1.0], &[1.5]).met());
    }
}

//! Means, deviations, and whether a difference is more than chance.

pub use workbench::statistics::{holm, mean, paired_test};

/// Standard deviation about the mean, of all values that there are.
pub fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    mean(values.iter().map(|value| (value - middle).powi(2))).sqrt()
}

/// The index of the largest value; the first of equals.
pub fn largest(values: &[f64]) -> usize {
    let better =
        |best: usize, index: usize| if values[index] > values[best] { index } else { best };
    (0..values.len()).fold(0, better)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_and_a_deviation_are_as_defined() {
        assert_eq!(mean([1.0, 2.0, 6.0]), 3.0);
        assert_eq!(deviation(&[1.0, 3.0, 1.0, 3.0]), 1.0);
    }

    #[test]
    fn the_first_of_the_largest_is_chosen() {
        assert_eq!(largest(&[1.0, 3.0, 3.0, 2.0]), 1);
    }
}

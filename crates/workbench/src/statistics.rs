//! Medians, and numbers that are as good as normal.

use oorandom::Rand32;

/// The median, the upper one of two; NaN where there are no values.
pub fn median(values: impl IntoIterator<Item = impl Into<f64>>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().map(Into::into).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Of mean 0 and deviation 1: the sum of four uniform numbers, which is as good as normal here,
/// from two draws.
pub fn normal(random: &mut Rand32) -> f32 {
    const HALF: f32 = 65_536.0;
    let [first, second] = [random.rand_u32(), random.rand_u32()];
    let sum = (first >> 16) + (first & 0xffff) + (second >> 16) + (second & 0xffff);
    // A uniform number's variance is HALF^2 / 12.
    (sum as f32 - 2.0 * (HALF - 1.0)) * (3.0_f32.sqrt() / HALF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let mut random = Rand32::new(1);
        let numbers: Vec<f32> = (0..100_000).map(|_| normal(&mut random)).collect();
        let mean = |power: i32| {
            numbers.iter().map(|number| f64::from(*number).powi(power)).sum::<f64>() / 1e5
        };
        // Four standard errors of 100,000 numbers.
        assert!(mean(1).abs() < 0.013, "{}", mean(1));
        assert!((mean(2) - 1.0).abs() < 0.018, "{}", mean(2));
    }

    #[test]
    fn the_median_ignores_one_disturbed_round() {
        assert_eq!(median([2.0, 900.0, 1.0, 3.0, 2.5]), 2.5);
    }
}

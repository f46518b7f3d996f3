//! Medians and random numbers of the experiments.

use oorandom::Rand32;

/// The median, the upper one of two; NaN where there are no values.
pub fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}

/// Of mean 0 and deviation 1: the sum of four uniform numbers, which is as good as normal here, from two draws.
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
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }
}

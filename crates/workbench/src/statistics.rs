//! Means and medians, whether a difference is more than chance, and numbers that are as good as
//! normal.

use oorandom::Rand32;

/// A mean; NaN of nothing.
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0.0), |(s, n), value| (s + value, n + 1.0));
    sum / count
}

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

const FLIPS: u32 = 9_999;

/// How likely chance alone makes paired differences whose mean is as far from zero: the sign-flip
/// test, from 9,999 random flips (Fisher 1935; the observed signs count as one more, Phipson and
/// Smyth 2010).
pub fn paired_test(differences: &[f64]) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    // Sums of the same numbers in another order round differently.
    let observed = observed - 1e-9 * differences.iter().map(|value| value.abs()).sum::<f64>();
    let mut random = Rand32::new(1);
    let mut as_far = 0;
    for _ in 0..FLIPS {
        let flipped = differences
            .iter()
            .map(|value| if random.rand_range(0..2) == 0 { *value } else { -*value });
        as_far += u32::from(flipped.sum::<f64>().abs() >= observed);
    }
    f64::from(as_far + 1) / f64::from(FLIPS + 1)
}

/// The chances of several tests, corrected for their number: where those below a level are called
/// more than chance, that level bounds how likely even one of them is wrongly called so (Holm
/// 1979).
pub fn holm(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let (mut corrected, mut largest) = (vec![0.0; chances.len()], 0.0_f64);
    for (rank, index) in order.into_iter().enumerate() {
        let tests_left = (chances.len() - rank) as f64;
        largest = largest.max((tests_left * chances[index]).min(1.0));
        corrected[index] = largest;
    }
    corrected
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

    #[test]
    fn differences_of_one_sign_are_no_chance() {
        assert!(paired_test(&[0.5; 20]) < 0.001);
    }

    #[test]
    fn no_difference_at_all_is_chance() {
        assert_eq!(paired_test(&[0.0; 20]), 1.0);
    }

    #[test]
    fn the_smallest_chance_counts_for_all_tests_and_the_largest_for_itself() {
        // 0.01 * 4, 0.02 * 3; then 0.03 * 2 is no more than what came before it; 0.9 * 1.
        assert_eq!(holm(&[0.03, 0.9, 0.01, 0.02]), [0.06, 0.9, 0.04, 0.06]);
    }

    #[test]
    fn no_corrected_chance_is_above_one_and_none_is_smaller_than_it_was() {
        let chances = [0.5, 0.001, 0.7, 0.04];
        let corrected = holm(&chances);
        assert!(
            corrected.iter().zip(&chances).all(|(after, before)| (*before..=1.0).contains(after))
        );
    }

    #[test]
    fn the_test_agrees_with_all_flips_counted() {
        let differences: [f64; 8] = [0.9, -0.3, 0.4, 0.7, -0.2, 0.6, 0.1, 0.5];
        let sum: f64 = differences.iter().sum();
        let as_far = (0..256_u32)
            .filter(|signs| {
                let signed = |(bit, value): (u32, &f64)| {
                    if signs >> bit & 1 == 0 { *value } else { -value }
                };
                let flipped: f64 = (0..).zip(&differences).map(signed).sum();
                flipped.abs() >= sum.abs() - 1e-9
            })
            .count();
        assert!((paired_test(&differences) - as_far as f64 / 256.0).abs() < 0.01);
    }
}

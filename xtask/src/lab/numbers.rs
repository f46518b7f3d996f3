//! Medians and random numbers of the experiments.

use oorandom::Rand32;

/// The median, the upper one of two; NaN where there are no values.
pub fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}

/// Of mean 0 and deviation 1: the sum of twelve uniform numbers, which is as good as normal here.
pub fn normal(random: &mut Rand32) -> f32 {
    (0..12).map(|_| random.rand_float()).sum::<f32>() - 6.0
}

//! What is done to a network's parameters and inputs to see how much it bears.

use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::kernels::Active;
use rolling_ball::nn::{Layer, Loss, ParameterKind, Parameters, SoftmaxCrossEntropy};
use workbench::statistics::normal;

/// Theta with its weights rounded to integers of so many bits. The weights of a filter share a
/// scale, by which the largest becomes the largest integer; zero stays zero. Biases stay as they
/// are.
pub fn rounded<T: Layer>(theta: &[f32], bits: u32) -> Vec<f32> {
    with_integers::<T>(theta, bits, |integer| integer)
}

/// Theta with its weights in eight bits, of which each is the other one with this chance. Biases
/// stay as they are.
pub fn flipped<T: Layer>(theta: &[f32], chance: f32, seed: u64) -> Vec<f32> {
    let mut random = Rand32::new(seed);
    with_integers::<T>(theta, 8, |integer| {
        let flips = (0..8).filter(|_| random.rand_float() < chance);
        let mask = flips.fold(0_u8, |mask, bit| mask | 1 << bit);
        i32::from((integer as i8) ^ mask as i8)
    })
}

fn with_integers<T: Layer>(
    theta: &[f32],
    bits: u32,
    mut change: impl FnMut(i32) -> i32,
) -> Vec<f32> {
    let largest_integer = ((1 << (bits - 1)) - 1) as f32;
    let mut rounded = theta.to_vec();
    let mut rest = &mut rounded[..];
    T::filters(&mut |filter| {
        let (values, others) = std::mem::take(&mut rest).split_at_mut(filter.length);
        rest = others;
        let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        if filter.kind == ParameterKind::Weight && largest > 0.0 {
            let scale = largest / largest_integer;
            for value in values {
                *value = scale * change((*value / scale).round() as i32) as f32;
            }
        }
    });
    rounded
}

/// Theta with each parameter multiplied by a normal number of mean 1 and this deviation.
pub fn with_weight_noise(theta: &[f32], deviation: f32, seed: u64) -> Vec<f32> {
    let mut random = Rand32::new(seed);
    theta.iter().map(|value| value * (1.0 + deviation * normal(&mut random))).collect()
}

/// The inputs with normal noise of this deviation.
pub fn with_input_noise(inputs: &[f32], deviation: f32, seed: u64) -> Vec<f32> {
    let mut random = Rand32::new(seed);
    inputs.iter().map(|value| value + deviation * normal(&mut random)).collect()
}

/// The inputs moved by the fast gradient sign method (Goodfellow et al. 2015): each value by this
/// size, in the direction in which the loss of its sample rises.
pub fn attacked<T: Layer>(
    theta: &[f32],
    inputs: &[f32],
    labels: &[u8],
    size: f32,
) -> Result<Vec<f32>> {
    let parameters = Parameters { theta, frozen: &[] };
    let loss = SoftmaxCrossEntropy::new();
    let [mut activations, mut output] =
        [T::ACTIVATIONS, T::OUTPUTS].map(|length| vec![0.0; length]);
    let mut attacked = inputs.to_vec();
    let samples = inputs.chunks_exact(T::INPUTS).zip(attacked.chunks_exact_mut(T::INPUTS));
    for ((input, moved), label) in samples.zip(labels) {
        T::forward::<Active>(parameters, input, &mut activations, &mut output)?;
        loss.evaluate(&mut output, &usize::from(*label), 1.0)?;
        // What moves holds the gradient with respect to the input until then.
        T::backward_input::<Active>(parameters, moved, &mut activations, &mut output)?;
        for (moved, value) in moved.iter_mut().zip(input) {
            let direction = if *moved == 0.0 { 0.0 } else { moved.signum() };
            *moved = value + size * direction;
        }
    }
    Ok(attacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolling_ball::nn::{Dense, Relu};

    /// Two filters of two weights, then two biases.
    type Two = Dense<2, 2>;
    const THETA: [f32; 6] = [1.27, 0.504, -3.0, 1.4, 0.123, 9.0];

    #[test]
    fn weights_are_rounded_in_steps_of_their_filter_and_biases_are_not() {
        // In eight bits a step is 0.01 of the first filter, and 3 / 127 of the second.
        let near = |found: Vec<f32>, expected: [f32; 6]| {
            let far = found.iter().zip(expected).find(|(a, b)| (*a - b).abs() > 1e-5);
            assert!(far.is_none(), "{found:?} {expected:?}");
        };
        let second = [-3.0, 59.0 * 3.0 / 127.0];
        near(rounded::<Two>(&THETA, 8), [1.27, 0.5, second[0], second[1], 0.123, 9.0]);
        near(rounded::<Two>(&THETA, 3), [1.27, 1.27 / 3.0, -3.0, 1.0, 0.123, 9.0]);
        near(rounded::<Two>(&THETA, 2), [1.27, 0.0, -3.0, 0.0, 0.123, 9.0]);
    }

    #[test]
    fn fewer_bits_leave_a_larger_error() {
        let mut random = Rand32::new(1);
        let theta: Vec<f32> =
            (0..Dense::<64, 8>::PARAMETERS).map(|_| normal(&mut random)).collect();
        let errors = [8, 4, 3, 2].map(|bits| {
            let rounded = rounded::<Dense<64, 8>>(&theta, bits);
            rounded.iter().zip(&theta).map(|(a, b)| (a - b).powi(2)).sum::<f32>()
        });
        assert!(errors.is_sorted_by(|fine, coarse| 3.0 * fine < *coarse), "{errors:?}");
    }

    #[test]
    fn a_filter_of_zeros_stays_zero() {
        assert_eq!(rounded::<Two>(&[0.0; 6], 2), [0.0; 6]);
    }

    #[test]
    fn as_many_bits_flip_as_the_chance_says_and_none_at_chance_zero() {
        type Layers = Dense<64, 8>;
        let theta = vec![1.0; Layers::PARAMETERS];
        assert_eq!(flipped::<Layers>(&theta, 0.0, 1), rounded::<Layers>(&theta, 8));
        let bits: u32 = flipped::<Layers>(&theta, 0.1, 1)[..512]
            .iter()
            .map(|value| (((value * 127.0).round() as i8) ^ 127).count_ones())
            .sum();
        // Of 4,096 bits; five standard deviations of 19.
        assert!(bits.abs_diff(410) < 96, "{bits}");
        // All at once: 127 becomes -128.
        let all = flipped::<Layers>(&theta, 1.0, 1);
        assert!(all[..512].iter().all(|value| (value * 127.0 + 128.0).abs() < 1e-3));
        assert!(all[512..].iter().all(|bias| *bias == 1.0));
    }

    #[test]
    fn noise_has_the_deviation_that_was_asked_for() {
        let deviation = |moved: Vec<f32>, unit: f32| {
            let squares = moved.iter().map(|value| ((value - unit) / unit).powi(2)).sum::<f32>();
            (squares / moved.len() as f32).sqrt()
        };
        for level in [0.25, 0.5] {
            // Four standard errors of 10,000 numbers are 0.03 of the level.
            let weights = deviation(with_weight_noise(&[2.0; 10_000], level, 1), 2.0);
            assert!((weights / level - 1.0).abs() < 0.03, "{weights}");
            let inputs = deviation(with_input_noise(&[1.0; 10_000], level, 1), 1.0);
            assert!((inputs / level - 1.0).abs() < 0.03, "{inputs}");
        }
        assert_eq!(with_weight_noise(&[0.0; 4], 0.5, 1), [0.0; 4]);
    }

    #[test]
    fn an_attack_moves_every_value_by_its_size_to_where_the_loss_is_higher() -> Result<()> {
        type Layers = (Dense<6, 8>, Relu<8>, Dense<8, 10>);
        let mut random = Rand32::new(2);
        let theta: Vec<f32> = (0..Layers::PARAMETERS).map(|_| normal(&mut random)).collect();
        let inputs: Vec<f32> = (0..6 * 20).map(|_| normal(&mut random)).collect();
        let labels: Vec<u8> = (0..20).map(|index| index % 10).collect();
        let losses = |inputs: &[f32]| -> Result<Vec<f32>> {
            let loss = SoftmaxCrossEntropy::new();
            let each = inputs.chunks_exact(6).zip(&labels).map(|(input, label)| {
                let (mut activations, mut output) = (vec![0.0; Layers::ACTIVATIONS], [0.0; 10]);
                let parameters = Parameters { theta: &theta, frozen: &[] };
                Layers::forward::<Active>(parameters, input, &mut activations, &mut output)?;
                Ok(loss.evaluate(&mut output, &usize::from(*label), 1.0)?)
            });
            each.collect()
        };
        let moved = attacked::<Layers>(&theta, &inputs, &labels, 1e-3)?;
        for (moved, value) in moved.iter().zip(&inputs) {
            assert!(((moved - value).abs() - 1e-3).abs() < 1e-6, "{moved} {value}");
        }
        let (before, after) = (losses(&inputs)?, losses(&moved)?);
        assert!(before.iter().zip(&after).all(|(before, after)| before <= after));
        assert!(after.iter().sum::<f32>() > before.iter().sum::<f32>() + 0.01);
        Ok(())
    }
}

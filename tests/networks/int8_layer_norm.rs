//! Layer norms and PReLUs in int8, against the same arithmetic in wider integers and against real
//! numbers.

use crate::support::random::Random;
use rolling_ball::Error;
use rolling_ball::nn::int8::{self, Layer};
use rolling_ball::nn::{Map, Signal};

fn byte(random: &mut Random) -> i8 {
    (random.uniform() * 127.5 - 0.5).round() as i8
}

fn infer<L: Layer>(parameters: &[u8], input: &[i8]) -> Result<Vec<i8>, Error> {
    L::check(parameters)?;
    let (mut front, mut back) = (input.to_vec(), vec![99; L::OUTPUTS]);
    let (output, _) = L::infer(parameters, &mut front, &mut back, &mut [])?;
    Ok(output.to_vec())
}

/// A layer norm's parameters, as numbers.
struct Norm {
    /// Zero, minimum and maximum of the output.
    range: [i8; 3],
    epsilon: u64,
    multipliers: Vec<i32>,
    biases: Vec<i32>,
    shift: u8,
}

impl Norm {
    fn bytes(&self) -> Vec<u8> {
        // The zero of the input is subtracted with the mean.
        let mut bytes = vec![77];
        bytes.extend(self.range.map(|value| value as u8));
        bytes.extend(self.epsilon.to_le_bytes());
        bytes.extend(self.multipliers.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(self.biases.iter().flat_map(|value| value.to_le_bytes()));
        bytes.push(self.shift);
        bytes
    }

    /// The formula of the documentation, in integers that hold everything.
    fn normalised(&self, input: &[i8]) -> Vec<i8> {
        let [zero, minimum, maximum] = self.range.map(i128::from);
        let count = self.multipliers.len() as i128;
        let mut output = Vec::new();
        for position in input.chunks_exact(self.multipliers.len()) {
            let sum: i128 = position.iter().map(|q| i128::from(*q)).sum();
            let squares: i128 = position.iter().map(|q| i128::from(*q).pow(2)).sum();
            let square = ((count * squares - sum * sum) << 16) + i128::from(self.epsilon);
            // The root in 31 bits, and its reciprocal in as many.
            let even = if square < 1 << 16 { 0 } else { (61 - square.ilog2()) & !1 };
            let root = (square << even).cast_unsigned().isqrt().cast_signed();
            let reciprocal = match square < 1 << 16 {
                true => 0,
                false => ((1 << 61) + root / 2).div_euclid(root).min(i128::from(i32::MAX)),
            };
            let half_up = |number: i128, shift: u32| (number + (1 << (shift - 1))) >> shift;
            for (channel, q) in position.iter().enumerate() {
                let above = count * i128::from(*q) - sum;
                let normal = half_up(above * reciprocal, 33 - even / 2);
                let multiplied = normal * i128::from(self.multipliers[channel]);
                let shifted = i128::from(self.biases[channel]) << (self.shift - 16);
                let rounded = half_up(multiplied + shifted, self.shift.into());
                output.push((rounded + zero).clamp(minimum, maximum) as i8);
            }
        }
        output
    }
}

const CHANNELS: usize = 6;

fn random(seed: u64) -> (Norm, Vec<i8>) {
    let mut random = Random(seed);
    let shift = 16 + (seed % 32) as u8;
    // Scales of up to some dozen steps, where the shift lets them be so small.
    let most = (40.0 * f64::from(i32::from(shift) - 20).exp2()).min(2f64.powi(31));
    let norm = Norm {
        range: [byte(&mut random) / 2, -128, 127],
        epsilon: (f64::from(random.uniform().abs()) * (1u64 << (seed % 50)) as f64) as u64,
        multipliers: (0..CHANNELS).map(|_| (f64::from(random.uniform()) * most) as i32).collect(),
        biases: (0..CHANNELS).map(|_| (random.uniform() * 30.0 * 65536.0) as i32).collect(),
        shift,
    };
    // Some inputs spread over all bytes, others over a few.
    let spread = 1 + (seed % 7) as i8 * 20;
    let input =
        (0..20 * CHANNELS).map(|_| (byte(&mut random) / spread).saturating_add(3)).collect();
    (norm, input)
}

type ByPosition = int8::LayerNorm<Map<4, 5, CHANNELS>>;

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_layer_norm_is_its_formula_position_by_position() -> Result<(), Error> {
    let mut seen = [false; 256];
    for seed in 0..200 {
        let (norm, input) = random(seed);
        let output = infer::<ByPosition>(&norm.bytes(), &input)?;
        assert_eq!(output, norm.normalised(&input), "seed {seed}");
        output.iter().for_each(|value| seen[(i16::from(*value) + 128) as usize] = true);
    }
    // The formula is no constant, and its clamps are not all that there is.
    assert!(seen.iter().filter(|seen| **seen).count() > 200);
    Ok(())
}

/// Half a step for the byte, and before it is rounded what the documentation says:
/// `2^-16 (1 + v + s)` for a value of magnitude `v` and scales of up to `s`, both in steps.
#[test]
fn a_layer_norm_is_within_its_rounding_of_real_numbers() -> Result<(), Error> {
    let mut worst = 0.0f64;
    for seed in 0..200 {
        let (norm, input) = random(seed);
        let scale =
            |multiplier: i32| f64::from(multiplier) * f64::from(20 - i32::from(norm.shift)).exp2();
        let largest = norm.multipliers.iter().map(|m| scale(*m).abs()).fold(0.0, f64::max);
        let output = infer::<ByPosition>(&norm.bytes(), &input)?;
        let count = CHANNELS as f64;
        let positions = input.chunks_exact(CHANNELS).zip(output.chunks_exact(CHANNELS));
        for (input, output) in positions {
            let mean = input.iter().map(|q| f64::from(*q)).sum::<f64>() / count;
            let variance =
                input.iter().map(|q| (f64::from(*q) - mean).powi(2)).sum::<f64>() / count;
            let epsilon = norm.epsilon as f64 / 65536.0 / (count * count);
            for (channel, (q, found)) in input.iter().zip(output).enumerate() {
                let deviation = (variance + epsilon).sqrt();
                let normal = if deviation > 0.0 { (f64::from(*q) - mean) / deviation } else { 0.0 };
                let value = scale(norm.multipliers[channel]) * normal
                    + f64::from(norm.biases[channel]) / 65536.0;
                let exact = (value + f64::from(norm.range[0])).clamp(-128.0, 127.0);
                let difference = (exact - f64::from(*found)).abs();
                let most = (1.0 + value.abs() + largest) * f64::from(-16).exp2();
                assert!(difference <= 0.5 + most, "seed {seed}: {found}, expected {exact}");
                worst = worst.max(difference);
            }
        }
    }
    // The bytes are the nearest, and no nearer.
    assert!((0.49..0.501).contains(&worst), "{worst}");
    Ok(())
}

#[test]
fn equal_bytes_give_the_shifts_with_or_without_an_epsilon() -> Result<(), Error> {
    for epsilon in [0, 1, 1 << 16, int8::LARGEST_EPSILON] {
        for value in [-128, 0, 127] {
            let norm = Norm {
                range: [5, -128, 127],
                epsilon,
                multipliers: vec![i32::MAX, i32::MIN, 1],
                biases: vec![3 << 16, -(7 << 16), i32::MAX],
                shift: 20,
            };
            let output = infer::<int8::LayerNorm<Signal<1, 3>>>(&norm.bytes(), &[value; 3])?;
            assert_eq!(output, [8, -2, 127]);
        }
    }
    // A single value is its own mean.
    let norm = Norm {
        range: [0, -128, 127],
        epsilon: 0,
        multipliers: vec![1 << 30],
        biases: vec![9 << 16],
        shift: 30,
    };
    assert_eq!(infer::<int8::LayerNorm<Signal<2, 1>>>(&norm.bytes(), &[-128, 127])?, [9, 9]);
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_longest_layer_norm_of_the_most_extreme_bytes_does_not_overflow() -> Result<(), Error> {
    const COUNT: usize = int8::LONGEST_SUM;
    type Longest = int8::LayerNorm<Signal<1, COUNT>>;
    let alone = |index: usize| if index == 7 { 127 } else { -128 };
    let halves = |index: usize| if index.is_multiple_of(2) { 127 } else { -128 };
    for input in [(0..COUNT).map(alone).collect::<Vec<i8>>(), (0..COUNT).map(halves).collect()] {
        for (multiplier, bias, shift) in
            [(i32::MAX, i32::MAX, 47), (i32::MIN, i32::MIN, 47), (i32::MAX, i32::MAX, 16)]
        {
            for epsilon in [0, int8::LARGEST_EPSILON] {
                let norm = Norm {
                    range: [0, -128, 127],
                    epsilon,
                    multipliers: vec![multiplier; COUNT],
                    biases: vec![bias; COUNT],
                    shift,
                };
                assert_eq!(infer::<Longest>(&norm.bytes(), &input)?, norm.normalised(&input));
            }
        }
    }
    Ok(())
}

#[test]
fn parameters_of_a_layer_norm_that_would_overflow_are_refused() {
    type Norms = int8::LayerNorm<Signal<1, 1>>;
    let norm = |epsilon, shift, range| {
        Norm { range, epsilon, multipliers: vec![1], biases: vec![1], shift }.bytes()
    };
    let whole = [0, -128, 127];
    assert_eq!(Norms::check(&norm(int8::LARGEST_EPSILON, 47, whole)), Ok(()));
    assert_eq!(Norms::check(&norm(0, 16, whole)), Ok(()));
    for wrong in [
        norm(int8::LARGEST_EPSILON + 1, 47, whole),
        norm(0, 48, whole),
        norm(0, 15, whole),
        norm(0, 20, [0, 1, 0]),
    ] {
        let error = Norms::check(&wrong);
        assert!(matches!(error, Err(Error::Setting { .. })), "{error:?}");
    }
    let short = Norms::check(&norm(0, 20, whole)[1..]);
    assert!(matches!(short, Err(Error::Length { expected: 21, actual: 20, .. })), "{short:?}");
}

#[test]
fn a_prelu_multiplies_what_is_below_zero_by_the_slope_of_its_channel() -> Result<(), Error> {
    let (above, below) = ((1_i32 << 30, 30_u8), (1_i32 << 30, 38_u8));
    let mut bytes = vec![3, 10, 128, 127];
    for (multiplier, shift) in [above, below] {
        bytes.extend(multiplier.to_le_bytes());
        bytes.push(shift);
    }
    // In 256ths: a half, one and a half, and a slope the other way.
    bytes.extend([128_i16, 384, -256].iter().flat_map(|slope| slope.to_le_bytes()));
    let input = [13, 3, 53, -17, -17, -17, -16, -128, 2];
    let output = infer::<int8::PRelu<Map<1, 3, 3>>>(&bytes, &input)?;
    // Halves are rounded up, and what is beyond the bytes is cut.
    assert_eq!(output, [20, 10, 60, 0, -20, 30, 1, -128, 11]);
    bytes[0] = 128;
    bytes[8] = 0;
    assert!(matches!(int8::PRelu::<Map<1, 3, 3>>::check(&bytes), Err(Error::Setting { .. })));
    Ok(())
}

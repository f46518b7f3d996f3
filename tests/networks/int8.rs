//! Int8 backbones against the same arithmetic in wider integers, written index by index.

use crate::support::random::Random;
use rolling_ball::Error;
use rolling_ball::kernels::{Active, Scalar};
use rolling_ball::nn::int8::{self, Int8Backbone, Layer};
use rolling_ball::nn::{
    Backbone, Dense, Dilation, Input, Kernel, Map, Network, Padding, PaddingBySide, Quantized,
    Signal, Stride, Window,
};

/// Zero of the input; zero, minimum and maximum of the output.
type Range = [i8; 4];

/// `multiplier / 2^shift`
type Factor = (i32, u8);

/// `y = clamp(round(sum * multiplier / 2^shift) + zero)`, with halves rounded up.
fn requantised(sum: i64, factor: Factor, range: Range) -> i8 {
    let (multiplier, shift) = (i128::from(factor.0), i128::from(1_i64 << factor.1));
    output((2 * i128::from(sum) * multiplier + shift).div_euclid(2 * shift), range)
}

fn output(rounded: i128, [_, zero, minimum, maximum]: Range) -> i8 {
    (rounded + i128::from(zero)).clamp(i128::from(minimum), i128::from(maximum)) as i8
}

/// The nearest factor, with a multiplier from 2^30 on.
fn factor(value: f64) -> Factor {
    let bits = (30 - value.log2().floor() as i32).min(int8::LARGEST_SHIFT as i32);
    let multiplier = (value * f64::from(bits).exp2()).round();
    // What is rounded to 2^31 is 2^30 with a shift of one less.
    if multiplier < 2f64.powi(31) {
        (multiplier as i32, bits as u8)
    } else {
        (1 << 30, bits as u8 - 1)
    }
}

/// A window that slides over a map, element by element with the padding written out.
#[derive(Clone, Copy)]
struct Sliding {
    map: [usize; 3],
    size: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Sliding {
    /// For every window its elements: `(row, column, channel)` in it, and the index in the map or
    /// none.
    fn windows(self) -> Vec<Vec<([usize; 3], Option<usize>)>> {
        let [height, width, channels] = self.map;
        let places =
            |d: usize| (self.map[d] + 2 * self.padding[d] - self.size[d]) / self.stride[d] + 1;
        let mut windows = Vec::new();
        for (top, left) in (0..places(0)).flat_map(|y| (0..places(1)).map(move |x| (y, x))) {
            let mut window = Vec::new();
            for row in 0..self.size[0] {
                for column in 0..self.size[1] {
                    let y = (top * self.stride[0] + row).checked_sub(self.padding[0]);
                    let x = (left * self.stride[1] + column).checked_sub(self.padding[1]);
                    for channel in 0..channels {
                        let index = match (y, x) {
                            (Some(y), Some(x)) if y < height && x < width => {
                                Some((y * width + x) * channels + channel)
                            }
                            _ => None,
                        };
                        window.push(([row, column, channel], index));
                    }
                }
            }
            windows.push(window);
        }
        windows
    }
}

/// A layer's parameters, as numbers.
struct Parameters {
    range: Range,
    factors: Vec<Factor>,
    biases: Vec<i32>,
    weights: Vec<i8>,
}

impl Parameters {
    /// `scale` keeps the outputs of so many products within the bytes, most of the time.
    fn random(random: &mut Random, outputs: usize, weights: usize, products: usize) -> Self {
        let byte = |random: &mut Random| (random.uniform() * 127.5 - 0.5).round() as i8;
        let spread = 1.0 / (74.0 * (products as f32).sqrt());
        Self {
            range: [byte(random) / 2, byte(random) / 2, -120, 125],
            factors: (0..outputs)
                .map(|_| factor(f64::from((1.0 + 0.5 * random.uniform()) * spread)))
                .collect(),
            biases: (0..outputs).map(|_| (random.uniform() * 1e4) as i32).collect(),
            weights: (0..weights).map(|_| byte(random)).collect(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.range.iter().map(|value| *value as u8).collect();
        bytes.extend(self.factors.iter().flat_map(|(multiplier, _)| multiplier.to_le_bytes()));
        bytes.extend(self.biases.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(self.factors.iter().map(|(_, shift)| shift));
        bytes.extend(self.weights.iter().map(|value| *value as u8));
        bytes
    }

    fn convolve(&self, sliding: Sliding, input: &[i8]) -> Vec<i8> {
        let mut output = Vec::new();
        for window in sliding.windows() {
            for (filter, factor) in self.factors.iter().enumerate() {
                let mut sum = i64::from(self.biases[filter]);
                for (place, (_, index)) in window.iter().enumerate() {
                    let value = index.map_or(0, |index| self.value(input[index]));
                    sum += value * i64::from(self.weights[filter * window.len() + place]);
                }
                output.push(requantised(sum, *factor, self.range));
            }
        }
        output
    }

    fn convolve_channels(&self, sliding: Sliding, input: &[i8]) -> Vec<i8> {
        let mut output = Vec::new();
        for window in sliding.windows() {
            for (wanted, factor) in self.factors.iter().enumerate() {
                let mut sum = i64::from(self.biases[wanted]);
                for (place, ([_, _, channel], index)) in window.iter().enumerate() {
                    if *channel == wanted {
                        let value = index.map_or(0, |index| self.value(input[index]));
                        sum += value * i64::from(self.weights[place]);
                    }
                }
                output.push(requantised(sum, *factor, self.range));
            }
        }
        output
    }

    fn value(&self, byte: i8) -> i64 {
        i64::from(byte) - i64::from(self.range[0])
    }
}

fn of_channel(
    window: &[([usize; 3], Option<usize>)],
    wanted: usize,
) -> impl Iterator<Item = usize> {
    window.iter().filter(move |([_, _, channel], _)| *channel == wanted).filter_map(|(_, i)| *i)
}

fn max_pool(sliding: Sliding, input: &[i8]) -> Vec<i8> {
    let windows = sliding.windows();
    let pooled = windows.iter().flat_map(|window| {
        (0..sliding.map[2])
            .map(|channel| of_channel(window, channel).map(|i| input[i]).max().unwrap_or(i8::MIN))
    });
    pooled.collect()
}

/// With the padding counted; halves are rounded away from zero.
fn mean_pool(sliding: Sliding, range: Range, factor: Factor, input: &[i8]) -> Vec<i8> {
    let windows = sliding.windows();
    let count = (sliding.size[0] * sliding.size[1]) as i128;
    let pooled = windows.iter().flat_map(|window| {
        (0..sliding.map[2]).map(move |channel| {
            let values = of_channel(window, channel).map(|i| input[i]);
            let sum: i128 = values.map(|value| i128::from(value) - i128::from(range[0])).sum();
            let (multiplier, divisor) = (i128::from(factor.0), count << factor.1);
            let magnitude = (2 * sum.abs() * multiplier + divisor) / (2 * divisor);
            output(magnitude * sum.signum(), range)
        })
    });
    pooled.collect()
}

fn bytes(random: &mut Random, count: usize) -> Vec<i8> {
    (0..count).map(|_| (random.uniform() * 127.5 - 0.5).round() as i8).collect()
}

fn infer<L: Layer>(parameters: &[u8], input: &[i8]) -> Result<Vec<i8>, Error> {
    L::check(parameters)?;
    let (mut front, mut back) = (vec![99; L::WIDTH], vec![99; L::WIDTH]);
    let mut inside = vec![99; L::INSIDE];
    front[..L::INPUTS].copy_from_slice(input);
    let (output, _) = L::infer(parameters, &mut front, &mut back, &mut inside)?;
    let output = output[..L::OUTPUTS].to_vec();
    // It lies where the layer says.
    let expected = if L::ENDS_IN_BACK { &back } else { &front };
    assert_eq!(output, expected[..L::OUTPUTS]);
    Ok(output)
}

#[test]
fn convolutions_are_the_sums_of_their_windows() -> Result<(), Error> {
    type Layer = int8::Conv2d<Map<7, 5, 3>, Window<Kernel<3, 2>, Stride<2, 1>, Padding<2, 1>>, 4>;
    let sliding = Sliding { map: [7, 5, 3], size: [3, 2], stride: [2, 1], padding: [2, 1] };
    for seed in 0..20 {
        let mut random = Random(seed);
        let parameters = Parameters::random(&mut random, 4, 4 * 18, 18);
        let input = bytes(&mut random, 7 * 5 * 3);
        let output = infer::<Layer>(&parameters.bytes(), &input)?;
        assert_eq!(output, parameters.convolve(sliding, &input));
        // The reference is no constant.
        assert!(output.iter().any(|value| *value != output[0]));
    }
    Ok(())
}

/// Padding by side and dilation are those of `f32`: the window of 2 x 2 with gaps is one of 3 x 3
/// whose weights between are 0, and the zeros that are on one side only are windows left out.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn windows_with_gaps_and_zeros_on_one_side_are_those_of_the_float_layers() -> Result<(), Error> {
    type M = Map<6, 5, 3>;
    type Gaps = Window<Kernel<2>, Stride<1>, PaddingBySide<1, 0, 0, 1>, Dilation<2>>;
    let sliding = Sliding { map: [6, 5, 3], size: [3, 3], stride: [1, 1], padding: [1, 1] };
    for seed in 0..10 {
        let mut random = Random(seed);
        let parameters = Parameters::random(&mut random, 2, 2 * 12, 12);
        let input = bytes(&mut random, 90);
        let spread = |weights: &[i8]| -> Vec<i8> {
            let at = |y: usize, x: usize, c: usize| {
                let inside = y.is_multiple_of(2) && x.is_multiple_of(2);
                if inside { weights[(y / 2 * 2 + x / 2) * 3 + c] } else { 0 }
            };
            (0..27).map(|index| at(index / 9, index / 3 % 3, index % 3)).collect()
        };
        let wide = Parameters {
            weights: parameters.weights.chunks(12).flat_map(spread).collect(),
            factors: parameters.factors.clone(),
            biases: parameters.biases.clone(),
            ..parameters
        };
        // All windows of the symmetric padding but the last row and the first column.
        let all = wide.convolve(sliding, &input);
        let expected: Vec<i8> =
            all.chunks(5 * 2).take(5).flat_map(|row| row[2..].to_vec()).collect();
        assert_eq!(infer::<int8::Conv2d<M, Gaps, 2>>(&parameters.bytes(), &input)?, expected);
    }
    Ok(())
}

#[test]
fn convolutions_in_time_are_convolutions_over_one_row() -> Result<(), Error> {
    type Layer = int8::Conv1d<Signal<16, 20>, Window<Kernel<3>, Stride<2>, Padding<1>>, 8>;
    let sliding = Sliding { map: [1, 16, 20], size: [1, 3], stride: [1, 2], padding: [0, 1] };
    let mut random = Random(3);
    let parameters = Parameters::random(&mut random, 8, 8 * 60, 60);
    let input = bytes(&mut random, 320);
    let output = infer::<Layer>(&parameters.bytes(), &input)?;
    assert_eq!(output, parameters.convolve(sliding, &input));
    Ok(())
}

#[test]
fn depthwise_convolutions_keep_the_channels_apart() -> Result<(), Error> {
    type Layer = int8::DepthwiseConv2d<Map<6, 5, 3>, Window<Kernel<3>, Stride<1, 2>, Padding<1>>>;
    let sliding = Sliding { map: [6, 5, 3], size: [3, 3], stride: [1, 2], padding: [1, 1] };
    for seed in 0..20 {
        let mut random = Random(seed);
        let parameters = Parameters::random(&mut random, 3, 27, 9);
        let input = bytes(&mut random, 90);
        let output = infer::<Layer>(&parameters.bytes(), &input)?;
        assert_eq!(output, parameters.convolve_channels(sliding, &input));
    }
    Ok(())
}

/// Such windows are read where they lie: none is gathered.
#[test]
fn windows_that_tile_the_map_need_no_memory_and_give_the_same() -> Result<(), Error> {
    type Input = Map<2, 3, 21>;
    type All = Window<Kernel<2, 3>>;
    let all = Sliding { map: [2, 3, 21], size: [2, 3], stride: [1, 1], padding: [0, 0] };
    let one = Sliding { size: [1, 1], ..all };
    for seed in 0..10 {
        let mut random = Random(seed);
        let input = bytes(&mut random, 126);
        let parameters = Parameters::random(&mut random, 21, 126, 6);
        let output = infer::<int8::DepthwiseConv2d<Input, All>>(&parameters.bytes(), &input)?;
        assert_eq!(output, parameters.convolve_channels(all, &input));
        let parameters = Parameters::random(&mut random, 21, 21, 1);
        let output = infer::<int8::ScaleShift<Input>>(&parameters.bytes(), &input)?;
        assert_eq!(output, parameters.convolve_channels(one, &input));
        let parameters = Parameters::random(&mut random, 7, 7 * 126, 126);
        let output = infer::<int8::Conv2d<Input, All, 7>>(&parameters.bytes(), &input)?;
        assert_eq!(output, parameters.convolve(all, &input));
        let parameters = Parameters::random(&mut random, 7, 7 * 21, 21);
        let output = infer::<int8::PointwiseConv2d<Input, 7>>(&parameters.bytes(), &input)?;
        assert_eq!(output, parameters.convolve(one, &input));
    }
    assert_eq!(int8::DepthwiseConv2d::<Input, All>::INSIDE, 0);
    assert_eq!(int8::Conv2d::<Input, All, 7>::INSIDE, 0);
    Ok(())
}

#[test]
fn a_dense_layer_is_one_window_over_everything() -> Result<(), Error> {
    let sliding = Sliding { map: [1, 1, 40], size: [1, 1], stride: [1, 1], padding: [0, 0] };
    for seed in 0..20 {
        let mut random = Random(seed);
        let parameters = Parameters::random(&mut random, 6, 240, 40);
        let input = bytes(&mut random, 40);
        let output = infer::<int8::Dense<40, 6>>(&parameters.bytes(), &input)?;
        assert_eq!(output, parameters.convolve(sliding, &input));
    }
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn pools_take_the_largest_or_the_mean_of_each_channel() -> Result<(), Error> {
    type M = Map<6, 5, 3>;
    type S = Window<Kernel<3, 2>, Stride<2>, Padding<1>>;
    let sliding = Sliding { map: [6, 5, 3], size: [3, 2], stride: [2, 2], padding: [1, 1] };
    let whole = Sliding { map: [6, 5, 3], size: [6, 5], stride: [1, 1], padding: [0, 0] };
    let range = [-3, 7, -100, 110];
    for seed in 0..20 {
        let mut random = Random(seed);
        let input = bytes(&mut random, 90);
        assert_eq!(infer::<int8::MaxPool<M, S>>(&[], &input)?, max_pool(sliding, &input));
        let factor = factor(f64::from(1.5 + random.uniform()));
        let parameters = with_factor(range, factor);
        let mean = infer::<int8::AveragePool<M, S>>(&parameters, &input)?;
        assert_eq!(mean, mean_pool(sliding, range, factor, &input));
        let mean = infer::<int8::GlobalAveragePool<M>>(&parameters, &input)?;
        assert_eq!(mean, mean_pool(whole, range, factor, &input));
    }
    Ok(())
}

/// The positions that count are those of the map; the divisor of a window is how many it sees.
#[test]
fn a_mean_divides_by_what_counts_in_each_window() -> Result<(), Error> {
    type M = Map<6, 5, 3>;
    type S = Window<Kernel<3, 2>, Stride<2>, PaddingBySide<1, 1, 0, 1>>;
    let (factor, range) = ((1 << 30, 30), [0, 0, -128, 127]);
    for seed in 0..20 {
        let input = bytes(&mut Random(seed), 90);
        let parameters = with_factor(range, factor);
        let found = infer::<int8::AveragePool<M, S, Padding<0>>>(&parameters, &input)?;
        let mut found = found.chunks(3);
        for top in [0, 2, 4] {
            for left in [0, 2, 4] {
                let (rows, columns) = ((top.max(1) - 1)..(top + 2).min(6), left..(left + 2).min(5));
                let seen: Vec<usize> =
                    rows.flat_map(|y| columns.clone().map(move |x| (y * 5 + x) * 3)).collect();
                let mean = |channel: usize| {
                    let sum: i32 = seen.iter().map(|at| i32::from(input[at + channel])).sum();
                    let count = seen.len() as i32;
                    (((2 * sum.abs() + count) / (2 * count)) * sum.signum()) as i8
                };
                assert_eq!(found.next(), Some(&[mean(0), mean(1), mean(2)][..]));
            }
        }
        assert_eq!(found.next(), None);
    }
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_filter_of_a_group_sees_the_channels_of_its_group() -> Result<(), Error> {
    type M = Map<6, 5, 6>;
    type W = Window<Kernel<3, 2>, Stride<2, 1>, Padding<1>>;
    let sliding = Sliding { map: [6, 5, 6], size: [3, 2], stride: [2, 1], padding: [1, 1] };
    fn check<const FILTERS: usize, const GROUPS: usize>(sliding: Sliding) -> Result<(), Error> {
        let channels = 6 / GROUPS;
        let each = 3 * 2 * channels;
        for seed in 0..10 {
            let mut random = Random(seed);
            let parameters = Parameters::random(&mut random, FILTERS, FILTERS * each, each);
            let input = bytes(&mut random, 180);
            // The same as filters over all channels, whose weights for the others are 0.
            let wide = Parameters {
                weights: (0..FILTERS * each * GROUPS)
                    .map(|index| {
                        let (filter, place) = (index / 36, index % 36);
                        let (position, channel) = (place / 6, place % 6);
                        let group = filter / (FILTERS / GROUPS);
                        if channel / channels != group {
                            return 0;
                        }
                        let at = position * channels + channel % channels;
                        parameters.weights[filter * each + at]
                    })
                    .collect(),
                factors: parameters.factors.clone(),
                biases: parameters.biases.clone(),
                ..parameters
            };
            let found =
                infer::<int8::GroupedConv2d<M, W, FILTERS, GROUPS>>(&parameters.bytes(), &input)?;
            assert_eq!(found, wide.convolve(sliding, &input));
        }
        Ok(())
    }
    check::<4, 2>(sliding)?;
    check::<9, 3>(sliding)?;
    check::<12, 6>(sliding)?;
    check::<30, 6>(sliding)?;
    check::<5, 1>(sliding)
}

fn with_factor(range: Range, (multiplier, shift): Factor) -> Vec<u8> {
    let range = range.iter().map(|value| *value as u8);
    range.chain(multiplier.to_le_bytes()).chain([shift]).collect()
}

/// As TFLite does where a pool keeps its input's scale: the sum of the bytes, divided.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_mean_in_its_inputs_scale_is_the_sum_divided_with_halves_away_from_zero() -> Result<(), Error> {
    fn check<const COUNT: usize>() -> Result<(), Error> {
        type Mean<const COUNT: usize> = int8::GlobalAveragePool<Signal<COUNT, 1>>;
        let parameters = with_factor([0, 0, -128, 127], (1 << 30, 30));
        // All sums, or enough of them that every residue is among them.
        for sum in -128 * COUNT as i32..=127 * COUNT as i32 {
            let mut rest = sum;
            let values: [i8; COUNT] = core::array::from_fn(|_| {
                let value = rest.clamp(-128, 127);
                rest -= value;
                value as i8
            });
            let half = COUNT as i32 / 2;
            let expected = (sum + half * sum.signum()) / COUNT as i32;
            assert_eq!(infer::<Mean<COUNT>>(&parameters, &values)?, [expected as i8], "{sum}");
        }
        Ok(())
    }
    check::<1>()?;
    check::<2>()?;
    check::<3>()?;
    check::<6>()?;
    check::<25>()?;
    check::<64>()
}

#[test]
fn padding_is_the_value_zero_wherever_the_zero_lies() -> Result<(), Error> {
    // An input of zeros leaves the bias alone, at the border as in the middle.
    type Layer = int8::Conv2d<Map<4, 4, 2>, Window<Kernel<3>, Stride<1>, Padding<1>>, 1>;
    for zero in [-128, -5, 0, 99] {
        let parameters = Parameters {
            range: [zero, 0, -128, 127],
            factors: vec![(1 << 30, 30)],
            biases: vec![42],
            weights: (0..18).map(|index| index * 7 - 60).collect(),
        };
        assert_eq!(infer::<Layer>(&parameters.bytes(), &[zero; 32])?, [42; 16]);
    }
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_longest_sum_of_the_largest_products_does_not_overflow() -> Result<(), Error> {
    type Layer = int8::Dense<{ int8::LONGEST_SUM }, 2>;
    let most = int8::LARGEST_BIAS as i32;
    for (weight, bias) in [(-128, -most), (127, most)] {
        let parameters = Parameters {
            range: [-128, 0, -128, 127],
            factors: vec![factor(1e-9), factor(1e-7)],
            biases: vec![bias; 2],
            weights: vec![weight; 2 * int8::LONGEST_SUM],
        };
        let output = infer::<Layer>(&parameters.bytes(), &[127; int8::LONGEST_SUM])?;
        let sum = i64::from(weight) * 255 * int8::LONGEST_SUM as i64 + i64::from(bias);
        assert!(i32::try_from(sum).is_ok());
        let expected: Vec<i8> = parameters
            .factors
            .iter()
            .map(|factor| requantised(sum, *factor, parameters.range))
            .collect();
        assert_eq!(output, expected);
    }
    Ok(())
}

/// The output of a layer whose sum is this.
fn of_sum(sum: i32, factor: Factor, range: Range) -> Result<Vec<i8>, Error> {
    let parameters =
        Parameters { range, factors: vec![factor], biases: vec![sum], weights: vec![1] };
    infer::<int8::Dense<1, 1>>(&parameters.bytes(), &[range[0]])
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn halves_are_rounded_up() -> Result<(), Error> {
    for shift in [1_u8, 10, 30, 31, 32, 33, 34, 47] {
        // Their product is of halves.
        let bits = (shift - 1).min(30);
        let factor = (1 << bits, shift);
        for (halves, expected) in [(1, 1), (3, 2), (5, 3), (-1, 0), (-3, -1), (-5, -2), (2, 1)] {
            let found = of_sum(halves << (shift - 1 - bits), factor, [0, 0, -128, 127])?;
            assert_eq!(found, [expected], "{halves}, shift {shift}");
        }
    }
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn every_factor_that_is_taken_multiplies_exactly() -> Result<(), Error> {
    let mut random = Random(11);
    let mut whole = |most: f64| (f64::from(random.uniform()) * most) as i32;
    for _ in 0..20_000 {
        let shift = (whole(24.0).unsigned_abs() * 2 + 1) as u8;
        let sum = whole(f64::from(1 << 30)) >> (whole(30.0).unsigned_abs());
        let factor = (whole(2f64.powi(31)).saturating_abs(), shift);
        let range = [0, 3, -128, 127];
        assert_eq!(of_sum(sum, factor, range)?, [requantised(sum.into(), factor, range)]);
    }
    for factor in [(i32::MAX, 1), (i32::MAX, 32), (i32::MAX, 33), (i32::MAX, 47), (0, 1), (1, 47)] {
        for sum in [1 << 30, -(1 << 30), 1, -1, 0] {
            let range = [0, 127, -50, 100];
            assert_eq!(of_sum(sum, factor, range)?, [requantised(sum.into(), factor, range)]);
        }
    }
    Ok(())
}

type Layers = (
    int8::Conv2d<Map<8, 8, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>, 4>,
    int8::MaxPool<Map<8, 8, 4>, Window<Kernel<2>, Stride<2>>>,
    int8::Dense<64, 6>,
);
type Eight<'a> = Int8Backbone<'a, Layers>;
type Net<'a> = Network<'a, Dense<6, 3>, Eight<'a>>;

/// A backbone's bytes, and its layers.
fn backbone(seed: u64) -> (Vec<u8>, Parameters, Parameters) {
    let mut random = Random(seed);
    let first = Parameters::random(&mut random, 4, 36, 9);
    let mut last = Parameters::random(&mut random, 6, 6 * 64, 64);
    last.range[0] = first.range[1];
    let mut bytes = b"RBQ2".to_vec();
    bytes.extend(20.0f32.to_le_bytes());
    bytes.extend(0.25f32.to_le_bytes());
    bytes.extend([first.range[0] as u8, last.range[1] as u8]);
    bytes.extend(first.bytes());
    bytes.extend(last.bytes());
    (bytes, first, last)
}

fn pixels(seed: u64) -> [u8; 64] {
    let mut random = Random(seed + 1000);
    core::array::from_fn(|_| ((random.uniform() + 1.0) * 127.5) as u8)
}

fn features(bytes: &[u8], input: &impl Input, scratch: &mut [f32]) -> Result<[f32; 6], Error> {
    let mut features = [f32::NAN; 6];
    Eight::new(bytes)?.features::<Active>(input, scratch, &mut features)?;
    Ok(features)
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_backbone_quantises_its_input_and_scales_its_features() -> Result<(), Error> {
    for seed in 0..20 {
        let (bytes, first, last) = backbone(seed);
        let values = pixels(seed);
        let input = Quantized { values: &values, scale: 0.05, offset: -6.0 };
        let quantised: Vec<i8> = values
            .iter()
            .map(|pixel| {
                let value = f32::from(*pixel) * 0.05 + -6.0;
                let steps = f64::from(value * 20.0).round_ties_even();
                (steps + f64::from(first.range[0])).clamp(-128.0, 127.0) as i8
            })
            .collect();
        let map = Sliding { map: [8, 8, 1], size: [3, 3], stride: [1, 1], padding: [1, 1] };
        let pool = Sliding { map: [8, 8, 4], size: [2, 2], stride: [2, 2], padding: [0, 0] };
        let all = Sliding { map: [1, 1, 64], size: [1, 1], stride: [1, 1], padding: [0, 0] };
        let pooled = max_pool(pool, &first.convolve(map, &quantised));
        let output = last.convolve(all, &pooled);
        let expected: Vec<f32> = output.iter().map(|byte| last_value(&last, *byte)).collect();
        // What lies in the scratch slice does not matter.
        let mut scratch = [f32::NAN; Eight::SCRATCH];
        let found = features(&bytes, &input, &mut scratch)?;
        assert_eq!(found.map(f32::to_bits).as_slice(), bits(&expected));
        assert_eq!(features(&bytes, &input, &mut scratch)?.map(f32::to_bits)[..], bits(&expected));
    }
    Ok(())
}

fn last_value(last: &Parameters, byte: i8) -> f32 {
    (i32::from(byte) - i32::from(last.range[1])) as f32 * 0.25
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn scalar_and_active_kernels_give_the_same_network() -> Result<(), Error> {
    let (bytes, ..) = backbone(5);
    let values = pixels(5);
    let input = Quantized { values: &values, scale: 0.05, offset: -6.0 };
    let mut random = Random(9);
    let theta: [f32; 21] = core::array::from_fn(|_| 0.5 * random.uniform());
    let network = Net::with_backbone(Eight::new(&bytes)?, &[])?;
    let (mut one, mut other) = ([0.0; Net::SCRATCH], [0.0; Net::SCRATCH]);
    let active = network.predict(&theta, &input, &mut one)?;
    let scalar = network.with_backend(Scalar).predict(&theta, &input, &mut other)?;
    assert_eq!(bits(active), bits(scalar));
    Ok(())
}

#[test]
fn bytes_may_lie_at_any_address() -> Result<(), Error> {
    let (bytes, ..) = backbone(2);
    let values = pixels(2);
    let input = Quantized { values: &values, scale: 0.05, offset: -6.0 };
    let mut scratch = [0.0; Eight::SCRATCH];
    let expected = features(&bytes, &input, &mut scratch)?;
    for shift in 1..4 {
        let moved: Vec<u8> = std::iter::repeat_n(0, shift).chain(bytes.clone()).collect();
        assert_eq!(features(&moved[shift..], &input, &mut scratch)?, expected);
    }
    Ok(())
}

#[test]
fn a_backbone_takes_a_byte_where_f32_takes_four() {
    // Two buffers of the widest vector, 8 x 8 x 4, and four windows of 3 x 3.
    assert_eq!(Eight::SCRATCH * 4, 2 * 256 + 4 * 9);
    let layers = (4 + 9 * 4 + 36) + (4 + 9 * 6 + 384);
    assert_eq!(Eight::BYTES, 14 + layers);
}

#[test]
fn an_input_that_is_not_finite_is_refused_as_behind_layers_in_f32() -> Result<(), Error> {
    let (bytes, ..) = backbone(1);
    let mut scratch = [0.0; Eight::SCRATCH];
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for place in [0, 17, 63] {
            let mut input = [0.5f32; 64];
            input[place] = value;
            let features = features(&bytes, &input.as_slice(), &mut scratch)?;
            assert!(features.iter().all(|feature| feature.is_nan()), "{value} at {place}");
        }
    }
    Ok(())
}

#[test]
fn wrong_bytes_are_refused_by_name() {
    let (bytes, ..) = backbone(1);
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = bytes.clone();
        change(&mut changed);
        Eight::new(&changed).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(refused(&|_| {}), "");
    let length = bytes.len();
    for (change, complaint) in [
        (
            (&|bytes: &mut Vec<u8>| bytes.truncate(9)) as &dyn Fn(&mut Vec<u8>),
            format!("bytes of the int8 backbone: expected length {length}, got 9"),
        ),
        (
            &|bytes| bytes.push(0),
            format!("bytes of the int8 backbone: expected length {length}, got {}", length + 1),
        ),
        (&|bytes| bytes[3] = b'0', "int8 backbone: expected RBQ2 at the beginning".to_owned()),
        (
            &|bytes| {
                bytes[3] = b'1';
                bytes.truncate(100);
            },
            "int8 backbone: expected RBQ2 at the beginning, not RBQ1 of an earlier version: import \
             it again"
                .to_owned(),
        ),
        (
            &|bytes| bytes[4..8].copy_from_slice(&f32::NAN.to_le_bytes()),
            "int8 scale: expected a finite number above 0, got NaN".to_owned(),
        ),
        (
            &|bytes| bytes[18..22].copy_from_slice(&(-1i32).to_le_bytes()),
            "int8 multiplier: expected no less than 0, got -1".to_owned(),
        ),
        (
            &|bytes| bytes[50] = 0,
            "int8 shift: expected from 1 to the largest at which nothing overflows (see nn::int8), \
             got 0"
                .to_owned(),
        ),
        (&|bytes| bytes[53] = 48, "got 48".to_owned()),
        (
            &|bytes| bytes[34..38].copy_from_slice(&i32::MIN.to_le_bytes()),
            "int8 bias: expected at most int8::LARGEST_BIAS in magnitude".to_owned(),
        ),
        (
            &|bytes| bytes[16..18].copy_from_slice(&[1, 0]),
            "maximum of an int8 output: expected no less than its minimum, got 0".to_owned(),
        ),
    ] {
        let said = refused(change);
        assert!(said.contains(&complaint), "expected {complaint:?}, got {said:?}");
    }
}

#[test]
fn inputs_and_buffers_of_another_length_are_refused() -> Result<(), Error> {
    let (bytes, ..) = backbone(1);
    let backbone = Eight::new(&bytes)?;
    let said = |input: &[f32], scratch: usize, features: usize| {
        let (mut scratch, mut features) = (vec![0.0; scratch], vec![0.0; features]);
        backbone.features::<Active>(&input, &mut scratch, &mut features)
    };
    let length = |what, expected, actual| Err(Error::Length { what, expected, actual });
    assert_eq!(said(&[0.0; 63], Eight::SCRATCH, 6), length("sample", 64, 63));
    assert_eq!(said(&[0.0; 64], Eight::SCRATCH - 1, 6), length("scratch", 137, 136));
    assert_eq!(said(&[0.0; 64], Eight::SCRATCH, 7), length("features", 6, 7));
    assert_eq!(said(&[0.0; 64], Eight::SCRATCH, 6), Ok(()));
    Ok(())
}

type Place = Map<4, 3, 2>;
type Kept = int8::Conv2d<Place, Window<Kernel<3>, Stride<1>, Padding<1>>, 2>;
type Pointwise = int8::Conv2d<Place, Window<Kernel<1>>, 2>;

/// Parameters of a layer over [`Place`] with this many filters and products.
fn over_place(random: &mut Random, filters: usize, products: usize) -> Vec<u8> {
    Parameters::random(random, filters, filters * products, products).bytes()
}

/// Zero of the layers' side; zero, minimum and maximum of the output; zero of the shortcut's side.
type SumRange = [i8; 5];

/// The bytes of a residual's sum, with the factors of both sides as multipliers of one shift.
fn sum_bytes(range: SumRange, multipliers: [i32; 2], shift: u8) -> Vec<u8> {
    let range = range.iter().map(|value| *value as u8);
    range.chain(multipliers.iter().flat_map(|value| value.to_le_bytes())).chain([shift]).collect()
}

/// `y = clamp(round(sum) + zero)` of the exact sum.
fn exact_sum(values: [i8; 2], range: SumRange, multipliers: [i32; 2], shift: u8) -> i8 {
    let [zero, output_zero, minimum, maximum, other_zero] = range.map(i64::from);
    let sum = (i64::from(values[0]) - zero) * i64::from(multipliers[0])
        + (i64::from(values[1]) - other_zero) * i64::from(multipliers[1]);
    let rounded = (2 * sum + (1 << shift)).div_euclid(2 << shift);
    (rounded + output_zero).clamp(minimum, maximum) as i8
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_residual_adds_its_two_sides_each_in_its_scale() -> Result<(), Error> {
    for seed in 0..20 {
        let mut random = Random(seed);
        let input = bytes(&mut random, 24);
        let range = [3, -9, -100, 110, -20];
        // A shift, and multipliers of which one may be negative.
        let multipliers = [1_500_000, if seed % 2 == 0 { 900_000 } else { -1_100_000 }];
        let sum = sum_bytes(range, multipliers, 21);
        let expected = |sides: [&[i8]; 2]| -> Vec<i8> {
            let pairs = sides[0].iter().zip(sides[1]);
            pairs.map(|(l, s)| exact_sum([*l, *s], range, multipliers, 21)).collect()
        };
        let (first, second) = (over_place(&mut random, 2, 18), over_place(&mut random, 2, 2));
        let through = infer::<Kept>(&first, &input)?;
        let found = infer::<int8::Residual<Kept>>(&[&first[..], &sum].concat(), &input)?;
        assert_eq!(found, expected([&through, &input]));
        let both = infer::<(Kept, Pointwise)>(&[&first[..], &second].concat(), &input)?;
        let all = [&first[..], &second, &second, &sum].concat();
        let found = infer::<int8::Residual<(Kept, Pointwise), Pointwise>>(&all, &input)?;
        assert_eq!(found, expected([&both, &infer::<Pointwise>(&second, &input)?]));
        // With the longer way as the shortcut, and a residual inside it.
        type Inner = int8::Residual<Kept>;
        let inner = [&first[..], &sum].concat();
        let all = [&second[..], &inner, &second, &sum].concat();
        let way = infer::<(Inner, Pointwise)>(&[&inner[..], &second].concat(), &input)?;
        let found = infer::<int8::Residual<Pointwise, (Inner, Pointwise)>>(&all, &input)?;
        assert_eq!(found, expected([&infer::<Pointwise>(&second, &input)?, &way]));
        let all = [&inner[..], &second, &sum].concat();
        let found = infer::<int8::Residual<(Inner, Pointwise)>>(&all, &input)?;
        assert_eq!(found, expected([&way, &input]));
    }
    Ok(())
}

/// As `Residual` promises where the larger multiplier lies above 2^20.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_sum_is_off_by_less_than_a_four_thousandth_of_a_step_before_it_is_rounded() {
    let mut random = Random(4);
    for _ in 0..1000 {
        let scales = [0; 2].map(|_| f64::from(random.uniform() * 6.0).exp2());
        let largest = scales[0].max(scales[1]);
        let shift = (20 - largest.log2().floor() as i32).min(30);
        let multipliers = scales.map(|scale| (scale * f64::from(shift).exp2()).round());
        assert!(multipliers.iter().all(|multiplier| *multiplier <= f64::from(1 << 21)));
        let error: f64 = scales
            .iter()
            .zip(multipliers)
            .map(|(scale, multiplier)| {
                255.0 * (scale - multiplier * f64::from(-shift).exp2()).abs()
            })
            .sum();
        assert!(error < largest.max(1.0) / 4000.0, "{scales:?}: {error}");
    }
}

#[test]
fn the_largest_sums_of_a_residual_do_not_overflow() -> Result<(), Error> {
    type Layer = int8::Residual<int8::Identity<Signal<1, 1>>>;
    let most = 1 << 21;
    for (value, zero) in [(127, -128), (-128, 127)] {
        for multipliers in [[most; 2], [-most; 2], [most, -most]] {
            for shift in [1, 24, 30] {
                let range = [zero, 5, -128, 127, zero];
                let parameters = sum_bytes(range, multipliers, shift);
                let expected = exact_sum([value; 2], range, multipliers, shift);
                assert_eq!(infer::<Layer>(&parameters, &[value])?, [expected]);
            }
        }
    }
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_concatenation_puts_the_channels_side_by_side_at_every_position() -> Result<(), Error> {
    type Same = int8::Identity<Place>;
    fn side_by_side(left: &[i8], of_left: usize, right: &[i8], of_right: usize) -> Vec<i8> {
        let pairs = left.chunks(of_left).zip(right.chunks(of_right));
        pairs.flat_map(|(left, right)| [left, right].concat()).collect()
    }
    type Grown = int8::Conv2d<Place, Window<Kernel<3>, Stride<1>, Padding<1>>, 5>;
    for seed in 0..20 {
        let mut random = Random(seed);
        let input = bytes(&mut random, 24);
        let (grown, first) = (over_place(&mut random, 5, 18), over_place(&mut random, 2, 18));
        let wide = infer::<Grown>(&grown, &input)?;
        let twice = infer::<(Kept, Grown)>(&[&first[..], &grown].concat(), &input)?;
        let found = infer::<int8::Concat<Same, Grown>>(&grown, &input)?;
        assert_eq!(found, side_by_side(&input, 2, &wide, 5));
        let found = infer::<int8::Concat<Grown, Same>>(&grown, &input)?;
        assert_eq!(found, side_by_side(&wide, 5, &input, 2));
        let all = [&grown[..], &first, &grown].concat();
        let found = infer::<int8::Concat<Grown, (Kept, Grown)>>(&all, &input)?;
        assert_eq!(found, side_by_side(&wide, 5, &twice, 5));
        // In a side of another, and with layers before and behind.
        type Inner = int8::Concat<(Kept, Grown), Same>;
        let inner = side_by_side(&twice, 5, &input, 2);
        let all = [&first[..], &grown, &grown].concat();
        let found = infer::<int8::Concat<Inner, Grown>>(&all, &input)?;
        assert_eq!(found, side_by_side(&inner, 7, &wide, 5));
        let all = [&grown[..], &first, &grown].concat();
        let found = infer::<int8::Concat<Grown, Inner>>(&all, &input)?;
        assert_eq!(found, side_by_side(&wide, 5, &inner, 7));
        let after = over_place(&mut random, 1, 7 * 12);
        type Dense = int8::Dense<{ 7 * 12 }, 1>;
        let found = infer::<(Inner, Dense)>(&[&first[..], &grown, &after].concat(), &input)?;
        assert_eq!(found, infer::<Dense>(&after, &inner)?);
    }
    Ok(())
}

#[test]
fn a_table_gives_what_it_has_for_each_byte() -> Result<(), Error> {
    let mut random = Random(1);
    let outputs = bytes(&mut random, 256);
    let parameters: Vec<u8> = outputs.iter().map(|value| *value as u8).collect();
    let all: Vec<i8> = (-128..=127).collect();
    assert_eq!(infer::<int8::Table<Signal<128, 2>>>(&parameters, &all)?, outputs);
    Ok(())
}

#[test]
fn a_change_of_scale_rounds_once() -> Result<(), Error> {
    let all: Vec<i8> = (-128..=127).collect();
    for scale in [1e-3, 0.3, 0.5, 1.0, 2.5, 300.0] {
        let (factor, range) = (factor(scale), [-7, 40, -110, 120]);
        let found = infer::<int8::Rescale<Signal<256, 1>>>(&with_factor(range, factor), &all)?;
        let expected: Vec<i8> =
            all.iter().map(|x| requantised(i64::from(*x) + 7, factor, range)).collect();
        assert_eq!(found, expected);
    }
    // The same scale and zero change nothing.
    let same = with_factor([5, 5, -128, 127], (1 << 30, 30));
    assert_eq!(infer::<int8::Rescale<Signal<256, 1>>>(&same, &all)?, all);
    Ok(())
}

#[test]
fn a_scale_and_shift_is_each_channels_own() -> Result<(), Error> {
    let sliding = Sliding { map: [4, 3, 2], size: [1, 1], stride: [1, 1], padding: [0, 0] };
    let mut random = Random(2);
    let parameters = Parameters::random(&mut random, 2, 2, 1);
    let input = bytes(&mut random, 24);
    let found = infer::<int8::ScaleShift<Place>>(&parameters.bytes(), &input)?;
    assert_eq!(found, parameters.convolve_channels(sliding, &input));
    Ok(())
}

#[test]
fn parameters_out_of_their_range_are_refused_by_every_layer() {
    type One = Signal<1, 1>;
    fn said<L: Layer>(parameters: &[u8]) -> String {
        L::check(parameters).err().map(|error| error.to_string()).unwrap_or_default()
    }
    type Sum = int8::Residual<int8::Identity<One>>;
    let range = [0, 0, -128, 127, 0];
    assert_eq!(said::<Sum>(&sum_bytes(range, [1 << 21, -(1 << 21)], 30)), "");
    for multipliers in [[(1 << 21) + 1, 0], [0, i32::MIN]] {
        let said = said::<Sum>(&sum_bytes(range, multipliers, 30));
        assert!(said.contains("multiplier of an int8 sum: expected at most 2^21"), "{said}");
    }
    for shift in [0, 31, 255] {
        let said = said::<Sum>(&sum_bytes(range, [1, 1], shift));
        assert!(said.contains("int8 shift: expected from 1"), "{said}");
    }
    let said_of_sum = said::<Sum>(&sum_bytes([0, 0, 1, 0, 0], [1, 1], 1));
    assert!(said_of_sum.contains("maximum of an int8 output"), "{said_of_sum}");
    type Mean = int8::GlobalAveragePool<One>;
    for (check, layer) in [
        (said::<int8::Rescale<One>> as fn(&[u8]) -> String, "rescale"),
        (said::<Mean> as fn(&[u8]) -> String, "mean"),
    ] {
        let range = [0, 0, -128, 127];
        assert_eq!(check(&with_factor(range, (i32::MAX, 47))), "", "{layer}");
        for (factor, complaint) in [
            ((-1, 30), "int8 multiplier: expected no less than 0"),
            ((1, 0), "int8 shift: expected from 1"),
            ((1, 48), "int8 shift: expected from 1"),
        ] {
            let said = check(&with_factor(range, factor));
            assert!(said.contains(complaint), "{layer}: {said}");
        }
        assert!(check(&with_factor([0, 0, 1, 0], (1, 1))).contains("maximum"), "{layer}");
    }
    for said in [
        said::<int8::Table<One>>(&[0; 255]),
        said::<Sum>(&[0; 13]),
        said::<int8::Rescale<One>>(&[0; 8]),
        said::<int8::Identity<One>>(&[0]),
        said::<int8::Concat<int8::Table<One>, int8::Table<One>>>(&[0; 511]),
    ] {
        assert!(said.contains("int8 parameters: expected length"), "{said}");
    }
}

/// Everything at once, through the backbone.
type Branches = (
    int8::Residual<Kept, Pointwise>,
    int8::Table<Place>,
    int8::Concat<(Kept, int8::Rescale<Place>), int8::Identity<Place>>,
    int8::ScaleShift<Map<4, 3, 4>>,
    int8::GlobalAveragePool<Map<4, 3, 4>>,
);

#[test]
fn a_backbone_with_branches_keeps_inputs_in_its_scratch() -> Result<(), Error> {
    type Eight<'a> = Int8Backbone<'a, Branches>;
    // Two buffers of 4 x 3 x 4, an input of 4 x 3 x 2, and four windows of 3 x 3 x 2.
    assert_eq!(Eight::SCRATCH * 4, 2 * 48 + 24 + 4 * 18);
    let mut random = Random(8);
    let layers = [
        over_place(&mut random, 2, 18),
        over_place(&mut random, 2, 2),
        sum_bytes([1, 2, -128, 127, 3], [1 << 20; 2], 21),
        (0..=255).rev().collect(),
        over_place(&mut random, 2, 18),
        with_factor([2, 0, -128, 127], (1 << 30, 31)),
        Parameters::random(&mut random, 4, 4, 1).bytes(),
        with_factor([0, 0, -128, 127], (1 << 30, 30)),
    ]
    .concat();
    let mut all = b"RBQ2".to_vec();
    all.extend(64.0f32.to_le_bytes());
    all.extend(0.5f32.to_le_bytes());
    all.extend([0, 0]);
    all.extend(&layers);
    let input: Vec<f32> = (0..24).map(|_| random.uniform()).collect();
    let quantised: Vec<i8> = input.iter().map(|x| (x * 64.0).round_ties_even() as i8).collect();
    let expected: Vec<f32> =
        infer::<Branches>(&layers, &quantised)?.iter().map(|y| f32::from(*y) * 0.5).collect();
    let backbone = Eight::new(&all)?;
    let (mut scalar, mut active) = ([f32::NAN; 4], [f32::NAN; 4]);
    let mut scratch = [f32::NAN; Eight::SCRATCH];
    backbone.features::<Scalar>(&input.as_slice(), &mut scratch, &mut scalar)?;
    backbone.features::<Active>(&input.as_slice(), &mut scratch, &mut active)?;
    assert_eq!(bits(&scalar), bits(&expected));
    assert_eq!(bits(&active), bits(&expected));
    Ok(())
}

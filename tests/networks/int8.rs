//! Int8 backbones against the same arithmetic in `i64` and `f64`, written index by index.

use crate::support::random::Random;
use rolling_ball::Error;
use rolling_ball::kernels::{Active, Scalar};
use rolling_ball::nn::int8::{self, Int8Backbone, Layer};
use rolling_ball::nn::{
    Backbone, Dense, Input, Kernel, Map, Network, Padding, Quantized, Signal, Stride, Window,
};

/// Zero of the input; zero, minimum and maximum of the output.
type Range = [i8; 4];

/// `y = clamp(round(sum * multiplier) + zero)`; every step but the two roundings to `f32` is exact.
fn requantised(sum: i64, multiplier: f32, [_, zero, minimum, maximum]: Range) -> i8 {
    let product = f64::from(sum as f64 as f32) * f64::from(multiplier);
    let moved = f64::from(product as f32).round_ties_even() + f64::from(zero);
    moved.clamp(f64::from(minimum), f64::from(maximum)) as i8
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
    multipliers: Vec<f32>,
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
            multipliers: (0..outputs).map(|_| (1.0 + 0.5 * random.uniform()) * spread).collect(),
            biases: (0..outputs).map(|_| (random.uniform() * 1e4) as i32).collect(),
            weights: (0..weights).map(|_| byte(random)).collect(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.range.iter().map(|value| *value as u8).collect();
        bytes.extend(self.multipliers.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(self.biases.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(self.weights.iter().map(|value| *value as u8));
        bytes
    }

    fn convolve(&self, sliding: Sliding, input: &[i8]) -> Vec<i8> {
        let mut output = Vec::new();
        for window in sliding.windows() {
            for (filter, multiplier) in self.multipliers.iter().enumerate() {
                let mut sum = i64::from(self.biases[filter]);
                for (place, (_, index)) in window.iter().enumerate() {
                    let value = index.map_or(0, |index| self.value(input[index]));
                    sum += value * i64::from(self.weights[filter * window.len() + place]);
                }
                output.push(requantised(sum, *multiplier, self.range));
            }
        }
        output
    }

    fn convolve_channels(&self, sliding: Sliding, input: &[i8]) -> Vec<i8> {
        let mut output = Vec::new();
        for window in sliding.windows() {
            for (wanted, multiplier) in self.multipliers.iter().enumerate() {
                let mut sum = i64::from(self.biases[wanted]);
                for (place, ([_, _, channel], index)) in window.iter().enumerate() {
                    if *channel == wanted {
                        let value = index.map_or(0, |index| self.value(input[index]));
                        sum += value * i64::from(self.weights[place]);
                    }
                }
                output.push(requantised(sum, *multiplier, self.range));
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

fn mean_pool(sliding: Sliding, range: Range, multiplier: f32, input: &[i8]) -> Vec<i8> {
    let windows = sliding.windows();
    let pooled = windows.iter().flat_map(|window| {
        (0..sliding.map[2]).map(|channel| {
            let values = of_channel(window, channel).map(|i| input[i]);
            let sum = values.map(|value| i64::from(value) - i64::from(range[0])).sum();
            requantised(sum, multiplier, range)
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
    front[..L::INPUTS].copy_from_slice(input);
    let (output, _) = L::infer(parameters, &mut front, &mut back)?;
    Ok(output[..L::OUTPUTS].to_vec())
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
fn pools_take_the_largest_or_the_mean_of_each_channel() -> Result<(), Error> {
    type M = Map<6, 5, 3>;
    type S = Window<Kernel<3, 2>, Stride<2>, Padding<1>>;
    let sliding = Sliding { map: [6, 5, 3], size: [3, 2], stride: [2, 2], padding: [1, 1] };
    let whole = Sliding { map: [6, 5, 3], size: [6, 5], stride: [1, 1], padding: [0, 0] };
    let range = [-3, 7, -100, 110];
    let parameters = |multiplier: f32| -> Vec<u8> {
        range.iter().map(|v| *v as u8).chain(multiplier.to_le_bytes()).collect()
    };
    for seed in 0..20 {
        let input = bytes(&mut Random(seed), 90);
        assert_eq!(infer::<int8::MaxPool<M, S>>(&[], &input)?, max_pool(sliding, &input));
        let mean = infer::<int8::AveragePool<M, S>>(&parameters(0.4), &input)?;
        assert_eq!(mean, mean_pool(sliding, range, 0.4, &input));
        let mean = infer::<int8::GlobalAveragePool<M>>(&parameters(0.1), &input)?;
        assert_eq!(mean, mean_pool(whole, range, 0.1, &input));
    }
    Ok(())
}

#[test]
fn padding_is_the_value_zero_wherever_the_zero_lies() -> Result<(), Error> {
    // An input of zeros leaves the bias alone, at the border as in the middle.
    type Layer = int8::Conv2d<Map<4, 4, 2>, Window<Kernel<3>, Stride<1>, Padding<1>>, 1>;
    for zero in [-128, -5, 0, 99] {
        let parameters = Parameters {
            range: [zero, 0, -128, 127],
            multipliers: vec![1.0],
            biases: vec![42],
            weights: (0..18).map(|index| index * 7 - 60).collect(),
        };
        assert_eq!(infer::<Layer>(&parameters.bytes(), &[zero; 32])?, [42; 16]);
    }
    Ok(())
}

#[test]
fn the_longest_sum_of_the_largest_products_does_not_overflow() -> Result<(), Error> {
    type Layer = int8::Dense<{ int8::LONGEST_SUM }, 2>;
    for (weight, bias) in [(-128, -(1 << 30)), (127, 1 << 30)] {
        let parameters = Parameters {
            range: [-128, 0, -128, 127],
            multipliers: vec![1e-9, 1e-7],
            biases: vec![bias; 2],
            weights: vec![weight; 2 * int8::LONGEST_SUM],
        };
        let output = infer::<Layer>(&parameters.bytes(), &[127; int8::LONGEST_SUM])?;
        let sum = i64::from(weight) * 255 * int8::LONGEST_SUM as i64 + i64::from(bias);
        assert!(i32::try_from(sum).is_ok());
        let expected = [1e-9, 1e-7].map(|scale| requantised(sum, scale, parameters.range));
        assert_eq!(output, expected);
    }
    Ok(())
}

#[test]
fn halves_are_rounded_to_the_even_neighbour() -> Result<(), Error> {
    for (sum, expected) in [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (-5, -2), (2, 1)] {
        let parameters = Parameters {
            range: [0, 0, -128, 127],
            multipliers: vec![0.5],
            biases: vec![sum],
            weights: vec![1],
        };
        assert_eq!(infer::<int8::Dense<1, 1>>(&parameters.bytes(), &[0])?, [expected], "{sum}");
    }
    Ok(())
}

#[test]
fn outputs_beyond_every_integer_are_clamped() -> Result<(), Error> {
    for (bias, expected) in [(1 << 30, 100), (-(1 << 30), -50)] {
        let parameters = Parameters {
            range: [0, 127, -50, 100],
            multipliers: vec![f32::MAX],
            biases: vec![bias],
            weights: vec![1],
        };
        assert_eq!(infer::<int8::Dense<1, 1>>(&parameters.bytes(), &[0])?, [expected]);
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
    let mut bytes = b"RBQ1".to_vec();
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
    // Two buffers of the widest vector: 8 x 8 x 4.
    assert_eq!(Eight::SCRATCH * 4, 2 * 256);
    let layers = (4 + 8 * 4 + 36) + (4 + 8 * 6 + 384);
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
        (&|bytes| bytes[3] = b'0', "int8 backbone: expected RBQ1 at the beginning".to_owned()),
        (
            &|bytes| bytes[4..8].copy_from_slice(&f32::NAN.to_le_bytes()),
            "int8 multiplier: expected a finite number above 0, got NaN".to_owned(),
        ),
        (
            &|bytes| bytes[18..22].copy_from_slice(&(-1.0f32).to_le_bytes()),
            "int8 multiplier: expected a finite number above 0, got -1".to_owned(),
        ),
        (
            &|bytes| bytes[34..38].copy_from_slice(&i32::MIN.to_le_bytes()),
            "int8 bias: expected at most 2^30 in magnitude".to_owned(),
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
    assert_eq!(said(&[0.0; 64], Eight::SCRATCH - 1, 6), length("scratch", 128, 127));
    assert_eq!(said(&[0.0; 64], Eight::SCRATCH, 7), length("features", 6, 7));
    assert_eq!(said(&[0.0; 64], Eight::SCRATCH, 6), Ok(()));
    Ok(())
}

//! Int8 backbones over any bytes, and inference with any input.

use crate::input::Input;
use crate::trace::tell;
use rolling_ball::Error;
use rolling_ball::kernels::{Kernels, Scalar, Wide};
use rolling_ball::nn::int8::{self, Int8Backbone, Layer};
use rolling_ball::nn::{Backbone, Dilation, Kernel, Map, Padding, PaddingBySide, Stride, Window};

type Small = int8::Dense<3, 2>;

type Image = (
    int8::Conv2d<Map<4, 4, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>, 2>,
    int8::MaxPool<Map<4, 4, 2>, Window<Kernel<2>, Stride<2>>>,
    int8::DepthwiseConv2d<Map<2, 2, 2>, Window<Kernel<2>, Stride<1>, Padding<1>>>,
    int8::GlobalAveragePool<Map<3, 3, 2>>,
    int8::Dense<2, 3>,
);

type Strided = (
    int8::Conv2d<Map<3, 5, 2>, Window<Kernel<2, 3>, Stride<2, 1>, Padding<1, 0>>, 3>,
    int8::AveragePool<Map<2, 3, 3>, Window<Kernel<2>, Stride<1>>>,
);

type Spread = int8::Conv2d<
    Map<5, 5, 1>,
    Window<Kernel<3>, Stride<2>, PaddingBySide<0, 1, 2, 0>, Dilation<2>>,
    5,
>;

type Place = Map<3, 3, 2>;
type Filtered = int8::Conv2d<Place, Window<Kernel<3>, Stride<1>, Padding<1>>, 2>;
type Branched = (
    int8::Residual<Filtered, int8::ScaleShift<Place>>,
    int8::LayerNorm<Place>,
    int8::PRelu<Place>,
    int8::Table<Place>,
    int8::Concat<(int8::Residual<Filtered>, int8::Rescale<Place>), int8::Identity<Place>>,
    int8::GroupedConv2d<Map<3, 3, 4>, Window<Kernel<2>>, 6, 2>,
    int8::AveragePool<Map<2, 2, 6>, Window<Kernel<2>, Stride<1>, Padding<1>>, Padding<0>>,
);

/// What lies in the bytes of the layers, one after the other.
#[derive(Clone, Copy)]
enum Part {
    /// Zeros and clamps.
    Range,
    /// Numbers of four bytes, with a sign where they are biases.
    Multipliers(usize),
    Biases(usize),
    Shifts(usize),
    /// Weights, a zero or a table.
    Bytes(usize),
    /// The two multipliers of a sum.
    Sides,
    /// The epsilon of a layer norm.
    Epsilon,
    /// The shift of one, which is no small one.
    LargeShift,
}

use Part::{Biases, Bytes, Epsilon, LargeShift, Multipliers, Range, Shifts, Sides};

const fn affine(outputs: usize, weights: usize) -> [Part; 5] {
    [Range, Multipliers(outputs), Biases(outputs), Shifts(outputs), Bytes(weights)]
}

const MEAN: [Part; 3] = [Range, Multipliers(1), Shifts(1)];
const SUM: [Part; 4] = [Range, Bytes(1), Sides, Shifts(1)];
const NORM: [Part; 5] = [Range, Epsilon, Biases(2), Biases(2), LargeShift];
const PRELU: [Part; 6] = [Range, Multipliers(1), Shifts(1), Multipliers(1), Shifts(1), Bytes(4)];

/// The most bytes of a backbone, and the most inputs and outputs.
const BYTES: usize = 800;
const WIDTH: usize = 64;

/// Makes the calls that the bytes say; how many there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    match input.below(5) {
        0 => backbone::<Small>(&mut input, &affine(2, 6)),
        1 => {
            let parts = [&affine(2, 18)[..], &affine(2, 8), &MEAN, &affine(3, 6)].concat();
            backbone::<Image>(&mut input, &parts)
        }
        2 => backbone::<Strided>(&mut input, &[&affine(3, 36)[..], &MEAN].concat()),
        3 => backbone::<Spread>(&mut input, &affine(5, 45)),
        _ => {
            let filtered = affine(2, 36);
            let first = [&filtered[..], &affine(2, 2), &SUM, &NORM, &PRELU, &[Bytes(256)]].concat();
            let parts = [&first[..], &filtered, &SUM, &MEAN, &affine(6, 48), &MEAN].concat();
            backbone::<Branched>(&mut input, &parts)
        }
    }
}

impl Part {
    /// Bytes that are taken, as a few of the input's say.
    fn bytes(self, input: &mut Input<'_>) -> Vec<u8> {
        let [start, step] = [input.byte(), input.byte()];
        let each = |index: usize| start.wrapping_add(step.wrapping_mul(index as u8));
        let numbers = |count: usize, number: &dyn Fn(i32) -> i32| -> Vec<u8> {
            (0..count).flat_map(|index| number(i32::from(each(index))).to_le_bytes()).collect()
        };
        match self {
            Range => {
                let (minimum, maximum) = (start.cast_signed(), step.cast_signed());
                let clamps = [minimum.min(maximum), minimum.max(maximum)];
                let clamps = if start & 1 == 0 { [i8::MIN, i8::MAX] } else { clamps };
                vec![input.byte(), input.byte(), clamps[0] as u8, clamps[1] as u8]
            }
            Multipliers(count) => numbers(count, &|byte| ((byte + 1) << 23).wrapping_sub(1)),
            Biases(count) => numbers(count, &|byte| (byte - 128) << (u32::from(step) % 24)),
            Shifts(count) => (0..count).map(|index| 1 + each(index) % 30).collect(),
            Bytes(count) => (0..count).map(each).collect(),
            Epsilon => (u64::from(start) << (step % 54)).to_le_bytes().to_vec(),
            LargeShift => vec![16 + start % 32],
            Sides => numbers(2, &|byte| (byte - 128) << 14),
        }
    }
}

fn backbone<L: Layer>(input: &mut Input<'_>, parts: &[Part]) -> u64 {
    let right = Int8Backbone::<L>::BYTES;
    let mut bytes = [0; BYTES];
    let length = if input.byte() < 250 { right } else { input.below(256) };
    let kind = input.byte();
    // Where the bytes begin as they should and are within the ranges of their parts, but for a few,
    // the layers are reached.
    let mut damaged = 0;
    if kind < 230 {
        bytes[..4].copy_from_slice(b"RBQ2");
        for place in [4, 8] {
            bytes[place..place + 4].copy_from_slice(&input.setting().to_le_bytes());
        }
        bytes[12..14].copy_from_slice(&[input.byte(), input.byte()]);
        let layers: Vec<u8> = parts.iter().flat_map(|part| part.bytes(input)).collect();
        bytes[14..right].copy_from_slice(&layers);
        damaged = input.below(8).saturating_sub(3);
        for _ in 0..damaged {
            let at = usize::from(input.byte()) + 256 * input.below(4);
            bytes[at % right] = input.byte();
        }
    } else {
        bytes.iter_mut().for_each(|byte| *byte = input.byte());
    }
    let scales = [4, 8].map(|at| f32_at(&bytes, at));
    let within = kind < 230 && damaged == 0 && scales.iter().all(|s| s.is_finite() && *s > 0.0);
    let bytes = &bytes[..length];
    tell(format_args!("{} bytes: {bytes:02x?}", bytes.len()));
    let backbone = match Int8Backbone::<L>::new(bytes) {
        Ok(backbone) => backbone,
        Err(error) => {
            tell(format_args!("    {error:?}"));
            let earlier = bytes.starts_with(b"RBQ1");
            assert_eq!(
                matches!(error, Error::Length { .. }),
                length != right && !earlier,
                "{error:?}"
            );
            assert!(!within || length != right, "{error:?}");
            return 1;
        }
    };
    let mut values = [0.0; WIDTH];
    let inputs = if input.byte() < 250 { L::INPUTS } else { input.below(WIDTH) };
    let outputs = if input.byte() < 250 { L::OUTPUTS } else { input.below(WIDTH) };
    let repeated = [input.float(), input.float()];
    for (index, value) in values[..inputs].iter_mut().enumerate() {
        *value = repeated[index % 2];
    }
    let scalar = infer::<_, Scalar>(&backbone, &values[..inputs], outputs);
    let wide = infer::<_, Wide>(&backbone, &values[..inputs], outputs);
    tell(format_args!("{:?} to {scalar:?}", &values[..inputs]));
    match (scalar, wide) {
        (Ok(scalar), Ok(wide)) => {
            assert_eq!(scalar.map(f32::to_bits), wide.map(f32::to_bits), "the kernels differ");
            assert_eq!([inputs, outputs], [L::INPUTS, L::OUTPUTS]);
            let features = &scalar[..outputs];
            if values.iter().all(|value| value.is_finite()) {
                let [scale, zero] = [f32_at(bytes, 8), f32::from(bytes[13].cast_signed())];
                let is_byte = |feature: &f32| {
                    (-128_i16..=127).any(|byte| {
                        ((f32::from(byte) - zero) * scale).to_bits() == feature.to_bits()
                    })
                };
                assert!(features.iter().all(is_byte), "{features:?} are no bytes of scale {scale}");
            } else {
                assert!(features.iter().all(|feature| feature.is_nan()), "{features:?}");
            }
        }
        (Err(scalar), Err(wide)) => {
            assert_eq!(scalar, wide, "the kernels differ");
            assert_ne!([inputs, outputs], [L::INPUTS, L::OUTPUTS], "{scalar:?}");
        }
        (scalar, wide) => panic!("{scalar:?}, but {wide:?}"),
    }
    3
}

fn f32_at(bytes: &[u8], at: usize) -> f32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0.0, |four| f32::from_le_bytes(*four))
}

fn infer<B: Backbone, K: Kernels>(
    backbone: &B,
    values: &[f32],
    outputs: usize,
) -> Result<[f32; WIDTH], Error> {
    let mut scratch = [0.0; WIDTH];
    let mut features = [0.0; WIDTH];
    backbone.features::<K>(values, &mut scratch[..B::SCRATCH], &mut features[..outputs])?;
    Ok(features)
}

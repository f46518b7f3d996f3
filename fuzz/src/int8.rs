//! Int8 backbones over any bytes, and inference with any input.

use crate::input::Input;
use crate::trace::tell;
use rolling_ball::Error;
use rolling_ball::kernels::{Kernels, Scalar, Wide};
use rolling_ball::nn::int8::{self, Int8Backbone, Layer};
use rolling_ball::nn::{Backbone, Kernel, Map, Padding, Stride, Window};

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

/// The most bytes of a backbone, and the most inputs and outputs.
const BYTES: usize = 256;
const WIDTH: usize = 32;

/// Makes the calls that the bytes say; how many there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    match input.below(3) {
        0 => backbone::<Small>(&mut input),
        1 => backbone::<Image>(&mut input),
        _ => backbone::<Strided>(&mut input),
    }
}

fn backbone<L: Layer>(input: &mut Input<'_>) -> u64 {
    let right = Int8Backbone::<L>::BYTES;
    let mut bytes = [0; BYTES];
    let length = if input.byte() < 250 { right } else { input.below(BYTES) };
    let kind = input.byte();
    // Where the bytes begin as they should, and are multipliers where multipliers should be (up to
    // 0.7 by the higher byte), the layers are reached.
    if kind < 230 {
        let pair = [input.byte() % 48, 48 + input.byte() % 16];
        bytes.as_chunks_mut().0.fill(pair);
        bytes[..4].copy_from_slice(b"RBQ1");
        for place in [4, 8] {
            bytes[place..place + 4].copy_from_slice(&input.setting().to_le_bytes());
        }
        bytes[12..14].copy_from_slice(&[input.byte(), input.byte()]);
        for _ in 0..input.below(8) {
            let at = input.below(right.min(BYTES));
            bytes[at] = input.byte();
        }
    } else {
        bytes.iter_mut().for_each(|byte| *byte = input.byte());
    }
    let bytes = &bytes[..length];
    tell(format_args!("{} bytes: {bytes:02x?}", bytes.len()));
    let backbone = match Int8Backbone::<L>::new(bytes) {
        Ok(backbone) => backbone,
        Err(error) => {
            tell(format_args!("    {error:?}"));
            assert_eq!(matches!(error, Error::Length { .. }), length != right, "{error:?}");
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
                let [scale, zero] = [output_scale(bytes), f32::from(bytes[13].cast_signed())];
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

fn output_scale(bytes: &[u8]) -> f32 {
    bytes.get(8..).and_then(<[u8]>::first_chunk).map_or(0.0, |four| f32::from_le_bytes(*four))
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

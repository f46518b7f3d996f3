//! Int8 layers among trained ones, against the int8 backbone and against layers in `f32` with the
//! same weights.

use crate::support::random::Random;
use rolling_ball::kernels::{Active, Scalar};
use rolling_ball::nn::int8::{self, Differentiable, Int8Backbone};
use rolling_ball::nn::{
    Backbone, Conv2d, Dense, DepthwiseConv2d, Frozen, GroupedConv2d, Int8, Kernel, Layer, LowRank,
    Map, MeanSquaredError, Network, Padding, Parameters, PointwiseConv2d, Relu, Sample, Shape,
    Stride, Window,
};
use rolling_ball::{Error, Objective, RollingBall, RollingBallConfig, step};

/// The scales of input, output and weights: powers of two, so that nothing is rounded where an
/// `f32` holds the sum.
const INPUT: f32 = 0.0625;
const OUTPUT: f32 = 0.125;
const WEIGHTS: f32 = 1.0 / 512.0;
/// `INPUT * WEIGHTS / OUTPUT` in units of `2^-40`.
const MULTIPLIER: i32 = 1 << 30;
const SHIFT: u8 = 40;
/// Zero of the input; zero, minimum and maximum of the output.
const RANGE: [i8; 4] = [7, -20, -20, 127];

/// An int8 backbone of one layer, and the weights of the layer.
fn quantised(random: &mut Random, outputs: usize, weights: usize) -> (Vec<u8>, Vec<i8>) {
    let weights: Vec<i8> = (0..weights).map(|_| (127.0 * random.uniform()) as i8).collect();
    let mut bytes = Vec::from(*b"RBQ2");
    bytes.extend((1.0 / INPUT).to_le_bytes());
    bytes.extend(OUTPUT.to_le_bytes());
    bytes.extend([RANGE[0], RANGE[1]].map(i8::cast_unsigned));
    bytes.extend(RANGE.map(i8::cast_unsigned));
    bytes.extend((0..outputs).flat_map(|_| MULTIPLIER.to_le_bytes()));
    bytes.extend((0..outputs).flat_map(|_| ((9000.0 * random.uniform()) as i32).to_le_bytes()));
    bytes.extend((0..outputs).map(|_| SHIFT));
    bytes.extend(weights.iter().map(|weight| weight.cast_unsigned()));
    (bytes, weights)
}

/// The bytes as they lie in memory.
fn floats(bytes: &[u8]) -> Vec<f32> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.as_chunks().0.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect()
}

fn frozen(frozen: &[f32]) -> Parameters<'_> {
    Parameters { theta: &[], frozen }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Numbers of which some have no byte.
fn numbers(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count).map(|_| 11.0 * random.uniform()).collect()
}

fn behaves<I: Differentiable, F: Layer>(outputs: usize) {
    const SAMPLES: usize = 3;
    let mut random = Random(outputs as u64 + 5);
    let (bytes, weights) = quantised(&mut random, outputs, F::FROZEN - outputs);
    let packed = floats(&bytes);
    assert_eq!(packed.len(), Int8::<I>::FROZEN);
    assert_eq!(Int8::<I>::FROZEN, Int8Backbone::<I>::BYTES.div_ceil(4));
    let input = numbers(&mut random, SAMPLES * I::INPUTS);
    let mut activations = vec![f32::NAN; SAMPLES * Int8::<I>::ACTIVATIONS];
    let mut output = vec![f32::NAN; SAMPLES * I::OUTPUTS];
    Int8::<I>::forward::<Active>(frozen(&packed), &input, &mut activations, &mut output).unwrap();

    let backbone = Int8Backbone::<I>::new(&bytes).unwrap();
    let mut scratch = vec![0.0; <Int8Backbone<'_, I> as Backbone>::SCRATCH];
    let mut expected = vec![0.0; I::OUTPUTS];
    for (input, output) in input.chunks(I::INPUTS).zip(output.chunks(I::OUTPUTS)) {
        backbone.features::<Scalar>(input, &mut scratch, &mut expected).unwrap();
        assert_eq!(bits(output), bits(&expected));
    }

    let slopes: Vec<f32> = output.iter().map(|_| (9.0 * random.uniform()).round()).collect();
    let value = |byte: i8| f32::from(i16::from(byte) - i16::from(RANGE[1])) * OUTPUT;
    let is_cut = |y: &f32| *y <= value(RANGE[2]) || *y >= value(RANGE[3]);
    let cut = output.iter().filter(|y| is_cut(y)).count();
    assert!(cut > 0 && cut < output.len(), "{cut} of {}", output.len());
    let each = slopes.iter().zip(&output);
    let mut passed: Vec<f32> =
        each.map(|(slope, y)| if is_cut(y) { 0.0 } else { *slope }).collect();
    let mut parameters: Vec<f32> = weights.iter().map(|w| f32::from(*w) * WEIGHTS).collect();
    parameters.resize(F::FROZEN, 0.0);
    let mut expected = input.clone();
    F::backward_input::<Scalar>(frozen(&parameters), &mut expected, &mut [], &mut passed).unwrap();
    let has_byte = |x: f32| (-128.0..=127.0).contains(&((x / INPUT).round_ties_even() + 7.0));
    assert!(input.iter().any(|x| !has_byte(*x)));
    for (gradient, x) in expected.iter_mut().zip(&input) {
        *gradient = if has_byte(*x) { *gradient } else { 0.0 };
    }
    assert!(expected.iter().any(|gradient| *gradient != 0.0));

    let mut told = slopes.clone();
    let mut gradient = input.clone();
    let activations = activations.as_mut_slice();
    Int8::<I>::backward_input::<Active>(frozen(&packed), &mut gradient, activations, &mut told)
        .unwrap();
    assert_eq!(gradient, expected);
    assert_eq!(told, slopes);
}

type Slides = Window<Kernel<3, 2>, Stride<2, 1>, Padding<1>>;
type Image = Map<5, 4, 3>;

#[test]
fn an_int8_layer_has_the_bits_of_the_backbone_and_the_gradient_of_its_weights_in_f32() {
    behaves::<int8::Dense<70, 33>, Dense<70, 33, Frozen>>(33);
    // The bytes have no room where the output will be.
    behaves::<int8::Dense<200, 3>, Dense<200, 3, Frozen>>(3);
    behaves::<int8::Conv2d<Image, Slides, 7>, Conv2d<Image, Slides, 7, Frozen>>(7);
    behaves::<int8::PointwiseConv2d<Image, 6>, PointwiseConv2d<Image, 6, Frozen>>(6);
    type Grouped<R> = GroupedConv2d<Map<5, 4, 6>, Slides, 4, 2, R>;
    behaves::<int8::GroupedConv2d<Map<5, 4, 6>, Slides, 4, 2>, Grouped<Frozen>>(4);
    behaves::<int8::DepthwiseConv2d<Image, Slides>, DepthwiseConv2d<Image, Slides, Frozen>>(3);
}

#[test]
fn int8_layers_keep_a_bit_for_each_value_and_their_bytes_where_the_output_has_no_room() {
    assert_eq!(Int8::<int8::Dense<64, 64>>::ACTIVATIONS, 2 + 2);
    assert_eq!(Int8::<int8::Dense<64, 31>>::ACTIVATIONS, 2 + 1 + (64 + 64) / 4);
    assert_eq!(Int8::<int8::Dense<64, 32>>::FROZEN, (14 + 4 + 32 * (9 + 64_usize)).div_ceil(4));
    assert_eq!(<(Int8<int8::Dense<64, 64>>, Relu<64>)>::ACTIVATIONS, 2 + 2 + 2);
}

#[test]
fn int8_layers_in_a_row_have_the_bits_of_a_backbone_of_them() {
    // The zero of the input of a layer is that of the output of the one before it, and so is the
    // scale.
    let mut random = Random(3);
    let (mut first, _) = quantised(&mut random, 12, 10 * 12);
    let (second, _) = quantised(&mut random, 20, 12 * 20);
    first[8..12].copy_from_slice(&INPUT.to_le_bytes());
    first[13] = RANGE[0].cast_unsigned();
    first[15] = RANGE[0].cast_unsigned();
    let mut whole = first.clone();
    whole[8..12].copy_from_slice(&OUTPUT.to_le_bytes());
    whole[13] = RANGE[1].cast_unsigned();
    whole.extend(&second[14..]);
    type Layers = (int8::Dense<10, 12>, int8::Dense<12, 20>);
    type Separate = (Int8<int8::Dense<10, 12>>, Int8<int8::Dense<12, 20>>);
    let packed = [floats(&first), floats(&second)].concat();
    let network = Network::<Separate>::new(&packed).unwrap();
    let backbone = Int8Backbone::<Layers>::new(&whole).unwrap();
    let mut scratch = vec![0.0; Network::<Separate>::INFERENCE_SCRATCH];
    let mut inside = vec![0.0; <Int8Backbone<'_, Layers> as Backbone>::SCRATCH];
    let mut expected = [0.0; 20];
    for _ in 0..20 {
        let input = numbers(&mut random, 10);
        let output = network.predict(&[], input.as_slice(), &mut scratch).unwrap();
        backbone.features::<Scalar>(input.as_slice(), &mut inside, &mut expected).unwrap();
        assert_eq!(bits(output), bits(&expected));
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn what_lies_before_an_int8_layer_is_trained_through_it() -> Result<(), Error> {
    type Layers =
        (Dense<4, 16>, Relu<16>, Int8<int8::Dense<16, 24>>, Relu<24>, Int8<int8::Dense<24, 2>>);
    type Net<'a> = Network<'a, Layers>;
    let mut random = Random(8);
    let (first, _) = quantised(&mut random, 24, 16 * 24);
    let (mut last, _) = quantised(&mut random, 2, 24 * 2);
    // Without a ReLU.
    last[16] = i8::MIN.cast_unsigned();
    let packed = [floats(&first), floats(&last)].concat();
    let samples: [([f32; 4], [f32; 2]); 2] =
        [([1.0, 0.0, 2.0, 0.0], [1.0, 2.5]), ([0.0, 2.0, 0.0, 1.0], [0.0, 2.5])];
    let stream = samples.iter().map(|(input, target)| Sample { input, target: target.as_slice() });
    let mut theta = vec![0.0; Net::PARAMETERS];
    Layers::initialise(&mut theta, &mut || random.uniform())?;
    let mut scratch = vec![f32::NAN; Net::SCRATCH];
    let mut batch = Net::new(&packed)?.batch(MeanSquaredError, stream, &mut scratch)?;
    let config = RollingBallConfig::fine_tuning(100);
    let vectors = [vec![0.0; Net::PARAMETERS], vec![0.0; Net::PARAMETERS]];
    let mut ball = RollingBall::new(config, vectors)?;
    let before = batch.loss(&theta)?;
    for _ in 0..100 {
        step(&mut ball, &mut batch, &mut theta)?;
    }
    let after = batch.loss(&theta)?;
    assert!(after < 0.5 * before, "{before} before, {after} after");
    Ok(())
}

#[test]
fn a_low_rank_is_added_beside_an_int8_layer() {
    type Beside = Int8<int8::PointwiseConv2d<Image, 6>>;
    type Adapted = LowRank<Beside, 2>;
    let mut random = Random(2);
    let (bytes, _) = quantised(&mut random, 6, 3 * 6);
    let packed = floats(&bytes);
    let theta: Vec<f32> = (0..Adapted::PARAMETERS).map(|_| random.uniform()).collect();
    let input = numbers(&mut random, Image::LENGTH);
    let run = |theta: &[f32], length: usize| {
        let mut activations = vec![0.0; length];
        let mut output = vec![0.0; Beside::OUTPUTS];
        let parameters = Parameters { theta, frozen: &packed };
        let forward =
            if theta.is_empty() { Beside::forward::<Scalar> } else { Adapted::forward::<Scalar> };
        forward(parameters, &input, &mut activations, &mut output).unwrap();
        output
    };
    let alone = run(&[], Beside::ACTIVATIONS);
    let adapted = run(&theta, Adapted::ACTIVATIONS);
    let (inner, outer) = theta.split_at(2 * 3);
    for (position, x) in input.chunks(3).enumerate() {
        let code: Vec<f32> =
            inner.chunks(3).map(|row| row.iter().zip(x).map(|(a, x)| a * x).sum()).collect();
        for (channel, row) in outer.chunks(2).enumerate() {
            let place = 6 * position + channel;
            let added: f32 = row.iter().zip(&code).map(|(b, code)| b * code).sum();
            assert!((adapted[place] - alone[place] - added).abs() < 1e-4);
        }
    }
}

#[test]
fn an_int8_layer_refuses_other_bytes_and_other_lengths_and_shows_what_is_no_number() {
    type Eight = Int8<int8::Dense<4, 8>>;
    let (bytes, _) = quantised(&mut Random(1), 8, 4 * 8);
    let packed = floats(&bytes);
    let forward = |packed: &[f32], input: &[f32], kept: usize| {
        let mut output = [0.0; 8];
        let mut activations = vec![0.0; kept];
        Eight::forward::<Active>(frozen(packed), input, &mut activations, &mut output)?;
        Ok::<_, Error>(output)
    };
    let kept = Eight::ACTIVATIONS;
    assert!(forward(&packed, &[1.0; 4], kept).is_ok());
    assert!(forward(&packed, &[1.0, f32::NAN, 0.0, 0.0], kept).unwrap().iter().all(|y| y.is_nan()));
    assert!(matches!(forward(&packed[1..], &[1.0; 4], kept), Err(Error::Length { .. })));
    assert!(matches!(forward(&packed, &[1.0; 5], kept), Err(Error::Length { .. })));
    assert!(matches!(forward(&packed, &[1.0; 4], kept + 1), Err(Error::Length { .. })));
    let zeros = vec![0.0; Eight::FROZEN];
    assert!(matches!(forward(&zeros, &[1.0; 4], kept), Err(Error::Format { .. })));
}

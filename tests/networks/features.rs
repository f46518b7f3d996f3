//! Features that are kept: the same bits, with one evaluation of the backbone a sample.

use crate::support::numbers::bits;
use crate::support::random::Random;
use rolling_ball::kernels::Kernels;
use rolling_ball::nn::{
    self, Backbone, Dense, Features, FloatBackbone, Input, Int8Samples, Network, QuantizedInt8,
    Relu, Samples, SoftmaxCrossEntropy, int8,
};
use rolling_ball::{Error, Objective, Sgd, SgdConfig, step};
use std::cell::Cell;
use std::sync::LazyLock;

/// A backbone that counts how often it is evaluated.
#[derive(Clone, Copy)]
struct Counted<'a, B> {
    backbone: B,
    count: &'a Cell<usize>,
}

impl<B: Backbone> Backbone for Counted<'_, B> {
    const SHAPE: Option<(usize, usize)> = B::SHAPE;
    const SCRATCH: usize = B::SCRATCH;
    type Feature = B::Feature;
    type Kept<'k> = B::Kept<'k>;

    fn keep<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &mut [f32],
        kept: &mut [B::Feature],
    ) -> Result<(), Error> {
        self.count.set(self.count.get() + 1);
        self.backbone.keep::<K>(input, scratch, kept)
    }

    fn kept<'k>(&self, features: &'k [B::Feature]) -> B::Kept<'k> {
        self.backbone.kept(features)
    }

    fn features<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error> {
        self.count.set(self.count.get() + 1);
        self.backbone.features::<K>(input, scratch, features)
    }
}

const INPUTS: usize = 5;
const SAMPLES: usize = 6;
const STEPS: usize = 4;
/// Of a step: its gradient, and the loss at its end.
const EVALUATIONS: usize = 2 * STEPS;

type Tail = Dense<4, 3>;
type Float = FloatBackbone<'static, (Dense<INPUTS, 4>, Relu<4>)>;
type Eight<'a> = int8::Int8Backbone<'a, int8::Dense<INPUTS, 4>>;

fn float() -> Float {
    static PARAMETERS: LazyLock<[f32; Float::PARAMETERS]> = LazyLock::new(|| {
        let mut random = Random(3);
        std::array::from_fn(|_| random.uniform())
    });
    Float::new(PARAMETERS.as_slice()).unwrap()
}

/// The bytes of an int8 backbone whose zero points are not 0.
fn eight() -> Vec<u8> {
    let mut random = Random(4);
    let mut bytes = b"RBQ2".to_vec();
    bytes.extend(100.0f32.to_le_bytes());
    bytes.extend(0.02f32.to_le_bytes());
    bytes.extend([3i8, -7].map(|zero| zero as u8));
    bytes.extend([3i8, -7, -128, 127].map(|value| value as u8));
    bytes.extend((0..4).flat_map(|_| (1i32 << 30).to_le_bytes()));
    bytes.extend((0..4).flat_map(|bias| (100 * bias - 150i32).to_le_bytes()));
    bytes.extend([37; 4]);
    bytes.extend((0..4 * INPUTS).map(|_| (100.0 * random.uniform()) as i8 as u8));
    bytes
}

fn inputs() -> [[f32; INPUTS]; SAMPLES] {
    let mut random = Random(7);
    std::array::from_fn(|_| std::array::from_fn(|_| random.uniform()))
}

const LABELS: [usize; SAMPLES] = [0, 2, 1, 1, 0, 2];

/// Theta's bits after some steps, and how often the backbone was evaluated. With room for so many
/// samples' features, or without any mention of them.
fn train<B: Backbone>(backbone: B, room: Option<usize>) -> (Vec<u32>, usize) {
    let count = Cell::new(0);
    let network = Network::<Tail, _>::with_backbone(Counted { backbone, count: &count }, &[]);
    let network = network.unwrap();
    let mut theta = Random(1).vector(15);
    let mut scratch = vec![f32::NAN; 200];
    let mut sgd = Sgd::new(SgdConfig::default(), vec![0.0; 15], None).unwrap();
    let mut learn = |objective: &mut dyn Objective| {
        for _ in 0..STEPS {
            step(&mut sgd, objective, &mut theta).unwrap();
        }
    };
    let (loss, inputs) = (SoftmaxCrossEntropy::new(), inputs());
    let samples = (&inputs, &LABELS);
    match room {
        None => learn(&mut network.batch(loss, samples.all(), &mut scratch).unwrap()),
        Some(room) => {
            let mut kept = vec![B::Feature::default(); room * 4];
            let features = network.keep(samples, &mut kept, &mut scratch).unwrap();
            learn(&mut network.batch(loss, features.all(), &mut scratch).unwrap());
        }
    }
    (bits(&theta), count.get())
}

#[test]
fn kept_features_are_evaluated_once_a_sample_and_change_no_bit() {
    fn check<B: Backbone>(backbone: B) {
        let (theta, count) = train(backbone, None);
        assert_eq!(count, EVALUATIONS * SAMPLES);
        for room in [0, 1, SAMPLES - 1, SAMPLES, SAMPLES + 3] {
            let kept = room.min(SAMPLES);
            let expected = kept + EVALUATIONS * (SAMPLES - kept);
            assert_eq!(train(backbone, Some(room)), (theta.clone(), expected), "{room}");
        }
    }
    check(float());
    check(Eight::new(&eight()).unwrap());
}

#[test]
fn kept_features_take_a_byte_each_after_an_int8_backbone_and_four_after_floats() {
    assert_eq!(Network::<Tail, Float>::FEATURE_BYTES, 16);
    assert_eq!(Network::<Tail, Eight>::FEATURE_BYTES, 4);
    assert_eq!(size_of::<nn::features!(Network<'_, Tail, Eight<'_>>, 20)>(), 80);
    assert_eq!((Network::<Tail>::FEATURES, Network::<Tail>::FEATURE_BYTES), (4, 16));
}

#[test]
fn a_network_without_a_backbone_keeps_its_inputs() -> Result<(), Error> {
    let network = Network::<Dense<INPUTS, 2>>::new(&[])?;
    let mut kept = [0.0; INPUTS];
    network.features(&inputs()[0], &mut [], &mut kept)?;
    assert_eq!(kept, inputs()[0]);
    Ok(())
}

#[test]
fn a_tail_learns_from_bytes_that_lie_elsewhere_what_the_network_learns() -> Result<(), Error> {
    let bytes = eight();
    let network = Network::<Tail, Eight>::with_backbone(Eight::new(&bytes)?, &[])?;
    let (inputs, theta) = (inputs(), Random(1).vector(15));
    let mut scratch = vec![0.0; 200];
    let mut kept = [0i8; 4 * SAMPLES];
    network.keep((&inputs, &LABELS), &mut kept, &mut scratch)?;
    assert!(kept.iter().any(|feature| *feature != kept[0]), "the features are all alike: {kept:?}");

    let loss = SoftmaxCrossEntropy::new();
    let (mut expected, mut found) = (vec![0.0; 15], vec![0.0; 15]);
    let all = (&inputs, &LABELS).all();
    let expected_loss = network.batch(loss, all, &mut scratch)?.gradient(&theta, &mut expected)?;
    let labels = LABELS.map(|label| label as u8);
    let elsewhere = Int8Samples { inputs: &kept, labels: &labels, width: 4, scale: 0.02, zero: -7 };
    let tail = network.tail();
    let found_loss =
        tail.batch(loss, elsewhere.all(), &mut scratch)?.gradient(&theta, &mut found)?;
    assert_eq!((found_loss.to_bits(), bits(&found)), (expected_loss.to_bits(), bits(&expected)));

    let logits = bits(network.predict(&theta, &inputs[2], &mut scratch)?);
    let features = QuantizedInt8 { values: &kept[8..12], scale: 0.02, zero: -7 };
    assert_eq!(bits(tail.predict(&theta, &features, &mut scratch)?), logits);
    assert_eq!(bits(network.predict(&theta, &Features(features), &mut scratch)?), logits);
    // They may come back from flash.
    let again = network.kept((&inputs, &LABELS), &kept);
    let sample = again.get(2).ok_or(Error::NoSamples)?;
    assert_eq!(bits(network.predict(&theta, &sample.input, &mut scratch)?), logits);
    Ok(())
}

#[test]
fn an_input_without_a_byte_is_refused_and_a_float_is_kept_as_it_is() -> Result<(), Error> {
    let bytes = eight();
    let network = Network::<Tail, Eight>::with_backbone(Eight::new(&bytes)?, &[])?;
    let mut scratch = [0.0; Network::<Tail, Eight>::SCRATCH];
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let refused = network.features(&[0.0, 0.0, value, 0.0, 0.0], &mut scratch, &mut [9; 4]);
        assert_eq!(refused, Err(Error::NonFiniteInput), "{value}");
        let samples = (&[[value; INPUTS]], &[0]);
        let refused = network.keep(samples, &mut [9; 4], &mut scratch).err();
        assert_eq!(refused, Some(Error::NonFiniteInput), "{value}");
    }
    let network = Network::<Tail, Float>::with_backbone(float(), &[])?;
    let mut scratch = [0.0; Network::<Tail, Float>::SCRATCH];
    let mut kept = [0.0; 4];
    let samples = (&[[f32::NAN; INPUTS]], &[0]);
    let features = network.keep(samples, &mut kept, &mut scratch)?;
    let sample = features.get(0).ok_or(Error::NoSamples)?;
    let refused = network.classify(&[0.0; 15], &sample.input, &mut scratch);
    assert_eq!(refused, Err(Error::NonFiniteOutput));
    Ok(())
}

#[test]
fn slices_of_another_length_are_refused() -> Result<(), Error> {
    let bytes = eight();
    let network = Network::<Tail, Eight>::with_backbone(Eight::new(&bytes)?, &[])?;
    let mut scratch = [0.0; Network::<Tail, Eight>::SCRATCH];
    let length = |what, expected, actual| Err(Error::Length { what, expected, actual });
    let input = [0.0; INPUTS];
    let refused = network.features(&input, &mut scratch, &mut [0; 3]);
    assert_eq!(refused, length("features", 4, 3));
    let refused = network.features(&[0.0; 2], &mut scratch, &mut [0; 4]);
    assert_eq!(refused, length("sample", INPUTS, 2));
    let refused = network.features(&input, &mut [0.0], &mut [0; 4]);
    assert_eq!(refused, length("scratch", Eight::SCRATCH, 1));
    Ok(())
}

#[cfg(feature = "heapless")]
#[test]
fn a_store_keeps_features_beside_its_samples_or_in_their_place() -> Result<(), Error> {
    use rolling_ball::nn::SampleStore;
    let bytes = eight();
    let network = Network::<Tail, Eight>::with_backbone(Eight::new(&bytes)?, &[])?;
    let mut scratch = [0.0; Network::<Tail, Eight>::SCRATCH];
    let mut both = SampleStore::<2, 3, [i8; 4]>::new();
    let mut features_only = SampleStore::<0, 3, [i8; 4]>::new();
    assert_eq!(SampleStore::<0, 3, [i8; 4]>::RAM_BYTES - size_of::<usize>(), 16);
    for (number, input) in (0..).zip(inputs().iter().take(4)) {
        let mut features = [0; 4];
        network.features(input, &mut scratch, &mut features)?;
        both.push_with_features(&[number, 0], &features, number % 2);
        features_only.push_with_features(&[], &features, number % 2);
    }
    // The fourth has driven out the oldest.
    let numbers: Vec<u8> =
        both.samples(1.0, 0.0).all().map(|sample| sample.input.values[0]).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let theta = Random(1).vector(15);
    for (number, (one, other)) in numbers
        .iter()
        .zip(both.features(&network).all().zip(features_only.features(&network).all()))
    {
        let input = inputs()[usize::from(*number)];
        let expected = bits(network.predict(&theta, &input, &mut scratch)?);
        assert_eq!(bits(network.predict(&theta, &one.input, &mut scratch)?), expected);
        assert_eq!(bits(network.predict(&theta, &other.input, &mut scratch)?), expected);
        assert_eq!((one.target, other.target), (usize::from(number % 2), usize::from(number % 2)));
    }
    Ok(())
}

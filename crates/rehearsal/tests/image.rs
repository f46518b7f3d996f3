//! An image is read as it was written, or it is refused with the error that says why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rolling_ball::nn::QuantizedSamples;
use rolling_ball_rehearsal::{Image, ImageError, OptimizerKind, Settings};
use support::{Fields, Flash, HEADER, bits, written};

/// An image that owns what it holds.
#[derive(Clone, Debug)]
struct Owned {
    settings: Settings,
    weights: Vec<f32>,
    width: usize,
    scale: f32,
    offset: f32,
    labelled: (Vec<u8>, Vec<u8>),
    held_out: (Vec<u8>, Vec<u8>),
}

impl Owned {
    fn image(&self) -> Image<'_> {
        Image {
            settings: self.settings,
            weights: &self.weights,
            labelled: self.samples(&self.labelled),
            held_out: self.samples(&self.held_out),
        }
    }

    fn samples<'a>(&self, (inputs, labels): &'a (Vec<u8>, Vec<u8>)) -> QuantizedSamples<'a> {
        let Self { width, scale, offset, .. } = *self;
        QuantizedSamples { inputs, labels, width, scale, offset }
    }

    fn flash(&self) -> Flash {
        written(&self.image())
    }
}

/// Any float there is, NaN and infinities too.
fn any_float() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits)
}

prop_compose! {
    fn settings()(
        id in 0..OptimizerKind::ALL.len(),
        steps: u32,
        batch: u32,
        radius in any_float(),
        learning_rate in any_float(),
    ) -> Settings {
        Settings { optimizer: OptimizerKind::ALL[id], steps, batch, radius, learning_rate }
    }
}

fn samples(count: usize, width: usize) -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    (vec(any::<u8>(), count * width), vec(any::<u8>(), count))
}

/// Images of all sizes, those without weights, samples or inputs too.
fn images() -> impl Strategy<Value = Owned> {
    (0..6usize, 0..5usize, 0..5usize).prop_flat_map(|(width, labelled, held_out)| {
        (
            settings(),
            vec(any_float(), 0..9),
            any_float(),
            any_float(),
            samples(labelled, width),
            samples(held_out, width),
        )
            .prop_map(move |(settings, weights, scale, offset, labelled, held_out)| {
                Owned { settings, weights, width, scale, offset, labelled, held_out }
            })
    })
}

/// Two samples to learn from and one to test on, of three bytes each; five weights.
fn small() -> Owned {
    Owned {
        settings: Settings {
            optimizer: OptimizerKind::Momentum,
            steps: 7,
            batch: 2,
            radius: 0.25,
            learning_rate: 0.5,
        },
        weights: vec![1.0, -2.0, 0.0, 3.5, -0.125],
        width: 3,
        scale: 0.0625,
        offset: -1.0,
        labelled: (vec![1, 2, 3, 4, 5, 6], vec![8, 9]),
        held_out: (vec![10, 11, 12], vec![13]),
    }
}

fn refused(bytes: &[u8]) -> ImageError {
    match Image::parse(bytes) {
        Err(error) => error,
        Ok(image) => panic!("expected the image to be refused, got {image:?}"),
    }
}

fn assert_same_samples(read: &QuantizedSamples, wrote: &QuantizedSamples) {
    assert_eq!((read.inputs, read.labels), (wrote.inputs, wrote.labels));
    assert_eq!(read.width, wrote.width);
    assert_eq!(bits(&[read.scale, read.offset]), bits(&[wrote.scale, wrote.offset]));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_image_that_was_written_is_read_back_bit_for_bit(owned in images()) {
        let wrote = owned.image();
        let flash = owned.flash();
        let read = Image::parse(&flash).unwrap();
        let (a, b) = (read.settings, wrote.settings);
        prop_assert_eq!((a.optimizer, a.steps, a.batch), (b.optimizer, b.steps, b.batch));
        prop_assert_eq!(bits(&[a.radius, a.learning_rate]), bits(&[b.radius, b.learning_rate]));
        prop_assert_eq!(bits(read.weights), bits(wrote.weights));
        assert_same_samples(&read.labelled, &wrote.labelled);
        assert_same_samples(&read.held_out, &wrote.held_out);
    }

    #[test]
    fn an_image_is_as_long_as_its_parts(owned in images()) {
        let samples = owned.labelled.1.len() + owned.held_out.1.len();
        let length = HEADER + 4 * owned.weights.len() + samples * (owned.width + 1);
        prop_assert_eq!(owned.flash().len(), length);
    }

    #[test]
    fn a_truncated_image_is_refused_for_its_length(owned in images(), end: Index) {
        let flash = owned.flash();
        let end = end.index(flash.len());
        let expected = ImageError::Length { expected: flash.len(), actual: end };
        let expected = if end < HEADER { ImageError::NotAnImage } else { expected };
        prop_assert_eq!(refused(&flash[..end]), expected);
    }

    #[test]
    fn an_image_with_bytes_after_it_is_refused_for_its_length(
        owned in images(),
        more in vec(any::<u8>(), 1..9),
    ) {
        let flash = owned.flash();
        let longer = Flash::new(&[&flash[..], &more].concat());
        let (expected, actual) = (flash.len(), flash.len() + more.len());
        prop_assert_eq!(refused(&longer), ImageError::Length { expected, actual });
    }

    /// A CRC-32 detects every burst of errors that is not longer than itself.
    #[test]
    fn damage_within_four_bytes_of_the_content_is_detected(
        owned in images(),
        start: Index,
        damage: [u8; 4],
    ) {
        prop_assume!(damage != [0; 4]);
        let mut flash = owned.flash();
        let start = 8 + start.index(flash.len() - 8 - damage.len() + 1);
        for (byte, damage) in flash[start..].iter_mut().zip(damage) {
            *byte ^= damage;
        }
        let error = refused(&flash);
        let detected = matches!(error, ImageError::Checksum | ImageError::Length { .. });
        prop_assert!(detected, "{error:?}");
        // The counts decide about the length, and nothing else does.
        if start >= 24 {
            prop_assert_eq!(error, ImageError::Checksum);
        }
    }

    #[test]
    fn a_damaged_checksum_is_a_wrong_checksum(owned in images(), damage: [u8; 4]) {
        prop_assume!(damage != [0; 4]);
        let mut flash = owned.flash();
        for (byte, damage) in flash[4..8].iter_mut().zip(damage) {
            *byte ^= damage;
        }
        prop_assert_eq!(refused(&flash), ImageError::Checksum);
    }

    #[test]
    fn an_image_that_starts_otherwise_is_none(owned in images(), magic: [u8; 4]) {
        prop_assume!(magic != *b"RBI1");
        let mut flash = owned.flash();
        flash[..4].copy_from_slice(&magic);
        prop_assert_eq!(refused(&flash.sign()), ImageError::NotAnImage);
    }

    /// Whatever is read is written back as it was: no two images mean the same.
    #[test]
    fn bytes_are_refused_or_written_back_as_they_are(
        header: [u32; 7],
        parts in (0..4u32, 0..4u32, 0..4u32, 0..4u32, 0..8u32),
        body in vec(any::<u8>(), 0..60),
        consistent: bool,
    ) {
        let (parameters, inputs, labelled, held_out, optimizer) = parts;
        let mut fields = Fields {
            steps: header[0],
            batch: header[1],
            radius: f32::from_bits(header[2]),
            learning_rate: f32::from_bits(header[3]),
            scale: f32::from_bits(header[4]),
            offset: f32::from_bits(header[5]),
            parameters,
            inputs,
            labelled,
            held_out,
            optimizer,
        };
        let length = (4 * parameters + (labelled + held_out) * (inputs + 1)) as usize;
        let body = if consistent {
            let mut body = body;
            body.resize(length, 0x5a);
            body
        } else {
            fields.parameters = header[6];
            body
        };
        let flash = fields.image(&body);
        let known = OptimizerKind::from_id(optimizer).is_some();
        match Image::parse(&flash) {
            Ok(image) => {
                prop_assert!(consistent || fields.parameters == parameters);
                prop_assert_eq!(&written(&image)[..], &flash[..]);
            }
            Err(ImageError::Optimizer(id)) => prop_assert!(id == optimizer && !known),
            Err(error) => {
                prop_assert!(!consistent);
                prop_assert!(matches!(error, ImageError::Length { .. }), "{error:?}");
            }
        }
    }

    #[test]
    fn random_bytes_are_refused(bytes in vec(any::<u8>(), 0..200), marked: bool) {
        let mut flash = Flash::new(&bytes);
        if marked && flash.len() >= 4 {
            flash[..4].copy_from_slice(b"RBI1");
        }
        let error = refused(&flash);
        if flash.len() < HEADER || !flash.starts_with(b"RBI1") {
            prop_assert_eq!(error, ImageError::NotAnImage);
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let flash = small().flash();
    for actual in 0..flash.len() {
        let wrong_length = ImageError::Length { expected: flash.len(), actual };
        let expected = if actual < HEADER { ImageError::NotAnImage } else { wrong_length };
        assert_eq!(refused(&flash[..actual]), expected);
    }
}

#[test]
fn every_byte_more_is_refused() {
    let flash = small().flash();
    for byte in 0..=u8::MAX {
        let longer = Flash::new(&[&flash[..], &[byte]].concat());
        let (expected, actual) = (flash.len(), flash.len() + 1);
        assert_eq!(refused(&longer), ImageError::Length { expected, actual });
    }
}

#[test]
fn every_flipped_bit_is_detected() {
    let flash = small().flash();
    for bit in 0..flash.len() * 8 {
        let mut damaged = flash.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = refused(&damaged);
        match bit / 8 {
            0..4 => assert_eq!(error, ImageError::NotAnImage),
            8..24 => assert!(matches!(error, ImageError::Length { .. }), "bit {bit}: {error:?}"),
            _ => assert_eq!(error, ImageError::Checksum, "bit {bit}"),
        }
    }
}

#[test]
fn the_layout_is_the_one_that_is_documented() {
    let fields = Fields {
        parameters: 2,
        inputs: 3,
        labelled: 2,
        held_out: 1,
        optimizer: 4,
        steps: 100,
        batch: 20,
        radius: 0.5,
        learning_rate: 0.25,
        scale: 2.0,
        offset: -3.0,
    };
    let weights: Vec<u8> = [1.5f32, -2.5].iter().flat_map(|weight| weight.to_le_bytes()).collect();
    let samples: [&[u8]; 4] = [&[1, 2, 3, 4, 5, 6], &[7, 8], &[9, 10, 11], &[12]];
    let flash = fields.image(&[&weights, &samples.concat()[..]].concat());
    let image = Image::parse(&flash).unwrap();
    assert_eq!(
        image.settings,
        Settings {
            optimizer: OptimizerKind::Sam,
            steps: 100,
            batch: 20,
            radius: 0.5,
            learning_rate: 0.25
        }
    );
    assert_eq!(image.weights, [1.5, -2.5]);
    for (read, [inputs, labels]) in
        [(image.labelled, [samples[0], samples[1]]), (image.held_out, [samples[2], samples[3]])]
    {
        assert_eq!((read.inputs, read.labels), (inputs, labels));
        assert_eq!((read.width, read.scale, read.offset), (3, 2.0, -3.0));
    }
    assert_eq!(written(&image)[..], flash[..]);
}

#[test]
fn an_unknown_optimizer_is_named() {
    for id in [6, 7, 255, u32::MAX] {
        let flash = Fields { optimizer: id, ..Fields::default() }.image(&[]);
        assert_eq!(refused(&flash), ImageError::Optimizer(id));
    }
}

#[test]
fn every_optimizer_has_its_own_number_and_name() {
    for (id, kind) in (0..).zip(OptimizerKind::ALL) {
        assert_eq!(kind.id(), id);
        assert_eq!(OptimizerKind::from_id(id), Some(kind));
        let flash = Fields { optimizer: id, ..Fields::default() }.image(&[]);
        assert_eq!(Image::parse(&flash).unwrap().settings.optimizer, kind);
    }
    let names = OptimizerKind::ALL.map(OptimizerKind::name);
    assert_eq!(names, ["ball", "sgd", "momentum", "adam", "sam", "zeroth-order-ball"]);
}

#[test]
fn huge_counts_are_a_wrong_length_whatever_they_add_up_to() {
    let counts = [0, 1, 0x4000_0000, 0x8000_0000, u32::MAX];
    let mut huge = 0;
    for parameters in counts {
        for inputs in counts {
            for labelled in counts {
                for held_out in counts {
                    let samples = u128::from(labelled) + u128::from(held_out);
                    let body = u128::from(parameters) * 4 + samples * (u128::from(inputs) + 1);
                    if body < 100 {
                        continue;
                    }
                    huge += 1;
                    let fields =
                        Fields { parameters, inputs, labelled, held_out, ..Fields::default() };
                    let expected = usize::try_from(body + HEADER as u128).unwrap_or(usize::MAX);
                    let wrong_length = ImageError::Length { expected, actual: HEADER };
                    assert_eq!(
                        refused(&fields.image(&[])),
                        wrong_length,
                        "{parameters} {inputs} {labelled} {held_out}"
                    );
                }
            }
        }
    }
    assert!(huge > 500);
}

/// 2^32 samples of 2^32 bytes with their labels are 2^64 bytes, which is 0 in a `u64`.
#[test]
fn counts_whose_length_wraps_around_to_the_actual_one_are_refused() {
    let (inputs, labelled, held_out) = (u32::MAX, 1 << 31, 1 << 31);
    let fields = Fields { inputs, labelled, held_out, ..Fields::default() };
    let wrong_length = ImageError::Length { expected: usize::MAX, actual: HEADER };
    assert_eq!(refused(&fields.image(&[])), wrong_length);
}

#[test]
fn an_image_at_an_odd_address_is_misaligned() {
    for owned in [small(), Owned { weights: vec![], ..small() }] {
        let flash = owned.flash();
        for shift in 1..4 {
            let moved = Flash::new(&[&[0; 3][..shift], &flash[..]].concat());
            assert_eq!(refused(&moved[shift..]), ImageError::Misaligned);
        }
        let moved = Flash::new(&[&[0; 4], &flash[..]].concat());
        let read = Image::parse(&moved[4..]).unwrap();
        assert_eq!(read.weights, owned.weights);
    }
}

#[test]
fn every_error_says_what_was_found() {
    let sentences = [
        (ImageError::NotAnImage, vec!["RBI1"]),
        (ImageError::Misaligned, vec!["multiple of four"]),
        (ImageError::Length { expected: 4711, actual: 815 }, vec!["4711", "815"]),
        (ImageError::Checksum, vec!["damaged", "checksum"]),
        (ImageError::Optimizer(77), vec!["optimizer", "77"]),
    ];
    for (error, words) in sentences {
        let sentence = error.to_string();
        assert!(words.iter().all(|word| sentence.contains(word)), "{sentence}");
    }
}

#[test]
fn samples_that_one_header_cannot_describe_are_not_written() {
    let settings = Settings {
        optimizer: OptimizerKind::Ball,
        steps: 1,
        batch: 0,
        radius: 0.1,
        learning_rate: 0.1,
    };
    let samples =
        QuantizedSamples { inputs: &[1, 2], labels: &[0], width: 2, scale: 1.0, offset: 0.0 };
    let refused = |held_out| {
        let image = Image { settings, weights: &[], labelled: samples, held_out };
        let mut pieces = 0;
        let answer = image.write(|_| pieces += 1);
        assert_eq!(pieces, 0);
        answer
    };
    for held_out in [
        QuantizedSamples { inputs: &[1], width: 1, ..samples },
        QuantizedSamples { scale: 2.0, ..samples },
        QuantizedSamples { offset: 2.0, ..samples },
        QuantizedSamples { inputs: &[1, 2, 3], ..samples },
    ] {
        assert_eq!(refused(held_out), Err(ImageError::Samples));
    }
}

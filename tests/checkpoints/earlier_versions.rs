//! Checkpoints that earlier builds wrote are resumed: `version_1.json` holds, for every optimizer
//! in every form, the flash image of a training after five steps, written by the first build of
//! that format, and theta four steps later. The images stay as they are for ever; what a line
//! search makes of them has changed in the last bits once, when it began to end a stalled step
//! exactly where that had begun. `version_1_estimated_rates.json` and
//! `version_1_losses_only.json` hold the same of the optimizers that came later, `version_2.json`
//! of a theta in few bits, `version_3.json` of a fine-tuning, and `version_1_large_units.json` of a
//! ball for each unit of a flash above 64 bytes, which the first builds did not know.

use crate::fine_tuning;
use crate::forgery::{holding, on};
use crate::nor_flash::NorFlashModel;
use crate::support::numbers::bits;
use crate::support::optimizers::run;
use crate::training::{
    Ball, Check, Flash, LENGTH, checkpoints, contact_ball, every_optimizer, rubbish, start, wells,
    with_an_estimated_rate, with_losses_only,
};
use rolling_ball::{Checkpoints, Optimizer, Resumable, Resumed, ThetaBits};
use serde::{Deserialize, Serialize};

#[derive(Clone, Deserialize, Serialize)]
struct Written {
    optimizer: String,
    /// What is not erased of the flash, in hexadecimal digits.
    image: String,
    /// The bits of theta.
    theta_four_steps_later: String,
}

struct Resume {
    written: std::vec::IntoIter<Written>,
}

impl Check for Resume {
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
        let written = self.written.next().expect("an image for every optimizer");
        assert_eq!(written.optimizer, name);
        let mut bytes = bytes_of(&written.image);
        let range = Checkpoints::<Flash>::bytes::<O>(LENGTH, 2);
        bytes.resize(range as usize, 0xff);
        let mut checkpoints: Checkpoints<Flash> = holding(bytes);
        let (mut theta, mut optimizer) = (rubbish(), make());
        assert_eq!(checkpoints.resume(&mut theta, &mut optimizer), Ok(Some(5)), "{name}");
        run(&mut optimizer, &mut wells(), &mut theta, 4);
        assert_eq!(hexadecimal(&theta), written.theta_four_steps_later, "{name}");
    }
}

fn hexadecimal(theta: &[f32]) -> String {
    words(&bits(theta))
}

/// Writes the image of every optimizer after five steps.
#[derive(Default)]
struct Write {
    written: Vec<Written>,
}

impl Check for Write {
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
        let (mut theta, mut optimizer) = (start(), make());
        run(&mut optimizer, &mut wells(), &mut theta, 5);
        let mut checkpoints = checkpoints::<O>(2);
        checkpoints.save(&theta, &optimizer).unwrap();
        let used = Checkpoints::<Flash>::bytes::<O>(LENGTH, 1) as usize;
        let image = digits_of(&checkpoints.into_inner().bytes[..used]);
        run(&mut optimizer, &mut wells(), &mut theta, 4);
        let theta_four_steps_later = hexadecimal(&theta);
        self.written.push(Written { optimizer: name.into(), image, theta_four_steps_later });
    }
}

fn digits_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The image of a training after five steps.
fn write<const UNIT: usize>() -> Written {
    let (mut theta, mut ball) = (start(), contact_ball());
    run(&mut ball, &mut wells(), &mut theta, 5);
    let mut checkpoints = on(NorFlashModel::<UNIT, UNIT>::new(1 << 12));
    checkpoints.save(&theta, &ball).unwrap();
    let bytes = checkpoints.clone().into_inner().bytes;
    let used = Checkpoints::<NorFlashModel<UNIT, UNIT>>::bytes::<Ball>(LENGTH, 1) as usize;
    let image = digits_of(&bytes[..used]);
    let optimizer = format!("ball, unit {UNIT}");
    Written { optimizer, image, theta_four_steps_later: four_steps_later::<UNIT>(bytes) }
}

fn four_steps_later<const UNIT: usize>(mut image: Vec<u8>) -> String {
    image.resize(1 << 12, 0xff);
    let mut checkpoints: Checkpoints<NorFlashModel<UNIT, UNIT>> = holding(image);
    let (mut theta, mut ball) = (rubbish(), contact_ball());
    assert_eq!(checkpoints.resume(&mut theta, &mut ball), Ok(Some(5)), "unit {UNIT}");
    run(&mut ball, &mut wells(), &mut theta, 4);
    hexadecimal(&theta)
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

#[test]
fn a_checkpoint_of_the_first_version_is_resumed_with_the_same_bits() {
    let images = [
        include_str!("version_1.json"),
        include_str!("version_1_estimated_rates.json"),
        include_str!("version_1_losses_only.json"),
    ];
    let written = images.map(|images| serde_json::from_str::<Vec<Written>>(images).unwrap());
    let mut resume = Resume { written: written.concat().into_iter() };
    every_optimizer(&mut resume);
    assert!(resume.written.next().is_none(), "every image has its optimizer");
}

fn resume_with_a_unit_of<const UNIT: usize>(written: &Written) {
    assert_eq!(written.optimizer, format!("ball, unit {UNIT}"));
    let end = four_steps_later::<UNIT>(bytes_of(&written.image));
    assert_eq!(end, written.theta_four_steps_later, "unit {UNIT}");
}

#[test]
fn a_checkpoint_of_the_first_version_with_a_large_unit_is_resumed_with_the_same_bits() {
    let written = include_str!("version_1_large_units.json");
    let written: [Written; 3] = serde_json::from_str(written).unwrap();
    resume_with_a_unit_of::<128>(&written[0]);
    resume_with_a_unit_of::<256>(&written[1]);
    resume_with_a_unit_of::<512>(&written[2]);
}

/// The image of a ball after five steps, with theta in few bits.
fn write_rounded(theta_bits: ThetaBits) -> Written {
    let (mut theta, mut ball) = (start(), contact_ball());
    run(&mut ball, &mut wells(), &mut theta, 5);
    let mut checkpoints = checkpoints::<Ball>(2).with_theta_bits(theta_bits);
    checkpoints.save(&theta, &ball).unwrap();
    let used = Checkpoints::<Flash>::bytes_in::<Ball>(theta_bits, LENGTH, 1) as usize;
    let image = digits_of(&checkpoints.into_inner().bytes[..used]);
    let theta_four_steps_later = four_steps_after_rounding(&image, theta_bits);
    let optimizer = format!("ball, theta in {} bits", theta_bits.bits());
    Written { optimizer, image, theta_four_steps_later }
}

fn four_steps_after_rounding(image: &str, theta_bits: ThetaBits) -> String {
    let mut bytes = bytes_of(image);
    bytes.resize(1 << 12, 0xff);
    let mut checkpoints: Checkpoints<Flash> = holding(bytes);
    let (mut theta, mut ball) = (rubbish(), contact_ball());
    let resumed = Resumed { steps: 5, theta: theta_bits };
    assert_eq!(checkpoints.resume_rounded(&mut theta, &mut ball), Ok(Some(resumed)));
    run(&mut ball, &mut wells(), &mut theta, 4);
    hexadecimal(&theta)
}

#[test]
fn a_checkpoint_of_the_second_version_is_resumed_with_the_same_bits() {
    let written: [Written; 2] = serde_json::from_str(include_str!("version_2.json")).unwrap();
    for (written, theta_bits) in written.iter().zip([ThetaBits::Eight, ThetaBits::Four]) {
        assert_eq!(written.optimizer, format!("ball, theta in {} bits", theta_bits.bits()));
        let end = four_steps_after_rounding(&written.image, theta_bits);
        assert_eq!(end, written.theta_four_steps_later, "{}", written.optimizer);
    }
}

fn words(theta: &[u32]) -> String {
    theta.iter().map(|word| format!("{word:08x}")).collect()
}

/// The image of a fine-tuning, whose theta is the last, not that of four steps later.
fn write_fine_tuning() -> Written {
    let (image, theta) = fine_tuning::written();
    let optimizer = "fine-tuning, ball".to_owned();
    Written { optimizer, image: digits_of(&image), theta_four_steps_later: words(&theta) }
}

#[test]
fn a_checkpoint_of_the_third_version_is_resumed_with_the_same_bits() {
    let written: [Written; 1] = serde_json::from_str(include_str!("version_3.json")).unwrap();
    let [Written { image, theta_four_steps_later, .. }] = &written;
    let mut bytes = bytes_of(image);
    bytes.resize(1 << 12, 0xff);
    assert_eq!(&words(&fine_tuning::end(bytes)), theta_four_steps_later);
}

/// `cargo test --features checkpoints --test checkpoints -- --ignored` writes them again. That is
/// right for a new version only, into a file of its own: those of a version that is out must stay.
#[test]
#[ignore = "writes images, where all other tests read them"]
fn the_images_of_later_builds_are_written_anew() {
    let (mut estimated_rates, mut losses_only) = (Write::default(), Write::default());
    with_an_estimated_rate(&mut estimated_rates);
    with_losses_only(&mut losses_only);
    let rounded = [ThetaBits::Eight, ThetaBits::Four].map(write_rounded).to_vec();
    let large_units = vec![write::<128>(), write::<256>(), write::<512>()];
    for (name, written) in [
        ("1_estimated_rates", estimated_rates.written),
        ("1_losses_only", losses_only.written),
        ("1_large_units", large_units),
        ("2", rounded),
        ("3", vec![write_fine_tuning()]),
    ] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/checkpoints");
        let json = serde_json::to_string_pretty(&written).unwrap() + "\n";
        std::fs::write(format!("{folder}/version_{name}.json"), json).unwrap();
    }
}

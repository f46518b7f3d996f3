//! What a demo runs: a scenario's data, its pre-trained network and the settings, in one flash
//! image.

use anyhow::{Result, ensure};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use rolling_ball_rehearsal::{Image, OptimizerKind, Settings};
use scenario::{DigitsTail, SpeakersCnnTail, SpeakersTail, digits_cnn};
use std::path::{Path, PathBuf};
use workbench::data::Dataset;
use workbench::data::digits;
use workbench::data::speakers::{Recordings, SPEAKERS};
use workbench::pretrain::{DIGITS_RECIPE, SPEAKERS_RECIPE, pretrain};
use workbench::progress;

/// An optimizer by its name.
fn optimizer() -> impl TypedValueParser<Value = OptimizerKind> {
    PossibleValuesParser::new(OptimizerKind::ALL.map(OptimizerKind::name)).try_map(|name| {
        OptimizerKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or("not the name of an optimizer")
    })
}

/// What the demo is asked for.
#[derive(Args, Clone, Debug)]
pub struct PlanArgs {
    /// The optimizer that fine-tunes; momentum is 0.9
    #[arg(long, value_parser = optimizer(), default_value = "ball")]
    pub optimizer: OptimizerKind,
    /// Radius of either ball (or of SAM's neighbourhood) [default: the optimizer's own]
    #[arg(long, allow_negative_numbers = true, value_parser = positive)]
    pub radius: Option<f32>,
    /// Learning rate at the first step; it shrinks to nothing [default: the optimizer's own]
    #[arg(long, allow_negative_numbers = true, value_parser = positive)]
    pub learning_rate: Option<f32>,
    /// Labelled samples of the digits scenario, 1 to 100
    #[arg(long, default_value_t = 100, conflicts_with = "fsdd",
          value_parser = clap::value_parser!(u16).range(1..=100))]
    pub samples: u16,
    /// Samples a gradient evaluation, in turn; 0 for all of them
    #[arg(long, default_value_t = 0)]
    pub batch: u32,
    /// Steps of fine-tuning
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub steps: u32,
    /// Decides which samples are labelled, and the sensor's noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Train the last layer only, of a convolutional network imported from PyTorch, in 16 KB of RAM
    #[arg(long, conflicts_with = "fsdd")]
    pub last_layer: bool,
    /// Spoken digits instead: the directory with fsdd_logmel16x20_u8.{x,y,speaker}.u8.bin
    #[arg(long, value_name = "DIR")]
    pub fsdd: Option<PathBuf>,
    /// Network for the spoken digits: dense layers, or convolutions over time
    #[arg(long, value_enum, default_value_t, requires = "fsdd")]
    pub network: SpeakersNetwork,
    /// The speaker whom the network has never heard, 0 to 5
    #[arg(long, default_value_t = 0, requires = "fsdd",
          value_parser = clap::value_parser!(u8).range(0..i64::from(SPEAKERS)))]
    pub speaker: u8,
    /// Labelled clips of that speaker, 1 to 400
    #[arg(long, default_value_t = 20, requires = "fsdd",
          value_parser = clap::value_parser!(u16).range(1..=400))]
    pub clips: u16,
    /// Labels that are wrong, in per cent
    #[arg(long, default_value_t = 0, value_name = "PER_CENT",
          value_parser = clap::value_parser!(u8).range(0..=100))]
    pub wrong: u8,
}

fn positive(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("expected a finite number above 0".to_owned()),
    }
}

impl PlanArgs {
    /// The digits scenario as it is by default.
    pub fn digits(optimizer: OptimizerKind) -> Self {
        Self {
            optimizer,
            radius: None,
            learning_rate: None,
            samples: 100,
            batch: 0,
            steps: 100,
            seed: 1,
            last_layer: false,
            fsdd: None,
            network: SpeakersNetwork::default(),
            speaker: 0,
            clips: 20,
            wrong: 0,
        }
    }

    /// The digits with the last layer trained, by the ball.
    pub fn last_layer() -> Self {
        let digits = Self::digits(OptimizerKind::Ball);
        Self { last_layer: true, samples: 50, steps: 50, learning_rate: Some(3.0), ..digits }
    }

    /// The same by losses alone.
    pub fn losses_only() -> Self {
        let optimizer = OptimizerKind::ZerothOrderBall;
        let radius = Some(0.7);
        Self { optimizer, radius, steps: 300, learning_rate: None, ..Self::last_layer() }
    }

    /// The spoken digits of one speaker, by the ball.
    pub fn speaker(directory: &Path, speaker: u8, clips: u16) -> Self {
        let fsdd = Some(directory.to_path_buf());
        Self { fsdd, speaker, clips, ..Self::digits(OptimizerKind::Ball) }
    }
}

/// What hears the spoken digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SpeakersNetwork {
    /// 320-32-10, 10,602 parameters
    #[default]
    Dense,
    /// Two convolutions over time and a dense layer, 3,834 parameters
    Cnn,
}

/// Which network, and so which firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// 8x8 digits seen by a turned sensor.
    Digits,
    /// The same, by an imported convolutional network of which the last layer is trained.
    LastLayer,
    /// The same by losses alone, in the memory of an inference.
    LossesOnly,
    /// Spoken digits of a new speaker.
    Speakers,
    /// The same, by a convolutional network.
    SpeakersCnn,
}

impl Scenario {
    /// The firmware's binary.
    pub fn binary(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::LastLayer => "last_layer",
            Self::LossesOnly => "losses_only",
            Self::Speakers => "speakers",
            Self::SpeakersCnn => "speakers_cnn",
        }
    }

    /// The stated budget of its board, as the linker enforces it: flash and RAM in bytes.
    pub fn budget(self) -> (u64, u64) {
        match self {
            Self::Digits => (128 << 10, 64 << 10),
            Self::LastLayer => (256 << 10, 16 << 10),
            Self::LossesOnly => (256 << 10, 10 << 10),
            Self::Speakers => (512 << 10, 256 << 10),
            Self::SpeakersCnn => (512 << 10, 128 << 10),
        }
    }
}

/// A scenario ready to run.
#[derive(Debug)]
pub struct Plan {
    /// Which network.
    pub scenario: Scenario,
    /// One line for people.
    pub title: String,
    /// The settings in the image.
    pub settings: Settings,
    /// Number of labelled samples.
    pub labelled: usize,
    /// The flash image.
    pub image: Vec<u8>,
}

impl Plan {
    /// Pre-trains and packs what the arguments ask for.
    pub fn prepare(args: &PlanArgs) -> Result<Self> {
        let kind = args.optimizer;
        ensure!(
            args.radius.is_none() || kind.has_radius(),
            "--radius: {} has no radius; the balls and SAM have one",
            kind.name()
        );
        ensure!(
            args.learning_rate.is_none() || kind.has_learning_rate(),
            "--learning-rate: {} finds its rate by itself; it has a --radius",
            kind.name()
        );
        let bar = progress::bar("pre-training on the desktop", "epochs");
        let (scenario, title, weights, data, count) = match &args.fsdd {
            None => {
                let (scenario, weights) = if args.last_layer {
                    let scenario = match kind {
                        OptimizerKind::ZerothOrderBall => Scenario::LossesOnly,
                        _ => Scenario::LastLayer,
                    };
                    (scenario, digits_cnn::THETA.to_vec())
                } else {
                    let clean = digits::clean()?;
                    (Scenario::Digits, pretrain::<DigitsTail>(&clean, &DIGITS_RECIPE, &bar)?)
                };
                let turned = digits::SENSOR.rotation;
                let title = format!("digits seen by a sensor turned by {turned} degrees");
                let seen = digits::sensed(&digits::SENSOR, args.seed)?;
                (scenario, title, weights, seen, usize::from(args.samples))
            }
            Some(directory) => {
                let (others, own) = Recordings::read(directory)?.leave_out(args.speaker);
                let count = usize::from(args.clips);
                ensure!(
                    count < own.labels.len(),
                    "--clips {count}: speaker {} has {} clips, and some must be left to test on",
                    args.speaker,
                    own.labels.len()
                );
                let (scenario, weights) = match args.network {
                    SpeakersNetwork::Dense => (
                        Scenario::Speakers,
                        pretrain::<SpeakersTail>(&others, &SPEAKERS_RECIPE, &bar)?,
                    ),
                    SpeakersNetwork::Cnn => (
                        Scenario::SpeakersCnn,
                        pretrain::<SpeakersCnnTail>(&others, &SPEAKERS_RECIPE, &bar)?,
                    ),
                };
                let title = format!("spoken digits of speaker {}", args.speaker);
                (scenario, title, weights, own, count)
            }
        };
        bar.finish_and_clear();
        let (learning_rate, radius) = default_settings(kind);
        let settings = Settings {
            optimizer: kind,
            steps: args.steps,
            batch: args.batch,
            radius: args.radius.unwrap_or(radius),
            learning_rate: args.learning_rate.unwrap_or(learning_rate),
        };
        let (mut labelled, held_out) = data.draw(count, args.seed);
        labelled.mislabel(f32::from(args.wrong) / 100.0, args.seed);
        let image = pack(settings, &weights, &labelled, &held_out)?;
        Ok(Self { scenario, title, settings, labelled: count, image })
    }
}

/// Learning rate and radius where the user names none: the ball's preset, and for the others the
/// one setting that is best on the mean of all cases (docs/study.md).
fn default_settings(kind: OptimizerKind) -> (f32, f32) {
    match kind {
        OptimizerKind::Ball => (1.0, 0.03),
        OptimizerKind::Sgd => (0.1, NO_RADIUS),
        OptimizerKind::Momentum => (0.03, NO_RADIUS),
        OptimizerKind::Adam => (0.007, NO_RADIUS),
        OptimizerKind::Sam => (0.1, 0.02),
        OptimizerKind::ZerothOrderBall => (NO_RATE, 4.0),
    }
}

/// The radius of the optimizers that do not look at it.
const NO_RADIUS: f32 = 1.0;
/// The rate of the optimizer that does not look at it.
const NO_RATE: f32 = 1.0;

fn pack(
    settings: Settings,
    weights: &[f32],
    labelled: &Dataset,
    held_out: &Dataset,
) -> Result<Vec<u8>> {
    let image =
        Image { settings, weights, labelled: labelled.samples(), held_out: held_out.samples() };
    let mut bytes = Vec::new();
    image.write(|piece| bytes.extend_from_slice(piece))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use rolling_ball::nn::Samples;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        plan: PlanArgs,
    }

    fn line(words: &str) -> Result<PlanArgs> {
        let words = std::iter::once("demo").chain(words.split_whitespace());
        Ok(Line::try_parse_from(words)?.plan)
    }

    #[test]
    fn arguments_made_in_code_are_the_command_lines() -> Result<()> {
        for (words, made) in [
            ("", PlanArgs::digits(OptimizerKind::Ball)),
            ("--last-layer --samples 50 --steps 50 --learning-rate 3", PlanArgs::last_layer()),
            (
                "--last-layer --samples 50 --steps 300 --optimizer zeroth-order-ball --radius 0.7",
                PlanArgs::losses_only(),
            ),
            ("--optimizer sam", PlanArgs::digits(OptimizerKind::Sam)),
            ("--fsdd DIR --speaker 3 --clips 50", PlanArgs::speaker(Path::new("DIR"), 3, 50)),
        ] {
            assert_eq!(format!("{:?}", line(words)?), format!("{made:?}"));
        }
        Ok(())
    }

    #[test]
    fn arguments_out_of_range_are_refused_by_name() {
        for (option, words) in [
            ("--samples", "--samples 0"),
            ("--samples", "--samples 101"),
            ("--steps", "--steps 0"),
            ("--steps", "--steps 100001"),
            ("--speaker", "--fsdd DIR --speaker 6"),
            ("--clips", "--fsdd DIR --clips 0"),
            ("--clips", "--fsdd DIR --clips 401"),
            ("--optimizer", "--optimizer lbfgs"),
            ("--fsdd", "--speaker 3"),
            ("--fsdd", "--clips 20"),
        ] {
            let error = line(words).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(option), "{words}: {error:?}");
        }
    }

    #[test]
    fn every_optimizer_is_called_on_the_command_line_as_in_the_image() {
        for kind in OptimizerKind::ALL {
            let words = format!("--optimizer {}", kind.name());
            assert_eq!(line(&words).map(|arguments| arguments.optimizer).ok(), Some(kind));
        }
    }

    #[test]
    fn the_image_of_a_plan_holds_what_was_asked_for_and_all_of_the_devices_digits() -> Result<()> {
        let plan = Plan::prepare(&PlanArgs {
            radius: Some(0.25),
            samples: 30,
            steps: 7,
            ..PlanArgs::digits(OptimizerKind::Sam)
        })?;
        let image = Image::parse(&plan.image)?;
        let (learning_rate, _) = default_settings(OptimizerKind::Sam);
        let optimizer = OptimizerKind::Sam;
        let settings = Settings { optimizer, steps: 7, batch: 0, radius: 0.25, learning_rate };
        assert_eq!((image.settings, plan.settings), (settings, settings));
        assert_eq!((plan.scenario, plan.labelled), (Scenario::Digits, 30));
        assert_eq!((image.labelled.len(), image.held_out.len()), (30, 1797 - 1200 - 30));
        for class in 0..10 {
            assert_eq!(image.labelled.labels.iter().filter(|label| **label == class).count(), 3);
        }
        Ok(())
    }

    #[test]
    fn the_seed_decides_the_samples_and_nothing_else() -> Result<()> {
        let plan =
            |seed| Plan::prepare(&PlanArgs { seed, ..PlanArgs::digits(OptimizerKind::Ball) });
        let (one, again, other) = (plan(1)?, plan(1)?, plan(2)?);
        assert!(one.image == again.image, "two plans of the same arguments differ");
        let (one, other) = (Image::parse(&one.image)?, Image::parse(&other.image)?);
        assert_eq!(one.settings, other.settings);
        assert_eq!(one.weights, other.weights);
        assert_ne!(one.labelled.inputs, other.labelled.inputs);
        // The noise is another, and so are the digits that were drawn.
        assert_ne!(one.held_out.labels, other.held_out.labels);
        Ok(())
    }

    #[test]
    fn clips_that_leave_nothing_to_test_on_are_refused() -> Result<()> {
        let directory =
            std::env::temp_dir().join(format!("rolling-ball-plan-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let (labels, speakers) = ([1, 2, 3, 4], [0, 0, 0, 5]);
        for (part, bytes) in [("x", &[7; 4 * 320][..]), ("y", &labels), ("speaker", &speakers)] {
            std::fs::write(directory.join(format!("fsdd_logmel16x20_u8.{part}.u8.bin")), bytes)?;
        }
        let refused = Plan::prepare(&PlanArgs::speaker(&directory, 0, 3));
        std::fs::remove_dir_all(&directory)?;
        let error = refused.err().map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(error.contains("--clips 3: speaker 0 has 3 clips"), "{error:?}");
        Ok(())
    }
}

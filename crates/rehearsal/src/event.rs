//! The events of a run, one line each. The same type writes the line and reads it. Floats are
//! written to six decimals; what is compared bit for bit is the hash.

use core::fmt;
use core::str::FromStr;

/// How many of the held-out samples were classified correctly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Accuracy {
    /// How many were classified correctly.
    pub correct: u32,
    /// How many there are in all.
    pub samples: u32,
    /// The CRC-32 of the bits of the network's outputs for all of them.
    pub outputs: u32,
}

impl Accuracy {
    /// The correct ones as a fraction of all.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        f64::from(self.correct) / f64::from(self.samples.max(1))
    }
}

impl fmt::Display for Accuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} outputs {}", self.correct, self.samples, self.outputs)
    }
}

/// The numbers of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct StepEvent {
    /// The index of the step, counted from 0.
    pub step: u32,
    /// The loss where the step started.
    pub loss: f32,
    /// The norm of the gradient where the step started.
    pub gradient_norm: f32,
    /// The number of gradient evaluations.
    pub gradients: u32,
    /// The number of loss evaluations.
    pub losses: u32,
    /// The instructions in all gradient evaluations of the step.
    pub gradient_instructions: u64,
    /// The instructions in the whole step, evaluations included.
    pub instructions: u64,
    /// The CRC-32 of the bits of theta after the step.
    pub hash: u32,
}

/// An event of a run, which is one line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The features of samples were computed, to be kept.
    Features {
        /// The bytes that they take.
        bytes: u32,
        /// The instructions that they took.
        instructions: u64,
    },
    /// The accuracy before fine-tuning.
    Before(Accuracy),
    /// A step was made.
    Step(StepEvent),
    /// The accuracy after fine-tuning.
    After(Accuracy),
    /// The use of RAM in bytes: static data, and the stack at its deepest.
    Ram {
        /// The bytes of `.data` and `.bss`.
        data: u32,
        /// The bytes of stack that lost their paint.
        stack: u32,
    },
    /// A training that was resumed has ended.
    Resumed {
        /// How often the power failed.
        failures: u32,
        /// The CRC-32 of the bits of theta at the end.
        hash: u32,
    },
    /// How a product fared that trains beside its other duty.
    Duty {
        /// How many readings were taken.
        readings: u32,
        /// How many milliseconds passed without a reading.
        missed: u32,
        /// The longest time that the main loop was away, in instructions.
        longest_gap: u32,
        /// The CRC-32 of the bits of theta at the end.
        hash: u32,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Features { bytes, instructions } => {
                write!(f, "features bytes {bytes} instructions {instructions}")
            }
            Self::Before(a) => write!(f, "before {a}"),
            Self::After(a) => write!(f, "after {a}"),
            Self::Ram { data, stack } => write!(f, "ram data {data} stack {stack}"),
            Self::Resumed { failures, hash } => {
                write!(f, "resumed failures {failures} hash {hash}")
            }
            Self::Duty { readings, missed, longest_gap, hash } => write!(
                f,
                "duty readings {readings} missed {missed} longest_gap {longest_gap} hash {hash}"
            ),
            Self::Step(s) => write!(
                f,
                "step {} loss {} gradient_norm {} gradients {} losses {} \
                 gradient_instructions {} instructions {} hash {}",
                s.step,
                Millionths(s.loss),
                Millionths(s.gradient_norm),
                s.gradients,
                s.losses,
                s.gradient_instructions,
                s.instructions,
                s.hash
            ),
        }
    }
}

/// A finite number that is not negative, rounded to six decimals. The formatting of floats in
/// `core` is exact, but takes 22 KB of flash.
struct Millionths(f32);

impl fmt::Display for Millionths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The largest norm of a finite gradient is the square root of the largest f32, and a u64
        // can hold that in millionths.
        let value = f64::from(self.0);
        let whole = value as u64;
        let millionths = ((value - whole as f64) * 1e6 + 0.5) as u64;
        write!(f, "{}.{:06}", whole + millionths / 1_000_000, millionths % 1_000_000)
    }
}

/// The line is not one that a run prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError;

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected a line that starts with features, before, step, after, ram, duty or resumed",
        )
    }
}

impl core::error::Error for ParseError {}

impl FromStr for Event {
    type Err = ParseError;

    fn from_str(line: &str) -> Result<Self, ParseError> {
        let mut words = line.split_whitespace();
        let kind = words.next().ok_or(ParseError)?;
        let mut accuracy = || {
            let correct = number(words.next())?;
            words.next().filter(|word| *word == "of").ok_or(ParseError)?;
            let samples = number(words.next())?;
            Ok(Accuracy { correct, samples, outputs: named(&mut words, "outputs")? })
        };
        let event = match kind {
            "features" => Self::Features {
                bytes: named(&mut words, "bytes")?,
                instructions: named(&mut words, "instructions")?,
            },
            "before" => Self::Before(accuracy()?),
            "after" => Self::After(accuracy()?),
            "ram" => {
                Self::Ram { data: named(&mut words, "data")?, stack: named(&mut words, "stack")? }
            }
            "resumed" => Self::Resumed {
                failures: named(&mut words, "failures")?,
                hash: named(&mut words, "hash")?,
            },
            "duty" => Self::Duty {
                readings: named(&mut words, "readings")?,
                missed: named(&mut words, "missed")?,
                longest_gap: named(&mut words, "longest_gap")?,
                hash: named(&mut words, "hash")?,
            },
            "step" => Self::Step(StepEvent {
                step: number(words.next())?,
                loss: named(&mut words, "loss")?,
                gradient_norm: named(&mut words, "gradient_norm")?,
                gradients: named(&mut words, "gradients")?,
                losses: named(&mut words, "losses")?,
                gradient_instructions: named(&mut words, "gradient_instructions")?,
                instructions: named(&mut words, "instructions")?,
                hash: named(&mut words, "hash")?,
            }),
            _ => return Err(ParseError),
        };
        if words.next().is_none() { Ok(event) } else { Err(ParseError) }
    }
}

fn number<T: FromStr>(word: Option<&str>) -> Result<T, ParseError> {
    word.and_then(|word| word.parse().ok()).ok_or(ParseError)
}

fn named<'a, T: FromStr>(
    words: &mut impl Iterator<Item = &'a str>,
    name: &str,
) -> Result<T, ParseError> {
    words.next().filter(|word| *word == name).ok_or(ParseError)?;
    number(words.next())
}

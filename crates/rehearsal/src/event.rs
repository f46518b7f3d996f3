//! What a run tells, one line each; the same type writes the line and reads it. Floats are written
//! to six decimals; what is compared bit for bit is the hash.

use core::fmt;
use core::str::FromStr;

/// How many of the held-out samples were classified right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accuracy {
    /// Right ones.
    pub correct: u32,
    /// All of them.
    pub samples: u32,
}

impl Accuracy {
    /// As a fraction.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        f64::from(self.correct) / f64::from(self.samples.max(1))
    }
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepEvent {
    /// Index from 0.
    pub step: u32,
    /// Loss where the step started.
    pub loss: f32,
    /// Norm of the gradient there.
    pub gradient_norm: f32,
    /// Gradient evaluations.
    pub gradients: u32,
    /// Loss evaluations.
    pub losses: u32,
    /// Instructions in all gradient evaluations of the step.
    pub gradient_instructions: u64,
    /// Instructions in the whole step, evaluations included.
    pub instructions: u64,
    /// CRC-32 of the bits of theta after the step.
    pub hash: u32,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// Before fine-tuning.
    Before(Accuracy),
    /// After a step.
    Step(StepEvent),
    /// After fine-tuning.
    After(Accuracy),
    /// RAM in bytes: static data, and the deepest that the stack has been.
    Ram {
        /// `.data` and `.bss`.
        data: u32,
        /// Painted stack.
        stack: u32,
    },
    /// The end of a training that was resumed.
    Resumed {
        /// How often the power failed.
        failures: u32,
        /// CRC-32 of the bits of theta at the end.
        hash: u32,
    },
    /// What a product that trains beside its duty has to show.
    Duty {
        /// Readings taken.
        readings: u32,
        /// Milliseconds that passed without one.
        missed: u32,
        /// The longest time that the main loop was away, in instructions.
        longest_gap: u32,
        /// CRC-32 of the bits of theta at the end.
        hash: u32,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(a) => write!(f, "before {} of {}", a.correct, a.samples),
            Self::After(a) => write!(f, "after {} of {}", a.correct, a.samples),
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
        // The largest norm of a finite gradient is the root of the largest f32, which a u64 holds.
        let value = f64::from(self.0);
        let whole = value as u64;
        let millionths = ((value - whole as f64) * 1e6 + 0.5) as u64;
        write!(f, "{}.{:06}", whole + millionths / 1_000_000, millionths % 1_000_000)
    }
}

/// The line is not one of a run's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError;

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a line that starts with before, step, after, ram, duty or resumed")
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
            Ok(Accuracy { correct, samples: number(words.next())? })
        };
        let event = match kind {
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

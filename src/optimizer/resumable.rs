//! The state that an optimizer carries from step to step, to be saved and taken back.

use crate::Error;
use core::fmt;

/// An optimizer that can be stopped between two steps and go on later, elsewhere, with the same
/// bits.
///
/// What a step needs of the steps before it is a few words and at most four vectors as long as
/// theta. Everything else follows from the settings, which the resumed optimizer must have been
/// made with as well. `Checkpoints` (feature `checkpoints`) keeps that state in flash; a desktop
/// may keep it wherever it likes:
///
/// ```
/// use rolling_ball::{Optimizer, Resumable, Sgd, SgdConfig};
///
/// let config = SgdConfig { momentum: 0.9, ..SgdConfig::default() };
/// let stopped = Sgd::new(config, [0.0; 10], Some([0.0; 10]))?;
/// let mut resumed = Sgd::new(config, [0.0; 10], Some([0.0; 10]))?;
///
/// let state = stopped.state()?;
/// for (to, from) in resumed.resume(state.words)?.into_iter().zip(state.vectors) {
///     to.copy_from_slice(from);
/// }
/// assert_eq!(resumed.steps(), stopped.steps());
/// # Ok::<(), rolling_ball::Error>(())
/// ```
pub trait Resumable {
    /// Which optimizer this is.
    const KIND: Kind;

    /// The same of this one: another where what is inside is known at run time only.
    fn kind(&self) -> Kind {
        Self::KIND
    }

    /// The vectors of [`state`](Self::state), at most.
    const VECTORS: usize;

    /// How long theta is.
    fn parameters(&self) -> usize;

    /// Tells every setting that changes a step: its name, and its value as words. What cannot be
    /// told, such as a schedule's function, is told to be there.
    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32]));

    /// The state between two steps.
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] while a step is in progress.
    fn state(&self) -> Result<State<'_>, Error>;

    /// Takes back the words of a [`state`](Self::state) and returns the vectors that the caller
    /// must fill with that state's, those that it does not have empty.
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] while a step is in progress; nothing is changed.
    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error>;

    /// How many words there are beside the [`state`](Self::state). No optimizer has any; a
    /// fine-tuning has what it knows of its samples.
    fn further_words(&self) -> usize {
        0
    }

    /// Tells the further words, one after another.
    fn tell_further(&self, tell: &mut impl FnMut(u32)) {
        let _ = tell;
    }

    /// Takes the further words back after the state: `next` gives one after another.
    fn resume_further(&mut self, next: &mut impl FnMut() -> u32) {
        let _ = next;
    }
}

/// The words of a [`State`].
pub const STATE_WORDS: usize = 4;

/// The vectors of a [`State`], with those that are empty.
pub const STATE_VECTORS: usize = 4;

/// What an optimizer carries from step to step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct State<'a> {
    /// The steps done, then what the optimizer needs; the rest is 0.
    pub words: [u32; STATE_WORDS],
    /// The vectors, each as long as theta, or empty.
    pub vectors: [&'a [f32]; STATE_VECTORS],
}

/// Which optimizer, inside which parts.
///
/// ```
/// use rolling_ball::{ClipNorm, Resumable, RollingBall};
///
/// let kind = ClipNorm::<RollingBall<[f32; 10]>>::KIND;
/// assert_eq!(kind.to_string(), "ClipNorm of RollingBall");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Kind(u32);

impl Kind {
    pub(crate) const ROLLING_BALL: Self = Self(1);
    pub(crate) const SGD: Self = Self(2);
    pub(crate) const ADAM: Self = Self(3);
    pub(crate) const SAM: Self = Self(4);
    pub(crate) const CLIP_NORM: Self = Self(5);
    pub(crate) const WEIGHT_DECAY: Self = Self(6);
    pub(crate) const ENTROPY_SGD: Self = Self(7);
    pub(crate) const BY_PART: Self = Self(8);
    pub(crate) const THETA_ALONE: Self = Self(9);
    pub(crate) const DOG: Self = Self(10);
    pub(crate) const PRODIGY: Self = Self(11);
    pub(crate) const FINE_TUNING: Self = Self(12);
    pub(crate) const ZEROTH_ORDER_BALL: Self = Self(13);
    const CUSTOM: Self = Self(15);

    /// An optimizer of your own, by a number of your choice below 2^16.
    #[must_use]
    pub const fn custom(number: u16) -> Self {
        Self((number as u32) << 4 | Self::CUSTOM.0)
    }

    /// This part around an optimizer. Up to three parts are told apart around every optimizer, up
    /// to seven around those of this crate.
    #[must_use]
    pub(crate) const fn around(self, inner: Self) -> Self {
        Self(inner.0 << 4 | self.0)
    }

    /// Whether it is a fine-tuning, whose theta is one on the way until it ends.
    #[cfg(feature = "checkpoints")]
    pub(crate) fn is_fine_tuning(self) -> bool {
        self.0 & 15 == Self::FINE_TUNING.0
    }

    /// The number that a checkpoint holds: a digit of four bits for each part, the outermost
    /// lowest.
    #[must_use]
    pub const fn id(self) -> u32 {
        self.0
    }

    /// The kind with this [`id`](Self::id).
    #[must_use]
    pub const fn from_id(id: u32) -> Self {
        Self(id)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        loop {
            let (outermost, inner) = (Self(rest & 15), rest >> 4);
            match outermost {
                Self::CLIP_NORM => f.write_str("ClipNorm of ")?,
                Self::WEIGHT_DECAY => f.write_str("WeightDecay of ")?,
                Self::BY_PART => f.write_str("ByPart of ")?,
                Self::FINE_TUNING => f.write_str("FineTuning of ")?,
                Self::ROLLING_BALL => return f.write_str("RollingBall"),
                Self::SGD => return f.write_str("Sgd"),
                Self::ADAM => return f.write_str("Adam"),
                Self::SAM => return f.write_str("Sam"),
                Self::ENTROPY_SGD => return f.write_str("EntropySgd"),
                Self::DOG => return f.write_str("Dog"),
                Self::PRODIGY => return f.write_str("Prodigy"),
                Self::ZEROTH_ORDER_BALL => return f.write_str("ZerothOrderBall"),
                Self::THETA_ALONE => return f.write_str("theta alone"),
                Self::CUSTOM => return write!(f, "custom optimizer {inner}"),
                _ => return write!(f, "unknown optimizer {rest}"),
            }
            rest = inner;
        }
    }
}

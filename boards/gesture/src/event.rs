//! What the program tells.

use crate::SensorError;
use rolling_ball::{Error, StepReport};

/// What the user does with the hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Gesture {
    /// To the side and back.
    Swipe,
    /// Up and down.
    Lift,
    /// Once around, upright.
    Circle,
    /// To and fro, a few times.
    Shake,
}

impl Gesture {
    /// In the order of the network's classes.
    pub const ALL: [Self; 4] = [Self::Swipe, Self::Lift, Self::Circle, Self::Shake];

    /// The network's class.
    #[must_use]
    pub const fn class(self) -> u8 {
        self as u8
    }

    /// The network has no other classes.
    pub(crate) fn of_class(class: usize) -> Self {
        match class {
            0 => Self::Swipe,
            1 => Self::Lift,
            2 => Self::Circle,
            _ => Self::Shake,
        }
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// Please make this gesture with the button held down.
    Asked(Gesture),
    /// An example was taken.
    Labelled(Gesture),
    /// An example was refused: the one before is still waiting for its turn.
    Refused(Gesture),
    /// A gesture was made without the button, and this is what it looks like.
    Recognised(Gesture),
    /// A step of training.
    Step {
        /// What the optimizer says.
        report: StepReport,
        /// Clock cycles of all of its pieces.
        cycles: u32,
        /// Clock cycles of the longest piece: for so long the sensor was not looked at.
        longest: u32,
    },
    /// The round of training is over: now is the time to save the parameters.
    Learned,
    /// The round of training was given up.
    LearningFailed(Error),
    /// The sensor was full: readings may be lost.
    ReadingsLost,
    /// The sensor gives no readings any more; the rest goes on. Told once.
    SensorFailed(SensorError),
    /// The sensor answers again, and was set up anew.
    SensorBack,
}

//! The events that the program reports.

use crate::SensorError;
use rolling_ball::Error;
use rolling_ball::nn::FineTuningReport;

/// A gesture that the user makes with the hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Gesture {
    /// The hand moves to the side and back.
    Swipe,
    /// The hand moves up and down.
    Lift,
    /// The hand goes around once, upright.
    Circle,
    /// The hand moves to and fro a few times.
    Shake,
}

impl Gesture {
    /// All gestures, in the order of the network's classes.
    pub const ALL: [Self; 4] = [Self::Swipe, Self::Lift, Self::Circle, Self::Shake];

    /// The network's class for this gesture.
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
    /// The user is asked to make this gesture with the button held down.
    Asked(Gesture),
    /// An example was taken.
    Labelled(Gesture),
    /// An example was refused, because the one before it is still waiting for its turn.
    Refused(Gesture),
    /// A gesture was made without the button, and the network recognised it as this one.
    Recognised(Gesture),
    /// A step of training was made.
    Step {
        /// How many there have been since the last example.
        done: u32,
        /// How many there will be, if no example comes.
        all: u32,
        /// The clock cycles of all pieces of the step.
        cycles: u32,
        /// The clock cycles of the longest piece; for so long the sensor was not looked at.
        longest: u32,
    },
    /// The training is over, and what held-out examples support of it is used from now on: now is
    /// the time to save the parameters.
    Learned(FineTuningReport),
    /// The training was abandoned.
    LearningFailed(Error),
    /// The sensor was full, so readings may be lost.
    ReadingsLost,
    /// The sensor gives no readings any more; the rest goes on. This is reported once.
    SensorFailed(SensorError),
    /// The sensor answers again, and was set up anew.
    SensorBack,
}

//! The program of the wearable.

use crate::accelerometer::Kept;
use crate::network::{EXAMPLES, Features, OFFSET, SCALE, START, network};
use crate::{Accelerometer, Event, Gesture, Net, Segmenter, SensorError, Store, Window};
use core::task::Poll;
use embedded_hal::i2c::I2c;
use rolling_ball::Error;
use rolling_ball::nn::{
    self, Credibility, FineTuning, FineTuningConfig, FitsIn, Quantized, SoftmaxCrossEntropy,
};

/// All the RAM that learning takes, besides the stack and [`App`] itself.
pub const RAM_BYTES: usize = size_of::<Memory>();

/// The stated budget: what the network and its training may take besides the examples.
const _: () = FitsIn::<Net, { 32 * 1024 - Store::RAM_BYTES }>::CHECK;
const _: () = assert!(RAM_BYTES <= 32 * 1024);

/// Half as long as by default, which is as good: the user waits for it.
const SHORT: FineTuningConfig =
    FineTuningConfig { fold_steps: 7, steps: 22, pull: 1.0, mini_batch: None, seed: 1 };

/// What is learned, and what learning needs.
pub struct Memory {
    /// The theta that is used, the two vectors of the ball, the theta that is trained, and scratch.
    training: nn::memory!(Net, 3),
    store: Store,
    credibilities: [Credibility; EXAMPLES],
}

impl Memory {
    /// Zeros, so that a static takes no flash. [`App::new`] fills in where training starts.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            training: nn::Memory::ZERO,
            store: Store::new(),
            credibilities: [Credibility::NEW; EXAMPLES],
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// The program over a board's bus `I`, its button `B` (which says whether it is held down) and its
/// cycle counter `C`.
pub struct App<'m, I, B, C> {
    hand: Hand<I, B>,
    cycles: C,
    network: Net,
    memory: &'m mut Memory,
}

impl<'m, I: I2c, B: FnMut() -> bool, C: FnMut() -> u32> App<'m, I, B, C> {
    /// Starts from the parameters that were trained on the desktop.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where there are not as many weights as the network has parameters.
    pub fn new(
        accelerometer: Accelerometer<I>,
        button: B,
        cycles: C,
        memory: &'m mut Memory,
    ) -> Result<Self, Error> {
        memory.training.theta = START;
        Ok(Self { hand: Hand::new(accelerometer, button), cycles, network: network()?, memory })
    }

    /// The parameters, which are to be saved after [`Event::Learned`].
    #[must_use]
    pub fn parameters(&self) -> &[f32] {
        &self.memory.training.theta
    }

    /// The place for parameters that were saved, to be filled before the first turn.
    pub fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.memory.training.theta
    }

    /// The gesture that the user is asked for.
    #[must_use]
    pub fn asks(&self) -> Gesture {
        self.hand.asks()
    }

    /// Looks at the sensor once. Where an example has come in, and there is one of every gesture,
    /// this learns from all examples, and looks at the sensor and recognises gestures between any
    /// two pieces of the training.
    pub fn turn(&mut self, tell: &mut impl FnMut(Event)) {
        self.hand.look(tell);
        let outcome = match self.hand.example.take() {
            Some((window, gesture)) => {
                self.remember(&window, gesture).and_then(|()| self.learn(tell))
            }
            None => self.recognise(tell),
        };
        if let Err(error) = outcome {
            tell(Event::LearningFailed(error));
        }
    }

    fn remember(&mut self, window: &Window, gesture: Gesture) -> Result<(), Error> {
        let Memory { training, store, .. } = &mut *self.memory;
        let mut features: Features = [0.0; Net::FEATURES];
        let input = Quantized { values: window, scale: SCALE, offset: OFFSET };
        self.network.features(&input, &mut training.scratch, &mut features)?;
        store.push_with_features(&[], &features, gesture.class());
        Ok(())
    }

    /// Trains from the start on all examples, as a transaction. Until it is over the theta of the
    /// one before is used. A new example ends it; the next begins with that one among its own.
    fn learn(&mut self, tell: &mut impl FnMut(Event)) -> Result<(), Error> {
        let Self { hand, cycles, network, memory } = self;
        let Memory { training, store, credibilities } = &mut **memory;
        let nn::Memory { theta, vectors: [gradient, offset, trained], scratch } = training;
        if Gesture::ALL.iter().any(|gesture| store.len_of(gesture.class()) == 0) {
            return Ok(());
        }
        let (samples, loss) = (store.features(network), SoftmaxCrossEntropy::new());
        let vectors = [gradient.as_mut_slice(), offset.as_mut_slice()];
        let tuning =
            FineTuning::new(*network, loss, samples, &START, vectors, credibilities, scratch)?;
        let mut paused = tuning.with_config(SHORT)?.pause();
        let (mut done, mut sum, mut longest) = (0, 0u32, 0);
        loop {
            let (old, loss) = (none_of(samples), SoftmaxCrossEntropy::new());
            let mut tuning =
                paused.go_on(*network, loss, samples, old, &START, credibilities, scratch)?;
            let start = cycles();
            let polled = tuning.poll(trained)?;
            let spent = cycles().wrapping_sub(start);
            sum = sum.saturating_add(spent);
            longest = longest.max(spent);
            hand.look(tell);
            let (steps, all) = (tuning.steps(), tuning.all_steps());
            if steps > done {
                tell(Event::Step { done: steps, all, cycles: sum, longest });
                (done, sum, longest) = (steps, 0, 0);
            }
            paused = tuning.pause();
            if let Poll::Ready(report) = polled {
                *theta = *trained;
                tell(Event::Learned(report));
                return Ok(());
            }
            if let Some(window) = hand.movement.take() {
                tell(recognise(network, theta, &window, scratch)?);
            }
            if hand.example.is_some() {
                return Ok(());
            }
        }
    }

    fn recognise(&mut self, tell: &mut impl FnMut(Event)) -> Result<(), Error> {
        let nn::Memory { theta, scratch, .. } = &mut self.memory.training;
        if let Some(window) = self.hand.movement.take() {
            tell(recognise(&self.network, theta, &window, scratch)?);
        }
        Ok(())
    }
}

/// No samples of an old task, of the same kind as these.
fn none_of<S>(_: S) -> Option<S> {
    None
}

/// Classifies a movement.
fn recognise(
    network: &Net,
    theta: &[f32],
    window: &Window,
    scratch: &mut [f32],
) -> Result<Event, Error> {
    let input = Quantized { values: window, scale: SCALE, offset: OFFSET };
    Ok(Event::Recognised(Gesture::of_class(network.classify(theta, &input, scratch)?)))
}

/// The user's hand: what it does, and whether that is meant as an example.
struct Hand<I, B> {
    accelerometer: Accelerometer<I>,
    button: B,
    segmenter: Segmenter,
    /// How many examples were taken so far.
    examples: usize,
    /// The last example, until the network learns from it.
    example: Option<(Window, Gesture)>,
    /// The last movement without the button, until it is recognised.
    movement: Option<Window>,
    failed: bool,
}

impl<I: I2c, B: FnMut() -> bool> Hand<I, B> {
    fn new(accelerometer: Accelerometer<I>, button: B) -> Self {
        Self {
            accelerometer,
            button,
            segmenter: Segmenter::new(),
            examples: 0,
            example: None,
            movement: None,
            failed: false,
        }
    }

    /// The gestures are asked for in turn.
    fn asks(&self) -> Gesture {
        Gesture::of_class(self.examples % Gesture::ALL.len())
    }

    /// Takes all readings that the sensor has kept.
    fn look(&mut self, tell: &mut impl FnMut(Event)) {
        if let Err(error) = self.fetch(tell)
            && !core::mem::replace(&mut self.failed, true)
        {
            tell(Event::SensorFailed(error));
        }
    }

    fn fetch(&mut self, tell: &mut impl FnMut(Event)) -> Result<(), SensorError> {
        if self.failed {
            // This happens once: a sensor that is set up again and again never comes to measure.
            self.accelerometer.restart()?;
            self.failed = false;
            tell(Event::SensorBack);
        }
        while let Some(kept) = self.accelerometer.next()? {
            self.take(kept, tell);
        }
        Ok(())
    }

    fn take(&mut self, kept: Kept, tell: &mut impl FnMut(Event)) {
        if kept.overrun {
            tell(Event::ReadingsLost);
        }
        let asked = self.asks();
        let Some(window) = self.segmenter.push(kept.reading) else { return };
        if !(self.button)() {
            self.movement = Some(*window);
        } else if self.example.is_none() {
            self.example = Some((*window, asked));
            self.examples += 1;
            tell(Event::Labelled(asked));
            tell(Event::Asked(self.asks()));
        } else {
            tell(Event::Refused(asked));
        }
    }
}

//! What a device learns of a round: spoken digits, from its own clips, which are a file of the
//! host.

use crate::{exit, host, print_line, stack};
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{self, Credibility, FineTuningConfig, Memory, QuantizedSamples};
use rolling_ball::{Checkpoints, Error, RollingBall};
use rolling_ball_fleet::{Begin, Between, Metrics, RoundId, Stage, TrainingBuffers, train};
use rolling_ball_rehearsal::Image;
use scenario::Speakers;

/// The parameters, all of which are trained.
pub const PARAMETERS: usize = Speakers::PARAMETERS;
/// The most clips that there is memory for.
pub const CLIPS: usize = 50;
/// Steps from one checkpoint to the next.
pub const SAVED: u32 = 5;

type Ball<'a> = RollingBall<&'a mut [f32]>;

/// The bytes of two checkpoints, guarded or not.
pub const CHECKPOINT_BYTES: u64 = Checkpoints::<host::Flash<0>>::bytes_with::<Ball>(
    PARAMETERS,
    FineTuningConfig::words(CLIPS),
    2,
);

/// A header, the clips with their labels, and one byte more than an image may have.
const IMAGE_BYTES: usize = 52 + CLIPS * (Speakers::INPUTS + 1) + 1;

/// The memory of a training.
#[derive(Debug)]
pub struct Learner {
    /// Theta, the ball's vectors and the scratch.
    pub network: nn::memory!(Speakers, 2),
    /// A flash that is a file cannot be read in place, as one of a microcontroller can.
    pub start: [f32; PARAMETERS],
    credibilities: [Credibility; CLIPS],
}

impl Learner {
    /// Zeros, which take no flash.
    #[must_use]
    pub const fn new() -> Self {
        let (start, credibilities) = ([0.0; PARAMETERS], [Credibility::NEW; CLIPS]);
        Self { network: Memory::ZERO, start, credibilities }
    }

    /// Trains from the start.
    ///
    /// # Errors
    /// Those of [`train`], which are handed on.
    #[inline(never)] // It is compiled by itself, whatever calls it: the sizes of two are compared.
    pub fn learn(
        &mut self,
        round: &Begin,
        samples: QuantizedSamples,
        between: &mut impl Between,
    ) -> Result<Option<Metrics>, Error> {
        let network = Speakers::new(&[])?.with_backend(Scalar);
        let Self { network: Memory { theta, vectors: [one, other], scratch }, .. } = self;
        let credibilities = &mut self.credibilities;
        let buffers = TrainingBuffers { theta, vectors: [one, other], scratch, credibilities };
        train(&network, samples, &self.start, round, buffers, between)
    }
}

impl Default for Learner {
    fn default() -> Self {
        Self::new()
    }
}

/// Room for the file of the clips.
#[derive(Debug)]
#[repr(C, align(4))]
pub struct Clips([u8; IMAGE_BYTES]);

impl Clips {
    /// Zeros, which take no flash.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; IMAGE_BYTES])
    }

    /// Reads `samples.image`, whose labelled samples are the clips, or ends the run.
    pub fn read(&mut self) -> QuantizedSamples<'_> {
        let Some(bytes) = host::read(c"samples.image", &mut self.0) else {
            fail("cannot read samples.image, or it has more than 50 clips")
        };
        match Image::parse(bytes) {
            Ok(image) if image.labelled.width == Speakers::INPUTS => image.labelled,
            Ok(_) => fail("samples.image has samples of another network"),
            Err(error) => {
                print_line!("samples.image: {error}");
                exit::failure()
            }
        }
    }
}

impl Default for Clips {
    fn default() -> Self {
        Self::new()
    }
}

/// Says how far it is, and the deepest stack so far.
#[inline(never)]
pub fn tell(what: &str, id: RoundId, stage: Stage) {
    let (RoundId { federation, round }, stage) = (id, stage as u8);
    print_line!("{what} in round {federation}.{round} at stage {stage}");
    print_line!("stack {}", stack::high_water_bytes());
}

/// Says what was wrong, and ends the run.
pub fn fail(why: &str) -> ! {
    print_line!("{why}");
    exit::failure()
}

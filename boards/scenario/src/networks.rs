//! The networks of the two scenarios.

use rolling_ball::nn::{Chain, Dense, FitsIn, Network, Relu};

/// 8x8 digits, ten classes.
pub type DigitsTail = Chain<Dense<64, 32>, Chain<Relu<32>, Dense<32, 10>>>;
/// All of it is trained.
pub type Digits<'a> = Network<'a, DigitsTail>;

/// Spoken digits as 16 time slots of 20 log-mel bands, ten classes.
pub type SpeakersTail = Chain<Dense<320, 32>, Chain<Relu<32>, Dense<32, 10>>>;
/// All of it is trained.
pub type Speakers<'a> = Network<'a, SpeakersTail>;

const _: () = FitsIn::<Digits, { 64 * 1024 }>::CHECK;
const _: () = FitsIn::<Speakers, { 256 * 1024 }>::CHECK;

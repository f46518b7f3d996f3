//! The networks of the scenarios.

use rolling_ball::nn::{Chain, Dense, FitsIn, Network, Relu};

/// 8x8 digits, ten classes.
pub type DigitsTail = Chain<Dense<64, 32>, Chain<Relu<32>, Dense<32, 10>>>;
/// All of it is trained.
pub type Digits<'a> = Network<'a, DigitsTail>;

/// The layers before the last, which stay in flash as they were pre-trained.
pub type LastLayerFrozen = Chain<Dense<64, 32>, Relu<32>>;
/// The last layer.
pub type LastLayerTail = Dense<32, 10>;
/// The digits' network, of which only the last layer is trained: the RAM of the smallest boards will do.
pub type LastLayer<'a> = Network<'a, LastLayerTail, LastLayerFrozen>;

/// Spoken digits as 16 time slots of 20 log-mel bands, ten classes.
pub type SpeakersTail = Chain<Dense<320, 32>, Chain<Relu<32>, Dense<32, 10>>>;
/// All of it is trained.
pub type Speakers<'a> = Network<'a, SpeakersTail>;

const _: () = FitsIn::<LastLayer, { 16 * 1024 }>::CHECK;
const _: () = FitsIn::<Digits, { 64 * 1024 }>::CHECK;
const _: () = FitsIn::<Speakers, { 256 * 1024 }>::CHECK;

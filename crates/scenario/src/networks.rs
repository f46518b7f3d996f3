//! The networks of the scenarios.

use crate::digits_cnn;
use rolling_ball::Error;
use rolling_ball::nn::{Chain, Conv1d, Dense, FitsIn, MaxPool, Network, Relu, Shape, Window};
use rolling_ball_rehearsal::{Image, Model};

/// 8x8 digits, ten classes.
pub type DigitsTail = Chain<Dense<64, 32>, Chain<Relu<32>, Dense<32, 10>>>;
/// All of it is trained.
pub type Digits<'a> = Network<'a, DigitsTail>;

/// A convolutional network for the digits, imported from PyTorch: its convolutions lie in flash in eight bits, the last
/// layer is trained. The RAM of the smallest boards will do.
pub type LastLayer = digits_cnn::Network;

/// Spoken digits as 16 time slots of 20 log-mel bands, ten classes.
pub type SpeakersTail = Chain<Dense<320, 32>, Chain<Relu<32>, Dense<32, 10>>>;
/// All of it is trained.
pub type Speakers<'a> = Network<'a, SpeakersTail>;

type First = Conv1d<16, 20, 16, 3, 1, 1>;
type FirstPool = MaxPool<First, Window<1, 2, 1, 2>>;
type Second = Conv1d<8, 16, 32, 3, 1, 1>;
type SecondPool = MaxPool<Second, Window<1, 2, 1, 2>>;
type Convolutions = Chain<
    Chain<First, Chain<Relu<{ First::LENGTH }>, FirstPool>>,
    Chain<Second, Chain<Relu<{ Second::LENGTH }>, SecondPool>>,
>;
/// The same spoken digits through two convolutions over time.
pub type SpeakersCnnTail = Chain<Convolutions, Dense<{ SecondPool::LENGTH }, 10>>;
/// All of it is trained.
pub type SpeakersCnn<'a> = Network<'a, SpeakersCnnTail>;

const _: () = FitsIn::<LastLayer, { 16 * 1024 }>::CHECK;
const _: () = FitsIn::<Digits, { 64 * 1024 }>::CHECK;
const _: () = FitsIn::<Speakers, { 256 * 1024 }>::CHECK;
const _: () = FitsIn::<SpeakersCnn, { 128 * 1024 }>::CHECK;

/// The imported network, whose last layer is trained from the image's weights on.
///
/// # Errors
/// None, as long as the imported files are whole.
pub fn last_layer<'a>(
    image: &Image<'a>,
) -> Result<Model<'a, digits_cnn::Layers, digits_cnn::Backbone>, Error> {
    Ok(Model { network: digits_cnn::network()?, start: image.weights, image: *image })
}

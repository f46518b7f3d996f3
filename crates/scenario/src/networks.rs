//! The networks of the scenarios.

use crate::digits_cnn;
use rolling_ball::Error;
use rolling_ball::nn::{
    Conv1d, Dense, FitsIn, Kernel, MaxPool1d, Network, Padding, Relu, Signal, Stride, Window, over,
};
use rolling_ball_rehearsal::{Image, Model};

/// The layers for 8x8 digits in ten classes.
pub type DigitsTail = (Dense<64, 32>, Relu<32>, Dense<32, 10>);
/// The network for the digits, all of which is trained.
pub type Digits<'a> = Network<'a, DigitsTail>;

/// A convolutional network for the digits, imported from PyTorch. Its convolutions are in flash in
/// eight bits, and its last layer is trained. The RAM of the smallest boards is enough.
pub type LastLayer = digits_cnn::Network;

/// The layers for spoken digits in ten classes, given as 16 time slots of 20 log-mel bands.
pub type SpeakersTail = (Dense<320, 32>, Relu<32>, Dense<32, 10>);
/// The network for the spoken digits, all of which is trained.
pub type Speakers<'a> = Network<'a, SpeakersTail>;

type First = Conv1d<Signal<16, 20>, Window<Kernel<3>, Stride<1>, Padding<1>>, 16>;
type FirstPool = MaxPool1d<First, Window<Kernel<2>, Stride<2>>>;
type Second = Conv1d<FirstPool, Window<Kernel<3>, Stride<1>, Padding<1>>, 32>;
type SecondPool = MaxPool1d<Second, Window<Kernel<2>, Stride<2>>>;
type Convolutions = (First, over::Relu<First>, FirstPool, Second, over::Relu<Second>, SecondPool);
/// The layers for the same spoken digits, with two convolutions over time.
pub type SpeakersCnnTail = (Convolutions, over::Dense<SecondPool, 10>);
/// The convolutional network for the spoken digits, all of which is trained.
pub type SpeakersCnn<'a> = Network<'a, SpeakersCnnTail>;

const _: () = FitsIn::<LastLayer, { 16 * 1024 }>::CHECK;
const _: () = FitsIn::<Digits, { 64 * 1024 }>::CHECK;
const _: () = FitsIn::<Speakers, { 256 * 1024 }>::CHECK;
const _: () = FitsIn::<SpeakersCnn, { 128 * 1024 }>::CHECK;

/// The imported network, whose last layer is trained from the image's weights on.
///
/// # Errors
///
/// None, as long as the imported files are whole.
pub fn last_layer<'a>(
    image: &Image<'a>,
) -> Result<Model<'a, digits_cnn::Layers, digits_cnn::Backbone>, Error> {
    Ok(Model { network: digits_cnn::network()?, start: image.weights, image: *image })
}

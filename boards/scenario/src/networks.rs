//! The networks of the scenarios.

use crate::{Image, digits_cnn};
use rolling_ball::Error;
use rolling_ball::nn::{
    Conv1d, Dense, FitsIn, Kernel, Layer, MaxPool1d, Network, Nothing, Padding, Relu, Signal,
    Stride, Window, over,
};

/// 8x8 digits, ten classes.
pub type DigitsTail = (Dense<64, 32>, Relu<32>, Dense<32, 10>);
/// All of it is trained.
pub type Digits<'a> = Network<'a, DigitsTail>;

/// A convolutional network for the digits, imported from PyTorch: its convolutions lie in flash in eight bits, the last
/// layer is trained. The RAM of the smallest boards will do.
pub type LastLayer = digits_cnn::Network;

/// Spoken digits as 16 time slots of 20 log-mel bands, ten classes.
pub type SpeakersTail = (Dense<320, 32>, Relu<32>, Dense<32, 10>);
/// All of it is trained.
pub type Speakers<'a> = Network<'a, SpeakersTail>;

type First = Conv1d<Signal<16, 20>, Window<Kernel<3>, Stride<1>, Padding<1>>, 16>;
type FirstPool = MaxPool1d<First, Window<Kernel<2>, Stride<2>>>;
type Second = Conv1d<FirstPool, Window<Kernel<3>, Stride<1>, Padding<1>>, 32>;
type SecondPool = MaxPool1d<Second, Window<Kernel<2>, Stride<2>>>;
type Convolutions = (First, over::Relu<First>, FirstPool, Second, over::Relu<Second>, SecondPool);
/// The same spoken digits through two convolutions over time.
pub type SpeakersCnnTail = (Convolutions, over::Dense<SecondPool, 10>);
/// All of it is trained.
pub type SpeakersCnn<'a> = Network<'a, SpeakersCnnTail>;

const _: () = FitsIn::<LastLayer, { 16 * 1024 }>::CHECK;
const _: () = FitsIn::<Digits, { 64 * 1024 }>::CHECK;
const _: () = FitsIn::<Speakers, { 256 * 1024 }>::CHECK;
const _: () = FitsIn::<SpeakersCnn, { 128 * 1024 }>::CHECK;

/// A network, the parameters that its theta starts from, and the image that it learns from.
#[derive(Debug)]
pub struct Model<'a, L, B = Nothing> {
    /// The network.
    pub network: Network<'a, L, B>,
    /// As long as theta.
    pub start: &'a [f32],
    /// Settings and samples.
    pub image: Image<'a>,
}

impl<L, B> Model<'_, L, B> {
    /// Puts theta where it starts.
    ///
    /// # Errors
    /// [`Error::Length`]; theta is unchanged.
    pub fn load(&self, theta: &mut [f32]) -> Result<(), Error> {
        let (expected, actual) = (theta.len(), self.start.len());
        if expected != actual {
            return Err(Error::Length { what: "weights in the image", expected, actual });
        }
        theta.copy_from_slice(self.start);
        Ok(())
    }
}

/// A network of which all is trained.
///
/// # Errors
/// None: a network without frozen parameters has none that could be missing.
pub fn whole<'a, L: Layer>(image: &Image<'a>) -> Result<Model<'a, L>, Error> {
    Ok(Model { network: Network::new(&[])?, start: image.weights, image: *image })
}

/// The imported network, whose last layer is trained from the image's weights on.
///
/// # Errors
/// None, as long as the imported files are whole.
pub fn last_layer<'a>(
    image: &Image<'a>,
) -> Result<Model<'a, digits_cnn::Layers, digits_cnn::Backbone>, Error> {
    Ok(Model { network: digits_cnn::network()?, start: image.weights, image: *image })
}

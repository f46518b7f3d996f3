//! The networks of the scenarios.

use crate::Image;
use rolling_ball::Error;
use rolling_ball::nn::{Chain, Dense, FitsIn, FloatBackbone, Layer, Network, Nothing, Relu};

/// 8x8 digits, ten classes.
pub type DigitsTail = Chain<Dense<64, 32>, Chain<Relu<32>, Dense<32, 10>>>;
/// All of it is trained.
pub type Digits<'a> = Network<'a, DigitsTail>;

/// The layers before the last, which stay in flash as they were pre-trained.
type LastLayerBackbone<'a> = FloatBackbone<'a, Chain<Dense<64, 32>, Relu<32>>>;
/// The last layer.
pub type LastLayerTail = Dense<32, 10>;
/// The digits' network, of which only the last layer is trained: the RAM of the smallest boards will do.
pub type LastLayer<'a> = Network<'a, LastLayerTail, LastLayerBackbone<'a>>;

/// Spoken digits as 16 time slots of 20 log-mel bands, ten classes.
pub type SpeakersTail = Chain<Dense<320, 32>, Chain<Relu<32>, Dense<32, 10>>>;
/// All of it is trained.
pub type Speakers<'a> = Network<'a, SpeakersTail>;

const _: () = FitsIn::<LastLayer, { 16 * 1024 }>::CHECK;
const _: () = FitsIn::<Digits, { 64 * 1024 }>::CHECK;
const _: () = FitsIn::<Speakers, { 256 * 1024 }>::CHECK;

/// A network, and the parameters that its theta starts from.
#[derive(Debug)]
pub struct Model<'a, T, F = Nothing> {
    /// The network.
    pub network: Network<'a, T, F>,
    /// As long as theta.
    pub start: &'a [f32],
}

impl<T, F> Model<'_, T, F> {
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
pub fn whole<'a, T: Layer>(image: &Image<'a>) -> Result<Model<'a, T>, Error> {
    Ok(Model { network: Network::new(&[])?, start: image.weights })
}

/// The digits' network, of which the last layer is trained. The image's weights are the backbone's, then the layer's.
///
/// # Errors
/// [`Error::Length`] where there are fewer weights than the backbone has.
pub fn last_layer<'a>(
    image: &Image<'a>,
) -> Result<Model<'a, LastLayerTail, LastLayerBackbone<'a>>, Error> {
    let split = image.weights.split_at_checked(LastLayerBackbone::PARAMETERS);
    let (frozen, start) = split.unwrap_or((image.weights, &[]));
    let backbone = LastLayerBackbone::new(frozen)?;
    Ok(Model { network: Network::with_backbone(backbone, &[])?, start })
}

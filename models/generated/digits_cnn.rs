//! The network `digits_cnn`, as `rolling-ball import` wrote it: do not edit.
//!
//! | | bytes |
//! |---|---|
//! | backbone, int8, in flash | 1462 |
//! | theta to start from, in flash | 2600 |
//! | scratch, in RAM | 1568 |
//! | theta, the ball's two vectors and scratch, in RAM | 9368 |

use rolling_ball::{Error, nn};

type Layer1 =
    nn::int8::Conv2d<nn::Map<8, 8, 1>, nn::Window<nn::Kernel<3>, nn::Stride<1>, nn::Padding<1>>, 8>;
type Layer2 = nn::int8::MaxPool<nn::Map<8, 8, 8>, nn::Window<nn::Kernel<2>, nn::Stride<2>>>;
type Layer3 = nn::int8::Conv2d<
    nn::Map<4, 4, 8>,
    nn::Window<nn::Kernel<3>, nn::Stride<1>, nn::Padding<1>>,
    16,
>;
type Layer4 = nn::int8::MaxPool<nn::Map<4, 4, 16>, nn::Window<nn::Kernel<2>, nn::Stride<2>>>;
type Layer5 = nn::Dense<64, 10>;

/// The layers that stay frozen.
pub type BackboneLayers = (Layer1, Layer2, Layer3, Layer4);
/// They, read where they lie.
pub type Backbone = nn::int8::Int8Backbone<'static, BackboneLayers>;
/// The layers that theta belongs to.
pub type Layers = Layer5;
/// The network.
pub type Network = nn::Network<'static, Layers, Backbone>;

/// Theta to start from.
pub static THETA: [f32; Network::PARAMETERS] =
    nn::floats_from_le_bytes(*include_bytes!("digits_cnn.theta.bin"));
/// The parameters of the layers that are not trained.
pub static FROZEN: [f32; 0] = [];
/// What the backbone reads.
pub static BACKBONE: [u8; Backbone::BYTES] = *include_bytes!("digits_cnn.backbone.bin");

/// The network over what lies in flash.
///
/// # Errors
/// None, as long as the files are those that were imported.
pub fn network() -> Result<Network, Error> {
    Network::with_backbone(Backbone::new(&BACKBONE)?, &FROZEN)
}

//! The network `image_layers`, as `rolling-ball import` wrote it: do not edit.
//!
//! | | bytes |
//! |---|---|
//! | backbone, f32, in flash | 696 |
//! | frozen parameters after it, in flash | 3072 |
//! | theta to start from, in flash | 1056 |
//! | scratch, in RAM | 3936 |
//! | theta, the ball's two vectors and scratch, in RAM | 7104 |

use rolling_ball::{Error, nn};

type Layer1 = nn::Conv2d<
    nn::Map<9, 7, 3>,
    nn::Window<nn::Kernel<3, 2>, nn::Stride<2, 1>, nn::Padding<2, 1>>,
    6,
>;
type Layer2 = nn::over::Relu6<nn::Map<6, 8, 6>>;
type Layer3 =
    nn::MaxPool<nn::Map<6, 8, 6>, nn::Window<nn::Kernel<3>, nn::Stride<1>, nn::Padding<1>>>;
type Layer4 =
    nn::DepthwiseConv2d<nn::Map<6, 8, 6>, nn::Window<nn::Kernel<3>, nn::Stride<1>, nn::Padding<1>>>;
type Layer5 = nn::over::Relu<nn::Map<6, 8, 6>>;
type Layer6 =
    nn::AveragePool<nn::Map<6, 8, 6>, nn::Window<nn::Kernel<2>, nn::Stride<2>, nn::Padding<1>>>;
type Layer7 = nn::Conv2d<nn::Map<4, 5, 6>, nn::Window<nn::Kernel<1>>, 5, nn::BiasesOnly>;
type Layer8 = nn::LayerNorm<100>;
type Layer9 = nn::over::Gelu<nn::Map<4, 5, 5>>;
type Layer10 = nn::Dense<100, 7, nn::Frozen>;
type Layer11 = nn::Tanh<7>;
type Layer12 = nn::LayerNorm<7, 1, nn::BiasesOnly>;
type Layer13 = nn::Dense<7, 6>;
type Layer14 = nn::LeakyRelu<6, 1, 5>;
type Layer15 = nn::Dense<6, 4, nn::BiasesOnly>;
type Layer16 = nn::Sigmoid<4>;

/// The layers that stay frozen.
pub type BackboneLayers = (Layer1, Layer2, Layer3, Layer4, Layer5, Layer6);
/// They, read where they lie.
pub type Backbone = nn::FloatBackbone<'static, BackboneLayers>;
/// The layers that theta belongs to.
pub type Layers =
    (Layer7, Layer8, Layer9, Layer10, Layer11, Layer12, Layer13, Layer14, Layer15, Layer16);
/// The network.
pub type Network = nn::Network<'static, Layers, Backbone>;

/// Theta to start from.
pub static THETA: [f32; Network::PARAMETERS] =
    nn::floats_from_le_bytes(*include_bytes!("image_layers.theta.bin"));
/// The parameters of the layers that are not trained.
pub static FROZEN: [f32; Network::FROZEN_PARAMETERS] =
    nn::floats_from_le_bytes(*include_bytes!("image_layers.frozen.bin"));
/// What the backbone reads.
pub static BACKBONE: [f32; Backbone::PARAMETERS] =
    nn::floats_from_le_bytes(*include_bytes!("image_layers.backbone.bin"));

/// The network over what lies in flash.
///
/// # Errors
/// None, as long as the files are those that were imported.
pub fn network() -> Result<Network, Error> {
    Network::with_backbone(Backbone::new(&BACKBONE)?, &FROZEN)
}

//! The network `signal_layers`, as `rolling-ball import` wrote it: do not edit.
//!
//! | | bytes |
//! |---|---|
//! | backbone, int8, in flash | 144 |
//! | frozen parameters after it, in flash | 768 |
//! | theta to start from, in flash | 212 |
//! | scratch, in RAM | 376 |
//! | theta, the ball's two vectors and scratch, in RAM | 1012 |

use rolling_ball::{Error, nn};

type Layer1 = nn::int8::Conv1d<
    nn::Signal<20, 4>,
    nn::Window<nn::Kernel<3>, nn::Stride<2>, nn::Padding<1>>,
    6,
>;
type Layer2 = nn::int8::MaxPool1d<nn::Signal<10, 6>, nn::Window<nn::Kernel<2>, nn::Stride<2>>>;
type Layer3 = nn::Conv1d<nn::Signal<5, 6>, nn::Window<nn::Kernel<3>>, 8, nn::BiasesOnly>;
type Layer4 = nn::over::Relu<nn::Signal<3, 8>>;
type Layer5 = nn::LayerNorm<24, 1, nn::Frozen>;
type Layer6 = nn::GlobalAveragePool<nn::Signal<3, 8>>;
type Layer7 = nn::Dense<8, 5>;

/// The layers that stay frozen.
pub type BackboneLayers = (Layer1, Layer2);
/// They, read where they lie.
pub type Backbone = nn::int8::Int8Backbone<'static, BackboneLayers>;
/// The layers that theta belongs to.
pub type Layers = (Layer3, Layer4, Layer5, Layer6, Layer7);
/// The network.
pub type Network = nn::Network<'static, Layers, Backbone>;

/// Theta to start from.
pub static THETA: [f32; Network::PARAMETERS] =
    nn::floats_from_le_bytes(*include_bytes!("signal_layers.theta.bin"));
/// The parameters of the layers that are not trained.
pub static FROZEN: [f32; Network::FROZEN_PARAMETERS] =
    nn::floats_from_le_bytes(*include_bytes!("signal_layers.frozen.bin"));
/// What the backbone reads.
pub static BACKBONE: [u8; Backbone::BYTES] = *include_bytes!("signal_layers.backbone.bin");

/// The network over what lies in flash.
///
/// # Errors
/// None, as long as the files are those that were imported.
pub fn network() -> Result<Network, Error> {
    Network::with_backbone(Backbone::new(&BACKBONE)?, &FROZEN)
}

//! The network `digits_mlp`, as `rolling-ball import` wrote it: do not edit.
//!
//! | | bytes |
//! |---|---|
//! | frozen parameters after it, in flash | 8192 |
//! | theta to start from, in flash | 1448 |
//! | scratch, in RAM | 428 |
//! | theta, the ball's two vectors and scratch, in RAM | 4772 |

use rolling_ball::{Error, nn};

type Layer1 = nn::Dense<64, 32, nn::BiasesOnly>;
type Layer2 = nn::Relu<32>;
type Layer3 = nn::Dense<32, 10>;

/// The layers that theta belongs to.
pub type Layers = (Layer1, Layer2, Layer3);
/// The network.
pub type Network = nn::Network<'static, Layers>;

/// Theta to start from.
pub static THETA: [f32; Network::PARAMETERS] =
    nn::floats_from_le_bytes(*include_bytes!("digits_mlp.theta.bin"));
/// The parameters of the layers that are not trained.
pub static FROZEN: [f32; Network::FROZEN_PARAMETERS] =
    nn::floats_from_le_bytes(*include_bytes!("digits_mlp.frozen.bin"));

/// The network over what lies in flash.
///
/// # Errors
/// None, as long as the files are those that were imported.
pub fn network() -> Result<Network, Error> {
    Network::new(&FROZEN)
}

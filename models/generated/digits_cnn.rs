//! The network `digits_cnn`, as `cargo xtask import` wrote it: do not edit.
//!
//! | | bytes |
//! |---|---|
//! | backbone, int8, in flash | 1438 |
//! | theta to start from, in flash | 2600 |
//! | scratch, in RAM | 1320 |
//! | theta, the ball's two vectors and scratch, in RAM | 9120 |

use rolling_ball::{Error, nn};

type Layer1 = nn::int8::Conv2d<nn::Map<8, 8, 1>, nn::Window<3, 3, 1, 1, 1, 1>, 8>;
type Layer3 = nn::int8::MaxPool<nn::Map<8, 8, 8>, nn::Window<2, 2, 2, 2>>;
type Layer4 = nn::int8::Conv2d<nn::Map<4, 4, 8>, nn::Window<3, 3, 1, 1, 1, 1>, 16>;
type Layer6 = nn::int8::MaxPool<nn::Map<4, 4, 16>, nn::Window<2, 2, 2, 2>>;
type Layer7 = nn::Dense<64, 10>;

/// The layers that stay frozen.
pub type BackboneLayers = nn::Chain<Layer1, nn::Chain<Layer3, nn::Chain<Layer4, Layer6>>>;
/// They, read where they lie.
pub type Backbone = nn::int8::Int8Backbone<'static, BackboneLayers>;
/// The layers that theta belongs to.
pub type Layers = Layer7;
/// The network.
pub type Network = nn::Network<'static, Layers, Backbone>;

/// Theta to start from.
pub static THETA: [f32; Network::PARAMETERS] = floats(include_bytes!("digits_cnn.theta.bin"));
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

/// Little-endian numbers, read when the firmware is compiled.
#[allow(long_running_const_eval, reason = "as long as the network is large")]
const fn floats<const N: usize>(bytes: &[u8]) -> [f32; N] {
    let (mut chunks, rest) = bytes.as_chunks::<4>();
    assert!(chunks.len() == N && rest.is_empty(), "the file is not the one that was imported");
    let mut numbers = [0.0; N];
    let mut left = numbers.as_mut_slice();
    while let ([number, numbers @ ..], [chunk, chunks_left @ ..]) = (left, chunks) {
        *number = f32::from_le_bytes(*chunk);
        (left, chunks) = (numbers, chunks_left);
    }
    numbers
}

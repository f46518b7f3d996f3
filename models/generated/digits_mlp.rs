//! The network `digits_mlp`, as `cargo xtask import` wrote it: do not edit.
//!
//! | | bytes |
//! |---|---|
//! | frozen parameters after it, in flash | 8192 |
//! | theta to start from, in flash | 1448 |
//! | scratch, in RAM | 552 |
//! | theta, the ball's two vectors and scratch, in RAM | 4896 |

use rolling_ball::{Error, nn};

type Layer1 = nn::Dense<64, 32, nn::BiasesOnly>;
type Layer2 = nn::Relu<32>;
type Layer3 = nn::Dense<32, 10>;

/// The layers that theta belongs to.
pub type Layers = nn::Chain<Layer1, nn::Chain<Layer2, Layer3>>;
/// The network.
pub type Network = nn::Network<'static, Layers>;

/// Theta to start from.
pub static THETA: [f32; Network::PARAMETERS] = floats(include_bytes!("digits_mlp.theta.bin"));
/// The parameters of the layers that are not trained.
pub static FROZEN: [f32; Network::FROZEN_PARAMETERS] =
    floats(include_bytes!("digits_mlp.frozen.bin"));

/// The network over what lies in flash.
///
/// # Errors
/// None, as long as the files are those that were imported.
pub fn network() -> Result<Network, Error> {
    Network::new(&FROZEN)
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

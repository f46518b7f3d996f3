//! The proof that a training fits the RAM of a board.

use super::backbone::Backbone;
use super::layer::Layer;
use super::message::Message;
use super::network::Network;
use core::marker::PhantomData;

/// The proof, while the program is compiled, that a network and its training fit into so many bytes
/// of a board's RAM: theta, the optimizer's vectors (two, as the ball has, where nothing else is
/// said) and the scratch slice.
///
/// ```
/// use rolling_ball::nn::{Dense, FitsIn, Network};
///
/// type Net = Network<'static, Dense<64, 10>>;
/// const _: () = FitsIn::<Net, { 16 * 1024 }>::CHECK;
/// const _: () = FitsIn::<Net, { 16 * 1024 }, 3>::CHECK; // with Adam
/// ```
///
/// A network that needs more does not compile, and the message has both numbers:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Dense, FitsIn, Network};
///
/// const _: () = FitsIn::<Network<'static, Dense<640, 100>>, { 64 * 1024 }>::CHECK;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FitsIn<N, const BYTES: usize, const VECTORS: usize = 2>(PhantomData<N>);

impl<L: Layer, B: Backbone, const BYTES: usize, const VECTORS: usize>
    FitsIn<Network<'_, L, B>, BYTES, VECTORS>
{
    /// Does not compile where the network needs more.
    pub const CHECK: () = {
        let needed = Network::<'static, L, B>::ram_bytes(VECTORS);
        let message = Message::new()
            .text("the network does not fit the board: training it needs ")
            .number(needed)
            .text(" bytes of RAM (theta, ")
            .number(VECTORS)
            .text(" vectors of the optimizer, scratch), and the board has ")
            .number(BYTES)
            .text("; train fewer layers, or smaller ones");
        assert!(needed <= BYTES, "{}", message.as_str());
    };
}

//! An imported network as a shared library of the desktop, which another program loads: the
//! Python package does, so that it rehearses with the compiled code of the device.
//!
//! The library has one symbol, [`SYMBOL`], a [`Functions`]: what the network is, and what can be
//! asked of it. Loader and library may be built by different compilers, so all that crosses is laid
//! out as C does it, and [`Functions::VERSION`] is compared first. No function panics, keeps
//! anything, or needs another to be called before it: they may be called from any thread.
//!
//! [`shared_library!`](crate::shared_library!) is all of such a library but the network:
//!
//! ```
//! mod network {
//!     use rolling_ball::{Error, nn};
//!
//!     pub type Network = nn::Network<'static, nn::Dense<2, 2>>;
//!     pub static THETA: [f32; Network::PARAMETERS] = [0.5, 0.0, 0.0, 0.5, 0.0, 0.0];
//!     pub static FROZEN: [f32; 0] = [];
//!
//!     pub fn network() -> Result<Network, Error> {
//!         Network::new(&FROZEN)
//!     }
//! }
//! rolling_ball_rehearsal::shared_library!(network, "tiny", 7, (1.0 / 255.0, 0.0));
//!
//! use rolling_ball_rehearsal::shared_library::{Inputs, Outputs};
//!
//! let functions = &ROLLING_BALL_NETWORK;
//! assert_eq!(functions.parameters, 6);
//! let (mut outputs, input) = ([0.0; 2], [1.0_f32, 3.0]);
//! let mut asked = Outputs {
//!     theta: functions.theta,
//!     inputs: Inputs { floats: (&input[..]).into(), ..Inputs::default() },
//!     outputs: (&mut outputs[..]).into(),
//! };
//! assert!((functions.outputs)(&mut asked).into_result().is_ok());
//! assert_eq!(outputs, [0.5, 1.5]);
//! ```

mod answer;
mod evaluate;
mod fine_tune;
mod lent;
mod rehearse;
mod samples;
mod train;

pub use answer::{Answer, Refused};
pub use evaluate::{Gradient, Outputs, gradient, outputs};
pub use fine_tune::{FineTune, FineTuned, fine_tune};
pub use lent::{Lent, LentMut};
pub use rehearse::{Rehearse, rehearse};
pub use samples::Inputs;
pub use train::{Train, Trained, train};

/// The name of the library's symbol.
pub const SYMBOL: &str = "ROLLING_BALL_NETWORK";

/// What a library has.
#[derive(Debug)]
#[repr(C)]
pub struct Functions {
    /// The version of this interface, [`Functions::VERSION`]. Where it is another one, nothing else
    /// may be read.
    pub version: u32,
    /// The hash of what of the network no training changes, as import has computed it.
    pub hash: u32,
    /// The values of an input.
    pub inputs: usize,
    /// The outputs.
    pub network_outputs: usize,
    /// The parameters that are trained.
    pub parameters: usize,
    /// What a byte of an input is multiplied by, where nobody says otherwise.
    pub scale: f32,
    /// What is added after.
    pub offset: f32,
    /// The network's name, in UTF-8.
    pub name: Lent<'static, u8>,
    /// Theta to start from.
    pub theta: Lent<'static, f32>,
    /// Computes outputs.
    pub outputs: extern "C" fn(&mut Outputs<'_>) -> Answer,
    /// Computes a loss and its gradient.
    pub gradient: extern "C" fn(&mut Gradient<'_>) -> Answer,
    /// Rehearses a run.
    pub rehearse: extern "C" fn(&mut Rehearse<'_>) -> Answer,
    /// Fine-tunes as a transaction.
    pub fine_tune: extern "C" fn(&mut FineTune<'_>) -> Answer,
    /// Trains a round as a device of a fleet does.
    pub train: extern "C" fn(&mut Train<'_>) -> Answer,
}

impl Functions {
    /// The version of what is in this module.
    pub const VERSION: u32 = 1;
}

/// All of a shared library but the network: the module that import has written, the network's name,
/// its hash, and what a byte of an input stands for.
#[macro_export]
macro_rules! shared_library {
    ($network:ident, $name:literal, $hash:literal, ($scale:expr, $offset:expr)) => {
        /// What a program that loads this library finds.
        #[allow(unsafe_code, reason = "the name is what is looked for")]
        #[unsafe(no_mangle)]
        pub static ROLLING_BALL_NETWORK: $crate::shared_library::Functions = {
            use $crate::shared_library as library;

            extern "C" fn outputs(asked: &mut library::Outputs<'_>) -> library::Answer {
                $network::network().and_then(|network| library::outputs(&network, asked)).into()
            }
            extern "C" fn gradient(asked: &mut library::Gradient<'_>) -> library::Answer {
                $network::network().and_then(|network| library::gradient(&network, asked)).into()
            }
            extern "C" fn rehearse(asked: &mut library::Rehearse<'_>) -> library::Answer {
                $network::network().and_then(|network| library::rehearse(&network, asked)).into()
            }
            extern "C" fn fine_tune(asked: &mut library::FineTune<'_>) -> library::Answer {
                $network::network().and_then(|network| library::fine_tune(&network, asked)).into()
            }
            extern "C" fn train(asked: &mut library::Train<'_>) -> library::Answer {
                $network::network().and_then(|network| library::train(&network, asked)).into()
            }
            library::Functions {
                version: library::Functions::VERSION,
                hash: $hash,
                inputs: $network::Network::INPUTS,
                network_outputs: $network::Network::OUTPUTS,
                parameters: $network::Network::PARAMETERS,
                scale: $scale,
                offset: $offset,
                name: library::Lent::new($name.as_bytes()),
                theta: library::Lent::new(&$network::THETA),
                outputs,
                gradient,
                rehearse,
                fine_tune,
                train,
            }
        };
    };
}

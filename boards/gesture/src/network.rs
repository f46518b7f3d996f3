//! The network: frozen convolutions in flash, and the layers after them, which are trained.

use crate::{AXES, Gesture, READINGS};
use rolling_ball::nn::{
    self, AveragePool1d, Conv1d, Dense, FloatBackbone, Kernel, Network, Padding, Relu, SampleStore,
    Signal, Stride, Window, over,
};

type First = Conv1d<Signal<READINGS, AXES>, Window<Kernel<5>, Stride<2>, Padding<2>>, 8>;
type Second = Conv1d<First, Window<Kernel<5>, Stride<2>, Padding<2>>, 16>;
/// Averages over the four quarters of the window, so that the order of movements is not lost.
type Quarters = AveragePool1d<Second, Window<Kernel<4>, Stride<4>>>;

type Convolutions = (First, over::Relu<First>, Second, over::Relu<Second>, Quarters);
type Tail = (over::Dense<Quarters, 16>, Relu<16>, Dense<16, { Gesture::ALL.len() }>);
type Backbone = FloatBackbone<'static, Convolutions>;

/// The network on the device, of which only the tail is trained.
pub type Net = Network<'static, Tail, Backbone>;
/// All layers of the network.
pub type Layers = (Convolutions, Tail);
/// The same network with all its layers trained, for the desktop.
pub type Whole = Network<'static, Layers>;

/// How many of the user's own gestures are remembered.
pub(crate) const EXAMPLES: usize = 32;
/// Their store: what the convolutions make of each, which is all that training needs.
pub type Store = SampleStore<0, EXAMPLES, Features>;
pub(crate) type Features = nn::features!(Net, 1);

/// How much g one step of a reading's byte stands for.
pub(crate) const SCALE: f32 = 1.0 / 32.0;
pub(crate) const OFFSET: f32 = -4.0;

/// The weights, trained on simulated gestures by `cargo run --release --example pretrain`.
const WEIGHTS: &[u8; size_of::<f32>() * Whole::PARAMETERS] = include_bytes!("../weights.bin");

static BACKBONE: [f32; Backbone::PARAMETERS] = floats(WEIGHTS, 0);
/// The parameters that training on the device starts from.
pub(crate) static START: [f32; Net::PARAMETERS] = floats(WEIGHTS, Backbone::PARAMETERS);

/// The network over its weights in flash.
pub(crate) fn network() -> Result<Net, rolling_ball::Error> {
    Net::with_backbone(Backbone::new(&BACKBONE)?, &[])
}

/// The `N` numbers from the one at `start` on, stored in little-endian order.
const fn floats<const N: usize>(bytes: &[u8], start: usize) -> [f32; N] {
    let mut floats = [0.0; N];
    let mut index = 0;
    while index < N {
        let at = (start + index) * size_of::<f32>();
        let bytes = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        floats[index] = f32::from_le_bytes(bytes);
        index += 1;
    }
    floats
}

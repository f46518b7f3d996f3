//! A network of your own, rehearsed on the desktop or run by an emulated Cortex-M4F.
#![cfg_attr(target_os = "none", no_std, no_main)]

use rolling_ball::nn::{Dense, Network, QuantizedSamples, Tanh};
use rolling_ball_rehearsal::{Image, Settings, whole};

type Layers = (Dense<3, 8>, Tanh<8>, Dense<8, 2>);
type Net = Network<'static, Layers>;

static INPUTS: [u8; 12] = [200, 30, 90, 20, 220, 80, 180, 60, 110, 50, 190, 120];
const SAMPLES: QuantizedSamples = QuantizedSamples {
    inputs: &INPUTS,
    labels: &[0, 1, 0, 1],
    width: 3,
    scale: 1.0 / 128.0,
    offset: -1.0,
};
static START: [f32; Net::PARAMETERS] = {
    let (mut start, mut index) = ([0.0; Net::PARAMETERS], 0);
    while index < start.len() {
        start[index] = (index * 7 % 11) as f32 / 11.0 - 0.5;
        index += 1;
    }
    start
};
static IMAGE: Image = Image {
    settings: Settings::ball(25, 0.1, 0.5),
    weights: &START,
    labelled: SAMPLES,
    held_out: SAMPLES,
};

#[cfg(target_os = "none")]
#[cortex_m_rt::entry]
fn main() -> ! {
    static MEMORY: static_cell::ConstStaticCell<rolling_ball::nn::memory!(Net, 2)> =
        static_cell::ConstStaticCell::new(rolling_ball::nn::Memory::ZERO);
    qemu_board::firmware::run_model(whole::<Layers>(&IMAGE), MEMORY.take().into())
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), rolling_ball_rehearsal::desktop::Error> {
    rolling_ball_rehearsal::desktop::print(&whole::<Layers>(&IMAGE)?)
}

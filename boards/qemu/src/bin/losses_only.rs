//! Learns 8x8 digits as `last_layer` does, but by losses alone: beside the features of the samples,
//! the RAM holds theta and what an inference works in. It takes at most 10 KB of
//! RAM, of which 2.5 KB are the stack.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned};
use qemu_board::instructions;
use rolling_ball::ZerothOrderBall;
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{self, Memory};
use rolling_ball_rehearsal::{Buffers, fine_tune_with};
use scenario::{LastLayer, last_layer};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("LOSSES_ONLY_IMAGE")));

static MEMORY: ConstStaticCell<nn::memory!(LastLayer, 0)> = ConstStaticCell::new(Memory::ZERO);

/// The image has 50 labelled samples.
static FEATURES: ConstStaticCell<nn::features!(LastLayer, 50)> = ConstStaticCell::new([0; _]);

#[entry]
fn main() -> ! {
    let image = firmware::start(&IMAGE.0);
    let buffers = Buffers::from(MEMORY.take()).with_features(FEATURES.take());
    let config = image.settings.zeroth_order_ball(LastLayer::PARAMETERS);
    firmware::end(last_layer(&image).and_then(|model| {
        let mut ball = ZerothOrderBall::with_backend(Scalar, config)?;
        let clock = instructions::elapsed;
        fine_tune_with(Scalar, &model, &mut ball, buffers, clock, firmware::print)
    }))
}

//! The digits scenario with gradient descent as the only optimizer: `cargo xtask size` compares its flash.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned};
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{self, Memory};
use rolling_ball::{Schedule, Sgd, SgdConfig};
use scenario::{Digits, DigitsTail};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("DIGITS_IMAGE")));

static MEMORY: ConstStaticCell<nn::memory!(Digits, 1)> = ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    firmware::run_with::<DigitsTail, _, _, _, _>(
        &IMAGE.0,
        MEMORY.take(),
        |settings, [gradient, ..]| {
            let learning_rate =
                Schedule::Cosine { from: settings.learning_rate, to: 0.0, steps: settings.steps };
            let config = SgdConfig { learning_rate, ..SgdConfig::default() };
            Sgd::with_backend(Scalar, config, gradient, None)
        },
    )
}

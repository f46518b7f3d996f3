//! The digits scenario with the default ball as the only optimizer: `cargo xtask size` compares its flash.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned};
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{self, Memory};
use rolling_ball::{RollingBall, RollingBallConfig};
use scenario::{Digits, DigitsTail};
use static_cell::ConstStaticCell;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("DIGITS_IMAGE")));

static MEMORY: ConstStaticCell<nn::memory!(Digits, 2)> = ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    firmware::run_with::<DigitsTail, _, _, _, _>(
        &IMAGE.0,
        MEMORY.take(),
        |settings, [gradient, offset, _]| {
            let config = RollingBallConfig::shrinking(
                settings.radius,
                settings.learning_rate,
                settings.steps,
            );
            RollingBall::with_backend(Scalar, config, [gradient, offset])
        },
    )
}

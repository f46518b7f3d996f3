//! The digits scenario with one optimizer only, which a feature names: `cargo xtask size` compares
//! their flash.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned};
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{self, Memory};
use rolling_ball_rehearsal::{OptimizerConfig, OptimizerKind, Settings};
use scenario::{Digits, DigitsTail};
use static_cell::ConstStaticCell;

const KIND: OptimizerKind = if cfg!(feature = "sgd") {
    OptimizerKind::Sgd
} else if cfg!(feature = "momentum") {
    OptimizerKind::Momentum
} else if cfg!(feature = "adam") {
    OptimizerKind::Adam
} else if cfg!(feature = "sam") {
    OptimizerKind::Sam
} else if cfg!(feature = "zeroth-order-ball") {
    OptimizerKind::ZerothOrderBall
} else {
    OptimizerKind::Ball
};

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("DIGITS_IMAGE")));

static MEMORY: ConstStaticCell<nn::memory!(Digits, KIND.vectors())> =
    ConstStaticCell::new(Memory::ZERO);

// A constant: what the other arms would run is not linked.
#[entry]
fn main() -> ! {
    match KIND {
        OptimizerKind::Ball => run(Settings::rolling_ball),
        OptimizerKind::Sgd => run(Settings::sgd),
        OptimizerKind::Momentum => run(Settings::momentum),
        OptimizerKind::Adam => run(Settings::adam),
        OptimizerKind::Sam => run(Settings::sam),
        OptimizerKind::ZerothOrderBall => {
            run(|settings| settings.zeroth_order_ball(Digits::PARAMETERS))
        }
    }
}

fn run<C: OptimizerConfig<Scalar>>(configure: impl FnOnce(&Settings) -> C) -> ! {
    firmware::run_with::<DigitsTail, _, _, _, _>(&IMAGE.0, MEMORY.take(), configure)
}

//! Calibrates an accelerometer by losses alone, for `cargo xtask qemu`. It takes at most 4 KB of
//! RAM, half of which is the stack.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::{firmware, instructions, print_line};
use rolling_ball::kernels::Scalar;
use scenario::calibration::{Memory, SENSOR, calibrate};
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    firmware::prepare();
    let calibrated = calibrate(Scalar, SENSOR, MEMORY.take(), instructions::elapsed);
    firmware::end(calibrated.map(|calibrated| {
        print_line!("{calibrated}");
        print_line!("instructions {}", calibrated.instructions);
    }))
}

//! One inference by microflow, counted: for `cargo xtask bench --only int8 --models DIR`. It begins
//! with `f32` inputs, as ours does.

#![no_std]
#![no_main]

use core::array;
use core::hint::black_box;
use nalgebra::{SMatrix, Scalar};
use qemu_board::{exit, firmware, instructions, print_line};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// An input of whatever shape the model has: a matrix, or some of pixels with channels.
trait Constant {
    const ONE_HALF: Self;
}

impl Constant for f32 {
    const ONE_HALF: Self = 0.5;
}

trait Input {
    fn new() -> Self;
}

impl<const CHANNELS: usize> Constant for [f32; CHANNELS] {
    const ONE_HALF: Self = [0.5; CHANNELS];
}

impl<T: Constant + Scalar, const ROWS: usize, const COLUMNS: usize> Input
    for SMatrix<T, ROWS, COLUMNS>
{
    fn new() -> Self {
        Self::from_element(T::ONE_HALF)
    }
}

impl<M: Input, const SAMPLES: usize> Input for [M; SAMPLES] {
    fn new() -> Self {
        array::from_fn(|_| M::new())
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    firmware::prepare();
    let input = black_box(Input::new());
    let start = instructions::elapsed();
    let empty = instructions::elapsed() - start;
    let start = instructions::elapsed();
    black_box(Model::predict(input));
    let counted = (instructions::elapsed() - start).saturating_sub(empty);
    print_line!("inference instructions {counted}");
    exit::success()
}

//! 640 inputs and 100 outputs take 752 KB to train; the board has 64 KB.

#![no_std]

use rolling_ball::nn::{Dense, FitsIn, Network};

const _: () = FitsIn::<Network<'static, Dense<640, 100>>, { 64 * 1024 }>::CHECK;

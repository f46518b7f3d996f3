//! A training that survives a power failure, with checkpoints in flash and the same bits at the
//! end.
//!
//! The flash is a model in memory that is as strict as a real one, and it loses its power where it
//! is told to. On a device it is your HAL's flash: anything that implements
//! `embedded_storage::nor_flash::NorFlash`.
//!
//! ```text
//! cargo run --release --features checkpoints --example save_and_resume
//! ```

#[path = "../tests/support/nor_flash.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod nor_flash;

use nor_flash::{Damage, NorFlashModel};
use rolling_ball::{
    Checkpoints, Error, Objective, Optimizer, RollingBall, RollingBallConfig, step,
};
use std::ops::Range;

const PARAMETERS: usize = 1000;
const STEPS: u32 = 40;
/// Erasing wears a flash out, so a checkpoint now and then is enough.
const STEPS_A_SAVE: u32 = 10;

type Ball = RollingBall<[f32; PARAMETERS]>;

/// It writes 8 bytes at a time and erases 2 KB, as on an STM32L4.
type Flash = NorFlashModel<8, 2048>;

/// The range in which the linker script leaves room for checkpoints. It is checked before there is
/// a firmware.
const RANGE: Range<u32> = 0x8000..0x10000;
const _: () =
    assert!(Checkpoints::<Flash>::bytes::<Ball>(PARAMETERS, 3) <= (RANGE.end - RANGE.start) as u64);

/// A narrow valley: the loss is `sum (i + 1) theta[i]^2 / 2 / PARAMETERS`.
struct Valley;

impl Objective for Valley {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.gradient(theta, &mut [0.0; PARAMETERS])
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let mut loss = 0.0;
        for (index, (slope, t)) in gradient.iter_mut().zip(theta).enumerate() {
            *slope = (index + 1) as f32 / PARAMETERS as f32 * t;
            loss += *slope * t / 2.0;
        }
        Ok(loss)
    }
}

/// What the firmware does after every reset.
fn boot(flash: &mut Flash) -> Result<[f32; PARAMETERS], Box<dyn std::error::Error>> {
    let mut checkpoints = Checkpoints::new(flash, RANGE)?;
    let mut ball =
        Ball::new(RollingBallConfig::shrinking(0.1, 1.0, STEPS), [[0.0; PARAMETERS]; 2])?;
    let mut theta = [1.0; PARAMETERS];
    match checkpoints.resume(&mut theta, &mut ball)? {
        Some(steps) => println!("boot: resumed after {steps} steps"),
        None => println!("boot: no checkpoint, starting anew"),
    }
    while ball.steps() < STEPS {
        step(&mut ball, &mut Valley, &mut theta)?;
        let steps = ball.steps();
        if steps.is_multiple_of(STEPS_A_SAVE) {
            print!("  step {steps}, loss {:.5}: ", Valley.loss(&theta)?);
            checkpoints.save(&theta, &ball).inspect_err(|error| println!("{error}"))?;
            println!("saved");
        }
    }
    Ok(theta)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("Without an interruption:");
    let mut flash = Flash::new(0x10000);
    let uninterrupted = boot(&mut flash)?;
    let a_save = flash.operations / (STEPS / STEPS_A_SAVE) as usize;

    println!("\nWith power failures, in the third save and then in the middle of the last:");
    let mut flash = Flash::new(0x10000);
    for operation in [a_save * 2 + 1, a_save * 3 + a_save / 2] {
        flash.power_cut = Some((operation, Damage::Half));
        if boot(&mut flash).is_ok() {
            return Err("the power did not fail".into());
        }
        flash.reboot();
    }
    let resumed = boot(&mut flash)?;

    let pairs = uninterrupted.iter().zip(&resumed);
    let differing = pairs.filter(|(one, other)| one.to_bits() != other.to_bits()).count();
    println!("\nparameters that differ in a bit at the end: {differing} of {PARAMETERS}");
    let erases: Vec<u32> = flash.erases.into_iter().skip(16).collect();
    println!("times that each block of 2 KB was erased: {erases:?}");
    Ok(())
}

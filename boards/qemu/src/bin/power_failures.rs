//! Learns while the power fails again and again, mostly in the middle of a save. It ends with the
//! bits of a training that was never interrupted.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::firmware::{self, Aligned};
use qemu_board::flash::{self, Flash};
use qemu_board::{exit, print_line};
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{self, Memory, Samples, SoftmaxCrossEntropy};
use rolling_ball::{
    ArcLength, Checkpoints, Error, LaggedContact, Optimizer, RollingBall, RollingBallConfig, step,
};
use rolling_ball_rehearsal::{Event, Image, hash, whole};
use scenario::{Digits, DigitsTail};
use static_cell::ConstStaticCell;

type DigitsMemory = nn::memory!(Digits, 2);
type Ball<'a> = RollingBall<&'a mut [f32], LaggedContact, ArcLength, Scalar>;

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("DIGITS_IMAGE")));
static MEMORY: ConstStaticCell<DigitsMemory> = ConstStaticCell::new(Memory::ZERO);

const RANGE: core::ops::Range<u32> = 0..0x10000;
const _: () = assert!(
    Checkpoints::<Flash>::bytes::<Ball>(Digits::PARAMETERS, 2) <= (RANGE.end - RANGE.start) as u64
);

const STEPS_A_SAVE: u32 = 5;
/// After so many failures the power stays on.
const FAILURES: u32 = 30;

/// How many words are erased or written until the next failure. It never hits the same part of a
/// save twice, and some boots make two saves.
fn words_until_failure(failures: u32) -> Option<u32> {
    (failures < FAILURES).then(|| 400 + failures.wrapping_mul(4_871) % 19_000)
}

#[entry]
fn main() -> ! {
    let image = firmware::start(&IMAGE.0);
    firmware::end(run(&image, MEMORY.take()))
}

fn run(image: &Image, memory: &mut DigitsMemory) -> Result<(), Error> {
    let Memory { theta, vectors: [gradient, offset], scratch } = memory;
    let (theta, gradient, offset) = (&mut theta[..], &mut gradient[..], &mut offset[..]);
    let model = whole::<DigitsTail>(image)?;
    model.load(theta)?;
    let (network, settings) = (model.network.with_backend(Scalar), image.settings);
    let samples = image.labelled.range(0, image.labelled.len());
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), samples, scratch)?;
    let config =
        RollingBallConfig::shrinking(settings.radius, settings.learning_rate, settings.steps);
    let mut ball = Ball::with_backend(Scalar, config, [gradient, offset])?;

    let failures = flash::failures();
    let flash = Flash::new(words_until_failure(failures));
    let mut checkpoints = kept(Checkpoints::new(flash, RANGE));
    kept(checkpoints.resume(theta, &mut ball));
    while ball.steps() < settings.steps {
        step(&mut ball, &mut batch, theta)?;
        if ball.steps().is_multiple_of(STEPS_A_SAVE) {
            kept(checkpoints.save(theta, &ball));
        }
    }
    print_line!("{}", Event::Resumed { failures, hash: hash(theta) });
    Ok(())
}

/// Returns what a checkpoint function gave, or ends the run.
fn kept<T, E>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|_| {
        print_line!("a checkpoint was refused");
        exit::failure()
    })
}

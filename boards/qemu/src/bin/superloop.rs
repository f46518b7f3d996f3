//! Learns in a main loop that must also take a reading each millisecond and feed a watchdog,
//! without interrupts. It does so between two pieces of a step, in the pauses of its kernels.
//!
//! With the command line `whole` the kernels do not pause, so that the tests can see that the
//! watchdog bites.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::command_line::command_line;
use qemu_board::duty;
use qemu_board::firmware::{self, Aligned};
use qemu_board::print_line;
use rolling_ball::kernels::{Kernels, Pause, Pausing, Scalar};
use rolling_ball::nn::{self, Memory, Samples, SoftmaxCrossEntropy};
use rolling_ball::{Error, Optimizer, RollingBall, RollingBallConfig, step};
use rolling_ball_rehearsal::{Image, whole};
use scenario::{Digits, DigitsTail};
use static_cell::ConstStaticCell;

type DigitsMemory = nn::memory!(Digits, 2);

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("DIGITS_IMAGE")));
static MEMORY: ConstStaticCell<DigitsMemory> = ConstStaticCell::new(Memory::ZERO);

#[entry]
fn main() -> ! {
    let image = firmware::start(&IMAGE.0);
    firmware::end(run(&image, MEMORY.take()))
}

fn run(image: &Image, memory: &mut DigitsMemory) -> Result<(), Error> {
    if command_line(&mut [0; 8]) == b"whole" {
        learn(Scalar, image, memory)?;
    } else {
        learn(Pausing::<Duties>::new(), image, memory)?;
    }
    if let Some(account) = duty::account() {
        print_line!("{}", account.close(&memory.theta));
    }
    Ok(())
}

/// What is due between two pieces of a step.
struct Duties;

impl Pause for Duties {
    fn pause() {
        duty::attend(|account| {
            if duty::is_tick_pending() {
                duty::acknowledge_tick();
                account.take(duty::clock());
            }
        });
    }
}

fn learn<K: Kernels + Copy>(
    kernels: K,
    image: &Image,
    memory: &mut DigitsMemory,
) -> Result<(), Error> {
    let Memory { theta, vectors: [gradient, offset], scratch } = memory;
    let model = whole::<DigitsTail>(image)?;
    model.load(theta)?;
    let (network, settings) = (model.network.with_backend(kernels), image.settings);
    let samples = image.labelled.range(0, image.labelled.len());
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), samples, scratch)?;
    let config =
        RollingBallConfig::shrinking(settings.radius, settings.learning_rate, settings.steps);
    let mut ball = RollingBall::with_backend(kernels, config, [gradient, offset])?;
    duty::start_ticks();
    duty::start_main_loop();
    while ball.steps() < settings.steps {
        step(&mut ball, &mut batch, theta)?;
    }
    Ok(())
}

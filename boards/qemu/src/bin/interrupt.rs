//! Learns in the main loop while an interrupt takes a reading each millisecond; the readings wait
//! in a queue.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::duty;
use qemu_board::firmware::{self, Aligned};
use qemu_board::print_line;
use rolling_ball::kernels::{Pause, Pausing};
use rolling_ball::nn::{self, Memory, Samples, SoftmaxCrossEntropy};
use rolling_ball::{Error, Optimizer, RollingBall, RollingBallConfig, poll_step};
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
    let Memory { theta, vectors: [gradient, offset], scratch } = memory;
    let model = whole::<DigitsTail>(image)?;
    model.load(theta)?;
    let kernels = Pausing::<Duties>::new();
    let (network, settings) = (model.network.with_backend(kernels), image.settings);
    let samples = image.labelled.range(0, image.labelled.len());
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), samples, scratch)?;
    let config =
        RollingBallConfig::shrinking(settings.radius, settings.learning_rate, settings.steps);
    let mut ball = RollingBall::with_backend(kernels, config, [gradient, offset])?;

    duty::start_ticks();
    duty::start_interrupts();
    duty::start_main_loop();
    while ball.steps() < settings.steps {
        Duties::pause();
        let _ = poll_step(&mut ball, &mut batch, theta)?;
    }
    if let Some(account) = duty::account() {
        print_line!("{}", account.close(theta));
    }
    Ok(())
}

/// What is due between two polls, and between two pieces of one.
struct Duties;

impl Pause for Duties {
    fn pause() {
        duty::attend(duty::take_waiting);
    }
}

//! The firmware `fleet` without a fleet: it learns the same, from zeros, saves its checkpoints, and
//! sends back what comes over its serial port. `cargo xtask size` compares the two.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::ops::Range;
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu_board::clips::{CHECKPOINT_BYTES, Clips, Learner, SAVED, fail, tell};
use qemu_board::uart::Uart;
use qemu_board::{exit, guard, host, print_line};
use rolling_ball::{Checkpoints, Resumable};
use rolling_ball_fleet::{Begin, Between, RoundId, Stage};
use static_cell::ConstStaticCell;

const CHECKPOINTS: Range<u32> = 0..CHECKPOINT_BYTES as u32;

type Flash = host::Flash<{ CHECKPOINTS.end as usize }>;

static LEARNER: ConstStaticCell<Learner> = ConstStaticCell::new(Learner::new());
static CLIPS: ConstStaticCell<Clips> = ConstStaticCell::new(Clips::new());

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { fail("the peripherals were taken") };
    guard::install(peripherals.MPU);
    let Some(flash) = Flash::open(c"flash.bin") else { fail("cannot open flash.bin") };
    let samples = CLIPS.take().read();
    let round = Begin {
        id: black_box(RoundId::default()),
        steps: black_box(16),
        batch: black_box(16),
        radius: black_box(0.03),
        learning_rate: black_box(0.5),
        guarded: black_box(false),
        ..Begin::default()
    };
    let mut link = Link { uart: Uart::start(), flash, saved: 0 };
    tell("boots", round.id, black_box(Stage::Idle));
    if !matches!(LEARNER.take().learn(&round, samples, &mut link), Ok(Some(_))) {
        fail("it could not learn");
    }
    tell("trained", round.id, black_box(Stage::Ready));
    if black_box(false) {
        let byte = link.uart.wait();
        link.hear(byte);
    }
    exit::success()
}

/// What goes on beside the training.
struct Link {
    uart: Uart,
    flash: Flash,
    saved: u32,
}

impl Link {
    #[inline(never)] // As in the other firmware.
    fn hear(&mut self, byte: u8) {
        // The port sends any bytes, as in the other firmware.
        self.uart.send(black_box([byte].as_slice()));
    }

    #[inline(never)] // As in the other firmware.
    fn serve(&mut self) {
        while let Some(byte) = self.uart.take_soon() {
            self.hear(byte);
        }
    }
}

impl Between for Link {
    fn resume<O: Resumable>(&mut self, theta: &mut [f32], optimizer: &mut O) {
        let Ok(mut checkpoints) = Checkpoints::new(&mut self.flash, CHECKPOINTS) else { return };
        if let Ok(Some(steps)) = checkpoints.resume(theta, optimizer) {
            self.saved = steps;
            print_line!("resumes after {steps} steps");
        }
    }

    fn go_on<O: Resumable>(&mut self, theta: &[f32], optimizer: &O, steps: u32) -> bool {
        self.serve();
        if steps >= self.saved + SAVED
            && let Ok(mut checkpoints) = Checkpoints::new(&mut self.flash, CHECKPOINTS)
            && checkpoints.save(theta, optimizer).is_ok()
        {
            self.saved = steps;
        }
        true
    }
}

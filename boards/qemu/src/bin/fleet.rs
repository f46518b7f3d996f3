//! Takes part in a fleet: learns spoken digits from its own clips, in rounds that a gateway begins
//! over the serial port.
//!
//! In the folder where the emulator is started, `samples.image` has the clips, as the labelled
//! samples of an image without weights, and `flash.bin` is the flash.

#![no_std]
#![no_main]

use core::ops::Range;
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu_board::clips::{CHECKPOINT_BYTES, Clips, Learner, PARAMETERS, SAVED, fail, tell};
use qemu_board::uart::Uart;
use qemu_board::{guard, host, print_line};
use rolling_ball::{Checkpoints, Resumable};
use rolling_ball_fleet::{Between, Device, DeviceConfig, RoundId, Stage, model_hash};
use scenario::Speakers;
use static_cell::ConstStaticCell;

const BLOCK: usize = 4096;
const FLEET: Range<u32> = 0..Device::bytes(BLOCK, PARAMETERS) as u32;
const CHECKPOINTS: Range<u32> = FLEET.end..FLEET.end + CHECKPOINT_BYTES as u32;

type Flash = host::Flash<{ CHECKPOINTS.end as usize }>;

static LEARNER: ConstStaticCell<Learner> = ConstStaticCell::new(Learner::new());
static CLIPS: ConstStaticCell<Clips> = ConstStaticCell::new(Clips::new());

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { fail("the peripherals were taken") };
    guard::install(peripherals.MPU);
    let Some(mut flash) = Flash::open(c"flash.bin") else { fail("cannot open flash.bin") };
    let samples = CLIPS.take().read();
    let (inputs, outputs) = (Speakers::INPUTS as u32, Speakers::OUTPUTS as u32);
    let config = DeviceConfig {
        model: model_hash(inputs, outputs, PARAMETERS as u32, &[]),
        parameters: PARAMETERS as u32,
        samples: samples.labels.len() as u32,
        range: FLEET,
        checkpoints: CHECKPOINTS,
    };
    let Ok(device) = Device::new(&mut flash, config) else { fail("the flash does not fit") };
    let learner = LEARNER.take();
    let mut link = Link { uart: Uart::start(), device, flash, round: RoundId::default(), saved: 0 };
    link.tell("boots");
    loop {
        if link.device.stage() == Stage::Training
            && let Some(round) = link.device.round().copied()
        {
            if link.device.start(&mut link.flash, &mut learner.start).is_err() {
                fail("the flash cannot be read");
            }
            (link.round, link.saved) = (round.id, 0);
            match learner.learn(&round, samples, &mut link) {
                Ok(Some(metrics)) => {
                    if link.device.trained(round.id, &learner.network.theta, metrics).is_err() {
                        link.device.give_up(round.id);
                    }
                }
                // Another round has begun.
                Ok(None) => {}
                Err(_) => link.device.give_up(round.id),
            }
            link.tell("trained");
        }
        let byte = link.uart.wait();
        link.hear(byte, &learner.network.theta);
    }
}

/// The way to the gateway, which is answered between two steps too.
struct Link {
    uart: Uart,
    device: Device,
    flash: Flash,
    /// The round that is trained.
    round: RoundId,
    /// The steps of the newest checkpoint.
    saved: u32,
}

impl Link {
    #[inline(never)] // It is called from two places.
    fn hear(&mut self, byte: u8, theta: &[f32]) {
        if let Some(answer) = self.device.hear(byte, &mut self.flash, theta) {
            self.uart.send(answer);
        }
    }

    /// What has begun to come is taken as long as it comes, so that its answer is not late.
    #[inline(never)] // It is called from every kind of training.
    fn serve(&mut self, theta: &[f32]) {
        while let Some(byte) = self.uart.take_soon() {
            self.hear(byte, theta);
        }
    }

    fn tell(&self, what: &str) {
        let id = self.device.round().map(|round| round.id).unwrap_or_default();
        tell(what, id, self.device.stage());
    }
}

impl Between for Link {
    fn resume<O: Resumable>(&mut self, theta: &mut [f32], optimizer: &mut O) {
        let Ok(mut checkpoints) = Checkpoints::new(&mut self.flash, CHECKPOINTS) else { return };
        // Where there is none, or none that fits, it begins anew.
        if let Ok(Some(steps)) = checkpoints.resume(theta, optimizer) {
            self.saved = steps;
            print_line!("resumes after {steps} steps");
        }
    }

    fn go_on<O: Resumable>(&mut self, theta: &[f32], optimizer: &O, steps: u32) -> bool {
        self.serve(theta);
        if steps >= self.saved + SAVED
            && let Ok(mut checkpoints) = Checkpoints::new(&mut self.flash, CHECKPOINTS)
            && checkpoints.save(theta, optimizer).is_ok()
        {
            self.saved = steps;
        }
        self.device.is_training(self.round)
    }
}

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
use qemu_board::firmware::Aligned;
use qemu_board::uart::Uart;
use qemu_board::{exit, guard, host, print_line};
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{self, Credibility, FineTuningConfig, Memory, QuantizedSamples};
use rolling_ball::{Checkpoints, Resumable, RollingBall};
use rolling_ball_fleet::{
    Begin, Between, Device, DeviceConfig, Metrics, RoundId, Stage, TrainingBuffers, model_hash,
    train,
};
use rolling_ball_rehearsal::Image;
use scenario::Speakers;
use static_cell::ConstStaticCell;

const PARAMETERS: usize = Speakers::PARAMETERS;
/// The most clips that there is memory for.
const CLIPS: usize = 50;

type Ball<'a> = RollingBall<&'a mut [f32]>;
type Flash = host::Flash<{ CHECKPOINTS.end as usize }>;

const BLOCK: usize = 4096;
const FLEET: Range<u32> = 0..Device::bytes(BLOCK, PARAMETERS) as u32;
/// Behind the fleet's, so that the file grows when the first of them are saved.
const CHECKPOINTS: Range<u32> = FLEET.end..FLEET.end + CHECKPOINT_BYTES as u32;
const CHECKPOINT_BYTES: u64 = Checkpoints::<host::Flash<0>>::bytes_with::<Ball>(
    PARAMETERS,
    FineTuningConfig::words(CLIPS),
    2,
);
/// Steps from one checkpoint to the next.
const SAVED: u32 = 5;

static MEMORY: ConstStaticCell<nn::memory!(Speakers, 2)> = ConstStaticCell::new(Memory::ZERO);
/// A flash that is a file cannot be read in place, as one of a microcontroller can.
static START: ConstStaticCell<[f32; PARAMETERS]> = ConstStaticCell::new([0.0; PARAMETERS]);
static CREDIBILITIES: ConstStaticCell<[Credibility; CLIPS]> =
    ConstStaticCell::new([Credibility::NEW; CLIPS]);
static SAMPLES: ConstStaticCell<Aligned<[u8; IMAGE_BYTES]>> =
    ConstStaticCell::new(Aligned([0; IMAGE_BYTES]));

/// A header, the clips with their labels, and one byte more than an image may have.
const IMAGE_BYTES: usize = 52 + CLIPS * (Speakers::INPUTS + 1) + 1;

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { fail("the peripherals were taken") };
    guard::install(peripherals.MPU);
    let Some(mut flash) = Flash::open(c"flash.bin") else { fail("cannot open flash.bin") };
    let buffer = &mut SAMPLES.take().0;
    let Some(bytes) = host::read(c"samples.image", buffer) else {
        fail("cannot read samples.image, or it has more than 50 clips")
    };
    let image = match Image::parse(bytes) {
        Ok(image) if image.labelled.width == Speakers::INPUTS => image,
        Ok(_) => fail("samples.image has samples of another network"),
        Err(error) => {
            print_line!("samples.image: {error}");
            exit::failure()
        }
    };
    let samples = image.labelled;
    let (inputs, outputs) = (Speakers::INPUTS as u32, Speakers::OUTPUTS as u32);
    let config = DeviceConfig {
        model: model_hash(inputs, outputs, PARAMETERS as u32, &[]),
        parameters: PARAMETERS as u32,
        samples: samples.labels.len() as u32,
        range: FLEET,
        checkpoints: CHECKPOINTS,
    };
    let Ok(device) = Device::new(&mut flash, config) else { fail("the flash does not fit") };
    let (memory, start) = (MEMORY.take(), START.take());
    let credibilities = CREDIBILITIES.take();
    let mut link = Link { uart: Uart::start(), device, flash, round: RoundId::default(), saved: 0 };
    tell("boots", link.device.stage(), link.device.round());
    loop {
        if link.device.stage() == Stage::Training {
            let Some(round) = link.device.round().copied() else { continue };
            if link.device.start(&mut link.flash, start).is_err() {
                fail("the flash cannot be read");
            }
            (link.round, link.saved) = (round.id, 0);
            match learn(&mut link, &round, start, memory, credibilities, samples) {
                Ok(Some(metrics)) => {
                    if link.device.trained(round.id, &memory.theta, metrics).is_err() {
                        link.device.give_up(round.id);
                    }
                }
                // Another round has begun.
                Ok(None) => {}
                Err(_) => link.device.give_up(round.id),
            }
            tell("trained", link.device.stage(), link.device.round());
        }
        let byte = link.uart.wait();
        link.hear(byte, &memory.theta);
    }
}

fn learn<const N: usize, const S: usize>(
    link: &mut Link,
    round: &Begin,
    start: &[f32],
    memory: &mut Memory<N, 2, S>,
    credibilities: &mut [Credibility],
    samples: QuantizedSamples,
) -> Result<Option<Metrics>, rolling_ball::Error> {
    let network = Speakers::new(&[])?.with_backend(Scalar);
    let Memory { theta, vectors: [one, other], scratch } = memory;
    let buffers = TrainingBuffers { theta, vectors: [one, other], scratch, credibilities };
    train(&network, samples, start, round, buffers, link)
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
    fn hear(&mut self, byte: u8, theta: &[f32]) {
        if let Some(answer) = self.device.hear(byte, &mut self.flash, theta) {
            self.uart.send(answer);
        }
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
        // What has begun to come is taken as long as it comes, so that its answer is not late.
        while let Some(byte) = self.uart.take_soon() {
            self.hear(byte, theta);
        }
        if steps >= self.saved + SAVED
            && let Ok(mut checkpoints) = Checkpoints::new(&mut self.flash, CHECKPOINTS)
            && checkpoints.save(theta, optimizer).is_ok()
        {
            self.saved = steps;
        }
        self.device.is_training(self.round)
    }
}

fn tell(what: &str, stage: Stage, round: Option<&Begin>) {
    let id = round.map(|round| round.id).unwrap_or_default();
    print_line!("{what} in round {}.{} at stage {}", id.federation, id.round, stage as u8);
}

fn fail(why: &str) -> ! {
    print_line!("{why}");
    exit::failure()
}

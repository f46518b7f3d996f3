//! The firmware of a scenario: it runs its image, prints each event, and ends with an exit code.

use crate::{exit, guard, instructions, print_line, stack};
use cortex_m::Peripherals;
use rolling_ball::Error;
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{Backbone, Layer, Memory};
use rolling_ball_rehearsal::{
    Buffers, Event, Image, Model, OptimizerConfig, OptimizerKind, Settings, fine_tune,
    fine_tune_with, whole,
};

/// The optimizer's vectors: Adam's, else those of the ball.
pub const VECTORS: usize =
    if cfg!(feature = "adam") { OptimizerKind::Adam } else { OptimizerKind::Ball }.vectors();

/// An image in flash, aligned for its weights to be read in place.
#[repr(C, align(4))]
pub struct Aligned<T: ?Sized>(pub T);

/// Runs the image with the optimizer that it names; `model` finds the network in the image.
pub fn run<L: Layer, B: Backbone>(
    image: &'static [u8],
    buffers: Buffers<'_, B::Feature>,
    model: impl FnOnce(&Image<'static>) -> Result<Model<'static, L, B>, Error>,
) -> ! {
    let image = start(image);
    let clock = instructions::elapsed;
    end(model(&image).and_then(|model| fine_tune(Scalar, &model, buffers, clock, print)))
}

/// Runs a model that no image holds, or says why there is none.
pub fn run_model<L: Layer, B: Backbone>(
    model: Result<Model<'static, L, B>, Error>,
    buffers: Buffers<'_, B::Feature>,
) -> ! {
    prepare();
    let clock = instructions::elapsed;
    end(model.and_then(|model| fine_tune(Scalar, &model, buffers, clock, print)))
}

/// Runs the image, of whose network everything is trained, with the optimizer that `configure`
/// makes of its settings.
pub fn run_with<L, C, const N: usize, const V: usize, const S: usize>(
    image: &[u8],
    memory: &mut Memory<N, V, S>,
    configure: impl FnOnce(&Settings) -> C,
) -> !
where
    L: Layer,
    C: OptimizerConfig<Scalar>,
{
    let image = start(image);
    let mut buffers = Buffers::from(memory);
    let clock = instructions::elapsed;
    let mut workspace = core::mem::take(&mut buffers.workspace).into_iter();
    let vector = || Ok(workspace.next().unwrap_or_default());
    end(configure(&image.settings).build(Scalar, vector).and_then(|mut optimizer| {
        let model = whole::<L>(&image)?;
        fine_tune_with(Scalar, &model, &mut optimizer, buffers, clock, print)
    }))
}

/// Guards the stack and starts the count of instructions, or ends the run with a failure.
pub fn prepare() {
    let Some(peripherals) = Peripherals::take() else {
        print_line!("the peripherals were taken before");
        exit::failure()
    };
    guard::install(peripherals.MPU);
    instructions::start(peripherals.SYST);
}

/// Prepares the run and reads the image, or ends the run with a failure.
pub fn start(image: &[u8]) -> Image<'_> {
    prepare();
    // The image is data: without this the compiler folds parts of it into the code, and it is there
    // twice.
    match Image::parse(core::hint::black_box(image)) {
        Ok(image) => image,
        Err(error) => {
            print_line!("{error}");
            exit::failure()
        }
    }
}

/// Where something was wrong, says what it was and ends the run.
pub fn require(result: Result<(), Error>) {
    if let Err(error) = result {
        complain(error);
        exit::failure()
    }
}

/// Prints the use of RAM, or what was wrong, and ends the run.
pub fn end(result: Result<(), Error>) -> ! {
    require(result);
    let (data, stack) = (stack::static_bytes() as u32, stack::high_water_bytes() as u32);
    print(Event::Ram { data, stack });
    exit::success()
}

/// Prints an event as one line.
pub fn print(event: Event) {
    print_line!("{event}");
}

/// Says what was wrong. It does not use the error's `Display`, since printing the value of a
/// setting takes 22 KB of flash.
fn complain(error: Error) {
    match error {
        Error::Setting { name, expected, .. } => print_line!("{name}: expected {expected}"),
        Error::Length { what, expected, actual } => {
            print_line!("{what}: expected length {expected}, got {actual}");
        }
        Error::Class { class, classes } => {
            print_line!("a label is {class}, the network has {classes} classes");
        }
        Error::NoSamples => print_line!("the image has no labelled samples"),
        _ => print_line!(
            "fine-tuning diverged: theta, a loss, a gradient or an update is not finite"
        ),
    }
}

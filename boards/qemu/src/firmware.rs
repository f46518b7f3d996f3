//! The firmware of a scenario: run its image, tell each event, end with an exit code.

use crate::{exit, guard, instructions, print_line, stack};
use cortex_m::Peripherals;
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{Backbone, Layer};
use rolling_ball::{Error, Optimizer};
use rolling_ball_rehearsal::{
    Event, Image, Memory, Model, Settings, fine_tune, fine_tune_with, whole,
};

/// Vectors of workspace: three for Adam, else two.
const VECTORS: usize = if cfg!(feature = "adam") { 3 } else { 2 };

/// An image in flash, aligned for its weights to be read in place.
#[repr(C, align(4))]
pub struct Aligned<T: ?Sized>(pub T);

/// All the RAM that training takes beside the stack: `N` parameters, `V` vectors of workspace, `S` floats of
/// scratch.
pub struct Buffers<const N: usize, const S: usize, const V: usize = VECTORS> {
    /// The parameters.
    pub theta: [f32; N],
    /// The optimizer's vectors.
    pub workspace: [[f32; N]; V],
    /// The activations of one sample.
    pub scratch: [f32; S],
}

impl<const N: usize, const S: usize, const V: usize> Buffers<N, S, V> {
    /// Zeros, which take no flash.
    pub const ZERO: Self = Self { theta: [0.0; N], workspace: [[0.0; N]; V], scratch: [0.0; S] };

    /// The buffers as slices; a vector that is not there is empty.
    pub fn memory(&mut self) -> Memory<'_> {
        let mut vectors = self.workspace.iter_mut().map(|vector| vector.as_mut_slice());
        let workspace = core::array::from_fn(|_| vectors.next().unwrap_or_default());
        Memory { theta: &mut self.theta, workspace, scratch: &mut self.scratch }
    }
}

/// Runs the image with the optimizer that it names; `model` finds its network in it.
pub fn run<T: Layer, F: Backbone, const N: usize, const S: usize, const V: usize>(
    image: &'static [u8],
    buffers: &mut Buffers<N, S, V>,
    model: impl FnOnce(&Image<'static>) -> Result<Model<'static, T, F>, Error>,
) -> ! {
    let image = start(image);
    let (memory, clock) = (buffers.memory(), instructions::elapsed);
    end(model(&image).and_then(|model| fine_tune(Scalar, &model, memory, clock, print)))
}

/// Runs a model that no image holds, or says why there is none.
pub fn run_model<T: Layer, F: Backbone, const N: usize, const S: usize, const V: usize>(
    model: Result<Model<'static, T, F>, Error>,
    buffers: &mut Buffers<N, S, V>,
) -> ! {
    prepare();
    let (memory, clock) = (buffers.memory(), instructions::elapsed);
    end(model.and_then(|model| fine_tune(Scalar, &model, memory, clock, print)))
}

/// Runs the image, of whose network all is trained, with the optimizer that `make` makes of its settings.
pub fn run_with<'a, T: Layer, O: Optimizer, const N: usize, const S: usize, const V: usize>(
    image: &[u8],
    buffers: &'a mut Buffers<N, S, V>,
    make: impl FnOnce(&Settings, [&'a mut [f32]; 3]) -> Result<O, Error>,
) -> ! {
    let image = start(image);
    let Memory { theta, workspace, scratch } = buffers.memory();
    let clock = instructions::elapsed;
    end(make(&image.settings, workspace).and_then(|mut optimizer| {
        let model = whole::<T>(&image)?;
        fine_tune_with(Scalar, &model, &mut optimizer, theta, scratch, clock, print)
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
    // The image is data: without this the compiler folds parts of it into the code, and it is there twice.
    match Image::parse(core::hint::black_box(image)) {
        Ok(image) => image,
        Err(error) => {
            print_line!("{error}");
            exit::failure()
        }
    }
}

/// Says what was wrong and ends the run, where something was.
pub fn require(result: Result<(), Error>) {
    if let Err(error) = result {
        complain(error);
        exit::failure()
    }
}

/// Tells the use of RAM, or what was wrong, and ends the run.
pub fn end(result: Result<(), Error>) -> ! {
    require(result);
    let (data, stack) = (stack::static_bytes() as u32, stack::high_water_bytes() as u32);
    print(Event::Ram { data, stack });
    exit::success()
}

/// One line.
pub fn print(event: Event) {
    print_line!("{event}");
}

/// Says what was wrong. Not by the error's `Display`: printing the value of a setting takes 22 KB of flash.
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

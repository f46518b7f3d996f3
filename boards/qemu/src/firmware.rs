//! The firmware of a scenario: run its image, tell each event, end with an exit code.

use crate::{exit, guard, instructions, print_line, stack};
use cortex_m::Peripherals;
use rolling_ball::Error;
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{Layer, Network};
use scenario::{Event, Image, Memory, fine_tune};

/// Vectors of workspace: three for Adam, else two.
const VECTORS: usize = if cfg!(feature = "adam") { 3 } else { 2 };

/// An image in flash, aligned for its weights to be read in place.
#[repr(C, align(4))]
pub struct Aligned<T: ?Sized>(pub T);

/// All the RAM that training takes beside the stack: `N` parameters, `S` floats of scratch.
pub struct Buffers<const N: usize, const S: usize> {
    /// The parameters.
    pub theta: [f32; N],
    /// The optimizer's vectors.
    pub workspace: [[f32; N]; VECTORS],
    /// The activations of one sample.
    pub scratch: [f32; S],
}

impl<const N: usize, const S: usize> Buffers<N, S> {
    /// Zeros, which take no flash.
    pub const ZERO: Self =
        Self { theta: [0.0; N], workspace: [[0.0; N]; VECTORS], scratch: [0.0; S] };
}

/// Sets the guard below the stack, starts the count of instructions and reads the image.
pub fn start(image: &[u8]) -> Image<'_> {
    let Some(peripherals) = Peripherals::take() else {
        print_line!("the peripherals were taken before");
        exit::failure()
    };
    guard::install(peripherals.MPU);
    instructions::start(peripherals.SYST);

    // The image is data: without this the compiler folds parts of it into the code, and it is there twice.
    match Image::parse(core::hint::black_box(image)) {
        Ok(image) => image,
        Err(error) => {
            print_line!("{error}");
            exit::failure()
        }
    }
}

/// Tells the use of RAM, or what was wrong, and ends the run.
pub fn end(result: Result<(), Error>) -> ! {
    if let Err(error) = result {
        complain(error);
        exit::failure()
    }
    let (data, stack) = (stack::static_bytes() as u32, stack::high_water_bytes() as u32);
    print_line!("{}", Event::Ram { data, stack });
    exit::success()
}

/// Runs the image with a network that is trained whole.
pub fn run<T: Layer, const N: usize, const S: usize>(
    image: &[u8],
    buffers: &mut Buffers<N, S>,
) -> ! {
    let image = start(image);
    end(Network::<T>::new(&[]).and_then(|network| {
        let network = network.with_kernels(Scalar);
        let mut vectors = buffers.workspace.iter_mut().map(|vector| vector.as_mut_slice());
        let workspace = core::array::from_fn(|_| vectors.next().unwrap_or_default());
        let memory = Memory { theta: &mut buffers.theta, workspace, scratch: &mut buffers.scratch };
        fine_tune(Scalar, &network, &image, memory, instructions::elapsed, |event| {
            print_line!("{event}");
        })
    }))
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

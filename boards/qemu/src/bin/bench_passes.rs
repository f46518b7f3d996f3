//! Counts the instructions of the optimizers alone, by the number of parameters, for
//! `cargo xtask bench`. The gradient is made by hand, and its cost is not counted.

#![no_std]
#![no_main]

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu_board::{exit, firmware, guard, instructions, print_line};
use rolling_ball::kernels::{Active, VectorOps};
use rolling_ball::{
    Error, GaussNewton, GradientDescent, Optimizer, Request, RollingBall, RollingBallConfig, Sgd,
    SgdConfig, StepReport,
};
use static_cell::ConstStaticCell;

/// Each length is half a power of ten above the one before. The last fills the RAM of the smallest
/// machine that runs this.
const LENGTHS: [usize; 5] = [200, 632, 2_000, 6_324, LARGEST];
const LARGEST: usize = 20_000;

/// Theta, and the vectors of an optimizer.
static VECTORS: ConstStaticCell<[[f32; LARGEST]; 3]> = ConstStaticCell::new([[0.0; LARGEST]; 3]);

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { exit::failure() };
    guard::install(peripherals.MPU);
    instructions::start(peripherals.SYST);
    firmware::require(count_all(VECTORS.take()));
    exit::success()
}

fn count_all(vectors: &mut [[f32; LARGEST]; 3]) -> Result<(), Error> {
    let contact = RollingBallConfig::default();
    let descent = contact.with_footpoint(GradientDescent { step: 0.1, iterations: 2 });
    let nearest = contact.with_footpoint(GaussNewton { max_iterations: 2, tolerance: 0.0 });
    for length in LENGTHS {
        let [theta, gradient, offset] =
            vectors.each_mut().map(|vector| vector.get_mut(..length).unwrap_or_default());
        let plain = SgdConfig { roll_back: false, ..SgdConfig::default() };
        count("sgd", &mut Sgd::new(plain, &mut *gradient, None)?, theta)?;
        let mut workspace = [gradient, offset];
        let ball = &mut RollingBall::new(contact, workspace.each_mut().map(|v| &mut **v))?;
        count("contact", ball, theta)?;
        let ball = &mut RollingBall::new(descent, workspace.each_mut().map(|v| &mut **v))?;
        count("gradient-descent", ball, theta)?;
        let ball = &mut RollingBall::new(nearest, workspace)?;
        count("gauss-newton", ball, theta)?;
    }
    Ok(())
}

/// Counts the second step, since from then on the ball knows its offset. `instructions::count` is
/// called once for its beginning and once for each evaluation, which the host relies on.
fn count(form: &str, optimizer: &mut impl Optimizer, theta: &mut [f32]) -> Result<(), Error> {
    start(theta);
    passes(optimizer, theta, false)?;
    let (StepReport { evaluations, .. }, instructions) = passes(optimizer, theta, true)?;
    print_line!(
        "passes form {form} parameters {} gradients {} losses {} instructions {instructions}",
        theta.len(),
        evaluations.gradients,
        evaluations.losses
    );
    Ok(())
}

/// Sets theta to a vector of length one, so that the optimizers take the same path whatever the
/// number of parameters.
fn start(theta: &mut [f32]) {
    let mut sign = 1.0 / libm::sqrtf(theta.len() as f32);
    for element in theta {
        *element = sign;
        sign = -sign;
    }
}

/// Makes a step on `f(theta) = |theta|^2 / 2`, and returns the instructions of the optimizer in it,
/// where they are `counted`.
fn passes(
    optimizer: &mut impl Optimizer,
    theta: &mut [f32],
    counted: bool,
) -> Result<(StepReport, u64), Error> {
    let (mut request, mut sum) = turn(counted, || optimizer.begin(theta));
    loop {
        let instructions;
        (request, instructions) = match request? {
            Request::Done(report) => return Ok((report, sum)),
            Request::Loss => {
                let loss = Active::dot(theta, theta) / 2.0;
                turn(counted, || optimizer.tell_loss(theta, loss))
            }
            Request::Gradient => {
                optimizer.gradient_mut().copy_from_slice(theta);
                let loss = Active::dot(theta, theta) / 2.0;
                turn(counted, || optimizer.tell_gradient(theta, loss))
            }
        };
        sum += instructions;
    }
}

/// Returns what the work returns, and its instructions, or 0 where they are not `counted`.
fn turn<T>(counted: bool, work: impl FnOnce() -> T) -> (T, u64) {
    if counted { instructions::count(work) } else { (work(), 0) }
}

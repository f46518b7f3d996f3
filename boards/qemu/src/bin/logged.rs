//! Fine-tunes something tiny and logs by defmt: reports and an error go out as numbers, which the
//! host puts into words.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use defmt_semihosting as _;
use qemu_board::exit;
use rolling_ball::nn::{Dense, Network, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, Optimizer, RollingBall, RollingBallConfig, step};

type Net = Network<'static, Dense<2, 2>>;

const SAMPLES: [([f32; 2], usize); 2] = [([1.0, 0.0], 0), ([0.0, 1.0], 1)];
const STEPS: u32 = 3;

fn fine_tune() -> Result<(), Error> {
    let config = RollingBallConfig::fine_tuning(STEPS);
    defmt::info!("{}", config);
    let samples = SAMPLES.iter().map(|(x, y)| Sample { input: x.as_slice(), target: *y });
    let mut scratch = [0.0; Net::SCRATCH];
    let loss = SoftmaxCrossEntropy::new();
    let mut objective = Net::new(&[])?.batch(loss, samples, &mut scratch)?;
    let mut theta = [0.0; Net::PARAMETERS];
    let mut ball = RollingBall::new(config, [[0.0; Net::PARAMETERS]; 2])?;
    for _ in 0..STEPS {
        defmt::info!("{}", step(&mut ball, &mut objective, &mut theta)?);
    }
    // This is one parameter too short, so that the log shows what an error says.
    let short = theta.split_last_mut().map_or(&mut [][..], |(_, front)| front);
    ball.begin(short).map(|request| defmt::warn!("{}", request))
}

#[entry]
fn main() -> ! {
    match fine_tune() {
        Ok(()) => exit::failure(),
        Err(error) => defmt::error!("{}", error),
    }
    exit::success()
}

//! Learning as an async task of the embassy executor, beside another that must not wait.
//!
//! A step is polled piece by piece: one sample forward and backward, then the executor has its
//! turn. The same task runs on a microcontroller; only the executor's platform is another.
//!
//! ```text
//! cargo run --release --example embassy_task
//! ```

use embassy_executor::{Executor, Spawner};
use embassy_futures::yield_now;
use rolling_ball::nn::{self, Dense, Memory, Network, Relu, Samples, SoftmaxCrossEntropy};
use rolling_ball::{Error, Optimizer, RollingBall, RollingBallConfig, poll_step};
use static_cell::{ConstStaticCell, StaticCell};
use std::process::exit;
use std::sync::atomic::{AtomicU32, Ordering};

type Net = Network<'static, (Dense<2, 16>, Relu<16>, Dense<16, 2>)>;
type NetMemory = nn::memory!(Net, 2);

const STEPS: u32 = 200;
/// Which of two inputs is the larger.
static INPUTS: [[f32; 2]; 6] =
    [[0.9, 0.1], [0.2, 0.7], [0.6, 0.3], [0.1, 0.4], [0.8, 0.6], [0.3, 0.5]];
static CLASSES: [usize; 6] = [0, 1, 0, 1, 0, 1];

static MEMORY: ConstStaticCell<NetMemory> = ConstStaticCell::new(Memory::ZERO);
static READINGS: AtomicU32 = AtomicU32::new(0);

async fn fine_tune(memory: &mut NetMemory) -> Result<(), Error> {
    let Memory { theta, vectors, scratch } = memory;
    for (index, parameter) in theta.iter_mut().enumerate() {
        *parameter = (index * 7 % 13) as f32 / 13.0 - 0.5;
    }
    let network = Net::new(&[])?;
    let samples = (&INPUTS, &CLASSES).all();
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), samples, &mut *scratch)?;
    let mut ball = RollingBall::new(RollingBallConfig::fine_tuning(STEPS), vectors.each_mut())?;
    while ball.steps() < STEPS {
        // The three lines.
        while poll_step(&mut ball, &mut batch, theta)?.is_pending() {
            yield_now().await;
        }
    }
    for (input, class) in INPUTS.iter().zip(CLASSES) {
        assert_eq!(network.classify(theta, &input.as_slice(), scratch)?, class);
    }
    Ok(())
}

#[embassy_executor::task]
async fn learn(memory: &'static mut NetMemory) {
    match fine_tune(memory).await {
        Ok(()) => {
            let readings = READINGS.load(Ordering::Relaxed);
            println!("all {} samples are known after {STEPS} steps", INPUTS.len());
            println!("the other task had its turn {readings} times meanwhile");
            exit(0);
        }
        Err(error) => {
            eprintln!("learning failed: {error}");
            exit(1);
        }
    }
}

/// The duty beside which the device learns.
#[embassy_executor::task]
async fn read_the_sensor() {
    loop {
        READINGS.fetch_add(1, Ordering::Relaxed);
        yield_now().await;
    }
}

fn spawn(spawner: Spawner) {
    // There is one of each.
    if let (Ok(learn), Ok(read)) = (learn(MEMORY.take()), read_the_sensor()) {
        spawner.spawn(learn);
        spawner.spawn(read);
    }
}

fn main() {
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();
    EXECUTOR.init(Executor::new()).run(spawn)
}

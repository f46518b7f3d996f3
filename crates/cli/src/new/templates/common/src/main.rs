//! Learns its user's classes from labelled readings, beside whatever else there is to do.

#![no_std]
#![no_main]

mod board;
mod learner;
mod model;
mod sensor;

use board::info;
use learner::{Failure, Learner, Memory, percent};
use sensor::Sensor;
use static_cell::ConstStaticCell;

/// After so many new labels a session of learning begins; some of them may be wrong.
const LABELS: usize = {{labels}};
/// After so many steps they are saved: what a power failure can cost at most.
const STEPS_A_SAVE: u32 = 10;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    match run(board::start()) {
        Ok(()) => board::end(),
        Err(failure) => board::fail(&failure),
    }
}

/// Goes on for as long as there are readings.
fn run(flash: board::Flash) -> Result<(), Failure> {
    let mut sensor = Sensor::new();
    let mut learner = Learner::new(MEMORY.take(), flash)?;
    let mut labels = 0;
    while let Some(reading) = sensor.take() {
        match reading.label {
            Some(class) => {
                learner.remember(reading.input, class)?;
                labels += 1;
            }
            None => info!("this is class {}", learner.classify(reading.input)?),
        }
        if labels == LABELS {
            labels = 0;
            // Between any two pieces of learning is the time for what must not wait.
            let report = learner.learn(|| sensor.look())?;
            match report.refusal() {
                None => info!("kept {} % of what was learned", percent(report.kept)),
                Some(refusal) => info!("taken back: {}", refusal),
            }
        }
    }
    Ok(())
}

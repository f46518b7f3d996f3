//! The loop by hand: a firmware's superloop that keeps its other duties while it learns.
//!
//! The optimizer never calls the loss. It asks for an evaluation at theta, and whoever has the
//! samples makes it, in pieces as small as the watchdog wants, and tells the answer. Here a line
//! `y = slope x + offset` is fitted to readings of a sensor, one reading a turn of the superloop.
//!
//! ```text
//! cargo run --release --example ask_and_tell
//! ```

use rolling_ball::{Error, Optimizer, Request, RollingBall, RollingBallConfig};

const READINGS: u16 = 50;
const STEPS: u32 = 100;
/// The slope and the offset of the line.
const PARAMETERS: usize = 2;

/// A reading of the sensor and its reference value. They lie on a line, with an error that
/// alternates.
fn reading(index: u16) -> (f32, f32) {
    let x = f32::from(index) / f32::from(READINGS) * 2.0 - 1.0;
    let error = if index.is_multiple_of(2) { 0.1 } else { -0.1 };
    (x, 1.5 * x + 0.5 + error)
}

/// An evaluation in progress: the sums over the readings so far.
#[derive(Default)]
struct Evaluation {
    done: u16,
    loss: f32,
    gradient: [f32; PARAMETERS],
}

impl Evaluation {
    /// Adds one reading, which takes microseconds on a microcontroller.
    fn advance(&mut self, theta: &[f32; PARAMETERS]) {
        let (x, y) = reading(self.done);
        let [slope, offset] = *theta;
        let difference = slope * x + offset - y;
        let count = f32::from(READINGS);
        self.loss += difference * difference / (2.0 * count);
        let [by_slope, by_offset] = &mut self.gradient;
        *by_slope += difference * x / count;
        *by_offset += difference / count;
        self.done += 1;
    }
}

fn main() -> Result<(), Error> {
    // Theta belongs to the caller. While a step is in progress it holds the point that is to be
    // evaluated, and the caller must leave it alone.
    let mut theta = [0.0; PARAMETERS];
    let config = RollingBallConfig::shrinking(0.03, 0.2, STEPS);
    let mut ball = RollingBall::new(config, [[0.0; PARAMETERS]; 2])?;

    // This stands for the firmware's other duties, none of which may wait for the learning.
    let mut watchdog_fed = 0;
    let mut evaluation = Evaluation::default();
    let (mut gradients, mut losses) = (0, 0);
    let mut request = ball.begin(&mut theta)?;
    while ball.steps() < STEPS {
        watchdog_fed += 1;

        // This is one piece of the evaluation that the ball asked for; then the other duties have
        // their turn.
        if evaluation.done < READINGS && !matches!(request, Request::Done(_)) {
            evaluation.advance(&theta);
            continue;
        }

        // All readings are in, so tell the answer and keep the next request for the next turn.
        request = match request {
            Request::Gradient => {
                gradients += 1;
                ball.gradient_mut().copy_from_slice(&evaluation.gradient);
                ball.tell_gradient(&mut theta, evaluation.loss)?
            }
            Request::Loss => {
                losses += 1;
                ball.tell_loss(&mut theta, evaluation.loss)?
            }
            Request::Done(report) => {
                if report.step.is_multiple_of(20) {
                    println!("step {:>3}: the loss was {:.5}", report.step, report.loss_before);
                }
                ball.begin(&mut theta)?
            }
        };
        evaluation = Evaluation::default();
    }

    let [slope, offset] = theta;
    println!(
        "\nafter {STEPS} steps: y = {slope:.3} x + {offset:.3} (the readings are of 1.5 x + 0.5)"
    );
    println!(
        "the ball asked for {gradients} gradients and {losses} losses of {READINGS} readings each"
    );
    println!(
        "the watchdog was fed {watchdog_fed} times, never with more than one reading in between"
    );
    Ok(())
}

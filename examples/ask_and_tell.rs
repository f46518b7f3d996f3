//! The loop by hand: the firmware stays in charge, and looks after its product between the evaluations.
//!
//! `cargo run --release --example ask_and_tell`

use rolling_ball::{Error, Optimizer, Request, RollingBall, RollingBallConfig};

/// What a product must do whether or not it learns.
#[derive(Default)]
struct Product {
    watchdog_fed: u32,
    samples_read: u32,
}

impl Product {
    fn poll(&mut self) {
        self.watchdog_fed += 1;
        self.samples_read += 1;
    }
}

/// A sensor's gain and offset, fitted to readings of known inputs by least squares.
const READINGS: [(f32, f32); 4] = [(0.0, 0.5), (1.0, 2.4), (2.0, 4.6), (3.0, 6.5)];

fn loss(theta: &[f32; 2]) -> f32 {
    let [gain, offset] = theta;
    READINGS.iter().map(|(x, y)| (gain * x + offset - y).powi(2) / 8.0).sum()
}

fn gradient(theta: &[f32; 2]) -> [f32; 2] {
    let [gain, offset] = theta;
    READINGS.iter().fold([0.0, 0.0], |[by_gain, by_offset], (x, y)| {
        let error = gain * x + offset - y;
        [by_gain + error * x / 4.0, by_offset + error / 4.0]
    })
}

fn main() -> Result<(), Error> {
    let steps = 200;
    let mut product = Product::default();
    let mut theta = [1.0, 0.0];
    let mut ball = RollingBall::new(RollingBallConfig::fine_tuning(steps), [[0.0; 2]; 2])?;
    let (mut gradients, mut losses) = (0, 0);

    let mut request = ball.begin(&mut theta)?;
    loop {
        // One turn of the superloop: at most one evaluation between two polls.
        product.poll();
        request = match request {
            Request::Loss => {
                losses += 1;
                let value = loss(&theta);
                ball.tell_loss(&mut theta, value)?
            }
            Request::Gradient => {
                gradients += 1;
                ball.gradient_mut().copy_from_slice(&gradient(&theta));
                let value = loss(&theta);
                ball.tell_gradient(&mut theta, value)?
            }
            Request::Done(_) if ball.steps() == steps => break,
            Request::Done(_) => ball.begin(&mut theta)?,
        };
    }
    let [gain, offset] = theta;
    println!("gain {gain:.3}, offset {offset:.3} (least squares: 2.020, 0.470)");
    println!("{gradients} gradients and {losses} losses were asked for, {steps} steps");
    println!("the watchdog was fed {} times meanwhile", product.watchdog_fed);
    println!("{} samples were read", product.samples_read);
    Ok(())
}

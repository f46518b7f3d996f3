//! A controller that tunes its own gains: a loss is half a second of the machine's time, and the
//! ball waits for it while the controller works, tick by tick.
//!
//! ```text
//! cargo run --release --example tune_a_controller
//! ```

use rolling_ball::{Error, Optimizer, Request, ZerothOrderBall, ZerothOrderBallConfig};

/// Seconds from one reading to the next, and readings of an experiment.
const TICK: f32 = 1e-3;
const TICKS: u32 = 500;
/// Steps of two experiments each: a minute and a half of the machine's time.
const STEPS: u32 = 90;

/// A stage with friction, in millimetres; a firmware has a motor and an encoder here.
#[derive(Default)]
struct Stage {
    place: f32,
    speed: f32,
}

impl Stage {
    /// What the encoder says, in steps of a hundredth of a millimetre.
    fn read(&self) -> f32 {
        (self.place * 100.0).round() / 100.0
    }

    /// For a tick, with a mass of 1.5 kg and with friction, in millinewtons.
    fn push(&mut self, force: f32) {
        const FRICTION: f32 = 1_500.0;
        let moved = self.speed + TICK / 1.5 * force;
        // Friction stops what moves, and never turns it round.
        self.speed = moved.signum() * (moved.abs() - TICK / 1.5 * FRICTION).max(0.0);
        self.place += TICK * self.speed;
    }
}

/// A PID controller. Theta says, in powers of ten, how many times as large as on the drawing each
/// gain is.
#[derive(Default)]
struct Controller {
    integral: f32,
    last: f32,
}

impl Controller {
    fn force(&mut self, theta: &[f32; 3], target: f32, reading: f32) -> f32 {
        let [proportional, integral, derivative] = theta.map(|t| 10_f32.powf(t));
        let speed = (reading - self.last) / TICK;
        self.last = reading;
        self.integral += 10_000.0 * integral * (target - reading) * TICK;
        let force = 1_000.0 * proportional * (target - reading) + self.integral;
        (force - 30.0 * derivative * speed).clamp(-20_000.0, 20_000.0)
    }
}

fn main() -> Result<(), Error> {
    let mut theta = [0.0; 3];
    // A gain may be off by a factor of two, which is 0.3. More would dare more: with other gains
    // the stage may overshoot far.
    let config = ZerothOrderBallConfig::shrinking(0.3, theta.len(), STEPS);
    let mut ball = ZerothOrderBall::new(config)?;
    let (mut stage, mut controller) = (Stage::default(), Controller::default());
    let (mut target, mut off, mut losses) = (10.0, 0.0, Vec::new());
    ball.begin(&mut theta)?;
    // Each turn is what the interrupt of a timer would do.
    for tick in 1.. {
        let reading = stage.read();
        stage.push(controller.force(&theta, target, reading));
        off += (target - reading).abs();
        if tick % TICKS != 0 {
            continue;
        }
        // A move has ended: its loss is the mean distance from where the stage should have been.
        let loss = off / TICKS as f32;
        losses.push(loss);
        if let Request::Done(_) = ball.tell_loss(&mut theta, loss)? {
            if ball.steps() == STEPS {
                break;
            }
            ball.begin(&mut theta)?;
        }
        // Back, with other gains.
        (target, off) = (10.0 - target, 0.0);
        controller = Controller { last: stage.read(), ..Controller::default() };
    }
    let first = losses.iter().take(10).sum::<f32>() / 10.0;
    let last = losses.iter().rev().take(10).sum::<f32>() / 10.0;
    println!("{first:.2} mm off on the mean of the first ten moves, {last:.2} mm of the last ten");
    println!("gains: {:.2?} times those on the drawing", theta.map(|t| 10_f32.powf(t)));
    assert!(last < 0.5 * first, "{last} is not half of {first}");
    Ok(())
}

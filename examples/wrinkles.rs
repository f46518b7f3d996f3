//! A bowl with ripples, and whether the ball rolls over them.
//!
//! The loss is `x^2 / 2 + 0.05 sin(30 x)`. It has some twenty local minima on the way to the
//! deepest, each of which catches gradient descent at a small rate. A ball that is wider than a
//! ripple does not fit into one.
//!
//! Every method makes as many steps from as many starts, and shrinks its rate (and the ball its
//! radius) to nothing on the same half cosine. Each takes its rate from the same grid: the one that
//! does best from every other start. What is printed is how it does from the remaining starts.
//!
//! ```text
//! cargo run --release --example wrinkles
//! ```

use rolling_ball::{
    AnyCentreStep, ArcLength, Error, Objective, Optimizer, Plain, RollingBall, RollingBallConfig,
    Schedule, Sgd, SgdConfig, step,
};

const HEIGHT: f32 = 0.05;
const FREQUENCY: f32 = 30.0;
const STEPS: u32 = 200;
const RADII: [f32; 7] = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0];
/// The rates are 0.001 times 1, 2, 4, ...
const RATES: i32 = 16;
/// The number of starts, from -3 to 3.
const STARTS: u16 = 200;
/// Where the deepest minimum is; its neighbours are 0.2 away.
const DEEPEST: f32 = -0.0512;

struct Wrinkled;

impl Objective for Wrinkled {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(theta.iter().map(|x| loss(*x)).sum())
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        for (slope, x) in gradient.iter_mut().zip(theta) {
            *slope = x + HEIGHT * FREQUENCY * (FREQUENCY * x).cos();
        }
        self.loss(theta)
    }
}

/// The part of the loss that is worth descending.
fn smooth(x: f32) -> f32 {
    x * x / 2.0
}

fn loss(x: f32) -> f32 {
    smooth(x) + HEIGHT * (FREQUENCY * x).sin()
}

/// Makes an optimizer with a given rate. Without roll-back, a step of every method costs one
/// gradient evaluation.
type Method = Box<dyn Fn(f32) -> Result<Box<dyn Optimizer>, Error>>;

fn to_nothing(from: f32) -> Schedule {
    Schedule::Cosine { from, to: 0.0, steps: STEPS }
}

fn sgd(momentum: f32) -> Method {
    Box::new(move |rate| {
        let config = SgdConfig {
            learning_rate: to_nothing(rate),
            momentum,
            roll_back: false,
            ..SgdConfig::default()
        };
        Ok(Box::new(Sgd::new(config, [0.0], Some([0.0]))?))
    })
}

fn ball(radius: f32, centre_step: AnyCentreStep) -> Method {
    Box::new(move |rate| {
        let config = RollingBallConfig {
            roll_back: false,
            ..RollingBallConfig::shrinking(radius, rate, STEPS)
        };
        let config = config.with_centre_step(centre_step);
        Ok(Box::new(RollingBall::new(config, [[0.0]; 2])?))
    })
}

/// Where the method ends from every other start.
fn ends(method: &Method, rate: f32, first_start: u16) -> Result<Vec<f32>, Error> {
    let mut ends = Vec::new();
    for start in (first_start..STARTS).step_by(2) {
        let mut optimizer = method(rate)?;
        let mut theta = [f32::from(start) / f32::from(STARTS) * 6.0 - 3.0];
        for _ in 0..STEPS {
            // A rate that is too large is an answer too: the run ends where the error left it.
            if step(&mut *optimizer, &mut Wrinkled, &mut theta).is_err() {
                break;
            }
        }
        ends.extend(theta);
    }
    Ok(ends)
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len() as f32;
    values.sum::<f32>() / count
}

/// Chooses the rate on one half of the starts, prints a row for the other, and returns its mean
/// loss.
fn compare(name: &str, method: &Method) -> Result<f32, Error> {
    let mean_loss = |ends: &[f32]| mean(ends.iter().map(|x| loss(*x)));
    let (mut best, mut best_rate) = (f32::INFINITY, 0.0);
    for doublings in 0..RATES {
        let rate = 0.001 * 2f32.powi(doublings);
        let mean = mean_loss(&ends(method, rate, 0)?);
        if mean < best {
            (best, best_rate) = (mean, rate);
        }
    }
    let ends = ends(method, best_rate, 1)?;
    let whole = mean_loss(&ends);
    let smooth = mean(ends.iter().map(|x| smooth(*x)));
    let left = ends.iter().copied().fold(f32::INFINITY, f32::min);
    let right = ends.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    println!(
        "{name:<22} {best_rate:>6.3}   {left:>6.3} to {right:>6.3} {smooth:>13.5} {whole:>12.5}"
    );
    Ok(whole)
}

fn main() -> Result<(), Error> {
    println!("{:<22} {:>6} {:>18} {:>13} {:>12}", "", "rate", "ends from", "smooth part", "loss");
    let left_to_beat = compare("SGD", &sgd(0.0))?.min(compare("SGD, momentum 0.9", &sgd(0.9))?);
    let mut verdicts = Vec::new();
    for (form, centre_step) in [
        ("plain centre step", AnyCentreStep::Plain(Plain)),
        ("arc length, the default", AnyCentreStep::ArcLength(ArcLength)),
    ] {
        println!("ball, {form}:");
        let mut wins = 0;
        for radius in RADII {
            let loss = compare(&format!("    radius {radius}"), &ball(radius, centre_step))?;
            wins += u32::from(loss < left_to_beat);
        }
        verdicts.push((form, wins));
    }
    println!(
        "deepest minimum        {:>27.3} {:>13.5} {:>12.5}\n",
        DEEPEST,
        smooth(DEEPEST),
        loss(DEEPEST)
    );
    for (form, wins) in verdicts {
        println!(
            "{form}: lower than SGD, with or without momentum, at {wins} of {} radii",
            RADII.len()
        );
    }
    Ok(())
}

//! A bowl with ripples: where does each optimizer end, by the smooth part of the loss?
//!
//! `cargo run --release --example wrinkles`

use rolling_ball::{
    CentreStep, Error, Footpoint, Objective, Optimizer, RollingBall, RollingBallConfig, Schedule,
    Sgd, SgdConfig, step,
};

const DIMENSIONS: usize = 10;
const STEPS: u32 = 300;
const RATES: [f32; 6] = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0];
const RADII: [f32; 4] = [0.1, 0.3, 1.0, 3.0];

/// `sum theta^2 / 2 + amplitude sum sin(30 theta)`, with thousands of minima.
struct Ripples {
    amplitude: f32,
}

fn smooth(theta: &[f32]) -> f32 {
    theta.iter().map(|t| t * t / 2.0).sum()
}

impl Objective for Ripples {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        let ripple: f32 = theta.iter().map(|t| self.amplitude * (30.0 * t).sin()).sum();
        Ok(smooth(theta) + ripple)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        for (g, t) in gradient.iter_mut().zip(theta) {
            *g = t + 30.0 * self.amplitude * (30.0 * t).cos();
        }
        self.loss(theta)
    }
}

/// The smooth part of the loss after all steps.
fn end(mut optimizer: impl Optimizer, amplitude: f32) -> Result<f32, Error> {
    let mut theta: [f32; DIMENSIONS] = core::array::from_fn(|i| 3.0 - 0.55 * i as f32);
    for _ in 0..STEPS {
        step(&mut optimizer, &mut Ripples { amplitude }, &mut theta)?;
    }
    Ok(smooth(&theta))
}

fn shrinking(from: f32) -> Schedule {
    Schedule::Cosine { from, to: 0.0, steps: STEPS }
}

/// Tries all rates and keeps the best.
fn best(run: impl Fn(f32) -> Result<f32, Error>) -> (f32, f32) {
    RATES
        .iter()
        .filter_map(|rate| run(*rate).ok().map(|end| (end, *rate)))
        .fold((f32::INFINITY, 0.0), |best, tried| if tried.0 < best.0 { tried } else { best })
}

fn main() {
    println!("smooth part of the loss after {STEPS} steps, the best of {} rates:", RATES.len());
    for amplitude in [0.02, 0.05, 0.1] {
        println!("\nripples of amplitude {amplitude}, 30 radians a unit");
        let report = |name: &str, (end, rate): (f32, f32)| {
            println!("  {name:<36} {end:>8.4}  at the rate {rate}");
        };
        let sgd = |learning_rate: Schedule| {
            let config = SgdConfig { learning_rate, ..SgdConfig::default() };
            end(Sgd::new(config, [0.0; DIMENSIONS], None)?, amplitude)
        };
        report("SGD, constant rate", best(|rate| sgd(rate.into())));
        report("SGD, shrinking rate", best(|rate| sgd(shrinking(rate))));
        for radius in RADII {
            let ball = |rate: f32| {
                let config = RollingBallConfig {
                    radius: shrinking(radius),
                    learning_rate: shrinking(rate),
                    loss_scale: 1.0,
                    footpoint: Footpoint::Contact { refreshes: 0 },
                    centre_step: CentreStep::Plain,
                    roll_back: true,
                };
                end(RollingBall::new(config, [[0.0; DIMENSIONS]; 2])?, amplitude)
            };
            report(&format!("ball, radius {radius} shrinking to 0"), best(ball));
        }
    }
    println!(
        "\nA ball of the right radius ends lower than a shrinking rate alone; the radius had to be"
    );
    println!("found, though, and none is best for all three ripples.");
}

//! An accelerometer's calibration without a gradient: gains and offsets from raw readings at rest
//! in any position, some of them bumped.
//!
//! ```text
//! cargo run --release --example losses_only
//! ```

use rolling_ball::{Error, Optimizer, Request, ZerothOrderBall, ZerothOrderBallConfig};

/// What the sensor is like, in parts of its range: three gains, less 1, and three offsets.
const TRUE: [f32; 6] = [0.08, -0.05, 0.03, 0.06, -0.04, 0.02];
const READINGS: usize = 60;
const STEPS: u32 = 1500;

/// The reading at rest with the sensor turned so, in units of gravity. Each sixth was bumped.
fn reading(index: usize) -> [f32; 3] {
    let turn = index as f32;
    let (sine, height) = ((2.4 * turn).sin(), 1.0 - 2.0 * (turn + 0.5) / READINGS as f32);
    let across = (1.0 - height * height).sqrt();
    let mut values = [across * (2.4 * turn).cos(), across * sine, height];
    let bump = if index % 6 == 5 { 0.7 } else { 0.0 };
    let (gains, offsets) = TRUE.split_at(3);
    for ((value, gain), offset) in values.iter_mut().zip(gains).zip(offsets) {
        let raw = *value / (1.0 + gain) + offset;
        // Ten bits, from -2 to 2.
        *value = (raw * 256.0).round() / 256.0 + bump;
    }
    values
}

/// How far the corrected readings are from the length of gravity: absolute values, which a bump
/// does not pull far, and which have no slope where they are 0.
fn loss(theta: &[f32]) -> f32 {
    let (gains, offsets) = theta.split_at(3);
    let off = |index| {
        let corrected = reading(index).into_iter().zip(gains).zip(offsets);
        let squared: f32 =
            corrected.map(|((raw, gain), offset)| ((raw - offset) * (1.0 + gain)).powi(2)).sum();
        (squared.sqrt() - 1.0).abs()
    };
    (0..READINGS).map(off).sum::<f32>() / READINGS as f32
}

fn main() -> Result<(), Error> {
    let mut theta = [0.0; 6];
    // A gain or an offset is off by a tenth or so.
    let config = ZerothOrderBallConfig::shrinking(0.2, theta.len(), STEPS);
    let mut ball = ZerothOrderBall::new(config)?;
    for _ in 0..STEPS {
        let mut request = ball.begin(&mut theta)?;
        while request == Request::Loss {
            let value = loss(&theta);
            request = ball.tell_loss(&mut theta, value)?;
        }
    }
    println!("gains and offsets: {theta:.3?}, really {TRUE:?}");
    let off = theta.iter().zip(TRUE).map(|(t, truth)| (t - truth).abs()).fold(0.0, f32::max);
    assert!(off < 0.01, "off by {off}");
    Ok(())
}

//! The distance that a search for the nearest point must not let grow, in `f64`.

use super::watch::Watched;
use rolling_ball::{RollingBallConfig, StepReport};

/// What the core's own rounding may do to each number, in parts of it: the sums of a step have
/// eight terms, and a footpoint moves theta by up to eight lines of twelve trials.
const ROUNDING: f64 = 128.0 * f32::EPSILON as f64;

/// Whether `D`, half the squared distance to the displaced centre of the ball, is larger at the end
/// of a step than at its start, beyond rounding.
pub fn has_risen<F, C>(
    config: &RollingBallConfig<F, C>,
    report: &StepReport,
    watched: &Watched,
    end: &[f32],
) -> bool {
    let start = watched.start.get(..end.len()).unwrap_or_default();
    let scale = f64::from(config.loss_scale);
    let radius = f64::from(config.radius.at(report.step));
    let rate = f64::from(report.learning_rate);
    let gradient = &watched.gradient;
    let gradient_squared: f64 =
        gradient.iter().take(start.len()).map(|g| f64::from(*g) * f64::from(*g)).sum();
    let slant = libm::sqrt(1.0 + scale * scale * gradient_squared);
    let reach = radius * scale / slant;
    let heights = [start, end].map(|theta| scale * f64::from(watched.landscape.loss(theta)));
    let [height, _] = heights;
    let displaced = height + (radius / slant - rate * scale * gradient_squared);

    // The rounding of a height and of a place, as lengths.
    let [low, high] = heights.map(f64::abs);
    let uncertain_height = ROUNDING * (low.max(high) + displaced.abs() + radius);
    let (mut distances, mut largest) = ([0.0; 2], 0.0_f64);
    for ((from, to), g) in start.iter().zip(end).zip(gradient) {
        let centre = f64::from(*from) - (reach + rate) * f64::from(*g);
        largest = largest.max(centre.abs()).max(f64::from(from.abs())).max(f64::from(to.abs()));
        for (distance, t) in distances.iter_mut().zip([from, to]) {
            *distance += (f64::from(*t) - centre) * (f64::from(*t) - centre);
        }
    }
    for (distance, height) in distances.iter_mut().zip(heights) {
        *distance += (height - displaced) * (height - displaced);
    }
    let [before, after] = distances.map(libm::sqrt);
    after > before * (1.0 + ROUNDING) + uncertain_height + ROUNDING * largest
}

//! Trains the whole network on simulated gestures.

use super::gestures::{Performance, User, digitise};
use gesture::{Gesture, Layers, READINGS_A_SECOND, Segmenter, Whole, Window};
use oorandom::Rand64;
use rolling_ball::nn::{Layer, Quantized, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, RollingBall, RollingBallConfig, step};

const EXAMPLES: usize = 60;
const STEPS: u32 = 150;

/// What the device's segmenter cuts out of one performance.
fn window(performance: &Performance, random: &mut Rand64) -> Option<Window> {
    let mut segmenter = Segmenter::new();
    (0..4 * READINGS_A_SECOND).find_map(|reading| {
        let time = f64::from(reading) / f64::from(READINGS_A_SECOND) - 1.0;
        segmenter.push(digitise(performance.measured(time), random)).copied()
    })
}

/// Sixty examples of each gesture, by users who wear the device as they should, give or take a
/// little.
pub fn weights() -> Result<Vec<u8>, Error> {
    let mut random = Rand64::new(1);
    let mut samples = Vec::new();
    for _ in 0..EXAMPLES {
        for gesture in Gesture::ALL {
            let mut near = |spread: f64| spread * (2.0 * random.rand_float() - 1.0);
            let user =
                User { yaw: near(0.2), roll: near(0.2), slowness: 1.0 + near(0.1), ..User::USUAL };
            let performance = Performance::new(gesture, user, &mut random);
            let seen = window(&performance, &mut random);
            samples.extend(seen.map(|window| (window, usize::from(gesture.class()))));
        }
    }
    let stream = samples.iter().map(|(values, class)| Sample {
        input: Quantized { values, scale: 1.0 / 32.0, offset: -4.0 },
        target: *class,
    });
    let theta = train(stream, &mut random)?;
    Ok(theta.iter().flat_map(|parameter| parameter.to_le_bytes()).collect())
}

fn train<'a>(
    samples: impl Iterator<Item = Sample<Quantized<'a>, usize>> + Clone,
    random: &mut Rand64,
) -> Result<Vec<f32>, Error> {
    let mut theta = vec![0.0; Whole::PARAMETERS];
    Layers::initialise(&mut theta, &mut || 2.0 * random.rand_float() as f32 - 1.0)?;
    let mut scratch = vec![0.0; Whole::SCRATCH];
    let mut objective =
        Whole::new(&[])?.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch)?;
    let workspace = [vec![0.0; Whole::PARAMETERS], vec![0.0; Whole::PARAMETERS]];
    let mut ball = RollingBall::new(RollingBallConfig::fine_tuning(STEPS), workspace)?;
    for _ in 0..STEPS {
        step(&mut ball, &mut objective, &mut theta)?;
    }
    Ok(theta)
}

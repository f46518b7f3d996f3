//! A network whose first layers stay in flash: only its tail learns, and only the tail needs RAM.
//!
//! `cargo run --release --example frozen_backbone`

use rolling_ball::nn::{Chain, Dense, Network, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, RollingBall, RollingBallConfig, step};

type Backbone = Chain<Dense<4, 32>, Relu<32>>;
type Net = Network<'static, Dense<32, 3>, Backbone>;

/// On a device this lies in flash. Here it is a fixed pattern, as random features are.
static BACKBONE: [f32; Net::FROZEN_PARAMETERS] = pattern();

const fn pattern() -> [f32; Net::FROZEN_PARAMETERS] {
    let mut weights = [0.0; Net::FROZEN_PARAMETERS];
    let mut state = 1u32;
    let mut rest: &mut [f32] = &mut weights;
    while let Some((first, others)) = rest.split_first_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *first = state as f32 / 2_147_483_648.0 - 1.0;
        rest = others;
    }
    weights
}

/// Three classes: which of the first three inputs is the largest.
const SAMPLES: [([f32; 4], usize); 9] = [
    ([0.9, 0.1, 0.2, 0.5], 0),
    ([0.7, 0.3, 0.1, 0.1], 0),
    ([0.8, 0.6, 0.4, 0.9], 0),
    ([0.2, 0.8, 0.1, 0.3], 1),
    ([0.4, 0.9, 0.5, 0.8], 1),
    ([0.1, 0.6, 0.3, 0.2], 1),
    ([0.1, 0.2, 0.9, 0.4], 2),
    ([0.5, 0.3, 0.8, 0.7], 2),
    ([0.2, 0.4, 0.7, 0.1], 2),
];

fn main() -> Result<(), Error> {
    println!("frozen, in flash: {} parameters", Net::FROZEN_PARAMETERS);
    println!("trained, in RAM:  {} parameters, {} bytes in all", Net::PARAMETERS, Net::RAM_BYTES);

    let network = Net::new(&BACKBONE)?;
    let mut scratch = [0.0; Net::SCRATCH];
    let mut theta = [0.0; Net::PARAMETERS];
    let mut ball =
        RollingBall::new(RollingBallConfig::fine_tuning(100), [[0.0; Net::PARAMETERS]; 2])?;
    for _ in 0..100 {
        let samples =
            SAMPLES.iter().map(|(x, class)| Sample { input: x.as_slice(), target: *class });
        let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch)?;
        let report = step(&mut ball, &mut objective, &mut theta)?;
        if report.step % 25 == 0 {
            println!("step {:>3}: loss {:.4}", report.step, report.loss_before);
        }
    }
    let mut right = 0;
    for (x, class) in &SAMPLES {
        right += u32::from(network.classify(&theta, &x.as_slice(), &mut scratch)? == *class);
    }
    println!("{right} of {} samples are classified right", SAMPLES.len());
    Ok(())
}

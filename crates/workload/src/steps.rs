//! Every optimizer, on a loss that costs one pass over theta.

use rolling_ball::kernels::Active;
use rolling_ball::{
    AdamConfig, AnyFootpoint, Error, GaussNewton, GradientDescent, LaggedContact, Objective,
    Optimizer, RefreshedContact, RollingBallConfig, SamConfig, Sgd, SgdConfig,
};
use rolling_ball_rehearsal::OptimizerConfig;

/// So small that theta, and with it the number of trials in a step, stays as it is however many
/// steps are made.
const RATE: f32 = 1e-9;

/// `sum_i curvature_i theta_i^2 / 2n`, where the curvatures are 1, 2, 3, 4, 1, ...: one pass.
#[derive(Clone, Copy, Debug)]
pub struct Quadratic;

const CURVATURES: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

impl Objective for Quadratic {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        let mut sums = [0.0; 4];
        for theta in theta.chunks_exact(4) {
            for ((sum, curvature), t) in sums.iter_mut().zip(CURVATURES).zip(theta) {
                *sum += curvature * t * t;
            }
        }
        Ok(sums.iter().sum::<f32>() / (2.0 * theta.len() as f32))
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let scale = 1.0 / theta.len() as f32;
        let mut sums = [0.0; 4];
        for (theta, gradient) in theta.chunks_exact(4).zip(gradient.chunks_exact_mut(4)) {
            let elements = theta.iter().zip(gradient).zip(CURVATURES);
            for (sum, ((t, slope), curvature)) in sums.iter_mut().zip(elements) {
                let along = curvature * t;
                *sum += along * t;
                *slope = scale * along;
            }
        }
        Ok(sums.iter().sum::<f32>() * scale / 2.0)
    }
}

/// Where theta starts.
#[must_use]
pub fn start(length: usize) -> Vec<f32> {
    (0..length).map(|i| 1.0 + (i % 1021) as f32 / 1021.0).collect()
}

/// An optimizer, with its name.
pub type Named = (&'static str, Box<dyn Optimizer>);

/// Gradient descent.
pub const SGD: &str = "SGD";
/// The ball as it is by default, but for its roll-back.
pub const BALL: &str = "ball, lagged contact";
/// The ball with Gauss-Newton.
pub const NEAREST: &str = "ball, nearest point";

/// Every optimizer, with its name. No roll-back, so that none pays for a loss that it does not
/// need.
///
/// # Errors
/// None, unless the settings are wrong.
pub fn optimizers(length: usize) -> Result<Vec<Named>, Error> {
    let ball = |footpoint: AnyFootpoint| RollingBallConfig {
        learning_rate: RATE.into(),
        footpoint,
        roll_back: false,
        ..RollingBallConfig::default().into_any()
    };
    let sgd = SgdConfig { learning_rate: RATE.into(), roll_back: false, ..SgdConfig::default() };
    let momentum = SgdConfig { momentum: 0.9, ..sgd };
    let adam = AdamConfig { learning_rate: RATE.into(), roll_back: false, ..AdamConfig::default() };
    let sam = SamConfig { learning_rate: RATE.into(), roll_back: false, ..SamConfig::default() };
    let zeros = || vec![0.0; length];
    Ok(vec![
        (BALL, boxed(length, ball(LaggedContact.into()))?),
        ("ball, refreshed contact", boxed(length, ball(RefreshedContact { refreshes: 1 }.into()))?),
        (NEAREST, boxed(length, ball(GaussNewton { max_iterations: 8, tolerance: 1e-2 }.into()))?),
        (
            "ball, paper's projection, K 4",
            boxed(length, ball(GradientDescent { step: 0.1, iterations: 4 }.into()))?,
        ),
        // With a velocity that it does not need: what is published was measured so.
        (SGD, Box::new(Sgd::new(sgd, zeros(), Some(zeros()))?)),
        ("momentum", boxed(length, momentum)?),
        ("Adam", boxed(length, adam)?),
        ("SAM", boxed(length, sam)?),
    ])
}

fn boxed<C>(length: usize, config: C) -> Result<Box<dyn Optimizer>, Error>
where
    C: OptimizerConfig<Active, Optimizer<Vec<f32>>: 'static>,
{
    Ok(Box::new(config.build(Active::default(), || Ok::<_, Error>(vec![0.0; length]))?))
}

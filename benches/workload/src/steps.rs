//! Every optimizer, on a loss that costs one pass over theta.

use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, ArcLength, Error, GaussNewton, GradientDescent,
    LaggedContact, Objective, Optimizer, RefreshedContact, RollingBall, RollingBallConfig, Sam,
    SamConfig, Sgd, SgdConfig,
};

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
    let zeros = || vec![0.0; length];
    let ball = |footpoint| {
        let config = RollingBallConfig {
            learning_rate: RATE.into(),
            footpoint,
            centre_step: AnyCentreStep::ArcLength(ArcLength),
            roll_back: false,
            ..RollingBallConfig::default().into_any()
        };
        RollingBall::new(config, [zeros(), zeros()])
    };
    let sgd = |momentum| {
        let config = SgdConfig {
            learning_rate: RATE.into(),
            momentum,
            roll_back: false,
            ..SgdConfig::default()
        };
        Sgd::new(config, zeros(), Some(zeros()))
    };
    let adam = AdamConfig { learning_rate: RATE.into(), roll_back: false, ..AdamConfig::default() };
    let sam = SamConfig { learning_rate: RATE.into(), roll_back: false, ..SamConfig::default() };
    Ok(vec![
        (BALL, Box::new(ball(AnyFootpoint::LaggedContact(LaggedContact))?)),
        (
            "ball, refreshed contact",
            Box::new(ball(AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 }))?),
        ),
        (
            NEAREST,
            Box::new(ball(AnyFootpoint::GaussNewton(GaussNewton {
                max_iterations: 8,
                tolerance: 1e-2,
            }))?),
        ),
        (
            "ball, paper's projection, K 4",
            Box::new(ball(AnyFootpoint::GradientDescent(GradientDescent {
                step: 0.1,
                iterations: 4,
            }))?),
        ),
        (SGD, Box::new(sgd(0.0)?)),
        ("momentum", Box::new(sgd(0.9)?)),
        ("Adam", Box::new(Adam::new(adam, [zeros(), zeros(), zeros()])?)),
        ("SAM", Box::new(Sam::new(sam, [zeros(), zeros()])?)),
    ])
}

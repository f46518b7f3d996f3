//! The first steps of the ball: a loss, an optimizer, and the one call that joins them.
//!
//! The loss is a long narrow valley, which is a hundred times steeper across than along. Gradient
//! descent must choose its rate for the steep direction, and then creeps along the flat one.
//!
//! ```text
//! cargo run --release --example first_step
//! ```

use rolling_ball::{
    ClipNorm, Error, Objective, Optimizer, RollingBall, RollingBallConfig, Schedule, Sgd,
    SgdConfig, step,
};

/// How strongly the loss curves across the valley and along it.
const CURVATURES: [f32; 2] = [100.0, 1.0];
const START: [f32; 2] = [1.0, 1.0];
const STEPS: u32 = 100;
/// The steps before which the loss is printed.
const PRINTED: [u32; 6] = [0, 5, 10, 20, 50, STEPS];

/// The loss `f(theta) = (100 theta_0^2 + theta_1^2) / 2`.
struct Valley;

impl Objective for Valley {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(theta.iter().zip(CURVATURES).map(|(t, curvature)| curvature * t * t / 2.0).sum())
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        for ((slope, t), curvature) in gradient.iter_mut().zip(theta).zip(CURVATURES) {
            *slope = curvature * t;
        }
        self.loss(theta)
    }
}

/// Makes the steps and prints a row of losses. Any optimizer will do, since they all speak the same
/// protocol.
fn descend(name: &str, optimizer: &mut impl Optimizer) -> Result<(), Error> {
    let mut theta = START;
    print!("{name:<33}");
    for index in 0..=STEPS {
        if PRINTED.contains(&index) {
            let loss = Valley.loss(&theta)?;
            if loss < 1e4 {
                print!(" {loss:>9.5}");
            } else {
                print!(" {loss:>9.0e}");
            }
        }
        // A rate that is too large ends in an error, not in a theta full of NaNs.
        if let Err(error) = step(optimizer, &mut Valley, &mut theta) {
            println!("\n    stopped at step {index}: {error}");
            return Ok(());
        }
    }
    println!();
    Ok(())
}

fn sgd(learning_rate: impl Into<Schedule>) -> Result<Sgd<[f32; 2]>, Error> {
    let config = SgdConfig { learning_rate: learning_rate.into(), ..SgdConfig::default() };
    Sgd::new(config, [0.0; 2], None)
}

fn main() -> Result<(), Error> {
    // This is one step, and what it reports. The ball works in two vectors as long as theta.
    let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; 2]; 2])?;
    let mut theta = START;
    let report = step(&mut ball, &mut Valley, &mut theta)?;
    println!("One step with the default settings:");
    println!("    theta  {START:.3?} -> {theta:.3?}");
    println!("    loss   {:.2} -> {:.2}", report.loss_before, Valley.loss(&theta)?);
    let measured = report.gradient_norm.zip(report.absolute_update);
    let (slope, length) = measured.unwrap_or_default();
    println!("    slope  {slope:.0}, yet the step is {length:.3} long:");
    println!("           the ball measures its way along the slope, so none is too steep for it");
    println!("    cost   {:.2} gradient evaluations\n", report.evaluations.cost());

    print!("{:<33}", "Loss before step");
    for index in PRINTED {
        print!(" {index:>9}");
    }
    println!();
    descend("SGD, rate 0.019 (stable to 0.02)", &mut sgd(0.019)?)?;
    descend("SGD, rate 1", &mut sgd(1.0)?)?;
    // Clipping the gradients tames the steep start as well. The ball's centre never moves further
    // than learning_rate / loss_scale, which is a third here, so let that be the longest step of
    // this one too.
    let shrinking = Schedule::Cosine { from: 1.0, to: 0.0, steps: STEPS };
    let mut clipped = ClipNorm::new(sgd(shrinking)?, 1.0 / 3.0)?;
    descend("SGD, clipped, rate 1 shrinking", &mut clipped)?;

    // The radius is the scale at which the ball sees the loss. The valley's floor is narrower than
    // the large ball, which therefore cannot settle there before it has shrunk.
    for radius in [0.03, 1.0] {
        let constant = RollingBallConfig {
            radius: radius.into(),
            learning_rate: 1.0.into(),
            ..RollingBallConfig::default()
        };
        let mut ball = RollingBall::new(constant, [[0.0; 2]; 2])?;
        descend(&format!("ball, radius {radius}, rate 1"), &mut ball)?;

        let shrinking = RollingBallConfig::shrinking(radius, 1.0, STEPS);
        let mut ball = RollingBall::new(shrinking, [[0.0; 2]; 2])?;
        descend("    both shrinking to nothing", &mut ball)?;
    }
    println!("\nEvery step cost the same: a gradient, and a loss to be able to roll back.");
    println!("SGD with clipped gradients does as well here. What only the ball has is its radius:");
    println!("the example `wrinkles` shows what that is for.");
    Ok(())
}

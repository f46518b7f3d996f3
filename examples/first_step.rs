//! The ball on a long, narrow bowl, through `Objective` and `step`, beside gradient descent.
//!
//! `cargo run --release --example first_step`

use rolling_ball::{
    CentreStep, Error, Footpoint, Objective, Optimizer, RollingBall, RollingBallConfig, Sgd,
    SgdConfig, step,
};

/// `f(theta) = (theta_0^2 + 25 theta_1^2) / 2`: the curvature differs by 25 between the axes.
struct Bowl;

const CURVATURES: [f32; 2] = [1.0, 25.0];

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(CURVATURES.iter().zip(theta).map(|(a, t)| a * t * t / 2.0).sum())
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        for ((g, a), t) in gradient.iter_mut().zip(CURVATURES).zip(theta) {
            *g = a * t;
        }
        self.loss(theta)
    }
}

/// The loss after 0, 10, 20 ... steps.
fn losses(optimizer: &mut impl Optimizer) -> Result<Vec<f32>, Error> {
    let mut theta = [2.0, 0.5];
    let mut losses = vec![Bowl.loss(&theta)?];
    for index in 1..=50 {
        let report = step(optimizer, &mut Bowl, &mut theta)?;
        if index % 10 == 0 {
            // Both evaluate the new point, to be able to roll it back.
            losses.push(report.loss_after.unwrap_or(f32::NAN));
        }
    }
    Ok(losses)
}

fn main() -> Result<(), Error> {
    let ball = |radius: f32| {
        let config = RollingBallConfig {
            radius: radius.into(),
            learning_rate: 0.04.into(),
            loss_scale: 1.0,
            footpoint: Footpoint::Contact { refreshes: 0 },
            centre_step: CentreStep::Plain,
            roll_back: true,
        };
        RollingBall::new(config, [[0.0; 2]; 2])
    };
    let config = SgdConfig { learning_rate: 0.04.into(), ..SgdConfig::default() };
    println!("loss after 0, 10, 20 ... 50 steps at the rate 0.04");
    println!("gradient descent   {:.5?}", losses(&mut Sgd::new(config, [0.0; 2], None)?)?);
    println!("ball, radius 0.001 {:.5?}", losses(&mut ball(0.001)?)?);
    println!("ball, radius 0.02  {:.5?}", losses(&mut ball(0.02)?)?);
    println!("ball, radius 0.5   {:.5?}", losses(&mut ball(0.5)?)?);
    println!();
    println!("A small ball is gradient descent. The curvature across the valley is 25, so a ball");
    println!("of a radius above 1/25 does not fit in: it rests on both sides and cannot reach the");
    println!("bottom. Let the radius shrink (Schedule) and it ends there.");
    Ok(())
}

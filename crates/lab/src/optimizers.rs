//! Optimizers with workspaces of their own.

use rolling_ball::{
    Adam, AdamConfig, AnyRollingBallConfig, ClipNorm, EntropySgd, EntropySgdConfig, Error,
    Optimizer, RollingBall, Sam, SamConfig, Sgd, SgdConfig,
};

pub type Made = Result<Box<dyn Optimizer>, Error>;

fn vectors<const N: usize>(parameters: usize) -> [Vec<f32>; N] {
    std::array::from_fn(|_| vec![0.0; parameters])
}

pub fn sgd(parameters: usize, config: SgdConfig) -> Made {
    let [gradient, velocity] = vectors(parameters);
    let velocity = (config.momentum > 0.0).then_some(velocity);
    Ok(Box::new(Sgd::new(config, gradient, velocity)?))
}

pub fn clipped_sgd(parameters: usize, config: SgdConfig, largest: f32) -> Made {
    let [gradient] = vectors(parameters);
    Ok(Box::new(ClipNorm::new(Sgd::new(config, gradient, None)?, largest)?))
}

pub fn adam(parameters: usize, config: AdamConfig) -> Made {
    Ok(Box::new(Adam::new(config, vectors(parameters))?))
}

pub fn clipped_adam(parameters: usize, config: AdamConfig, largest: f32) -> Made {
    Ok(Box::new(ClipNorm::new(Adam::new(config, vectors(parameters))?, largest)?))
}

pub fn sam(parameters: usize, config: SamConfig) -> Made {
    Ok(Box::new(Sam::new(config, vectors(parameters))?))
}

pub fn entropy_sgd(parameters: usize, config: EntropySgdConfig) -> Made {
    Ok(Box::new(EntropySgd::new(config, vectors(parameters))?))
}

pub fn ball(parameters: usize, config: AnyRollingBallConfig) -> Made {
    Ok(Box::new(RollingBall::new(config, vectors(parameters))?))
}

//! What is trained, interrupted and resumed.

use crate::nor_flash::NorFlashModel;
use crate::support::formulas::{GaussianWells, Single};
use crate::support::numbers::widen;
use crate::support::optimizers::{ball, forms};
use crate::support::random::Random;
use rolling_ball::{
    Adam, AdamConfig, AnyRollingBall, Armijo, Checkpoints, ClipNorm, Dog, DogConfig, EntropySgd,
    EntropySgdConfig, Optimizer, Prodigy, ProdigyConfig, Resumable, RollingBallConfig, Sam,
    SamConfig, Schedule, Sgd, SgdConfig, WeightDecay, ZerothOrderBall, ZerothOrderBallConfig,
};

pub const LENGTH: usize = 23;

pub type Ball = AnyRollingBall<Vec<f32>>;

/// Reads and writes words of 4 bytes, erases blocks of 512.
pub type Flash = NorFlashModel<4, 512, 4>;

pub fn wells() -> Single<GaussianWells> {
    let mut random = Random(21);
    let minima = (0..6).map(|_| widen(&random.vector(LENGTH))).collect();
    Single(GaussianWells { minima, sigma: 1.5 })
}

pub fn start() -> Vec<f32> {
    Random(8).vector(LENGTH)
}

/// What a vector holds that nobody has written to yet.
pub fn rubbish() -> Vec<f32> {
    vec![f32::NAN; LENGTH]
}

/// A schedule that gives another value at every step.
pub fn shrinking(from: f32) -> Schedule {
    Schedule::Cosine { from, to: 0.0, steps: 40 }
}

pub fn contact_ball() -> Ball {
    ball(RollingBallConfig::shrinking(0.3, 0.2, 40), LENGTH)
}

/// A flash with nothing but this many slots for the optimizer.
pub fn checkpoints<O: Resumable>(slots: u32) -> Checkpoints<Flash> {
    let bytes = Checkpoints::<Flash>::bytes::<O>(LENGTH, slots);
    Checkpoints::new(Flash::new(bytes as usize), 0..bytes as u32).unwrap()
}

/// What is to hold for every optimizer.
pub trait Check {
    /// `make` gives the optimizer as it is before the first step.
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O);
}

/// Every optimizer in every form, alone and in its parts.
pub fn every_optimizer(check: &mut impl Check) {
    for roll_back in [true, false] {
        for (name, form) in forms(0.3, 0.2, roll_back) {
            let radius = shrinking(0.3);
            let config = RollingBallConfig { radius, learning_rate: shrinking(0.2), ..form };
            check.check(&name, || ball(config, LENGTH));
        }
    }
    let learning_rate = shrinking(0.2);
    let plain = SgdConfig { learning_rate, ..SgdConfig::default() };
    let momentum = SgdConfig { momentum: 0.9, ..plain };
    let nesterov = SgdConfig { nesterov: true, ..momentum };
    let search = SgdConfig { line_search: Some(Armijo::default()), ..plain };
    for (name, config) in
        [("SGD", plain), ("momentum", momentum), ("Nesterov", nesterov), ("SGD, Armijo", search)]
    {
        check.check(name, || sgd(config));
    }
    let adam = AdamConfig { learning_rate: shrinking(0.05), ..AdamConfig::default() };
    for (name, weight_decay) in [("Adam", 0.0), ("AdamW", 0.1)] {
        let config = AdamConfig { weight_decay, ..adam };
        check.check(name, || Adam::new(config, [rubbish(), rubbish(), rubbish()]).unwrap());
    }
    let sam = SamConfig { learning_rate, radius: shrinking(0.1), ..SamConfig::default() };
    check.check("SAM", || Sam::new(sam, [rubbish(), rubbish()]).unwrap());
    let walking = EntropySgdConfig {
        walk_rate: learning_rate,
        moves: 3,
        noise: 0.01,
        ..EntropySgdConfig::default()
    };
    check.check("Entropy-SGD", || {
        EntropySgd::new(walking, [rubbish(), rubbish(), rubbish()]).unwrap()
    });
    check.check("momentum, clipped", || ClipNorm::new(sgd(momentum), 0.1).unwrap());
    check.check("ball, decayed", || WeightDecay::new(contact_ball(), 0.1).unwrap());
    check.check("ball, clipped, decayed", || {
        WeightDecay::new(ClipNorm::new(contact_ball(), 0.1).unwrap(), 0.1).unwrap()
    });
    with_an_estimated_rate(check);
    with_losses_only(check);
}

/// The ball that needs nothing else.
pub fn with_losses_only(check: &mut impl Check) {
    // The settings of the committed images.
    let learning_rate = (6.0 * (LENGTH as f32).sqrt() / 40.0).min(0.5).into();
    let shrinking = ZerothOrderBallConfig::shrinking(0.5, LENGTH, 40);
    let config = ZerothOrderBallConfig { learning_rate, ..shrinking };
    check.check("losses only", || ZerothOrderBall::new(config).unwrap());
}

/// Those that find their rate by themselves.
pub fn with_an_estimated_rate(check: &mut impl Check) {
    let (learning_rate, initial_distance) = (shrinking(1.0), 0.05);
    let dog = DogConfig { learning_rate, initial_distance, ..DogConfig::default() };
    for (name, average) in [("DoG", false), ("DoG, average", true)] {
        let config = DogConfig { average, ..dog };
        let make = || Dog::new(config, [rubbish(), rubbish()], average.then(rubbish)).unwrap();
        check.check(name, make);
    }
    let prodigy = ProdigyConfig {
        learning_rate,
        initial_distance,
        weight_decay: 0.1,
        ..ProdigyConfig::default()
    };
    check.check("Prodigy", || Prodigy::new(prodigy, [(); 5].map(|()| rubbish())).unwrap());
}

pub fn sgd(config: SgdConfig) -> Sgd<Vec<f32>> {
    Sgd::new(config, rubbish(), (config.momentum > 0.0).then(rubbish)).unwrap()
}

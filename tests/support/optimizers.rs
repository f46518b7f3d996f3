//! Every optimizer in every form.

use rolling_ball::kernels::{Active, Kernels};
use rolling_ball::{
    AdamConfig, AnyCentreStep, AnyFootpoint, AnyRollingBall, AnyRollingBallConfig, ArcLength,
    Armijo, ClipNorm, DogConfig, EntropySgdConfig, Error, GaussNewton, GradientDescent,
    LaggedContact, Objective, Optimizer, Plain, ProdigyConfig, RefreshedContact, RollingBallConfig,
    SamConfig, Schedule, SgdConfig, StepReport, WeightDecay, step,
};
use rolling_ball_rehearsal::OptimizerConfig;

/// An optimizer with its name.
pub struct Named {
    pub name: String,
    /// Whether a loss may be a trial, which may be rejected.
    pub searches: bool,
    pub optimizer: Box<dyn Optimizer>,
}

pub const FOOTPOINTS: [(&str, AnyFootpoint); 4] = [
    (
        "gradient descent",
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.05, iterations: 5 }),
    ),
    ("Gauss-Newton", AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 6, tolerance: 1e-4 })),
    ("lagged contact", AnyFootpoint::LaggedContact(LaggedContact)),
    ("refreshed contact", AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 })),
];

pub const CENTRE_STEPS: [(&str, AnyCentreStep); 3] = [
    ("plain", AnyCentreStep::Plain(Plain)),
    ("arc length", AnyCentreStep::ArcLength(ArcLength)),
    (
        "Armijo",
        AnyCentreStep::Armijo(Armijo { decrease: 1e-4, shrink: 0.3, growth: 2.0, trials: 12 }),
    ),
];

/// Every form of the ball: its name and its settings.
pub fn forms(
    radius: f32,
    learning_rate: f32,
    roll_back: bool,
) -> Vec<(String, AnyRollingBallConfig)> {
    let mut forms = Vec::new();
    for (footpoint_name, footpoint) in FOOTPOINTS {
        for (step_name, centre_step) in CENTRE_STEPS {
            let config = RollingBallConfig {
                radius: radius.into(),
                learning_rate: learning_rate.into(),
                loss_scale: 1.0,
                footpoint,
                centre_step,
                roll_back,
            };
            forms.push((format!("ball, {footpoint_name}, {step_name}"), config));
        }
    }
    forms
}

pub fn searches(config: &AnyRollingBallConfig) -> bool {
    matches!(config.footpoint, AnyFootpoint::GaussNewton(_))
        || matches!(config.centre_step, AnyCentreStep::Armijo(_))
}

/// The ball in every form, and every baseline.
pub fn every_optimizer<K: Kernels + Copy + 'static>(
    kernels: K,
    length: usize,
    learning_rate: f32,
    roll_back: bool,
) -> Vec<Named> {
    let rate = Schedule::Constant(learning_rate);
    let sgd = SgdConfig { learning_rate: rate, roll_back, ..SgdConfig::default() };
    let momentum = SgdConfig { momentum: 0.9, ..sgd };
    let nesterov = SgdConfig { nesterov: true, ..momentum };
    let search = SgdConfig { line_search: Some(Armijo::default()), ..sgd };
    let adam = AdamConfig { learning_rate: rate, roll_back, ..AdamConfig::default() };
    let adam_w = AdamConfig { weight_decay: 0.1, ..adam };
    let sam = SamConfig { learning_rate: rate, roll_back, ..SamConfig::default() };
    let entropy_sgd = EntropySgdConfig {
        learning_rate: 0.9.into(),
        walk_rate: rate,
        moves: 3,
        pull: 0.1.into(),
        noise: 0.0,
        roll_back,
        ..EntropySgdConfig::default()
    };
    // These go far from the first step on; a rate is what theirs is multiplied by.
    let dog =
        DogConfig { learning_rate: rate, initial_distance: 0.3, roll_back, ..DogConfig::default() };
    let averaging = DogConfig { average: true, ..dog };
    let prodigy = ProdigyConfig {
        learning_rate: rate,
        initial_distance: 0.3,
        roll_back,
        ..ProdigyConfig::default()
    };
    let clipped = ClipNorm::new(build(kernels, sgd, length), 0.5).unwrap();
    let decayed = WeightDecay::new(build(kernels, sgd, length), 0.1).unwrap();
    let named = |name: &str, searches, optimizer| Named { name: name.into(), searches, optimizer };
    let balls = forms(0.3, learning_rate, roll_back).into_iter().map(|(name, config)| {
        named(&name, searches(&config), Box::new(build(kernels, config, length)))
    });
    let baselines = [
        named("SGD", false, Box::new(build(kernels, sgd, length))),
        named("momentum", false, Box::new(build(kernels, momentum, length))),
        named("Nesterov", false, Box::new(build(kernels, nesterov, length))),
        named("SGD, Armijo", true, Box::new(build(kernels, search, length))),
        named("Adam", false, Box::new(build(kernels, adam, length))),
        named("AdamW", false, Box::new(build(kernels, adam_w, length))),
        named("SAM", false, Box::new(build(kernels, sam, length))),
        named("Entropy-SGD", false, Box::new(build(kernels, entropy_sgd, length))),
        named("DoG", false, Box::new(build(kernels, dog, length))),
        named("DoG, average", false, Box::new(build(kernels, averaging, length))),
        named("Prodigy", false, Box::new(build(kernels, prodigy, length))),
        named("SGD, clipped", false, Box::new(clipped)),
        named("SGD, decayed", false, Box::new(decayed)),
    ];
    balls.chain(baselines).collect()
}

fn build<K: Kernels, C: OptimizerConfig<K>>(
    kernels: K,
    config: C,
    length: usize,
) -> C::Optimizer<Vec<f32>> {
    config.build(kernels, || Ok::<_, Error>(vec![0.0; length])).unwrap()
}

/// A ball with vectors on the heap and the default kernels.
pub fn ball(
    config: RollingBallConfig<impl Into<AnyFootpoint>, impl Into<AnyCentreStep>>,
    length: usize,
) -> AnyRollingBall<Vec<f32>> {
    build(Active::default(), config.into_any(), length)
}

/// Some steps; every one must go well.
pub fn run<O: Optimizer + ?Sized, F: Objective + ?Sized>(
    optimizer: &mut O,
    objective: &mut F,
    theta: &mut [f32],
    steps: usize,
) -> Vec<StepReport> {
    (0..steps).map(|_| step(optimizer, objective, theta).unwrap()).collect()
}

//! Every optimizer in every form.

use rolling_ball::kernels::Kernels;
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, AnyRollingBall, AnyRollingBallConfig, ArcLength,
    Armijo, ClipNorm, EntropySgd, EntropySgdConfig, GaussNewton, GradientDescent, LaggedContact,
    Objective, Optimizer, Plain, RefreshedContact, RollingBall, RollingBallConfig, Sam, SamConfig,
    Schedule, Sgd, SgdConfig, StepReport, WeightDecay, step,
};

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
    let zeros = || vec![0.0f32; length];
    let mut all = Vec::new();
    for (name, config) in forms(0.3, learning_rate, roll_back) {
        let workspace = [zeros(), zeros()];
        let ball = RollingBall::with_backend(kernels, config, workspace).unwrap();
        all.push(Named { name, searches: searches(&config), optimizer: Box::new(ball) });
    }
    let rate = Schedule::Constant(learning_rate);
    let plain = SgdConfig { learning_rate: rate, roll_back, ..SgdConfig::default() };
    let momentum = SgdConfig { momentum: 0.9, ..plain };
    let nesterov = SgdConfig { nesterov: true, ..momentum };
    let search = SgdConfig { line_search: Some(Armijo::default()), ..plain };
    for (name, config) in
        [("SGD", plain), ("momentum", momentum), ("Nesterov", nesterov), ("SGD, Armijo", search)]
    {
        let velocity = (config.momentum > 0.0).then(zeros);
        let sgd = Sgd::with_backend(kernels, config, zeros(), velocity).unwrap();
        let searches = config.line_search.is_some();
        all.push(Named { name: name.into(), searches, optimizer: Box::new(sgd) });
    }
    let adam = AdamConfig { learning_rate: rate, roll_back, ..AdamConfig::default() };
    for (name, weight_decay) in [("Adam", 0.0), ("AdamW", 0.1)] {
        let config = AdamConfig { weight_decay, ..adam };
        let workspace = [zeros(), zeros(), zeros()];
        let adam = Adam::with_backend(kernels, config, workspace).unwrap();
        all.push(Named { name: name.into(), searches: false, optimizer: Box::new(adam) });
    }
    let config = SamConfig { learning_rate: rate, roll_back, ..SamConfig::default() };
    let sam = Sam::with_backend(kernels, config, [zeros(), zeros()]).unwrap();
    all.push(Named { name: "SAM".into(), searches: false, optimizer: Box::new(sam) });
    let config = EntropySgdConfig {
        learning_rate: 0.9.into(),
        walk_rate: rate,
        moves: 3,
        pull: 0.1.into(),
        noise: 0.0,
        roll_back,
        ..EntropySgdConfig::default()
    };
    let workspace = [zeros(), zeros(), zeros()];
    let entropy_sgd = EntropySgd::with_backend(kernels, config, workspace).unwrap();
    let optimizer = Box::new(entropy_sgd);
    all.push(Named { name: "Entropy-SGD".into(), searches: false, optimizer });
    let sgd = Sgd::with_backend(kernels, plain, zeros(), None).unwrap();
    let clipped = ClipNorm::new(sgd, 0.5).unwrap();
    let optimizer = Box::new(clipped);
    all.push(Named { name: "SGD, clipped".into(), searches: false, optimizer });
    let sgd = Sgd::with_backend(kernels, plain, zeros(), None).unwrap();
    let decayed = WeightDecay::new(sgd, 0.1).unwrap();
    let optimizer = Box::new(decayed);
    all.push(Named { name: "SGD, decayed".into(), searches: false, optimizer });
    all
}

/// A ball with vectors on the heap and the default kernels.
pub fn ball(
    config: RollingBallConfig<impl Into<AnyFootpoint>, impl Into<AnyCentreStep>>,
    length: usize,
) -> AnyRollingBall<Vec<f32>> {
    RollingBall::new(config.into_any(), [vec![0.0; length], vec![0.0; length]]).unwrap()
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

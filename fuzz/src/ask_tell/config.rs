//! Every optimizer with any settings, in any wrapper.

use super::subject::{Radius, Subject};
use crate::input::Input;
use rolling_ball::kernels::Kernels;
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, AnyRollingBallConfig, ArcLength, Armijo, ByPart,
    CentreStep, ClipNorm, Dog, DogConfig, EntropySgd, EntropySgdConfig, Error, Footpoint,
    GaussNewton, GradientDescent, KeepStart, LaggedContact, Part, Plain, Prodigy, ProdigyConfig,
    RefreshedContact, Resumable, RollingBall, RollingBallConfig, Sam, SamConfig, Sgd, SgdConfig,
    StepByPart, WeightDecay, ZerothOrderBall, ZerothOrderBallConfig,
};

/// An optimizer that can be made again.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub method: Method,
    pub wrapper: Wrapper,
}

#[derive(Clone, Copy, Debug)]
pub enum Method {
    Sgd { config: SgdConfig, velocity: bool },
    Adam(AdamConfig),
    Sam(SamConfig),
    EntropySgd(EntropySgdConfig),
    Dog(DogConfig),
    Prodigy(ProdigyConfig),
    LossesOnly(ZerothOrderBallConfig),
    Ball { config: AnyRollingBallConfig, chosen_when_compiled: bool },
}

#[derive(Clone, Copy, Debug)]
pub enum Wrapper {
    None,
    KeepStart,
    ClippedKeepStart(f32),
    ClipNorm(f32),
    WeightDecay(f32),
    ByPart([Part; 2]),
    ClippedDecay(f32, f32),
    ClippedByPart(f32, [Part; 2]),
}

/// What an optimizer works in.
pub type Workspace<'a> = [&'a mut [f32]; 6];

impl Config {
    pub fn read(input: &mut Input<'_>, length: usize) -> Self {
        let method = match input.below(13) {
            0 => Method::sgd(input),
            1 => {
                let line_search = Some(armijo(input));
                let config = SgdConfig { learning_rate: input.schedule(), ..Default::default() };
                Method::Sgd { config: SgdConfig { line_search, ..config }, velocity: false }
            }
            2 => Method::Adam(AdamConfig {
                learning_rate: input.schedule(),
                beta1: input.fraction(),
                beta2: input.fraction(),
                epsilon: input.setting(),
                weight_decay: if input.flag() { input.setting() } else { 0.0 },
                roll_back: input.flag(),
            }),
            3 => Method::Sam(SamConfig {
                learning_rate: input.schedule(),
                radius: input.schedule(),
                roll_back: input.flag(),
            }),
            4 => Method::EntropySgd(EntropySgdConfig {
                learning_rate: input.schedule(),
                walk_rate: input.schedule(),
                moves: input.count(),
                pull: input.schedule(),
                newest: input.fraction(),
                noise: input.setting(),
                seed: input.word(),
                roll_back: input.flag(),
            }),
            5 => Method::Dog(DogConfig {
                learning_rate: input.schedule(),
                initial_distance: input.setting(),
                epsilon: input.setting(),
                average: input.flag(),
                roll_back: input.flag(),
            }),
            6 => Method::Prodigy(ProdigyConfig {
                learning_rate: input.schedule(),
                beta1: input.fraction(),
                beta2: input.fraction(),
                epsilon: input.setting(),
                weight_decay: if input.flag() { input.setting() } else { 0.0 },
                initial_distance: input.setting(),
                distance_factor: input.setting(),
                roll_back: input.flag(),
            }),
            7 => Method::LossesOnly(ZerothOrderBallConfig {
                parameters: length,
                radius: input.schedule(),
                learning_rate: input.schedule(),
                seed: input.word(),
            }),
            _ => Method::ball(input),
        };
        Self { method, wrapper: Wrapper::read(input, length) }
    }

    pub fn build<'a, K: Kernels + Copy + 'static>(
        &self,
        kernels: K,
        workspace: Workspace<'a>,
    ) -> Result<Box<dyn Subject + 'a>, Error> {
        let [first, second, third, fourth, fifth, start] = workspace;
        let wrapper = &self.wrapper;
        match self.method {
            Method::Sgd { config, velocity } => {
                let velocity = velocity.then_some(second);
                wrapper.wrap(kernels, start, Sgd::with_backend(kernels, config, first, velocity)?)
            }
            Method::Adam(config) => wrapper.wrap(
                kernels,
                start,
                Adam::with_backend(kernels, config, [first, second, third])?,
            ),
            Method::Sam(config) => {
                wrapper.wrap(kernels, start, Sam::with_backend(kernels, config, [first, second])?)
            }
            Method::EntropySgd(config) => {
                let workspace = [first, second, third];
                wrapper.wrap(kernels, start, EntropySgd::with_backend(kernels, config, workspace)?)
            }
            Method::Dog(config) => {
                let average = config.average.then_some(third);
                let dog = Dog::with_backend(kernels, config, [first, second], average)?;
                wrapper.wrap(kernels, start, dog)
            }
            Method::Prodigy(config) => {
                let workspace = [first, second, third, fourth, fifth];
                wrapper.wrap(kernels, start, Prodigy::with_backend(kernels, config, workspace)?)
            }
            // It needs no vector, and a wrapper has nothing to change.
            Method::LossesOnly(config) => {
                Ok(Box::new(ZerothOrderBall::with_backend(kernels, config)?))
            }
            Method::Ball { config, chosen_when_compiled } => {
                let (footpoint, centre_step) = (config.footpoint, config.centre_step);
                match (chosen_when_compiled, footpoint, centre_step) {
                    (true, AnyFootpoint::LaggedContact(form), AnyCentreStep::ArcLength(step)) => {
                        let config = config.with_footpoint(form).with_centre_step(step);
                        wrapper.wrap(kernels, start, ball(kernels, config, first, second)?)
                    }
                    (true, AnyFootpoint::RefreshedContact(form), AnyCentreStep::Plain(step)) => {
                        let config = config.with_footpoint(form).with_centre_step(step);
                        wrapper.wrap(kernels, start, ball(kernels, config, first, second)?)
                    }
                    (true, AnyFootpoint::GaussNewton(form), AnyCentreStep::Armijo(step)) => {
                        let config = config.with_footpoint(form).with_centre_step(step);
                        wrapper.wrap(kernels, start, ball(kernels, config, first, second)?)
                    }
                    _ => wrapper.wrap(kernels, start, ball(kernels, config, first, second)?),
                }
            }
        }
    }

    /// Its form, in a few words.
    pub fn form(&self) -> String {
        let words = match self.method {
            Method::Ball { config, .. } => {
                format!("{:?} {:?}", config.footpoint, config.centre_step)
            }
            method if self.armijo().is_some() => format!("{method:?} Armijo"),
            method => format!("{method:?}"),
        };
        let capital = |word: &&str| word.starts_with(|first: char| first.is_ascii_uppercase());
        let is_name = |word: &&str| word.chars().all(char::is_alphanumeric);
        let mut names: Vec<&str> =
            words.split([' ', '(']).filter(capital).filter(is_name).collect();
        names.dedup();
        names.truncate(2);
        names.join(" ")
    }

    /// Whether each new point's loss is asked for.
    pub fn rolls_back(&self) -> bool {
        match self.method {
            Method::Sgd { config, .. } => config.roll_back,
            Method::Adam(config) => config.roll_back,
            Method::Sam(config) => config.roll_back,
            Method::EntropySgd(config) => config.roll_back,
            Method::Dog(config) => config.roll_back,
            Method::Prodigy(config) => config.roll_back,
            Method::LossesOnly(_) => false,
            Method::Ball { config, .. } => config.roll_back,
        }
    }

    /// Whether it never asks for a gradient.
    pub fn needs_losses_only(&self) -> bool {
        matches!(self.method, Method::LossesOnly(_))
    }

    /// Whether a step evaluates points that it only looks at.
    pub fn looks_around(&self) -> bool {
        matches!(self.method, Method::Sam(_) | Method::EntropySgd(_))
    }

    /// Whether a loss may be a trial, which may be rejected.
    pub fn searches(&self) -> bool {
        self.armijo().is_some() || self.gauss_newton().is_some()
    }

    /// Whether a stalled search may end a rounding beside its start.
    pub fn stalls_nearby(&self) -> bool {
        let contact = |footpoint: &AnyFootpoint| {
            matches!(footpoint, AnyFootpoint::LaggedContact(_) | AnyFootpoint::RefreshedContact(_))
        };
        let ball = match &self.method {
            Method::Ball { config, .. } => contact(&config.footpoint),
            _ => false,
        };
        ball && self.armijo().is_some() && !self.keeps_start()
    }

    /// Whether theta is kept as it was where a step began.
    pub fn keeps_start(&self) -> bool {
        matches!(self.wrapper, Wrapper::KeepStart | Wrapper::ClippedKeepStart(_))
    }

    pub fn armijo(&self) -> Option<Armijo> {
        match self.method {
            Method::Sgd { config, .. } => config.line_search,
            Method::Ball { config, .. } => match config.centre_step {
                AnyCentreStep::Armijo(armijo) => Some(armijo),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn gauss_newton(&self) -> Option<AnyRollingBallConfig> {
        match self.method {
            Method::Ball { config, .. } => {
                matches!(config.footpoint, AnyFootpoint::GaussNewton(_)).then_some(config)
            }
            _ => None,
        }
    }

    /// The most gradients and the most losses that a step may ask for.
    pub fn most_evaluations(&self) -> [u64; 2] {
        let end = u64::from(self.rolls_back());
        let trials = self.armijo().map_or(0, |armijo| u64::from(armijo.trials));
        // A contact form that stalls evaluates the loss where theta is.
        let nearby = trials + u64::from(trials > 0);
        match self.method {
            Method::Sgd { config, .. } if config.line_search.is_some() => [1, trials],
            Method::Sgd { .. } | Method::Adam(_) | Method::Dog(_) | Method::Prodigy(_) => [1, end],
            Method::LossesOnly(_) => [0, 2],
            Method::Sam(_) => [2, end],
            Method::EntropySgd(config) => [config.moves.into(), end],
            Method::Ball { config, .. } => match config.footpoint {
                AnyFootpoint::LaggedContact(_) => [1, end + nearby],
                AnyFootpoint::RefreshedContact(form) => {
                    let contacts = u64::from(form.refreshes) + 1;
                    [contacts, contacts * end + nearby]
                }
                AnyFootpoint::GaussNewton(form) => {
                    let lines = u64::from(form.max_iterations);
                    [lines, lines * TRIALS + trials]
                }
                AnyFootpoint::GradientDescent(form) => {
                    let steps = u64::from(form.iterations);
                    [steps, steps * end + trials]
                }
            },
        }
    }
}

/// The trials of Gauss-Newton along one line.
const TRIALS: u64 = 12;

fn ball<'a, F: Footpoint, C: CentreStep, K: Kernels>(
    kernels: K,
    config: RollingBallConfig<F, C>,
    gradient: &'a mut [f32],
    kept: &'a mut [f32],
) -> Result<RollingBall<&'a mut [f32], F, C, K>, Error> {
    RollingBall::with_backend(kernels, config, [gradient, kept])
}

fn armijo(input: &mut Input<'_>) -> Armijo {
    if input.flag() {
        return Armijo::default();
    }
    let (decrease, shrink) = (input.fraction(), input.fraction());
    let growth = if input.flag() { 2.0 } else { input.setting() };
    Armijo { decrease, shrink, growth, trials: input.count() }
}

impl Method {
    fn sgd(input: &mut Input<'_>) -> Self {
        let learning_rate = input.schedule();
        let momentum = if input.flag() { input.fraction() } else { 0.0 };
        let (nesterov, roll_back) = (input.flag(), input.flag());
        let config =
            SgdConfig { learning_rate, momentum, nesterov, roll_back, ..SgdConfig::default() };
        Self::Sgd { config, velocity: momentum != 0.0 || input.flag() }
    }

    fn ball(input: &mut Input<'_>) -> Self {
        let footpoint = match input.below(4) {
            0 => LaggedContact.into(),
            1 => RefreshedContact { refreshes: input.count() }.into(),
            2 => {
                let max_iterations = input.count();
                let tolerance = if input.flag() { 1e-2 } else { input.fraction() };
                GaussNewton { max_iterations, tolerance }.into()
            }
            _ => {
                let (step, iterations) = (input.setting(), input.count());
                GradientDescent { step, iterations }.into()
            }
        };
        let centre_step = match input.below(3) {
            0 => Plain.into(),
            1 => ArcLength.into(),
            _ => armijo(input).into(),
        };
        let config = RollingBallConfig {
            radius: input.schedule(),
            learning_rate: input.schedule(),
            loss_scale: if input.flag() { 1.0 } else { input.setting() },
            footpoint,
            centre_step,
            roll_back: input.flag(),
        };
        Self::Ball { config, chosen_when_compiled: input.flag() }
    }
}

impl Wrapper {
    fn read(input: &mut Input<'_>, length: usize) -> Self {
        let parts = |input: &mut Input<'_>| {
            let first = input.below(length + 1);
            [first, length - first].map(|length| Part {
                length,
                rate: input.setting(),
                decay: if input.flag() { input.setting() } else { 0.0 },
            })
        };
        match input.below(16) {
            0 => Self::ClipNorm(input.setting()),
            1 => Self::WeightDecay(input.setting()),
            2 => Self::ByPart(parts(input)),
            3 => Self::ClippedDecay(input.setting(), input.setting()),
            4 => Self::ClippedByPart(input.setting(), parts(input)),
            5 => Self::KeepStart,
            6 => Self::ClippedKeepStart(input.setting()),
            _ => Self::None,
        }
    }

    /// Whether what the optimizer is told is what it was answered.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None | Self::KeepStart)
    }

    fn wrap<'a, K, O>(
        &self,
        kernels: K,
        start: &'a mut [f32],
        optimizer: O,
    ) -> Result<Box<dyn Subject + 'a>, Error>
    where
        K: Kernels + Copy + 'static,
        O: StepByPart + Resumable + Radius + 'a,
    {
        Ok(match *self {
            Self::None => Box::new(optimizer),
            Self::KeepStart => Box::new(KeepStart::with_backend(kernels, optimizer, start)?),
            Self::ClippedKeepStart(largest) => {
                let clipped = ClipNorm::with_backend(kernels, optimizer, largest)?;
                Box::new(KeepStart::with_backend(kernels, clipped, start)?)
            }
            Self::ClipNorm(largest) => {
                Box::new(ClipNorm::with_backend(kernels, optimizer, largest)?)
            }
            Self::WeightDecay(decay) => {
                Box::new(WeightDecay::with_backend(kernels, optimizer, decay)?)
            }
            Self::ByPart(parts) => Box::new(ByPart::with_backend(kernels, optimizer, parts)?),
            Self::ClippedDecay(largest, decay) => {
                let decayed = WeightDecay::with_backend(kernels, optimizer, decay)?;
                Box::new(ClipNorm::with_backend(kernels, decayed, largest)?)
            }
            Self::ClippedByPart(largest, parts) => {
                let clipped = ClipNorm::with_backend(kernels, optimizer, largest)?;
                Box::new(ByPart::with_backend(kernels, clipped, parts)?)
            }
        })
    }
}

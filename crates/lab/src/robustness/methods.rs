//! What is compared, and the settings that each is tuned over.

use rolling_ball::{
    AdamConfig, AnyCentreStep, AnyFootpoint, ArcLength, EntropySgdConfig, GaussNewton,
    GradientDescent, LaggedContact, Plain, RollingBallConfig, SamConfig, Schedule, SgdConfig,
    WeightDecay,
};
use workbench::optimizers::{Boxed, boxed, clipped, optimizer};

/// Values of a method's two knobs.
pub type Settings = [f32; 2];

/// How long a run is.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    pub parameters: usize,
    /// The number of steps after which the schedules have ended.
    pub steps: u32,
}

/// Which point of the ball becomes the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deployed {
    /// Theta, which is the only one that the others have.
    Contact,
    Centre,
}

/// What makes an optimizer.
#[derive(Clone, Copy, Debug)]
enum Form {
    Sgd {
        momentum: f32,
    },
    ClippedSgd,
    SgdWithDecay,
    Adam,
    Sam,
    EntropySgd,
    /// The lagged contact with arc length.
    Ball {
        radius: f32,
        shrinks: bool,
    },
    NearestPoint,
    Projection,
}

/// A method and the settings that it is tuned over: each value of a knob with each of the other.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    pub name: &'static str,
    form: Form,
    pub deployed: Deployed,
    /// Gradient evaluations of a step, about: sets the length of the schedules while the method is
    /// tuned, which measures it.
    pub cost: f32,
    knobs: [(&'static str, &'static [f32]); 2],
    /// The method whose settings it has, where it is not tuned.
    pub settings_of: Option<&'static str>,
}

const NONE: (&str, &[f32]) = ("", &[0.0]);
/// Of gradient descent in any form, beside another knob.
const RATES: (&str, &[f32]) = ("rate", &[0.1, 0.3, 1.0, 3.0]);
const BALL: [(&str, &[f32]); 2] = [RATES, ("loss scale", &[3.0, 10.0])];

const fn method(
    name: &'static str,
    form: Form,
    knobs: [(&'static str, &'static [f32]); 2],
) -> Method {
    Method { name, form, deployed: Deployed::Contact, cost: 1.0, knobs, settings_of: None }
}

const fn ball(name: &'static str, radius: f32, shrinks: bool) -> Method {
    method(name, Form::Ball { radius, shrinks }, BALL)
}

impl Method {
    const fn costs(self, cost: f32) -> Self {
        Self { cost, ..self }
    }

    const fn by_its_centre(self) -> Self {
        Self { deployed: Deployed::Centre, ..self }
    }

    const fn as_without_a_radius(self) -> Self {
        Self { settings_of: Some(NO_RADIUS), ..self }
    }
}

pub const SGD: &str = "SGD";
/// What the others are compared with.
pub const CLIPPED: &str = "clipped SGD";
pub const SAM: &str = "SAM";
pub const ENTROPY_SGD: &str = "Entropy-SGD";
/// The bounded step of the ball alone.
pub const NO_RADIUS: &str = "ball, radius 0";
pub const DEFAULT_BALL: &str = "ball, radius 0.03 to 0";
pub const LARGE_CENTRE: &str = "ball, radius 1, centre";
pub const NEAREST_POINT: &str = "ball, nearest point";
pub const PROJECTION: &str = "ball, paper's projection";
/// These have the settings of the ball without a radius: only the radius differs.
pub const CONTACTS_AS_AT_0: [&str; 3] = [
    "ball, radius 0.1, contact, as at 0",
    "ball, radius 0.3, contact, as at 0",
    "ball, radius 1, contact, as at 0",
];
pub const CENTRES_AS_AT_0: [&str; 3] = [
    "ball, radius 0.1, centre, as at 0",
    "ball, radius 0.3, centre, as at 0",
    "ball, radius 1, centre, as at 0",
];
pub const SHRINKING_AS_AT_0: &str = "ball, radius 1 to 0, as at 0";

/// A schedule shrinks on half a cosine but where a radius is told alone.
pub const METHODS: [Method; 22] = [
    method(
        SGD,
        Form::Sgd { momentum: 0.0 },
        [("rate", &[0.03, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0]), NONE],
    ),
    method(CLIPPED, Form::ClippedSgd, [RATES, ("clip norm", &[0.3, 1.0])]),
    method("SGD with weight decay", Form::SgdWithDecay, [RATES, ("decay", &[1e-3, 1e-2])]),
    method(
        "momentum 0.9",
        Form::Sgd { momentum: 0.9 },
        [("rate", &[0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5]), NONE],
    ),
    method(
        "Adam",
        Form::Adam,
        [("rate", &[0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05]), NONE],
    ),
    method(SAM, Form::Sam, [RATES, ("radius", &[0.05, 0.2])]).costs(2.0),
    method(ENTROPY_SGD, Form::EntropySgd, [RATES, ("pull", &[1e-4, 0.3])]).costs(5.0),
    ball(NO_RADIUS, 0.0, false),
    ball(DEFAULT_BALL, 0.03, true),
    ball("ball, radius 0.3 to 0", 0.3, true),
    ball("ball, radius 1 to 0", 1.0, true),
    ball("ball, radius 1, contact", 1.0, false),
    ball(LARGE_CENTRE, 1.0, false).by_its_centre(),
    method(NEAREST_POINT, Form::NearestPoint, [RATES, ("radius", &[0.03, 0.3])]).costs(5.0),
    method(PROJECTION, Form::Projection, [RATES, ("projection step", &[0.01, 0.1])]).costs(10.0),
    ball(SHRINKING_AS_AT_0, 1.0, true).as_without_a_radius(),
    ball(CONTACTS_AS_AT_0[0], 0.1, false).as_without_a_radius(),
    ball(CONTACTS_AS_AT_0[1], 0.3, false).as_without_a_radius(),
    ball(CONTACTS_AS_AT_0[2], 1.0, false).as_without_a_radius(),
    ball(CENTRES_AS_AT_0[0], 0.1, false).by_its_centre().as_without_a_radius(),
    ball(CENTRES_AS_AT_0[1], 0.3, false).by_its_centre().as_without_a_radius(),
    ball(CENTRES_AS_AT_0[2], 1.0, false).by_its_centre().as_without_a_radius(),
];

/// The index of the method of this name.
pub fn index(name: &str) -> Option<usize> {
    METHODS.iter().position(|method| method.name == name)
}

impl Method {
    /// Every combination of the knobs.
    pub fn grid(&self) -> Vec<Settings> {
        let [(_, first), (_, second)] = self.knobs;
        first.iter().flat_map(|a| second.iter().map(|b| [*a, *b])).collect()
    }

    /// Settings in words.
    pub fn words(&self, settings: Settings) -> String {
        let named = self.knobs.iter().zip(settings).filter(|((name, _), _)| !name.is_empty());
        let words: Vec<String> =
            named.map(|((name, _), value)| format!("{name} {value}")).collect();
        words.join(", ")
    }

    /// The optimizer.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn make(&self, [rate, other]: Settings, length: Length) -> Boxed {
        let count = length.parameters;
        let shrinking = |from| Schedule::Cosine { from, to: 0.0, steps: length.steps };
        let sgd = |momentum| SgdConfig {
            learning_rate: shrinking(rate),
            momentum,
            roll_back: false,
            ..SgdConfig::default()
        };
        let rolling = |radius, loss_scale, footpoint, centre_step| RollingBallConfig {
            radius,
            learning_rate: shrinking(rate),
            loss_scale,
            footpoint,
            centre_step,
            roll_back: false,
        };
        let arc_length = AnyCentreStep::ArcLength(ArcLength);
        match self.form {
            Form::Sgd { momentum } => boxed(count, sgd(momentum)),
            Form::ClippedSgd => clipped(count, sgd(0.0), other),
            Form::SgdWithDecay => {
                Ok(Box::new(WeightDecay::new(optimizer(count, sgd(0.0))?, other)?))
            }
            Form::Adam => {
                let learning_rate = shrinking(rate);
                let config =
                    AdamConfig { learning_rate, roll_back: false, ..AdamConfig::default() };
                boxed(count, config)
            }
            Form::Sam => {
                let learning_rate = shrinking(rate);
                boxed(count, SamConfig { learning_rate, radius: other.into(), roll_back: false })
            }
            Form::EntropySgd => {
                let config = EntropySgdConfig {
                    walk_rate: shrinking(rate),
                    moves: 5,
                    pull: other.into(),
                    roll_back: false,
                    ..EntropySgdConfig::default()
                };
                boxed(count, config)
            }
            Form::Ball { radius, shrinks } => {
                let radius = if shrinks { shrinking(radius) } else { radius.into() };
                let lagged = AnyFootpoint::LaggedContact(LaggedContact);
                boxed(count, rolling(radius, other, lagged, arc_length))
            }
            Form::NearestPoint => {
                let solver = GaussNewton { max_iterations: 8, tolerance: 1e-2 };
                let footpoint = AnyFootpoint::GaussNewton(solver);
                boxed(count, rolling(shrinking(other), 3.0, footpoint, arc_length))
            }
            Form::Projection => {
                let solver = GradientDescent { step: other, iterations: 10 };
                let footpoint = AnyFootpoint::GradientDescent(solver);
                let plain = AnyCentreStep::Plain(Plain);
                boxed(count, rolling(shrinking(1.0), 1.0, footpoint, plain))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_name_of_its_own_and_is_tuned_over_eight_settings_that_it_accepts() {
        let length = Length { parameters: 3, steps: 10 };
        for (place, method) in METHODS.iter().enumerate() {
            assert_eq!(index(method.name), Some(place));
            assert_eq!(method.grid().len(), 8, "{}", method.name);
            assert!(method.settings_of.is_none_or(|other| index(other).is_some()));
            for settings in method.grid() {
                assert!(method.make(settings, length).is_ok(), "{} {settings:?}", method.name);
            }
        }
    }

    #[test]
    fn settings_are_told_by_their_names() {
        assert_eq!(METHODS[0].words([0.3, 0.0]), "rate 0.3");
        assert_eq!(METHODS[1].words([0.3, 1.0]), "rate 0.3, clip norm 1");
    }
}

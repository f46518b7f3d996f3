//! What is compared, and the settings that each is tried with.

use crate::highest_contact::HighestContact;
use rolling_ball::{
    AdamConfig, AnyCentreStep, AnyFootpoint, ArcLength, Armijo, DogConfig, EntropySgdConfig,
    GaussNewton, GradientDescent, LaggedContact, Plain, ProdigyConfig, RefreshedContact,
    RollingBallConfig, SamConfig, Schedule, SgdConfig,
};
use workbench::optimizers::{Boxed, boxed, clipped};

/// Values of a method's knobs.
pub type Settings = [f32; 3];

/// How long a run is.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    pub parameters: usize,
    /// The number of steps after which the schedules have ended.
    pub steps: u32,
}

/// A method and the settings it is tried with: each value of a knob with each of the others.
pub struct Method {
    pub name: &'static str,
    /// Gradient evaluations of a step, about: sets the length of schedules.
    pub cost: f32,
    knobs: [(&'static str, &'static [f32]); 3],
    pub make: fn(Settings, Length) -> Boxed,
}

impl Method {
    /// Every combination of the knobs.
    pub fn grid(&self) -> Vec<Settings> {
        let [first, second, third] = self.knobs.map(|(_, values)| values);
        let mut grid = Vec::new();
        for a in first {
            for b in second {
                grid.extend(third.iter().map(|c| [*a, *b, *c]));
            }
        }
        grid
    }

    /// In words.
    pub fn settings(&self, settings: Settings) -> String {
        let named = self.knobs.iter().zip(settings).filter(|((name, _), _)| !name.is_empty());
        let words: Vec<String> =
            named.map(|((name, _), value)| format!("{name} {value}")).collect();
        words.join(", ")
    }

    /// Whether it is a form of the ball.
    pub fn rolls(&self) -> bool {
        self.name.starts_with("ball")
    }
}

/// Where a method has fewer knobs.
const NONE: (&str, &[f32]) = ("", &[0.0]);
const RATES: (&str, &[f32]) =
    ("rate", &[0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0]);
const ADAM_RATES: (&str, &[f32]) =
    ("rate", &[0.0001, 0.0003, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.1]);
const RADII: (&str, &[f32]) = ("radius", &[0.03, 0.1, 0.3]);
const ARC_KNOBS: [(&str, &[f32]); 3] =
    [("rate", &[0.1, 1.0, 3.0]), ("radius", &[0.03, 0.1]), ("loss scale", &[3.0, 10.0])];
const LAGGED: AnyFootpoint = AnyFootpoint::LaggedContact(LaggedContact);
const REFRESHED: AnyFootpoint = AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 });

/// The form of the ball that the others are compared with.
pub const DEFAULT_BALL: &str = "ball, lagged, arc length";

/// Rate, radius and loss scale of [`RollingBallConfig::fine_tuning`].
pub const PRESET: Settings = [1.0, 0.03, 3.0];

/// Each is tried with as many settings.
pub const METHODS: [Method; 15] = [
    Method {
        name: "SGD",
        cost: 1.0,
        knobs: [RATES, NONE, NONE],
        make: |[rate, ..], length| boxed(length.parameters, descent(rate, length)),
    },
    Method {
        name: "SGD, clipped",
        cost: 1.0,
        knobs: [("rate", &[0.1, 0.3, 1.0, 3.0]), ("clip norm", &[0.1, 0.3, 1.0]), NONE],
        make: |[rate, norm, _], length| clipped(length.parameters, descent(rate, length), norm),
    },
    Method {
        name: "SGD, Armijo",
        cost: 1.4,
        knobs: [("decrease", &[1e-4, 0.01, 0.1, 0.3]), ("growth", &[1.2, 1.5, 2.0]), NONE],
        make: |[decrease, growth, _], length| {
            let armijo = Armijo { decrease, growth, ..Armijo::default() };
            let config = SgdConfig {
                learning_rate: 0.1.into(),
                line_search: Some(armijo),
                ..SgdConfig::default()
            };
            boxed(length.parameters, config)
        },
    },
    Method {
        name: "momentum 0.9",
        cost: 1.0,
        knobs: [RATES, NONE, NONE],
        make: |[rate, ..], length| {
            boxed(length.parameters, SgdConfig { momentum: 0.9, ..descent(rate, length) })
        },
    },
    Method {
        name: "Adam",
        cost: 1.0,
        knobs: [ADAM_RATES, NONE, NONE],
        make: |[rate, ..], length| boxed(length.parameters, adaptive(rate, length)),
    },
    Method {
        name: "Adam, clipped",
        cost: 1.0,
        knobs: [("rate", &[0.001, 0.003, 0.01, 0.03]), ("clip norm", &[0.1, 0.3, 1.0]), NONE],
        make: |[rate, norm, _], length| clipped(length.parameters, adaptive(rate, length), norm),
    },
    Method {
        name: "SAM",
        cost: 2.0,
        knobs: [("rate", &[0.03, 0.1, 0.3, 1.0]), ("radius", &[0.02, 0.05, 0.2]), NONE],
        make: |[rate, radius, _], length| {
            let config = SamConfig {
                learning_rate: shrinking(rate, length),
                radius: radius.into(),
                roll_back: false,
            };
            boxed(length.parameters, config)
        },
    },
    Method {
        name: "Entropy-SGD, 5 moves",
        cost: 5.0,
        knobs: [("rate", &[0.03, 0.1, 0.3, 1.0]), ("pull", &[1e-4, 0.01, 0.3]), NONE],
        make: |[rate, pull, _], length| {
            let config = EntropySgdConfig {
                walk_rate: shrinking(rate, length),
                moves: 5,
                pull: pull.into(),
                roll_back: false,
                ..EntropySgdConfig::default()
            };
            boxed(length.parameters, config)
        },
    },
    Method {
        name: DEFAULT_BALL,
        cost: 1.0,
        knobs: ARC_KNOBS,
        make: |settings, length| {
            rolling(settings, length, LAGGED, AnyCentreStep::ArcLength(ArcLength))
        },
    },
    Method {
        name: "ball, lagged, plain step",
        cost: 1.0,
        knobs: [("rate", &[0.01, 0.03, 0.1, 0.3]), RADII, NONE],
        make: |[rate, radius, _], length| {
            rolling([rate, radius, 1.0], length, LAGGED, AnyCentreStep::Plain(Plain))
        },
    },
    Method {
        name: "ball, lagged, Armijo",
        cost: 1.4,
        knobs: [RADII, ("loss scale", &[1.0, 3.0]), ("growth", &[1.5, 2.0])],
        make: |[radius, scale, growth], length| {
            let armijo = Armijo { growth, ..Armijo::default() };
            rolling([0.1, radius, scale], length, LAGGED, AnyCentreStep::Armijo(armijo))
        },
    },
    Method {
        name: "ball, refreshed, arc length",
        cost: 2.0,
        knobs: ARC_KNOBS,
        make: |settings, length| {
            rolling(settings, length, REFRESHED, AnyCentreStep::ArcLength(ArcLength))
        },
    },
    Method {
        name: "ball, nearest point, arc length",
        cost: 4.0,
        knobs: ARC_KNOBS,
        make: |settings, length| {
            let footpoint =
                AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 8, tolerance: 1e-2 });
            rolling(settings, length, footpoint, AnyCentreStep::ArcLength(ArcLength))
        },
    },
    Method {
        name: "ball, paper's projection, K 10",
        cost: 11.0,
        knobs: [
            ("rate", &[0.1, 0.3, 1.0]),
            ("radius", &[0.1, 1.0]),
            ("projection step", &[0.01, 0.1]),
        ],
        make: |[rate, radius, step], length| {
            let footpoint = AnyFootpoint::GradientDescent(GradientDescent { step, iterations: 10 });
            rolling([rate, radius, 1.0], length, footpoint, AnyCentreStep::Plain(Plain))
        },
    },
    Method {
        name: "ball, highest of 8 probes",
        cost: 4.0,
        knobs: [("rate", &[0.01, 0.03, 0.1, 0.3]), RADII, NONE],
        make: |[rate, radius, _], length| {
            let rate = shrinking(rate, length);
            Ok(Box::new(HighestContact::new(length.parameters, radius, rate, 8)))
        },
    },
];

/// What users get who set nothing, or the number of steps only.
const AS_SHIPPED: [Method; 6] = [
    Method {
        name: "SGD",
        cost: 1.3,
        knobs: [NONE; 3],
        make: |_, length| boxed(length.parameters, SgdConfig::default()),
    },
    Method {
        name: "Adam",
        cost: 1.3,
        knobs: [NONE; 3],
        make: |_, length| boxed(length.parameters, AdamConfig::default()),
    },
    Method {
        name: "SAM",
        cost: 2.3,
        knobs: [NONE; 3],
        make: |_, length| boxed(length.parameters, SamConfig::default()),
    },
    Method {
        name: "Entropy-SGD",
        cost: 20.3,
        knobs: [NONE; 3],
        make: |_, length| boxed(length.parameters, EntropySgdConfig::default()),
    },
    Method {
        name: "ball, `default()`",
        cost: 1.3,
        knobs: [NONE; 3],
        make: |_, length| boxed(length.parameters, RollingBallConfig::default().into_any()),
    },
    Method {
        name: "ball, `fine_tuning(steps)`",
        cost: 1.3,
        knobs: [NONE; 3],
        make: |_, length| {
            boxed(length.parameters, RollingBallConfig::fine_tuning(length.steps).into_any())
        },
    },
];

/// Optimizers that find their rate by themselves, as the library ships them.
const WITHOUT_A_RATE: [Method; 3] = [
    Method {
        name: "SGD, Armijo",
        cost: 1.4,
        knobs: [NONE; 3],
        make: |_, length| {
            let line_search = Some(Armijo::default());
            boxed(length.parameters, SgdConfig { line_search, ..SgdConfig::default() })
        },
    },
    Method {
        name: "DoG",
        cost: 1.3,
        knobs: [NONE; 3],
        make: |_, length| boxed(length.parameters, DogConfig::default()),
    },
    Method {
        name: "Prodigy",
        cost: 1.3,
        knobs: [NONE; 3],
        make: |_, length| boxed(length.parameters, ProdigyConfig::default()),
    },
];

/// The methods, with their settings, then each as it is shipped.
pub fn every_method() -> Vec<&'static Method> {
    METHODS.iter().chain(as_shipped()).collect()
}

/// What needs no choice.
pub fn as_shipped() -> impl Iterator<Item = &'static Method> {
    AS_SHIPPED.iter().chain(&WITHOUT_A_RATE)
}

fn shrinking(from: f32, length: Length) -> Schedule {
    Schedule::Cosine { from, to: 0.0, steps: length.steps }
}

fn descent(rate: f32, length: Length) -> SgdConfig {
    SgdConfig { learning_rate: shrinking(rate, length), roll_back: false, ..SgdConfig::default() }
}

fn adaptive(rate: f32, length: Length) -> AdamConfig {
    AdamConfig { learning_rate: shrinking(rate, length), roll_back: false, ..AdamConfig::default() }
}

fn rolling(
    [rate, radius, loss_scale]: Settings,
    length: Length,
    footpoint: AnyFootpoint,
    centre_step: AnyCentreStep,
) -> Boxed {
    let config = RollingBallConfig {
        radius: shrinking(radius, length),
        learning_rate: shrinking(rate, length),
        loss_scale,
        footpoint,
        centre_step,
        roll_back: false,
    };
    boxed(length.parameters, config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_tried_with_twelve_settings_that_it_accepts() {
        let length = Length { parameters: 3, steps: 10 };
        for method in &METHODS {
            assert_eq!(method.grid().len(), 12, "{}", method.name);
            for settings in method.grid() {
                assert!((method.make)(settings, length).is_ok(), "{} {settings:?}", method.name);
            }
        }
    }

    #[test]
    fn the_presets_settings_are_among_those_of_the_default_ball() {
        let [rate, radius, scale] = PRESET;
        let preset = RollingBallConfig::fine_tuning(10);
        assert_eq!([preset.learning_rate.at(0), preset.radius.at(0)], [rate, radius]);
        assert_eq!(preset.loss_scale, scale);
        let ball = METHODS.iter().find(|method| method.name == DEFAULT_BALL);
        assert!(ball.is_some_and(|ball| ball.grid().contains(&PRESET)));
    }

    #[test]
    fn settings_are_told_by_their_names() {
        let words = METHODS[1].settings([0.3, 0.1, 0.0]);
        assert_eq!(words, "rate 0.3, clip norm 0.1");
    }
}

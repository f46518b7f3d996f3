//! What is compared on wrinkled losses, and the settings that each is tried with.

use super::problems::Problem;
use rolling_ball::{
    AdamConfig, AnyCentreStep, AnyFootpoint, AnyRollingBallConfig, ArcLength, EntropySgdConfig,
    LaggedContact, Plain, RefreshedContact, RollingBallConfig, SamConfig, Schedule, SgdConfig,
    ZerothOrderBallConfig,
};
use workbench::optimizers::{Boxed, boxed};

/// Every method tries as many settings: so many rates, and so many of its other scale; a method
/// without one tries finer rates.
pub const RATES: usize = 6;
pub const SCALES: usize = 4;

/// Settings of one run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub rate: f32,
    /// A radius, a perturbation or a deviation.
    pub scale: f32,
    /// Whether both go down to nothing by a half cosine.
    pub decays: bool,
    /// Steps that the evaluations pay for.
    pub steps: u32,
}

impl Settings {
    pub fn schedule(self, value: f32) -> Schedule {
        if self.decays {
            Schedule::Cosine { from: value, to: 0.0, steps: self.steps }
        } else {
            value.into()
        }
    }

    fn descent(self) -> SgdConfig {
        SgdConfig {
            learning_rate: self.schedule(self.rate),
            roll_back: false,
            ..SgdConfig::default()
        }
    }

    fn rolling(self, footpoint: AnyFootpoint, centre_step: AnyCentreStep) -> AnyRollingBallConfig {
        RollingBallConfig {
            radius: self.schedule(self.scale),
            learning_rate: self.schedule(self.rate),
            loss_scale: 1.0,
            footpoint,
            centre_step,
            roll_back: false,
        }
    }
}

/// How a method is made.
pub struct Method {
    pub name: &'static str,
    /// What a step costs in losses, of which a gradient is three.
    cost: u32,
    /// Rates from this one up, each the same times the one before, and the last: on a bowl.
    rates: (f32, f32),
    /// The same for its other scale, where it has one.
    scales: Option<(f32, f32)>,
    /// Whether its rate is a part of its radius, whatever the problem's units are.
    rate_in_radii: bool,
    pub make: fn(usize, Settings) -> Boxed,
    /// Whether gradients are taken at a random point that far away.
    pub smooths: bool,
}

const LOSSES_OF_A_GRADIENT: u32 = 3;
const RADII: Option<(f32, f32)> = Some((0.03, 3.0));
const LAGGED: AnyFootpoint = AnyFootpoint::LaggedContact(LaggedContact);
const REFRESHED: AnyFootpoint = AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 });

/// What follows gradients.
pub const METHODS: [Method; 9] = [
    Method {
        name: "SGD",
        cost: 3,
        rates: (0.001, 0.2),
        scales: None,
        rate_in_radii: false,
        make: |n, settings| boxed(n, settings.descent()),
        smooths: false,
    },
    Method {
        name: "momentum 0.9",
        cost: 3,
        rates: (0.0001, 0.05),
        scales: None,
        rate_in_radii: false,
        make: |n, settings| boxed(n, SgdConfig { momentum: 0.9, ..settings.descent() }),
        smooths: false,
    },
    Method {
        name: "Adam",
        cost: 3,
        rates: (0.003, 1.0),
        scales: None,
        rate_in_radii: false,
        make: |n, settings| {
            let learning_rate = settings.schedule(settings.rate);
            boxed(n, AdamConfig { learning_rate, roll_back: false, ..AdamConfig::default() })
        },
        smooths: false,
    },
    Method {
        name: "SAM",
        cost: 6,
        rates: (0.003, 0.2),
        scales: Some((0.01, 1.0)),
        rate_in_radii: false,
        make: |n, settings| {
            let config = SamConfig {
                learning_rate: settings.schedule(settings.rate),
                radius: settings.schedule(settings.scale),
                roll_back: false,
            };
            boxed(n, config)
        },
        smooths: false,
    },
    Method {
        name: "Entropy-SGD, 5 moves",
        cost: 15,
        rates: (0.003, 0.2),
        scales: Some((0.01, 10.0)),
        rate_in_radii: false,
        make: |n, settings| {
            let config = EntropySgdConfig {
                walk_rate: settings.schedule(settings.rate),
                moves: 5,
                pull: settings.scale.into(),
                roll_back: false,
                ..EntropySgdConfig::default()
            };
            boxed(n, config)
        },
        smooths: false,
    },
    Method {
        name: "random smoothing",
        cost: 3,
        rates: (0.003, 0.2),
        scales: Some((0.01, 1.0)),
        rate_in_radii: false,
        make: |n, settings| boxed(n, settings.descent()),
        smooths: true,
    },
    Method {
        name: "ball, lagged contact",
        cost: 3,
        rates: (0.003, 0.2),
        scales: RADII,
        rate_in_radii: false,
        make: |n, settings| boxed(n, settings.rolling(LAGGED, AnyCentreStep::Plain(Plain))),
        smooths: false,
    },
    Method {
        name: "ball, refreshed contact",
        cost: 6,
        rates: (0.003, 0.2),
        scales: RADII,
        rate_in_radii: false,
        make: |n, settings| boxed(n, settings.rolling(REFRESHED, AnyCentreStep::Plain(Plain))),
        smooths: false,
    },
    Method {
        name: "ball, lagged, arc length",
        cost: 3,
        rates: (0.003, 0.2),
        scales: RADII,
        rate_in_radii: false,
        make: |n, settings| boxed(n, settings.rolling(LAGGED, AnyCentreStep::ArcLength(ArcLength))),
        smooths: false,
    },
];

/// What asks for no gradient.
pub const LOSSES_ONLY: Method = Method {
    name: "ball, losses only",
    cost: 2,
    rates: (0.02, 0.5),
    scales: Some((0.3, 10.0)),
    rate_in_radii: true,
    make: |parameters, settings| {
        let config = ZerothOrderBallConfig {
            parameters,
            radius: settings.schedule(settings.scale),
            learning_rate: settings.schedule(settings.rate),
            seed: 1,
        };
        boxed(parameters, config)
    },
    smooths: false,
};

/// All that is compared.
pub fn all() -> impl Iterator<Item = &'static Method> {
    METHODS.iter().chain([&LOSSES_ONLY])
}

/// Values from the first to the last in equal ratios.
pub fn ladder((first, last): (f32, f32), count: usize) -> impl Iterator<Item = f32> {
    let ratio = (last / first).powf(1.0 / (count.max(2) - 1) as f32);
    (0..count).map(move |index| first * ratio.powi(index as i32))
}

impl Method {
    /// All that it tries on a problem.
    pub fn settings(&self, problem: &Problem, gradients: u32, decays: bool) -> Vec<Settings> {
        self.settings_in(problem.units(), gradients, decays)
    }

    /// The same with what rates and scales are multiplied by.
    pub fn settings_in(
        &self,
        (by_rate, by_scale): (f32, f32),
        gradients: u32,
        decays: bool,
    ) -> Vec<Settings> {
        let steps = LOSSES_OF_A_GRADIENT * gradients / self.cost;
        let by_rate = if self.rate_in_radii { 1.0 } else { by_rate };
        let settings = |rate: f32, scale: f32| Settings {
            rate: by_rate * rate,
            scale: by_scale * scale,
            decays,
            steps,
        };
        match self.scales {
            None => ladder(self.rates, RATES * SCALES).map(|rate| settings(rate, 0.0)).collect(),
            Some(scales) => ladder(self.rates, RATES)
                .flat_map(|rate| ladder(scales, SCALES).map(move |scale| settings(rate, scale)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wrinkles::problems::BOWLS;

    #[test]
    fn every_method_tries_as_many_settings() {
        for method in all() {
            let tried = method.settings(&BOWLS[0], 300, true).len();
            assert_eq!(tried, RATES * SCALES, "{}", method.name);
        }
    }

    #[test]
    fn ladders_go_from_the_first_to_the_last_in_equal_ratios() {
        let rungs: Vec<f32> = ladder((0.01, 10.0), 4).collect();
        for (rung, expected) in rungs.iter().zip([0.01, 0.1, 1.0, 10.0]) {
            assert!((rung / expected - 1.0).abs() < 1e-5, "{rungs:?}");
        }
    }
}

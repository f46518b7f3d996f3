//! The gains of a controller that positions a stage with friction, seen by a sensor in steps.

use super::{Job, end};
use crate::losses_only::families::{Problem, differences};
use crate::losses_only::methods::Budget;
use crate::picture::{Chart, Mark, Series};
use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::{Error, Objective};
use std::f64::consts::PI;

/// Between two readings, in seconds.
const PERIOD: f64 = 1e-3;
/// Steps of the simulation between two readings.
const SUBSTEPS: u32 = 2;
/// How long it has for a move, in readings.
const READINGS: u32 = 500;
/// A step of the sensor, in millimetres.
const COUNT: f64 = 0.01;
/// The most force, in millinewtons, which move a kilogram by as many mm/s^2.
const STRONGEST: f64 = 20_000.0;

/// A stage that is pushed.
#[derive(Clone, Copy, Debug)]
struct Stage {
    /// Kilograms.
    mass: f64,
    /// Of the force behind what is asked for, in seconds.
    lag: f64,
    /// Of dry friction, moving and at rest, in millinewtons.
    sliding: f64,
    sticking: f64,
    /// In millinewtons at a speed of 1 mm/s.
    viscous: f64,
}

/// The speed at which friction has fallen from sticking to sliding, in mm/s.
const STRIBECK: f64 = 5.0;

/// What it is supposed to be.
const USUAL: Stage =
    Stage { mass: 1.0, lag: 2e-3, sliding: 1_000.0, sticking: 1_600.0, viscous: 5.0 };

/// Where a stage is and what pushes it.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    place: f64,
    speed: f64,
    force: f64,
}

impl Stage {
    /// One period with a force asked for.
    fn go_on(&self, state: &mut State, asked: f64) {
        let time = PERIOD / f64::from(SUBSTEPS);
        for _ in 0..SUBSTEPS {
            state.force += (asked - state.force) * (time / self.lag).min(1.0);
            let moved = if state.speed == 0.0 {
                if state.force.abs() <= self.sticking {
                    continue;
                }
                (state.force - self.sticking.copysign(state.force)) / self.mass * time
            } else {
                let stribeck = (-(state.speed / STRIBECK).powi(2)).exp();
                let dry = self.sliding + (self.sticking - self.sliding) * stribeck;
                let friction = dry.copysign(state.speed) + self.viscous * state.speed;
                state.speed + (state.force - friction) / self.mass * time
            };
            // What turns round comes to rest first.
            state.speed = if moved * state.speed < 0.0 { 0.0 } else { moved };
            state.place += state.speed * time;
        }
    }
}

fn read(place: f64) -> f64 {
    (place / COUNT).round() * COUNT
}

/// A PID controller.
#[derive(Clone, Copy, Debug)]
struct Gains {
    proportional: f64,
    integral: f64,
    derivative: f64,
    /// Of what smooths the derivative, in seconds.
    filter: f64,
}

impl Gains {
    /// Those for the usual stage at 10 Hz, times powers of ten.
    fn of(theta: &[f32]) -> Self {
        let times = |index: usize| 10_f64.powf(f64::from(theta[index]));
        let frequency = 2.0 * PI * 10.0;
        let proportional = USUAL.mass * frequency * frequency;
        Self {
            proportional: times(0) * proportional,
            integral: times(1) * proportional * frequency / 5.0,
            derivative: times(2) * 1.4 * USUAL.mass * frequency,
            filter: times(3) * 2e-3,
        }
    }

    fn theta(self) -> Vec<f32> {
        let middle = Self::of(&[0.0; 4]);
        let times = [
            self.proportional / middle.proportional,
            self.integral / middle.integral,
            self.derivative / middle.derivative,
            self.filter / middle.filter,
        ];
        times.map(|times| times.log10() as f32).to_vec()
    }
}

/// Where a stage is after each reading, in moves to these places, and what that costs: the mean
/// distance from where it should be, in parts of the move, and the mean change of the force, in
/// parts of the strongest.
fn respond(stage: &Stage, gains: Gains, targets: &[f64], mut tell: impl FnMut(f64, f64)) -> f64 {
    let mut state = State::default();
    let (mut integral, mut derivative, mut last, mut asked) = (0.0, 0.0, 0.0, 0.0);
    let (mut cost, mut before) = (0.0, 0.0);
    for target in targets {
        let length = (target - before).abs();
        before = *target;
        for _ in 0..READINGS {
            let reading = read(state.place);
            let off = target - reading;
            derivative +=
                ((reading - last) / PERIOD - derivative) * PERIOD / (gains.filter + PERIOD);
            last = reading;
            let force = gains.proportional * off + integral - gains.derivative * derivative;
            let limited = force.clamp(-STRONGEST, STRONGEST);
            // The integral waits while the force is at its limit.
            if force == limited {
                integral += gains.integral * off * PERIOD;
            }
            cost += (off.abs() / length).min(2.0) + (limited - asked).abs() / STRONGEST;
            asked = limited;
            stage.go_on(&mut state, asked);
            tell(*target, state.place);
        }
    }
    cost / f64::from(READINGS) / targets.len() as f64
}

/// What it is tuned on: a long move, and a short one back.
const TUNED: [f64; 2] = [10.0, 9.0];
/// What it is judged by.
const JUDGED: [f64; 4] = [4.0, 12.0, 11.5, 3.0];

#[derive(Clone)]
pub struct Controller {
    stage: Stage,
}

/// A rule for a controller: parts of the gain and of the period at which a loop oscillates, the
/// latter for the integral and for the derivative.
type Rule = (f64, f64, f64);

const ZIEGLER_NICHOLS: Rule = (0.6, 0.5, 0.125);

impl Controller {
    /// What a rule makes of the oscillation under a relay, in an experiment of a second.
    fn by_relay(&self, (gain, integral, derivative): Rule) -> Gains {
        const RELAY: f64 = STRONGEST / 4.0;
        let mut state = State::default();
        let (mut up, mut risen, mut highest) = (true, Vec::new(), 0.0_f64);
        for index in 0..2 * READINGS {
            let off = 1.0 - read(state.place);
            // With a hysteresis of two counts.
            if off.abs() > 2.0 * COUNT && (off > 0.0) != up {
                up = !up;
                if up {
                    risen.push(index);
                }
            }
            if index > READINGS {
                highest = highest.max(off.abs());
            }
            self.stage.go_on(&mut state, if up { RELAY } else { -RELAY });
        }
        let period = match *risen {
            [.., before, last] => f64::from(last - before) * PERIOD,
            _ => f64::from(READINGS) * PERIOD,
        };
        let proportional = gain * 4.0 * RELAY / (PI * highest.max(COUNT));
        Gains {
            proportional,
            integral: proportional / (integral * period),
            derivative: proportional * derivative * period,
            filter: 0.1 * derivative * period,
        }
    }
}

impl Objective for Controller {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(respond(&self.stage, Gains::of(theta), &TUNED, |_, _| ()) as f32)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        differences(self, theta, 0.03, gradient)
    }
}

impl Problem for Controller {
    /// The cost of other moves.
    fn left(&mut self, theta: &[f32]) -> f64 {
        respond(&self.stage, Gains::of(theta), &JUDGED, |_, _| ())
    }
}

impl Job for Controller {
    const NAME: &'static str = "controller, cost";
    const PARAMETERS: usize = 4;
    const BUDGET: Budget = Budget { losses: 200, gradient: 9, units: (30.0, 0.5) };
    const SOLVED: f64 = 0.1;

    fn of(seed: u64) -> Self {
        let mut random = Rand32::new(seed);
        let mut times = |most: f64| most.powf(2.0 * f64::from(random.rand_float()) - 1.0);
        let sliding = USUAL.sliding * times(3.0);
        let stage = Stage {
            mass: USUAL.mass * times(3.0),
            lag: USUAL.lag * times(2.0),
            sliding,
            sticking: sliding * 1.6 * times(1.25),
            viscous: USUAL.viscous * times(3.0),
        };
        Self { stage }
    }

    /// The best of four rules for what a relay says.
    fn usual_tool(&self) -> Vec<f32> {
        // Ziegler-Nichols, some overshoot, no overshoot, Tyreus-Luyben.
        let rules = [ZIEGLER_NICHOLS, (0.33, 0.5, 0.33), (0.2, 0.5, 0.33), (0.45, 2.2, 0.16)];
        let gains = rules.map(|rule| self.by_relay(rule));
        let cost = |gains: &Gains| respond(&self.stage, *gains, &TUNED, |_, _| ());
        let best = gains.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
        best.map_or(vec![0.0; 4], Gains::theta)
    }

    fn other_tool(&self) -> Vec<f32> {
        self.by_relay(ZIEGLER_NICHOLS).theta()
    }

    fn about() -> String {
        format!(
            "### A controller's gains\n\nThe gains of a PID controller and the time of its \
             filter, each within a power of ten of what suits the usual stage. A stage is \
             positioned by a force with a limit, a thousand times a second, by a sensor with steps \
             of {COUNT} mm. Its mass and its friction, which sticks (Stribeck), may be three times \
             as large or as small as usual, and the lag of the force twice. The loss is one \
             experiment: a long move and a short one back, in a second; {} of them. It is the mean \
             distance from where the stage should be, in parts of a move, and the mean change of \
             the force, in parts of the limit. The error is the same of four other moves, good \
             enough below {}. The usual tool is a relay's experiment (Astrom and Hagglund) and the \
             best of four rules for what it says; the other one is the rule of Ziegler and Nichols \
             alone. Below are the moves that it is judged by.\n\n![With the ball's gains the stage \
             overshoots less than with the relay's, and creeps less than with those of the usual \
             stage](losses_only_controller.svg)",
            Self::BUDGET.losses,
            Self::SOLVED
        )
    }

    /// The moves that it is judged by, with three controllers.
    fn picture(&self, seed: u64) -> Result<Option<(&'static str, Vec<u8>)>> {
        /// Readings from one point to the next.
        const EACH: usize = 4;
        let mut targets = Vec::new();
        let mut response = |label: &str, theta: &[f32], colour| {
            let mut points = Vec::new();
            targets.clear();
            respond(&self.stage, Gains::of(theta), &JUDGED, |target, place| {
                let time = PERIOD * (points.len() + 1) as f64;
                points.push((time, place));
                targets.push((time, target));
            });
            let points = points.into_iter().step_by(EACH).collect();
            Series { label: label.to_owned(), points, mark: Mark::Line, colour }
        };
        let mut series = vec![
            response("usual stage's gains", &[0.0; 4], 4),
            response("relay's gains", &self.usual_tool(), 1),
            response("ball's gains", &end(self, seed)?, 0),
        ];
        let points = targets.into_iter().step_by(EACH).collect();
        let label = "where it should be".to_owned();
        series.insert(0, Series { label, points, mark: Mark::Line, colour: 6 });
        let chart = Chart {
            title: "A stage with friction",
            x: "seconds",
            y: "millimetres",
            series,
            logarithmic: (false, false),
        };
        Ok(Some(("losses_only_controller.svg", chart.draw()?.into_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_moves_where_the_force_is_more_than_what_it_sticks_with() {
        let moved = |force: f64| {
            let mut state = State::default();
            (0..100).for_each(|_| USUAL.go_on(&mut state, force));
            state.place
        };
        assert_eq!(moved(0.99 * USUAL.sticking), 0.0);
        assert!(moved(1.01 * USUAL.sticking) > 0.0);
        assert!(moved(-1.01 * USUAL.sticking) < 0.0);
    }

    #[test]
    fn a_stage_that_is_no_longer_pushed_comes_to_rest() {
        let mut state = State { speed: -20.0, ..State::default() };
        (0..200).for_each(|_| USUAL.go_on(&mut state, 0.0));
        assert_eq!(state.speed, 0.0);
        assert!(state.place < 0.0);
    }

    #[test]
    fn gains_are_found_again_from_theta() {
        let theta = [0.5, -0.25, 1.0, -1.0];
        for (found, expected) in Gains::of(&theta).theta().iter().zip(theta) {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }

    #[test]
    fn the_relays_gains_bring_most_stages_to_their_places() {
        let near = (0..10).filter(|seed| {
            let job = Controller::of(*seed);
            let mut off = f64::NAN;
            respond(&job.stage, Gains::of(&job.usual_tool()), &JUDGED, |target, place| {
                off = (target - place).abs();
            });
            off < 0.3
        });
        assert!(near.count() >= 8);
    }
}

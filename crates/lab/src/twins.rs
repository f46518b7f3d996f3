//! Two starts beside each other among many wells: do they end together?

use super::highest_contact::HighestContact;
use super::picture::{Map, Mark, Series};
use super::report::{Part, Section};
use super::wells::{ExactBall, plane, scattered};
use anyhow::Result;
use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;
use rolling_ball::landscapes::GaussianWells;
use rolling_ball::probe::Grid;
use rolling_ball::{
    AdamConfig, AnyCentreStep, AnyFootpoint, GaussNewton, GradientDescent, LaggedContact,
    Optimizer, Plain, RefreshedContact, RollingBallConfig, SamConfig, Schedule, SgdConfig,
    ZerothOrderBallConfig, step,
};
use workbench::optimizers::{Boxed, boxed};
use workbench::progress;
use workbench::statistics::median;

/// The paper's Gaussian wells: two starts beside each other, and how far apart each optimizer ends
#[derive(Args, Clone, Debug)]
pub struct TwinsArgs {
    /// Landscapes, each with other wells
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    landscapes: u64,
    /// Wells of a landscape
    #[arg(long, default_value_t = 1000)]
    wells: u32,
    /// Their width
    #[arg(long, default_value_t = 0.1)]
    width: f32,
    /// Radius of the balls
    #[arg(long, default_value_t = 2.0)]
    radius: f32,
    /// Gradient evaluations of each run
    #[arg(long, default_value_t = 2000)]
    gradients: u32,
}

const STARTS: [[f32; 2]; 2] = [[2.0, 0.0], [2.0, 0.1]];
/// Ends closer than this are the same.
const TOGETHER: f32 = 0.05;
/// The learning rates that are tried.
const RATES: [f32; 4] = [0.001, 0.01, 0.1, 0.3];
/// Radius within which SAM looks.
const SAM_RADIUS: f32 = 0.1;

/// A rate that goes down to nothing in so many steps.
#[derive(Clone, Copy, Debug)]
struct Rate {
    from: f32,
    steps: u32,
}

impl Rate {
    fn schedule(self) -> Schedule {
        Schedule::Cosine { from: self.from, to: 0.0, steps: self.steps }
    }
}

/// An optimizer of the table.
struct Kind {
    name: &'static str,
    /// Gradient evaluations of a step, about.
    cost: f32,
    build: fn(&TwinsArgs, Rate) -> Boxed,
}

/// The kind that takes no rate.
const LOSSES_ONLY: &str = "ball, losses only, shrinking";

const KINDS: [Kind; 12] = [
    Kind { name: "SGD", cost: 1.0, build: |_, rate| sgd(rate, 0.0) },
    Kind { name: "momentum 0.9", cost: 1.0, build: |_, rate| sgd(rate, 0.9) },
    Kind { name: "Adam", cost: 1.0, build: adam },
    Kind { name: "SAM", cost: 2.0, build: sam },
    Kind {
        name: "ball, lagged contact",
        cost: 1.0,
        build: |args, rate| ball(args, rate, AnyFootpoint::LaggedContact(LaggedContact)),
    },
    Kind {
        name: "ball, refreshed contact",
        cost: 2.0,
        build: |args, rate| {
            ball(args, rate, AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 }))
        },
    },
    Kind {
        name: "ball, Gauss-Newton",
        cost: 8.0,
        build: |args, rate| {
            ball(
                args,
                rate,
                AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 20, tolerance: 1e-4 }),
            )
        },
    },
    Kind {
        name: "ball, paper's projection, K 20, step 0.01",
        cost: 20.0,
        build: |args, rate| {
            ball(
                args,
                rate,
                AnyFootpoint::GradientDescent(GradientDescent { step: 0.01, iterations: 20 }),
            )
        },
    },
    Kind {
        name: "ball, paper's projection, K 100, step 0.001",
        cost: 100.0,
        build: |args, rate| {
            ball(
                args,
                rate,
                AnyFootpoint::GradientDescent(GradientDescent { step: 0.001, iterations: 100 }),
            )
        },
    },
    Kind { name: LOSSES_ONLY, cost: 2.0 / 3.0, build: losses_only },
    Kind {
        name: "ball, highest of 8 probes",
        cost: 4.0,
        build: |args, rate| highest(args, rate, 8),
    },
    Kind {
        name: "ball, highest of 64 probes",
        cost: 1.0 + 65.0 / 3.0,
        build: |args, rate| highest(args, rate, 64),
    },
];

fn sgd(rate: Rate, momentum: f32) -> Boxed {
    let learning_rate = rate.schedule();
    let config = SgdConfig { learning_rate, momentum, roll_back: false, ..SgdConfig::default() };
    boxed(2, config)
}

fn adam(_: &TwinsArgs, rate: Rate) -> Boxed {
    let learning_rate = rate.schedule();
    let config = AdamConfig { learning_rate, roll_back: false, ..AdamConfig::default() };
    boxed(2, config)
}

fn sam(_: &TwinsArgs, rate: Rate) -> Boxed {
    let learning_rate = rate.schedule();
    let config = SamConfig { learning_rate, radius: SAM_RADIUS.into(), roll_back: false };
    boxed(2, config)
}

fn ball(args: &TwinsArgs, rate: Rate, footpoint: AnyFootpoint) -> Boxed {
    let config = RollingBallConfig {
        radius: args.radius.into(),
        learning_rate: rate.schedule(),
        loss_scale: 1.0,
        footpoint,
        centre_step: AnyCentreStep::Plain(Plain),
        roll_back: false,
    };
    boxed(2, config)
}

/// Its rate is its own, and its radius shrinks.
fn losses_only(args: &TwinsArgs, rate: Rate) -> Boxed {
    boxed(2, ZerothOrderBallConfig::shrinking(args.radius, 2, rate.steps))
}

fn highest(args: &TwinsArgs, rate: Rate, probes: u32) -> Boxed {
    let ball = HighestContact::new(2, args.radius, rate.schedule(), probes);
    Ok(Box::new(ball))
}

/// Where the centre went from a start until the evaluations were used up, and where theta was then.
fn path(
    subject: &mut dyn Optimizer,
    wells: &mut GaussianWells<2>,
    start: [f32; 2],
    gradients: u32,
) -> (Vec<[f32; 2]>, [f32; 2]) {
    let (mut theta, mut path, mut spent) = (start, vec![start], 0.0);
    while spent < gradients as f32 {
        let Ok(report) = step(subject, wells, &mut theta) else { break };
        spent += report.evaluations.cost();
        let Ok(centre) = subject.centre(&theta) else { break };
        path.push(centre.first_chunk().copied().unwrap_or(theta));
    }
    (path, theta)
}

/// What both starts came to on a landscape.
#[derive(Clone, Copy, Debug)]
struct Ends {
    centres: [[f32; 2]; 2],
    thetas: [[f32; 2]; 2],
}

/// What both starts came to on every landscape.
struct Outcome {
    name: &'static str,
    /// None of the exact ball, and of the one that has its own.
    rate: Option<f32>,
    ends: Vec<Ends>,
}

impl Outcome {
    /// The centres from each other.
    fn apart(&self) -> Vec<f32> {
        self.ends
            .iter()
            .map(|Ends { centres: [first, second], .. }| distance(*first, *second))
            .collect()
    }

    fn together(&self) -> f64 {
        part(&self.apart())
    }

    fn thetas_together(&self) -> f64 {
        let apart = self.ends.iter().map(|ends| distance(ends.thetas[0], ends.thetas[1]));
        part(&apart.collect::<Vec<_>>())
    }

    /// The centres from the bottom of the bowl.
    fn bottom_distances(&self) -> Vec<f32> {
        self.ends.iter().flat_map(|ends| ends.centres.map(|end| distance(end, [0.0; 2]))).collect()
    }
}

/// The part of these distances that are as good as none.
fn part(apart: &[f32]) -> f64 {
    let together = apart.iter().filter(|apart| **apart < TOGETHER).count();
    together as f64 / apart.len().max(1) as f64
}

fn distance([a, b]: [f32; 2], [c, d]: [f32; 2]) -> f32 {
    ((a - c).powi(2) + (b - d).powi(2)).sqrt()
}

/// The distance between neighbours on the exact ball's grid.
const SPACING: f32 = 0.05;

/// One optimizer on every landscape.
fn outcome(args: &TwinsArgs, kind: &Kind, from: f32, bar: &ProgressBar) -> Result<Outcome> {
    let rate = Rate { from, steps: (args.gradients as f32 / kind.cost) as u32 };
    let ends = (0..args.landscapes).into_par_iter().map(|seed| {
        let minima = scattered(args.wells, seed);
        let mut wells = GaussianWells { minima: &minima, width: args.width };
        let mut ends = Ends { centres: STARTS, thetas: STARTS };
        let places = ends.centres.iter_mut().zip(&mut ends.thetas);
        for (start, (centre, theta)) in STARTS.into_iter().zip(places) {
            let mut subject = (kind.build)(args, rate)?;
            let (path, end) = path(&mut *subject, &mut wells, start, args.gradients);
            *centre = path.last().copied().unwrap_or(start);
            *theta = end;
        }
        bar.inc(1);
        Ok(ends)
    });
    Ok(Outcome { name: kind.name, rate: Some(from), ends: ends.collect::<Result<_>>()? })
}

/// Runs the experiment.
pub fn run(args: &TwinsArgs) -> Result<Section> {
    let bar = progress::bar("rolling twins", "runs");
    bar.set_length(args.landscapes * (KINDS.len() * RATES.len()) as u64);
    let mut outcomes = Vec::new();
    for kind in &KINDS {
        if kind.name == LOSSES_ONLY {
            let [rate, ..] = RATES;
            outcomes.push(Outcome { rate: None, ..outcome(args, kind, rate, &bar)? });
            continue;
        }
        for rate in RATES {
            outcomes.push(outcome(args, kind, rate, &bar)?);
        }
    }
    bar.finish_and_clear();
    outcomes.push(exact(args)?);
    Ok(Section {
        name: "twins",
        title: "Twins among Gaussian wells",
        parts: vec![
            Part::Text(format!(
                "{} wells of width {} in the bowl |theta|^2, on {} landscapes; starts at (2, 0) \
                 and (2, 0.1), each run for {} gradient evaluations with a rate \
                 that falls to nothing on half a cosine; balls of radius {}, SAM looks \
                 {SAM_RADIUS} far. Together are ends less than {TOGETHER} from \
                 each other: of the centres, which where there is no ball are theta, \
                 and of theta, what the ball touches. From the bottom is the distance of the \
                 centre's end from the middle of the bowl. The exact ball goes \
                 down the surface of its centres, computed by dilation on a grid.",
                args.wells, args.width, args.landscapes, args.gradients, args.radius
            )),
            table(&outcomes),
            map(args, &outcomes)?,
        ],
    })
}

fn exact(args: &TwinsArgs) -> Result<Outcome> {
    let bar = progress::bar("rolling the exact ball", "landscapes");
    bar.set_length(args.landscapes);
    let ends = (0..args.landscapes).into_par_iter().map(|seed| {
        let exact = ExactBall::new(&scattered(args.wells, seed), args.width, args.radius, SPACING)?;
        let centres = STARTS.map(|start| exact.path(start).last().copied().unwrap_or(start));
        let thetas = centres.map(|centre| exact.contact(centre));
        bar.inc(1);
        Ok(Ends { centres, thetas })
    });
    let ends = ends.collect::<Result<_>>()?;
    bar.finish_and_clear();
    Ok(Outcome { name: "exact ball, by dilation", rate: None, ends })
}

fn table(outcomes: &[Outcome]) -> Part {
    let header = [
        "optimizer",
        "rate",
        "centres together",
        "theta together",
        "centres apart, median",
        "from the bottom, median",
    ];
    let rows = outcomes.iter().map(|outcome| {
        vec![
            outcome.name.to_owned(),
            outcome.rate.map_or_else(|| "-".to_owned(), |rate| rate.to_string()),
            format!("{:.0} %", 100.0 * outcome.together()),
            format!("{:.0} %", 100.0 * outcome.thetas_together()),
            format!("{:.3}", median(outcome.apart())),
            format!("{:.2}", median(outcome.bottom_distances())),
        ]
    });
    Part::Table { header: header.map(str::to_owned).into(), rows: rows.collect() }
}

/// The first landscape, with the paths of SGD and Adam, each at the rate that brought most twins
/// together, and of the exact ball.
fn map(args: &TwinsArgs, outcomes: &[Outcome]) -> Result<Part> {
    const SIDE: usize = 101;
    let minima = scattered(args.wells, 0);
    let mut wells = GaussianWells { minima: &minima, width: args.width };
    let grid = Grid::plane(SIDE, SIDE, 6.0 / (SIDE - 1) as f32)?;
    let mut heights = vec![0.0; grid.points()];
    plane(grid).sample(&mut wells, &mut [0.0; 2], &mut heights)?;
    let mut paths = Vec::new();
    let mut draw = |name: &str, twin: usize, path: Vec<[f32; 2]>| {
        let points = path.iter().map(|[x, y]| (f64::from(*x), f64::from(*y))).collect();
        let (label, colour) = (format!("{name}, twin {twin}"), paths.len());
        paths.push(Series { label, points, mark: Mark::Line, colour });
    };
    for wanted in ["SGD", "Adam"] {
        let own = outcomes.iter().filter(|outcome| outcome.name == wanted);
        let best = own.max_by(|a, b| a.together().total_cmp(&b.together()));
        let kind = KINDS.iter().find(|kind| kind.name == wanted);
        let Some((from, kind)) = best.and_then(|best| best.rate).zip(kind) else { continue };
        for (twin, start) in (1..).zip(STARTS) {
            let rate = Rate { from, steps: (args.gradients as f32 / kind.cost) as u32 };
            let mut subject = (kind.build)(args, rate)?;
            draw(wanted, twin, path(&mut *subject, &mut wells, start, args.gradients).0);
        }
    }
    let exact = ExactBall::new(&minima, args.width, args.radius, SPACING)?;
    for (twin, start) in (1..).zip(STARTS) {
        draw("exact ball", twin, exact.path(start));
    }
    let title = "Twins on the first landscape";
    let map = Map { title, x: -3.0..3.0, y: -3.0..3.0, columns: SIDE, heights: &heights, paths };
    Ok(Part::Picture {
        file: "twins.svg",
        svg: map.draw()?,
        caption: "Dark is low. SGD and Adam at the rate that brought most twins together."
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGS: TwinsArgs =
        TwinsArgs { landscapes: 1, wells: 1000, width: 0.1, radius: 2.0, gradients: 200 };

    #[test]
    fn the_exact_balls_end_together_at_the_bottom_of_the_bowl() -> Result<()> {
        let outcome = exact(&ARGS)?;
        assert_eq!((outcome.together(), outcome.thetas_together()), (1.0, 1.0));
        assert!(outcome.bottom_distances().iter().all(|distance| *distance < 0.2));
        Ok(())
    }

    #[test]
    fn every_kind_rolls_to_a_finite_end() -> Result<()> {
        let bar = ProgressBar::hidden();
        for kind in &KINDS {
            let outcome = outcome(&ARGS, kind, 0.01, &bar)?;
            assert!(outcome.bottom_distances().iter().all(|d| d.is_finite()), "{}", kind.name);
        }
        Ok(())
    }
}

//! Two starts beside each other among many wells: do they end together?

use super::picture::{Map, Mark, Series};
use super::report::{Part, Section};
use crate::progress;
use anyhow::Result;
use clap::Args;
use oorandom::Rand32;
use rolling_ball::landscapes::GaussianWells;
use rolling_ball::probe::{Grid, Slice};
use rolling_ball::{
    Adam, AdamConfig, CentreStep, Error, Footpoint, Optimizer, RollingBall, RollingBallConfig, Sam,
    SamConfig, Sgd, SgdConfig, step,
};

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
/// Of the learning rates that are tried.
const RATES: [f32; 4] = [0.001, 0.01, 0.1, 0.3];
/// Radius within which SAM looks.
const SAM_RADIUS: f32 = 0.1;

type Build = fn(&TwinsArgs, f32) -> Result<Box<dyn Optimizer>, Error>;

const OPTIMIZERS: [(&str, Build); 9] = [
    ("SGD", |_, rate| sgd(rate, 0.0)),
    ("momentum 0.9", |_, rate| sgd(rate, 0.9)),
    ("Adam", |_, rate| {
        let config =
            AdamConfig { learning_rate: rate.into(), roll_back: false, ..Default::default() };
        Ok(Box::new(Adam::new(config, [[0.0; 2]; 3])?))
    }),
    ("SAM", |_, rate| {
        let config =
            SamConfig { learning_rate: rate.into(), radius: SAM_RADIUS.into(), roll_back: false };
        Ok(Box::new(Sam::new(config, [[0.0; 2]; 2])?))
    }),
    ("ball, lagged contact", |args, rate| ball(args, rate, Footpoint::Contact { refreshes: 0 })),
    ("ball, refreshed contact", |args, rate| ball(args, rate, Footpoint::Contact { refreshes: 1 })),
    ("ball, Gauss-Newton", |args, rate| {
        ball(args, rate, Footpoint::GaussNewton { max_iterations: 20, tolerance: 1e-4 })
    }),
    ("ball, paper's projection, K 20, step 0.01", |args, rate| {
        ball(args, rate, Footpoint::GradientDescent { step: 0.01, iterations: 20 })
    }),
    ("ball, paper's projection, K 100, step 0.001", |args, rate| {
        ball(args, rate, Footpoint::GradientDescent { step: 0.001, iterations: 100 })
    }),
];

fn sgd(rate: f32, momentum: f32) -> Result<Box<dyn Optimizer>, Error> {
    let config =
        SgdConfig { learning_rate: rate.into(), momentum, roll_back: false, ..Default::default() };
    Ok(Box::new(Sgd::new(config, [0.0; 2], Some([0.0; 2]))?))
}

fn ball(args: &TwinsArgs, rate: f32, footpoint: Footpoint) -> Result<Box<dyn Optimizer>, Error> {
    let config = RollingBallConfig {
        radius: args.radius.into(),
        learning_rate: rate.into(),
        loss_scale: 1.0,
        footpoint,
        centre_step: CentreStep::Plain,
        roll_back: false,
    };
    Ok(Box::new(RollingBall::new(config, [[0.0; 2]; 2])?))
}

/// Wells between -3 and 3.
fn scatter(args: &TwinsArgs, seed: u64) -> Vec<[f32; 2]> {
    let mut random = Rand32::new(seed);
    let mut place = || 6.0 * random.rand_float() - 3.0;
    (0..args.wells).map(|_| [place(), place()]).collect()
}

/// Where theta went, from its start to where it was when the evaluations were used up.
fn path(
    optimizer: &mut dyn Optimizer,
    wells: &mut GaussianWells<2>,
    start: [f32; 2],
    gradients: u32,
) -> Vec<[f32; 2]> {
    let (mut theta, mut path, mut spent) = (start, vec![start], 0.0);
    while spent < gradients as f32 {
        let Ok(report) = step(optimizer, wells, &mut theta) else { break };
        spent += report.evaluations.cost();
        path.push(theta);
    }
    path
}

/// What both starts came to on every landscape.
struct Outcome {
    name: &'static str,
    rate: f32,
    /// Of the ends from each other.
    apart: Vec<f32>,
    /// From a start to its end.
    travelled: Vec<f32>,
}

impl Outcome {
    fn together(&self) -> f64 {
        let together = self.apart.iter().filter(|apart| **apart < TOGETHER).count();
        together as f64 / self.apart.len().max(1) as f64
    }
}

fn distance([a, b]: [f32; 2], [c, d]: [f32; 2]) -> f32 {
    ((a - c).powi(2) + (b - d).powi(2)).sqrt()
}

fn median(values: &[f32]) -> f32 {
    let mut values = values.to_vec();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}

/// Runs the experiment.
pub fn run(args: &TwinsArgs) -> Result<Section> {
    let bar = progress::bar("rolling twins", "runs");
    bar.set_length(args.landscapes * (OPTIMIZERS.len() * RATES.len()) as u64);
    let mut outcomes = Vec::new();
    for (name, build) in OPTIMIZERS {
        for rate in RATES {
            let mut outcome = Outcome { name, rate, apart: Vec::new(), travelled: Vec::new() };
            for seed in 0..args.landscapes {
                let minima = scatter(args, seed);
                let mut wells = GaussianWells { minima: &minima, width: args.width };
                let mut ends = [[f32::NAN; 2]; 2];
                for (start, end) in STARTS.into_iter().zip(&mut ends) {
                    let mut optimizer = build(args, rate)?;
                    let path = path(&mut *optimizer, &mut wells, start, args.gradients);
                    *end = path.last().copied().unwrap_or(start);
                    outcome.travelled.push(distance(*end, start));
                }
                let [first, second] = ends;
                outcome.apart.push(distance(first, second));
                bar.inc(1);
            }
            outcomes.push(outcome);
        }
    }
    bar.finish_and_clear();
    outcomes.push(exact(args)?);
    Ok(Section {
        name: "twins",
        title: "Twins among Gaussian wells",
        parts: vec![
            Part::Text(format!(
                "{} wells of width {} in the bowl |theta|^2, on {} landscapes; starts at (2, 0) and (2, 0.1), each run for {} \
                 gradient evaluations; balls of radius {}, SAM looks {SAM_RADIUS} far. Together are ends less than {TOGETHER} from \
                 each other; travelled is the way as the crow flies from a start to its end, which is about 2 to the bottom of \
                 the bowl. The exact ball goes down the surface of its centres, computed by dilation on a grid.",
                args.wells, args.width, args.landscapes, args.gradients, args.radius
            )),
            table(&outcomes),
            map(args, &outcomes)?,
        ],
    })
}

/// The surface of the exact ball's centres on the landscape of a seed, which the ball goes down from point to point of a grid.
struct Exact {
    grid: Grid,
    centres: Vec<f32>,
}

impl Exact {
    const SPACING: f32 = 0.05;

    fn new(args: &TwinsArgs, seed: u64) -> Result<Self> {
        // The ball reaches over the edge of where the wells are.
        let side = 2 * ((3.0 + args.radius) / Self::SPACING) as usize + 1;
        let grid = Grid::plane(side, side, Self::SPACING)?;
        let (mut heights, mut centres) = (vec![0.0; grid.points()], vec![0.0; grid.points()]);
        let minima = scatter(args, seed);
        let mut wells = GaussianWells { minima: &minima, width: args.width };
        plane(grid).sample(&mut wells, &mut [0.0; 2], &mut heights)?;
        grid.dilate(&heights, args.radius, &mut centres, &mut vec![0; grid.points()])?;
        Ok(Self { grid, centres })
    }

    /// The steepest way down.
    fn path(&self, start: [f32; 2]) -> Vec<[f32; 2]> {
        let side = self.grid.columns();
        let middle = (side / 2) as f32;
        let place = |[column, row]: [usize; 2]| {
            [column, row].map(|at| (at as f32 - middle) * Self::SPACING)
        };
        let height = |[column, row]: [usize; 2]| {
            self.centres.get(row * side + column).copied().unwrap_or(f32::INFINITY)
        };
        let mut at = start.map(|t| (t / Self::SPACING + middle).round() as usize);
        let mut path = vec![place(at)];
        loop {
            let [columns, rows] = at.map(|at| at.saturating_sub(1)..=(at + 1).min(side - 1));
            let around = rows.flat_map(|row| columns.clone().map(move |column| [column, row]));
            match around.min_by(|a, b| height(*a).total_cmp(&height(*b))) {
                Some(lowest) if height(lowest) < height(at) => at = lowest,
                _ => return path,
            }
            path.push(place(at));
        }
    }
}

fn exact(args: &TwinsArgs) -> Result<Outcome> {
    let bar = progress::bar("rolling the exact ball", "landscapes");
    bar.set_length(args.landscapes);
    let name = "exact ball, by dilation";
    let mut outcome = Outcome { name, rate: f32::NAN, apart: Vec::new(), travelled: Vec::new() };
    for seed in 0..args.landscapes {
        let exact = Exact::new(args, seed)?;
        let ends = STARTS.map(|start| exact.path(start).last().copied().unwrap_or(start));
        outcome.apart.push(distance(ends[0], ends[1]));
        outcome.travelled.extend(ends.iter().zip(STARTS).map(|(end, start)| distance(*end, start)));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(outcome)
}

/// A plane around the middle of the bowl.
fn plane(grid: Grid) -> Slice<'static> {
    let (across, down): (&[f32], &[f32]) = (&[1.0, 0.0], &[0.0, 1.0]);
    Slice { grid, origin: &[0.0; 2], across, down, loss_scale: 1.0 }
}

fn table(outcomes: &[Outcome]) -> Part {
    let header = ["optimizer", "rate", "together", "apart, median", "travelled, median"];
    let rows = outcomes.iter().map(|outcome| {
        vec![
            outcome.name.to_owned(),
            if outcome.rate.is_nan() { "-".to_owned() } else { outcome.rate.to_string() },
            format!("{:.0} %", 100.0 * outcome.together()),
            format!("{:.3}", median(&outcome.apart)),
            format!("{:.2}", median(&outcome.travelled)),
        ]
    });
    Part::Table { header: header.map(str::to_owned).into(), rows: rows.collect() }
}

/// The first landscape, with the paths of SGD and Adam, each at the rate that brought most twins together, and of the exact ball.
fn map(args: &TwinsArgs, outcomes: &[Outcome]) -> Result<Part> {
    const SIDE: usize = 101;
    let minima = scatter(args, 0);
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
        let build = OPTIMIZERS.iter().find(|(name, _)| *name == wanted);
        let Some((outcome, (_, build))) = best.zip(build) else { continue };
        for (twin, start) in (1..).zip(STARTS) {
            let mut optimizer = build(args, outcome.rate)?;
            draw(wanted, twin, path(&mut *optimizer, &mut wells, start, args.gradients));
        }
    }
    let exact = Exact::new(args, 0)?;
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

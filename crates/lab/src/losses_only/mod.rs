//! The ball that needs losses only: where it ends, what it is better than, and where it loses.

mod evaluations;
mod families;
mod jobs;
mod matrix_adaptation;
mod methods;
mod nelder_mead;
mod networks;

use crate::statistics::{holm, paired_test};
use crate::wells::scattered;
use crate::wrinkles::methods::Settings;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use families::{Bowl, Hard, Noisy, Problem, Wrinkles};
use indicatif::ProgressBar;
use methods::{BOWLS, Budget, Directions, Method, Radii, Region, STEPS, UNITS, ball};
use oorandom::Rand32;
use rayon::prelude::*;
use rolling_ball::landscapes::GaussianWells;
use rolling_ball::step;
use std::ops::Range;
use workbench::document::{
    LOSSES_DIRECTIONS, LOSSES_JOBS, LOSSES_NETWORKS, LOSSES_NOISE, LOSSES_NOT, LOSSES_ONLY,
    LOSSES_RADIUS, LOSSES_RATE, LOSSES_TWINS, LOSSES_WRINKLES,
};
use workbench::progress;
use workbench::statistics::median;
use workbench::table::markdown;

/// The ball that needs losses only, on twins among wells, wrinkled bowls and losses it is not for
#[derive(Args, Clone, Debug)]
pub struct LossesOnlyArgs {
    /// Seeds on which each method is judged
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// Other seeds, on which its settings are chosen
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    tuning: u64,
    /// Only these parts of the document
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Put the tables into docs/losses_only.md, and pictures beside it
    #[arg(long)]
    write: bool,
}

/// A part of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Where it ends among wells, by radius
    Twins,
    /// Bowls with wrinkles, beside what is like it and what follows gradients
    Wrinkles,
    /// Jobs that people have, beside the usual tools
    Jobs,
    /// Networks that learn by losses, beside gradients
    Networks,
    /// Losses that it is not for
    Not,
    /// Multiples of the preset's rate
    Rate,
    /// Other directions than its own
    Directions,
    /// Other ways for the radius to shrink
    Radius,
    /// Losses that are noisy, and more of them a step
    Noise,
}

impl Part {
    fn title(self) -> &'static str {
        match self {
            Self::Twins => LOSSES_TWINS,
            Self::Wrinkles => LOSSES_WRINKLES,
            Self::Jobs => LOSSES_JOBS,
            Self::Networks => LOSSES_NETWORKS,
            Self::Not => LOSSES_NOT,
            Self::Rate => LOSSES_RATE,
            Self::Directions => LOSSES_DIRECTIONS,
            Self::Radius => LOSSES_RADIUS,
            Self::Noise => LOSSES_NOISE,
        }
    }

    fn text(self, args: &LossesOnlyArgs) -> Result<String> {
        match self {
            Self::Twins => twins(args),
            Self::Wrinkles => wrinkled(args),
            Self::Jobs => jobs::jobs(args),
            Self::Networks => networks::table(),
            Self::Not => hard(args),
            Self::Rate => rates(args),
            Self::Directions => directions(args),
            Self::Radius => radii(args),
            Self::Noise => noise(args),
        }
    }
}

/// A place in the plane.
type Place = [f32; 2];

/// Runs the experiment.
pub fn run(args: &LossesOnlyArgs) -> Result<()> {
    let parts = if args.only.is_empty() { Part::value_variants() } else { &args.only };
    for part in parts {
        let (title, text) = (part.title(), part.text(args)?);
        println!("## {title}\n\n{text}\n");
        if args.write {
            LOSSES_ONLY.replace(title, &text)?;
        }
    }
    Ok(())
}

/// Landscapes of twins, with other seeds than those of `cargo lab twins`.
const LANDSCAPES: Range<u64> = 2000..2050;
const WELLS: u32 = 1000;
const WIDTH: f32 = 0.1;
const RADII: [f32; 7] = [0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0];
const TWINS: [Place; 2] = [[2.0, 0.0], [2.0, 0.1]];
const TOGETHER: f32 = 0.05;
/// Starts all over the landscape.
const SCATTERED: usize = 10;

fn distance([a, b]: Place, [c, d]: Place) -> f32 {
    ((a - c).powi(2) + (b - d).powi(2)).sqrt()
}

/// Where balls end from the twins' starts, and from everywhere.
fn ends(radius: f32, seed: u64) -> Result<([Place; 2], Vec<Place>)> {
    let minima = scattered(WELLS, seed);
    let mut wells = GaussianWells { minima: &minima, width: WIDTH };
    let mut end = |start: Place| -> Result<Place> {
        let (mut ball, mut theta) = (ball(radius, 2, 1)?, start);
        for _ in 0..STEPS {
            step(&mut ball, &mut wells, &mut theta)?;
        }
        Ok(theta)
    };
    let [first, second] = TWINS;
    let twins = [end(first)?, end(second)?];
    let mut random = Rand32::new(seed);
    let starts = (0..SCATTERED).map(|_| [(); 2].map(|()| 4.0 * random.rand_float() - 2.0));
    let everywhere = starts.map(end).collect::<Result<_>>()?;
    Ok((twins, everywhere))
}

fn twins(_: &LossesOnlyArgs) -> Result<String> {
    let mut rows = Vec::new();
    for radius in RADII {
        let all = LANDSCAPES.into_par_iter().map(|seed| ends(radius, seed));
        let all = all.collect::<Result<Vec<_>>>()?;
        let apart = all.iter().map(|([first, second], _)| distance(*first, *second));
        let together = apart.clone().filter(|apart| *apart < TOGETHER).count();
        let bottom = all.iter().flat_map(|(twins, _)| twins.map(|end| distance(end, [0.0; 2])));
        let far = |ends: &Vec<Place>| {
            let count = ends.len() as f32;
            let middle = [0, 1].map(|axis| ends.iter().map(|end| end[axis]).sum::<f32>() / count);
            let squared = ends.iter().map(|end| distance(*end, middle).powi(2)).sum::<f32>();
            (squared / count).sqrt()
        };
        rows.push(vec![
            radius.to_string(),
            format!("{:.0} %", 100.0 * together as f64 / all.len() as f64),
            format!("{:.3}", median(apart)),
            format!("{:.2}", median(bottom)),
            format!("{:.2}", median(all.iter().map(|(_, ends)| far(ends)))),
        ]);
    }
    let header = ["radius", "twins together", "apart", "from the bottom", "spread of the ends"];
    Ok(format!(
        "`cargo lab losses-only --write`. The paper's {WELLS} wells of width {WIDTH} in a bowl, on \
         {} landscapes, {UNITS} units (as everywhere here a gradient is one, a loss a third): \
         {STEPS} steps of `shrinking`. Twins start at (2, 0) and (2, 0.1); together are ends less \
         than {TOGETHER} from each other. The spread is how far the ends of {SCATTERED} starts in \
         the square from -2 to 2 are from their mean. Medians. `cargo lab twins` has the \
         other optimizers.\n\n{}",
        all_landscapes(),
        markdown(header.map(str::to_owned).into(), rows.into_iter())
    ))
}

fn all_landscapes() -> u64 {
    LANDSCAPES.end - LANDSCAPES.start
}

/// Seeds on which a method is judged begin here; those of settings at 0.
const JUDGED: u64 = 9000;

/// A method on every judged seed, with its best settings.
fn judged<P: Problem>(
    args: &LossesOnlyArgs,
    method: &Method,
    make: impl Fn(u64) -> (P, Vec<f32>) + Sync,
    radius: f32,
    budget: Budget,
) -> Result<Vec<f64>> {
    let over = |seeds: Range<u64>, settings: Settings| -> Result<Vec<f64>> {
        let left = seeds.into_par_iter().map(|seed| {
            let (problem, start) = make(seed);
            method.left(&problem, &start, radius, settings, seed)
        });
        left.collect()
    };
    let settings = method.settings(budget);
    let mut best: Option<(f64, Settings)> = None;
    for settings in &settings {
        // What has one setting has nothing to choose.
        let left = if method.settings(budget).len() == 1 {
            0.0
        } else {
            median(over(0..args.tuning, *settings)?)
        };
        if best.is_none_or(|(least, _)| left < least) {
            best = Some((left, *settings));
        }
    }
    let (_, settings) = best.context("a method has no settings")?;
    over(JUDGED..JUDGED + args.seeds, settings)
}

/// About how far a start is from the bottom.
fn radius_of(dimensions: usize) -> f32 {
    1.4 * (dimensions as f32).sqrt()
}

const DIMENSIONS: [usize; 4] = [2, 10, 50, 100];

fn wrinkled(args: &LossesOnlyArgs) -> Result<String> {
    let methods = Method::compared();
    let bar = progress::bar("rolling over wrinkled bowls", "cells");
    bar.set_length((methods.len() * DIMENSIONS.len() * Wrinkles::ALL.len()) as u64);
    let mut text = format!(
        "`cargo lab losses-only --write`. Bowls of condition 10, twice as steep on one side of \
         each axis, with wrinkles along other axes: `dents` are waves, `pits` narrow pits in a \
         flat floor, `Weierstrass` ten octaves of waves. Starts between -3 and 3, bottoms between \
         -1 and 1. What is left of the bowl without its wrinkles after {UNITS} units, the median \
         of {} seeds. The ball that needs losses only has its preset and the radius `1.4 sqrt(d)`; \
         each other method has the best of 24 settings on {} other seeds. In brackets: how many \
         times as much as that ball leaves, in the geometric mean over pairs, and `*` where the \
         sign-flip test of the logarithms, corrected by Holm for the table, has p < 0.01.",
        args.seeds, args.tuning
    );
    for dimensions in DIMENSIONS {
        text += &format!("\n\n### {dimensions} dimensions\n\n");
        text += &wrinkled_in(args, &methods, dimensions, &bar)?;
    }
    bar.finish_and_clear();
    Ok(text)
}

fn wrinkled_in(
    args: &LossesOnlyArgs,
    methods: &[Method],
    dimensions: usize,
    bar: &ProgressBar,
) -> Result<String> {
    let mut columns = Vec::new();
    for wrinkles in Wrinkles::ALL {
        let mut column = Vec::new();
        for method in methods {
            let make = |seed| Bowl::new(wrinkles, dimensions, seed);
            column.push(judged(args, method, make, radius_of(dimensions), BOWLS)?);
            bar.inc(1);
        }
        columns.push(column);
    }
    Ok(compare(&names_of(methods), &Wrinkles::ALL.map(Wrinkles::name), &columns, &[]))
}

fn names_of(methods: &[Method]) -> Vec<String> {
    methods.iter().map(Method::name).collect()
}

/// Medians, and comparisons with the first row. Where a column has an error that is good enough,
/// how many are smaller comes first.
fn compare(
    rows: &[String],
    names: &[&str],
    columns: &[Vec<Vec<f64>>],
    good_enough: &[Option<f64>],
) -> String {
    let logarithms = |column: &[Vec<f64>], index: usize| -> Vec<f64> {
        let of = |left: f64| left.clamp(1e-12, 1e12).ln();
        column[index].iter().zip(&column[0]).map(|(left, ball)| of(*left) - of(*ball)).collect()
    };
    let others = 1..rows.len();
    let tests = columns
        .iter()
        .flat_map(|column| others.clone().map(|index| paired_test(&logarithms(column, index))));
    let chances = holm(&tests.collect::<Vec<_>>());
    let rows = rows.iter().enumerate().map(|(index, name)| {
        let mut row = vec![name.clone()];
        for (place, column) in columns.iter().enumerate() {
            let mut cell = format!("{:.2e}", median(column[index].iter().copied()));
            if let Some(Some(enough)) = good_enough.get(place) {
                let count = column[index].iter().filter(|left| *left < enough).count();
                let share = 100.0 * count as f64 / column[index].len() as f64;
                cell = format!("{share:.0} %, {cell}");
            }
            if index > 0 {
                let apart = logarithms(column, index);
                let times = (apart.iter().sum::<f64>() / apart.len() as f64).exp();
                let chance = chances[place * others.len() + index - 1];
                cell += &format!(" ({times:.1}{})", if chance < 0.01 { "*" } else { "" });
            }
            row.push(cell);
        }
        row
    });
    let header = std::iter::once("").chain(names.iter().copied()).map(str::to_owned).collect();
    markdown(header, rows)
}

fn hard(args: &LossesOnlyArgs) -> Result<String> {
    let mut methods = Method::compared();
    methods.insert(1, Method::RandomSearch(Region::Ball));
    let mut columns = Vec::new();
    let mut names = vec!["smooth bowl, 10"];
    let smooth = methods.iter().map(|method| {
        let make = |seed| Bowl::new(Wrinkles::None, 10, seed);
        judged(args, method, make, radius_of(10), BOWLS)
    });
    columns.push(smooth.collect::<Result<_>>()?);
    for problem in &Hard::ALL {
        names.push(problem.name());
        let column = methods.iter().map(|method| {
            let make = |seed| (problem.clone(), problem.start(seed));
            judged(args, method, make, problem.radius(), BOWLS)
        });
        columns.push(column.collect::<Result<_>>()?);
    }
    Ok(format!(
        "`cargo lab losses-only --write`. As above: a bowl without wrinkles; Rosenbrock's valley; \
         a sine through readings, from a frequency that is off by some cycles; and a logistic map \
         fitted to thirty of its states. The number is that of the dimensions. Random search takes \
         the best of {} places in the ball around the start.\n\n{}",
        3 * UNITS,
        compare(&names_of(&methods), &names, &columns, &[])
    ))
}

fn rates(args: &LossesOnlyArgs) -> Result<String> {
    const TIMES: [f32; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
    let seeds = args.seeds.min(20);
    let mut rows = Vec::new();
    for (dimensions, steps) in
        [(2, STEPS), (5, STEPS), (10, STEPS), (50, 2000), (200, 4000), (1000, 8000)]
    {
        // A long theta takes long.
        let seeds = if dimensions > 100 { 4 } else { seeds };
        for wrinkles in [Wrinkles::Dents, Wrinkles::Weierstrass] {
            let mut row = vec![format!("{dimensions}, {}", wrinkles.name()), steps.to_string()];
            for rate in TIMES {
                let settings = Settings { rate: 0.0, scale: 0.0, decays: true, steps };
                let left = (JUDGED..JUDGED + seeds).into_par_iter().map(|seed| {
                    let (bowl, start) = Bowl::new(wrinkles, dimensions, seed);
                    let radius = radius_of(dimensions);
                    Method::Ball { rate }.left(&bowl, &start, radius, settings, seed)
                });
                row.push(format!("{:.2e}", median(left.collect::<Result<Vec<_>>>()?)));
            }
            rows.push(row);
        }
    }
    let header = ["dimensions, wrinkles", "steps", "1/4", "1/2", "1", "2", "4"];
    Ok(format!(
        "`cargo lab losses-only --write`. The wrinkled bowls with so many times the rate of the \
         preset, from beginning to end; the axes are \
         turned in up to 100 dimensions. What is left, the median of {seeds} seeds, of 4 from 200 \
         dimensions on.\n\n{}",
        markdown(header.map(str::to_owned).into(), rows.into_iter())
    ))
}

fn directions(args: &LossesOnlyArgs) -> Result<String> {
    let methods = [
        Method::Ball { rate: 1.0 },
        Method::Diameters(Directions::Sphere),
        Method::Diameters(Directions::Signs),
        Method::Diameters(Directions::Basis),
        Method::Diameters(Directions::Sparse),
        Method::Diameters(Directions::Layers),
    ];
    let mut columns = Vec::new();
    let mut names = Vec::new();
    for (dimensions, name) in [(2, "2"), (3, "3"), (5, "5"), (10, "10"), (16, "16"), (50, "50")] {
        let mut column = Vec::new();
        for method in &methods {
            let make = |seed| Bowl::new(Wrinkles::Dents, dimensions, seed);
            column.push(judged(args, method, make, radius_of(dimensions), BOWLS)?);
        }
        columns.push(column);
        names.push(name);
    }
    Ok(format!(
        "`cargo lab losses-only --write`. Dents in 2 to 50 dimensions, as above. The ball's own \
         directions are rows of a Walsh-Hadamard matrix with random signs, seen in a random \
         mirror: integers, a basis where the dimension is a power of two. Beside it, in plain \
         loops: uniform on the sphere, signs, and a random basis by Gram-Schmidt, which needs room \
         for all of its vectors; and uniform on the sphere of a quarter of the axes, others each \
         time, or one quarter after the other, as layers would be.\n\n{}",
        compare(&names_of(&methods), &names, &columns, &[])
    ))
}

fn radii(args: &LossesOnlyArgs) -> Result<String> {
    let methods = [
        Method::Ball { rate: 1.0 },
        Method::Shrinking(Radii::Line),
        Method::Shrinking(Radii::Exponential),
        Method::Shrinking(Radii::Constant),
        Method::Shrinking(Radii::Again { times: 1.0 }),
        Method::Shrinking(Radii::Again { times: 0.5 }),
    ];
    let mut columns = Vec::new();
    let mut names = Vec::new();
    for dimensions in [2, 10, 50] {
        for wrinkles in [Wrinkles::Dents, Wrinkles::Weierstrass] {
            let make = |seed| Bowl::new(wrinkles, dimensions, seed);
            let column = methods
                .iter()
                .map(|method| judged(args, method, make, radius_of(dimensions), BOWLS));
            columns.push(column.collect::<Result<_>>()?);
            names.push(format!("{}, {dimensions}", wrinkles.name()));
        }
    }
    let mut rows = names_of(&methods);
    rows[0] = "half a cosine (the preset)".to_owned();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(format!(
        "`cargo lab losses-only --write`. The wrinkled bowls, as above, with the preset's rate; \
         the radius ends at a thousandth of what it was, but where it is constant. Twice is a \
         second ball, which begins where the first one ended, each in half of the steps. The \
         number is that of the dimensions.\n\n{}",
        compare(&rows, &names, &columns, &[])
    ))
}

/// Standard deviations of the noise of a loss.
const NOISE: [f32; 4] = [0.0, 0.3, 3.0, 30.0];

fn noise(args: &LossesOnlyArgs) -> Result<String> {
    const AT_EACH_END: [u32; 4] = [1, 2, 4, 16];
    const DIMENSIONS: usize = 10;
    let mut columns = Vec::new();
    for deviation in NOISE {
        let column = AT_EACH_END.iter().map(|each| {
            let make = |seed| {
                let (problem, start) = Bowl::new(Wrinkles::Dents, DIMENSIONS, seed);
                (Noisy { problem, deviation, each: *each, random: Rand32::new(!seed) }, start)
            };
            let budget = Budget { losses: BOWLS.losses / each, ..BOWLS };
            let ball = Method::Ball { rate: 1.0 };
            judged(args, &ball, make, radius_of(DIMENSIONS), budget)
        });
        columns.push(column.collect::<Result<_>>()?);
    }
    let starts = (JUDGED..JUDGED + args.seeds).map(|seed| {
        let (mut bowl, start) = Bowl::new(Wrinkles::Dents, DIMENSIONS, seed);
        bowl.left(&start)
    });
    let rows = AT_EACH_END.map(|each| match each {
        1 => "1 loss at each end".to_owned(),
        more => format!("the mean of {more}"),
    });
    let names = NOISE.map(|deviation| format!("noise of {deviation}"));
    Ok(format!(
        "`cargo lab losses-only --write`. Dents in {DIMENSIONS} dimensions, as above, with a \
         normal number of this standard deviation added to each loss: {} losses in all, so that \
         the mean of more at each end leaves fewer steps. The median start is {:.0} above the \
         bottom.\n\n{}",
        BOWLS.losses,
        median(starts),
        compare(&rows, &names.each_ref().map(String::as_str), &columns, &[])
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn among_wells_the_ends_of_twins_are_together_and_near_the_bottom() -> Result<()> {
        let (twins, _) = ends(2.0, 3)?;
        assert!(distance(twins[0], twins[1]) < TOGETHER, "{twins:?}");
        assert!(distance(twins[0], [0.0; 2]) < 0.7, "{twins:?}");
        Ok(())
    }

    #[test]
    fn every_method_goes_down_a_bowl_with_some_of_its_settings() -> Result<()> {
        let (mut bowl, start) = Bowl::new(Wrinkles::None, 3, 1);
        let before = bowl.left(&start);
        let others = [
            Directions::Sphere,
            Directions::Signs,
            Directions::Basis,
            Directions::Sparse,
            Directions::Layers,
        ];
        let radii = [
            Radii::Line,
            Radii::Exponential,
            Radii::Constant,
            Radii::Again { times: 1.0 },
            Radii::Again { times: 0.5 },
        ];
        let others = others.map(Method::Diameters).into_iter().chain(radii.map(Method::Shrinking));
        let searches =
            [Method::RandomSearch(Region::Ball), Method::NelderMead, Method::MatrixAdaptation];
        for method in Method::compared().into_iter().chain(searches).chain(others) {
            let left = method
                .settings(BOWLS)
                .into_iter()
                .map(|settings| method.left(&bowl, &start, radius_of(3), settings, 1));
            let left = left.collect::<Result<Vec<_>>>()?.into_iter().fold(f64::INFINITY, f64::min);
            assert!(left < 0.2 * before, "{}: {left} of {before}", method.name());
        }
        Ok(())
    }
}

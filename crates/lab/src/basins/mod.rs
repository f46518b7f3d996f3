//! Where balls among many wells end, as maps of their starts.

mod colours;
mod exact;
mod landscape;
mod losses_only;
mod map;
mod outcome;
mod roller;
mod verdict;

use super::picture::{Chart, Mark, Series};
use super::pixels::Pixels;
use super::report::{Part, Section};
use super::wells::{EDGE, scattered};
use anyhow::{Result, ensure};
use clap::Args;
use exact::Ground;
use outcome::{Figure, MOVE, Outcome, TOLERANCE};
use roller::Roller;
use rolling_ball::probe::basins::{NearWells, Settings, Starts};
use std::ops::Range;
use workbench::progress;

/// The paper's Gaussian wells: where balls of every radius end, by where they start, as maps
#[derive(Args, Clone, Debug)]
pub struct BasinsArgs {
    /// Starts of a row, and rows
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(2..=2048))]
    side: u32,
    /// Radii of the balls, from which each shrinks to nothing
    #[arg(long, value_delimiter = ',', default_value = "0.01,0.1,0.3,1")]
    radii: Vec<f32>,
    /// Steps of a ball, one gradient each
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// Of where the wells are
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Roll the balls that follow one contact on a GPU, an invocation each
    #[arg(long)]
    gpu: bool,
}

const WELLS: u32 = 1000;
const WIDTH: f32 = 0.1;
const RATE: f32 = 0.01;
/// Of a radius: what the exact ball costs grows with its square and more.
const LARGEST: f32 = 3.0;
/// Of a second grid for the exact ball, in spacings of the first: what differs is the grid's doing.
const COARSER: f32 = 2.0;

/// Runs the experiment.
pub fn run(args: &BasinsArgs) -> Result<Section> {
    let mut radii = args.radii.clone();
    radii.sort_by(f32::total_cmp);
    radii.dedup();
    for radius in &radii {
        ensure!(
            *radius > 0.0 && *radius <= LARGEST,
            "a radius is {radius}; pass radii above 0 and up to {LARGEST}"
        );
    }
    let wells = NearWells::new(&scattered(WELLS, args.seed), WIDTH)?;
    let starts = Starts { from: -EDGE, to: EDGE, side: args.side as usize };
    let settings = |radius| Settings::shrinking(radius, RATE, args.steps);

    let roller = Roller::new(args.gpu)?;
    let bar = progress::bar("rolling balls", "balls");
    bar.set_length((2 * radii.len() * starts.count()) as u64);
    let mut lagged = Vec::new();
    for radius in &radii {
        let done = |balls| bar.inc(balls as u64);
        let roll = |starts: &Starts| roller.roll(&wells, starts, &settings(*radius), done);
        lagged.push(Outcome::twice(&wells, &starts, *radius, roll)?);
    }
    bar.finish_and_clear();

    let bar = progress::bar("rolling the exact ball", "radii");
    bar.set_length(2 * radii.len() as u64);
    let exact = |coarseness: f32| -> Result<(f32, Vec<Outcome>)> {
        let largest = radii.last().copied().unwrap_or(0.0);
        let ground = Ground::new(&wells, &starts, largest, coarseness)?;
        let outcome = |radius: &f32| {
            let ends = ground.ends(&wells, &starts, &settings(*radius), *radius)?;
            bar.inc(1);
            Outcome::of(&wells, &starts, *radius, &ends, None)
        };
        Ok((ground.spacing(), radii.iter().map(outcome).collect::<Result<_>>()?))
    };
    let ((spacing, exact), (coarse_spacing, coarse)) = (exact(1.0)?, exact(COARSER)?);
    bar.finish_and_clear();

    let bar = progress::bar("rolling the ball that needs losses only", "balls");
    bar.set_length((2 * radii.len() * starts.count()) as u64);
    let mut losses_only = Vec::new();
    for radius in &radii {
        let done = |balls| bar.inc(balls as u64);
        let (settings, gradients) = (settings(*radius), args.steps);
        let roll = |starts: &Starts| {
            losses_only::ends(&wells, starts, &settings, *radius, gradients, done)
        };
        losses_only.push(Outcome::twice(&wells, &starts, *radius, roll)?);
    }
    bar.finish_and_clear();

    let rolled = [
        Rolled { ball: &LAGGED, outcomes: lagged },
        Rolled { ball: &LOSSES_ONLY, outcomes: losses_only },
        Rolled { ball: &EXACT, outcomes: exact },
    ];
    let mut parts = vec![
        Part::Text(introduction(args, &starts, spacing)),
        table(&rolled),
        Part::Text(legend(coarse_spacing, &coarse)),
    ];
    if radii.len() > 1 {
        parts.push(verdict::table(&rolled));
        parts.push(Part::Text(verdict::text(&rolled)));
        parts.push(chart(&rolled)?);
    }
    let range = heights(rolled.iter().flat_map(|rolled| &rolled.outcomes));
    for rolled in &rolled {
        parts.extend(maps(&starts, rolled, &range)?);
    }
    Ok(Section { name: "basins", title: "Basins among Gaussian wells", parts })
}

fn introduction(args: &BasinsArgs, starts: &Starts, spacing: f32) -> String {
    format!(
        "{WELLS} wells of width {WIDTH} in the bowl |theta|^2, anywhere between {} and {}, and a \
         ball from each of {side} x {side} starts there. The lagged contact with the plain centre \
         step: {} steps, the radius and the rate of {RATE} shrink to nothing on half a cosine, and \
         then gradient descent from the centre into a minimum of the loss. The ball that needs \
         losses only, by its preset, at the same cost: two losses a step, a third of a gradient \
         each, and the same gradient descent. The exact ball, of \
         constant radius: steepest descent on the surface of its centres, computed by dilation on \
         a grid of spacing {spacing:.3} (for a smaller ball that is the loss itself), and then the \
         same gradient descent. The bottom of a well alone has the curvature 1 / width^2 = {:.0}: \
         a ball with a radius above {:.3} does not fit it.",
        starts.from,
        starts.to,
        args.steps,
        1.0 / (WIDTH * WIDTH),
        WIDTH * WIDTH,
        side = args.side,
    )
}

fn legend(coarse_spacing: f32, coarse: &[Outcome]) -> String {
    let basins: Vec<String> = coarse.iter().map(|outcome| outcome.count().to_string()).collect();
    format!(
        "Boundary is the length of the boundaries between basins, in units of theta; where basins \
         are mixed finer than the starts lie it grows with their number. Dependence says how much \
         an end depends on the start: near 1 where each basin is in one piece, 0 where a start \
         says no more of its neighbour's end than a draw from all ends would. Moved ends are those \
         that change by more than {TOLERANCE} when every start is moved by {MOVE:e} both ways (not \
         asked of the exact ball, whose starts are points of a grid). The mean loss is that at the \
         ends. The exact ball's figures are those of its grid: on one of spacing \
         {coarse_spacing:.3} it has {} basins.",
        basins.join(", ")
    )
}

fn table(rolled: &[Rolled]) -> Part {
    let header = [
        "ball",
        "radius",
        "basins",
        "of 0.1 % and more",
        "largest",
        "boundary",
        "dependence",
        "moved ends",
        "mean loss",
        "lost balls",
    ];
    let mut rows = Vec::new();
    for Rolled { ball, outcomes } in rolled {
        for outcome in outcomes {
            let basins = &outcome.basins;
            rows.push(vec![
                ball.name.to_owned(),
                outcome.radius.to_string(),
                basins.minima().len().to_string(),
                outcome.large().to_string(),
                format!("{:.1} %", 100.0 * basins.largest_share()),
                format!("{:.0}", basins.boundary()),
                format!("{:.3}", basins.dependence()),
                outcome
                    .moved
                    .map_or_else(|| "-".to_owned(), |moved| format!("{:.2} %", 100.0 * moved)),
                format!("{:.2}", outcome.mean_loss),
                basins.lost().to_string(),
            ]);
        }
    }
    Part::Table { header: header.map(str::to_owned).into(), rows }
}

fn chart(rolled: &[Rolled]) -> Result<Part> {
    let figures: [(&str, Figure); 2] =
        [("basins", Outcome::count), ("boundary", Outcome::boundary)];
    let mut series = Vec::new();
    for Rolled { ball, outcomes } in rolled {
        for (name, figure) in figures {
            let points =
                outcomes.iter().map(|outcome| (f64::from(outcome.radius), figure(outcome)));
            series.push(Series {
                label: format!("{name}, {}", ball.name),
                // A logarithm has no place for none.
                points: points.filter(|(_, value)| *value > 0.0).collect(),
                mark: Mark::Line,
                colour: series.len(),
            });
        }
    }
    let chart = Chart {
        title: "Basins and the boundaries between them",
        x: "radius",
        y: "number of basins, length of boundaries",
        series,
        logarithmic: (true, true),
    };
    let caption = "A boundary that grows while basins become fewer is one of dust, not of regions."
        .to_owned();
    Ok(Part::Picture { file: "basins.svg", svg: chart.draw()?, caption })
}

/// From the lowest minimum to the highest one.
fn heights<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Range<f32> {
    let losses = outcomes.flat_map(|outcome| &outcome.losses);
    let (low, high) = losses.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), loss| {
        (low.min(*loss), high.max(*loss))
    });
    low..high
}

/// What a ball and its maps are called.
struct Ball {
    name: &'static str,
    /// What their files begin with.
    prefix: &'static str,
    /// All of them beside each other.
    together: &'static str,
}

const LAGGED: Ball = Ball { name: "lagged contact", prefix: "radius", together: "maps.png" };
const LOSSES_ONLY: Ball =
    Ball { name: "losses only", prefix: "losses_only", together: "losses_only.png" };
const EXACT: Ball = Ball { name: "exact ball", prefix: "exact", together: "exact.png" };

/// What balls of one kind came to, by radius.
struct Rolled {
    ball: &'static Ball,
    outcomes: Vec<Outcome>,
}

/// All in one picture, and a map a radius.
fn maps(
    starts: &Starts,
    Rolled { ball, outcomes }: &Rolled,
    range: &Range<f32>,
) -> Result<Vec<Part>> {
    let (mut maps, mut single) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        let colours = colours::of(&outcome.basins, &outcome.losses, range, starts.side);
        let map = map::of(&outcome.basins, starts, &colours);
        let Outcome { radius, basins, .. } = outcome;
        single.push(Part::Image {
            file: format!("{}_{radius}.png", ball.prefix),
            png: map.png()?,
            alt: format!(
                "Map of the starts between {} and {} by where balls of radius {radius} end ({}): \
                 {} basins, the largest of {:.1} %.",
                starts.from,
                starts.to,
                ball.name,
                basins.minima().len(),
                100.0 * basins.largest_share()
            ),
            caption: format!("Radius {radius}, {}.", ball.name),
        });
        maps.push(map);
    }
    let radii: Vec<String> = outcomes.iter().map(|outcome| outcome.radius.to_string()).collect();
    let mut parts = vec![
        Part::Heading(format!("Maps: {}", ball.name)),
        Part::Text(format!(
            "Each start in the colour of its basin, the paler the higher its minimum (losses from \
             {:.1} to {:.1}), with a dot at each minimum; lost balls are black. The largest basins \
             choose their colours first: a colour means the same basin only within a map.",
            range.start, range.end
        )),
        Part::Image {
            file: ball.together.to_owned(),
            png: Pixels::together(&maps).png()?,
            alt: format!("The maps beside each other: {}.", ball.name),
            caption: format!(
                "Radii of {}, from the top left, row by row; {}.",
                radii.join(", "),
                ball.name
            ),
        },
    ];
    parts.extend(single);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    const SIDE: u32 = 24;

    fn section() -> Result<Section> {
        run(&BasinsArgs { side: SIDE, radii: vec![1.0, 0.1], steps: 100, seed: 0, gpu: false })
    }

    fn tables(section: &Section) -> Vec<&Vec<Vec<String>>> {
        let tables = section.parts.iter().filter_map(|part| match part {
            Part::Table { rows, .. } => Some(rows),
            _ => None,
        });
        tables.collect()
    }

    #[test]
    fn a_larger_ball_of_any_kind_has_fewer_basins_and_the_exact_one_shorter_boundaries()
    -> Result<()> {
        let section = section()?;
        let [figures, verdict] = tables(&section)[..] else { panic!("not two tables") };
        let kinds: Vec<[&str; 2]> = figures.iter().map(|row| [&*row[0], &*row[1]]).collect();
        let balls = [LAGGED.name, LOSSES_ONLY.name, EXACT.name];
        assert_eq!(kinds, balls.map(|ball| [[ball, "0.1"], [ball, "1"]]).concat());
        let basins: Vec<u32> = figures.iter().filter_map(|row| row[2].parse().ok()).collect();
        assert!(basins.chunks_exact(2).all(|pair| pair[1] < pair[0]), "{basins:?}");
        assert_eq!(verdict[0], ["fewer basins", "yes", "yes", "yes"]);
        assert_eq!((&*verdict[3][0], &*verdict[3][3]), ("shorter boundaries", "yes"));
        assert!(section.markdown().contains("the exact ball shows **both halves**"));
        Ok(())
    }

    #[test]
    fn the_maps_have_a_square_for_each_start() -> Result<()> {
        let section = section()?;
        let images = section.parts.iter().filter_map(|part| match part {
            Part::Image { file, png, .. } => Some((&**file, png)),
            _ => None,
        });
        let mut sizes = Vec::new();
        for (file, png) in images {
            let mut reader = png::Decoder::new(Cursor::new(png)).read_info()?;
            let mut pixels = vec![0; reader.output_buffer_size().unwrap_or(0)];
            let frame = reader.next_frame(&mut pixels)?;
            sizes.push((file, frame.width, frame.height));
        }
        let map = 512 / SIDE * SIDE;
        let pair = 2 * map + 8;
        let expected = [
            ("maps.png", pair, map),
            ("radius_0.1.png", map, map),
            ("radius_1.png", map, map),
            ("losses_only.png", pair, map),
            ("losses_only_0.1.png", map, map),
            ("losses_only_1.png", map, map),
            ("exact.png", pair, map),
            ("exact_0.1.png", map, map),
            ("exact_1.png", map, map),
        ];
        assert_eq!(sizes, expected);
        Ok(())
    }

    #[test]
    fn a_radius_that_is_none_is_refused() {
        for radius in [0.0, -1.0, f32::NAN, 100.0] {
            let args = BasinsArgs { side: 4, radii: vec![radius], steps: 1, seed: 0, gpu: false };
            assert!(
                run(&args).is_err_and(|error| error.to_string().contains("pass radii above 0"))
            );
        }
    }

    #[test]
    fn one_radius_has_a_table_and_no_verdict() -> Result<()> {
        let section =
            run(&BasinsArgs { side: 4, radii: vec![0.1], steps: 1, seed: 0, gpu: false })?;
        assert_eq!(tables(&section).len(), 1);
        Ok(())
    }
}

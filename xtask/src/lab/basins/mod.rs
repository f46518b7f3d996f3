//! Which minimum the balls of a grid of starts end in, by radius.

mod picture;

use super::picture::{Chart, Mark, Series};
use super::report::{Part, Section};
use super::wells::{EDGE, ExactBall, scattered};
use crate::progress;
use anyhow::{Result, ensure};
use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;
use rolling_ball::basins::{self, Basins, NearWells, Settings, Starts};
use rolling_ball::kernels::{Active, LANES};

/// The paper's Gaussian wells: in which minimum balls from a grid of starts end, for each radius
#[derive(Args, Clone, Debug)]
pub struct BasinsArgs {
    /// Starts of a row, and rows
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(8..=4096))]
    side: u32,
    /// Radii of the balls
    #[arg(long, value_delimiter = ',', default_value = "0.01,0.1,0.3,1")]
    radii: Vec<f32>,
    /// Learning rate; it falls to nothing on half a cosine, and the radius with it
    #[arg(long, default_value_t = 0.01)]
    rate: f32,
    /// Steps of each ball, of one gradient; then gradient descent leads from the centre into the minimum
    #[arg(long, default_value_t = 1000)]
    steps: u32,
    /// Wells
    #[arg(long, default_value_t = 1000)]
    wells: u32,
    /// Their standard deviation
    #[arg(long, default_value_t = 0.1)]
    width: f32,
    /// What the wells are drawn with
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// On a GPU, in one invocation a ball
    #[arg(long)]
    gpu: bool,
}

/// Ends closer than this are the same minimum.
const TOLERANCE: f32 = 0.01;
/// Every start is moved by this, to see how many ends change.
const NUDGE: f32 = 1e-6;
/// One in so many starts of a row is moved.
const NUDGED: usize = 4;
/// A basin that counts has at least this share of the starts.
const SHARE: f64 = 0.001;
/// The exact ball's radius is at least so many spacings of its grid, or the grid would have minima of its own.
const SPACINGS: f32 = 10.0;
/// The least spacing, and how many there are to a radius at most.
const SPACING: f32 = 0.01;
const FINEST: f32 = 50.0;

/// What balls of one radius did.
struct Found {
    radius: f32,
    basins: Basins,
    /// The loss in each minimum.
    depths: Vec<f32>,
    /// The mean loss at the ends.
    mean_loss: f64,
    /// The share of ends that are others when the starts are moved a little.
    changed: f64,
    exact: Option<Basins>,
}

/// Runs the experiment.
pub fn run(args: &BasinsArgs) -> Result<Section> {
    ensure!(!args.radii.is_empty(), "--radii: expected one at least");
    let minima = scattered(args.wells, args.seed);
    let wells = NearWells::new(&minima, args.width)?;
    let roller = Roller::new(args)?;
    let bar = progress::bar("rolling balls", "balls");
    let nudged = 2 * (args.side as usize / NUDGED).pow(2);
    bar.set_length((args.radii.len() * (starts(args.side, 0.0).count() + nudged)) as u64);
    let mut found = Vec::new();
    for radius in &args.radii {
        found.push(look(args, &roller, &wells, *radius, &bar)?);
    }
    bar.finish_and_clear();
    let mut parts = vec![Part::Text(format!(
        "{} wells of width {} in the bowl |theta|^2, and {side} x {side} starts. From each a ball with the lagged contact makes {} steps of \
         one gradient, while its radius and its rate of {} fall to nothing; then gradient descent leads from its centre into the \
         minimum. Colours are minima, bright ones are low; dots are where they lie. Boundaries are in units of theta. A start's end \
         depends on it as far as neighbours end together more often than any two starts do: 1 where basins are in one piece, 0 where \
         a neighbour's end says nothing, or all end alike. The last column moves each start by {NUDGE}.",
        args.wells,
        args.width,
        args.steps,
        args.rate,
        side = args.side,
    ))];
    parts.push(table(&found));
    parts.push(Part::Text(verdict(&found)));
    parts.push(exact_table(&found));
    parts.push(chart(&found)?);
    for found in &found {
        let radius = found.radius;
        let caption = format!("Basins of a ball of radius {radius}");
        let png = picture::png(&[found], args.side as usize)?;
        parts.push(Part::Image { file: format!("radius_{radius}.png"), png, caption });
    }
    let all: Vec<&Found> = found.iter().collect();
    let radii: Vec<String> = found.iter().map(|found| found.radius.to_string()).collect();
    let caption = format!("All of them, two in a row, with radii of {}", radii.join(", "));
    let png = picture::png(&all, args.side as usize)?;
    parts.push(Part::Image { file: "maps.png".to_owned(), png, caption });
    Ok(Section { name: "basins", title: "Basins among Gaussian wells", parts })
}

fn starts(side: u32, moved: f32) -> Starts {
    Starts { from: -EDGE + moved, to: EDGE + moved, side: side as usize }
}

/// On what the balls roll.
enum Roller {
    Processor,
    #[cfg(feature = "gpu")]
    Gpu(rolling_ball::gpu::Device),
}

impl Roller {
    #[cfg(feature = "gpu")]
    fn new(args: &BasinsArgs) -> Result<Self> {
        if args.gpu {
            return Ok(Self::Gpu(rolling_ball::gpu::Device::new()?));
        }
        Ok(Self::Processor)
    }

    #[cfg(not(feature = "gpu"))]
    fn new(_: &BasinsArgs) -> Result<Self> {
        Ok(Self::Processor)
    }

    fn roll(
        &self,
        wells: &NearWells,
        starts: &Starts,
        settings: &Settings,
        bar: &ProgressBar,
    ) -> Result<Vec<[f32; 2]>> {
        let done = |count| bar.inc(count as u64);
        match self {
            Self::Processor => Ok(basins::roll::<Active, _>(wells, starts, settings, done)?),
            #[cfg(feature = "gpu")]
            Self::Gpu(device) => {
                Ok(rolling_ball::gpu::roll(device, wells, starts, settings, done)?)
            }
        }
    }
}

/// Whether this program must be built with wgpu for it.
#[cfg(not(feature = "gpu"))]
pub fn needs_gpu(args: &BasinsArgs) -> bool {
    args.gpu
}

fn look(
    args: &BasinsArgs,
    roller: &Roller,
    wells: &NearWells,
    radius: f32,
    bar: &ProgressBar,
) -> Result<Found> {
    let settings = Settings::shrinking(radius, args.rate, args.steps);
    let all = starts(args.side, 0.0);
    let ends = roller.roll(wells, &all, &settings, bar)?;
    let basins = Basins::of(&ends, &all, TOLERANCE)?;
    let depths = basins.minima().iter().map(|minimum| loss(wells, minimum.place)).collect();
    let losses = ends.iter().filter(|end| end[0].is_finite());
    let losses: Vec<f64> = losses.map(|end| f64::from(loss(wells, *end))).collect();
    let mean_loss = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
    let side = args.side / NUDGED as u32;
    let [before, after] =
        [0.0, NUDGE].map(|by| roller.roll(wells, &starts(side, by), &settings, bar));
    let (before, after) = (before?, after?);
    let near = |a: &[f32; 2], b: &[f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]) < TOLERANCE;
    let changed = before.iter().zip(&after).filter(|(before, after)| !near(before, after)).count();
    let exact = exact(wells, radius, &all)?;
    let changed = changed as f64 / before.len() as f64;
    Ok(Found { radius, basins, depths, mean_loss, changed, exact })
}

/// The exact ball from the same starts, where the grid is fine enough for it.
fn exact(wells: &NearWells, radius: f32, starts: &Starts) -> Result<Option<Basins>> {
    let spacing = (radius / FINEST).max(SPACING);
    if radius < SPACINGS * spacing {
        return Ok(None);
    }
    let ball = ExactBall::new(wells.minima(), wells.width(), radius, spacing)?;
    let from = (0..starts.count()).into_par_iter().map(|index| starts.place(index));
    let ends: Vec<[f32; 2]> =
        from.map(|start| ball.path(start).last().copied().unwrap_or(start)).collect();
    // Points of the grid beside each other are one minimum.
    Ok(Some(Basins::of(&ends, starts, spacing)?))
}

fn loss(wells: &NearWells, [x, y]: [f32; 2]) -> f32 {
    let ([loss, ..], _) = basins::evaluate::<Active, _>(wells, [[x; LANES], [y; LANES]]);
    loss
}

fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

/// Without a sign where nothing is left of the number.
fn thousandths(number: f64) -> String {
    format!("{:.3}", (1000.0 * number).round() / 1000.0 + 0.0)
}

fn table(found: &[Found]) -> Part {
    let header = [
        "radius",
        "basins",
        "of 0.1 % or more",
        "largest",
        "boundary",
        "dependence",
        "mean loss at the ends",
        "lost balls",
        "others when moved",
    ];
    let rows = found.iter().map(|found| {
        let basins = &found.basins;
        vec![
            found.radius.to_string(),
            basins.minima().len().to_string(),
            basins.of_share(SHARE).to_string(),
            percent(basins.largest_share()),
            format!("{:.0}", basins.boundary()),
            thousandths(basins.dependence()),
            format!("{:.2}", found.mean_loss),
            basins.lost().to_string(),
            percent(found.changed),
        ]
    });
    Part::Table { header: header.map(str::to_owned).into(), rows: rows.collect() }
}

fn exact_table(found: &[Found]) -> Part {
    let header = ["exact ball's radius", "basins", "largest", "boundary", "dependence"];
    let rows = found.iter().map(|found| match &found.exact {
        Some(basins) => vec![
            found.radius.to_string(),
            basins.minima().len().to_string(),
            percent(basins.largest_share()),
            format!("{:.0}", basins.boundary()),
            thousandths(basins.dependence()),
        ],
        None => vec![found.radius.to_string(), "-".into(), "-".into(), "-".into(), "-".into()],
    });
    Part::Table { header: header.map(str::to_owned).into(), rows: rows.collect() }
}

/// Whether each is less than the one before.
fn falls(numbers: impl Iterator<Item = f64>) -> &'static str {
    let numbers: Vec<f64> = numbers.collect();
    match numbers.is_sorted_by(|a, b| a > b) {
        _ if numbers.len() < 2 => "nothing to compare",
        true => "yes",
        false => "no",
    }
}

/// What the paper says of larger balls, against what is seen.
fn verdict(found: &[Found]) -> String {
    let falls = |of: &dyn Fn(&Found) -> f64| falls(found.iter().map(of));
    let exact = || found.iter().filter_map(|found| found.exact.as_ref());
    let exact_falls = |of: &dyn Fn(&Basins) -> f64| self::falls(exact().map(of));
    format!(
        "A larger ball depends less on where it starts, says the paper. Seen, with every larger radius: fewer basins, **{}**; lower ends, **{}**; \
         less dependence, **{}**; shorter boundaries, **{}**. For the exact ball, which dilation on a grid rolls down the surface of its \
         centres: fewer basins, **{}**; shorter boundaries, **{}**. It is given where the grid is fine enough for the radius, which adds minima of its own all the same. The optimizer \
         follows one contact, and where radius times curvature is above 1 that contact jumps: the last column says how far the last \
         bits of a start decide, and boundaries turn to dust.",
        falls(&|found| found.basins.minima().len() as f64),
        falls(&|found| found.mean_loss),
        falls(&|found| found.basins.dependence()),
        falls(&|found| found.basins.boundary()),
        exact_falls(&|basins| basins.minima().len() as f64),
        exact_falls(&|basins| basins.boundary()),
    )
}

fn chart(found: &[Found]) -> Result<Part> {
    let points = |of: &dyn Fn(&Found) -> Option<f64>| {
        let points = found.iter().filter_map(|found| Some((f64::from(found.radius), of(found)?)));
        points.collect::<Vec<_>>()
    };
    let count = |basins: &Basins| basins.minima().len() as f64;
    let balls = points(&|found| Some(count(&found.basins)));
    let exact = points(&|found| found.exact.as_ref().map(count));
    let series = [("lagged contact", balls, 0), ("exact ball", exact, 1)];
    let series = series.into_iter().map(|(label, points, colour)| Series {
        label: label.to_owned(),
        points,
        mark: Mark::Dots,
        colour,
    });
    let chart = Chart {
        title: "Minima that some start leads to",
        x: "radius",
        y: "basins",
        series: series.collect(),
        logarithmic: (true, true),
    };
    let caption = "Fewer minima are reached by larger balls.".to_owned();
    Ok(Part::Picture { file: "basins.svg", svg: chart.draw()?, caption })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick() -> BasinsArgs {
        BasinsArgs {
            side: 24,
            radii: vec![0.01, 0.3],
            rate: 0.01,
            steps: 60,
            wells: 100,
            width: 0.1,
            seed: 0,
            gpu: false,
        }
    }

    #[test]
    fn every_radius_has_a_row_and_a_picture() -> Result<()> {
        let section = run(&quick())?;
        let rows = section.parts.iter().find_map(|part| match part {
            Part::Table { rows, .. } => Some(rows.len()),
            _ => None,
        });
        assert_eq!(rows, Some(2));
        let pictures = section.parts.iter().filter_map(|part| match part {
            Part::Image { png, .. } => Some(png),
            _ => None,
        });
        let mut widths = Vec::new();
        for png in pictures {
            widths.push(png::Decoder::new(std::io::Cursor::new(png)).read_info()?.info().width);
        }
        assert_eq!(widths, [24, 24, 48 + picture::GAP as u32]);
        Ok(())
    }

    #[test]
    fn one_number_does_not_fall() {
        assert_eq!(falls([1.0].into_iter()), "nothing to compare");
        assert_eq!(falls([2.0, 1.0].into_iter()), "yes");
        assert_eq!(falls([2.0, 1.0, 1.0].into_iter()), "no");
    }

    #[test]
    fn a_radius_that_cannot_be_is_refused() {
        assert!(run(&BasinsArgs { radii: vec![f32::NAN], ..quick() }).is_err());
        assert!(run(&BasinsArgs { radii: Vec::new(), ..quick() }).is_err());
    }
}

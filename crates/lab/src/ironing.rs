//! What a ball of each radius sees of the paper's Weierstrass landscape.

use super::picture::{Chart, Mark, Series};
use super::report::{Part, Section};
use anyhow::{Result, ensure};
use clap::Args;
use rolling_ball::landscapes::Weierstrass;
use rolling_ball::probe::{Grid, Roughness, Slice};

/// The paper's figure: a Weierstrass sum under balls of growing radius, their centres and what they
/// touch
#[derive(Args, Clone, Debug)]
pub struct IroningArgs {
    /// Of a wave in units of the one before
    #[arg(long, default_value_t = 0.5)]
    amplitude: f32,
    /// Of a wave in units of the one before
    #[arg(long, default_value_t = 3.0)]
    frequency: f32,
    /// Waves
    #[arg(long, default_value_t = 6)]
    terms: u32,
    /// Radii of the balls
    #[arg(long, value_delimiter = ',', default_value = "0.01,0.03,0.1,0.3,1")]
    radii: Vec<f32>,
    /// Points between -1 and 1
    #[arg(long, default_value_t = 4001, value_parser = clap::value_parser!(u32).range(3..=100_000))]
    points: u32,
}

/// A ball that rolls over the whole line.
struct Rolled {
    radius: f32,
    centres: Vec<f32>,
    contacts: Vec<usize>,
    roughness: Roughness,
}

impl Rolled {
    /// The points that it touches.
    fn touched(&self) -> Vec<usize> {
        let mut touched = self.contacts.clone();
        touched.sort_unstable();
        touched.dedup();
        touched.retain(|point| *point < self.centres.len());
        touched
    }
}

/// Runs the experiment.
pub fn run(args: &IroningArgs) -> Result<Section> {
    let points = args.points as usize;
    let spacing = 2.0 / (points - 1) as f32;
    // What holds the balls up at the edges lies beyond them.
    let largest = args.radii.iter().copied().fold(0.0, f32::max);
    ensure!(largest <= 100.0, "a radius is {largest}; pass 100 at most");
    let beyond = (largest / spacing).ceil() as usize;
    let (shown, wide) = (Grid::line(points, spacing)?, Grid::line(points + 2 * beyond, spacing)?);
    let slice = Slice { grid: wide, origin: &[0.0], across: &[1.0], down: &[], loss_scale: 1.0 };
    let mut waves =
        Weierstrass { amplitude: args.amplitude, frequency: args.frequency, terms: args.terms };
    let mut heights = vec![0.0; wide.points()];
    slice.sample(&mut waves, &mut [0.0], &mut heights)?;
    let mut balls = Vec::new();
    for radius in [0.0].iter().chain(&args.radii) {
        let (mut centres, mut contacts) = (vec![0.0; wide.points()], vec![0; wide.points()]);
        wide.dilate(&heights, *radius, &mut centres, &mut contacts)?;
        let (centres, contacts) = (middle(&centres, beyond), middle(&contacts, beyond));
        let contacts = contacts.iter().filter_map(|contact| contact.checked_sub(beyond)).collect();
        let roughness = shown.roughness(&centres)?;
        balls.push(Rolled { radius: *radius, centres, contacts, roughness });
    }
    let (grid, heights) = (shown, middle(&heights, beyond));
    Ok(Section {
        name: "ironing",
        title: "A Weierstrass sum, ironed",
        parts: vec![
            Part::Text(format!(
                "The sum of {} waves, each of {} times the amplitude and {} times the frequency of \
                 the one before, on {points} points between -1 and 1. A ball of each radius rolls \
                 over it: where its centre may be, computed by dilation without an optimizer, and \
                 which points it can touch at all. Excess variation is what goes up and down again \
                 on the way to the lowest point and out. Where a ball bridges a valley its surface \
                 has a kink, whose curvature only the distance of the points bounds.",
                args.terms, args.amplitude, args.frequency
            )),
            table(&balls),
            picture(&grid, &heights, &balls)?,
            numbers(&grid, &balls),
        ],
    })
}

/// Without what lies beyond the edges.
fn middle<T: Clone>(values: &[T], beyond: usize) -> Vec<T> {
    values.get(beyond..values.len() - beyond).unwrap_or_default().to_vec()
}

fn table(balls: &[Rolled]) -> Part {
    let header = [
        "radius",
        "minima",
        "variation",
        "excess variation",
        "largest curvature",
        "points touched",
    ];
    let rows = balls.iter().map(|ball| {
        let Roughness { minima, total_variation, excess_variation, largest_curvature } =
            ball.roughness;
        let touched = 100.0 * ball.touched().len() as f64 / ball.centres.len() as f64;
        vec![
            ball.radius.to_string(),
            minima.to_string(),
            format!("{total_variation:.2}"),
            format!("{excess_variation:.2}"),
            format!("{largest_curvature:.1}"),
            format!("{touched:.1} %"),
        ]
    });
    Part::Table { header: header.map(str::to_owned).into(), rows: rows.collect() }
}

/// Where a point of the line is.
fn place(grid: &Grid, point: usize) -> f64 {
    f64::from(grid.spacing()) * point as f64 - 1.0
}

fn picture(grid: &Grid, heights: &[f32], balls: &[Rolled]) -> Result<Part> {
    let curve = |values: &[f32]| {
        let points = values.iter().enumerate();
        points.map(|(point, height)| (place(grid, point), f64::from(*height))).collect()
    };
    let mut series = vec![Series {
        label: "the landscape".to_owned(),
        points: curve(heights),
        mark: Mark::Line,
        colour: 6,
    }];
    for (colour, ball) in balls.iter().filter(|ball| ball.radius > 0.0).enumerate() {
        series.push(Series {
            label: format!("centres, radius {}", ball.radius),
            points: curve(&ball.centres),
            mark: Mark::Line,
            colour,
        });
    }
    if let Some((colour, largest)) = balls.iter().skip(1).enumerate().next_back() {
        let heights = |point: &usize| heights.get(*point).map(|h| (place(grid, *point), *h));
        let touched = largest.touched();
        let points = touched.iter().filter_map(heights).map(|(x, y)| (x, f64::from(y)));
        series.push(Series {
            label: format!("what radius {} touches", largest.radius),
            points: points.collect(),
            mark: Mark::Dots,
            colour,
        });
    }
    let title = "Where the centre of a ball may be";
    let chart = Chart { title, x: "theta", y: "height", series, logarithmic: (false, false) };
    Ok(Part::Picture {
        file: "ironing.svg",
        svg: chart.draw()?,
        caption: "The larger the ball, the less of the landscape it sees.".to_owned(),
    })
}

fn numbers(grid: &Grid, balls: &[Rolled]) -> Part {
    let mut header = vec!["theta".to_owned()];
    header.extend(balls.iter().map(|ball| format!("radius {}", ball.radius)));
    let rows = (0..grid.points()).map(|point| {
        let heights = balls.iter().filter_map(|ball| ball.centres.get(point));
        std::iter::once(place(grid, point)).chain(heights.map(|h| f64::from(*h))).collect()
    });
    Part::Numbers { file: "ironing.csv", header, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_ball_sees_fewer_minima_and_touches_fewer_points() -> Result<()> {
        let radii = vec![0.03, 0.3];
        let section =
            run(&IroningArgs { amplitude: 0.5, frequency: 3.0, terms: 4, radii, points: 801 })?;
        let table = section.parts.iter().find_map(|part| match part {
            Part::Table { rows, .. } => Some(rows),
            _ => None,
        });
        let column = |index: usize| -> Vec<f64> {
            let cells = table.into_iter().flatten().filter_map(|row| row.get(index));
            cells.filter_map(|cell| cell.trim_end_matches(" %").parse().ok()).collect()
        };
        for falling in [column(1), column(5)] {
            assert_eq!(falling.len(), 3);
            assert!(falling.windows(2).all(|pair| pair[1] < pair[0]), "{falling:?}");
        }
        Ok(())
    }

    #[test]
    fn a_ball_larger_than_the_experiment_has_room_for_is_refused() {
        let args =
            IroningArgs { amplitude: 0.5, frequency: 3.0, terms: 4, radii: vec![1e6], points: 11 };
        assert!(run(&args).is_err_and(|error| error.to_string().contains("100 at most")));
    }
}

//! A trained network's loss at every scale.

use super::picture::{Chart, Mark, Series};
use super::report::{Part, Section};
use anyhow::{Context, Result, ensure};
use clap::Args;
use oorandom::Rand32;
use rolling_ball::nn::{Network, QuantizedSamples, Samples, SoftmaxCrossEntropy};
use rolling_ball::probe::{
    Grid, Scale, Slice, normalise_layers, principal_direction, smoothing_radius,
};
use rolling_ball::{SgdConfig, step};
use scenario::DigitsTail;
use workbench::data::digits;
use workbench::optimizers::optimizer;
use workbench::pretrain::DIGITS_RECIPE;
use workbench::pretrain::pretrain;
use workbench::progress;
use workbench::statistics::normal;

type Net = Network<'static, DigitsTail>;

/// The loss of a network of digits along random, filter-normalised and principal directions, for
/// balls of every radius
#[derive(Args, Clone, Debug)]
pub struct ScaleArgs {
    /// Samples of the loss
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    samples: u32,
    /// How far to look on either side, in distances between thetas
    #[arg(long, default_value_t = 5.0)]
    reach: f32,
    /// Points of a line
    #[arg(long, default_value_t = 401, value_parser = clap::value_parser!(u32).range(3..=10_000))]
    points: u32,
    /// Radii of the balls
    #[arg(long, value_delimiter = ',', default_value = "0.03,0.1,0.3,1,3,10")]
    radii: Vec<f32>,
    /// Part of the roughness that shall be gone at the suggested radius
    #[arg(long, default_value_t = 0.9)]
    fraction: f32,
    /// Of the random directions
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Gradient steps before the look, with their rate.
const STEPS: usize = 100;
const RATE: f32 = 0.1;

/// A line through the network's parameters, for every ball.
struct Line {
    name: &'static str,
    surfaces: Vec<(Scale, Vec<f32>)>,
}

/// Runs the experiment.
pub fn run(args: &ScaleArgs) -> Result<Section> {
    let data = digits::sensed(&digits::SENSOR, 1)?;
    let samples = data.samples();
    let path = fine_tuning(&samples, args.samples as usize)?;
    let theta = path.last().context("the training has no start")?;
    let directions = directions(args, &path, theta)?;
    let bar = progress::bar("looking along lines", "lines");
    bar.set_length(directions.len() as u64);
    let mut lines = Vec::new();
    for (name, across) in &directions {
        lines.push(Line { name, surfaces: look(args, &samples, theta, across)? });
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut parts = vec![
        Part::Text(format!(
            "The digits network, 64-32-10, after {STEPS} steps on {} samples of the device's \
             sensor: its loss on these along lines through theta, {} to either side in the \
             distance between thetas ({} points), and the surfaces on which the centres of balls \
             roll there. The suggested radius is the first at which {:.0} % of the excess \
             variation is gone; none where there is none, as on a line of one valley.",
            args.samples,
            args.reach,
            args.points,
            100.0 * args.fraction
        )),
        table(args, &lines),
    ];
    for line in &lines {
        parts.push(picture(args, line)?);
    }
    Ok(Section { name: "scale", title: "A trained network's loss at every scale", parts })
}

/// Theta at the start and after every step.
fn fine_tuning(samples: &QuantizedSamples, count: usize) -> Result<Vec<Vec<f32>>> {
    let bar = progress::bar("pre-training on clean digits", "epochs");
    let mut theta = pretrain::<DigitsTail>(&digits::clean()?, &DIGITS_RECIPE, &bar)?;
    bar.finish_and_clear();
    let config = SgdConfig { learning_rate: RATE.into(), ..SgdConfig::default() };
    let mut sgd = optimizer(theta.len(), config)?;
    let mut path = vec![theta.clone()];
    let mut scratch = vec![0.0; Net::SCRATCH];
    let network = Net::new(&[])?;
    let stream = samples.range(0, count);
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
    for _ in 0..STEPS {
        step(&mut sgd, &mut objective, &mut theta)?;
        path.push(theta.clone());
    }
    Ok(path)
}

/// Directions with their names.
fn directions(
    args: &ScaleArgs,
    path: &[Vec<f32>],
    theta: &[f32],
) -> Result<Vec<(&'static str, Vec<f32>)>> {
    let mut random = Rand32::new(args.seed);
    let plain: Vec<f32> = theta.iter().map(|_| normal(&mut random)).collect();
    let mut filtered: Vec<f32> = theta.iter().map(|_| normal(&mut random)).collect();
    normalise_layers::<DigitsTail>(&mut filtered, theta)?;
    let (mut first, mut second) = (plain.clone(), filtered.clone());
    let mut scratch = vec![0.0; theta.len()];
    principal_direction(path, theta, &[], &mut first, &mut scratch)?;
    principal_direction(path, theta, &[&first], &mut second, &mut scratch)?;
    Ok(vec![
        ("random", plain),
        ("random, filter-normalised", filtered),
        ("first principal of the training", first),
        ("second principal of the training", second),
    ])
}

/// The loss and the surface of every ball along a line.
fn look(
    args: &ScaleArgs,
    samples: &QuantizedSamples,
    origin: &[f32],
    across: &[f32],
) -> Result<Vec<(Scale, Vec<f32>)>> {
    ensure!(args.reach > 0.0, "--reach is {}; pass a distance above 0", args.reach);
    let points = args.points as usize;
    let grid = Grid::line(points, 2.0 * args.reach / (points - 1) as f32)?;
    let slice = Slice { grid, origin, across, down: &[], loss_scale: 1.0 };
    let (mut theta, mut heights) = (vec![0.0; origin.len()], vec![0.0; points]);
    let network = Net::new(&[])?;
    let mut scratch = vec![0.0; Net::SCRATCH];
    let stream = samples.range(0, args.samples as usize);
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
    slice.sample(&mut objective, &mut theta, &mut heights)?;
    let radii = [0.0].iter().chain(&args.radii);
    radii
        .map(|radius| {
            let (mut centres, mut contacts) = (vec![0.0; points], vec![0; points]);
            grid.dilate(&heights, *radius, &mut centres, &mut contacts)?;
            let roughness = grid.roughness(&centres)?;
            Ok((Scale { radius: *radius, roughness }, centres))
        })
        .collect()
}

fn table(args: &ScaleArgs, lines: &[Line]) -> Part {
    let header = [
        "direction",
        "radius",
        "minima",
        "variation",
        "excess variation",
        "largest curvature",
        "suggested radius",
    ];
    let mut rows = Vec::new();
    for line in lines {
        let scales: Vec<Scale> = line.surfaces.iter().map(|(scale, _)| *scale).collect();
        let suggested = smoothing_radius(&scales, args.fraction);
        for (index, Scale { radius, roughness }) in scales.iter().enumerate() {
            let first = index == 0;
            rows.push(vec![
                if first { line.name.to_owned() } else { String::new() },
                radius.to_string(),
                roughness.minima.to_string(),
                format!("{:.2}", roughness.total_variation),
                format!("{:.4}", roughness.excess_variation),
                format!("{:.2}", roughness.largest_curvature),
                match suggested {
                    Some(radius) if first => radius.to_string(),
                    None if first => "-".to_owned(),
                    _ => String::new(),
                },
            ]);
        }
    }
    Part::Table { header: header.map(str::to_owned).into(), rows }
}

fn picture(args: &ScaleArgs, line: &Line) -> Result<Part> {
    let spacing = 2.0 * f64::from(args.reach) / f64::from(args.points - 1);
    let series = line.surfaces.iter().enumerate().map(|(index, (scale, centres))| {
        // Every surface as high above its ball as the loss: what is compared is their form.
        let heights = centres.iter().map(|height| f64::from(height - scale.radius));
        let places = (0..).map(|point| spacing * f64::from(point) - f64::from(args.reach));
        let label = match scale.radius {
            0.0 => "the loss".to_owned(),
            radius => format!("radius {radius}"),
        };
        Series {
            label,
            points: places.zip(heights).collect(),
            mark: Mark::Line,
            colour: (index + 6) % 7,
        }
    });
    let chart = Chart {
        title: line.name,
        x: "distance from theta",
        y: "height of the centre, less the radius",
        series: series.collect(),
        logarithmic: (false, false),
    };
    let file = match line.name {
        "random" => "random.svg",
        "random, filter-normalised" => "filter_normalised.svg",
        "first principal of the training" => "first_principal.svg",
        _ => "second_principal.svg",
    };
    Ok(Part::Picture {
        file,
        svg: chart.draw()?,
        caption: format!("Along the direction: {}.", line.name),
    })
}

//! The bottom that a ball is too large for.

use super::picture::{Chart, Mark, Series};
use super::report::{Part, Section};
use anyhow::Result;
use clap::Args;
use rolling_ball::landscapes::Quadratic;
use rolling_ball::probe::Grid;
use rolling_ball::{
    AnyCentreStep, AnyFootpoint, GaussNewton, GradientDescent, LaggedContact, Plain,
    RefreshedContact, RollingBallConfig, Schedule, step,
};
use workbench::optimizers::optimizer;

/// A parabola under balls that fit and do not: where each form of the ball comes to rest
#[derive(Args, Clone, Debug)]
pub struct UnreachableArgs {
    /// Radius times curvature
    #[arg(long, value_delimiter = ',', default_value = "0.5,0.9,1.1,1.5,2,4")]
    bends: Vec<f32>,
    /// Where the ball starts
    #[arg(long, default_value_t = 3.0)]
    start: f32,
    /// Learning rate
    #[arg(long, default_value_t = 0.05)]
    rate: f32,
    /// Steps
    #[arg(long, default_value_t = 2000)]
    steps: u32,
}

/// How the footpoint is sought.
const FORMS: [(&str, AnyFootpoint); 4] = [
    ("lagged contact", AnyFootpoint::LaggedContact(LaggedContact)),
    ("refreshed contact", AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 })),
    (
        "Gauss-Newton",
        AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 50, tolerance: 1e-6 }),
    ),
    (
        "paper's projection, K 100",
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.05, iterations: 100 }),
    ),
];

/// Runs the experiment. The curvature is 1: the radius is what it is multiplied by.
pub fn run(args: &UnreachableArgs) -> Result<Section> {
    let mut header = vec!["radius * curvature".to_owned(), "theory".to_owned()];
    header.push("exact ball".to_owned());
    header.extend(FORMS.map(|(name, _)| name.to_owned()));
    let mut rows = Vec::new();
    let mut found = FORMS.map(|_| Vec::new());
    for radius in &args.bends {
        let mut row = vec![radius.to_string(), format!("{:.3}", theory(f64::from(*radius)))];
        row.push(format!("{:.3}", exact(*radius)?));
        for (index, (_, footpoint)) in FORMS.into_iter().enumerate() {
            let rest = rest(args, *radius, footpoint)?;
            row.push(rest.map_or_else(
                |step| format!("diverges at step {step}"),
                |away| format!("{away:.3}"),
            ));
            found[index].extend(rest.map(|away| (f64::from(*radius), f64::from(away))).ok());
        }
        rows.push(row);
    }
    Ok(Section {
        name: "unreachable",
        title: "Bottoms that a ball cannot touch",
        parts: vec![
            Part::Text(format!(
                "theta^2 / 2 under a ball that starts at {} and makes {} steps at a rate that \
                 falls from {} to nothing: how far from the bottom it touches in the end. In \
                 theory a ball with radius * curvature r > 1 hangs between the points where \
                 normals of that length meet above the bottom, at sqrt(r^2 - 1), and with r <= 1 \
                 reaches it. The exact ball is dilation on a grid. A form that comes closer to the \
                 bottom than theory cuts into the parabola.",
                args.start, args.steps, args.rate
            )),
            Part::Table { header, rows },
            picture(args, found)?,
        ],
    })
}

fn picture(args: &UnreachableArgs, found: [Vec<(f64, f64)>; FORMS.len()]) -> Result<Part> {
    let largest = args.bends.iter().copied().fold(1.0, f32::max);
    let radii = (0..=200_u32).map(|part| f64::from(largest) * f64::from(part) / 200.0);
    let mut series = vec![Series {
        label: "theory, and the exact ball".to_owned(),
        points: radii.map(|radius| (radius, theory(radius))).collect(),
        mark: Mark::Line,
        colour: 6,
    }];
    for (colour, ((name, _), points)) in FORMS.into_iter().zip(found).enumerate() {
        series.push(Series { label: name.to_owned(), points, mark: Mark::Dots, colour });
    }
    let chart = Chart {
        title: "What a ball touches at rest",
        x: "radius * curvature",
        y: "distance from the bottom",
        series,
        logarithmic: (false, false),
    };
    let caption = "Below the line a form cuts into the parabola.".to_owned();
    Ok(Part::Picture { file: "unreachable.svg", svg: chart.draw()?, caption })
}

fn theory(bend: f64) -> f64 {
    (bend * bend - 1.0).max(0.0).sqrt()
}

/// What the exact ball above the bottom touches.
fn exact(radius: f32) -> Result<f64> {
    const POINTS: usize = 8001;
    let spacing = 2.0 * radius / (POINTS - 1) as f32;
    let grid = Grid::line(POINTS, spacing)?;
    let place = |point: usize| spacing * (point as f32 - (POINTS / 2) as f32);
    let heights: Vec<f32> = (0..POINTS).map(|point| place(point).powi(2) / 2.0).collect();
    let (mut centres, mut contacts) = (vec![0.0; POINTS], vec![0; POINTS]);
    grid.dilate(&heights, radius, &mut centres, &mut contacts)?;
    let contact = contacts.get(POINTS / 2).copied().unwrap_or(POINTS / 2);
    Ok(f64::from(place(contact).abs()))
}

/// How far from the bottom a form ends, or at which step it diverges.
fn rest(
    args: &UnreachableArgs,
    radius: f32,
    footpoint: AnyFootpoint,
) -> Result<std::result::Result<f32, u32>> {
    let config = RollingBallConfig {
        radius: radius.into(),
        // A centre goes to and fro over a kink by what a step is long.
        learning_rate: Schedule::Cosine { from: args.rate, to: 0.0, steps: args.steps },
        loss_scale: 1.0,
        footpoint,
        centre_step: AnyCentreStep::Plain(Plain),
        roll_back: false,
    };
    let mut ball = optimizer(1, config)?;
    let mut theta = [args.start];
    let mut parabola = Quadratic { condition: 1.0 };
    for index in 0..args.steps {
        if step(&mut ball, &mut parabola, &mut theta).is_err() {
            return Ok(Err(index));
        }
    }
    let [contact] = theta;
    Ok(Ok(contact.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_ball_hangs_where_theory_says() -> Result<()> {
        for radius in [0.5_f32, 1.1, 2.0] {
            // The height over the bottom is flat where the normals meet.
            let strayed = (exact(radius)? - theory(f64::from(radius))).abs();
            assert!(strayed < 0.01, "{radius}: {strayed}");
        }
        Ok(())
    }
}

//! Which radius goes with which rate.

use super::picture::Map;
use super::report::{Part, Section};
use super::training::{PARAMETERS, train};
use anyhow::Result;
use clap::{Args, ValueEnum};
use rolling_ball::{
    AnyCentreStep, AnyFootpoint, GaussNewton, GradientDescent, LaggedContact, Plain,
    RollingBallConfig,
};
use std::path::PathBuf;
use workbench::data::mnist::Mnist;
use workbench::optimizers::optimizer;
use workbench::progress;

/// MNIST, 784-128-10: the ball's accuracy by radius and learning rate, the paper's claim beside it
#[derive(Args, Clone, Debug)]
pub struct RadiusMapArgs {
    /// The directory with MNIST's four IDX files, packed or not
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How the footpoint is sought
    #[arg(long, value_delimiter = ',', default_value = "lagged,paper")]
    forms: Vec<Form>,
    /// Radii
    #[arg(long, value_delimiter = ',', default_value = "0.01,0.1,1,3,10")]
    radii: Vec<f32>,
    /// Learning rates
    #[arg(long, value_delimiter = ',', default_value = "0.001,0.01,0.1,1,10,100")]
    rates: Vec<f32>,
    /// Passes over the training images
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    epochs: u32,
    /// Images of a gradient
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// Lagged contact: one gradient a step
    Lagged,
    /// The nearest point by Gauss-Newton
    Nearest,
    /// The paper's projection, ten iterations of step 0.01
    Paper,
}

impl Form {
    fn footpoint(self) -> AnyFootpoint {
        match self {
            Self::Lagged => AnyFootpoint::LaggedContact(LaggedContact),
            Self::Nearest => {
                AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 4, tolerance: 1e-2 })
            }
            Self::Paper => {
                AnyFootpoint::GradientDescent(GradientDescent { step: 0.01, iterations: 10 })
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Lagged => "lagged contact",
            Self::Nearest => "nearest point, Gauss-Newton",
            Self::Paper => "paper's projection, K 10, step 0.01",
        }
    }
}

/// Test accuracy in per cent after the last epoch; none where the training diverged.
fn accuracy(
    args: &RadiusMapArgs,
    data: &Mnist,
    form: Form,
    [radius, rate]: [f32; 2],
) -> Result<Option<f32>> {
    let config = RollingBallConfig {
        radius: radius.into(),
        learning_rate: rate.into(),
        loss_scale: 1.0,
        footpoint: form.footpoint(),
        centre_step: AnyCentreStep::Plain(Plain),
        roll_back: false,
    };
    let mut ball = optimizer(PARAMETERS, config)?;
    let epochs = train(data, &mut ball, [args.epochs, args.batch], 0, || ())?;
    Ok(epochs.get(args.epochs as usize - 1).map(|epoch| (100.0 * epoch.accuracy) as f32))
}

/// Runs the experiment.
pub fn run(args: &RadiusMapArgs) -> Result<Section> {
    let data = Mnist::read(&args.data)?;
    let bar = progress::bar("training on MNIST", "trainings");
    bar.set_length((args.forms.len() * args.radii.len() * args.rates.len()) as u64);
    let mut parts = vec![Part::Text(format!(
        "Test accuracy in per cent after {} epochs in batches of {} (one training each), rows are \
         radii, columns learning rates. The paper, of its own solver: radii 0.1 to 1 with rates \
         0.001 to 1 behave like a point, 1 to 5 with 0.01 to 50 are best, above 10 with rates \
         above 100 are unstable.",
        args.epochs, args.batch
    ))];
    for form in &args.forms {
        let mut header = vec![format!("{}: radius", form.name())];
        header.extend(args.rates.iter().map(|rate| format!("rate {rate}")));
        let (mut rows, mut heights) = (Vec::new(), Vec::new());
        for radius in &args.radii {
            let mut row = vec![radius.to_string()];
            for rate in &args.rates {
                let accuracy = accuracy(args, &data, *form, [*radius, *rate])?;
                row.push(accuracy.map_or_else(|| "-".to_owned(), |a| format!("{a:.1}")));
                heights.push(accuracy.unwrap_or(10.0));
                bar.inc(1);
            }
            rows.push(row);
        }
        parts.push(Part::Table { header, rows });
        parts.push(Part::Text(verdict(args, *form, &heights)));
        parts.push(picture(args, *form, &heights)?);
    }
    bar.finish_and_clear();
    Ok(Section { name: "radius-map", title: "Radius and rate on MNIST", parts })
}

/// How many points are more than chance, with one training each.
const CLEAR: f32 = 0.5;

/// Whether the paper's good radii are better than the smaller ones, each at its best rate.
fn verdict(args: &RadiusMapArgs, form: Form, heights: &[f32]) -> String {
    let rows = heights.chunks(args.rates.len().max(1)).zip(&args.radii);
    let best = |wanted: fn(f32) -> bool| {
        let rows = rows.clone().filter(|(_, radius)| wanted(**radius));
        rows.flat_map(|(row, _)| row).copied().fold(f32::NAN, f32::max)
    };
    let (large, small) =
        (best(|radius| (1.0..=5.0).contains(&radius)), best(|radius| radius < 1.0));
    let holds = if large > small + CLEAR { "reproduced" } else { "not reproduced" };
    format!(
        "{}: {large:.1} at best with radii from 1 to 5, {small:.1} below 1. That radii from 1 to 5 \
         are best is {holds}.",
        form.name()
    )
}

const CAPTION: &str =
    "Across, the logarithm of the rate; up, that of the radius. Light is accurate.";

fn picture(args: &RadiusMapArgs, form: Form, heights: &[f32]) -> Result<Part> {
    let ends = |values: &[f32]| {
        let ends = [values.first(), values.last()].map(|value| value.copied().unwrap_or(1.0));
        let [first, last] = ends.map(|value| f64::from(value).log10());
        first..last
    };
    let map = Map {
        title: form.name(),
        x: ends(&args.rates),
        y: ends(&args.radii),
        columns: args.rates.len(),
        heights,
        paths: Vec::new(),
    };
    let file = match form {
        Form::Lagged => "lagged.svg",
        Form::Nearest => "nearest.svg",
        Form::Paper => "paper.svg",
    };
    Ok(Part::Picture { file, svg: map.draw()?, caption: CAPTION.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RadiusMapArgs,
    }

    #[test]
    fn a_claim_is_reproduced_only_where_large_radii_are_clearly_better() {
        let line = ["map", "--data", ".", "--radii", "0.1,1", "--rates", "0.1,1"];
        let args = Line::parse_from(line).args;
        let said = |heights: [f32; 4]| verdict(&args, Form::Paper, &heights);
        assert!(said([90.0, 91.0, 92.0, 10.0]).ends_with("is reproduced."));
        assert!(said([90.0, 91.0, 91.2, 10.0]).ends_with("is not reproduced."));
    }
}

//! Networks that learn by losses alone, beside the same with gradients.

use anyhow::{Context, Result};
use rayon::prelude::*;
use rolling_ball::kernels::Active;
use rolling_ball::nn::{
    Backbone, BiasesOnly, Dense, Frozen, Layer, Map, Network, Relu, ScaleShift,
};
use rolling_ball::{
    Optimizer, RollingBall, RollingBallConfig, ZerothOrderBall, ZerothOrderBallConfig,
};
use rolling_ball_rehearsal::{
    Buffers, Event, Image, Model, OptimizerKind, Settings, fine_tune_with,
};
use scenario::{DigitsTail, digits_cnn};
use workbench::data::digits;
use workbench::pretrain::{DIGITS_RECIPE, pretrain};
use workbench::progress;
use workbench::statistics::mean;
use workbench::table::markdown;

/// Draws of the labelled samples on which the radius is chosen.
const TUNING: std::ops::Range<u64> = 1..4;
/// Other draws.
const JUDGED: std::ops::Range<u64> = 101..111;
/// Labelled samples.
const SAMPLES: usize = 50;
/// What a training may cost, in gradient evaluations over all samples.
const UNITS: [u32; 3] = [30, 100, 300];
const RADII: [f32; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

/// How a network learns.
#[derive(Clone, Copy)]
enum Method {
    /// The ball's preset.
    Gradients,
    /// The ball that needs losses only, from this radius.
    Losses(f32),
}

/// A row of the table: what of which network is trained.
struct Trained {
    name: &'static str,
    parameters: usize,
    /// Bytes of RAM with the ball's two vectors, and without any.
    ram: [usize; 2],
    /// The accuracy on held-out samples before and after a training at this cost, of a draw.
    accuracy: Box<dyn Fn(Method, u32, u64) -> Result<[f64; 2]> + Sync>,
}

impl Trained {
    fn new<L: Layer + 'static, B: Backbone<Feature: Default + Send> + Sync + 'static>(
        name: &'static str,
        network: Network<'static, L, B>,
        start: Vec<f32>,
    ) -> Self
    where
        Network<'static, L, B>: Sync + Send,
    {
        let accuracy = move |method, units, draw| learned(&network, &start, method, units, draw);
        Self {
            name,
            parameters: Network::<L, B>::PARAMETERS,
            ram: [2, 0].map(Network::<L, B>::ram_bytes),
            accuracy: Box::new(accuracy),
        }
    }

    /// The mean of draws, before and after.
    fn over(&self, method: Method, units: u32, draws: std::ops::Range<u64>) -> Result<[f64; 2]> {
        let runs = draws.into_par_iter().map(|draw| (self.accuracy)(method, units, draw));
        let runs = runs.collect::<Result<Vec<_>>>()?;
        Ok([0, 1].map(|index| mean(runs.iter().map(|run| run[index]))))
    }
}

/// One training.
fn learned<L: Layer, B: Backbone<Feature: Default>>(
    network: &Network<'static, L, B>,
    start: &[f32],
    method: Method,
    units: u32,
    draw: u64,
) -> Result<[f64; 2]> {
    let (labelled, held_out) = digits::sensed(&digits::SENSOR, draw)?.draw(SAMPLES, draw);
    let parameters = Network::<L, B>::PARAMETERS;
    let (optimizer, steps) = match method {
        // A step is a gradient.
        Method::Gradients => (OptimizerKind::Ball, units),
        // A step is two losses, each a third of a gradient.
        Method::Losses(_) => (OptimizerKind::ZerothOrderBall, units * 3 / 2),
    };
    let settings = Settings { optimizer, steps, batch: 0, radius: 1.0, learning_rate: 1.0 };
    let (labelled, held_out) = (labelled.samples(), held_out.samples());
    let count = labelled.labels.len() + held_out.labels.len();
    let image = Image { settings, weights: start, labelled, held_out };
    let model = Model { network: *network, start, image };

    let mut theta = vec![0.0; parameters];
    let mut scratch = vec![0.0; Network::<L, B>::SCRATCH];
    let mut features = Vec::new();
    features.resize_with(count * Network::<L, B>::FEATURES, B::Feature::default);
    let workspace = [&mut [][..], &mut [], &mut []];
    let buffers =
        Buffers { theta: &mut theta, workspace, scratch: &mut scratch, features: &mut features };
    let mut told = Vec::new();
    let tell = |event| match event {
        Event::Before(accuracy) | Event::After(accuracy) => told.push(accuracy),
        _ => {}
    };
    let kernels = Active::default();
    let run = |optimizer: &mut dyn Optimizer| {
        fine_tune_with(kernels, &model, optimizer, buffers, || 0, tell)
    };
    match method {
        Method::Gradients => {
            let vectors = [(); 2].map(|()| vec![0.0; parameters]);
            run(&mut RollingBall::new(RollingBallConfig::fine_tuning(steps), vectors)?)?;
        }
        Method::Losses(radius) => {
            let config = ZerothOrderBallConfig::shrinking(radius, parameters, steps);
            run(&mut ZerothOrderBall::new(config)?)?;
        }
    }
    let percent = |index: usize| -> Result<f64> {
        let accuracy = told.get(index).context("a run told no accuracy")?;
        Ok(100.0 * f64::from(accuracy.correct) / f64::from(accuracy.samples))
    };
    Ok([percent(0)?, percent(1)?])
}

type Features = Map<1, 1, 64>;
type Last<R> = Dense<64, 10, R>;
type Biases = (Dense<64, 32, BiasesOnly>, Relu<32>, Dense<32, 10, BiasesOnly>);

/// What is trained: of the digits' networks all, the last layer, or a few parameters that reach
/// everywhere.
fn networks() -> Result<Vec<Trained>> {
    let bar = progress::bar("pre-training on the desktop", "epochs");
    let whole = pretrain::<DigitsTail>(&digits::clean()?, &DIGITS_RECIPE, &bar)?;
    bar.finish_and_clear();
    let (mut weights, mut biases) = (Vec::new(), Vec::new());
    let mut rest = &whole[..];
    for (inputs, outputs) in [(64, 32), (32, 10)] {
        let (layer, others) = rest.split_at(outputs * (inputs + 1));
        let (weight, bias) = layer.split_at(outputs * inputs);
        weights.extend_from_slice(weight);
        biases.extend_from_slice(bias);
        rest = others;
    }
    let imported = digits_cnn::network()?;
    let backbone = || digits_cnn::Backbone::new(&digits_cnn::BACKBONE);
    let theta = &digits_cnn::THETA;
    let (last_weights, last_biases) = theta.split_at(640);
    let scales: Vec<f32> = (0..128).map(|index| f32::from(u8::from(index < 64))).collect();
    Ok(vec![
        Trained::new("64-32-10, all", Network::<DigitsTail>::new(&[])?, whole),
        Trained::new("64-32-10, biases", Network::<Biases>::new(weights.leak())?, biases),
        Trained::new("int8 convolutions, last layer", imported, theta.to_vec()),
        Trained::new(
            "int8 convolutions, scales and shifts of its 64 outputs",
            Network::<(ScaleShift<Features>, Last<Frozen>), _>::with_backbone(backbone()?, theta)?,
            scales,
        ),
        Trained::new(
            "int8 convolutions, biases of the last layer",
            Network::<Last<BiasesOnly>, _>::with_backbone(backbone()?, last_weights)?,
            last_biases.to_vec(),
        ),
    ])
}

/// The part of the document.
pub fn table() -> Result<String> {
    let networks = networks()?;
    let bar = progress::bar("networks by losses", "trainings");
    bar.set_length((networks.len() * UNITS.len()) as u64);
    let mut header: Vec<String> =
        ["trained", "parameters", "RAM, bytes", "start"].map(str::to_owned).into();
    header.extend(UNITS.map(|units| format!("{units} gradients")));
    let mut rows = Vec::new();
    for trained in &networks {
        let name = |how: &str| format!("{}: {how}", trained.name);
        let [gradients, losses] = trained.ram;
        let mut by_gradients =
            vec![name("gradients"), trained.parameters.to_string(), gradients.to_string()];
        let mut by_losses =
            vec![name("losses"), trained.parameters.to_string(), losses.to_string()];
        for (column, units) in UNITS.into_iter().enumerate() {
            let [before, after] = trained.over(Method::Gradients, units, JUDGED)?;
            let mut best = (f64::NEG_INFINITY, RADII[0]);
            for radius in RADII {
                let [_, after] = trained.over(Method::Losses(radius), units, TUNING)?;
                if after > best.0 {
                    best = (after, radius);
                }
            }
            let [_, without] = trained.over(Method::Losses(best.1), units, JUDGED)?;
            if column == 0 {
                by_gradients.push(format!("{before:.1} %"));
                by_losses.push(format!("{before:.1} %"));
            }
            by_gradients.push(format!("{after:.1} %"));
            by_losses.push(format!("{without:.1} % ({})", best.1));
            bar.inc(1);
        }
        rows.extend([by_gradients, by_losses]);
    }
    bar.finish_and_clear();
    Ok(format!(
        "`cargo lab losses-only --write`. Digits seen by a turned sensor, {SAMPLES} labelled, at \
         the cost of so many gradients over all of them (a loss is a third of one): the accuracy \
         on the others, the mean of {} draws. Gradients are followed by the ball's preset; the \
         ball that needs losses only has the one of the radii {RADII:?} that is best on {} other \
         draws, in brackets. RAM is theta, the optimizer's vectors, and what an evaluation works \
         in.\n\n{}",
        JUDGED.end - JUDGED.start,
        TUNING.end - TUNING.start,
        markdown(header, rows.into_iter())
    ))
}

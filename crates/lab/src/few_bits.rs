//! What few bits cost: weights that are rounded after training or trained so, and checkpoints.

use anyhow::Result;
use clap::Args;
use rolling_ball::few_bits::{Group, Groups, StraightThrough, round};
use rolling_ball::nn::{Dense, Network, ParameterKind, Relu, Samples, SoftmaxCrossEntropy};
use rolling_ball::{
    AdamConfig, Checkpoints, Flash, FlashSizes, Objective, Optimizer, RollingBall,
    RollingBallConfig, Schedule, ThetaBits, step,
};
use rolling_ball_rehearsal::accuracy;
use std::convert::Infallible;
use workbench::data::{Dataset, digits};
use workbench::document::{FEW_BITS, KEPT_BITS, TRAINED_BITS};
use workbench::optimizers::boxed;
use workbench::pretrain::{DIGITS_RECIPE, pretrain};
use workbench::progress;
use workbench::table::markdown;

type Layers = (Dense<64, 32>, Relu<32>, Dense<32, 10>);
type Net = Network<'static, Layers>;
const PARAMETERS: usize = Net::PARAMETERS;
const BITS: [u32; 4] = [8, 4, 3, 2];

/// What weights and checkpoints of 8 to 2 bits cost in accuracy, on the digits of a turned sensor
#[derive(Args, Clone, Debug)]
pub struct FewBitsArgs {
    /// Fine-tunings, each with other samples and another noise
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// Samples of each
    #[arg(long, default_value_t = 100)]
    samples: usize,
    /// Steps of each
    #[arg(long, default_value_t = 100)]
    steps: u32,
    /// Put the tables into docs/few_bits.md
    #[arg(long)]
    write: bool,
}

/// A fine-tuning: from where, on what, and what it is tested on.
struct Task<'a> {
    start: &'a [f32],
    train: Dataset,
    test: Dataset,
    steps: u32,
}

/// Accuracies of the runs, in per cent.
#[derive(Clone, Default)]
struct Cell(Vec<f64>);

impl Cell {
    /// Their mean, and its standard error.
    fn text(&self) -> String {
        let count = self.0.len() as f64;
        let mean = self.0.iter().sum::<f64>() / count;
        let variance = self.0.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let error = (variance / (count - 1.0).max(1.0) / count).sqrt();
        format!("{mean:.1} ± {error:.1}")
    }
}

/// A row of a table.
struct Row {
    name: String,
    cells: Vec<Cell>,
}

impl Row {
    fn new(name: impl Into<String>, cells: usize) -> Self {
        Self { name: name.into(), cells: vec![Cell::default(); cells] }
    }

    fn add(&mut self, values: &[f64]) {
        for (cell, value) in self.cells.iter_mut().zip(values) {
            cell.0.push(*value);
        }
    }

    fn texts(&self) -> Vec<String> {
        [self.name.clone()].into_iter().chain(self.cells.iter().map(Cell::text)).collect()
    }
}

impl Task<'_> {
    fn accuracy(&self, theta: &[f32]) -> Result<f64> {
        let mut scratch = vec![0.0; Net::SCRATCH];
        let tested = accuracy(&Net::new(&[])?, theta, self.test.samples(), &mut scratch)?;
        Ok(100.0 * f64::from(tested.correct) / f64::from(tested.samples.max(1)))
    }

    /// Trains from the start; `after` may change theta and optimizer after each step.
    fn train<O: Optimizer + ?Sized, J: Objective>(
        &self,
        optimizer: &mut O,
        objective: &mut J,
        mut after: impl FnMut(u32, &mut Vec<f32>, &mut O) -> Result<()>,
    ) -> Result<Vec<f32>> {
        let mut theta = self.start.to_vec();
        for index in 1..=self.steps {
            step(optimizer, objective, &mut theta)?;
            after(index, &mut theta, optimizer)?;
        }
        Ok(theta)
    }

    fn ball(&self) -> Result<RollingBall<Vec<f32>>> {
        let vectors = [vec![0.0; PARAMETERS], vec![0.0; PARAMETERS]];
        Ok(RollingBall::new(RollingBallConfig::fine_tuning(self.steps), vectors)?)
    }

    fn optimizer(&self, adam: bool) -> Result<Box<dyn Optimizer + Send>> {
        let learning_rate = Schedule::Cosine { from: 0.003, to: 0.0, steps: self.steps };
        let config = AdamConfig { learning_rate, ..AdamConfig::default() };
        Ok(if adam { boxed(PARAMETERS, config)? } else { Box::new(self.ball()?) })
    }

    /// Trained as ever; then rounded after, and trained at rounded weights.
    fn trained(&self, adam: bool, groups: &impl Groups, theta: &[f32]) -> Result<[f64; 2]> {
        let mut rounded = vec![0.0; PARAMETERS];
        round(theta, groups, &mut rounded)?;
        let after = self.accuracy(&rounded)?;
        let (network, mut scratch) = (Net::new(&[])?, vec![0.0; Net::SCRATCH]);
        let batch =
            network.batch(SoftmaxCrossEntropy::new(), self.train.samples().all(), &mut scratch)?;
        let mut through = StraightThrough::new(batch, groups, rounded)?;
        let theta = self.train(&mut *self.optimizer(adam)?, &mut through, |_, _, _| Ok(()))?;
        Ok([after, self.accuracy(through.rounded(&theta)?)?])
    }

    /// Trained as ever.
    fn plain(&self, optimizer: &mut (impl Optimizer + ?Sized)) -> Result<Vec<f32>> {
        let (network, mut scratch) = (Net::new(&[])?, vec![0.0; Net::SCRATCH]);
        let mut batch =
            network.batch(SoftmaxCrossEntropy::new(), self.train.samples().all(), &mut scratch)?;
        self.train(optimizer, &mut batch, |_, _, _| Ok(()))
    }

    /// Saved and resumed after every so many steps, and at the end.
    fn resumed(&self, theta_bits: ThetaBits, every: u32) -> Result<f64> {
        let (network, mut scratch) = (Net::new(&[])?, vec![0.0; Net::SCRATCH]);
        let mut batch =
            network.batch(SoftmaxCrossEntropy::new(), self.train.samples().all(), &mut scratch)?;
        let mut checkpoints =
            Checkpoints::new(Ram(vec![0xff; 1 << 16]), 0..1 << 16)?.with_theta_bits(theta_bits);
        let theta = self.train(&mut self.ball()?, &mut batch, |index, theta, ball| {
            if index % every == 0 || index == self.steps {
                checkpoints.save(theta, ball)?;
                *ball = self.ball()?;
                theta.fill(0.0);
                checkpoints.resume_rounded(theta, ball)?;
            }
            Ok(())
        })?;
        self.accuracy(&theta)
    }
}

/// A flash that never fails.
struct Ram(Vec<u8>);

impl Flash for Ram {
    type Error = Infallible;

    fn sizes(&self) -> FlashSizes {
        FlashSizes { read: 4, write: 4, erase: 4096, capacity: self.0.len() }
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        let offset = offset as usize;
        bytes.copy_from_slice(&self.0[offset..offset + bytes.len()]);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        let offset = offset as usize;
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        self.0[from as usize..to as usize].fill(0xff);
        Ok(())
    }
}

/// Each layer's weights with one scale.
fn by_layer(bits: u32) -> [Group; 4] {
    let group = |length, bits| Group { length, bits };
    [group(64 * 32, Some(bits)), group(32, None), group(32 * 10, Some(bits)), group(10, None)]
}

/// Runs the experiment.
pub fn run(args: &FewBitsArgs) -> Result<()> {
    let bar = progress::bar("few bits", "runs");
    let start = pretrain::<Layers>(&digits::clean()?, &DIGITS_RECIPE, &bar)?;
    bar.set_length(args.runs.into());
    bar.set_position(0);
    let mut before = Row::new("no fine-tuning", 2);
    let mut whole = Row::new("32", 6);
    let mut few: Vec<Row> = BITS.iter().map(|bits| Row::new(bits.to_string(), 6)).collect();
    let kept = [ThetaBits::ThirtyTwo, ThetaBits::Eight, ThetaBits::Four];
    let mut checkpoints: Vec<Row> =
        kept.iter().map(|bits| Row::new(bits.bits().to_string(), 3)).collect();
    for run in 0..args.runs {
        let seen = digits::sensed(&digits::SENSOR, run.into())?;
        let (train, test) = seen.draw(args.samples, run.into());
        let task = Task { start: &start, train, test, steps: args.steps };
        before.add(&[task.accuracy(&start)?]);
        let ball = task.plain(&mut task.ball()?)?;
        let adam = task.plain(&mut *task.optimizer(true)?)?;
        let (by_ball, by_adam) = (task.accuracy(&ball)?, task.accuracy(&adam)?);
        whole.add(&[by_ball, by_ball, by_ball, by_ball, by_adam, by_adam]);
        for (row, bits) in few.iter_mut().zip(BITS) {
            let by_filter = Net::groups(|kind| (kind == ParameterKind::Weight).then_some(bits));
            let cells = [
                task.trained(false, &by_filter, &ball)?,
                task.trained(false, &by_layer(bits), &ball)?,
                task.trained(true, &by_filter, &adam)?,
            ];
            row.add(cells.as_flattened());
        }
        for (row, theta_bits) in checkpoints.iter_mut().zip(kept) {
            let cells = [args.steps, 25, 5].map(|every| task.resumed(theta_bits, every));
            let [end, some, many] = cells;
            row.add(&[end?, some?, many?]);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let trained = format!(
        "`cargo lab few-bits --write`. The digits of the turned sensor, network 64-32-10, {} \
         samples, {} steps, {} runs with other samples and another noise; accuracy on the other \
         digits in per cent, with its standard error; {} before fine-tuning. The ball is \
         `fine_tuning`, Adam's rate falls from 0.003 to 0. Biases stay in 32 bits. \"After\" is \
         trained as ever and then rounded; \"through\" is trained at rounded weights by \
         `StraightThrough`.\n\n{}",
        args.samples,
        args.steps,
        args.runs,
        before.cells.first().map(Cell::text).unwrap_or_default(),
        markdown(
            [
                "bits of a weight",
                "ball, a scale a filter: after",
                "through",
                "ball, a scale a layer: after",
                "through",
                "Adam, a scale a filter: after",
                "through",
            ]
            .map(str::to_owned)
            .to_vec(),
            [&whole].into_iter().chain(&few).map(Row::texts),
        )
    );
    let kept = format!(
        "`cargo lab few-bits --write`. The same fine-tunings with the ball, saved to flash and \
         resumed from it into a new optimizer: at the end only, after every 25 steps, and after \
         every 5 steps. Theta has a scale for each 32 parameters, biases among them; the ball's \
         own vector is kept in 32 bits.\n\n{}",
        markdown(
            ["bits of theta in a checkpoint", "at the end", "every 25 steps", "every 5 steps"]
                .map(str::to_owned)
                .to_vec(),
            checkpoints.iter().map(Row::texts),
        )
    );
    for (title, text) in [(TRAINED_BITS, &trained), (KEPT_BITS, &kept)] {
        println!("## {title}\n\n{text}\n");
        if args.write {
            FEW_BITS.replace(title, text)?;
        }
    }
    Ok(())
}

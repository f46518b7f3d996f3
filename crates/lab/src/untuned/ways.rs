//! The ways to fine-tune that are compared.

use crate::finetune::methods::{METHODS, Method, Settings, as_shipped};
use crate::finetune::training::train;
use anyhow::Result;
use rolling_ball::nn::{
    Credibility, FineTuning, FineTuningConfig, FineTuningReport, Layer, Network, QuantizedSamples,
    Samples, SoftmaxCrossEntropy,
};
use rolling_ball::{ClipNorm, Optimizer, Resumable, RollingBallConfig, Schedule, SgdConfig};
use workbench::optimizers::optimizer;

/// The cost of a run in gradient evaluations.
const BUDGET: u32 = 100;

/// The methods whose best settings of a cell the others are measured by.
const TUNED: [&str; 3] = ["SGD, clipped", "Adam", "ball, lagged, arc length"];

/// A way to fine-tune.
#[derive(Clone, Copy)]
pub enum Way {
    /// With these settings, which somebody has to choose.
    Tuned(&'static Method, Settings),
    /// The settings are those that the library ships.
    Shipped(&'static Method),
    /// A `FineTuning` decides how much of what was learned is kept.
    Transaction(&'static Variant),
}

/// A `FineTuning` with other settings than the library's, or around another optimizer.
pub struct Variant {
    name: &'static str,
    config: FineTuningConfig,
    /// Into how many mini-batches the samples are divided.
    batches: usize,
    around: Around,
}

enum Around {
    Ball,
    ClippedSgd,
}

const CONFIG: FineTuningConfig =
    FineTuningConfig { fold_steps: 15, steps: 40, pull: 1.0, mini_batch: None, seed: 1 };
const AS_MEASURED: Variant =
    Variant { name: "`FineTuning`", config: CONFIG, batches: 1, around: Around::Ball };

/// As the library ships it, and then what was tried instead.
const VARIANTS: [Variant; 8] = [
    AS_MEASURED,
    Variant {
        name: "no pull to the start",
        config: FineTuningConfig { pull: 0.0, ..CONFIG },
        ..AS_MEASURED
    },
    Variant {
        name: "a third of the pull",
        config: FineTuningConfig { pull: 0.33, ..CONFIG },
        ..AS_MEASURED
    },
    Variant {
        name: "three times the pull",
        config: FineTuningConfig { pull: 3.0, ..CONFIG },
        ..AS_MEASURED
    },
    Variant {
        name: "7 steps a fold and 22 at the end, 50 gradients",
        config: FineTuningConfig { fold_steps: 7, steps: 22, ..CONFIG },
        ..AS_MEASURED
    },
    Variant {
        name: "100 steps at the end, 160 gradients",
        config: FineTuningConfig { steps: 100, ..CONFIG },
        ..AS_MEASURED
    },
    Variant {
        name: "three mini-batches, three times the steps",
        config: FineTuningConfig { fold_steps: 45, steps: 120, ..CONFIG },
        batches: 3,
        around: Around::Ball,
    },
    Variant {
        name: "around clipped SGD, rate 1, norm 0.3",
        around: Around::ClippedSgd,
        ..AS_MEASURED
    },
];

/// What a way came to.
#[derive(Default)]
pub struct Tuned {
    /// The parameters, where the training did not fail.
    pub theta: Option<Vec<f32>>,
    /// What a transaction tells.
    pub report: Option<FineTuningReport>,
    /// How credible it finds each label.
    pub credible: Vec<f32>,
}

/// All that somebody may choose from.
pub fn tuned() -> Vec<Way> {
    let methods = METHODS.iter().filter(|method| TUNED.contains(&method.name));
    methods
        .flat_map(|method| {
            method.grid().into_iter().map(move |settings| Way::Tuned(method, settings))
        })
        .collect()
}

/// All that need no choice.
pub fn untuned() -> Vec<Way> {
    let [shipped, ..] = &VARIANTS;
    [Way::Transaction(shipped)].into_iter().chain(as_shipped().map(Way::Shipped)).collect()
}

/// What was tried in the place of the `FineTuning` that is shipped.
pub fn tried() -> Vec<Way> {
    VARIANTS.iter().skip(1).map(Way::Transaction).collect()
}

impl Way {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tuned(method, _) | Self::Shipped(method) => method.name,
            Self::Transaction(variant) => variant.name,
        }
    }

    /// Fine-tunes from a start.
    pub fn fine_tune<T: Layer>(&self, start: &[f32], samples: QuantizedSamples) -> Result<Tuned> {
        let (method, settings) = match self {
            Self::Tuned(method, settings) => (method, *settings),
            Self::Shipped(method) => (method, [0.0; 3]),
            Self::Transaction(variant) => return variant.fine_tune::<T>(start, samples),
        };
        let trained = train::<T>((method, settings), start, samples, samples.len(), BUDGET)?;
        Ok(Tuned { theta: trained.map(|trained| trained.theta), ..Tuned::default() })
    }
}

impl Variant {
    fn fine_tune<T: Layer>(&self, start: &[f32], samples: QuantizedSamples) -> Result<Tuned> {
        let Self { config: FineTuningConfig { steps, .. }, .. } = self;
        match self.around {
            Around::Ball => {
                let ball = RollingBallConfig::shrinking(0.03, 2.0, *steps);
                let ball = RollingBallConfig { roll_back: false, ..ball };
                self.around::<T, _>(optimizer(start.len(), ball)?, start, samples)
            }
            Around::ClippedSgd => {
                let learning_rate = Schedule::Cosine { from: 1.0, to: 0.0, steps: *steps };
                let sgd = SgdConfig { learning_rate, roll_back: false, ..SgdConfig::default() };
                let clipped = ClipNorm::new(optimizer(start.len(), sgd)?, 0.3)?;
                self.around::<T, _>(clipped, start, samples)
            }
        }
    }

    fn around<T: Layer, O: Optimizer + Resumable>(
        &self,
        optimizer: O,
        start: &[f32],
        samples: QuantizedSamples,
    ) -> Result<Tuned> {
        let network = Network::<T>::new(&[])?;
        let mut scratch = vec![0.0; Network::<T>::scratch(samples.len())];
        let mut records = vec![Credibility::NEW; samples.len()];
        let mut theta = start.to_vec();
        let mini_batch = (self.batches > 1).then(|| samples.len().div_ceil(self.batches));
        let config = FineTuningConfig { mini_batch, ..self.config };
        let (loss, records) = (SoftmaxCrossEntropy::new(), &mut records);
        let scratch = &mut scratch;
        let tuning =
            FineTuning::with_optimizer(network, loss, samples, start, optimizer, records, scratch)?;
        let mut tuning = tuning.with_config(config)?;
        let report = tuning.finish(&mut theta)?;
        let credible = tuning.credibilities().iter().map(Credibility::label).collect();
        Ok(Tuned { theta: Some(theta), report: Some(report), credible })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolling_ball::nn::Dense;

    #[test]
    fn what_is_measured_is_what_is_shipped_to_the_bit() -> Result<()> {
        assert_eq!(CONFIG, FineTuningConfig::default());
        let (network, loss) = (Network::<Dense<2, 3>>::new(&[])?, SoftmaxCrossEntropy::new());
        let labels: Vec<u8> = (0..20).map(|index| index % 3).collect();
        let inputs: Vec<u8> = labels.iter().flat_map(|label| [90 * label, 200 - label]).collect();
        let samples = QuantizedSamples {
            inputs: &inputs,
            labels: &labels,
            width: 2,
            scale: 0.01,
            offset: -1.0,
        };
        let start = [0.1; Dense::<2, 3>::PARAMETERS];
        let (mut theta, vectors) = (start, [[0.0; Dense::<2, 3>::PARAMETERS]; 2]);
        let mut known = [Credibility::NEW; 20];
        let mut scratch = [0.0; Network::<Dense<2, 3>>::SCRATCH];
        let mut shipped =
            FineTuning::new(network, loss, samples, &start, vectors, &mut known, &mut scratch)?;
        let report = shipped.finish(&mut theta)?;
        assert!(report.kept > 0.0 && theta != start);
        let measured = AS_MEASURED.fine_tune::<Dense<2, 3>>(&start, samples)?;
        assert_eq!(measured.report, Some(report));
        assert_eq!(measured.theta.as_deref(), Some(theta.as_slice()));
        Ok(())
    }
}

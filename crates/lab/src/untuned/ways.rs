//! The ways to fine-tune that are compared.

use crate::finetune::methods::{AS_SHIPPED, Length, METHODS, Method, Settings, WITHOUT_A_RATE};
use anyhow::Result;
use rolling_ball::nn::{
    Credibility, FineTuning, FineTuningReport, Layer, Network, QuantizedSamples, Samples,
    SoftmaxCrossEntropy,
};
use rolling_ball::step;

/// The cost of a run in gradient evaluations.
const BUDGET: f32 = 100.0;

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
    Transaction,
}

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
    let shipped = AS_SHIPPED.iter().chain(&WITHOUT_A_RATE).map(Way::Shipped);
    [Way::Transaction].into_iter().chain(shipped).collect()
}

impl Way {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tuned(method, _) | Self::Shipped(method) => method.name,
            Self::Transaction => "`FineTuning`",
        }
    }

    /// Fine-tunes from a start.
    pub fn fine_tune<T: Layer>(&self, start: &[f32], samples: QuantizedSamples) -> Result<Tuned> {
        let network = Network::<T>::new(&[])?;
        let mut scratch = vec![0.0; Network::<T>::scratch(samples.len())];
        let mut theta = start.to_vec();
        let loss = SoftmaxCrossEntropy::new();
        let (method, settings) = match self {
            Self::Tuned(method, settings) => (method, *settings),
            Self::Shipped(method) => (method, [0.0; 3]),
            Self::Transaction => {
                let vectors = [(); 2].map(|()| vec![0.0; start.len()]);
                let mut records = vec![Credibility::NEW; samples.len()];
                let (records, scratch) = (&mut records, &mut scratch);
                let mut tuning =
                    FineTuning::new(network, loss, samples, start, vectors, records, scratch)?;
                let report = tuning.finish(&mut theta)?;
                let credible = tuning.credibilities().iter().map(Credibility::label).collect();
                return Ok(Tuned { theta: Some(theta), report: Some(report), credible });
            }
        };
        let steps = ((BUDGET / method.cost) as u32).max(1);
        let mut optimizer = (method.make)(settings, Length { parameters: theta.len(), steps })?;
        let mut objective = network.batch(loss, samples.all(), &mut scratch)?;
        let mut spent = 0.0;
        while spent < BUDGET && optimizer.steps() < 2 * steps {
            match step(optimizer.as_mut(), &mut objective, &mut theta) {
                Ok(report) => spent += report.evaluations.cost(),
                Err(_) => return Ok(Tuned::default()),
            }
        }
        Ok(Tuned { theta: Some(theta), ..Tuned::default() })
    }
}

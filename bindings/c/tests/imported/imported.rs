//! Does in Rust what imported.c does in C, and prints the same.

use rolling_ball::nn::{
    Backbone, BinaryCrossEntropyWithLogits, Credibility, FineTuning, FineTuningConfig, Huber, Layer,
    MeanSquaredError, Network, Quantized, QuantizedInt8, Sample, Samples, SoftmaxCrossEntropy,
};
use rolling_ball::{
    Adam, AdamConfig, ClipNorm, EntropySgd, EntropySgdConfig, Error, Objective, Optimizer,
    RollingBall, RollingBallConfig, Sam, SamConfig, Schedule, Sgd, SgdConfig, step,
};

const SAMPLES: usize = 5;
const STEPS: u32 = 4;

/// FNV-1a of the bytes, from another hash on.
fn hash(from: u32, bytes: impl IntoIterator<Item = u8>) -> u32 {
    bytes.into_iter().fold(from, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619))
}

fn bits(values: &[f32]) -> impl Iterator<Item = u8> + '_ {
    values.iter().flat_map(|value| value.to_le_bytes())
}

fn uniform(state: &mut u32) -> f32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 8) as f32 / 8_388_608.0 - 1.0
}

fn label_of(sample: usize) -> usize {
    sample * 7
}

/// Every output and class of the samples.
macro_rules! predict {
    ($network:ident, $theta:ident, $scratch:ident, $what:literal, |$sample:ident| $input:expr) => {
        let mut hashed = 1;
        for $sample in 0..SAMPLES {
            let input = $input;
            hashed = hash(hashed, bits($network.predict($theta, &input, &mut $scratch)?));
            let label = $network.classify($theta, &input, &mut $scratch)? as u32;
            hashed = hash(hashed, label.to_le_bytes());
        }
        println!("{} {hashed}", $what);
    };
}

/// Trains from the same theta on, and tells where it has come to.
fn train(
    what: &str,
    start: &[f32],
    mut optimizer: impl Optimizer,
    mut objective: impl Objective,
) -> Result<(), Error> {
    let mut theta = start.to_vec();
    for _ in 0..STEPS {
        step(&mut optimizer, &mut objective, &mut theta)?;
    }
    let loss = objective.loss(&theta)?;
    println!("{what} {}", hash(hash(1, bits(&theta)), bits(&[loss])));
    Ok(())
}

fn say<L: Layer, B: Backbone<Feature: Default + ToBytes>>(
    network: Result<Network<'static, L, B>, Error>,
    theta: &[f32],
) -> Result<(), Error> {
    let network = network?;
    let mut scratch = vec![0.0; Network::<L, B>::SCRATCH];
    let (mut inputs, mut targets, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    let mut kept = Vec::new();
    let mut state = 1;
    for _ in 0..SAMPLES {
        let (mut input, mut raw) = (Vec::new(), Vec::new());
        for _ in 0..Network::<L, B>::INPUTS {
            input.push(uniform(&mut state));
            raw.push((state >> 24) as u8);
        }
        let target: Vec<f32> = (0..L::OUTPUTS).map(|_| 0.5 + 0.5 * uniform(&mut state)).collect();
        let mut features: Vec<B::Feature> = (0..L::INPUTS).map(|_| B::Feature::default()).collect();
        network.features(&input.as_slice(), &mut scratch, &mut features)?;
        inputs.push(input);
        bytes.push(raw);
        targets.push(target);
        kept.push(features);
    }
    let signed: Vec<Vec<i8>> =
        bytes.iter().map(|raw| raw.iter().map(|byte| byte.cast_signed()).collect()).collect();
    predict!(network, theta, scratch, "floats", |i| inputs[i].as_slice());
    predict!(network, theta, scratch, "kept features", |i| network.kept_features(&kept[i]));
    predict!(network, theta, scratch, "bytes", |i| Quantized {
        values: &bytes[i],
        scale: 0.01,
        offset: -1.0
    });
    predict!(network, theta, scratch, "int8", |i| QuantizedInt8 {
        values: &signed[i],
        scale: 0.02,
        zero: 3
    });
    println!("features {}", hash(1, kept.iter().flatten().flat_map(|one| one.to_bytes())));

    let weights: Vec<f32> = (0..L::OUTPUTS).map(|class| 1.0 + 0.5 * (class % 3) as f32).collect();
    let labels: Vec<usize> = (0..SAMPLES).map(|i| label_of(i) % L::OUTPUTS).collect();
    let floats = || {
        inputs
            .iter()
            .zip(&targets)
            .map(|(input, target)| Sample { input: input.as_slice(), target: target.as_slice() })
    };
    let features = || kept.iter().map(|kept| network.kept_features(kept));
    let vector = || vec![0.0; theta.len()];

    let ball = RollingBall::new(RollingBallConfig::fine_tuning(STEPS), [vector(), vector()])?;
    let loss = SoftmaxCrossEntropy::with_class_weights(&weights)?;
    let samples = features().zip(&labels).map(|(input, target)| Sample { input, target: *target });
    let batch = network.batch(loss, samples, &mut scratch)?;
    train("ball", theta, ClipNorm::new(ball, 0.5)?, batch)?;

    let config = SgdConfig {
        learning_rate: Schedule::Constant(0.05),
        momentum: 0.9,
        ..SgdConfig::default()
    };
    let momentum = Sgd::new(config, vector(), Some(vector()))?;
    let batch = network.batch(MeanSquaredError, floats(), &mut scratch)?;
    train("momentum", theta, ClipNorm::new(momentum, 0.25)?, batch)?;

    let config = AdamConfig { learning_rate: Schedule::Constant(0.01), ..AdamConfig::default() };
    let adam = Adam::new(config, [vector(), vector(), vector()])?;
    let samples =
        features().zip(&targets).map(|(input, target)| Sample { input, target: target.as_slice() });
    let batch = network.batch(Huber::new(0.25)?, samples, &mut scratch)?;
    train("Adam", theta, ClipNorm::new(adam, 0.125)?, batch)?;

    let sam = Sam::new(SamConfig::default(), [vector(), vector()])?;
    let batch = network.batch(BinaryCrossEntropyWithLogits::new(), floats(), &mut scratch)?;
    train("SAM", theta, sam, batch)?;

    let config = EntropySgdConfig { moves: 3, ..EntropySgdConfig::default() };
    let entropy_sgd = EntropySgd::new(config, [vector(), vector(), vector()])?;
    let batch = network.batch(MeanSquaredError, floats(), &mut scratch)?;
    train("Entropy-SGD", theta, entropy_sgd, batch)?;

    let sample = |index: usize| Sample {
        input: network.kept_features(&kept[index]),
        target: labels[index],
    };
    let samples = Numbered { count: SAMPLES, sample };
    let sample = |index: usize| Sample { input: inputs[index].as_slice(), target: 1 - index };
    let old = Numbered { count: 2, sample };
    let (mut records, mut tuned) = ([Credibility::NEW; SAMPLES], vector());
    let loss = SoftmaxCrossEntropy::new();
    let vectors = [vector(), vector()];
    let config = FineTuningConfig { seed: 3, ..FineTuningConfig::default() };
    let mut tuning =
        FineTuning::new(network, loss, samples, theta, vectors, &mut records, &mut scratch)?
            .keeping(old)
            .with_config(config)?
            .with_groups(|index| index % 4);
    let report = tuning.finish(&mut tuned)?;
    let mut hashed = hash(1, bits(&tuned));
    hashed = hash(hashed, bits(&[report.kept, report.wrong_labels]));
    hashed = hash(hashed, bits(&report.posterior));
    let counts = report.agreeing.into_iter().chain(report.old_agreeing).chain([report.judgements]);
    hashed = hash(hashed, counts.flat_map(u32::to_le_bytes));
    let labels: Vec<f32> = tuning.credibilities().iter().map(Credibility::label).collect();
    println!("fine-tuning {}", hash(hashed, bits(&labels)));
    Ok(())
}

/// So many samples, each by its number.
#[derive(Clone, Copy)]
struct Numbered<F> {
    count: usize,
    sample: F,
}

impl<I, F: Fn(usize) -> Sample<I, usize> + Copy> Samples for Numbered<F> {
    type Input = I;
    type Target = usize;

    fn len(&self) -> usize {
        self.count
    }

    fn get(&self, index: usize) -> Option<Sample<I, usize>> {
        (index < self.count).then(|| (self.sample)(index))
    }
}

/// The bytes of a feature in memory.
trait ToBytes {
    fn to_bytes(&self) -> Vec<u8>;
}

impl ToBytes for f32 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_le_bytes().to_vec()
    }
}

impl ToBytes for i8 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_le_bytes().to_vec()
    }
}

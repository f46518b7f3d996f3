//! What is trained, for us and for the peers: a network's first parameters and a batch.

use anyhow::{Context, Result, ensure};
use oorandom::Rand32;
use rolling_ball::kernels::Kernels;
use rolling_ball::nn::{Dense, Layer, Network, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{AnyRollingBallConfig, Objective, Optimizer};
use rolling_ball_rehearsal::OptimizerConfig;
use std::path::PathBuf;
use workbench::data::Dataset;
use workbench::workspace::root;

/// Inputs, hidden units with ReLU, outputs.
pub type TwoLayers<const I: usize, const H: usize, const O: usize> =
    (Dense<I, H>, Relu<H>, Dense<H, O>);
/// A network with two hidden layers.
pub type ThreeLayers<const I: usize, const H: usize, const G: usize, const O: usize> =
    (Dense<I, H>, Relu<H>, Dense<H, G>, Relu<G>, Dense<G, O>);

/// Of the inputs, against prototypes in -1 .. 1.
const NOISE: f32 = 0.5;

/// A network at the start of its training, and a batch: a prototype for each class, with noise.
pub struct Problem {
    pub widths: &'static [usize],
    pub batch: usize,
    pub theta: Vec<f32>,
    inputs: Vec<f32>,
    classes: Vec<usize>,
}

impl Problem {
    /// For the network `T`, fully connected with these widths.
    pub fn new<T: Layer>(widths: &'static [usize], batch: usize) -> Result<Self> {
        let parameters: usize = widths
            .iter()
            .zip(widths.iter().skip(1))
            .map(|(inputs, outputs)| (inputs + 1) * outputs)
            .sum();
        ensure!(parameters == T::PARAMETERS, "the network does not have the widths {widths:?}");
        let mut random = Rand32::new(1);
        let mut uniform = || 2.0 * random.rand_float() - 1.0;
        let mut theta = vec![0.0; T::PARAMETERS];
        T::initialise(&mut theta, &mut uniform)?;
        let prototypes: Vec<f32> = (0..T::OUTPUTS * T::INPUTS).map(|_| uniform()).collect();
        let classes: Vec<usize> = (0..batch).map(|sample| sample % T::OUTPUTS).collect();
        let inputs = prototypes.iter().cycle().take(batch * T::INPUTS);
        let inputs = inputs.map(|value| value + NOISE * uniform()).collect();
        Ok(Self { widths, batch, theta, inputs, classes })
    }

    /// With these parameters, and the first samples of this data as its batch.
    pub fn trained(self, theta: Vec<f32>, data: &Dataset) -> Self {
        let values = data.inputs.iter().take(self.inputs.len());
        let inputs = values.map(|byte| f32::from(*byte) * data.scale + data.offset).collect();
        let classes =
            data.labels.iter().take(self.batch).map(|label| usize::from(*label)).collect();
        Self { theta, inputs, classes, ..self }
    }

    /// The widths of the layers, written as 784-128-10.
    pub fn name(&self) -> String {
        self.widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
    }

    /// Writes what the peers read, as benches/peers/network.py says. They read a file once.
    pub fn write(&self, name: &str) -> Result<PathBuf> {
        let folder = root().join("target/bench");
        std::fs::create_dir_all(&folder).context("cannot make target/bench")?;
        let path = folder.join(format!("{name}.f32"));
        let classes: Vec<f32> = self.classes.iter().map(|class| *class as f32).collect();
        let values = self.theta.iter().chain(&self.inputs).chain(&classes);
        let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// The scratch slice of [`objective`](Self::objective), which then evaluates the whole batch at
    /// once. Measured choice: blocks of 16, 32, 64 or 128 samples are not faster.
    pub fn scratch<T: Layer>(&self) -> Vec<f32> {
        vec![0.0; Network::<T>::scratch(self.batch)]
    }

    /// The mean loss of the network `T` over the batch.
    pub fn objective<T: Layer, K: Kernels + Default>(
        &self,
        scratch: &mut [f32],
    ) -> Result<impl Objective> {
        let inputs = self.inputs.chunks_exact(T::INPUTS);
        let samples =
            inputs.zip(&self.classes).map(|(input, class)| Sample { input, target: *class });
        let network = Network::<T>::new(&[])?.with_backend(K::default());
        Ok(network.batch(SoftmaxCrossEntropy::new(), samples, scratch)?)
    }

    /// A ball for the network.
    pub fn ball<K: Kernels + Default>(
        &self,
        config: AnyRollingBallConfig,
    ) -> Result<impl Optimizer + use<K>> {
        config.build(K::default(), || Ok(vec![0.0; self.theta.len()]))
    }
}

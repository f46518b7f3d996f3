//! The network file, which describes a network in TOML. docs/import.md describes the file for its
//! users.

use super::names;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// A network, as its file describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The name of the files and of the Rust module.
    pub name: String,
    /// PyTorch's shape of one input: `[channels, height, width]`, `[channels, length]` or
    /// `[length]`.
    pub input: Vec<usize>,
    /// The layers that stay frozen, in flash.
    #[serde(default)]
    pub backbone: Vec<LayerSpec>,
    /// The layers after the backbone.
    pub layers: Vec<LayerSpec>,
}

/// A layer, in PyTorch's terms.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "PyTorch's terms")]
pub enum LayerSpec {
    #[serde(rename = "conv2d")]
    Conv2d {
        tensors: String,
        filters: usize,
        kernel: Pair,
        #[serde(default = "Pair::one")]
        stride: Pair,
        #[serde(default)]
        padding: Pair,
        #[serde(default = "yes")]
        bias: bool,
        #[serde(default)]
        train: Train,
    },
    #[serde(rename = "conv1d")]
    Conv1d {
        tensors: String,
        filters: usize,
        kernel: usize,
        #[serde(default = "one")]
        stride: usize,
        #[serde(default)]
        padding: usize,
        #[serde(default = "yes")]
        bias: bool,
        #[serde(default)]
        train: Train,
    },
    #[serde(rename = "depthwise_conv2d")]
    DepthwiseConv2d {
        tensors: String,
        kernel: Pair,
        #[serde(default = "Pair::one")]
        stride: Pair,
        #[serde(default)]
        padding: Pair,
        #[serde(default = "yes")]
        bias: bool,
        #[serde(default)]
        train: Train,
    },
    Dense {
        tensors: String,
        outputs: usize,
        #[serde(default = "yes")]
        bias: bool,
        #[serde(default)]
        train: Train,
    },
    BatchNorm {
        tensors: String,
        #[serde(default = "torch_epsilon")]
        epsilon: f64,
    },
    LayerNorm {
        tensors: String,
        #[serde(default)]
        train: Train,
    },
    MaxPool {
        kernel: Pair,
        stride: Option<Pair>,
        #[serde(default)]
        padding: Pair,
    },
    AveragePool {
        kernel: Pair,
        stride: Option<Pair>,
        #[serde(default)]
        padding: Pair,
    },
    GlobalAveragePool {},
    Flatten {},
    Relu {},
    Relu6 {},
    LeakyRelu {
        #[serde(default = "hundredth")]
        slope: f64,
    },
    Tanh {},
    Sigmoid {},
    Gelu {},
}

/// Which of a layer's parameters are trained on the device.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Train {
    /// All parameters are trained.
    #[default]
    All,
    /// Only the biases are trained.
    Biases,
    /// No parameter is trained.
    Frozen,
}

/// A vertical and a horizontal number; a single number stands for both.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged, expecting = "expected a number, or [vertical, horizontal]")]
pub enum Pair {
    /// The same in both directions.
    Both(usize),
    /// The vertical number, then the horizontal one.
    Each([usize; 2]),
}

impl Default for Pair {
    fn default() -> Self {
        Self::Both(0)
    }
}

impl Pair {
    fn one() -> Self {
        Self::Both(1)
    }

    /// On a signal in time, a single number counts along the time, and the neutral number across
    /// it.
    pub fn vertical_and_horizontal(self, signal: bool, neutral: usize) -> [usize; 2] {
        match self {
            Self::Both(number) if signal => [neutral, number],
            Self::Both(number) => [number; 2],
            Self::Each(pair) => pair,
        }
    }
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

/// PyTorch's default.
fn torch_epsilon() -> f64 {
    1e-5
}

fn hundredth() -> f64 {
    0.01
}

impl LayerSpec {
    /// The type of the layer, as the file calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Conv2d { .. } => "conv2d",
            Self::Conv1d { .. } => "conv1d",
            Self::DepthwiseConv2d { .. } => "depthwise_conv2d",
            Self::Dense { .. } => "dense",
            Self::BatchNorm { .. } => "batch_norm",
            Self::LayerNorm { .. } => "layer_norm",
            Self::MaxPool { .. } => "max_pool",
            Self::AveragePool { .. } => "average_pool",
            Self::GlobalAveragePool {} => "global_average_pool",
            Self::Flatten {} => "flatten",
            Self::Relu {} => "relu",
            Self::Relu6 {} => "relu6",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::Tanh {} => "tanh",
            Self::Sigmoid {} => "sigmoid",
            Self::Gelu {} => "gelu",
        }
    }
}

impl Spec {
    /// Reads the text of a network file.
    pub fn parse(text: &str) -> Result<Self> {
        let spec: Self = toml::from_str(text).context("not a network file (docs/import.md)")?;
        names::check(&spec.name)?;
        ensure!(!spec.layers.is_empty(), "layers: expected at least one layer after the backbone");
        Ok(spec)
    }
}

//! The network file, which describes a network in TOML. docs/import.md describes the file for its
//! users.

mod layers;

use super::graph::{Map, Window};
use super::names;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use toml::{Spanned, Table};

/// A network, as its file describes it.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The name of the files and of the Rust module.
    pub name: String,
    /// PyTorch's shape of one input: `[channels, height, width]`, `[channels, length]` or
    /// `[length]`.
    pub input: Vec<usize>,
    /// The layers that stay frozen, in flash.
    pub backbone: Vec<LayerSpec>,
    /// The layers after the backbone.
    pub layers: Vec<LayerSpec>,
}

/// A network whose layers are not read yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    input: Vec<usize>,
    #[serde(default)]
    backbone: Vec<Spanned<Table>>,
    layers: Vec<Spanned<Table>>,
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
        padding: Sides,
        #[serde(default = "Pair::one")]
        dilation: Pair,
        #[serde(default = "one")]
        groups: usize,
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
        padding: Sides,
        #[serde(default = "one")]
        dilation: usize,
        #[serde(default = "one")]
        groups: usize,
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
        padding: Sides,
        #[serde(default = "Pair::one")]
        dilation: Pair,
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
        #[serde(default)]
        train: Train,
    },
    LayerNorm {
        tensors: String,
        #[serde(default)]
        by_position: bool,
        #[serde(default = "torch_epsilon")]
        epsilon: f64,
        #[serde(default = "yes")]
        bias: bool,
        #[serde(default)]
        train: Train,
    },
    MaxPool {
        kernel: Pair,
        stride: Option<Pair>,
        #[serde(default)]
        padding: Sides,
    },
    AveragePool {
        kernel: Pair,
        stride: Option<Pair>,
        #[serde(default)]
        padding: Sides,
        #[serde(default = "yes")]
        count_padding: bool,
    },
    GlobalAveragePool {},
    Flatten {},
    Residual {
        #[serde(deserialize_with = "layers::deserialize")]
        layers: Vec<LayerSpec>,
        #[serde(default, deserialize_with = "layers::deserialize")]
        shortcut: Vec<LayerSpec>,
    },
    Concat {
        #[serde(deserialize_with = "layers::deserialize_lists")]
        branches: Vec<Vec<LayerSpec>>,
    },
    Relu {},
    Relu6 {},
    LeakyRelu {
        #[serde(default = "hundredth")]
        slope: f64,
    },
    Prelu {
        tensors: String,
        #[serde(default)]
        train: Train,
    },
    Elu {
        #[serde(default = "unit")]
        alpha: f64,
    },
    Tanh {},
    Sigmoid {},
    HardSigmoid {
        #[serde(default = "sixth")]
        slope: f64,
    },
    Silu {},
    HardSwish {},
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
    /// The parameters of some outputs are trained: from the first number to below the second.
    Outputs([usize; 2]),
    /// A matrix of this rank is trained beside the layer, which is frozen.
    Rank(usize),
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

/// Padding: as many zeros on all sides, as many above as below and left as right, a number for each
/// side, or as many as it takes for an output of the input's size divided by the stride.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(
    untagged,
    expecting = "expected a number, [vertical, horizontal], [top, bottom, left, right], or \
                 \"same\" (in time a number, [before, after], or \"same\")"
)]
pub enum Sides {
    /// The same on all sides.
    All(usize),
    /// Vertically and horizontally; on a signal in time before and after it.
    Two([usize; 2]),
    /// Top, bottom, left, right.
    Four([usize; 4]),
    /// PyTorch's and Keras' "same".
    Named(Same),
}

/// The word for padding that keeps the size.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Same {
    /// The only one.
    Same,
}

impl Default for Sides {
    fn default() -> Self {
        Self::All(0)
    }
}

impl Sides {
    /// The zeros before and after the map, vertically and horizontally, around this window.
    pub fn of(self, window: &Window, map: Map, signal: bool) -> Result<[[usize; 2]; 2]> {
        Ok(match (self, signal) {
            (Self::All(number), false) => [[number; 2]; 2],
            (Self::All(number), true) => [[0; 2], [number; 2]],
            (Self::Two([vertical, horizontal]), false) => [[vertical; 2], [horizontal; 2]],
            (Self::Two(sides), true) => [[0; 2], sides],
            (Self::Four([top, bottom, left, right]), _) => [[top, bottom], [left, right]],
            (Self::Named(Same::Same), _) => {
                [window.same_padding(map, 0)?, window.same_padding(map, 1)?]
            }
        })
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

fn unit() -> f64 {
    1.0
}

/// PyTorch's and Keras'.
fn sixth() -> f64 {
    1.0 / 6.0
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
            Self::Residual { .. } => "residual",
            Self::Concat { .. } => "concat",
            Self::Relu {} => "relu",
            Self::Relu6 {} => "relu6",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::Prelu { .. } => "prelu",
            Self::Elu { .. } => "elu",
            Self::Tanh {} => "tanh",
            Self::Sigmoid {} => "sigmoid",
            Self::HardSigmoid { .. } => "hard_sigmoid",
            Self::Silu {} => "silu",
            Self::HardSwish {} => "hard_swish",
            Self::Gelu {} => "gelu",
        }
    }
}

impl Spec {
    /// Reads the text of a network file.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || "not a network file (docs/import.md)";
        let File { name, input, backbone, layers } = toml::from_str(text).with_context(wrong)?;
        names::check(&name)?;
        ensure!(!layers.is_empty(), "layers: expected at least one layer after the backbone");
        let all = |tables: &[Spanned<Table>], place| {
            let layer = |(index, table): (usize, &Spanned<Table>)| {
                let line = text[..table.span().start].matches('\n').count() + 1;
                layers::read(table.get_ref(), index, place).with_context(|| format!("line {line}"))
            };
            tables.iter().enumerate().map(layer).collect::<Result<Vec<_>>>().with_context(wrong)
        };
        let backbone = all(&backbone, " of the backbone")?;
        let layers = all(&layers, " of the layers")?;
        Ok(Self { name, input, backbone, layers })
    }
}

//! What a node computes, with the defaults of its version of the operator filled in.

/// Windows that slide over a map of positions, the vertical number first. A signal in time is one
/// row high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub kernel: [usize; 2],
    pub strides: [usize; 2],
    pub dilations: [usize; 2],
    /// Above, left of, below and right of the map.
    pub pads: [usize; 4],
}

/// What a node computes. Its inputs are those of ONNX's operator of the same name.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "ONNX's terms")]
pub enum Operator {
    /// The channels are split into so many groups, each with its own filters.
    Conv {
        window: Window,
        group: usize,
    },
    /// `alpha A B + beta C`, with A and B transposed on request.
    Gemm {
        alpha: f32,
        beta: f32,
        transposed: [bool; 2],
    },
    MatMul,
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Sqrt,
    Erf,
    Relu,
    /// Not below and not above; infinite where there is no bound.
    Clip {
        low: f32,
        high: f32,
    },
    LeakyRelu {
        alpha: f32,
    },
    PRelu,
    Elu {
        alpha: f32,
    },
    Selu {
        alpha: f32,
        gamma: f32,
    },
    Sigmoid,
    /// `max(0, min(1, alpha x + beta))`
    HardSigmoid {
        alpha: f32,
        beta: f32,
    },
    HardSwish,
    /// `x sigmoid(alpha x)`
    Swish {
        alpha: f32,
    },
    Tanh,
    Gelu {
        tanh: bool,
    },
    Softmax {
        axis: usize,
    },
    LogSoftmax {
        axis: usize,
    },
    BatchNormalization {
        epsilon: f32,
    },
    /// Over the dimensions from `axis` on. Its scales and shifts may both be left out.
    LayerNormalization {
        axis: usize,
        epsilon: f32,
    },
    InstanceNormalization {
        epsilon: f32,
    },
    /// With `ceil`, the last window of a row may reach beyond the padding.
    MaxPool {
        window: Window,
        ceil: bool,
    },
    /// With `count_pads`, the padding counts in the mean; what is beyond it never does.
    AveragePool {
        window: Window,
        ceil: bool,
        count_pads: bool,
    },
    GlobalAveragePool,
    GlobalMaxPool,
    /// The mean over some dimensions, in ascending order.
    ReduceMean {
        axes: Vec<usize>,
        keep: bool,
    },
    /// The same values in another shape, the output's: also `Flatten`, `Squeeze` and `Unsqueeze`.
    Reshape,
    /// Dimension `order[i]` becomes dimension `i`.
    Transpose {
        order: Vec<usize>,
    },
    Concat {
        axis: usize,
    },
    /// Every `steps[i]`-th value of dimension `i` from `starts[i]` on.
    Slice {
        starts: Vec<usize>,
        steps: Vec<i64>,
    },
    /// Into parts of these lengths.
    Split {
        axis: usize,
        lengths: Vec<usize>,
    },
    /// So many values before and after those of each dimension.
    Pad {
        pads: Vec<[usize; 2]>,
        mode: PadMode,
    },
    QuantizeLinear {
        axis: usize,
    },
    DequantizeLinear {
        axis: usize,
    },
    /// An operator that is not known here, which the node names.
    Unknown,
    /// A known operator, one of whose inputs comes from an unknown one: its shape is not known.
    Unreached,
}

/// What is put around a map.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "ONNX's terms")]
pub enum PadMode {
    Constant(f32),
    Reflect,
    Edge,
    Wrap,
}

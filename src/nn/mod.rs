//! Small networks in fixed memory: a frozen part that is read in place from flash, a trainable part
//! whose parameters are theta, and batches that stream their samples one by one.
//!
//! Layers are types with constant shapes, and a tuple of layers is a layer. Nothing is allocated: a
//! network says in constants what it needs, and [`Memory`] is all of that as one static.
//!
//! ```
//! use rolling_ball::nn::{Dense, FitsIn, Network, Relu};
//!
//! type Digits = Network<'static, (Dense<64, 32>, Relu<32>, Dense<32, 10>)>;
//! assert_eq!(Digits::PARAMETERS, 64 * 32 + 32 + 32 * 10 + 10);
//! // Does not compile where the board has too little RAM to train it.
//! const _: () = FitsIn::<Digits, { 64 * 1024 }>::CHECK;
//! ```
//!
//! Layers that see a [`Map`] name the layer before them in its place, so that shapes follow from
//! one another. The layers of [`over`] do so too, which are for plain vectors else:
//!
//! ```
//! use rolling_ball::nn::{
//!     Conv2d, GlobalAveragePool, Kernel, Layer, Map, Stride, Window, over,
//! };
//!
//! type First = Conv2d<Map<28, 28, 1>, Window<Kernel<3>, Stride<2>>, 8>;
//! type Mean = GlobalAveragePool<First>;
//! type Layers = (First, over::Relu<First>, Mean, over::Dense<Mean, 10>);
//! assert_eq!((Layers::INPUTS, Layers::OUTPUTS), (28 * 28, 10));
//! ```
//!
//! A letter means the same thing wherever it stands for a type:
//!
//! | letter | stands for |
//! |---|---|
//! | `A` | an activation: a function of one value |
//! | `B` | a [`Backbone`] |
//! | `E` | a [`Loss`]: an error of the output |
//! | `F` | the functions that a layer or a loss calls ([`Math`](crate::Math)) |
//! | `G` | the gaps in a window ([`Gaps`]) |
//! | `I` | an [`Input`] of a sample, or its features ([`FeatureSource`]) |
//! | `K` | [`Kernels`](crate::kernels::Kernels) |
//! | `L` | a [`Layer`], such as a tuple of layers |
//! | `M` | a [`Shape`]: a map, or a layer whose output is one |
//! | `N` | a [`Network`] |
//! | `P` | a padding ([`Border`]) |
//! | `R` | what is trained ([`Trainable`]) |
//! | `S` | [`Samples`], or an iterator over samples |
//! | `W` | a window ([`Sliding`]) |
//! | `Y` | a target: what the loss compares with |

pub mod activation;
mod average_pool;
mod backbone;
mod batch;
mod binary_cross_entropy;
mod branches;
mod chain;
mod concat;
mod conv;
pub mod dense;
mod dense_layer;
mod depthwise;
mod elementwise;
mod features;
mod fine_tuning;
mod fits_in;
mod floats;
mod grouped;
mod huber;
mod identity;
pub mod int8;
mod int8_layer;
mod kinds;
mod layer;
mod layer_norm;
mod loss;
mod low_rank;
mod max_pool;
mod mean_over_positions;
mod mean_squared_error;
mod memory;
mod message;
mod network;
mod one_sample;
pub mod over;
mod parameters;
mod prelu;
mod residual;
mod sample;
mod samples;
mod scale_shift;
mod softmax;
mod softmax_cross_entropy;
mod split;
#[cfg(feature = "heapless")]
mod store;
mod turns;
mod vectors;
mod window;

#[doc(inline)]
pub use crate::__nn_features as features;
#[doc(inline)]
pub use crate::__nn_memory as memory;
pub use average_pool::{AveragePool, AveragePool1d, GlobalAveragePool};
pub use backbone::{Backbone, FloatBackbone, Nothing};
pub use batch::Batch;
pub use binary_cross_entropy::BinaryCrossEntropyWithLogits;
pub use concat::Concat;
pub use conv::{Conv1d, Conv2d, PointwiseConv2d};
pub use depthwise::{DepthwiseConv1d, DepthwiseConv2d};
#[doc(hidden)]
pub use features::HasFeatures;
pub use features::{FeatureSource, Features, KeptFeatures, MaybeKept};
pub use fine_tuning::{
    Credibility, FineTuning, FineTuningConfig, FineTuningReport, Likelihood, Opinion, Paused,
    Refusal,
};
pub use fits_in::FitsIn;
pub use floats::floats_from_le_bytes;
pub use grouped::{GroupedConv1d, GroupedConv2d};
pub use huber::Huber;
pub use identity::Identity;
pub use int8_layer::Int8;
pub use kinds::{GroupsByKind, PartsByKind};
pub use layer::Layer;
pub use layer_norm::Epsilon;
pub use loss::Loss;
pub use low_rank::LowRank;
pub use max_pool::{MaxPool, MaxPool1d};
pub use mean_over_positions::MeanOverPositions;
pub use mean_squared_error::MeanSquaredError;
pub use memory::Memory;
pub use network::{Network, class_of};
pub use parameters::{
    All, BiasesOnly, Filter, Frozen, Gradient, Outputs, ParameterKind, Parameters, Trainable,
    WeightsOnly,
};
pub use prelu::PRelu;
pub use residual::Residual;
pub use sample::{Input, Quantized, QuantizedInt8, Sample};
pub use samples::{Int8Samples, QuantizedSamples, SampleRange, Samples};
pub use scale_shift::ScaleShift;
pub use softmax::Softmax;
pub use softmax_cross_entropy::SoftmaxCrossEntropy;
#[cfg(feature = "heapless")]
pub use store::{SampleStore, StoredFeatures, StoredSamples};
pub use turns::{Below, Turns};
pub use vectors::{
    Dense, Elementwise, Elu, Gelu, HardSigmoid, HardSwish, LayerNorm, LeakyRelu, Relu, Relu6,
    Sigmoid, Silu, Tanh,
};
pub use window::{
    Border, Dilation, Flat, Gaps, InTime, Kernel, Map, NoGaps, Padding, PaddingBySide, Shape,
    Signal, Sliding, Stride, Whole, Window,
};

//! Small networks in fixed memory: a frozen part read in place from flash, a trainable part whose parameters
//! are theta, and batches that stream their samples one by one.
//!
//! Layers are types with constant shapes; [`Chain`] puts one after another. Nothing is allocated: a
//! network says in constants what it needs.
//!
//! ```
//! use rolling_ball::nn::{Chain, Dense, FitsIn, Network, Relu};
//!
//! type Tail = Chain<Dense<64, 32>, Chain<Relu<32>, Dense<32, 10>>>;
//! type Digits = Network<'static, Tail>;
//! assert_eq!(Digits::PARAMETERS, 64 * 32 + 32 + 32 * 10 + 10);
//! const _: () = FitsIn::<Digits, { 64 * 1024 }>::CHECK;
//! ```
//!
//! Layers that see a [`Map`] name the layer before in its place, so that shapes follow from one another:
//!
//! ```
//! use rolling_ball::nn::{Chain, Conv2d, Dense, GlobalAveragePool, Layer, Map, Relu, Shape, Window};
//!
//! type First = Conv2d<Map<28, 28, 1>, Window<3, 3, 2, 2>, 8>;
//! type Mean = GlobalAveragePool<First>;
//! type Layers = Chain<First, Chain<Relu<{ First::LENGTH }>, Chain<Mean, Dense<8, 10>>>>;
//! assert_eq!((Layers::INPUTS, Layers::OUTPUTS), (28 * 28, 10));
//! ```
//!
//! A network that does not fit the RAM that is stated does not compile:
//!
//! ```compile_fail,E0080
//! use rolling_ball::nn::{Dense, FitsIn, Network};
//!
//! const _: () = FitsIn::<Network<'static, Dense<640, 100>>, { 64 * 1024 }>::CHECK;
//! ```

pub mod activation;
mod average_pool;
mod backbone;
mod batch;
mod binary_cross_entropy;
mod conv;
pub mod dense;
mod depthwise;
mod floats;
mod huber;
pub mod int8;
mod layer;
mod layer_norm;
mod loss;
mod max_pool;
mod mean_squared_error;
mod network;
mod parameters;
mod residual;
mod sample;
mod softmax_cross_entropy;
#[cfg(feature = "heapless")]
mod store;
mod window;

pub use activation::{Elementwise, Gelu, LeakyRelu, Relu, Relu6, Sigmoid, Tanh};
pub use average_pool::{AveragePool, GlobalAveragePool};
pub use backbone::{Backbone, FloatBackbone, Nothing};
pub use batch::Batch;
pub use binary_cross_entropy::BinaryCrossEntropyWithLogits;
pub use conv::{Conv1d, Conv2d};
pub use dense::Dense;
pub use depthwise::DepthwiseConv2d;
pub use floats::floats_from_le_bytes;
pub use huber::Huber;
pub use layer::{Chain, Layer};
pub use layer_norm::LayerNorm;
pub use loss::Loss;
pub use max_pool::MaxPool;
pub use mean_squared_error::MeanSquaredError;
pub use network::{FitsIn, Network};
pub use parameters::{All, BiasesOnly, Frozen, Gradient, Parameters, Trainable};
pub use residual::Residual;
pub use sample::{Input, Quantized, Sample};
pub use softmax_cross_entropy::SoftmaxCrossEntropy;
#[cfg(feature = "heapless")]
pub use store::SampleStore;
pub use window::{Map, Shape, Sliding, Whole, Window};

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
//! A network that does not fit the RAM that is stated does not compile:
//!
//! ```compile_fail,E0080
//! use rolling_ball::nn::{Dense, FitsIn, Network};
//!
//! const _: () = FitsIn::<Network<'static, Dense<640, 100>>, { 64 * 1024 }>::CHECK;
//! ```

mod backbone;
mod batch;
mod dense;
pub mod int8;
mod layer;
mod loss;
mod network;
mod parameters;
mod relu;
mod sample;
mod window;

pub use backbone::{Backbone, FloatBackbone, Nothing};
pub use batch::Batch;
pub use dense::Dense;
pub use layer::{Chain, Layer};
pub use loss::{Loss, MeanSquaredError, SoftmaxCrossEntropy};
pub use network::{FitsIn, Network};
pub use parameters::{All, BiasesOnly, Frozen, Parameters, Trainable, weights_and_biases_mut};
pub use relu::Relu;
pub use sample::{Input, Quantized, Sample};
pub use window::{Map, Shape, Sliding, Window};

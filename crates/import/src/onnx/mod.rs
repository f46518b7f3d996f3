//! Reads networks from ONNX files, which PyTorch and others export.
//!
//! [`Model`](model::Model) is what the file has; [`Network`](network::Network) is what it means:
//! every node with its operator and that operator's settings, every value with its shape, and what
//! does not depend on the input computed. [`engine`] evaluates the file with an implementation of
//! its own, so that the two can be compared.

mod attributes;
mod call;
#[cfg(feature = "onnx-engine")]
pub mod engine;
mod fold;
mod limits;
pub mod model;
pub mod network;
pub mod operator;
mod patterns;
pub mod proto;
mod shapes;
pub mod tensor;
#[cfg(test)]
mod tests;
mod typed;
mod windows;
mod wire;

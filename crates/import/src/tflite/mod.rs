//! Networks from `.tflite` files: what is in a file, checked ([`Model`]), and what the format's own
//! arithmetic makes of an input ([`Evaluator`]), computed plainly and slowly, so that other ways to
//! compute it can be compared with something independent.
//!
//! The encoding is read by code of its own: the generated code of the FlatBuffers crates needs
//! `unsafe`, and what is read here are a few tables.

mod evaluate;
mod flatbuffer;
mod model;
mod names;
mod operation;
mod read;
#[cfg(test)]
mod tests;

pub use evaluate::{Arithmetic, Evaluator, Value};
pub use model::{
    Activation, Binary, Function, Model, Operation, Operator, Quantisation, Tensor, Type, Window,
};

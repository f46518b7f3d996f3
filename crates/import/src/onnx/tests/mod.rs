//! Files as a whole.

#[cfg(feature = "onnx-engine")]
mod compared;
mod hostile;
mod shared;

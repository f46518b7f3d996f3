//! Where a file has its numbers.

use crate::kind::Kind;
use crate::onnx::proto::ModelProto;
use crate::tensors;
use crate::tflite::{self, Type};
use anyhow::Result;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use std::ops::Range;

/// A tensor of little-endian `f32`.
#[derive(Clone, Debug)]
pub struct Floats {
    pub name: String,
    /// The bytes of the file that hold its values.
    pub bytes: Range<usize>,
}

/// ONNX's number for `f32`.
const ONNX_FLOAT: i64 = 1;

/// The constant tensors of a file that are bytes of `f32` in it.
pub fn of(file: &[u8]) -> Result<Vec<Floats>> {
    let mut all = Vec::new();
    let mut add = |name: &str, bytes: Range<usize>| {
        if bytes.len().is_multiple_of(size_of::<f32>()) {
            all.push(Floats { name: name.to_owned(), bytes });
        }
    };
    match Kind::of(file)? {
        Kind::Safetensors => {
            tensors::parse(file, "the model")?;
            let (header, metadata) = SafeTensors::read_metadata(file)?;
            let start = size_of::<u64>() + header;
            for (name, tensor) in metadata.tensors() {
                let (first, end) = tensor.data_offsets;
                if tensor.dtype == Dtype::F32 {
                    add(&name, start + first..start + end);
                }
            }
        }
        Kind::Onnx => {
            for tensor in ModelProto::read(file)?.graph.initializers {
                if let (ONNX_FLOAT, Some(raw)) = (tensor.element, tensor.raw) {
                    add(tensor.name, within(file, raw));
                }
            }
        }
        Kind::Tflite => {
            for tensor in tflite::Model::read(file)?.tensors {
                if let (Type::F32, Some(data)) = (tensor.kind, tensor.data) {
                    add(tensor.name, within(file, data));
                }
            }
        }
    }
    Ok(all)
}

/// Where a part of a file is in it.
fn within(file: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(file.as_ptr().addr());
    start..start + part.len()
}

/// Writes a number into a file.
pub fn put(file: &mut [u8], place: usize, number: f32) {
    if let Some(bytes) = file.get_mut(place..place + size_of::<f32>()) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
}

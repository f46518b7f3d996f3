//! What the file's own graph computes, by an implementation that shares nothing with this crate's
//! layers.

#[cfg(feature = "onnx-engine")]
use crate::onnx;
use crate::onnx::network::Network;
use crate::tflite::{self, Value};
use anyhow::{Result, bail};
use std::collections::HashMap;

/// An evaluation of a file's graph.
pub enum Engine<'a> {
    /// ONNX's operators by another implementation.
    #[cfg(feature = "onnx-engine")]
    Onnx(Box<onnx::engine::Engine>, &'a Network<'a>),
    /// TFLite's operators by the format's own arithmetic.
    Tflite(tflite::Evaluator<'a>, &'a tflite::Model<'a>),
}

impl<'a> Engine<'a> {
    /// An engine for an ONNX file.
    pub fn onnx(bytes: &[u8], network: &'a Network<'a>) -> Result<Self> {
        #[cfg(feature = "onnx-engine")]
        {
            let engine = onnx::engine::Engine::new(bytes, network)?;
            Ok(Self::Onnx(Box::new(engine), network))
        }
        #[cfg(not(feature = "onnx-engine"))]
        {
            let _ = (bytes, network);
            bail!("the feature onnx-engine of rolling-ball-import is not switched on")
        }
    }

    /// An engine for a TFLite file.
    pub fn tflite(model: &'a tflite::Model<'a>) -> Result<Self> {
        // As LiteRT computes on desktops, but for int8 weights under real numbers, for which it
        // rounds the numbers as well: firmware does not.
        let arithmetic = tflite::Arithmetic::RealWeights;
        Ok(Self::Tflite(tflite::Evaluator::new(model, arithmetic)?, model))
    }

    /// Evaluates the file for an input in its own order. Numbers of int8 stand for themselves.
    /// Returns what is known of its values by their indices, as it is stored.
    pub fn evaluate(&self, input: &[f32]) -> Result<HashMap<usize, Vec<f32>>> {
        match self {
            #[cfg(feature = "onnx-engine")]
            Self::Onnx(engine, network) => {
                let mut values = engine.evaluate(&[input])?;
                let names = network.values.iter().enumerate();
                let known = names.filter_map(|(index, value)| {
                    values.remove(value.name).map(|numbers| (index, numbers))
                });
                Ok(known.collect())
            }
            Self::Tflite(evaluator, model) => {
                let [first] = model.inputs.as_slice() else { bail!("expected one input") };
                // Bytes without a sign are counted from -128 here.
                let zero = |index: usize| match model.tensors[index].kind {
                    tflite::Type::U8 => 128.0,
                    _ => 0.0,
                };
                let moved = |number: &f32| f64::from(*number) + zero(*first);
                let numbers: Vec<f64> = input.iter().map(moved).collect();
                let input = Value::integers(model.tensors[*first].kind, &numbers);
                let values = evaluator.evaluate(&[input])?.into_iter().enumerate();
                let known = values.filter_map(|(index, value)| {
                    let stored = value?.stored();
                    let moved = |number: f64| (number - zero(index)) as f32;
                    Some((index, stored.into_iter().map(moved).collect()))
                });
                Ok(known.collect())
            }
        }
    }
}

//! Batch normalisations that an import folds into the layer before them, or reads as scales and
//! shifts. What is trained is both in one: in the file the layer's weights are those, and the norm
//! is left with nothing but the biases to add.

use super::floats::{Floats, put};
use crate::graph::Source;

/// The tensors that can take a layer's parameters.
pub fn tensors(source: &Source, floats: &[Floats]) -> Vec<String> {
    let own = ["weight", "bias"].map(|part| format!("{}.{part}", source.tensors));
    let Some((norm, _)) = &source.batch_norm else { return own.to_vec() };
    let of_norm = ["weight", "bias"].map(|part| format!("{norm}.{part}"));
    let affine = floats.iter().any(|floats| floats.name == of_norm[1]);
    let [weight, bias] = own;
    let [scale, shift] = of_norm;
    match (affine, *norm == source.tensors) {
        // By itself its scales are what is trained.
        (_, true) => vec![scale, shift],
        (true, false) => vec![weight, shift],
        (false, false) => vec![weight, bias],
    }
}

/// Makes a norm give what it is given, and takes the biases before it away.
pub fn neutralise(source: &Source, floats: &[Floats], file: &mut [u8]) {
    let Some((norm, epsilon)) = &source.batch_norm else { return };
    // With the epsilon the variance is 1, to less than half of the last digit of what it divides.
    let (variance, scale) = match *epsilon < 1.0 {
        true => ((1.0 - epsilon) as f32, 1.0),
        false => (0.0, epsilon.sqrt() as f32),
    };
    let mut fill = |name: String, number: f32| {
        for Floats { bytes, .. } in floats.iter().filter(|floats| floats.name == name) {
            for place in bytes.clone().step_by(size_of::<f32>()) {
                put(file, place, number);
            }
        }
    };
    fill(format!("{}.bias", source.tensors), 0.0);
    fill(format!("{norm}.running_mean"), 0.0);
    fill(format!("{norm}.running_var"), variance);
    fill(format!("{norm}.weight"), scale);
    fill(format!("{norm}.bias"), 0.0);
}

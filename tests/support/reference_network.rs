//! The same networks in plain `f64` loops, to compare with.

/// A fully connected layer of the reference, by inputs and outputs, with or without a rectifier
/// after it.
#[derive(Clone, Copy, Debug)]
pub struct ReferenceDense {
    pub inputs: usize,
    pub outputs: usize,
    pub rectified: bool,
}

/// The output of layers after one another; parameters in the crate's order.
pub fn forward(layers: &[ReferenceDense], parameters: &[f64], input: &[f64]) -> Vec<f64> {
    let mut values = input.to_vec();
    let mut parameters = parameters;
    for layer in layers {
        let (weights, rest) = parameters.split_at(layer.inputs * layer.outputs);
        let (bias, rest) = rest.split_at(layer.outputs);
        parameters = rest;
        assert_eq!(values.len(), layer.inputs);
        values = weights
            .chunks(layer.inputs)
            .zip(bias)
            .map(|(row, bias)| bias + row.iter().zip(&values).map(|(w, x)| w * x).sum::<f64>())
            .map(|y| if layer.rectified { y.max(0.0) } else { y })
            .collect();
    }
    assert!(parameters.is_empty());
    values
}

/// `-ln softmax(output)[class]`
pub fn cross_entropy(output: &[f64], class: usize) -> f64 {
    output.iter().map(|y| y.exp()).sum::<f64>().ln() - output[class]
}

pub fn mean_squared_error(output: &[f64], target: &[f64]) -> f64 {
    let squares = output.iter().zip(target).map(|(y, t)| (y - t) * (y - t));
    squares.sum::<f64>() / output.len() as f64
}

/// Central differences. With a step of 1e-5 on losses of order 1, the truncation is about 1e-10 and
/// the cancellation about 1e-11: nothing beside the rounding of the `f32` gradient that is
/// compared.
pub fn finite_differences(f: impl Fn(&[f64]) -> f64, at: &[f64]) -> Vec<f64> {
    let step = 1e-5;
    let mut point = at.to_vec();
    let mut gradient = Vec::new();
    for index in 0..at.len() {
        point[index] = at[index] + step;
        let above = f(&point);
        point[index] = at[index] - step;
        let below = f(&point);
        point[index] = at[index];
        gradient.push((above - below) / (2.0 * step));
    }
    gradient
}

//! Drives a single layer as a network does.

use rolling_ball::kernels::Kernels;
use rolling_ball::nn::{Gradient, Layer, Parameters};

/// What a layer makes of an input, and of a gradient with respect to its output.
#[derive(Clone, Debug, PartialEq)]
pub struct Passes {
    pub output: Vec<f32>,
    pub gradient: Vec<f32>,
    pub input_gradient: Vec<f32>,
}

/// A forward and a backward pass. The buffers begin with NaN, which must not show.
pub fn pass<L: Layer, K: Kernels>(parameters: Parameters, input: &[f32], slopes: &[f32]) -> Passes {
    let (mut activations, output) = forward::<L, K>(parameters, input);
    let mut gradient = vec![f32::NAN; L::PARAMETERS];
    let mut buffer = input.to_vec();
    let overwritten = Gradient { values: &mut gradient, add: false };
    let mut slopes = slopes.to_vec();
    L::backward_through::<K>(parameters, &mut buffer, &mut activations, &mut slopes, overwritten)
        .unwrap();
    Passes { output, gradient, input_gradient: buffer }
}

/// Its activations and its output.
pub fn forward<L: Layer, K: Kernels>(
    parameters: Parameters,
    input: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let mut activations = vec![f32::NAN; L::ACTIVATIONS];
    let mut output = vec![f32::NAN; L::OUTPUTS];
    L::forward::<K>(parameters, input, &mut activations, &mut output).unwrap();
    (activations, output)
}

//! Means over dimensions.

use super::super::model::{Activation, Tensor, Type};
use super::Arithmetic;
use super::layout::{index, steps};
use super::rescale::{Output, Scale};
use super::value::Value;
use anyhow::Result;

/// The mean over some dimensions.
pub fn mean(
    axes: &[usize],
    (input, values): (&Tensor, &Value),
    output: &Tensor,
    arithmetic: Arithmetic,
) -> Result<Value> {
    let (values, scale) = values.centred(input)?;
    let to = Output::new(output, Activation::None)?;
    // Where the output goes on with an index of the input: not at all in what is averaged.
    let kept: Vec<usize> = (0..input.shape.len())
        .map(|dimension| if axes.contains(&dimension) { 1 } else { input.shape[dimension] })
        .collect();
    let mut steps = steps(&kept);
    for axis in axes {
        steps[*axis] = 0;
    }
    let mut sums = vec![0.0; output.len()];
    for (place, value) in values.iter().enumerate() {
        sums[index(place, &input.shape, &steps)] += value;
    }
    let count = input.len() / output.len();
    let means: Vec<f64> = sums
        .iter()
        .map(|sum| {
            to.value(match (to.kind, arithmetic) {
                (Type::F32, _) => sum / count as f64,
                (_, Arithmetic::Xnnpack | Arithmetic::RealWeights) => {
                    Scale::new(f64::from(scale / (to.scale * count as f32)), arithmetic).times(*sum)
                }
                (_, Arithmetic::FixedPoint) => {
                    let scale = f64::from(scale) / f64::from(to.scale);
                    Scale::fixed(scale).divided_by(count).times(*sum)
                }
            })
        })
        .collect();
    Ok(to.values(&means))
}

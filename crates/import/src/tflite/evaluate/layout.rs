//! Where values lie: nothing is computed.

use super::super::model::{Tensor, Type};
use super::super::operation::of_all;
use super::Inputs;
use super::value::Value;
use anyhow::Result;

/// For each dimension, how far its next index is.
pub fn steps(shape: &[usize]) -> Vec<usize> {
    let mut step = 1;
    let mut steps: Vec<usize> = shape
        .iter()
        .rev()
        .map(|size| {
            let this = step;
            step *= size;
            this
        })
        .collect();
    steps.reverse();
    steps
}

/// Where the `place`th value of a shape lies if its dimensions have these steps.
pub fn index(mut place: usize, shape: &[usize], steps: &[usize]) -> usize {
    let mut index = 0;
    for (size, step) in shape.iter().zip(steps).rev() {
        index += place % size * step;
        place /= size;
    }
    index
}

/// The steps of a tensor that is repeated to fill a shape: 0 in what is repeated.
pub fn repeated(tensor: &Tensor, shape: &[usize]) -> Vec<usize> {
    let missing = shape.len() - tensor.shape.len();
    let own = tensor.shape.iter().zip(steps(&tensor.shape));
    let own = own.map(|(size, step)| if *size == 1 { 0 } else { step });
    std::iter::repeat_n(0, missing).chain(own).collect()
}

/// Turns the dimensions.
pub fn transpose(
    permutation: &[usize],
    (input, values): (&Tensor, &Value),
    output: &Tensor,
) -> Result<Value> {
    let from = steps(&input.shape);
    let steps: Vec<usize> = permutation.iter().map(|dimension| from[*dimension]).collect();
    let places = (0..output.len()).map(|place| index(place, &output.shape, &steps));
    Ok(values.at(&places.collect::<Vec<_>>()))
}

/// Puts inputs side by side.
pub fn concatenation(axis: usize, inputs: &Inputs, output: &Tensor) -> Result<Value> {
    let mut all = Value::integers(output.kind, &[]);
    let mut starts = Vec::new();
    for part in 0..inputs.given.len() {
        let (tensor, values) = inputs.get(part)?;
        starts.push((all.len(), tensor));
        all.extend(values)?;
    }
    let mut places = Vec::with_capacity(output.len());
    for sample in 0..output.shape[..axis].iter().product() {
        for (start, tensor) in &starts {
            let length: usize = tensor.shape[axis..].iter().product();
            places.extend((0..length).map(|place| start + sample * length + place));
        }
    }
    Ok(all.at(&places))
}

/// Puts a value around the input.
pub fn pad(amounts: &[[usize; 2]], inputs: &Inputs, output: &Tensor) -> Result<Value> {
    let (input, values) = inputs.get(0)?;
    let around = match inputs.optional(2) {
        Some((_, value)) => value.clone(),
        None => {
            let zero = if input.kind == Type::F32 { 0 } else { of_all(input)?.1 };
            Value::integers(input.kind, &[zero as f64])
        }
    };
    let mut all = values.clone();
    all.extend(&around)?;
    let (from, to) = (steps(&input.shape), steps(&output.shape));
    let place = |place: usize| {
        let mut index = 0;
        for dimension in 0..output.shape.len() {
            let at = place / to[dimension] % output.shape[dimension];
            let inside = at.checked_sub(amounts[dimension][0]);
            match inside.filter(|at| *at < input.shape[dimension]) {
                Some(at) => index += at * from[dimension],
                None => return values.len(),
            }
        }
        index
    };
    Ok(all.at(&(0..output.len()).map(place).collect::<Vec<_>>()))
}

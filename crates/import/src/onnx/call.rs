//! A node with what is known of its inputs, while it is found out what it computes.

use super::attributes::Attributes;
use super::model::{Node, Value};
use super::tensor::Tensor;
use anyhow::{Context, Result, ensure};

/// A node and its inputs.
pub struct Call<'m, 'a> {
    pub operator: &'a str,
    pub opset: i64,
    pub attributes: Attributes<'m, 'a>,
    /// The value of each input, or `None` where it is left out.
    pub inputs: Vec<Option<&'m Value<'a>>>,
    /// How many outputs the node has, with those that are left out.
    pub outputs: usize,
}

impl<'m, 'a> Call<'m, 'a> {
    pub fn new(node: &'m Node<'a>, values: &'m [Value<'a>], opset: i64) -> Self {
        let inputs = node.inputs.iter().map(|input| input.map(|input| &values[input])).collect();
        Self {
            operator: node.operator,
            opset,
            attributes: Attributes::new(&node.attributes),
            inputs,
            outputs: node.outputs.len(),
        }
    }

    /// An input that may be left out.
    pub fn given(&self, place: usize) -> Option<&'m Value<'a>> {
        self.inputs.get(place).copied().flatten()
    }

    /// An input that the operator must have.
    pub fn input(&self, place: usize) -> Result<&'m Value<'a>> {
        self.given(place).with_context(|| format!("expected an input in place {}", place + 1))
    }

    /// Refuses inputs beyond those that the operator has.
    pub fn at_most(&self, inputs: usize) -> Result<()> {
        ensure!(
            self.inputs.len() <= inputs,
            "expected at most {inputs} inputs, found {}",
            self.inputs.len()
        );
        Ok(())
    }

    /// The shape of an input that the operator must have.
    pub fn shape(&self, place: usize) -> Result<&'m [usize]> {
        let value = self.input(place)?;
        value.shape.as_deref().with_context(|| format!("the shape of {} is not known", value.name))
    }

    /// The values of an input that may be left out, but must not depend on the network's input.
    pub fn constant(&self, place: usize) -> Result<Option<&'m Tensor>> {
        let Some(value) = self.given(place) else { return Ok(None) };
        let constant = value.constant.as_ref().with_context(|| {
            format!(
                "expected a constant, found that {} is computed from the network's input",
                value.name
            )
        })?;
        Ok(Some(constant))
    }

    /// The integers of a constant input.
    pub fn integers(&self, place: usize) -> Result<Option<&'m [i64]>> {
        let name = || self.given(place).map_or("", |value| value.name).to_owned();
        self.constant(place)?.map(|tensor| tensor.as_integers().with_context(name)).transpose()
    }

    /// The float of a constant input, which must be a single one.
    pub fn float(&self, place: usize) -> Result<Option<f32>> {
        let Some(tensor) = self.constant(place)? else { return Ok(None) };
        let [value] = *tensor.as_floats()? else {
            anyhow::bail!("expected one value, found shape {:?}", tensor.shape);
        };
        Ok(Some(value))
    }

    /// Integers that are an attribute before a version of the operators, and an input from it on.
    pub fn attribute_or_input(
        &self,
        name: &str,
        place: usize,
        input_since: i64,
    ) -> Result<Option<&'m [i64]>> {
        if self.opset < input_since { self.attributes.integers(name) } else { self.integers(place) }
    }
}

/// A dimension that may be counted from the end, by negative numbers.
pub fn axis(axis: i64, dimensions: usize) -> Result<usize> {
    let counted = if axis < 0 { dimensions as i64 + axis } else { axis };
    let place = usize::try_from(counted).ok().filter(|place| *place < dimensions);
    place.with_context(|| {
        format!("expected an axis below {dimensions} and from -{dimensions}, found {axis}")
    })
}

/// Dimensions in ascending order, each once.
pub fn axes(list: &[i64], dimensions: usize) -> Result<Vec<usize>> {
    let axes: Result<Vec<usize>> = list.iter().map(|place| axis(*place, dimensions)).collect();
    let mut axes = axes?;
    axes.sort_unstable();
    ensure!(axes.windows(2).all(|pair| pair[0] != pair[1]), "an axis is named twice: {list:?}");
    Ok(axes)
}

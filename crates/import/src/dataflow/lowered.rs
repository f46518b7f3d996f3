//! What a file's operators have become so far, whatever its format.

use super::room::Room;
use super::{Dataflow, Step, Value};
use crate::layout::Layout;
use anyhow::{Context, Result};

/// A tensor of the file: a value, and how the file shows it.
#[derive(Clone, Debug)]
pub struct View {
    /// The value, which several tensors may show.
    pub value: usize,
    /// How this tensor lays it out.
    pub layout: Layout,
}

/// What a file's operators have become so far.
#[derive(Debug)]
pub struct Lowered {
    /// The values. The first one is the input.
    pub values: Vec<Value>,
    /// The steps between them.
    pub steps: Vec<Step>,
    /// What is known of each tensor of the file.
    pub views: Vec<Option<View>>,
    /// What was left away, in sentences.
    pub notes: Vec<String>,
    room: Room,
}

impl Lowered {
    /// Nothing yet, of a file with so many tensors, whose constants leave this room.
    pub fn new(tensors: usize, room: Room) -> Self {
        let (values, steps, notes) = (Vec::new(), Vec::new(), Vec::new());
        Self { values, steps, views: vec![None; tensors], notes, room }
    }

    /// Adds a value, and says which one it is.
    pub fn add_value(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len() - 1
    }

    /// Adds a step.
    ///
    /// # Errors
    ///
    /// There is no room for its parameters.
    pub fn add_step(&mut self, step: Step) -> Result<()> {
        self.room.take(step.weights.len() + step.biases.len())?;
        self.steps.push(step);
        Ok(())
    }

    /// The network whose output this tensor of the file is.
    ///
    /// # Errors
    ///
    /// No step makes it.
    pub fn finish(self, output: usize) -> Result<Dataflow> {
        let Self { values, steps, mut views, notes, .. } = self;
        let View { value: output, layout: output_layout } =
            views[output].take().context("nothing makes the output")?;
        Ok(Dataflow {
            values,
            steps,
            output,
            file_output: output,
            output_layout,
            ends_in_softmax: false,
            is_hybrid: false,
            takes_numbers: true,
            notes,
        })
    }
}

/// The only input and the only output of a file.
///
/// # Errors
///
/// There are several, or none.
pub fn only<I: Copy, O: Copy>(inputs: &[I], outputs: &[O]) -> Result<(I, O)> {
    match (inputs, outputs) {
        ([input], [output]) => Ok((*input, *output)),
        _ => anyhow::bail!(
            "expected one input and one output, found {} and {}",
            inputs.len(),
            outputs.len()
        ),
    }
}

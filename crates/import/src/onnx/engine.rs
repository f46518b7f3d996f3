//! Evaluates an ONNX file with an implementation of ONNX's operators that shares nothing with this
//! crate: its own reader, shapes and arithmetic. What is imported is compared with it.

use super::attributes::AttributeValue;
use super::network::{Network, Node};
use super::operator::Operator;
use super::tensor::count;
use anyhow::{Context, Result, anyhow, bail, ensure};
use rten::{Model, ModelOptions, NodeId, Value, ValueOrView};
use std::collections::BTreeMap;

/// An ONNX file that can be evaluated.
pub struct Engine {
    model: Model,
    /// The values that are told, with their shapes.
    inputs: Vec<(NodeId, Vec<usize>)>,
    /// The values that can be asked for, by their names in the file.
    asked: Vec<(String, NodeId)>,
}

impl Engine {
    /// Reads a file from which `network` was read: the engine gets no file that was not accepted,
    /// and none with an operator that is not known, whose output might be of any size.
    ///
    /// # Errors
    ///
    /// Where an operator is not known to either of them, where the engine refuses the file, and
    /// where it is known to compute something else than ONNX says.
    pub fn new(bytes: &[u8], network: &Network) -> Result<Self> {
        if let Some(node) = network.unknown() {
            bail!("{}: the operator is not known here", node.label);
        }
        for node in &network.nodes {
            if let Some(what) = differs(node, network) {
                bail!(
                    "{}: the engine to compare with does not compute {what} as ONNX does",
                    node.label
                );
            }
        }
        // Without optimisations every value keeps its name.
        let mut options = ModelOptions::with_all_ops();
        options.enable_optimization(false).prepack_weights(false);
        let model = caught(|| options.load(bytes.to_vec()))?;
        let model = model.context("cannot load the file to compare with")?;
        let id = |name: &str| {
            let id = model.find_node(name);
            id.with_context(|| format!("the engine knows no value {name}"))
        };
        let inputs = network.inputs.iter().map(|input| {
            let value = &network.values[*input];
            let shape = value.shape.clone().context("expected the shape of the input")?;
            Ok((id(value.name)?, shape))
        });
        let inputs = inputs.collect::<Result<_>>()?;
        let made = network.nodes.iter().flat_map(|node| node.outputs.iter().flatten());
        let made = made.map(|output| &network.values[*output]);
        let made = made.filter(|value| value.shape.is_some()).map(|value| value.name);
        let names = made.chain(network.outputs.iter().map(|(name, _)| *name));
        let mut asked: Vec<_> =
            names.map(|name| Ok((name.to_owned(), id(name)?))).collect::<Result<_>>()?;
        asked.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        asked.dedup();
        Ok(Self { model, inputs, asked })
    }

    /// Evaluates the file for one sample, given as the values of each of its inputs.
    ///
    /// Returns the floats of every output of the network's nodes, and of the outputs of the file,
    /// by their names.
    ///
    /// # Errors
    ///
    /// Where the inputs do not fit, and where the engine does not know an operator.
    pub fn evaluate(&self, inputs: &[&[f32]]) -> Result<BTreeMap<String, Vec<f32>>> {
        ensure!(
            inputs.len() == self.inputs.len(),
            "expected {} inputs, found {}",
            self.inputs.len(),
            inputs.len()
        );
        let told = self.inputs.iter().zip(inputs).map(|((id, shape), values)| {
            ensure!(
                count(shape)? == values.len(),
                "expected an input of shape {shape:?}, found {} values",
                values.len()
            );
            Ok((*id, ValueOrView::from(Value::from_shape(shape, values.to_vec())?)))
        });
        let told = told.collect::<Result<_>>()?;
        let asked: Vec<NodeId> = self.asked.iter().map(|(_, id)| *id).collect();
        let values = caught(|| self.model.run(told, &asked, None))?;
        let values = values.context("cannot evaluate the file to compare with")?;
        let named = self.asked.iter().zip(values).filter_map(|((name, _), value)| {
            Some((name.clone(), value.into_tensor::<f32>()?.into_data()))
        });
        Ok(named.collect())
    }
}

/// Makes an error of a panic: the engine has some, such as where an integer of 32 bits overflows in
/// a build with checks.
/// Whatever it was about to change is not used again.
fn caught<T>(call: impl FnOnce() -> T) -> Result<T> {
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call));
    ended.map_err(|_| anyhow!("the engine to compare with has failed"))
}

/// What the engine computes otherwise than ONNX defines it, if it does at this node. (rten 0.24)
fn differs(node: &Node, network: &Network) -> Option<&'static str> {
    let attribute = |name: &str| {
        let attribute = node.attributes.iter().find(|attribute| attribute.name == name);
        attribute.map(|attribute| &attribute.value)
    };
    match node.operator {
        // It rounds up twice.
        Operator::MaxPool { ceil: true, .. } | Operator::AveragePool { ceil: true, .. } => {
            Some("pools with ceil_mode")
        }
        // It pads as for SAME_UPPER.
        _ if attribute("auto_pad") == Some(&AttributeValue::Text("SAME_LOWER")) => {
            Some("auto_pad = SAME_LOWER")
        }
        // It does not look at the version of the operators, of which the default depends.
        Operator::Softmax { axis } | Operator::LogSoftmax { axis } => {
            let shape = network.values[node.outputs[0]?].shape.as_deref()?;
            let last = axis + 1 == shape.len();
            (attribute("axis").is_none() && !last).then_some("a softmax over the default axis")
        }
        _ => None,
    }
}

//! A model as its file has it, with everything checked that does not depend on what the operators
//! mean: each value is made once, each that is used is made, and nodes come in an order in which
//! they can be evaluated.

use super::attributes::Attribute;
use super::limits::{MOST_ENDS, MOST_VALUES};
use super::proto::{Dimension, ModelProto, NodeProto, ValueInfoProto};
use super::tensor::{Element, Tensor, count, length};
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;

/// The place of a value in [`Model::values`].
pub type ValueId = usize;

/// The versions of the operators that are known here.
pub const OPSETS: std::ops::RangeInclusive<i64> = 7..=24;

/// What is computed from, or computed.
#[derive(Clone, Debug)]
pub struct Value<'a> {
    /// Its name in the file.
    pub name: &'a str,
    /// The type of its elements, where it is known.
    pub element: Option<Element>,
    /// Its shape, where it is known. A batch is a single sample.
    pub shape: Option<Vec<usize>>,
    /// Its values, if they do not depend on the input.
    pub constant: Option<Tensor>,
}

/// An application of an operator.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// Its name in the file, which may be empty.
    pub name: &'a str,
    /// What the file calls the operator.
    pub operator: &'a str,
    /// The set that the operator is from. ONNX's own is the empty text.
    pub domain: &'a str,
    /// What it takes. An input in the middle may be left out.
    pub inputs: Vec<Option<ValueId>>,
    /// What it makes. An output that nobody takes may be left out.
    pub outputs: Vec<Option<ValueId>>,
    pub attributes: Vec<Attribute<'a>>,
}

/// A model.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    /// The version of ONNX's operators.
    pub opset: i64,
    /// The values that are told, without the constants.
    pub inputs: Vec<ValueId>,
    /// The values that are asked for.
    pub outputs: Vec<ValueId>,
    pub values: Vec<Value<'a>>,
    /// The nodes, each after those whose outputs it takes.
    pub nodes: Vec<Node<'a>>,
}

impl<'a> Model<'a> {
    /// Reads a file.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let proto = ModelProto::read(bytes).context("not an ONNX file, or a damaged one")?;
        let opset = opset(&proto.opsets)?;
        let graph = proto.graph;
        let mut names = Names::default();
        let mut constants = 0;
        for tensor in graph.initializers {
            let name = tensor.name;
            let id = names.define(name)?;
            let tensor = Tensor::read(tensor).with_context(|| format!("initializer {name}"))?;
            constants += count(&tensor.shape)?;
            ensure!(
                constants <= MOST_VALUES,
                "expected at most {MOST_VALUES} values in all initializers"
            );
            let value = &mut names.values[id];
            value.element = Some(tensor.element);
            value.shape = Some(tensor.shape.clone());
            value.constant = Some(tensor);
        }
        let mut inputs = Vec::new();
        for input in &graph.inputs {
            // Old files list the initializers among the inputs.
            if names.constant(input.name) {
                continue;
            }
            ensure!(inputs.len() < MOST_ENDS, "expected at most {MOST_ENDS} inputs");
            let id = names.define(input.name)?;
            let context = || format!("input {}", input.name);
            let value = &mut names.values[id];
            value.element = Some(Element::from_code(input.element).with_context(context)?);
            value.shape = Some(shape_of_one(input).with_context(context)?);
            inputs.push(id);
        }
        let mut nodes = Vec::with_capacity(graph.nodes.len());
        for node in &graph.nodes {
            let outputs = node.outputs.iter();
            let outputs = outputs.map(|name| (!name.is_empty()).then(|| names.define(name)));
            let outputs: Vec<_> = outputs.map(Option::transpose).collect::<Result<_>>()?;
            nodes.push(outputs);
        }
        let nodes = graph.nodes.into_iter().zip(nodes);
        let nodes = nodes.map(|(node, outputs)| names.node(node, outputs));
        let nodes: Vec<Node> = nodes.collect::<Result<_>>()?;
        let outputs = graph.outputs.iter().map(|output| {
            let id = names.ids.get(output.name).copied();
            id.with_context(|| format!("output {}: nothing in the file makes it", output.name))
        });
        let outputs: Vec<_> = outputs.collect::<Result<_>>()?;
        ensure!(!inputs.is_empty(), "expected at least one input, found none");
        ensure!(!outputs.is_empty(), "expected at least one output, found none");
        let values = names.values;
        let nodes = in_order(nodes, &values)?;
        Ok(Self { opset, inputs, outputs, values, nodes })
    }
}

/// The version of ONNX's own operators.
fn opset(opsets: &[(&str, i64)]) -> Result<i64> {
    let own = opsets.iter().find(|(domain, _)| is_own(domain));
    let (_, version) = own.context("expected the version of ONNX's operators, found none")?;
    ensure!(
        OPSETS.contains(version),
        "expected operators of version {} to {}, found version {version}: export the model with \
         `opset_version` in that range",
        OPSETS.start(),
        OPSETS.end()
    );
    Ok(*version)
}

/// Whether a domain is that of ONNX's own operators.
pub fn is_own(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// The shape of an input for a single sample.
fn shape_of_one(input: &ValueInfoProto) -> Result<Vec<usize>> {
    let shape = input.shape.as_deref().context("expected its shape, found none")?;
    let lengths = shape.iter().enumerate().map(|(place, dimension)| match dimension {
        // Some exporters write -1 for a length that is not known.
        Dimension::Symbol(_) | Dimension::Length(-1) if place == 0 => Ok(1),
        Dimension::Length(dimension @ 1..) => length(*dimension),
        Dimension::Length(other) => {
            bail!("expected a length of at least 1 in dimension {place}, found {other}")
        }
        Dimension::Symbol(symbol) => bail!(
            "expected a length in dimension {place}, found the symbol {symbol:?}: export the model \
             with fixed lengths in all dimensions but the batch"
        ),
    });
    let lengths: Vec<usize> = lengths.collect::<Result<_>>()?;
    count(&lengths)?;
    Ok(lengths)
}

/// The values of a file by their name.
#[derive(Default)]
struct Names<'a> {
    ids: HashMap<&'a str, ValueId>,
    values: Vec<Value<'a>>,
}

impl<'a> Names<'a> {
    fn define(&mut self, name: &'a str) -> Result<ValueId> {
        let id = self.values.len();
        ensure!(!name.is_empty(), "expected a name for every initializer and input");
        ensure!(self.ids.insert(name, id).is_none(), "value {name}: the file defines it twice");
        self.values.push(Value { name, element: None, shape: None, constant: None });
        Ok(id)
    }

    fn constant(&self, name: &str) -> bool {
        self.ids.get(name).is_some_and(|id| self.values[*id].constant.is_some())
    }

    fn node(&self, node: NodeProto<'a>, outputs: Vec<Option<ValueId>>) -> Result<Node<'a>> {
        let NodeProto { name, operator, domain, inputs, attributes, .. } = node;
        let label = || label(name, operator, &outputs, &self.values);
        let inputs = inputs.iter().map(|input| {
            let id = self.ids.get(input).copied();
            ensure!(
                id.is_some() || input.is_empty(),
                "{}: it takes {input}, which nothing in the file makes",
                label()
            );
            Ok(id)
        });
        let inputs = inputs.collect::<Result<_>>()?;
        let attributes = attributes.into_iter().map(|attribute| {
            let name = attribute.name;
            Attribute::read(attribute).with_context(|| format!("attribute {name}"))
        });
        let attributes = attributes.collect::<Result<_>>().with_context(label)?;
        let domain = if is_own(domain) { "" } else { domain };
        Ok(Node { name, operator, domain, inputs, outputs, attributes })
    }
}

impl Node<'_> {
    /// What errors call the node: its name, or its output's where it has none, and its operator.
    pub fn label(&self, values: &[Value]) -> String {
        label(self.name, self.operator, &self.outputs, values)
    }
}

fn label(name: &str, operator: &str, outputs: &[Option<ValueId>], values: &[Value]) -> String {
    let output = outputs.iter().flatten().next().map_or("", |output| values[*output].name);
    let name = if name.is_empty() { output } else { name };
    format!("node {name} ({operator})")
}

/// Puts each node after those whose outputs it takes, and leaves them in the file's order where
/// that is one.
fn in_order<'a>(nodes: Vec<Node<'a>>, values: &[Value]) -> Result<Vec<Node<'a>>> {
    let mut makers: Vec<Option<usize>> = vec![None; values.len()];
    for (place, node) in nodes.iter().enumerate() {
        for output in node.outputs.iter().flatten() {
            makers[*output] = Some(place);
        }
    }
    let mut takers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut missing = vec![0usize; nodes.len()];
    for (place, node) in nodes.iter().enumerate() {
        for maker in node.inputs.iter().flatten().filter_map(|input| makers[*input]) {
            takers[maker].push(place);
            missing[place] += 1;
        }
    }
    let mut ready: std::collections::BTreeSet<usize> =
        (0..nodes.len()).filter(|place| missing[*place] == 0).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(place) = ready.pop_first() {
        order.push(place);
        for taker in &takers[place] {
            missing[*taker] -= 1;
            if missing[*taker] == 0 {
                ready.insert(*taker);
            }
        }
    }
    if let Some(place) = (0..nodes.len()).find(|place| missing[*place] > 0) {
        bail!(
            "{}: it is in a circle of nodes, or behind one, in which each takes what another makes",
            nodes[place].label(values)
        );
    }
    let mut nodes: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|place| nodes[place].take()).collect())
}

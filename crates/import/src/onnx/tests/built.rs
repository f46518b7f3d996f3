//! Files that a test builds, with the encoder of another crate.

use onnx_rs::ast::{
    Attribute, AttributeType, DataType, Dimension, Graph, Model, Node, OpType, OperatorSetId,
    TensorProto, TensorShape, TensorShapeDimension, TensorTypeProto, TypeProto, TypeValue,
    ValueInfo,
};

/// A graph from `x` to `y`, whose nodes each have a line `outputs = Operator(inputs)`.
pub struct Built<'a> {
    pub opset: i64,
    pub input: Vec<Dimension<'a>>,
    pub nodes: Vec<Node<'a>>,
    pub initializers: Vec<TensorProto<'a>>,
}

/// A graph over an input of this shape.
pub fn built<'a>(input: &[i64], lines: &[&'a str]) -> Built<'a> {
    let input = input.iter().map(|length| Dimension::Value(*length)).collect();
    let nodes = lines.iter().map(|line| {
        let (outputs, call) = line.split_once(" = ").unwrap();
        let (operator, inputs) = call.trim_end_matches(')').split_once('(').unwrap();
        let list = |text: &'a str| text.split(',').map(str::trim).collect();
        Node {
            op_type: OpType::from(operator),
            input: if inputs.is_empty() { Vec::new() } else { list(inputs) },
            output: list(outputs),
            ..Node::default()
        }
    });
    Built { opset: 17, input, nodes: nodes.collect(), initializers: Vec::new() }
}

impl<'a> Built<'a> {
    pub fn opset(mut self, opset: i64) -> Self {
        self.opset = opset;
        self
    }

    /// Gives an attribute to the last node.
    pub fn attribute(self, attribute: Attribute<'a>) -> Self {
        let last = self.nodes.len() - 1;
        self.attribute_of(last, attribute)
    }

    pub fn attribute_of(mut self, node: usize, attribute: Attribute<'a>) -> Self {
        self.nodes[node].attribute.push(attribute);
        self
    }

    pub fn floats(mut self, name: &'a str, shape: &[i64]) -> Self {
        let count = usize::try_from(shape.iter().product::<i64>()).unwrap();
        let tensor = TensorProto::from_f32(name, shape.to_vec(), vec![0.5; count]);
        self.initializers.push(tensor);
        self
    }

    pub fn integers(mut self, name: &'a str, values: &[i64]) -> Self {
        let shape = vec![values.len() as i64];
        self.initializers.push(TensorProto::from_i64(name, shape, values.to_vec()));
        self
    }

    /// A single integer, without dimensions.
    pub fn integer(mut self, name: &'a str, value: i64) -> Self {
        self.initializers.push(TensorProto::from_i64(name, Vec::new(), vec![value]));
        self
    }

    pub fn bytes(self) -> Vec<u8> {
        let info = |name, shape: Vec<Dimension<'a>>| {
            let dim = shape.into_iter();
            let dim = dim.map(|value| TensorShapeDimension { value, denotation: "" }).collect();
            let tensor =
                TensorTypeProto { elem_type: DataType::Float, shape: Some(TensorShape { dim }) };
            let value = Some(TypeValue::Tensor(tensor));
            let r#type = Some(TypeProto { value, denotation: "" });
            ValueInfo { name, r#type, ..ValueInfo::default() }
        };
        let graph = Graph {
            name: "built",
            node: self.nodes,
            initializer: self.initializers,
            input: vec![info("x", self.input)],
            output: vec![info("y", Vec::new())],
            ..Graph::default()
        };
        let opset = OperatorSetId { domain: "", version: self.opset };
        let model = Model {
            ir_version: 8,
            opset_import: vec![opset],
            graph: Some(graph),
            ..Model::default()
        };
        onnx_rs::encode(&model)
    }
}

pub fn integer(name: &str, i: i64) -> Attribute<'_> {
    Attribute { name, r#type: AttributeType::Int, i, ..Attribute::default() }
}

pub fn integers<'a>(name: &'a str, ints: &[i64]) -> Attribute<'a> {
    let ints = ints.to_vec();
    Attribute { name, r#type: AttributeType::Ints, ints, ..Attribute::default() }
}

pub fn float(name: &str, f: f32) -> Attribute<'_> {
    Attribute { name, r#type: AttributeType::Float, f, ..Attribute::default() }
}

pub fn text<'a>(name: &'a str, text: &'a str) -> Attribute<'a> {
    let s = text.as_bytes();
    Attribute { name, r#type: AttributeType::String, s, ..Attribute::default() }
}

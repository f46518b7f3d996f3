//! ONNX files that are as large or as misleading as they can be.

use onnx_rs::ast::{
    Attribute, AttributeType, DataType, Dimension, Graph, Model, Node, OpType, OperatorSetId,
    TensorProto, TensorShape, TensorShapeDimension, TensorTypeProto, TypeProto, TypeValue,
    ValueInfo,
};

/// A graph from `x` to `y`.
struct File<'a> {
    input: Vec<i64>,
    nodes: Vec<Node<'a>>,
    constants: Vec<TensorProto<'a>>,
}

fn file<'a>(input: &[i64]) -> File<'a> {
    File { input: input.to_vec(), nodes: Vec::new(), constants: Vec::new() }
}

impl<'a> File<'a> {
    fn node(mut self, operator: &'a str, inputs: &[&'a str], output: &'a str) -> Self {
        self.nodes.push(Node {
            op_type: OpType::from(operator),
            input: inputs.to_vec(),
            output: vec![output],
            ..Node::default()
        });
        self
    }

    /// Gives the last node some integers.
    fn integers(mut self, name: &'a str, numbers: &[i64]) -> Self {
        let kind = if numbers.len() == 1 { AttributeType::Int } else { AttributeType::Ints };
        if let Some(node) = self.nodes.last_mut() {
            node.attribute.push(Attribute {
                name,
                r#type: kind,
                i: numbers.first().copied().unwrap_or_default(),
                ints: if numbers.len() == 1 { Vec::new() } else { numbers.to_vec() },
                ..Attribute::default()
            });
        }
        self
    }

    /// A constant of this shape, that has so many values.
    fn floats(mut self, name: &'a str, shape: &[i64], count: usize) -> Self {
        let values = (0..count).map(|index| ((index * 7919 % 8191) as f32 - 4095.0) * 1e-6);
        self.constants.push(TensorProto::from_f32(name, shape.to_vec(), values.collect()));
        self
    }

    fn bytes(self) -> Vec<u8> {
        let info = |name, lengths: Vec<i64>| {
            let dimension =
                |length| TensorShapeDimension { value: Dimension::Value(length), denotation: "" };
            let dim = lengths.into_iter().map(dimension).collect();
            let shape = Some(TensorShape { dim });
            let tensor = TensorTypeProto { elem_type: DataType::Float, shape };
            let value = Some(TypeValue::Tensor(tensor));
            let r#type = Some(TypeProto { value, denotation: "" });
            ValueInfo { name, r#type, ..ValueInfo::default() }
        };
        let graph = Graph {
            name: "hostile",
            node: self.nodes,
            initializer: self.constants,
            input: vec![info("x", self.input)],
            output: vec![info("y", Vec::new())],
            ..Graph::default()
        };
        onnx_rs::encode(&Model {
            ir_version: 8,
            opset_import: vec![OperatorSetId { domain: "", version: 17 }],
            graph: Some(graph),
            ..Model::default()
        })
    }
}

/// A network without parameters, of the largest input.
pub fn largest() -> Vec<u8> {
    file(&[1, (1 << 23) - 1]).node("Relu", &["x"], "y").bytes()
}

/// What is imported, and the file.
pub fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let names: Vec<String> = (0..10_001).map(|index| format!("v{index}")).collect();
    let name = |index: usize| names[index].as_str();
    let chain = |count: usize| {
        let first = file(&[1, 4]).node("Relu", &["x"], name(0));
        let all = (1..count).fold(first, |file, i| file.node("Relu", &[name(i - 1)], name(i)));
        all.node("Relu", &[name(count - 1)], "y").bytes()
    };
    // Each sum has the next one in one of its branches.
    let nested = |depth: usize| {
        let first = file(&[1, 4]).node("Relu", &["x"], name(0));
        let down = (1..depth).fold(first, |file, i| file.node("Tanh", &[name(i - 1)], name(i)));
        let up = (0..depth - 1).fold(down, |file, i| {
            let below = if i == 0 { name(depth - 1) } else { name(depth + i - 1) };
            file.node("Add", &[name(depth - 2 - i), below], name(depth + i))
        });
        up.node("Relu", &[name(2 * depth - 2)], "y").bytes()
    };
    let doubled = |count: usize| {
        let first = file(&[1, 4]).node("Relu", &["x"], name(0));
        let all = (1..count)
            .fold(first, |file, i| file.node("Add", &[name(i - 1), name(i - 1)], name(i)));
        all.node("Relu", &[name(count - 1)], "y").bytes()
    };
    let shared = |count: usize| {
        let first = file(&[1, 1024]).floats("w", &[1024, 1024], 1 << 20);
        let first = first.node("MatMul", &["x", "w"], name(0));
        let all =
            (1..count).fold(first, |file, i| file.node("MatMul", &[name(i - 1), "w"], name(i)));
        all.node("Relu", &[name(count - 1)], "y").bytes()
    };
    let concat = {
        let all = (0..1000).fold(file(&[1, 4]), |file, i| file.node("Relu", &["x"], name(i)));
        let inputs: Vec<&str> = (0..1000).map(name).collect();
        all.node("Concat", &inputs, "y").integers("axis", &[1]).bytes()
    };
    let pool = |kernel: i64, pads: i64| {
        let file = file(&[1, 1, 64, 64]).node("MaxPool", &["x"], "y");
        file.integers("kernel_shape", &[kernel; 2]).integers("pads", &[pads; 4]).bytes()
    };
    let claims = |shape: &[i64]| {
        file(&[1, 4]).floats("w", shape, 16).node("MatMul", &["x", "w"], "y").bytes()
    };
    let cut = {
        let mut whole = shared(1);
        whole.truncate(1 << 20);
        whole
    };
    vec![
        ("ONNX: a million weights", shared(1)),
        ("2 nodes that share 4 MB", shared(2)),
        ("1000 nodes that share 4 MB", shared(1000)),
        ("4 MB, cut off after 1 MB", cut),
        ("a pool of 6 GB of windows", pool(80_000, 40_000)),
        ("a padding of 2^60", pool(3, 1 << 60)),
        ("a matrix that says 256 MB and has 64 bytes", claims(&[8192, 8192])),
        ("a matrix of 2^62 x 2^62", claims(&[1 << 62, 1 << 62])),
        ("residuals 100 deep", nested(100)),
        ("1000 sums of a value and itself", doubled(1000)),
        ("10,000 nodes", chain(10_000)),
        ("a concatenation of 1000 inputs", concat),
    ]
}

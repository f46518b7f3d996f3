//! The messages of an ONNX file, with the fields that matter to a network that is evaluated. Their
//! numbers are those of ONNX's schema, `onnx.proto`.

use super::limits::{
    MOST_ATTRIBUTES, MOST_DIMENSIONS, MOST_ENDS, MOST_NODES, MOST_TENSORS, MOST_VALUES,
};
use super::wire::fields;
use anyhow::{Context, Result, ensure};

/// `ModelProto`
#[derive(Debug, Default)]
pub struct ModelProto<'a> {
    /// The versions of the sets of operators, by their domain.
    pub opsets: Vec<(&'a str, i64)>,
    pub graph: GraphProto<'a>,
}

/// `GraphProto`
#[derive(Debug, Default)]
pub struct GraphProto<'a> {
    pub name: &'a str,
    pub nodes: Vec<NodeProto<'a>>,
    pub initializers: Vec<TensorProto<'a>>,
    pub inputs: Vec<ValueInfoProto<'a>>,
    pub outputs: Vec<ValueInfoProto<'a>>,
}

/// `NodeProto`
#[derive(Debug, Default)]
pub struct NodeProto<'a> {
    pub name: &'a str,
    pub operator: &'a str,
    pub domain: &'a str,
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub attributes: Vec<AttributeProto<'a>>,
}

/// `AttributeProto`
#[derive(Debug, Default)]
pub struct AttributeProto<'a> {
    pub name: &'a str,
    /// Which of the values below it has, or 0 in old files, which do not say it.
    pub kind: i64,
    pub float: Option<f32>,
    pub integer: Option<i64>,
    pub text: Option<&'a [u8]>,
    pub tensor: Option<TensorProto<'a>>,
    pub floats: Vec<f32>,
    pub integers: Vec<i64>,
    /// Whether it is something else: a graph, a list of texts, a sparse tensor, or a reference to
    /// an attribute of a function.
    pub other: bool,
}

/// `TensorProto`
#[derive(Debug, Default)]
pub struct TensorProto<'a> {
    pub name: &'a str,
    pub dimensions: Vec<i64>,
    pub element: i64,
    /// Whether the values are in another file.
    pub external: bool,
    /// `raw_data`
    pub raw: Option<&'a [u8]>,
    /// `float_data`
    pub floats: Vec<f32>,
    /// `double_data`
    pub doubles: Vec<f64>,
    /// `int32_data`, `int64_data` and `uint64_data`
    pub integers: Vec<i64>,
}

/// `ValueInfoProto` of a tensor.
#[derive(Debug, Default)]
pub struct ValueInfoProto<'a> {
    pub name: &'a str,
    pub element: i64,
    /// `None` where the file does not say it.
    pub shape: Option<Vec<Dimension<'a>>>,
}

/// `TensorShapeProto.Dimension`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension<'a> {
    Length(i64),
    /// Its name, which may be empty.
    Symbol(&'a str),
}

/// Checks that a list does not grow beyond what is accepted.
fn room<T>(list: &[T], most: usize, what: &str) -> Result<()> {
    ensure!(list.len() < most, "expected at most {most} {what}");
    Ok(())
}

impl<'a> ModelProto<'a> {
    /// Reads a file.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let (mut model, mut graph) = (Self::default(), None);
        for field in fields(bytes) {
            let (number, field) = field?;
            match number {
                7 => {
                    ensure!(graph.is_none(), "expected one graph, found two");
                    graph = Some(GraphProto::read(field.bytes()?)?);
                }
                8 => {
                    room(&model.opsets, MOST_ENDS, "sets of operators")?;
                    model.opsets.push(operator_set(field.bytes()?)?);
                }
                14 => text_pair(field.bytes()?)?,
                _ => {}
            }
        }
        model.graph = graph.context("expected a graph, found none")?;
        Ok(model)
    }
}

fn operator_set(message: &[u8]) -> Result<(&str, i64)> {
    let (mut domain, mut version) = ("", 0);
    for field in fields(message) {
        match field? {
            (1, field) => domain = field.text()?,
            (2, field) => version = field.integer()?,
            _ => {}
        }
    }
    Ok((domain, version))
}

/// Checks metadata, which nothing here needs, so that those who read it later find it whole.
fn text_pair(message: &[u8]) -> Result<()> {
    for field in fields(message) {
        if let (1 | 2, field) = field? {
            field.text()?;
        }
    }
    Ok(())
}

impl<'a> GraphProto<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut graph = Self::default();
        let mut described = 0;
        for field in fields(message) {
            let (number, field) = field?;
            match number {
                1 => {
                    room(&graph.nodes, MOST_NODES, "nodes")?;
                    let node = NodeProto::read(field.bytes()?);
                    let node = node.with_context(|| format!("node {}", graph.nodes.len() + 1))?;
                    graph.nodes.push(node);
                }
                2 => graph.name = field.text()?,
                5 => {
                    room(&graph.initializers, MOST_TENSORS, "initializers")?;
                    let tensor = TensorProto::read(field.bytes()?);
                    let count = graph.initializers.len() + 1;
                    graph
                        .initializers
                        .push(tensor.with_context(|| format!("initializer {count}"))?);
                }
                11 => {
                    // Old files list the initializers among the inputs.
                    room(&graph.inputs, MOST_TENSORS, "inputs")?;
                    graph.inputs.push(ValueInfoProto::read(field.bytes()?)?);
                }
                12 => {
                    room(&graph.outputs, MOST_ENDS, "outputs")?;
                    graph.outputs.push(ValueInfoProto::read(field.bytes()?)?);
                }
                // Shapes that the exporter found. They are computed here instead, and only checked
                // for what those who read them later rely on.
                13 => {
                    described += 1;
                    ensure!(described <= 2 * MOST_NODES, "too many values are described");
                    ValueInfoProto::read(field.bytes()?)?;
                }
                15 => anyhow::bail!(
                    "it has a sparse initializer, expected dense ones: export the model without \
                     sparse tensors"
                ),
                _ => {}
            }
        }
        Ok(graph)
    }
}

impl<'a> NodeProto<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut node = Self::default();
        for field in fields(message) {
            let (number, field) = field?;
            match number {
                1 => {
                    room(&node.inputs, MOST_ENDS, "inputs")?;
                    node.inputs.push(field.text()?);
                }
                2 => {
                    room(&node.outputs, MOST_ENDS, "outputs")?;
                    node.outputs.push(field.text()?);
                }
                3 => node.name = field.text()?,
                4 => node.operator = field.text()?,
                5 => {
                    room(&node.attributes, MOST_ATTRIBUTES, "attributes")?;
                    node.attributes.push(AttributeProto::read(field.bytes()?)?);
                }
                7 => node.domain = field.text()?,
                _ => {}
            }
        }
        Ok(node)
    }
}

impl<'a> AttributeProto<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut attribute = Self::default();
        for field in fields(message) {
            let (number, field) = field?;
            match number {
                1 => attribute.name = field.text()?,
                2 => attribute.float = Some(field.float()?),
                3 => attribute.integer = Some(field.integer()?),
                4 => attribute.text = Some(field.bytes()?),
                5 => attribute.tensor = Some(TensorProto::read(field.bytes()?)?),
                7 => field.floats(&mut attribute.floats)?,
                8 => field.integers(&mut attribute.integers)?,
                13 => {}
                20 => attribute.kind = field.integer()?,
                _ => attribute.other = true,
            }
        }
        Ok(attribute)
    }
}

impl<'a> TensorProto<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut tensor = Self::default();
        for field in fields(message) {
            let (number, field) = field?;
            match number {
                1 => {
                    field.integers(&mut tensor.dimensions)?;
                    let dimensions = tensor.dimensions.len();
                    ensure!(
                        dimensions <= MOST_DIMENSIONS,
                        "expected at most {MOST_DIMENSIONS} dimensions, found {dimensions}"
                    );
                }
                2 => tensor.element = field.integer()?,
                4 => field.floats(&mut tensor.floats)?,
                5 | 7 | 11 => field.integers(&mut tensor.integers)?,
                8 => tensor.name = field.text()?,
                9 => tensor.raw = Some(field.bytes()?),
                10 => field.doubles(&mut tensor.doubles)?,
                13 => {
                    tensor.external = true;
                    text_pair(field.bytes()?)?;
                }
                14 => tensor.external |= field.integer()? != 0,
                3 => anyhow::bail!("it is a segment of a tensor, expected a whole one"),
                _ => {}
            }
        }
        let most = [tensor.floats.len(), tensor.doubles.len(), tensor.integers.len()];
        ensure!(
            most.iter().all(|count| *count <= MOST_VALUES),
            "expected at most {MOST_VALUES} values in a tensor"
        );
        Ok(tensor)
    }
}

impl<'a> ValueInfoProto<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut info = Self::default();
        for field in fields(message) {
            match field? {
                (1, field) => info.name = field.text()?,
                (2, field) => info.read_type(field.bytes()?)?,
                _ => {}
            }
        }
        Ok(info)
    }

    fn read_type(&mut self, message: &'a [u8]) -> Result<()> {
        for field in fields(message) {
            match field? {
                (1, field) => self.read_tensor_type(field.bytes()?)?,
                // What this type is called.
                (6, _) => {}
                _ => anyhow::bail!("{:?}: expected a tensor, found another type", self.name),
            }
        }
        Ok(())
    }

    fn read_tensor_type(&mut self, message: &'a [u8]) -> Result<()> {
        for field in fields(message) {
            match field? {
                (1, field) => self.element = field.integer()?,
                (2, field) => self.shape = Some(self.read_shape(field.bytes()?)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn read_shape(&self, message: &'a [u8]) -> Result<Vec<Dimension<'a>>> {
        let mut shape = Vec::new();
        for field in fields(message) {
            let (1, field) = field? else { continue };
            ensure!(
                shape.len() < MOST_DIMENSIONS,
                "{:?}: expected at most {MOST_DIMENSIONS} dimensions",
                self.name
            );
            let mut dimension = Dimension::Symbol("");
            for field in fields(field.bytes()?) {
                match field? {
                    (1, field) => dimension = Dimension::Length(field.integer()?),
                    (2, field) => dimension = Dimension::Symbol(field.text()?),
                    _ => {}
                }
            }
            shape.push(dimension);
        }
        Ok(shape)
    }
}

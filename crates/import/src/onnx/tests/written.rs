//! Committed files, each with an operator that PyTorch has exported.

use super::operators;
use crate::onnx::model::Model;
use crate::onnx::network::Network;
use crate::tensors::parse;
use anyhow::{Result, ensure};
use std::fs;

#[test]
fn every_output_has_the_shape_that_pytorch_made() -> Result<()> {
    for path in operators()? {
        let bytes = fs::read(&path)?;
        let network = Network::read(&bytes)?;
        ensure!(network.unknown().is_none(), "{}: {:?}", path.display(), network.unknown());
        let expected = fs::read(path.with_extension("expected.safetensors"))?;
        let expected = parse(&expected, "expected")?;
        for (values, id) in [("inputs", network.inputs[0]), ("outputs", network.outputs[0].1)] {
            let shape = [&[1], &expected.tensor(values)?.shape()[1..]].concat();
            let found = &network.values[id].shape;
            ensure!(*found == Some(shape), "{}: {values} of {found:?}", path.display());
        }
    }
    Ok(())
}

#[test]
fn another_reader_finds_the_same_graph() -> Result<()> {
    for path in operators()? {
        let bytes = fs::read(&path)?;
        let model = Model::read(&bytes)?;
        let other = onnx_rs::parse(&bytes)?;
        let graph = other.graph.unwrap();
        assert_eq!(other.opset_import[0].version, model.opset);
        let name = |id: &Option<usize>| id.map_or("", |id| model.values[id].name);
        for (node, other) in model.nodes.iter().zip(&graph.node) {
            assert_eq!((node.name, node.operator), (other.name, other.op_type.as_str()));
            assert!(node.inputs.iter().map(name).eq(other.input.iter().copied()));
            assert!(node.outputs.iter().map(name).eq(other.output.iter().copied()));
            let attributes = node.attributes.iter().map(|attribute| attribute.name);
            assert!(attributes.eq(other.attribute.iter().map(|attribute| attribute.name)));
        }
        assert_eq!(model.nodes.len(), graph.node.len());
        for tensor in &graph.initializer {
            let value = model.values.iter().find(|value| value.name == tensor.name()).unwrap();
            let constant = value.constant.as_ref().unwrap();
            assert!(constant.shape.iter().map(|length| *length as i64).eq(tensor.dims().to_vec()));
            if let Some(floats) = tensor.as_f32() {
                assert_eq!(constant.as_floats()?, &floats[..]);
            }
        }
    }
    Ok(())
}

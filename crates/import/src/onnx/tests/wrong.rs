//! Files that cannot be imported as they are, and what is said about them.

use super::built::{Built, built, integer};
use crate::onnx::model::Model;
use crate::onnx::network::Network;
use anyhow::Result;
use onnx_rs::ast::{Attribute, AttributeType, Dimension, Graph};

fn complaint(built: Built) -> String {
    let bytes = built.bytes();
    Network::read(&bytes).err().map(|error| format!("{error:#}")).unwrap_or_default()
}

#[test]
fn values_that_nobody_makes_or_two_make_are_named() {
    for (lines, said) in [
        (&["y = Relu(z)"][..], "node y (Relu): it takes z, which nothing in the file makes"),
        (&["z = Relu(x)"], "output y: nothing in the file makes it"),
        (&["y = Relu(x)", "y = Tanh(x)"], "value y: the file defines it twice"),
        (&["x = Relu(x)"], "value x: the file defines it twice"),
        (&["y = Add(x, z)", "z = Relu(y)"], "node y (Add): it is in a circle of nodes"),
        (&["y = Relu(y)"], "node y (Relu): it is in a circle of nodes"),
    ] {
        let found = complaint(built(&[1, 4], lines));
        assert!(found.starts_with(said), "{lines:?}: {found}");
    }
}

#[test]
fn nodes_are_put_in_an_order_in_which_they_can_be_evaluated() -> Result<()> {
    let bytes = built(&[1, 4], &["y = Relu(b)", "b = Tanh(a)", "a = Relu(x)"]).bytes();
    let model = Model::read(&bytes)?;
    let operators: Vec<&str> = model.nodes.iter().map(|node| node.operator).collect();
    assert_eq!(operators, ["Relu", "Tanh", "Relu"]);
    assert_eq!(model.values[model.nodes[2].outputs[0].unwrap()].name, "y");
    Ok(())
}

#[test]
fn only_the_batch_may_be_left_open() -> Result<()> {
    let mut batch = built(&[0, 4], &["y = Relu(x)"]);
    batch.input[0] = Dimension::Param("n");
    let bytes = batch.bytes();
    let network = Network::read(&bytes)?;
    assert_eq!(network.values[network.inputs[0]].shape, Some(vec![1, 4]));
    let mut length = built(&[1, 3, 0], &["y = Relu(x)"]);
    length.input[2] = Dimension::Param("time");
    let said = complaint(length);
    assert!(said.starts_with("input x: expected a length in dimension 2"), "{said}");
    assert!(said.contains("found the symbol \"time\""), "{said}");
    Ok(())
}

#[test]
fn what_would_be_computed_otherwise_is_refused_with_what_to_do() {
    let relu = || built(&[1, 4], &["y = Relu(x)"]);
    let norm = || {
        let norm = built(&[1, 4], &["y = BatchNormalization(x, a, a, a, a)"]);
        norm.floats("a", &[4])
    };
    let pooled = built(&[1, 1, 4, 4], &["y = MaxPool(x)"]);
    for (built, said) in [
        (relu().opset(6), "expected operators of version 7 to 24, found version 6"),
        (relu().opset(25), "export the model with `opset_version` in that range"),
        (relu().attribute(integer("shear", 1)), "node y (Relu): attribute shear: not known"),
        (norm().attribute(integer("training_mode", 1)), "export the model after `.eval()`"),
        (norm().opset(8).attribute(integer("spatial", 0)), "attribute spatial: expected 1"),
        (pooled, "node y (MaxPool): expected kernel_shape"),
        (
            built(&[1, 2, 3], &["y = Softmax(x)"]).opset(12),
            "export the model with `opset_version` 13 or above",
        ),
        (
            built(&[1, 4], &["y = Add(x, a)"]).floats("a", &[3]),
            "node y (Add): expected shapes that go together, found [1, 4] and [3]",
        ),
        (
            built(&[1, 4], &["y = Reshape(x, x)"]),
            "expected a constant, found that x is computed from the network's input",
        ),
    ] {
        let found = complaint(built);
        assert!(found.contains(said), "{said}: {found}");
    }
}

#[test]
fn an_operator_with_graphs_inside_is_named() -> Result<()> {
    let graph = Attribute {
        name: "then_branch",
        r#type: AttributeType::Graph,
        g: Some(Box::new(Graph::default())),
        ..Attribute::default()
    };
    let bytes = built(&[1], &["y = If(x)"]).attribute(graph).bytes();
    let network = Network::read(&bytes)?;
    assert_eq!(network.unknown().map(|node| node.label.as_str()), Some("node y (If)"));
    Ok(())
}

#[test]
fn an_operator_of_another_set_is_not_taken_for_onnx_s_own() -> Result<()> {
    let mut other = built(&[1, 4], &["y = Relu(x)"]);
    other.nodes[0].domain = "com.example";
    let bytes = other.bytes();
    let network = Network::read(&bytes)?;
    assert_eq!(network.unknown().map(|node| node.kind.as_str()), Some("com.example.Relu"));
    Ok(())
}

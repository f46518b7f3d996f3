//! Models that users export, which lie beside the repository where it is developed.

use crate::onnx::network::Network;
use crate::onnx::operator::Operator;
use anyhow::{Context, Result};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of the exported models, if it is there.
pub fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("ROLLING_BALL_SHARED").map_or(beside, PathBuf::from);
    let folder = shared.join("models/torch");
    if !folder.is_dir() {
        let reason = folder.display();
        // The harness would capture what is printed.
        let said = writeln!(std::io::stderr(), "\nSKIPPED: models of users: no {reason}");
        said.unwrap();
        return None;
    }
    Some(folder)
}

/// What the nodes of a model compute, in order.
fn computed(folder: &Path, name: &str) -> Result<Vec<Operator>> {
    let bytes = fs::read(folder.join(name).with_extension("onnx"))?;
    let network = Network::read(&bytes).with_context(|| name.to_owned())?;
    Ok(network.nodes.into_iter().map(|node| node.operator).collect())
}

#[test]
fn padding_that_is_exported_as_a_graph_of_nodes_becomes_the_window_s() -> Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    let uneven = |name: &str| {
        let pads = computed(&folder, name)?.into_iter().filter_map(|operator| match operator {
            Operator::Conv { window, .. } => Some(window.pads),
            _ => None,
        });
        anyhow::Ok(pads.filter(|pads| pads[..2] != pads[2..]).collect::<Vec<_>>())
    };
    assert_eq!(uneven("dscnn_same")?, [[4, 1, 5, 1]]);
    assert_eq!(uneven("mbv1_same")?, [[0, 0, 1, 1]; 5]);
    Ok(())
}

#[test]
fn every_node_of_a_network_of_known_operators_is_known_and_has_a_shape() -> Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    for (name, nodes, output) in [
        ("ae", 28, 640),
        ("cnn1d", 12, 4),
        ("dscnn_same", 21, 12),
        ("mbv1_same", 57, 2),
        ("resnet8", 22, 10),
    ] {
        let bytes = fs::read(folder.join(name).with_extension("onnx"))?;
        let network = Network::read(&bytes)?;
        assert!(network.unknown().is_none());
        assert_eq!(network.nodes.len(), nodes, "{name}");
        for output in network.nodes.iter().flat_map(|node| node.outputs.iter().flatten()) {
            let value = &network.values[*output];
            assert!(value.shape.is_some(), "{name}: {}", value.name);
        }
        let [(_, last)] = network.outputs[..] else { panic!("{name}: expected one output") };
        assert_eq!(network.values[last].shape, Some(vec![1, output]), "{name}");
    }
    Ok(())
}

#[test]
fn a_recurrent_layer_is_named_as_not_known() -> Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    let bytes = fs::read(folder.join("gru.onnx"))?;
    let network = Network::read(&bytes)?;
    let node = network.unknown().context("it is known")?;
    assert_eq!((node.label.as_str(), node.kind.as_str()), ("node /rnn/GRU (GRU)", "GRU"));
    let behind: Vec<_> = network.nodes.iter().map(|node| &node.operator).collect();
    assert!(matches!(behind[..], [Operator::Transpose { .. }, _, Operator::Unreached, ..]));
    Ok(())
}

//! What the engine computes, beside what PyTorch computed and the shapes that were worked out here.

use super::shared;
use crate::onnx::engine::Engine;
use crate::onnx::network::Network;
use crate::tensors::parse;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

/// Evaluates a file for the inputs beside it, and compares with the outputs beside it.
fn compare(path: &Path) -> Result<()> {
    let bytes = fs::read(path)?;
    let network = Network::read(&bytes)?;
    let engine = Engine::new(&bytes, &network)?;
    let expected = fs::read(path.with_extension("expected.safetensors"))?;
    let expected = parse(&expected, "expected")?;
    let floats = |name: &str| {
        let bytes = expected.tensor(name)?.data().as_chunks().0;
        anyhow::Ok(bytes.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect::<Vec<_>>())
    };
    let (inputs, outputs) = (floats("inputs")?, floats("outputs")?);
    let samples = *expected.tensor("inputs")?.shape().first().context("no samples")?;
    let inputs = inputs.chunks_exact(inputs.len() / samples);
    let outputs = outputs.chunks_exact(outputs.len() / samples);
    let (name, _) = network.outputs[0];
    for (input, expected) in inputs.zip(outputs) {
        let values = engine.evaluate(&[input])?;
        let largest = expected.iter().fold(0f32, |most, value| most.max(value.abs()));
        let found = values.get(name).context("the output is missing")?;
        ensure!(found.len() == expected.len(), "expected {}: {}", expected.len(), found.len());
        for (found, expected) in found.iter().zip(expected) {
            // PyTorch adds up in another order.
            let close = (found - expected).abs() <= 1e-5 * largest;
            ensure!(close, "expected {expected}, found {found}, the largest is {largest}");
        }
        for output in network.nodes.iter().flat_map(|node| node.outputs.iter().flatten()) {
            let value = &network.values[*output];
            let shape = value.shape.as_deref().context("no shape")?;
            let found = values.get(value.name).context("a value is missing")?;
            ensure!(
                found.len() == shape.iter().product::<usize>(),
                "{}: expected shape {shape:?}, found {} values",
                value.name,
                found.len()
            );
        }
    }
    Ok(())
}

#[test]
fn models_of_users_give_the_outputs_of_pytorch() -> Result<()> {
    let Some(folder) = shared::folder() else { return Ok(()) };
    for name in ["ae", "cnn1d", "dscnn_same", "mbv1_same", "resnet8"] {
        compare(&folder.join(format!("{name}.onnx"))).with_context(|| name.to_owned())?;
    }
    Ok(())
}

#[test]
fn every_operator_gives_the_outputs_of_pytorch() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/operators");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "onnx") {
            let compared = compare(&path).with_context(|| path.display().to_string());
            wrong.extend(compared.err().map(|error| format!("{error:#}")));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn a_network_with_an_operator_that_is_not_known_is_not_evaluated() -> Result<()> {
    let Some(folder) = shared::folder() else { return Ok(()) };
    let bytes = fs::read(folder.join("gru.onnx"))?;
    let said = Engine::new(&bytes, &Network::read(&bytes)?).err().context("it is evaluated")?;
    assert_eq!(said.to_string(), "node /rnn/GRU (GRU): the operator is not known here");
    Ok(())
}

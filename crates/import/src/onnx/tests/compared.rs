//! What the engine computes, beside what PyTorch computed and the shapes that were worked out here.

use super::built::{built, text};
use super::{operators, shared};
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

/// What the engine refuses, and why.
const REFUSED: [(&str, &str); 3] = [
    ("average_pool_ceil", "does not compute pools with ceil_mode as ONNX does"),
    ("max_pool_ceil", "does not compute pools with ceil_mode as ONNX does"),
    ("selu", "Selu operator not supported"),
];

#[test]
fn every_operator_gives_the_outputs_of_pytorch_or_is_refused_by_name() -> Result<()> {
    let mut wrong = Vec::new();
    for path in operators()? {
        let name = path.file_stem().and_then(|name| name.to_str()).context("no name")?.to_owned();
        let compared = compare(&path).map_err(|error| format!("{error:#}"));
        let refused = REFUSED.iter().find(|(refused, _)| *refused == name);
        match (compared, refused) {
            (Ok(()), None) => {}
            (Err(error), Some((_, why))) if error.contains(why) => {}
            (Ok(()), Some(_)) => wrong.push(format!("{name}: not refused")),
            (Err(error), _) => wrong.push(format!("{name}: {error}")),
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

#[test]
fn a_panic_of_the_engine_is_an_error() -> Result<()> {
    // It has integers of 32 bits only, of which the first product overflows.
    let lines = [
        "p = Mul(a, a)",
        "one = Div(p, p)",
        "from = Mul(one, four)",
        "to = Add(from, one)",
        "shape = Range(from, to, one)",
        "y = Reshape(x, shape)",
    ];
    let file = built(&[1, 2, 2], &lines).integer("a", 1 << 20).integer("four", 4);
    let bytes = file.bytes();
    let network = Network::read(&bytes)?;
    let engine = Engine::new(&bytes, &network)?;
    let said = engine.evaluate(&[&[0.5; 4]]).err().context("it is evaluated")?;
    assert_eq!(said.to_string(), "the engine to compare with has failed");
    Ok(())
}

#[test]
fn padding_that_the_engine_mistakes_is_not_asked_of_it() -> Result<()> {
    let conv = built(&[1, 1, 8], &["y = Conv(x, w)"]).floats("w", &[1, 1, 4]);
    let bytes = conv.attribute(text("auto_pad", "SAME_LOWER")).bytes();
    let said = Engine::new(&bytes, &Network::read(&bytes)?).err().context("it is evaluated")?;
    ensure!(said.to_string().contains("auto_pad = SAME_LOWER"), "{said}");
    Ok(())
}

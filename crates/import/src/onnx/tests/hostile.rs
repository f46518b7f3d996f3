//! Files that are damaged, or made to do damage.

use super::built::{built, integer, integers};
use super::operators;
use crate::onnx::network::Network;
use anyhow::{Result, ensure};
use proptest::prelude::*;
use std::fs;
use std::sync::LazyLock;

/// The committed files of an operator each.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let paths = operators().unwrap();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
});

/// What is done to a file at a place, which is a fraction of its length.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Set(u8),
    Insert(u8),
    Remove(usize),
    Repeat(usize),
    Truncate,
}

fn damage() -> impl Strategy<Value = (usize, Damage)> {
    let byte = prop_oneof![any::<u8>(), Just(0), Just(0x7f), Just(0x80), Just(0xff)];
    let kind = prop_oneof![
        6 => byte.clone().prop_map(Damage::Set),
        2 => byte.prop_map(Damage::Insert),
        1 => (1..40usize).prop_map(Damage::Remove),
        1 => (1..200usize).prop_map(Damage::Repeat),
        1 => Just(Damage::Truncate),
    ];
    (0..1usize << 16, kind)
}

fn damaged(file: usize, damages: &[(usize, Damage)]) -> Vec<u8> {
    let mut bytes = FILES[file % FILES.len()].clone();
    for (place, damage) in damages {
        let place = place % bytes.len().max(1);
        let upto = |length: usize| (place + length).min(bytes.len());
        match *damage {
            Damage::Set(byte) => bytes.iter_mut().skip(place).take(1).for_each(|old| *old = byte),
            Damage::Insert(byte) => bytes.insert(place, byte),
            Damage::Remove(length) => drop(bytes.drain(place..upto(length))),
            Damage::Repeat(length) => {
                let again = bytes[place..upto(length)].to_vec();
                bytes.splice(place..place, again);
            }
            Damage::Truncate => bytes.truncate(place),
        }
    }
    bytes
}

/// Evaluates what is accepted, unless the engine refuses it.
#[cfg(feature = "onnx-engine")]
fn evaluate(bytes: &[u8], network: &Network) {
    if let Ok(engine) = crate::onnx::engine::Engine::new(bytes, network) {
        let inputs = network.inputs.iter().map(|input| network.values[*input].shape.clone());
        let inputs = inputs.map(|shape| vec![0.5; shape.unwrap().iter().product()]);
        let inputs: Vec<Vec<f32>> = inputs.collect();
        let _ = engine.evaluate(&inputs.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(3000),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_damaged_file_is_read_or_refused(
        file in any::<usize>(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let bytes = damaged(file, &damages);
        if let Ok(network) = Network::read(&bytes) {
            for value in &network.values {
                let count = value.shape.as_ref().map(|shape| shape.iter().product::<usize>());
                prop_assert!(count.is_none_or(|count| count <= 1 << 24));
            }
            #[cfg(feature = "onnx-engine")]
            evaluate(&bytes, &network);
        }
    }
}

/// A field of this number that holds a message.
fn message(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(content);
    bytes
}

#[test]
fn nothing_in_a_file_can_make_it_grow() -> Result<()> {
    let graph = |content: &[u8]| message(7, content);
    let doubling = |operator: &'static str| {
        let names: Vec<String> = (0..40).map(|step| format!("v{step}")).collect();
        let lines: Vec<String> = names
            .windows(2)
            .map(|pair| format!("{} = {operator}({}, {})", pair[1], pair[0], pair[0]))
            .collect();
        let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        lines.push("y = Relu(x)");
        let mut file = built(&[1, 4], &lines).integers("v0", &[1, 1]);
        for node in 0..39 {
            file = file.attribute_of(node, integer("axis", 0));
        }
        file.bytes()
    };
    let of_shape = built(&[1, 4], &["c = ConstantOfShape(s)", "y = Relu(x)"]);
    let nested = (0..20_000).fold(vec![], |inner, _| message(4, &message(1, &inner)));
    for (what, bytes, said) in [
        ("nodes without an end", graph(&[0x0a, 0].repeat(1 << 20)), "at most 4096 nodes"),
        ("tensors", graph(&[0x2a, 0].repeat(1 << 20)), "at most 4096 initializers"),
        ("inputs", graph(&[0x5a, 0].repeat(1 << 20)), "at most 4096 inputs"),
        (
            "attributes",
            graph(&message(1, &[0x2a, 0].repeat(1 << 20))),
            "node 1: expected at most 32 attributes",
        ),
        (
            "dimensions",
            graph(&message(5, &message(1, &vec![1; 1 << 20]))),
            "expected at most 8 dimensions",
        ),
        ("nested types", graph(&message(11, &message(2, &nested))), "expected a tensor"),
        ("doubling constants", doubling("Concat"), "expected at most 2097152 values in constant"),
        (
            "a constant of 2^50 values",
            of_shape.integers("s", &[1 << 25, 1 << 25]).bytes(),
            "expected a length from 0 to 16777216",
        ),
        (
            "a constant of four million values",
            built(&[1, 4], &["c = ConstantOfShape(s)", "y = Relu(x)"])
                .integers("s", &[1 << 11, 1 << 11])
                .bytes(),
            "expected at most 2097152 values in a constant that is computed",
        ),
        (
            "a padding of 2^60",
            built(&[1, 4], &["y = Pad(x, p)"]).integers("p", &[0, 1 << 60, 0, 0]).bytes(),
            "expected a length from 0 to 16777216",
        ),
        (
            "four thousand million operations",
            built(&[1, 1, 4096, 1024], &["y = Conv(x, w)"])
                .floats("w", &[1, 1, 33, 33])
                .attribute(integers("pads", &[16; 4]))
                .bytes(),
            "expected at most 1073741824 products and sums",
        ),
        (
            "thirty-two million values",
            built(&[1, 1 << 23], &["a = Relu(x)", "b = Tanh(a)", "y = Relu(b)"]).bytes(),
            "expected at most 16777216 values in the input and the outputs",
        ),
    ] {
        let read = Network::read(&bytes).err().map(|error| format!("{error:#}"));
        let found = read.unwrap_or_default();
        ensure!(found.contains(said), "{what}: expected {said:?}, found {found:?}");
    }
    Ok(())
}

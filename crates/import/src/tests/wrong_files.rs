//! Wrong files, and what is said about them.

use super::models;
use crate::graph::Graph;
use crate::inputs::Inputs;
use crate::spec::Spec;
use crate::tensors;
use anyhow::{Result, ensure};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

/// A file with these tensors.
fn file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Result<Vec<u8>> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        Ok((*name, TensorView::new(*dtype, shape.to_vec(), bytes)?))
    });
    let views: Vec<_> = views.collect::<Result<_>>()?;
    Ok(safetensors::serialize(views, None)?)
}

fn floats(count: usize, value: f32) -> Vec<u8> {
    value.to_le_bytes().repeat(count)
}

const SMALL: &str = r#"
    name = "small"
    input = [1, 4, 4]
    layers = [
      { type = "conv2d", tensors = "conv", filters = 2, kernel = 3 },
      { type = "flatten" },
      { type = "dense", tensors = "dense", outputs = 3 },
    ]
"#;

/// What is said about a file with these tensors.
fn complaint(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Result<String> {
    let graph = Graph::new(&Spec::parse(SMALL)?)?;
    let bytes = file(tensors)?;
    let parameters =
        tensors::parse(&bytes, "small").and_then(|file| tensors::parameters(&graph, &file));
    Ok(parameters.err().map(|error| format!("{error:#}")).unwrap_or_default())
}

#[test]
fn tensors_that_do_not_fit_are_refused_by_name_with_what_was_expected() -> Result<()> {
    let good: [(&str, Dtype, &[usize], Vec<u8>); 4] = [
        ("conv.weight", Dtype::F32, &[2, 1, 3, 3], floats(18, 1.0)),
        ("conv.bias", Dtype::F32, &[2], floats(2, 1.0)),
        ("dense.weight", Dtype::F32, &[3, 8], floats(24, 1.0)),
        ("dense.bias", Dtype::F32, &[3], floats(3, 1.0)),
    ];
    assert_eq!(complaint(&good)?, "");
    type Tensor = (&'static str, Dtype, &'static [usize], Vec<u8>);
    let cases: [(usize, Tensor, &str); 7] = [
        (
            0,
            ("first.weight", Dtype::F32, &[2, 1, 3, 3], floats(18, 1.0)),
            "tensor conv.weight: not in the file, which has conv.bias, dense.bias, dense.weight, \
             first.weight",
        ),
        (
            0,
            ("conv.weight", Dtype::F32, &[2, 1, 9], floats(18, 1.0)),
            "tensor conv.weight: expected shape [2, 1, 3, 3], found [2, 1, 9]",
        ),
        (
            2,
            ("dense.weight", Dtype::F32, &[8, 3], floats(24, 1.0)),
            "tensor dense.weight: expected shape [3, 8], found [8, 3]",
        ),
        (
            1,
            ("conv.bias", Dtype::F16, &[2], vec![0; 4]),
            "tensor conv.bias: expected F32, found F16",
        ),
        (
            1,
            ("conv.bias", Dtype::F64, &[2], vec![0; 16]),
            "tensor conv.bias: expected F32, found F64",
        ),
        (
            3,
            ("dense.bias", Dtype::I64, &[3], vec![0; 24]),
            "tensor dense.bias: expected F32, found I64",
        ),
        (
            3,
            ("dense.bias", Dtype::F32, &[3], floats(3, f32::NAN)),
            "tensor dense.bias: expected finite values, found NaN at 0",
        ),
    ];
    for (place, tensor, expected) in cases {
        let mut tensors = good.clone();
        tensors[place] = tensor;
        let said = complaint(&tensors)?;
        ensure!(said.contains(expected), "expected {expected:?}, got {said:?}");
    }
    Ok(())
}

#[test]
fn networks_that_make_no_sense_are_refused_by_layer() -> Result<()> {
    let said = |text: &str| {
        let graph = Spec::parse(text).and_then(|spec| Graph::new(&spec));
        graph.err().map(|error| format!("{error:#}")).unwrap_or_default()
    };
    let network = |input: &str, layers: &str| {
        said(&format!("name = \"a\"\ninput = {input}\nlayers = [{layers}]"))
    };
    let dense = r#"{ type = "dense", tensors = "d", outputs = 2 }"#;
    assert_eq!(network("[4]", dense), "");
    for (said, expected) in [
        (
            network("[1, 4, 4]", dense),
            "layer 1 of the layers (dense): expected a vector, found a map of 4 x 4",
        ),
        (network("[4, 4, 4, 4]", dense), "expected [channels, height, width]"),
        (network("[0]", dense), "expected at least one value"),
        (network("[4294967295, 4294967295, 4294967295]", dense), "expected at most"),
        (network("[4]", ""), "expected at least one layer"),
        (network("[4]", r#"{ type = "flatten" }"#), "expected at least one that computes"),
        (network("[4]", r#"{ type = "lstm" }"#), "unknown variant `lstm`"),
        (network("[4]", r#"{ type = "relu", slope = 1 }"#), "unknown field `slope`"),
        (network("[4]", r#"{ type = "dense", outputs = 2 }"#), "missing field `tensors`"),
        (network("[4]", r#"{ type = "dense", tensors = "d", outputs = 0 }"#), "at least one"),
        (
            network("[1, 4, 4]", r#"{ type = "max_pool", kernel = 5 }"#),
            "a kernel of 5 does not fit into 4",
        ),
        (
            network("[1, 4, 4]", r#"{ type = "max_pool", kernel = 2, stride = 0 }"#),
            "a stride of at least 1",
        ),
        (
            network("[1, 4, 4]", r#"{ type = "max_pool", kernel = 2, padding = 2 }"#),
            "less padding than",
        ),
        (
            network("[1, 4, 4]", r#"{ type = "max_pool", kernel = "2" }"#),
            "expected a number, or [vertical, horizontal]",
        ),
        (
            network("[1, 4, 4]", r#"{ type = "conv1d", tensors = "c", filters = 1, kernel = 2 }"#),
            "found an image of 4 rows",
        ),
        (
            network("[4]", r#"{ type = "batch_norm", tensors = "n" }"#),
            "directly after a convolution",
        ),
        (network("[4]", r#"{ type = "leaky_relu", slope = 0.123456 }"#), "slope = 0.123456"),
        (said("name = \"../a\"\ninput = [1]\nlayers = []"), "expected lower-case letters"),
        (said("name = "), "not a network file"),
    ] {
        ensure!(said.contains(expected), "expected {expected:?}, got {said:?}");
    }
    Ok(())
}

#[test]
fn inputs_that_do_not_fit_are_refused() -> Result<()> {
    let graph = Graph::new(&Spec::parse(SMALL)?)?;
    type Tensor = (&'static str, Dtype, &'static [usize], Vec<u8>);
    let said = |tensors: &[Tensor]| -> Result<String> {
        let bytes = file(tensors)?;
        let inputs = Inputs::read(&graph, &tensors::parse(&bytes, "inputs")?);
        Ok(inputs.err().map(|error| format!("{error:#}")).unwrap_or_default())
    };
    let inputs: Tensor = ("inputs", Dtype::F32, &[2, 1, 4, 4], floats(32, 0.5));
    assert_eq!(said(std::slice::from_ref(&inputs))?, "");
    for (tensors, expected) in [
        (vec![], "tensor inputs: not in the file"),
        (
            vec![("inputs", Dtype::F32, &[2, 15][..], floats(30, 0.5))],
            "tensor inputs: expected a count and then [1, 4, 4], as the network's input, found [2, \
             15]",
        ),
        (
            vec![("inputs", Dtype::U8, &[2, 16][..], vec![7; 32])],
            "inputs are bytes, which stand for byte * scale + offset: scale",
        ),
        (
            vec![("inputs", Dtype::BF16, &[2, 16][..], vec![7; 64])],
            "expected F32 or U8, found BF16",
        ),
        (
            vec![("inputs", Dtype::F32, &[2, 16][..], floats(32, f32::INFINITY))],
            "expected finite values",
        ),
        (
            vec![inputs.clone(), ("labels", Dtype::U8, &[3][..], vec![0; 3])],
            "tensor labels: expected shape [2], one for each input, found [3]",
        ),
        (
            vec![inputs.clone(), ("labels", Dtype::F32, &[2][..], floats(2, 0.0))],
            "tensor labels: expected U8, I32 or I64, found F32",
        ),
        (
            vec![inputs.clone(), ("labels", Dtype::I32, &[2][..], [0xff; 8].to_vec())],
            "tensor labels: class -1 is below 0",
        ),
    ] {
        let said = said(&tensors)?;
        ensure!(said.contains(expected), "expected {expected:?}, got {said:?}");
    }
    Ok(())
}

#[test]
fn hostile_files_are_refused() -> Result<()> {
    let header = |text: &str, data: usize| {
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.as_bytes());
        bytes.extend(vec![0; data]);
        bytes
    };
    let mut huge = u64::MAX.to_le_bytes().to_vec();
    huge.extend(b"{}");
    for bytes in [
        Vec::new(),
        vec![0; 7],
        vec![0xff; 64],
        huge,
        header("{", 0),
        header(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4),
        header(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8),
        header(
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                "b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
            6,
        ),
        header(r#"{"a":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,8]}}"#, 8),
    ] {
        let error = tensors::parse(&bytes, "model.safetensors").err();
        let said = error.map(|error| format!("{error:#}")).unwrap_or_default();
        ensure!(said.contains("model.safetensors: not a safetensors file"), "{bytes:?}: {said:?}");
    }
    Ok(())
}

/// Reads everything that an import reads from a file, whatever comes of it.
fn read_all(bytes: &[u8]) -> Result<()> {
    let graph =
        Graph::new(&Spec::parse(&std::fs::read_to_string(models().join("digits_cnn.toml"))?)?)?;
    let file = tensors::parse(bytes, "mutated")?;
    tensors::unused(&graph, &file);
    let weights = tensors::parameters(&graph, &file).map(|_| ());
    Inputs::read(&graph, &file).map(|_| ()).or(weights)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_file_never_panics(
        calibration: bool,
        length in 0.0..1.2f64,
        changes in prop::collection::vec((0.0..1.0f64, any::<u8>()), 0..12),
    ) {
        let name = if calibration { "digits_calibration" } else { "digits_cnn" };
        let mut bytes = std::fs::read(models().join(format!("{name}.safetensors"))).unwrap();
        // Most of the meaning is in the first bytes.
        for (place, byte) in changes {
            let place = (place * place * 600.0) as usize;
            bytes[place] = byte;
        }
        bytes.truncate((bytes.len() as f64 * length) as usize);
        let _ = read_all(&bytes);
    }

    #[test]
    fn a_network_of_any_numbers_never_panics(
        input in prop::collection::vec(any::<u64>().prop_map(|n| n >> (n % 64)), 0..5),
        numbers in prop::collection::vec(any::<u64>().prop_map(|n| n >> (n % 64)), 8),
    ) {
        let text = format!(
            "name = 'a'\ninput = {input:?}\nlayers = [{{ type = 'conv2d', tensors = '', filters = \
             {}, kernel = {}, stride = {}, padding = {} }},{{ type = 'max_pool', kernel = {}, \
             padding = {} }},{{ type = 'flatten' }}, {{ type = 'dense', tensors = '', outputs = {} \
             }}]",
            numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6],
        );
        let _ = Spec::parse(&text).and_then(|spec| Graph::new(&spec));
    }
}

//! Wrong files, and what is said about them.

use super::models;
use crate::evaluate::Evaluator;
use crate::graph::Graph;
use crate::inputs::Inputs;
use crate::spec::Spec;
use crate::tensors::{self, LONGEST_HEADER};
use crate::{Error, Import};
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
    let parameters = tensors::parse(&bytes, "small").and_then(|file| tensors::read(&graph, &file));
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
            network("[1, 4, 4]", r#"{ type = "max_pool", kernel = 2, padding = [1] }"#),
            "line 3: layer 1 of the layers (max_pool): padding: expected a number, [vertical, \
             horizontal], [top, bottom, left, right]",
        ),
        (
            network("[1, 4, 4]", "\n{ type = \"flatten\" },\n{ type = \"relu\", kernal = 2 }"),
            "line 5: layer 2 of the layers (relu): unknown field `kernal`",
        ),
        (
            network(
                "[2]",
                r#"{ type = "residual", layers = [{ type = "relu" }, { type = "elu", a = 1 }] }"#,
            ),
            "layer 1 of the layers (residual): layers: layer 2 (elu): unknown field `a`",
        ),
        (
            network(
                "[2]",
                "{ type = 'residual', layers = [{ type = 'dense', tensors = 'd', outputs = 3 }] }",
            ),
            "expected the layers and the shortcut to give the same shape, found [1, 1, 3] and [1, \
             1, 2]",
        ),
        (
            network("[2]", r#"{ type = "concat", branches = [[{ type = "relu" }]] }"#),
            "branches: expected at least two, found 1",
        ),
        (
            network(
                "[3, 4, 4]",
                r#"{ type = "conv2d", tensors = "c", filters = 4, kernel = 3, groups = 2 }"#,
            ),
            "expected a number of groups that divides the 3 channels and the 4 filters, found 2",
        ),
        (network("[4]", r#"{ type = "leaky_relu", slope = 0.123456 }"#), "slope = 0.123456"),
        (said("name = \"../a\"\ninput = [1]\nlayers = []"), "expected lower-case letters"),
        (said("name = "), "not a network file"),
        (
            network("[1, 1025, 1025]", r#"{ type = "max_pool", kernel = 512, stride = 1 }"#),
            "layer 1 of the layers (max_pool): expected at most 1073741824 products and sums for \
             an input in all layers, found 69257396224 up to this one",
        ),
        (
            network("[1, 2048, 2048]", &r#"{ type = "relu" },"#.repeat(4)),
            "layer 4 of the layers (relu): expected at most 16777216 values in the input and the \
             outputs of all layers, found 20971520 up to this one",
        ),
        (
            network("[5000]", r#"{ type = "dense", tensors = "d", outputs = 5000 }"#),
            "layer 1 of the layers (dense): expected at most 16777216 values, found 1 x 1 x 5000 x \
             5000",
        ),
        (
            network("[4]", &r#"{ type = "relu" },"#.repeat(257)),
            "expected at most 256 layers, found more",
        ),
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

/// A header of tensors that end at the largest number there is.
fn last_offset_at_the_end() -> String {
    let piece = 1_u64 << 60;
    let tensors = (0..16).map(|index: u64| {
        let start = piece * index;
        let end = if index == 15 { u64::MAX } else { start + piece };
        let length = end - start;
        format!(r#""{index}":{{"dtype":"U8","shape":[{length}],"data_offsets":[{start},{end}]}}"#)
    });
    format!("{{{}}}", tensors.collect::<Vec<_>>().join(","))
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
        header(r#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,8]}}"#, 8),
        header(&format!("{}{}", r#"{"a":"#.repeat(300_000), "}".repeat(300_000)), 0),
        header(&last_offset_at_the_end(), 0),
        [&(LONGEST_HEADER + 1).to_le_bytes()[..], &vec![b' '; 1 << 21]].concat(),
    ] {
        let error = tensors::parse(&bytes, "model.safetensors").err();
        let said = error.map(|error| format!("{error:#}")).unwrap_or_default();
        let start = &bytes[..bytes.len().min(100)];
        ensure!(said.contains("model.safetensors: not a safetensors file"), "{start:?}: {said:?}");
    }
    Ok(())
}

#[test]
fn a_pool_whose_windows_are_a_thousand_times_the_map_needs_no_memory_for_them() -> Result<()> {
    let text = |stride| {
        format!(
            "name = 'pool'\ninput = [1, 2048, 2048]\n\
             layers = [{{ type = 'max_pool', kernel = 1024, stride = {stride} }}]"
        )
    };
    // 1,025 x 1,025 windows of a million values each.
    let refused = Graph::new(&Spec::parse(&text(1))?).err();
    let said = refused.map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(said.contains("found 1101660160000"), "{said}");
    // 9 x 9 of them.
    let graph = Graph::new(&Spec::parse(&text(128))?)?;
    let input: Vec<f32> = (0..2048 * 2048).map(|place| place as f32).collect();
    let logits = Evaluator::new(&graph, &[]).logits(&input);
    let last = |place: usize| (1023 + 128 * place) as f32;
    let expected = (0..81).map(|window| last(window / 9) * 2048.0 + last(window % 9));
    ensure!(logits == expected.collect::<Vec<f32>>(), "{logits:?}");
    Ok(())
}

#[test]
fn layers_that_share_a_tensor_take_at_most_twice_what_the_file_has() -> Result<()> {
    let text = |layers: usize| {
        let layer = "{ type = 'dense', tensors = 'a', outputs = 64, train = 'frozen' },";
        format!("name = 'shared'\ninput = [64]\nlayers = [{}]", layer.repeat(layers))
    };
    let bytes = file(&[
        ("a.weight", Dtype::F32, &[64, 64], floats(4096, 1.0)),
        ("a.bias", Dtype::F32, &[64], floats(64, 1.0)),
    ])?;
    let read = |layers| -> Result<usize> {
        let graph = Graph::new(&Spec::parse(&text(layers))?)?;
        Ok(tensors::read(&graph, &tensors::parse(&bytes, "shared")?)?.parameters.len())
    };
    ensure!(read(17)? == 70_720);
    let said = read(18).err().map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(
        said.contains(
            "layer 18 of the layers (dense): up to it the network takes 74880 parameters"
        ) && said.contains("from a file of 4160 values"),
        "{said}"
    );
    Ok(())
}

#[test]
fn an_error_shows_no_more_than_twenty_tensors() -> Result<()> {
    let names: Vec<String> = (0..300).map(|index| format!("layer{index:03}.weight")).collect();
    let tensors: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), Dtype::F32, &[1_usize][..], floats(1, 0.0)))
        .collect();
    let said = complaint(&tensors)?;
    ensure!(said.ends_with("layer019.weight and 280 others"), "{said}");
    Ok(())
}

#[test]
fn what_a_terminal_would_act_on_is_escaped_in_errors() -> Result<()> {
    let tensors = [("a\u{1b}[31m\n\u{202e}b", Dtype::F32, &[1_usize][..], floats(1, 0.0))];
    let graph = Graph::new(&Spec::parse(SMALL)?)?;
    let bytes = file(&tensors)?;
    let missing = tensors::read(&graph, &tensors::parse(&bytes, "a\u{7}.safetensors")?);
    let damaged = tensors::parse(&bytes[1..], "a\u{7}.safetensors").map(|_| ());
    let toml = "name = 'a'\ninput = [1]\nlayers = [{ type = \"\\u001b]0;title\\u0007\" }]";
    let raw = "name = 'a'\u{1b}[2J";
    for (error, expected) in [
        (missing.err(), r"a\u{1b}[31m\n\u{202e}b"),
        (damaged.err(), r"a\u{7}.safetensors: not a safetensors file"),
        (Spec::parse(toml).err(), r"unknown variant `\u{1b}]0;title\u{7}`"),
        (Spec::parse(raw).err(), r"\u{1b}[2J"),
    ] {
        let said = error.map(|error| Error::from(error).to_string()).unwrap_or_default();
        ensure!(said.contains(expected), "expected {expected}, got {said:?}");
        let acted_on = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        ensure!(!said.contains(acted_on), "{said:?}");
    }
    Ok(())
}

#[test]
fn descriptions_that_nest_deeply_are_refused() -> Result<()> {
    for text in [
        format!("name = {}", "[".repeat(200_000)),
        format!("name = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("name = {}", "{ a = ".repeat(40_000)),
        format!("{} = 1", ["a"; 100_000].join(".")),
        format!("[{}]", ["a"; 100_000].join(".")),
        "[[a]]\n".repeat(40_000),
        format!("input = [{}]", "1,".repeat(100_000)),
    ] {
        let error = Spec::parse(&text).err();
        let said = error.map(|error| Error::from(error).to_string()).unwrap_or_default();
        ensure!(said.contains("not a network file"), "{}: {said:.200}", &text[..20]);
        ensure!(said.len() < 2 * text.len() + 1000, "{} bytes", said.len());
    }
    Ok(())
}

#[test]
fn a_name_that_is_a_keyword_or_text_for_another_program_is_refused() -> Result<()> {
    for name in ["fn", "gen", "self", "int", "..", "a\\nb", "a*/", "a\\\");", "rolling_ball"] {
        let text = format!("name = \"{name}\"\ninput = [1]\nlayers = [{{ type = 'relu' }}]");
        let said = Spec::parse(&text).err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(said.contains("name = \"") && said.contains("expected"), "{name}: {said}");
    }
    Ok(())
}

#[test]
fn no_name_of_a_tensor_gets_into_the_files() -> Result<()> {
    let evil = "*/ evil \"; //";
    let folder = tempfile::tempdir()?;
    let (model, network) = (folder.path().join("m"), folder.path().join("n"));
    let (weight, bias) = (format!("{evil}.weight"), format!("{evil}.bias"));
    let tensors: [(&str, Dtype, &[usize], Vec<u8>); 2] =
        [(&weight, Dtype::F32, &[2, 4], floats(8, 1.0)), (&bias, Dtype::F32, &[2], floats(2, 1.0))];
    std::fs::write(&model, file(&tensors)?)?;
    std::fs::write(
        &network,
        format!(
            "name = 'a'\ninput = [4]\nlayers = [{{ type = 'dense', tensors = '{evil}', outputs = 2 \
             }}]"
        ),
    )?;
    for file in Import::new(&model).network(&network).read()?.files() {
        ensure!(!String::from_utf8_lossy(&file.content).contains("evil"), "{}", file.name);
    }
    Ok(())
}

/// Reads everything that an import reads from a file, whatever comes of it.
fn read_all(bytes: &[u8]) -> Result<()> {
    let graph =
        Graph::new(&Spec::parse(&std::fs::read_to_string(models().join("digits_cnn.toml"))?)?)?;
    let file = tensors::parse(bytes, "mutated")?;
    let weights = tensors::read(&graph, &file).map(|_| ());
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

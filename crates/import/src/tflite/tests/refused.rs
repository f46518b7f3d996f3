//! What is refused is named, with what could be done.

use super::operators;
use crate::tflite::flatbuffer::Table;
use crate::tflite::{Arithmetic, Evaluator, Model, Operation, Value};
use anyhow::{Context, Result, ensure};
use std::fs;

fn read(name: &str) -> Result<Vec<u8>> {
    fs::read(operators().join(format!("{name}.tflite"))).with_context(|| name.to_owned())
}

fn error(file: &[u8]) -> String {
    Model::read(file).map_or_else(|error| format!("{error:#}"), |_| "it was read".to_owned())
}

#[test]
fn models_that_are_not_read_say_why() -> Result<()> {
    for (name, expected) in [
        (
            "several_subgraphs",
            "expected one subgraph, found 3, of which the first is `main`: convert the model \
             without control flow and with one signature",
        ),
        ("float16", "values of type FLOAT16 are not read: convert the model to float32, or to"),
        ("open_shape", "dimension 1 is left open: convert the model with a fixed shape"),
    ] {
        let said = error(&read(&format!("refused_{name}"))?);
        ensure!(said.contains(expected), "{name}: expected `{expected}`, found `{said}`");
    }
    Ok(())
}

#[test]
fn operators_that_are_not_known_are_read_with_their_names_and_not_evaluated() -> Result<()> {
    for (name, operator) in [("batch_matmul", "BATCH_MATMUL"), ("custom_operator", "Erfinv")] {
        let file = read(&format!("refused_{name}"))?;
        let model = Model::read(&file)?;
        let first = model.operators.first().context("no operator")?;
        ensure!(first.name == operator, "{name}: found {}", first.name);
        ensure!(first.operation == Operation::Unknown, "{name}: it is known");
        let refused = Evaluator::new(&model, Arithmetic::Xnnpack).err();
        let said = refused.map(|error| error.to_string()).unwrap_or_default();
        let expected = format!("operator 0 ({operator}), which makes `");
        ensure!(said.starts_with(&expected), "{name}: found `{said}`");
    }
    Ok(())
}

#[test]
fn files_of_another_kind_are_no_tflite_files() -> Result<()> {
    for file in [&b""[..], b"TFL3", b"PK\x03\x04 a zip", b"\x08\x09\x12\x07pytorch"] {
        ensure!(error(file).starts_with("not a .tflite file"), "found `{}`", error(file));
    }
    Ok(())
}

#[test]
fn inputs_of_another_type_or_length_are_refused_by_the_name_of_the_input() -> Result<()> {
    let file = read("means_int8")?;
    let model = Model::read(&file)?;
    let evaluator = Evaluator::new(&model, Arithmetic::Xnnpack)?;
    for (inputs, expected) in [
        (vec![], "expected 1 inputs, found 0"),
        (vec![Value::I8(vec![0; 3])], "expected values of int8 in the shape [1, 7, 5, 3], found 3"),
        (vec![Value::F32(vec![0.0; 105])], "found 105 of float32"),
    ] {
        let error = evaluator.evaluate(&inputs).err().context("it was evaluated")?.to_string();
        ensure!(error.contains(expected), "found `{error}`");
    }
    Ok(())
}

/// The names, shapes, scales and numbers of a network as its script wrote them.
#[test]
fn what_is_read_is_what_is_in_the_file() -> Result<()> {
    let file = read("depthwise_int8")?;
    let model = Model::read(&file)?;
    let [first, second] = model.operators.as_slice() else { anyhow::bail!("other operators") };
    let Operation::Depthwise { window, multiplier: 2, .. } = &first.operation else {
        anyhow::bail!("found {:?}", first.operation);
    };
    // 7 rows in strides of 2 with 3 rows each end one above and one below; so do 5 columns.
    ensure!((window.size, window.stride) == ([3, 3], [2, 2]), "found {window:?}");
    ensure!((window.before, window.after) == ([1, 1], [1, 1]), "found {window:?}");
    let Operation::Depthwise { window, multiplier: 1, .. } = &second.operation else {
        anyhow::bail!("found {:?}", second.operation);
    };
    ensure!((window.size, window.dilation) == ([3, 2], [2, 2]), "found {window:?}");
    ensure!((window.before, window.after) == ([2, 1], [2, 1]), "found {window:?}");
    let weights = &model.tensors[first.inputs[1].context("no weights")?];
    ensure!(weights.shape == [1, 3, 3, 6], "found {:?}", weights.shape);
    let quantisation = weights.quantisation.as_ref().context("no scales")?;
    ensure!(quantisation.scales.len() == 6 && quantisation.dimension == 3, "{quantisation:?}");
    Ok(())
}

/// Where the tables are that the tests change.
#[derive(Clone, Copy)]
enum At {
    Model,
    Code,
    Tensor(usize),
    Quantisation(usize),
    Operator,
    Options,
}

fn table(file: &[u8], at: At) -> Result<Table<'_>> {
    let model = Table::root(file)?;
    let graph = model.vector::<4>(2)?.table(0)?.context("no subgraph")?;
    let tensor = |index| graph.vector::<4>(0)?.table(index)?.context("no tensor");
    let operator = graph.vector::<4>(3)?.table(0)?.context("no operator");
    match at {
        At::Model => Ok(model),
        At::Code => model.vector::<4>(1)?.table(0)?.context("no code"),
        At::Tensor(index) => tensor(index),
        At::Quantisation(index) => tensor(index)?.table(4)?.context("no quantisation"),
        At::Operator => operator,
        At::Options => operator?.table(4)?.context("no options"),
    }
}

/// The file with other bytes in a field of a table, or in the vector that the field leads to.
fn changed(name: &str, at: At, field: usize, vector: bool, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut file = read(name)?;
    let mut place = table(&file, at)?.field(field).context("the field is missing")?;
    if vector {
        // An offset leads to the length, and what follows are the elements.
        let offset = file[place..].first_chunk().context("cut off")?;
        place += u32::from_le_bytes(*offset) as usize + 4;
    }
    file[place..place + bytes.len()].copy_from_slice(bytes);
    Ok(file)
}

#[test]
fn an_operator_that_is_newer_than_this_program_has_its_number_as_its_name() -> Result<()> {
    let file = changed("concatenations_f32", At::Code, 3, false, &500i32.to_le_bytes())?;
    let model = Model::read(&file)?;
    let first = model.operators.first().context("no operator")?;
    ensure!(first.name == "number 500", "found {}", first.name);
    ensure!(first.operation == Operation::Unknown, "it is known");
    Ok(())
}

#[test]
fn everything_that_does_not_fit_is_an_error_that_names_it() -> Result<()> {
    let number = |number: i32| number.to_le_bytes().to_vec();
    let pool = "operator 0 (AVERAGE_POOL_2D), which makes `";
    let input = "tensor 0 (`serving_default_x:0`): ";
    let nan = f32::NAN.to_le_bytes().to_vec();
    let mut others = Vec::new();
    for (name, at, field, vector, bytes, expected) in [
        ("pools_f32", At::Model, 0, false, number(2), vec!["expected version 3", "found 2"]),
        ("pools_int8", At::Tensor(0), 1, false, vec![17], vec![input, "type INT4 are not read"]),
        ("pools_f32", At::Tensor(0), 0, true, number(0), vec![input, "at least 1 in every"]),
        ("pools_f32", At::Tensor(0), 0, true, number(-1), vec![input, "at least 1 in every"]),
        ("pools_f32", At::Tensor(0), 0, true, number(1 << 20), vec![input, "at most 16777216"]),
        ("pools_f32", At::Tensor(0), 0, true, number(1 << 17), vec!["at most 8388608 values"]),
        ("pools_f32", At::Tensor(1), 0, true, number(2), vec![pool, "expected an output of shape"]),
        ("pools_f32", At::Options, 4, false, number(1 << 30), vec![pool, "products and sums"]),
        ("pools_f32", At::Options, 4, false, number(0), vec![pool, "a window of at least 1"]),
        ("pools_f32", At::Options, 2, false, number(-2), vec![pool, "strides of at least 1"]),
        ("pools_f32", At::Operator, 1, true, number(99), vec!["one of 5 tensors, found tensor 99"]),
        (
            "pools_f32",
            At::Operator,
            1,
            true,
            number(1),
            vec![pool, "comes from no operator before"],
        ),
        ("pools_f32", At::Operator, 2, true, number(0), vec!["`serving_default_x:0` is there"]),
        ("pools_int8", At::Quantisation(0), 2, true, nan, vec![input, "scales above 0, found NaN"]),
        (
            "pools_int8",
            At::Quantisation(0),
            3,
            true,
            200i64.to_le_bytes().to_vec(),
            vec![input, "found 200"],
        ),
        ("pools_int8", At::Quantisation(0), 2, true, number(1), vec![pool, "scale and zero point"]),
        ("dense_int8", At::Quantisation(5), 2, true, number(1), vec!["the product of the scales"]),
        ("convolution_same_f32", At::Tensor(3), 0, true, number(6), vec!["expected 432 bytes"]),
        ("depthwise_f32", At::Options, 3, false, number(3), vec!["3 filters for each channel"]),
        ("depthwise_f32", At::Options, 4, false, vec![4], vec!["a fused TANH is not read"]),
    ] {
        let file = changed(name, at, field, vector, &bytes);
        let said = error(&file.with_context(|| format!("{name}, {expected:?}"))?);
        let missing = expected.iter().filter(|expected| !said.contains(**expected));
        others.extend(missing.map(|expected| format!("{name}: no `{expected}` in `{said}`")));
    }
    ensure!(others.is_empty(), "{}", others.join("\n"));
    Ok(())
}

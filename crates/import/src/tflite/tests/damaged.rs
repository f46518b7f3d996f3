//! Whatever bytes a file has, it is read or refused, and what is read can be evaluated.

use super::operators;
use crate::tflite::{Arithmetic, Evaluator, Model, Value};
use anyhow::{Result, ensure};
use proptest::prelude::*;
use std::fs;

fn files() -> Result<Vec<Vec<u8>>> {
    let mut paths: Vec<_> =
        fs::read_dir(operators())?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "tflite"));
    paths.sort();
    ensure!(paths.len() >= 30, "expected at least 30 files, found {}", paths.len());
    paths.iter().map(|path| Ok(fs::read(path)?)).collect()
}

/// Reads a file and evaluates it, if it is one that can be; returns whether it was read.
fn read_and_evaluate(file: &[u8]) -> bool {
    let Ok(model) = Model::read(file) else { return false };
    for arithmetic in [Arithmetic::Xnnpack, Arithmetic::RealWeights, Arithmetic::FixedPoint] {
        let Ok(evaluator) = Evaluator::new(&model, arithmetic) else { return true };
        let inputs = model.inputs.iter().map(|index| {
            let tensor = &model.tensors[*index];
            Value::read(tensor.kind, &vec![0x3f; tensor.len() * tensor.kind.size()])
        });
        let values = evaluator.evaluate(&inputs.collect::<Vec<_>>());
        let values = values.expect("what is read can be evaluated");
        for output in &model.outputs {
            let length = values[*output].as_ref().map(Value::len);
            assert_eq!(length, Some(model.tensors[*output].len()));
        }
    }
    true
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused_or_read() -> Result<()> {
    for file in files()? {
        for length in 0..file.len() {
            let _ = Model::read(&file[..length]);
        }
    }
    Ok(())
}

/// One byte of the tables, or two, or four, somewhere.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    let byte = prop_oneof![any::<u8>(), Just(0), Just(1), Just(0xff), Just(0x80), 0..16u8];
    prop::collection::vec((any::<prop::sample::Index>(), byte), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_file_with_other_bytes_is_refused_or_evaluated(
        number in any::<prop::sample::Index>(),
        changes in changes(),
    ) {
        thread_local!(static FILES: Vec<Vec<u8>> = files().expect("no files"));
        FILES.with(|files| {
            let mut file = number.get(files).clone();
            let length = file.len();
            for (place, byte) in changes {
                file[place.index(length)] = byte;
            }
            read_and_evaluate(&file);
        });
    }
}

//! ONNX and TFLite files, damaged in any way: an import answers or says what is wrong, its memory
//! is bounded, and what it accepts computes what the file computes.

mod fields;
mod operators;
mod words;

use crate::files::{damage, in_memory, refused};
use crate::input::Input;
use crate::memory::{TIMES_OF_GRAPHS, check};
use crate::trace::tell;
use rolling_ball_import::Import;

/// Makes the calls that the bytes say of an ONNX file; how many there were.
pub fn onnx(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    let models = operators::onnx();
    let mut file = chosen(models, &mut input).to_vec();
    for _ in 0..1 + input.below(4) {
        let other = chosen(models, &mut input);
        file = fields::edited(&file, other, &mut input);
    }
    import("model.onnx", file, &mut input)
}

/// Makes the calls that the bytes say of a TFLite file; how many there were.
pub fn tflite(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    let mut file = chosen(operators::tflite(), &mut input).to_vec();
    for _ in 0..1 + input.below(3) {
        words::edit(&mut file, &mut input);
    }
    import("model.tflite", file, &mut input)
}

fn chosen<'a>(models: &'a [Vec<u8>], input: &mut Input<'_>) -> &'a [u8] {
    &models[input.below(models.len())]
}

fn import(name: &str, mut file: Vec<u8>, input: &mut Input<'_>) -> u64 {
    // Bytes anywhere are changed now and then only: most of the changes keep a file readable.
    let changes = input.byte().saturating_sub(232) / 8;
    damage(&mut file, input, changes);
    let bytes = file.len();
    let mut import = Import::new(in_memory(name, &file));
    // The names of layers in the small models.
    let names = ["0", "1", "2", "conv", "layers.0", "output"];
    import = match input.below(8) {
        0 => import.train(["none"]),
        1 => import.train(["all"]),
        2 => import.train(["biases"]),
        3 => import.train(["last:2"]),
        4 => import.train([names[input.below(names.len())]]),
        5 => import.cut(names[input.below(names.len())]),
        _ => import,
    };
    tell(format_args!("{import:?}"));
    match check(TIMES_OF_GRAPHS, bytes, || import.read()) {
        Ok(imported) => {
            assert!(!imported.files().is_empty());
            let told = imported.notes().iter().any(|note| note.contains("NOT COMPARED"));
            let differences = imported.differences();
            assert!(told == differences.is_empty(), "accepted, and neither compared nor said so");
            for difference in differences {
                assert!(difference.largest <= difference.tolerance, "accepted: {difference:?}");
            }
            tell(format_args!("{:?} {:?}", imported.report(), imported.notes()));
        }
        Err(error) => refused(&error, 8192),
    }
    1
}

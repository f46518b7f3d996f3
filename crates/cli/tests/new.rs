//! The command `rolling-ball new`, run as a user runs it. That its projects build and run is tested
//! by `cargo xtask test new`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const BOARDS: [&str; 6] =
    ["qemu-m4f", "qemu-m55", "nrf52840-dk", "nucleo-f446re", "nucleo-h743zi", "pico2"];

fn model(name: &str) -> String {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    models.join(name).display().to_string()
}

fn new(folder: &Path, board: &str, model: &str, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolling-ball"));
    command.arg("new").arg(folder).args(["--board", board, "--model", model]).args(more);
    command.output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command that failed said.
fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "it succeeded");
    said(&output.stderr)
}

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_project_for_every_board_has_no_place_that_was_not_filled_and_the_model_itself() {
    let outside = temporary();
    let file = model("operators/dense_int8.tflite");
    for board in BOARDS {
        let folder = outside.path().join(board);
        let output = new(&folder, board, &file, &["--train", "last:1"]);
        assert!(output.status.success(), "{}", said(&output.stderr));
        for path in files(&folder) {
            if let Ok(text) = fs::read_to_string(&path) {
                let words = text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
                let unfilled =
                    |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                assert!(!words.into_iter().any(unfilled), "{}: {text}", path.display());
            }
        }
        let copy = fs::read(folder.join("model.tflite")).unwrap();
        assert_eq!(copy, fs::read(&file).unwrap());
        let build = fs::read_to_string(folder.join("build.rs")).unwrap();
        assert!(build.contains(r#"import.train(["last:1"])"#), "{build}");
    }
}

#[test]
fn readings_are_those_of_the_file_or_drawn_which_is_said() {
    let outside = temporary();
    let network = ["--network", &model("digits_cnn.toml")];
    let file = model("digits_cnn.safetensors");
    let [given, drawn] = ["given", "drawn"].map(|name| outside.path().join(name));
    let samples = ["--samples", &model("digits_test.safetensors")];
    let output = new(&given, "qemu-m4f", &file, &[network, samples].concat());
    assert!(!said(&output.stdout).contains("drawn"), "{}", said(&output.stdout));
    let records = fs::read(given.join("samples.bin")).unwrap();
    assert_eq!(records.len(), 597 * (1 + 64));
    let original = fs::read(model("digits_test.safetensors")).unwrap();
    let first = &records[1..=64];
    assert!(original.windows(64).any(|window| window == first), "the first input is not there");

    let output = new(&drawn, "qemu-m4f", &file, &network);
    assert!(said(&output.stdout).contains("are drawn"), "{}", said(&output.stdout));
    let records = fs::read(drawn.join("samples.bin")).unwrap();
    let mut of_class = [0; 10];
    records.chunks(1 + 64).for_each(|record| of_class[usize::from(record[0])] += 1);
    assert_eq!(of_class, [20; 10]);
}

#[test]
fn a_board_without_room_for_all_samples_is_given_as_many_as_fit() {
    let outside = temporary();
    let folder = outside.path().join("small");
    let more = [
        ["--network", &model("digits_cnn.toml")],
        ["--samples", &model("digits_test.safetensors")],
    ];
    let file = model("digits_cnn.safetensors");
    let output = new(&folder, "nucleo-f446re", &file, more.as_flattened());
    let text = said(&output.stdout);
    assert!(text.contains("There is room for") && text.contains("of the 597 samples"), "{text}");
    let records = fs::read(folder.join("samples.bin")).unwrap();
    assert!(records.len() < 597 * (1 + 64) && records.len().is_multiple_of(1 + 64));
}

#[test]
fn what_cannot_be_made_is_refused_with_what_was_expected_and_leaves_nothing() {
    let outside = temporary();
    let there = outside.path().join("there");
    fs::create_dir(&there).unwrap();
    let [name, fresh] = ["9lives", "fresh"].map(|name| outside.path().join(name));
    let file = model("operators/dense_int8.tflite");
    let calibration = model("digits_calibration.safetensors");
    for (folder, board, more, expected) in [
        (&there, "qemu-m4f", &[][..], "there is there already"),
        (&fresh, "microbit", &[], "nucleo-h743zi"),
        (&name, "qemu-m4f", &[], "expected a name of letters"),
        (&fresh, "qemu-m4f", &["--source", "nowhere"], "nowhere: expected a version such as"),
        (&fresh, "qemu-m4f", &["--samples", &calibration], "tensor inputs: expected"),
        (&fresh, "qemu-m4f", &["--train", "none"], "nothing of the model is trained"),
        (&fresh, "pico2", &["--language", "c"], "--language c is there for qemu-m4f and qemu-m55"),
    ] {
        let said = complaint(&new(folder, board, &file, more));
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(files(outside.path()).len(), 0);
    assert!(!fresh.exists() && !name.exists());
}

#[test]
fn a_target_that_the_compiler_has_not_is_told_with_the_command_that_adds_it() {
    let outside = temporary();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolling-ball"));
    command.arg("new").arg(outside.path().join("new")).args(["--board", "pico2", "--model"]);
    // Where there is no compiler, it has no target.
    let output = command.arg(model("operators/dense_int8.tflite")).env("PATH", "").output();
    let text = said(&output.unwrap().stdout);
    assert!(text.contains("    rustup target add thumbv8m.main-none-eabihf\n"), "{text}");
}

#[test]
fn a_project_in_c_whose_library_cannot_be_built_leaves_nothing() {
    let outside = temporary();
    let (clone, fresh) = (outside.path().join("clone"), outside.path().join("fresh"));
    // It looks like a clone, and has no crates.
    fs::create_dir_all(clone.join("crates/import")).unwrap();
    fs::write(clone.join("crates/import/Cargo.toml"), "").unwrap();
    let more = ["--language", "c", "--source", clone.to_str().unwrap()];
    let said = complaint(&new(&fresh, "qemu-m4f", &model("operators/dense_int8.tflite"), &more));
    // Where the compiler has no such target, it is not begun.
    let expected = ["cargo could not build the library", "rustup target add thumbv7em-none-eabihf"];
    assert!(expected.iter().any(|expected| said.contains(expected)), "{said}");
    assert!(!fresh.exists());
}

#[test]
fn the_library_comes_from_where_it_was_said() {
    let outside = temporary();
    let repository = env!("CARGO_PKG_REPOSITORY");
    for (name, more, expected) in [
        ("git", &[][..], format!("rolling-ball = {{ git = \"{repository}\"")),
        ("version", &["--source", "0.1"], "rolling-ball = { version = \"0.1\"".to_owned()),
    ] {
        let folder = outside.path().join(name);
        let output = new(&folder, "pico2", &model("operators/dense_int8.tflite"), more);
        assert!(output.status.success(), "{}", said(&output.stderr));
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&expected), "{manifest}");
    }
}

//! A user's crate: its build script imports a model, and its program predicts with it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MANIFEST: &str = r#"
[package]
name = "digits"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
rolling-ball = { path = "ROOT" }

[build-dependencies]
rolling-ball-import = { path = "ROOT/crates/import" }
"#;

const BUILD_SCRIPT: &str = r#"
fn main() -> Result<(), rolling_ball_import::Error> {
    rolling_ball_import::Import::new("digits_cnn.safetensors")
        .network("digits_cnn.toml")
        .int8("digits_calibration.safetensors")
        .build()
}
"#;

/// It predicts the class of a black picture.
const PROGRAM: &str = r#"
#[deny(warnings)]
mod digits_cnn {
    #![allow(dead_code)]
    include!(concat!(env!("OUT_DIR"), "/digits_cnn.rs"));
}
use digits_cnn::{Network, THETA};

fn main() -> Result<(), rolling_ball::Error> {
    let mut scratch = [0.0; Network::SCRATCH];
    let logits = digits_cnn::network()?.predict(&THETA, &[-0.3; 64].as_slice(), &mut scratch)?;
    let bits: Vec<u32> = logits.iter().map(|logit| logit.to_bits()).collect();
    println!("{bits:?}");
    Ok(())
}
"#;

#[path = "../../../models/generated/digits_cnn.rs"]
#[allow(dead_code)]
mod digits_cnn;

/// The crate in a folder of its own, with these models of the repository beside its build script.
fn crate_with(models: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("digits");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = MANIFEST.replace("ROOT", root.to_str().expect("a path in UTF-8"));
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(folder.join("build.rs"), BUILD_SCRIPT).unwrap();
    std::fs::write(folder.join("src/main.rs"), PROGRAM).unwrap();
    // The versions of its dependencies that were downloaded for this crate.
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    for model in models {
        std::fs::copy(root.join("models").join(model), folder.join(model)).unwrap();
    }
    folder
}

fn run(folder: &Path) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--offline"]).current_dir(folder);
    cargo.env("CARGO_TARGET_DIR", folder.join("target"));
    cargo.output().unwrap()
}

#[test]
fn a_build_script_imports_a_model_and_the_program_predicts_with_it() {
    let folder = crate_with(&["digits_cnn.toml", "digits_calibration.safetensors"]);
    let model = folder.join("digits_cnn.safetensors");
    if model.exists() {
        std::fs::remove_file(&model).unwrap();
    }
    let refused = run(&folder);
    let complaint = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success(), "a build script imported a model that is not there");
    assert!(complaint.contains("cannot read digits_cnn.safetensors"), "{complaint}");

    let folder = crate_with(&["digits_cnn.safetensors"]);
    let predicted = run(&folder);
    assert!(predicted.status.success(), "{}", String::from_utf8_lossy(&predicted.stderr));

    let mut scratch = [0.0; digits_cnn::Network::SCRATCH];
    let network = digits_cnn::network().unwrap();
    let logits = network.predict(&digits_cnn::THETA, &[-0.3; 64].as_slice(), &mut scratch).unwrap();
    let bits: Vec<u32> = logits.iter().map(|logit| logit.to_bits()).collect();
    assert_eq!(String::from_utf8_lossy(&predicted.stdout).trim(), format!("{bits:?}"));
}

//! Imports the model, and on the device links by the memory.x of this folder.

use std::env::{self, VarError};
use std::error::Error;

/// The variables that `cargo xtask model` sets, with what holds without it: the model's file, what
/// of it is trained, the image, and how many samples' features are kept on the device.
const VARIABLES: [(&str, &str); 4] = [
    ("OWN_MODEL", concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/digits_cnn.tflite")),
    ("OWN_MODEL_TRAIN", "last:1"),
    ("OWN_MODEL_IMAGE", "/dev/null"),
    ("OWN_MODEL_KEPT", "0"),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=memory.x");
    let [model, train, ..] = VARIABLES.map(|(name, default)| {
        println!("cargo::rerun-if-env-changed={name}");
        let value = env::var(name).unwrap_or_else(|_| default.to_owned());
        println!("cargo::rustc-env={name}={value}");
        value
    });
    rolling_ball_import::Import::new(model).train(train.split(' ')).name("own_model").build()?;
    link()?;
    Ok(())
}

fn link() -> Result<(), VarError> {
    if env::var("CARGO_CFG_TARGET_OS")? == "none" {
        println!("cargo::rustc-link-search={}", env::var("CARGO_MANIFEST_DIR")?);
        println!("cargo::rustc-link-arg-bins=-Tlink.x");
    }
    Ok(())
}

//! Imports the model, and gives the device's program its memories.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// The board, as `cargo xtask` names it.
const MACHINE: &str = "ROLLING_BALL_MACHINE";

/// The variables that `cargo xtask model` sets, with what holds without it: the model's file, what
/// of it is trained, the image, and how many samples' features are kept on the device.
const VARIABLES: [(&str, &str); 4] = [
    ("OWN_MODEL", concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/digits_cnn.tflite")),
    ("OWN_MODEL_TRAIN", "last:1"),
    ("OWN_MODEL_IMAGE", "/dev/null"),
    ("OWN_MODEL_KEPT", "0"),
];

fn main() -> Result<(), Box<dyn Error>> {
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

/// The stack lies below the data, so that one that overflows leaves the RAM and faults.
fn link() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed={MACHINE}");
    if env::var("CARGO_CFG_TARGET_OS")? != "none" {
        return Ok(());
    }
    // The MPS2 board has 4 MB of flash, the MPS3 board 512 KB.
    let flash = if env::var(MACHINE).is_ok_and(|name| name == "mps3-an547") { 512 } else { 4096 };
    let memories = format!(
        "MEMORY
{{
  FLASH : ORIGIN = 0x00000000, LENGTH = {flash}K
  STACK : ORIGIN = 0x20000000, LENGTH = 16K
  RAM : ORIGIN = 0x20004000, LENGTH = 240K
}}
_stack_end = ORIGIN(STACK);
_stack_start = ORIGIN(STACK) + LENGTH(STACK);
"
    );
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(folder.join("memory.x"), memories)?;
    println!("cargo::rustc-link-search={}", folder.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}

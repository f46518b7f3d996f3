//! Names the model to microflow, whose macro takes a path that is written out, and gives the
//! program its memories.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// The model's file.
const MODEL: &str = "MICROFLOW_MODEL";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed={MODEL}");
    let model = env::var(MODEL).map_err(|_| format!("{MODEL} names no TFLite file"))?;
    println!("cargo::rerun-if-changed={model}");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let named = format!("#[microflow::model({model:?})]\nstruct Model;\n");
    fs::write(folder.join("model.rs"), named)?;
    // It puts its values on the stack, which so has a memory of its own on both boards.
    let memories = "MEMORY
{
  FLASH : ORIGIN = 0x00000000, LENGTH = 512K
  RAM : ORIGIN = 0x20000000, LENGTH = 64K
  STACK : ORIGIN = 0x21000000, LENGTH = 1024K
}
_stack_end = ORIGIN(STACK);
_stack_start = ORIGIN(STACK) + LENGTH(STACK);
";
    fs::write(folder.join("memory.x"), memories)?;
    println!("cargo::rustc-link-search={}", folder.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}

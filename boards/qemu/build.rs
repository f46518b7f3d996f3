//! Gives each firmware binary its own memory budget at link time, and its flash image.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

/// Binary name, flash length, RAM length: what does not fit fails to link.
const BUDGETS: [(&str, &str, &str); 5] = [
    ("digits", "128K", "64K"),
    ("speakers", "512K", "256K"),
    ("faults", "128K", "64K"),
    ("lanes", "256K", "256K"),
    ("logged", "128K", "64K"),
];

/// Names the image: weights, samples and settings, as `scenario::Image` reads them.
const IMAGE: &str = "ROLLING_BALL_IMAGE";

fn main() -> Result<(), Box<dyn Error>> {
    let output = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed={IMAGE}");
    println!("cargo:rustc-env=IMAGE_PATH={}", image(&output)?.display());

    // For all, so that a binary without a budget fails for want of memory.x.
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    for (name, flash, ram) in BUDGETS {
        let directory = output.join(name);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("memory.x"), memory_script(flash, ram))?;
        fs::write(directory.join("budget.x"), budget_script(name, flash, ram))?;
        let directory = directory.display();
        println!("cargo:rustc-link-arg-bin={name}=-L{directory}");
        println!("cargo:rustc-link-arg-bin={name}=-T{directory}/budget.x");
    }
    // The strings of the log, which stay on the host.
    println!("cargo:rustc-link-arg-bin=logged=-Tdefmt.x");
    Ok(())
}

/// The flash image to build in. Without one the firmware builds, and says at run time what it lacks.
fn image(output: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let Some(path) = env::var_os(IMAGE) else {
        println!(
            "cargo:warning={IMAGE} is not set: the firmware has no image (cargo xtask demo makes one)"
        );
        let empty = output.join("empty.image");
        fs::write(&empty, [])?;
        return Ok(empty);
    };
    let path = PathBuf::from(path);
    if !path.is_file() {
        return Err(format!("{IMAGE}: there is no file {}", path.display()).into());
    }
    println!("cargo:rerun-if-changed={}", path.display());
    Ok(fs::canonicalize(path)?)
}

/// The regions, included by cortex-m-rt's link.x.
fn memory_script(flash: &str, ram: &str) -> String {
    format!(
        "MEMORY
{{
  FLASH : ORIGIN = 0x00000000, LENGTH = {flash}
  RAM : ORIGIN = 0x20000000, LENGTH = {ram}
}}
"
    )
}

/// Read after link.x. Fails the link when link.x has found some other memory.x: the linker first
/// looks in its working directory and in the search paths of the dependencies.
fn budget_script(name: &str, flash: &str, ram: &str) -> String {
    format!(
        "ASSERT(ORIGIN(RAM) == 0x20000000 && LENGTH(RAM) == {ram},
  \"the RAM of {name} is not the one of build.rs: another memory.x was found first\");
ASSERT(ORIGIN(FLASH) == 0x00000000 && LENGTH(FLASH) == {flash},
  \"the flash of {name} is not the one of build.rs: another memory.x was found first\");
"
    )
}

//! What a ball and a perceptron take of the flash of a program in C.

use super::{build_folder, firmware, folder, library};
use crate::device::elf;
use crate::device::qemu::MPS2_AN386;
use anyhow::{Result, ensure};
use std::process::Command;
use workbench::workspace::capture;

/// The init functions that are compared: of the form that the presets have, and of any.
pub const INITS: [&str; 2] = ["rb_contact_ball_init", "rb_ball_init"];

/// What the first of them may take, in bytes.
pub const PROMISE: u64 = 19 << 10;

const FLAGS: [&str; 14] = [
    "-std=c99",
    "-mcpu=cortex-m4",
    "-mthumb",
    "-mfloat-abi=hard",
    "-mfpu=fpv4-sp-d16",
    "-Os",
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-Werror",
    "-nostdlib",
    "-Wl,--gc-sections",
    "-Wl,-z,noexecstack",
    "-Wl,--entry=reset",
];

/// The flash of `tests/small.c` on a Cortex-M4F, program and library compiled for size.
pub fn flash(init: &str) -> Result<u64> {
    let library = library::build_small(MPS2_AN386.target)?;
    let elf = build_folder()?.join(init).with_extension("elf");
    let mut compiler = Command::new(firmware::COMPILER.0);
    compiler.args(FLAGS).arg(format!("-DINIT={init}")).arg("-I").arg(folder().join("include"));
    compiler.arg(folder().join("tests/small.c")).arg(library).arg("-o").arg(&elf);
    capture(&mut compiler, "compiling a ball and a perceptron in C")?;
    Ok(elf::sizes(&elf)?.flash_bytes)
}

/// Fails where the smaller one takes more than it may.
pub fn check() -> Result<u64> {
    let bytes = flash(INITS[0])?;
    ensure!(
        bytes <= PROMISE,
        "a ball and a perceptron in C take {bytes} bytes of flash, more than the promised {PROMISE}"
    );
    Ok(bytes)
}

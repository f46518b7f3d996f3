//! The digits firmware written in C.

use crate::c::{build_folder, folder, library};
use crate::demo::outcome::Outcome;
use crate::demo::plan::PlanArgs;
use crate::device::qemu::{Emulation, MPS2_AN386};
use crate::device::{self, elf, images, write_image};
use anyhow::{Result, ensure};
use rolling_ball_rehearsal::OptimizerKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::workspace::{capture, root};

/// The cross compiler, and the Debian package that it is in.
pub const COMPILER: (&str, &str) = ("arm-none-eabi-gcc", "gcc-arm-none-eabi");

const FLAGS: [&str; 18] = [
    "-std=c99",
    "-mcpu=cortex-m4",
    "-mthumb",
    "-mfloat-abi=hard",
    "-mfpu=fpv4-sp-d16",
    "-O2",
    "-ffp-contract=off",
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    "-nostdlib",
    "-Wl,--gc-sections",
    "-Wl,-z,noexecstack",
    "-Wl,--fatal-warnings",
];

const SOURCES: [&str; 5] = ["main.c", "image.c", "image.S", "crc32.c", "start.c"];

/// Where the log and the end of the emulator are, and what a libc would have, as projects of
/// `rolling-ball new` have them.
const SEMIHOSTING: &str = "crates/cli/src/new/templates/c/src";

/// Folder of the image.
const IMAGES: &str = "c";

/// Builds it around an image.
fn build(image: &Path) -> Result<PathBuf> {
    let library = library::build(Some(MPS2_AN386.target))?;
    let include = format!("-I{}", folder().join("include").display());
    let image = format!("-DIMAGE=\"{}\"", image.display());
    let sources = SOURCES.map(|source| format!("firmware/{source}"));
    compile("digits", &sources, &[include, image], &library)
}

/// Compiles sources, below the folder of the C interface, and the log of the board with a library
/// for it.
pub fn compile(
    name: &str,
    sources: &[impl AsRef<Path>],
    flags: &[String],
    library: &Path,
) -> Result<PathBuf> {
    let elf = build_folder()?.join(name).with_extension("elf");
    let (board, semihosting) = (folder().join("firmware"), root().join(SEMIHOSTING));
    let mut compiler = Command::new(COMPILER.0);
    compiler.args(FLAGS).args(flags).arg("-I").arg(&board);
    compiler.arg("-I").arg(&semihosting);
    compiler.args(["semihosting.c", "memory.c"].map(|source| semihosting.join(source)));
    compiler.args(sources.iter().map(|source| folder().join(source)));
    // What the log computes in doubles.
    compiler
        .arg(library)
        .arg("-lgcc")
        .arg("-T")
        .arg(board.join("mps2-an386.ld"))
        .arg("-o")
        .arg(&elf);
    capture(&mut compiler, &format!("building the firmware {name} in C"))?;
    Ok(elf)
}

/// The bytes of stack below each call of `tests/stack.c`, as the firmware says them.
pub fn stack() -> Result<Vec<(String, u64)>> {
    let library = library::build(Some(MPS2_AN386.target))?;
    let include = format!("-I{}", folder().join("include").display());
    let elf = compile("stack", &["tests/stack.c", "firmware/start.c"], &[include], &library)?;
    let mut calls = Vec::new();
    Emulation::new(&MPS2_AN386, &elf, device::LIMIT).lines(|line| {
        let Some((call, bytes)) = line.split_once(' ') else { return };
        calls.extend(bytes.parse().map(|bytes| (call.to_owned(), bytes)));
    })?;
    ensure!(!calls.is_empty(), "the firmware named no call");
    Ok(calls)
}

/// Rehearses the digits with the ball on the desktop, and runs the firmware in C on the same image.
pub fn outcome() -> Result<Outcome> {
    let mut outcome = Outcome::of(&PlanArgs::digits(OptimizerKind::Ball), true)?;
    write_image(IMAGES, "digits", &outcome.plan.image)?;
    let elf = build(&images(IMAGES)?.join("digits.image"))?;
    let emulation = Emulation::new(&MPS2_AN386, &elf, device::LIMIT);
    outcome.device = Some(device::run(&emulation, |_| {})?);
    let unused = elf::symbols_matching(&elf, &["adam", "sam_", "Sgd", "sgd"])?;
    ensure!(unused.is_empty(), "a program that uses only the ball contains {unused:?}");
    Ok(outcome)
}

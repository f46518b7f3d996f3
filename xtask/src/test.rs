//! `cargo xtask test`: everything, in the order in which a failure is cheapest to find.

use crate::data::speakers::SPEAKERS;
use crate::demo::firmware;
use crate::demo::outcome::Outcome;
use crate::demo::plan::PlanArgs;
use crate::device;
use crate::device::elf;
use crate::device::qemu::MPS2_AN386;
use crate::device::setup;
use crate::int8;
use crate::lint;
use crate::workspace::{capture, cargo, root};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use scenario::OptimizerKind;
use std::path::Path;
use std::process::Command;

/// Lints, unit, property, golden and documentation tests, and the firmware in the emulator.
#[derive(Args, Clone, Debug)]
pub struct TestArgs {
    /// Install QEMU with the system's package manager where it is missing, through sudo if need be
    #[arg(long)]
    install: bool,
    /// The spoken digits, for the device run that needs them
    /// [default: ../shared/data beside the repository, where it is]
    #[arg(long, value_name = "DIR")]
    fsdd: Option<std::path::PathBuf>,
}

/// The cores that the library must build for.
const TARGETS: [&str; 4] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabihf",
];

/// What a binary that cannot panic or allocate does not contain.
const FORBIDDEN: [&str; 6] =
    ["panic", "rust_begin_unwind", "__rust_alloc", "alloc::", "malloc", "core::fmt"];

/// How the checks that are not cargo's own ended.
#[derive(Default)]
struct Tally {
    passed: u32,
    skipped: u32,
}

impl Tally {
    fn pass(&mut self, sentence: &str) {
        self.passed += 1;
        println!("test {sentence} ... ok");
    }

    fn skip(&mut self, sentence: &str, reason: &str) {
        self.skipped += 1;
        println!("test {sentence} ... SKIPPED: {reason}");
    }
}

/// Runs the command.
pub fn test(args: &TestArgs) -> Result<()> {
    setup::rust_targets(&TARGETS)?;
    setup::debian_package("qemu-system-arm", "qemu-system-arm", args.install)?;
    let mut tally = Tally::default();
    lint::lint()?;
    tally.pass("the_sources_are_formatted_and_without_a_warning");
    run(cargo().args(["test", "--workspace", "--locked"]), "the tests")?;
    run(
        cargo().args(["test", "--features", "simd,micromath", "--locked"]),
        "the tests with simd and micromath",
    )?;
    run(
        cargo().args(["test", "--locked"]).current_dir(root().join("boards/scenario")),
        "the tests of the scenario",
    )?;
    examples(&mut tally)?;
    too_large_network(&mut tally)?;
    c_headers(&mut tally)?;
    targets(&mut tally)?;
    probe(&mut tally)?;
    devices(args, &mut tally)?;
    let Tally { passed, skipped } = tally;
    println!("\n{passed} passed, 0 failed, {skipped} skipped");
    Ok(())
}

/// Runs a command that prints for itself.
fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {what}"))?;
    ensure!(status.success(), "{what} failed ({status})");
    Ok(())
}

/// In reading order.
const EXAMPLES: [&str; 7] = [
    "first_step",
    "ask_and_tell",
    "wrinkles",
    "train_network",
    "cnn",
    "frozen_backbone",
    "import_and_fine_tune",
];

fn examples(tally: &mut Tally) -> Result<()> {
    for example in EXAMPLES {
        let arguments = ["run", "--release", "--locked", "--example", example];
        let said = capture(cargo().args(arguments), &format!("the example {example}"))?;
        ensure!(!said.trim().is_empty(), "the example {example} says nothing");
        tally.pass(&format!("the_example_{example}_runs"));
    }
    Ok(())
}

/// What import writes for C holds the numbers that it writes for Rust.
fn c_headers(tally: &mut Tally) -> Result<()> {
    let sentence = "imported_c_arrays_have_the_bits_of_the_binary_files";
    if Command::new("cc").arg("--version").output().is_err() {
        tally.skip(sentence, "there is no C compiler; install one that is called cc");
        return Ok(());
    }
    let generated = root().join("models/generated");
    let directory = root().join("target/c_headers");
    std::fs::create_dir_all(&directory)?;
    for (name, part) in [
        ("digits_cnn", "theta"),
        ("digits_cnn", "backbone"),
        ("digits_mlp", "theta"),
        ("digits_mlp", "frozen"),
    ] {
        let array = format!("{name}_{part}");
        let (source, program) = (directory.join(format!("{array}.c")), directory.join(&array));
        let text = format!(
            "#include <stdio.h>\n#include \"{name}.h\"\nint main(void) {{\n    return \
             fwrite({array}, sizeof {array}, 1, stdout) != 1;\n}}\n"
        );
        std::fs::write(&source, text)?;
        let options = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable"];
        let mut compile = Command::new("cc");
        compile.args(options).arg("-I").arg(&generated).arg(&source).arg("-o").arg(&program);
        capture(&mut compile, &format!("compiling {name}.h"))?;
        let said = Command::new(&program).output()?.stdout;
        let file = generated.join(format!("{name}.{part}.bin"));
        ensure!(said == std::fs::read(&file)?, "{array} in C differs from {}", file.display());
    }
    tally.pass(sentence);
    Ok(())
}

fn targets(tally: &mut Tally) -> Result<()> {
    for target in TARGETS {
        let arguments = ["build", "--release", "--lib", "--locked", "--target", target];
        capture(cargo().args(arguments), &format!("building the library for {target}"))?;
        tally.pass(&format!("the_library_builds_for_{target}"));
    }
    Ok(())
}

fn probe(tally: &mut Tally) -> Result<()> {
    let probe = device::build("probe", "probe", &[], &[], MPS2_AN386.target)?;
    let found = elf::symbols_matching(&probe, &FORBIDDEN)?;
    ensure!(found.is_empty(), "the probe of the core contains {found:?}");
    // An empty list proves something only where the core is in there.
    let core = elf::symbols_matching(&probe, &["rolling_ball::"])?;
    ensure!(!core.is_empty(), "the probe does not contain the core: was it linked away?");
    tally.pass("no_entry_point_of_the_core_can_panic_or_allocate");
    Ok(())
}

/// The message of the compile-time RAM check is part of the product.
fn too_large_network(tally: &mut Tally) -> Result<()> {
    let manifest = root().join("tests/too_large/Cargo.toml");
    let output = cargo()
        .args(["check", "--locked", "--target-dir", "target/too_large", "--manifest-path"])
        .arg(manifest)
        .output()
        .context("cannot start cargo check")?;
    ensure!(!output.status.success(), "a network that needs more RAM than the board has compiled");
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(
        message.contains("the network does not fit the board"),
        "the network that is too large failed to compile, but not for that:\n{message}"
    );
    tally.pass("a_network_that_does_not_fit_the_boards_ram_fails_to_compile_and_says_why");
    Ok(())
}

fn devices(args: &TestArgs, tally: &mut Tally) -> Result<()> {
    for optimizer in OptimizerKind::ALL {
        let outcome = Outcome::of(&PlanArgs::digits(optimizer), false)?;
        let name = outcome.plan.settings.optimizer.name();
        outcome.check_bits()?;
        outcome.check_budget()?;
        tally.pass(&format!("{name}_gives_equal_bits_on_host_and_device_within_its_budget"));
        if matches!(optimizer, OptimizerKind::Ball) {
            let summary = outcome.summary()?;
            let (before, after) = (summary.accuracy_before, summary.accuracy_after);
            ensure!(before <= 0.60 && after >= 0.85, "digits: accuracy {before}, then {after}");
            tally.pass("the_ball_takes_the_turned_digits_from_below_60_to_above_85_per_cent");
        }
    }
    faults(tally)?;
    bad_images(tally)?;
    let beside = root().join("../shared/data");
    let directory = args.fsdd.clone().or_else(|| beside.is_dir().then_some(beside));
    let sentence = "spoken_digits_have_equal_bits_on_host_and_device_within_256_kb_of_ram";
    let int8_sentence =
        "an_int8_backbone_is_smaller_and_as_accurate_on_spoken_digits_within_a_point";
    match &directory {
        None => {
            tally.skip(int8_sentence, "the spoken digits are not here; name them with --fsdd DIR")
        }
        Some(directory) => {
            int8::check(directory)?;
            tally.pass(int8_sentence);
        }
    }
    match directory {
        None => tally.skip(sentence, "the spoken digits are not here; name them with --fsdd DIR"),
        Some(directory) => {
            let outcome = Outcome::of(&PlanArgs::speaker(&directory, 0, 20), false)?;
            outcome.check_bits()?;
            outcome.check_budget()?;
            tally.pass(sentence);
            let (twenty, fifty) =
                (mean_of_speakers(&directory, 20)?, mean_of_speakers(&directory, 50)?);
            ensure!(
                twenty >= 0.87 && fifty >= 0.917,
                "mean over the speakers: {twenty} with 20 clips, {fifty} with 50"
            );
            tally.pass("six_speakers_reach_a_mean_of_87_per_cent_with_20_clips_and_91_7_with_50");
        }
    }
    Ok(())
}

/// Rehearsed with the default ball.
fn mean_of_speakers(directory: &Path, clips: u16) -> Result<f64> {
    let mut sum = 0.0;
    for speaker in 0..SPEAKERS {
        let outcome = Outcome::of(&PlanArgs::speaker(directory, speaker, clips), true)?;
        sum += outcome.summary()?.accuracy_after;
    }
    Ok(sum / f64::from(SPEAKERS))
}

/// Whatever goes wrong on the device ends the emulator with a failing code, and says what.
fn faults(tally: &mut Tally) -> Result<()> {
    for (fault, name, message) in [
        ("panic", "panic", "a panic, as asked for"),
        ("fault", "bus_fault", "hard fault at"),
        ("overflow", "stack_overflow", "the stack has overflowed"),
    ] {
        let image = firmware::folder()?.join("fault.image");
        std::fs::write(&image, fault)?;
        let said = refused("faults", &image)?;
        ensure!(said.contains(message), "after a {name} the firmware said {said:?}");
        tally.pass(&format!("a_{name}_on_the_device_ends_the_emulator_with_a_failing_code"));
    }
    Ok(())
}

/// A firmware without its image must say so and fail, not hang.
fn bad_images(tally: &mut Tally) -> Result<()> {
    let nothing = firmware::folder()?.join("nothing.image");
    std::fs::write(&nothing, b"")?;
    let said = refused("digits", &nothing)?;
    ensure!(said.contains("not a flash image"), "a firmware without an image said {said:?}");
    tally.pass("a_firmware_without_an_image_says_so_and_fails");

    let whole = firmware::folder()?.join("digits.image");
    let mut image = std::fs::read(&whole)?;
    let last = image.len() - 1;
    image[last] ^= 1;
    let damaged = firmware::folder()?.join("damaged.image");
    std::fs::write(&damaged, &image)?;
    let said = refused("digits", &damaged)?;
    ensure!(said.contains("checksum"), "a firmware with a damaged image said {said:?}");
    tally.pass("a_firmware_with_a_damaged_image_says_so_and_fails");
    Ok(())
}

/// What a firmware complains of with this image.
fn refused(binary: &str, image: &Path) -> Result<String> {
    let environment = [(device::IMAGE, image)];
    let firmware = device::build("qemu-board", binary, &[], &environment, MPS2_AN386.target)?;
    match device::run(&MPS2_AN386, &firmware, device::LIMIT, |_| {}) {
        Ok(_) => bail!("the firmware ran with {}", image.display()),
        Err(error) => Ok(format!("{error:#}")),
    }
}

//! `cargo xtask test`: everything, in the order in which a failure is cheapest to find.

use crate::bench;
use crate::boards::BOARDS;
use crate::browser;
use crate::c;
use crate::cores::{self, Agreement};
use crate::demo::outcome::Outcome;
use crate::demo::plan::{Plan, PlanArgs, SpeakersNetwork};
use crate::device::elf;
use crate::device::log;
use crate::device::qemu::{Emulation, MACHINES, MPS2_AN386, MPS3_AN547, Machine};
use crate::device::{self, Build};
use crate::duty;
use crate::int8;
use crate::lab;
use crate::lint;
use crate::own_network;
use crate::resume;
use crate::size;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rolling_ball_rehearsal::OptimizerKind;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use workbench::data::speakers::SPEAKERS;
use workbench::setup;
use workbench::workspace::{
    BURN, DEVICE_FEATURES, FEATURES, FEATURES_WITH_GPU, capture, cargo, root, too_old_for,
};

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

/// Wall-clock limit of a firmware that does next to nothing.
const SHORT: Duration = Duration::from_secs(60);

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

    /// A comparison with what was committed, which another compiler makes void.
    fn pass_where_compared(&mut self, sentence: &str, agreement: Agreement) {
        match agreement {
            Agreement::Full => self.pass(sentence),
            Agreement::OtherCompiler(reason) => self.skip(sentence, &reason),
        }
    }

    /// A check with programs, each in a Debian package, that may be missing.
    fn pass_with(
        &mut self,
        programs: &[(&str, &str)],
        install: bool,
        sentence: &str,
        check: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        for (program, package) in programs {
            if let Err(reason) = setup::debian_package(program, package, install) {
                self.skip(sentence, &format!("{reason:#}"));
                return Ok(());
            }
        }
        check()?;
        self.pass(sentence);
        Ok(())
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
    run(cargo().args(["test", "--features", FEATURES, "--locked"]), "the tests with features")?;
    let beside = |folder: &str, what| {
        run(cargo().args(["test", "--locked"]).current_dir(root().join(folder)), what)
    };
    beside("boards/gesture", "the gestures")?;
    let sentence = "the_modules_of_burn_are_objectives";
    match too_old_for(BURN)? {
        None => {
            beside(BURN, "the tests of the modules of burn")?;
            tally.pass(sentence);
        }
        Some(reason) => tally.skip(sentence, &reason),
    }
    graphics(args, &mut tally)?;
    examples(&mut tally)?;
    too_large_network(&mut tally)?;
    c_headers(&mut tally)?;
    targets(&mut tally)?;
    panic_check(&mut tally)?;
    logs(&mut tally)?;
    retail(&mut tally)?;
    c_interface(args, &mut tally)?;
    desktop_instructions(args, &mut tally)?;
    let sentence = "the_laboratorys_report_opens_in_a_browser_with_its_pictures";
    tally.pass_with(&[browser::BROWSER], args.install, sentence, browser::check)?;
    devices(args, &mut tally)?;
    let Tally { passed, skipped } = tally;
    println!("\n{passed} passed, 0 failed, {skipped} skipped");
    Ok(())
}

/// The tests on a GPU, and the comparison with it: of whatever adapter there is, or of Mesa's on the processor.
fn graphics(args: &TestArgs, tally: &mut Tally) -> Result<()> {
    let tests = ["test", "--release", "--locked", "--features", FEATURES_WITH_GPU];
    let mut compare = lab::command(&["gpu"]);
    let required = setup::may_install(args.install)?;
    if required {
        compare.args(["--require", "--install"]);
    }
    let said = capture(&mut compare, "the comparison with the GPU")?;
    println!("{said}");
    let sentence = "on_a_gpu_passes_landscapes_and_whole_trainings_are_those_of_the_processor";
    if let Some(reason) = said.lines().find_map(|line| line.strip_prefix("SKIPPED: ")) {
        tally.skip(sentence, reason);
        return Ok(());
    }
    tally.pass(sentence);
    for which in [&["--lib", "--test", "gpu"][..], &["--doc", "src/gpu"]] {
        let mut command = cargo();
        command.args(tests).args(which).env("ROLLING_BALL_REQUIRE_GPU", "1");
        run(&mut command, "the tests on the GPU")?;
    }
    Ok(())
}

/// Runs a command that prints for itself.
fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {what}"))?;
    ensure!(status.success(), "{what} failed ({status})");
    Ok(())
}

/// In reading order.
const EXAMPLES: [&str; 8] = [
    "first_step",
    "ask_and_tell",
    "wrinkles",
    "train_network",
    "cnn",
    "frozen_backbone",
    "import_and_fine_tune",
    "save_and_resume",
];

fn examples(tally: &mut Tally) -> Result<()> {
    for example in EXAMPLES {
        let arguments =
            ["run", "--release", "--locked", "--features", FEATURES, "--example", example];
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
        let arguments = [
            "build",
            "--release",
            "--lib",
            "--features",
            DEVICE_FEATURES,
            "--locked",
            "--target",
            target,
        ];
        capture(cargo().args(arguments), &format!("building the library for {target}"))?;
        tally.pass(&format!("the_library_builds_for_{target}"));
    }
    Ok(())
}

fn panic_check(tally: &mut Tally) -> Result<()> {
    let build = Build::firmware("test", &MPS2_AN386, "panic_check");
    let binary = Build { package: "panic_check", ..build }.run()?;
    let found = elf::symbols_matching(&binary, &FORBIDDEN)?;
    ensure!(found.is_empty(), "the binary of every entry point of the core contains {found:?}");
    // An empty list proves something only where the core is in there.
    let core = elf::symbols_matching(&binary, &["rolling_ball::"])?;
    ensure!(
        !core.is_empty(),
        "the binary of every entry point does not contain the core: was it linked away?"
    );
    tally.pass("no_entry_point_of_the_core_can_panic_or_allocate");
    Ok(())
}

/// They are built, not run: the hardware is not here.
fn retail(tally: &mut Tally) -> Result<()> {
    for board in BOARDS {
        board.build()?;
        tally.pass(&format!("the_firmware_of_the_{}_builds", board.name.replace('-', "_")));
    }
    Ok(())
}

/// What a device says by defmt arrives: reports and errors, with the names of their fields.
fn logs(tally: &mut Tally) -> Result<()> {
    let build = Build::firmware("test", &MPS2_AN386, "logged");
    let firmware = Build { features: &["defmt"], ..build }.run()?;
    let bytes = Emulation::new(&MPS2_AN386, &firmware, Duration::from_secs(60)).bytes()?;
    let lines = log::decode(&firmware, &bytes)?;
    for expected in [
        "INFO RollingBallConfig { radius: Cosine {",
        "INFO StepReport { step: 0, loss_before: 0.693147",
        "INFO StepReport { step: 2, ",
        "ERROR Length { what: \"theta\", expected: 6, actual: 5 }",
    ] {
        ensure!(
            lines.iter().any(|line| line.contains(expected)),
            "expected {expected:?} in the log: {lines:#?}"
        );
    }
    tally.pass("a_log_by_defmt_tells_settings_reports_and_errors");
    Ok(())
}

fn c_interface(args: &TestArgs, tally: &mut Tally) -> Result<()> {
    c::header::check()?;
    tally.pass("the_c_header_is_what_the_sources_say");
    run(
        cargo().args(["test", "--locked"]).current_dir(root().join("bindings/c")),
        "the tests of the C interface",
    )?;
    for target in TARGETS {
        c::library::check_alone(target, &FORBIDDEN)?;
        tally.pass(&format!("the_c_library_for_{target}_needs_nothing_and_cannot_panic"));
    }
    let mut with = |programs: &[(&str, &str)], sentence: &str, check: &dyn Fn() -> Result<()>| {
        tally.pass_with(programs, args.install, sentence, check)
    };
    for program in c::programs::PROGRAMS {
        let name = program.replace('/', "_");
        let sentence = format!("the_c_program_{name}_runs_without_a_complaint_of_valgrind");
        with(&[("cc", "gcc"), ("valgrind", "valgrind")], &sentence, &|| {
            c::programs::check(program)
        })?;
    }
    with(&[("c++", "g++")], "the_c_header_compiles_as_cpp", &c::programs::check_cpp)?;
    let sentence = "the_c_programs_build_and_run_by_cmake";
    with(&[("cc", "gcc"), ("cmake", "cmake")], sentence, &c::programs::check_cmake)?;
    let sentence = "the_firmware_in_c_gives_the_bits_of_the_rehearsal_within_its_budget";
    with(&[c::firmware::COMPILER], sentence, &|| {
        let outcome = c::firmware::outcome()?;
        outcome.check_bits()?;
        outcome.check_budget()
    })
}

/// Needs valgrind, which counts them.
fn desktop_instructions(args: &TestArgs, tally: &mut Tally) -> Result<()> {
    let sentence = "no_kernel_takes_over_2_per_cent_more_instructions_than_the_committed_ones";
    match setup::debian_package("valgrind", "valgrind", args.install) {
        Ok(()) => tally.pass_where_compared(sentence, bench::kernels::check()?),
        Err(reason) => tally.skip(sentence, &format!("{reason:#}")),
    }
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
    let expected = "the network does not fit the board: training it needs 772160 bytes of RAM \
                    (theta, 2 vectors of the optimizer, scratch), and the board has 65536;";
    ensure!(
        message.contains(expected),
        "the network that is too large failed to compile, but not with \"{expected}\":\n{message}"
    );
    tally.pass("a_network_that_does_not_fit_fails_to_compile_and_says_how_many_bytes_it_needs");
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
    subnormals(tally)?;
    slice(tally)?;
    own_network::check()?;
    tally.pass("a_network_that_nothing_knows_by_name_has_equal_bits_on_host_and_device");
    six_cores(tally)?;
    let sentence = "no_step_takes_over_2_per_cent_more_instructions_than_the_committed_ones";
    tally.pass_where_compared(sentence, bench::mcu::check()?);
    let added = size::check()?;
    println!("the ball with its kernels adds {added} bytes of flash over SGD");
    tally.pass("the_ball_adds_at_most_6_kb_of_flash_over_sgd_on_the_cortex_m4f");
    bad_images(tally)?;
    duties(tally)?;
    let beside = root().join("../shared/data");
    match args.fsdd.clone().or_else(|| beside.is_dir().then_some(beside)) {
        Some(directory) => spoken_digits(&directory, tally),
        None => {
            for sentence in SPOKEN_DIGITS {
                tally.skip(sentence, "the spoken digits are not here; name them with --fsdd DIR");
            }
            Ok(())
        }
    }
}

/// What the spoken digits show, in this order.
const SPOKEN_DIGITS: [&str; 4] = [
    "spoken_digits_have_equal_bits_on_host_and_device_within_256_kb_of_ram",
    "convolutions_over_spoken_digits_have_equal_bits_on_host_and_device_within_128_kb_of_ram",
    "an_int8_backbone_is_smaller_and_as_accurate_on_spoken_digits_within_a_point",
    "six_speakers_reach_a_mean_of_87_per_cent_with_20_clips_and_91_7_with_50",
];

fn spoken_digits(directory: &Path, tally: &mut Tally) -> Result<()> {
    let [dense, convolutions, int8_backbone, means] = SPOKEN_DIGITS;
    let arguments = PlanArgs::speaker(directory, 0, 20);
    for (network, sentence) in
        [(SpeakersNetwork::Dense, dense), (SpeakersNetwork::Cnn, convolutions)]
    {
        let outcome = Outcome::of(&PlanArgs { network, ..arguments.clone() }, false)?;
        outcome.check_bits()?;
        outcome.check_budget()?;
        let summary = outcome.summary()?;
        let (before, after) = (summary.accuracy_before, summary.accuracy_after);
        ensure!(after > before, "speaker 0: accuracy {before}, then {after}");
        tally.pass(sentence);
    }
    int8::check(directory)?;
    tally.pass(int8_backbone);
    let (twenty, fifty) = (mean_of_speakers(directory, 20)?, mean_of_speakers(directory, 50)?);
    ensure!(
        twenty >= 0.87 && fifty >= 0.917,
        "mean over the speakers: {twenty} with 20 clips, {fifty} with 50"
    );
    tally.pass(means);
    Ok(())
}

/// Learning beside a duty: nothing is missed, and the bits are the desktop's.
fn duties(tally: &mut Tally) -> Result<()> {
    let expected = duty::expected_hash()?;
    for name in duty::FIRMWARES {
        duty::keep(name, expected)?;
        tally.pass(&format!("the_{name}_firmware_learns_without_missing_a_reading"));
    }
    duty::neglect()?;
    tally.pass("the_watchdog_ends_a_main_loop_that_evaluates_in_one_piece");
    resume::check()?;
    tally.pass("a_training_whose_power_fails_again_and_again_ends_with_the_desktops_bits");
    Ok(())
}

/// The table of the six cores is the committed one.
fn six_cores(tally: &mut Tally) -> Result<()> {
    let agreement = cores::check()?;
    tally.pass("six_cores_give_the_desktops_bits_and_the_committed_hashes_and_accuracy");
    let sentence = "instructions_flash_and_ram_of_six_cores_are_the_committed_ones";
    tally.pass_where_compared(sentence, agreement);
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

/// Whatever goes wrong on the device ends the emulator with a failing code, and says what: on every core.
fn faults(tally: &mut Tally) -> Result<()> {
    for machine in MACHINES {
        let firmware = Build::firmware("test", machine, "faults").run()?;
        for (fault, name, message) in [
            ("panic", "panic", "a panic, as asked for"),
            ("fault", "bus_fault", "hard fault at"),
            ("overflow", "stack_overflow", "the stack has overflowed"),
            ("large_frame", "frame_larger_than_the_stack", "the stack has overflowed"),
        ] {
            let said = refused(machine, &firmware, Some(fault))?;
            ensure!(said.contains(message), "after a {name} the {} said {said:?}", machine.core);
            let core = in_a_sentence(machine.core);
            tally.pass(&format!("a_{name}_on_the_{core}_ends_the_emulator_with_a_failing_code"));
        }
    }
    Ok(())
}

/// What a ball sees of a loss is the same on the device.
fn slice(tally: &mut Tally) -> Result<()> {
    let firmware = Build::firmware("test", &MPS2_AN386, "slice").run()?;
    let mut expected = Vec::new();
    let mut memory = scenario::slice::Memory::ZERO;
    scenario::slice::look(&mut memory, || 0, |seen| expected.push(seen))?;
    let (mut told, mut instructions) = (Vec::new(), 0_u64);
    Emulation::new(&MPS2_AN386, &firmware, SHORT).lines(|line| told.push(line.to_owned()))?;
    ensure!(told.len() == expected.len(), "the device said {told:?}");
    for (line, seen) in told.iter().zip(expected) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let spent = words.get(5).and_then(|word| word.parse().ok());
        let spent: u64 = spent.with_context(|| format!("the device said {line:?}"))?;
        let here = scenario::slice::Seen { instructions: spent, ..seen }.to_string();
        ensure!(*line == here, "the device saw {line}, the desktop {here}");
        instructions += spent;
    }
    println!(
        "{} points of a loss under {} balls on the {}: {instructions} instructions",
        scenario::slice::POINTS,
        told.len(),
        MPS2_AN386.core
    );
    tally.pass("a_slice_of_a_loss_and_the_balls_over_it_have_equal_bits_on_host_and_device");
    Ok(())
}

/// Where the numeric contract ends: the vectors of the Cortex-M55 flush what the other cores compute with.
fn subnormals(tally: &mut Tally) -> Result<()> {
    for machine in MACHINES {
        let firmware = Build::firmware("test", machine, "subnormals").run()?;
        let mut said = String::new();
        Emulation::new(machine, &firmware, SHORT).lines(|line| said.push_str(line))?;
        let done = if machine.core == MPS3_AN547.core { "flushed" } else { "kept" };
        let core = machine.core;
        ensure!(said == format!("subnormals are {done}"), "{core}, expected {done}: {said}");
        tally.pass(&format!("subnormal_numbers_are_{done}_on_the_{}", in_a_sentence(core)));
    }
    Ok(())
}

/// As the name of a test has it.
fn in_a_sentence(core: &str) -> String {
    core.to_lowercase().replace('-', "_")
}

/// A firmware without its image must say so and fail, not hang.
fn bad_images(tally: &mut Tally) -> Result<()> {
    let said = refuses_image("nothing", b"")?;
    ensure!(said.contains("not a flash image"), "a firmware without an image said {said:?}");
    tally.pass("a_firmware_without_an_image_says_so_and_fails");

    let mut image = Plan::prepare(&PlanArgs::digits(OptimizerKind::Ball))?.image;
    let last = image.len() - 1;
    image[last] ^= 1;
    let said = refuses_image("damaged", &image)?;
    ensure!(said.contains("checksum"), "a firmware with a damaged image said {said:?}");
    tally.pass("a_firmware_with_a_damaged_image_says_so_and_fails");
    Ok(())
}

/// What the firmware of the digits complains of with this image.
fn refuses_image(folder: &str, image: &[u8]) -> Result<String> {
    device::write_image(folder, "digits", image)?;
    let firmware = Build::firmware(folder, &MPS2_AN386, "digits").run()?;
    refused(&MPS2_AN386, &firmware, None)
}

/// What a firmware that must fail complains of.
fn refused(machine: &Machine, firmware: &Path, argument: Option<&str>) -> Result<String> {
    let emulation = Emulation { argument, ..Emulation::new(machine, firmware, SHORT) };
    match emulation.lines(|_| {}) {
        Ok(()) => bail!("{} ran and did not fail with {argument:?}", firmware.display()),
        Err(error) => Ok(format!("{error:#}")),
    }
}

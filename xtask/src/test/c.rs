//! The C interface: its header, its library, programs and firmware in C, and the libraries that
//! import makes of networks.

use super::part::{Part, Program, QEMU, report, skipped, tell};
use super::watch::{cargo_test, passed, watch};
use super::{FORBIDDEN, TARGETS, TestArgs};
use crate::c::random_calls::{self, Watcher};
use crate::c::release::{self, Extent, tail};
use crate::c::{firmware, header, imported, library, programs, size};
use anyhow::{Context, Result};
use libtest_mimic::Completion;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use workbench::document::C;
use workbench::progress::during;
use workbench::workspace::{capture, cargo, in_repository, root};

const COMPILER: Program = ("cc", "gcc");
const RISC_V: Program = ("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf");
const RISC_V_QEMU: Program = ("qemu-system-riscv32", "qemu-system-misc");

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("c", args)
        .test("the_c_header_is_what_the_sources_say", header::check)
        .test("the_random_calls_have_every_function_of_the_c_headers", random_calls::check_complete)
        .test("the_tests_of_the_c_interface_pass", tests)
        .builds_for(&TARGETS);
    for target in TARGETS {
        let sentence = format!("the_c_library_for_{target}_needs_nothing_and_cannot_panic");
        part = part.test(sentence, move || {
            during("building the C library", || library::check_alone(target, &TARGETS, &FORBIDDEN))
        });
    }
    part = part.builds_for(&[]).needs(&[COMPILER, ("valgrind", "valgrind")]);
    for program in programs::PROGRAMS {
        let name = program.replace('/', "_");
        let sentence = format!("the_c_program_{name}_runs_without_a_complaint_of_valgrind");
        part = part.test(sentence, move || during("a program in C", || programs::check(program)));
    }
    let write = args.write;
    part = part
        .test_or_skip("random_calls_from_c_are_answered_as_the_header_says", || {
            let [floats, bytes] = random_calls::NETWORKS;
            let sanitized = (Watcher::Sanitizer, bytes, 100_000);
            few_random_calls(&[sanitized, (Watcher::Valgrind, floats, 10_000)])
        })
        .long_test("ten_million_random_calls_from_c_are_answered_as_the_header_says", move || {
            many_random_calls(write)
        });
    part.needs(&[COMPILER, ("c++", "g++")])
        .test("networks_imported_for_c_give_the_bits_of_rust_in_c_and_in_cpp", || {
            during("networks in C", imported::check_here)
        })
        .test_or_skip("a_users_program_of_an_imported_perceptron_gives_pytorchs_outputs", || {
            during("a program in C", imported::check_users_program)
        })
        .test("the_c_header_compiles_as_c_and_as_cpp_without_a_warning", programs::check_header)
        .needs(&[COMPILER, ("cmake", "cmake")])
        .test("the_c_programs_build_and_run_by_cmake", || during("CMake", programs::check_cmake))
        .needs(&[firmware::COMPILER, QEMU])
        .builds_for(&TARGETS)
        .test("networks_imported_for_c_give_the_bits_of_rust_on_a_cortex_m4f", || {
            during("networks in C in QEMU", imported::check_in_qemu)
        })
        .test("the_firmware_in_c_gives_the_bits_of_the_rehearsal_within_its_budget", || {
            let outcome = firmware::outcome()?;
            outcome.check_bits()?;
            outcome.check_budget()
        })
        .needs(&[firmware::COMPILER])
        .test("a_ball_and_a_perceptron_in_c_fit_in_19_kb_of_flash", || {
            tell(format!("{} bytes", size::check()?));
            Ok(())
        })
        .needs(&[("cmake", "cmake"), ("cc", "gcc")])
        .builds_for(&[])
        .test("the_archives_for_c_have_the_right_sums_and_take_over_no_name", || {
            release::check(archive(Extent::Part)?)
        })
        .needs(&[("cmake", "cmake"), ("c++", "g++")])
        .test("the_tail_of_a_network_is_trained_by_the_classes_of_cpp_alike", || {
            tail::check(archive(Extent::Part)?, &[tail::HOST_CXX])
        })
        .needs(&[("pkg-config", "pkg-config"), ("cc", "gcc")])
        .test("a_program_is_built_by_what_pkg_config_says_of_the_archive", || {
            release::check_pkg_config(archive(Extent::Part)?)
        })
        .needs(&[("cmake", "cmake"), ("cc", "gcc"), firmware::COMPILER, QEMU])
        .test("without_rust_the_tail_of_a_network_is_trained_on_a_cortex_m4f_alike", || {
            tail::check(archive(Extent::Part)?, &tail::CORTEX_M4)
        })
        .needs(&[("cmake", "cmake"), ("cc", "gcc"), RISC_V, RISC_V_QEMU])
        .test("without_rust_the_tail_of_a_network_is_trained_on_a_risc_v_alike", || {
            tail::check(archive(Extent::Part)?, &[tail::RISC_V])
        })
        .needs(&[("cmake", "cmake"), ("cc", "gcc")])
        .long_test("the_archives_of_all_cores_have_the_right_sums_and_take_over_no_name", || {
            release::check(archive(Extent::Whole)?)
        })
        .needs(&[("cmake", "cmake"), ("cc", "gcc"), firmware::COMPILER, QEMU])
        .long_test("without_rust_the_tail_of_a_network_is_trained_on_each_cortex_m_alike", || {
            tail::check(archive(Extent::Whole)?, &tail::OTHER_CORTEX_M)
        })
        .needs(&[("cmake", "cmake"), ("cc", "gcc"), RISC_V, RISC_V_QEMU])
        .long_test("without_rust_the_tail_of_a_network_is_trained_on_each_risc_v_alike", || {
            tail::check(archive(Extent::Whole)?, &tail::OTHER_RISC_V)
        })
}

/// The archives, which are made once. They take the place of those of another extent, so that tests
/// of the whole come last.
fn archive(extent: Extent) -> Result<&'static Path> {
    static PART: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    static WHOLE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let made = if extent == Extent::Part { &PART } else { &WHOLE };
    let made = made.get_or_init(|| release::release(extent).map_err(|error| format!("{error:#}")));
    made.as_deref().map_err(|error| anyhow::anyhow!("{error}"))
}

fn tests() -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--locked", "--no-fail-fast"]).current_dir(root().join("bindings/c"));
    cargo_test(command)
}

/// Whether the sanitizer of Rust links with that of the C compiler.
const SANITIZES: bool =
    cfg!(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")));

/// Each watcher has a network, as each network for each of them is built for minutes.
fn few_random_calls(runs: &[(Watcher, &str, u64)]) -> Result<Completion> {
    for &(watcher, network, calls) in runs {
        if matches!(watcher, Watcher::Sanitizer) && !SANITIZES {
            continue;
        }
        random_calls::check_watched(watcher, network)?;
        let made = random_calls::make(watcher, network, calls)?;
        tell(format!("{watcher:?}, with {network}: {made}"));
    }
    Ok(if SANITIZES {
        Completion::Completed
    } else {
        skipped("AddressSanitizer is used on Linux only; valgrind has watched")
    })
}

/// What is reported.
fn many_random_calls(write: bool) -> Result<()> {
    let mut table = String::new();
    for (watcher, what, calls) in [
        (
            Watcher::Sanitizer,
            "AddressSanitizer in library and program, overflow checks and debug assertions in the \
             library",
            5_000_000,
        ),
        (Watcher::Valgrind, "valgrind, on the library as it is shipped", 500_000),
    ] {
        for network in random_calls::NETWORKS {
            let made = random_calls::make(watcher, network, calls)?;
            writeln!(table, "| {what} | {network} | {made} |")?;
        }
    }
    let miri = miri()?;
    let text = format!(
        "`cargo xtask test c --long`\n\n`bindings/c/tests/random_calls` calls the functions of \
         `rolling_ball.h` and of an imported network's header in any order, each of them (which is \
         tested): on optimizers of every kind, networks, fine-tunings and checkpoints in a flash \
         that fails now and then. It calls them before and after initialisations that succeed or \
         fail, after the buffers of an optimizer were freed, on objects that were moved, with \
         pointers that are null, misaligned or overlap, wrong lengths, settings of any bits, and \
         answers that are out of turn or not finite. A model of each object says what every call \
         must answer, and that nothing else is written; a fine-tuning ends with the same bits, \
         whatever was called on the way.\n\n\
         | watched by | network | calls |\n|---|---|---|\n{table}\n\
         That both watchers notice a store past a buffer is tested. Miri has no complaint of the \
         {miri} tests of `bindings/c`.\n"
    );
    report(write, C, &text)
}

/// Runs the tests of the C interface in Miri, and tells how many they are.
fn miri() -> Result<u32> {
    let miri = || {
        let mut command = in_repository("rustup");
        command.args(["run", "nightly", "cargo", "miri"]).current_dir(root().join("bindings/c"));
        command
    };
    capture(miri().arg("--version"), "Miri").context(
        "it is installed by: rustup toolchain install nightly --component miri,rust-src",
    )?;
    let mut test = miri();
    test.args(["test", "--locked", "--target-dir", "target/miri"]);
    Ok(passed(&watch(test)?))
}

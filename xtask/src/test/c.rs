//! The C interface: its header, its library, programs and firmware in C, and the arrays that import
//! writes for C.

use super::part::{Part, Program, QEMU};
use super::watch::cargo_test;
use super::{FORBIDDEN, TARGETS, TestArgs};
use crate::c::{firmware, header, library, programs};
use anyhow::{Result, ensure};
use std::fs;
use std::process::Command;
use workbench::progress::during;
use workbench::workspace::{capture, cargo, root};

const COMPILER: Program = ("cc", "gcc");

/// What import wrote for both languages: the network, and which of its arrays.
const ARRAYS: [(&str, &str); 4] = [
    ("digits_cnn", "theta"),
    ("digits_cnn", "backbone"),
    ("digits_mlp", "theta"),
    ("digits_mlp", "frozen"),
];

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("c", args)
        .test("the_c_header_is_what_the_sources_say", header::check)
        .test("the_tests_of_the_c_interface_pass", tests)
        .builds_for(&TARGETS);
    for target in TARGETS {
        let sentence = format!("the_c_library_for_{target}_needs_nothing_and_cannot_panic");
        part = part.test(sentence, move || {
            during("building the C library", || library::check_alone(target, &FORBIDDEN))
        });
    }
    part = part.builds_for(&[]).needs(&[COMPILER, ("valgrind", "valgrind")]);
    for program in programs::PROGRAMS {
        let name = program.replace('/', "_");
        let sentence = format!("the_c_program_{name}_runs_without_a_complaint_of_valgrind");
        part = part.test(sentence, move || during("a program in C", || programs::check(program)));
    }
    part.needs(&[COMPILER])
        .test("imported_c_arrays_have_the_bits_of_the_binary_files", arrays)
        .needs(&[("c++", "g++")])
        .test("the_c_header_compiles_as_cpp", programs::check_cpp)
        .needs(&[COMPILER, ("cmake", "cmake")])
        .test("the_c_programs_build_and_run_by_cmake", || during("CMake", programs::check_cmake))
        .needs(&[firmware::COMPILER, QEMU])
        .builds_for(&TARGETS)
        .test("the_firmware_in_c_gives_the_bits_of_the_rehearsal_within_its_budget", || {
            let outcome = firmware::outcome()?;
            outcome.check_bits()?;
            outcome.check_budget()
        })
}

fn tests() -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--locked", "--no-fail-fast"]).current_dir(root().join("bindings/c"));
    cargo_test(command)
}

/// What import writes for C holds the numbers that it writes for Rust.
fn arrays() -> Result<()> {
    let generated = root().join("models/generated");
    let directory = root().join("target/c_headers");
    fs::create_dir_all(&directory)?;
    for (name, part) in ARRAYS {
        let array = format!("{name}_{part}");
        let (source, program) = (directory.join(format!("{array}.c")), directory.join(&array));
        let text = format!(
            "#include <stdio.h>\n#include \"{name}.h\"\nint main(void) {{\n    return \
             fwrite({array}, sizeof {array}, 1, stdout) != 1;\n}}\n"
        );
        fs::write(&source, text)?;
        let options = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable"];
        let mut compile = Command::new("cc");
        compile.args(options).arg("-I").arg(&generated).arg(&source).arg("-o").arg(&program);
        capture(&mut compile, &format!("compiling {name}.h"))?;
        let said = Command::new(&program).output()?.stdout;
        let file = generated.join(format!("{name}.{part}.bin"));
        ensure!(said == fs::read(&file)?, "{array} in C differs from {}", file.display());
    }
    Ok(())
}

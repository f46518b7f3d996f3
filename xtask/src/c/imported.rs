//! Libraries that `rolling-ball import` makes of networks for C, compared with the same networks in
//! Rust: evaluated and trained, on this machine as C and as C++, and in QEMU.

use super::{firmware, folder, library, programs};
use crate::command::rolling_ball;
use crate::device::LIMIT;
use crate::device::qemu::{Emulation, MPS2_AN386};
use crate::test::part::skipped;
use anyhow::{Context, Result, ensure};
use libtest_mimic::Completion;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::workspace::{capture, cargo, root};

/// The networks, and how they are imported: convolutions in int8 before a trained layer, a graph of
/// ONNX all of which is trained, and one of TFLite in int8.
const NETWORKS: [(&str, &[&str]); 3] = [
    (
        "digits_cnn",
        &[
            "models/digits_cnn.safetensors",
            "--network=models/digits_cnn.toml",
            "--int8",
            "--calibration=models/digits_calibration.safetensors",
        ],
    ),
    ("residual", &["models/operators/residual.onnx", "--train=all"]),
    ("convolution_same_int8", &["models/operators/convolution_same_int8.tflite"]),
];

/// Where all of it is built.
pub fn build_folder() -> PathBuf {
    folder().join("target/imported")
}

/// Imports the networks for a target, and returns the folder of the libraries and headers.
fn import(target: &str) -> Result<PathBuf> {
    let out = build_folder().join("libraries").join(target);
    for (name, arguments) in NETWORKS {
        import_one(name, arguments, target, &out)?;
    }
    Ok(out)
}

fn import_one(name: &str, arguments: &[impl AsRef<OsStr>], target: &str, out: &Path) -> Result<()> {
    let mut command = rolling_ball()?;
    command.arg("import").args(arguments);
    command.arg(format!("--c-library={target}")).args(["--source=.", "--force", "--out"]);
    // All of them share the crates below.
    command.arg(out).env("CARGO_TARGET_DIR", build_folder());
    capture(&mut command, &format!("importing {name} for C"))?;
    Ok(())
}

/// A library of one of the networks for this machine, and the flags that a program needs which
/// calls it.
pub struct Library {
    pub archive: PathBuf,
    pub flags: Vec<String>,
}

/// Makes the library of a network, as it is shipped.
pub fn build(name: &str) -> Result<Library> {
    let out = build_folder().join("libraries/host");
    let (name, arguments) =
        *NETWORKS.iter().find(|(other, _)| *other == name).context("there is no such network")?;
    import_one(name, arguments, "host", &out)?;
    Ok(Library { archive: out.join(format!("lib{name}.a")), flags: flags(&out, name) })
}

/// Makes the same with AddressSanitizer, and with all checks of the compiler whose failure is a
/// panic, which is an endless loop here.
pub fn build_sanitized(name: &str) -> Result<Library> {
    let Library { flags, .. } = build(name)?;
    let (host, target_folder) = (library::host()?, build_folder().join("sanitized"));
    let mut command = cargo();
    command.current_dir(build_folder().join("libraries/host").join(name));
    // With a target named, the flags are not for build scripts.
    command.args(["build", "--release", "--target", &host, "--target-dir"]).arg(&target_folder);
    // The sanitizer is an option of nightly compilers; this lets the stable one have it.
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    command.env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    command.env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    capture(&mut command, "building a network's C library with AddressSanitizer")?;
    let archive = target_folder.join(host).join("release").join(format!("lib{name}.a"));
    Ok(Library { archive, flags })
}

/// What the Rust crate computes, for each of the networks.
fn expected(libraries: &Path) -> Result<Vec<String>> {
    let crate_folder = build_folder().join("reference");
    fs::create_dir_all(&crate_folder)?;
    let text = fs::read_to_string(folder().join("tests/imported/imported.rs"))?;
    let (mut modules, mut calls) = (String::new(), String::new());
    for (name, _) in NETWORKS {
        let path = libraries.join(name).join(name).with_extension("rs");
        writeln!(modules, "#[path = {path:?}]\nmod {name};")?;
        writeln!(calls, "    println!();\n    say({name}::network(), &{name}::THETA)?;")?;
    }
    let main =
        format!("{text}\n{modules}\nfn main() -> Result<(), Error> {{\n{calls}    Ok(())\n}}");
    fs::write(crate_folder.join("main.rs"), main)?;
    let manifest = crate_folder.join("Cargo.toml");
    // With the profile and the features of the libraries, the crates below are those that they
    // have.
    fs::write(
        &manifest,
        format!(
            "[package]\nname = \"reference\"\nedition = \"2024\"\n\n[[bin]]\nname = \
             \"reference\"\npath = \"main.rs\"\n\n[dependencies]\nrolling-ball = {{ path = {:?}, \
             features = [\"checkpoints\"] }}\n\n[profile.release]\nlto = \"fat\"\ncodegen-units = \
             1\npanic = \"abort\"\n\n[workspace]\n",
            root()
        ),
    )?;
    let mut run = cargo();
    run.args(["run", "--quiet", "--release", "--target", &library::host()?, "--manifest-path"]);
    run.arg(manifest).env("CARGO_TARGET_DIR", build_folder());
    let said = capture(&mut run, "the imported networks in Rust")?;
    Ok(said.split("\n\n").map(|one| one.trim().to_owned()).collect())
}

/// What a program needs of a network.
fn flags(libraries: &Path, name: &str) -> Vec<String> {
    vec![
        format!("-I{}", libraries.display()),
        format!("-DNETWORK={name}"),
        format!("-DSIZES={}", name.to_uppercase()),
        format!("-DNETWORK_HEADER=\"{name}.h\""),
        "-ffp-contract=off".to_owned(),
    ]
}

fn compare(found: &str, expected: &str, what: &str) -> Result<()> {
    let found = found.trim();
    ensure!(found == expected, "{what} says:\n{found}\nexpected, as in Rust:\n{expected}");
    Ok(())
}

/// Compiles and runs the networks on this machine, as C99 and as C++17.
pub fn check_here() -> Result<()> {
    let libraries = import("host")?;
    let expected = expected(&libraries)?;
    ensure!(expected.len() == NETWORKS.len(), "expected three networks, got {expected:?}");
    let source = folder().join("tests/imported/imported.c");
    for ((name, _), expected) in NETWORKS.into_iter().zip(&expected) {
        ensure!(expected.lines().count() == 11, "{name} says {expected}");
        for (compiler, language) in
            [("cc", &["-std=c99"][..]), ("c++", &["-std=c++17", "-x", "c++"])]
        {
            let program = build_folder().join(format!("{name}_{compiler}"));
            let mut command = Command::new(compiler);
            command.args(language).args(["-O1", "-g"]).args(programs::WARNINGS);
            command.args(flags(&libraries, name)).arg(&source).args(["-x", "none"]);
            command.arg(libraries.join(format!("lib{name}.a"))).arg("-o").arg(&program);
            capture(&mut command, &format!("compiling {name} by {compiler}"))?;
            let said = capture(&mut Command::new(&program), name)?;
            compare(&said, expected, &format!("{name} by {compiler}"))?;
        }
    }
    Ok(())
}

/// Compiles and runs a user's program, which evaluates an imported perceptron as an `rb_mlp` and
/// prints each output with PyTorch's after it in brackets.
pub fn check_users_program() -> Result<Completion> {
    let case = root().join("../shared/cases/05-c-header-scratch");
    if !case.is_dir() {
        return Ok(skipped(format!("{} is not there", case.display())));
    }
    let (folder, include) = (build_folder().join("case"), folder().join("include"));
    let arguments = [
        case.join("m.safetensors").into_os_string(),
        "--network".into(),
        case.join("n.toml").into_os_string(),
    ];
    import_one("mlp", &arguments, "host", &folder.join("o"))?;
    let program = folder.join("program");
    let mut command = Command::new("cc");
    command.arg("-std=c99").arg("-I").arg(include).arg("-I").arg(&folder);
    command.arg(case.join("main.c")).arg(folder.join("o/libmlp.a")).arg("-o").arg(&program);
    capture(&mut command, "compiling a user's program")?;
    let said = capture(&mut Command::new(&program), "a user's program")?;
    let outputs = said.lines().last().unwrap_or_default();
    let numbers: Vec<f32> = outputs
        .split_whitespace()
        .map(|number| Ok(number.trim_matches(['(', ')']).parse()?))
        .collect::<Result<_>>()
        .with_context(|| said.clone())?;
    ensure!(numbers.len() == 20, "{said}");
    for pair in numbers.chunks_exact(2) {
        ensure!((pair[0] - pair[1]).abs() <= 1e-4, "{said}");
    }
    Ok(Completion::Completed)
}

/// Runs the networks on an emulated Cortex-M4F.
pub fn check_in_qemu() -> Result<()> {
    let libraries = import(MPS2_AN386.target)?;
    // What import writes is the same for every target.
    let expected = expected(&libraries)?;
    let sources = ["tests/imported/imported.c", "firmware/start.c"];
    for ((name, _), expected) in NETWORKS.into_iter().zip(&expected) {
        let archive = libraries.join(format!("lib{name}.a"));
        library::check_names(&archive, &["rb_", name])?;
        library::check_linked(&archive, name, &["rb_", name], &crate::test::FORBIDDEN)?;
        let mut flags = flags(&libraries, name);
        // Every optimizer, every loss and a fine-tuning: more than a firmware needs.
        flags.push("-Wl,--defsym=flash_bytes=256K".to_owned());
        let elf = firmware::compile(name, &sources, &flags, &archive)?;
        let mut said = String::new();
        Emulation::new(&MPS2_AN386, &elf, LIMIT).lines(|line| {
            said.push_str(line);
            said.push('\n');
        })?;
        compare(&said, expected, &format!("{name} in QEMU"))?;
    }
    Ok(())
}

//! The library's tests on another byte order and another word size.

use super::TestArgs;
use super::part::{Part, Program, report, skipped};
use super::watch::{passed, watch};
use anyhow::{Result, ensure};
use libtest_mimic::Completion;
use std::path::Path;
use workbench::document::ARCHITECTURES;
use workbench::setup;
use workbench::workspace::{FEATURES, cargo};

/// Another architecture, with what it needs of Debian.
struct Architecture {
    target: &'static str,
    what: &'static str,
    linker: Program,
    /// The C library to link, and its package.
    library: Program,
    /// What runs its programs; nothing where this processor does.
    runner: Option<Program>,
    /// Tests that are left out.
    left_out: &'static [&'static str],
}

const OTHERS: [Architecture; 2] = [
    Architecture {
        target: "s390x-unknown-linux-gnu",
        what: "big-endian, 64 bits, emulated by QEMU",
        linker: ("s390x-linux-gnu-gcc", "gcc-s390x-linux-gnu"),
        library: ("/usr/s390x-linux-gnu/lib/libc.a", "libc6-dev-s390x-cross"),
        runner: Some(("qemu-s390x-static", "qemu-user-static")),
        // QEMU 7.2 gets `mdebr` wrong, the product of two f32 as an f64, by which these tests find
        // what they expect.
        left_out: &[
            "wells_nearby_are_as_good_as_all_of_them",
            "a_centre_is_as_high_as_the_highest_point_under_the_cap_asks_for",
        ],
    },
    Architecture {
        target: "i686-unknown-linux-gnu",
        what: "little-endian, 32 bits, on this processor",
        linker: ("i686-linux-gnu-gcc", "gcc-i686-linux-gnu"),
        library: ("/usr/i686-linux-gnu/lib/libc.a", "libc6-dev-i386-cross"),
        runner: None,
        left_out: &[],
    },
];

pub fn part(args: &TestArgs) -> Part {
    let TestArgs { write, install, .. } = *args;
    let targets = OTHERS.map(|architecture| architecture.target);
    let part = Part::new("architectures", args).builds_for(&targets);
    part.long_test_or_skip("other_architectures_have_the_same_bits_and_formats", move || {
        if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
            return Ok(skipped("other architectures are tested from Linux on x86-64"));
        }
        let mut text = format!(
            "`cargo xtask test architectures --long`: the library's tests with the features \
             {FEATURES}, those of bits, of formats and of committed checkpoints among them.\n\n\
             | target | what it is | tests that pass | left out |\n|---|---|---|---|\n"
        );
        for other in &OTHERS {
            if let Err(reason) = other.install(install) {
                return Ok(skipped(format!("{}: {reason:#}", other.target)));
            }
            let count = other.test()?;
            let Architecture { target, what, left_out, .. } = other;
            text += &format!("| {target} | {what} | {count} | {} |\n", left_out.len());
        }
        text +=
            "\nx86 without SSE2, and the feature `gpu` on a big-endian target, do not compile.\n";
        report(write, ARCHITECTURES, &text)?;
        Ok(Completion::Completed)
    })
}

impl Architecture {
    fn install(&self, allowed: bool) -> Result<()> {
        for (program, package) in [Some(self.linker), self.runner].into_iter().flatten() {
            setup::debian_package(program, package, allowed)?;
        }
        let (file, package) = self.library;
        if !Path::new(file).is_file() {
            setup::install(package, file, allowed)?;
        }
        Ok(())
    }

    /// How many tests pass.
    fn test(&self) -> Result<u32> {
        let mut command = cargo();
        command.args(["test", "--package", "rolling-ball", "--locked", "--no-fail-fast"]);
        command.args(["--lib", "--tests", "--features", FEATURES, "--target", self.target]);
        command.arg("--").args(self.left_out.iter().flat_map(|name| ["--skip", name]));
        command.env("ROLLING_BALL_FEATURES", FEATURES);
        let setting =
            |name| format!("CARGO_TARGET_{}_{name}", self.target.to_uppercase().replace('-', "_"));
        command.env(setting("LINKER"), self.linker.0);
        // No C library of that architecture is needed to run what has its own.
        command.env(setting("RUSTFLAGS"), "-Ctarget-feature=+crt-static");
        if let Some((runner, _)) = self.runner {
            command.env(setting("RUNNER"), runner);
        }
        let output = watch(command)?;
        let count = passed(&output);
        ensure!(count > 0, "no test was found for {}:\n{output}", self.target);
        Ok(count)
    }
}

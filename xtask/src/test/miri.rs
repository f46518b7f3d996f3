//! The library's tests under Miri, which finds undefined behaviour. A test that is left out there
//! says so at its `#[test]`.

use super::part::{Part, report, skipped};
use super::watch::{passed, watch};
use super::{TestArgs, nightly};
use anyhow::{Result, ensure};
use libtest_mimic::Completion;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use workbench::document::{MIRI_AVX2, MIRI_SCALAR};

/// Tests that are interpreted.
struct Run {
    /// The name of its test, and the title of its part of the document.
    test: &'static str,
    title: &'static str,
    features: &'static str,
    /// Flags of the compiler.
    flags: &'static str,
    binaries: &'static [&'static str],
}

/// The binaries whose tests can be interpreted. Those of checkpoints, which have no `unsafe` behind
/// them, compute the checksums of whole images, which takes minutes each. Those of vector units
/// need the feature `simd`.
const BINARIES: &[&str] = &[
    "--lib",
    "--test",
    "ball",
    "--test",
    "kernels",
    "--test",
    "networks",
    "--test",
    "optimizers",
    "--test",
    "probe",
];

/// The blocks that need `unsafe` are those for AVX2; without it Miri takes the vector unit that
/// every x86-64 has, for which there is none. Miri uses one core: the first run takes more than an
/// hour of it, the other about one. So each is a test that can be made by itself.
const RUNS: [Run; 2] = [
    Run {
        test: "miri_finds_no_undefined_behaviour_with_scalar_kernels",
        title: MIRI_SCALAR,
        features: "",
        flags: "",
        binaries: BINARIES,
    },
    Run {
        test: "miri_finds_no_undefined_behaviour_with_vectors_of_avx2",
        title: MIRI_AVX2,
        features: "simd",
        flags: "-Ctarget-feature=+avx2",
        // The second needs the feature.
        binaries: &["--test", "kernels", "--test", "vector_units"],
    },
];

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    let mut part = Part::new("miri", args);
    for run in &RUNS {
        part = part.long_test_or_skip(run.test, move || run.check(write));
    }
    part
}

impl Run {
    fn check(&self, write: bool) -> Result<Completion> {
        if let Err(reason) = nightly::components(&["miri", "rust-src"]) {
            return Ok(skipped(format!("Miri: {reason:#}")));
        }
        let (output, minutes) = self.interpret()?;
        let count = passed(&output);
        ensure!(count > 0, "Miri found no test:\n{output}");
        let mut left_out = BTreeMap::new();
        for (name, reason) in output.lines().filter_map(ignored) {
            // Without its module, since a line has a hundred columns.
            let name = name.rsplit("::").next().unwrap_or(name).to_owned();
            left_out.entry(reason.to_owned()).or_insert_with(BTreeSet::new).insert(name);
        }
        let features = match self.features {
            "" => "no feature".to_owned(),
            features => format!("the features {features}"),
        };
        let mut text = format!(
            "`cargo xtask test {} --long`: under Miri, with {features}, {count} tests \
             of the library pass, in {minutes:.0} minutes. Those of checkpoints, behind which \
             there is no `unsafe` and which would take hours, are not among them.\n",
            self.test
        );
        for (reason, names) in left_out {
            let names = Vec::from_iter(names).join("`, `");
            text += &format!("\nLeft out, {reason}: `{names}`.\n");
        }
        report(write, self.title, &text)?;
        Ok(Completion::Completed)
    }

    /// Returns what the tests say, and the minutes that they took.
    fn interpret(&self) -> Result<(String, f64)> {
        let start = Instant::now();
        let mut command = nightly::cargo();
        command.args(["miri", "test", "--package", "rolling-ball", "--locked", "--no-fail-fast"]);
        command.args(["--features", self.features]).args(self.binaries);
        command.env("ROLLING_BALL_FEATURES", self.features).env("RUSTFLAGS", self.flags);
        // Without these, sines are wrong by random bits, and no test may read a file.
        command.env("MIRIFLAGS", "-Zmiri-deterministic-floats -Zmiri-disable-isolation");
        Ok((watch(command)?, start.elapsed().as_secs_f64() / 60.0))
    }
}

/// Name and reason of a test that is left out.
fn ignored(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("test ")?.split_once(" ... ignored, ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_left_out_has_a_name_and_a_reason() {
        let line = "test ball::it_rolls ... ignored, takes too long";
        assert_eq!(ignored(line), Some(("ball::it_rolls", "takes too long")));
        assert_eq!(ignored("test ball::it_rolls ... ok"), None);
    }
}

//! The library's tests under Miri, which finds undefined behaviour. A test that is left out there
//! says so at its `#[test]`.

use super::part::{Part, report, skipped};
use super::watch::{passed, watch};
use super::{TestArgs, nightly};
use anyhow::{Result, anyhow, ensure};
use libtest_mimic::Completion;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Instant;
use workbench::document::MIRI;

/// Tests that are interpreted.
struct Run {
    kernels: &'static str,
    features: &'static str,
    /// Flags of the compiler.
    flags: &'static str,
    tests: &'static [&'static str],
}

/// The binaries whose tests can be interpreted. Those of checkpoints, which have no `unsafe` behind
/// them, compute the checksums of whole images, which takes minutes each.
const BINARIES: [&str; 13] = [
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
    "--test",
    "vector_units",
];

/// Without AVX2 Miri takes the vector unit that every x86-64 has; the blocks that need `unsafe` are
/// those for AVX2.
const RUNS: [Run; 3] = [
    Run { kernels: "scalar", features: "", flags: "", tests: &BINARIES },
    Run {
        kernels: "vectors, SSE2",
        features: "simd,checkpoints,heapless,micromath",
        flags: "",
        tests: &BINARIES,
    },
    Run {
        kernels: "vectors, AVX2",
        features: "simd",
        flags: "-Ctarget-feature=+avx2",
        tests: &["--test", "kernels", "--test", "vector_units"],
    },
];

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    let part = Part::new("miri", args);
    if !args.long {
        return part;
    }
    part.test_or_skip("miri_finds_no_undefined_behaviour_in_the_library", move || {
        if let Err(reason) = nightly::components(&["miri", "rust-src"]) {
            return Ok(skipped(format!("Miri: {reason:#}")));
        }
        let mut text = "`cargo xtask test miri --long`: the library's tests under Miri, but those \
                        of checkpoints, behind which there is no `unsafe` and which would take \
                        hours.\n\n\
                        | kernels | features | tests that pass | left out | minutes |\n\
                        |---|---|---|---|---|\n"
            .to_owned();
        let mut left_out = BTreeMap::new();
        for (run, interpreted) in RUNS.iter().zip(at_once()) {
            let (output, minutes) = interpreted?;
            let count = passed(&output);
            ensure!(count > 0, "Miri found no test:\n{output}");
            let ignored: Vec<_> = output.lines().filter_map(ignored).collect();
            let Run { kernels, features, .. } = run;
            text += &format!(
                "| {kernels} | {features} | {count} | {} | {minutes:.0} |\n",
                ignored.len()
            );
            for (name, reason) in ignored {
                left_out
                    .entry(reason.to_owned())
                    .or_insert_with(BTreeSet::new)
                    .insert(name.to_owned());
            }
        }
        for (reason, names) in left_out {
            let names = Vec::from_iter(names).join("`, `");
            text += &format!("\nLeft out, {reason}: `{names}`.\n");
        }
        report(write, MIRI, &text)?;
        Ok(Completion::Completed)
    })
}

/// What the tests of each run say, and the minutes that it took. Miri uses one core, so that all
/// runs are made at once.
fn at_once() -> [Result<(String, f64)>; RUNS.len()] {
    thread::scope(|scope| {
        RUNS.each_ref().map(|run| scope.spawn(|| run.interpret())).map(|run| {
            run.join().unwrap_or_else(|_| Err(anyhow!("a run of Miri ended in a panic")))
        })
    })
}

impl Run {
    /// Returns what the tests say, and the minutes that they took.
    fn interpret(&self) -> Result<(String, f64)> {
        let start = Instant::now();
        let mut command = nightly::cargo();
        command.args(["miri", "test", "--package", "rolling-ball", "--locked", "--no-fail-fast"]);
        command.args(["--features", self.features]).args(self.tests);
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

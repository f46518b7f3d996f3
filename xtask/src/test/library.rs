//! The library's tests, by features: without any, all vectors go through the scalar kernels.

use super::TestArgs;
use super::part::Part;
use super::watch::cargo_test;
use workbench::workspace::{FEATURES, cargo};

/// What a sentence says of them, and the features. Those with `gpu` are in the part of that name.
const SETS: [(&str, &str); 3] =
    [("no_feature", ""), ("simd_alone", "simd"), ("all_features_but_gpu", FEATURES)];

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("library", args);
    for (name, features) in SETS {
        part = part.test(format!("the_librarys_tests_pass_with_{name}"), move || {
            let mut command = cargo();
            // Of one package: cargo adds the features that other packages of a build ask for.
            command.args(["test", "--package", "rolling-ball", "--locked", "--no-fail-fast"]);
            command.args(["--features", features]).env("ROLLING_BALL_FEATURES", features);
            cargo_test(command)
        });
    }
    part
}

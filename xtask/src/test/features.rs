//! Sets of the library's features, each of which must compile.

use super::TestArgs;
use super::part::Part;
use super::watch::watch;
use anyhow::Result;
use workbench::workspace::cargo;

/// A set of features.
struct Set {
    name: &'static str,
    features: &'static str,
    /// Whether a device can have it.
    device: bool,
}

/// Each feature alone, pairs that meet on devices and on desktops, and all; `gpu` is built by the
/// part of that name.
const SETS: [Set; 13] = [
    Set { name: "no_feature", features: "", device: true },
    Set { name: "checkpoints", features: "checkpoints", device: true },
    Set { name: "defmt", features: "defmt", device: true },
    Set { name: "heapless", features: "heapless", device: true },
    Set { name: "micromath", features: "micromath", device: true },
    Set { name: "simd", features: "simd", device: true },
    Set { name: "threads", features: "threads", device: false },
    Set { name: "checkpoints_and_defmt", features: "checkpoints,defmt", device: true },
    Set { name: "heapless_and_defmt", features: "heapless,defmt", device: true },
    Set { name: "heapless_and_checkpoints", features: "heapless,checkpoints", device: true },
    Set { name: "simd_and_threads", features: "simd,threads", device: false },
    Set {
        name: "all_features_of_devices",
        features: "simd,checkpoints,defmt,heapless,micromath",
        device: true,
    },
    Set {
        name: "all_features_but_gpu",
        features: "simd,threads,checkpoints,defmt,heapless,micromath",
        device: false,
    },
];

/// The smallest core: it has neither a floating-point unit nor atomic exchanges.
const DEVICE: &str = "thumbv6m-none-eabi";

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("features", args);
    for Set { name, features, device } in SETS {
        part =
            part.test(format!("the_library_compiles_with_{name}"), move || compile(features, None));
        if device {
            part = part
                .builds_for(&[DEVICE])
                .test(format!("the_library_compiles_for_a_cortex_m0_with_{name}"), || {
                    compile(features, Some(DEVICE))
                });
            part = part.builds_for(&[]);
        }
    }
    part
}

/// By clippy, which compiles too and hears no warning of a set that the lint does not know.
fn compile(features: &str, target: Option<&str>) -> Result<()> {
    let mut command = cargo();
    command.args(["clippy", "--lib", "--locked", "--features", features]);
    command.args(target.map(|target| format!("--target={target}")));
    command.args(["--", "-D", "warnings"]);
    watch(command)?;
    Ok(())
}

//! Sets of the library's features, each of which must compile.

use super::TestArgs;
use super::part::Part;
use super::watch::watch;
use anyhow::Result;
use workbench::progress;
use workbench::workspace::cargo;

/// On this machine: each feature alone, the pair of the desktop, and all. The lint compiles no
/// feature and `simd` alone, and the part `gpu` that feature.
const DESKTOP: [(&str, &str); 7] = [
    ("checkpoints", "checkpoints"),
    ("defmt", "defmt"),
    ("heapless", "heapless"),
    ("micromath", "micromath"),
    ("threads", "threads"),
    ("simd_and_threads", "simd,threads"),
    ("all_features_but_gpu", "simd,threads,checkpoints,defmt,heapless,micromath"),
];

/// On a device: nothing, the pairs that meet there, and all.
const DEVICE: [(&str, &str); 5] = [
    ("no_feature", ""),
    ("checkpoints_and_defmt", "checkpoints,defmt"),
    ("heapless_and_defmt", "heapless,defmt"),
    ("heapless_and_checkpoints", "heapless,checkpoints"),
    ("all_features_of_devices", "simd,checkpoints,defmt,heapless,micromath"),
];

/// The features of which every set is compiled; `gpu`, which takes minutes to build, is not among
/// them.
const FEATURES: [&str; 6] = ["simd", "threads", "checkpoints", "heapless", "micromath", "defmt"];

/// The smallest core: it has neither a floating-point unit nor atomic exchanges.
const CORTEX_M0: &str = "thumbv6m-none-eabi";

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("features", args);
    for (name, features) in DESKTOP {
        part = part.test(format!("the_library_compiles_with_{name}"), || compile(features, None));
    }
    part = part.builds_for(&[CORTEX_M0]);
    for (name, features) in DEVICE {
        part = part.test(format!("the_library_compiles_for_a_cortex_m0_with_{name}"), || {
            compile(features, Some(CORTEX_M0))
        });
    }
    part
}

/// Compiles every set of the features, and returns how many there are.
pub fn compile_every_set() -> Result<usize> {
    let sets = 1usize << FEATURES.len();
    let bar = progress::bar("sets of features", "sets");
    bar.set_length(sets as u64);
    for set in 0..sets {
        let chosen = FEATURES.iter().enumerate().filter(|(index, _)| set >> index & 1 == 1);
        let features: Vec<_> = chosen.map(|(_, feature)| *feature).collect();
        compile(&features.join(","), None)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(sets)
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

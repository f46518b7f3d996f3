//! Says which instructions a Cortex-M has, since stable Rust does not: `dsp` is the extension with
//! SMLAD, `mve` the vector unit Helium, `fpu` a unit for single floats where there are no vectors.
//! `armv8m` says that the architecture alone does not have `dsp`.
//! Where this does not know, none is used, and the results are the same. Nor is the unit for floats
//! where the optimization level is `z`: the loops by hand take two kilobytes of flash.

use std::env;

/// Cores with the vector unit. Those with the DSP extension but without it are in `DSP`.
const MVE: [&str; 3] = ["cortex-m52", "cortex-m55", "cortex-m85"];
const DSP: [&str; 4] = ["cortex-m4", "cortex-m7", "cortex-m33", "cortex-m35p"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(armv8m, dsp, fpu, mve)");
    let variable = |name| env::var(name).unwrap_or_default();
    let target = variable("TARGET");
    if !target.starts_with("thumb") {
        return;
    }
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    let flags = || flags.split(['\x1f', ',', '=', ' ']);
    let is_one_of = |cores: &[&str]| flags().any(|flag| cores.contains(&flag));
    let has = |feature: &str| flags().any(|flag| flag.strip_prefix('+') == Some(feature));
    if is_one_of(&MVE) || has("mve") {
        println!("cargo:rustc-cfg=mve");
        return;
    }
    if target.starts_with("thumbv8m") {
        println!("cargo:rustc-cfg=armv8m");
    }
    if target.ends_with("eabihf") && variable("OPT_LEVEL") != "z" {
        println!("cargo:rustc-cfg=fpu");
    }
    if target.starts_with("thumbv7em") || is_one_of(&DSP) || has("dsp") {
        println!("cargo:rustc-cfg=dsp");
    }
}

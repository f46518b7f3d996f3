//! A feature set builds what it says. Cargo adds the features that other packages of a build ask
//! for, so `cargo xtask test` names the set that it means in `ROLLING_BALL_FEATURES`.

use rolling_ball::kernels::{Active, Scalar};
use std::any::{TypeId, type_name};
use std::env;

/// The features that change what runs, and whether this build has them.
const BUILT: [(&str, bool); 6] = [
    ("checkpoints", cfg!(feature = "checkpoints")),
    ("gpu", cfg!(feature = "gpu")),
    ("heapless", cfg!(feature = "heapless")),
    ("micromath", cfg!(feature = "micromath")),
    ("simd", cfg!(feature = "simd")),
    ("threads", cfg!(feature = "threads")),
];

#[test]
fn the_features_are_those_that_were_asked_for() {
    let Ok(asked) = env::var("ROLLING_BALL_FEATURES") else {
        println!("SKIPPED: ROLLING_BALL_FEATURES does not say what was asked for");
        return;
    };
    let built: Vec<&str> = BUILT.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    let mut asked: Vec<&str> = asked.split(',').filter(|name| !name.is_empty()).collect();
    asked.sort_unstable();
    assert_eq!(built, asked, "another package of the same build adds features");
}

#[test]
fn constructors_choose_the_vector_kernels_with_simd_and_the_scalar_ones_without() {
    let asked = env::var("ROLLING_BALL_FEATURES").map(|features| features.contains("simd"));
    let scalar = TypeId::of::<Active>() == TypeId::of::<Scalar>();
    let simd = asked.unwrap_or(cfg!(feature = "simd"));
    assert_eq!(scalar, !simd, "{}", type_name::<Active>());
}

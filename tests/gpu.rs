//! The passes over vectors of a device against those over slices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use rolling_ball::gpu::{AdapterKind, Device, Error, Settings, Shaders, Vector};
use rolling_ball::kernels::{AdamCoefficients, Passes, SEGMENT, Scalar};
use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;
use support::random::Random;

/// Where no adapter is found, tests do nothing, and say so, unless this is set.
const REQUIRED: &str = "ROLLING_BALL_REQUIRE_GPU";

/// The device of all tests that need no other; none where there is no adapter.
fn device() -> Option<&'static Device> {
    static DEVICE: OnceLock<Option<Device>> = OnceLock::new();
    DEVICE.get_or_init(|| opened(Device::new())).as_ref()
}

fn opened(device: Result<Device, Error>) -> Option<Device> {
    match device {
        Ok(device) => {
            tell(&format!("on {:?}", device.adapter()));
            Some(device)
        }
        Err(Error::NoAdapter) if std::env::var_os(REQUIRED).is_none() => {
            tell(&format!(
                "SKIPPED, which {REQUIRED}=1 turns into a failure: {}",
                Error::NoAdapter
            ));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Says something that the test harness does not capture.
fn tell(text: &str) {
    _ = writeln!(std::io::stderr(), "tests/gpu.rs: {text}");
}

/// A device whose vectors are split after so many segments.
fn split(segments: u64) -> Option<Device> {
    device()?;
    let largest_binding = Some(segments * SEGMENT as u64 * 4);
    opened(Device::with(&Settings { largest_binding, ..Settings::default() }))
}

/// Every pass by its name.
const PASSES: [&str; 17] = [
    "dot",
    "squared_norms",
    "footpoint_sums",
    "contact_sums",
    "add_scaled",
    "scale_into",
    "interpolate_into",
    "displace",
    "gauss_newton_move",
    "project",
    "roll",
    "descend",
    "descend_with_momentum",
    "nesterov",
    "adam",
    "perturb",
    "descend_from",
];

const COEFFICIENTS: AdamCoefficients = AdamCoefficients {
    beta1: 0.9,
    beta2: 0.999,
    rate: 0.013,
    second_correction: 3.7,
    epsilon: 1e-7,
    decay: 0.02,
};

/// The sums of a pass over four vectors, by either kind of kernels.
macro_rules! run {
    ($kernels:ident, $pass:expr, $vectors:expr) => {{
        let [a, b, c, d] = $vectors;
        match $pass {
            "dot" => vec![$kernels::dot(a, b)],
            "squared_norms" => <[f32; 2]>::from($kernels::squared_norms(a, b)).to_vec(),
            "footpoint_sums" => {
                let sums = $kernels::footpoint_sums(a, b, c);
                vec![sums.distance, sums.along, sums.gradient]
            }
            "contact_sums" => {
                let sums = $kernels::contact_sums(a, b, c);
                vec![sums.theta, sums.gradient, sums.offset, sums.along]
            }
            "add_scaled" => nothing($kernels::add_scaled(a, 0.37, b)),
            "scale_into" => nothing($kernels::scale_into(a, 0.37, b)),
            "interpolate_into" => nothing($kernels::interpolate_into(a, b, c, 0.37)),
            "displace" => nothing($kernels::displace(a, b, c, 0.37, 0.61)),
            "gauss_newton_move" => nothing($kernels::gauss_newton_move(a, b, c, 0.37)),
            "project" => nothing($kernels::project(a, b, c, 0.37, 0.61)),
            "roll" => vec![$kernels::roll(a, b, c, 0.37, 0.61)],
            "descend" => <[f32; 2]>::from($kernels::descend(a, b, 0.37)).to_vec(),
            "descend_with_momentum" => {
                vec![$kernels::descend_with_momentum(a, b, c, 0.37, 0.9, false)]
            }
            "nesterov" => vec![$kernels::descend_with_momentum(a, b, c, 0.37, 0.9, true)],
            "adam" => vec![$kernels::adam(a, b, c, d, COEFFICIENTS)],
            "perturb" => nothing($kernels::perturb(a, b, c, 0.37)),
            "descend_from" => nothing($kernels::descend_from(a, b, c, 0.37)),
            other => panic!("no pass is called {other}"),
        }
    }};
}

fn nothing((): ()) -> Vec<f32> {
    Vec::new()
}

/// What a pass leaves: its vectors, and its sums.
struct Outcome {
    vectors: [Vec<f32>; 4],
    sums: Vec<f32>,
}

fn on_slices(pass: &str, mut vectors: [Vec<f32>; 4]) -> Outcome {
    let sums = run!(Scalar, pass, vectors.each_mut());
    Outcome { vectors, sums }
}

fn on_device(device: &Device, pass: &str, vectors: &[Vec<f32>; 4]) -> Outcome {
    let mut vectors = vectors.each_ref().map(|slice| Vector::from_slice(device, slice).unwrap());
    let sums = run!(Shaders, pass, vectors.each_mut());
    Outcome { vectors: vectors.map(|vector| vector.read().unwrap()), sums }
}

/// Four vectors; the third may be a variance.
fn vectors(length: usize) -> [Vec<f32>; 4] {
    let mut random = Random(length as u64);
    let mut vectors = [0; 4].map(|_| random.vector(length));
    for element in &mut vectors[2] {
        *element = element.abs();
    }
    vectors
}

/// How many numbers lie between two: 0 where the bits are equal.
fn distance(a: f32, b: f32) -> u64 {
    let place = |number: f32| {
        let bits = i64::from(number.to_bits() & 0x7fff_ffff);
        if number.is_sign_negative() { -1 - bits } else { bits }
    };
    if a.is_nan() && b.is_nan() { 0 } else { place(a).abs_diff(place(b)) }
}

fn farthest(a: &[f32], b: &[f32]) -> u64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| distance(*a, *b)).max().unwrap_or(0)
}

const LENGTHS: [usize; 11] = [0, 1, 7, 8, 255, 256, 257, 65_535, 65_536, 65_537, 200_000];

#[test]
fn every_pass_agrees_with_the_one_over_slices() {
    let Some(device) = device() else { return };
    for pass in PASSES {
        let mut worst = 0;
        for length in LENGTHS {
            let vectors = vectors(length);
            let on_device = on_device(device, pass, &vectors);
            let on_slices = on_slices(pass, vectors);
            let elements: Vec<u64> = on_slices
                .vectors
                .iter()
                .zip(&on_device.vectors)
                .map(|(a, b)| farthest(a, b))
                .collect();
            let sums: Vec<u64> =
                on_slices.sums.iter().zip(&on_device.sums).map(|(a, b)| distance(*a, *b)).collect();
            let farthest = elements.iter().chain(&sums).copied().max().unwrap_or(0);
            if farthest > 0 {
                tell(&format!(
                    "{pass} {length}: {elements:?} {sums:?} {:?} {:?}",
                    on_slices.sums, on_device.sums
                ));
            }
            worst = worst.max(farthest);
        }
        tell(&format!("{pass}: at most {worst} numbers apart"));
    }
    assert_eq!(device.failure(), None);
}

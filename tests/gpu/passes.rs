//! The passes over vectors of a device against those over slices.

use super::support::random::Random;
use super::{bits, device, split, tell};
use rolling_ball::gpu::{AdapterKind, Device, Error, Shaders, TOLERANCE, Vector};
use rolling_ball::kernels::{AdamCoefficients, Scalar, Vector as _, VectorOps};

/// Every pass by its name.
const PASSES: [&str; 20] = [
    "dot",
    "squared_norms",
    "footpoint_sums",
    "contact_sums",
    "add_scaled",
    "decay_and_add",
    "scale_into",
    "interpolate_into",
    "rescale_move",
    "repeat_move",
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

/// The sums of a pass over four vectors.
fn run<K: VectorOps>(pass: &str, [a, b, c, d]: [&mut K::Vector; 4]) -> Vec<f32> {
    match pass {
        "dot" => vec![K::dot(a, b)],
        "squared_norms" => <[f32; 2]>::from(K::squared_norms(a, b)).to_vec(),
        "footpoint_sums" => {
            let sums = K::footpoint_sums(a, b, c);
            vec![sums.distance, sums.along, sums.gradient]
        }
        "contact_sums" => {
            let sums = K::contact_sums(a, b, c);
            vec![sums.theta, sums.gradient, sums.offset, sums.along]
        }
        "add_scaled" => {
            K::add_scaled(a, 0.37, b);
            Vec::new()
        }
        "decay_and_add" => vec![K::decay_and_add(a, b, 0.37, 0.61)],
        "scale_into" => {
            K::scale_into(a, 0.37, b);
            Vec::new()
        }
        "interpolate_into" => {
            K::interpolate_into(a, b, c, 0.37);
            Vec::new()
        }
        "rescale_move" => {
            K::rescale_move(a, b, 0.37);
            Vec::new()
        }
        "repeat_move" => {
            K::repeat_move(a, b, 0.37);
            Vec::new()
        }
        "displace" => {
            K::displace(a, b, c, 0.37, 0.61);
            Vec::new()
        }
        "gauss_newton_move" => {
            K::gauss_newton_move(a, b, c, 0.37);
            Vec::new()
        }
        "project" => {
            K::project(a, b, c, 0.37, 0.61);
            Vec::new()
        }
        "roll" => vec![K::roll(a, b, c, 0.37, 0.61)],
        "descend" => <[f32; 2]>::from(K::descend(a, b, 0.37)).to_vec(),
        "descend_with_momentum" => vec![K::descend_with_momentum(a, b, c, 0.37, 0.9, false)],
        "nesterov" => vec![K::descend_with_momentum(a, b, c, 0.37, 0.9, true)],
        "adam" => vec![K::adam(a, b, c, d, COEFFICIENTS)],
        "perturb" => {
            K::perturb(a, b, c, 0.37);
            Vec::new()
        }
        "descend_from" => {
            K::descend_from(a, b, c, 0.37);
            Vec::new()
        }
        other => panic!("no pass is called {other}"),
    }
}

/// What a pass leaves: its vectors, and its sums.
struct Outcome {
    vectors: [Vec<f32>; 4],
    sums: Vec<f32>,
}

/// How many vectors a pass is over.
fn over(pass: &str) -> usize {
    match pass {
        "dot" | "squared_norms" | "add_scaled" | "scale_into" | "descend" => 2,
        "decay_and_add" | "rescale_move" | "repeat_move" => 2,
        "adam" => 4,
        _ => 3,
    }
}

/// Up to the end of the shortest vector. What is behind it stays.
fn on_slices(pass: &str, vectors: &[Vec<f32>; 4]) -> Outcome {
    let end = vectors[..over(pass)].iter().map(Vec::len).min().unwrap();
    let mut vectors = vectors.clone();
    let tails = vectors.each_mut().map(|vector| vector.split_off(end.min(vector.len())));
    let sums = run::<Scalar>(pass, vectors.each_mut().map(Vec::as_mut_slice));
    for (vector, tail) in vectors.iter_mut().zip(tails) {
        vector.extend(tail);
    }
    Outcome { vectors, sums }
}

fn on_device(device: &Device, pass: &str, vectors: &[Vec<f32>; 4]) -> Outcome {
    let mut vectors = vectors.each_ref().map(|slice| Vector::from_slice(device, slice).unwrap());
    let sums = run::<Shaders>(pass, vectors.each_mut());
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

/// Demands equal bits of a device on the CPU; of a GPU, what [`TOLERANCE`] allows. Returns how far
/// apart the numbers are that are farthest apart.
fn compare(device: &Device, before: &[Vec<f32>; 4], expected: &Outcome, actual: &Outcome) -> u64 {
    let exact = device.adapter().kind == AdapterKind::Cpu;
    let mut magnitudes = vec![0.0f64; before.iter().map(Vec::len).max().unwrap_or(0)];
    for vector in before.iter().chain(&expected.vectors) {
        for (magnitude, element) in magnitudes.iter_mut().zip(vector) {
            *magnitude += f64::from(element.abs());
        }
    }
    let squares = magnitudes.iter().map(|magnitude| magnitude * magnitude).sum();
    let mut farthest = 0;
    let mut check = |expected: f32, actual: f32, magnitude: f64| {
        let apart = distance(expected, actual);
        let allowed = f64::from(TOLERANCE) * magnitude;
        let near = !exact && (f64::from(expected) - f64::from(actual)).abs() <= allowed;
        assert!(
            apart == 0 || near,
            "expected {expected:e}, got {actual:e}, of magnitude {magnitude:e}"
        );
        farthest = farthest.max(apart);
    };
    for (expected, actual) in expected.vectors.iter().zip(&actual.vectors) {
        assert_eq!(expected.len(), actual.len());
        for ((expected, actual), magnitude) in expected.iter().zip(actual).zip(&magnitudes) {
            check(*expected, *actual, *magnitude);
        }
    }
    assert_eq!(expected.sums.len(), actual.sums.len());
    for (expected, actual) in expected.sums.iter().zip(&actual.sums) {
        check(*expected, *actual, squares);
    }
    farthest
}

fn compare_every_pass(device: &Device, vectors: &[Vec<f32>; 4]) -> Vec<(&'static str, u64)> {
    let apart = PASSES.map(|pass| {
        let actual = on_device(device, pass, vectors);
        (pass, compare(device, vectors, &on_slices(pass, vectors), &actual))
    });
    assert_eq!(device.failure(), None);
    apart.to_vec()
}

/// The elements of every vector become these numbers, in every order of four.
fn of(numbers: &[f32]) -> [Vec<f32>; 4] {
    let count = numbers.len();
    [1, count, count * count, count * count * count]
        .map(|period| (0..count.pow(4)).map(|index| numbers[index / period % count]).collect())
}

#[test]
fn every_pass_agrees_with_the_one_over_slices() {
    let Some(device) = device() else { return };
    for length in [0, 1, 7, 8, 255, 256, 257, 65_535, 65_536, 65_537, 200_000] {
        let mut apart = compare_every_pass(device, &vectors(length));
        apart.retain(|(_, apart)| *apart > 0);
        tell(&format!("length {length}: passes whose bits are not equal, and how far: {apart:?}"));
    }
}

#[test]
fn zeros_keep_their_signs() {
    let Some(device) = device() else { return };
    compare_every_pass(device, &of(&[0.0, -0.0, 1.0]));
    for zero in [0.0, -0.0] {
        compare_every_pass(device, &[0; 4].map(|_| vec![zero; 300]));
    }
}

#[test]
fn numbers_below_the_normal_ones_are_kept_on_the_cpu() {
    let Some(device) = device() else { return };
    if device.adapter().kind == AdapterKind::Cpu {
        compare_every_pass(device, &of(&[1e-40, -3e-39, 1e-38, 1e-20]));
    }
}

#[test]
fn a_pass_over_no_element_sums_to_nothing() {
    let Some(device) = device() else { return };
    let none = Vector::zeros(device, 0).unwrap();
    assert!(none.is_empty());
    assert_eq!(Shaders::dot(&none, &none).to_bits(), (-0.0f32).to_bits());
}

#[test]
fn what_is_not_a_number_spreads_to_where_it_spreads_over_slices() {
    let Some(device) = device() else { return };
    let numbers = of(&[f32::NAN, f32::INFINITY, -1.5, 3e38]);
    for pass in PASSES {
        let actual = on_device(device, pass, &numbers);
        let expected = on_slices(pass, &numbers);
        let actual = actual.vectors.iter().flatten().chain(&actual.sums);
        let expected = expected.vectors.iter().flatten().chain(&expected.sums);
        assert!(expected.clone().any(|number| number.is_nan()));
        for (expected, actual) in expected.zip(actual) {
            assert_eq!(expected.is_nan(), actual.is_nan(), "{pass}: {expected} {actual}");
            assert_eq!(expected.is_infinite(), actual.is_infinite(), "{pass}: {expected} {actual}");
        }
    }
}

#[test]
fn a_vector_in_several_buffers_gives_the_same_bits() {
    let Some(whole) = device() else { return };
    for segments in [1, 2] {
        let Some(split) = split(segments) else { return };
        for length in [65_536, 65_537, 131_072, 200_000] {
            let vectors = vectors(length);
            for pass in PASSES {
                let expected = on_device(whole, pass, &vectors);
                let actual = on_device(&split, pass, &vectors);
                assert_eq!(bits(&expected.sums), bits(&actual.sums), "{pass} {length}");
                for (expected, actual) in expected.vectors.iter().zip(&actual.vectors) {
                    assert_eq!(bits(expected), bits(actual), "{pass} {length}");
                }
            }
        }
    }
}

#[test]
fn a_pass_ends_with_its_shortest_vector() {
    let Some(whole) = device() else { return };
    let Some(split) = split(1) else { return };
    for device in [whole, &split] {
        for shortest in 0..4 {
            for (length, less, least) in [(140_000, 9_999, 65_801), (300, 13, 0)] {
                let mut vectors = vectors(length);
                for (index, vector) in vectors.iter_mut().enumerate() {
                    vector.truncate(length - less * ((index + shortest) % 4));
                }
                compare_every_pass(device, &vectors);
                vectors[shortest].truncate(least);
                compare_every_pass(device, &vectors);
            }
        }
    }
}

#[test]
fn a_pass_has_more_workgroups_than_fit_in_a_row() {
    let Some(device) = device() else { return };
    let length = 65_535 * 256 + 300;
    let mut vector = Vector::zeros(device, length).unwrap();
    vector.fill(1.5);
    assert!(vector.read().unwrap().iter().all(|element| *element == 1.5));
    let ones = vec![1.5; length];
    assert_eq!(Shaders::dot(&vector, &vector), Scalar::dot(&ones, &ones));
}

#[test]
fn a_pass_over_vectors_of_several_devices_is_remembered_as_a_failure() {
    let Some(first) = split(1) else { return };
    let Some(second) = device() else { return };
    let mut y = Vector::from_slice(&first, &[1.0]).unwrap();
    let x = Vector::from_slice(second, &[1.0]).unwrap();
    Shaders::add_scaled(&mut y, 1.0, &x);
    assert_eq!(first.failure(), Some(Error::SeveralDevices));
    assert_eq!(second.failure(), None);
    assert!(Shaders::dot(&y, &y).is_nan());
    assert_eq!(y.read().unwrap_err(), Error::SeveralDevices);
}

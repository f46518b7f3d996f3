//! `Micromath` is as accurate as its documentation says, and no more is asked of it.

use rolling_ball::nn::{BinaryCrossEntropyWithLogits, Loss, SoftmaxCrossEntropy};
use rolling_ball::{Libm, Math, Micromath};

/// Evenly from one number to the other.
fn between(low: f32, high: f32) -> impl Iterator<Item = f32> {
    let count = 200_000;
    (0..=count).map(move |i| low + (high - low) * (i as f32 / count as f32))
}

fn largest(differences: impl Iterator<Item = f32>) -> f32 {
    differences.fold(0.0, |largest, difference| {
        assert!(!difference.is_nan());
        largest.max(difference)
    })
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn micromath_is_as_close_to_libm_as_it_says() {
    let exp = between(-87.0, 88.0).map(|x| (Micromath::exp(x) / Libm::exp(x) - 1.0).abs());
    assert!(largest(exp) <= 0.003);
    let tanh = between(-20.0, 20.0).map(|x| (Micromath::tanh(x) - Libm::tanh(x)).abs());
    assert!(largest(tanh) <= 0.0015);
    let erf = between(-8.0, 8.0).map(|x| (Micromath::erf(x) - Libm::erf(x)).abs());
    assert!(largest(erf) <= 0.001);
    let ln_1p = between(0.0, 4.0).map(|x| (Micromath::ln_1p(x) - Libm::ln_1p(x)).abs());
    assert!(largest(ln_1p) <= 1e-4);
    // From the smallest normal number to the largest.
    let ln = between(-87.0, 88.0).map(Libm::exp).map(|x| (Micromath::ln(x) - Libm::ln(x)).abs());
    assert!(largest(ln) <= 1e-4);
}

#[test]
fn micromath_has_the_limits_of_libm() {
    let special = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::MIN, 0.0, 1.0];
    for x in special {
        let same = |a: f32, b: f32| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        let near = |a: f32, b: f32| same(a, b) || (a - b).abs() <= 0.003 * b.abs();
        assert!(near(Micromath::exp(x), Libm::exp(x)), "exp({x})");
        assert!(near(Micromath::ln(x), Libm::ln(x)), "ln({x}) {}", Micromath::ln(x));
        assert!(near(Micromath::tanh(x), Libm::tanh(x)), "tanh({x})");
        assert!((Micromath::erf(x) - Libm::erf(x)).abs() <= 0.001 || x.is_nan(), "erf({x})");
    }
    assert!(Micromath::erf(f32::NAN).is_nan());
}

/// Of logits up to 10 the loss is at most about 20, and the gradient at most 1.
#[test]
fn losses_with_micromath_are_near_those_with_libm() {
    fn near<T>(exact: &impl Loss<T>, other: &impl Loss<T>, target: &T) {
        let outputs = [3.0, -10.0, 0.5, 9.5];
        let (mut a, mut b) = (outputs, outputs);
        let expected = exact.evaluate(&mut a, target, 1.0).unwrap();
        let value = other.evaluate(&mut b, target, 1.0).unwrap();
        assert!((value - expected).abs() <= 0.003, "{value}, not {expected}");
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 0.003));
        assert_ne!(a, b, "the other functions were not used");
    }
    let loss = SoftmaxCrossEntropy::new();
    near(&loss, &loss.with_math(Micromath), &2);
    let loss = BinaryCrossEntropyWithLogits::new();
    near(&loss, &loss.with_math(Micromath), &[1.0, 0.0, 0.5, 1.0].as_slice());
}

//! The losses against the finite differences of their formulas in `f64`.

use crate::support::numbers::{bits, deviation, widen};
use crate::support::random::Random;
use crate::support::reference_network::{cross_entropy, finite_differences};
use rolling_ball::Error;
use rolling_ball::nn::{BinaryCrossEntropyWithLogits, Huber, Loss, SoftmaxCrossEntropy};

/// A few dozen roundings of values of order 1; the losses are of order 10 at most.
const ROUNDING: f64 = 4e-6;

/// Evaluates random outputs within `spread`: the value, and the gradient times a scale.
fn is<T>(spread: f32, loss: &impl Loss<T>, target: &T, formula: impl Fn(&[f64]) -> f64) {
    for seed in 0..8 {
        let outputs: Vec<f32> = Random(seed).vector(4).iter().map(|x| spread * x).collect();
        for scale in [1.0f32, 0.25] {
            let mut output = outputs.clone();
            let value = loss.evaluate(&mut output, target, scale).unwrap();
            let expected = formula(&widen(&outputs));
            assert!((f64::from(value) - expected).abs() <= ROUNDING, "{value}, not {expected}");
            let slopes = finite_differences(|output| formula(output), &widen(&outputs));
            let slopes: Vec<f64> = slopes.iter().map(|slope| f64::from(scale) * slope).collect();
            let off = deviation(&widen(&output), &slopes);
            assert!(off <= ROUNDING, "gradient off by {off:.2e}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn label_smoothing_spreads_a_part_of_the_target_over_all_classes() {
    for class in 0..4 {
        let loss = SoftmaxCrossEntropy::new().with_label_smoothing(0.3).unwrap();
        is(3.0, &loss, &class, |output| {
            let even = (0..4).map(|class| cross_entropy(output, class)).sum::<f64>() / 4.0;
            0.7f32 as f64 * cross_entropy(output, class) + f64::from(0.3f32) * even
        });
    }
}

/// PyTorch divides the sum over a batch by the weights of the samples' classes; each sample's part
/// of that.
#[test]
fn with_class_weights_each_class_counts_by_its_own_in_the_smoothing() {
    let weights = [0.5f32, 2.0, 1.25, 3.5];
    let loss = SoftmaxCrossEntropy::with_class_weights(&weights).unwrap();
    let loss = loss.with_label_smoothing(0.25).unwrap();
    for class in 0..4 {
        is(3.0, &loss, &class, |output| {
            let parts = weights.iter().enumerate();
            let parts = parts.map(|(other, w)| f64::from(*w) * cross_entropy(output, other));
            let spread = parts.sum::<f64>() / 4.0 / f64::from(weights[class]);
            0.75 * cross_entropy(output, class) + 0.25 * spread
        });
    }
}

#[test]
fn smoothing_of_nothing_is_no_smoothing_bit_for_bit() {
    let plain = SoftmaxCrossEntropy::new();
    let smoothed = plain.with_label_smoothing(0.0).unwrap();
    for seed in 0..8 {
        let outputs = Random(seed).vector(5);
        let (mut a, mut b) = (outputs.clone(), outputs);
        let value = plain.evaluate(&mut a, &2, 0.3).unwrap();
        assert_eq!(value.to_bits(), smoothed.evaluate(&mut b, &2, 0.3).unwrap().to_bits());
        assert_eq!(bits(&a), bits(&b));
    }
}

#[test]
fn a_class_of_weight_zero_has_a_finite_loss_with_smoothing_too() {
    let weights = [1.0, 0.0, 2.0];
    let loss = SoftmaxCrossEntropy::with_class_weights(&weights).unwrap();
    let loss = loss.with_label_smoothing(0.1).unwrap();
    let mut output = [0.5, -0.5, 2.0];
    assert_eq!(loss.weight(&1).unwrap(), 0.0);
    assert!(loss.evaluate(&mut output, &1, 0.0).unwrap().is_finite());
    assert!(output.iter().all(|slope| *slope == 0.0));
}

#[test]
fn binary_cross_entropy_is_the_mean_over_the_outputs() {
    let target = [0.0f32, 1.0, 0.25, 0.5];
    is(6.0, &BinaryCrossEntropyWithLogits::new(), &target.as_slice(), |output| {
        let terms = output.iter().zip(target).map(|(z, t)| {
            let p = 1.0 / (1.0 + (-z).exp());
            -f64::from(t) * p.ln() - (1.0 - f64::from(t)) * (1.0 - p).ln()
        });
        terms.sum::<f64>() / 4.0
    });
}

#[test]
fn binary_cross_entropy_is_exact_where_the_network_is_certain() {
    let loss = BinaryCrossEntropyWithLogits::new();
    let evaluate = |logit: f32, target: f32| {
        let mut output = [logit];
        let value = loss.evaluate(&mut output, &[target].as_slice(), 1.0).unwrap();
        (value, output[0])
    };
    // Where it is right, the loss is e^-|z|; where it is wrong, |z|.
    let (value, slope) = evaluate(30.0, 1.0);
    assert!((f64::from(value) / (-30f64).exp() - 1.0).abs() < 1e-6 && slope == 0.0);
    let (value, slope) = evaluate(-30.0, 0.0);
    assert!((f64::from(value) / (-30f64).exp() - 1.0).abs() < 1e-6);
    assert!((f64::from(slope) / (-30f64).exp() - 1.0).abs() < 1e-6);
    assert_eq!(evaluate(f32::MAX, 0.0), (f32::MAX, 1.0));
    assert_eq!(evaluate(f32::MIN, 1.0), (f32::MAX, -1.0));
    assert!(evaluate(f32::NAN, 1.0).0.is_nan());
}

#[test]
fn huber_is_quadratic_up_to_delta_and_straight_beyond() {
    let target = [0.5f32, -1.0, 0.0, 2.0];
    for delta in [0.25f32, 1.0, 20.0] {
        is(4.0, &Huber::new(delta).unwrap(), &target.as_slice(), |output| {
            let delta = f64::from(delta);
            let terms = output.iter().zip(target).map(|(y, t)| {
                let off = (y - f64::from(t)).abs();
                if off <= delta { off * off / 2.0 } else { delta * (off - delta / 2.0) }
            });
            terms.sum::<f64>() / 4.0
        });
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn an_outlier_does_not_overflow_hubers_loss_and_nan_passes_through() {
    let loss = Huber::new(1.0).unwrap();
    let mut output = [1e30, 0.0];
    assert_eq!(loss.evaluate(&mut output, &[0.0, 0.0].as_slice(), 1.0).unwrap(), 5e29);
    assert_eq!(output, [0.5, 0.0]);
    let mut output = [f32::NAN, 0.0];
    assert!(loss.evaluate(&mut output, &[0.0, 0.0].as_slice(), 1.0).unwrap().is_nan());
}

#[test]
fn settings_and_targets_that_make_no_sense_are_refused_by_name_and_nothing_is_written() {
    for bad in [-0.1, 1.0, f32::NAN, f32::INFINITY] {
        let error = SoftmaxCrossEntropy::new().with_label_smoothing(bad).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "label smoothing", .. }));
    }
    for bad in [-1.0, 0.0, f32::NAN, f32::INFINITY] {
        let error = Huber::new(bad).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "delta", .. }));
    }
    for bad in [-0.5, 1.5, f32::NAN] {
        let mut output = [0.25, 0.5];
        let loss = BinaryCrossEntropyWithLogits::new();
        let error = loss.evaluate(&mut output, &[1.0, bad].as_slice(), 1.0).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "target", .. }));
        assert_eq!(output, [0.25, 0.5]);
    }
    let length = Error::Length { what: "target", expected: 3, actual: 2 };
    let (mut output, target) = ([0.0; 3], [0.0; 2]);
    let loss = BinaryCrossEntropyWithLogits::new();
    assert_eq!(loss.evaluate(&mut output, &target.as_slice(), 1.0).unwrap_err(), length);
    let loss = Huber::new(1.0).unwrap();
    assert_eq!(loss.evaluate(&mut output, &target.as_slice(), 1.0).unwrap_err(), length);
}

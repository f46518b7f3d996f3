//! Landscapes on a device against the same landscapes on the processor.

use super::support::random::Random;
use super::{assert_alike, assert_near, device};
use rolling_ball::gpu::{self, Device, Error, Formula, Landscape, Shaded, Shaders, Vector};
use rolling_ball::landscapes::{
    Ackley, GaussianWells, Quadratic, Rastrigin, RippledBowl, Rosenbrock, SineModel, Weierstrass,
    WeierstrassLike, Whitley,
};
use rolling_ball::{Objective, Sgd, SgdConfig};

/// Of the largest element: sines by other polynomials than libm's, and sums in another order.
const PART: f32 = 1e-5;

fn compare(device: &Device, mut landscape: impl Shaded + Objective, parameters: usize) {
    let mut there = Landscape::new(device, &landscape, parameters).unwrap();
    let mut random = Random(5);
    for _ in 0..10 {
        let theta: Vec<f32> = random.vector(parameters).iter().map(|t| 3.0 * t).collect();
        let mut gradient = vec![0.0; parameters];
        let loss = landscape.gradient(&theta, &mut gradient).unwrap();
        let theta = Vector::from_slice(device, &theta).unwrap();
        let mut gradient_there = Vector::zeros(device, parameters).unwrap();
        let loss_there = there.gradient(&theta, &mut gradient_there).unwrap();
        assert_eq!(there.loss(&theta).unwrap(), loss_there);
        assert_eq!(device.failure(), None);
        assert_near(&gradient, &gradient_there.read().unwrap(), PART);
        // A loss near 0 is a difference of numbers of order 1.
        assert!((loss - loss_there).abs() <= PART * loss.abs().max(1.0), "{loss} {loss_there}");
    }
}

#[test]
fn landscapes_are_those_on_the_processor() {
    let Some(device) = device() else { return };
    let bowl = Quadratic { condition: 100.0 };
    for parameters in [1, 2, 1000] {
        compare(device, Ackley, parameters);
        compare(device, bowl, parameters);
        compare(device, Rastrigin, parameters);
        compare(device, RippledBowl { bowl, amplitude: 0.05, frequency: 30.0 }, parameters);
        compare(device, Rosenbrock, parameters);
        compare(device, Weierstrass { amplitude: 0.5, frequency: 3.0, terms: 5 }, parameters);
        compare(device, WeierstrassLike { terms: 100 }, parameters);
        compare(device, Whitley, parameters.min(50));
    }
}

#[test]
fn landscapes_with_data_are_those_on_the_processor() {
    let Some(device) = device() else { return };
    let places = Random(6).vector(2000);
    let minima: Vec<[f32; 2]> = places.chunks(2).map(|at| [3.0 * at[0], 3.0 * at[1]]).collect();
    compare(device, GaussianWells { minima: &minima, width: 0.1 }, 2);
    let inputs: Vec<f32> = (0..64).map(|i| i as f32 / 6.4 - 5.0).collect();
    let targets: Vec<f32> = inputs.iter().map(|x| (4.0 * x).sin()).collect();
    compare(device, SineModel { inputs: &inputs, targets: &targets }, 2);
    compare(device, SineModel { inputs: &[], targets: &[] }, 2);
}

#[test]
fn another_number_of_parameters_is_refused() {
    let Some(device) = device() else { return };
    let wells = GaussianWells { minima: &[[0.0; 2]], width: 0.1 };
    for (parameters, expected) in [(3, 2), (0, 2)] {
        let refused = Landscape::new(device, &wells, parameters).unwrap_err();
        let what = "theta";
        let error = rolling_ball::Error::Length { what, expected, actual: parameters };
        assert_eq!(refused, Error::Step(error));
    }
    assert!(matches!(Landscape::new(device, &Ackley, 0), Err(Error::Step(_))));
    let mut objective = Landscape::new(device, &Ackley, 3).unwrap();
    let theta = Vector::zeros(device, 2).unwrap();
    let error = rolling_ball::Error::Length { what: "theta", expected: 3, actual: 2 };
    assert_eq!(objective.loss(&theta), Err(error));
}

/// `scale * |theta|^2`, or what is no WGSL.
struct Own(&'static str, &'static str);

impl Shaded for Own {
    fn formula(&self, _: usize) -> Formula {
        let Self(name, source) = *self;
        Formula { name, source, numbers: [2.0; 4], data: Vec::new(), parameters: None }
    }
}

#[test]
fn a_loss_of_ones_own_in_wgsl_is_an_objective() {
    let Some(device) = device() else { return };
    let own = Own(
        "ackley",
        "fn term(i: u32) -> f32 { return numbers().x * at(i) * at(i); }
         fn slope(i: u32) -> f32 { return 2.0 * numbers().x * at(i); }",
    );
    // The name is only for the errors of the compiler: another loss may have it.
    Landscape::new(device, &Ackley, 2).unwrap();
    let mut objective = Landscape::new(device, &own, 2).unwrap();
    let mut theta = Vector::from_slice(device, &[1.0, -2.0]).unwrap();
    let config = SgdConfig { learning_rate: 0.125.into(), ..SgdConfig::default() };
    let gradient = Vector::zeros(device, 2).unwrap();
    let mut sgd = Sgd::with_backend(Shaders, config, gradient, None).unwrap();
    let report = gpu::step(&mut sgd, &mut objective, &mut theta).unwrap();
    assert_eq!((report.loss_before, report.loss_after), (10.0, Some(2.5)));
    assert_eq!(theta.read().unwrap(), [0.5, -1.0]);
}

#[test]
fn wgsl_that_is_not_in_order_is_refused_in_the_words_of_its_compiler() {
    let Some(device) = device() else { return };
    let own = Own("nonsense", "fn term(i: u32) -> f32 { return nowhere; }");
    match Landscape::new(device, &own, 2).unwrap_err() {
        Error::Refused(text) => assert!(text.contains("nowhere"), "{text}"),
        other => panic!("{other}"),
    }
    assert_eq!(device.failure(), None);
}

/// A function at each number.
fn of_each(device: &Device, source: &'static str, numbers: &[f32]) -> Vec<f32> {
    let mut objective = Landscape::new(device, &Own("function", source), numbers.len()).unwrap();
    let theta = Vector::from_slice(device, numbers).unwrap();
    let mut values = Vector::zeros(device, numbers.len()).unwrap();
    objective.gradient(&theta, &mut values).unwrap();
    values.read().unwrap()
}

#[test]
fn exponential_and_logarithm_are_those_of_libm() {
    let Some(device) = device() else { return };
    let random = Random(7).vector(100_000);
    let mut numbers: Vec<f32> = random.iter().map(|number| 110.0 * number).collect();
    let near_0 = random.iter().map(|number| number.powi(9));
    numbers.extend(near_0);
    numbers.extend([
        0.0,
        -0.0,
        0.346_573_6,
        1.039_720_8,
        88.722_83,
        88.722_84,
        -87.336_54,
        -103.9,
        -104.1,
    ]);
    let exponential = "fn term(i: u32) -> f32 { return 0.0; }
                       fn slope(i: u32) -> f32 { return exponential(at(i)); }";
    let expected: Vec<f32> = numbers.iter().map(|number| libm::expf(*number)).collect();
    let actual = of_each(device, exponential, &numbers);
    for ((number, expected), actual) in numbers.iter().zip(&expected).zip(&actual) {
        // Infinity is no number to compare by.
        if expected.is_infinite() {
            assert!(actual.is_infinite(), "{number}: {actual}");
        } else {
            assert_alike(device, &[*expected], &[*actual], 1e-6);
        }
    }
    let positive: Vec<f32> = expected.into_iter().filter(|number| number.is_normal()).collect();
    let logarithm = "fn term(i: u32) -> f32 { return 0.0; }
                     fn slope(i: u32) -> f32 { return logarithm(at(i)); }";
    let expected: Vec<f32> = positive.iter().map(|number| libm::logf(*number)).collect();
    assert_alike(device, &expected, &of_each(device, logarithm, &positive), 1e-6);
}

#[test]
fn sine_and_cosine_are_good_to_the_last_bits() {
    let Some(device) = device() else { return };
    let random = Random(8).vector(100_000);
    let angles: Vec<f32> = random.iter().map(|angle| 10_000.0 * angle).collect();
    for (source, function) in [
        ("fn slope(i: u32) -> f32 { return sine(at(i)); }", libm::sin as fn(f64) -> f64),
        ("fn slope(i: u32) -> f32 { return cosine(at(i)); }", libm::cos),
    ] {
        let term = "fn term(i: u32) -> f32 { return 0.0; }\n";
        let source: &'static str = Box::leak([term, source].concat().into_boxed_str());
        let values = of_each(device, source, &angles);
        for (angle, value) in angles.iter().zip(values) {
            let apart = (function(f64::from(*angle)) - f64::from(value)).abs();
            assert!(apart < 2.0 * f64::from(f32::EPSILON), "{angle}: {value}, {apart:e} off");
        }
    }
}

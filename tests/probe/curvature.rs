//! The curvature of a loss at a point, by gradients alone.

use crate::support::numbers::bits;
use crate::support::random::Random;
use rolling_ball::landscapes::{GaussianWells, Quadratic};
use rolling_ball::probe::{Curvature, Eigenvalue, Trace};
use rolling_ball::{Error, Objective};

/// `sum_i curvature_i (theta . axis_i)^2 / 2`, with the axes of the parameters, or those in the
/// mirror at right angles to a direction: `axis_i = e_i - 2 mirror_i mirror`.
struct Bowl {
    curvatures: Vec<f32>,
    /// Of length 1.
    mirror: Option<Vec<f32>>,
    gradients: u32,
}

impl Bowl {
    fn new(curvatures: &[f32]) -> Self {
        Self { curvatures: curvatures.into(), mirror: None, gradients: 0 }
    }

    fn rotated(self) -> Self {
        let mut mirror = Random(7).vector(self.curvatures.len());
        let length = dot(&mirror, &mirror).sqrt();
        mirror.iter_mut().for_each(|element| *element /= length);
        Self { mirror: Some(mirror), ..self }
    }

    /// A vector in the mirror.
    fn reflected(&self, vector: &[f32]) -> Vec<f32> {
        let Some(mirror) = &self.mirror else { return vector.into() };
        let along = 2.0 * dot(mirror, vector);
        vector.iter().zip(mirror).map(|(element, m)| element - along * m).collect()
    }

    fn axis(&self, index: usize) -> Vec<f32> {
        let mut axis = vec![0.0; self.curvatures.len()];
        axis[index] = 1.0;
        self.reflected(&axis)
    }
}

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.gradient(theta, &mut vec![0.0; theta.len()])
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        self.gradients += 1;
        let along = self.reflected(theta);
        let slopes: Vec<f32> = along.iter().zip(&self.curvatures).map(|(x, c)| c * x).collect();
        gradient.copy_from_slice(&self.reflected(&slopes));
        Ok(dot(&along, &slopes) / 2.0)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

const THETA: [f32; 5] = [0.5, -1.0, 0.25, 2.0, -0.5];
const AT: Curvature = Curvature { theta: &THETA, step: 0.02, seed: 3 };

fn largest(loss: &mut impl Objective, at: Curvature, iterations: u32) -> (Eigenvalue, Vec<f32>) {
    let mut direction = vec![0.0; at.theta.len()];
    let mut scratch = [(); 3].map(|()| vec![0.0; at.theta.len()]);
    let scratch = scratch.each_mut().map(Vec::as_mut_slice);
    let found = at.largest(loss, iterations, &mut direction, scratch).unwrap();
    (found, direction)
}

fn trace(loss: &mut impl Objective, at: Curvature, directions: u32) -> Trace {
    let mut scratch = [(); 2].map(|()| vec![0.0; at.theta.len()]);
    at.trace(loss, directions, scratch.each_mut().map(Vec::as_mut_slice)).unwrap()
}

/// Gradients of this size, rounded to `f32`, give a difference over the step that is good to about
/// this part.
const ROUNDING: f32 = 1e-4;

#[test]
fn the_largest_eigenvalue_of_a_bowl_is_found_whatever_way_it_lies() {
    for bowl in [Bowl::new(&[0.5, 4.0, 0.0, 1.0, 2.0]), Bowl::new(&[1.0, 3.0, 4.0, 0.1, 2.0])] {
        let index = bowl.curvatures.iter().position(|curvature| *curvature == 4.0).unwrap();
        for mut bowl in [Bowl::new(&bowl.curvatures), bowl.rotated()] {
            let (found, direction) = largest(&mut bowl, AT, 40);
            assert!((found.value - 4.0).abs() < 4.0 * ROUNDING, "{found:?}");
            // An error of the direction counts with the distance to the next eigenvalue.
            assert!(found.residual < 0.01, "{found:?}");
            assert!((dot(&direction, &bowl.axis(index)).abs() - 1.0).abs() < ROUNDING);
        }
    }
}

#[test]
fn the_value_rises_with_the_iterations_and_an_eigenvalue_is_as_near_as_the_residual_says() {
    let mut bowl = Bowl::new(&[1.0, 2.0, 4.0, 0.1, 2.0]).rotated();
    let found = [1, 4, 16, 64].map(|iterations| largest(&mut bowl, AT, iterations).0);
    for pair in found.windows(2) {
        assert!(pair[0].value < pair[1].value, "{found:?}");
    }
    for Eigenvalue { value, residual } in found {
        let away = bowl.curvatures.iter().map(|curvature| (value - curvature).abs());
        assert!(away.fold(f32::INFINITY, f32::min) <= residual + 4.0 * ROUNDING, "{found:?}");
    }
    assert!(found[3].residual < 0.01, "{found:?}");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn where_the_loss_bends_down_more_strongly_the_largest_is_still_that_which_bends_up() {
    for (most, seed) in [(-5.0, 1), (-5.0, 2), (-3.0, 1), (-3.0, 2), (-2.0, 1), (-2.0, 2)] {
        let mut saddle = Bowl::new(&[most, 2.0, 1.0, 0.0, -1.0]).rotated();
        let (found, direction) = largest(&mut saddle, Curvature { seed, ..AT }, 80);
        assert!((found.value - 2.0).abs() < 5.0 * ROUNDING, "{found:?}");
        assert!((dot(&direction, &saddle.axis(1)).abs() - 1.0).abs() < ROUNDING);
    }
}

#[test]
fn where_every_direction_bends_down_the_largest_is_the_one_nearest_to_zero() {
    let mut hill = Bowl::new(&[-5.0, -2.0, -0.5, -4.0, -1.0]).rotated();
    let (found, _) = largest(&mut hill, AT, 80);
    assert!((found.value + 0.5).abs() < 5.0 * ROUNDING, "{found:?}");
}

#[test]
fn a_plain_has_no_curvature() {
    let mut plain = Bowl::new(&[0.0; 5]);
    assert_eq!(largest(&mut plain, AT, 10).0, Eigenvalue { value: 0.0, residual: 0.0 });
    assert_eq!(trace(&mut plain, AT, 3), Trace { value: 0.0, error: 0.0 });
}

#[test]
fn the_largest_costs_two_gradients_an_iteration_and_two_for_the_value() {
    let mut bowl = Bowl::new(&[0.5, 4.0, 0.0, 1.0, 2.0]);
    largest(&mut bowl, AT, 7);
    assert_eq!(bowl.gradients, 16);
    let mut saddle = Bowl::new(&[-5.0, 2.0, 1.0, 0.0, -1.0]);
    largest(&mut saddle, AT, 7);
    assert_eq!(saddle.gradients, 32);
}

#[test]
fn the_trace_costs_two_gradients_a_direction() {
    let mut bowl = Bowl::new(&[0.5, 4.0, 0.0, 1.0, 2.0]);
    trace(&mut bowl, AT, 7);
    assert_eq!(bowl.gradients, 14);
}

#[test]
fn each_estimate_of_the_trace_is_exact_where_nothing_is_off_the_diagonal() {
    let found = trace(&mut Bowl::new(&[0.5, 4.0, 0.0, 1.0, -2.0]), AT, 4);
    assert!((found.value - 3.5).abs() < 3.5 * ROUNDING, "{found:?}");
    assert!(found.error < 3.5 * ROUNDING, "{found:?}");
}

#[test]
fn the_trace_of_a_rotated_bowl_is_within_its_own_error_and_more_directions_make_that_smaller() {
    let mut bowl = Bowl::new(&[0.5, 4.0, 0.0, 1.0, 2.0]).rotated();
    let [few, many] = [10, 160].map(|directions| trace(&mut bowl, AT, directions));
    for found in [few, many] {
        // Three standard errors.
        assert!((found.value - 7.5).abs() < 3.0 * found.error, "{found:?}");
    }
    assert!(few.error > 2.0 * many.error, "{few:?} {many:?}");
    assert_eq!(trace(&mut bowl, AT, 1).error, f32::INFINITY);
}

#[test]
fn a_narrow_well_is_more_curved_than_a_wide_one() {
    let minima = [[0.0, 0.0]];
    let at = Curvature { theta: &[0.0, 0.0], step: 0.01, seed: 1 };
    let curved = |width| {
        let mut well = GaussianWells { minima: &minima, width };
        (largest(&mut well, at, 30).0.value, trace(&mut well, at, 5).value)
    };
    let (narrow, wide) = (curved(0.3), curved(1.0));
    assert!(narrow.0 > 2.0 * wide.0 && narrow.1 > 2.0 * wide.1, "{narrow:?} {wide:?}");
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_other_directions() {
    let found = |seed| {
        let mut bowl = Bowl::new(&[1.0, 3.0, 4.0, 0.1, 2.0]).rotated();
        let at = Curvature { seed, ..AT };
        let (eigenvalue, direction) = largest(&mut bowl, at, 2);
        let trace = trace(&mut bowl, at, 3);
        [&bits(&direction)[..], &bits(&[eigenvalue.value, trace.value])].concat()
    };
    assert_eq!(found(1), found(1));
    assert_ne!(found(1), found(2));
}

#[test]
fn theta_may_have_one_parameter() {
    let at = Curvature { theta: &[2.0], step: 0.01, seed: 1 };
    let mut bowl = Quadratic { condition: 1.0 };
    let (found, direction) = largest(&mut bowl, at, 1);
    assert!((found.value - 1.0).abs() < ROUNDING, "{found:?}");
    assert_eq!(direction[0].abs(), 1.0);
}

/// What is said where `at` is measured with buffers of these lengths.
fn complaints(at: Curvature, length: usize, count: u32) -> [String; 2] {
    let mut bowl = Quadratic { condition: 4.0 };
    let mut buffers = [(); 4].map(|()| vec![0.0; length]);
    let [direction, a, b, c] = buffers.each_mut().map(Vec::as_mut_slice);
    let first = at.largest(&mut bowl, count, direction, [a, b, c]).unwrap_err();
    let second = at.trace(&mut bowl, count, [a, b]).unwrap_err();
    [first, second].map(|error| error.to_string())
}

#[test]
fn bad_input_is_refused_and_told() {
    let both = |words: &str| [words.to_owned(), words.to_owned()];
    let above = "step: expected a finite number above 0";
    for (step, words) in [(0.0, "0"), (-1.0, "-1"), (f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let found = complaints(Curvature { step, ..AT }, 5, 3);
        assert_eq!(found, both(&format!("{above}, got {words}")));
    }
    assert_eq!(
        complaints(Curvature { step: 1e-9, ..AT }, 5, 3),
        both(
            "step: expected a step that changes theta, such as a hundredth of its length, got \
             0.000000001"
        )
    );
    let empty = Curvature { theta: &[], ..AT };
    assert_eq!(complaints(empty, 0, 3), both("theta: expected length 1, got 0"));
    assert_eq!(complaints(AT, 4, 3), both("direction and scratch: expected length 5, got 4"));
    assert_eq!(
        complaints(AT, 5, 0),
        ["iterations: expected at least 1, got 0", "directions: expected at least 1, got 0"]
    );
    for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
        let theta = [0.0, bad];
        let found = complaints(Curvature { theta: &theta, ..AT }, 2, 3);
        assert_eq!(found, both(&Error::NonFiniteParameters.to_string()));
    }
}

/// Answers with this loss and slope.
struct Answers(f32, f32);

impl Objective for Answers {
    fn loss(&mut self, _: &[f32]) -> Result<f32, Error> {
        Ok(self.0)
    }

    fn gradient(&mut self, _: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        gradient.fill(self.1);
        Ok(self.0)
    }
}

#[test]
fn an_answer_that_is_not_finite_is_an_error() {
    let errors = |loss, slope| {
        let mut buffers = [[0.0; 5]; 4];
        let [direction, a, b, c] = buffers.each_mut().map(<[f32; 5]>::as_mut_slice);
        let mut answers = Answers(loss, slope);
        let first = AT.largest(&mut answers, 3, direction, [a, b, c]).unwrap_err();
        [first, AT.trace(&mut answers, 3, [a, b]).unwrap_err()]
    };
    assert_eq!(errors(f32::NAN, 1.0), [Error::NonFiniteLoss; 2]);
    assert_eq!(errors(f32::INFINITY, 1.0), [Error::NonFiniteLoss; 2]);
    assert_eq!(errors(1.0, f32::NAN), [Error::NonFiniteGradient; 2]);
    assert_eq!(errors(1.0, f32::INFINITY), [Error::NonFiniteGradient; 2]);
}

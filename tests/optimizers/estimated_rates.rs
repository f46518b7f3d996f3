//! DoG and Prodigy, which find their rate by themselves.

use crate::steps::{LENGTH, follows, loss, start, zeros};
use crate::support::cases::cases;
use crate::support::formulas::{Affine, Formula, Quadratic, Single};
use crate::support::numbers::{add_scaled, bits, deviation, distance, dot, norm, widen};
use crate::support::optimizers::run;
use crate::support::random::Random;
use proptest::prelude::*;
use rolling_ball::{
    ByPart, Dog, DogConfig, Error, Objective, Optimizer, Part, Prodigy, ProdigyConfig, Resumable,
    Schedule, step,
};

fn dog(config: DogConfig) -> Dog<Vec<f32>> {
    Dog::new(config, [zeros(), zeros()], config.average.then(zeros)).unwrap()
}

fn prodigy(config: ProdigyConfig) -> Prodigy<Vec<f32>> {
    Prodigy::new(config, [(); 5].map(|()| zeros())).unwrap()
}

/// DoG in plain loops.
#[derive(Default)]
struct PlainDog {
    start: Option<Vec<f64>>,
    distance: f64,
    gradients: f64,
}

impl PlainDog {
    fn step(&mut self, theta: &mut Vec<f64>, learning_rate: f64) {
        let slope = loss().slope(theta);
        match &self.start {
            None => {
                self.distance = 0.05 * (1.0 + norm(theta));
                self.gradients = 0.1;
                self.start = Some(theta.clone());
            }
            Some(start) => self.distance = self.distance.max(distance(theta, start)),
        }
        self.gradients += dot(&slope, &slope);
        *theta = add_scaled(theta, -learning_rate * self.distance / self.gradients.sqrt(), &slope);
    }
}

const DOG: DogConfig = DogConfig {
    learning_rate: Schedule::Linear { from: 1.0, to: 0.4, steps: 6 },
    initial_distance: 0.05,
    epsilon: 0.1,
    average: false,
    roll_back: true,
};

#[test]
fn dog_divides_the_distance_from_the_start_by_the_root_of_all_squared_gradients() {
    for roll_back in [false, true] {
        let (mut plain, mut steps) = (PlainDog::default(), 0);
        follows(dog(DogConfig { roll_back, ..DOG }), move |theta| {
            plain.step(theta, 1.0 - 0.1 * f64::from(steps));
            steps += 1;
        });
    }
}

/// Prodigy in plain loops, as its authors' code has them.
struct PlainProdigy {
    start: Vec<f64>,
    distance: f64,
    numerator: f64,
    mean: Vec<f64>,
    variance: Vec<f64>,
    sum: Vec<f64>,
}

impl PlainProdigy {
    fn new() -> Self {
        let none = || vec![0.0; LENGTH];
        let (start, distance, numerator) = (widen(&start()), 0.05, 0.0);
        Self { start, distance, numerator, mean: none(), variance: none(), sum: none() }
    }

    fn step(&mut self, theta: &mut [f64], learning_rate: f64) {
        let (beta1, beta2, beta3) = (0.9, 0.99, 0.99f64.sqrt());
        let slope = loss().slope(theta);
        let d = self.distance;
        let rate = d * learning_rate;
        let scale = d / 0.05 * rate;
        let back = dot(&slope, &add_scaled(&self.start, -1.0, theta));
        self.numerator = beta3 * self.numerator + scale * back;
        for (sum, slope) in self.sum.iter_mut().zip(&slope) {
            *sum = beta3 * *sum + scale * slope;
        }
        let length: f64 = self.sum.iter().map(|sum| sum.abs()).sum();
        self.distance = self.distance.max(1.5 * self.numerator / length);
        let moments = self.mean.iter_mut().zip(&mut self.variance);
        for ((theta, slope), (mean, variance)) in theta.iter_mut().zip(slope).zip(moments) {
            *mean = beta1 * *mean + (1.0 - beta1) * d * slope;
            *variance = beta2 * *variance + (1.0 - beta2) * (d * slope).powi(2);
            *theta -= 0.2 * rate * *theta;
            *theta -= rate * *mean / (variance.sqrt() + 1e-3 * self.distance);
        }
    }
}

const PRODIGY: ProdigyConfig = ProdigyConfig {
    learning_rate: Schedule::Linear { from: 1.0, to: 0.4, steps: 6 },
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-3,
    weight_decay: 0.2,
    initial_distance: 0.05,
    distance_factor: 1.5,
    roll_back: true,
};

#[test]
fn prodigy_is_adam_at_a_distance_that_it_estimates() {
    let (mut plain, mut steps) = (PlainProdigy::new(), 0);
    follows(prodigy(PRODIGY), move |theta| {
        plain.step(theta, 1.0 - 0.1 * f64::from(steps));
        steps += 1;
    });
    let mut plain = PlainProdigy::new();
    let mut theta = widen(&start());
    (0..6).for_each(|_| plain.step(&mut theta, 1.0));
    assert!(plain.distance > 0.06, "the estimate hardly grew: {}", plain.distance);
}

#[test]
fn parts_that_are_all_alike_are_prodigy_at_another_rate() {
    let parts = [2, LENGTH - 2].map(|length| Part { length, rate: 0.5, decay: 0.0 });
    let mut by_part = ByPart::new(prodigy(PRODIGY), parts).unwrap();
    let learning_rate = Schedule::Linear { from: 0.5, to: 0.2, steps: 6 };
    let mut whole = prodigy(ProdigyConfig { learning_rate, ..PRODIGY });
    let (mut theta, mut expected) = (start(), start());
    run(&mut by_part, &mut Single(loss()), &mut theta, 6);
    run(&mut whole, &mut Single(loss()), &mut expected, 6);
    let strayed = deviation(&widen(&theta), &widen(&expected));
    // Sums are added up by part.
    assert!(strayed <= 2e-6, "{strayed}");
    assert!(distance(&widen(&theta), &widen(&start())) > 0.01);
}

#[test]
fn the_first_step_of_dog_has_the_length_that_it_says() {
    let config = DogConfig { initial_distance: 0.01, epsilon: 1e-12, ..DogConfig::default() };
    let mut theta = start();
    let report = step(&mut dog(config), &mut Single(loss()), &mut theta).unwrap();
    let expected = 0.01 * (1.0 + norm(&widen(&start())));
    let moved = distance(&widen(&theta), &widen(&start()));
    // Roundings of coordinates of order 1, and of a length of 0.02.
    assert!((moved - expected).abs() <= 2e-7, "{moved}, not {expected}");
    assert!((f64::from(report.absolute_update.unwrap()) - expected).abs() <= 1e-8);
}

#[test]
fn the_average_weighs_late_steps_more_and_is_what_is_deployed() {
    for roll_back in [false, true] {
        let config = DogConfig { average: true, roll_back, ..DOG };
        let (mut averaging, mut plain) = (dog(config), dog(DogConfig { average: false, ..config }));
        let (mut theta, mut other) = (start(), start());
        assert_eq!(bits(averaging.centre(&theta).unwrap()), bits(&theta));
        let mut average = vec![0.0; LENGTH];
        for index in 0..6 {
            step(&mut averaging, &mut Single(loss()), &mut theta).unwrap();
            step(&mut plain, &mut Single(loss()), &mut other).unwrap();
            assert_eq!(bits(&theta), bits(&other));
            let weight = 9.0 / (9.0 + f64::from(index));
            average = add_scaled(
                &add_scaled(&[0.0; LENGTH], 1.0 - weight, &average),
                weight,
                &widen(&theta),
            );
            let centre = averaging.centre(&theta).unwrap();
            assert!(deviation(&widen(centre), &average) <= 1e-6, "{index}");
        }
        assert_ne!(bits(averaging.centre(&theta).unwrap()), bits(&theta));
    }
}

#[test]
fn a_step_that_is_rolled_back_is_not_in_the_average() {
    let mut dog = dog(DogConfig { average: true, ..DOG });
    let mut theta = start();
    run(&mut dog, &mut Single(loss()), &mut theta, 2);
    let before = bits(dog.centre(&theta).unwrap());
    dog.begin(&mut theta).unwrap();
    dog.gradient_mut().fill(0.1);
    dog.tell_gradient(&mut theta, 1.0).unwrap();
    assert_eq!(dog.tell_loss(&mut theta, f32::NAN), Err(Error::NonFiniteLoss));
    assert_eq!(bits(dog.centre(&theta).unwrap()), before);
}

#[test]
fn a_first_step_that_is_refused_leaves_no_trace() {
    type Flaw = fn(&mut [f32]) -> f32;
    let flawed: [Flaw; 2] = [
        |slope| {
            slope.fill(0.1);
            f32::NAN
        },
        |slope| {
            slope.fill(f32::INFINITY);
            1.0
        },
    ];
    fn refused<O: Optimizer + Resumable>(mut fresh: O, mut used: O, flaw: Flaw) {
        let mut elsewhere = vec![9.0; LENGTH];
        used.begin(&mut elsewhere).unwrap();
        let loss_there = flaw(used.gradient_mut());
        used.tell_gradient(&mut elsewhere, loss_there).unwrap_err();
        let (mut theta, mut expected) = (start(), start());
        for _ in 0..3 {
            step(&mut used, &mut Single(loss()), &mut theta).unwrap();
            step(&mut fresh, &mut Single(loss()), &mut expected).unwrap();
            assert_eq!(bits(&theta), bits(&expected));
        }
    }
    for flaw in flawed {
        refused(dog(DOG), dog(DOG), flaw);
        refused(prodigy(PRODIGY), prodigy(PRODIGY), flaw);
    }
}

/// Of a slope so steep that the sum of the squares of some dozen is no number.
fn steep() -> Single<Affine> {
    Single(Affine { slope: vec![1.4e18; LENGTH], constant: 0.0 })
}

#[test]
fn dog_goes_on_moving_where_the_sum_of_the_squared_gradients_overflows() {
    let mut dog = dog(DogConfig::default());
    let mut theta = start();
    for index in 0..200 {
        let before = bits(&theta);
        step(&mut dog, &mut steep(), &mut theta).unwrap();
        // The first steps are shorter than a rounding.
        assert!(index < 20 || bits(&theta) != before, "it stands still in step {index}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn prodigy_goes_on_after_steps_whose_moments_or_sums_overflow() {
    for (learning_rate, initial_distance) in [(1e15, 0.05), (1e22, 0.05), (1.0, 100.0)] {
        let (learning_rate, weight_decay) = (learning_rate.into(), 0.0);
        let config = ProdigyConfig { learning_rate, weight_decay, initial_distance, ..PRODIGY };
        let (mut prodigy, mut theta) = (prodigy(config), start());
        let mut refused = 0;
        for _ in 0..200 {
            refused += u32::from(step(&mut prodigy, &mut steep(), &mut theta).is_err());
            assert!(theta.iter().all(|t| t.is_finite()));
        }
        assert!(refused > 0);
        prodigy.set_learning_rate(1e-3.into()).unwrap();
        theta = start();
        step(&mut prodigy, &mut Single(loss()), &mut theta).unwrap();
        assert_ne!(bits(&theta), bits(&start()), "it stands still");
    }
}

#[test]
fn without_a_slope_both_stand_still() {
    let mut flat = Single(Affine { slope: vec![0.0; LENGTH], constant: 1.0 });
    let mut theta = start();
    run(&mut dog(DogConfig::default()), &mut flat, &mut theta, 3);
    run(&mut prodigy(ProdigyConfig::default()), &mut flat, &mut theta, 3);
    assert_eq!(bits(&theta), bits(&start()));
}

proptest! {
    #![proptest_config(cases(64))]

    /// By convexity the weighted gradients point no further back to the start than the distance to
    /// the minimum, in the largest coordinate, times the sum of their absolute values. The bound is
    /// for exact numbers: hence the thousandth.
    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn on_a_convex_loss_prodigy_never_estimates_more_than_the_distance_to_the_minimum(
        seed in any::<u64>(),
        steepness in 0.01f64..30.0,
    ) {
        let mut random = Random(seed);
        let mut curvature = || steepness * (1.1 + f64::from(random.uniform()));
        let diagonal = (0..LENGTH).map(|_| curvature()).collect();
        let mut theta = random.vector(LENGTH);
        let away = theta.iter().fold(0.0_f32, |most, t| most.max(t.abs()));
        prop_assume!(away > 1e-3);
        let mut prodigy = prodigy(ProdigyConfig::default());
        let mut objective = Single(Quadratic { diagonal });
        let before = objective.loss(&theta).unwrap();
        let mut rate = 0.0;
        for _ in 0..300 {
            let report = step(&mut prodigy, &mut objective, &mut theta).unwrap();
            prop_assert!(report.learning_rate <= 1.001 * away, "{report:?}, {away} away");
            prop_assert!(report.learning_rate >= rate, "the estimate falls");
            rate = report.learning_rate;
        }
        // From a millionth.
        prop_assert!(rate > 0.02 * away, "it has only grown to {rate}, and is {away} away");
        prop_assert!(objective.loss(&theta).unwrap() < 0.5 * before);
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn the_scale_of_the_loss_makes_no_difference_to_the_steps_of_dog(
        power in -20i32..20,
    ) {
        // A power of two rounds nothing; but for epsilon, which is left out of it.
        let config = DogConfig { epsilon: f32::MIN_POSITIVE, ..DOG };
        let scale = 2f64.powi(power);
        let slope = widen(&Random(4).vector(LENGTH));
        let moved = |scale: f64| {
            let slope = slope.iter().map(|slope| scale * slope).collect();
            let mut theta = start();
            let mut objective = Single(Affine { slope, constant: 0.0 });
            run(&mut dog(config), &mut objective, &mut theta, 5);
            bits(&theta)
        };
        prop_assert_eq!(moved(scale), moved(1.0));
    }
}

//! Weights in few bits: rounded after training, and trained at rounded weights.

use crate::support::cases::cases;
use crate::support::numbers::bits;
use crate::support::optimizers::{every_optimizer, run};
use crate::support::random::Random;
use proptest::prelude::*;
use rolling_ball::few_bits::{Group, Groups, StraightThrough, round};
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{
    Dense, Layer, LayerNorm, Network, ParameterKind, Relu, Sample, SoftmaxCrossEntropy,
};
use rolling_ball::{
    Error, Objective, PollObjective, RollingBall, RollingBallConfig, Sgd, SgdConfig, poll_step,
    step,
};
use std::task::Poll;

fn whole(length: usize, bits: u32) -> [Group; 1] {
    [Group { length, bits: Some(bits) }]
}

fn rounded(theta: &[f32], groups: &impl Groups) -> Vec<f32> {
    let mut rounded = vec![f32::NAN; theta.len()];
    round(theta, groups, &mut rounded).unwrap();
    rounded
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn a_weight_goes_to_the_nearest_multiple_of_the_step(
        seed in any::<u64>(),
        length in 1usize..40,
        few in 2u32..=8,
        exponent in -30i32..30,
    ) {
        let unit = 2f32.powi(exponent);
        let theta: Vec<f32> =
            Random(seed).vector(length).iter().map(|value| unit * value).collect();
        let largest = theta.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        prop_assume!(largest > 0.0);
        let most = (1 << (few - 1)) - 1;
        let step = f64::from(largest) / f64::from(most);
        for (value, rounded) in theta.iter().zip(rounded(&theta, &whole(length, few))) {
            let times = f64::from(rounded) / step;
            // The step and its product are rounded to 24 bits.
            prop_assert!((times - times.round()).abs() <= 1e-6 * times.abs(), "{times}");
            prop_assert!(times.round().abs() <= f64::from(most));
            let off = (f64::from(*value) / step - times).abs();
            prop_assert!(off <= 0.5 + 1e-4, "{off} steps");
        }
        let most_rounded =
            rounded(&theta, &whole(length, few)).iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        prop_assert!((most_rounded - largest).abs() <= 2e-7 * largest);
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn the_sign_of_theta_is_the_sign_of_what_is_rounded(
        seed in any::<u64>(), length in 1usize..40, few in 2u32..=8,
    ) {
        let theta = Random(seed).vector(length);
        let negative: Vec<f32> = theta.iter().map(|value| -value).collect();
        let groups = whole(length, few);
        for (one, other) in rounded(&theta, &groups).iter().zip(rounded(&negative, &groups)) {
            prop_assert_eq!(*one, -other);
        }
    }
}

#[test]
fn two_bits_are_one_zero_and_minus_one() {
    let theta = [0.9, -0.4, 0.5, -0.5, 1.0, 0.0, -1.0];
    assert_eq!(rounded(&theta, &whole(7, 2)), [1.0, 0.0, 1.0, -1.0, 1.0, 0.0, -1.0]);
}

#[test]
fn each_group_has_a_scale_of_its_own_and_one_without_bits_stays() {
    let groups = [
        Group { length: 2, bits: Some(2) },
        Group { length: 0, bits: Some(3) },
        Group { length: 1, bits: None },
        Group { length: 2, bits: Some(2) },
    ];
    let theta = [4.0, 3.0, 0.123, 0.01, 0.001];
    assert_eq!(rounded(&theta, &groups), [4.0, 4.0, 0.123, 0.01, 0.0]);
}

#[test]
fn zeros_and_numbers_too_small_for_a_scale_become_zeros() {
    assert_eq!(rounded(&[0.0; 3], &whole(3, 8)), [0.0; 3]);
    assert_eq!(rounded(&[1e-45, -1e-45], &whole(2, 8)), [0.0; 2]);
}

#[test]
fn what_is_not_finite_stays_and_leaves_the_others_their_scale() {
    let theta = [f32::NAN, 1.0, f32::INFINITY, 0.3, f32::NEG_INFINITY];
    let rounded = rounded(&theta, &whole(5, 2));
    assert!(rounded[0].is_nan());
    assert_eq!(rounded[1..], [1.0, f32::INFINITY, 0.0, f32::NEG_INFINITY]);
}

#[test]
fn groups_that_do_not_fit_are_refused_and_nothing_is_written() {
    let mut target = [7.0; 3];
    for few in [0, 1, 9, u32::MAX] {
        let refused = round(&[1.0; 3], &whole(3, few), &mut target);
        assert!(matches!(refused, Err(Error::Setting { name: "bits", .. })), "{few}");
        let refused = StraightThrough::new(Slopes::default(), whole(3, few), [0.0; 3]);
        assert!(matches!(refused, Err(Error::Setting { name: "bits", .. })), "{few}");
    }
    let expected = Error::Length { what: "groups", expected: 3, actual: 2 };
    assert_eq!(round(&[1.0; 3], &whole(2, 4), &mut target), Err(expected));
    let refused = StraightThrough::new(Slopes::default(), whole(2, 4), [0.0; 3]);
    assert_eq!(refused.map(|_| ()), Err(expected));
    let expected = Error::Length { what: "rounded", expected: 2, actual: 3 };
    assert_eq!(round(&[1.0; 2], &whole(2, 4), &mut target), Err(expected));
    assert_eq!(target, [7.0; 3]);
    let expected = Error::Length { what: "theta", expected: 3, actual: 2 };
    let mut rounding = StraightThrough::new(Slopes::default(), whole(3, 4), [0.0; 3]).unwrap();
    assert_eq!(rounding.loss(&[0.0; 2]), Err(expected));
    assert_eq!(rounding.gradient(&[0.0; 2], &mut [0.0; 2]), Err(expected));
    assert_eq!(rounding.rounded(&[0.0; 2]).map(|_| ()), Err(expected));
}

/// Remembers where it was evaluated.
#[derive(Default, Debug)]
struct Slopes {
    seen: Vec<f32>,
}

impl Objective for Slopes {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.seen = theta.to_vec();
        Ok(theta.iter().map(|t| t * t / 2.0).sum())
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        gradient.copy_from_slice(theta);
        self.loss(theta)
    }
}

#[test]
fn loss_and_gradient_are_those_at_the_rounded_weights() {
    let theta = Random(3).vector(12);
    let expected = rounded(&theta, &whole(12, 3));
    let mut rounding =
        StraightThrough::new(Slopes::default(), whole(12, 3), vec![0.0; 12]).unwrap();
    let mut gradient = vec![0.0; 12];
    let loss = rounding.gradient(&theta, &mut gradient).unwrap();
    assert_eq!(bits(&gradient), bits(&expected));
    assert_eq!(loss, Slopes::default().loss(&expected).unwrap());
    assert_eq!(rounding.loss(&theta), Ok(loss));
    assert_eq!(bits(&rounding.inner_mut().seen), bits(&expected));
    assert_eq!(bits(rounding.rounded(&theta).unwrap()), bits(&expected));
}

#[test]
fn small_steps_add_up_until_a_weight_jumps() {
    // The first weight keeps the scale; the second is pulled up from 0 by 0.05 a step.
    struct Up;
    impl Objective for Up {
        fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
            Ok(-theta[1])
        }

        fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
            gradient.copy_from_slice(&[0.0, -1.0]);
            self.loss(theta)
        }
    }
    let mut rounding = StraightThrough::new(Up, whole(2, 2), [0.0; 2]).unwrap();
    let config = SgdConfig { learning_rate: 0.05.into(), ..SgdConfig::default() };
    let mut sgd = Sgd::new(config, [0.0; 2], None).unwrap();
    let mut theta = [1.0, 0.0];
    let losses: Vec<f32> = (0..12)
        .map(|_| step(&mut sgd, &mut rounding, &mut theta).unwrap().loss_after.unwrap())
        .collect();
    assert_eq!(losses[..9], [0.0; 9]);
    assert_eq!(losses[10..], [-1.0; 2]);
}

#[test]
fn a_theta_that_is_not_finite_is_refused_by_every_optimizer() {
    for mut named in every_optimizer(Scalar, 4, 0.1, true) {
        let mut rounding = StraightThrough::new(Slopes::default(), whole(4, 4), [0.0; 4]).unwrap();
        let mut theta = [0.5, f32::NAN, 0.25, 1.0];
        let refused = step(named.optimizer.as_mut(), &mut rounding, &mut theta);
        assert_eq!(refused.map(drop), Err(Error::NonFiniteParameters), "{}", named.name);
    }
}

type Layers = (Dense<2, 8>, LayerNorm<8>, Relu<8>, Dense<8, 2>);
type Net = Network<'static, Layers>;

/// Two classes that a line does not part.
fn points() -> Vec<([f32; 2], usize)> {
    let mut random = Random(9);
    (0..24)
        .map(|_| {
            let point = [random.uniform(), random.uniform()];
            (point, usize::from(point[0] * point[1] > 0.0))
        })
        .collect()
}

#[test]
fn the_groups_of_a_network_are_its_filters() {
    let mut groups = Vec::new();
    Net::groups(|kind| match kind {
        ParameterKind::Weight => Some(3),
        ParameterKind::Scale => Some(8),
        _ => None,
    })
    .each(&mut |group| groups.push((group.length, group.bits)));
    assert_eq!(groups[..8], [(2, Some(3)); 8]);
    assert_eq!(groups.iter().filter(|group| group.1 == Some(8)).count(), 8);
    assert_eq!(groups.iter().map(|group| group.0).sum::<usize>(), Net::PARAMETERS);
}

#[test]
fn an_evaluation_in_pieces_has_the_bits_of_a_whole_one_and_begins_anew_after_a_restart() {
    let points = points();
    let samples = points.iter().map(|(x, y)| Sample { input: x.as_slice(), target: *y });
    let mut scratch = [0.0; Net::SCRATCH];
    let batch =
        Net::new(&[]).unwrap().batch(SoftmaxCrossEntropy::new(), samples, &mut scratch).unwrap();
    let groups = Net::groups(|kind| (kind == ParameterKind::Weight).then_some(3));
    let mut rounding = StraightThrough::new(batch, groups, vec![0.0; Net::PARAMETERS]).unwrap();
    let [theta, other] = [1, 2].map(|seed| Random(seed).vector(Net::PARAMETERS));
    let mut expected = vec![0.0; Net::PARAMETERS];
    let loss = rounding.gradient(&theta, &mut expected).unwrap();

    let mut gradient = vec![0.0; Net::PARAMETERS];
    // Another evaluation is begun and given up, by each of the ways to do so.
    assert_eq!(rounding.poll_gradient(&other, &mut gradient), Ok(Poll::Pending));
    rounding.restart();
    assert_eq!(rounding.poll_loss(&other), Ok(Poll::Pending));
    rounding.rounded(&other).unwrap();
    assert_eq!(rounding.poll_loss(&other), Ok(Poll::Pending));
    rounding.inner_mut();
    let mut pieces = 0;
    let polled = loop {
        pieces += 1;
        if let Poll::Ready(loss) = rounding.poll_gradient(&theta, &mut gradient).unwrap() {
            break loss;
        }
    };
    assert!(pieces > points.len());
    assert_eq!((polled.to_bits(), bits(&gradient)), (loss.to_bits(), bits(&expected)));
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn steps_in_pieces_end_in_the_bits_of_whole_ones() {
    let points = points();
    let samples = points.iter().map(|(x, y)| Sample { input: x.as_slice(), target: *y });
    let start = Random(4).vector(Net::PARAMETERS);
    let [mut whole, mut pieces] = [start.clone(), start.clone()];
    let ball = || {
        let vectors = [(); 2].map(|()| vec![0.0; Net::PARAMETERS]);
        RollingBall::new(RollingBallConfig::default(), vectors).unwrap()
    };
    let (mut scratch, mut other) = ([0.0; Net::SCRATCH], [0.0; Net::SCRATCH]);
    let network = Net::new(&[]).unwrap();
    let rounding = |scratch| {
        let loss = SoftmaxCrossEntropy::new();
        let batch = network.batch(loss, samples.clone(), scratch).unwrap();
        let groups = Net::groups(|kind| (kind == ParameterKind::Weight).then_some(2));
        StraightThrough::new(batch, groups, vec![0.0; Net::PARAMETERS]).unwrap()
    };
    let (mut at_once, mut polled) = (rounding(&mut scratch[..]), rounding(&mut other[..]));
    let (mut one, mut two) = (ball(), ball());
    for _ in 0..5 {
        step(&mut one, &mut at_once, &mut whole).unwrap();
        while poll_step(&mut two, &mut polled, &mut pieces).unwrap().is_pending() {}
        assert_eq!(bits(&whole), bits(&pieces));
    }
    assert_ne!(bits(&whole), bits(&start));
}

/// The loss of a network in few bits: rounded after training, and trained at rounded weights.
fn after_and_through(seed: u64, few: u32) -> [f32; 2] {
    const STEPS: u32 = 200;
    let points = points();
    let samples = points.iter().map(|(x, y)| Sample { input: x.as_slice(), target: *y });
    let mut scratch = [0.0; Net::SCRATCH];
    let batch =
        Net::new(&[]).unwrap().batch(SoftmaxCrossEntropy::new(), samples, &mut scratch).unwrap();
    let groups = Net::groups(|kind| (kind == ParameterKind::Weight).then_some(few));
    let mut rounding = StraightThrough::new(batch, groups, vec![0.0; Net::PARAMETERS]).unwrap();
    let start = || {
        let mut random = Random(seed);
        let mut theta = vec![0.0; Net::PARAMETERS];
        Layers::initialise(&mut theta, &mut || random.uniform()).unwrap();
        theta
    };
    let ball = || {
        let vectors = [(); 2].map(|()| vec![0.0; Net::PARAMETERS]);
        RollingBall::new(RollingBallConfig::fine_tuning(STEPS), vectors).unwrap()
    };
    let mut theta = start();
    run(&mut ball(), rounding.inner_mut(), &mut theta, STEPS as usize);
    let after = rounding.loss(&theta).unwrap();
    let mut theta = start();
    run(&mut ball(), &mut rounding, &mut theta, STEPS as usize);
    [after, rounding.loss(&theta).unwrap()]
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_network_in_two_bits_is_better_trained_at_rounded_weights_than_rounded_after_training() {
    let runs: Vec<[f32; 2]> = (0..20).map(|seed| after_and_through(seed, 2)).collect();
    let [after, through] = [0, 1].map(|which| runs.iter().map(|run| run[which]).sum::<f32>());
    assert!(through < 0.5 * after, "{runs:?}");
}

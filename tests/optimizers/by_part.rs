//! Rates and decays by part of theta.

use crate::support::cases::cases;
use crate::support::optimizers::run;
use proptest::prelude::*;
use rolling_ball::kernels::Active;
use rolling_ball::nn::{Dense, LayerNorm, Network, ParameterKind, Relu};
use rolling_ball::{
    Adam, AdamConfig, ArcLength, ByPart, ClipNorm, Dog, DogConfig, EntropySgd, EntropySgdConfig,
    Error, LaggedContact, Objective, Optimizer, Part, Parts, Plain, Prodigy, ProdigyConfig,
    Resumable, RollingBall, RollingBallConfig, Sam, SamConfig, Sgd, SgdConfig, StepByPart,
    WeightDecay, step,
};

const LENGTH: usize = 10;
type Vectors<const N: usize> = [[f32; LENGTH]; N];

/// A loss without a slope: only a decay moves theta.
struct Flat;

impl Objective for Flat {
    fn loss(&mut self, _: &[f32]) -> Result<f32, Error> {
        Ok(1.0)
    }

    fn gradient(&mut self, _: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        gradient.fill(0.0);
        Ok(1.0)
    }
}

/// `|theta|^2 / 2`
struct Bowl;

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(theta.iter().map(|t| t * t / 2.0).sum())
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        gradient.copy_from_slice(theta);
        self.loss(theta)
    }
}

fn sgd() -> Sgd<[f32; LENGTH]> {
    let config = SgdConfig { learning_rate: 0.1.into(), ..SgdConfig::default() };
    Sgd::new(config, [0.0; LENGTH], None).unwrap()
}

fn adam() -> Adam<[f32; LENGTH]> {
    let config = AdamConfig { learning_rate: 0.1.into(), ..AdamConfig::default() };
    Adam::new(config, Vectors::<3>::default()).unwrap()
}

fn dog() -> Dog<[f32; LENGTH]> {
    let config = DogConfig { initial_distance: 0.1, ..DogConfig::default() };
    Dog::new(config, Vectors::<2>::default(), None).unwrap()
}

fn prodigy() -> Prodigy<[f32; LENGTH]> {
    let config = ProdigyConfig { initial_distance: 0.1, ..ProdigyConfig::default() };
    Prodigy::new(config, Vectors::<5>::default()).unwrap()
}

fn ball() -> RollingBall<[f32; LENGTH], LaggedContact, Plain> {
    let config = RollingBallConfig::default().with_centre_step(Plain);
    RollingBall::new(config, Vectors::<2>::default()).unwrap()
}

/// Some parameters, then the rest.
fn two(first: Part, rate: f32, decay: f32) -> [Part; 2] {
    [first, Part { length: LENGTH - first.length, rate, decay }]
}

fn part(length: usize, rate: f32, decay: f32) -> Part {
    Part { length, rate, decay }
}

#[test]
fn a_decay_of_the_weights_leaves_biases_and_norms_alone() {
    // Four weights, then biases, scales and shifts.
    let parts = two(part(4, 1.0, 0.5), 1.0, 0.0);
    let mut expected = [1.0; LENGTH];
    expected[..4].fill(0.95);
    let mut theta = [1.0; LENGTH];
    step(&mut ByPart::new(sgd(), parts).unwrap(), &mut Flat, &mut theta).unwrap();
    assert_eq!(theta, expected);
    let mut theta = [1.0; LENGTH];
    step(&mut ByPart::new(adam(), parts).unwrap(), &mut Flat, &mut theta).unwrap();
    assert_eq!(theta, expected);
}

/// How far each parameter moves from 1 in a step on the bowl, with and without a rate of a quarter
/// for the first four.
fn moves<O: StepByPart>(make: impl Fn() -> O) -> [[f32; LENGTH]; 2] {
    let moved = |optimizer: &mut dyn Optimizer| {
        let mut theta = [1.0; LENGTH];
        step(optimizer, &mut Bowl, &mut theta).unwrap();
        theta.map(|t| 1.0 - t)
    };
    let parts = two(part(4, 0.25, 0.0), 1.0, 0.0);
    [moved(&mut make()), moved(&mut ByPart::new(make(), parts).unwrap())]
}

#[test]
fn a_part_moves_at_its_own_rate_whatever_the_optimizer() {
    for (name, [whole, by_part]) in [
        ("SGD", moves(sgd)),
        ("Adam", moves(adam)),
        ("ball", moves(ball)),
        ("SGD, clipped", moves(|| ClipNorm::new(sgd(), 100.0).unwrap())),
        ("Prodigy", moves(prodigy)),
        ("Adam, clipped", moves(|| ClipNorm::new(adam(), 100.0).unwrap())),
    ] {
        for (index, (whole, by_part)) in whole.iter().zip(by_part).enumerate() {
            let expected = if index < 4 { whole / 4.0 } else { *whole };
            let off = (by_part - expected).abs();
            // The ball's radius sees another slope where a part's rate is another.
            let allowed = if name == "ball" { 0.1 * whole } else { 1e-6 };
            assert!(*whole > 0.0 && off <= allowed, "{name}, {index}: {by_part}, not {expected}");
        }
    }
}

#[test]
fn a_part_at_a_rate_of_zero_keeps_its_bits_in_every_optimizer() {
    fn stays<O: StepByPart>(name: &str, optimizer: O) {
        let parts = two(part(3, 0.0, 0.1), 1.0, 0.0);
        let mut theta = [1.0; LENGTH];
        run(&mut ByPart::new(optimizer, parts).unwrap(), &mut Bowl, &mut theta, 5);
        assert_eq!(theta[..3], [1.0; 3], "{name}");
        assert!(theta[3..].iter().all(|t| *t != 1.0), "{name}");
    }
    stays("SGD", sgd());
    stays("Adam", adam());
    stays("DoG", dog());
    stays("Prodigy", prodigy());
    stays("ball", ball());
    let arc: RollingBall<[f32; LENGTH], LaggedContact, ArcLength> =
        RollingBall::new(RollingBallConfig::default(), Vectors::<2>::default()).unwrap();
    stays("ball, arc length", arc);
    let sam = Sam::new(SamConfig::default(), Vectors::<2>::default()).unwrap();
    stays("SAM", sam);
    let config = EntropySgdConfig { noise: 0.0, pull: 0.0.into(), ..EntropySgdConfig::default() };
    stays("Entropy-SGD", EntropySgd::new(config, Vectors::<3>::default()).unwrap());
    stays("SGD, decayed", ClipNorm::new(sgd(), 1.0).unwrap());
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn parts_that_are_all_alike_are_the_optimizer_without_parts(
        cut in 0..=LENGTH,
        decay in 1e-6f32..1.0,
    ) {
        let alike = two(part(cut, 1.0, decay), 1.0, decay);
        let (mut theta, mut expected) = ([1.0; LENGTH], [1.0; LENGTH]);
        run(&mut ByPart::new(sgd(), alike).unwrap(), &mut Bowl, &mut theta, 3);
        run(&mut WeightDecay::new(sgd(), decay).unwrap(), &mut Bowl, &mut expected, 3);
        for (t, e) in theta.iter().zip(expected) {
            prop_assert!((t - e).abs() < 1e-6, "{theta:?} {expected:?}");
        }
        let learning_rate = 0.1.into();
        let config = AdamConfig { learning_rate, weight_decay: decay, ..AdamConfig::default() };
        let mut adamw = Adam::new(config, Vectors::<3>::default()).unwrap();
        let (mut theta, mut expected) = ([1.0; LENGTH], [1.0; LENGTH]);
        run(&mut ByPart::new(adam(), alike).unwrap(), &mut Bowl, &mut theta, 3);
        run(&mut adamw, &mut Bowl, &mut expected, 3);
        for (t, e) in theta.iter().zip(expected) {
            prop_assert!((t - e).abs() < 1e-6, "{theta:?} {expected:?}");
        }
    }
}

#[test]
fn the_layers_tell_which_parameters_are_which() {
    type Net = Network<'static, (Dense<2, 3>, LayerNorm<3>, Relu<3>, Dense<3, 2>)>;
    let mut parts = Vec::new();
    Net::parts(|kind| match kind {
        ParameterKind::Weight => (1.0, 0.5),
        ParameterKind::Bias => (2.0, 0.0),
        _ => (0.0, 0.0),
    })
    .each(&mut |part| parts.push((part.length, part.rate, part.decay)));
    let expected = [(6, 1.0, 0.5), (3, 2.0, 0.0), (6, 0.0, 0.0), (6, 1.0, 0.5), (2, 2.0, 0.0)];
    assert_eq!(parts, expected);
    assert_eq!(parts.iter().map(|part| part.0).sum::<usize>(), Net::PARAMETERS);
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let short = [part(LENGTH - 1, 1.0, 0.0)];
    let expected = Error::Length { what: "parts", expected: LENGTH, actual: LENGTH - 1 };
    assert_eq!(ByPart::new(sgd(), short).map(|_| ()), Err(expected));
    for bad in [f32::NAN, -1.0, f32::INFINITY] {
        for (wrong, name) in [
            (part(LENGTH, bad, 0.0), "rate of a part"),
            (part(LENGTH, 1.0, bad), "decay of a part"),
        ] {
            let refused = ByPart::new(sgd(), [wrong]).map(|_| ());
            assert!(matches!(refused, Err(Error::Setting { name: said, .. }) if said == name));
        }
    }
}

#[test]
fn a_gradient_out_of_turn_changes_nothing() {
    let mut optimizer = ByPart::new(adam(), two(part(4, 0.5, 0.1), 1.0, 0.0)).unwrap();
    let mut theta = [1.0; LENGTH];
    assert!(optimizer.tell_gradient(&mut theta, 1.0).is_err());
    optimizer.begin(&mut theta).unwrap();
    optimizer.gradient_mut().fill(3.0);
    assert!(optimizer.tell_loss(&mut theta, 1.0).is_err());
    assert!(optimizer.tell_gradient(&mut theta[..4], 1.0).is_err());
    assert_eq!(optimizer.gradient_mut(), [3.0; LENGTH]);
    assert_eq!(theta, [1.0; LENGTH]);
    optimizer.tell_gradient(&mut theta, 1.0).unwrap();
}

#[test]
fn the_kind_of_a_checkpoint_names_the_parts() {
    type Parted = ByPart<Sgd<[f32; LENGTH]>, [Part; 1], Active>;
    assert_eq!(Parted::KIND.to_string(), "ByPart of Sgd");
}

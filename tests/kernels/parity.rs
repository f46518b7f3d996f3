//! The vector kernels against the scalar ones: the same bits, for every pass and every trajectory.

use crate::support::cases::{cases, unless_miri};
use crate::support::formulas::{GaussianWells, Single, WeierstrassLike};
use crate::support::numbers::bits;
use crate::support::optimizers::{every_optimizer, run};
use crate::support::random::Random;
use proptest::prelude::*;
use rolling_ball::kernels::{AdamCoefficients, Kernels, Scalar, VectorOps, Wide};
use rolling_ball::{Objective, Optimizer, ZerothOrderBall, ZerothOrderBallConfig, step};

/// Numbers of every kind that a step may meet: of order 1, zeros of both signs, subnormals, and
/// ones whose squares and sums overflow.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -4.0f32..4.0,
        1 => prop_oneof![Just(0.0f32), Just(-0.0f32)],
        1 => (1u32..0x0080_0000, any::<bool>())
            .prop_map(|(bits, negative)| f32::from_bits(bits | u32::from(negative) << 31)),
        1 => prop_oneof![1e15f32..3e38, -3e38f32..-1e15],
        1 => prop_oneof![1e-38f32..1e-15, -1e-15f32..-1e-38],
    ]
}

fn vectors() -> impl Strategy<Value = [Vec<f32>; 4]> {
    (0usize..=unless_miri(67, 17)).prop_flat_map(|length| {
        let vector = || proptest::collection::vec(number(), length);
        [vector(), vector(), vector(), vector()]
    })
}

/// Bits, with one NaN for all: which NaN an invalid operation gives is not part of the contract,
/// that it is one is.
fn told(value: f32) -> u32 {
    if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }
}

fn told_all(vector: &[f32]) -> Vec<u32> {
    vector.iter().map(|value| told(*value)).collect()
}

/// What a pass may leave: its vectors and its sums.
fn outcome(vectors: &[&[f32]], sums: &[f32]) -> (Vec<Vec<u32>>, Vec<u32>) {
    (vectors.iter().map(|vector| told_all(vector)).collect(), told_all(sums))
}

type Outcome = (Vec<Vec<u32>>, Vec<u32>);

fn reductions<K: Kernels>([a, b, c, _]: &[Vec<f32>; 4]) -> Outcome {
    let (first, second) = K::squared_norms(a, b);
    let footpoint = K::footpoint_sums(a, b, c);
    let contact = K::contact_sums(a, b, c);
    let sums = [
        K::dot(a, b),
        first,
        second,
        footpoint.distance,
        footpoint.along,
        footpoint.gradient,
        contact.theta,
        contact.gradient,
        contact.offset,
        contact.along,
    ];
    outcome(&[], &sums)
}

fn combinations<K: Kernels>(vectors: &[Vec<f32>; 4], scale: f32) -> Outcome {
    let [mut added, x, z, mut scaled] = vectors.clone();
    let mut between = scaled.clone();
    K::add_scaled(&mut added, scale, &x);
    K::scale_into(&mut scaled, scale, &x);
    K::interpolate_into(&mut between, &x, &z, scale);
    outcome(&[&added, &scaled, &between], &[])
}

fn decay_and_add<K: Kernels>(vectors: &[Vec<f32>; 4], decay: f32, scale: f32) -> Outcome {
    let [mut sum, x, ..] = vectors.clone();
    let length = K::decay_and_add(&mut sum, &x, decay, scale);
    outcome(&[&sum], &[length])
}

fn displace<K: Kernels>(vectors: &[Vec<f32>; 4], rate: f32, reach: f32) -> Outcome {
    let [mut theta, mut displaced, mut gradient, _] = vectors.clone();
    K::displace(&mut theta, &mut displaced, &mut gradient, rate, reach);
    outcome(&[&theta, &displaced, &gradient], &[])
}

fn moves<K: Kernels>(vectors: &[Vec<f32>; 4], scale: f32) -> Outcome {
    let [mut rescaled, start, mut repeated, mut before] = vectors.clone();
    K::rescale_move(&mut rescaled, &start, scale);
    K::repeat_move(&mut repeated, &mut before, scale);
    outcome(&[&rescaled, &repeated, &before], &[])
}

fn gauss_newton_move<K: Kernels>(vectors: &[Vec<f32>; 4], scale: f32) -> Outcome {
    let [mut theta, displaced, mut gradient, _] = vectors.clone();
    K::gauss_newton_move(&mut theta, &displaced, &mut gradient, scale);
    outcome(&[&theta, &gradient], &[])
}

fn project<K: Kernels>(vectors: &[Vec<f32>; 4], step: f32, pull: f32) -> Outcome {
    let [mut theta, displaced, mut gradient, _] = vectors.clone();
    K::project(&mut theta, &displaced, &mut gradient, step, pull);
    outcome(&[&theta, &gradient], &[])
}

fn roll<K: Kernels>(vectors: &[Vec<f32>; 4], rate: f32, reach: f32) -> Outcome {
    let [mut theta, mut offset, mut gradient, _] = vectors.clone();
    let moved = K::roll(&mut theta, &mut offset, &mut gradient, rate, reach);
    outcome(&[&theta, &offset, &gradient], &[moved])
}

fn descend<K: Kernels>(vectors: &[Vec<f32>; 4], rate: f32) -> Outcome {
    let [mut theta, mut gradient, kept, slope] = vectors.clone();
    let (theta_squared, gradient_squared) = K::descend(&mut theta, &mut gradient, rate);
    let mut other = theta.clone();
    K::descend_from(&mut other, &kept, &slope, rate);
    outcome(&[&theta, &gradient, &other], &[theta_squared, gradient_squared])
}

fn momentum<K: Kernels>(
    vectors: &[Vec<f32>; 4],
    rate: f32,
    momentum: f32,
    nesterov: bool,
) -> Outcome {
    let [mut theta, mut velocity, mut gradient, _] = vectors.clone();
    let moved = K::descend_with_momentum(
        &mut theta,
        &mut velocity,
        &mut gradient,
        rate,
        momentum,
        nesterov,
    );
    outcome(&[&theta, &velocity, &gradient], &[moved])
}

fn adam<K: Kernels>(vectors: &[Vec<f32>; 4], coefficients: AdamCoefficients) -> Outcome {
    let [mut theta, mut mean, mut variance, mut gradient] = vectors.clone();
    for element in &mut variance {
        *element = element.abs();
    }
    let moved = K::adam(&mut theta, &mut mean, &mut variance, &mut gradient, coefficients);
    outcome(&[&theta, &mean, &variance, &gradient], &[moved])
}

fn perturb<K: Kernels>(vectors: &[Vec<f32>; 4], scale: f32) -> Outcome {
    let [mut theta, mut kept, gradient, _] = vectors.clone();
    K::perturb(&mut theta, &mut kept, &gradient, scale);
    outcome(&[&theta, &kept], &[])
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn every_reduction_gives_the_same_bits_on_vectors(v in vectors()) {
        prop_assert_eq!(reductions::<Scalar>(&v), reductions::<Wide>(&v));
    }

    #[test]
    fn every_combination_gives_the_same_bits_on_vectors(v in vectors(), scale in number()) {
        prop_assert_eq!(combinations::<Scalar>(&v, scale), combinations::<Wide>(&v, scale));
    }

    #[test]
    fn decay_and_add_gives_the_same_bits_on_vectors(
        v in vectors(),
        decay in 0.0f32..1.0,
        scale in number(),
    ) {
        let scalar = decay_and_add::<Scalar>(&v, decay, scale);
        prop_assert_eq!(scalar, decay_and_add::<Wide>(&v, decay, scale));
    }

    #[test]
    fn displace_gives_the_same_bits_on_vectors(
        v in vectors(),
        rate in number(),
        reach in number(),
    ) {
        prop_assert_eq!(displace::<Scalar>(&v, rate, reach), displace::<Wide>(&v, rate, reach));
    }

    #[test]
    fn moves_that_are_rescaled_or_repeated_give_the_same_bits(v in vectors(), scale in number()) {
        prop_assert_eq!(moves::<Scalar>(&v, scale), moves::<Wide>(&v, scale));
    }

    #[test]
    fn gauss_newton_move_gives_the_same_bits_on_vectors(v in vectors(), scale in number()) {
        let scalar = gauss_newton_move::<Scalar>(&v, scale);
        prop_assert_eq!(scalar, gauss_newton_move::<Wide>(&v, scale));
    }

    #[test]
    fn project_gives_the_same_bits_on_vectors(v in vectors(), step in number(), pull in number()) {
        prop_assert_eq!(project::<Scalar>(&v, step, pull), project::<Wide>(&v, step, pull));
    }

    #[test]
    fn roll_gives_the_same_bits_on_vectors(v in vectors(), rate in number(), reach in number()) {
        prop_assert_eq!(roll::<Scalar>(&v, rate, reach), roll::<Wide>(&v, rate, reach));
    }

    #[test]
    fn descend_gives_the_same_bits_on_vectors(v in vectors(), rate in number()) {
        prop_assert_eq!(descend::<Scalar>(&v, rate), descend::<Wide>(&v, rate));
    }

    #[test]
    fn descend_with_momentum_gives_the_same_bits_on_vectors(
        v in vectors(), rate in number(), factor in 0.0f32..1.0, nesterov in any::<bool>(),
    ) {
        let scalar = momentum::<Scalar>(&v, rate, factor, nesterov);
        prop_assert_eq!(scalar, momentum::<Wide>(&v, rate, factor, nesterov));
    }

    #[test]
    fn adam_gives_the_same_bits_on_vectors(
        v in vectors(), beta1 in 0.0f32..1.0, beta2 in 0.0f32..1.0, rate in 1e-6f32..10.0,
        second_correction in 1.0f32..1e4, decay in 0.0f32..0.1,
    ) {
        let epsilon = 1e-8;
        let c = AdamCoefficients { beta1, beta2, rate, second_correction, epsilon, decay };
        prop_assert_eq!(adam::<Scalar>(&v, c), adam::<Wide>(&v, c));
    }

    #[test]
    fn perturb_gives_the_same_bits_on_vectors(v in vectors(), scale in number()) {
        prop_assert_eq!(perturb::<Scalar>(&v, scale), perturb::<Wide>(&v, scale));
    }

    #[test]
    fn a_dot_product_adds_in_the_order_of_the_contract(v in vectors()) {
        let [a, b, ..] = v;
        let expected = told(dot_by_the_contract(&a, &b));
        prop_assert_eq!(told(Scalar::dot(&a, &b)), expected);
        prop_assert_eq!(told(Wide::dot(&a, &b)), expected);
    }
}

/// The contract's order, written out.
fn dot_by_the_contract(a: &[f32], b: &[f32]) -> f32 {
    let products: Vec<f32> = a.iter().zip(b).map(|(a, b)| a * b).collect();
    let panel = |terms: &[f32]| {
        let mut lanes = [-0.0f32; 8];
        for (index, term) in terms.iter().enumerate() {
            lanes[index % 8] += term;
        }
        lanes
    };
    let segment = |terms: &[f32]| {
        let mut panels = terms.chunks(256).map(panel);
        let mut lanes = panels.next().unwrap_or([-0.0; 8]);
        for panel in panels {
            for (lane, term) in lanes.iter_mut().zip(panel) {
                *lane += term;
            }
        }
        let [l0, l1, l2, l3, l4, l5, l6, l7] = lanes;
        ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7))
    };
    products.chunks(65_536).map(segment).reduce(|sum, next| sum + next).unwrap_or(-0.0)
}

#[test]
fn long_sums_go_panel_by_panel_and_segment_by_segment() {
    let lengths = [255, 256, 257, 4_000, 65_535, 65_536, 65_537, 200_000];
    for &length in unless_miri(&lengths[..], &lengths[..3]) {
        let (a, b) = (Random(length as u64).vector(length), Random(3).vector(length));
        let expected = dot_by_the_contract(&a, &b).to_bits();
        assert_eq!(Scalar::dot(&a, &b).to_bits(), expected, "{length}");
        assert_eq!(Wide::dot(&a, &b).to_bits(), expected, "{length}");
    }
}

fn every_trajectory_agrees(length: usize, objective: &mut dyn Objective, start: &[f32]) {
    let scalar = every_optimizer(Scalar, length, 0.02, true);
    let wide = every_optimizer(Wide, length, 0.02, true);
    assert_eq!(scalar.len(), wide.len());
    for (mut scalar, mut wide) in scalar.into_iter().zip(wide) {
        let (mut scalar_theta, mut wide_theta) = (start.to_vec(), start.to_vec());
        let steps = unless_miri(40, 2);
        for _ in 0..steps {
            let scalar_report = step(scalar.optimizer.as_mut(), objective, &mut scalar_theta);
            let wide_report = step(wide.optimizer.as_mut(), objective, &mut wide_theta);
            assert_eq!(scalar_report.unwrap(), wide_report.unwrap(), "{}", scalar.name);
            assert_eq!(bits(&scalar_theta), bits(&wide_theta), "{}", scalar.name);
        }
        assert_ne!(bits(&scalar_theta), bits(start), "{} stood still", scalar.name);
        assert_eq!(scalar.optimizer.steps(), steps);
    }
}

#[test]
fn whole_trajectories_of_every_optimizer_give_the_same_bits() {
    for &length in unless_miri(&[1, 2, 7, 8, 9, 16, 67][..], &[9]) {
        let start = Random(length as u64).vector(length);
        every_trajectory_agrees(length, &mut Single(WeierstrassLike { terms: 2 }), &start);
    }
}

#[test]
fn trajectories_of_the_ball_that_needs_losses_only_give_the_same_bits() {
    for &length in unless_miri(&[1, 2, 7, 8, 9, 16, 67, 255, 257, 1000][..], &[9]) {
        let (mut scalar_theta, mut loss) =
            (Random(length as u64).vector(length), Single(WeierstrassLike { terms: 2 }));
        let mut wide_theta = scalar_theta.clone();
        let config = ZerothOrderBallConfig::shrinking(0.5, length, 40);
        let mut scalar = ZerothOrderBall::with_backend(Scalar, config).unwrap();
        let mut wide = ZerothOrderBall::with_backend(Wide, config).unwrap();
        for _ in 0..unless_miri(40, 2) {
            let report = step(&mut scalar, &mut loss, &mut scalar_theta).unwrap();
            assert_eq!(report, step(&mut wide, &mut loss, &mut wide_theta).unwrap());
            assert_eq!(bits(&scalar_theta), bits(&wide_theta), "{length}");
        }
    }
}

#[test]
fn trajectories_among_gaussian_wells_give_the_same_bits() {
    let mut random = Random(5);
    let minima = (0..6).map(|_| crate::support::numbers::widen(&random.vector(11))).collect();
    let wells = GaussianWells { minima, sigma: 1.5 };
    every_trajectory_agrees(11, &mut Single(wells), &random.vector(11));
}

#[test]
fn the_centres_of_balls_on_both_kernels_have_the_same_bits() {
    use rolling_ball::RollingBall;
    let start = Random(9).vector(19);
    let zeros = || vec![0.0f32; 19];
    for (name, config) in crate::support::optimizers::forms(0.3, 0.02, false) {
        let mut scalar = RollingBall::with_backend(Scalar, config, [zeros(), zeros()]).unwrap();
        let mut wide = RollingBall::with_backend(Wide, config, [zeros(), zeros()]).unwrap();
        let mut objective = Single(WeierstrassLike { terms: 2 });
        let (mut scalar_theta, mut wide_theta) = (start.clone(), start.clone());
        run(&mut scalar, &mut objective, &mut scalar_theta, 5);
        run(&mut wide, &mut objective, &mut wide_theta, 5);
        let scalar_centre = bits(scalar.centre(&scalar_theta).unwrap());
        assert_eq!(scalar_centre, bits(wide.centre(&wide_theta).unwrap()), "{name}");
        assert_ne!(scalar_centre, bits(&scalar_theta), "{name}");
    }
}

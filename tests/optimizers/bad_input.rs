//! What is not fit to be used is refused with the error that names it, and theta is left where it
//! can be used.

use crate::support::cases::cases;
use crate::support::faults::{EVERY_FAULT, Fault, Faulty, REFUSAL, Struck};
use crate::support::formulas::{Affine, GaussianWells, Single};
use crate::support::numbers::{bits, unit_in_last_place, widen};
use crate::support::optimizers::{Named, every_optimizer, forms, run};
use crate::support::random::Random;
use proptest::prelude::*;
use rolling_ball::kernels::Scalar;
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, AnyRollingBallConfig, Armijo, ClipNorm, Dog,
    DogConfig, EntropySgd, EntropySgdConfig, Error, Evaluation, GaussNewton, GradientDescent,
    Objective, Optimizer, Outcome, Prodigy, ProdigyConfig, Request, RollingBall, RollingBallConfig,
    Sam, SamConfig, Schedule, Sgd, SgdConfig, WeightDecay, step,
};

const LENGTH: usize = 11;

fn wells() -> Single<GaussianWells> {
    let mut random = Random(21);
    let minima = (0..6).map(|_| widen(&random.vector(LENGTH))).collect();
    Single(GaussianWells { minima, sigma: 1.5 })
}

fn optimizers(roll_back: bool) -> Vec<Named> {
    every_optimizer(Scalar, LENGTH, 0.02, roll_back)
}

fn setting(result: Result<(), Error>) -> &'static str {
    match result {
        Err(Error::Setting { name, .. }) => name,
        other => panic!("expected a setting to be refused, got {other:?}"),
    }
}

/// Not a finite number, 0 or above.
fn negative() -> impl Strategy<Value = f32> {
    prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY), -3e38f32..-1e-38,]
}

/// Not a finite number above 0.
fn not_positive() -> impl Strategy<Value = f32> {
    prop_oneof![
        Just(0.0f32),
        Just(-0.0),
        Just(f32::NAN),
        Just(f32::INFINITY),
        Just(f32::NEG_INFINITY),
        -3e38f32..-1e-38,
    ]
}

/// Not in 0 up to below 1.
fn not_a_fraction() -> impl Strategy<Value = f32> {
    prop_oneof![Just(1.0f32), Just(f32::NAN), Just(f32::INFINITY), 1.0f32..3e38, -3e38f32..-1e-38,]
}

fn new_ball(config: AnyRollingBallConfig) -> Result<(), Error> {
    RollingBall::new(config, [[0.0; 3]; 2]).map(|_| ())
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_ball_refuses_a_radius_and_a_rate_below_zero(bad in negative()) {
        let good = RollingBallConfig::default().into_any();
        let config = RollingBallConfig { radius: bad.into(), ..good };
        prop_assert_eq!(setting(new_ball(config)), "radius");
        let config = RollingBallConfig { learning_rate: bad.into(), ..good };
        prop_assert_eq!(setting(new_ball(config)), "learning rate");
    }

    #[test]
    fn a_ball_refuses_settings_that_are_not_above_zero(bad in not_positive()) {
        let good = RollingBallConfig::default().into_any();
        let config = RollingBallConfig { loss_scale: bad, ..good };
        prop_assert_eq!(setting(new_ball(config)), "loss scale");
        let footpoint = AnyFootpoint::GradientDescent(GradientDescent { step: bad, iterations: 3 });
        prop_assert_eq!(setting(new_ball(RollingBallConfig { footpoint, ..good })), "projection \
                                                                                     step");
    }

    #[test]
    fn a_schedule_refuses_ends_that_are_out_of_range(
        bad in negative(),
        not_above in not_positive(),
        end in 0.0f32..1.0,
    ) {
        for radius in [
            Schedule::Constant(bad),
            Schedule::Linear { from: bad, to: end, steps: 3 },
            Schedule::Linear { from: end, to: bad, steps: 3 },
            Schedule::Cosine { from: bad, to: end, steps: 3 },
            Schedule::Cosine { from: end, to: bad, steps: 3 },
            Schedule::Exponential { from: not_above, to: 1.0, steps: 3 },
            Schedule::Exponential { from: 1.0, to: not_above, steps: 3 },
        ] {
            let config = RollingBallConfig { radius, ..RollingBallConfig::default() };
            prop_assert_eq!(setting(new_ball(config.into_any())), "radius");
        }
    }

    #[test]
    fn setting_a_bad_radius_or_rate_later_is_refused_and_changes_nothing(bad in negative()) {
        let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; 3]; 2]).unwrap();
        prop_assert_eq!(setting(ball.set_radius(bad.into())), "radius");
        prop_assert_eq!(setting(ball.set_learning_rate(bad.into())), "learning rate");
        prop_assert_eq!(ball.config().radius.at(0), RollingBallConfig::default().radius.at(0));
        prop_assert_eq!(ball.config().learning_rate.at(0), 0.1);
    }

    #[test]
    fn fractions_outside_zero_to_one_are_refused(bad in not_a_fraction()) {
        let good = RollingBallConfig::default().into_any();
        let gauss_newton = GaussNewton { max_iterations: 3, tolerance: bad };
        let footpoint = AnyFootpoint::GaussNewton(gauss_newton);
        let config = RollingBallConfig { footpoint, ..good };
        prop_assert_eq!(setting(new_ball(config)), "Gauss-Newton tolerance");
        let sgd = |config| Sgd::new(config, [0.0; 3], Some([0.0; 3])).map(|_| ());
        let config = SgdConfig { momentum: bad, ..SgdConfig::default() };
        prop_assert_eq!(setting(sgd(config)), "momentum");
        let adam = |config| Adam::new(config, [[0.0; 3]; 3]).map(|_| ());
        let config = AdamConfig { beta1: bad, ..AdamConfig::default() };
        prop_assert_eq!(setting(adam(config)), "beta1");
        let config = AdamConfig { beta2: bad, ..AdamConfig::default() };
        prop_assert_eq!(setting(adam(config)), "beta2");
        let prodigy = |config| setting(Prodigy::new(config, [[0.0; 3]; 5]).map(|_| ()));
        let default = ProdigyConfig::default();
        prop_assert_eq!(prodigy(ProdigyConfig { beta1: bad, ..default }), "beta1");
        prop_assert_eq!(prodigy(ProdigyConfig { beta2: bad, ..default }), "beta2");
        for (armijo, name) in [
            (Armijo { decrease: bad, ..Armijo::default() }, "Armijo decrease"),
            (Armijo { shrink: bad, ..Armijo::default() }, "Armijo shrink"),
        ] {
            let config = RollingBallConfig { centre_step: AnyCentreStep::Armijo(armijo), ..good };
            prop_assert_eq!(setting(new_ball(config)), name);
            let config = SgdConfig { line_search: Some(armijo), ..SgdConfig::default() };
            prop_assert_eq!(setting(sgd(config)), name);
        }
    }

    #[test]
    fn baselines_refuse_rates_radii_and_decays_below_zero(bad in negative()) {
        let config = SgdConfig { learning_rate: bad.into(), ..SgdConfig::default() };
        prop_assert_eq!(setting(Sgd::new(config, [0.0; 3], None).map(|_| ())), "learning rate");
        let config = AdamConfig { learning_rate: bad.into(), ..AdamConfig::default() };
        prop_assert_eq!(setting(Adam::new(config, [[0.0; 3]; 3]).map(|_| ())), "learning rate");
        let config = AdamConfig { weight_decay: bad, ..AdamConfig::default() };
        prop_assert_eq!(setting(Adam::new(config, [[0.0; 3]; 3]).map(|_| ())), "weight decay");
        let config = DogConfig { learning_rate: bad.into(), ..DogConfig::default() };
        let dog = Dog::new(config, [[0.0; 3]; 2], None).map(|_| ());
        prop_assert_eq!(setting(dog), "learning rate");
        let prodigy = |config| setting(Prodigy::new(config, [[0.0; 3]; 5]).map(|_| ()));
        let default = ProdigyConfig::default();
        let config = ProdigyConfig { learning_rate: bad.into(), ..default };
        prop_assert_eq!(prodigy(config), "learning rate");
        prop_assert_eq!(prodigy(ProdigyConfig { weight_decay: bad, ..default }), "weight decay");
        let config = SamConfig { radius: bad.into(), ..SamConfig::default() };
        prop_assert_eq!(setting(Sam::new(config, [[0.0; 3]; 2]).map(|_| ())), "radius");
        let config = EntropySgdConfig { walk_rate: bad.into(), ..EntropySgdConfig::default() };
        let entropy_sgd = EntropySgd::new(config, [[0.0; 3]; 3]);
        prop_assert_eq!(setting(entropy_sgd.map(|_| ())), "walk rate");
    }

    #[test]
    fn baselines_and_parts_refuse_settings_that_are_not_above_zero(bad in not_positive()) {
        let sgd = |config| Sgd::new(config, [0.0; 3], None);
        let config = AdamConfig { epsilon: bad, ..AdamConfig::default() };
        prop_assert_eq!(setting(Adam::new(config, [[0.0; 3]; 3]).map(|_| ())), "epsilon");
        let entropy_sgd = |config| setting(EntropySgd::new(config, [[0.0; 3]; 3]).map(|_| ()));
        let default = EntropySgdConfig::default();
        prop_assert_eq!(entropy_sgd(EntropySgdConfig { newest: bad, ..default }), "newest");
        prop_assert_eq!(entropy_sgd(EntropySgdConfig { moves: 0, ..default }), "moves");
        let dog = |config| setting(Dog::new(config, [[0.0; 3]; 2], None).map(|_| ()));
        let default = DogConfig::default();
        prop_assert_eq!(dog(DogConfig { initial_distance: bad, ..default }), "initial distance");
        prop_assert_eq!(dog(DogConfig { epsilon: bad, ..default }), "epsilon");
        let prodigy = |config| setting(Prodigy::new(config, [[0.0; 3]; 5]).map(|_| ()));
        let default = ProdigyConfig::default();
        let config = ProdigyConfig { initial_distance: bad, ..default };
        prop_assert_eq!(prodigy(config), "initial distance");
        let config = ProdigyConfig { distance_factor: bad, ..default };
        prop_assert_eq!(prodigy(config), "distance factor");
        prop_assert_eq!(prodigy(ProdigyConfig { epsilon: bad, ..default }), "epsilon");
        let inner = || sgd(SgdConfig::default()).unwrap();
        prop_assert_eq!(setting(ClipNorm::new(inner(), bad).map(|_| ())), "clip norm");
        prop_assert_eq!(setting(WeightDecay::new(inner(), bad).map(|_| ())), "weight decay");
    }

    #[test]
    fn workspaces_of_different_lengths_are_refused(a in 0usize..20, b in 0usize..20) {
        prop_assume!(a != b);
        let (first, second) = (|| vec![0.0f32; a], || vec![0.0f32; b]);
        let expected = Err(Error::Length { what: "workspace", expected: a, actual: b });
        let ball = RollingBall::new(RollingBallConfig::default(), [first(), second()]);
        prop_assert_eq!(ball.map(|_| ()), expected);
        prop_assert_eq!(Sam::new(SamConfig::default(), [first(), second()]).map(|_| ()), expected);
        let adam = |workspace| Adam::new(AdamConfig::default(), workspace).map(|_| ());
        prop_assert_eq!(adam([first(), second(), first()]), expected);
        prop_assert_eq!(adam([first(), first(), second()]), expected);
        let entropy_sgd =
            |workspace| EntropySgd::new(EntropySgdConfig::default(), workspace).map(|_| ());
        prop_assert_eq!(entropy_sgd([first(), second(), first()]), expected);
        prop_assert_eq!(entropy_sgd([first(), first(), second()]), expected);
        let dog = |workspace| Dog::new(DogConfig::default(), workspace, None).map(|_| ());
        prop_assert_eq!(dog([first(), second()]), expected);
        let averaging = DogConfig { average: true, ..DogConfig::default() };
        let dog = Dog::new(averaging, [first(), first()], Some(second())).map(|_| ());
        prop_assert_eq!(dog, Err(Error::Length { what: "average", expected: a, actual: b }));
        for place in 1..5 {
            let mut workspace = [(); 5].map(|()| first());
            workspace[place] = second();
            let prodigy = Prodigy::new(ProdigyConfig::default(), workspace).map(|_| ());
            prop_assert_eq!(prodigy, expected);
        }
        let config = SgdConfig { momentum: 0.9, ..SgdConfig::default() };
        let sgd = Sgd::new(config, first(), Some(second())).map(|_| ());
        prop_assert_eq!(sgd, Err(Error::Length { what: "velocity", expected: a, actual: b }));
    }

    #[test]
    fn a_theta_of_another_length_is_refused_and_unchanged(length in 0usize..30) {
        prop_assume!(length != LENGTH);
        let start = Random(1).vector(length);
        for mut named in optimizers(true) {
            let mut theta = start.clone();
            let answer = named.optimizer.begin(&mut theta);
            let expected = Error::Length { what: "theta", expected: LENGTH, actual: length };
            prop_assert_eq!(answer, Err(expected), "{}", named.name);
            prop_assert_eq!(bits(&theta), bits(&start));
            // The next begin, with the right one, is no begin out of turn.
            prop_assert_eq!(named.optimizer.begin(&mut [0.5; LENGTH]), Ok(Request::Gradient));
        }
    }

    #[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
    fn a_theta_that_is_not_finite_is_refused_and_unchanged(
        place in 0..LENGTH,
        bad in prop_oneof![
            Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY), Just(2e19f32),
        ],
    ) {
        // A flat loss: the objective itself has nothing to say about theta.
        let mut flat = Single(Affine { slope: vec![0.0; LENGTH], constant: 1.0 });
        for mut named in optimizers(true) {
            let mut theta = Random(2).vector(LENGTH);
            theta[place] = bad;
            let start = theta.clone();
            let mut told = false;
            let answer = tell_flat(named.optimizer.as_mut(), &mut theta, &mut told);
            prop_assert_eq!(answer, Err(Error::NonFiniteParameters), "{}", named.name);
            prop_assert!(told);
            prop_assert_eq!(bits(&theta), bits(&start), "{}", named.name);
            prop_assert!(step(named.optimizer.as_mut(), &mut flat, &mut [0.5; LENGTH]).is_ok());
        }
    }
}

/// Answers the first request with a flat loss of 1, whatever theta is.
fn tell_flat(
    optimizer: &mut dyn Optimizer,
    theta: &mut [f32],
    told: &mut bool,
) -> Result<Request, Error> {
    let request = optimizer.begin(theta)?;
    assert_eq!(request, Request::Gradient);
    optimizer.gradient_mut().fill(0.0);
    *told = true;
    optimizer.tell_gradient(theta, 1.0)
}

#[test]
fn no_iterations_and_no_trials_are_refused() {
    let good = RollingBallConfig::default().into_any();
    let footpoint = AnyFootpoint::GradientDescent(GradientDescent { step: 0.1, iterations: 0 });
    assert_eq!(setting(new_ball(RollingBallConfig { footpoint, ..good })), "projection iterations");
    let footpoint = AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 0, tolerance: 0.1 });
    let name = setting(new_ball(RollingBallConfig { footpoint, ..good }));
    assert_eq!(name, "Gauss-Newton iterations");
    let armijo = |armijo| RollingBallConfig { centre_step: AnyCentreStep::Armijo(armijo), ..good };
    let name = setting(new_ball(armijo(Armijo { trials: 0, ..Armijo::default() })));
    assert_eq!(name, "Armijo trials");
    for growth in [0.99, f32::NAN, f32::INFINITY] {
        let name = setting(new_ball(armijo(Armijo { growth, ..Armijo::default() })));
        assert_eq!(name, "Armijo growth");
    }
    let shrink = 0.0;
    assert_eq!(setting(new_ball(armijo(Armijo { shrink, ..Armijo::default() }))), "Armijo shrink");
}

#[test]
fn momentum_needs_a_velocity_and_no_line_search() {
    let momentum = SgdConfig { momentum: 0.5, ..SgdConfig::default() };
    let expected = Error::Length { what: "velocity", expected: 3, actual: 0 };
    assert_eq!(Sgd::new(momentum, [0.0; 3], None).map(|_| ()), Err(expected));
    let both = SgdConfig { line_search: Some(Armijo::default()), ..momentum };
    assert_eq!(setting(Sgd::new(both, [0.0; 3], Some([0.0; 3])).map(|_| ())), "momentum");
}

#[test]
fn a_custom_schedule_out_of_range_is_refused_at_its_step_and_theta_is_unchanged() {
    let bad = |step| if step == 2 { f32::NAN } else { 0.02 };
    let config = RollingBallConfig {
        radius: Schedule::Custom(bad),
        ..RollingBallConfig::default().into_any()
    };
    let ball = crate::support::optimizers::ball(config, LENGTH);
    let learning_rate = Schedule::Custom(bad);
    let config = SgdConfig { learning_rate, ..SgdConfig::default() };
    let sgd = Sgd::new(config, vec![0.0; LENGTH], None).unwrap();
    let config = AdamConfig { learning_rate, ..AdamConfig::default() };
    let adam =
        Adam::new(config, [vec![0.0; LENGTH], vec![0.0; LENGTH], vec![0.0; LENGTH]]).unwrap();
    let config = SamConfig { radius: Schedule::Custom(bad), ..SamConfig::default() };
    let sam = Sam::new(config, [vec![0.0; LENGTH], vec![0.0; LENGTH]]).unwrap();
    let all: [(Box<dyn Optimizer>, &str); 4] = [
        (Box::new(ball), "radius"),
        (Box::new(sgd), "learning rate"),
        (Box::new(adam), "learning rate"),
        (Box::new(sam), "radius"),
    ];
    for (mut optimizer, name) in all {
        let mut theta = Random(4).vector(LENGTH);
        for _ in 0..2 {
            step(optimizer.as_mut(), &mut wells(), &mut theta).unwrap();
        }
        let before = bits(&theta);
        let refused = step(optimizer.as_mut(), &mut wells(), &mut theta).map(|_| ());
        assert_eq!(setting(refused), name);
        assert_eq!(bits(&theta), before);
        assert_eq!(optimizer.steps(), 2);
    }
}

/// The optimizer trait says that `begin` refuses it, before an evaluation is paid for.
#[test]
fn a_custom_schedule_out_of_range_is_refused_by_begin() {
    let bad = Schedule::Custom(|_| f32::NAN);
    let workspace = || [[0.0f32; 2]; 2];
    let config = RollingBallConfig { radius: bad, ..RollingBallConfig::default().into_any() };
    let ball = RollingBall::new(config, workspace()).unwrap();
    let config = SgdConfig { learning_rate: bad, ..SgdConfig::default() };
    let sgd = Sgd::new(config, [0.0; 2], None).unwrap();
    let config = AdamConfig { learning_rate: bad, ..AdamConfig::default() };
    let adam = Adam::new(config, [[0.0; 2]; 3]).unwrap();
    let sam = Sam::new(SamConfig { radius: bad, ..SamConfig::default() }, workspace()).unwrap();
    let all: [(&str, Box<dyn Optimizer>); 4] = [
        ("ball", Box::new(ball)),
        ("SGD", Box::new(sgd)),
        ("Adam", Box::new(adam)),
        ("SAM", Box::new(sam)),
    ];
    let begun: Vec<_> =
        all.into_iter().map(|(name, mut all)| (name, all.begin(&mut [0.5, 0.5]))).collect();
    let refused = |answer: &Result<_, _>| matches!(answer, Err(Error::Setting { .. }));
    assert!(begun.iter().all(|(_, answer)| refused(answer)), "{begun:#?}");
}

/// One step with wrong answers and slices before every right one.
fn disturbed_step(optimizer: &mut dyn Optimizer, objective: &mut dyn Objective, theta: &mut [f32]) {
    let unexpected = |answer: Result<Request, Error>| {
        assert!(matches!(answer, Err(Error::UnexpectedAnswer { .. })), "{answer:?}");
    };
    unexpected(optimizer.tell_loss(theta, 0.5));
    unexpected(optimizer.tell_gradient(theta, 0.5));
    let mut request = optimizer.begin(theta).unwrap();
    loop {
        if let Request::Done(_) = request {
            return;
        }
        unexpected(optimizer.begin(theta));
        let mut longer = theta.to_vec();
        longer.push(0.0);
        let length = Error::Length { what: "theta", expected: LENGTH, actual: LENGTH + 1 };
        request = match request {
            Request::Done(_) => unreachable!(),
            Request::Loss => {
                assert!(!(optimizer.awaits() == Some(Evaluation::Gradient)));
                let loss = objective.loss(theta).unwrap();
                unexpected(optimizer.tell_gradient(theta, loss));
                unexpected(optimizer.tell_gradient(theta, f32::NAN));
                assert_eq!(optimizer.tell_loss(&mut longer, loss), Err(length));
                optimizer.tell_loss(theta, loss).unwrap()
            }
            Request::Gradient => {
                assert!((optimizer.awaits() == Some(Evaluation::Gradient)));
                let loss = objective.gradient(theta, optimizer.gradient_mut()).unwrap();
                unexpected(optimizer.tell_loss(theta, loss));
                unexpected(optimizer.tell_loss(theta, f32::NAN));
                assert_eq!(optimizer.tell_gradient(&mut longer, loss), Err(length));
                optimizer.tell_gradient(theta, loss).unwrap()
            }
        };
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn answers_out_of_turn_and_slices_of_the_wrong_length_change_nothing() {
    let start = Random(6).vector(LENGTH);
    for (mut disturbed, mut calm) in optimizers(true).into_iter().zip(optimizers(true)) {
        let (mut disturbed_theta, mut calm_theta) = (start.clone(), start.clone());
        for _ in 0..4 {
            disturbed_step(disturbed.optimizer.as_mut(), &mut wells(), &mut disturbed_theta);
            step(calm.optimizer.as_mut(), &mut wells(), &mut calm_theta).unwrap();
            assert_eq!(bits(&disturbed_theta), bits(&calm_theta), "{}", calm.name);
        }
    }
}

#[test]
fn the_centre_is_refused_while_a_step_is_in_progress() {
    let mut ball = crate::support::optimizers::ball(RollingBallConfig::default(), 2);
    let mut theta = [0.5, 0.5];
    ball.begin(&mut theta).unwrap();
    assert!(matches!(ball.centre(&theta), Err(Error::UnexpectedAnswer { .. })));
    ball.abandon();
    assert_eq!(ball.centre(&theta), Ok([0.5, 0.5].as_slice()));
    let expected = Error::Length { what: "theta", expected: 2, actual: 1 };
    assert_eq!(ball.centre(&theta[..1]).unwrap_err(), expected);
}

const STEPS: usize = 4;
/// More than the evaluations of [`STEPS`] steps of any form.
const EVALUATIONS: usize = 60;

/// Runs to an error or to the end. Tells the error, and theta where the last step began; the
/// objective holds what was told in that step.
fn run_to_error(
    optimizer: &mut dyn Optimizer,
    objective: &mut Faulty<Single<GaussianWells>>,
    theta: &mut [f32],
) -> (Option<Error>, Vec<f32>) {
    for _ in 0..STEPS {
        let before = theta.to_vec();
        objective.told.clear();
        if let Err(error) = step(optimizer, objective, theta) {
            return (Some(error), before);
        }
    }
    (None, theta.to_vec())
}

fn expected_error(fault: Fault) -> Error {
    match fault {
        Fault::Loss(_) => Error::NonFiniteLoss,
        Fault::Gradient(_) => Error::NonFiniteGradient,
        Fault::Refusal => REFUSAL,
    }
}

/// Whether each element is within so many units in the last place of the larger of theta and the
/// move.
fn close(units: f32, theta: &[f32], point: &[f32], moves: &[f32]) -> bool {
    theta.iter().zip(point).zip(moves).all(|((theta, point), moved)| {
        (theta - point).abs() <= units * unit_in_last_place(point.abs().max(*moved))
    })
}

/// The largest distance of each element of these points from a point.
fn largest_moves(points: &[Vec<f32>], from: &[f32]) -> Vec<f32> {
    let of = |index: usize| points.iter().map(move |p| (p[index] - from[index]).abs());
    (0..from.len()).map(|index| of(index).fold(0.0, f32::max)).collect()
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_fault_at_any_evaluation_is_a_typed_error_and_theta_the_last_point_whose_answer_was_finite() {
    let start = Random(8).vector(LENGTH);
    for fault in EVERY_FAULT {
        let mut struck = 0;
        for at in 0..EVALUATIONS {
            for mut named in optimizers(true) {
                let place = format!("{}, {fault:?} at evaluation {at}", named.name);
                let mut theta = start.clone();
                let mut objective = Faulty::new(wells(), fault, at..at + 1);
                let (error, before) =
                    run_to_error(named.optimizer.as_mut(), &mut objective, &mut theta);
                let Some(kind) = objective.struck else {
                    assert_eq!(error, None, "{place}");
                    continue;
                };
                struck += 1;
                if named.searches && kind == Struck::Loss && error.is_none() {
                    continue; // A rejected trial.
                }
                assert_eq!(error, Some(expected_error(fault)), "{place}");
                let last = objective.told.last().unwrap_or(&before);
                if named.searches {
                    // The last point that was no rejected trial; those may have been told after it.
                    let moves = largest_moves(&objective.told, &before);
                    let mut points = objective.told.iter().chain([&before]);
                    let found = points.any(|point| close(4.0, &theta, point, &moves));
                    assert!(found, "{place}: {theta:?} is no point of this step");
                } else {
                    // These do not stay at a point where they only look.
                    let looks = ["SAM", "Entropy-SGD"].contains(&named.name.as_str());
                    let point = if looks { &before } else { last };
                    assert_eq!(bits(&theta), bits(point), "{place}");
                }
                step(named.optimizer.as_mut(), &mut wells(), &mut theta)
                    .unwrap_or_else(|error| panic!("{place}: the next step: {error}"));
            }
        }
        assert!(struck > 100, "{fault:?} struck only {struck} times");
    }
}

/// The first evaluation that is a trial of a line search. The refreshed contact has its loss and
/// gradient first.
fn first_trial(name: &str) -> usize {
    if name.contains("refreshed contact") { 3 } else { 1 }
}

#[test]
fn a_trial_that_is_not_finite_is_rejected_and_the_step_goes_on() {
    let start = Random(8).vector(LENGTH);
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for mut named in optimizers(true).into_iter().filter(|named| named.searches) {
            let mut theta = start.clone();
            let first = first_trial(&named.name);
            let mut objective = Faulty::new(wells(), Fault::Loss(value), first..first + 1);
            let report = step(named.optimizer.as_mut(), &mut objective, &mut theta)
                .unwrap_or_else(|error| panic!("{}: {error}", named.name));
            assert_eq!(objective.struck, Some(Struck::Loss), "{}", named.name);
            assert_ne!(report.outcome, Outcome::Stalled, "{}", named.name);
            assert_ne!(bits(&theta), bits(&start), "{}", named.name);
            assert!(report.loss_after.is_none_or(f32::is_finite), "{}: {report:?}", named.name);
        }
    }
}

proptest! {
    #![proptest_config(cases(128))]

    /// A contact form has no vector to keep the start in: each of the twelve trials moves theta,
    /// and one more move takes it back. A move rounds the sum by half a unit and the product by
    /// half a unit of its own, shrinking, length; so do the multiples themselves: eight units
    /// together. (Five were seen in five million elements; four are not a bound.)
    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn where_every_trial_is_rejected_the_step_stalls_where_it_began_to_the_bit(
        seed in any::<u64>(), rate in 1e-3f32..10.0,
    ) {
        let start = Random(seed).vector(LENGTH);
        for mut named in every_optimizer(Scalar, LENGTH, rate, true) {
            if !named.searches {
                continue;
            }
            let mut theta = start.clone();
            let mut slope = vec![0.0; LENGTH];
            wells().gradient(&start, &mut slope).unwrap();
            let trials = first_trial(&named.name)..usize::MAX;
            let mut objective = Faulty::new(wells(), Fault::Loss(f32::NAN), trials);
            let done = step(named.optimizer.as_mut(), &mut objective, &mut theta);
            // Where the search began: the start, or the refreshed contact.
            let began = objective.told.last().unwrap();
            if named.name.contains("contact") {
                // The loss is asked for where theta then is, and is no number there either.
                prop_assert_eq!(done, Err(Error::NonFiniteLoss), "{}", named.name);
                let moves: Vec<f32> = slope.iter().map(|slope| (rate * slope).abs()).collect();
                prop_assert!(
                    close(8.0, &theta, began, &moves),
                    "{}: {:?}, expected {:?}", named.name, theta, began
                );
            } else {
                prop_assert!(done.is_ok(), "{}: {:?}", named.name, done);
                prop_assert_eq!(done.unwrap().outcome, Outcome::Stalled, "{}", named.name);
                prop_assert_eq!(bits(&theta), bits(began), "{}", named.name);
            }
            // On a flat loss: a rate of 10 may overflow among the wells.
            let mut flat = Single(Affine { slope: vec![0.0; LENGTH], constant: 1.0 });
            let next = step(named.optimizer.as_mut(), &mut flat, &mut theta);
            prop_assert!(next.is_ok(), "{}, the next step: {:?}", named.name, next);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn without_roll_back_a_loss_that_is_not_finite_leaves_theta_where_it_was_asked_for() {
    let start = Random(8).vector(LENGTH);
    let mut struck = 0;
    for at in 0..EVALUATIONS {
        for mut named in optimizers(false).into_iter().filter(|named| !named.searches) {
            let mut theta = start.clone();
            let mut objective = Faulty::new(wells(), Fault::Loss(f32::NAN), at..at + 1);
            let (error, before) =
                run_to_error(named.optimizer.as_mut(), &mut objective, &mut theta);
            let expected = objective.struck.map(|_| Error::NonFiniteLoss);
            assert_eq!(error, expected, "{} at evaluation {at}", named.name);
            if error.is_some() {
                struck += 1;
                // Where these only look, they do not stay.
                let looks = match named.name.as_str() {
                    "SAM" => at % 2 != 0,
                    "Entropy-SGD" => at % 3 != 0,
                    _ => false,
                };
                let point = if looks { &before } else { &objective.asked };
                assert_eq!(bits(&theta), bits(point), "{} at evaluation {at}", named.name);
            }
        }
    }
    assert!(struck > 50, "struck only {struck} times");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn an_objective_that_refuses_leaves_theta_at_the_point_that_it_refused() {
    let start = Random(8).vector(LENGTH);
    for at in 0..EVALUATIONS {
        for mut named in optimizers(true) {
            let mut theta = start.clone();
            let mut objective = Faulty::new(wells(), Fault::Refusal, at..at + 1);
            let (error, _) = run_to_error(named.optimizer.as_mut(), &mut objective, &mut theta);
            assert_eq!(error, objective.struck.map(|_| REFUSAL), "{}", named.name);
            if error.is_some() {
                assert_eq!(bits(&theta), bits(&objective.asked), "{}", named.name);
                step(named.optimizer.as_mut(), &mut wells(), &mut theta).unwrap();
            }
        }
    }
}

/// The offset that it kept belongs to a step that did not happen.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn after_an_error_a_ball_rests_on_theta_with_its_own_normal_as_a_new_one_does() {
    let start = Random(8).vector(LENGTH);
    for (name, form) in forms(0.3, 0.02, true) {
        if name.contains("Armijo") {
            continue; // Its rate goes on from the last step's.
        }
        let mut used = crate::support::optimizers::ball(form, LENGTH);
        let mut theta = start.clone();
        step(&mut used, &mut wells(), &mut theta).unwrap();
        let mut objective = Faulty::new(wells(), Fault::Loss(f32::NAN), 0..1);
        step(&mut used, &mut objective, &mut theta).unwrap_err();
        assert_eq!(bits(used.centre(&theta).unwrap()), bits(&theta), "{name}");
        let mut new = crate::support::optimizers::ball(form, LENGTH);
        let mut expected = theta.clone();
        for _ in 0..3 {
            step(&mut used, &mut wells(), &mut theta).unwrap();
            step(&mut new, &mut wells(), &mut expected).unwrap();
            assert_eq!(bits(&theta), bits(&expected), "{name}");
        }
    }
}

#[test]
fn a_step_that_would_overflow_is_refused_and_theta_is_unchanged() {
    let start = Random(8).vector(LENGTH);
    for mut named in every_optimizer(Scalar, LENGTH, 1e30, true) {
        let mut theta = start.clone();
        let error = step(named.optimizer.as_mut(), &mut wells(), &mut theta).unwrap_err();
        assert_eq!(error, Error::NonFiniteUpdate, "{}", named.name);
        assert_eq!(bits(&theta), bits(&start), "{}", named.name);
        // A fresh step begins.
        assert_eq!(named.optimizer.begin(&mut theta), Ok(Request::Gradient), "{}", named.name);
    }
}

/// Trials grow while the loss falls; on a loss without a floor they outgrow `f32`. Then the search
/// has to start small again, or no step is ever possible any more.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn after_its_rate_overflowed_a_line_search_starts_again_from_the_configured_rate() {
    let start = Random(8).vector(LENGTH);
    let mut failures = Vec::new();
    for mut named in optimizers(true).into_iter().filter(|named| named.name.contains("Armijo")) {
        let mut theta = start.clone();
        let mut endless = Single(Affine { slope: vec![0.25; LENGTH], constant: 0.0 });
        let mut overflowed = false;
        for _ in 0..200 {
            overflowed |= step(named.optimizer.as_mut(), &mut endless, &mut theta).is_err();
        }
        assert!(overflowed, "{}", named.name);
        let mut fresh = start.clone();
        if let Err(error) = step(named.optimizer.as_mut(), &mut wells(), &mut fresh) {
            failures.push((named.name, error));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// A batch whose samples are all fitted has no gradient, and the search's rate must not run away
/// meanwhile.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_line_search_survives_a_long_flat_stretch() {
    let mut failures = Vec::new();
    for mut named in optimizers(true).into_iter().filter(|named| named.name.contains("Armijo")) {
        let mut theta = Random(8).vector(LENGTH);
        let mut flat = Single(Affine { slope: vec![0.0; LENGTH], constant: 0.0 });
        for index in 0..300 {
            if let Err(error) = step(named.optimizer.as_mut(), &mut flat, &mut theta) {
                failures.push((named.name, index, error));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_gradient_whose_norm_overflows_is_not_finite() {
    let start = Random(8).vector(LENGTH);
    let steep = Affine { slope: vec![1e20; LENGTH], constant: 0.0 };
    for mut named in optimizers(true) {
        let mut theta = start.clone();
        let answer = step(named.optimizer.as_mut(), &mut Single(steep.clone()), &mut theta);
        assert_eq!(answer.unwrap_err(), Error::NonFiniteGradient, "{}", named.name);
        assert_eq!(bits(&theta), bits(&start), "{}", named.name);
    }
}

/// The graph of the scaled loss is out of range, though the loss is not.
#[test]
fn a_scaled_loss_that_overflows_is_never_reported_as_a_loss() {
    let high = Affine { slope: vec![0.1; LENGTH], constant: 1e38 };
    let mut failures = Vec::new();
    for (name, form) in forms(0.3, 0.1, true) {
        let config = RollingBallConfig { loss_scale: 100.0, ..form };
        let mut ball = crate::support::optimizers::ball(config, LENGTH);
        let mut theta = Random(8).vector(LENGTH);
        if let Ok(report) = step(&mut ball, &mut Single(high.clone()), &mut theta)
            && !report.loss_after.is_none_or(f32::is_finite)
        {
            failures.push((name.clone(), report.outcome, report.loss_after));
        }
        assert!(theta.iter().all(|t| t.is_finite()), "{name}");
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_error_says_what_was_expected() {
    let told = [
        (
            Error::Length { what: "theta", expected: 2, actual: 3 },
            "theta: expected length 2, got 3",
        ),
        (
            Error::Setting { name: "radius", value: -1.0, expected: "a finite number above 0" },
            "radius: expected a finite number above 0, got -1",
        ),
        (Error::UnexpectedAnswer { expected: "a loss" }, "expected a loss"),
        (Error::Class { class: 7, classes: 4 }, "label: expected a class below 4, got 7"),
    ];
    for (error, text) in told {
        assert_eq!(error.to_string(), text);
    }
}

/// The wells above zero; every trial of a step is refused where it is so told.
struct Uphill(bool);

impl Objective for Uphill {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        wells().loss(theta).map(|loss| loss + if self.0 { 1e3 } else { 10.0 })
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        wells().gradient(theta, gradient).map(|loss| loss + 10.0)
    }
}

#[test]
fn after_a_step_that_stalls_the_centre_is_on_the_normal_of_the_contact() {
    let (radius, mut checked) = (0.3, 0);
    for (name, config) in forms(radius, 0.2, true) {
        // The lagged contact is one step behind anyway, and moves its offset.
        let searches = matches!(config.centre_step, AnyCentreStep::Armijo(_));
        if !searches || name.contains("contact") {
            continue;
        }
        let (mut theta, mut ball) =
            (Random(8).vector(LENGTH), crate::support::optimizers::ball(config, LENGTH));
        run(&mut ball, &mut Uphill(false), &mut theta, 3);
        let report = step(&mut ball, &mut Uphill(true), &mut theta).unwrap();
        assert_eq!(report.outcome, Outcome::Stalled, "{name}");
        let mut slope = [0.0; LENGTH];
        Uphill(true).gradient(&theta, &mut slope).unwrap();
        let squared: f32 = slope.iter().map(|slope| slope * slope).sum();
        let scale = config.loss_scale;
        let reach = radius * scale / (1.0 + scale * scale * squared).sqrt();
        let centre = ball.centre(&theta).unwrap();
        for ((centre, t), slope) in centre.iter().zip(&theta).zip(&slope) {
            let expected = t - reach * slope;
            assert!((centre - expected).abs() < 1e-5, "{name}: {centre}, expected {expected}");
        }
        checked += 1;
    }
    assert!(checked > 0);
}

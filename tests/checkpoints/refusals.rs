//! What is refused, in which words, and that it changes nothing.

use crate::forgery::{PARAMETERS, VECTORS, forge_header, holding};
use crate::nor_flash::{Failure, NorFlashModel};
use crate::support::numbers::bits;
use crate::support::optimizers::{ball, run};
use crate::training::{
    Ball, Check, Flash, LENGTH, checkpoints, contact_ball, every_optimizer, rubbish, sgd, start,
    wells,
};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, AnyRollingBallConfig, Armijo, CheckpointError,
    Checkpoints, ClipNorm, Error, Evaluation, GaussNewton, GradientDescent, Kind, Optimizer, Plain,
    RefreshedContact, Request, Resumable, RollingBallConfig, Sam, SamConfig, Schedule, SgdConfig,
    WeightDecay,
};

/// After three steps of the ball, each saved, with room for larger ones.
fn trained() -> (Checkpoints<Flash>, Vec<f32>, Ball) {
    let (mut theta, mut ball) = (start(), contact_ball());
    let mut checkpoints = checkpoints::<Ball>(16);
    for _ in 0..3 {
        run(&mut ball, &mut wells(), &mut theta, 1);
        checkpoints.save(&theta, &ball).unwrap();
    }
    (checkpoints, theta, ball)
}

/// The error of resuming this optimizer, which must have changed nothing.
fn refused<F: NorFlash, O: Optimizer + Resumable>(
    checkpoints: &mut Checkpoints<F>,
    optimizer: &mut O,
) -> CheckpointError<F::Error> {
    let mut theta = vec![0.25; optimizer.parameters()];
    let before = format!("{:?}", optimizer.state().unwrap());
    let error = checkpoints.resume(&mut theta, optimizer).unwrap_err();
    assert!(theta.iter().all(|element| *element == 0.25), "{error:?}");
    assert_eq!(format!("{:?}", optimizer.state().unwrap()), before, "{error:?}");
    error
}

#[test]
fn an_empty_flash_resumes_to_none() {
    let mut checkpoints = checkpoints::<Ball>(2);
    let (mut theta, mut ball) = (start(), contact_ball());
    assert_eq!(checkpoints.resume(&mut theta, &mut ball), Ok(None));
    assert_eq!(bits(&theta), bits(&start()));
}

#[test]
fn an_erased_range_resumes_to_none() {
    let (mut checkpoints, mut theta, mut ball) = trained();
    checkpoints.erase().unwrap();
    assert_eq!(checkpoints.resume(&mut theta, &mut ball), Ok(None));
    assert!(checkpoints.into_inner().bytes.iter().all(|byte| *byte == 0xff));
}

#[test]
fn a_range_that_is_not_made_of_erase_blocks_is_refused() {
    for (start, end) in [(1, 512), (0, 511), (512, 512), (1024, 512), (0, 4096 + 512)] {
        let error = Checkpoints::new(Flash::new(4096), start..end).unwrap_err();
        let expected = CheckpointError::Range { start, end, erase_size: 512, capacity: 4096 };
        assert_eq!(error, expected);
    }
    let error = Checkpoints::new(Flash::new(4096), 1..0x1200).unwrap_err();
    assert_eq!(
        error.to_string(),
        "range 0x1..0x1200: expected multiples of the erase size 0x200, the first below the \
         second, up to the capacity 0x1000"
    );
}

#[test]
fn a_range_without_room_for_two_slots_says_what_it_needs_and_has() {
    let needed = Checkpoints::<Flash>::bytes::<Ball>(LENGTH, 2);
    let available = needed as u32 - 512;
    let mut checkpoints = Checkpoints::new(Flash::new(8192), 0..available).unwrap();
    let error = checkpoints.save(&start(), &contact_ball()).unwrap_err();
    assert_eq!(error, CheckpointError::TooSmall { needed, available });
    assert_eq!(
        error.to_string(),
        format!("range: two slots need {needed} bytes, it has {available}")
    );
    assert_eq!(refused(&mut checkpoints, &mut contact_ball()), error);
    assert_eq!(checkpoints.into_inner().operations, 0);
}

#[test]
fn a_theta_of_another_length_than_the_optimizers_is_refused() {
    let (mut checkpoints, theta, mut ball) = trained();
    let expected = CheckpointError::Length { expected: LENGTH, actual: LENGTH - 1 };
    assert_eq!(checkpoints.save(&theta[1..], &ball), Err(expected));
    assert_eq!(checkpoints.resume(&mut theta.clone()[1..], &mut ball), Err(expected));
    // Nor where the optimizer has no vectors to compare it with.
    let plain = sgd(SgdConfig::default());
    assert_eq!(checkpoints.save(&theta[1..], &plain), Err(expected));
}

#[test]
fn a_checkpoint_with_another_number_of_parameters_is_refused() {
    let (mut checkpoints, ..) = trained();
    for length in [1, LENGTH - 1, LENGTH + 1, 20 * LENGTH] {
        let mut other = ball(*contact_ball().config(), length);
        let error = refused(&mut checkpoints, &mut other);
        assert_eq!(error, CheckpointError::Parameters { expected: length, saved: LENGTH });
    }
}

/// Each finds every other's checkpoint, wherever its slot begins.
struct Strangers(u32);

impl Check for Strangers {
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
        let (mut checkpoints, ..) = trained();
        if O::KIND == Ball::KIND {
            return;
        }
        let error = refused(&mut checkpoints, &mut make());
        let expected = CheckpointError::Optimizer { expected: O::KIND, saved: Ball::KIND };
        assert_eq!(error, expected, "{name}");
        self.0 += 1;
    }
}

#[test]
fn a_checkpoint_of_another_optimizer_is_refused() {
    let mut strangers = Strangers(0);
    every_optimizer(&mut strangers);
    assert!(strangers.0 > 8);
    let (mut checkpoints, ..) = trained();
    let mut clipped = ClipNorm::new(WeightDecay::new(contact_ball(), 0.1).unwrap(), 0.1).unwrap();
    assert_eq!(
        refused(&mut checkpoints, &mut clipped).to_string(),
        "checkpoint: expected one of ClipNorm of WeightDecay of RollingBall, it is of RollingBall: \
         resume_theta takes theta alone"
    );
    let mut swapped = WeightDecay::new(ClipNorm::new(contact_ball(), 0.1).unwrap(), 0.1).unwrap();
    checkpoints.erase().unwrap();
    checkpoints.save(&start(), &clipped).unwrap();
    assert!(matches!(refused(&mut checkpoints, &mut swapped), CheckpointError::Optimizer { .. }));
}

/// The setting that keeps the second from resuming the first.
fn other<O: Optimizer + Resumable>(saved: &O, mut resumed: O) -> &'static str {
    let mut checkpoints = checkpoints::<O>(2);
    checkpoints.save(&start(), saved).unwrap();
    match refused(&mut checkpoints, &mut resumed) {
        CheckpointError::Setting(name) => name,
        other => panic!("expected a setting to be refused, got {other:?}"),
    }
}

#[test]
fn a_ball_with_another_setting_is_refused_by_its_name() {
    let config = RollingBallConfig::default().into_any();
    let with = |config| ball(config, LENGTH);
    let others = |set: fn(&mut AnyRollingBallConfig)| {
        let mut other_config = config;
        set(&mut other_config);
        other(&with(config), with(other_config))
    };
    assert_eq!(others(|config| config.radius = 0.031.into()), "radius");
    assert_eq!(others(|config| config.radius = Schedule::Custom(|_| 0.03)), "radius");
    assert_eq!(others(|config| config.learning_rate = 0.2.into()), "learning rate");
    let linear = |config: &mut AnyRollingBallConfig| {
        config.learning_rate = Schedule::Linear { from: 0.1, to: 0.1, steps: 0 };
    };
    assert_eq!(others(linear), "learning rate");
    assert_eq!(others(|config| config.loss_scale = 2.0), "loss scale");
    let refreshed = AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 });
    assert_eq!(
        other(&with(config), with(RollingBallConfig { footpoint: refreshed, ..config })),
        "footpoint"
    );
    assert_eq!(others(|config| config.centre_step = AnyCentreStep::Plain(Plain)), "centre step");
    let armijo = |config: &mut AnyRollingBallConfig| {
        config.centre_step = AnyCentreStep::Armijo(Armijo::default());
    };
    assert_eq!(others(armijo), "centre step");
    assert_eq!(others(|config| config.roll_back = false), "roll back");
    // Each number of each form.
    let schedules = [
        Schedule::Cosine { from: 0.3, to: 0.0, steps: 9 },
        Schedule::Linear { from: 0.3, to: 0.0, steps: 9 },
        Schedule::Cosine { from: 0.4, to: 0.0, steps: 9 },
        Schedule::Cosine { from: 0.3, to: 0.1, steps: 9 },
        Schedule::Cosine { from: 0.3, to: 0.0, steps: 8 },
        Schedule::Exponential { from: 0.3, to: 0.1, steps: 9 },
    ];
    let footpoints = [
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.1, iterations: 5 }),
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.2, iterations: 5 }),
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.1, iterations: 6 }),
        AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 5, tolerance: 0.1 }),
        AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 6, tolerance: 0.1 }),
        AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 5, tolerance: 0.2 }),
    ];
    let armijo = Armijo::default();
    let searches = [
        armijo,
        Armijo { decrease: 0.1, ..armijo },
        Armijo { shrink: 0.1, ..armijo },
        Armijo { growth: 1.5, ..armijo },
        Armijo { trials: 2, ..armijo },
    ];
    for first in 0..6 {
        for second in (0..6).filter(|second| *second != first) {
            let radius = |index: usize| RollingBallConfig { radius: schedules[index], ..config };
            assert_eq!(other(&with(radius(first)), with(radius(second))), "radius");
            let footpoint =
                |index: usize| RollingBallConfig { footpoint: footpoints[index], ..config };
            assert_eq!(other(&with(footpoint(first)), with(footpoint(second))), "footpoint");
            let search = |index: usize| RollingBallConfig {
                centre_step: AnyCentreStep::Armijo(searches[index]),
                ..config
            };
            if first < 5 && second < 5 {
                assert_eq!(other(&with(search(first)), with(search(second))), "centre step");
            }
        }
    }
}

#[test]
fn a_baseline_with_another_setting_is_refused_by_its_name() {
    let config = SgdConfig { momentum: 0.9, ..SgdConfig::default() };
    let others = |set: fn(&mut SgdConfig)| {
        let mut other_config = config;
        set(&mut other_config);
        other(&sgd(config), sgd(other_config))
    };
    assert_eq!(others(|config| config.learning_rate = 0.2.into()), "learning rate");
    assert_eq!(others(|config| config.momentum = 0.8), "momentum");
    assert_eq!(others(|config| config.nesterov = true), "nesterov");
    assert_eq!(others(|config| config.roll_back = false), "roll back");
    let plain = SgdConfig::default();
    let search = SgdConfig { line_search: Some(Armijo::default()), ..plain };
    assert_eq!(other(&sgd(plain), sgd(search)), "line search");
    let idle = rolling_ball::Sgd::new(plain, rubbish(), Some(rubbish())).unwrap();
    assert_eq!(other(&idle, sgd(plain)), "velocity");

    let config = AdamConfig::default();
    let with = |config| Adam::new(config, [rubbish(), rubbish(), rubbish()]).unwrap();
    let others = |set: fn(&mut AdamConfig)| {
        let mut other_config = config;
        set(&mut other_config);
        other(&with(config), with(other_config))
    };
    assert_eq!(others(|config| config.learning_rate = 0.2.into()), "learning rate");
    assert_eq!(others(|config| config.beta1 = 0.8), "beta1");
    assert_eq!(others(|config| config.beta2 = 0.8), "beta2");
    assert_eq!(others(|config| config.epsilon = 0.1), "epsilon");
    assert_eq!(others(|config| config.weight_decay = 0.1), "weight decay");
    assert_eq!(others(|config| config.roll_back = false), "roll back");

    let config = SamConfig::default();
    let with = |config| Sam::new(config, [rubbish(), rubbish()]).unwrap();
    let others = |set: fn(&mut SamConfig)| {
        let mut other_config = config;
        set(&mut other_config);
        other(&with(config), with(other_config))
    };
    assert_eq!(others(|config| config.learning_rate = 0.2.into()), "learning rate");
    assert_eq!(others(|config| config.radius = 0.2.into()), "radius");
    assert_eq!(others(|config| config.roll_back = false), "roll back");
}

#[test]
fn a_part_with_another_setting_is_refused_by_its_name() {
    let clipped = |largest| ClipNorm::new(contact_ball(), largest).unwrap();
    assert_eq!(other(&clipped(0.1), clipped(0.2)), "clip norm");
    let decayed = |decay| WeightDecay::new(contact_ball(), decay).unwrap();
    assert_eq!(other(&decayed(0.1), decayed(0.2)), "weight decay");
    // More parts than there are checksums.
    let all = |first, second, third| {
        let inner = ClipNorm::new(decayed(first), second).unwrap();
        WeightDecay::new(inner, third).unwrap()
    };
    assert_eq!(other(&all(0.1, 0.1, 0.1), all(0.2, 0.1, 0.1)), "weight decay");
    other(&all(0.1, 0.1, 0.1), all(0.1, 0.2, 0.1));
    other(&all(0.1, 0.1, 0.1), all(0.1, 0.1, 0.2));
}

#[test]
fn while_a_step_is_in_progress_nothing_is_saved_or_resumed() {
    struct Busy(u32);
    impl Check for Busy {
        fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
            let (mut theta, mut optimizer) = (start(), make());
            let mut checkpoints = checkpoints::<O>(2);
            checkpoints.save(&theta, &optimizer).unwrap();
            let operations = checkpoints.clone().into_inner().operations;
            let asked = optimizer.begin(&mut theta).unwrap();
            let expected = CheckpointError::StepInProgress(Error::UnexpectedAnswer {
                expected: "the step in progress to be done first",
            });
            assert_eq!(checkpoints.save(&theta, &optimizer), Err(expected), "{name}");
            assert_eq!(checkpoints.resume(&mut theta, &mut optimizer), Err(expected), "{name}");
            assert!(optimizer.resume([0; 4]).is_err(), "{name}");
            let awaited = match asked {
                Request::Loss => Evaluation::Loss,
                _ => Evaluation::Gradient,
            };
            assert_eq!(optimizer.awaits(), Some(awaited), "{name}");
            assert_eq!(checkpoints.into_inner().operations, operations);
            self.0 += 1;
        }
    }
    let mut busy = Busy(0);
    every_optimizer(&mut busy);
    assert!(busy.0 > 30);
}

#[test]
fn a_theta_that_is_not_finite_is_not_saved_over_one_that_is() {
    for rubbish in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for index in [0, 7, LENGTH - 1] {
            let (mut checkpoints, theta, ball) = trained();
            let operations = checkpoints.clone().into_inner().operations;
            let mut broken = theta.clone();
            broken[index] = rubbish;
            let error = checkpoints.save(&broken, &ball).unwrap_err();
            assert_eq!(error, CheckpointError::NonFiniteParameters);
            assert_eq!(error.to_string(), "theta: expected finite values");
            assert_eq!(checkpoints.into_inner().operations, operations);
        }
    }
}

#[test]
fn a_header_that_claims_more_than_the_range_holds_is_none() {
    let (checkpoints, mut theta, mut ball) = trained();
    for (index, value) in [(PARAMETERS, u32::MAX), (VECTORS, u32::MAX), (PARAMETERS, 1 << 29)] {
        let mut image = checkpoints.clone().into_inner().bytes;
        for slot in image.chunks_mut(512).filter(|slot| slot.starts_with(b"RBCP")) {
            forge_header(slot, index, value);
        }
        let mut checkpoints: Checkpoints<Flash> = holding(image);
        assert_eq!(checkpoints.resume(&mut theta, &mut ball), Ok(None));
    }
}

/// Forgets its first writes.
struct Forgetful {
    flash: NorFlashModel<4, 512>,
    forgotten: usize,
}

impl ErrorType for Forgetful {
    type Error = Failure;
}

impl ReadNorFlash for Forgetful {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failure> {
        self.flash.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl NorFlash for Forgetful {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 512;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failure> {
        self.flash.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failure> {
        if self.forgotten > 0 {
            self.forgotten -= 1;
            return Ok(());
        }
        self.flash.write(offset, bytes)
    }
}

#[test]
fn a_flash_that_does_not_keep_what_is_written_is_reported() {
    for forgotten in 1..3 {
        let flash = Forgetful { flash: NorFlashModel::new(1024), forgotten };
        let mut checkpoints = Checkpoints::new(flash, 0..1024).unwrap();
        let error = checkpoints.save(&start(), &contact_ball()).unwrap_err();
        assert_eq!(error, CheckpointError::NotKept { start: 0 });
        assert_eq!(checkpoints.resume(&mut start(), &mut contact_ball()), Ok(None));
    }
}

#[test]
fn an_optimizer_of_ones_own_has_a_kind_of_its_own() {
    assert_eq!(Kind::custom(7).to_string(), "custom optimizer 7");
    assert_ne!(Kind::custom(7), Kind::custom(8));
    assert_eq!(Kind::from_id(0).to_string(), "unknown optimizer 0");
}

//! What is reported is what is: where a search ends, what the loss is there, and what a run that is
//! refused step after step says.

use super::support::numbers::bits;
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, AnyRollingBall, Armijo, Dog, DogConfig,
    EntropySgd, EntropySgdConfig, Error, GaussNewton, GradientDescent, KeepStart, LaggedContact,
    Objective, Optimizer, Outcome, Plain, Prodigy, ProdigyConfig, RefreshedContact, Request,
    RollingBall, RollingBallConfig, Sam, SamConfig, Schedule, Sgd, SgdConfig, step,
};

/// A loss of one parameter, and its slope.
struct Curve<L, S>(L, S);

impl<L: Fn(f32) -> f32, S: Fn(f32) -> f32> Objective for Curve<L, S> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(self.0(theta[0]))
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        gradient[0] = self.1(theta[0]);
        Ok(self.0(theta[0]))
    }
}

/// Falls for ever, until it is no number.
fn cliff() -> impl Objective {
    Curve(|x: f32| if x <= 1.5 { -x } else { f32::NAN }, |_| -1.0)
}

const FORMS: [AnyFootpoint; 4] = [
    AnyFootpoint::LaggedContact(LaggedContact),
    AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 }),
    AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 8, tolerance: 1e-2 }),
    AnyFootpoint::GradientDescent(GradientDescent { step: 0.1, iterations: 5 }),
];

fn searching_ball(footpoint: AnyFootpoint) -> AnyRollingBall<[f32; 1]> {
    let centre_step = AnyCentreStep::Armijo(Armijo::default());
    let config = RollingBallConfig::default().with_footpoint(footpoint);
    RollingBall::new(config.with_centre_step(centre_step), [[0.0]; 2]).unwrap()
}

fn searching_sgd(learning_rate: f32) -> Sgd<[f32; 1]> {
    let line_search = Some(Armijo::default());
    let learning_rate = learning_rate.into();
    Sgd::new(SgdConfig { learning_rate, line_search, ..SgdConfig::default() }, [0.0], None).unwrap()
}

/// Everything that searches along a line and has a vector to keep the start in.
fn exact_searches() -> Vec<(&'static str, Box<dyn Optimizer>)> {
    let gauss_newton = GaussNewton { max_iterations: 8, tolerance: 1e-2 };
    let config = RollingBallConfig::default().with_footpoint(gauss_newton);
    vec![
        ("SGD", Box::new(searching_sgd(0.1))),
        ("Gauss-Newton", Box::new(RollingBall::new(config, [[0.0]; 2]).unwrap())),
        (
            "Gauss-Newton, plain",
            Box::new(RollingBall::new(config.with_centre_step(Plain), [[0.0]; 2]).unwrap()),
        ),
        ("Gauss-Newton, Armijo", Box::new(searching_ball(FORMS[2]))),
        ("gradient descent, Armijo", Box::new(searching_ball(FORMS[3]))),
        (
            "lagged contact, kept",
            Box::new(KeepStart::new(searching_ball(FORMS[0]), [0.0]).unwrap()),
        ),
        (
            "refreshed contact, kept",
            Box::new(KeepStart::new(searching_ball(FORMS[1]), [0.0]).unwrap()),
        ),
    ]
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn before_a_cliff_a_search_ends_step_after_step_at_a_finite_loss() {
    for (name, mut optimizer) in exact_searches() {
        let mut theta = [0.0];
        for _ in 0..1000 {
            let before = theta;
            let done = step(optimizer.as_mut(), &mut cliff(), &mut theta);
            assert!(theta[0] <= 1.5, "{name}: {theta:?}");
            let Ok(report) = done else {
                // A rounding beside the start there may be no number, before theta is put back.
                assert_eq!(done, Err(Error::NonFiniteLoss), "{name}");
                assert!(name.ends_with("kept"), "{name}");
                assert_eq!(bits(&theta), bits(&before), "{name}");
                continue;
            };
            assert!(report.loss_after.is_none_or(|loss| loss == -theta[0]), "{name}: {report:?}");
            if report.outcome == Outcome::Stalled && report.footpoint.is_none() {
                assert_eq!(bits(&theta), bits(&before), "{name}");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn on_a_steep_parabola_what_a_search_reports_is_the_loss_where_it_ends() {
    for curvature in [1e6_f32, 1e8, 1e9] {
        let mut parabola = Curve(|x| curvature * x * x / 2.0, |x| curvature * x);
        for (name, mut optimizer) in exact_searches() {
            let mut theta = [1.0];
            for _ in 0..20 {
                let (start, before) = (parabola.loss(&theta).unwrap(), theta);
                let Ok(report) = step(optimizer.as_mut(), &mut parabola, &mut theta) else { break };
                let loss = parabola.loss(&theta).unwrap();
                assert!(
                    report.loss_after.is_none_or(|after| after.to_bits() == loss.to_bits()),
                    "{name}, curvature {curvature}: {report:?}, the loss is {loss}"
                );
                if report.outcome == Outcome::Stalled && theta != before {
                    assert!(loss < start, "{name}, curvature {curvature}: {start} to {loss}");
                }
            }
        }
    }
}

#[test]
fn a_contact_form_that_stalls_says_that_it_ends_near_its_start_and_what_the_loss_is_there() {
    // No trial falls far enough: the slope that is told is a hundred times that of the loss.
    let mut gentle = Curve(|x| x, |_| 100.0);
    for form in [FORMS[0], FORMS[1]] {
        let (mut ball, mut theta) = (searching_ball(form), [3.0_f32]);
        let report = step(&mut ball, &mut gentle, &mut theta).unwrap();
        let report = match report.outcome {
            Outcome::StalledNearby => report,
            _ => step(&mut ball, &mut Curve(|_| 1.0, |_| 100.0), &mut theta).unwrap(),
        };
        assert_eq!(report.outcome, Outcome::StalledNearby, "{form:?}");
        assert!(report.loss_after.is_some());
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn numbers_that_overflow_in_a_step_are_an_error_and_leave_theta_finite() {
    let projection = GradientDescent { step: 0.1, iterations: 3 };
    for form in [AnyFootpoint::from(projection), FORMS[0], FORMS[1], FORMS[2]] {
        for loss_scale in [1.0, 3.0, 1e10, 1e19, 2e19, 1e30] {
            for gradient in [1e-30_f32, 1.0, 1e9, 6e18, 1.8e19] {
                for loss in [0.0_f32, 1.0, 1e30, 3e38] {
                    let config = RollingBallConfig {
                        loss_scale,
                        ..RollingBallConfig::default().with_footpoint(form)
                    };
                    let mut ball = RollingBall::new(config, [[0.0]; 2]).unwrap();
                    let mut theta = [1.0];
                    let mut objective = Curve(|_| loss, |_| gradient);
                    for _ in 0..4 {
                        let done = step(&mut ball, &mut objective, &mut theta);
                        assert!(theta[0].is_finite(), "{form:?}, {loss_scale:e}: {done:?}");
                        let known = [Ok(()), Err(Error::NonFiniteGradient)];
                        let known = known.contains(&done.map(drop))
                            || matches!(done, Err(Error::NonFiniteLoss | Error::NonFiniteUpdate));
                        assert!(known, "{form:?}: {done:?}");
                        let centre = ball.centre(&theta).unwrap();
                        assert!(centre[0].is_finite(), "{form:?}, {loss_scale:e}: {centre:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_neighbourhood_that_overflows_is_an_error_and_leaves_theta_where_it_was() {
    let config = SamConfig { radius: 1e17.into(), ..SamConfig::default() };
    let mut sam = Sam::new(config, [[0.0]; 2]).unwrap();
    let mut theta = [1.0];
    sam.begin(&mut theta).unwrap();
    sam.gradient_mut()[0] = 3e-23;
    assert_eq!(sam.tell_gradient(&mut theta, 0.0), Err(Error::NonFiniteUpdate));
    assert_eq!(theta, [1.0]);
}

#[test]
fn a_projection_whose_parts_or_squares_overflow_is_refused_and_never_reported() {
    for step_size in [0.1, 1e10, 7.3e27, 1e38] {
        for radius in [1e-3_f32, 1.0, 3e18] {
            for slope in [1e-20_f32, 1e-3, 1.0, 1e9, 1e18] {
                for start in [[0.0, 1.0], [1e9, -1e-9], [1e18, 3.0]] {
                    for loss in [1.0, -8e28, 1e19, 3e38] {
                        projects_or_refuses(step_size, radius, slope, start, loss);
                    }
                }
            }
        }
    }
}

/// A step of two iterations, in which the second loss and the second slope differ from the first.
fn projects_or_refuses(step: f32, radius: f32, slope: f32, start: [f32; 2], loss: f32) {
    let config = RollingBallConfig {
        radius: radius.into(),
        roll_back: false,
        ..RollingBallConfig::default()
            .with_footpoint(GradientDescent { step, iterations: 2 })
            .with_centre_step(Plain)
    };
    let mut ball = RollingBall::new(config, [[0.0; 2]; 2]).unwrap();
    let mut theta = start;
    let mut request = ball.begin(&mut theta);
    for (loss, slope) in [(1.0, slope), (loss, -0.5 * slope), (1.0, slope)] {
        if !matches!(request, Ok(Request::Gradient)) {
            break;
        }
        ball.gradient_mut().copy_from_slice(&[slope, -slope]);
        request = ball.tell_gradient(&mut theta, loss);
    }
    assert!(theta.iter().all(|t| t.is_finite()), "{step:e}: {request:?}");
    if let Ok(Request::Done(report)) = request {
        assert!(report.absolute_update.unwrap().is_finite(), "{report:?}");
    }
}

#[test]
fn a_walk_whose_noise_overflows_is_an_error_before_anything_is_asked_there() {
    let config = EntropySgdConfig {
        noise: f32::MAX,
        walk_rate: 2.4e-4.into(),
        moves: 7,
        ..EntropySgdConfig::default()
    };
    let mut walk = EntropySgd::new(config, [[0.0; 28]; 3]).unwrap();
    let mut theta = [0.0; 28];
    walk.begin(&mut theta).unwrap();
    assert_eq!(walk.tell_gradient(&mut theta, 0.0), Err(Error::NonFiniteUpdate));
    assert_eq!(theta, [0.0; 28]);
}

#[test]
fn a_line_asks_for_twelve_losses_at_most() {
    // Falls faster than any slope says, but only far away.
    let mut ridge = Curve(|x: f32| if x.abs() < 1.0 { -x.abs() } else { -1e6 * x.abs() }, |_| 1e-3);
    let gauss_newton = GaussNewton { max_iterations: 1, tolerance: 0.0 };
    let config = RollingBallConfig::default().with_footpoint(gauss_newton);
    let mut ball = RollingBall::new(config, [[0.0]; 2]).unwrap();
    let mut theta = [0.5];
    for _ in 0..50 {
        if let Ok(report) = step(&mut ball, &mut ridge, &mut theta) {
            assert!(report.evaluations.losses <= 12, "{report:?}");
        }
    }
}

#[test]
fn a_schedule_whose_values_overflow_is_refused_when_it_is_made() {
    for (from, to) in [(1e-30, 1e30), (1e30, 1e-30), (f32::MIN_POSITIVE, f32::MAX)] {
        let schedule = Schedule::Exponential { from, to, steps: 10 };
        let made = RollingBall::new(
            RollingBallConfig { radius: schedule, ..RollingBallConfig::default() },
            [[0.0]; 2],
        );
        assert!(matches!(made, Err(Error::Setting { name: "radius", .. })), "{from:e}, {to:e}");
    }
}

#[test]
fn an_exponential_schedule_that_is_accepted_stays_between_its_ends() {
    for (from, to) in [(1e-3, 1.0), (1.0, 1e-3), (1.0, f32::MAX), (3e38, f32::MAX), (1e-38, 0.1)] {
        let steps = u32::MAX;
        let schedule = Schedule::Exponential { from, to, steps };
        assert!(
            Sgd::new(SgdConfig { learning_rate: schedule, ..SgdConfig::default() }, [0.0], None)
                .is_ok()
        );
        for step in [0, 1, 1000, steps / 2, steps - 300, steps - 1, steps] {
            let value = schedule.at(step);
            assert!(value >= from.min(to) && value <= from.max(to), "{from:e}, {to:e}: {value:e}");
        }
    }
}

fn every_kind() -> Vec<(&'static str, Box<dyn Optimizer>)> {
    let rate = Schedule::Constant(10.0);
    let ball = RollingBallConfig { learning_rate: rate, ..RollingBallConfig::default() };
    let ball = ball.with_centre_step(Plain);
    let sgd = SgdConfig { learning_rate: rate, ..SgdConfig::default() };
    let adam = AdamConfig { learning_rate: rate, ..AdamConfig::default() };
    let sam = SamConfig { learning_rate: rate, ..SamConfig::default() };
    let walk = EntropySgdConfig { walk_rate: rate, moves: 1, ..EntropySgdConfig::default() };
    let (learning_rate, initial_distance) = (rate, 1.0);
    let dog = DogConfig { learning_rate, initial_distance, ..DogConfig::default() };
    let prodigy = ProdigyConfig { learning_rate, initial_distance, ..ProdigyConfig::default() };
    vec![
        ("ball", Box::new(RollingBall::new(ball, [[0.0]; 2]).unwrap())),
        ("DoG", Box::new(Dog::new(dog, [[0.0]; 2], None).unwrap())),
        ("Prodigy", Box::new(Prodigy::new(prodigy, [[0.0]; 5]).unwrap())),
        ("SGD", Box::new(Sgd::new(sgd, [0.0], None).unwrap())),
        ("Adam", Box::new(Adam::new(adam, [[0.0]; 3]).unwrap())),
        ("SAM", Box::new(Sam::new(sam, [[0.0]; 2]).unwrap())),
        ("Entropy-SGD", Box::new(EntropySgd::new(walk, [[0.0]; 3]).unwrap())),
    ]
}

/// A bowl around 0 that is no number beyond 1.1.
fn walled() -> impl Objective {
    Curve(|x: f32| if x.abs() <= 1.1 { x * x / 2.0 } else { f32::NAN }, |x| x)
}

#[test]
fn steps_that_are_refused_are_counted_until_one_is_done() {
    for (name, mut optimizer) in every_kind() {
        let mut theta = [1.0];
        for refused in 1..=3 {
            assert!(step(optimizer.as_mut(), &mut walled(), &mut theta).is_err(), "{name}");
            assert_eq!((theta, optimizer.refused()), ([1.0], refused), "{name}");
        }
        let mut flat = Curve(|_| 1.0, |_| 0.0);
        let report = step(optimizer.as_mut(), &mut flat, &mut theta).unwrap();
        assert_eq!((report.refused, optimizer.refused()), (3, 0), "{name}");
    }
}

#[test]
fn a_rate_that_is_halved_after_each_refusal_gets_every_optimizer_going() {
    for (name, mut optimizer) in every_kind() {
        let mut theta = [1.0];
        optimizer.halve_when_refused(true);
        let refused = (0..20)
            .take_while(|_| step(optimizer.as_mut(), &mut walled(), &mut theta).is_err())
            .count();
        assert!((1..20).contains(&refused), "{name} is refused {refused} times");
        assert_ne!(theta, [1.0], "{name}");
    }
}

#[test]
fn each_step_that_is_done_doubles_the_halved_rate_up_to_the_schedules() {
    let config = SgdConfig { learning_rate: 0.8.into(), ..SgdConfig::default() };
    let mut sgd = Sgd::new(config, [0.0], None).unwrap();
    sgd.halve_when_refused(true);
    let (mut theta, mut bowl) = ([1.0], Curve(|x| x * x / 2.0, |x| x));
    for _ in 0..3 {
        step(&mut sgd, &mut Curve(|_| f32::NAN, |_| 1.0), &mut theta).unwrap_err();
    }
    let rates: Vec<f32> =
        (0..5).map(|_| step(&mut sgd, &mut bowl, &mut theta).unwrap().learning_rate).collect();
    assert_eq!(rates, [0.1, 0.2, 0.4, 0.8, 0.8]);
}

#[test]
fn an_abandoned_step_is_not_refused() {
    let mut sgd = Sgd::new(SgdConfig::default(), [0.0], None).unwrap();
    assert_eq!(sgd.begin(&mut [1.0]), Ok(Request::Gradient));
    sgd.abandon();
    assert_eq!(sgd.refused(), 0);
}

#[test]
fn a_start_that_is_kept_is_where_every_refused_step_ends() {
    let sam = Sam::new(SamConfig::default(), [[0.0]; 2]).unwrap();
    let form = AnyFootpoint::from(GradientDescent { step: 0.1, iterations: 5 });
    let config = RollingBallConfig::default().with_footpoint(form);
    let ball = RollingBall::new(config, [[0.0]; 2]).unwrap();
    let mut sam = KeepStart::new(sam, [0.0]).unwrap();
    let mut ball = KeepStart::new(ball, [0.0]).unwrap();
    for optimizer in [&mut sam as &mut dyn Optimizer, &mut ball] {
        let mut theta = [1.0];
        let mut request = optimizer.begin(&mut theta).unwrap();
        let mut asked = 0;
        let error = loop {
            asked += 1;
            let answered = match request {
                Request::Gradient => {
                    optimizer.gradient_mut()[0] = 0.5;
                    optimizer.tell_gradient(&mut theta, if asked < 3 { 1.0 } else { f32::NAN })
                }
                Request::Loss => {
                    optimizer.tell_loss(&mut theta, if asked < 3 { 1.0 } else { f32::NAN })
                }
                Request::Done(report) => panic!("{report:?}"),
            };
            match answered {
                Ok(next) => request = next,
                Err(error) => break error,
            }
        };
        assert_eq!((error, theta), (Error::NonFiniteLoss, [1.0]));
        // An answer out of turn changes nothing, and does not put theta back.
        optimizer.begin(&mut theta).unwrap();
        let mut elsewhere = [7.0];
        assert!(optimizer.tell_loss(&mut elsewhere, 0.0).is_err());
        assert_eq!(elsewhere, [7.0]);
        optimizer.abandon();
    }
}

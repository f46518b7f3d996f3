//! Gradient descent that measures only some of its steps.

use crate::steps::{LENGTH, loss, start, zeros};
use crate::support::formulas::Single;
use crate::support::numbers::bits;
use rolling_ball::{
    Armijo, Error, Evaluations, Objective, Optimizer, Resumable, Sgd, SgdConfig, StepReport, step,
};

const STEPS: usize = 12;

fn config(measure_every: u32) -> SgdConfig {
    SgdConfig { learning_rate: 0.1.into(), measure_every, ..SgdConfig::default() }
}

fn plain(measure_every: u32) -> Sgd<Vec<f32>> {
    Sgd::new(config(measure_every), zeros(), None).unwrap()
}

/// Loss and gradient are what each step is told to have.
struct Told {
    loss: f32,
    slope: f32,
}

impl Objective for Told {
    fn loss(&mut self, _theta: &[f32]) -> Result<f32, Error> {
        Ok(self.loss)
    }

    fn gradient(&mut self, _theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        gradient.fill(0.0);
        gradient[2] = self.slope;
        Ok(self.loss)
    }
}

fn fine() -> Told {
    Told { loss: 1.0, slope: 0.5 }
}

/// Steps of this objective, all of which are done.
fn done(sgd: &mut Sgd<Vec<f32>>, theta: &mut [f32], count: usize) -> Vec<StepReport> {
    (0..count).map(|_| step(sgd, &mut Single(loss()), theta).unwrap()).collect()
}

#[test]
fn steps_that_measure_nothing_end_in_the_bits_of_those_that_do() {
    for (momentum, nesterov) in [(0.0, false), (0.9, false), (0.9, true)] {
        for roll_back in [false, true] {
            let ends = [1, 2, 5, u32::MAX].map(|every| {
                let config = SgdConfig { momentum, nesterov, roll_back, ..config(every) };
                let velocity = (momentum > 0.0).then(zeros);
                let mut sgd = Sgd::new(config, zeros(), velocity).unwrap();
                let mut theta = start();
                done(&mut sgd, &mut theta, STEPS);
                bits(&theta)
            });
            assert!(ends.iter().all(|end| *end == ends[0]), "momentum {momentum}, {nesterov}");
        }
    }
}

#[test]
fn a_step_between_reports_no_norm_and_asks_for_no_loss() {
    let (mut sgd, mut theta) = (plain(3), start());
    for (index, report) in (0..).zip(done(&mut sgd, &mut theta, STEPS)) {
        let measures = index % 3 == 0;
        assert_eq!(report.step, index);
        let norms = [report.gradient_norm, report.parameter_norm, report.absolute_update];
        assert!(norms.iter().all(|norm| norm.is_some() == measures), "{report:?}");
        assert_eq!(report.relative_update().is_some(), measures);
        assert_eq!(report.loss_after.is_some(), measures, "the loss is that of a roll-back");
        let losses = u32::from(measures);
        assert_eq!(report.evaluations, Evaluations { gradients: 1, losses });
        assert!(report.loss_before > 0.0 && report.learning_rate == 0.1);
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_found_by_the_next_step_that_measures() {
    // The last moves theta to where its square overflows.
    for slope in [f32::NAN, f32::INFINITY, f32::MAX] {
        let (mut sgd, mut theta) = (plain(3), start());
        step(&mut sgd, &mut fine(), &mut theta).unwrap();
        step(&mut sgd, &mut Told { loss: 1.0, slope }, &mut theta).unwrap();
        let spoilt = theta[2];
        assert!(!(spoilt * spoilt).is_finite(), "{slope}");
        step(&mut sgd, &mut fine(), &mut theta).unwrap();
        let before = bits(&theta);
        for _ in 0..2 {
            let found = step(&mut sgd, &mut fine(), &mut theta);
            assert_eq!(found, Err(Error::NonFiniteParameters), "{slope}");
            assert_eq!(bits(&theta), before, "theta is as it was");
        }
        assert_eq!((sgd.steps(), sgd.refused()), (3, 2));
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_refused_by_a_step_that_measures() {
    for slope in [f32::NAN, f32::INFINITY, f32::MAX] {
        let (mut sgd, mut theta) = (plain(2), start());
        for _ in 0..2 {
            step(&mut sgd, &mut fine(), &mut theta).unwrap();
        }
        let before = bits(&theta);
        let found = step(&mut sgd, &mut Told { loss: 1.0, slope }, &mut theta);
        assert_eq!(found, Err(Error::NonFiniteGradient), "{slope}");
        assert_eq!(bits(&theta), before);
        step(&mut sgd, &mut fine(), &mut theta).unwrap();
    }
}

#[test]
fn a_loss_that_is_not_finite_leaves_theta_where_it_was_in_every_step() {
    let (mut sgd, mut theta) = (plain(3), start());
    for index in 0..6 {
        let before = bits(&theta);
        for loss in [f32::NAN, f32::INFINITY] {
            let refused = step(&mut sgd, &mut Told { loss, slope: 0.5 }, &mut theta);
            assert_eq!(refused, Err(Error::NonFiniteLoss), "step {index}");
            assert_eq!(bits(&theta), before, "step {index}");
        }
        let report = step(&mut sgd, &mut fine(), &mut theta).unwrap();
        assert_eq!((report.step, report.refused), (index, 2));
    }
}

#[test]
fn a_step_that_measures_is_rolled_back_to_the_bit() {
    let (mut sgd, mut theta) = (plain(2), start());
    for _ in 0..2 {
        step(&mut sgd, &mut fine(), &mut theta).unwrap();
    }
    let before = bits(&theta);
    sgd.begin(&mut theta).unwrap();
    sgd.gradient_mut().fill(1.0);
    sgd.tell_gradient(&mut theta, 1.0).unwrap();
    assert_ne!(bits(&theta), before);
    assert_eq!(sgd.tell_loss(&mut theta, f32::NAN), Err(Error::NonFiniteLoss));
    assert_eq!(bits(&theta), before);
}

#[test]
fn a_resumed_training_measures_the_steps_that_it_would_have_measured() {
    let (mut sgd, mut theta) = (plain(3), start());
    done(&mut sgd, &mut theta, 4);
    let words = sgd.state().unwrap().words;
    let mut resumed = plain(3);
    resumed.resume(words).unwrap();
    let measured = done(&mut resumed, &mut theta, 3).into_iter();
    let measured: Vec<bool> = measured.map(|report| report.gradient_norm.is_some()).collect();
    assert_eq!(measured, [false, false, true]);
}

#[test]
fn how_often_it_measures_is_a_setting_of_checkpoints_unless_in_each_step() {
    let settings = |every| {
        let mut told = Vec::new();
        plain(every).settings(&mut |name, words| told.push((name, words.to_vec())));
        told
    };
    let [every, second, third] = [1, 2, 3].map(settings);
    assert!(every.iter().all(|(name, _)| *name != "measure every"));
    assert_eq!(second.last(), Some(&("measure every", vec![2])));
    assert_ne!(second, third);
}

#[test]
fn never_and_together_with_a_line_search_are_refused() {
    let line_search = Some(Armijo::default());
    let refused = |config, value, expected| {
        let error = Sgd::new(config, zeros(), None).unwrap_err();
        assert_eq!(error, Error::Setting { name: "measure every", value, expected });
    };
    refused(config(0), 0.0, "1 step or more");
    refused(SgdConfig { line_search, ..config(2) }, 2.0, "1 together with a line search");
    Sgd::new(SgdConfig { line_search, ..config(1) }, vec![0.0; LENGTH], None).unwrap();
}

//! Two optimizers that must do the same, and what both must do.

use super::LONGEST;
use super::config::{Config, Workspace};
use super::objective::{Answer, Oracle};
use super::step::{Step, Theta, same_bits};
use super::subject::Subject;
use crate::input::Input;
use crate::numbers::all_same;
use crate::trace::tell;
use rolling_ball::kernels::Scalar;
use rolling_ball::{Error, Evaluation, Request, Schedule};
use std::fmt::Arguments;

pub struct Session<'a> {
    config: Config,
    length: usize,
    /// With the scalar and with the wide kernels.
    subjects: [Box<dyn Subject + 'a>; 2],
    theta: [Theta; 2],
    oracle: Oracle,
    step: Step,
    /// Whether what was told in this step is a function of theta.
    faultless: bool,
    /// Where a resumed optimizer will live, as long as the settings are those of the configuration.
    spare: Option<Workspace<'a>>,
    /// Whether theta is where the last step ended.
    rests: bool,
    /// Steps refused in a row.
    refused: u32,
    pub calls: u64,
}

impl<'a> Session<'a> {
    pub fn new(
        config: Config,
        length: usize,
        subjects: [Box<dyn Subject + 'a>; 2],
        spare: Workspace<'a>,
        input: &mut Input<'_>,
    ) -> Self {
        let (theta, spare) = ([[0.0; LONGEST]; 2], Some(spare));
        let (oracle, step) = (Oracle::read(input), Step::new());
        let mut session = Self {
            config,
            length,
            subjects,
            theta,
            oracle,
            step,
            faultless: true,
            spare,
            rests: false,
            refused: 0,
            calls: 0,
        };
        session.place(input);
        tell(format_args!("{length} parameters, {config:?}, {:?}", session.oracle));
        session
    }

    pub fn operate(&mut self, input: &mut Input<'_>) {
        match input.byte() {
            ..=99 => self.go_on(input, false),
            100..=139 => self.go_on(input, true),
            140..=199 => {
                for _ in 0..16 {
                    self.go_on(input, false);
                }
            }
            200..=203 => self.abandon(),
            204..=205 => self.halve(input),
            206..=211 => self.restart(),
            212..=219 => {
                let rate = input.schedule();
                self.set(|subject| Some(subject.set_learning_rate(rate)), rate);
            }
            220..=227 => {
                let radius = input.schedule();
                self.set(|subject| subject.set_radius(radius), radius);
            }
            228..=233 => self.centre(self.length),
            234..=239 => self.resume(),
            240..=245 => self.out_of_turn(input),
            246..=250 => self.wrong_length(input),
            _ => self.place(input),
        }
    }

    fn awaits(&self) -> Option<Evaluation> {
        let [scalar, wide] = self.subjects.each_ref().map(|subject| subject.awaits());
        assert_eq!(scalar, wide, "what is awaited");
        scalar
    }

    fn steps(&self) -> u32 {
        let [scalar, wide] = self.subjects.each_ref().map(|subject| subject.steps());
        assert_eq!(scalar, wide, "the steps done");
        scalar
    }

    /// Makes a call of both, with the first elements of theta; the same must come of it.
    fn both<R: PartialEq + std::fmt::Debug>(
        &mut self,
        what: Arguments<'_>,
        length: usize,
        mut call: impl FnMut(&mut dyn Subject, &mut [f32]) -> R,
    ) -> R {
        self.calls += 1;
        tell(format_args!("{what}, theta {:?}", &self.theta[0][..length.min(3)]));
        let [scalar, wide] = &mut self.theta;
        let [one, other] = &mut self.subjects;
        let came = call(one.as_mut(), &mut scalar[..length]);
        let wide_came = call(other.as_mut(), &mut wide[..length]);
        tell(format_args!("    {came:?}, theta {:?}", &scalar[..length.min(3)]));
        if came != wide_came {
            // A NaN is not equal to itself, and is said elsewhere.
            assert_eq!(format!("{came:?}"), format!("{wide_came:?}"), "the kernels differ");
        }
        assert!(same_bits(scalar, wide), "the kernels move theta to other bits");
        came
    }

    /// Another theta, where no step is in progress.
    fn place(&mut self, input: &mut Input<'_>) {
        if self.awaits().is_some() {
            return;
        }
        let (kind, value) = (input.below(16), input.float());
        let [theta, _] = &mut self.theta;
        for (index, t) in theta[..self.length].iter_mut().enumerate() {
            *t = match kind {
                0 => value,
                1 => 0.0,
                _ => (index as f32 * 0.7 - 3.0) / 4.0,
            };
        }
        if kind == 2 && self.length > 0 {
            theta[input.below(self.length)] = value;
        }
        self.theta = [*theta; 2];
        self.rests = false;
    }

    fn go_on(&mut self, input: &mut Input<'_>, faulty: bool) {
        match self.awaits() {
            None => self.begin(),
            Some(Evaluation::Loss) => {
                let mut loss = self.oracle.loss(&self.theta[0][..self.length], input);
                if faulty {
                    loss = input.float();
                }
                self.tell_loss(loss, faulty);
            }
            Some(Evaluation::Gradient) => {
                let mut answer = self.oracle.answer(&self.theta[0][..self.length], input);
                if faulty && self.length > 0 && input.flag() {
                    answer.gradient[input.below(self.length)] = input.float();
                } else if faulty {
                    answer.loss = input.float();
                }
                self.tell_gradient(&answer, faulty);
            }
        }
    }

    fn begin(&mut self) {
        let before = self.theta[0];
        self.step.begin(&before, self.length);
        self.faultless = self.oracle.is_function();
        let begun =
            self.both(format_args!("begin"), self.length, |subject, theta| subject.begin(theta));
        let losses_only = self.config.needs_losses_only();
        if !losses_only || begun.is_err() {
            self.unmoved(&before, "begin");
        }
        match begun {
            Ok(request) => {
                let (expected, evaluation) = if losses_only {
                    (Request::Loss, Evaluation::Loss)
                } else {
                    (Request::Gradient, Evaluation::Gradient)
                };
                assert_eq!(request, expected, "what a step asks for first");
                self.step.asked(evaluation);
                assert_eq!(self.awaits(), Some(evaluation));
            }
            Err(Error::NonFiniteParameters | Error::NonFiniteUpdate) if losses_only => {
                assert_eq!(self.awaits(), None);
                self.refused += 1;
                let refused = self.subjects.each_ref().map(|subject| subject.refused());
                assert_eq!(refused, [self.refused; 2], "a refused step was not counted");
            }
            Err(error) => {
                assert!(matches!(error, Error::Setting { .. }), "begin: {error:?}");
                assert_eq!(self.awaits(), None);
            }
        }
    }

    fn tell_loss(&mut self, loss: f32, faulty: bool) {
        let before = self.theta[0];
        self.faultless &= !faulty;
        self.step.tell_loss(&before, loss);
        let told = self.both(format_args!("tell_loss({loss:e})"), self.length, |subject, theta| {
            subject.tell_loss(theta, loss)
        });
        assert!(
            loss.is_finite() || told.is_err() || self.config.searches(),
            "a loss of {loss} was taken: {told:?}"
        );
        self.told(&before, told);
    }

    fn tell_gradient(&mut self, answer: &Answer, faulty: bool) {
        let before = self.theta[0];
        self.faultless &= !faulty;
        self.step.tell_gradient(&before, answer);
        let (loss, gradient) = (answer.loss, &answer.gradient[..self.length]);
        let told = self.both(
            format_args!("tell_gradient({loss:e}, {:?})", &gradient[..gradient.len().min(3)]),
            self.length,
            |subject, theta| {
                subject.gradient_mut().copy_from_slice(gradient);
                subject.tell_gradient(theta, loss)
            },
        );
        let finite = loss.is_finite() && gradient.iter().all(|slope| slope.is_finite());
        assert!(finite || told.is_err(), "an answer that is not finite was taken: {told:?}");
        self.told(&before, told);
    }

    /// What comes of an answer that was asked for.
    fn told(&mut self, before: &Theta, told: Result<Request, Error>) {
        let theta = self.theta[0];
        let (steps, refused) = (self.steps(), self.subjects.each_ref().map(|s| s.refused()));
        assert_eq!(refused[0], refused[1], "the steps refused");
        match told {
            Err(error) => {
                self.step.check_error(&self.config, error, before, &theta);
                assert_eq!(self.awaits(), None, "after {error:?}");
                self.rests = false;
                assert_eq!(refused[0], self.refused + 1, "a refused step was not counted");
                self.refused = refused[0];
            }
            Ok(request) => {
                self.step.accepted();
                assert!(
                    theta[..self.length].iter().all(|t| t.is_finite()),
                    "{}: theta is not finite after {request:?}",
                    self.config.form()
                );
                let evaluation = match request {
                    Request::Loss => Some(Evaluation::Loss),
                    Request::Gradient => Some(Evaluation::Gradient),
                    Request::Done(_) => None,
                };
                assert_eq!(self.awaits(), evaluation, "after {request:?}");
                if let Some(evaluation) = evaluation {
                    self.step.asked(evaluation);
                }
                if let Request::Done(report) = request {
                    self.rests = true;
                    assert_eq!(refused[0], 0, "a step is done");
                    assert_eq!(report.refused, self.refused, "the refused steps in the report");
                    self.refused = 0;
                    let index = steps.saturating_sub(1);
                    self.step.check_report(&self.config, &report, index, &theta);
                    if let Some(config) = self.config.gauss_newton()
                        && self.faultless
                        && self.config.wrapper.is_none()
                        && self.spare.is_some()
                    {
                        self.step.check_distance(&config, &report, &theta);
                    }
                    self.compare_states();
                }
            }
        }
    }

    /// What both carry to the next step.
    fn compare_states(&self) {
        let [scalar, wide] = self.subjects.each_ref().map(|subject| subject.state());
        let (Ok(scalar), Ok(wide)) = (scalar, wide) else {
            panic!("a state that cannot be had between two steps");
        };
        assert_eq!(scalar.words, wide.words, "the words of the state");
        for (scalar, wide) in scalar.vectors.iter().zip(wide.vectors) {
            assert!(all_same(scalar, wide), "the vectors of the state");
        }
    }

    fn unmoved(&self, before: &Theta, what: &str) {
        assert!(same_bits(before, &self.theta[0]), "{what} moved theta");
    }

    fn abandon(&mut self) {
        let (before, steps) = (self.theta[0], self.steps());
        self.both(format_args!("abandon"), self.length, |subject, _| subject.abandon());
        self.unmoved(&before, "abandon");
        self.rests = false;
        assert_eq!((self.awaits(), self.steps()), (None, steps), "after abandon");
    }

    fn halve(&mut self, input: &mut Input<'_>) {
        let halve = input.flag();
        let (before, awaited) = (self.theta[0], self.awaits());
        self.both(format_args!("halve_when_refused({halve})"), self.length, |subject, _| {
            subject.halve_when_refused(halve);
        });
        self.unmoved(&before, "halve_when_refused");
        assert_eq!(self.awaits(), awaited);
        // Whether it halves is for the firmware to say again.
        self.spare = None;
    }

    fn restart(&mut self) {
        let (before, steps, awaited) = (self.theta[0], self.steps(), self.awaits());
        let restarted =
            self.both(format_args!("restart"), self.length, |subject, _| subject.restart());
        self.unmoved(&before, "restart");
        assert_eq!(self.awaits(), awaited, "after restart");
        if awaited.is_some() {
            assert!(matches!(restarted, Err(Error::UnexpectedAnswer { .. })), "{restarted:?}");
            assert_eq!(self.steps(), steps);
        } else {
            assert_eq!((restarted, self.steps()), (Ok(()), 0));
        }
    }

    fn set(
        &mut self,
        set: impl Fn(&mut dyn Subject) -> Option<Result<(), Error>>,
        schedule: Schedule,
    ) {
        let (before, steps, awaited) = (self.theta[0], self.steps(), self.awaits());
        let was_set =
            self.both(format_args!("set {schedule:?}"), self.length, |subject, _| set(subject));
        self.unmoved(&before, "a setting");
        assert_eq!((self.awaits(), self.steps()), (awaited, steps), "after a setting");
        match was_set {
            None => {}
            Some(Ok(())) => self.spare = None,
            Some(Err(error)) => {
                assert!(matches!(error, Error::Setting { .. }), "{schedule:?}: {error:?}");
            }
        }
    }

    fn centre(&mut self, length: usize) {
        let (before, awaited) = (self.theta[0], self.awaits());
        let centre = self.both(format_args!("centre"), length, |subject, theta| {
            subject
                .centre(theta)
                .map(|centre| centre.iter().map(|t| t.to_bits()).collect::<Vec<_>>())
        });
        self.unmoved(&before, "centre");
        assert_eq!(self.awaits(), awaited, "after centre");
        match centre {
            Ok(centre) => {
                assert!(awaited.is_none() && centre.len() == self.length);
                let finite = |bits: &u32| f32::from_bits(*bits).is_finite();
                assert!(
                    !self.rests || centre.iter().all(finite),
                    "{}: the centre is not finite",
                    self.config.form()
                );
            }
            Err(Error::Length { .. }) => assert_ne!(length, self.length),
            Err(Error::UnexpectedAnswer { .. }) => assert!(awaited.is_some()),
            Err(error) => panic!("centre: {error:?}"),
        }
    }

    /// The scalar optimizer goes on as another one that was made anew and took its state.
    fn resume(&mut self) {
        if self.awaits().is_some() {
            let states = self.subjects.each_ref().map(|subject| subject.state().is_err());
            assert_eq!(states, [true; 2], "a state in the middle of a step");
            return;
        }
        let Some(spare) = self.spare.take() else { return };
        let Ok(mut resumed) = self.config.build(Scalar, spare) else {
            panic!("the same settings were refused the second time")
        };
        let [stopped, _] = &mut self.subjects;
        {
            let (Ok(state), words) = (stopped.state(), stopped.state().map(|state| state.words))
            else {
                panic!("a state that cannot be had between two steps")
            };
            let Ok(vectors) = words.and_then(|words| resumed.resume(words)) else {
                panic!("a state that is not taken back")
            };
            for (to, from) in vectors.into_iter().zip(state.vectors) {
                to.copy_from_slice(from);
            }
        }
        *stopped = resumed;
        self.calls += 2;
        assert_eq!(self.awaits(), None);
        self.steps();
        self.compare_states();
    }

    /// A call that is not due.
    fn out_of_turn(&mut self, input: &mut Input<'_>) {
        let (before, awaited, loss) = (self.theta[0], self.awaits(), input.float());
        let gradients = self.gradients();
        let call = input.below(3);
        let refused = match (call, awaited) {
            (0, None) | (1, Some(Evaluation::Loss)) | (2, Some(Evaluation::Gradient)) => return,
            (0, _) => {
                self.both(format_args!("begin"), self.length, |subject, theta| subject.begin(theta))
            }
            (1, _) => {
                self.both(format_args!("tell_loss({loss:e})"), self.length, |subject, theta| {
                    subject.tell_loss(theta, loss)
                })
            }
            _ => {
                self.both(format_args!("tell_gradient({loss:e})"), self.length, |subject, theta| {
                    subject.tell_gradient(theta, loss)
                })
            }
        };
        assert!(matches!(refused, Err(Error::UnexpectedAnswer { .. })), "{refused:?}");
        self.unchanged(&before, awaited, &gradients);
    }

    /// A call with a theta of the wrong length.
    fn wrong_length(&mut self, input: &mut Input<'_>) {
        let (before, awaited, loss) = (self.theta[0], self.awaits(), input.float());
        let gradients = self.gradients();
        let length = input.below(LONGEST + 1);
        if length == self.length {
            return;
        }
        let refused = match input.below(4) {
            0 => self.both(format_args!("begin({length})"), length, |subject, theta| {
                subject.begin(theta)
            }),
            1 => self.both(
                format_args!("tell_loss({length}, {loss:e})"),
                length,
                |subject, theta| subject.tell_loss(theta, loss),
            ),
            2 => self.both(
                format_args!("tell_gradient({length}, {loss:e})"),
                length,
                |subject, theta| subject.tell_gradient(theta, loss),
            ),
            _ => return self.centre(length),
        };
        let right = matches!(refused, Err(Error::Length { .. } | Error::UnexpectedAnswer { .. }));
        assert!(right, "{refused:?}");
        self.unchanged(&before, awaited, &gradients);
    }

    /// What lies in the gradients' buffers.
    fn gradients(&mut self) -> [Theta; 2] {
        self.subjects.each_mut().map(|subject| {
            let mut gradient = [0.0; LONGEST];
            let buffer = subject.gradient_mut();
            gradient[..buffer.len()].copy_from_slice(buffer);
            gradient
        })
    }

    /// A refused call changes nothing.
    fn unchanged(&mut self, theta: &Theta, awaited: Option<Evaluation>, gradients: &[Theta; 2]) {
        self.unmoved(theta, "a refused call");
        assert_eq!(self.awaits(), awaited, "after a refused call");
        for (before, after) in gradients.iter().zip(&self.gradients()) {
            assert!(same_bits(before, after), "a refused call changed the gradient's buffer");
        }
    }
}

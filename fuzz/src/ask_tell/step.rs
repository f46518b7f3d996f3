//! What a step was told, and what must be true of its end.

use super::LONGEST;
use super::config::Config;
use super::objective::Answer;
use rolling_ball::{AnyRollingBallConfig, Error, Evaluation, Outcome, Schedule, StepReport};

/// A theta of which only the beginning counts.
pub type Theta = [f32; LONGEST];

/// The step in progress.
#[derive(Debug)]
pub struct Step {
    length: usize,
    /// Where it began, and whether it may begin there.
    start: Theta,
    /// The losses told, each where it was asked for.
    told: Vec<(Theta, f32)>,
    /// The last of them that was finite; at first where the step began.
    last_finite: Theta,
    /// The last gradient told, and where.
    last_gradient: Theta,
    /// What was told first.
    first: Option<Answer>,
    gradients: u32,
    losses: u32,
}

/// The bits of so many elements.
pub fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

impl Step {
    pub fn new() -> Self {
        Self {
            length: 0,
            start: [0.0; LONGEST],
            told: Vec::with_capacity(32),
            last_finite: [0.0; LONGEST],
            last_gradient: [0.0; LONGEST],
            first: None,
            gradients: 0,
            losses: 0,
        }
    }

    pub fn begin(&mut self, theta: &Theta, length: usize) {
        self.length = length;
        self.told.clear();
        (self.start, self.last_finite, self.last_gradient) = (*theta, *theta, *theta);
        (self.first, self.gradients, self.losses) = (None, 0, 0);
    }

    pub fn asked(&mut self, evaluation: Evaluation) {
        match evaluation {
            Evaluation::Gradient => self.gradients += 1,
            Evaluation::Loss => self.losses += 1,
        }
    }

    pub fn tell_loss(&mut self, theta: &Theta, loss: f32) {
        self.told.push((*theta, loss));
    }

    pub fn tell_gradient(&mut self, theta: &Theta, answer: &Answer) {
        self.tell_loss(theta, answer.loss);
        self.last_gradient = *theta;
        self.first.get_or_insert(*answer);
    }

    /// What was told was taken: the loss counts as finite.
    pub fn accepted(&mut self) {
        if let Some((theta, loss)) = self.told.last()
            && loss.is_finite()
        {
            self.last_finite = *theta;
        }
    }

    /// Where theta is after an error: `asked` is where it was when the answer was told.
    pub fn check_error(&self, config: &Config, error: Error, asked: &Theta, theta: &Theta) {
        // By value and not by bits: a pass may turn -0 into 0, which is the same point.
        let at = |place: &Theta| place[..self.length] == theta[..self.length];
        // Where the step went on from: the last gradient's point, or a trial that was accepted.
        let back = at(&self.last_finite) || at(&self.last_gradient);
        let right = match error {
            // A NaN is not equal to itself.
            Error::NonFiniteParameters => same_bits(&asked[..self.length], &theta[..self.length]),
            _ if config.needs_losses_only() => self.is_in_the_middle(theta),
            _ if config.looks_around() || config.keeps_start() => at(&self.start),
            Error::NonFiniteUpdate | Error::NonFiniteGradient => at(asked) || back,
            Error::NonFiniteLoss => {
                let told = self.told.last().is_some_and(|(_, loss)| loss.is_finite());
                // A loss that overflows when it is scaled was finite where it was asked for.
                let stays = told || !config.rolls_back() || config.stalls_nearby();
                back || stays && at(asked)
            }
            other => panic!("{other:?} where a step is in progress, and the answer is due"),
        };
        assert!(
            right,
            "{}: after {error:?} theta is not where the documentation says",
            config.form()
        );
    }

    /// Whether theta is where the step began, up to the rounding beside the radius.
    fn is_in_the_middle(&self, theta: &Theta) -> bool {
        let Some((first, _)) = self.told.first() else { return false };
        let apart = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).abs();
        let start = &self.start[..self.length];
        let largest = start.iter().zip(first).map(apart).fold(0.0, f64::max);
        // At least one element moves by the radius over the root of their number, unless all moves
        // are rounded off beside a large parameter: then the end is the middle.
        let radius = 2.0 * largest * (self.length as f64).sqrt();
        let near = |((start, t), first): ((&f32, &f32), &f32)| {
            let reach = f64::from(start.abs()) + 3.0 * radius;
            apart((start, t)) <= reach * f64::from(f32::EPSILON) + 1e-44 || t == first
        };
        start.iter().zip(theta).zip(first).all(near)
    }

    /// What must be true of a report. `radius` is that of the step, where it is known.
    pub fn check_report(&self, config: &Config, report: &StepReport, steps: u32, theta: &Theta) {
        assert_eq!(report.step, steps, "the index of the step");
        let StepReport { loss_before, loss_after, gradient_norm, parameter_norm, .. } = *report;
        for (name, value) in [
            ("loss_before", loss_before),
            ("loss_after", loss_after.unwrap_or_default()),
            ("gradient_norm", gradient_norm.unwrap_or_default()),
            ("parameter_norm", parameter_norm.unwrap_or_default()),
            ("absolute_update", report.absolute_update.unwrap_or_default()),
            ("learning_rate", report.learning_rate),
        ] {
            assert!(value.is_finite(), "{}: {name} is {value}: {report:?}", config.form());
        }
        let footpoint = report.footpoint.unwrap_or_default();
        for (name, value) in [
            ("contact_gap", report.contact_gap.unwrap_or_default()),
            ("distance", footpoint.distance),
            ("residual", footpoint.residual),
        ] {
            assert!(value >= 0.0, "{}: {name} is {value}: {report:?}", config.form());
        }
        let (evaluations, most) = (report.evaluations, config.most_evaluations());
        assert_eq!(
            [evaluations.gradients, evaluations.losses],
            [self.gradients, self.losses],
            "the evaluations that were asked for"
        );
        for (asked, most) in [self.gradients, self.losses].into_iter().zip(most) {
            assert!(u64::from(asked) <= most, "{evaluations:?}, but at most {most:?}");
        }
        assert!(
            report.outcome != Outcome::StalledNearby || config.stalls_nearby(),
            "{}: not to the bit: {report:?}",
            config.form()
        );
        if report.outcome == Outcome::Stalled {
            let began = if config.keeps_start() { &self.start } else { &self.last_gradient };
            assert!(
                same_bits(&theta[..self.length], &began[..self.length]),
                "{}: a stalled search ends elsewhere than it began: {report:?}",
                config.form()
            );
        }
        if config.wrapper.is_none() {
            self.check_losses(report, config, theta);
        }
    }

    fn check_losses(&self, report: &StepReport, config: &Config, theta: &Theta) {
        if config.needs_losses_only() {
            let [(_, first), (_, second)] = self.told[..] else {
                panic!("a step of {} losses: {report:?}", self.told.len());
            };
            assert_eq!(report.loss_before, 0.5 * first + 0.5 * second, "loss_before: {report:?}");
            assert_eq!(report.loss_after, None, "nobody was asked for it: {report:?}");
            return;
        }
        let first = self.first.map_or(f32::NAN, |answer| answer.loss);
        assert_eq!(report.loss_before.to_bits(), first.to_bits(), "loss_before: {report:?}");
        if let Some(loss) = report.loss_after {
            let mut here = self.told.iter().filter(|(place, told)| {
                told.to_bits() == loss.to_bits()
                    && same_bits(&place[..self.length], &theta[..self.length])
            });
            assert!(
                here.next().is_some(),
                "{}: loss_after was not told at this theta: {report:?}",
                config.form()
            );
        }
        let line_search =
            matches!(config.method, super::config::Method::Sgd { .. }) && config.armijo().is_some();
        if line_search && let Some(after) = report.loss_after {
            assert!(after <= report.loss_before, "a line search let the loss rise: {report:?}");
        }
    }

    /// Gauss-Newton promises that `D` never rises beyond rounding. Everything in `f64`, from the
    /// step's first answer and its report.
    pub fn check_distance(
        &self,
        config: &AnyRollingBallConfig,
        report: &StepReport,
        theta: &Theta,
    ) {
        let Schedule::Constant(radius) = config.radius else { return };
        let (Some(Answer { loss, gradient }), Some(after)) = (self.first, report.loss_after) else {
            return;
        };
        let [scale, radius, rate] =
            [config.loss_scale, radius, report.learning_rate].map(f64::from);
        let (loss, after) = (f64::from(loss), f64::from(after));
        let gradient = gradient[..self.length].iter().map(|g| f64::from(*g));
        let squared: f64 = gradient.clone().map(|g| g * g).sum();
        let slant = (1.0 + scale * scale * squared).sqrt();
        let reach = radius * scale / slant;
        let displaced_height = scale * loss + radius / slant - rate * scale * squared;
        let distance = |theta: &Theta, loss: f64| {
            let along =
                theta.iter().zip(&self.start).zip(gradient.clone()).map(|((t, start), g)| {
                    let displaced = f64::from(*start) - (reach + rate) * g;
                    (f64::from(*t) - displaced).powi(2)
                });
            (along.sum::<f64>(), scale * loss - displaced_height)
        };
        let (squared_before, above_before) = distance(&self.start, loss);
        let (squared_after, above_after) = distance(theta, after);
        let before = (squared_before + above_before * above_before) / 2.0;
        let now = (squared_after + above_after * above_after) / 2.0;
        // What theta, theta~ and the heights may be off by, each rounded a few times a move.
        let size = |theta: &Theta| theta.iter().map(|t| f64::from(*t).abs()).fold(0.0, f64::max);
        let largest = size(&self.start).max(size(theta)) + (reach + rate) * squared.sqrt();
        let moves = f64::from(report.evaluations.losses + report.evaluations.gradients + 4);
        let places = moves * (self.length as f64 + 1.0) * f64::from(f32::EPSILON);
        let heights = scale * (loss.abs() + after.abs()) + displaced_height.abs();
        let rounding = places * (largest + heights + before.sqrt());
        let bound = before + rounding * (before.sqrt() + now.sqrt()) + rounding * rounding;
        // Below the least normal number, squares vanish in f32.
        let bound = bound + f64::from(f32::MIN_POSITIVE);
        if bound.is_finite() && now.is_finite() {
            assert!(
                now <= bound,
                "D rose from {before:e} to {now:e}, more than by rounding ({bound:e}): {report:?}"
            );
        }
    }
}

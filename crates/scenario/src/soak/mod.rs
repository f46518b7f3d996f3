//! Millions of steps of every optimizer on landscapes that nobody should train on, with everything
//! checked that the documentation promises of a step; the same bits on every core.

mod distance;
mod form;
mod landscape;
mod watch;

pub use form::{Form, Limits, Visitor};
pub use landscape::{LARGEST, Landscape};

use core::fmt;
use distance::has_risen;
use rolling_ball::{Error, Optimizer, Outcome, StepReport, step};
use watch::{Point, Watched, is_at};

/// During the first half of the steps, theta is put at another start after so many. The second half
/// is one training.
const STEPS_A_START: u32 = 1000;

const EXCEEDED: &str = "the step asks for more evaluations than it may";

/// An optimizer on a landscape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The optimizer.
    pub form: Form,
    /// The landscape.
    pub landscape: Landscape,
    /// Whether each step that is refused halves the rate of the next.
    pub halve: bool,
}

/// What became of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    /// The steps that were done.
    pub done: u32,
    /// The steps that ended in an error.
    pub refused: u32,
    /// Losses with their gradients.
    pub gradients: u64,
    /// Losses alone.
    pub losses: u64,
    /// The loss at the end.
    pub loss: f32,
    /// A hash of theta's bits after every step.
    pub hash: u32,
}

/// A promise that was not kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Broken {
    /// The step, from 0, with those that were refused.
    pub step: u32,
    /// What happened.
    pub what: &'static str,
    /// How the step ended.
    pub ended: Result<StepReport, Error>,
}

impl Cell {
    /// Every optimizer on every landscape.
    pub fn all(halve: bool) -> impl Iterator<Item = Self> {
        let forms = Form::ALL.into_iter();
        forms.flat_map(move |form| Landscape::ALL.map(|landscape| Self { form, landscape, halve }))
    }

    /// Makes so many steps, and checks each; `tick` hears the number of each start.
    ///
    /// # Errors
    ///
    /// The first promise that was not kept.
    pub fn run(self, steps: u32, tick: impl FnMut(u32)) -> Result<Tally, Broken> {
        let (parameters, mut vectors) = (self.landscape.parameters(), [[0.0; LARGEST]; 5]);
        match self.form.visit(parameters, &mut vectors, Soak { cell: self, steps, tick }) {
            Ok(tally) => tally,
            Err(error) => Err(Broken { step: 0, what: "it cannot be made", ended: Err(error) }),
        }
    }
}

/// A cell that is to be run.
struct Soak<T> {
    cell: Cell,
    steps: u32,
    tick: T,
}

impl<T: FnMut(u32)> Visitor for Soak<T> {
    type Output = Result<Tally, Broken>;

    fn visit<O: Optimizer>(mut self, mut optimizer: O) -> Result<Tally, Broken> {
        let Cell { form, landscape, halve } = self.cell;
        optimizer.halve_when_refused(halve);
        let mut watched = Watched::new(landscape, form.limits());
        let mut memory: Point = [0.0; LARGEST];
        let theta = memory.get_mut(..landscape.parameters()).unwrap_or_default();
        let (mut done, mut refused, mut in_a_row) = (0, 0, 0);
        let (mut gradients, mut losses) = (0, 0);
        let mut hash = 0x811c_9dc5_u32;
        for attempt in 0..self.steps {
            if attempt.is_multiple_of(STEPS_A_START) {
                (self.tick)(STEPS_A_START.min(self.steps - attempt));
                if attempt <= self.steps / 2 {
                    landscape.start(attempt / STEPS_A_START, theta);
                }
            }
            watched.begin(theta);
            let ended = step(&mut optimizer, &mut watched, theta);
            let checked = match ended {
                Ok(report) => check_step(form, &report, &watched, theta, (done, in_a_row)),
                Err(error) => check_refusal(form, error, &watched, theta),
            };
            checked.map_err(|what| Broken { step: attempt, what, ended })?;
            match ended {
                Ok(_) => (done, in_a_row) = (done + 1, 0),
                Err(_) => (refused, in_a_row) = (refused + 1, in_a_row + 1),
            }
            if (optimizer.steps(), optimizer.refused()) != (done, in_a_row) {
                let what = "the optimizer counts other steps than those that were done or refused";
                return Err(Broken { step: attempt, what, ended });
            }
            gradients += u64::from(watched.asked.gradients);
            losses += u64::from(watched.asked.losses);
            for t in theta.iter() {
                // FNV-1a, a word at a time.
                hash = (hash ^ t.to_bits()).wrapping_mul(0x0100_0193);
            }
        }
        Ok(Tally { done, refused, gradients, losses, loss: landscape.loss(theta), hash })
    }
}

/// What a step that is done promises.
fn check_step(
    form: Form,
    report: &StepReport,
    watched: &Watched,
    theta: &[f32],
    counted: (u32, u32),
) -> Result<(), &'static str> {
    if form.needs_losses_only() {
        return check_losses_only(report, watched, theta, counted);
    }
    let loss = watched.landscape.loss(theta);
    let told = report.loss_after.ok_or("a step that can be rolled back told no loss")?;
    let asked = (report.evaluations.gradients, report.evaluations.losses);
    let descended = !form.descends() || told <= report.loss_before;
    let nearer = match (form.gauss_newton(), report.footpoint) {
        (Some(config), Some(_)) => !has_risen(&config, report, watched, theta),
        _ => true,
    };
    let back = report.outcome != Outcome::Stalled || is_at(theta, &watched.stood);
    let promises = [
        (is_finite(theta), "theta is not finite"),
        (loss.is_finite(), "the loss at theta is not finite"),
        (told.to_bits() == (loss + form.penalty(theta)).to_bits(), "loss_after is not the loss"),
        (back, "a search has stalled, and theta is not where it began"),
        ((report.step, report.refused) == counted, "the report counts other steps"),
        (asked == (watched.asked.gradients, watched.asked.losses), "evaluations were miscounted"),
        (descended, "a line search let the loss rise"),
        (nearer, "the search for the nearest point let D rise"),
    ];
    kept(promises)
}

/// What a step promises that asks for two losses, neither of them where it ends.
fn check_losses_only(
    report: &StepReport,
    watched: &Watched,
    theta: &[f32],
    counted: (u32, u32),
) -> Result<(), &'static str> {
    let asked = (report.evaluations.gradients, report.evaluations.losses);
    let slope = report.gradient_norm.unwrap_or(f32::NAN);
    kept([
        (is_finite(theta), "theta is not finite"),
        (report.loss_after.is_none(), "a loss is told that was not asked for"),
        (is_finite(&[report.loss_before, slope]), "the report is not finite"),
        ((report.step, report.refused) == counted, "the report counts other steps"),
        (asked == (0, 2), "it asks for two losses"),
        (asked == (watched.asked.gradients, watched.asked.losses), "evaluations were miscounted"),
    ])
}

/// What a step that ends in an error promises.
fn check_refusal(
    form: Form,
    error: Error,
    watched: &Watched,
    theta: &[f32],
) -> Result<(), &'static str> {
    if form.needs_losses_only() {
        let near = |(t, start): (&f32, &f32)| (t - start).abs() <= form.rounding(*start);
        return kept([
            (error == Error::NonFiniteLoss, "no step should end in this error"),
            (theta.iter().zip(&watched.start).all(near), "theta is not where the step began"),
        ]);
    }
    let went_back = match error {
        Error::NonFiniteParameters => is_at(theta, &watched.start),
        Error::NonFiniteLoss | Error::NonFiniteGradient | Error::NonFiniteUpdate => {
            if form.returns_to_start() {
                is_at(theta, &watched.start)
            } else {
                is_at(theta, &watched.stood)
                    || form.forgets_start() && is_at(theta, &watched.last_finite)
            }
        }
        _ if watched.exceeded => return Err(EXCEEDED),
        _ => return Err("no step should end in this error"),
    };
    // A search that could not keep its start returns to a place beside it, whose loss may be
    // another.
    let beside = form.forgets_start() && is_at(theta, &watched.last);
    let is_known = watched.landscape.loss(theta).is_finite();
    kept([
        (is_finite(theta), "theta is not finite"),
        (went_back || beside, "theta is not where the error says"),
        (is_known || beside, "the loss at theta is not finite"),
    ])
}

fn is_finite(theta: &[f32]) -> bool {
    theta.iter().all(|t| t.is_finite())
}

/// The first promise that was not kept.
fn kept<const N: usize>(promises: [(bool, &'static str); N]) -> Result<(), &'static str> {
    match promises.into_iter().find(|(kept, _)| !kept) {
        Some((_, what)) => Err(what),
        None => Ok(()),
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { form, landscape, .. } = self;
        write!(f, "{form} on {landscape}")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { done, refused, gradients, losses, loss, hash } = self;
        write!(
            f,
            "done {done} refused {refused} gradients {gradients} losses {losses} loss {loss:e} \
             hash {hash:08x}"
        )
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { step, what, ended } = self;
        write!(f, "step {step}: {what}; it ended ")?;
        match ended {
            Ok(StepReport { outcome, loss_before, loss_after, .. }) => {
                write!(f, "{outcome:?}, {loss_before:e} before and {loss_after:?} after")
            }
            Err(error) => write!(f, "in the error \"{error}\""),
        }
    }
}

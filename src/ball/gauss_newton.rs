//! The nearest point of the graph by Gauss-Newton: linearise `F`, and the minimum of `D` along all
//! of theta has a closed form of rank one.

use super::centre::{Geometry, Tangent};
use super::footpoint::{Body, Footpoint, FootpointNext, GradientAt, Pause, Vectors};
use super::nearest_point;
use crate::Error;
use crate::kernels::{FootpointSums, Vector, VectorOps};
use crate::math::{length, sqrt};
use crate::optimizer::{FootpointReport, Next, Outcome, check_answer};

/// The nearest point of the graph, by Gauss-Newton with a closed form and a line search that never
/// lets `D` increase. Started at `theta - learning_rate * g`, which is its first full move.
///
/// Cost of a step: a gradient and at least one loss an iteration, commonly 4 to 9 of each.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GaussNewton {
    /// Moves at most; 1 or more.
    pub max_iterations: u32,
    /// Converged when the predicted decrease of `D` is below this fraction of `D`; 0 up to below 1.
    pub tolerance: f32,
}

/// Armijo's constant, the shrinking factor, and the trials of the search along one direction.
const DECREASE: f32 = 1e-4;
const SHRINK: f32 = 0.3;
const TRIALS: u32 = 12;
/// Where `D` falls by more than this multiple of what the model predicts, it curves downwards, as
/// between two valleys when the ball bridges them: a longer move along the same line is worth a
/// loss.
const SURPRISE: f32 = 1.2;
/// A fall below this part of `D` may be rounding, which is no reason to go on.
const NOISE: f32 = 1e-6;
/// That move, as a multiple of the one that surprised.
const GROW: f32 = 2.0;

/// `D` on the line `theta + alpha p` and where the search on it stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineSearch {
    report: FootpointReport,
    /// Where the line starts: `F - y~` and the loss.
    above: f32,
    loss: f32,
    /// `d . p` and `|p|^2`, with `d = theta~ - theta` where the line starts.
    along: f32,
    direction_squared: f32,
    /// `grad D . p`, below 0.
    slope: f32,
    /// How far `D` is above its least value so far: never more than one rounding.
    creep: f32,
    alpha: f32,
    trials: u32,
    /// The best trial so far on this line, once one has been accepted.
    best: Option<Trial>,
    /// The centre of the ball is this part of the way from theta to theta~. Of the last step.
    centre_scale: f32,
}

/// A point on the line.
#[derive(Clone, Copy, Debug)]
struct Trial {
    alpha: f32,
    loss: f32,
    /// The change of `D` since the start of the line.
    change: f32,
}

/// What to do after a trial. The gradient's buffer holds where the line starts or, while the moves
/// grow, the best point so far: so theta can go back there to the bit.
#[derive(Clone, Copy, Debug)]
enum Judgement {
    /// The trial at theta stands; this is its loss.
    Accepted(f32),
    /// The trial before it stands, which is in the buffer; this is its loss.
    BestAccepted(f32),
    /// Try this part of the move from the buffer to theta.
    Shrink(f32),
    /// Try further on: the move from the buffer to theta this many times more.
    Grow(f32),
    /// Go back to where the line starts, which is in the buffer.
    Stalled,
}

impl LineSearch {
    /// The first line: from theta, the full move is exactly `-rate g`, whatever the radius, and
    /// needs no pass for its sums.
    fn first(geometry: &Geometry) -> Self {
        let Geometry { rate, reach, gradient_squared, .. } = *geometry;
        let distance = reach + rate;
        let above = geometry.above_centre(geometry.loss);
        let distance_squared = distance * distance * gradient_squared;
        let pull = distance + above * geometry.loss_scale;
        Self {
            report: FootpointReport {
                iterations: 0,
                distance: (distance_squared + above * above) / 2.0,
                residual: pull.abs() * sqrt(gradient_squared),
            },
            above,
            loss: geometry.loss,
            along: distance * rate * gradient_squared,
            direction_squared: rate * rate * gradient_squared,
            slope: -rate * rate * gradient_squared * (1.0 + geometry.scaled_gradient_squared()),
            creep: 0.0,
            alpha: 1.0,
            trials: 0,
            best: None,
            centre_scale: 0.0,
        }
    }

    /// Checks that the numbers of a line say something.
    fn check(&self) -> Result<(), Error> {
        let Self { report, along, direction_squared, slope, .. } = self;
        let known = [report.distance, report.residual, *along, *direction_squared, *slope];
        if known.iter().all(|number| number.is_finite()) {
            Ok(())
        } else {
            Err(Error::NonFiniteUpdate)
        }
    }

    /// Linearises at an accepted point. `None` where the predicted decrease is within the
    /// tolerance; else the multiple of the gradient that the direction takes off `d`.
    fn linearise(
        &mut self,
        geometry: &Geometry,
        sums: FootpointSums,
        loss: f32,
        tolerance: f32,
    ) -> Result<Option<f32>, Error> {
        let scale = geometry.loss_scale;
        let above = geometry.above_centre(loss);
        let (q, a, g) = (sums.distance, scale * sums.along, scale * scale * sums.gradient);
        let s = (above + a) / (1.0 + g);
        self.above = above;
        self.loss = loss;
        self.along = q - s * a;
        let squared = q - 2.0 * s * a + s * s * g;
        // Rounding may leave it below 0; a NaN must stay one, for the check.
        self.direction_squared = if squared < 0.0 { 0.0 } else { squared };
        self.slope = -q + s * a + above * a - s * above * g;
        self.alpha = 1.0;
        self.trials = 0;
        self.best = None;
        self.report.distance = (q + above * above) / 2.0;
        self.report.residual = length(q - 2.0 * above * a + above * above * g);
        self.check()?;
        Ok((-self.slope > tolerance * self.report.distance).then_some(s * scale))
    }

    /// Judges a trial by Armijo's rule on `D`; a loss that is not finite is a rejected trial.
    fn judge(&mut self, geometry: &Geometry, loss: f32) -> Judgement {
        self.trials = self.trials.saturating_add(1);
        let alpha = self.alpha;
        let trial = Trial { alpha, loss, change: self.change_at(geometry, alpha, loss) };
        if let Some(best) = self.best {
            let better = trial.change.is_finite() && trial.change < best.change;
            return match better {
                true if self.trials < TRIALS => self.grow(trial, GROW),
                true => Judgement::Accepted(self.accept(trial)),
                false => Judgement::BestAccepted(self.accept(best)),
            };
        }
        let rounding = f32::EPSILON * self.report.distance;
        let enough = DECREASE * alpha * self.slope + rounding - self.creep;
        if trial.change.is_finite() && trial.change <= enough {
            let predicted = self.slope * (alpha - alpha * alpha / 2.0);
            // The first line is left alone: its full move is the gradient step, exactly.
            let falls = self.report.iterations > 0
                && self.trials < TRIALS
                && trial.change < SURPRISE * predicted;
            return if falls && -trial.change > NOISE * self.report.distance {
                self.grow(trial, GROW - 1.0)
            } else {
                Judgement::Accepted(self.accept(trial))
            };
        }
        if self.trials >= TRIALS {
            return Judgement::Stalled;
        }
        self.alpha *= SHRINK;
        Judgement::Shrink(SHRINK)
    }

    /// `D(theta + alpha p) - D(theta)`, where the loss is this: from differences, so that a large
    /// ball does not drown a small step in the rounding of `D`.
    fn change_at(&self, geometry: &Geometry, alpha: f32, loss: f32) -> f32 {
        let rise = geometry.loss_scale * (loss - self.loss);
        let level = rise * (self.above + rise / 2.0);
        level + alpha * (alpha * self.direction_squared / 2.0 - self.along)
    }

    /// Goes on from a trial: its move is `GROW` times as long, and `more` times that from the
    /// buffer to theta is what is missing.
    fn grow(&mut self, trial: Trial, more: f32) -> Judgement {
        self.best = Some(trial);
        self.alpha = trial.alpha * GROW;
        Judgement::Grow(more)
    }

    /// Ends the line at a trial, whose change is finite, and gives its loss.
    fn accept(&mut self, trial: Trial) -> f32 {
        self.creep = (self.creep + trial.change).max(0.0);
        self.report.distance += trial.change;
        self.report.iterations = self.report.iterations.saturating_add(1);
        self.alpha = trial.alpha;
        trial.loss
    }

    /// The length of the accepted move.
    fn moved(&self) -> f32 {
        self.alpha * sqrt(self.direction_squared)
    }
}

/// What a gradient is asked for: an accepted point, from which the next line starts.
#[derive(Clone, Copy, Debug)]
pub struct AcceptedPoint;

/// What a loss is asked for: a trial on the line.
#[derive(Clone, Copy, Debug)]
pub struct LineTrial;

impl Footpoint for GaussNewton {
    type Search = LineSearch;
    type Loss = LineTrial;
    type Gradient = AcceptedPoint;

    fn check(&self) -> Result<(), Error> {
        Error::check_count("Gauss-Newton iterations", self.max_iterations)?;
        Error::check_fraction("Gauss-Newton tolerance", self.tolerance)
    }

    fn encode(&self) -> [u32; 3] {
        [1, self.max_iterations, self.tolerance.to_bits()]
    }

    fn lends_kept(&self) -> bool {
        true
    }

    fn rest<K: VectorOps>(
        &self,
        body: &mut Body,
        _: &mut LineSearch,
        vectors: Vectors<'_, K::Vector>,
        loss: f32,
    ) -> Result<(), Pause<FootpointNext<Self>>> {
        Ok(nearest_point::rest::<K>(body, vectors, loss)?)
    }

    /// The first trial, of the full move.
    fn leave<K: VectorOps>(
        &self,
        body: &mut Body,
        line: &mut LineSearch,
        vectors: Vectors<'_, K::Vector>,
        Tangent { rate, tried }: Tangent,
    ) -> Result<FootpointNext<Self>, Error> {
        let Vectors { theta, gradient, kept } = vectors;
        if tried.is_some() {
            // Step 2 has kept theta there while it tried; from there the rate leads to the same
            // bits again.
            theta.copy_from(kept);
        }
        *line = LineSearch::first(&body.geometry);
        line.check()?;
        body.resting = true;
        K::displace(theta, kept, gradient, rate, body.geometry.reach);
        match tried {
            Some(loss) => {
                let vectors = Vectors { theta, gradient, kept };
                self.told_loss::<K>(body, line, vectors, LineTrial, loss)
            }
            None => Ok(Next::Trial(LineTrial)),
        }
    }

    /// Judges the loss at a trial.
    fn told_loss<K: VectorOps>(
        &self,
        body: &mut Body,
        line: &mut LineSearch,
        mut vectors: Vectors<'_, K::Vector>,
        LineTrial: LineTrial,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        let Vectors { theta, gradient: buffer, .. } = &mut vectors;
        let loss = match line.judge(&body.geometry, loss) {
            Judgement::Shrink(scale) => {
                K::rescale_move(theta, buffer, scale);
                return Ok(Next::Trial(LineTrial));
            }
            Judgement::Grow(scale) => {
                K::repeat_move(theta, buffer, scale);
                return Ok(Next::Trial(LineTrial));
            }
            Judgement::Stalled => {
                theta.copy_from(buffer);
                line.centre_scale = nearest_point::end(body, line.report);
                return Ok(Next::Done(Some(body.geometry.loss), Outcome::Stalled));
            }
            Judgement::Accepted(loss) => loss,
            Judgement::BestAccepted(loss) => {
                theta.copy_from(buffer);
                loss
            }
        };
        body.geometry.loss = loss;
        body.record.add_move(line.moved());
        if line.report.iterations < self.max_iterations {
            return Ok(Next::Gradient(GradientAt::Footpoint(AcceptedPoint)));
        }
        line.report.distance = nearest_point::distance::<K>(body, &vectors, loss);
        line.centre_scale = nearest_point::end(body, line.report);
        Ok(Next::Done(Some(loss), Outcome::IterationLimit))
    }

    /// A new line from an accepted point.
    fn told_gradient<K: VectorOps>(
        &self,
        body: &mut Body,
        line: &mut LineSearch,
        vectors: Vectors<'_, K::Vector>,
        AcceptedPoint: AcceptedPoint,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        let Vectors { theta, gradient, kept: displaced_centre } = vectors;
        let sums = K::footpoint_sums(theta, displaced_centre, gradient);
        check_answer(loss, sums.gradient)?;
        match line.linearise(&body.geometry, sums, loss, self.tolerance)? {
            None => {
                line.centre_scale = nearest_point::end(body, line.report);
                Ok(Next::Done(Some(loss), Outcome::Converged))
            }
            Some(scale) => {
                body.record.check_move(sqrt(line.direction_squared))?;
                K::gauss_newton_move(theta, displaced_centre, gradient, scale);
                Ok(Next::Trial(LineTrial))
            }
        }
    }

    fn centre<K: VectorOps>(
        &self,
        line: &LineSearch,
        out: &mut K::Vector,
        theta: &K::Vector,
        displaced_centre: &K::Vector,
    ) {
        K::interpolate_into(out, theta, displaced_centre, line.centre_scale);
    }

    fn centre_scale(&self, line: &LineSearch) -> f32 {
        line.centre_scale
    }

    fn resumed(&self, centre_scale: f32) -> LineSearch {
        LineSearch { centre_scale, ..LineSearch::default() }
    }
}

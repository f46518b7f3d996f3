//! Gauss-Newton on `D`: linearise `F`, and the minimum along all of theta has a closed form of rank one.

use crate::ball::geometry::Geometry;
use crate::ball::{Footpoint, Phase, RollingBall};
use crate::kernels::{FootpointSums, VectorOps};
use crate::optimizer::{FootpointReport, Outcome, check_answer};
use crate::{Error, Request};

/// Armijo's constant, the shrinking factor, and the trials of the search along one direction.
const DECREASE: f32 = 1e-4;
const SHRINK: f32 = 0.3;
const TRIALS: u32 = 12;
/// Where `D` falls by more than this multiple of what the model predicts, it curves downwards, as between two
/// valleys when the ball bridges them: a longer move along the same line is worth a loss.
const SURPRISE: f32 = 1.2;
/// A fall below this part of `D` may be rounding, which is no reason to go on.
const NOISE: f32 = 1e-6;
/// That move, as a multiple of the one that surprised.
const GROW: f32 = 2.0;

/// `D` on the line `theta + alpha p` and where the search on it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GaussNewton {
    pub report: FootpointReport,
    /// Where the line starts: `F - y~` and the loss.
    above: f32,
    loss: f32,
    /// `d . p` and `|p|^2`, with `d = theta~ - theta` where the line starts.
    along: f32,
    pub direction_squared: f32,
    /// `grad D . p`, below 0.
    slope: f32,
    /// How far `D` is above its least value so far: never more than one rounding.
    creep: f32,
    alpha: f32,
    trials: u32,
    /// The best trial so far on this line, once one has been accepted.
    best: Option<Trial>,
    /// The direction is this multiple of what the gradient's buffer holds.
    pub buffer_scale: f32,
}

/// A point on the line.
#[derive(Clone, Copy, Debug)]
struct Trial {
    alpha: f32,
    loss: f32,
    /// Of `D` since the start of the line.
    change: f32,
}

/// What to do after a trial: every move is a multiple of the direction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Judgement {
    /// A trial with this loss stands: move theta by this multiple to it, which is 0 where theta is there already.
    Accepted { multiple: f32, loss: f32 },
    /// Move theta by this multiple and try again.
    Retry(f32),
    /// Move theta by this multiple, back to where the line starts.
    Stalled(f32),
}

impl GaussNewton {
    /// The first line: from theta, the full move is exactly `-rate g`, whatever the radius, and needs no pass
    /// for its sums.
    pub fn first(geometry: &Geometry) -> Self {
        let Geometry { rate, reach, gradient_squared, .. } = *geometry;
        let distance = reach + rate;
        let above = geometry.above_centre(geometry.loss);
        let distance_squared = distance * distance * gradient_squared;
        let pull = distance + above * geometry.loss_scale;
        Self {
            report: FootpointReport {
                iterations: 0,
                distance: (distance_squared + above * above) / 2.0,
                residual: pull.abs() * libm::sqrtf(gradient_squared),
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
            buffer_scale: -rate,
        }
    }

    /// Linearises at an accepted point. `None` where the predicted decrease is within the tolerance; else
    /// the multiple of the gradient that the direction takes off `d`.
    pub fn linearise(
        &mut self,
        geometry: &Geometry,
        sums: FootpointSums,
        loss: f32,
        tolerance: f32,
    ) -> Option<f32> {
        let scale = geometry.loss_scale;
        let above = geometry.above_centre(loss);
        let (q, a, g) = (sums.distance, scale * sums.along, scale * scale * sums.gradient);
        let s = (above + a) / (1.0 + g);
        self.above = above;
        self.loss = loss;
        self.along = q - s * a;
        self.direction_squared = (q - 2.0 * s * a + s * s * g).max(0.0);
        self.slope = -q + s * a + above * a - s * above * g;
        self.alpha = 1.0;
        self.trials = 0;
        self.best = None;
        self.buffer_scale = 1.0;
        self.report.distance = (q + above * above) / 2.0;
        self.report.residual = libm::sqrtf((q - 2.0 * above * a + above * above * g).max(0.0));
        // Written so that a NaN counts as converged: there is no direction to follow.
        if -self.slope > tolerance * self.report.distance { Some(s * scale) } else { None }
    }

    /// Judges a trial by Armijo's rule on `D`; a loss that is not finite is a rejected trial. The multiples are
    /// of the direction.
    pub fn judge(&mut self, geometry: &Geometry, loss: f32) -> Judgement {
        self.trials = self.trials.saturating_add(1);
        let alpha = self.alpha;
        let trial = Trial { alpha, loss, change: self.change_at(geometry, alpha, loss) };
        if let Some(best) = self.best {
            let better = trial.change < best.change;
            return if better && self.trials < TRIALS {
                self.grow(trial)
            } else {
                self.accept(if better { trial } else { best }, alpha)
            };
        }
        let rounding = f32::EPSILON * self.report.distance;
        let enough = DECREASE * alpha * self.slope + rounding - self.creep;
        if trial.change.is_finite() && trial.change <= enough {
            let predicted = self.slope * (alpha - alpha * alpha / 2.0);
            // The first line is left alone: its full move is the gradient step, exactly.
            let falls = self.report.iterations > 0 && trial.change < SURPRISE * predicted;
            return if falls && -trial.change > NOISE * self.report.distance {
                self.grow(trial)
            } else {
                self.accept(trial, alpha)
            };
        }
        if self.trials >= TRIALS {
            return Judgement::Stalled(-alpha);
        }
        self.alpha *= SHRINK;
        Judgement::Retry(self.alpha - alpha)
    }

    /// `D(theta + alpha p) - D(theta)`, where the loss is this: from differences, so that a large ball does not
    /// drown a small step in the rounding of `D`.
    fn change_at(&self, geometry: &Geometry, alpha: f32, loss: f32) -> f32 {
        let rise = geometry.loss_scale * (loss - self.loss);
        let level = rise * (self.above + rise / 2.0);
        level + alpha * (alpha * self.direction_squared / 2.0 - self.along)
    }

    fn grow(&mut self, trial: Trial) -> Judgement {
        self.best = Some(trial);
        self.alpha = trial.alpha * GROW;
        Judgement::Retry(self.alpha - trial.alpha)
    }

    /// Ends the line at a trial, while theta is at `alpha`.
    fn accept(&mut self, trial: Trial, alpha: f32) -> Judgement {
        self.creep = (self.creep + trial.change).max(0.0);
        self.report.distance += trial.change;
        self.report.iterations = self.report.iterations.saturating_add(1);
        self.alpha = trial.alpha;
        Judgement::Accepted { multiple: trial.alpha - alpha, loss: trial.loss }
    }

    /// The length of the accepted move.
    pub fn moved(&self) -> f32 {
        self.alpha * libm::sqrtf(self.direction_squared)
    }
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> RollingBall<V, K> {
    /// The first trial, of the full move.
    pub(in crate::ball) fn start_gauss_newton(
        &mut self,
        theta: &mut K::Vector,
        rate: f32,
        tried: Option<f32>,
    ) -> Result<Request, Error> {
        self.gauss_newton = GaussNewton::first(&self.geometry);
        self.resting = true;
        let remaining = if tried.is_some() { 0.0 } else { rate };
        let (gradient, displaced) = (self.gradient.as_ref(), self.displaced.as_mut());
        K::displace(theta, displaced, gradient, remaining, self.geometry.reach);
        match tried {
            Some(loss) => self.judge_gauss_newton(theta, loss),
            None => self.ask_loss(Phase::GaussNewtonTrial),
        }
    }

    /// Judges the loss at a trial point.
    pub(in crate::ball) fn judge_gauss_newton(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Request, Error> {
        let Footpoint::GaussNewton { max_iterations, .. } = self.config.footpoint else {
            return self.finish(Some(loss), Outcome::Converged);
        };
        let scale = self.gauss_newton.buffer_scale;
        match self.gauss_newton.judge(&self.geometry, loss) {
            Judgement::Retry(multiple) => {
                self.move_along(theta, multiple * scale);
                self.ask_loss(Phase::GaussNewtonTrial)
            }
            Judgement::Stalled(multiple) => {
                self.move_along(theta, multiple * scale);
                self.finish(Some(self.geometry.loss), Outcome::Stalled)
            }
            Judgement::Accepted { multiple, loss } => {
                if multiple != 0.0 {
                    self.move_along(theta, multiple * scale);
                }
                self.accept_footpoint(theta, loss, max_iterations)
            }
        }
    }

    fn accept_footpoint(
        &mut self,
        theta: &K::Vector,
        loss: f32,
        max_iterations: u32,
    ) -> Result<Request, Error> {
        self.geometry.loss = loss;
        self.record.report.absolute_update += self.gauss_newton.moved();
        if self.gauss_newton.report.iterations >= max_iterations {
            self.gauss_newton.report.distance = self.distance(theta, loss);
            self.finish(Some(loss), Outcome::IterationLimit)
        } else {
            self.ask_gradient(Phase::GaussNewtonPoint)
        }
    }

    /// A new direction from an accepted point.
    pub(in crate::ball) fn follow_gauss_newton(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Request, Error> {
        let Footpoint::GaussNewton { tolerance, .. } = self.config.footpoint else {
            return self.finish(Some(loss), Outcome::Converged);
        };
        let (gradient, displaced) = (self.gradient.as_mut(), self.displaced.as_ref());
        let sums = K::footpoint_sums(theta, displaced, gradient);
        check_answer(loss, sums.gradient)?;
        match self.gauss_newton.linearise(&self.geometry, sums, loss, tolerance) {
            None => self.finish(Some(loss), Outcome::Converged),
            Some(scale) => {
                self.record.check_move(libm::sqrtf(self.gauss_newton.direction_squared))?;
                K::gauss_newton_move(theta, displaced, gradient, scale);
                self.ask_loss(Phase::GaussNewtonTrial)
            }
        }
    }
}

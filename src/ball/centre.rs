//! Step 2: how far the centre moves.

use super::geometry::Geometry;
use super::{CentreStep, Phase, RollingBall};
use crate::kernels::VectorOps;
use crate::optimizer::Outcome;
use crate::optimizer::Verdict;
use crate::{Error, Request};

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> RollingBall<V, K> {
    pub(super) fn take_plain_rate(
        &mut self,
        theta: &mut K::Vector,
        _: f32,
    ) -> Result<Request, Error> {
        self.displace(theta, self.geometry.rate, None)
    }

    pub(super) fn take_arc_rate(
        &mut self,
        theta: &mut K::Vector,
        _: f32,
    ) -> Result<Request, Error> {
        self.displace(theta, self.geometry.rate / self.geometry.slant, None)
    }

    /// The first trial of Armijo's rule.
    pub(super) fn search_rate(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Request, Error> {
        let CentreStep::Armijo(armijo) = self.config.centre_step else {
            return self.take_plain_rate(theta, loss);
        };
        let Geometry { rate, reach, gradient_squared, .. } = self.geometry;
        self.rate_search.start(&armijo, rate, loss, gradient_squared);
        let rate = self.rate_search.rate;
        self.record.check_move((rate + reach) * libm::sqrtf(gradient_squared))?;
        self.move_along(theta, -rate);
        self.ask_loss(Phase::CentreTrial)
    }

    /// Judges the loss at a trial of Armijo's rule.
    pub(super) fn judge_rate(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Request, Error> {
        let CentreStep::Armijo(armijo) = self.config.centre_step else {
            return self.no_rate_is_searched(theta, loss);
        };
        match self.rate_search.judge(&armijo, loss) {
            Verdict::Accepted => self.displace(theta, self.rate_search.rate, Some(loss)),
            Verdict::Retry(multiple) => {
                self.move_along(theta, -multiple);
                self.ask_loss(Phase::CentreTrial)
            }
            Verdict::Stalled(multiple) => {
                self.move_along(theta, -multiple);
                self.phase = Phase::Idle;
                self.record.report.loss_after = Some(self.geometry.loss);
                self.record.report.outcome = Outcome::Stalled;
                self.record.done()
            }
        }
    }

    pub(super) fn no_rate_is_searched(
        &mut self,
        _: &mut K::Vector,
        _: f32,
    ) -> Result<Request, Error> {
        Err(Error::UnexpectedAnswer { expected: "begin before an answer" })
    }
}

//! Step 3 of the contact forms: the centre `x = theta - u` moves, and the contact follows the last gradient.
//! Between steps the offset `u` stays where theta~ is in the other forms.

use super::geometry::Geometry;
use super::{Footpoint, Phase, RollingBall};
use crate::kernels::{Vector, VectorOps};
use crate::optimizer::{Outcome, check_answer};
use crate::{Error, Request};

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> RollingBall<V, K> {
    /// Step 1: rests the ball at theta and measures how far the offset lags behind.
    pub(super) fn rest_contact(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Request, Error> {
        if !self.resting {
            // The first contact is theta itself: the offset is its own.
            self.displaced.as_mut().fill(0.0);
        }
        let sums = K::contact_sums(theta, self.displaced.as_ref(), self.gradient.as_ref());
        if self.refreshes == 0 {
            self.record.start(loss, sums.theta, sums.gradient)?;
        } else {
            check_answer(loss, sums.gradient)?;
        }
        self.geometry.rest(loss, sums.gradient);
        let reach = self.geometry.reach;
        self.geometry.along_offset = if self.resting { sums.along } else { reach * sums.gradient };
        if self.resting {
            let squared = sums.offset - 2.0 * reach * sums.along + reach * reach * sums.gradient;
            self.record.report.contact_gap = Some(libm::sqrtf(squared.max(0.0)));
        } else {
            K::scale_into(self.displaced.as_mut(), reach, self.gradient.as_ref());
            self.resting = true;
            self.record.report.contact_gap = Some(0.0);
        }
        match self.config.footpoint {
            Footpoint::Contact { refreshes } if self.refreshes < refreshes => {
                self.refreshes = self.refreshes.saturating_add(1);
                self.roll(theta, 0.0, 0.0, Phase::RefreshedContact)
            }
            _ => (self.form.choose_rate)(self, theta, loss),
        }
    }

    pub(super) fn leave_contact(
        &mut self,
        theta: &mut K::Vector,
        rate: f32,
        tried: Option<f32>,
    ) -> Result<Request, Error> {
        let (moved, remaining) = if tried.is_some() { (rate, 0.0) } else { (0.0, rate) };
        self.roll(theta, moved, remaining, Phase::End)
    }

    pub(super) fn end_contact(&mut self, _: &mut K::Vector, loss: f32) -> Result<Request, Error> {
        self.finish(Some(loss), Outcome::Converged)
    }

    pub(super) fn contact_needs_no_gradient(
        &mut self,
        _: &mut K::Vector,
        _: f32,
    ) -> Result<Request, Error> {
        Err(Error::UnexpectedAnswer { expected: "the loss alone, not the gradient" })
    }

    /// The centre moves and the contact is put where the last gradient says. A line search may
    /// have moved theta by `-searched * g` already.
    fn roll(
        &mut self,
        theta: &mut K::Vector,
        searched: f32,
        rate: f32,
        next: Phase,
    ) -> Result<Request, Error> {
        let (gradient, offset) = (self.gradient.as_mut(), self.displaced.as_mut());
        let Geometry { reach, gradient_squared, along_offset, .. } = self.geometry;
        let rolled = K::roll(theta, offset, gradient, rate, reach);
        // The two moves together: the roll is `reach g - u`.
        let both = rolled
            + searched
                * (searched * gradient_squared - 2.0 * (reach * gradient_squared - along_offset));
        let moved = libm::sqrtf(both.max(0.0));
        if let Err(error) = self.record.check_move(moved) {
            theta.copy_from(self.gradient.as_ref());
            return Err(error);
        }
        self.record.report.absolute_update += moved;
        match next {
            _ if self.config.roll_back => self.ask_loss(next),
            Phase::RefreshedContact => self.ask_gradient(Phase::Contact),
            _ => self.finish(None, Outcome::Converged),
        }
    }
}

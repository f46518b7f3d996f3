//! The contact found anew for the centre that is known, before the centre moves.

use super::centre::Tangent;
use super::footpoint::{Body, Footpoint, FootpointNext, GradientAt, Pause, Vectors};
use super::lagged_contact::{follow, rest};
use crate::Error;
use crate::kernels::VectorOps;
use crate::optimizer::{Next, Outcome};
use core::convert::Infallible;

/// As [`LaggedContact`](crate::LaggedContact), with the contact found anew from the centre before
/// that moves.
///
/// Cost of a step: `refreshes + 1` gradient evaluations; with one refresh what SAM costs. With
/// [`roll_back`](crate::RollingBallConfig::roll_back) a loss more for each.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RefreshedContact {
    /// How often the contact is found anew; with 0 it lags.
    pub refreshes: u32,
}

impl Default for RefreshedContact {
    fn default() -> Self {
        Self { refreshes: 1 }
    }
}

/// A loss at a contact that the ball has moved to.
#[derive(Clone, Copy, Debug)]
pub enum ContactLoss {
    /// The refreshed contact, before its gradient is asked for.
    Refreshed,
    /// Where the step ends.
    End,
}

impl Footpoint for RefreshedContact {
    /// Refreshes of the step in progress.
    type Search = u32;
    type Loss = ContactLoss;
    type Gradient = Infallible;

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    fn encode(&self) -> [u32; 3] {
        [2, self.refreshes, 0]
    }

    fn begin(&self, refreshes: &mut u32) {
        *refreshes = 0;
    }

    fn rest<K: VectorOps>(
        &self,
        body: &mut Body,
        refreshes: &mut u32,
        vectors: Vectors<'_, K::Vector>,
        loss: f32,
    ) -> Result<(), Pause<FootpointNext<Self>>> {
        let Vectors { theta, gradient, kept } = vectors;
        let again = Vectors { theta: &mut *theta, gradient: &mut *gradient, kept: &mut *kept };
        rest::<K>(body, again, loss, *refreshes == 0)?;
        if *refreshes == self.refreshes {
            return Ok(());
        }
        *refreshes = refreshes.saturating_add(1);
        // The centre stays where it is.
        let still = Tangent { rate: 0.0, tried: None };
        follow::<K>(body, Vectors { theta, gradient, kept }, still)?;
        Err(Pause::Asks(if body.roll_back {
            Next::Loss(ContactLoss::Refreshed)
        } else {
            Next::Gradient(GradientAt::Contact)
        }))
    }

    fn leave<K: VectorOps>(
        &self,
        body: &mut Body,
        _: &mut u32,
        vectors: Vectors<'_, K::Vector>,
        tangent: Tangent,
    ) -> Result<FootpointNext<Self>, Error> {
        follow::<K>(body, vectors, tangent)?;
        Ok(if body.roll_back {
            Next::Loss(ContactLoss::End)
        } else {
            Next::Done(None, Outcome::Converged)
        })
    }

    fn told_loss<K: VectorOps>(
        &self,
        _: &mut Body,
        _: &mut u32,
        _: Vectors<'_, K::Vector>,
        at: ContactLoss,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        Ok(match at {
            ContactLoss::Refreshed => Next::Gradient(GradientAt::Contact),
            ContactLoss::End => Next::Done(Some(loss), Outcome::Converged),
        })
    }

    fn told_gradient<K: VectorOps>(
        &self,
        _: &mut Body,
        _: &mut u32,
        _: Vectors<'_, K::Vector>,
        at: Infallible,
        _: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        match at {}
    }

    fn centre<K: VectorOps>(
        &self,
        _: &u32,
        out: &mut K::Vector,
        theta: &K::Vector,
        offset: &K::Vector,
    ) {
        K::descend_from(out, theta, offset, 1.0);
    }
}

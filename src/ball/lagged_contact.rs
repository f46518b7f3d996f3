//! The default form: the contact follows the last gradient.

use super::centre::{Geometry, Tangent};
use super::footpoint::{Body, Footpoint, FootpointNext, Pause, Vectors};
use crate::Error;
use crate::kernels::{Vector, VectorOps};
use crate::math::length;
use crate::optimizer::{Next, Outcome, check_answer};
use core::convert::Infallible;

/// The centre descends the dilated loss, with the gradient taken at the contact, which lags one
/// step behind. Keeps the offset `u` from the centre `x = theta - u` to the contact from step to
/// step.
///
/// Cost of a step: one gradient evaluation, what gradient descent costs; with
/// [`roll_back`](crate::RollingBallConfig::roll_back) a loss more.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LaggedContact;

/// The loss where the step ends.
#[derive(Clone, Copy, Debug)]
pub struct End;

impl Footpoint for LaggedContact {
    type Search = ();
    type Loss = End;
    type Gradient = Infallible;

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    fn encode(&self) -> [u32; 3] {
        [2, 0, 0]
    }

    fn rest<K: VectorOps>(
        &self,
        body: &mut Body,
        (): &mut (),
        vectors: Vectors<'_, K::Vector>,
        loss: f32,
    ) -> Result<(), Pause<FootpointNext<Self>>> {
        Ok(rest::<K>(body, vectors, loss, true)?)
    }

    fn leave<K: VectorOps>(
        &self,
        body: &mut Body,
        (): &mut (),
        vectors: Vectors<'_, K::Vector>,
        tangent: Tangent,
    ) -> Result<FootpointNext<Self>, Error> {
        follow::<K>(body, vectors, tangent)?;
        if body.roll_back { Ok(Next::Loss(End)) } else { Ok(Next::Done(None, Outcome::Converged)) }
    }

    fn told_loss<K: VectorOps>(
        &self,
        _: &mut Body,
        (): &mut (),
        _: Vectors<'_, K::Vector>,
        End: End,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        Ok(Next::Done(Some(loss), Outcome::Converged))
    }

    fn told_gradient<K: VectorOps>(
        &self,
        _: &mut Body,
        (): &mut (),
        _: Vectors<'_, K::Vector>,
        at: Infallible,
        _: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        match at {}
    }

    fn centre<K: VectorOps>(
        &self,
        (): &(),
        out: &mut K::Vector,
        theta: &K::Vector,
        offset: &K::Vector,
    ) {
        K::descend_from(out, theta, offset, 1.0);
    }
}

/// Rests the ball at theta and measures how far the offset lags behind. `first` says whether the
/// step starts here.
pub fn rest<K: VectorOps>(
    body: &mut Body,
    vectors: Vectors<'_, K::Vector>,
    loss: f32,
    first: bool,
) -> Result<(), Error> {
    let Vectors { theta, gradient, kept: offset } = vectors;
    if !body.resting {
        // The first contact is theta itself: the offset is its own.
        offset.fill(0.0);
    }
    let sums = K::contact_sums(theta, offset, gradient);
    if first {
        body.record.start(loss, sums.theta, sums.gradient)?;
    } else {
        check_answer(loss, sums.gradient)?;
    }
    body.geometry.rest(loss, sums.gradient)?;
    let reach = body.geometry.reach;
    let gap = if body.resting {
        body.geometry.along_offset = sums.along;
        let squared = sums.offset - 2.0 * reach * sums.along + reach * reach * sums.gradient;
        length(squared)
    } else {
        body.geometry.along_offset = reach * sums.gradient;
        K::scale_into(offset, reach, gradient);
        body.resting = true;
        0.0
    };
    // A gap that overflows is not known.
    body.record.report.contact_gap = gap.is_finite().then_some(gap);
    Ok(())
}

/// The centre moves along the tangent, and the contact is put where the last gradient says: `u =
/// reach g`.
pub fn follow<K: VectorOps>(
    body: &mut Body,
    vectors: Vectors<'_, K::Vector>,
    Tangent { rate, tried }: Tangent,
) -> Result<(), Error> {
    let Vectors { theta, gradient, kept: offset } = vectors;
    let Geometry { reach, gradient_squared, along_offset, .. } = body.geometry;
    // A line search may have moved theta by `-rate g` already.
    let (searched, rate) = if tried.is_some() { (rate, 0.0) } else { (0.0, rate) };
    let rolled = K::roll(theta, offset, gradient, rate, reach);
    // The two moves together: the roll is `reach g - u`.
    let both = rolled
        + searched
            * (searched * gradient_squared - 2.0 * (reach * gradient_squared - along_offset));
    body.record.moved(theta, gradient, length(both))
}

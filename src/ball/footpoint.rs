//! Step 3: what the ways to find the new contact have in common.

use super::centre::{Geometry, Tangent};
use crate::Error;
use crate::kernels::VectorOps;
use crate::math::sqrt;
use crate::optimizer::{Next, StepRecord};
use core::fmt::Debug;

/// How the new contact with the graph is found once the centre has moved (step 3):
/// [`LaggedContact`](crate::LaggedContact), [`RefreshedContact`](crate::RefreshedContact),
/// [`GaussNewton`](crate::GaussNewton) or [`GradientDescent`](crate::GradientDescent), or, chosen
/// at run time, [`AnyFootpoint`](crate::AnyFootpoint).
///
/// There can be no others: what the methods work with is private.
pub trait Footpoint: Copy + Debug {
    /// What is remembered between the answers of a step, and from step to step.
    type Search: Copy + Debug + Default;
    /// What a loss is asked for.
    type Loss: Copy + Debug;
    /// What a gradient is asked for after that at the contact.
    type Gradient: Copy + Debug;

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Setting`].
    fn check(&self) -> Result<(), Error>;

    /// The settings as words, for a checkpoint.
    fn encode(&self) -> [u32; 3];

    /// Whether what is kept from step to step only serves [`centre`](Self::centre), so that step 2
    /// may keep theta there while it tries rates.
    fn lends_kept(&self) -> bool {
        false
    }

    /// A step begins.
    fn begin(&self, _search: &mut Self::Search) {}

    /// Step 1: the ball rests on the graph at theta, where the loss is this and the gradient is
    /// known.
    ///
    /// # Errors
    /// Where the numbers are not finite; or `Pause::Asks`, where the contact is to be found anew
    /// first.
    fn rest<K: VectorOps>(
        &self,
        body: &mut Body,
        search: &mut Self::Search,
        vectors: Vectors<'_, K::Vector>,
        loss: f32,
    ) -> Result<(), Pause<FootpointNext<Self>>>;

    /// Step 3 begins: the centre has moved along the tangent.
    ///
    /// # Errors
    /// Where a move overflows.
    fn leave<K: VectorOps>(
        &self,
        body: &mut Body,
        search: &mut Self::Search,
        vectors: Vectors<'_, K::Vector>,
        tangent: Tangent,
    ) -> Result<FootpointNext<Self>, Error>;

    /// Step 3 goes on with a loss.
    ///
    /// # Errors
    /// Where a move overflows.
    fn told_loss<K: VectorOps>(
        &self,
        body: &mut Body,
        search: &mut Self::Search,
        vectors: Vectors<'_, K::Vector>,
        at: Self::Loss,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error>;

    /// Step 3 goes on with a loss and its gradient.
    ///
    /// # Errors
    /// Where the numbers are not finite, or a move overflows.
    fn told_gradient<K: VectorOps>(
        &self,
        body: &mut Body,
        search: &mut Self::Search,
        vectors: Vectors<'_, K::Vector>,
        at: Self::Gradient,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error>;

    /// Writes the centre of the ball that rests at theta.
    fn centre<K: VectorOps>(
        &self,
        search: &Self::Search,
        out: &mut K::Vector,
        theta: &K::Vector,
        kept: &K::Vector,
    );

    /// The part of the way from theta to what is kept that leads to the centre, for a checkpoint; 0
    /// where there is none.
    fn centre_scale(&self, _search: &Self::Search) -> f32 {
        0.0
    }

    /// What is remembered where the centre is that part of the way.
    fn resumed(&self, _centre_scale: f32) -> Self::Search {
        Self::Search::default()
    }
}

/// What a footpoint asks for next.
pub type FootpointNext<F> = Next<<F as Footpoint>::Loss, GradientAt<<F as Footpoint>::Gradient>>;

/// Where the gradient that was asked for leads.
#[derive(Clone, Copy, Debug)]
pub enum GradientAt<G> {
    /// To step 1: it is the gradient at the contact.
    Contact,
    /// Step 3 is under way.
    Footpoint(G),
}

/// What keeps a step from going on to its next part.
#[derive(Clone, Copy, Debug)]
pub enum Pause<N> {
    /// It needs an answer first.
    Asks(N),
    /// It has failed.
    Fails(Error),
}

impl<N> Pause<N> {
    /// What is asked for, or the error.
    pub fn asked(self) -> Result<N, Error> {
        match self {
            Self::Asks(next) => Ok(next),
            Self::Fails(error) => Err(error),
        }
    }

    pub fn map<M>(self, asks: impl FnOnce(N) -> M) -> Pause<M> {
        match self {
            Self::Asks(next) => Pause::Asks(asks(next)),
            Self::Fails(error) => Pause::Fails(error),
        }
    }
}

impl<N> From<Error> for Pause<N> {
    fn from(error: Error) -> Self {
        Self::Fails(error)
    }
}

/// The ball in scalars, whatever its form.
#[derive(Clone, Debug, Default)]
pub struct Body {
    pub geometry: Geometry,
    pub record: StepRecord,
    /// Whether each new point's loss is asked for.
    pub roll_back: bool,
    /// Whether what is kept describes where the ball rests (else it rests on theta, of which no
    /// more is known).
    pub resting: bool,
}

impl Body {
    /// Step 2: the centre moves along the tangent.
    pub fn displace(&mut self, Tangent { rate, tried }: Tangent) -> Result<(), Error> {
        self.geometry.displace(rate);
        if !self.geometry.displaced_height.is_finite() {
            return Err(Error::NonFiniteLoss);
        }
        self.record.report.learning_rate = rate;
        if tried.is_none() {
            let Geometry { reach, gradient_squared, .. } = self.geometry;
            self.record.check_move((rate + reach) * sqrt(gradient_squared))?;
        }
        Ok(())
    }
}

/// The vectors of a step, each as long as theta.
#[derive(Debug)]
pub struct Vectors<'a, T: ?Sized> {
    pub theta: &'a mut T,
    pub gradient: &'a mut T,
    /// The footpoint's own: the offset of the contact, or theta~.
    pub kept: &'a mut T,
}

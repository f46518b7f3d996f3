//! Steps 1 and 2 in numbers: where the centre of the resting ball is, and how far it moves.

use crate::math::{length, sqrt};
use crate::optimizer::{RateSearch, Verdict};
use crate::{Armijo, Error};
use core::convert::Infallible;
use core::fmt::Debug;

/// The scalars of one step. With `F = loss_scale * f`, `g = grad f`, `w = sqrt(1 + |grad F|^2)`:
/// the centre is `theta - reach g` at the height `F + radius / w`, and moves along the tangent to
/// `theta~ = theta - (reach + rate) g` at the height `y~` (the paper's steps 1 and 2).
#[derive(Clone, Copy, Debug, Default)]
pub struct Geometry {
    pub loss_scale: f32,
    pub radius: f32,
    /// The learning rate as configured; then as used.
    pub rate: f32,
    /// `|g|^2`
    pub gradient_squared: f32,
    /// `g . u`, with the contact's offset `u` from the centre.
    pub along_offset: f32,
    /// `w`
    pub slant: f32,
    /// `radius * loss_scale / w`: the centre is this multiple of the gradient away from the
    /// contact.
    pub reach: f32,
    /// `f` at the last point that was accepted.
    pub loss: f32,
    /// `y~`
    pub displaced_height: f32,
}

impl Geometry {
    /// Rests the ball on the graph at a point with this loss and gradient.
    ///
    /// # Errors
    /// [`Error::NonFiniteGradient`] where the gradient of the scaled loss is too long for an `f32`.
    pub fn rest(&mut self, loss: f32, gradient_squared: f32) -> Result<(), Error> {
        self.gradient_squared = gradient_squared;
        self.slant = sqrt(1.0 + self.scaled_gradient_squared());
        self.reach = self.radius * self.loss_scale / self.slant;
        self.loss = loss;
        if self.slant.is_finite() { Ok(()) } else { Err(Error::NonFiniteGradient) }
    }

    /// Moves the centre along the tangent.
    pub fn displace(&mut self, rate: f32) {
        self.rate = rate;
        self.displaced_height = self.loss_scale * self.loss
            + (self.radius / self.slant - rate * self.loss_scale * self.gradient_squared);
    }

    /// `|grad F|^2`
    pub fn scaled_gradient_squared(&self) -> f32 {
        self.loss_scale * self.loss_scale * self.gradient_squared
    }

    /// `F - y~` at a point with this loss: above 0 where the displaced centre is below the graph.
    pub fn above_centre(&self, loss: f32) -> f32 {
        self.loss_scale * loss - self.displaced_height
    }

    /// How far the displaced centre is from the last accepted point, for a footpoint at half the
    /// squared distance `d`: along the upward normal, so below 0 where it is under the graph.
    pub fn centre_distance(&self, d: f32) -> f32 {
        let distance = length(2.0 * d);
        if self.above_centre(self.loss) > 0.0 { -distance } else { distance }
    }
}

/// How the centre has moved.
#[derive(Clone, Copy, Debug)]
pub struct Tangent {
    /// The centre has moved by this multiple of the gradient.
    pub rate: f32,
    /// The loss at `theta - rate g`, where a line search has already moved theta there.
    pub tried: Option<f32>,
}

/// What a centre step makes of its first look at the gradient.
#[derive(Clone, Copy, Debug)]
pub enum Choice<T> {
    /// The rate.
    Rate(f32),
    /// A rate that the loss must be asked about.
    Try(f32, T),
}

impl<T> Choice<T> {
    pub fn map<U>(self, trial: impl FnOnce(T) -> U) -> Choice<U> {
        match self {
            Self::Rate(rate) => Choice::Rate(rate),
            Self::Try(rate, at) => Choice::Try(rate, trial(at)),
        }
    }
}

/// How far the centre moves along the tangent (step 2): [`Plain`], [`ArcLength`] or [`Armijo`], or,
/// chosen at run time, [`AnyCentreStep`](crate::AnyCentreStep).
///
/// There can be no others: what the methods work with is private.
pub trait CentreStep: Copy + Debug {
    /// What is remembered from step to step.
    type Search: Copy + Debug + Default;
    /// What a rate that is tried is remembered by.
    type Trial: Copy + Debug;

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Setting`].
    fn check(&self) -> Result<(), Error>;

    /// The settings as words, for a checkpoint.
    fn encode(&self) -> [u32; 5];

    /// The rate at the resting ball, or the first to try.
    fn choose(&self, search: &mut Self::Search, geometry: &Geometry) -> Choice<Self::Trial>;

    /// Judges the loss at `theta - rate g`, for the rate that was tried.
    fn judge(&self, search: &mut Self::Search, trial: Self::Trial, loss: f32) -> Verdict;

    /// The rate that the last step accepted, for a checkpoint.
    fn accepted(&self, _search: &Self::Search) -> Option<f32> {
        None
    }

    /// What is remembered after a step that accepted this rate.
    fn resumed(&self, _accepted: Option<f32>) -> Self::Search {
        Self::Search::default()
    }
}

/// The paper's centre step: `learning_rate * g`. Costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Plain;

impl CentreStep for Plain {
    type Search = ();
    type Trial = Infallible;

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    fn encode(&self) -> [u32; 5] {
        [0; 5]
    }

    fn choose(&self, _: &mut (), geometry: &Geometry) -> Choice<Infallible> {
        Choice::Rate(geometry.rate)
    }

    fn judge(&self, _: &mut (), trial: Infallible, _: f32) -> Verdict {
        match trial {}
    }
}

/// Arc length on the graph of the scaled loss: `learning_rate * g / sqrt(1 + loss_scale^2 |g|^2)`,
/// never longer than `learning_rate / loss_scale`. Costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ArcLength;

impl CentreStep for ArcLength {
    type Search = ();
    type Trial = Infallible;

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    fn encode(&self) -> [u32; 5] {
        [1, 0, 0, 0, 0]
    }

    fn choose(&self, _: &mut (), geometry: &Geometry) -> Choice<Infallible> {
        Choice::Rate(geometry.rate / geometry.slant)
    }

    fn judge(&self, _: &mut (), trial: Infallible, _: f32) -> Verdict {
        match trial {}
    }
}

/// The rate is found by a line search on the loss; the configured rate is only its first trial.
impl CentreStep for Armijo {
    type Search = RateSearch;
    type Trial = ();

    fn check(&self) -> Result<(), Error> {
        Armijo::check(self)
    }

    fn encode(&self) -> [u32; 5] {
        let [decrease, shrink, growth, trials] = Armijo::encode(self);
        [2, decrease, shrink, growth, trials]
    }

    fn choose(&self, search: &mut RateSearch, geometry: &Geometry) -> Choice<()> {
        search.start(self, geometry.rate, geometry.loss, geometry.gradient_squared);
        Choice::Try(search.rate, ())
    }

    fn judge(&self, search: &mut RateSearch, (): (), loss: f32) -> Verdict {
        search.judge(self, loss)
    }

    fn accepted(&self, search: &RateSearch) -> Option<f32> {
        search.accepted()
    }

    fn resumed(&self, accepted: Option<f32>) -> RateSearch {
        RateSearch::resumed(accepted)
    }
}

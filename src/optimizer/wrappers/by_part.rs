//! Rates and decays by part of theta.

use crate::Error;
use crate::kernels::{Active, Kernels};
use crate::optimizer::{
    Evaluation, Kind, Optimizer, Request, Resumable, STATE_VECTORS, STATE_WORDS, Schedule, State,
};
use core::marker::PhantomData;

/// A part of theta, with a rate and a decay of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Part {
    /// How many parameters it has.
    pub length: usize,
    /// The multiple of the optimizer's learning rate with which it moves, 0 or above; at 0 it stays
    /// as it is.
    pub rate: f32,
    /// Its weight decay, 0 or above: `decay * |part|^2 / 2` is added to the loss. For
    /// [`Adam`](crate::Adam) the decay is decoupled from the loss as in AdamW, and is added to the
    /// one of its configuration.
    pub decay: f32,
}

/// How theta is divided into parts: a slice or an array of [`Part`]s, or what the layers of a
/// network tell ([`Network::parts`](crate::nn::Network::parts)).
pub trait Parts {
    /// Tells the parts in theta's order. Their lengths add up to theta's.
    fn each(&self, tell: &mut impl FnMut(Part));
}

impl Parts for [Part] {
    fn each(&self, tell: &mut impl FnMut(Part)) {
        self.iter().for_each(|part| tell(*part));
    }
}

impl<const N: usize> Parts for [Part; N] {
    fn each(&self, tell: &mut impl FnMut(Part)) {
        self.as_slice().each(tell);
    }
}

impl<P: Parts + ?Sized> Parts for &P {
    fn each(&self, tell: &mut impl FnMut(Part)) {
        (**self).each(tell);
    }
}

/// An optimizer that can be told a gradient whose parts have rates and decays of their own; all of
/// this crate can.
pub trait StepByPart: Optimizer {
    /// Whether the decay is applied by the step itself instead of by the loss and its gradient.
    const DECOUPLED_DECAY: bool = false;

    /// Answers [`Request::Gradient`] as [`tell_gradient`](Optimizer::tell_gradient) does, with
    /// rates and decays by part.
    ///
    /// As provided, each part of the gradient is multiplied by its rate before it is told, after
    /// the part's decay was added. A line search or a footpoint then works with other slopes than
    /// the loss has, which is safe but no longer exact.
    ///
    /// # Errors
    /// As [`tell_gradient`](Optimizer::tell_gradient).
    fn tell_gradient_by_part(
        &mut self,
        theta: &mut [f32],
        loss: f32,
        parts: &impl Parts,
    ) -> Result<Request, Error> {
        // An answer that will be refused must not touch the optimizer's buffer.
        if self.awaits() == Some(Evaluation::Gradient) {
            shape(theta, self.gradient_mut(), parts);
        }
        self.tell_gradient(theta, loss)
    }
}

/// Adds the slopes of the decays to a gradient, and multiplies its parts by their rates.
fn shape(theta: &[f32], gradient: &mut [f32], parts: &impl Parts) {
    if theta.len() != gradient.len() {
        return;
    }
    let mut pairs = gradient.iter_mut().zip(theta);
    parts.each(&mut |Part { length, rate, decay }| {
        for (slope, t) in pairs.by_ref().take(length) {
            *slope = rate * (*slope + decay * t);
        }
    });
}

/// Any optimizer with rates and decays by part of theta: for a last layer that learns faster than
/// the others, or a weight decay that leaves biases and norms alone.
///
/// Cost: one pass over theta a loss, two a gradient. No memory beside the parts.
///
/// ```
/// use rolling_ball::nn::{Dense, LayerNorm, Network, ParameterKind, Relu};
/// use rolling_ball::{Adam, AdamConfig, ByPart, Part, RollingBall, RollingBallConfig};
///
/// // By ranges: the first 100 parameters move at half the rate, the others decay.
/// let ball = RollingBall::new(RollingBallConfig::default(), [[0.0; 300]; 2])?;
/// let slow = Part { length: 100, rate: 0.5, decay: 0.0 };
/// let ball = ByPart::new(ball, [slow, Part { length: 200, rate: 1.0, decay: 1e-3 }])?;
///
/// // By what the layers know of their parameters: weights decay, biases and norms do not.
/// type Net = Network<'static, (Dense<8, 16>, LayerNorm<16>, Relu<16>, Dense<16, 4>)>;
/// let adam = Adam::new(AdamConfig::default(), [[0.0; Net::PARAMETERS]; 3])?;
/// let adam = ByPart::new(
///     adam,
///     Net::parts(|kind| match kind {
///         ParameterKind::Weight => (1.0, 1e-2),
///         _ => (1.0, 0.0),
///     }),
/// )?;
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ByPart<O, P, K = Active> {
    inner: O,
    parts: P,
    kernels: PhantomData<K>,
}

impl<O: StepByPart, P: Parts> ByPart<O, P> {
    /// An optimizer with these parts.
    ///
    /// # Errors
    /// [`Error::Setting`] where a rate or a decay is not a finite number, 0 or above;
    /// [`Error::Length`] where the lengths of the parts do not add up to that of theta.
    pub fn new(inner: O, parts: P) -> Result<Self, Error> {
        Self::with_backend(Active::default(), inner, parts)
    }
}

impl<O: StepByPart, P: Parts, K: Kernels> ByPart<O, P, K> {
    /// As [`new`](ByPart::new), with the kernels named.
    ///
    /// # Errors
    /// As [`new`](ByPart::new).
    pub fn with_backend(_backend: K, mut inner: O, parts: P) -> Result<Self, Error> {
        let (mut length, mut checked) = (0_usize, Ok(()));
        parts.each(&mut |part| {
            length = length.saturating_add(part.length);
            checked = checked
                .and_then(|()| Error::check_not_negative("rate of a part", part.rate))
                .and_then(|()| Error::check_not_negative("decay of a part", part.decay));
        });
        checked?;
        Error::check_length("parts", inner.gradient_mut().len(), length)?;
        Ok(Self { inner, parts, kernels: PhantomData })
    }
}

impl<O, P, K> ByPart<O, P, K> {
    /// The optimizer inside.
    pub fn inner_mut(&mut self) -> &mut O {
        &mut self.inner
    }

    /// Gives the optimizer back, without the parts.
    pub fn into_inner(self) -> O {
        self.inner
    }
}

impl<O: StepByPart, P: Parts, K: Kernels> ByPart<O, P, K> {
    /// What the decays add to the loss.
    fn penalty(&self, theta: &[f32]) -> f32 {
        let (mut penalty, mut rest) = (0.0, theta);
        if !O::DECOUPLED_DECAY {
            self.parts.each(&mut |Part { length, decay, .. }| {
                if let Some((part, others)) = rest.split_at_checked(length) {
                    if decay > 0.0 {
                        penalty += decay * K::dot(part, part) / 2.0;
                    }
                    rest = others;
                }
            });
        }
        penalty
    }
}

impl<O: StepByPart, P: Parts, K: Kernels> Optimizer for ByPart<O, P, K> {
    fn begin(&mut self, theta: &mut [f32]) -> Result<Request, Error> {
        self.inner.begin(theta)
    }

    fn tell_loss(&mut self, theta: &mut [f32], loss: f32) -> Result<Request, Error> {
        let penalty = self.penalty(theta);
        self.inner.tell_loss(theta, loss + penalty)
    }

    fn tell_gradient(&mut self, theta: &mut [f32], loss: f32) -> Result<Request, Error> {
        let penalty = self.penalty(theta);
        self.inner.tell_gradient_by_part(theta, loss + penalty, &self.parts)
    }

    pass_on!([f32]);
}

impl<O: Resumable, P: Parts, K: Kernels> Resumable for ByPart<O, P, K> {
    const KIND: Kind = Kind::BY_PART.around(O::KIND);

    fn settings(&self, tell: &mut impl FnMut(&'static str, &[u32])) {
        self.inner.settings(tell);
        self.parts.each(&mut |Part { length, rate, decay }| {
            tell("part", &[length as u32, rate.to_bits(), decay.to_bits()]);
        });
    }

    pass_on_state!();
}

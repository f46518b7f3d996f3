//! Kernels that let the caller attend to other duties in the middle of a pass.

use crate::chunks::take_front;
use crate::kernels::PANEL;
use core::marker::PhantomData;

/// What a firmware does between two pieces of work: feed a watchdog, take a reading, run what else
/// is due. See [`Pausing`].
pub trait Pause {
    /// Called between two pieces, and expected to return soon. It can reach neither theta nor the
    /// optimizer, which are borrowed meanwhile; what it needs lies in statics.
    fn pause();

    /// Whether it does anything.
    #[doc(hidden)]
    const PAUSES: bool = true;
}

/// No other duty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Never;

impl Pause for Never {
    #[inline(always)]
    fn pause() {}

    const PAUSES: bool = false;
}

/// Kernels of plain Rust loops, for any core, which call `P` between two pieces of work: after each
/// [`PANEL`](super::PANEL) parameters of a pass over theta, and in a dense layer after some 2048
/// multiply-adds, or two rows where these are more. A convolution pauses after each row of its
/// window, for all filters. Any other layer, which multiplies no matrix, is one piece; so is what
/// takes an instruction or two a parameter, such as the copy that puts theta back. An
/// [`Int8Backbone`](crate::nn::int8::Int8Backbone) does not pause; its features can be kept instead
/// ([`KeptFeatures`](crate::nn::KeptFeatures)).
///
/// So a main loop without interrupts is not away for longer than a piece, whatever the network and
/// the optimizer, and a step stays one call: nobody sees it half done, and abandoning it, its
/// errors, roll-backs and checkpoints are what they are with [`Scalar`](type@Scalar). So are all
/// bits. With [`Never`] they are [`Scalar`](type@Scalar), which calls nothing.
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use rolling_ball::kernels::{Pause, Pausing};
/// use rolling_ball::{Optimizer, RollingBall, RollingBallConfig};
///
/// static FED: AtomicU32 = AtomicU32::new(0);
/// struct Watchdog;
/// impl Pause for Watchdog {
///     fn pause() {
///         FED.fetch_add(1, Relaxed);
///     }
/// }
///
/// let config = RollingBallConfig { roll_back: false, ..RollingBallConfig::default() };
/// let kernels = Pausing::<Watchdog>::default();
/// let mut ball = RollingBall::with_backend(kernels, config, [[0.0; 1024]; 2])?;
/// let mut theta = [1.0; 1024];
/// ball.begin(&mut theta)?;
/// ball.gradient_mut().fill(1.0);
/// ball.tell_gradient(&mut theta, 1.0)?;
/// // Four panels, in three passes and the one in which the first step puts the ball down.
/// assert_eq!(FED.load(Relaxed), 16);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Pausing<P>(PhantomData<P>);

impl<P> Pausing<P> {
    /// The kernels, which have no state.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P> Default for Pausing<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> Clone for Pausing<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Pausing<P> {}

/// Kernels of plain Rust loops, for any core.
pub type Scalar = Pausing<Never>;

/// The kernels of that type, which have no state.
#[allow(non_upper_case_globals, reason = "it is the value of a type without fields")]
pub const Scalar: Scalar = Pausing::new();

/// Slices of equal length, which are cut at the same place.
pub(super) trait Slices: Sized {
    fn length(&self) -> usize;
    fn cut(self, at: usize) -> (Self, Self);
}

impl Slices for &[f32] {
    fn length(&self) -> usize {
        self.len()
    }

    fn cut(self, at: usize) -> (Self, Self) {
        self.split_at_checked(at).unwrap_or((self, &[]))
    }
}

impl Slices for &mut [f32] {
    fn length(&self) -> usize {
        self.len()
    }

    fn cut(mut self, at: usize) -> (Self, Self) {
        let at = at.min(self.len());
        (take_front(&mut self, at), self)
    }
}

impl<A: Slices, B: Slices> Slices for (A, B) {
    fn length(&self) -> usize {
        self.0.length()
    }

    fn cut(self, at: usize) -> (Self, Self) {
        let (a, b) = (self.0.cut(at), self.1.cut(at));
        ((a.0, b.0), (a.1, b.1))
    }
}

/// Makes a pass over slices of which no element needs another, with a pause after each panel.
#[inline(always)]
pub(super) fn in_pieces<P: Pause, S: Slices>(mut slices: S, pass: impl Fn(S)) {
    while P::PAUSES && slices.length() > PANEL {
        let (piece, rest) = slices.cut(PANEL);
        pass(piece);
        P::pause();
        slices = rest;
    }
    pass(slices);
    P::pause();
}

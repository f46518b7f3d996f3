//! Training at rounded weights.

use super::groups::{Groups, check, round};
use crate::{Error, Objective, PollObjective};
use core::task::Poll;

/// An objective whose loss and gradient are those at the rounded weights, for any optimizer. Theta
/// itself stays as fine as it is, so that small steps add up until a weight jumps to its next
/// number: the straight-through estimator (Bengio, Léonard and Courville 2013).
///
/// Memory: 4 bytes a parameter, for the rounded weights, which are what is
/// [deployed](Self::rounded). Cost: two passes over theta an evaluation.
///
/// A line search sees a loss with steps, and may stall where theta moves without a jump: take an
/// optimizer that does not search.
///
/// ```
/// use rolling_ball::few_bits::StraightThrough;
/// use rolling_ball::nn::{Dense, Network, ParameterKind, Sample, SoftmaxCrossEntropy};
/// use rolling_ball::{RollingBall, RollingBallConfig, step};
///
/// type Net = Network<'static, Dense<2, 2>>;
/// let samples = [([1.0f32, 0.2], 0), ([0.3, 1.0], 1)];
/// let stream = samples.iter().map(|(x, y)| Sample { input: x.as_slice(), target: *y });
/// let (network, mut scratch) = (Net::new(&[])?, [0.0; Net::SCRATCH]);
/// let batch = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
///
/// // Weights of 2 bits, a scale for each output; biases as they are.
/// let groups = Net::groups(|kind| (kind == ParameterKind::Weight).then_some(2));
/// let mut rounding = StraightThrough::new(batch, groups, [0.0; Net::PARAMETERS])?;
/// let mut theta = [0.1, -0.2, 0.2, 0.1, 0.0, 0.0];
/// let mut ball = RollingBall::new(RollingBallConfig::default(), [[0.0; Net::PARAMETERS]; 2])?;
/// for _ in 0..100 {
///     step(&mut ball, &mut rounding, &mut theta)?;
/// }
/// let deployed = rounding.rounded(&theta)?;
/// // Of the two weights of an output, each is its scale, nothing, or minus that.
/// assert!(deployed[0] > 0.0 && deployed[1] == -deployed[0]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StraightThrough<J, G, V> {
    inner: J,
    groups: G,
    rounded: V,
    /// Whether an evaluation in pieces goes on, at the weights that were rounded when it began.
    in_progress: bool,
}

impl<J, G: Groups, V: AsRef<[f32]> + AsMut<[f32]>> StraightThrough<J, G, V> {
    /// An objective at rounded weights, with a vector as long as theta to keep them in.
    ///
    /// # Errors
    /// [`Error::Setting`] where a group has less than 2 or more than 8 bits; [`Error::Length`]
    /// where the groups are not as long as the vector.
    pub fn new(inner: J, groups: G, rounded: V) -> Result<Self, Error> {
        check(&groups, rounded.as_ref().len())?;
        Ok(Self { inner, groups, rounded, in_progress: false })
    }

    /// Theta in few bits, which is what to deploy. Gives up an evaluation in progress.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn rounded(&mut self, theta: &[f32]) -> Result<&[f32], Error> {
        self.in_progress = false;
        self.round(theta)?;
        Ok(self.rounded.as_ref())
    }

    fn round(&mut self, theta: &[f32]) -> Result<(), Error> {
        let rounded = self.rounded.as_mut();
        Error::check_length("theta", rounded.len(), theta.len())?;
        round(theta, &self.groups, rounded);
        Ok(())
    }
}

impl<J, G, V> StraightThrough<J, G, V> {
    /// The objective inside, such as a batch that takes other samples. Gives up an evaluation in
    /// progress.
    pub fn inner_mut(&mut self) -> &mut J {
        self.in_progress = false;
        &mut self.inner
    }

    /// Gives the objective back.
    pub fn into_inner(self) -> J {
        self.inner
    }
}

impl<J: Objective, G: Groups, V: AsRef<[f32]> + AsMut<[f32]>> Objective
    for StraightThrough<J, G, V>
{
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.in_progress = false;
        self.round(theta)?;
        self.inner.loss(self.rounded.as_ref())
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        self.in_progress = false;
        self.round(theta)?;
        self.inner.gradient(self.rounded.as_ref(), gradient)
    }
}

impl<J: PollObjective, G: Groups, V: AsRef<[f32]> + AsMut<[f32]>> StraightThrough<J, G, V> {
    /// Makes a piece of an evaluation, before the first of which theta is rounded.
    fn poll(
        &mut self,
        theta: &[f32],
        piece: impl FnOnce(&mut J, &[f32]) -> Result<Poll<f32>, Error>,
    ) -> Result<Poll<f32>, Error> {
        if !self.in_progress {
            self.inner.restart();
            self.round(theta)?;
        }
        let polled = piece(&mut self.inner, self.rounded.as_ref());
        self.in_progress = matches!(polled, Ok(Poll::Pending));
        polled
    }
}

impl<J: PollObjective, G: Groups, V: AsRef<[f32]> + AsMut<[f32]>> PollObjective
    for StraightThrough<J, G, V>
{
    fn restart(&mut self) {
        self.in_progress = false;
        self.inner.restart();
    }

    fn poll_loss(&mut self, theta: &[f32]) -> Result<Poll<f32>, Error> {
        self.poll(theta, PollObjective::poll_loss)
    }

    fn poll_gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<Poll<f32>, Error> {
        self.poll(theta, |inner, rounded| inner.poll_gradient(rounded, gradient))
    }
}

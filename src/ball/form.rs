//! What differs between the ways to move the centre and to find the new contact.

use super::{CentreStep, Footpoint, RollingBall, RollingBallConfig};
use crate::kernels::VectorOps;
use crate::{Error, Request};

/// What a ball does with an answer.
type Answer<V, K> =
    fn(&mut RollingBall<V, K>, &mut <K as VectorOps>::Vector, f32) -> Result<Request, Error>;

/// How the ball leaves a contact at this rate. The last argument is the loss at `theta - rate g`, where a line search
/// has already moved theta there.
type Departure<V, K> = fn(
    &mut RollingBall<V, K>,
    &mut <K as VectorOps>::Vector,
    f32,
    Option<f32>,
) -> Result<Request, Error>;

/// The parts of a step that depend on the configuration. A ball takes its own when it is made, as addresses: where the
/// configuration is a constant, a program links those and not the others, which are more than half of the ball's code.
#[derive(Clone, Debug)]
pub(super) struct Form<V, K: VectorOps> {
    /// Step 1, with the loss at theta.
    pub rest: Answer<V, K>,
    /// Step 2, with the loss at theta.
    pub choose_rate: Answer<V, K>,
    /// The loss at a trial of the rate.
    pub judge_rate: Answer<V, K>,
    /// Step 3 begins.
    pub leave: Departure<V, K>,
    /// A loss on the way to the new contact, or there.
    pub judge: Answer<V, K>,
    /// The loss and the gradient on the way to the new contact.
    pub follow: Answer<V, K>,
}

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> Form<V, K> {
    #[inline]
    pub fn of(config: &RollingBallConfig) -> Self {
        let (choose_rate, judge_rate): (Answer<V, K>, Answer<V, K>) = match config.centre_step {
            CentreStep::Plain => (RollingBall::take_plain_rate, RollingBall::no_rate_is_searched),
            CentreStep::ArcLength => (RollingBall::take_arc_rate, RollingBall::no_rate_is_searched),
            CentreStep::Armijo(_) => (RollingBall::search_rate, RollingBall::judge_rate),
        };
        match config.footpoint {
            Footpoint::Contact { .. } => Self {
                rest: RollingBall::rest_contact,
                choose_rate,
                judge_rate,
                leave: RollingBall::leave_contact,
                judge: RollingBall::end_contact,
                follow: RollingBall::contact_needs_no_gradient,
            },
            Footpoint::GaussNewton { .. } => Self {
                rest: RollingBall::rest_on_graph,
                choose_rate,
                judge_rate,
                leave: RollingBall::start_gauss_newton,
                judge: RollingBall::judge_gauss_newton,
                follow: RollingBall::follow_gauss_newton,
            },
            Footpoint::GradientDescent { .. } => Self {
                rest: RollingBall::rest_on_graph,
                choose_rate,
                judge_rate,
                leave: RollingBall::start_projection,
                judge: RollingBall::end_projection,
                follow: RollingBall::follow_projection,
            },
        }
    }
}

//! What differs between the ways to find the new contact.

use super::{Footpoint, RollingBall};
use crate::kernels::Kernels;
use crate::{Error, Request};

/// What a ball does with an answer.
type Answer<V, K> = fn(&mut RollingBall<V, K>, &mut [f32], f32) -> Result<Request, Error>;

/// How the ball leaves a contact at this rate. The last argument is the loss at `theta - rate g`, where a line search
/// has already moved theta there.
type Departure<V, K> =
    fn(&mut RollingBall<V, K>, &mut [f32], f32, Option<f32>) -> Result<Request, Error>;

/// The parts of a step that depend on the footpoint. A ball takes its own when it is made, as addresses: where the
/// configuration is a constant, a program links that form and not the other two, half of the ball's code.
#[derive(Clone, Debug)]
pub(super) struct Form<V, K> {
    /// Step 1, with the loss at theta.
    pub rest: Answer<V, K>,
    /// Step 3 begins.
    pub leave: Departure<V, K>,
    /// A loss on the way to the new contact, or there.
    pub judge: Answer<V, K>,
    /// The loss and the gradient on the way to the new contact.
    pub follow: Answer<V, K>,
}

impl<V: AsRef<[f32]> + AsMut<[f32]>, K: Kernels> Form<V, K> {
    #[inline]
    pub fn of(footpoint: Footpoint) -> Self {
        match footpoint {
            Footpoint::Contact { .. } => Self {
                rest: RollingBall::rest_contact,
                leave: RollingBall::leave_contact,
                judge: RollingBall::end_contact,
                follow: RollingBall::contact_needs_no_gradient,
            },
            Footpoint::GaussNewton { .. } => Self {
                rest: RollingBall::rest_on_graph,
                leave: RollingBall::start_gauss_newton,
                judge: RollingBall::judge_gauss_newton,
                follow: RollingBall::follow_gauss_newton,
            },
            Footpoint::GradientDescent { .. } => Self {
                rest: RollingBall::rest_on_graph,
                leave: RollingBall::start_projection,
                judge: RollingBall::end_projection,
                follow: RollingBall::follow_projection,
            },
        }
    }
}

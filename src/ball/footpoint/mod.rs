//! The two searches for the nearest point of the graph to the displaced centre: the minimum of
//! `D(theta) = |theta - theta~|^2 / 2 + (F(theta) - y~)^2 / 2`. Each has its scalars,
//! and the part of the step that makes its passes over memory.

mod gauss_newton;
mod gradient_descent;

use super::RollingBall;
use crate::kernels::VectorOps;
use crate::{Error, Request};

pub(super) use gauss_newton::GaussNewton;
pub(super) use gradient_descent::GradientDescent;

impl<V: AsRef<K::Vector> + AsMut<K::Vector>, K: VectorOps> RollingBall<V, K> {
    /// Step 1: the ball rests on the graph at theta, with its own normal.
    pub(super) fn rest_on_graph(
        &mut self,
        theta: &mut K::Vector,
        loss: f32,
    ) -> Result<Request, Error> {
        let (theta_squared, gradient_squared) = K::squared_norms(theta, self.gradient.as_ref());
        self.record.start(loss, theta_squared, gradient_squared)?;
        self.geometry.rest(loss, gradient_squared);
        (self.form.choose_rate)(self, theta, loss)
    }

    /// `D` at theta, where the loss is this: one pass.
    fn distance(&self, theta: &K::Vector, loss: f32) -> f32 {
        // Any finite gradient will do for the pass's other sums, which are not used.
        let (any, displaced) = (self.gradient.as_ref(), self.displaced.as_ref());
        let squared = K::footpoint_sums(theta, displaced, any).distance;
        let above = self.geometry.above_centre(loss);
        (squared + above * above) / 2.0
    }
}

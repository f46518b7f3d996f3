//! Eight balls in the lanes of a vector. Each has the bits of a [`RollingBall`](crate::RollingBall)
//! of its own.

use super::Plane;
use crate::kernels::{LANES, SimdVector, Task, Unit};

/// Eight balls, and what they are to do. Running it gives their ends; those of lost balls are NaN.
pub(super) struct Balls<'a, P> {
    pub plane: &'a P,
    pub starts: [[f32; LANES]; 2],
    /// The radius and the learning rate of each step.
    pub schedule: &'a [[f32; 2]],
    pub loss_scale: f32,
    pub settling_rate: f32,
    pub settling_steps: u32,
}

impl<P: Plane> Task for Balls<'_, P> {
    type Output = [[f32; LANES]; 2];

    #[inline(always)]
    fn run<U: Unit>(self) -> [[f32; LANES]; 2] {
        let [x, y] = &self.starts;
        let mut state = State::<U::SimdVector> {
            theta: [U::SimdVector::load(x), U::SimdVector::load(y)],
            offset: None,
            lost: U::SimdVector::splat(0.0),
        };
        for [radius, rate] in self.schedule {
            state.roll(self.plane, *radius, *rate, self.loss_scale);
        }
        state.leave_the_contact();
        for _ in 0..self.settling_steps {
            if state.descend(self.plane, self.settling_rate) {
                break;
            }
        }
        state.ends()
    }
}

/// The state of eight balls.
struct State<V> {
    /// Where the balls touch the graph.
    theta: [V; 2],
    /// The way from the centres to the contacts, once the balls rest on the graph.
    offset: Option<[V; 2]>,
    /// 0, or NaN where a ball is lost.
    lost: V,
}

impl<V: SimdVector> State<V> {
    /// Makes one step of the ball: the operations of the core, in their order.
    #[inline(always)]
    fn roll<P: Plane>(&mut self, plane: &P, radius: f32, rate: f32, loss_scale: f32) {
        let [x, y] = self.theta;
        let (loss, [gx, gy]) = plane.evaluate([x, y]);
        let squared = gx * gx + gy * gy;
        let slant = (V::splat(1.0) + V::splat(loss_scale * loss_scale) * squared).sqrt();
        let reach = V::splat(radius * loss_scale) / slant;
        let height = V::splat(loss_scale) * loss
            + (V::splat(radius) / slant - V::splat(rate * loss_scale) * squared);
        let norm = (x * x + y * y).sqrt();
        let bound = norm + (V::splat(rate) + reach) * squared.sqrt();

        let next = [reach * gx, reach * gy];
        // The first contact is theta itself, so the offset is the contact's own.
        let [ux, uy] = self.offset.unwrap_or(next);
        let [vx, vy] = next;
        let rate = V::splat(rate);
        let theta = [((x - ux) - rate * gx) + vx, ((y - uy) - rate * gy) + vy];
        let moved = moved([x, y], theta);
        let new_bound = norm + moved.sqrt();
        (self.theta, self.offset) = (theta, Some(next));
        self.lose(height);
        self.lose(bound * bound);
        self.lose(new_bound * new_bound);
    }

    /// Continues with theta at the centre of each ball.
    #[inline(always)]
    fn leave_the_contact(&mut self) {
        if let Some([ux, uy]) = self.offset.take() {
            let [x, y] = self.theta;
            self.theta = [x - ux, y - uy];
        }
    }

    /// Makes one step of gradient descent. Returns whether it changed nothing, in which case no
    /// further step would.
    #[inline(always)]
    fn descend<P: Plane>(&mut self, plane: &P, rate: f32) -> bool {
        let [x, y] = self.theta;
        let (loss, [gx, gy]) = plane.evaluate([x, y]);
        let bound = (x * x + y * y).sqrt() + V::splat(rate) * (gx * gx + gy * gy).sqrt();
        self.lose(loss);
        self.lose(bound * bound);
        let theta = [x - V::splat(rate) * gx, y - V::splat(rate) * gy];
        self.theta = theta;
        let [new_x, new_y] = theta;
        same(&x.store(), &new_x.store()) && same(&y.store(), &new_y.store())
    }

    /// Marks the balls as lost for which this value is not finite.
    #[inline(always)]
    fn lose(&mut self, value: V) {
        // 0 times a finite value is 0; 0 times any other value is NaN.
        self.lost = self.lost + V::splat(0.0) * value;
    }

    #[inline(always)]
    fn ends(mut self) -> [[f32; LANES]; 2] {
        let [x, y] = self.theta;
        self.lose(x);
        self.lose(y);
        let (mut x, mut y, lost) = (x.store(), y.store(), self.lost.store());
        for ((x, y), lost) in x.iter_mut().zip(&mut y).zip(lost) {
            if lost.is_nan() {
                (*x, *y) = (f32::NAN, f32::NAN);
            }
        }
        [x, y]
    }
}

/// The squared length of a move.
#[inline(always)]
fn moved<V: SimdVector>([x, y]: [V; 2], [new_x, new_y]: [V; 2]) -> V {
    let (across, up) = (new_x - x, new_y - y);
    across * across + up * up
}

#[inline(always)]
fn same(old: &[f32; LANES], new: &[f32; LANES]) -> bool {
    let mut same = true;
    for (old, new) in old.iter().zip(new) {
        // A lost ball does not keep the others waiting.
        same &= old.to_bits() == new.to_bits() || new.is_nan();
    }
    same
}

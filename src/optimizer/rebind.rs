//! Vectors that have moved.

use super::wrappers::ClipNorm;

/// An optimizer whose vectors may be put elsewhere: for storage that is known by its address, as
/// the C interface has it, when what lies there was moved.
///
/// ```
/// use rolling_ball::{Rebind, RollingBall, RollingBallConfig};
///
/// let config = RollingBallConfig::default();
/// let mut ball = RollingBall::new(config, [vec![0.0; 10], vec![0.0; 10]])?;
/// // The same floats at another address.
/// ball.rebind(&mut |vector: &mut Vec<f32>| *vector = vector.clone());
/// # Ok::<(), rolling_ball::Error>(())
/// ```
pub trait Rebind<V> {
    /// Hands each vector to `replace`, which may put another one in its place. That one must have
    /// the same length and, unless the step in progress is given up, the same content.
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V));
}

impl<V, O: Rebind<V>, K> Rebind<V> for ClipNorm<O, K> {
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V)) {
        self.inner_mut().rebind(replace);
    }
}

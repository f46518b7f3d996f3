//! Weights in few bits: rounded after training, or trained so that they may be rounded.
//!
//! A weight of `bits` bits is a whole number between `-(2^(bits - 1) - 1)` and `2^(bits - 1) - 1`,
//! times a scale that it shares with the other weights of its [`Group`]: the largest of them,
//! divided by the largest number. So 2 bits are -1, 0 and 1, and zero is always exact.
//! Nothing here depends on the kernels: the bits of the results are the same everywhere.
//!
//! Down to 4 bits [`round`] after training does little harm. Below, [`StraightThrough`] trains what
//! is left after rounding ([docs/few_bits.md] has figures).
//!
//! [docs/few_bits.md]: https://github.com/rolling-ball/rolling-ball/blob/main/docs/few_bits.md

mod groups;
mod scale;
mod straight_through;

pub use groups::{Group, Groups};
pub use straight_through::StraightThrough;

#[cfg(feature = "checkpoints")]
pub(crate) use scale::Scale;

use crate::Error;

/// Writes theta into `rounded`, in the bits of its groups. What is not finite stays as it is.
/// Cost: two passes.
///
/// ```
/// use rolling_ball::few_bits::{Group, round};
///
/// // Two groups: three weights of 3 bits, which are whole numbers from -3 to 3, and a bias.
/// let groups = [Group { length: 3, bits: Some(3) }, Group { length: 1, bits: None }];
/// let mut rounded = [0.0; 4];
/// round(&[1.5, -0.6, 0.1, 0.7], &groups, &mut rounded)?;
/// assert_eq!(rounded, [1.5, -0.5, 0.0, 0.7]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// # Errors
/// [`Error::Setting`] where a group has less than 2 or more than 8 bits; [`Error::Length`] where
/// the groups or `rounded` are not as long as theta. Nothing is written then.
pub fn round(
    theta: &[f32],
    groups: &(impl Groups + ?Sized),
    rounded: &mut [f32],
) -> Result<(), Error> {
    groups::check(groups, theta.len())?;
    Error::check_length("rounded", theta.len(), rounded.len())?;
    groups::round(theta, groups, rounded);
    Ok(())
}

//! The weights that share a scale.

use super::scale::Scale;
use crate::Error;
use crate::chunks::take_front;

/// Neighbours in theta that share a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Group {
    /// How many parameters they are.
    pub length: usize,
    /// The bits of each, 2 to 8; `None` where they are not rounded.
    pub bits: Option<u32>,
}

/// How theta is divided into groups: a slice or an array of [`Group`]s, or what the layers of a
/// network tell ([`Network::groups`](crate::nn::Network::groups)). Smaller groups lose less.
pub trait Groups {
    /// Tells the groups in theta's order. Their lengths add up to theta's.
    fn each(&self, tell: &mut impl FnMut(Group));
}

impl Groups for [Group] {
    fn each(&self, tell: &mut impl FnMut(Group)) {
        self.iter().for_each(|group| tell(*group));
    }
}

impl<const N: usize> Groups for [Group; N] {
    fn each(&self, tell: &mut impl FnMut(Group)) {
        self.as_slice().each(tell);
    }
}

impl<G: Groups + ?Sized> Groups for &G {
    fn each(&self, tell: &mut impl FnMut(Group)) {
        (**self).each(tell);
    }
}

/// Checks the bits of the groups, and that they are as long as theta.
pub(super) fn check(groups: &(impl Groups + ?Sized), parameters: usize) -> Result<(), Error> {
    let (mut length, mut checked) = (0_usize, Ok(()));
    groups.each(&mut |group| {
        length = length.saturating_add(group.length);
        checked = checked.and_then(|()| match group.bits {
            Some(bits) if !(2..=8).contains(&bits) => {
                Err(Error::Setting { name: "bits", value: bits as f32, expected: "from 2 to 8" })
            }
            _ => Ok(()),
        });
    });
    checked?;
    Error::check_length("groups", parameters, length)
}

/// Writes theta into a slice of the same length, in the bits of groups that were checked.
pub(super) fn round(theta: &[f32], groups: &(impl Groups + ?Sized), mut rounded: &mut [f32]) {
    let mut rest = theta;
    groups.each(&mut |Group { length, bits }| {
        let (own, others) = rest.split_at_checked(length).unwrap_or_default();
        rest = others;
        let target = take_front(&mut rounded, length);
        let scale = bits.map(|bits| Scale::of(own, bits));
        for (place, value) in target.iter_mut().zip(own) {
            *place = scale.map_or(*value, |scale| scale.round(*value));
        }
    });
}

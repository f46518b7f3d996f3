//! Theta in parts, by what the layers know of their parameters.

use super::layer::Layer;
use super::parameters::ParameterKind;
use crate::few_bits::{Group, Groups};
use crate::{Part, Parts};
use core::marker::PhantomData;

/// The parts of a theta by the kind of their parameters, for [`ByPart`](crate::ByPart);
/// [`Network::parts`](super::Network::parts) makes them. They take no memory: the layers are asked
/// anew each time.
#[derive(Clone, Copy, Debug)]
pub struct PartsByKind<L, C> {
    choose: C,
    layers: PhantomData<L>,
}

impl<L: Layer, C: Fn(ParameterKind) -> (f32, f32)> PartsByKind<L, C> {
    pub(super) fn new(choose: C) -> Self {
        Self { choose, layers: PhantomData }
    }
}

impl<L: Layer, C: Fn(ParameterKind) -> (f32, f32)> Parts for PartsByKind<L, C> {
    /// Neighbours that are treated alike are one part.
    fn each(&self, tell: &mut impl FnMut(Part)) {
        let mut last = Part { length: 0, rate: 0.0, decay: 0.0 };
        L::filters(&mut |filter| {
            let (rate, decay) = (self.choose)(filter.kind);
            if (rate, decay) == (last.rate, last.decay) {
                last.length = last.length.saturating_add(filter.length);
            } else {
                if last.length > 0 {
                    tell(last);
                }
                last = Part { length: filter.length, rate, decay };
            }
        });
        if last.length > 0 {
            tell(last);
        }
    }
}

/// The filters of a theta as groups that share a scale, for
/// [`few_bits`](crate::few_bits); [`Network::groups`](super::Network::groups) makes them. They take
/// no memory: the layers are asked anew each time.
#[derive(Clone, Copy, Debug)]
pub struct GroupsByKind<L, C> {
    choose: C,
    layers: PhantomData<L>,
}

impl<L: Layer, C: Fn(ParameterKind) -> Option<u32>> GroupsByKind<L, C> {
    pub(super) fn new(choose: C) -> Self {
        Self { choose, layers: PhantomData }
    }
}

impl<L: Layer, C: Fn(ParameterKind) -> Option<u32>> Groups for GroupsByKind<L, C> {
    fn each(&self, tell: &mut impl FnMut(Group)) {
        L::filters(&mut |filter| {
            tell(Group { length: filter.length, bits: (self.choose)(filter.kind) });
        });
    }
}

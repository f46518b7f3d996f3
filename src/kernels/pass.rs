//! The loop that every pass over memory is: block by block through all its slices, with the sums of the contract.

use super::vector::{Lanes, Vector};
use super::{LANES, PANEL, SEGMENT, Task, Unit, sum_lanes};

/// A pass over slices of equal length, given by what it does to one element of each: `WRITTEN` of them are
/// replaced, `READ` are not, and `SUMS` values are added up over all elements.
pub trait Pass<const WRITTEN: usize, const READ: usize, const SUMS: usize> {
    /// The new elements, and what they add to the sums.
    fn apply<V: Vector>(&self, written: [V; WRITTEN], read: [V; READ])
    -> ([V; WRITTEN], [V; SUMS]);
}

/// A pass and the slices that it goes through, up to the end of the shortest.
pub(super) struct Sweep<'p, 's, P, const WRITTEN: usize, const READ: usize, const SUMS: usize> {
    pub pass: &'p P,
    pub written: [&'s mut [f32]; WRITTEN],
    pub read: [&'s [f32]; READ],
}

/// Blocks of a panel, and panels of a segment.
const BLOCKS: usize = PANEL / LANES;
const PANELS: usize = SEGMENT / PANEL;

/// What a lane starts from: to add to it changes no number, not even the sign of a zero.
pub(super) const NOTHING: f32 = -0.0;

impl<P, const W: usize, const R: usize, const S: usize> Sweep<'_, '_, P, W, R, S> {
    /// Elements of the shortest slice.
    #[inline(always)]
    pub fn length(&self) -> usize {
        // Not an iterator over both: the compiler would keep the slices in memory for it.
        let mut length = usize::MAX;
        for slice in &self.written {
            length = length.min(slice.len());
        }
        for slice in self.read {
            length = length.min(slice.len());
        }
        length
    }
}

impl<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize> Task
    for Sweep<'_, '_, P, W, R, S>
{
    type Output = [f32; S];

    #[inline(always)]
    fn run<U: Unit>(self) -> [f32; S] {
        let length = self.length();
        let Self { pass, written, read } = self;
        // From here on they are all of one length, which the compiler sees: no index is checked.
        let mut slices = Blocks {
            pass,
            written: written
                .map(|slice| slice.get_mut(..length).unwrap_or_default().as_chunks_mut()),
            read: read.map(|slice| slice.get(..length).unwrap_or_default().as_chunks()),
        };
        let (blocks, rest) = (length / LANES, length % LANES);
        if S == 0 {
            slices.panel::<U::Vector, S>(0, blocks);
            slices.rest(rest, [[NOTHING; LANES]; S]);
            return [0.0; S];
        }
        let last = length.saturating_sub(1) / PANEL;
        let (mut total, mut segment) = (None, None);
        for panel in 0..=last {
            let start = panel * BLOCKS;
            let mut lanes = slices.panel::<U::Vector, S>(start, blocks.min(start + BLOCKS));
            if panel == last && rest > 0 {
                lanes = slices.rest(rest, lanes.map(Lanes::store)).map(|lanes| Lanes::load(&lanes));
            }
            lanes = plus(segment, lanes);
            if panel == last || panel % PANELS == PANELS - 1 {
                let sums = lanes.map(|lanes| sum_lanes(lanes.store()));
                (total, segment) = (Some(plus(total, sums)), None);
            } else {
                segment = Some(lanes);
            }
        }
        total.unwrap_or([NOTHING; S])
    }
}

/// The slices as blocks of [`LANES`], and what is left over of each.
struct Blocks<'p, 's, P, const W: usize, const R: usize> {
    pass: &'p P,
    written: [(&'s mut [[f32; LANES]], &'s mut [f32]); W],
    read: [(&'s [[f32; LANES]], &'s [f32]); R],
}

impl<P, const W: usize, const R: usize> Blocks<'_, '_, P, W, R> {
    /// Goes through some of the blocks.
    #[inline(always)]
    fn panel<V: Lanes, const S: usize>(&mut self, start: usize, end: usize) -> [V; S]
    where
        P: Pass<W, R, S>,
    {
        let mut sums = [V::splat(NOTHING); S];
        for block in start..end {
            let old = self.written.each_ref().map(|(blocks, _)| load(blocks, block));
            let read = self.read.map(|(blocks, _)| load(blocks, block));
            let (new, terms): (_, [V; S]) = self.pass.apply(old, read);
            for ((blocks, _), new) in self.written.iter_mut().zip(new) {
                if let Some(place) = blocks.get_mut(block) {
                    *place = new.store();
                }
            }
            sums = plus(Some(sums), terms);
        }
        sums
    }

    /// Goes through what is left over, a lane each.
    #[inline(always)]
    fn rest<const S: usize>(
        &mut self,
        rest: usize,
        mut lanes: [[f32; LANES]; S],
    ) -> [[f32; LANES]; S]
    where
        P: Pass<W, R, S>,
    {
        for element in 0..rest {
            let old =
                self.written.each_ref().map(|(_, rest)| rest.get(element).copied().unwrap_or(0.0));
            let read = self.read.map(|(_, rest)| rest.get(element).copied().unwrap_or(0.0));
            let (new, terms): (_, [f32; S]) = self.pass.apply(old, read);
            for ((_, rest), new) in self.written.iter_mut().zip(new) {
                if let Some(place) = rest.get_mut(element) {
                    *place = new;
                }
            }
            for (lanes, term) in lanes.iter_mut().zip(terms) {
                if let Some(lane) = lanes.get_mut(element) {
                    *lane += term;
                }
            }
        }
        lanes
    }
}

#[inline(always)]
fn load<V: Lanes>(blocks: &[[f32; LANES]], block: usize) -> V {
    V::load(blocks.get(block).unwrap_or(&[0.0; LANES]))
}

/// The terms, added to the sums so far.
#[inline(always)]
fn plus<V: Vector, const S: usize>(sums: Option<[V; S]>, mut terms: [V; S]) -> [V; S] {
    if let Some(sums) = sums {
        for (term, sum) in terms.iter_mut().zip(sums) {
            *term = sum + *term;
        }
    }
    terms
}

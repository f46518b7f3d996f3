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

impl<P, const W: usize, const R: usize, const S: usize> Sweep<'_, '_, P, W, R, S> {
    /// Elements of the shortest slice.
    pub fn length(&self) -> usize {
        let written = self.written.iter().map(|slice| slice.len());
        written.chain(self.read.iter().map(|slice| slice.len())).min().unwrap_or(0)
    }

    /// The elements from `start` to `end`.
    #[inline(always)]
    pub fn part(&mut self, start: usize, end: usize) -> Sweep<'_, '_, P, W, R, S> {
        Sweep {
            pass: self.pass,
            written: self
                .written
                .each_mut()
                .map(|slice| slice.get_mut(start..end).unwrap_or_default()),
            read: self.read.map(|slice| slice.get(start..end).unwrap_or_default()),
        }
    }
}

impl<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize> Task
    for Sweep<'_, '_, P, W, R, S>
{
    type Output = [f32; S];

    #[inline(always)]
    fn run<U: Unit>(mut self) -> [f32; S] {
        let length = self.length();
        if S == 0 {
            self.part(0, length).panel::<U::Vector>(length);
            return [0.0; S];
        }
        let mut total = None;
        let mut start = 0;
        loop {
            let end = length.min(start + SEGMENT);
            let sums = self.segment::<U::Vector>(start, end).map(|lanes| sum_lanes(lanes.store()));
            let sums = match total {
                None => sums,
                Some(total) => add(total, sums),
            };
            if end == length {
                return sums;
            }
            (total, start) = (Some(sums), end);
        }
    }
}

impl<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize> Sweep<'_, '_, P, W, R, S> {
    /// The lanes of a segment: those of its panels, added up in their order.
    #[inline(always)]
    fn segment<V: Lanes>(&mut self, mut start: usize, end: usize) -> [V; S] {
        let mut total = None;
        loop {
            let next = end.min(start + PANEL);
            let lanes = self.part(start, next).panel::<V>(next - start);
            let lanes = match total {
                None => lanes,
                Some(total) => add(total, lanes),
            };
            if next == end {
                return lanes;
            }
            (total, start) = (Some(lanes), next);
        }
    }

    /// The lanes of a panel, whose slices are `length` long.
    #[inline(always)]
    fn panel<V: Lanes>(self, length: usize) -> [V; S] {
        let Self { pass, written, read } = self;
        // The same length again, for the compiler to see.
        let mut written = written
            .map(|slice| slice.get_mut(..length).unwrap_or_default().as_chunks_mut::<LANES>());
        let read = read.map(|slice| slice.get(..length).unwrap_or_default().as_chunks::<LANES>());
        let mut sums = [V::splat(NOTHING); S];
        for block in 0..length / LANES {
            let old = written.each_ref().map(|(blocks, _)| load::<V>(blocks, block));
            let (new, terms) = pass.apply(old, read.map(|(blocks, _)| load::<V>(blocks, block)));
            for ((blocks, _), new) in written.iter_mut().zip(new) {
                if let Some(place) = blocks.get_mut(block) {
                    *place = new.store();
                }
            }
            sums = add(sums, terms);
        }
        let rest = length % LANES;
        if rest == 0 {
            return sums;
        }
        let mut lanes = sums.map(V::store);
        for element in 0..rest {
            let old = written.each_ref().map(|(_, rest)| rest.get(element).copied().unwrap_or(0.0));
            let fixed = read.map(|(_, rest)| rest.get(element).copied().unwrap_or(0.0));
            let (new, terms) = pass.apply(old, fixed);
            for ((_, rest), new) in written.iter_mut().zip(new) {
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
        lanes.map(|lanes| V::load(&lanes))
    }
}

/// What a lane starts from: to add to it changes no number, not even the sign of a zero.
pub(super) const NOTHING: f32 = -0.0;

#[inline(always)]
fn load<V: Lanes>(blocks: &[[f32; LANES]], block: usize) -> V {
    V::load(blocks.get(block).unwrap_or(&[0.0; LANES]))
}

#[inline(always)]
fn add<V: Vector, const S: usize>(mut sums: [V; S], terms: [V; S]) -> [V; S] {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum = *sum + term;
    }
    sums
}

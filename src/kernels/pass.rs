//! The loop that every pass over memory is: block by block through all its slices, with the sums of the contract.

use super::vector::{Lanes, Vector};
use super::{LANES, PANEL, SEGMENT, Task, Unit, sum_lanes};
use core::mem;

/// A pass over slices of equal length, given by what it does to one element of each: `WRITTEN` of them are
/// replaced, `READ` are not, and `SUMS` values are added up over all elements.
pub trait Pass<const WRITTEN: usize, const READ: usize, const SUMS: usize> {
    /// The new elements, and what they add to the sums.
    fn apply<V: Vector>(&self, written: [V; WRITTEN], read: [V; READ])
    -> ([V; WRITTEN], [V; SUMS]);
}

/// A pass and the slices that it goes through, up to the end of the shortest.
pub(super) struct Sweep<
    'p,
    's,
    P,
    const WRITTEN: usize,
    const READ: usize,
    const SUMS: usize,
    T = f32,
> {
    pub pass: &'p P,
    pub written: [&'s mut [T]; WRITTEN],
    pub read: [&'s [T]; READ],
}

/// Eight elements, one for each lane.
type Block = [f32; LANES];

/// Blocks of a panel.
const BLOCKS: usize = PANEL / LANES;

/// Panels that are gone through side by side: while the additions of one are still under way, those of the other begin.
const ABREAST: usize = 2;

/// What a lane starts from: to add to it changes no number, not even the sign of a zero.
pub(super) const NOTHING: f32 = -0.0;

impl<P, const W: usize, const R: usize, const S: usize, T> Sweep<'_, '_, P, W, R, S, T> {
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

    /// Cuts the first elements off.
    #[inline(always)]
    pub fn take(&mut self, count: usize) -> Self {
        Self {
            pass: self.pass,
            written: self.written.each_mut().map(|slice| {
                let whole = mem::take(slice);
                let (first, rest) = whole.split_at_mut_checked(count).unwrap_or_default();
                *slice = rest;
                first
            }),
            read: self.read.each_mut().map(|slice| {
                let (first, rest) = slice.split_at_checked(count).unwrap_or_default();
                *slice = rest;
                first
            }),
        }
    }
}

impl<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize> Task
    for Sweep<'_, '_, P, W, R, S>
{
    type Output = [f32; S];

    #[inline(always)]
    fn run<U: Unit>(mut self) -> [f32; S] {
        let mut sums = [NOTHING; S];
        let mut left = self.length();
        while left > 0 {
            let length = left.min(SEGMENT);
            let lanes: [U::Vector; S] = self.take(length).segment(length);
            for (sum, lanes) in sums.iter_mut().zip(lanes) {
                *sum += sum_lanes(lanes.store());
            }
            left -= length;
        }
        sums
    }
}

impl<'p, 's, P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize>
    Sweep<'p, 's, P, W, R, S>
{
    /// The lanes of at most a segment.
    #[inline(always)]
    fn segment<V: Lanes>(mut self, mut left: usize) -> [V; S] {
        let mut sums = [V::splat(NOTHING); S];
        while left >= ABREAST * PANEL {
            for lanes in self.take(ABREAST * PANEL).blocks().panels::<V, ABREAST>() {
                sums = plus(sums, lanes);
            }
            left -= ABREAST * PANEL;
        }
        if left >= PANEL {
            let [lanes] = self.take(PANEL).blocks().panels();
            sums = plus(sums, lanes);
            left -= PANEL;
        }
        if left > 0 {
            let mut lanes = self.take(left - left % LANES).blocks().panel();
            if left % LANES > 0 {
                lanes = plus(lanes, self.rest(left % LANES));
            }
            sums = plus(sums, lanes);
        }
        sums
    }

    #[inline(always)]
    fn blocks(self) -> Sweep<'p, 's, P, W, R, S, Block> {
        Sweep {
            pass: self.pass,
            written: self.written.map(|slice| slice.as_chunks_mut().0),
            read: self.read.map(|slice| slice.as_chunks().0),
        }
    }

    /// Goes through less than a block: the missing elements are zero, and what they add is nothing.
    #[inline(always)]
    fn rest<V: Lanes>(mut self, length: usize) -> [V; S] {
        let old = self.written.each_ref().map(|slice| V::load(&padded(slice, 0.0)));
        let read = self.read.map(|slice| V::load(&padded(slice, 0.0)));
        let (new, terms) = self.pass.apply(old, read);
        for (slice, new) in self.written.iter_mut().zip(new) {
            for (place, new) in slice.iter_mut().zip(new.store()) {
                *place = new;
            }
        }
        terms.map(|terms| {
            let terms = terms.store();
            V::load(&padded(terms.get(..length).unwrap_or_default(), NOTHING))
        })
    }
}

impl<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize>
    Sweep<'_, '_, P, W, R, S, Block>
{
    /// The lanes of whole panels, side by side.
    #[inline(always)]
    fn panels<V: Lanes, const COUNT: usize>(mut self) -> [[V; S]; COUNT] {
        let mut sums = [[V::splat(NOTHING); S]; COUNT];
        // The compiler sees the lengths by this, and checks no index below.
        let mut whole = true;
        for blocks in &self.written {
            whole &= blocks.len() == COUNT * BLOCKS;
        }
        for blocks in self.read {
            whole &= blocks.len() == COUNT * BLOCKS;
        }
        if whole {
            for block in 0..BLOCKS {
                for (panel, sums) in sums.iter_mut().enumerate() {
                    *sums = plus(*sums, self.apply(panel * BLOCKS + block));
                }
            }
        }
        sums
    }

    /// The lanes of a panel that is not whole.
    #[inline(always)]
    fn panel<V: Lanes>(mut self) -> [V; S] {
        let mut sums = [V::splat(NOTHING); S];
        for block in 0..self.length() {
            sums = plus(sums, self.apply(block));
        }
        sums
    }

    /// Puts the new elements of a block in place, and gives what it adds to the sums.
    #[inline(always)]
    fn apply<V: Lanes>(&mut self, block: usize) -> [V; S] {
        let old = self.written.each_ref().map(|blocks| load(blocks, block));
        let read = self.read.map(|blocks| load(blocks, block));
        let (new, terms) = self.pass.apply(old, read);
        for (blocks, new) in self.written.iter_mut().zip(new) {
            if let Some(place) = blocks.get_mut(block) {
                *place = Lanes::store(new);
            }
        }
        terms
    }
}

#[inline(always)]
fn load<V: Lanes>(blocks: &[Block], block: usize) -> V {
    blocks.get(block).map_or(V::splat(0.0), V::load)
}

/// A block that begins with these elements.
#[inline(always)]
fn padded(elements: &[f32], missing: f32) -> Block {
    let mut block = [missing; LANES];
    for (place, element) in block.iter_mut().zip(elements) {
        *place = *element;
    }
    block
}

/// The terms, added to the sums so far.
#[inline(always)]
fn plus<V: Vector, const S: usize>(mut sums: [V; S], terms: [V; S]) -> [V; S] {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum = *sum + term;
    }
    sums
}

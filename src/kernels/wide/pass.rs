//! The loop behind every pass over memory: block by block through all slices, with the sums of the
//! contract.

use crate::kernels::{LANES, NOTHING, PANEL, SEGMENT, SimdVector, Task, Unit, sum_lanes};
use core::mem;

/// A pass over slices of equal length, given by what it does to one element of each. `WRITTEN`
/// slices are replaced, `READ` slices are only read, and `SUMS` values are added up over all
/// elements.
pub trait Pass<const WRITTEN: usize, const READ: usize, const SUMS: usize>: Copy + Send {
    /// Returns the new elements, and what they add to the sums.
    fn apply<V: SimdVector>(
        self,
        written: [V; WRITTEN],
        read: [V; READ],
    ) -> ([V; WRITTEN], [V; SUMS]);
}

/// A pass and the slices that it goes through, up to the end of the shortest.
pub(super) struct Sweep<'s, P, const WRITTEN: usize, const READ: usize, const SUMS: usize> {
    pub pass: P,
    pub written: [&'s mut [f32]; WRITTEN],
    pub read: [&'s [f32]; READ],
}

/// Eight elements, one for each lane.
type Block = [f32; LANES];

/// How many blocks a panel has.
const BLOCKS: usize = PANEL / LANES;

/// How many blocks one turn of the loop over a panel takes where nothing is added up; with sums,
/// there would not be enough registers. This was measured: it is all that a build for this very
/// processor gains over one for any processor.
const UNROLLED: usize = 4;

impl<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize> Task
    for Sweep<'_, P, W, R, S>
{
    type Output = [f32; S];

    #[inline(always)]
    fn run<U: Unit>(mut self) -> [f32; S] {
        let mut sums = [NOTHING; S];
        loop {
            let length = self.length().min(SEGMENT);
            if length == 0 {
                return sums;
            }
            let lanes = self.take(length).segment::<U>();
            for (sum, lanes) in sums.iter_mut().zip(lanes) {
                *sum += sum_lanes(lanes.store());
            }
        }
    }
}

impl<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize> Sweep<'_, P, W, R, S> {
    /// How many elements the shortest slice has.
    #[inline(always)]
    pub fn length(&self) -> usize {
        shortest(&self.written, &self.read)
    }

    /// Whether every slice has at least so many elements. Each is compared by itself, so that the
    /// compiler knows it of each.
    #[inline(always)]
    fn holds(&self, count: usize) -> bool {
        for slice in &self.written {
            if slice.len() < count {
                return false;
            }
        }
        for slice in self.read {
            if slice.len() < count {
                return false;
            }
        }
        true
    }

    /// Splits off the first elements of every slice.
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

    /// The lanes of at most one segment.
    #[inline(always)]
    fn segment<U: Unit>(mut self) -> [U::SimdVector; S] {
        let mut sums = [U::SimdVector::splat(NOTHING); S];
        while self.holds(PANEL) {
            sums = plus(sums, self.take(PANEL).panel());
        }
        loop {
            let length = self.length().min(PANEL);
            if length == 0 {
                return sums;
            }
            let rest = length % LANES;
            let mut lanes = self.take(length - rest).blocks();
            if rest > 0 {
                lanes = plus(lanes, self.take(rest).rest());
            }
            sums = plus(sums, lanes);
        }
    }

    /// The lanes of a whole panel. It takes arrays, whose length the compiler knows, so that no
    /// index is checked.
    #[inline(always)]
    fn panel<V: SimdVector>(self) -> [V; S] {
        let Self { pass, written, read } = self;
        let mut written: [Option<&mut [Block; BLOCKS]>; W] =
            written.map(|slice| slice.as_chunks_mut().0.first_chunk_mut());
        let read: [Option<&[Block; BLOCKS]>; R] =
            read.map(|slice| slice.as_chunks().0.first_chunk());
        let mut sums = [V::splat(NOTHING); S];
        let together = if S == 0 { UNROLLED } else { 1 };
        for group in 0..BLOCKS / together {
            for block in group * together..(group + 1) * together {
                let written = written.each_mut().map(|panel| panel.as_mut()?.get_mut(block));
                let read = read.map(|panel| panel?.get(block));
                sums = plus(sums, apply(pass, written, read));
            }
        }
        sums
    }

    /// The lanes of whole blocks, at most a panel of them.
    #[inline(always)]
    fn blocks<V: SimdVector>(self) -> [V; S] {
        let Self { pass, written, read } = self;
        let mut written: [&mut [Block]; W] = written.map(|slice| slice.as_chunks_mut().0);
        let read: [&[Block]; R] = read.map(|slice| slice.as_chunks().0);
        let mut sums = [V::splat(NOTHING); S];
        for block in 0..shortest(&written, &read) {
            let written = written.each_mut().map(|blocks| blocks.get_mut(block));
            let read = read.map(|blocks| blocks.get(block));
            sums = plus(sums, apply(pass, written, read));
        }
        sums
    }

    /// The lanes of less than a block. The missing elements are zero, and what they would add is
    /// left out.
    #[inline(always)]
    fn rest<V: SimdVector>(self) -> [V; S] {
        let length = self.length();
        let (mut written, mut read) = ([[0.0; LANES]; W], [[0.0; LANES]; R]);
        for (block, slice) in written.iter_mut().zip(&self.written) {
            *block = padded(slice, 0.0);
        }
        for (block, slice) in read.iter_mut().zip(self.read) {
            *block = padded(slice, 0.0);
        }
        let mut terms: [V; S] =
            apply(self.pass, written.each_mut().map(Some), read.each_ref().map(Some));
        for (slice, block) in self.written.into_iter().zip(written) {
            for (place, new) in slice.iter_mut().zip(block) {
                *place = new;
            }
        }
        for terms in &mut terms {
            let all = terms.store();
            *terms = V::load(&padded(all.get(..length).unwrap_or_default(), NOTHING));
        }
        terms
    }
}

/// The length of the shortest slice.
#[inline(always)]
fn shortest<T>(written: &[&mut [T]], read: &[&[T]]) -> usize {
    // This is not an iterator over both, because the compiler would keep the slices in memory for
    // it.
    let mut length = usize::MAX;
    for slice in written {
        length = length.min(slice.len());
    }
    for slice in read {
        length = length.min(slice.len());
    }
    length
}

/// Puts the new elements of a block in place, and returns what the block adds to the sums.
#[inline(always)]
fn apply<P: Pass<W, R, S>, V: SimdVector, const W: usize, const R: usize, const S: usize>(
    pass: P,
    mut written: [Option<&mut Block>; W],
    read: [Option<&Block>; R],
) -> [V; S] {
    // This does not use `map`, which the compiler may leave as a function of its own, and such a
    // function is not compiled for the unit.
    let (mut old, mut unchanged) = ([V::splat(0.0); W], [V::splat(0.0); R]);
    for (old, block) in old.iter_mut().zip(&written) {
        if let Some(block) = block {
            *old = V::load(block);
        }
    }
    for (unchanged, block) in unchanged.iter_mut().zip(read) {
        if let Some(block) = block {
            *unchanged = V::load(block);
        }
    }
    let (new, terms) = pass.apply(old, unchanged);
    for (block, new) in written.iter_mut().zip(new) {
        if let Some(block) = block {
            **block = new.store();
        }
    }
    terms
}

/// A block that begins with these elements and is filled up with zeros.
#[inline(always)]
fn padded(elements: &[f32], missing: f32) -> Block {
    let mut block = [missing; LANES];
    for (lane, place) in block.iter_mut().enumerate() {
        *place = elements.get(lane).copied().unwrap_or(missing);
    }
    block
}

/// The sums so far, with the terms added.
#[inline(always)]
fn plus<V: SimdVector, const S: usize>(mut sums: [V; S], terms: [V; S]) -> [V; S] {
    // The loop goes by reference, because an iterator by value keeps the terms in memory where a
    // vector takes more than a register.
    for (sum, term) in sums.iter_mut().zip(&terms) {
        *sum = *sum + *term;
    }
    sums
}

//! The products of a dense layer, over several samples at once. Tiles of the result stay in
//! registers, so that every value that is loaded is used several times. The order of the additions
//! is the same for every tile and for every number of samples.
//!
//! Matrices are stored row by row, in rows of `width` elements.

use crate::kernels::{Factors, LANES, NOTHING, PANEL, SimdVector, Task, Unit};
use core::array;

/// Computes `outputs[s][o] = biases[o] + weights[o] . inputs[s]`, where each dot product is a
/// reduction of the contract.
pub(super) struct Transform<'a> {
    pub width: usize,
    pub weights: &'a [f32],
    pub biases: &'a [f32],
    pub inputs: &'a [f32],
    pub outputs: &'a mut [f32],
}

impl Task for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        if U::TILE > 1 {
            self.tiles::<U::SimdVector, 2>();
        } else {
            self.tiles::<U::SimdVector, 1>();
        }
    }
}

/// How many rows a tile has.
pub(super) const ROWS: usize = 4;

/// How many samples a tile has at most.
const PAIR: usize = 2;

/// How many elements of the samples' inputs should stay in the first cache while the rows of the
/// weights pass by.
const KEPT: usize = 4096;

impl Transform<'_> {
    #[inline(always)]
    fn tiles<V: SimdVector, const SAMPLES: usize>(self) {
        let Self { width, weights, biases, inputs, outputs } = self;
        let (width, count) = (width.max(1), biases.len().max(1));
        let group = (KEPT / width / SAMPLES).max(1) * SAMPLES;
        for (inputs, outputs) in inputs.chunks(group * width).zip(outputs.chunks_mut(group * count))
        {
            let tiles = weights.chunks(ROWS * width).zip(biases.chunks(ROWS));
            for (index, (weights, biases)) in tiles.enumerate() {
                let lines = tile(weights, width);
                let rows = Rows { index: index * ROWS, lines, biases, width };
                // These are not chunks, because counting them takes a division for each of these
                // few rows.
                let (mut inputs, mut outputs) = (inputs, &mut *outputs);
                while let Some((x, rest)) = inputs.split_at_checked(width) {
                    let (y, after) = rest.split_at_checked(width).unwrap_or_default();
                    let samples = if SAMPLES == 1 || y.is_empty() { 1 } else { PAIR };
                    let (places, others) =
                        outputs.split_at_mut_checked(samples * count).unwrap_or_default();
                    if samples == 1 {
                        rows.times::<V, 1>([x; PAIR]).put(&rows, count, places);
                        inputs = rest;
                    } else {
                        rows.times::<V, PAIR>([x, y]).put(&rows, count, places);
                        inputs = after;
                    }
                    outputs = others;
                }
            }
        }
    }
}

/// The first rows of a matrix. Where there are too few, the last one is repeated.
#[inline(always)]
fn tile(mut matrix: &[f32], width: usize) -> [&[f32]; ROWS] {
    let mut rows: [&[f32]; ROWS] = [matrix; ROWS];
    let mut last = matrix;
    for row in &mut rows {
        if let Some((line, rest)) = matrix.split_at_checked(width) {
            (last, matrix) = (line, rest);
        }
        *row = last;
    }
    rows
}

/// Neighbouring rows of the weights.
struct Rows<'a> {
    /// The index of the first row.
    index: usize,
    lines: [&'a [f32]; ROWS],
    /// The biases of the rows that exist.
    biases: &'a [f32],
    width: usize,
}

/// The lanes of every row times every sample.
struct Products<V, const SAMPLES: usize>([[V; ROWS]; SAMPLES]);

impl Rows<'_> {
    #[inline(always)]
    fn times<V: SimdVector, const SAMPLES: usize>(
        &self,
        samples: [&[f32]; PAIR],
    ) -> Products<V, SAMPLES> {
        let mut total = self.panel(0, self.width.min(PANEL), samples);
        let mut start = PANEL;
        while start < self.width {
            let end = self.width.min(start + PANEL);
            let Products(panel) = self.panel::<V, SAMPLES>(start, end, samples);
            for (total, lanes) in total.0.iter_mut().zip(panel) {
                for (total, lanes) in total.iter_mut().zip(lanes) {
                    *total = *total + lanes;
                }
            }
            start = end;
        }
        total
    }

    #[inline(always)]
    fn panel<V: SimdVector, const SAMPLES: usize>(
        &self,
        start: usize,
        end: usize,
        [x, y]: [&[f32]; PAIR],
    ) -> Products<V, SAMPLES> {
        let [a, b, c, d] = self.lines;
        let ((a, a_rest), (b, b_rest)) = (part(a, start, end), part(b, start, end));
        let ((c, c_rest), (d, d_rest)) = (part(c, start, end), part(d, start, end));
        let ((x, x_rest), (y, y_rest)) = (part(x, start, end), part(y, start, end));
        let mut sums = [[V::splat(NOTHING); ROWS]; SAMPLES];
        // These are not arrays of slices, because the compiler keeps a single index for zipped
        // iterators.
        for (((((a, b), c), d), x), y) in a.iter().zip(b).zip(c).zip(d).zip(x).zip(y) {
            let rows = [V::load(a), V::load(b), V::load(c), V::load(d)];
            for (sums, x) in sums.iter_mut().zip([V::load(x), V::load(y)]) {
                for (sum, w) in sums.iter_mut().zip(rows) {
                    *sum = *sum + w * x;
                }
            }
        }
        let mut products = Products(sums);
        if !x_rest.is_empty() {
            let mut lanes = products.store();
            add_rest(&mut lanes, [a_rest, b_rest, c_rest, d_rest], [x_rest, y_rest]);
            products.load(&lanes);
        }
        products
    }
}

impl<V: SimdVector, const SAMPLES: usize> Products<V, SAMPLES> {
    #[inline(always)]
    fn store(&self) -> [[[f32; LANES]; ROWS]; SAMPLES] {
        let mut all = [[[0.0; LANES]; ROWS]; SAMPLES];
        for (all, sums) in all.iter_mut().zip(&self.0) {
            for (stored, sum) in all.iter_mut().zip(sums) {
                *stored = sum.store();
            }
        }
        all
    }

    #[inline(always)]
    fn load(&mut self, all: &[[[f32; LANES]; ROWS]; SAMPLES]) {
        for (sums, all) in self.0.iter_mut().zip(all) {
            for (sum, stored) in sums.iter_mut().zip(all) {
                *sum = V::load(stored);
            }
        }
    }

    #[inline(always)]
    fn put(&self, rows: &Rows, count: usize, outputs: &mut [f32]) {
        put(&self.store(), rows.biases, rows.index, count, outputs);
    }
}

// These two are calls, because inlining them would make the compiler take the lanes apart in the
// loop above.

/// Adds up the lanes, adds the biases, and writes the outputs of each sample.
#[inline(never)]
fn put(
    samples: &[[[f32; LANES]; ROWS]],
    biases: &[f32],
    first: usize,
    count: usize,
    outputs: &mut [f32],
) {
    let mut outputs = outputs;
    for rows in samples {
        let Some((output, others)) = outputs.split_at_mut_checked(count) else { return };
        outputs = others;
        let sums = sum_each(rows);
        let places = output.get_mut(first..).unwrap_or_default();
        if let (Some(places), Some(biases)) = (places.first_chunk_mut(), biases.first_chunk()) {
            add::<ROWS>(places, biases, sums);
        } else {
            for ((place, bias), sum) in places.iter_mut().zip(biases).zip(sums) {
                *place = bias + sum;
            }
        }
    }
}

fn add<const N: usize>(places: &mut [f32; N], biases: &[f32; N], sums: [f32; N]) {
    for ((place, bias), sum) in places.iter_mut().zip(biases).zip(sums) {
        *place = bias + sum;
    }
}

/// Does what [`sum_lanes`] does, for all sums at once.
#[cfg(feature = "simd")]
#[inline(always)]
fn sum_each(vectors: &[[f32; LANES]; 4]) -> [f32; 4] {
    let mut halves = [wide::f32x4::ZERO; 4];
    for (half, [a, b, c, d, e, f, g, h]) in halves.iter_mut().zip(vectors) {
        *half = wide::f32x4::new([*a, *b, *c, *d]) + wide::f32x4::new([*e, *f, *g, *h]);
    }
    let [a, b, c, d] = wide::f32x4::transpose(halves);
    ((a + c) + (b + d)).to_array()
}

#[cfg(not(feature = "simd"))]
fn sum_each(vectors: &[[f32; LANES]; 4]) -> [f32; 4] {
    vectors.map(sum_lanes)
}

/// Adds the products that are left over after the last whole block, one to each lane.
#[inline(never)]
fn add_rest(samples: &mut [[[f32; LANES]; ROWS]], rows: [&[f32]; ROWS], inputs: [&[f32]; PAIR]) {
    for (sums, input) in samples.iter_mut().zip(inputs) {
        for (lanes, row) in sums.iter_mut().zip(rows) {
            for ((lane, w), x) in lanes.iter_mut().zip(row).zip(input) {
                *lane += w * x;
            }
        }
    }
}

/// The whole blocks of a part of a line, and what is left over after them.
#[inline(always)]
fn part(line: &[f32], start: usize, end: usize) -> (&[[f32; LANES]], &[f32]) {
    line.get(start..end).unwrap_or_default().as_chunks()
}

/// Computes `targets[r] += sum over t of factor(r, t) * rows[t]`, one addition after the other;
/// without `add`, the sum starts from nothing.
///
/// With the slopes as factors and the inputs as rows, this is the gradient with respect to the
/// weights, where each term is a sample. With the slopes as factors and the weights as rows, it is
/// that with respect to the inputs, where each term is an output.
pub(super) struct Combine<'a> {
    pub width: usize,
    pub factors: Factors<'a>,
    /// The index of the first target.
    pub first: usize,
    pub rows: &'a [f32],
    pub targets: &'a mut [f32],
    /// Whether the sums are added to what the targets hold.
    pub add: bool,
}

impl Task for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        if U::TILE > 1 {
            self.tiles::<U::SimdVector, 2>();
        } else {
            self.tiles::<U::SimdVector, 1>();
        }
    }
}

/// How many targets a tile has. Their sums, the vectors of the rows and a factor just fit into
/// sixteen registers.
pub(super) const TARGETS: usize = 6;

/// How many terms have their factors packed at once.
const TERMS: usize = 64;

/// How many tiles have their factors packed at once. All of them use a column of the rows while it
/// is in the first cache.
const TILES: usize = 4;

/// The factors of some terms for a few targets each, packed from wherever they were.
type Packed = [[[f32; TARGETS]; TILES]; TERMS];

impl Combine<'_> {
    #[inline(always)]
    fn tiles<V: SimdVector, const BLOCKS: usize>(self) {
        let Self { width, factors, first, rows, targets, mut add } = self;
        let width = width.max(1);
        if rows.is_empty() && !add {
            targets.fill(NOTHING);
        }
        let mut packed = [[[0.0; TARGETS]; TILES]; TERMS];
        for (index, rows) in rows.chunks(TERMS * width).enumerate() {
            let rows = Columns { rows, width, column: 0 };
            for (group, targets) in targets.chunks_mut(TILES * TARGETS * width).enumerate() {
                pack(&mut packed, factors, first + group * TILES * TARGETS, index * TERMS);
                rows.columns::<V, BLOCKS>(&packed, targets, add);
            }
            add = true;
        }
    }
}

/// Packs the factors of the targets and terms from these on.
#[inline(always)]
fn pack(packed: &mut Packed, factors: Factors, target: usize, term: usize) {
    match factors {
        Factors::ByTerm { values, targets } => {
            let lines = values.chunks(targets.max(1)).skip(term);
            for (places, line) in packed.iter_mut().zip(lines) {
                let places = places.as_flattened_mut();
                let line = line.get(target..).unwrap_or_default();
                if let (Some(places), Some(line)) = (places.first_chunk_mut(), line.first_chunk()) {
                    copy::<{ TILES * TARGETS }>(places, line);
                } else {
                    for (place, value) in places.iter_mut().zip(line) {
                        *place = *value;
                    }
                }
            }
        }
        Factors::ByTarget { values, terms } => {
            let lines = values.chunks(terms.max(1)).skip(target).take(TILES * TARGETS);
            for (target, line) in lines.enumerate() {
                for (places, value) in packed.iter_mut().zip(line.iter().skip(term)) {
                    if let Some(place) = places.as_flattened_mut().get_mut(target) {
                        *place = *value;
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn copy<const N: usize>(places: &mut [f32; N], values: &[f32; N]) {
    *places = *values;
}

/// Where the blocks of a line begin and end.
#[inline(always)]
fn place<const BLOCKS: usize>(
    line: Option<&mut [f32]>,
    column: usize,
) -> Option<&mut [[f32; LANES]; BLOCKS]> {
    line?.get_mut(column..)?.as_chunks_mut().0.first_chunk_mut()
}

/// The columns of some rows, from a given column on.
#[derive(Clone, Copy)]
struct Columns<'a> {
    rows: &'a [f32],
    width: usize,
    column: usize,
}

impl Columns<'_> {
    /// Computes all columns of every target.
    #[inline(always)]
    fn columns<V: SimdVector, const BLOCKS: usize>(
        mut self,
        packed: &Packed,
        targets: &mut [f32],
        add: bool,
    ) {
        let whole = self.width - self.width % LANES;
        while self.column + BLOCKS * LANES <= whole {
            self.targets::<V, BLOCKS>(packed, targets, add);
            self.column += BLOCKS * LANES;
        }
        if self.column < whole {
            self.targets::<V, 1>(packed, targets, add);
            self.column = whole;
        }
        self.rest(packed, targets, add);
    }

    /// Computes `BLOCKS` vectors of every target.
    #[inline(always)]
    fn targets<V: SimdVector, const BLOCKS: usize>(
        self,
        packed: &Packed,
        targets: &mut [f32],
        add: bool,
    ) {
        for (tile, targets) in targets.chunks_mut(TARGETS * self.width).enumerate() {
            let factors = packed.iter().map_while(|tiles| tiles.get(tile));
            let mut lines = targets.chunks_exact_mut(self.width);
            if lines.len() == TARGETS {
                let places = array::from_fn(|_| place(lines.next(), self.column));
                self.combine::<V, BLOCKS, TARGETS>(factors.copied(), places, add);
            } else {
                for (lane, line) in lines.enumerate() {
                    let factors = factors.clone().map_while(|tile| tile.get(lane));
                    let place = place(Some(line), self.column);
                    self.combine::<V, BLOCKS, 1>(factors.map(|factor| [*factor]), [place], add);
                }
            }
        }
    }

    /// Computes the columns after the last whole vector.
    #[inline(always)]
    fn rest(self, packed: &Packed, targets: &mut [f32], add: bool) {
        if self.column == self.width {
            return;
        }
        let lines = targets.chunks_exact_mut(self.width);
        for (target, line) in lines.enumerate() {
            let Some(line) = line.get_mut(self.column..) else { continue };
            if !add {
                line.fill(NOTHING);
            }
            let factors = packed.iter().map_while(|tiles| tiles.as_flattened().get(target));
            for (row, factor) in self.rows.chunks_exact(self.width).zip(factors) {
                for (sum, x) in line.iter_mut().zip(row.get(self.column..).unwrap_or_default()) {
                    *sum += factor * x;
                }
            }
        }
    }

    #[inline(always)]
    fn combine<V: SimdVector, const BLOCKS: usize, const COUNT: usize>(
        self,
        factors: impl Iterator<Item = [f32; COUNT]>,
        places: [Option<&mut [[f32; LANES]; BLOCKS]>; COUNT],
        add: bool,
    ) {
        let mut sums = [[V::splat(NOTHING); BLOCKS]; COUNT];
        if add {
            for (sums, place) in sums.iter_mut().zip(&places) {
                let Some(place) = place else { return };
                for (sum, block) in sums.iter_mut().zip(place.iter()) {
                    *sum = V::load(block);
                }
            }
        }
        // The rows come first: `zip` may call a closure of its first iterator once more than there
        // are pairs, and to allow for that the compiler would pack the factors and the place of the
        // row into one register.
        for (row, factors) in self.rows.chunks_exact(self.width).zip(factors) {
            let row = row.get(self.column..).unwrap_or_default();
            let Some(blocks) = row.as_chunks().0.first_chunk::<BLOCKS>() else { return };
            for (sums, factor) in sums.iter_mut().zip(factors) {
                let factor = V::splat(factor);
                for (sum, block) in sums.iter_mut().zip(blocks) {
                    *sum = *sum + factor * V::load(block);
                }
            }
        }
        // The sums are passed by reference, because by value they would be copied through the
        // stack.
        for (place, sums) in places.into_iter().zip(&sums) {
            let Some(place) = place else { return };
            for (block, sum) in place.iter_mut().zip(sums) {
                *block = sum.store();
            }
        }
    }
}

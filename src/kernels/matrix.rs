//! The products of a fully connected layer, over several samples at once: tiles of the result stay in registers, so that
//! what is loaded is used several times. The order of the additions is the same for every tile, and for every
//! number of samples.
//!
//! Matrices lie row by row, with rows of `width`.

use super::vector::Lanes;
use super::{Divisible, Factors, LANES, NOTHING, PANEL, Task, Tile, Unit, sum_lanes};
use core::{array, mem};

/// `outputs[s][o] = biases[o] + weights[o] . inputs[s]`: each dot product is a reduction of the contract.
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
        match U::TILE {
            Tile::None => self.tiles::<U::Vector, 1, 1>(),
            Tile::TwoByTwo => self.tiles::<U::Vector, 2, 2>(),
            Tile::FourByThree => self.tiles::<U::Vector, 4, 3>(),
            Tile::FourByFour => self.tiles::<U::Vector, 4, 4>(),
        }
    }
}

impl Divisible for Transform<'_> {
    /// Between two samples; where there is one, between two rows.
    fn halves(mut self) -> (Self, Option<Self>) {
        let Self { width, weights, biases, inputs, .. } = self;
        let samples = inputs.len() / width.max(1);
        let (lines, length) = if samples > 1 { (samples, biases.len()) } else { (biases.len(), 1) };
        let Some(half) = half(lines, weights.len().saturating_mul(samples)) else {
            return (self, None);
        };
        let outputs = mem::take(&mut self.outputs);
        let (first, second) = outputs.split_at_mut_checked(half * length).unwrap_or_default();
        let mut second = Self { outputs: second, ..self };
        self.outputs = first;
        if samples > 1 {
            (self.inputs, second.inputs) = cut(inputs, half * width);
        } else {
            (self.weights, second.weights) = cut(weights, half * width);
            (self.biases, second.biases) = cut(biases, half);
        }
        (self, Some(second))
    }
}

impl Transform<'_> {
    #[inline(always)]
    fn tiles<V: Lanes, const ROWS: usize, const SAMPLES: usize>(self) {
        let Self { width, weights, biases, inputs, outputs } = self;
        let (width, count) = (width.max(1), biases.len().max(1));
        let inputs = inputs.chunks(SAMPLES * width);
        for (inputs, outputs) in inputs.zip(outputs.chunks_mut(SAMPLES * count)) {
            if outputs.len() == SAMPLES * count {
                strip::<V, ROWS, SAMPLES>(width, weights, biases, inputs, outputs);
            } else {
                for (input, output) in inputs.chunks(width).zip(outputs.chunks_mut(count)) {
                    strip::<V, ROWS, 1>(width, weights, biases, input, output);
                }
            }
        }
    }
}

/// All outputs of `SAMPLES` samples.
#[inline(always)]
fn strip<V: Lanes, const ROWS: usize, const SAMPLES: usize>(
    width: usize,
    weights: &[f32],
    biases: &[f32],
    inputs: &[f32],
    outputs: &mut [f32],
) {
    let samples: [&[f32]; SAMPLES] = lines(inputs, width);
    let mut outputs: [&mut [f32]; SAMPLES] = lines_mut(outputs, biases.len());
    let whole = biases.len() - biases.len() % ROWS;
    let (tiled, single) = weights.split_at_checked(whole * width).unwrap_or_default();
    let (tiled_biases, single_biases) = biases.split_at_checked(whole).unwrap_or_default();
    for (index, (weights, biases)) in
        tiled.chunks_exact(ROWS * width).zip(tiled_biases.chunks_exact(ROWS)).enumerate()
    {
        let sums = dot_tile::<V, ROWS, SAMPLES>(width, lines(weights, width), samples);
        for (row, (sums, bias)) in sums.into_iter().zip(biases).enumerate() {
            put(&mut outputs, index * ROWS + row, *bias, sums);
        }
    }
    for (index, (weights, bias)) in single.chunks_exact(width).zip(single_biases).enumerate() {
        let [sums] = dot_tile::<V, 1, SAMPLES>(width, [weights], samples);
        put(&mut outputs, whole + index, *bias, sums);
    }
}

#[inline(always)]
fn put<const SAMPLES: usize>(
    outputs: &mut [&mut [f32]; SAMPLES],
    output: usize,
    bias: f32,
    sums: [f32; SAMPLES],
) {
    for (places, sum) in outputs.iter_mut().zip(sums) {
        if let Some(place) = places.get_mut(output) {
            *place = bias + sum;
        }
    }
}

/// Every row times every sample.
#[inline(always)]
fn dot_tile<V: Lanes, const ROWS: usize, const SAMPLES: usize>(
    width: usize,
    rows: [&[f32]; ROWS],
    samples: [&[f32]; SAMPLES],
) -> [[f32; SAMPLES]; ROWS] {
    let mut total: Option<[[V; SAMPLES]; ROWS]> = None;
    let mut start = 0;
    loop {
        let end = width.min(start + PANEL);
        let (rows, samples) = (parts(rows, start, end), parts(samples, start, end));
        let mut lanes = dot_panel::<V, ROWS, SAMPLES>(end - start, rows, samples);
        if let Some(total) = total {
            for (lanes, total) in lanes.iter_mut().flatten().zip(total.iter().flatten()) {
                *lanes = *total + *lanes;
            }
        }
        if end == width {
            return lanes.map(|row| row.map(|lanes| sum_lanes(lanes.store())));
        }
        (total, start) = (Some(lanes), end);
    }
}

#[inline(always)]
fn dot_panel<V: Lanes, const ROWS: usize, const SAMPLES: usize>(
    length: usize,
    rows: [&[f32]; ROWS],
    samples: [&[f32]; SAMPLES],
) -> [[V; SAMPLES]; ROWS] {
    let rows = parts(rows, 0, length).map(<[f32]>::as_chunks::<LANES>);
    let samples = parts(samples, 0, length).map(<[f32]>::as_chunks::<LANES>);
    let mut sums = [[V::splat(NOTHING); SAMPLES]; ROWS];
    for block in 0..length / LANES {
        let x = samples.map(|(blocks, _)| load::<V>(blocks, block));
        for (sums, (blocks, _)) in sums.iter_mut().zip(rows) {
            let w: V = load(blocks, block);
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum = *sum + w * x;
            }
        }
    }
    let rest = length % LANES;
    if rest == 0 {
        return sums;
    }
    let mut lanes = sums.map(|row| row.map(V::store));
    for (lanes, (_, row)) in lanes.iter_mut().zip(rows) {
        for (lanes, (_, sample)) in lanes.iter_mut().zip(samples) {
            for ((lane, w), x) in lanes.iter_mut().zip(row).zip(sample) {
                *lane += w * x;
            }
        }
    }
    lanes.map(|row| row.map(|lanes| V::load(&lanes)))
}

/// `targets[r] += sum over t of factor(r, t) * rows[t]`, one addition after the other; or `=`, from nothing.
///
/// With the slopes as factors and the inputs as rows, the gradient with respect to the weights, where a term is a sample; with
/// the weights as rows, that with respect to the inputs, where it is an output.
pub(super) struct Combine<'a> {
    pub width: usize,
    pub factors: Factors<'a>,
    pub rows: &'a [f32],
    pub targets: &'a mut [f32],
    /// Whether what is in the targets counts.
    pub add: bool,
}

impl Task for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        match U::TILE {
            Tile::None => self.tiles::<U::Vector, 1, 1>(),
            Tile::TwoByTwo => self.tiles::<U::Vector, 2, 2>(),
            Tile::FourByThree => self.tiles::<U::Vector, 4, 3>(),
            Tile::FourByFour => self.tiles::<U::Vector, 4, 4>(),
        }
    }
}

impl Divisible for Combine<'_> {
    /// Between two targets.
    fn halves(mut self) -> (Self, Option<Self>) {
        let Self { width, factors, rows, .. } = self;
        let (count, terms) = (self.targets.len() / width.max(1), rows.len() / width.max(1));
        let Some(half) = half(count, self.targets.len().saturating_mul(terms)) else {
            return (self, None);
        };
        let targets = mem::take(&mut self.targets);
        let (first, second) = targets.split_at_mut_checked(half * width).unwrap_or_default();
        self.targets = first;
        let (_, values) = cut(factors.values, half * factors.target);
        let second = Self { targets: second, factors: Factors { values, ..factors }, ..self };
        (self, Some(second))
    }
}

/// Multiplications from which a second thread pays. Measured, as speed on two threads in units of that on one: 0.9 to 1.2 with
/// half as many, 1.1 to 1.4 with these.
const WORTHWHILE: usize = 1 << 21;

/// After how many of these lines to divide a product of so many multiplications, if at all.
fn half(lines: usize, multiplications: usize) -> Option<usize> {
    let half = lines / 2;
    // Whole tiles on either side, whatever the unit.
    let half = if half < 12 { half } else { half - half % 12 };
    (half > 0 && multiplications >= WORTHWHILE).then_some(half)
}

fn cut(values: &[f32], count: usize) -> (&[f32], &[f32]) {
    values.split_at_checked(count).unwrap_or_default()
}

impl Combine<'_> {
    #[inline(always)]
    fn tiles<V: Lanes, const TARGETS: usize, const BLOCKS: usize>(mut self) {
        self.width = self.width.max(1);
        let whole = self.width - self.width % LANES;
        let mut column = 0;
        while column + BLOCKS * LANES <= whole {
            self.columns::<V, TARGETS, BLOCKS>(column);
            column += BLOCKS * LANES;
        }
        if BLOCKS > 1 {
            while column < whole {
                self.columns::<V, TARGETS, 1>(column);
                column += LANES;
            }
        }
        self.rest(whole);
    }

    /// `BLOCKS` vectors of every target.
    #[inline(always)]
    fn columns<V: Lanes, const TARGETS: usize, const BLOCKS: usize>(&mut self, column: usize) {
        let count = self.targets.len() / self.width.max(1);
        let mut target = 0;
        while target + TARGETS <= count {
            self.tile::<V, TARGETS, BLOCKS>(target, column);
            target += TARGETS;
        }
        while target < count {
            self.tile::<V, 1, BLOCKS>(target, column);
            target += 1;
        }
    }

    #[inline(always)]
    fn tile<V: Lanes, const TARGETS: usize, const BLOCKS: usize>(
        &mut self,
        first: usize,
        column: usize,
    ) {
        let Self { width, factors, rows, targets, add } = self;
        let width = (*width).max(1);
        let mut lines =
            targets.get_mut(first * width..).unwrap_or_default().chunks_exact_mut(width);
        let mut places: [&mut [[f32; LANES]]; TARGETS] = array::from_fn(|_| {
            let line = lines.next().unwrap_or_default();
            line.get_mut(column..column + BLOCKS * LANES).unwrap_or_default().as_chunks_mut().0
        });
        let mut sums = [[V::splat(NOTHING); BLOCKS]; TARGETS];
        if *add {
            for (sums, place) in sums.iter_mut().zip(&places) {
                *sums = array::from_fn(|block| load(place, block));
            }
        }
        for (term, row) in rows.chunks_exact(width).enumerate() {
            let (blocks, _) =
                row.get(column..column + BLOCKS * LANES).unwrap_or_default().as_chunks();
            let x: [V; BLOCKS] = array::from_fn(|block| load(blocks, block));
            for (target, sums) in sums.iter_mut().enumerate() {
                let factor = V::splat(factors.get(first + target, term));
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = *sum + factor * x;
                }
            }
        }
        for (place, sums) in places.iter_mut().zip(sums) {
            for (place, sum) in place.iter_mut().zip(sums) {
                *place = sum.store();
            }
        }
    }

    /// The columns after the last whole vector.
    #[inline(always)]
    fn rest(self, start: usize) {
        let Self { width, factors, rows, targets, add } = self;
        if start == width {
            return;
        }
        for (target, line) in targets.chunks_exact_mut(width).enumerate() {
            let Some(line) = line.get_mut(start..) else { continue };
            if !add {
                line.fill(NOTHING);
            }
            for (term, row) in rows.chunks_exact(width).enumerate() {
                let factor = factors.get(target, term);
                for (sum, x) in line.iter_mut().zip(row.get(start..).unwrap_or_default()) {
                    *sum += factor * x;
                }
            }
        }
    }
}

#[inline(always)]
fn load<V: Lanes>(blocks: &[[f32; LANES]], block: usize) -> V {
    V::load(blocks.get(block).unwrap_or(&[0.0; LANES]))
}

/// The same part of every line: the length is one value, for the compiler to see.
#[inline(always)]
fn parts<const COUNT: usize>(lines: [&[f32]; COUNT], start: usize, end: usize) -> [&[f32]; COUNT] {
    lines.map(|line| line.get(start..end).unwrap_or_default())
}

/// The first lines of a matrix.
#[inline(always)]
fn lines<const COUNT: usize>(matrix: &[f32], width: usize) -> [&[f32]; COUNT] {
    array::from_fn(|line| matrix.get(line * width..(line + 1) * width).unwrap_or_default())
}

#[inline(always)]
fn lines_mut<const COUNT: usize>(matrix: &mut [f32], width: usize) -> [&mut [f32]; COUNT] {
    let mut lines = matrix.chunks_exact_mut(width.max(1));
    array::from_fn(|_| lines.next().unwrap_or_default())
}

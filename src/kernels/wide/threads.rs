//! Work on several threads (feature `threads`): those of the rayon pool that the caller is in, or
//! else of the global pool. With a pool of one thread, everything stays on the caller's thread.

use super::dispatch;
use super::matrix::{Combine, ROWS, TARGETS, Transform};
use super::pass::{Pass, Sweep};
use crate::kernels::{NOTHING, SEGMENT, Task, Unit};
use core::mem;
use rayon::iter::{ParallelIterator, split};

/// From how many segments on a second thread pays. The measured speed on two threads, in units of
/// that on one: 0.9 to 1.2 with 4 segments, 1.2 to 1.4 with 8, 1.7 to 2 with 16.
const SEGMENTS: usize = 8;

/// How many segments' sums are kept until they are added up in their order.
const KEPT: usize = 64;

/// A task whose parts several threads may do, each part by itself and with the same result.
pub trait Divisible: Task<Output = ()> + Send + Sized {
    /// Divides the task into two parts, or returns it whole where a smaller part would gain a
    /// thread nothing.
    fn halves(self) -> (Self, Option<Self>);
}

/// Does a task in as many parts as the threads ask for. A task that is too small for that wakes no
/// thread.
pub fn run<T: Divisible>(task: T) {
    let part = |task| split(task, T::halves).for_each(dispatch::run);
    match task.halves() {
        (task, None) => dispatch::run(task),
        (first, Some(second)) if rayon::current_num_threads() == 1 => {
            dispatch::run(first);
            dispatch::run(second);
        }
        (first, Some(second)) => {
            rayon::join(|| part(first), || part(second));
        }
    }
}

/// Goes through the slices of a pass, and returns the sums.
pub fn sweep<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize>(
    mut sweep: Sweep<'_, P, W, R, S>,
) -> [f32; S] {
    if sweep.length() < SEGMENTS * SEGMENT || rayon::current_num_threads() == 1 {
        return dispatch::run(sweep);
    }
    let mut sums = [NOTHING; S];
    loop {
        let length = sweep.length().min(KEPT * SEGMENT);
        if length == 0 {
            return sums;
        }
        let mut kept = [[NOTHING; S]; KEPT];
        let places = kept.get_mut(..length.div_ceil(SEGMENT)).unwrap_or_default();
        run(Segments { sweep: sweep.take(length), sums: places });
        // The places that were left out hold nothing, so adding them changes nothing.
        for each in kept {
            for (sum, term) in sums.iter_mut().zip(each) {
                *sum += term;
            }
        }
    }
}

/// The segments of a pass, and a place for the sums of each.
struct Segments<'s, P, const W: usize, const R: usize, const S: usize> {
    sweep: Sweep<'s, P, W, R, S>,
    sums: &'s mut [[f32; S]],
}

impl<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize> Task
    for Segments<'_, P, W, R, S>
{
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(mut self) {
        for sums in self.sums {
            let length = self.sweep.length().min(SEGMENT);
            *sums = self.sweep.take(length).run::<U>();
        }
    }
}

impl<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize> Divisible
    for Segments<'_, P, W, R, S>
{
    fn halves(mut self) -> (Self, Option<Self>) {
        let half = self.sums.len() / 2;
        let (first, second) = self.sums.split_at_mut_checked(half).unwrap_or_default();
        if half == 0 {
            return (Self { sums: second, ..self }, None);
        }
        let sweep = self.sweep.take(half * SEGMENT);
        (Self { sweep, sums: first }, Some(Self { sums: second, ..self }))
    }
}

impl Divisible for Transform<'_> {
    /// Divides between two samples; where there is only one sample, between two rows.
    fn halves(mut self) -> (Self, Option<Self>) {
        let Self { width, weights, biases, inputs, .. } = self;
        let samples = inputs.len() / width.max(1);
        let (lines, length) = if samples > 1 { (samples, biases.len()) } else { (biases.len(), 1) };
        let Some(half) = half(lines, ROWS, weights.len().saturating_mul(samples)) else {
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

impl Divisible for Combine<'_> {
    /// Divides between two targets.
    fn halves(mut self) -> (Self, Option<Self>) {
        let Self { width, rows, .. } = self;
        let (count, terms) = (self.targets.len() / width.max(1), rows.len() / width.max(1));
        let Some(half) = half(count, TARGETS, self.targets.len().saturating_mul(terms)) else {
            return (self, None);
        };
        let targets = mem::take(&mut self.targets);
        let (first, second) = targets.split_at_mut_checked(half * width).unwrap_or_default();
        self.targets = first;
        let second = Self { targets: second, first: self.first + half, ..self };
        (self, Some(second))
    }
}

/// From how many multiplications on a second thread pays. The measured speed on two threads, in
/// units of that on one: 0.9 to 1.2 with half as many, 1.1 to 1.4 with so many.
const MULTIPLICATIONS: usize = 1 << 21;

/// After how many of the lines to divide a product with so many multiplications, where a tile takes
/// `tile` lines; `None` where it is not worth it.
fn half(lines: usize, tile: usize, multiplications: usize) -> Option<usize> {
    let half = lines / 2;
    // Each part takes whole tiles.
    let half = if half < tile { half } else { half - half % tile };
    (half > 0 && multiplications >= MULTIPLICATIONS).then_some(half)
}

fn cut(values: &[f32], count: usize) -> (&[f32], &[f32]) {
    values.split_at_checked(count).unwrap_or_default()
}

//! Work on several threads (feature `std`): those of the rayon pool that the caller is in, or else of its global one. On a
//! pool of one thread, everything stays on that of the caller.

use super::pass::{Pass, Sweep};
use super::{Divisible, NOTHING, SEGMENT, Task, Unit, dispatch};
use rayon::iter::{ParallelIterator, split};

/// Segments from which a second thread pays. Measured, as speed on two threads in units of that on one: 0.9 to 1.2 with 4
/// segments, 1.2 to 1.4 with 8, 1.7 to 2 with 16.
const WORTHWHILE: usize = 8;

/// Segments whose sums are kept until they are added up in their order.
const KEPT: usize = 64;

/// Does a task in as many parts as the threads ask for. One that is not worth it does not wake them.
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

/// Goes through slices, and gives the sums.
pub fn pass<P: Pass<W, R, S>, const W: usize, const R: usize, const S: usize>(
    mut sweep: Sweep<'_, P, W, R, S>,
) -> [f32; S] {
    if sweep.length() < WORTHWHILE * SEGMENT || rayon::current_num_threads() == 1 {
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
        // The places that were left hold nothing.
        for each in kept {
            for (sum, term) in sums.iter_mut().zip(each) {
                *sum += term;
            }
        }
    }
}

/// Segments of a pass, and the place for the sums of each.
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

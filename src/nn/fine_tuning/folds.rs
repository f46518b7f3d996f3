//! Which samples are held out together.

use super::credibility::Credibility;
use crate::random::{INCREMENT, mixed};
use core::iter::Zip;
use core::ops::Range;
use core::slice::Iter;

/// How many parts the samples are divided into, each of which is held out once.
pub(super) const FOLDS: usize = 5;

/// Puts samples into folds of about equal size at random, those of one group into the same, and
/// those of one label into as many as there can be. Returns what a sample counts in the judgement
/// of a move whose label no fold but its own has. Cost: for each sample, a look at all others.
///
/// A network that has not learned from such a sample knows nothing of its label, and takes it for
/// unlikely. Of the labels that none of the samples has, all of them are like that (Good 1953: as
/// many samples are of labels not seen yet as there were samples alone with theirs). So those that
/// are alone stand for them: they count as much together as the labels that are missing, and not at
/// all where none is.
pub(super) fn assign(
    samples: &mut [Credibility],
    seed: u32,
    group: impl Fn(usize) -> usize,
    labels: usize,
    same_label: impl Fn(usize, usize) -> bool,
) -> f32 {
    let mut random = u64::from(seed);
    for index in 0..samples.len() {
        let own = group(index);
        let Some((sample, before)) = samples.get_mut(..=index).and_then(<[_]>::split_last_mut)
        else {
            continue;
        };
        let mut mate = numbered(before).filter(|(other, _)| group(*other) == own);
        if let Some((_, mate)) = mate.next() {
            sample.fold = mate.fold;
            continue;
        }
        // How many samples of this label there are in each fold, and how many of any.
        let mut sizes = [(0_usize, 0_usize); FOLDS];
        for (other, placed) in numbered(before) {
            if let Some((alike, all)) = sizes.get_mut(usize::from(placed.fold)) {
                *alike = alike.saturating_add(usize::from(same_label(index, other)));
                *all = all.saturating_add(1);
            }
        }
        random = random.wrapping_add(INCREMENT);
        sample.fold = smallest(&sizes, mixed(random) as u32);
    }
    let (mut alone, mut distinct) = (0_usize, 0_usize);
    for index in 0..samples.len() {
        let Some(fold) = samples.get(index).map(|sample| sample.fold) else { continue };
        let mut others = numbered(samples).filter(|(_, other)| other.fold != fold);
        let is_alone = !others.any(|(other, _)| same_label(index, other));
        alone = alone.saturating_add(usize::from(is_alone));
        let first = !(0..index).any(|other| same_label(index, other));
        distinct = distinct.saturating_add(usize::from(first));
        if let Some(sample) = samples.get_mut(index) {
            sample.alone = is_alone;
        }
    }
    let missing = labels.saturating_sub(distinct) as f32 / labels.max(1) as f32;
    (missing * samples.len() as f32 / alone.max(1) as f32).min(1.0)
}

/// Samples with their numbers.
fn numbered(samples: &[Credibility]) -> Zip<Range<usize>, Iter<'_, Credibility>> {
    (0..samples.len()).zip(samples)
}

/// One of the smallest folds, which of them by a random number.
fn smallest(sizes: &[(usize, usize); FOLDS], random: u32) -> u8 {
    let least = sizes.iter().min().copied().unwrap_or_default();
    let candidates = || (0..FOLDS as u8).zip(sizes).filter(|(_, size)| **size == least);
    let count = candidates().fold(0_usize, |count, _| count.saturating_add(1)).max(1);
    let chosen = usize::from(random as u16).checked_rem(count).unwrap_or_default();
    candidates().nth(chosen).map_or(0, |(fold, _)| fold)
}

#[cfg(test)]
mod tests;

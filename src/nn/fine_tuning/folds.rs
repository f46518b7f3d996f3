//! Which samples are held out together.

use super::credibility::Credibility;
use crate::random::{INCREMENT, mixed};

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
        let mut mate = before.iter().enumerate().filter(|(other, _)| group(*other) == own);
        if let Some((_, mate)) = mate.next() {
            sample.fold = mate.fold;
            continue;
        }
        // How many samples of this label there are in each fold, and how many of any.
        let mut sizes = [(0_usize, 0_usize); FOLDS];
        for (other, placed) in before.iter().enumerate() {
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
        let mut others = samples.iter().enumerate().filter(|(_, other)| other.fold != fold);
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

/// One of the smallest folds, which of them by a random number.
fn smallest(sizes: &[(usize, usize); FOLDS], random: u32) -> u8 {
    let least = sizes.iter().min().copied().unwrap_or_default();
    let candidates = || (0..).zip(sizes).filter(|(_, size)| **size == least);
    let count = candidates().count().max(1);
    let chosen = usize::from(random as u16).checked_rem(count).unwrap_or_default();
    candidates().nth(chosen).map_or(0, |(fold, _)| fold)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec;
    use std::vec::Vec;

    fn assigned(
        count: usize,
        seed: u32,
        group: impl Fn(usize) -> usize,
        label: impl Fn(usize) -> usize,
    ) -> Vec<Credibility> {
        let mut samples = vec![Credibility::NEW; count];
        assign(&mut samples, seed, group, 10, |a, b| label(a) == label(b));
        samples
    }

    fn folds(count: usize, seed: u32, group: impl Fn(usize) -> usize) -> Vec<u8> {
        let samples = assigned(count, seed, group, |index| index % 5);
        samples.iter().map(|sample| sample.fold).collect()
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn folds_of_alike_samples_differ_by_one_at_most() {
        for count in 0..40 {
            for seed in 0..20 {
                let folds = assigned(count, seed, |index| index, |_| 0);
                let folds: Vec<_> = folds.iter().map(|sample| sample.fold).collect();
                let sizes = (0..5).map(|fold| folds.iter().filter(|own| **own == fold).count());
                let sizes: Vec<_> = sizes.collect();
                let (least, most) = (sizes.iter().min(), sizes.iter().max());
                assert!(
                    most.zip(least).is_some_and(|(most, least)| most - least <= 1),
                    "{sizes:?}"
                );
            }
        }
    }

    #[test]
    fn a_group_is_in_one_fold() {
        for seed in 0..20 {
            let folds = folds(30, seed, |index| index / 3);
            assert!(folds.chunks(3).all(|group| group.iter().all(|fold| *fold == group[0])));
        }
    }

    #[test]
    fn samples_of_one_label_are_in_different_folds() {
        for seed in 0..20 {
            let folds = folds(25, seed, |index| index);
            for label in 0..5 {
                let mut own: Vec<_> = folds.iter().skip(label).step_by(5).collect();
                own.sort_unstable();
                assert_eq!(own, [&0, &1, &2, &3, &4]);
            }
        }
    }

    #[test]
    fn a_label_that_only_one_fold_has_is_alone() {
        let samples = assigned(11, 1, |index| index, |index| index.min(9));
        let alone: Vec<_> = samples.iter().map(|sample| sample.alone).collect();
        assert_eq!(alone[..9], [true; 9]);
        assert_eq!(alone[9..], [false; 2]);
        let one_group = assigned(4, 1, |_| 0, |_| 0);
        assert!(one_group.iter().all(|sample| sample.alone));
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn samples_alone_count_as_much_as_the_labels_that_are_missing() {
        let counts = |count: usize, labels: usize, label: fn(usize) -> usize| {
            let mut samples = vec![Credibility::NEW; count];
            assign(&mut samples, 1, |index| index, labels, |a, b| label(a) == label(b))
        };
        // All ten labels are there, each once.
        assert_eq!(counts(10, 10, |index| index), 0.0);
        // Five of ten are there: five samples stand for the other half.
        assert_eq!(counts(5, 10, |index| index), 0.5);
        // Two are there, of which one is alone: for 8 of 10 labels.
        assert_eq!(counts(3, 10, |index| index.min(1)), 1.0);
    }

    #[test]
    fn another_seed_makes_other_folds() {
        assert_ne!(folds(30, 1, |index| index), folds(30, 2, |index| index));
    }
}

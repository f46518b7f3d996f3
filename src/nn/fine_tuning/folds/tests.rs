//! Which samples are held out together.

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
            assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{sizes:?}");
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

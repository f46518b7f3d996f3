//! The store of labelled samples of a device that keeps learning.

use crate::support::cases::cases;
use proptest::prelude::*;
use rolling_ball::nn::{Input, SampleStore, Samples};

const CAPACITY: usize = 7;

type Store = SampleStore<2, CAPACITY>;

/// Each sample carries the number of its push.
fn push(store: &mut Store, number: u8, class: u8) -> Option<u8> {
    store.push(&[number, class], class)
}

fn numbers_of(store: &Store, class: u8) -> Vec<u8> {
    content(store).into_iter().filter(|sample| sample.1 == class).map(|sample| sample.0).collect()
}

/// Number and class of all samples.
fn content(store: &Store) -> Vec<(u8, u8)> {
    let number = |values: &[u8]| values.first().copied().unwrap_or_default();
    store
        .samples(1.0, 0.0)
        .all()
        .map(|sample| (number(sample.input.values), sample.target as u8))
        .collect()
}

#[test]
fn bytes_are_read_as_value_times_scale_plus_offset() {
    let mut store = SampleStore::<3, 1>::new();
    store.push(&[0, 2, 255], 9);
    let sample = store.samples(0.5, -1.0).all().next().expect("one sample");
    assert_eq!(sample.input.values().collect::<Vec<_>>(), [-1.0, 0.0, 126.5]);
    assert_eq!(sample.target, 9);
}

#[test]
fn a_rare_class_keeps_its_samples_however_often_another_is_seen() {
    let mut store = Store::new();
    push(&mut store, 0, 1);
    for number in 1..100 {
        push(&mut store, number, 0);
    }
    assert_eq!(numbers_of(&store, 1), [0]);
    assert_eq!(numbers_of(&store, 0), [94, 95, 96, 97, 98, 99]);
}

#[test]
fn a_store_for_one_sample_keeps_the_newest() {
    let mut store = SampleStore::<1, 1>::new();
    assert_eq!(store.push(&[1], 4), None);
    assert_eq!(store.push(&[2], 5), Some(4));
    assert_eq!((store.len(), store.len_of(4), store.len_of(5)), (1, 0, 1));
}

#[test]
fn a_cleared_store_is_empty_and_takes_samples_again() {
    let mut store = Store::new();
    for number in 0..9 {
        push(&mut store, number, number);
    }
    store.clear();
    assert!(store.is_empty());
    assert_eq!(push(&mut store, 0, 0), None);
    assert_eq!(content(&store), [(0, 0)]);
}

#[test]
fn ram_is_that_of_the_samples_and_little_more() {
    let samples = 100 * (192 + 1);
    let bytes = SampleStore::<192, 100>::RAM_BYTES;
    assert!((samples..samples + 32).contains(&bytes), "{bytes} bytes for {samples}");
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn samples_stay_in_the_order_in_which_they_came(
        classes in prop::collection::vec(0u8..4, 0..200),
    ) {
        let mut store = Store::new();
        for (number, class) in classes.iter().enumerate() {
            push(&mut store, number as u8, *class);
            prop_assert!(content(&store).is_sorted());
            prop_assert_eq!(store.len(), CAPACITY.min(number + 1));
        }
    }

    #[test]
    fn what_is_dropped_is_the_oldest_of_a_class_that_has_the_most(
        classes in prop::collection::vec(0u8..4, 0..200),
    ) {
        let mut store = Store::new();
        for (number, class) in classes.iter().enumerate() {
            let number = number as u8;
            let mut expected = content(&store);
            expected.push((number, *class));
            let dropped = push(&mut store, number, *class);
            prop_assert_eq!(dropped.is_some(), expected.len() > CAPACITY);
            if let Some(dropped) = dropped {
                let count = |class| expected.iter().filter(|sample| sample.1 == class).count();
                prop_assert!((0..4).all(|class| count(class) <= count(dropped)));
                let rivals: Vec<u8> =
                    (0..4).filter(|class| count(*class) == count(dropped)).collect();
                let oldest = expected.iter().position(|sample| rivals.contains(&sample.1));
                expected.remove(oldest.expect("the dropped class has samples"));
            }
            prop_assert_eq!(content(&store), expected);
        }
    }

    #[test]
    fn classes_that_all_fit_end_up_balanced(start in prop::collection::vec(0u8..3, 0..50)) {
        let mut store = Store::new();
        let turns = (0..30).map(|turn| turn % 3);
        for (number, class) in start.into_iter().chain(turns).enumerate() {
            push(&mut store, number as u8, class);
        }
        let counts = [0, 1, 2].map(|class| store.len_of(class));
        prop_assert!(counts.iter().all(|count| (2..=3).contains(count)), "{:?}", counts);
    }
}

#[test]
fn samples_are_dropped_and_named_anew_and_the_others_stay_in_their_order() {
    let mut store = SampleStore::<1, 4>::new();
    for (value, class) in [(10, 0), (11, 1), (12, 0), (13, 2)] {
        store.push(&[value], class);
    }
    let left = |store: &SampleStore<1, 4>| -> Vec<(u8, usize)> {
        let samples = store.samples(1.0, 0.0).all();
        samples.map(|sample| (sample.input.values[0], sample.target)).collect()
    };
    assert_eq!(store.relabel(3, 1), Some(2));
    assert_eq!(store.relabel(4, 1), None);
    store.retain(|index, class| index != 0 && class < 2);
    assert_eq!(left(&store), [(11, 1), (12, 0), (13, 1)]);
    store.push(&[14], 2);
    assert_eq!(left(&store), [(11, 1), (12, 0), (13, 1), (14, 2)]);
}

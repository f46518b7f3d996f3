//! Where a gesture begins and ends.

use gesture::{READINGS, Reading, Segmenter, VALUES};

const REST: Reading = [128, 128, 160];

/// How many gestures are found where the hand rests, moves along x for so many readings, and rests
/// again.
fn gestures(moving: usize) -> usize {
    let mut segmenter = Segmenter::new();
    let movement = (0..moving).map(|reading| [if reading % 2 == 0 { 150 } else { 106 }, 128, 160]);
    let rest = std::iter::repeat_n(REST, 2 * READINGS);
    let readings = rest.clone().chain(movement).chain(rest);
    readings.filter(|reading| segmenter.push(*reading).is_some()).count()
}

#[test]
fn a_hand_at_rest_and_a_bump_are_no_gestures() {
    assert_eq!(gestures(0), 0);
    assert_eq!(gestures(5), 0);
}

#[test]
fn a_movement_is_one_gesture_however_long() {
    for moving in [20, 50, 200] {
        assert_eq!(gestures(moving), 1, "{moving} readings");
    }
}

#[test]
fn the_window_ends_with_the_reading_at_which_the_hand_has_settled() {
    let mut segmenter = Segmenter::new();
    let mut readings = Vec::new();
    let window = (0u8..).find_map(|number| {
        let reading = if number < 100 { [number, number % 7, 5 * (number % 3)] } else { REST };
        readings.push(reading);
        segmenter.push(reading).copied()
    });
    let latest: Vec<u8> = readings.concat().split_off(readings.len() * 3 - VALUES);
    assert_eq!(window.map(Vec::from), Some(latest));
}

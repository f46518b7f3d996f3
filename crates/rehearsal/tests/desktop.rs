//! What the desktop makes of the events of a run.
#![cfg(feature = "desktop")]
#![allow(clippy::unwrap_used)]

use rolling_ball_rehearsal::desktop::{Error, History, events, first_difference};
use rolling_ball_rehearsal::{Accuracy, Event, StepEvent};

fn run(hashes: &[u32]) -> Vec<Event> {
    let accuracy = Accuracy { correct: 1, samples: 2, outputs: 3 };
    let steps = hashes.iter().enumerate().map(|(index, hash)| {
        Event::Step(StepEvent {
            step: index as u32,
            loss: 1.0,
            gradient_norm: 1.0,
            gradients: 1,
            losses: 1,
            gradient_instructions: 10,
            instructions: 25,
            hash: *hash,
        })
    });
    std::iter::once(Event::Before(accuracy)).chain(steps).chain([Event::After(accuracy)]).collect()
}

fn difference(a: &[u32], b: &[u32]) -> Option<usize> {
    first_difference(&History::new(&run(a)).unwrap(), &History::new(&run(b)).unwrap())
}

#[test]
fn runs_are_equal_only_where_every_hash_is() {
    assert_eq!(difference(&[1, 2, 3], &[1, 2, 3]), None);
    assert_eq!(difference(&[1, 2, 3], &[1, 5, 3]), Some(1));
    assert_eq!(difference(&[1, 2, 3], &[1, 2]), Some(2));
}

#[test]
fn a_run_that_ends_early_is_an_error() {
    let mut events = run(&[1]);
    events.pop();
    assert!(matches!(History::new(&events), Err(Error::Incomplete)));
}

#[test]
fn a_mean_is_rounded_to_the_nearest() {
    let events = run(&[1, 2, 3]);
    let history = History::new(&events).unwrap();
    assert_eq!(history.per(|step| step.instructions, 3), 25);
    assert_eq!(history.per(|step| step.instructions, 2), 38);
}

#[test]
fn printed_lines_are_read_as_the_events_that_they_were() {
    let told = run(&[7, 8]);
    let printed: String = told.iter().map(|event| format!("{event}\r\n")).collect();
    assert_eq!(events(&printed).unwrap(), told);
}

#[test]
fn a_line_that_no_run_prints_is_named() {
    let message = events("before 1 of 2 outputs 3\nhard fault at 0x0\n").unwrap_err().to_string();
    assert!(message.contains("\"hard fault at 0x0\""), "{message}");
}

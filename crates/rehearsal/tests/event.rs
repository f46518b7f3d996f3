//! The line of an event is read back as the event; any other line is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use rolling_ball_rehearsal::{Accuracy, Event, ParseError, StepEvent};

/// Floats with at most six decimals, which a line can hold: multiples of 1/64 up to 2^18.
fn six_decimals() -> impl Strategy<Value = f32> {
    (0u32..1 << 24).prop_map(|count| count as f32 / 64.0)
}

fn steps(
    float: impl Strategy<Value = f32> + Clone + 'static,
) -> impl Strategy<Value = StepEvent> + Clone {
    let counts = (any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>());
    (counts, any::<u64>(), any::<u64>(), float.clone(), float).prop_map(
        |((step, gradients, losses, hash), gradient_instructions, instructions, loss, norm)| {
            StepEvent {
                step,
                loss,
                gradient_norm: norm,
                gradients,
                losses,
                gradient_instructions,
                instructions,
                hash,
            }
        },
    )
}

fn accuracies() -> impl Strategy<Value = Accuracy> {
    (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(correct, samples, outputs)| Accuracy {
        correct,
        samples,
        outputs,
    })
}

fn events() -> impl Strategy<Value = Event> {
    let pairs = || (any::<u32>(), any::<u32>());
    prop_oneof![
        accuracies().prop_map(Event::Before),
        accuracies().prop_map(Event::After),
        (any::<u32>(), any::<u64>())
            .prop_map(|(bytes, instructions)| Event::Features { bytes, instructions }),
        pairs().prop_map(|(data, stack)| Event::Ram { data, stack }),
        pairs().prop_map(|(failures, hash)| Event::Resumed { failures, hash }),
        (any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>()).prop_map(
            |(readings, missed, longest_gap, hash)| Event::Duty {
                readings,
                missed,
                longest_gap,
                hash
            }
        ),
        steps(six_decimals().boxed()).prop_map(Event::Step),
    ]
}

fn parse(line: &str) -> Result<Event, ParseError> {
    line.parse()
}

fn read_step(line: &str) -> StepEvent {
    match parse(line) {
        Ok(Event::Step(step)) => step,
        other => panic!("expected a step in {line:?}, got {other:?}"),
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// A step whose line is easy to read.
const STEP: StepEvent = StepEvent {
    step: 7,
    loss: 2.25,
    gradient_norm: 0.015625,
    gradients: 2,
    losses: 1,
    gradient_instructions: 5_000_000_000,
    instructions: 6_000_000_000,
    hash: 4_000_000_000,
};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_line_of_an_event_is_read_back_as_the_event(event in events()) {
        prop_assert_eq!(parse(&event.to_string()), Ok(event));
    }

    /// The decimals that are written are less than a millionth away, and are read to the nearest
    /// float.
    #[test]
    fn floats_are_written_to_six_decimals(loss in 0f32..1e6, norm in 0f32..10.0) {
        let line = Event::Step(StepEvent { loss, gradient_norm: norm, ..STEP }).to_string();
        let words = words(&line);
        let read = read_step(&line);
        for (word, wrote, read) in
            [(words[3], loss, read.loss), (words[5], norm, read.gradient_norm)]
        {
            let decimals = word.split_once('.').map(|(_, decimals)| decimals.len());
            prop_assert_eq!(decimals, Some(6), "{}", word);
            let written: f64 = word.parse().unwrap();
            prop_assert!((written - f64::from(wrote)).abs() < 1e-6, "{wrote} as {word}");
            prop_assert_eq!(read, word.parse::<f32>().unwrap());
        }
    }

    #[test]
    fn a_line_that_ends_too_early_is_refused(event in events(), end: prop::sample::Index) {
        let line = event.to_string();
        let words = words(&line);
        let shorter = words[..end.index(words.len())].join(" ");
        prop_assert_eq!(parse(&shorter), Err(ParseError), "{}", shorter);
    }

    #[test]
    fn a_line_without_one_of_its_words_is_refused(event in events(), gone: prop::sample::Index) {
        let line = event.to_string();
        let mut words = words(&line);
        words.remove(gone.index(words.len()));
        let shorter = words.join(" ");
        prop_assert_eq!(parse(&shorter), Err(ParseError), "{}", shorter);
    }

    #[test]
    fn a_line_with_another_word_in_place_of_one_is_refused(
        event in events(),
        at: prop::sample::Index,
        word in "[a-z_]{1,8}[!?#]",
    ) {
        let line = event.to_string();
        let mut words = words(&line);
        let at = at.index(words.len());
        words[at] = &word;
        let other = words.join(" ");
        prop_assert_eq!(parse(&other), Err(ParseError), "{}", other);
    }

    #[test]
    fn any_other_text_is_refused(line in ".{0,80}") {
        let kind = line.split_whitespace().next().unwrap_or("");
        prop_assume!(!["features", "before", "after", "ram", "step"].contains(&kind));
        prop_assert_eq!(parse(&line), Err(ParseError), "{}", line);
    }
}

#[test]
fn the_lines_are_the_ones_that_firmware_prints() {
    let accuracy = Accuracy { correct: 12, samples: 34, outputs: 56 };
    let lines = [
        (Event::Before(accuracy), "before 12 of 34 outputs 56"),
        (Event::After(accuracy), "after 12 of 34 outputs 56"),
        (Event::Ram { data: 5, stack: 6 }, "ram data 5 stack 6"),
        (
            Event::Features { bytes: 7, instructions: 5_000_000_000 },
            "features bytes 7 instructions 5000000000",
        ),
        (
            Event::Step(STEP),
            "step 7 loss 2.250000 gradient_norm 0.015625 gradients 2 losses 1 \
             gradient_instructions 5000000000 instructions 6000000000 hash 4000000000",
        ),
    ];
    for (event, line) in lines {
        assert_eq!(event.to_string(), line);
        assert_eq!(parse(line), Ok(event));
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    let line = Event::Step(STEP).to_string();
    for (number, too_large) in [
        ("step 7", "step 4294967296"),
        ("gradients 2", "gradients -2"),
        ("losses 1", "losses 1.0"),
        ("hash 4000000000", "hash 4294967296"),
        ("_instructions 5000000000", "_instructions 18446744073709551616"),
        (" instructions 6000000000", " instructions 18446744073709551616"),
        ("loss 2.250000", "loss 2,250000"),
    ] {
        assert!(line.contains(number));
        let wrong = line.replace(number, too_large);
        assert_eq!(parse(&wrong), Err(ParseError), "{wrong}");
    }
    for wrong in [
        "before -1 of 2 outputs 3",
        "after 1 of 4294967296 outputs 3",
        "after 1 of 2 outputs 4294967296",
        "ram data 1.5 stack 2",
        "features bytes 1 instructions -1",
    ] {
        assert_eq!(parse(wrong), Err(ParseError), "{wrong}");
    }
}

#[test]
fn empty_lines_and_other_kinds_are_refused() {
    for wrong in [
        "",
        " ",
        "before",
        "Before 1 of 2 outputs 3",
        "before 1 from 2 outputs 3",
        "before 1 of 2",
        "during 1 of 2 outputs 3",
        "before1 of 2 outputs 3",
        "ram stack 1 data 2",
        "panicked at src/main.rs:1:1",
    ] {
        assert_eq!(parse(wrong), Err(ParseError), "{wrong:?}");
    }
}

#[test]
fn a_fraction_is_right_ones_over_all_and_zero_of_none() {
    assert_eq!(Accuracy { correct: 3, samples: 4, outputs: 0 }.fraction(), 0.75);
    assert_eq!(Accuracy { correct: 0, samples: 0, outputs: 0 }.fraction(), 0.0);
}

#[test]
fn the_error_names_what_a_line_starts_with() {
    let sentence = ParseError.to_string();
    for kind in ["features", "before", "step", "after", "ram"] {
        assert!(sentence.contains(kind), "{sentence}");
    }
}

#[test]
fn floats_are_rounded_to_the_nearest_millionth_up_to_the_largest_norm() {
    let line = |loss: f32| {
        let step = StepEvent {
            step: 0,
            loss,
            gradient_norm: 0.0,
            gradients: 1,
            losses: 1,
            gradient_instructions: 0,
            instructions: 0,
            hash: 0,
        };
        Event::Step(step).to_string()
    };
    for (loss, printed) in [
        (0.7, "loss 0.700000 "),
        (0.999_999_9, "loss 1.000000 "),
        (1.8e19, "loss 18000000404716257280.000000 "),
    ] {
        assert!(line(loss).contains(printed), "{}", line(loss));
    }
}

#[test]
fn a_line_with_more_words_is_refused() {
    assert!(parse("before 1 of 2 outputs 3 of 4").is_err());
    assert!(parse("ram data 1 stack 2 heap 3").is_err());
}

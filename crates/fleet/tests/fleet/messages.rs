//! What is written is read, and what is damaged is not.

use proptest::prelude::*;
use rolling_ball_fleet::{
    Answer, Begin, Encoding, FRAME_BYTES, Frame, Hello, Metrics, Refusal, Request, RoundId, Stage,
    Status,
};

fn ids() -> impl Strategy<Value = RoundId> {
    any::<[u32; 2]>().prop_map(|[federation, round]| RoundId { federation, round })
}

fn encodings() -> impl Strategy<Value = Encoding> {
    prop_oneof![Just(Encoding::F32), Just(Encoding::Int8)]
}

prop_compose! {
    fn begins()(
        id in ids(),
        [model, parameters, theta, seed] in any::<[u32; 4]>(),
        [steps, batch] in any::<[u16; 2]>(),
        [radius, learning_rate] in any::<[f32; 2]>(),
        encoding in encodings(),
        guarded in any::<bool>(),
    ) -> Begin {
        Begin {
            id, model, parameters, theta, seed, steps, batch, radius, learning_rate, encoding,
            guarded,
        }
    }
}

prop_compose! {
    fn all_metrics()(
        [samples, correct_before, correct_after, steps, theta] in any::<[u32; 5]>(),
        [loss_before, loss_after, kept, wrong_labels] in any::<[f32; 4]>(),
    ) -> Metrics {
        Metrics {
            samples, correct_before, correct_after, loss_before, loss_after, kept, wrong_labels,
            steps, theta,
        }
    }
}

fn stages() -> impl Strategy<Value = Stage> {
    (0..6_u8).prop_map(|number| Stage::of(number).unwrap())
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(0), any::<u8>()], 0..=128)
}

/// The content of a frame, as its receiver reads it.
fn received(sent: &[u8]) -> Vec<u8> {
    let (end, rest) = sent.split_last().unwrap();
    assert_eq!(*end, 0);
    assert!(sent.len() <= FRAME_BYTES);
    let mut frame = Frame::new();
    for byte in rest {
        assert_ne!(*byte, 0, "a zero only ends a frame");
        assert!(frame.push(*byte).is_none());
    }
    frame.push(0).expect("a whole frame").to_vec()
}

fn requests(kind: u8, begin: Begin, number: u32, values: &[u8]) -> Request<'_> {
    let id = begin.id;
    match kind {
        0 => Request::Hello,
        1 => Request::Begin(begin),
        2 => Request::Theta { id, offset: number, values },
        3 => Request::Status { id },
        4 => Request::Update { id, offset: number },
        _ => Request::Done { id, theta: number },
    }
}

proptest! {
    #[test]
    fn every_request_is_read_as_it_was_written(
        kind in 0..6_u8,
        begin in begins(),
        number in any::<u32>(),
        values in values(),
    ) {
        let request = requests(kind, begin, number, &values);
        let mut frame = Frame::new();
        let content = received(request.frame(&mut frame).unwrap());
        // A NaN is another one's equal here, by its bits.
        prop_assert_eq!(format!("{:?}", Request::read(&content).unwrap()), format!("{request:?}"));
        prop_assert_eq!(Answer::read(&content), None);
    }

    #[test]
    fn every_answer_is_read_as_it_was_written(
        kind in 0..3_u8,
        id in ids(),
        [model, parameters, number] in any::<[u32; 3]>(),
        (version, chunk, scale) in any::<(u8, u16, f32)>(),
        stage in stages(),
        refusal in 0..12_u8,
        metrics in all_metrics(),
        encoding in encodings(),
        values in values(),
    ) {
        let refusal = Refusal::of(refusal).unwrap();
        let answer = match kind {
            0 => Answer::Hello(Hello {
                version, model, parameters, samples: number, id, stage, chunk,
            }),
            1 => Answer::Status(Status { id, stage, have: number, refusal, metrics }),
            _ => Answer::Update { id, offset: number, encoding, scale, values: &values },
        };
        let mut frame = Frame::new();
        let content = received(answer.frame(&mut frame).unwrap());
        prop_assert_eq!(format!("{:?}", Answer::read(&content).unwrap()), format!("{answer:?}"));
        prop_assert_eq!(Request::read(&content), None);
    }

    #[test]
    fn a_frame_that_is_cut_or_longer_is_no_message(
        kind in 0..6_u8,
        begin in begins(),
        values in values(),
        cut in any::<prop::sample::Index>(),
        more in 1..=255_u8,
    ) {
        let request = requests(kind, begin, 7, &values);
        let mut frame = Frame::new();
        let sent = request.frame(&mut frame).unwrap().to_vec();
        let mut heard = Frame::new();
        for byte in &sent[..cut.index(sent.len() - 1)] {
            prop_assert!(heard.push(*byte).is_none());
        }
        prop_assert!(heard.push(0).is_none());
        // What was cut off is forgotten: the next frame is whole.
        let (_, rest) = sent.split_last().unwrap();
        rest.iter().for_each(|byte| assert!(heard.push(*byte).is_none()));
        prop_assert!(heard.push(0).is_some());
        rest.iter().chain([&more]).for_each(|byte| assert!(heard.push(*byte).is_none()));
        prop_assert!(heard.push(0).is_none());
    }

    #[test]
    fn noise_is_no_message_and_hides_no_message_after_it(
        noise in proptest::collection::vec(1..=255_u8, 0..2 * FRAME_BYTES),
    ) {
        let mut frame = Frame::new();
        noise.iter().for_each(|byte| assert!(frame.push(*byte).is_none()));
        prop_assert_eq!(frame.push(0), None);
        let mut sent = Frame::new();
        let sent = Request::Hello.frame(&mut sent).unwrap();
        let heard = sent.iter().filter(|byte| frame.push(**byte).is_some()).count();
        prop_assert_eq!(heard, 1);
    }
}

/// Messages with many zeros, and with none.
fn examples() -> Vec<Vec<u8>> {
    let begin = Begin { steps: 9, radius: 0.1, learning_rate: 0.5, ..Begin::default() };
    let all: Vec<u8> = (1..=128).collect();
    let mut zeros = vec![0; 128];
    zeros[77] = 1;
    let mut examples = Vec::new();
    for kind in 0..6 {
        for values in [&all, &zeros] {
            let mut frame = Frame::new();
            let request = requests(kind, begin, 0x0100_0001, values);
            examples.push(request.frame(&mut frame).unwrap().to_vec());
        }
    }
    examples
}

#[test]
fn every_damage_of_a_byte_is_refused() {
    for sent in examples() {
        for at in 0..sent.len() {
            for damaged in (0..=255).filter(|byte| *byte != sent[at]) {
                let mut frame = Frame::new();
                let bytes = sent.iter().enumerate();
                let heard = bytes
                    .filter_map(|(index, byte)| {
                        let byte = if index == at { damaged } else { *byte };
                        frame.push(byte).map(<[u8]>::to_vec)
                    })
                    .count();
                assert_eq!(heard, 0, "{sent:?}: byte {at} was {damaged}");
                // Where the end was damaged, the next end comes after too much.
                assert_eq!(frame.push(0), None, "{sent:?}: byte {at} was {damaged}");
            }
        }
    }
}

#[test]
fn every_lost_and_every_doubled_byte_is_refused() {
    for sent in examples() {
        let content = received(&sent);
        for at in 0..sent.len() {
            for doubled in [false, true] {
                let mut damaged = sent.clone();
                if doubled {
                    damaged.insert(at, sent[at]);
                } else {
                    damaged.remove(at);
                }
                let mut frame = Frame::new();
                for byte in &damaged {
                    // A zero more at the end is an empty frame, and no damage.
                    if let Some(heard) = frame.push(*byte) {
                        assert_eq!((at, doubled), (sent.len() - 1, true));
                        assert_eq!(heard, content);
                    }
                }
            }
        }
    }
}

#[test]
fn a_message_of_too_many_values_is_not_made() {
    let values = [0; 129];
    let request = Request::Theta { id: RoundId::default(), offset: 0, values: &values };
    assert_eq!(request.frame(&mut Frame::new()), None);
    let encoding = Encoding::Int8;
    let (id, scale) = (RoundId::default(), 1.0);
    let answer = Answer::Update { id, offset: 0, encoding, scale, values: &values };
    assert_eq!(answer.frame(&mut Frame::new()), None);
}

#[test]
fn a_frame_is_the_kind_the_body_and_the_checksum_between_codes_and_a_zero() {
    let mut frame = Frame::new();
    // CRC-32 of the byte 1, by any other program: a505df1b.
    let hello = [6, 1, 0x1b, 0xdf, 0x05, 0xa5, 0];
    assert_eq!(Request::Hello.frame(&mut frame), Some(&hello[..]));
    let id = RoundId { federation: 1, round: 0x0203 };
    let status = [3, 4, 1, 1, 1, 3, 3, 2, 1, 5];
    let sent = Request::Status { id }.frame(&mut frame).unwrap();
    assert_eq!(sent[..status.len()], status);
    assert_eq!(sent.len(), 1 + 1 + 8 + 4 + 1);
}

#[test]
fn numbers_that_are_no_name_are_refused() {
    assert_eq!((Stage::of(6), Refusal::of(12), Encoding::of(2)), (None, None, None));
}

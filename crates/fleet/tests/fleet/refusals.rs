//! What a device refuses, and that it is left as it was.

use crate::support::{Board, Lost, N, begin, id, theta, trained};
use rolling_ball_fleet::{
    Answer, Begin, Encoding, Refusal, Request, RoundId, Stage, Status, checksum,
};

fn whole(round: u32, encoding: Encoding) -> Begin {
    Begin { parameters: N as u32, theta: checksum(&theta(round)), ..begin(round, encoding) }
}

fn status(board: &mut Board, request: Request) -> Status {
    board.ask(request, |answer| match answer {
        Answer::Status(status) => status,
        other => panic!("{other:?}"),
    })
}

fn refusal(board: &mut Board, request: Request) -> Refusal {
    status(board, request).refusal
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Whether a round works on a board, whatever it was asked before.
fn works(board: &mut Board, round: u32) {
    let (begin, start) = (begin(round, Encoding::F32), theta(round));
    let mut update = vec![0.0; N];
    board.round(begin, &start, &mut update, |_| Lost(false)).unwrap();
    let end = trained(&begin, &start);
    let expected: Vec<f32> = end.iter().zip(&start).map(|(end, start)| end - start).collect();
    assert_eq!(update, expected);
}

#[test]
fn a_round_that_is_not_the_devices_is_refused() {
    let mut board = Board::new();
    let good = whole(1, Encoding::F32);
    let wrong = [
        (Begin { model: 1, ..good }, Refusal::Model),
        (Begin { parameters: N as u32 + 1, ..good }, Refusal::Length),
        (Begin { parameters: u32::MAX, ..good }, Refusal::Length),
        (Begin { parameters: 0, ..good }, Refusal::Length),
        (Begin { steps: 0, ..good }, Refusal::Setting),
        (Begin { radius: f32::NAN, ..good }, Refusal::Setting),
        (Begin { radius: 0.0, ..good }, Refusal::Setting),
        (Begin { learning_rate: f32::INFINITY, ..good }, Refusal::Setting),
        (Begin { learning_rate: -0.1, ..good }, Refusal::Setting),
        (Begin { id: id(0, 0), ..good }, Refusal::OldRound),
    ];
    for (begin, expected) in wrong {
        assert_eq!(refusal(&mut board, Request::Begin(begin)), expected, "{begin:?}");
        assert_eq!((board.device.stage(), board.device.round()), (Stage::Idle, None));
    }
    assert_eq!(board.flash.operations, 0, "nothing was erased or written");
    works(&mut board, 1);
}

#[test]
fn a_round_that_is_over_does_not_come_back() {
    let mut board = Board::new();
    works(&mut board, 7);
    let mut board = board.reboot();
    let operations = board.flash.operations;
    for old in [id(3, 6), id(3, 0), id(2, 8), id(0, u32::MAX)] {
        let begin = Begin { id: old, ..whole(7, Encoding::F32) };
        let status = status(&mut board, Request::Begin(begin));
        assert_eq!((status.refusal, status.id), (Refusal::OldRound, id(3, 7)));
    }
    // The same round with other settings is another.
    let other = Begin { steps: 9, ..whole(7, Encoding::F32) };
    assert_eq!(refusal(&mut board, Request::Begin(other)), Refusal::OldRound);
    assert_eq!(board.flash.operations, operations);
    // A later one of the same federation, and the first of a later one.
    works(&mut board, 8);
    let next = Begin { id: id(4, 0), ..whole(1, Encoding::F32) };
    assert_eq!(refusal(&mut board, Request::Begin(next)), Refusal::None);
}

#[test]
fn a_round_does_not_come_back_where_its_record_is_lost() {
    for encoding in [Encoding::F32, Encoding::Int8] {
        let mut board = Board::new();
        board.round(begin(7, encoding), &theta(7), &mut [0.0; N], |_| Lost(false)).unwrap();
        // The records are the first two blocks.
        board.flash.bytes[1024..3 * 1024].fill(0);
        let mut board = board.reboot();
        let again = status(&mut board, Request::Begin(whole(7, encoding)));
        assert_eq!((again.refusal, again.id), (Refusal::OldRound, id(3, 7)));
        board.round(begin(8, encoding), &theta(8), &mut [0.0; N], |_| Lost(false)).unwrap();
    }
}

#[test]
fn values_that_are_not_those_that_come_next_are_refused() {
    let mut board = Board::new();
    let begin = whole(1, Encoding::F32);
    let start = theta(1);
    let values = |offset: usize, count: usize| bytes(&start[offset..offset + count]);
    let theta_of = |board: &mut Board, id: RoundId, offset: u32, values: &[u8]| {
        refusal(board, Request::Theta { id, offset, values })
    };
    assert_eq!(theta_of(&mut board, begin.id, 0, &values(0, 32)), Refusal::OtherRound);
    board.ask(Request::Begin(begin), |_| {});
    assert_eq!(theta_of(&mut board, id(3, 2), 0, &values(0, 32)), Refusal::OtherRound);
    assert_eq!(theta_of(&mut board, id(2, 1), 0, &values(0, 32)), Refusal::OtherRound);
    for offset in [32, 1, N as u32, u32::MAX] {
        assert_eq!(theta_of(&mut board, begin.id, offset, &values(0, 32)), Refusal::Order);
    }
    for count in [1, 31] {
        assert_eq!(theta_of(&mut board, begin.id, 0, &values(0, count)), Refusal::Length);
    }
    // An odd number of bytes.
    assert_eq!(theta_of(&mut board, begin.id, 0, &values(0, 32)[1..]), Refusal::Length);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut spoilt = start[..32].to_vec();
        spoilt[31] = bad;
        assert_eq!(theta_of(&mut board, begin.id, 0, &bytes(&spoilt)), Refusal::NotFinite);
    }
    assert_eq!(theta_of(&mut board, begin.id, 0, &values(0, 32)), Refusal::None);
    // What it has already is no fault.
    assert_eq!(theta_of(&mut board, begin.id, 0, &values(0, 32)), Refusal::None);
    assert_eq!(theta_of(&mut board, begin.id, 16, &values(0, 32)), Refusal::Order);
    let status = status(&mut board, Request::Status { id: begin.id });
    assert_eq!((status.stage, status.have), (Stage::Receiving, 32));
    board.send(begin.id, &start);
    assert_eq!(board.device.stage(), Stage::Training);
    works(&mut board, 2);
}

#[test]
fn a_theta_with_another_checksum_is_not_taken() {
    let mut board = Board::new();
    let begin = whole(1, Encoding::F32);
    board.ask(Request::Begin(begin), |_| {});
    let mut other = theta(1);
    other[17] += 1.0;
    let count = N / 32 * 32;
    board.send(begin.id, &other[..count]);
    let values = bytes(&other[count..]);
    let request = Request::Theta { id: begin.id, offset: count as u32, values: &values };
    let last = status(&mut board, request);
    assert_eq!((last.refusal, last.stage, last.have), (Refusal::Checksum, Stage::Receiving, 0));
    // It may be sent again.
    board.send(begin.id, &theta(1));
    assert_eq!(board.device.stage(), Stage::Training);
}

#[test]
fn an_update_that_there_is_not_is_refused() {
    let mut board = Board::new();
    let begin = whole(1, Encoding::Int8);
    let update =
        |board: &mut Board, offset| refusal(board, Request::Update { id: begin.id, offset });
    assert_eq!(update(&mut board, 0), Refusal::OtherRound);
    board.ask(Request::Begin(begin), |_| {});
    assert_eq!(update(&mut board, 0), Refusal::NotReady);
    board.send(begin.id, &theta(1));
    assert_eq!(update(&mut board, 0), Refusal::NotReady);
    let done = Request::Done { id: begin.id, theta: 0 };
    assert_eq!(refusal(&mut board, done), Refusal::NotReady);
    board.work().unwrap();
    for offset in [1, 32, 127, 129, N as u32, 384, u32::MAX] {
        assert_eq!(update(&mut board, offset), Refusal::Length, "{offset}");
    }
    assert_eq!(refusal(&mut board, done), Refusal::Changed, "of another training");
    assert_eq!(
        refusal(&mut board, Request::Update { id: id(3, 2), offset: 0 }),
        Refusal::OtherRound
    );
    // A firmware that has lost its theta.
    board.theta.clear();
    assert_eq!(update(&mut board, 0), Refusal::Length);
    let mut board = board.reboot();
    works(&mut board, 2);
}

#[test]
fn a_round_of_another_model_in_flash_is_not_gone_on_with() {
    let mut board = Board::<4>::new();
    board.round(begin(7, Encoding::Int8), &theta(7), &mut [0.0; N], |_| Lost(false)).unwrap();
    let mut config = Board::<4>::config();
    config.model ^= 1;
    let mut device = rolling_ball_fleet::Device::new(&mut board.flash, config).unwrap();
    assert_eq!((device.stage(), device.round()), (Stage::Idle, None));
    // Its rounds are its own.
    let begin = Begin { model: whole(1, Encoding::F32).model ^ 1, ..whole(1, Encoding::F32) };
    let mut frame = rolling_ball_fleet::Frame::new();
    for byte in Request::Begin(begin).frame(&mut frame).unwrap() {
        let _ = device.hear(*byte, &mut board.flash, &board.theta);
    }
    assert_eq!(device.round().map(|round| round.id), Some(id(3, 1)));
}

#[test]
fn what_is_no_request_is_answered_with_a_hello() {
    let mut board = Board::<4>::new();
    // An answer is a whole frame, and no request.
    let answer = board.hear(Request::Hello.frame(&mut rolling_ball_fleet::Frame::new()).unwrap());
    assert_eq!(board.hear(&answer), answer);
    // Encodings and flags that this version does not know.
    assert_eq!(board.hear(&[]), [0_u8; 0]);
}

#[test]
fn checkpoints_of_another_round_are_not_resumed() {
    // Both rounds have the same settings, and a checkpoint of the first is there at its end.
    let mut board = Board::new();
    works(&mut board, 1);
    works(&mut board, 2);
}

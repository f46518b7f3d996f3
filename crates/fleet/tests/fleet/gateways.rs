//! What a gateway makes of what devices send.

use crate::support::{Board, Lost, MODEL, N, begin, id, theta};
use rolling_ball_fleet::{
    Answer, Begin, Encoding, Frame, Gateway, GatewayError, Heard, Hello, Metrics, Refusal, RoundId,
    Stage, Status, VERSION,
};

fn hello() -> Hello {
    Hello {
        version: VERSION,
        model: MODEL,
        parameters: N as u32,
        samples: 20,
        id: id(0, 0),
        stage: Stage::Idle,
        chunk: 32,
    }
}

fn tell(gateway: &mut Gateway, answer: Answer) -> Result<Heard, GatewayError> {
    let mut frame = Frame::new();
    let mut heard = Heard::Nothing;
    for byte in answer.frame(&mut frame).unwrap() {
        heard = gateway.hear(*byte)?;
    }
    Ok(heard)
}

fn ready(metrics: Metrics) -> Answer<'static> {
    let (id, stage, refusal) = (id(3, 1), Stage::Ready, Refusal::None);
    Answer::Status(Status { id, stage, have: N as u32, refusal, metrics })
}

fn update(offset: u32, scale: f32, values: &[u8]) -> Answer<'_> {
    Answer::Update { id: id(3, 1), offset, encoding: Encoding::Int8, scale, values }
}

/// A gateway that waits for an update.
fn with_gateway<T>(work: impl FnOnce(&mut Gateway) -> T) -> T {
    let (start, mut place) = (theta(1), vec![0.0; N]);
    let mut gateway = Gateway::new(begin(1, Encoding::Int8), &start, &mut place).unwrap();
    assert_eq!(tell(&mut gateway, Answer::Hello(hello())), Ok(Heard::Answer));
    assert_eq!(tell(&mut gateway, ready(Metrics::default())), Ok(Heard::Answer));
    work(&mut gateway)
}

#[test]
fn devices_that_do_not_fit_the_round_are_named() {
    let (start, mut place) = (theta(1), vec![0.0; N]);
    let mut met = |hello| {
        let begin = begin(1, Encoding::Int8);
        let mut gateway = Gateway::new(begin, &start, &mut place).unwrap();
        tell(&mut gateway, Answer::Hello(hello)).unwrap_err()
    };
    assert_eq!(met(Hello { version: 2, ..hello() }), GatewayError::Version(2));
    let model = GatewayError::Model { model: 5, parameters: N as u32 };
    assert_eq!(met(Hello { model: 5, ..hello() }), model);
    let model = GatewayError::Model { model: MODEL, parameters: 9 };
    assert_eq!(met(Hello { parameters: 9, ..hello() }), model);
}

#[test]
fn a_round_that_makes_no_sense_is_not_begun() {
    let good = begin(1, Encoding::F32);
    let new = |begin, theta: &[f32], room: usize| {
        Gateway::new(begin, theta, &mut vec![0.0; room]).map(|_| ()).unwrap_err()
    };
    assert_eq!(new(good, &[], 0), GatewayError::Length { theta: 0, update: 0 });
    assert_eq!(new(good, &[0.0; 3], 2), GatewayError::Length { theta: 3, update: 2 });
    assert_eq!(new(good, &[0.0, f32::NAN], 2), GatewayError::Setting);
    assert_eq!(new(Begin { steps: 0, ..good }, &[0.0], 1), GatewayError::Setting);
}

#[test]
fn values_and_metrics_that_are_not_finite_are_refused() {
    for scale in [f32::NAN, f32::INFINITY, f32::MAX] {
        let heard = with_gateway(|gateway| tell(gateway, update(0, scale, &[127; 128])));
        assert_eq!(heard, Err(GatewayError::NotFinite), "{scale}");
    }
    let (start, mut place) = (theta(1), vec![0.0; N]);
    for metrics in [
        Metrics { loss_before: f32::NAN, ..Metrics::default() },
        Metrics { loss_after: f32::INFINITY, ..Metrics::default() },
        Metrics { kept: f32::NAN, ..Metrics::default() },
        Metrics { wrong_labels: f32::NAN, ..Metrics::default() },
    ] {
        let mut gateway = Gateway::new(begin(1, Encoding::F32), &start, &mut place).unwrap();
        tell(&mut gateway, Answer::Hello(hello())).unwrap();
        assert_eq!(tell(&mut gateway, ready(metrics)), Err(GatewayError::NotFinite));
    }
}

#[test]
fn answers_to_what_was_not_asked_are_passed_over() {
    with_gateway(|gateway| {
        let values = [1; 128];
        for (offset, length) in [(128, 128), (1, 128), (u32::MAX, 128), (0, 127), (0, 0)] {
            let heard = tell(gateway, update(offset, 1.0, &values[..length]));
            assert_eq!(heard, Ok(Heard::Nothing), "{offset} {length}");
        }
        let other = |id: RoundId, encoding| Answer::Update {
            id,
            offset: 0,
            encoding,
            scale: 1.0,
            values: &values,
        };
        assert_eq!(tell(gateway, other(id(3, 2), Encoding::Int8)), Ok(Heard::Nothing));
        assert_eq!(tell(gateway, other(id(3, 1), Encoding::F32)), Ok(Heard::Nothing));
        assert_eq!(tell(gateway, Answer::Hello(hello())), Ok(Heard::Nothing));
        assert_eq!(tell(gateway, ready(Metrics::default())), Ok(Heard::Nothing));
        assert_eq!(gateway.progress(), (N as u32, 0));

        assert_eq!(tell(gateway, update(0, 1.0, &values)), Ok(Heard::Answer));
        assert_eq!(tell(gateway, update(0, 1.0, &values)), Ok(Heard::Nothing), "twice");
        assert_eq!(tell(gateway, update(128, 1.0, &values)), Ok(Heard::Answer));
        assert_eq!(tell(gateway, update(256, 1.0, &values)), Ok(Heard::Nothing), "too long");
        assert_eq!(tell(gateway, update(256, 1.0, &values[..N - 256])), Ok(Heard::Update));
        assert_eq!(gateway.request(), [0_u8; 0], "the caller has it");
    });
}

#[test]
fn an_update_of_another_training_is_fetched_anew() {
    with_gateway(|gateway| {
        assert_eq!(tell(gateway, update(0, 1.0, &[1; 128])), Ok(Heard::Answer));
        // The same training, after a reset of the device.
        let (id, refusal, metrics) = (id(3, 1), Refusal::NotReady, Metrics::default());
        let training = Status { id, stage: Stage::Training, have: N as u32, refusal, metrics };
        assert_eq!(tell(gateway, Answer::Status(training)), Ok(Heard::Busy));
        assert_eq!(tell(gateway, ready(metrics)), Ok(Heard::Answer));
        assert_eq!(gateway.progress().1, 128);
        assert_eq!(tell(gateway, Answer::Status(training)), Ok(Heard::Busy));
        assert_eq!(tell(gateway, ready(Metrics { theta: 1, ..metrics })), Ok(Heard::Answer));
        assert_eq!(gateway.progress().1, 0);
    });
}

#[test]
fn refusals_end_the_round_with_their_reason() {
    for (refusal, stage) in [
        (Refusal::Model, Stage::Receiving),
        (Refusal::Flash, Stage::Receiving),
        (Refusal::Checksum, Stage::Receiving),
        (Refusal::OldRound, Stage::Done),
    ] {
        let heard = with_gateway(|gateway| {
            let (id, metrics) = (id(3, 1), Metrics::default());
            tell(gateway, Answer::Status(Status { id, stage, have: 0, refusal, metrics }))
        });
        assert_eq!(heard, Err(GatewayError::Refused(refusal)));
        assert!(GatewayError::Refused(refusal).to_string().contains(refusal.reason()));
    }
    let failed = with_gateway(|gateway| {
        let (id, metrics, refusal) = (id(3, 1), Metrics::default(), Refusal::NotReady);
        let status = Status { id, stage: Stage::Failed, have: 0, refusal, metrics };
        tell(gateway, Answer::Status(status))
    });
    assert_eq!(failed, Err(GatewayError::Failed));
}

#[test]
fn a_gateway_that_was_restarted_finds_the_update() {
    let start = theta(1);
    let round = begin(1, Encoding::Int8);
    let mut expected = vec![0.0; N];
    Board::<4>::new().round(round, &start, &mut expected, |_| Lost(false)).unwrap();
    for answers in 0..20 {
        let mut board = Board::<4>::new();
        let mut lost = vec![0.0; N];
        let mut gateway = Gateway::new(round, &start, &mut lost).unwrap();
        for _ in 0..answers {
            let answer = board.hear(gateway.request());
            board.work().unwrap();
            for byte in answer {
                gateway.hear(byte).unwrap();
            }
        }
        let mut update = vec![0.0; N];
        board.round(round, &start, &mut update, |_| Lost(false)).unwrap();
        assert_eq!(update, expected, "restarted after {answers} answers");
        assert_eq!(board.trainings, 1);
    }
}

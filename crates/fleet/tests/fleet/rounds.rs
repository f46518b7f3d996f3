//! What a round of a device comes to.

use crate::nor_flash::NorFlashModel;
use crate::support::{Board, Lost, MODEL, N, begin, id, theta, trained};
use rolling_ball_fleet::{
    Answer, Begin, Device, DeviceConfig, DeviceError, Encoding, Hello, Metrics, Refusal, Request,
    Stage, Status, checksum,
};

#[test]
fn a_device_says_who_it_is() {
    let hello = Board::<4>::new().ask(Request::Hello, |answer| match answer {
        Answer::Hello(hello) => hello,
        other => panic!("{other:?}"),
    });
    let expected = Hello {
        version: 1,
        model: MODEL,
        parameters: N as u32,
        samples: 20,
        id: id(0, 0),
        stage: Stage::Idle,
        chunk: 32,
    };
    assert_eq!(hello, expected);
}

#[test]
fn an_update_in_floats_is_the_change_to_the_bit() {
    let mut board = Board::<4>::new();
    let start = theta(1);
    let mut update = vec![0.0; N];
    let metrics =
        board.round(begin(1, Encoding::F32), &start, &mut update, |_| Lost(false)).unwrap();
    let end = trained(&begin(1, Encoding::F32), &start);
    let expected: Vec<f32> = end.iter().zip(&start).map(|(end, start)| end - start).collect();
    assert_eq!(update, expected);
    assert_eq!((metrics.samples, metrics.theta), (20, checksum(&end)));
    assert_eq!(board.device.stage(), Stage::Done);
    assert_eq!(board.trainings, 1);
}

#[test]
fn an_update_in_bytes_is_the_change_within_half_a_step_of_its_frame() {
    let mut board = Board::<4>::new();
    let start = theta(1);
    let mut update = vec![0.0; N];
    board.round(begin(1, Encoding::Int8), &start, &mut update, |_| Lost(false)).unwrap();
    let end = trained(&begin(1, Encoding::Int8), &start);
    let changes: Vec<f32> = end.iter().zip(&start).map(|(end, start)| end - start).collect();
    for (changes, update) in changes.chunks(128).zip(update.chunks(128)) {
        let largest = changes.iter().fold(0.0_f32, |largest, change| largest.max(change.abs()));
        assert!(largest > 0.0);
        for (change, update) in changes.iter().zip(update) {
            // A rounding of the ratio, and one of the product.
            let most = largest / 127.0 * (0.5 + 1e-5);
            assert!((change - update).abs() <= most, "{change} was sent as {update}");
        }
    }
}

#[test]
fn every_request_may_come_twice() {
    let mut board = Board::<4>::new();
    let start = theta(1);
    let mut gateway_update = vec![0.0; N];
    let mut update = vec![0.0; N];
    let mut twice = Board::<4>::new();
    let begin = begin(1, Encoding::Int8);
    board.round(begin, &start, &mut update, |_| Lost(false)).unwrap();

    let mut gateway = rolling_ball_fleet::Gateway::new(begin, &start, &mut gateway_update).unwrap();
    'round: loop {
        let request = gateway.request().to_vec();
        let answers = [twice.hear(&request), twice.hear(&request)];
        assert_eq!(answers[0], answers[1]);
        twice.work().unwrap();
        for byte in answers.iter().flatten() {
            match gateway.hear(*byte).unwrap() {
                rolling_ball_fleet::Heard::Update => gateway.end(),
                rolling_ball_fleet::Heard::End => break 'round,
                _ => {}
            }
        }
    }
    assert_eq!(update, gateway_update);
}

#[test]
fn a_theta_that_the_device_has_is_not_sent_again() {
    let mut board = Board::<4>::new();
    let start = theta(1);
    board.round(begin(1, Encoding::F32), &start, &mut [0.0; N], |_| Lost(false)).unwrap();
    let next = Begin { parameters: N as u32, theta: checksum(&start), ..begin(2, Encoding::F32) };
    let status = board.ask(Request::Begin(next), |answer| match answer {
        Answer::Status(status) => status,
        other => panic!("{other:?}"),
    });
    assert_eq!((status.stage, status.have), (Stage::Training, N as u32));
}

#[test]
fn a_new_round_ends_one_that_is_in_any_stage() {
    let start = theta(1);
    for answers in 0..40 {
        let mut board = Board::<4>::new();
        let mut update = vec![0.0; N];
        let mut left = answers;
        let old = begin(1, Encoding::Int8);
        let mut gateway = rolling_ball_fleet::Gateway::new(old, &start, &mut update).unwrap();
        while left > 0 {
            let answer = board.hear(gateway.request());
            // Sometimes the training is not done yet.
            if answers % 3 > 0 {
                board.work().unwrap();
            }
            for byte in answer {
                gateway.hear(byte).unwrap();
            }
            left -= 1;
        }
        let (start, next) = (theta(2), begin(2, Encoding::F32));
        let mut update = vec![0.0; N];
        board.round(next, &start, &mut update, |_| Lost(false)).unwrap();
        let end = trained(&next, &start);
        let expected: Vec<f32> = end.iter().zip(&start).map(|(end, start)| end - start).collect();
        assert_eq!(update, expected, "after {answers} answers of the round before");
    }
}

#[test]
fn a_training_that_fails_is_told() {
    let mut board = Board::<4>::new();
    let start = theta(1);
    let round = Begin { parameters: N as u32, theta: checksum(&start), ..begin(1, Encoding::F32) };
    board.ask(Request::Begin(round), |_| {});
    board.send(round.id, &start);
    board.device.give_up(id(3, 2));
    assert_eq!(board.device.stage(), Stage::Training, "that was another round");
    board.device.give_up(round.id);
    let update = Request::Update { id: round.id, offset: 0 };
    let status = board.ask(update, |answer| match answer {
        Answer::Status(status) => status,
        other => panic!("{other:?}"),
    });
    let Status { stage, refusal, .. } = status;
    assert_eq!((stage, refusal), (Stage::Failed, Refusal::NotReady));
}

#[test]
fn only_the_end_of_the_round_that_is_trained_is_taken() {
    let mut board = Board::<4>::new();
    let mut none = [0.0; N];
    let metrics = Metrics::default();
    let no_round = Err(DeviceError::NoRound);
    assert_eq!(board.device.trained(id(3, 1), &none, metrics), no_round);
    assert!(matches!(board.device.start(&mut board.flash, &mut none), Err(DeviceError::NoRound)));

    let start = theta(1);
    let round = Begin { parameters: N as u32, theta: checksum(&start), ..begin(1, Encoding::F32) };
    board.ask(Request::Begin(round), |_| {});
    board.send(round.id, &start);
    assert_eq!(board.device.trained(id(3, 2), &none, metrics), no_round);
    let length = DeviceError::Length { expected: N, actual: 2 };
    assert_eq!(board.device.trained(round.id, &[0.0; 2], metrics), Err(length));
    none[7] = f32::NAN;
    assert_eq!(board.device.trained(round.id, &none, metrics), Err(DeviceError::NotFinite));
    assert_eq!(board.device.stage(), Stage::Training);
    assert!(matches!(
        board.device.start(&mut board.flash, &mut [0.0; 2]),
        Err(DeviceError::Length { expected: N, actual: 2 })
    ));
}

#[test]
fn a_device_that_has_trained_on_trains_the_round_again() {
    let mut board = Board::<4>::new();
    let start = theta(1);
    let mut update = vec![0.0; N];
    let mut spoilt = 0;
    let metrics = board
        .round(begin(1, Encoding::F32), &start, &mut update, |board| {
            // After the update is out.
            if board.device.stage() == Stage::Ready && spoilt < 11 {
                spoilt += 1;
                if spoilt == 11 {
                    board.theta[0] += 1.0;
                }
            }
            Lost(false)
        })
        .unwrap();
    let end = trained(&begin(1, Encoding::F32), &start);
    let expected: Vec<f32> = end.iter().zip(&start).map(|(end, start)| end - start).collect();
    assert_eq!(update, expected);
    assert_eq!(metrics.theta, checksum(&end));
    assert_eq!(board.trainings, 2);
}

#[test]
fn what_is_forgotten_may_begin_again() {
    let mut board = Board::<4>::new();
    let start = theta(1);
    board.round(begin(5, Encoding::Int8), &start, &mut [0.0; N], |_| Lost(false)).unwrap();
    board.device.forget(&mut board.flash).unwrap();
    assert_eq!((board.device.stage(), board.device.round()), (Stage::Idle, None));
    let mut board = board.reboot();
    let mut update = vec![0.0; N];
    board.round(begin(1, Encoding::F32), &start, &mut update, |_| Lost(false)).unwrap();
    let end = trained(&begin(1, Encoding::F32), &start);
    let expected: Vec<f32> = end.iter().zip(&start).map(|(end, start)| end - start).collect();
    assert_eq!(update, expected, "nothing is left of the old update");
}

#[test]
fn a_range_or_a_flash_that_does_not_fit_is_refused_in_words() {
    let mut flash = Board::<4>::flash();
    let config = Board::<4>::config();
    let new = |flash: &mut NorFlashModel<4, 1024>, range| {
        let config = DeviceConfig { range, ..config.clone() };
        Device::new(flash, config).map(|_| ()).unwrap_err().to_string()
    };
    let expected = "range 0x400..0x2000: expected 8192 bytes or more, from one erase block of the \
                    flash to another";
    assert_eq!(new(&mut flash, 1024..8192), expected);
    for range in [1000..1024 * 64, 1024..1 << 30, 4096..4096] {
        let error = new(&mut flash, range);
        assert!(error.contains("expected 8192 bytes"), "{error}");
    }
    let mut flash = NorFlashModel::<256, 1024>::new(1 << 16);
    let config = DeviceConfig { range: 0..1 << 16, ..config };
    let error = Device::new(&mut flash, config).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("powers of two up to 128 bytes"), "{error}");
}

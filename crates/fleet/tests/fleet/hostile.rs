//! Random messages from either side do no harm.

use crate::support::{Board, Lost, MODEL, N, begin, id, theta, trained};
use oorandom::Rand32;
use rolling_ball_fleet::{
    Answer, Begin, Encoding, Frame, Gateway, Hello, Metrics, Refusal, Request, RoundId, Stage,
    Status, checksum,
};

fn number(random: &mut Rand32) -> u32 {
    match random.rand_u32() % 6 {
        0 => 0,
        1 => u32::MAX,
        2 => N as u32,
        3 => 32 * (random.rand_u32() % 12),
        4 => random.rand_u32() % 8,
        _ => random.rand_u32(),
    }
}

fn float(random: &mut Rand32) -> f32 {
    match random.rand_u32() % 4 {
        0 => 0.1,
        1 => f32::NAN,
        2 => f32::from_bits(random.rand_u32()),
        _ => random.rand_float(),
    }
}

fn some_id(random: &mut Rand32) -> RoundId {
    id(random.rand_u32() % 3, random.rand_u32() % 4)
}

fn values(random: &mut Rand32) -> Vec<u8> {
    let count = match random.rand_u32() % 3 {
        0 => 128,
        1 => 4 * (N % 32),
        _ => random.rand_u32() as usize % 129,
    };
    (0..count).map(|_| random.rand_u32() as u8).collect()
}

fn request<'a>(random: &mut Rand32, values: &'a [u8]) -> Request<'a> {
    let id = some_id(random);
    match random.rand_u32() % 8 {
        0 => Request::Hello,
        1 => Request::Begin(Begin {
            id,
            model: if random.rand_range(0..4) > 0 { MODEL } else { number(random) },
            parameters: if random.rand_range(0..4) > 0 { N as u32 } else { number(random) },
            theta: if random.rand_range(0..2) > 0 { checksum(&theta(1)) } else { number(random) },
            seed: number(random),
            steps: random.rand_u32() as u16 % 4,
            batch: number(random) as u16,
            radius: float(random),
            learning_rate: float(random),
            encoding: Encoding::of((random.rand_u32() % 2) as u8).unwrap(),
            guarded: random.rand_range(0..2) > 0,
        }),
        2..=4 => Request::Theta { id, offset: number(random), values },
        5 => Request::Status { id },
        6 => Request::Update { id, offset: number(random) },
        _ => Request::Done { id, theta: number(random) },
    }
}

#[test]
fn after_any_requests_a_device_goes_through_a_round() {
    for seed in 0..200 {
        let random = &mut Rand32::new(seed);
        let mut board = Board::<32, 256>::new();
        let (mut newest, mut metrics) = (id(0, 0), Metrics::default());
        for _ in 0..60 {
            let values = values(random);
            match random.rand_u32() % 12 {
                0 => drop(board.hear(&values)),
                1 => board = board.reboot(),
                2 => drop(board.work()),
                3 => board.send(some_id(random), &theta(1)),
                4 => {
                    let trained = some_id(random);
                    let _ = board.device.trained(trained, &board.theta, metrics);
                }
                _ => {
                    drop(board.hear(&[0]));
                    let request = request(random, &values);
                    let mut frame = Frame::new();
                    let sent = request.frame(&mut frame).unwrap().to_vec();
                    drop(board.hear(&sent));
                    // The same again.
                    let answers = [board.hear(&sent), board.hear(&sent)];
                    assert_eq!(answers[0], answers[1], "{request:?}");
                }
            }
            // What was left of the noise is over.
            drop(board.hear(&[0]));
            let status = Request::Status { id: newest };
            board.ask(status, |answer| match answer {
                Answer::Status(status) => {
                    assert!(status.id >= newest, "{:?} after {newest:?}", status.id);
                    (newest, metrics) = (status.id, status.metrics);
                }
                other => panic!("{other:?}"),
            });
        }
        let bytes = &board.flash.bytes;
        let around = [&bytes[..256], &bytes[bytes.len() - 256..]];
        assert!(around.iter().all(|bytes| bytes.iter().all(|byte| *byte == 0xa5)));

        let (start, begin) = (theta(2), begin(9, Encoding::F32));
        let mut update = vec![0.0; N];
        board.round(begin, &start, &mut update, |_| Lost(false)).unwrap();
        // An update in bytes may have left something.
        let end = trained(&begin, &start);
        assert!(
            update
                .iter()
                .zip(end.iter().zip(&start))
                .all(|(update, (end, start))| { (update - (end - start)).abs() < 1.0 })
        );
    }
}

#[test]
fn whatever_a_device_answers_a_gateway_takes_finite_values_only() {
    let (mut wholes, mut errors) = (0, 0);
    for seed in 0..3000 {
        let random = &mut Rand32::new(seed);
        let (start, mut place) = (theta(1), vec![0.0; N]);
        let mut gateway = Gateway::new(begin(1, Encoding::Int8), &start, &mut place).unwrap();
        let mut answer = Answer::Hello(Hello {
            version: 1,
            model: MODEL,
            parameters: N as u32,
            ..Hello::default()
        });
        let mut held;
        for _ in 0..40 {
            let mut frame = Frame::new();
            assert!(gateway.request().len() <= rolling_ball_fleet::FRAME_BYTES);
            let sent = answer.frame(&mut frame).unwrap().to_vec();
            if sent.iter().any(|byte| gateway.hear(*byte).is_err()) {
                errors += 1;
                break;
            }
            held = values(random);
            answer = match random.rand_u32() % 8 {
                0 => Answer::Hello(Hello { version: 1, ..Hello::default() }),
                1 | 2 => Answer::Status(Status {
                    id: if random.rand_range(0..4) > 0 { id(3, 1) } else { some_id(random) },
                    stage: Stage::of((random.rand_u32() % 5) as u8).unwrap(),
                    have: number(random),
                    refusal: match random.rand_u32() % 20 {
                        0 => Refusal::of((random.rand_u32() % 12) as u8).unwrap(),
                        _ => Refusal::None,
                    },
                    metrics: Metrics { theta: random.rand_u32() % 2, ..Metrics::default() },
                }),
                _ => Answer::Update {
                    id: id(3, 1),
                    offset: 128 * (random.rand_u32() % 3),
                    encoding: Encoding::Int8,
                    scale: if random.rand_range(0..8) > 0 { 0.1 } else { float(random) },
                    values: match random.rand_u32() % 3 {
                        0 => &held,
                        1 => &[100; 128],
                        _ => &[100; N % 128],
                    },
                },
            };
        }
        wholes += usize::from(gateway.progress().1 == N as u32);
        // Those of a frame that was refused may not be; the caller has an error then.
        if errors == 0 {
            assert!(place.iter().all(|value| value.is_finite()));
        }
    }
    assert!(wholes > 0 && errors > 0, "{wholes} whole, {errors} errors");
}

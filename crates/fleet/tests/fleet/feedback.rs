//! What eight bits do not hold is sent later.

use crate::support::{Board, N, begin, theta, trained};
use proptest::prelude::*;
use rolling_ball_fleet::{Begin, Encoding, Metrics, Request, Stage, checksum, rehearse_update};

/// The unit roundoff of `f32`.
const ROUNDING: f64 = 1.0 / (1 << 24) as f64;

/// Runs a round whose training adds these changes to theta; what the gateway received.
fn round(
    board: &mut Board,
    number: u32,
    start: &[f32],
    changes: &[f32],
    encoding: Encoding,
) -> Vec<f32> {
    let mut update = vec![0.0; N];
    let begin = begin(number, encoding);
    let mut gateway = rolling_ball_fleet::Gateway::new(begin, start, &mut update).unwrap();
    'round: loop {
        let answer = board.hear(gateway.request());
        if board.device.stage() == Stage::Training {
            board.device.start(&mut board.flash, &mut board.theta).unwrap();
            board.theta.iter_mut().zip(changes).for_each(|(theta, change)| *theta += change);
            board.device.trained(begin.id, &board.theta, Metrics::default()).unwrap();
        }
        for byte in answer {
            match gateway.hear(byte).unwrap() {
                rolling_ball_fleet::Heard::Update => gateway.end(),
                rolling_ball_fleet::Heard::End => break 'round,
                _ => {}
            }
        }
    }
    update
}

fn magnitudes() -> impl Strategy<Value = f32> {
    // Also those whose scale underflows.
    (-60..20_i32).prop_map(|exponent| 2.0_f32.powi(exponent))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn updates_and_what_is_left_are_the_sum_of_the_changes_within_their_rounding(
        seed in any::<u64>(),
        sizes in proptest::collection::vec(magnitudes(), 1..6),
    ) {
        let mut random = oorandom::Rand32::new(seed);
        let mut board = Board::new();
        let (mut sent, mut changed) = (vec![0.0_f64; N], vec![0.0_f64; N]);
        // What the rounding may come to: of each round a rounding of the change, one of the sum and
        // one of what is left.
        let mut bound = vec![0.0_f64; N];
        let mut left = vec![0.0_f64; N];
        for (number, size) in (1..).zip(&sizes) {
            let start: Vec<f32> = (0..N).map(|_| random.rand_float() - 0.5).collect();
            let steps: Vec<f32> =
                (0..N).map(|_| size * (random.rand_float() - 0.5)).collect();
            let update = round(&mut board, number, &start, &steps, Encoding::Int8);
            for index in 0..N {
                // Theta is what it is once it is rounded; its change is exact in 64 bits.
                let change = f64::from(board.theta[index]) - f64::from(start[index]);
                let sum = change + left[index];
                changed[index] += change;
                sent[index] += f64::from(update[index]);
                left[index] = changed[index] - sent[index];
                bound[index] += ROUNDING * (change.abs() + sum.abs() + left[index].abs());
            }
        }
        // A round in floats without a change sends what is left, to the bit.
        let number = 1 + sizes.len() as u32;
        let rest = round(&mut board, number, &theta(9), &[0.0; N], Encoding::F32);
        for index in 0..N {
            let error = (sent[index] + f64::from(rest[index]) - changed[index]).abs();
            // The bound is of numbers that are themselves rounded.
            prop_assert!(error <= 1.01 * bound[index], "value {index}: {error} {}", bound[index]);
        }
        // And then nothing is left.
        let rest = round(&mut board, number + 1, &theta(9), &[0.0; N], Encoding::F32);
        prop_assert!(rest.iter().all(|value| *value == 0.0));
    }
}

#[test]
fn what_is_left_is_at_most_half_a_step() {
    let mut board = Board::new();
    let steps: Vec<f32> = (0..N).map(|index| (index as f32).sin()).collect();
    round(&mut board, 1, &[0.0; N], &steps, Encoding::Int8);
    let rest = round(&mut board, 2, &[0.0; N], &[0.0; N], Encoding::F32);
    assert!(rest.iter().any(|left| *left != 0.0));
    // A rounding of the ratio, and one of the product.
    let most = 1.0 / 127.0 * (0.5 + 1e-5);
    assert!(rest.iter().all(|left| left.abs() <= most));
}

#[test]
fn a_rehearsed_update_has_the_bits_of_the_devices_for_rounds() {
    let mut board = Board::new();
    let (mut left, mut expected) = (vec![0.0; N], vec![0.0; N]);
    let mut random = oorandom::Rand32::new(5);
    for number in 1..9 {
        let start = theta(number);
        let steps: Vec<f32> = (0..N).map(|_| random.rand_float() - 0.5).collect();
        let encoding = if number == 4 { Encoding::F32 } else { Encoding::Int8 };
        let update = round(&mut board, number, &start, &steps, encoding);
        rehearse_update(&start, &board.theta, encoding, &mut left, &mut expected);
        assert_eq!(update, expected, "round {number}");
    }
}

#[test]
fn an_update_that_was_not_counted_leaves_what_was_left_before() {
    let start = theta(1);
    let steps: Vec<f32> = (0..N).map(|index| (index as f32).sin()).collect();
    let mut board = Board::new();
    round(&mut board, 1, &start, &steps, Encoding::Int8);
    let mut other = board.device.clone();
    let mut flash = board.flash.clone();

    // The second round is begun, and trained, and never ended.
    let second =
        Begin { parameters: N as u32, theta: checksum(&start), ..begin(2, Encoding::Int8) };
    board.ask(Request::Begin(second), |_| {});
    assert_eq!(board.device.stage(), Stage::Training);
    board.work().unwrap();
    board.ask(Request::Update { id: second.id, offset: 0 }, |_| {});
    let counted = round(&mut board, 3, &start, &[0.0; N], Encoding::F32);

    std::mem::swap(&mut board.device, &mut other);
    std::mem::swap(&mut board.flash, &mut flash);
    assert_eq!(counted, round(&mut board, 3, &start, &[0.0; N], Encoding::F32));
}

#[test]
fn enormous_changes_stay_finite() {
    let mut board = Board::new();
    let (start, steps) = (vec![-f32::MAX; N], vec![f32::MAX; N]);
    for number in [1, 2] {
        let update = round(&mut board, number, &start, &steps, Encoding::Int8);
        assert!(update.iter().all(|value| value.is_finite() && *value > 0.0));
        board.theta.fill(0.0);
    }
    assert_ne!(trained(&begin(1, Encoding::F32), &theta(1)), theta(1));
}

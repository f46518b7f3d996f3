//! Products of bytes against one by one in 64 bits.

use rolling_ball::kernels::bytes::ROWS;
use scenario::byte_products::{BIASES, Case, Form, LONGEST, each};

fn expected(case: &Case) -> [i32; ROWS] {
    let Case { weights, values, zero, .. } = *case;
    let product = |weight: usize, value: usize| {
        i64::from(weights[weight]) * (i64::from(values[value]) - i64::from(zero))
    };
    std::array::from_fn(|place| {
        let sum: i64 = match case.form {
            Form::Rows if weights.len() < (place + 1) * values.len() => 0,
            Form::Rows => (0..values.len()).map(|i| product(place * values.len() + i, i)).sum(),
            Form::Columns(width) => {
                (place..values.len()).step_by(width).map(|i| product(i, i)).sum()
            }
        };
        let sum = sum + i64::from(BIASES[place]);
        i32::try_from(sum).expect("so few products fit")
    })
}

#[test]
fn sums_of_products_of_bytes_are_exact_for_all_lengths_to_200_at_any_address_with_any_zero() {
    let mut longest = 0;
    each(|case| {
        assert_eq!(case.sums, expected(&case), "{case:?}");
        longest = longest.max(case.values.len());
    });
    assert_eq!(longest, LONGEST);
}

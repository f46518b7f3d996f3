//! Products of bytes against one by one in 64 bits.

use scenario::byte_products::{BIASES, Case, Form, LONGEST, Requantized, each, each_requantized};

fn expected(case: &Case, place: usize) -> i64 {
    let Case { weights, values, zero, .. } = *case;
    let product = |weight: usize, value: usize| {
        i64::from(weights[weight]) * (i64::from(values[value]) - i64::from(zero))
    };
    let length = values.len();
    match case.form {
        Form::Rows if weights.len() < (place + 1) * length => i64::from(BIASES[place]),
        Form::Rows => {
            let products = (0..length).map(|i| product(place * length + i, i));
            i64::from(BIASES[place]) + products.sum::<i64>()
        }
        Form::Columns(width) => {
            let whole = (0..length).step_by(width).filter(|line| line + case.sums.len() <= length);
            whole.map(|line| product(line + place, line + place)).sum()
        }
        Form::SomeColumns(width) if place >= width => 0,
        Form::SomeColumns(width) => (place..length).step_by(width).map(|i| product(i, i)).sum(),
    }
}

#[test]
fn sums_of_products_of_bytes_are_exact_for_all_lengths_to_200_at_any_address_with_any_zero() {
    let mut longest = 0;
    each(|case| {
        for (place, sum) in case.sums.iter().enumerate() {
            assert_eq!(i64::from(*sum), expected(&case, place), "{place} of {case:?}");
        }
        longest = longest.max(case.values.len());
    });
    assert_eq!(longest, LONGEST);
}

#[test]
fn outputs_in_bytes_are_rounded_once_for_all_numbers_of_them_to_200() {
    let (mut longest, mut different) = (0, std::collections::BTreeSet::new());
    each_requantized(|case| {
        let Requantized { biases, sums, multipliers, shifts, zero, clamps, outputs } = case;
        for (place, (sum, output)) in sums.iter().zip(outputs).enumerate() {
            let factor = place % multipliers.len();
            let bias = biases.get(place).map_or(0, |bias| i32::from_le_bytes(*bias));
            let multiplier = i128::from(i32::from_le_bytes(multipliers[factor]));
            let product = (i128::from(*sum) + i128::from(bias)) * multiplier;
            let rounded = (product + (1 << (shifts[factor] - 1))) >> shifts[factor];
            let [minimum, maximum] = clamps.map(i128::from);
            let expected = (rounded + i128::from(zero)).max(minimum).min(maximum);
            assert_eq!(i128::from(*output), expected, "{place} of {case:?}");
            different.insert(*output);
        }
        longest = longest.max(outputs.len());
    });
    assert_eq!(longest, LONGEST);
    assert!(different.len() > 50, "{different:?}");
}

//! The products of an int8 layer by every vector unit of this processor, against their definition.

use crate::support::random::Random;
use crate::with_each_level;
use rolling_ball::nn::int8::{Dense, Layer};

/// Two groups of rows, and a row that is left over.
const OUTPUTS: usize = 9;
const SHIFT: u8 = 41;

fn bytes(random: &mut Random, length: usize) -> Vec<i8> {
    let mut bytes = Vec::with_capacity(length);
    for value in random.vector(length) {
        // The ends are the likeliest to overflow.
        let byte = (value * 100.0) as i32;
        bytes.push(if byte % 7 == 0 { byte.signum() * 128 } else { byte }.clamp(-128, 127) as i8);
    }
    bytes
}

/// `clamp(round((bias + sum of w (x - zero)) multiplier / 2^shift) + output's zero)`
fn output(
    row: &[i8],
    input: &[i8],
    [zero, output_zero]: [i8; 2],
    [bias, multiplier]: [i32; 2],
) -> i8 {
    let products = row
        .iter()
        .zip(input)
        .map(|(weight, value)| i128::from(*weight) * (i128::from(*value) - i128::from(zero)));
    let sum = i128::from(bias) + products.sum::<i128>();
    let rounded = (sum * i128::from(multiplier) + (1 << (SHIFT - 1))) >> SHIFT;
    (rounded + i128::from(output_zero)).clamp(-128, 127) as i8
}

/// Parameters, an input, and the outputs by definition.
fn layer<const INPUTS: usize>(random: &mut Random) -> (Vec<u8>, Vec<i8>, Vec<i8>) {
    let zeros = [-7_i8, 3];
    let (input, weights) = (bytes(random, INPUTS), bytes(random, INPUTS * OUTPUTS));
    let words: Vec<[i32; 2]> =
        (0..OUTPUTS as i32).map(|place| [1000 - 300 * place, (1 << 30) + (place << 26)]).collect();
    let mut parameters =
        vec![zeros[0], zeros[1], -128, 127].into_iter().map(i8::cast_unsigned).collect::<Vec<_>>();
    parameters.extend(words.iter().flat_map(|[_, multiplier]| multiplier.to_le_bytes()));
    parameters.extend(words.iter().flat_map(|[bias, _]| bias.to_le_bytes()));
    parameters.extend([SHIFT; OUTPUTS]);
    parameters.extend(weights.iter().map(|weight| weight.cast_unsigned()));
    let rows = weights.chunks(INPUTS).zip(words);
    let expected = rows.map(|(row, words)| output(row, &input, zeros, words)).collect();
    (parameters, input, expected)
}

fn check<const INPUTS: usize>() {
    let (parameters, input, expected) = layer::<INPUTS>(&mut Random(5));
    with_each_level(|level| {
        let width = INPUTS.max(OUTPUTS);
        let (mut front, mut back) = (vec![0; width], vec![0; width]);
        front[..INPUTS].copy_from_slice(&input);
        let (outputs, _) =
            Dense::<INPUTS, OUTPUTS>::infer(&parameters, &mut front, &mut back, &mut []).unwrap();
        assert_eq!(outputs[..OUTPUTS], expected, "{level:?}, {INPUTS} inputs");
    });
}

#[test]
fn products_of_bytes_are_exact_on_every_vector_unit() {
    // Around the sixteen that AVX2 multiplies at once.
    check::<1>();
    check::<15>();
    check::<16>();
    check::<17>();
    check::<33>();
    check::<72>();
    check::<200>();
}

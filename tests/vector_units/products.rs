//! The products of a fully connected layer by every vector unit of this processor, against their
//! definitions.

use crate::support::cases::unless_miri;
use crate::support::numbers::bits;
use crate::support::random::Random;
use crate::with_each_level;
use rolling_ball::kernels::{Factors, Kernels, Scalar, VectorOps, Wide};

/// A matrix of `lines` by `width` is to be combined from one of `terms` by `width`.
#[derive(Clone, Copy, Debug)]
struct Shape {
    lines: usize,
    terms: usize,
    width: usize,
}

/// Around every number at which a kernel goes on to its next tile, pack or panel.
fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for &lines in unless_miri(&[1, 3, 4, 5, 15, 16, 17, 40][..], &[5, 7]) {
        for &terms in unless_miri(&[1, 2, 63, 64, 65, 130][..], &[3]) {
            for &width in unless_miri(&[1, 7, 8, 9, 16, 24, 27, 256, 265][..], &[9, 27]) {
                shapes.push(Shape { lines, terms, width });
            }
        }
    }
    shapes
}

/// Values for the slices of a product, the same whoever asks.
fn values<const COUNT: usize>(lengths: [usize; COUNT]) -> [Vec<f32>; COUNT] {
    let mut random = Random(11);
    lengths.map(|length| random.vector(length))
}

/// `combine`, with the factors of a term side by side, and with those of a target.
fn combine<K: Kernels>(Shape { lines, terms, width }: Shape, add: bool) -> [Vec<u32>; 2] {
    let [rows, factors, start] = values([terms * width, lines * terms, lines * width]);
    let values = factors.as_slice();
    let orders = [Factors::ByTerm { values, targets: lines }, Factors::ByTarget { values, terms }];
    orders.map(|factors| {
        let mut targets = start.clone();
        K::combine(width, factors, &rows, &mut targets, add);
        bits(&targets)
    })
}

fn combine_by_definition(Shape { lines, terms, width }: Shape, add: bool) -> [Vec<u32>; 2] {
    let [rows, factors, start] = values([terms * width, lines * terms, lines * width]);
    [(1, lines), (terms, 1)].map(|(target, term)| {
        let element = |place: usize| {
            let (line, column) = (place / width, place % width);
            let start = if add { start[place] } else { -0.0 };
            (0..terms).fold(start, |sum, index| {
                sum + factors[line * target + index * term] * rows[index * width + column]
            })
        };
        bits(&(0..lines * width).map(element).collect::<Vec<_>>())
    })
}

/// `transform`, with the lines as samples and the terms as outputs.
fn transform<K: Kernels>(Shape { lines, terms, width }: Shape) -> Vec<u32> {
    let [weights, biases, inputs] = values([terms * width, terms, lines * width]);
    let mut outputs = vec![f32::NAN; lines * terms];
    K::transform(width, &weights, &biases, &inputs, &mut outputs);
    bits(&outputs)
}

fn transform_by_definition(Shape { lines, terms, width }: Shape) -> Vec<u32> {
    let [weights, biases, inputs] = values([terms * width, terms, lines * width]);
    let outputs = inputs.chunks(width).flat_map(|x| {
        let rows = weights.chunks(width).zip(&biases);
        rows.map(move |(row, bias)| bias + Scalar::dot(row, x))
    });
    bits(&outputs.collect::<Vec<_>>())
}

fn agree<K: Kernels>(kernels: &str) {
    for shape in shapes() {
        for add in [false, true] {
            assert!(
                combine::<K>(shape, add) == combine_by_definition(shape, add),
                "{kernels}, {shape:?}, add {add}"
            );
        }
        assert!(transform::<K>(shape) == transform_by_definition(shape), "{kernels}, {shape:?}");
    }
}

#[test]
fn every_kernel_gives_a_product_of_any_shape_the_bits_of_its_definition() {
    agree::<Scalar>("scalar");
    with_each_level(|level| agree::<Wide>(&format!("{level:?}")));
}

fn is_nothing_without_a_term<K: Kernels>() {
    let factors = Factors::ByTarget { values: &[], terms: 0 };
    let mut targets = [1.0f32; 10];
    K::combine(5, factors, &[], &mut targets, true);
    assert_eq!(targets, [1.0; 10]);
    K::combine(5, factors, &[], &mut targets, false);
    assert_eq!(targets.map(f32::to_bits), [(-0.0f32).to_bits(); 10]);
}

#[test]
fn without_a_term_a_product_is_nothing_and_leaves_what_it_is_added_to() {
    is_nothing_without_a_term::<Scalar>();
    is_nothing_without_a_term::<Wide>();
}

//! The vector kernels on several threads against the scalar ones, which never leave the thread of
//! the caller.

use crate::evaluations::{evaluate, every_pass, layer};
use crate::support::random::Random;
use rayon::ThreadPoolBuilder;
use rolling_ball::kernels::{SEGMENT, Scalar, VectorOps, Wide};

/// The same on one thread, two and three, and more than this machine has.
fn on_any_number_of_threads<T: PartialEq + std::fmt::Debug + Send>(
    expected: &T,
    what: &str,
    work: impl Fn() -> T + Sync,
) {
    for threads in [1, 2, 3, 8] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert!(pool.install(&work) == *expected, "{what}, {threads} threads");
    }
}

#[test]
fn every_pass_gives_the_bits_of_one_thread_on_any_number() {
    let lengths = [
        SEGMENT,
        8 * SEGMENT - 1,
        8 * SEGMENT,
        8 * SEGMENT + 1,
        17 * SEGMENT + 300,
        // More sums than are kept at a time.
        66 * SEGMENT + 5,
    ];
    for length in lengths {
        let expected = every_pass::<Scalar>(length);
        on_any_number_of_threads(&expected, &format!("{length} terms"), || {
            every_pass::<Wide>(length)
        });
    }
}

#[test]
fn every_product_of_a_layer_gives_the_bits_of_one_thread_on_any_number() {
    // Samples, inputs, outputs: divided between samples, or between rows, or not at all.
    for shape in [[1, 1030, 2050], [2, 1000, 1100], [37, 310, 190], [300, 101, 77], [5, 30, 20]] {
        let expected = layer::<Scalar>(shape);
        on_any_number_of_threads(&expected, &format!("{shape:?}"), || layer::<Wide>(shape));
    }
}

#[test]
fn the_gradient_of_a_network_has_the_bits_of_one_thread_on_any_number() {
    on_any_number_of_threads(&evaluate(Scalar), "the network", || evaluate(Wide));
}

#[test]
fn slices_of_unequal_length_are_gone_through_up_to_the_shortest_on_any_number_of_threads() {
    let length = 9 * SEGMENT + 77;
    let vector = Random(9).vector(length + SEGMENT);
    let expected = Scalar::dot(&vector[..length], &vector[..length]).to_bits();
    on_any_number_of_threads(&expected, "unequal", || {
        Wide::dot(&vector, &vector[..length]).to_bits()
    });
}

//! The passes that some cores have by hand, over vectors of every length to 200, and of some that
//! begin a second and a third panel, with the same bits on every core.

use rolling_ball::kernels::{AdamCoefficients, Factors, Kernels};
use rolling_ball_rehearsal::hash;

/// The longest vector of which every length is tried.
pub const MOST: usize = 200;
/// Lengths about the ends of panels, of which each has 256 elements.
const PANELS: [usize; 12] = [255, 256, 257, 263, 264, 300, 511, 512, 513, 519, 520, 600];
const ROWS: usize = 5;
const SAMPLES: usize = 3;

const ADAM: AdamCoefficients = AdamCoefficients {
    beta1: 0.9,
    beta2: 0.99,
    rate: 0.1,
    second_correction: 1.5,
    epsilon: 1e-8,
    decay: 0.01,
};

/// All the memory that [`hash_of_passes`] needs.
#[derive(Debug)]
pub struct Memory {
    vectors: [[f32; MOST]; 4],
    inputs: [f32; SAMPLES * MOST],
    rows: [f32; ROWS * MOST],
}

impl Memory {
    /// Zeros, which take no flash.
    pub const ZERO: Self =
        Self { vectors: [[0.0; MOST]; 4], inputs: [0.0; SAMPLES * MOST], rows: [0.0; ROWS * MOST] };
}

/// A number in which every bit of every result has a part.
pub fn hash_of_passes<K: Kernels>(memory: &mut Memory) -> u32 {
    let Memory { vectors, inputs, rows } = memory;
    let (mut random, mut all) = (1, 0_u32);
    for length in 0..=MOST {
        let mut see = |values: &[f32]| all = all.rotate_left(5) ^ hash(values);
        let mut vectors = vectors.each_mut();
        for vector in &mut vectors {
            random = fill(vector.as_mut_slice(), random);
        }
        let [theta, offset, gradient, variance] =
            vectors.map(|vector| vector.get_mut(..length).unwrap_or_default());
        let (one, other) = K::squared_norms(theta, gradient);
        see(&[one, other]);
        roll_and_descend::<K>(theta, offset, gradient, &mut see);
        for square in &mut *variance {
            *square *= *square;
        }
        see(&[K::adam(theta, offset, variance, gradient, ADAM)]);
        see(theta);

        random = fill(inputs, random);
        random = fill(rows, random);
        let inputs = inputs.get(..SAMPLES * length).unwrap_or_default();
        let rows = rows.get_mut(..ROWS * length).unwrap_or_default();
        let (mut outputs, biases) = ([0.0; SAMPLES * ROWS], [0.25, -0.5, 1.0, 0.0, -2.0]);
        see(&[K::decay_and_add(offset, gradient, 0.9, 0.2)]);
        K::add_scaled(offset, -0.3, gradient);
        see(offset);
        K::transform(length, rows, &biases, inputs, &mut outputs);
        see(&outputs);
        for samples in 1..=SAMPLES {
            let values = outputs.get(..samples * ROWS).unwrap_or_default();
            let inputs = inputs.get(..samples * length).unwrap_or_default();
            for add in [false, true] {
                K::combine(length, Factors::ByTerm { values, targets: ROWS }, inputs, rows, add);
                see(rows);
            }
        }
    }
    let long = [inputs.as_mut_slice(), rows, vectors.as_flattened_mut()];
    all.rotate_left(5) ^ hash_of_panels::<K>(long, random)
}

/// What [`hash_of_passes`] is, over vectors of more than a panel.
fn hash_of_panels<K: Kernels>(vectors: [&mut [f32]; 3], mut random: u32) -> u32 {
    let mut all = 0_u32;
    let [theta, offset, gradient] = vectors;
    for length in PANELS {
        let mut see = |values: &[f32]| all = all.rotate_left(5) ^ hash(values);
        for vector in [&mut *theta, offset, gradient] {
            random = fill(vector, random);
        }
        let [theta, offset, gradient] = [&mut *theta, offset, gradient]
            .map(|vector| vector.get_mut(..length).unwrap_or_default());
        roll_and_descend::<K>(theta, offset, gradient, &mut see);
    }
    all
}

/// The passes of the ball and of gradient descent, which end panels by hand.
fn roll_and_descend<K: Kernels>(
    theta: &mut [f32],
    offset: &mut [f32],
    gradient: &mut [f32],
    see: &mut impl FnMut(&[f32]),
) {
    let sums = K::contact_sums(theta, offset, gradient);
    see(&[sums.theta, sums.gradient, sums.offset, sums.along]);
    see(&[K::roll(theta, offset, gradient, 0.3, 0.7)]);
    for vector in [&*theta, &*offset, &*gradient] {
        see(vector);
    }
    let (one, other) = K::descend(theta, gradient, 0.3);
    see(&[one, other]);
    see(theta);
    see(gradient);
}

/// Numbers in `-0.5 .. 0.5` of a linear congruential generator; its state after them.
fn fill(values: &mut [f32], mut state: u32) -> u32 {
    for value in values {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
    }
    state
}

//! The bits of whole trainings, as constants: every target compares with what x86-64 found.

use crate::support::numbers::bits;
use crate::support::optimizers::{every_optimizer, run};
use crate::support::random::Random;
use rolling_ball::kernels::{Active, Kernels, Scalar};
use rolling_ball::nn::{
    Dense, Gelu, LayerNorm, Network, Sample, SoftmaxCrossEntropy, Tanh, floats_from_le_bytes,
};

type Net = Network<
    'static,
    (Dense<6, 16>, LayerNorm<16>, Gelu<16>, Dense<16, 11>, Tanh<11>, Dense<11, 3>),
>;

/// The hash of theta after ten steps of an optimizer.
const EXPECTED: [(&str, u32); 4] = [
    ("ball, gradient descent, plain", 0xcc94_3f88),
    ("ball, lagged contact, arc length", 0x649a_e1ee),
    ("Adam", 0x4416_0bea),
    ("SAM", 0x9a07_038d),
];

/// FNV-1a of the bits.
fn hash(theta: &[f32]) -> u32 {
    let bytes = bits(theta).into_iter().flat_map(u32::to_le_bytes);
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn trained<K: Kernels + Copy + 'static>(kernels: K) -> Vec<(String, u32)> {
    let mut random = Random(11);
    let samples: Vec<_> = (0..20).map(|index| (random.vector(6), index % 3)).collect();
    let samples =
        samples.iter().map(|(input, class)| Sample { input: input.as_slice(), target: *class });
    let start = random.vector(Net::PARAMETERS);
    let mut named = every_optimizer(kernels, Net::PARAMETERS, 0.05, true);
    named.retain(|optimizer| EXPECTED.iter().any(|(name, _)| *name == optimizer.name));
    let mut trained = Vec::new();
    for mut named in named {
        let (mut theta, mut scratch) = (start.clone(), [0.0; Net::SCRATCH]);
        let network = Net::new(&[]).unwrap().with_backend(kernels);
        let loss = SoftmaxCrossEntropy::new();
        let mut batch = network.batch(loss, samples.clone(), &mut scratch).unwrap();
        run(named.optimizer.as_mut(), &mut batch, &mut theta, 10);
        trained.push((named.name, hash(&theta)));
    }
    trained
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn trainings_end_with_the_bits_of_every_other_target() {
    let expected = EXPECTED.map(|(name, hash)| (name.to_owned(), hash));
    assert_eq!(trained(Scalar), expected);
    assert_eq!(trained(Active::default()), expected);
}

#[test]
fn numbers_of_files_are_little_endian_on_every_target() {
    const NUMBERS: [f32; 3] = floats_from_le_bytes([0, 0, 128, 63, 0, 0, 0, 192, 1, 2, 3, 4]);
    assert_eq!(bits(&NUMBERS), [0x3f80_0000, 0xc000_0000, 0x0403_0201]);
}

//! A network and every optimizer, on every vector unit of this processor, against the scalar
//! kernels.

use crate::support::cases::unless_miri;
use crate::support::numbers::bits;
use crate::support::optimizers::every_optimizer;
use crate::support::random::Random;
use crate::with_each_level;
use rolling_ball::kernels::{Kernels, Scalar, Wide};
use rolling_ball::nn::{
    Conv2d, Dense, Kernel, Map, Network, Padding, Relu, Sample, SoftmaxCrossEntropy, Stride,
    Window, over,
};
use rolling_ball::{Objective, step};

/// More filters than lanes, and more outputs than a panel has terms; neither is a multiple.
type Image = Conv2d<Map<6, 5, 3>, Window<Kernel<3>, Stride<2, 1>, Padding<1, 0>>, 30>;
type Hidden = (Image, over::Relu<Image>, over::Dense<Image, 13>);
type Layers = (Hidden, Relu<13>, Dense<13, 4>);
type Net = Network<'static, Layers>;

const SAMPLES: usize = unless_miri(11, 3);

/// Loss and gradient over the samples, `together` at a time.
fn evaluate<K: Kernels>(kernels: K, together: usize) -> (u32, Vec<u32>) {
    let mut random = Random(7);
    let theta = random.vector(Net::PARAMETERS);
    let inputs: Vec<Vec<f32>> = (0..SAMPLES).map(|_| random.vector(Net::INPUTS)).collect();
    let samples = inputs
        .iter()
        .enumerate()
        .map(|(index, x)| Sample { input: x.as_slice(), target: index % 4 });
    let network = Net::new(&[]).unwrap().with_backend(kernels);
    let mut scratch = vec![0.0; Net::scratch(together)];
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch).unwrap();
    let mut gradient = vec![0.0; Net::PARAMETERS];
    let loss = objective.gradient(&theta, &mut gradient).unwrap();
    assert_eq!(objective.loss(&theta).unwrap().to_bits(), loss.to_bits());
    (loss.to_bits(), bits(&gradient))
}

/// Where every optimizer is after some steps on a bowl of three panels and a bit.
fn descend<K: Kernels + Copy + 'static>(kernels: K) -> Vec<Vec<u32>> {
    let length = unless_miri(3 * 256 + 5, 21);
    let start = Random(2).vector(length);
    every_optimizer(kernels, length, 0.02, true)
        .into_iter()
        .map(|mut named| {
            let mut theta = start.clone();
            for _ in 0..unless_miri(5, 1) {
                step(named.optimizer.as_mut(), &mut Bowl, &mut theta).unwrap();
            }
            bits(&theta)
        })
        .collect()
}

struct Bowl;

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, rolling_ball::Error> {
        Ok(theta.iter().zip(1..).map(|(t, i)| t * t / i as f32).sum())
    }

    fn gradient(
        &mut self,
        theta: &[f32],
        gradient: &mut [f32],
    ) -> Result<f32, rolling_ball::Error> {
        for ((g, t), i) in gradient.iter_mut().zip(theta).zip(1..) {
            *g = 2.0 * t / i as f32;
        }
        self.loss(theta)
    }
}

#[test]
fn every_vector_unit_and_every_number_of_samples_at_once_gives_the_bits_of_one_by_one() {
    let (expected, trajectories) = (evaluate(Scalar, 1), descend(Scalar));
    with_each_level(|level| {
        for &together in unless_miri(&[1, 2, 3, 4, 5, 8, SAMPLES, 20][..], &[2]) {
            assert_eq!(evaluate(Wide, together), expected, "{level:?}, {together} at once");
            assert_eq!(evaluate(Scalar, together), expected, "{together} at once");
        }
        assert_eq!(descend(Wide), trajectories, "{level:?}");
    });
}

//! Every pass, the products of layers and the gradient of a network, by kernels to be compared.

use crate::support::numbers::bits;
use crate::support::random::Random;
use rolling_ball::Objective;
use rolling_ball::kernels::{AdamCoefficients, Kernels};
use rolling_ball::nn::{Dense, Gradient, Network, Relu, Sample, SoftmaxCrossEntropy, dense};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A pass: its name, the bits of its sums, and a hash of what it leaves in the four vectors.
pub type Outcome = (&'static str, Vec<u32>, u64);

pub fn every_pass<K: Kernels>(length: usize) -> Vec<Outcome> {
    let mut random = Random(3);
    let mut vectors = [(); 4].map(|()| random.vector(length));
    let mut outcomes = Vec::new();
    let mut note = |name, sums: &[f32], vectors: &[Vec<f32>]| {
        let mut hasher = DefaultHasher::new();
        for vector in vectors {
            bits(vector).hash(&mut hasher);
        }
        outcomes.push((name, bits(sums), hasher.finish()));
    };
    {
        let [a, b, c, _] = &vectors;
        let (first, second) = K::squared_norms(a, b);
        let f = K::footpoint_sums(a, b, c);
        let t = K::contact_sums(a, b, c);
        note("dot", &[K::dot(a, b)], &[]);
        note("squared_norms", &[first, second], &[]);
        note("footpoint_sums", &[f.distance, f.along, f.gradient], &[]);
        note("contact_sums", &[t.theta, t.gradient, t.offset, t.along], &[]);
    }
    let adam = AdamCoefficients {
        beta1: 0.9,
        beta2: 0.999,
        rate: 0.01,
        second_correction: 1.5,
        epsilon: 1e-8,
        decay: 0.001,
    };
    let mut replace = |name, pass: &mut dyn FnMut(&mut [Vec<f32>; 4]) -> f32| {
        let sum = pass(&mut vectors);
        note(name, &[sum], &vectors);
    };
    replace("adam", &mut |[a, b, c, d]| {
        c.iter_mut().for_each(|variance| *variance = variance.abs());
        K::adam(a, b, c, d, adam)
    });
    replace("add_scaled", &mut |[a, b, ..]| {
        K::add_scaled(a, 0.3, b);
        0.0
    });
    replace("scale_into", &mut |[a, b, ..]| {
        K::scale_into(a, 0.3, b);
        0.0
    });
    replace("interpolate_into", &mut |[a, b, c, _]| {
        K::interpolate_into(a, b, c, 0.3);
        0.0
    });
    replace("rescale_move", &mut |[a, b, ..]| {
        K::rescale_move(a, b, 0.3);
        0.0
    });
    replace("repeat_move", &mut |[a, b, ..]| {
        K::repeat_move(a, b, 0.3);
        0.0
    });
    replace("displace", &mut |[a, b, c, _]| {
        K::displace(a, b, c, 0.3, 0.7);
        0.0
    });
    replace("gauss_newton_move", &mut |[a, b, c, _]| {
        K::gauss_newton_move(a, b, c, 0.3);
        0.0
    });
    replace("project", &mut |[a, b, c, _]| {
        K::project(a, b, c, 0.3, 0.7);
        0.0
    });
    replace("roll", &mut |[a, b, c, _]| K::roll(a, b, c, 0.3, 0.7));
    replace("descend", &mut |[a, b, ..]| {
        let (theta, gradient) = K::descend(a, b, 0.3);
        theta + 2.0 * gradient
    });
    replace("descend_with_momentum", &mut |[a, b, c, _]| {
        K::descend_with_momentum(a, b, c, 0.3, 0.9, true)
    });
    replace("perturb", &mut |[a, b, c, _]| {
        K::perturb(a, b, c, 0.3);
        0.0
    });
    replace("descend_from", &mut |[a, b, c, _]| {
        K::descend_from(a, b, c, 0.3);
        0.0
    });
    outcomes
}

/// What a layer of this shape gives, and its gradients.
pub fn layer<K: Kernels>([samples, width, count]: [usize; 3]) -> [Vec<u32>; 4] {
    let mut random = Random(5);
    let [weights, biases] = [width * count, count].map(|length| random.vector(length));
    let [mut input, slopes] = [width, count].map(|length| random.vector(samples * length));
    let mut output = vec![0.0; samples * count];
    dense::forward::<K>(samples, &weights, &biases, &input, &mut output).unwrap();
    let mut gradients = [&weights, &biases].map(Clone::clone);
    let [of_weights, of_biases] = gradients.each_mut().map(|values| Gradient { values, add: true });
    dense::backward::<K>(samples, &input, &slopes, of_weights, of_biases).unwrap();
    dense::backward_input::<K>(samples, &weights, &mut input, &slopes).unwrap();
    let [of_weights, of_biases] = gradients;
    [output, of_weights, of_biases, input].map(|vector| bits(&vector))
}

type Layers = (Dense<60, 300>, Relu<300>, Dense<300, 200>, Dense<200, 10>);
type Net = Network<'static, Layers>;

/// Loss and gradient over forty samples.
pub fn evaluate<K: Kernels>(kernels: K) -> (u32, Vec<u32>) {
    let mut random = Random(7);
    let theta = random.vector(Net::PARAMETERS);
    let inputs = random.vector(40 * Net::INPUTS);
    let samples = inputs
        .chunks(Net::INPUTS)
        .enumerate()
        .map(|(index, input)| Sample { input, target: index % 10 });
    let network = Net::new(&[]).unwrap().with_backend(kernels);
    let mut scratch = vec![0.0; Net::scratch(40)];
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch).unwrap();
    let mut gradient = vec![0.0; Net::PARAMETERS];
    let loss = objective.gradient(&theta, &mut gradient).unwrap();
    (loss.to_bits(), bits(&gradient))
}

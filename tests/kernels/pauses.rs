//! Kernels that pause: the bits of those that do not, and no long piece of work without a pause.

use crate::evaluations::{evaluate, every_pass, layer};
use crate::support::cases::unless_miri;
use crate::support::numbers::bits;
use crate::support::random::Random;
use rolling_ball::kernels::{Kernels, PANEL, Pause, Pausing, SEGMENT, Scalar, VectorOps};
use rolling_ball::nn::{
    Conv2d, Dense, DepthwiseConv2d, Kernel, Map, Network, Relu, Sample, Shape, SoftmaxCrossEntropy,
    Window,
};
use rolling_ball::{
    Objective, RollingBall, RollingBallConfig, ZerothOrderBall, ZerothOrderBallConfig, step,
};
use std::cell::Cell;

thread_local! {
    static PAUSES: Cell<usize> = const { Cell::new(0) };
}

struct Counted;

impl Pause for Counted {
    fn pause() {
        PAUSES.set(PAUSES.get() + 1);
    }
}

type Paused = Pausing<Counted>;

const PAUSED: Paused = Pausing::new();

/// How often the work pauses.
fn pauses<T>(work: impl FnOnce() -> T) -> usize {
    let before = PAUSES.get();
    work();
    PAUSES.get() - before
}

#[test]
fn every_pass_gives_the_bits_of_one_that_does_not_pause_whatever_its_length() {
    for length in [0, 1, 7, 8, 255, 256, 257, 1000, unless_miri(SEGMENT + 300, 600)] {
        assert_eq!(every_pass::<Paused>(length), every_pass::<Scalar>(length), "{length} terms");
    }
}

#[test]
fn every_product_of_a_layer_gives_the_bits_of_one_that_does_not_pause() {
    let large = unless_miri([3, 1030, 205], [2, 110, 41]);
    for shape in [[1, 1, 1], [2, 64, 33], [3, 7, 100], [2, 9, 700], [1, 2100, 5], large] {
        assert_eq!(layer::<Paused>(shape), layer::<Scalar>(shape), "{shape:?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_gradient_of_a_network_has_the_bits_of_kernels_that_do_not_pause() {
    assert_eq!(evaluate(PAUSED), evaluate(Scalar));
}

type Convolved = Conv2d<Map<8, 8, 3>, Window<Kernel<3>>, 6>;
type ByDepth = DepthwiseConv2d<Convolved, Window<Kernel<3>>>;
type Convolutions = Network<'static, (Convolved, ByDepth, Relu<96>, Dense<96, 4>)>;

/// Loss and gradient of convolutions over a few samples.
fn convolve<K: Kernels>(kernels: K) -> (u32, Vec<u32>) {
    let mut random = Random(11);
    let theta = random.vector(Convolutions::PARAMETERS);
    let inputs = random.vector(3 * Convolutions::INPUTS);
    let samples = inputs.chunks(Convolutions::INPUTS).map(|input| Sample { input, target: 1 });
    let network = Convolutions::new(&[]).unwrap().with_backend(kernels);
    let mut scratch = vec![0.0; Convolutions::SCRATCH];
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch).unwrap();
    let mut gradient = vec![0.0; Convolutions::PARAMETERS];
    let loss = objective.gradient(&theta, &mut gradient).unwrap();
    (loss.to_bits(), bits(&gradient))
}

#[test]
fn convolutions_pause_after_each_row_of_their_windows_with_the_same_bits() {
    assert_eq!(Convolved::LENGTH, 216);
    let counted = pauses(|| assert_eq!(convolve(PAUSED), convolve(Scalar)));
    // Three samples, three rows of a window: 36 places forward and for the weights of the first
    // layer, 16 also for the input of the second.
    let rows = 3 * 3 * (2 * 36 + 3 * 16);
    assert!(counted >= rows, "{counted} pauses in {rows} rows of windows");
}

#[test]
fn a_pass_pauses_after_each_panel() {
    for panels in [1, 4] {
        let mut vectors = [(); 3].map(|()| Random(1).vector(panels * PANEL));
        let [a, b, c] = &mut vectors;
        assert_eq!(pauses(|| Paused::squared_norms(a, b)), panels);
        assert_eq!(pauses(|| Paused::roll(a, b, c, 0.1, 0.1)), panels);
        assert_eq!(pauses(|| Paused::displace(a, b, c, 0.1, 0.1)), panels);
        assert_eq!(pauses(|| Paused::add_scaled(a, 0.1, b)), panels);
    }
}

#[test]
fn a_layer_pauses_after_2048_multiply_adds_or_two_rows() {
    for (shape, pieces) in [([1, 64, 64], 2), ([1, 64, 33], 2), ([1, 3000, 4], 2), ([2, 8, 8], 2)] {
        // Forward, the gradient with respect to the weights, and that with respect to the input.
        assert_eq!(pauses(|| layer::<Paused>(shape)), 3 * pieces, "{shape:?}");
    }
}

struct Bowl;

impl Objective for Bowl {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, rolling_ball::Error> {
        Ok(theta.iter().map(|t| t * t / 2.0).sum())
    }

    fn gradient(&mut self, theta: &[f32], slopes: &mut [f32]) -> Result<f32, rolling_ball::Error> {
        slopes.copy_from_slice(theta);
        self.loss(theta)
    }
}

/// Where four steps of a ball lead, and of the ball that needs losses only.
fn steps<K: Kernels + Copy>(kernels: K) -> [Vec<u32>; 2] {
    let mut theta = [(); 2].map(|()| Random(2).vector(3 * PANEL));
    let [first, second] = &mut theta;
    let vectors = [(); 2].map(|()| vec![0.0; first.len()]);
    let mut ball =
        RollingBall::with_backend(kernels, RollingBallConfig::default(), vectors).unwrap();
    let config = ZerothOrderBallConfig::shrinking(1.0, second.len(), 4);
    let mut losses_only = ZerothOrderBall::with_backend(kernels, config).unwrap();
    for _ in 0..4 {
        step(&mut ball, &mut Bowl, first).unwrap();
        step(&mut losses_only, &mut Bowl, second).unwrap();
    }
    theta.map(|theta| bits(&theta))
}

#[test]
fn steps_with_pauses_lead_where_those_without_do() {
    let counted = pauses(|| assert_eq!(steps(PAUSED), steps(Scalar)));
    assert!(counted > 4 * 2 * 3 * 3, "{counted} pauses in four steps of two optimizers");
}

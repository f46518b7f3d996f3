//! Networks with a batch of samples.

use rolling_ball::nn::{
    Chain, Conv2d, Dense, DepthwiseConv2d, GlobalAveragePool, Layer, Map, MaxPool, Network, Relu,
    Sample, Shape, SoftmaxCrossEntropy, Window,
};
use rolling_ball::{Error, Objective};

/// 784-128-10, for images of 28 by 28 pixels.
pub type Images = Chain<Dense<784, 128>, Chain<Relu<128>, Dense<128, 10>>>;
/// 64-32-10.
pub type Digits = Chain<Dense<64, 32>, Chain<Relu<32>, Dense<32, 10>>>;
/// Convolutions, plain, by channel and pointwise, over 8 by 8 pixels.
pub type Convolutions = Chain<Front, Chain<Back, Head>>;

type First = Conv2d<Map<8, 8, 1>, Window<3, 3, 1, 1, 1, 1>, 8>;
type Pooled = MaxPool<First, Window<2, 2, 2, 2>>;
type Spatial = DepthwiseConv2d<Pooled, Window<3, 3, 1, 1, 1, 1>>;
type Pointwise = Conv2d<Spatial, Window<1, 1>, 16>;
type Front = Chain<First, Chain<Relu<{ First::LENGTH }>, Pooled>>;
type Back = Chain<Spatial, Chain<Pointwise, Relu<{ Pointwise::LENGTH }>>>;
type Head = Chain<GlobalAveragePool<Pointwise>, Dense<16, 10>>;

/// A batch's loss, theta, and room for the gradient.
pub struct Training<'a> {
    /// The mean loss of the samples, all evaluated at once.
    pub objective: &'a mut dyn Objective,
    /// Where it starts.
    pub theta: &'a [f32],
    /// As long as theta.
    pub gradient: &'a mut [f32],
}

/// Lends a network of ten classes with this many samples.
///
/// # Errors
/// Those of the network, or of what it is lent to.
pub fn lend<L: Layer>(
    samples: usize,
    work: impl FnOnce(Training) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut theta = vec![0.0; L::PARAMETERS];
    let mut angle = 0.0f32;
    L::initialise(&mut theta, &mut || {
        angle += 1.0;
        angle.sin()
    })?;
    let input =
        |i: usize| (0..L::INPUTS).map(|j| ((i * L::INPUTS + j) as f32).sin()).collect::<Vec<_>>();
    let inputs: Vec<Vec<f32>> = (0..samples).map(input).collect();
    let stream = inputs
        .iter()
        .enumerate()
        .map(|(i, input)| Sample { input: input.as_slice(), target: i % 10 });
    let mut scratch = vec![0.0; Network::<L>::scratch(samples)];
    let network = Network::<L>::new(&[])?;
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch)?;
    let mut gradient = vec![0.0; L::PARAMETERS];
    work(Training { objective: &mut objective, theta: &theta, gradient: &mut gradient })
}

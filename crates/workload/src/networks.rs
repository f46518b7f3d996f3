//! Networks with a batch of samples.

use rolling_ball::nn::{
    Conv2d, Dense, DepthwiseConv2d, GlobalAveragePool, Kernel, Layer, Map, MaxPool, Network,
    Padding, Relu, Sample, SoftmaxCrossEntropy, Stride, Window, over,
};
use rolling_ball::{Error, Objective};

/// 784-128-10, for images of 28 by 28 pixels.
pub type Images = (Dense<784, 128>, Relu<128>, Dense<128, 10>);
/// 64-32-10.
pub type Digits = (Dense<64, 32>, Relu<32>, Dense<32, 10>);
/// Convolutions, plain, by channel and pointwise, over 8 by 8 pixels.
pub type Convolutions = (Front, Back, Head);

type First = Conv2d<Map<8, 8, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>, 8>;
type Pooled = MaxPool<First, Window<Kernel<2>, Stride<2>>>;
type Spatial = DepthwiseConv2d<Pooled, Window<Kernel<3>, Stride<1>, Padding<1>>>;
type Pointwise = Conv2d<Spatial, Window<Kernel<1>>, 16>;
type Front = (First, over::Relu<First>, Pooled);
type Back = (Spatial, Pointwise, over::Relu<Pointwise>);
type Head = (GlobalAveragePool<Pointwise>, Dense<16, 10>);

/// A batch's loss, theta, and room for the gradient.
pub struct Training<'a> {
    /// The mean loss of the samples, all evaluated at once.
    pub objective: &'a mut dyn Objective,
    /// Where it starts.
    pub theta: &'a [f32],
    /// The gradient, as long as theta.
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

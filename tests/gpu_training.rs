//! Training on a device against the same training on the processor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use rolling_ball::gpu::{self, DenseNetwork, Device, Vector};
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{Chain, Dense, Network, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Objective, RollingBall, RollingBallConfig, step};
use support::random::Random;

type Layers =
    Chain<Dense<300, 33>, Chain<Relu<33>, Chain<Dense<33, 17>, Chain<Relu<17>, Dense<17, 5>>>>>;
type Net = Network<'static, Layers>;

#[test]
fn a_training_on_the_device_has_the_bits_of_that_on_the_processor() {
    let device = Device::new().unwrap();
    let mut random = Random(3);
    let inputs = random.vector(40 * 300);
    let classes: Vec<usize> = (0..40).map(|i| i % 5).collect();
    let mut theta: Vec<f32> = random.vector(Net::PARAMETERS).iter().map(|t| t / 5.0).collect();
    let mut scratch = vec![0.0; Net::scratch(40)];
    let network = Net::new(&[]).unwrap().with_kernels(Scalar);
    let stream =
        inputs.chunks(300).zip(&classes).map(|(input, target)| Sample { input, target: *target });
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), stream, &mut scratch).unwrap();

    let on_device = DenseNetwork::new(&device, &[300, 33, 17, 5]).unwrap();
    assert_eq!(on_device.parameters(), Net::PARAMETERS);
    let mut batch = on_device.batch(&inputs, &classes).unwrap();
    let mut there = Vector::from_slice(&device, &theta).unwrap();
    batch.loss(&there).unwrap();
    assert_eq!(device.failure(), None);
    assert_eq!(batch.loss(&there).unwrap().to_bits(), objective.loss(&theta).unwrap().to_bits());
    let mut gradient = vec![0.0f32; theta.len()];
    let mut gradient_there = Vector::zeros(&device, theta.len()).unwrap();
    let loss = objective.gradient(&theta, &mut gradient).unwrap();
    assert_eq!(batch.gradient(&there, &mut gradient_there).unwrap().to_bits(), loss.to_bits());
    let same = gradient_there
        .read()
        .unwrap()
        .iter()
        .zip(&gradient)
        .filter(|(a, b)| a.to_bits() == b.to_bits())
        .count();
    assert_eq!(same, gradient.len());

    let config = RollingBallConfig { learning_rate: 0.1.into(), ..RollingBallConfig::default() };
    let workspace = [vec![0.0; theta.len()], vec![0.0; theta.len()]];
    let mut ball = RollingBall::with_kernels(Scalar, config, workspace).unwrap();
    let workspace = [0, 1].map(|_| Vector::zeros(&device, theta.len()).unwrap());
    let mut ball_there = RollingBall::with_kernels(gpu::Shaders, config, workspace).unwrap();
    for _ in 0..100 {
        let report = step(&mut ball, &mut objective, &mut theta).unwrap();
        let report_there = gpu::step(&mut ball_there, &mut batch, &mut there).unwrap();
        assert_eq!(report, report_there);
    }
    let same = there
        .read()
        .unwrap()
        .iter()
        .zip(&theta)
        .filter(|(a, b)| a.to_bits() == b.to_bits())
        .count();
    assert_eq!(same, theta.len());
}

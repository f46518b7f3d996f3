//! Training on a device against the same training on the processor.

use super::support::random::Random;
use super::{assert_alike, device, split};
use rolling_ball::gpu::{self, Batch, DenseNetwork, Device, Error, Landscape, Shaders, Vector};
use rolling_ball::kernels::Scalar;
use rolling_ball::landscapes::Rastrigin;
use rolling_ball::nn::{Dense, Network, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, AnyRollingBallConfig, ArcLength, Armijo,
    ClipNorm, GaussNewton, GradientDescent, Objective, Optimizer, Plain, RefreshedContact,
    RollingBall, RollingBallConfig, Sam, SamConfig, Sgd, SgdConfig, StepReport, WeightDecay,
};

type Rest = (Dense<33, 17>, Relu<17>, Dense<17, 5>);
type Net = Network<'static, (Dense<300, 33>, Relu<33>, Rest)>;

const WIDTHS: [usize; 4] = [300, 33, 17, 5];
const SAMPLES: usize = 40;
const N: usize = Net::PARAMETERS;
/// Of the largest number on a GPU, whose divisions and roots may be less exact, after many steps.
const PART: f32 = 1e-3;

struct Problem {
    inputs: Vec<f32>,
    classes: Vec<usize>,
    theta: Vec<f32>,
}

impl Problem {
    fn new() -> Self {
        let mut random = Random(3);
        Self {
            inputs: random.vector(SAMPLES * WIDTHS[0]),
            classes: (0..SAMPLES).map(|i| i * 7 % 5).collect(),
            theta: random.vector(N).iter().map(|t| t / 5.0).collect(),
        }
    }

    /// On the processor, over these samples.
    fn with_objective<T>(
        &self,
        samples: std::ops::Range<usize>,
        work: impl FnOnce(&mut dyn Objective) -> T,
    ) -> T {
        let mut scratch = vec![0.0; Net::scratch(7)];
        let network = Net::new(&[]).unwrap().with_backend(Scalar);
        let inputs = self.inputs.chunks(WIDTHS[0]);
        let stream =
            inputs.zip(&self.classes).map(|(input, class)| Sample { input, target: *class });
        let stream = stream.skip(samples.start).take(samples.len());
        let loss = SoftmaxCrossEntropy::new();
        work(&mut network.batch(loss, stream, &mut scratch).unwrap())
    }

    fn batch(&self, device: &Device) -> Batch {
        let network = DenseNetwork::new(device, &WIDTHS).unwrap();
        assert_eq!(network.parameters(), N);
        network.batch(&self.inputs, &self.classes).unwrap()
    }
}

#[test]
fn loss_and_gradient_of_a_network_are_those_on_the_processor() {
    let Some(device) = device() else { return };
    let problem = Problem::new();
    let mut batch = problem.batch(device);
    let theta = Vector::from_slice(device, &problem.theta).unwrap();
    let mut gradient_there = Vector::zeros(device, N).unwrap();
    for samples in [0..SAMPLES, 0..1, 3..20, SAMPLES - 1..SAMPLES] {
        batch.visit(samples.clone()).unwrap();
        let mut gradient = vec![0.0; N];
        let [loss, again] = problem.with_objective(samples, |objective| {
            let loss = objective.gradient(&problem.theta, &mut gradient).unwrap();
            [loss, objective.loss(&problem.theta).unwrap()]
        });
        let loss_there = batch.gradient(&theta, &mut gradient_there).unwrap();
        assert_alike(device, &[loss, again], &[loss_there, batch.loss(&theta).unwrap()], 1e-5);
        assert_alike(device, &gradient, &gradient_there.read().unwrap(), 1e-5);
    }
}

#[test]
fn outputs_of_a_network_are_those_on_the_processor() {
    let Some(device) = device() else { return };
    let problem = Problem::new();
    let mut batch = problem.batch(device);
    batch.visit(5..9).unwrap();
    let theta = Vector::from_slice(device, &problem.theta).unwrap();
    let outputs = batch.outputs(&theta).unwrap();
    let mut scratch = vec![0.0; Net::SCRATCH];
    let inputs = problem.inputs.chunks(WIDTHS[0]).skip(5);
    for (output, input) in outputs.chunks(5).zip(inputs) {
        let network = Net::new(&[]).unwrap();
        let expected = network.predict(&problem.theta, &input, &mut scratch).unwrap();
        assert_alike(device, expected, output, 1e-5);
    }
    assert_eq!(outputs.len(), 4 * 5);
}

/// The reports of steps with both optimizers, and theta after them, alike.
fn train(
    device: &Device,
    mut here: impl Optimizer,
    mut there: impl Optimizer<Vector>,
    steps: usize,
) {
    let problem = Problem::new();
    let mut batch = problem.batch(device);
    let mut theta = problem.theta.clone();
    let mut theta_there = Vector::from_slice(device, &theta).unwrap();
    problem.with_objective(0..SAMPLES, |objective| {
        for _ in 0..steps {
            let report = rolling_ball::step(&mut here, objective, &mut theta).unwrap();
            let report_there = gpu::step(&mut there, &mut batch, &mut theta_there).unwrap();
            assert_alike(device, &numbers(&report), &numbers(&report_there), PART);
        }
    });
    assert_alike(device, &theta, &theta_there.read().unwrap(), PART);
}

/// All of a report that is of one order of magnitude.
fn numbers(report: &StepReport) -> [f32; 5] {
    let StepReport { loss_before, loss_after, gradient_norm, absolute_update, .. } = *report;
    let gap = report.contact_gap.unwrap_or(0.0);
    [loss_before, loss_after.unwrap_or(0.0), gradient_norm.unwrap(), absolute_update.unwrap(), gap]
}

fn vectors<const COUNT: usize>(device: &Device) -> [Vector; COUNT] {
    [(); COUNT].map(|()| Vector::zeros(device, N).unwrap())
}

fn slices<const COUNT: usize>() -> [Vec<f32>; COUNT] {
    [(); COUNT].map(|()| vec![0.0; N])
}

fn ball(device: &Device, config: AnyRollingBallConfig, steps: usize) {
    let config = RollingBallConfig { learning_rate: 0.1.into(), ..config };
    let here = RollingBall::with_backend(Scalar, config, slices()).unwrap();
    let there = RollingBall::with_backend(Shaders, config, vectors(device)).unwrap();
    train(device, here, there, steps);
}

#[test]
fn a_hundred_steps_of_the_ball_are_those_on_the_processor() {
    let Some(device) = device() else { return };
    ball(device, RollingBallConfig::default().into_any(), 100);
}

#[test]
fn every_form_of_the_ball_rolls_as_on_the_processor() {
    let Some(device) = device() else { return };
    for footpoint in [
        AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 2 }),
        AnyFootpoint::GaussNewton(GaussNewton { tolerance: 1e-3, max_iterations: 10 }),
        AnyFootpoint::GradientDescent(GradientDescent { step: 0.1, iterations: 3 }),
    ] {
        for centre_step in [
            AnyCentreStep::Plain(Plain),
            AnyCentreStep::ArcLength(ArcLength),
            AnyCentreStep::Armijo(Armijo::default()),
        ] {
            let config = RollingBallConfig::default()
                .with_footpoint(footpoint)
                .with_centre_step(centre_step);
            ball(device, config, 10);
        }
    }
}

#[test]
fn the_baselines_go_as_on_the_processor() {
    let Some(device) = device() else { return };
    let plain = SgdConfig { learning_rate: 0.1.into(), ..SgdConfig::default() };
    for config in [
        plain,
        SgdConfig { momentum: 0.9, ..plain },
        SgdConfig { momentum: 0.9, nesterov: true, roll_back: false, ..plain },
        SgdConfig { line_search: Some(Armijo::default()), ..plain },
    ] {
        let [gradient, velocity] = slices();
        let velocity = (config.momentum > 0.0).then_some(velocity);
        let here = Sgd::with_backend(Scalar, config, gradient, velocity).unwrap();
        let [gradient, velocity] = vectors(device);
        let velocity = (config.momentum > 0.0).then_some(velocity);
        let there = Sgd::with_backend(Shaders, config, gradient, velocity).unwrap();
        train(device, here, there, 20);
    }
    let config = AdamConfig { learning_rate: 0.003.into(), ..AdamConfig::default() };
    let here = Adam::with_backend(Scalar, config, slices()).unwrap();
    let there = Adam::with_backend(Shaders, config, vectors(device)).unwrap();
    train(device, here, there, 20);
    let config = SamConfig { learning_rate: 0.1.into(), ..SamConfig::default() };
    let here = Sam::with_backend(Scalar, config, slices()).unwrap();
    let there = Sam::with_backend(Shaders, config, vectors(device)).unwrap();
    train(device, here, there, 20);
}

#[test]
fn clipping_and_decay_go_as_on_the_processor() {
    let Some(device) = device() else { return };
    let config = RollingBallConfig::default();
    let here = RollingBall::with_backend(Scalar, config, slices()).unwrap();
    let here = ClipNorm::with_backend(Scalar, here, 0.5).unwrap();
    let here = WeightDecay::with_backend(Scalar, here, 1e-3).unwrap();
    let there = RollingBall::with_backend(Shaders, config, vectors(device)).unwrap();
    let there = ClipNorm::with_backend(Shaders, there, 0.5).unwrap();
    let there = WeightDecay::with_backend(Shaders, there, 1e-3).unwrap();
    train(device, here, there, 20);
}

#[test]
fn what_is_no_network_and_no_batch_is_refused() {
    let Some(device) = device() else { return };
    for widths in [&[][..], &[3], &[3, 0, 2]] {
        assert!(matches!(DenseNetwork::new(device, widths), Err(Error::Step(_))), "{widths:?}");
    }
    let network = DenseNetwork::new(device, &[3, 2]).unwrap();
    let refused = |inputs: &[f32], classes: &[usize]| match network.batch(inputs, classes) {
        Err(Error::Step(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[], &[]), rolling_ball::Error::NoSamples);
    let error = rolling_ball::Error::Length { what: "inputs", expected: 3, actual: 2 };
    assert_eq!(refused(&[0.0; 2], &[0]), error);
    let error = rolling_ball::Error::Class { class: 2, classes: 2 };
    assert_eq!(refused(&[0.0; 3], &[2]), error);
    let mut batch = network.batch(&[0.0; 6], &[0, 1]).unwrap();
    assert_eq!(batch.visit(1..1), Err(Error::Step(rolling_ball::Error::NoSamples)));
    assert!(batch.visit(1..3).is_err());
    let theta = Vector::zeros(device, 7).unwrap();
    let error = rolling_ball::Error::Length { what: "theta", expected: 8, actual: 7 };
    assert_eq!(batch.loss(&theta), Err(error));
    assert_eq!(batch.outputs(&theta), Err(Error::Step(error)));
}

#[test]
fn a_network_larger_than_a_binding_is_refused_with_the_limit() {
    let Some(device) = split(1) else { return };
    let error = DenseNetwork::new(&device, &[1000, 66]).unwrap_err();
    let what = "bytes of theta in a binding";
    assert_eq!(error, Error::Limit { what, needed: 4 * 66_066, available: 4 * 65_536 });
}

#[test]
fn a_step_on_a_device_that_has_failed_says_why() {
    let [Some(first), Some(other)] = [split(2), split(3)] else { return };
    let network = DenseNetwork::new(&first, &[3, 2]).unwrap();
    let mut batch = network.batch(&[1.0; 3], &[0]).unwrap();
    let mut theta = Vector::zeros(&first, 8).unwrap();
    let gradient = Vector::zeros(&other, 8).unwrap();
    let mut sgd = Sgd::with_backend(Shaders, SgdConfig::default(), gradient, None).unwrap();
    let failed = gpu::step(&mut sgd, &mut batch, &mut theta).unwrap_err();
    assert_eq!(Some(failed), first.failure());
    assert!(batch.loss(&theta).unwrap().is_nan());
}

#[test]
fn a_theta_of_another_device_is_refused() {
    let [Some(first), Some(other)] = [split(2), split(3)] else { return };
    let theta = Vector::zeros(&other, 8).unwrap();
    let network = DenseNetwork::new(&first, &[3, 2]).unwrap();
    let mut batch = network.batch(&[1.0; 3], &[0]).unwrap();
    assert_eq!(batch.outputs(&theta), Err(Error::SeveralDevices));
    assert!(batch.loss(&theta).unwrap().is_nan());
    assert_eq!(first.failure(), Some(Error::SeveralDevices));
    let Some(third) = split(4) else { return };
    let mut bowl = Landscape::new(&third, &Rastrigin, 8).unwrap();
    assert!(bowl.loss(&theta).unwrap().is_nan());
    assert_eq!((third.failure(), other.failure()), (Some(Error::SeveralDevices), None));
}

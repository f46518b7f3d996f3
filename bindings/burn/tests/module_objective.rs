#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! A burn module as an objective.

use burn::module::Module;
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rolling_ball::nn::{Dense, Network, Relu, Sample, SoftmaxCrossEntropy};
use rolling_ball::{Error, Objective, RollingBall, RollingBallConfig, Sgd, SgdConfig, step};
use rolling_ball_burn::ModuleObjective;

#[derive(Module, Debug)]
struct Perceptron {
    hidden: Linear,
    output: Linear,
}

impl Perceptron {
    fn new(device: &Device) -> Self {
        Self {
            hidden: LinearConfig::new(3, 4).init(device),
            output: LinearConfig::new(4, 2).init(device),
        }
    }

    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        self.output.forward(activation::relu(self.hidden.forward(inputs)))
    }
}

type Samples = (Tensor<2>, Tensor<1, Int>);

const INPUTS: [[f32; 3]; 4] =
    [[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [-1.0, 1.0, 0.0], [0.0, 0.5, 1.0]];
const CLASSES: [usize; 4] = [0, 1, 1, 0];

fn samples(device: &Device) -> Samples {
    let classes = CLASSES.map(|class| class as i64);
    (Tensor::from_data(INPUTS, device), Tensor::from_data(classes, device))
}

fn cross_entropy(module: &Perceptron, (inputs, classes): &Samples) -> Tensor<1> {
    let logits = module.forward(inputs.clone());
    CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, classes.clone())
}

fn objective() -> ModuleObjective<Perceptron, Samples, fn(&Perceptron, &Samples) -> Tensor<1>> {
    let device = Device::default();
    ModuleObjective::new(Perceptron::new(&device), samples(&device), cross_entropy)
}

/// burn keeps a linear layer's weights by input, rolling-ball by output.
fn transposed<const INPUTS: usize, const OUTPUTS: usize>(burn: &[f32], ours: &mut Vec<f32>) {
    let (weights, biases) = burn.split_at(INPUTS * OUTPUTS);
    for output in 0..OUTPUTS {
        ours.extend(weights.iter().skip(output).step_by(OUTPUTS));
    }
    ours.extend(biases);
}

fn in_our_order(burn: &[f32]) -> Vec<f32> {
    let mut ours = Vec::new();
    let (hidden, output) = burn.split_at(3 * 4 + 4);
    transposed::<3, 4>(hidden, &mut ours);
    transposed::<4, 2>(output, &mut ours);
    ours
}

#[test]
fn losses_and_gradients_are_those_of_the_same_network_in_rolling_ball() -> Result<(), Error> {
    type Net = Network<'static, (Dense<3, 4>, Relu<4>, Dense<4, 2>)>;
    let mut burn = objective();
    let theta = burn.theta();
    let mut gradient = vec![0.0; theta.len()];
    let loss = burn.gradient(&theta, &mut gradient)?;

    let samples =
        INPUTS.iter().zip(CLASSES).map(|(input, target)| Sample { input: &input[..], target });
    let mut scratch = [0.0; Net::SCRATCH];
    let network = Net::new(&[])?;
    let mut ours = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch)?;
    let mut expected = vec![0.0; theta.len()];
    let expected_loss = ours.gradient(&in_our_order(&theta), &mut expected)?;

    assert!((loss - expected_loss).abs() < 1e-6, "{loss}, {expected_loss}");
    assert!((burn.loss(&theta)? - loss).abs() < 1e-6);
    for (told, expected) in in_our_order(&gradient).iter().zip(&expected) {
        assert!((told - expected).abs() < 1e-6, "{gradient:?}, {expected:?}");
    }
    Ok(())
}

#[test]
fn the_ball_trains_a_module_and_gives_it_back() -> Result<(), Error> {
    let mut objective = objective();
    let mut theta = objective.theta();
    let before = objective.loss(&theta)?;
    let workspace = [vec![0.0; theta.len()], vec![0.0; theta.len()]];
    let mut ball = RollingBall::new(RollingBallConfig::shrinking(0.03, 1.0, 100), workspace)?;
    for _ in 0..100 {
        step(&mut ball, &mut objective, &mut theta)?;
    }
    let after = objective.loss(&theta)?;
    assert!(after < 0.2 * before, "{before}, {after}");
    let trained = objective.into_module(&theta)?;
    let told = cross_entropy(&trained, &samples(&Device::default())).into_scalar::<f32>();
    assert!((told - after).abs() < 1e-6);
    Ok(())
}

#[test]
fn frozen_parameters_are_not_in_theta() {
    let device = Device::default();
    let mut module = Perceptron::new(&device);
    module.hidden = module.hidden.no_grad();
    let frozen = module.hidden.weight.val().into_data();
    let mut objective = ModuleObjective::new(module, samples(&device), cross_entropy);
    assert_eq!(objective.parameters(), 4 * 2 + 2);
    let mut theta = objective.theta();
    let mut sgd = Sgd::new(SgdConfig::default(), vec![0.0; theta.len()], None).unwrap();
    step(&mut sgd, &mut objective, &mut theta).unwrap();
    let trained = objective.into_module(&theta).unwrap();
    assert_eq!(trained.hidden.weight.val().into_data(), frozen);
}

#[test]
fn a_parameter_that_the_loss_does_not_use_has_no_slope() -> Result<(), Error> {
    let device = Device::default();
    let only_hidden = |module: &Perceptron, (inputs, _): &Samples| {
        let hidden = module.hidden.forward(inputs.clone());
        MseLoss::new().forward(hidden.clone(), hidden.zeros_like(), Reduction::Mean)
    };
    let mut objective =
        ModuleObjective::new(Perceptron::new(&device), samples(&device), only_hidden);
    let theta = objective.theta();
    let mut gradient = vec![f32::NAN; theta.len()];
    objective.gradient(&theta, &mut gradient)?;
    assert!(gradient[..16].iter().any(|slope| *slope != 0.0));
    assert_eq!(gradient[16..], [0.0; 10]);
    Ok(())
}

#[test]
fn vectors_of_another_length_are_refused() {
    let mut objective = objective();
    let (expected, actual) = (26, 25);
    let refusal = |what| Err(Error::Length { what, expected, actual });
    assert_eq!(objective.loss(&[0.0; 25]), refusal("theta"));
    assert_eq!(objective.gradient(&[0.0; 26], &mut [0.0; 25]), refusal("gradient"));
    assert_eq!(objective.into_module(&[0.0; 25]).map(|_| 0.0), refusal("theta"));
}

#[test]
fn a_loss_of_several_numbers_is_refused() {
    let device = Device::default();
    let two = |_: &Perceptron, _: &Samples| {
        Tensor::<1>::from_data(TensorData::from([1.0_f32, 2.0]), &Device::default())
    };
    let mut objective = ModuleObjective::new(Perceptron::new(&device), samples(&device), two);
    let theta = objective.theta();
    assert_eq!(
        objective.loss(&theta),
        Err(Error::Length { what: "loss tensor", expected: 1, actual: 2 })
    );
}

//! A network behind functions in C's layout: the bits are those of direct calls, and what is wrong
//! is answered.
#![cfg(feature = "shared-library")]

use rolling_ball::kernels::Scalar;
use rolling_ball::nn::QuantizedSamples;
use rolling_ball_rehearsal::shared_library::{
    Answer, FineTune, FineTuned, Functions, Gradient, Inputs, Outputs, Refused, Rehearse, Train,
    Trained,
};
use rolling_ball_rehearsal::{
    Accuracy, Buffers, Event, Image, Model, OptimizerKind, Settings, StepEvent, fine_tune, hash,
};

mod network {
    use rolling_ball::{Error, nn};

    pub type Layers = (nn::Dense<4, 6>, nn::Tanh<6>, nn::Dense<6, 3>);
    pub type Network = nn::Network<'static, Layers>;
    pub static THETA: [f32; Network::PARAMETERS] = {
        let (mut theta, mut index) = ([0.0; Network::PARAMETERS], 0);
        while index < Network::PARAMETERS {
            theta[index] = (index * 7 % 11) as f32 / 11.0 - 0.45;
            index += 1;
        }
        theta
    };

    pub fn network() -> Result<Network, Error> {
        Network::new(&[])
    }
}

rolling_ball_rehearsal::shared_library!(network, "small", 42, (0.0078125, -1.0));

const FUNCTIONS: &Functions = &ROLLING_BALL_NETWORK;
const COUNT: usize = 18;

fn samples() -> (Vec<u8>, Vec<u8>) {
    let label = |index: usize| (index % 3) as u8;
    let byte = |index: usize| label(index / 4) * 80 + (index * 37 % 41) as u8;
    ((0..4 * COUNT).map(byte).collect(), (0..COUNT).map(label).collect())
}

#[test]
fn a_rehearsal_has_the_bits_of_a_run() {
    let (inputs, labels) = samples();
    let (scale, offset) = (FUNCTIONS.scale, FUNCTIONS.offset);
    let samples = QuantizedSamples { inputs: &inputs, labels: &labels, width: 4, scale, offset };
    let optimizer = OptimizerKind::Ball;
    let settings = Settings { optimizer, steps: 9, batch: 7, radius: 0.1, learning_rate: 0.5 };
    let start = &network::THETA;
    let image = Image { settings, weights: start, labelled: samples, held_out: samples };
    let model = Model { network: network::network().unwrap(), start, image };
    let mut vectors = [const { Vec::new() }; 4].map(|_: Vec<f32>| vec![0.0; start.len()]);
    let [theta, first, second, third] = &mut vectors;
    let workspace = [first, second, third].map(Vec::as_mut_slice);
    let mut scratch = vec![0.0; network::Network::SCRATCH];
    let buffers = Buffers { theta, workspace, scratch: &mut scratch, features: &mut [] };
    let mut expected = Vec::new();
    fine_tune(
        Scalar,
        &model,
        buffers,
        || 0,
        |event| {
            if let Event::Step(step) = event {
                expected.push(step);
            }
        },
    )
    .unwrap();

    for scalar in [0, 1] {
        let mut theta = vec![0.0; start.len()];
        let mut told = vec![StepEvent::default(); 9];
        let mut accuracies = [Accuracy::default(); 2];
        let mut asked = Rehearse {
            optimizer: optimizer.id(),
            steps: 9,
            batch: 7,
            radius: 0.1,
            learning_rate: 0.5,
            scalar,
            scale,
            offset,
            start: FUNCTIONS.theta,
            inputs: inputs.as_slice().into(),
            labels: labels.as_slice().into(),
            held_out_inputs: inputs.as_slice().into(),
            held_out_labels: labels.as_slice().into(),
            theta: theta.as_mut_slice().into(),
            told: told.as_mut_slice().into(),
            accuracies: accuracies.as_mut_slice().into(),
        };
        assert_eq!((FUNCTIONS.rehearse)(&mut asked).into_result(), Ok(()));
        assert_eq!(told, expected);
        assert_eq!(Some(hash(&theta)), expected.last().map(|step| step.hash));
        assert_eq!(accuracies[1].samples, COUNT as u32);
    }
}

#[test]
fn a_fine_tuning_and_a_round_lower_the_loss_and_tell_of_it() {
    let (inputs, labels) = samples();
    let labels: Vec<u32> = labels.into_iter().map(u32::from).collect();
    let (scale, offset) = (FUNCTIONS.scale, FUNCTIONS.offset);
    let inputs = Inputs { bytes: inputs.as_slice().into(), scale, offset, ..Inputs::default() };
    let loss = |theta: &[f32]| {
        let (mut loss, mut slope) = ([0.0], vec![0.0; theta.len()]);
        let mut asked = Gradient {
            theta: theta.into(),
            inputs,
            labels: labels.as_slice().into(),
            targets: (&[][..]).into(),
            kind: Gradient::CROSS_ENTROPY,
            delta: 1.0,
            gradient: slope.as_mut_slice().into(),
            loss: (&mut loss[..]).into(),
        };
        assert_eq!((FUNCTIONS.gradient)(&mut asked).into_result(), Ok(()));
        assert!(slope.iter().any(|slope| *slope != 0.0));
        loss[0]
    };
    let start = loss(&network::THETA);

    let mut theta = vec![0.0; network::THETA.len()];
    let (mut credibilities, mut report) = ([0.0; COUNT], [FineTuned::default()]);
    let mut asked = FineTune {
        start: FUNCTIONS.theta,
        inputs,
        labels: labels.as_slice().into(),
        groups: (&[][..]).into(),
        old_inputs: Inputs::default(),
        old_labels: (&[][..]).into(),
        fold_steps: 15,
        steps: 40,
        mini_batch: 0,
        seed: 1,
        pull: 1.0,
        theta: theta.as_mut_slice().into(),
        credibilities: (&mut credibilities[..]).into(),
        report: (&mut report[..]).into(),
    };
    assert_eq!((FUNCTIONS.fine_tune)(&mut asked).into_result(), Ok(()));
    assert!(report[0].kept > 0.0 && report[0].refusal == 0 && loss(&theta) < start);
    assert!(credibilities.iter().all(|label| (0.0..=1.0).contains(label)));

    for guarded in [0, 1] {
        let mut trained = [Trained::default()];
        let mut asked = Train {
            start: FUNCTIONS.theta,
            inputs,
            labels: labels.as_slice().into(),
            steps: 20,
            batch: 6,
            seed: 3,
            radius: 0.05,
            learning_rate: 0.5,
            guarded,
            theta: theta.as_mut_slice().into(),
            trained: (&mut trained[..]).into(),
        };
        assert_eq!((FUNCTIONS.train)(&mut asked).into_result(), Ok(()));
        assert_eq!(trained[0].samples, COUNT as u32);
        assert!(trained[0].loss_after < trained[0].loss_before);
    }
}

fn refused(answer: Answer, expected: &str) {
    let Err(Refused::Wrong(said)) = answer.into_result() else { panic!("expected a refusal") };
    assert!(said.contains(expected), "{said}");
}

#[test]
fn what_has_another_length_is_refused_with_both_lengths() {
    let (mut outputs, input) = ([0.0; 3], [1.0_f32; 4]);
    let inputs = Inputs { floats: (&input[..]).into(), ..Inputs::default() };
    let theta = (&network::THETA[1..]).into();
    let mut asked = Outputs { theta, inputs, outputs: (&mut outputs[..]).into() };
    refused((FUNCTIONS.outputs)(&mut asked), "expected length 51, got 50");
    let theta = FUNCTIONS.theta;
    let mut asked = Outputs { theta, inputs, outputs: (&mut outputs[1..]).into() };
    refused((FUNCTIONS.outputs)(&mut asked), "outputs: expected length 3, got 2");
}

#[test]
fn what_is_no_loss_no_class_or_no_setting_of_a_round_is_refused_by_its_name() {
    let input = [1.0_f32; 4];
    let inputs = Inputs { floats: (&input[..]).into(), ..Inputs::default() };
    for (kind, label, expected) in [(9, 0, "loss: expected"), (0, 3, "class")] {
        let (mut loss, labels) = ([0.0], [label]);
        let mut asked = Gradient {
            theta: FUNCTIONS.theta,
            inputs,
            labels: (&labels[..]).into(),
            targets: (&[][..]).into(),
            kind,
            delta: 1.0,
            gradient: (&mut [][..]).into(),
            loss: (&mut loss[..]).into(),
        };
        refused((FUNCTIONS.gradient)(&mut asked), expected);
    }
    for (steps, radius, rate, expected) in [
        (0, 0.1, 0.5, "steps: expected a finite number above 0"),
        (5, -0.1, 0.5, "radius: expected a finite number above 0"),
        (5, 0.1, f32::NAN, "learning rate: expected a finite number above 0"),
    ] {
        let (mut theta, mut trained) = (network::THETA, [Trained::default()]);
        let mut asked = Train {
            start: FUNCTIONS.theta,
            inputs,
            labels: (&[0][..]).into(),
            steps,
            batch: 0,
            seed: 1,
            radius,
            learning_rate: rate,
            guarded: 0,
            theta: (&mut theta[..]).into(),
            trained: (&mut trained[..]).into(),
        };
        refused((FUNCTIONS.train)(&mut asked), expected);
    }
}

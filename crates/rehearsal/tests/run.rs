//! A run from an image: what it tells, in which order, with which numbers, and what it refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use core::cell::Cell;
use oorandom::Rand32;
use rolling_ball::kernels::{Active, Kernels, Scalar};
use rolling_ball::nn::{
    self, Dense, FloatBackbone, Gradient, Layer, Memory, Network, Parameters, Quantized,
    QuantizedSamples, Relu, Sample, SoftmaxCrossEntropy,
};
use rolling_ball::{Error, Objective};
use rolling_ball_rehearsal::{
    Accuracy, Buffers, Event, Image, Model, OptimizerKind, Settings, StepEvent, accuracy,
    fine_tune, whole,
};
use support::{bits, byte, written};

const WIDTH: usize = 4;
const CLASSES: usize = 3;
const SCALE: f32 = 1.0 / 128.0;
const OFFSET: f32 = -1.0;
const LABELLED: usize = 10;
const STEPS: u32 = 30;

type Tail = (Dense<WIDTH, 8>, Relu<8>, Dense<8, CLASSES>);

/// What an image is made of.
#[derive(Clone)]
struct Scene {
    settings: Settings,
    weights: Vec<f32>,
    labelled: (Vec<u8>, Vec<u8>),
    held_out: (Vec<u8>, Vec<u8>),
    width: usize,
}

impl Scene {
    /// Random inputs; the class says which of the first three bytes is the largest.
    fn new(optimizer: OptimizerKind) -> Self {
        let mut random = Rand32::new(3);
        let mut weights = vec![0.0; Tail::PARAMETERS];
        // No weight is zero, so that a rate that is small enough moves none.
        weights.fill_with(|| (f32::from(byte(&mut random)) - 127.5) / 256.0);
        let mut samples = |count: usize| {
            let inputs: Vec<u8> = (0..count * WIDTH).map(|_| byte(&mut random)).collect();
            let label =
                |input: &[u8]| (0..CLASSES).max_by_key(|class| input[*class]).unwrap() as u8;
            let labels = inputs.chunks_exact(WIDTH).map(label).collect();
            (inputs, labels)
        };
        let (labelled, held_out) = (samples(LABELLED), samples(25));
        let (learning_rate, radius) = match optimizer {
            OptimizerKind::Adam => (0.05, 1.0),
            OptimizerKind::Momentum => (0.1, 1.0),
            OptimizerKind::ZerothOrderBall => (1.0, 4.0),
            _ => (0.5, 0.05),
        };
        let settings = Settings { optimizer, steps: STEPS, batch: 0, radius, learning_rate };
        Self { settings, weights, labelled, held_out, width: WIDTH }
    }

    fn with(optimizer: OptimizerKind, change: impl FnOnce(&mut Settings)) -> Self {
        let mut scene = Self::new(optimizer);
        change(&mut scene.settings);
        scene
    }

    fn image(&self) -> Image<'_> {
        Image {
            settings: self.settings,
            weights: &self.weights,
            labelled: self.samples(&self.labelled),
            held_out: self.samples(&self.held_out),
        }
    }

    fn samples<'a>(&self, (inputs, labels): &'a (Vec<u8>, Vec<u8>)) -> QuantizedSamples<'a> {
        QuantizedSamples { inputs, labels, width: self.width, scale: SCALE, offset: OFFSET }
    }
}

/// How a run went.
struct Run {
    result: Result<(), Error>,
    events: Vec<Event>,
    theta: Vec<f32>,
}

impl Run {
    fn steps(&self) -> Vec<StepEvent> {
        let step = |event: &Event| match event {
            Event::Step(step) => Some(*step),
            _ => None,
        };
        self.events.iter().filter_map(step).collect()
    }

    fn hashes(&self) -> Vec<u32> {
        self.steps().iter().map(|step| step.hash).collect()
    }
}

/// Lengths of the three vectors of the workspace, and of the scratch slice.
#[derive(Clone, Copy)]
struct Lengths {
    theta: usize,
    workspace: [usize; 3],
    scratch: usize,
}

const LENGTHS: Lengths = Lengths {
    theta: Tail::PARAMETERS,
    workspace: [Tail::PARAMETERS; 3],
    scratch: Network::<Tail>::SCRATCH,
};

fn run_with<T: Layer, K: Kernels + Copy>(
    kernels: K,
    image: &Image,
    lengths: Lengths,
    clock: impl Fn() -> u64,
) -> Run {
    // What lay in the memory before does not matter.
    let mut theta = vec![f32::NAN; lengths.theta];
    let [mut a, mut b, mut c] = lengths.workspace.map(|length| vec![f32::NAN; length]);
    let mut scratch = vec![f32::NAN; lengths.scratch];
    let workspace = [a.as_mut_slice(), b.as_mut_slice(), c.as_mut_slice()];
    let buffers =
        Buffers { theta: &mut theta, workspace, scratch: &mut scratch, features: &mut [] };
    let mut events = Vec::new();
    let result = fine_tune(kernels, &whole::<T>(image).unwrap(), buffers, clock, |event| {
        events.push(event);
    });
    Run { result, events, theta }
}

fn run(scene: &Scene) -> Run {
    run_with::<Tail, _>(Active::default(), &scene.image(), LENGTHS, || 0)
}

/// A run that must succeed.
fn success(scene: &Scene) -> Run {
    let run = run(scene);
    assert_eq!(run.result, Ok(()));
    run
}

/// A run that must fail, after these events.
fn refused(scene: &Scene, lengths: Lengths, told: usize) -> Error {
    let run = run_with::<Tail, _>(Active::default(), &scene.image(), lengths, || 0);
    assert_eq!(run.events.len(), told, "{:?}", run.events);
    assert!(run.steps().is_empty(), "a step was told");
    run.result.expect_err("the run succeeded")
}

/// Counted by hand from the network's outputs.
fn right_ones(theta: &[f32], samples: &(Vec<u8>, Vec<u8>)) -> Accuracy {
    let network = Network::<Tail>::new(&[]).unwrap();
    let mut scratch = vec![0.0; Network::<Tail>::SCRATCH];
    let (mut correct, mut bytes) = (0, Vec::new());
    for (input, label) in samples.0.chunks_exact(WIDTH).zip(&samples.1) {
        let input: Vec<f32> = input.iter().map(|byte| f32::from(*byte) * SCALE + OFFSET).collect();
        let outputs = network.predict(theta, &input.as_slice(), &mut scratch).unwrap();
        let largest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        correct += u32::from(outputs[usize::from(*label)] == largest);
        bytes.extend(outputs.iter().flat_map(|output| output.to_le_bytes()));
    }
    let outputs = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes);
    Accuracy { correct, samples: samples.1.len() as u32, outputs }
}

/// The loss of the labelled samples with these indices.
fn loss_of(scene: &Scene, theta: &[f32], indices: &[usize]) -> f32 {
    let sample = |index: &usize| Sample {
        input: Quantized {
            values: &scene.labelled.0[index * WIDTH..][..WIDTH],
            scale: SCALE,
            offset: OFFSET,
        },
        target: usize::from(scene.labelled.1[*index]),
    };
    let network = Network::<Tail>::new(&[]).unwrap();
    let mut scratch = vec![0.0; Network::<Tail>::SCRATCH];
    let samples = indices.iter().map(sample);
    network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch).unwrap().loss(theta).unwrap()
}

#[test]
fn every_optimizer_lowers_the_loss_by_a_third() {
    for kind in OptimizerKind::ALL {
        let scene = Scene::new(kind);
        let run = success(&scene);
        let all: Vec<usize> = (0..LABELLED).collect();
        let (before, after) =
            (loss_of(&scene, &scene.weights, &all), loss_of(&scene, &run.theta, &all));
        assert!(3.0 * after < 2.0 * before, "{}: {before}, then {after}", kind.name());
        if kind != OptimizerKind::ZerothOrderBall {
            // That one never asks for the loss where it is.
            assert_eq!(run.steps()[0].loss, before);
        }
        assert!(run.steps()[STEPS as usize - 1].loss < run.steps()[0].loss);
    }
}

#[test]
fn every_optimizer_makes_the_steps_that_the_image_asks_for_in_order() {
    for kind in OptimizerKind::ALL {
        for steps in [1, 2, STEPS] {
            let run = success(&Scene::with(kind, |settings| settings.steps = steps));
            let told: Vec<u32> = run.steps().iter().map(|step| step.step).collect();
            assert_eq!(told, (0..steps).collect::<Vec<_>>(), "{}", kind.name());
        }
    }
}

#[test]
fn a_step_costs_a_gradient_and_a_loss_with_sam_two_gradients_and_without_any_two_losses() {
    for kind in OptimizerKind::ALL {
        let evaluations = match kind {
            OptimizerKind::Sam => (2, 1),
            OptimizerKind::ZerothOrderBall => (0, 2),
            _ => (1, 1),
        };
        for step in success(&Scene::new(kind)).steps() {
            assert_eq!((step.gradients, step.losses), evaluations, "{}", kind.name());
        }
    }
}

#[test]
fn before_comes_first_and_after_last_and_each_once() {
    for kind in OptimizerKind::ALL {
        let run = success(&Scene::new(kind));
        assert_eq!(run.events.len(), STEPS as usize + 2);
        assert!(matches!(run.events.first(), Some(Event::Before(_))), "{}", kind.name());
        assert!(matches!(run.events.last(), Some(Event::After(_))), "{}", kind.name());
        assert_eq!(run.steps().len(), STEPS as usize);
    }
}

#[test]
fn the_accuracies_are_those_of_the_images_weights_and_of_the_final_theta() {
    for kind in OptimizerKind::ALL {
        let scene = Scene::new(kind);
        let run = success(&scene);
        let held_out = |theta: &[f32]| right_ones(theta, &scene.held_out);
        let (before, after) = (held_out(&scene.weights), held_out(&run.theta));
        assert_eq!(run.events.first(), Some(&Event::Before(before)), "{}", kind.name());
        assert_eq!(run.events.last(), Some(&Event::After(after)), "{}", kind.name());
        // A count that is always the same would prove nothing.
        assert_ne!(before.correct, after.correct, "{}", kind.name());
    }
}

#[test]
fn accuracy_counts_the_samples_whose_largest_output_is_their_label() {
    let scene = Scene::new(OptimizerKind::Sgd);
    let network = Network::<Tail>::new(&[]).unwrap();
    let mut scratch = vec![0.0; Network::<Tail>::SCRATCH];
    for samples in [&scene.labelled, &scene.held_out] {
        let of = scene.samples(samples);
        let counted = accuracy(&network, &scene.weights, of, &mut scratch);
        assert_eq!(counted, Ok(right_ones(&scene.weights, samples)));
    }
}

#[test]
fn kept_features_change_nothing_but_what_a_step_costs() {
    type Front = FloatBackbone<'static, (Dense<WIDTH, 8>, Relu<8>)>;
    type Last = Dense<8, CLASSES>;
    let scene = Scene::new(OptimizerKind::Ball);
    let front: &[f32] = scene.weights[..Front::PARAMETERS].to_vec().leak();
    let network = || Network::<Last, Front>::with_backbone(Front::new(front).unwrap(), &[]);
    let image = Image { weights: &scene.weights[Front::PARAMETERS..], ..scene.image() };
    let run = |samples: usize| {
        let mut memory: nn::memory!(Network<'static, Last, Front>, 2) = Memory::ZERO;
        let mut features = vec![0.0; samples * 8];
        let buffers = Buffers::from(&mut memory).with_features(&mut features);
        let model = Model { network: network().unwrap(), start: image.weights, image };
        let mut events = Vec::new();
        fine_tune(Scalar, &model, buffers, || 0, |event| events.push(event)).unwrap();
        events
    };
    let expected = run(0);
    for samples in [1, LABELLED, LABELLED + 1, LABELLED + 25] {
        let events = run(samples);
        let bytes = samples as u32 * 32;
        assert_eq!(events[0], Event::Features { bytes, instructions: 0 });
        assert_eq!(events[1..], expected, "{samples}");
    }
}

#[test]
fn the_hash_of_the_last_step_is_the_crc_of_the_final_theta() {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    for kind in OptimizerKind::ALL {
        let run = success(&Scene::new(kind));
        let bytes: Vec<u8> = run.theta.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(run.hashes().last(), Some(&crc.checksum(&bytes)), "{}", kind.name());
        let mut distinct = run.hashes();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), STEPS as usize, "{}: theta stood still", kind.name());
    }
}

#[test]
fn a_second_run_and_the_scalar_kernels_tell_the_same() {
    for kind in OptimizerKind::ALL {
        let scene = Scene::with(kind, |settings| settings.batch = 4);
        let first = success(&scene);
        let second = success(&scene);
        let scalar = run_with::<Tail, _>(Scalar, &scene.image(), LENGTHS, || 0);
        assert_eq!(first.events, second.events, "{}", kind.name());
        assert_eq!(first.events, scalar.events, "{}", kind.name());
        assert_eq!(bits(&first.theta), bits(&second.theta), "{}", kind.name());
        assert_eq!(bits(&first.theta), bits(&scalar.theta), "{}", kind.name());
    }
}

#[test]
fn every_optimizer_goes_its_own_way() {
    let hashes = OptimizerKind::ALL.map(|kind| success(&Scene::new(kind)).hashes());
    for (index, one) in hashes.iter().enumerate() {
        assert!(!hashes[..index].contains(one), "{}", OptimizerKind::ALL[index].name());
    }
}

#[test]
fn an_image_from_flash_runs_as_the_one_that_was_written() {
    for kind in OptimizerKind::ALL {
        let scene = Scene::new(kind);
        let flash = written(&scene.image());
        let image = Image::parse(&flash).unwrap();
        let run = run_with::<Tail, _>(Active::default(), &image, LENGTHS, || 0);
        assert_eq!(run.events, success(&scene).events, "{}", kind.name());
    }
}

#[test]
fn an_image_of_no_steps_leaves_its_weights() {
    for kind in OptimizerKind::ALL {
        let scene = Scene::with(kind, |settings| settings.steps = 0);
        let run = success(&scene);
        assert_eq!(bits(&run.theta), bits(&scene.weights));
        let [Event::Before(before), Event::After(after)] = run.events[..] else {
            panic!("{:?}", run.events)
        };
        assert_eq!(before, after);
    }
}

#[test]
fn an_image_without_held_out_samples_counts_none() {
    let mut scene = Scene::new(OptimizerKind::Ball);
    scene.held_out = (Vec::new(), Vec::new());
    let run = success(&scene);
    let none = Accuracy { correct: 0, samples: 0, outputs: 0 };
    assert_eq!(run.events.first(), Some(&Event::Before(none)));
    assert_eq!(run.events.last(), Some(&Event::After(none)));
    assert_eq!(run.steps().len(), STEPS as usize);
}

#[test]
fn a_batch_that_is_larger_than_the_samples_is_all_of_them() {
    for kind in OptimizerKind::ALL {
        let of = |batch: u32| success(&Scene::with(kind, |s| s.batch = batch)).events;
        let all = of(0);
        for batch in [LABELLED as u32, LABELLED as u32 + 1, 1000, u32::MAX] {
            assert_eq!(of(batch), all, "{}: batch {batch}", kind.name());
        }
        assert_ne!(of(LABELLED as u32 - 1), all, "{}", kind.name());
    }
}

#[test]
fn mini_batches_go_round_all_samples() {
    for batch in [1, 3, 4, 7, 10] {
        // So small a rate moves no weight: each loss is that of a batch at the image's weights.
        let scene = Scene::with(OptimizerKind::Sgd, |settings| {
            settings.learning_rate = 1e-30;
            settings.batch = batch as u32;
        });
        let run = success(&scene);
        assert_eq!(bits(&run.theta), bits(&scene.weights));
        let mut seen = [0; LABELLED];
        for (step, told) in run.steps().iter().enumerate() {
            let indices: Vec<usize> = (0..batch).map(|i| (step * batch + i) % LABELLED).collect();
            let expected = loss_of(&scene, &scene.weights, &indices);
            assert_eq!(told.loss, expected, "batch {batch}, step {step}");
            indices.iter().for_each(|index| seen[*index] += 1);
        }
        // Thirty steps are a whole number of rounds.
        assert_eq!(seen, [STEPS as usize * batch / LABELLED; LABELLED]);
    }
}

#[test]
fn the_wrong_number_of_weights_is_refused_before_anything_is_told() {
    let parameters = Tail::PARAMETERS;
    for kind in OptimizerKind::ALL {
        for actual in [0, parameters - 1, parameters + 1] {
            let mut scene = Scene::new(kind);
            scene.weights.resize(actual, 0.5);
            let what = "weights in the image";
            let expected = Error::Length { what, expected: parameters, actual };
            assert_eq!(refused(&scene, LENGTHS, 0), expected);
        }
    }
}

#[test]
fn samples_of_another_width_are_refused_before_anything_is_told() {
    let mut scene = Scene::new(OptimizerKind::Ball);
    scene.width = 2;
    let error = refused(&scene, LENGTHS, 0);
    assert_eq!(error, Error::Length { what: "sample", expected: WIDTH, actual: 2 });
}

#[test]
fn memory_of_the_wrong_length_is_refused() {
    let scene = Scene::new(OptimizerKind::Ball);
    // The accuracy before the training needs less scratch than the training, and what asks for
    // losses only as little.
    type Net = Network<'static, Tail>;
    let least = Lengths { scratch: Net::INFERENCE_SCRATCH, workspace: [0; 3], ..LENGTHS };
    let losses_only = Scene::new(OptimizerKind::ZerothOrderBall);
    let run = run_with::<Tail, _>(Active::default(), &losses_only.image(), least, || 0);
    assert_eq!(run.events, success(&losses_only).events);
    for (expected, told) in [(Net::INFERENCE_SCRATCH, 0), (Net::SCRATCH, 1)] {
        let scratch = expected - 1;
        let error = refused(&scene, Lengths { scratch, ..LENGTHS }, told);
        assert_eq!(error, Error::Length { what: "scratch", expected, actual: scratch });
    }
    let theta = Tail::PARAMETERS - 1;
    let error = refused(&scene, Lengths { theta, ..LENGTHS }, 0);
    let (what, actual) = ("weights in the image", Tail::PARAMETERS);
    assert_eq!(error, Error::Length { what, expected: theta, actual });
    for kind in OptimizerKind::ALL.into_iter().filter(|kind| kind.vectors() > 0) {
        let scene = Scene::new(kind);
        let short = Tail::PARAMETERS - 1;
        let error = refused(&scene, Lengths { workspace: [short; 3], ..LENGTHS }, 1);
        let (what, expected, actual) = ("theta", short, Tail::PARAMETERS);
        assert_eq!(error, Error::Length { what, expected, actual }, "{}", kind.name());
    }
}

#[test]
fn a_longer_scratch_evaluates_more_samples_at_once_with_the_same_bits() {
    let scene = Scene::new(OptimizerKind::Ball);
    let expected = success(&scene).hashes();
    let one = Network::<Tail>::SCRATCH;
    for scratch in [one + 1, Network::<Tail>::scratch(2), Network::<Tail>::scratch(7)] {
        let run = run_with::<Tail, _>(
            Active::default(),
            &scene.image(),
            Lengths { scratch, ..LENGTHS },
            || 0,
        );
        assert_eq!(run.hashes(), expected, "{scratch}");
    }
}

#[test]
fn a_label_that_is_no_class_is_refused() {
    for kind in OptimizerKind::ALL {
        for label in [CLASSES as u8, 200, 255] {
            let mut scene = Scene::new(kind);
            scene.labelled.1[4] = label;
            let expected = Error::Class { class: usize::from(label), classes: CLASSES };
            assert_eq!(refused(&scene, LENGTHS, 1), expected, "{}", kind.name());
        }
    }
}

#[test]
fn an_image_without_labelled_samples_is_refused() {
    for kind in OptimizerKind::ALL {
        for batch in [0, 1, 100] {
            let mut scene = Scene::with(kind, |settings| settings.batch = batch);
            scene.labelled = (Vec::new(), Vec::new());
            assert_eq!(refused(&scene, LENGTHS, 1), Error::NoSamples, "{}", kind.name());
        }
    }
}

fn refused_setting(scene: &Scene) -> (&'static str, u32) {
    match refused(scene, LENGTHS, 0) {
        Error::Setting { name, value, .. } => (name, value.to_bits()),
        other => panic!("expected a setting to be refused, got {other:?}"),
    }
}

/// A setting that an optimizer looks at is refused by name; another changes nothing.
fn refused_or_not_looked_at(scene: &Scene, looked_at: Option<(&'static str, f32)>) {
    let kind = scene.settings.optimizer;
    if let Some((name, value)) = looked_at {
        assert_eq!(refused_setting(scene), (name, value.to_bits()), "{}", kind.name());
    } else {
        let plain = success(&Scene::new(kind));
        assert_eq!(success(scene).events, plain.events, "{}", kind.name());
    }
}

const NEGATIVE: [f32; 3] = [-0.1, f32::NAN, f32::INFINITY];

#[test]
fn a_learning_rate_below_zero_is_refused_by_those_that_have_one() {
    for kind in OptimizerKind::ALL {
        for rate in NEGATIVE {
            let scene = Scene::with(kind, |settings| settings.learning_rate = rate);
            let looked_at = kind.has_learning_rate().then_some(("learning rate", rate));
            refused_or_not_looked_at(&scene, looked_at);
        }
    }
}

#[test]
fn a_radius_below_zero_is_refused_by_those_that_have_one() {
    for kind in OptimizerKind::ALL {
        for radius in NEGATIVE {
            let scene = Scene::with(kind, |settings| settings.radius = radius);
            let looked_at = kind.has_radius().then_some(("radius", radius));
            refused_or_not_looked_at(&scene, looked_at);
        }
    }
}

#[test]
fn only_adam_needs_the_third_vector() {
    for kind in OptimizerKind::ALL {
        let scene = Scene::new(kind);
        let two = Lengths { workspace: [Tail::PARAMETERS, Tail::PARAMETERS, 0], ..LENGTHS };
        if kind == OptimizerKind::Adam {
            let (what, expected) = ("workspace", Tail::PARAMETERS);
            let error = Error::Length { what, expected, actual: 0 };
            assert_eq!(refused(&scene, two, 0), error);
        } else {
            let run = run_with::<Tail, _>(Active::default(), &scene.image(), two, || 0);
            assert_eq!(run.result, Ok(()), "{}", kind.name());
            assert_eq!(run.events, success(&scene).events, "{}", kind.name());
        }
    }
}

#[test]
fn weights_that_are_not_numbers_are_refused_before_a_step() {
    for kind in OptimizerKind::ALL {
        let mut scene = Scene::new(kind);
        scene.weights.fill(f32::NAN);
        assert_eq!(refused(&scene, LENGTHS, 0), Error::NonFiniteOutput, "{}", kind.name());
        let mut scene = Scene::new(kind);
        // One bias of the output is enough: no class is the largest beside no number.
        scene.weights[Tail::PARAMETERS - 1] = f32::NAN;
        assert_eq!(refused(&scene, LENGTHS, 0), Error::NonFiniteOutput, "{}", kind.name());
    }
}

thread_local! {
    static TICKS: Cell<u64> = const { Cell::new(0) };
}

fn tick(ticks: u64) {
    TICKS.set(TICKS.get() + ticks);
}

/// A layer whose forward pass takes one tick and whose backward pass takes ten.
struct Ticking<L>(L);

impl<L: Layer> Layer for Ticking<L> {
    const INPUTS: usize = L::INPUTS;
    const OUTPUTS: usize = L::OUTPUTS;
    const PARAMETERS: usize = L::PARAMETERS;
    const FROZEN: usize = L::FROZEN;
    const ACTIVATIONS: usize = L::ACTIVATIONS;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        tick(1);
        L::forward::<K>(parameters, input, activations, output)
    }

    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        tick(10);
        L::backward::<K>(parameters, input, activations, output_gradient, gradient)
    }

    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        tick(10);
        L::backward_through::<K>(parameters, input, activations, output_gradient, gradient)
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        tick(10);
        L::backward_input::<K>(parameters, input, activations, output_gradient)
    }

    fn initialise(parameters: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        L::initialise(parameters, uniform)
    }
}

#[test]
fn instructions_are_what_the_clock_counts_in_the_evaluations_of_the_step() {
    for kind in OptimizerKind::ALL {
        let scene = Scene::with(kind, |settings| settings.batch = 4);
        let image = scene.image();
        let kernels = Active::default();
        let run = run_with::<Ticking<Tail>, _>(kernels, &image, LENGTHS, || TICKS.get());
        assert_eq!(run.result, Ok(()));
        assert_eq!(run.hashes(), success(&scene).hashes(), "{}", kind.name());
        for step in run.steps() {
            let (gradients, losses) = (u64::from(step.gradients), u64::from(step.losses));
            assert_eq!(step.gradient_instructions, gradients * 4 * 11, "{}", kind.name());
            let all = step.gradient_instructions + losses * 4;
            assert_eq!(step.instructions, all, "{}", kind.name());
        }
    }
}

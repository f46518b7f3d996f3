//! Fine-tuning as a transaction: what is kept, what is refused, and that nothing is half done.

use crate::support::numbers::bits;
use crate::support::random::Random;
use core::task::Poll;
use rolling_ball::kernels::Scalar;
use rolling_ball::nn::{
    BinaryCrossEntropyWithLogits, Credibility, Dense, FineTuning, FineTuningConfig,
    FineTuningReport, Likelihood, Loss, Network, Opinion, Refusal, SoftmaxCrossEntropy,
};
use rolling_ball::{
    Adam, AdamConfig, Error, Optimizer, Resumable, RollingBall, RollingBallConfig, Sam, SamConfig,
    Sgd, SgdConfig,
};

const INPUTS: usize = 6;
const CLASSES: usize = 3;
type Net = Network<'static, Dense<INPUTS, CLASSES>>;
const PARAMETERS: usize = Net::PARAMETERS;
type Theta = [f32; PARAMETERS];

/// Samples of three classes: a class's own input is large, and so is another of its sensor.
fn draw(count: usize, sensor: usize, seed: u64) -> (Vec<[f32; INPUTS]>, Vec<usize>) {
    let mut random = Random(seed);
    let input = |class: usize, random: &mut Random| {
        let mut input: [f32; INPUTS] = std::array::from_fn(|_| 0.5 * random.uniform());
        input[(class + sensor) % CLASSES] += 1.0;
        input[CLASSES + class] += 0.5;
        input
    };
    let labels: Vec<usize> = (0..count).map(|index| index * 7 % CLASSES).collect();
    (labels.iter().map(|class| input(*class, &mut random)).collect(), labels)
}

/// A network that knows the sensor 0.
fn start() -> Theta {
    let mut theta = [0.0; PARAMETERS];
    for class in 0..CLASSES {
        theta[class * INPUTS + class] = 3.0;
    }
    theta
}

fn accuracy(theta: &Theta, sensor: usize) -> f64 {
    let (inputs, labels) = draw(300, sensor, 99);
    let mut scratch = [0.0; Net::SCRATCH];
    let network = Net::new(&[]).unwrap();
    let right = inputs
        .iter()
        .zip(&labels)
        .filter(|(input, label)| network.classify(theta, *input, &mut scratch).unwrap() == **label);
    right.count() as f64 / labels.len() as f64
}

fn fine_tuned(inputs: &[[f32; INPUTS]], labels: &[usize]) -> (Theta, FineTuningReport) {
    let (start, mut theta) = (start(), [7.0; PARAMETERS]);
    let mut records = vec![Credibility::NEW; labels.len()];
    let mut scratch = [0.0; Net::SCRATCH];
    let mut tuning = FineTuning::new(
        Net::new(&[]).unwrap(),
        SoftmaxCrossEntropy::new(),
        (inputs, labels),
        &start,
        [[0.0; PARAMETERS]; 2],
        &mut records,
        &mut scratch,
    )
    .unwrap();
    let report = tuning.finish(&mut theta).unwrap();
    (theta, report)
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_network_that_is_wrong_goes_far() {
    let (inputs, labels) = draw(30, 1, 1);
    let (theta, report) = fine_tuned(&inputs, &labels);
    assert!(accuracy(&start(), 1) < 0.4 && accuracy(&theta, 1) > 0.9, "{report:?}");
    assert!(report.kept > 0.9 && report.wrong_labels < 0.1, "{report:?}");
    let [before, .., after] = report.agreeing;
    assert!(before < 12 && after > 20 && report.samples == 30, "{report:?}");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn of_labels_that_mean_nothing_most_are_not_believed_and_what_is_refused_is_the_start_to_the_bit() {
    let (mut refused, mut worse) = (0, 0);
    for seed in 0..10 {
        let (inputs, _) = draw(30, 0, seed);
        let mut random = Random(seed + 50);
        let labels: Vec<usize> = (0..30).map(|_| (1.5 + 1.5 * random.uniform()) as usize).collect();
        let (theta, report) = fine_tuned(&inputs, &labels);
        assert_eq!(report.refusal().is_some(), report.refused());
        if let Some(refusal) = report.refusal() {
            let wrong = report.wrong_labels >= 0.6;
            assert_eq!(refusal == Refusal::WrongLabels, wrong, "{report:?}");
            assert_eq!(bits(&theta), bits(&start()));
            refused += 1;
        }
        worse += u32::from(accuracy(&theta, 0) < accuracy(&start(), 0) - 0.05);
    }
    assert!(refused >= 3 && worse <= 2, "of 10, {refused} were refused and {worse} got worse");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn wrong_labels_are_less_credible_than_right_ones() {
    let (inputs, right) = draw(60, 0, 3);
    let mut labels = right.clone();
    for label in labels.iter_mut().step_by(4) {
        *label = (*label + 1) % CLASSES;
    }
    let (start, mut theta) = (start(), [0.0; PARAMETERS]);
    let mut records = vec![Credibility::NEW; labels.len()];
    let mut scratch = [0.0; Net::SCRATCH];
    let samples = (inputs.as_slice(), labels.as_slice());
    let (network, vectors) = (Net::new(&[]).unwrap(), [[0.0; PARAMETERS]; 2]);
    let loss = SoftmaxCrossEntropy::new();
    let mut tuning =
        FineTuning::new(network, loss, samples, &start, vectors, &mut records, &mut scratch)
            .unwrap();
    let report = tuning.finish(&mut theta).unwrap();
    let credible = |wanted: bool| {
        let known = tuning.credibilities().iter().zip(labels.iter().zip(&right));
        let known = known.filter(|(_, (label, right))| (label == right) == wanted);
        let known: Vec<f32> = known.map(|(known, _)| known.label()).collect();
        known.iter().sum::<f32>() / known.len() as f32
    };
    assert!(
        credible(true) > 0.8 && credible(false) < 0.4,
        "{} {}",
        credible(true),
        credible(false)
    );
    assert!((report.wrong_labels - 0.25).abs() < 0.1, "{report:?}");
}

/// Whatever is done at once, or in pieces, and by whichever kernels.
#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn polls_and_kernels_change_no_bit() -> Result<(), Error> {
    let (inputs, labels) = draw(23, 1, 4);
    let (whole, report) = fine_tuned(&inputs, &labels);
    let start = start();
    for at_once in [1, 7, 23] {
        let mut records = vec![Credibility::NEW; labels.len()];
        let mut scratch = vec![0.0; Net::scratch(at_once)];
        let config = RollingBallConfig::shrinking(0.03, 2.0, 1);
        let config = RollingBallConfig { roll_back: false, ..config };
        let ball = RollingBall::with_backend(Scalar, config, [[0.0; PARAMETERS]; 2])?;
        let network = Net::new(&[])?.with_backend(Scalar);
        let samples = (inputs.as_slice(), labels.as_slice());
        let loss = SoftmaxCrossEntropy::new();
        let (records, scratch) = (&mut records, &mut scratch);
        let mut tuning =
            FineTuning::with_optimizer(network, loss, samples, &start, ball, records, scratch)?;
        // The second time it begins anew.
        for _ in 0..2 {
            let mut theta = [0.0; PARAMETERS];
            let again = loop {
                if let Poll::Ready(report) = tuning.poll(&mut theta)? {
                    break report;
                }
            };
            assert_eq!((bits(&theta), again), (bits(&whole), report), "{at_once} at once");
        }
    }
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_cost_is_a_hundred_gradients_and_five_predictions_a_sample() {
    let (inputs, labels) = draw(25, 1, 5);
    let (_, report) = fine_tuned(&inputs, &labels);
    assert_eq!(report.evaluations.gradients, 5 * 15 + 40);
    assert_eq!(report.evaluations.losses, 0);
    assert_eq!(report.judgements, 5 * 25);
}

fn guarded<O: Optimizer + Resumable>(
    optimizer: O,
    config: FineTuningConfig,
    sensor: usize,
) -> (Theta, FineTuningReport) {
    let (inputs, labels) = draw(40, sensor, 6);
    let (start, mut theta) = (start(), [0.0; PARAMETERS]);
    let mut records = vec![Credibility::NEW; labels.len()];
    let mut scratch = [0.0; Net::SCRATCH];
    let samples = (inputs.as_slice(), labels.as_slice());
    let (network, loss) = (Net::new(&[]).unwrap(), SoftmaxCrossEntropy::new());
    let (records, scratch) = (&mut records, &mut scratch);
    let mut tuning =
        FineTuning::with_optimizer(network, loss, samples, &start, optimizer, records, scratch)
            .unwrap()
            .with_config(config)
            .unwrap();
    let report = tuning.finish(&mut theta).unwrap();
    (theta, report)
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn any_optimizer_is_guarded_over_all_samples_and_mini_batches() {
    let vector = [0.0; PARAMETERS];
    for mini_batch in [None, Some(8)] {
        let config = FineTuningConfig { mini_batch, ..FineTuningConfig::default() };
        let sgd = SgdConfig { learning_rate: 0.5.into(), momentum: 0.9, ..SgdConfig::default() };
        let sgd = Sgd::new(sgd, vector, Some(vector)).unwrap();
        let adam = AdamConfig { learning_rate: 0.1.into(), ..AdamConfig::default() };
        let adam = Adam::new(adam, [vector; 3]).unwrap();
        let sam = SamConfig { learning_rate: 1.0.into(), ..SamConfig::default() };
        let sam = Sam::new(sam, [vector; 2]).unwrap();
        for (theta, report) in
            [guarded(sgd, config, 1), guarded(adam, config, 1), guarded(sam, config, 1)]
        {
            assert!(accuracy(&theta, 1) > 0.85, "{mini_batch:?} {report:?}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_training_that_diverges_is_refused() {
    let rate = SgdConfig { learning_rate: 1e30.into(), ..SgdConfig::default() };
    let sgd = Sgd::new(rate, [0.0; PARAMETERS], None).unwrap();
    let (theta, report) = guarded(sgd, FineTuningConfig::default(), 0);
    assert_eq!(report.refusal(), Some(Refusal::NoStep), "{report:?}");
    assert_eq!(bits(&theta), bits(&start()));
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn samples_of_the_old_task_keep_what_would_be_forgotten() {
    let (inputs, labels) = draw(24, 1, 7);
    let (old_inputs, old_labels) = draw(24, 0, 8);
    let (start, mut theta) = (start(), [0.0; PARAMETERS]);
    let (without, alone) = fine_tuned(&inputs, &labels);
    let mut keeping = |count: usize| {
        let mut records = vec![Credibility::NEW; labels.len()];
        let mut scratch = [0.0; Net::SCRATCH];
        let samples = (inputs.as_slice(), labels.as_slice());
        let (network, vectors) = (Net::new(&[]).unwrap(), [[0.0; PARAMETERS]; 2]);
        let loss = SoftmaxCrossEntropy::new();
        FineTuning::new(network, loss, samples, &start, vectors, &mut records, &mut scratch)
            .unwrap()
            .keeping((&old_inputs[..count], &old_labels[..count]))
            .finish(&mut theta)
            .map(|report| (theta, report))
            .unwrap()
    };
    let (theta, report) = keeping(0);
    assert_eq!((bits(&theta), report), (bits(&without), alone), "none is as if there were none");
    let (theta, report) = keeping(24);
    assert!(report.kept < alone.kept, "{report:?}");
    assert!(accuracy(&theta, 0) > accuracy(&without, 0), "{report:?}");
    assert_eq!((report.old_samples, report.judgements), (24, 5 * 48));
    let [before, .., after] = report.old_agreeing;
    assert!(before > after, "{report:?}");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_binary_loss_is_judged_too() -> Result<(), Error> {
    type Yes = Network<'static, Dense<2, 1>>;
    let inputs: Vec<[f32; 2]> = (0..20).map(|index| [(index % 2) as f32, 0.3]).collect();
    let targets: Vec<[f32; 1]> = (0..20).map(|index| [(index % 2) as f32]).collect();
    let targets: Vec<&[f32]> = targets.iter().map(<[f32; 1]>::as_slice).collect();
    let (start, mut theta) = ([0.0; Yes::PARAMETERS], [0.0; Yes::PARAMETERS]);
    let mut records = vec![Credibility::NEW; 20];
    let mut scratch = [0.0; Yes::SCRATCH];
    let mut tuning = FineTuning::new(
        Yes::new(&[])?,
        BinaryCrossEntropyWithLogits::new(),
        (inputs.as_slice(), targets.as_slice()),
        &start,
        [[0.0; Yes::PARAMETERS]; 2],
        &mut records,
        &mut scratch,
    )?;
    let report = tuning.finish(&mut theta)?;
    let [.., after] = report.agreeing;
    assert!(report.kept > 0.8 && after == 20, "{report:?}");
    Ok(())
}

#[test]
fn what_cannot_be_judged_is_an_error_that_leaves_the_start() -> Result<(), Error> {
    let start = start();
    let mut scratch = [0.0; Net::SCRATCH];
    for (count, one_group) in [(0, false), (1, false), (12, true)] {
        let (inputs, labels) = draw(count, 1, 9);
        let mut records = vec![Credibility::NEW; count];
        let mut theta = [7.0; PARAMETERS];
        let samples = (inputs.as_slice(), labels.as_slice());
        let (network, vectors) = (Net::new(&[])?, [[0.0; PARAMETERS]; 2]);
        let loss = SoftmaxCrossEntropy::new();
        let mut tuning =
            FineTuning::new(network, loss, samples, &start, vectors, &mut records, &mut scratch)?
                .with_groups(|index| if one_group { 0 } else { index });
        assert_eq!(tuning.finish(&mut theta), Err(Error::NoSamples));
        assert_eq!(bits(&theta), bits(&start));
        assert!(matches!(tuning.finish(&mut [0.0; 3]), Err(Error::Length { .. })));
    }
    Ok(())
}

#[test]
fn a_label_out_of_range_and_memory_too_short_are_errors() -> Result<(), Error> {
    let (inputs, mut labels) = draw(10, 1, 10);
    labels[4] = CLASSES;
    let samples = (inputs.as_slice(), labels.as_slice());
    let (start, mut theta) = (start(), [7.0; PARAMETERS]);
    let (network, loss) = (Net::new(&[])?, SoftmaxCrossEntropy::new());
    let vectors = [[0.0; PARAMETERS]; 2];
    let (mut records, mut scratch) = ([Credibility::NEW; 10], [0.0; Net::SCRATCH]);
    let error =
        FineTuning::new(network, loss, samples, &start, vectors, &mut records, &mut scratch)?
            .finish(&mut theta);
    assert_eq!(error, Err(Error::Class { class: CLASSES, classes: CLASSES }));
    assert_eq!(bits(&theta), bits(&start));

    let refused = |start: &[f32], records: &mut [Credibility], scratch: &mut [f32]| {
        let tuning = FineTuning::new(network, loss, samples, start, vectors, records, scratch);
        tuning.err().map(|error| matches!(error, Error::Length { .. }))
    };
    assert_eq!(refused(&start[1..], &mut records, &mut scratch), Some(true));
    assert_eq!(refused(&start, &mut records[1..], &mut scratch), Some(true));
    assert_eq!(refused(&start, &mut records, &mut scratch[1..]), Some(true));
    assert_eq!(refused(&start, &mut records, &mut scratch), None);
    Ok(())
}

#[test]
fn a_pull_that_is_no_number_is_refused() {
    let (inputs, labels) = draw(10, 1, 11);
    let start = start();
    let (mut records, mut scratch) = ([Credibility::NEW; 10], [0.0; Net::SCRATCH]);
    let samples = (inputs.as_slice(), labels.as_slice());
    let (network, vectors) = (Net::new(&[]).unwrap(), [[0.0; PARAMETERS]; 2]);
    let loss = SoftmaxCrossEntropy::new();
    let tuning =
        FineTuning::new(network, loss, samples, &start, vectors, &mut records, &mut scratch)
            .unwrap();
    let config = FineTuningConfig { pull: f32::NAN, ..FineTuningConfig::default() };
    assert!(matches!(tuning.with_config(config), Err(Error::Setting { name: "pull", .. })));
}

/// A loss of a caller's own, which gives every label this probability.
struct Certain(f32);

impl Loss<usize> for Certain {
    fn weight(&self, _target: &usize) -> Result<f32, Error> {
        Ok(1.0)
    }

    fn evaluate(&self, output: &mut [f32], target: &usize, scale: f32) -> Result<f32, Error> {
        SoftmaxCrossEntropy::new().evaluate(output, target, scale)
    }
}

impl Likelihood<usize> for Certain {
    fn labels(outputs: usize) -> usize {
        outputs
    }

    fn same(a: &usize, b: &usize) -> bool {
        a == b
    }

    fn opinion(&self, _output: &mut [f32], _target: &usize) -> Result<Opinion, Error> {
        Ok(Opinion { probability: self.0, agrees: true })
    }
}

#[test]
fn a_probability_that_is_none_is_an_error_that_leaves_the_start() -> Result<(), Error> {
    let (inputs, labels) = draw(10, 1, 12);
    let (start, vectors) = (start(), [[0.0; PARAMETERS]; 2]);
    for probability in [f32::NAN, -0.1, 1.1, f32::INFINITY] {
        let (mut records, mut scratch) = ([Credibility::NEW; 10], [0.0; Net::SCRATCH]);
        let samples = (inputs.as_slice(), labels.as_slice());
        let (network, loss, mut theta) = (Net::new(&[])?, Certain(probability), [7.0; PARAMETERS]);
        let told =
            FineTuning::new(network, loss, samples, &start, vectors, &mut records, &mut scratch)?
                .finish(&mut theta);
        assert!(matches!(told, Err(Error::Setting { name: "probability of a label", .. })));
        assert_eq!(bits(&theta), bits(&start));
    }
    Ok(())
}

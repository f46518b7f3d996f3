//! A fine-tuning that is cut goes on as if it had not been.

use crate::nor_flash::NorFlashModel;
use crate::support::numbers::bits;
use crate::support::random::Random;
use core::task::Poll;
use rolling_ball::nn::{
    Credibility, Dense, FineTuning, FineTuningConfig, FineTuningReport, Network,
    SoftmaxCrossEntropy,
};
use rolling_ball::{
    Adam, AdamConfig, CheckpointError, Checkpoints, ClipNorm, Kind, Optimizer, Resumable,
    RollingBall, RollingBallConfig, Schedule, Sgd, SgdConfig, ThetaBits,
};

type Net = Network<'static, Dense<3, 3>>;
const PARAMETERS: usize = Net::PARAMETERS;
type Theta = [f32; PARAMETERS];
type Flash = NorFlashModel<4, 512, 4>;
const SAMPLES: usize = 12;

/// What is fine-tuned, with which settings.
#[derive(Clone)]
struct Task {
    inputs: Vec<[f32; 3]>,
    labels: Vec<usize>,
    start: Theta,
    config: FineTuningConfig,
    /// How many samples are in a group.
    group: usize,
    /// Whether there are samples of the old task.
    keeps: bool,
}

impl Task {
    /// The labels of the sensor are one too high, and one of them is wrong.
    fn new() -> Self {
        let mut random = Random(5);
        let mut labels: Vec<usize> = (0..SAMPLES).map(|index| index % 3).collect();
        let inputs = labels.iter().map(|class| {
            let mut input: [f32; 3] = std::array::from_fn(|_| 0.3 * random.uniform());
            input[(class + 1) % 3] += 1.0;
            input
        });
        let inputs = inputs.collect();
        labels[4] = 2;
        let mut start = [0.0; PARAMETERS];
        (0..3).for_each(|class| start[4 * class] = 0.5);
        let config = FineTuningConfig { fold_steps: 6, steps: 8, ..FineTuningConfig::default() };
        Self { inputs, labels, start, config, group: 1, keeps: true }
    }
}

/// All that a device has in RAM, which a reset takes.
struct Ram {
    theta: Theta,
    records: Vec<Credibility>,
    scratch: Vec<f32>,
}

impl Ram {
    fn new() -> Self {
        let (records, scratch) = (vec![Credibility::NEW; SAMPLES], vec![0.0; Net::SCRATCH]);
        Self { theta: [f32::NAN; PARAMETERS], records, scratch }
    }
}

type Tuning<'a, O> = FineTuning<
    'a,
    Net,
    SoftmaxCrossEntropy<'a>,
    (&'a [[f32; 3]], &'a [usize]),
    O,
    (&'a [[f32; 3]], &'a [usize]),
>;

fn made<'a, O: Optimizer + Resumable>(
    task: &'a Task,
    optimizer: O,
    records: &'a mut [Credibility],
    scratch: &'a mut [f32],
) -> Tuning<'a, O> {
    let samples = (task.inputs.as_slice(), task.labels.as_slice());
    let old = if task.keeps { 5 } else { 0 };
    let old = (&task.inputs[..old], &task.labels[..old]);
    let (network, loss) = (Net::new(&[]).unwrap(), SoftmaxCrossEntropy::new());
    let records = &mut records[..task.labels.len()];
    FineTuning::with_optimizer(network, loss, samples, &task.start, optimizer, records, scratch)
        .unwrap()
        .keeping(old)
        .with_config(task.config)
        .unwrap()
        .with_groups(|index| index / task.group)
}

/// How it ended: theta, the report, and what is known of the labels.
type End = (Vec<u32>, FineTuningReport, Vec<Credibility>);

fn whole<O: Optimizer + Resumable>(task: &Task, optimizer: O) -> End {
    let Ram { mut theta, mut records, mut scratch } = Ram::new();
    let report = made(task, optimizer, &mut records, &mut scratch).finish(&mut theta).unwrap();
    records.truncate(task.labels.len());
    (bits(&theta), report, records)
}

/// A flash with room for two checkpoints of the task.
fn flash<O: Resumable>() -> Checkpoints<Flash> {
    let further = FineTuningConfig::words(SAMPLES);
    let bytes = Checkpoints::<Flash>::bytes_with::<O>(PARAMETERS, further, 2) as u32;
    Checkpoints::new(Flash::new(bytes as usize), 0..bytes).unwrap()
}

/// Resets the device wherever a checkpoint can be made, each time from the checkpoint before, and
/// counts the resets.
fn with_resets<O: Optimizer + Resumable>(task: &Task, make: impl Fn() -> O) -> (End, u32) {
    let mut checkpoints = flash::<O>();
    let (mut resets, mut saved) = (0, false);
    loop {
        let Ram { mut theta, mut records, mut scratch } = Ram::new();
        let mut tuning = made(task, make(), &mut records, &mut scratch);
        let found = checkpoints.resume(&mut theta, &mut tuning).unwrap();
        assert_eq!(found.is_some(), saved);
        let report = loop {
            if let Poll::Ready(report) = tuning.poll(&mut theta).unwrap() {
                break Some(report);
            }
            match checkpoints.save(&theta, &tuning) {
                Ok(()) => break None,
                Err(CheckpointError::StepInProgress(_)) => {}
                Err(error) => panic!("{error}"),
            }
        };
        match report {
            Some(report) => return ((bits(&theta), report, records), resets),
            None => (resets, saved) = (resets + 1, true),
        }
    }
}

fn ball() -> RollingBall<Theta> {
    let config = RollingBallConfig::shrinking(0.03, 2.0, 1);
    RollingBall::new(config, [[f32::NAN; PARAMETERS]; 2]).unwrap()
}

fn clipped() -> ClipNorm<Sgd<Theta>> {
    let learning_rate = Schedule::Linear { from: 0.5, to: 0.1, steps: 3 };
    let config = SgdConfig { learning_rate, momentum: 0.9, ..SgdConfig::default() };
    ClipNorm::new(Sgd::new(config, [0.0; PARAMETERS], Some([0.0; PARAMETERS])).unwrap(), 0.3)
        .unwrap()
}

fn adam() -> Adam<Theta> {
    let config = AdamConfig { learning_rate: 0.1.into(), ..AdamConfig::default() };
    Adam::new(config, [[0.0; PARAMETERS]; 3]).unwrap()
}

fn resets_change_nothing<O: Optimizer + Resumable>(make: impl Fn() -> O) {
    let mut task = Task::new();
    for mini_batch in [None, Some(4)] {
        task.config.mini_batch = mini_batch;
        let expected = whole(&task, make());
        let (end, resets) = with_resets(&task, &make);
        assert_eq!(end, expected, "{mini_batch:?}");
        // The ends of all steps, and every judgement.
        let (_, report, _) = end;
        assert!(report.kept > 0.0, "{report:?}");
        assert!(resets > 5 * 6 + 8 + report.judgements, "{resets}");
    }
}

#[test]
fn a_reset_wherever_it_can_be_saved_changes_no_bit_of_theta_the_report_and_the_credibilities() {
    resets_change_nothing(ball);
    resets_change_nothing(clipped);
    resets_change_nothing(adam);
}

#[test]
fn the_steps_that_are_done_are_counted_to_the_end() {
    let task = Task::new();
    let Ram { mut theta, mut records, mut scratch } = Ram::new();
    let mut tuning = made(&task, ball(), &mut records, &mut scratch);
    let mut last = 0;
    while tuning.poll(&mut theta).unwrap().is_pending() {
        let steps = tuning.steps();
        assert!(steps == last || steps == last + 1, "{last} {steps}");
        last = steps;
    }
    assert_eq!((last, tuning.all_steps(), tuning.steps()), (5 * 6 + 8, 5 * 6 + 8, 0));
}

/// A checkpoint in the middle of the task.
fn saved(task: &Task) -> Checkpoints<Flash> {
    let mut checkpoints = flash::<RollingBall<Theta>>();
    let Ram { mut theta, mut records, mut scratch } = Ram::new();
    let mut tuning = made(task, ball(), &mut records, &mut scratch);
    while tuning.steps() < 14 {
        assert!(tuning.poll(&mut theta).unwrap().is_pending());
    }
    checkpoints.save(&theta, &tuning).unwrap();
    checkpoints
}

/// The error of resuming a task with an optimizer, which changes nothing: what is begun then is as
/// if nothing had been saved.
fn refused<O: Optimizer + Resumable>(
    task: &Task,
    make: impl Fn() -> O,
    checkpoints: &mut Checkpoints<Flash>,
) -> CheckpointError<crate::nor_flash::Failure> {
    let Ram { mut theta, mut records, mut scratch } = Ram::new();
    let mut tuning = made(task, make(), &mut records, &mut scratch);
    let error = checkpoints.resume(&mut theta, &mut tuning).unwrap_err();
    assert!(theta.iter().all(|element| element.is_nan()), "{error}");
    let report = tuning.finish(&mut theta).unwrap();
    let known = tuning.credibilities().to_vec();
    assert_eq!((bits(&theta), report, known), whole(task, make()), "{error}");
    error
}

#[test]
fn what_is_not_the_same_fine_tuning_is_refused_and_changes_nothing() {
    let task = Task::new();
    let mut checkpoints = saved(&task);
    let samples = CheckpointError::Setting("samples");
    let fewer = Task {
        inputs: task.inputs[1..].to_vec(),
        labels: task.labels[1..].to_vec(),
        ..task.clone()
    };
    let grouped = Task { group: 2, ..task.clone() };
    let forgetful = Task { keeps: false, ..task.clone() };
    for other in [fewer, grouped, forgetful] {
        assert_eq!(refused(&other, ball, &mut checkpoints), samples);
    }
    let settings = CheckpointError::Setting("start or settings of the fine-tuning");
    let with = |config| Task { config, ..task.clone() };
    let FineTuningConfig { fold_steps, pull, .. } = task.config;
    let mut elsewhere = task.clone();
    elsewhere.start[3] += 1e-6;
    for other in [
        elsewhere,
        with(FineTuningConfig { fold_steps: fold_steps + 1, ..task.config }),
        with(FineTuningConfig { pull: 2.0 * pull, ..task.config }),
        with(FineTuningConfig { mini_batch: Some(5), ..task.config }),
    ] {
        assert_eq!(refused(&other, ball, &mut checkpoints), settings);
    }
    // Another number of steps is another schedule too.
    let longer = with(FineTuningConfig { steps: 7, ..task.config });
    assert_eq!(refused(&longer, ball, &mut checkpoints), settings);
    let faster = || {
        let config = RollingBallConfig::shrinking(0.03, 2.5, 1);
        RollingBall::new(config, [[0.0; PARAMETERS]; 2]).unwrap()
    };
    let rate = CheckpointError::Setting("learning rate");
    assert_eq!(refused(&task, faster, &mut checkpoints), rate);
    let error = refused(&task, adam, &mut checkpoints);
    let said = error.to_string();
    assert!(matches!(error, CheckpointError::Optimizer { .. }));
    assert!(said.contains("FineTuning of RollingBall") && said.contains("FineTuning of Adam"));
}

#[test]
fn an_optimizer_and_its_fine_tuning_do_not_take_each_others_checkpoints() {
    let task = Task::new();
    let mut checkpoints = saved(&task);
    let error = checkpoints.resume(&mut [0.0; PARAMETERS], &mut ball()).unwrap_err();
    assert!(matches!(error, CheckpointError::Optimizer { .. }), "{error}");
    checkpoints.save(&task.start, &ball()).unwrap();
    let error = refused(&task, ball, &mut checkpoints);
    assert!(matches!(error, CheckpointError::Optimizer { .. }), "{error}");
}

#[test]
fn a_theta_on_the_way_is_not_taken_for_one_to_deploy() {
    let mut checkpoints = saved(&Task::new());
    let mut theta = [0.25; PARAMETERS];
    let error = checkpoints.resume_theta(&mut theta).unwrap_err();
    assert!(matches!(error, CheckpointError::Optimizer { .. }), "{error}");
    assert_eq!(theta, [0.25; PARAMETERS]);
    checkpoints.save_theta(&[0.5; PARAMETERS]).unwrap();
    assert_eq!(checkpoints.resume_theta(&mut theta), Ok(Some(0)));
    assert_eq!(theta, [0.5; PARAMETERS]);
}

#[test]
fn theta_of_a_fine_tuning_can_be_kept_in_few_bits_and_is_not_taken_for_the_same() {
    let task = Task::new();
    let mut checkpoints = saved(&task).with_theta_bits(ThetaBits::Eight);
    let Ram { mut theta, mut records, mut scratch } = Ram::new();
    let mut tuning = made(&task, ball(), &mut records, &mut scratch);
    checkpoints.resume(&mut theta, &mut tuning).unwrap();
    checkpoints.save(&theta, &tuning).unwrap();
    let mut rounded = [0.0; PARAMETERS];
    let error = checkpoints.resume(&mut rounded, &mut tuning).unwrap_err();
    assert_eq!(error, CheckpointError::Rounded(ThetaBits::Eight));
    checkpoints.resume_rounded(&mut rounded, &mut tuning).unwrap();
    assert!(theta.iter().zip(rounded).all(|(theta, rounded)| (theta - rounded).abs() < 0.02));
}

/// Whatever someone who knows the format writes there, nothing panics, and it ends.
#[test]
fn a_forged_stage_does_no_harm() {
    let task = Task::new();
    let payload = 64 / 4;
    let stage_at = payload + 4 + 2 * PARAMETERS;
    for stage in 0..6 {
        for words in [[0, 0, 0], [7, 9, 9], [u32::MAX; 3], [2, u32::MAX, 1], [300, 3, u32::MAX]] {
            let mut image = saved(&task).into_inner().bytes;
            let [run, one, other] = words;
            for (index, word) in (stage_at..).zip([stage, run, one, other]) {
                image[4 * index..][..4].copy_from_slice(&u32::to_le_bytes(word));
            }
            crate::forgery::sign(&mut image, 4 + 2 * PARAMETERS + FineTuningConfig::words(SAMPLES));
            let mut checkpoints: Checkpoints<Flash> = crate::forgery::holding(image);
            let Ram { mut theta, mut records, mut scratch } = Ram::new();
            let mut tuning = made(&task, ball(), &mut records, &mut scratch);
            assert!(checkpoints.resume(&mut theta, &mut tuning).unwrap().is_some());
            // What has no weight is an error, which begins anew.
            let _ = tuning.finish(&mut theta);
            tuning.finish(&mut theta).unwrap();
            assert_eq!(bits(&theta), whole(&task, ball()).0, "{stage} {words:?}");
        }
    }
}

#[test]
fn a_kind_of_optimizer_is_another_in_a_fine_tuning() {
    let (alone, inside) = (ClipNorm::<Sgd<Theta>>::KIND, Tuning::<ClipNorm<Sgd<Theta>>>::KIND);
    assert_ne!(alone, inside);
    assert_eq!(Kind::from_id(inside.id()).to_string(), "FineTuning of ClipNorm of Sgd");
}

/// The image of a fine-tuning after 14 steps, and how it ends.
pub fn written() -> (Vec<u8>, Vec<u32>) {
    let task = Task::new();
    let further = FineTuningConfig::words(SAMPLES);
    let used = Checkpoints::<Flash>::bytes_with::<RollingBall<Theta>>(PARAMETERS, further, 1);
    let image = saved(&task).into_inner().bytes;
    (image[..used as usize].to_vec(), whole(&task, ball()).0)
}

/// How the fine-tuning of an image ends.
pub fn end(image: Vec<u8>) -> Vec<u32> {
    let task = Task::new();
    let mut checkpoints: Checkpoints<Flash> = crate::forgery::holding(image);
    let Ram { mut theta, mut records, mut scratch } = Ram::new();
    let mut tuning = made(&task, ball(), &mut records, &mut scratch);
    // The steps of the run that was cut.
    assert_eq!(checkpoints.resume(&mut theta, &mut tuning), Ok(Some(2)));
    assert_eq!(tuning.steps(), 14);
    tuning.finish(&mut theta).unwrap();
    bits(&theta)
}

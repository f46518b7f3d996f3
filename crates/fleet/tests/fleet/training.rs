//! The training of a round is the same on every device, however often it is cut.

use crate::nor_flash::NorFlashModel;
use oorandom::Rand32;
use rolling_ball::nn::{
    Credibility, Dense, FineTuningConfig, Network, QuantizedSamples, SoftmaxCrossEntropy, Tanh,
};
use rolling_ball::{
    Checkpoints, Error, Objective, Optimizer, Resumable, RollingBall, RollingBallConfig, step,
};
use rolling_ball_fleet::{Begin, Between, Metrics, TrainingBuffers, checksum, train};
use std::ops::Range;

type Net = Network<'static, (Dense<4, 6>, Tanh<6>, Dense<6, 3>)>;
type Ball<'a> = RollingBall<&'a mut [f32]>;
type Flash = NorFlashModel<4, 1024>;

const N: usize = Net::PARAMETERS;
const SAMPLES: usize = 30;
const RANGE: Range<u32> =
    0..Checkpoints::<Flash>::bytes_with::<Ball>(N, FineTuningConfig::words(SAMPLES), 2) as u32;

fn round(batch: u16, guarded: bool) -> Begin {
    Begin {
        steps: 12,
        batch,
        radius: 0.05,
        learning_rate: 0.8,
        seed: 17,
        guarded,
        ..Begin::default()
    }
}

/// Three kinds of samples, of which one has a wrong label.
fn data() -> (Vec<u8>, Vec<u8>) {
    let mut random = Rand32::new(3);
    let labels: Vec<u8> = (0..SAMPLES).map(|index| (index % 3) as u8).collect();
    let inputs = labels.iter().flat_map(|label| {
        let mut values = [0; 4].map(|_: u8| random.rand_range(0..90) as u8);
        values[usize::from(*label)] += 120;
        values
    });
    let inputs = inputs.collect();
    let mut labels = labels;
    labels[4] = 2;
    (inputs, labels)
}

fn samples<'a>(data: &'a (Vec<u8>, Vec<u8>)) -> QuantizedSamples<'a> {
    let (inputs, labels) = data;
    QuantizedSamples { inputs, labels, width: 4, scale: 1.0 / 128.0, offset: -1.0 }
}

fn start() -> Vec<f32> {
    let mut random = Rand32::new(9);
    (0..N).map(|_| random.rand_float() - 0.5).collect()
}

/// Runs a round with new memory, as after a reset.
fn run(
    samples: QuantizedSamples,
    round: &Begin,
    between: &mut impl Between,
) -> Result<Option<(Vec<f32>, Metrics)>, Error> {
    let mut theta = vec![f32::NAN; N];
    let [mut one, mut other] = [(); 2].map(|()| vec![0.0; N]);
    let mut scratch = vec![0.0; Net::SCRATCH];
    let mut credibilities = vec![Credibility::NEW; SAMPLES];
    let buffers = TrainingBuffers {
        theta: &mut theta,
        vectors: [&mut one, &mut other],
        scratch: &mut scratch,
        credibilities: &mut credibilities,
    };
    let metrics = train(&Net::new(&[])?, samples, &start(), round, buffers, between)?;
    Ok(metrics.map(|metrics| (theta, metrics)))
}

/// Saves where it can, and ends after so many pieces.
struct Cut<'f> {
    checkpoints: Checkpoints<&'f mut Flash>,
    left: u32,
}

impl Between for Cut<'_> {
    fn resume<O: Resumable>(&mut self, theta: &mut [f32], optimizer: &mut O) {
        self.checkpoints.resume(theta, optimizer).unwrap();
    }

    fn go_on<O: Resumable>(&mut self, theta: &[f32], optimizer: &O, _: u32) -> bool {
        // In the middle of a step there is nothing to be saved.
        let _ = self.checkpoints.save(theta, optimizer);
        self.left -= 1;
        self.left > 0
    }
}

#[test]
fn a_training_that_is_cut_anywhere_ends_with_the_same_bits() {
    let data = data();
    for (batch, guarded) in [(0, false), (7, false), (0, true), (8, true)] {
        let round = round(batch, guarded);
        let (theta, metrics) = run(samples(&data), &round, &mut ()).unwrap().unwrap();
        assert_eq!(metrics.theta, checksum(&theta));
        assert_eq!(metrics.samples, SAMPLES as u32);
        assert!(metrics.loss_after < metrics.loss_before, "{metrics:?}");
        assert_eq!(guarded, metrics.wrong_labels > 0.0, "{metrics:?}");
        for every in [1, 2, 3, 11] {
            let (mut flash, mut boots) = (Flash::new(RANGE.end as usize), 0);
            let end = loop {
                let checkpoints = Checkpoints::new(&mut flash, RANGE).unwrap();
                // Where a step takes more pieces than that, each boot goes on for longer.
                let left = every + boots / 20;
                boots += 1;
                let cut = &mut Cut { checkpoints, left };
                if let Some(end) = run(samples(&data), &round, cut).unwrap() {
                    break end;
                }
            };
            assert!(boots > 1);
            assert_eq!((checksum(&end.0), end.1), (checksum(&theta), metrics));
        }
    }
}

#[test]
fn a_round_without_a_guard_is_the_ball_over_mini_batches_in_turn() {
    let data = data();
    let samples = samples(&data);
    let round = round(7, false);
    let (theta, metrics) = run(samples, &round, &mut ()).unwrap().unwrap();

    let config = RollingBallConfig::shrinking(0.05, 0.8, 12);
    let mut ball = RollingBall::new(config, [(); 2].map(|()| vec![0.0; N])).unwrap();
    let (mut expected, mut scratch) = (start(), vec![0.0; Net::SCRATCH]);
    let network = Net::new(&[]).unwrap();
    // The seed is 17.
    let mut batch = rolling_ball::nn::Samples::range(samples, 17, 7);
    while ball.steps() < 12 {
        let loss = SoftmaxCrossEntropy::new();
        let mut objective = network.losses(loss, batch, &mut scratch).unwrap();
        step(&mut ball, &mut objective, &mut expected).unwrap();
        batch = batch.following();
    }
    assert_eq!(checksum(&theta), checksum(&expected));
    assert_eq!((metrics.kept, metrics.wrong_labels, metrics.steps), (1.0, 0.0, 12));
    let all = rolling_ball::nn::Samples::all(samples);
    let mut objective = network.losses(SoftmaxCrossEntropy::new(), all, &mut scratch).unwrap();
    assert_eq!(metrics.loss_after, objective.loss(&expected).unwrap());
}

#[test]
fn a_guard_keeps_less_where_labels_are_random() {
    let clean = data();
    let (_, clean_metrics) = run(samples(&clean), &round(0, true), &mut ()).unwrap().unwrap();
    let (inputs, _) = clean;
    let mut random = Rand32::new(1);
    let labels = (0..SAMPLES).map(|_| random.rand_range(0..3) as u8).collect();
    let (_, metrics) = run(samples(&(inputs, labels)), &round(0, true), &mut ()).unwrap().unwrap();
    assert!(metrics.kept < clean_metrics.kept, "{metrics:?}");
    assert!(metrics.wrong_labels > clean_metrics.wrong_labels, "{metrics:?}");
}

#[test]
fn a_device_without_samples_has_no_training() {
    for guarded in [false, true] {
        let none = run(samples(&(vec![], vec![])), &round(0, guarded), &mut ());
        assert_eq!(none.map(|_| ()), Err(Error::NoSamples));
    }
}

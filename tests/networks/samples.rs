//! Samples by number, and mini-batches that go round them.

use crate::support::numbers::bits;
use crate::support::random::Random;
use rolling_ball::nn::{
    Batch, Dense, Network, QuantizedSamples, Sample, SampleRange, Samples, SoftmaxCrossEntropy,
};
use rolling_ball::{Error, Objective, PollObjective};

type Net = Network<'static, Dense<3, 2>>;

fn labels<S: Samples<Target = usize>>(range: SampleRange<S>) -> Vec<usize> {
    assert_eq!(range.len(), range.count());
    range.map(|sample| sample.target).collect()
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_range_goes_on_with_the_first_sample_after_the_last() {
    let samples = (&[[0.0]; 5], &[0, 1, 2, 3, 4]);
    assert_eq!(labels(samples.all()), [0, 1, 2, 3, 4]);
    assert_eq!(labels(samples.range(3, 4)), [3, 4, 0, 1]);
    assert_eq!(labels(samples.range(3, 4).following()), [2, 3, 4, 0]);
    assert_eq!(labels(samples.range(12, 2)), [2, 3]);
    assert_eq!(labels(samples.range(2, 99)), [2, 3, 4, 0, 1]);
    assert_eq!(labels(samples.range(2, 0)).len(), 0);
    assert_eq!(labels(samples.range(usize::MAX, 1).following()), [1]);
}

#[test]
fn no_samples_make_an_empty_range() {
    let nothing: [Sample<[f32; 3], usize>; 0] = [];
    assert!((&nothing).is_empty());
    assert_eq!(labels((&nothing).range(7, 3).following()).len(), 0);
    let no_width =
        QuantizedSamples { inputs: &[], labels: &[1], width: 0, scale: 1.0, offset: 0.0 };
    assert_eq!(labels(no_width.all()).len(), 0);
}

#[test]
fn of_inputs_and_targets_in_slices_the_shorter_counts() {
    let (inputs, targets) = ([[0.5]; 3], [1, 2]);
    let samples = (inputs.as_slice(), targets.as_slice());
    assert_eq!((samples.len(), samples.get(2)), (2, None));
    let bytes =
        QuantizedSamples { inputs: &[9; 7], labels: &[0; 9], width: 2, scale: 1.0, offset: 0.0 };
    assert_eq!((bytes.len(), bytes.get(3)), (3, None));
}

/// The loss and the bits of its gradient.
fn evaluate<O: Objective>(objective: &mut O) -> (u32, Vec<u32>) {
    let theta = Random(5).vector(Net::PARAMETERS);
    let mut gradient = vec![f32::NAN; Net::PARAMETERS];
    let loss = objective.gradient(&theta, &mut gradient).unwrap();
    (loss.to_bits(), bits(&gradient))
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn every_kind_of_samples_gives_the_bits_that_an_iterator_over_them_gives() {
    let bytes: [u8; 12] = [3, 141, 59, 26, 53, 58, 97, 93, 238, 46, 26, 43];
    let classes = [1u8, 0, 1, 1];
    let (scale, offset) = (1.0 / 64.0, -2.0);
    let inputs: [[f32; 3]; 4] = core::array::from_fn(|i| {
        core::array::from_fn(|j| f32::from(bytes[3 * i + j]) * scale + offset)
    });
    let targets = classes.map(usize::from);
    let together: [_; 4] =
        core::array::from_fn(|i| Sample { input: inputs[i], target: targets[i] });
    let network = Net::new(&[]).unwrap();
    let loss = SoftmaxCrossEntropy::new();
    for (first, count) in [(0, 4), (1, 2), (3, 3)] {
        let mut scratch = [0.0; Net::SCRATCH];
        let stream = inputs.iter().zip(targets).cycle().skip(first).take(count);
        let stream = stream.map(|(input, target)| Sample { input: input.as_slice(), target });
        let expected = evaluate(&mut network.batch(loss, stream, &mut scratch).unwrap());
        let check = |found: (u32, Vec<u32>)| assert_eq!(found, expected);
        macro_rules! gives_the_bits {
            ($samples:expr) => {
                let range = $samples.range(first, count);
                check(evaluate(&mut network.batch(loss, range, &mut scratch).unwrap()));
            };
        }
        gives_the_bits!((&inputs, &targets));
        gives_the_bits!((inputs.as_slice(), targets.as_slice()));
        gives_the_bits!(&together);
        gives_the_bits!(together.as_slice());
        let (inputs, labels) = (&bytes, &classes);
        gives_the_bits!(QuantizedSamples { inputs, labels, width: 3, scale, offset });
    }
}

/// What a firmware keeps from one call to the next.
struct Kept<'a> {
    batch: Batch<'a, Net, SoftmaxCrossEntropy<'a>, SampleRange<QuantizedSamples<'a>>>,
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_struct_keeps_a_batch_that_moves_on_by_mini_batches() -> Result<(), Error> {
    let samples = QuantizedSamples {
        inputs: &[3, 141, 59, 26, 53, 58, 97, 93, 238],
        labels: &[1, 0, 1],
        width: 3,
        scale: 1.0 / 64.0,
        offset: -2.0,
    };
    let (network, loss) = (Net::new(&[])?, SoftmaxCrossEntropy::new());
    let (mut scratch, mut other) = ([0.0; Net::SCRATCH], [0.0; Net::SCRATCH]);
    let mut kept = Kept { batch: network.batch(loss, samples.range(0, 2), &mut scratch)? };
    for first in [0, 2, 1, 0] {
        let mut expected = network.batch(loss, samples.range(first, 2), &mut other)?;
        assert_eq!(evaluate(&mut kept.batch), evaluate(&mut expected));
        kept.batch.next_mini_batch();
    }
    Ok(())
}

/// The next mini-batch begins a new evaluation.
#[test]
fn a_batch_that_moves_on_gives_up_an_evaluation_in_progress() -> Result<(), Error> {
    let samples = (&[[1.0, 0.0, 0.5], [0.0, 1.0, 0.25]], &[0, 1]);
    let (network, loss) = (Net::new(&[])?, SoftmaxCrossEntropy::new());
    let (mut scratch, mut other) = ([0.0; Net::SCRATCH], [0.0; Net::SCRATCH]);
    let mut batch = network.batch(loss, samples.range(0, 1), &mut scratch)?;
    let theta = Random(5).vector(Net::PARAMETERS);
    assert!(batch.poll_loss(&theta)?.is_pending());
    batch.next_mini_batch();
    let mut expected = network.batch(loss, samples.range(1, 1), &mut other)?;
    assert_eq!(evaluate(&mut batch), evaluate(&mut expected));
    Ok(())
}

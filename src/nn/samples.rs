//! Samples that can be numbered, and the mini-batches that go round them.

use super::sample::{Quantized, QuantizedInt8, Sample};
use core::iter::FusedIterator;

/// Labelled samples by number, of which a [`Batch`](super::Batch) sees all, or a part that moves on
/// from step to step.
///
/// A value of this kind is a view, cheap to copy: a slice or an array of [`Sample`]s, a pair of
/// slices or arrays of inputs and of targets (of which the shorter counts), [`QuantizedSamples`],
/// [`Int8Samples`], [`KeptFeatures`](super::KeptFeatures), or what a
#[cfg_attr(feature = "heapless", doc = "[`SampleStore`](super::SampleStore) holds.")]
#[cfg_attr(not(feature = "heapless"), doc = "`SampleStore` (feature `heapless`) holds.")]
///
/// ```
/// use rolling_ball::nn::{Sample, Samples};
///
/// let (inputs, labels) = ([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], [0, 1, 2]);
/// let samples = (&inputs, &labels);
/// assert_eq!(samples.len(), 3);
/// assert_eq!(samples.get(1), Some(Sample { input: &[0.3, 0.4], target: 1 }));
///
/// // Two of them, from the last on; after it comes the first again.
/// let labels: Vec<i32> = samples.range(2, 2).map(|sample| sample.target).collect();
/// assert_eq!(labels, [2, 0]);
/// ```
pub trait Samples: Copy {
    /// What the network sees of a sample.
    type Input;
    /// What the loss compares with.
    type Target;

    /// How many samples there are.
    fn len(&self) -> usize;

    /// The sample of this number; `None` where there are not so many.
    fn get(&self, index: usize) -> Option<Sample<Self::Input, Self::Target>>;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All samples in their order.
    fn all(self) -> SampleRange<Self> {
        self.range(0, self.len())
    }

    /// `count` samples from that of the number `first` on, and after the last the first again; at
    /// most each once. A number beyond the last counts on from the first.
    fn range(self, first: usize, count: usize) -> SampleRange<Self> {
        let length = self.len();
        let first = first.checked_rem(length).unwrap_or_default();
        SampleRange { samples: self, next: first, left: count.min(length) }
    }
}

/// Some samples in their order, round and round: an iterator whose type can be written down, so
/// that a struct can keep the [`Batch`](super::Batch) over it.
#[derive(Clone, Copy, Debug)]
pub struct SampleRange<S> {
    samples: S,
    next: usize,
    left: usize,
}

impl<S: Samples> SampleRange<S> {
    /// As many samples as are left in this one, from that behind its end on: of a whole range, the
    /// next mini-batch.
    #[must_use]
    pub fn following(self) -> Self {
        let Self { samples, next, left } = self;
        samples.range(next.saturating_add(left), left)
    }
}

impl<S: Samples> Iterator for SampleRange<S> {
    type Item = Sample<S::Input, S::Target>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let sample = self.samples.get(self.next);
        self.next = self.next.saturating_add(1);
        if self.next >= self.samples.len() {
            self.next = 0;
        }
        sample
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<S: Samples> ExactSizeIterator for SampleRange<S> {}
impl<S: Samples> FusedIterator for SampleRange<S> {}

impl<'d, I, Y: Copy> Samples for &'d [Sample<I, Y>] {
    type Input = &'d I;
    type Target = Y;

    fn len(&self) -> usize {
        <[_]>::len(self)
    }

    fn get(&self, index: usize) -> Option<Sample<&'d I, Y>> {
        let Sample { input, target } = <[_]>::get(self, index)?;
        Some(Sample { input, target: *target })
    }
}

impl<'d, I, Y: Copy, const COUNT: usize> Samples for &'d [Sample<I, Y>; COUNT] {
    type Input = &'d I;
    type Target = Y;

    fn len(&self) -> usize {
        COUNT
    }

    fn get(&self, index: usize) -> Option<Sample<&'d I, Y>> {
        Samples::get(&self.as_slice(), index)
    }
}

impl<'d, I, Y: Copy> Samples for (&'d [I], &'d [Y]) {
    type Input = &'d I;
    type Target = Y;

    fn len(&self) -> usize {
        let (inputs, targets) = self;
        inputs.len().min(targets.len())
    }

    fn get(&self, index: usize) -> Option<Sample<&'d I, Y>> {
        let (inputs, targets) = *self;
        Some(Sample { input: inputs.get(index)?, target: *targets.get(index)? })
    }
}

impl<'d, I, Y: Copy, const COUNT: usize> Samples for (&'d [I; COUNT], &'d [Y; COUNT]) {
    type Input = &'d I;
    type Target = Y;

    fn len(&self) -> usize {
        COUNT
    }

    fn get(&self, index: usize) -> Option<Sample<&'d I, Y>> {
        let (inputs, targets) = *self;
        Samples::get(&(inputs.as_slice(), targets.as_slice()), index)
    }
}

/// Samples in bytes, as sensors deliver them and as they lie in flash: inputs of `width` bytes one
/// after another, and a class for each. A byte of an input stands for `value * scale + offset`, as
/// in [`Quantized`].
///
/// ```
/// use rolling_ball::nn::{QuantizedSamples, Samples};
///
/// static PIXELS: [u8; 6] = [0, 255, 7, 128, 200, 3];
/// let samples =
///     QuantizedSamples { inputs: &PIXELS, labels: &[4, 9], width: 3, scale: 1.0, offset: 0.0 };
/// let second = samples.get(1).ok_or("there are two samples")?;
/// assert_eq!((second.input.values, second.target), (&PIXELS[3..], 9));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantizedSamples<'d> {
    /// The inputs, one after another.
    pub inputs: &'d [u8],
    /// The class of each.
    pub labels: &'d [u8],
    /// Bytes of one input.
    pub width: usize,
    /// Multiplies a byte.
    pub scale: f32,
    /// Added after.
    pub offset: f32,
}

impl<'d> Samples for QuantizedSamples<'d> {
    type Input = Quantized<'d>;
    type Target = usize;

    fn len(&self) -> usize {
        let inputs = self.inputs.len().checked_div(self.width).unwrap_or_default();
        inputs.min(self.labels.len())
    }

    fn get(&self, index: usize) -> Option<Sample<Quantized<'d>, usize>> {
        let Self { inputs, labels, width, scale, offset } = *self;
        let target = usize::from(*labels.get(index)?);
        let values = row(inputs, width, index)?;
        Some(Sample { input: Quantized { values, scale, offset }, target })
    }
}

/// Samples in signed bytes, as int8 networks have them: inputs of `width` bytes one after another,
/// and a class for each. A byte of an input stands for `(value - zero) * scale`, as in
/// [`QuantizedInt8`]. So another engine's features are learned from, by a network without a
/// backbone: [`Network::tail`](super::Network::tail), or dense layers of your own.
///
/// ```
/// use rolling_ball::nn::{Dense, Int8Samples, Network, Samples, SoftmaxCrossEntropy};
/// use rolling_ball::{Sgd, SgdConfig, step};
///
/// type Tail = Network<'static, Dense<2, 2>>;
/// // What the engine has computed for two inputs, with its scale and its zero point.
/// let (inputs, labels) = (&[-128, 100, 90, -120], &[0, 1]);
/// let samples = Int8Samples { inputs, labels, width: 2, scale: 1.0 / 128.0, zero: -128 };
///
/// let mut theta = [0.0; Tail::PARAMETERS];
/// let mut scratch = [0.0; Tail::SCRATCH];
/// let tail = Tail::new(&[])?;
/// let mut batch = tail.batch(SoftmaxCrossEntropy::new(), samples.all(), &mut scratch)?;
/// let mut sgd = Sgd::new(SgdConfig::default(), [0.0; Tail::PARAMETERS], None)?;
/// for _ in 0..20 {
///     step(&mut sgd, &mut batch, &mut theta)?;
/// }
/// drop(batch);
/// for sample in samples.all() {
///     assert_eq!(tail.classify(&theta, &sample.input, &mut scratch)?, sample.target);
/// }
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Int8Samples<'d> {
    /// The inputs, one after another.
    pub inputs: &'d [i8],
    /// The class of each.
    pub labels: &'d [u8],
    /// Bytes of one input.
    pub width: usize,
    /// What a step between two bytes stands for.
    pub scale: f32,
    /// The byte that stands for 0.
    pub zero: i8,
}

impl<'d> Samples for Int8Samples<'d> {
    type Input = QuantizedInt8<'d>;
    type Target = usize;

    fn len(&self) -> usize {
        let inputs = self.inputs.len().checked_div(self.width).unwrap_or_default();
        inputs.min(self.labels.len())
    }

    fn get(&self, index: usize) -> Option<Sample<QuantizedInt8<'d>, usize>> {
        let Self { inputs, labels, width, scale, zero } = *self;
        let target = usize::from(*labels.get(index)?);
        let values = row(inputs, width, index)?;
        Some(Sample { input: QuantizedInt8 { values, scale, zero }, target })
    }
}

/// The row of this number among rows of `width`, where all of it is there.
pub(super) fn row<T>(rows: &[T], width: usize, index: usize) -> Option<&[T]> {
    rows.get(index.checked_mul(width)?..)?.get(..width)
}

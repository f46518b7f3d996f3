//! What a device that keeps learning remembers.

use super::backbone::Backbone;
use super::features::Features;
use super::layer::Layer;
use super::network::Network;
use super::sample::{Quantized, Sample};
use super::samples::Samples;
use crate::kernels::Kernels;
use heapless::Vec;

/// At most `CAPACITY` labelled samples of `WIDTH` bytes each, from the oldest to the newest, and
/// beside each what `F` holds: nothing, or the features of a frozen backbone.
///
/// A full store makes room by dropping the oldest sample of the class that has the most, the new
/// one counted; of classes that have equally many, the one whose oldest sample is the oldest. So no
/// class that is seen often drives out one that is seen rarely, and what is dropped is what is
/// known best or longest ago.
///
/// ```
/// use rolling_ball::nn::{Dense, Network, SampleStore, Samples, SoftmaxCrossEntropy};
/// use rolling_ball::{RollingBall, RollingBallConfig, step};
///
/// type Net = Network<'static, Dense<2, 2>>;
/// type Store = SampleStore<2, 3>;
/// const _: () = assert!(Net::RAM_BYTES + Store::RAM_BYTES <= 256);
///
/// let mut store = Store::new();
/// assert_eq!(store.push(&[255, 0], 0), None);
/// assert_eq!(store.push(&[250, 9], 0), None);
/// assert_eq!(store.push(&[0, 255], 1), None);
/// assert_eq!(store.push(&[7, 248], 1), Some(0));
/// assert_eq!((store.len_of(0), store.len_of(1)), (1, 2));
///
/// // The containers of heapless also hold what an optimizer works in.
/// let mut vector = heapless::Vec::<f32, { Net::PARAMETERS }>::new();
/// vector.extend([0.0; Net::PARAMETERS]);
/// let mut theta = vector.clone();
/// let mut ball = RollingBall::new(RollingBallConfig::default(), [vector.clone(), vector])?;
///
/// let mut scratch = [0.0; Net::SCRATCH];
/// let network = Net::new(&[])?;
/// let samples = store.samples(1.0 / 255.0, 0.0);
/// let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples.all(), &mut scratch)?;
/// for _ in 0..20 {
///     step(&mut ball, &mut objective, &mut theta)?;
/// }
/// drop(objective);
/// for sample in samples.all() {
///     assert_eq!(network.classify(&theta, &sample.input, &mut scratch)?, sample.target);
/// }
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// An empty store holds no bytes but zeros: as a static it takes no flash.
///
/// With an array of features a sample's backbone is evaluated once, when the sample comes, and
/// training reads the features ([`features`](Self::features)). Whoever has no more use for the
/// samples themselves keeps none of their bytes: a `WIDTH` of 0.
///
/// ```
/// use rolling_ball::nn::{self, Dense, FloatBackbone, Network, Relu, SampleStore, Samples};
///
/// type Backbone = FloatBackbone<'static, (Dense<2, 4>, Relu<4>)>;
/// type Net = Network<'static, Dense<4, 2>, Backbone>;
/// type Store = SampleStore<0, 20, nn::features!(Net, 1)>;
/// static IN_FLASH: [f32; Backbone::PARAMETERS] = [0.25; Backbone::PARAMETERS];
///
/// let network = Net::with_backbone(Backbone::new(&IN_FLASH)?, &[])?;
/// let mut scratch = [0.0; Net::SCRATCH];
/// let mut store = Store::new();
/// let mut features: nn::features!(Net, 1) = [0.0; Net::FEATURES];
/// network.features(&[1.0, 0.5], &mut scratch, &mut features)?;
/// store.push_with_features(&[], &features, 1);
///
/// let samples = store.features(&network);
/// assert_eq!(samples.len(), 1); // for `network.batch(loss, samples.all(), &mut scratch)`
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SampleStore<const WIDTH: usize, const CAPACITY: usize, F = ()> {
    samples: Vec<Labelled<WIDTH, F>, CAPACITY>,
}

#[derive(Clone, Debug)]
struct Labelled<const WIDTH: usize, F> {
    values: [u8; WIDTH],
    features: F,
    class: u8,
}

impl<const WIDTH: usize, const CAPACITY: usize, F> Default for SampleStore<WIDTH, CAPACITY, F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WIDTH: usize, const CAPACITY: usize> SampleStore<WIDTH, CAPACITY> {
    /// Adds a sample. Names the class of the one that had to make room for it, where the store was
    /// full.
    ///
    /// Cost where it is full: every two samples' classes are compared, and the younger samples move
    /// up by one.
    pub fn push(&mut self, values: &[u8; WIDTH], class: u8) -> Option<u8> {
        self.insert(Labelled { values: *values, features: (), class })
    }
}

impl<const WIDTH: usize, const CAPACITY: usize, T: Copy, const N: usize>
    SampleStore<WIDTH, CAPACITY, [T; N]>
{
    /// Adds a sample with its features, which [`Network::features`] computes; the rest is as in
    /// [`push`](SampleStore::push).
    pub fn push_with_features(
        &mut self,
        values: &[u8; WIDTH],
        features: &[T; N],
        class: u8,
    ) -> Option<u8> {
        self.insert(Labelled { values: *values, features: *features, class })
    }

    /// The samples from the oldest to the newest, as the network's trained layers see them.
    #[must_use]
    pub fn features<L: Layer, B: Backbone<Feature = T>, K: Kernels>(
        &self,
        network: &Network<'_, L, B, K>,
    ) -> StoredFeatures<'_, B, WIDTH, CAPACITY, N> {
        StoredFeatures { store: self, backbone: *network.backbone() }
    }
}

impl<const WIDTH: usize, const CAPACITY: usize, F> SampleStore<WIDTH, CAPACITY, F> {
    /// What the store takes of the RAM, full or not.
    pub const RAM_BYTES: usize = size_of::<Self>();

    /// An empty store.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(CAPACITY > 0, "SampleStore<WIDTH, CAPACITY>: expected room for a sample") }
        Self { samples: Vec::new() }
    }

    fn insert(&mut self, sample: Labelled<WIDTH, F>) -> Option<u8> {
        let mut moving = match self.samples.push(sample) {
            Ok(()) => return None,
            Err(rejected) => rejected,
        };
        let oldest = self.oldest_of_the_largest_class(moving.class);
        // From the newest down: each sample takes the place of the one before it, over the one that
        // is dropped.
        for place in self.samples.iter_mut().skip(oldest).rev() {
            core::mem::swap(place, &mut moving);
        }
        Some(moving.class)
    }

    /// Where the sample lies that makes room for one of class `incoming`.
    fn oldest_of_the_largest_class(&self, incoming: u8) -> usize {
        let (mut place, mut largest) = (0, 0);
        for (index, sample) in (0..self.samples.len()).zip(&self.samples) {
            let own = usize::from(sample.class == incoming);
            let count = self.len_of(sample.class).saturating_add(own);
            if count > largest {
                (place, largest) = (index, count);
            }
        }
        place
    }

    /// How many samples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// How many samples of a class there are.
    #[must_use]
    pub fn len_of(&self, class: u8) -> usize {
        let of_class = self.samples.iter().filter(|sample| sample.class == class);
        of_class.fold(0, |count: usize, _| count.saturating_add(1))
    }

    /// Forgets the samples of which `keep` says no, by their number and their class; the others
    /// stay in their order. So those are dropped whose label
    /// [`FineTuning`](super::FineTuning) does not find credible:
    ///
    /// ```
    /// use rolling_ball::nn::{Credibility, SampleStore};
    ///
    /// let mut store = SampleStore::<2, 8>::new();
    /// store.push(&[1, 2], 0);
    /// store.push(&[3, 4], 1);
    /// // As a fine-tuning leaves it: one for each sample, in the same order.
    /// let credibilities = [Credibility::NEW; 8];
    /// store.retain(|index, _class| credibilities[index].label() > 0.3);
    /// assert_eq!(store.len(), 2);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(usize, u8) -> bool) {
        let (mut place, mut index) = (0_usize, 0_usize);
        while let Some(sample) = self.samples.get(place) {
            if keep(index, sample.class) {
                place = place.saturating_add(1);
            } else {
                self.remove(place);
            }
            index = index.saturating_add(1);
        }
    }

    /// Forgets the sample at a place where there is one.
    fn remove(&mut self, place: usize) {
        let mut rest = self.samples.get_mut(place..).unwrap_or_default();
        // It goes to the end, past each of the younger ones.
        while let Some((sample, younger)) = rest.split_first_mut() {
            if let Some(next) = younger.first_mut() {
                core::mem::swap(sample, next);
            }
            rest = younger;
        }
        self.samples.pop();
    }

    /// Names another class for a sample, which somebody was asked about again. Returns the class
    /// that it had, or `None` where there is no such sample.
    pub fn relabel(&mut self, index: usize, class: u8) -> Option<u8> {
        let sample = self.samples.get_mut(index)?;
        Some(core::mem::replace(&mut sample.class, class))
    }

    /// Forgets all samples.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// The samples from the oldest to the newest; a byte stands for `value * scale + offset`.
    #[must_use]
    pub fn samples(&self, scale: f32, offset: f32) -> StoredSamples<'_, WIDTH, CAPACITY, F> {
        StoredSamples { store: self, scale, offset }
    }
}

/// What a [`SampleStore`] holds, as [`Samples`]: from the oldest to the newest.
#[derive(Debug)]
pub struct StoredSamples<'d, const WIDTH: usize, const CAPACITY: usize, F = ()> {
    store: &'d SampleStore<WIDTH, CAPACITY, F>,
    scale: f32,
    offset: f32,
}

impl<const WIDTH: usize, const CAPACITY: usize, F> Clone for StoredSamples<'_, WIDTH, CAPACITY, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<const WIDTH: usize, const CAPACITY: usize, F> Copy for StoredSamples<'_, WIDTH, CAPACITY, F> {}

impl<'d, const WIDTH: usize, const CAPACITY: usize, F> Samples
    for StoredSamples<'d, WIDTH, CAPACITY, F>
{
    type Input = Quantized<'d>;
    type Target = usize;

    fn len(&self) -> usize {
        self.store.len()
    }

    fn get(&self, index: usize) -> Option<Sample<Quantized<'d>, usize>> {
        let Self { store, scale, offset } = *self;
        let Labelled { values, class, .. } = store.samples.get(index)?;
        Some(Sample { input: Quantized { values, scale, offset }, target: usize::from(*class) })
    }
}

/// The features that a [`SampleStore`] holds, as [`Samples`]: from the oldest to the newest.
#[derive(Clone, Copy, Debug)]
pub struct StoredFeatures<
    'd,
    B: Backbone,
    const WIDTH: usize,
    const CAPACITY: usize,
    const N: usize,
> {
    store: &'d SampleStore<WIDTH, CAPACITY, [B::Feature; N]>,
    backbone: B,
}

impl<'d, B: Backbone, const WIDTH: usize, const CAPACITY: usize, const N: usize> Samples
    for StoredFeatures<'d, B, WIDTH, CAPACITY, N>
{
    type Input = Features<B::Kept<'d>>;
    type Target = usize;

    fn len(&self) -> usize {
        self.store.len()
    }

    fn get(&self, index: usize) -> Option<Sample<Self::Input, usize>> {
        let Labelled { features, class, .. } = self.store.samples.get(index)?;
        let input = Features(self.backbone.kept(features));
        Some(Sample { input, target: usize::from(*class) })
    }
}

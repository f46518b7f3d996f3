//! What a device that keeps learning remembers.

use super::sample::{Quantized, Sample};
use super::samples::Samples;
use heapless::Vec;

/// At most `CAPACITY` labelled samples of `WIDTH` bytes each, from the oldest to the newest.
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
#[derive(Clone, Debug)]
pub struct SampleStore<const WIDTH: usize, const CAPACITY: usize> {
    samples: Vec<Labelled<WIDTH>, CAPACITY>,
}

#[derive(Clone, Debug)]
struct Labelled<const WIDTH: usize> {
    values: [u8; WIDTH],
    class: u8,
}

impl<const WIDTH: usize, const CAPACITY: usize> Default for SampleStore<WIDTH, CAPACITY> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WIDTH: usize, const CAPACITY: usize> SampleStore<WIDTH, CAPACITY> {
    /// What the store takes of the RAM, full or not.
    pub const RAM_BYTES: usize = size_of::<Self>();

    /// An empty store.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(CAPACITY > 0, "SampleStore<WIDTH, CAPACITY>: expected room for a sample") }
        Self { samples: Vec::new() }
    }

    /// Adds a sample. Names the class of the one that had to make room for it, where the store was
    /// full.
    ///
    /// Cost where it is full: every two samples' classes are compared, and the younger samples move
    /// up by one.
    pub fn push(&mut self, values: &[u8; WIDTH], class: u8) -> Option<u8> {
        let mut moving = match self.samples.push(Labelled { values: *values, class }) {
            Ok(()) => return None,
            Err(rejected) => rejected,
        };
        let oldest = self.oldest_of_the_largest_class(class);
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

    /// Forgets all samples.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// The samples from the oldest to the newest; a byte stands for `value * scale + offset`.
    #[must_use]
    pub fn samples(&self, scale: f32, offset: f32) -> StoredSamples<'_, WIDTH, CAPACITY> {
        StoredSamples { store: self, scale, offset }
    }
}

/// What a [`SampleStore`] holds, as [`Samples`]: from the oldest to the newest.
#[derive(Clone, Copy, Debug)]
pub struct StoredSamples<'d, const WIDTH: usize, const CAPACITY: usize> {
    store: &'d SampleStore<WIDTH, CAPACITY>,
    scale: f32,
    offset: f32,
}

impl<'d, const WIDTH: usize, const CAPACITY: usize> Samples for StoredSamples<'d, WIDTH, CAPACITY> {
    type Input = Quantized<'d>;
    type Target = usize;

    fn len(&self) -> usize {
        self.store.len()
    }

    fn get(&self, index: usize) -> Option<Sample<Quantized<'d>, usize>> {
        let Self { store, scale, offset } = *self;
        let Labelled { values, class } = store.samples.get(index)?;
        Some(Sample { input: Quantized { values, scale, offset }, target: usize::from(*class) })
    }
}

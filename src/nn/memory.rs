//! The memory of a training, as one value for a static.

/// All the RAM that training takes beside the stack: theta, the vectors that the optimizer works
/// in, and the scratch slice of the evaluations. The macro [`memory!`](super::memory!) names the
/// type for a network.
///
/// As a static it belongs into a cell that gives it away once, such as
/// `static_cell::ConstStaticCell`; since it is all zeros, it lies in `.bss` and takes no flash.
/// There it does not burden the stack, which on a small device may be smaller than theta.
///
/// ```
/// use rolling_ball::nn::{self, Dense, Memory, Network, Relu, Sample, SoftmaxCrossEntropy};
/// use rolling_ball::{Error, RollingBall, RollingBallConfig, step};
///
/// type Net = Network<'static, (Dense<2, 8>, Relu<8>, Dense<8, 2>)>;
/// /// For the ball, which keeps two vectors.
/// type NetMemory = nn::memory!(Net, 2);
/// const _: () = assert!(NetMemory::BYTES == Net::RAM_BYTES);
///
/// fn learn(memory: &mut NetMemory, samples: &[Sample<[f32; 2], usize>]) -> Result<(), Error> {
///     use rolling_ball::nn::Samples;
///     let Memory { theta, vectors, scratch } = memory;
///     let loss = SoftmaxCrossEntropy::new();
///     let mut batch = Net::new(&[])?.batch(loss, samples.all(), scratch)?;
///     let mut ball = RollingBall::new(RollingBallConfig::fine_tuning(10), vectors.each_mut())?;
///     for _ in 0..10 {
///         step(&mut ball, &mut batch, theta)?;
///     }
///     Ok(())
/// }
///
/// let mut memory: NetMemory = Memory::ZERO;
/// learn(&mut memory, &[Sample { input: [1.0, 0.0], target: 1 }])?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Memory<const PARAMETERS: usize, const VECTORS: usize, const SCRATCH: usize> {
    /// The parameters that are trained.
    pub theta: [f32; PARAMETERS],
    /// The optimizer's vectors, each as long as theta.
    pub vectors: [[f32; PARAMETERS]; VECTORS],
    /// What evaluations work in: a batch's, or a prediction's.
    pub scratch: [f32; SCRATCH],
}

impl<const PARAMETERS: usize, const VECTORS: usize, const SCRATCH: usize>
    Memory<PARAMETERS, VECTORS, SCRATCH>
{
    /// Zeros everywhere, which as a static take no flash.
    pub const ZERO: Self = Self {
        theta: [0.0; PARAMETERS],
        vectors: [[0.0; PARAMETERS]; VECTORS],
        scratch: [0.0; SCRATCH],
    };
    /// The bytes that it takes of the RAM.
    pub const BYTES: usize = size_of::<Self>();
}

/// The type [`Memory`](crate::nn::Memory) for a network and a number of vectors, with a scratch
/// slice for one sample at a time, or for as many at once as the third argument says. Without a
/// vector the scratch slice is a prediction's, for
/// [`Network::losses`](crate::nn::Network::losses).
///
/// ```
/// use rolling_ball::nn::{self, Dense, Memory, Network};
///
/// type Net = Network<'static, Dense<64, 10>>;
///
/// static SGD: nn::memory!(Net, 1) = Memory::ZERO;
/// static LOSSES_ONLY: nn::memory!(Net, 0) = Memory::ZERO;
/// static BALL_ON_EIGHT_SAMPLES_AT_ONCE: nn::memory!(Net, 2, 8) = Memory::ZERO;
/// assert_eq!(SGD.scratch.len(), Net::SCRATCH);
/// assert_eq!(LOSSES_ONLY.scratch.len(), Net::INFERENCE_SCRATCH);
/// assert_eq!(BALL_ON_EIGHT_SAMPLES_AT_ONCE.scratch.len(), Net::scratch(8));
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __nn_memory {
    ($network:ty, $vectors:expr) => {
        $crate::nn::memory!($network, $vectors, 1)
    };
    ($network:ty, $vectors:expr, $samples:expr) => {
        $crate::nn::Memory<
            { <$network>::PARAMETERS },
            { $vectors },
            { <$network>::scratch_of_training($vectors, $samples) },
        >
    };
}

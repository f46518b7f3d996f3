//! A fine-tuning without what it borrows.

use super::super::backbone::Backbone;
use super::super::batch::Evaluation;
use super::super::features::FeatureSource;
use super::super::layer::Layer;
use super::super::network::Network;
use super::super::samples::Samples;
use super::credibility::{Credibility, Evidence};
use super::likelihood::Likelihood;
use super::stage::Stage;
use super::weighted::Turn;
use super::{FineTuning, FineTuningConfig, FineTuningReport};
use crate::Error;
use crate::kernels::Kernels;
use crate::optimizer::{Optimizer, Rebind, Resumable, STATE_WORDS};

/// A [`FineTuning`] between two pieces, without what it borrows: for a program that cannot keep the
/// borrows, since it uses the scratch slice in between, or is not written in Rust.
///
/// ```
/// use rolling_ball::nn::{Credibility, Dense, FineTuning, Network, SoftmaxCrossEntropy};
///
/// type Net = Network<'static, Dense<2, 2>>;
/// let samples = (&[[1.0, 0.0], [0.0, 1.0], [0.9, 0.2], [0.1, 0.8]], &[0, 1, 0, 1]);
/// let (start, mut theta) = ([0.0; Net::PARAMETERS], [0.0; Net::PARAMETERS]);
/// let (mut known, mut scratch) = ([Credibility::NEW; 4], [0.0; Net::SCRATCH]);
/// let (network, loss) = (Net::new(&[])?, SoftmaxCrossEntropy::new());
/// let vectors = [[0.0; Net::PARAMETERS]; 2];
/// let tuning =
///     FineTuning::new(network, loss, samples, &start, vectors, &mut known, &mut scratch)?;
/// let mut paused = tuning.pause();
/// let report = loop {
///     network.predict(&start, &[0.5, 0.5], &mut scratch)?;
///     let (loss, old) = (SoftmaxCrossEntropy::new(), None::<(&[[f32; 2]; 4], &[usize; 4])>);
///     let mut tuning =
///         paused.go_on(network, loss, samples, old, &start, &mut known, &mut scratch)?;
///     if let core::task::Poll::Ready(report) = tuning.poll(&mut theta)? {
///         break report;
///     }
///     paused = tuning.pause();
/// };
/// assert_eq!(report.samples, 4);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Debug)]
pub struct Paused<O> {
    pub(super) optimizer: O,
    /// The optimizer's state when it was made.
    pub(super) fresh: [u32; STATE_WORDS],
    /// What a sample counts that is alone with its label.
    pub(super) alone: f32,
    pub(super) config: FineTuningConfig,
    pub(super) stage: Stage,
    pub(super) evaluation: Option<Evaluation<Turn>>,
    pub(super) evidence: Evidence,
    pub(super) report: FineTuningReport,
}

impl<N, E, S, O, P> FineTuning<'_, N, E, S, O, P> {
    /// Gives back what it borrows.
    #[must_use]
    pub fn pause(self) -> Paused<O> {
        self.carried
    }
}

impl<O: Optimizer + Resumable> Paused<O> {
    /// Before the first piece, with an optimizer that has just been made.
    pub(super) fn new(mut optimizer: O, alone: f32) -> Result<Self, Error> {
        let (fresh, config) = (optimizer.state()?.words, FineTuningConfig::default());
        optimizer.set_schedule_steps(config.steps);
        Ok(Self {
            optimizer,
            fresh,
            alone,
            config,
            stage: Stage::FIRST,
            evaluation: None,
            evidence: Evidence::default(),
            report: FineTuningReport::default(),
        })
    }

    /// Goes on where it was paused, with what it borrowed then: the same samples, those of the old
    /// task too, the same start, and the credibilities as they were.
    ///
    /// # Errors
    /// [`Error::Length`] where the start, the credibilities or the scratch slice are not as long as
    /// the network and the samples ask.
    #[allow(
        clippy::too_many_arguments,
        clippy::type_complexity,
        reason = "all of them are what it had borrowed"
    )]
    pub fn go_on<'a, 'n, L, B, K, E, S, P>(
        self,
        network: Network<'n, L, B, K>,
        loss: E,
        samples: S,
        old: Option<P>,
        start: &'a [f32],
        credibilities: &'a mut [Credibility],
        scratch: &'a mut [f32],
    ) -> Result<FineTuning<'a, Network<'n, L, B, K>, E, S, O, P>, Error>
    where
        L: Layer,
        B: Backbone,
        K: Kernels,
        S: Samples<Input: FeatureSource<B>>,
        E: Likelihood<S::Target>,
        P: Samples<Input: FeatureSource<B>, Target = S::Target>,
    {
        Error::check_length("optimizer", L::PARAMETERS, self.optimizer.parameters())?;
        let records = super::checked(&network, samples, start, credibilities, scratch)?;
        Ok(FineTuning { network, loss, samples, old, start, records, scratch, carried: self })
    }
}

impl<V, O: Rebind<V>> Rebind<V> for Paused<O> {
    fn rebind(&mut self, replace: &mut impl FnMut(&mut V)) {
        self.optimizer.rebind(replace);
    }
}

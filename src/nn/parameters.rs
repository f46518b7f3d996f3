//! Where a layer's parameters lie: in theta, or frozen where they were put (in flash).

use super::split::{split, split_mut};
use crate::Error;
use core::marker::PhantomData;

/// The parameters that a layer reads.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    /// Those that are trained: the layer's part of theta.
    pub theta: &'a [f32],
    /// Those that are not.
    pub frozen: &'a [f32],
}

/// Which of a layer's parameters are trained. Theta holds only those, in the order of the layers,
/// weights before biases; the rest is read where it lies, in the same order.
pub trait Trainable {
    /// Whether the weights are.
    const WEIGHTS: bool;
    /// Whether the biases are.
    const BIASES: bool;
    /// The first output whose parameters are trained, and how many outputs that are; none where it
    /// is the whole layer.
    const OUTPUTS: Option<[usize; 2]> = None;
}

/// All of the layer's parameters are trained.
#[derive(Clone, Copy, Debug, Default)]
pub struct All;

/// The weights are trained, the biases are frozen. Frozen zeros are the biases of a layer that has
/// none, such as PyTorch's with `bias=False`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WeightsOnly;

/// The biases are trained, the weights are frozen: a few parameters that reach every unit.
#[derive(Clone, Copy, Debug, Default)]
pub struct BiasesOnly;

/// The parameters of `COUNT` outputs of the layer are trained, from the output `FIRST` on, and the
/// others are frozen: theta, the gradient and the optimizer's vectors are as long as what is
/// trained. `R` says which parameters of those outputs are. The outputs of a
/// [`Conv2d`](super::Conv2d) are its filters; other layers than it and [`Dense`](super::Dense) have
/// no such outputs, and do not compile.
///
/// Cost: as with all of them, but for the gradients of the frozen ones, which are not computed.
///
/// ```
/// use rolling_ball::nn::{Layer, Map, Outputs, PointwiseConv2d};
///
/// type Last<R> = PointwiseConv2d<Map<3, 3, 256>, 256, R>;
/// assert_eq!(Last::<Outputs<240, 16>>::PARAMETERS, 16 * 256 + 16);
/// assert_eq!(Last::<Outputs<240, 16>>::FROZEN, 240 * 256 + 240);
/// ```
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Dense, Layer, Outputs};
///
/// const _: usize = Dense::<8, 4, Outputs<3, 2>>::PARAMETERS;
/// ```
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Layer, Map, Outputs, ScaleShift};
///
/// const _: usize = ScaleShift::<Map<4, 4, 8>, Outputs<0, 2>>::PARAMETERS;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Outputs<const FIRST: usize, const COUNT: usize, R = All>(PhantomData<R>);

/// None of the layer's parameters are trained.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frozen;

impl Trainable for All {
    const WEIGHTS: bool = true;
    const BIASES: bool = true;
}

impl Trainable for WeightsOnly {
    const WEIGHTS: bool = true;
    const BIASES: bool = false;
}

impl Trainable for BiasesOnly {
    const WEIGHTS: bool = false;
    const BIASES: bool = true;
}

impl<const FIRST: usize, const COUNT: usize, R: Trainable> Trainable for Outputs<FIRST, COUNT, R> {
    const WEIGHTS: bool = R::WEIGHTS;
    const BIASES: bool = R::BIASES;
    const OUTPUTS: Option<[usize; 2]> = Some([FIRST, COUNT]);
}

impl Trainable for Frozen {
    const WEIGHTS: bool = false;
    const BIASES: bool = false;
}

/// How many of a layer's parameters are trained. Does not compile where some outputs are, since
/// the layer's weights do not lie output by output.
pub(super) const fn trained<R: Trainable>(weights: usize, biases: usize) -> usize {
    assert_whole::<R>();
    counted::<R>(weights, biases)
}

const fn assert_whole<R: Trainable>() {
    assert!(
        R::OUTPUTS.is_none(),
        "Outputs<FIRST, COUNT>: expected a Dense or a Conv2d, whose weights lie output by output"
    );
}

const fn counted<R: Trainable>(weights: usize, biases: usize) -> usize {
    let (weights, biases) =
        (if R::WEIGHTS { weights } else { 0 }, if R::BIASES { biases } else { 0 });
    weights.saturating_add(biases)
}

/// How many outputs a layer trains of those that it has, whose weights lie output by output.
pub(super) const fn trained_outputs<R: Trainable>(outputs: usize) -> usize {
    let Some([first, count]) = R::OUTPUTS else { return outputs };
    assert!(
        count > 0 && first <= outputs && count <= outputs - first,
        "Outputs<FIRST, COUNT>: expected at least one output, and none that the layer has not"
    );
    count
}

/// How many parameters that are, with so many weights each.
pub(super) const fn trained_by_output<R: Trainable>([outputs, length]: [usize; 2]) -> usize {
    let outputs = trained_outputs::<R>(outputs);
    counted::<R>(outputs * length, outputs)
}

/// Of a layer whose weights lie output by output, the parameters of neighbouring outputs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rows<'a> {
    /// The number of the first output.
    pub first: usize,
    /// Each output's weights.
    pub weights: &'a [f32],
    pub biases: &'a [f32],
}

impl<'a> Parameters<'a> {
    /// The part of the first of two layers, and that of the second.
    pub(super) fn split(self, theta: usize, frozen: usize) -> Result<(Self, Self), Error> {
        let (theta, rest) = split("parameters", self.theta, theta)?;
        let (frozen, frozen_rest) = split("frozen parameters", self.frozen, frozen)?;
        Ok((Self { theta, frozen }, Self { theta: rest, frozen: frozen_rest }))
    }

    /// A layer's weights and biases, wherever they lie.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn weights_and_biases<R: Trainable>(
        self,
        weights: usize,
        biases: usize,
    ) -> Result<(&'a [f32], &'a [f32]), Error> {
        const { assert_whole::<R>() }
        self.whole::<R>(weights, biases)
    }

    fn whole<R: Trainable>(
        self,
        weights: usize,
        biases: usize,
    ) -> Result<(&'a [f32], &'a [f32]), Error> {
        let trained = counted::<R>(weights, biases);
        Error::check_length("layer parameters", trained, self.theta.len())?;
        Error::check_length(
            "frozen layer parameters",
            weights.saturating_add(biases).saturating_sub(trained),
            self.frozen.len(),
        )?;
        match (R::WEIGHTS, R::BIASES) {
            (true, true) => split("layer parameters", self.theta, weights),
            (false, true) => Ok((self.frozen, self.theta)),
            (true, false) => Ok((self.theta, self.frozen)),
            (false, false) => split("frozen layer parameters", self.frozen, weights),
        }
    }

    /// The parameters of so many outputs with so many weights each: all of them, or those before
    /// the ones that are trained, those, and those after them.
    pub(super) fn by_output<R: Trainable>(
        self,
        [outputs, length]: [usize; 2],
    ) -> Result<[Rows<'a>; 3], Error> {
        let Some([first, count]) = R::OUTPUTS else {
            let (weights, biases) = self.whole::<R>(outputs.saturating_mul(length), outputs)?;
            return Ok([Rows { first: 0, weights, biases }, Rows::default(), Rows::default()]);
        };
        let end = first.saturating_add(count);
        let after = outputs.saturating_sub(end);
        let trained = counted::<R>(count.saturating_mul(length), count);
        Error::check_length("layer parameters", trained, self.theta.len())?;
        let all = length.saturating_add(1).saturating_mul(outputs);
        let frozen = all.saturating_sub(trained);
        Error::check_length("frozen layer parameters", frozen, self.frozen.len())?;
        let (mut theta, mut frozen) = (self.theta, self.frozen);
        let mut next = |trained, length| {
            let rest = if trained { &mut theta } else { &mut frozen };
            let (next, others) = split("layer parameters", rest, length)?;
            *rest = others;
            Ok(next)
        };
        let below = next(false, first.saturating_mul(length))?;
        let weights = next(R::WEIGHTS, count.saturating_mul(length))?;
        let above = next(false, after.saturating_mul(length))?;
        let biases_below = next(false, first)?;
        let biases = next(R::BIASES, count)?;
        let biases_above = next(false, after)?;
        Ok([
            Rows { first: 0, weights: below, biases: biases_below },
            Rows { first, weights, biases },
            Rows { first: end, weights: above, biases: biases_above },
        ])
    }
}

/// Where a layer puts the gradient with respect to its trained parameters.
#[derive(Debug)]
pub struct Gradient<'a> {
    /// The gradient, as long as the number of parameters that the layer trains.
    pub values: &'a mut [f32],
    /// Whether it is added to what is there, which earlier samples have left; else it is put in its
    /// place.
    pub add: bool,
}

impl<'a> Gradient<'a> {
    /// The part of the first of two layers, and that of the second.
    pub(super) fn split(self, first: usize) -> Result<(Self, Self), Error> {
        let Self { values, add } = self;
        let (values, rest) = split_mut("gradient", values, first)?;
        Ok((Self { values, add }, Self { values: rest, add }))
    }

    /// The parts of a layer's weights and biases; empty where they are not trained.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn weights_and_biases<R: Trainable>(
        self,
        weights: usize,
        biases: usize,
    ) -> Result<(Self, Self), Error> {
        const { assert_whole::<R>() }
        self.whole::<R>(weights, biases)
    }

    /// The parts of the weights and biases of the outputs that are trained, each of which has so
    /// many weights.
    pub(super) fn by_output<R: Trainable>(
        self,
        [outputs, length]: [usize; 2],
    ) -> Result<(Self, Self), Error> {
        let outputs = R::OUTPUTS.map_or(outputs, |[_, count]| count);
        self.whole::<R>(outputs.saturating_mul(length), outputs)
    }

    fn whole<R: Trainable>(self, weights: usize, biases: usize) -> Result<(Self, Self), Error> {
        Error::check_length("gradient", counted::<R>(weights, biases), self.values.len())?;
        self.split(if R::WEIGHTS { weights } else { 0 })
    }

    /// Values to which a layer may add: where nothing is to be kept, they begin at -0.0, to which
    /// anything may be added without a change.
    pub fn to_add_to(self) -> &'a mut [f32] {
        if !self.add {
            self.values.fill(-0.0);
        }
        self.values
    }
}

/// What the parameters of a [`Filter`] do, by which they may be trained at different rates, or be
/// left out of a weight decay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterKind {
    /// They multiply inputs: the weights of an output.
    Weight,
    /// They are added to an output: the bias of a layer with weights.
    Bias,
    /// They multiply values one by one, such as those that a layer has normalised.
    Scale,
    /// They are added to what was multiplied so.
    Shift,
}

/// Neighbours in theta that belong together, as [`Layer::filters`](super::Layer::filters) tells
/// them.
///
/// ```
/// use rolling_ball::nn::{Dense, Layer, LayerNorm, ParameterKind};
///
/// type Layers = (Dense<64, 32>, LayerNorm<32>, Dense<32, 10>);
/// // How many parameters a weight decay should leave alone.
/// let mut others = 0;
/// Layers::filters(&mut |filter| {
///     if filter.kind != ParameterKind::Weight {
///         others += filter.length;
///     }
/// });
/// assert_eq!(others, 32 + 32 + 32 + 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What its parameters do.
    pub kind: ParameterKind,
    /// How many parameters they are.
    pub length: usize,
}

/// Tells the filters of weights, so many of such a length, where weights are trained, then as many
/// biases.
pub(super) fn filters<R: Trainable>(
    [count, length]: [usize; 2],
    biases: usize,
    tell: &mut impl FnMut(Filter),
) {
    if R::WEIGHTS {
        (0..count).for_each(|_| tell(Filter { kind: ParameterKind::Weight, length }));
    }
    if R::BIASES {
        (0..biases).for_each(|_| tell(Filter { kind: ParameterKind::Bias, length: 1 }));
    }
}

/// He's uniform initialisation of the weights, by how many of them meet in an output; the biases
/// are zero.
pub(super) fn initialise<R: Trainable>(
    theta: &mut [f32],
    weights: usize,
    biases: usize,
    fan_in: usize,
    uniform: &mut impl FnMut() -> f32,
) -> Result<(), Error> {
    Error::check_length("parameters", counted::<R>(weights, biases), theta.len())?;
    let (weights, biases) = split_mut("parameters", theta, if R::WEIGHTS { weights } else { 0 })?;
    let bound = crate::math::sqrt(6.0 / fan_in as f32);
    weights.fill_with(|| bound * uniform());
    biases.fill(0.0);
    Ok(())
}

/// Tells the scales and then the shifts of so many channels, where they are trained.
pub(super) fn scales_and_shifts<R: Trainable>(channels: usize, tell: &mut impl FnMut(Filter)) {
    let mut tell = |trained, kind| {
        if trained {
            (0..channels).for_each(|_| tell(Filter { kind, length: 1 }));
        }
    };
    tell(R::WEIGHTS, ParameterKind::Scale);
    tell(R::BIASES, ParameterKind::Shift);
}

/// Scales are one, shifts are zero.
pub(super) fn initialise_scales<R: Trainable>(
    theta: &mut [f32],
    channels: usize,
) -> Result<(), Error> {
    Error::check_length("parameters", counted::<R>(channels, channels), theta.len())?;
    let (scales, shifts) = split_mut("parameters", theta, if R::WEIGHTS { channels } else { 0 })?;
    scales.fill(1.0);
    shifts.fill(0.0);
    Ok(())
}

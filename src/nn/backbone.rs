//! What a network sees its input through: frozen layers, read in place and evaluated forward only.

use super::layer::Layer;
use super::parameters::Parameters;
use super::sample::Input;
use super::split::{split, split_mut};
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// A frozen feature extractor in front of the layers that are trained.
pub trait Backbone: Copy {
    /// Lengths of its input and of its output; `None` where the input passes through, at any
    /// length.
    const SHAPE: Option<(usize, usize)>;
    /// Floats of scratch that it needs.
    const SCRATCH: usize;

    /// A feature as it is kept: a byte of an int8 backbone, else an `f32`.
    type Feature: Copy;
    /// Kept features, as the layers read them: with the bits that [`features`](Self::features)
    /// gives.
    type Kept<'k>: Input + Copy;

    /// Computes the features of one input, to be kept.
    ///
    /// # Errors
    /// As [`features`](Self::features), and [`Error::NonFiniteInput`] where no kept feature could
    /// tell that the input was not finite.
    fn keep<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &mut [f32],
        kept: &mut [Self::Feature],
    ) -> Result<(), Error>;

    /// Reads what was kept.
    fn kept<'k>(&self, features: &'k [Self::Feature]) -> Self::Kept<'k>;

    /// Computes the features of one input: the backbone's output.
    ///
    /// # Errors
    /// [`Error::Length`] where the input, the scratch slice or the features have another length
    /// than the constants say.
    fn features<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error>;
}

/// No backbone: the network is trained on its input itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Backbone for Nothing {
    const SHAPE: Option<(usize, usize)> = None;
    const SCRATCH: usize = 0;
    type Feature = f32;
    type Kept<'k> = &'k [f32];

    fn keep<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        _scratch: &mut [f32],
        kept: &mut [f32],
    ) -> Result<(), Error> {
        input.write(kept)
    }

    fn kept<'k>(&self, features: &'k [f32]) -> &'k [f32] {
        features
    }

    fn features<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        _scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error> {
        input.write(features)
    }
}

/// Layers `L` with `f32` parameters that are read where they lie, in flash, and never copied to
/// RAM. RAM: two buffers that take turns between the layers. Cost of a sample: one forward pass of
/// them.
///
/// ```
/// use rolling_ball::nn::{Dense, FloatBackbone, Network, Relu};
///
/// type Backbone = FloatBackbone<'static, (Dense<8, 16>, Relu<16>)>;
/// type Net = Network<'static, Dense<16, 4>, Backbone>;
/// static IN_FLASH: [f32; Backbone::PARAMETERS] = [0.01; Backbone::PARAMETERS];
///
/// let network = Net::with_backbone(Backbone::new(&IN_FLASH)?, &[])?;
/// let theta = [0.0; Net::PARAMETERS];
/// let mut scratch = [0.0; Net::INFERENCE_SCRATCH];
/// let logits = network.predict(&theta, &[1.0; 8], &mut scratch)?;
/// assert_eq!(logits, [0.0; 4]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Debug)]
pub struct FloatBackbone<'a, L> {
    parameters: &'a [f32],
    layers: PhantomData<L>,
}

impl<L> Clone for FloatBackbone<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for FloatBackbone<'_, L> {}

impl<'a, L: Layer> FloatBackbone<'a, L> {
    /// Number of its parameters, all of them frozen.
    pub const PARAMETERS: usize = L::PARAMETERS + L::FROZEN;

    /// A backbone over its parameters, layer after layer.
    ///
    /// # Errors
    /// [`Error::Length`] where there are not [`PARAMETERS`](Self::PARAMETERS) of them.
    pub fn new(parameters: &'a [f32]) -> Result<Self, Error> {
        const {
            assert!(
                L::FROZEN == 0,
                "FloatBackbone<L>: all of it is frozen, its layers need not say so"
            );
        }
        Error::check_length("parameters of the backbone", Self::PARAMETERS, parameters.len())?;
        Ok(Self { parameters, layers: PhantomData })
    }
}

impl<L: Layer> Backbone for FloatBackbone<'_, L> {
    const SHAPE: Option<(usize, usize)> = Some((L::INPUTS, L::OUTPUTS));
    const SCRATCH: usize = L::BUFFERS[0] + L::BUFFERS[1] + L::INFERENCE;
    type Feature = f32;
    type Kept<'k> = &'k [f32];

    fn keep<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &mut [f32],
        kept: &mut [f32],
    ) -> Result<(), Error> {
        self.features::<K>(input, scratch, kept)
    }

    fn kept<'k>(&self, features: &'k [f32]) -> &'k [f32] {
        features
    }

    fn features<K: Kernels>(
        &self,
        input: &(impl Input + ?Sized),
        scratch: &mut [f32],
        features: &mut [f32],
    ) -> Result<(), Error> {
        Error::check_length("features", L::OUTPUTS, features.len())?;
        let [front, back] = L::BUFFERS;
        let (front, rest) = split_mut("scratch", scratch, front)?;
        let (back, inside) = split_mut("scratch", rest, back)?;
        input.write(split_mut("scratch", front, L::INPUTS)?.0)?;
        let parameters = Parameters { theta: self.parameters, frozen: &[] };
        let (output, _) = L::infer::<K>(parameters, front, back, inside)?;
        let (output, _) = split("scratch", output, L::OUTPUTS)?;
        for (feature, value) in features.iter_mut().zip(output) {
            *feature = *value;
        }
        Ok(())
    }
}

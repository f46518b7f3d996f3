//! A few trained parameters beside a frozen layer.

use super::layer::{Layer, samples};
use super::parameters::{Filter, Gradient, ParameterKind, Parameters};
use super::split::{split, split_mut};
use super::window::Shape;
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `y = L(x) + B A x`: a frozen layer `L`, and beside it a matrix of a low rank that is trained.
/// `A` makes `RANK` numbers of the input, and `B` what is added to the output; where `L` is a
/// pointwise convolution, at each position by itself.
///
/// Parameters: `A` row by row (a row of weights for each of the `RANK` numbers), then `B` row by
/// row (a row for each output). They are [initialised](Layer::initialise) with zeros in `B`, so
/// that a network begins as it was. Cost: that of `L`, and `RANK * (inputs + outputs)`
/// multiply-adds a position forward, and twice that backward. RAM: `RANK` numbers a position are
/// kept.
///
/// ```
/// use rolling_ball::nn::{Dense, Frozen, Layer, LowRank, Map, PointwiseConv2d};
///
/// type Adapted = LowRank<Dense<256, 256, Frozen>, 4>;
/// assert_eq!((Adapted::PARAMETERS, Adapted::FROZEN), (4 * 256 + 256 * 4, 256 * 256 + 256));
/// type AtEachPosition = LowRank<PointwiseConv2d<Map<3, 3, 64>, 32, Frozen>, 4>;
/// assert_eq!(AtEachPosition::PARAMETERS, 4 * 64 + 32 * 4);
/// assert_eq!(AtEachPosition::ACTIVATIONS, 3 * 3 * 4);
/// ```
///
/// A layer that is trained itself does not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Dense, Layer, LowRank};
///
/// const _: usize = LowRank::<Dense<8, 4>, 2>::PARAMETERS;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LowRank<L, const RANK: usize>(PhantomData<L>);

impl<L: Shape, const RANK: usize> Shape for LowRank<L, RANK> {
    const MAP: [usize; 3] = L::MAP;
}

/// The two matrices, or the gradients with respect to them.
struct Matrices<T> {
    inner: T,
    outer: T,
}

impl<L: Layer + Shape, const RANK: usize> LowRank<L, RANK> {
    const POSITIONS: usize = {
        assert!(
            L::PARAMETERS == 0 && !L::SPENDS_GRADIENT,
            "LowRank<L, RANK>: expected a layer that is frozen, such as Dense<I, O, Frozen>"
        );
        assert!(RANK > 0, "LowRank<L, RANK>: expected a rank of at least 1");
        let positions = L::MAP[0] * L::MAP[1];
        assert!(
            L::OUTPUTS == L::LENGTH && positions > 0 && L::INPUTS.is_multiple_of(positions),
            "LowRank<L, RANK>: expected a layer with as many positions in its input as in its \
             output"
        );
        positions
    };
    /// Inputs and outputs of a position.
    const WIDTHS: [usize; 2] = [L::INPUTS / Self::POSITIONS, L::OUTPUTS / Self::POSITIONS];
    /// What is kept of a sample beside what `L` keeps.
    const CODES: usize = Self::POSITIONS * RANK;

    fn parameters<'p>(
        parameters: Parameters<'p>,
    ) -> Result<(Matrices<&'p [f32]>, Parameters<'p>), Error> {
        let Parameters { theta, frozen } = parameters;
        Error::check_length("layer parameters", Self::PARAMETERS, theta.len())?;
        let [inputs, _] = Self::WIDTHS;
        let (inner, outer) = split("layer parameters", theta, RANK.saturating_mul(inputs))?;
        Ok((Matrices { inner, outer }, Parameters { theta: &[], frozen }))
    }

    fn gradients(gradient: Gradient<'_>) -> Result<Matrices<&mut [f32]>, Error> {
        Error::check_length("gradient", Self::PARAMETERS, gradient.values.len())?;
        let [inputs, _] = Self::WIDTHS;
        let (inner, outer) = gradient.split(RANK.saturating_mul(inputs))?;
        Ok(Matrices { inner: inner.to_add_to(), outer: outer.to_add_to() })
    }

    /// The activations of `L`, and the numbers between the two matrices.
    fn cut(samples: usize, activations: &mut [f32]) -> Result<[&mut [f32]; 2], Error> {
        let of = |floats| samples.saturating_mul(floats);
        Error::check_length("layer activations", of(Self::ACTIVATIONS), activations.len())?;
        Ok(split_mut("layer activations", activations, of(L::ACTIVATIONS))?.into())
    }

    /// Adds the gradients with respect to the matrices, and overwrites the numbers between the two
    /// with the gradient with respect to them.
    fn back<K: Kernels>(
        outer: &[f32],
        input: &[f32],
        codes: &mut [f32],
        output_gradient: &[f32],
        gradient: Option<Matrices<&mut [f32]>>,
    ) {
        let [inputs, outputs] = Self::WIDTHS;
        let mut gradient = gradient;
        let positions = input.whole_chunks(inputs).zip(output_gradient.whole_chunks(outputs));
        for ((x, slopes), code) in positions.zip(codes.whole_chunks_mut(RANK)) {
            if let Some(Matrices { outer, .. }) = &mut gradient {
                for (row, slope) in outer.whole_chunks_mut(RANK).zip(slopes) {
                    K::add_scaled(row, *slope, code);
                }
            }
            code.fill(0.0);
            for (row, slope) in outer.whole_chunks(RANK).zip(slopes) {
                K::add_scaled(code, *slope, row);
            }
            if let Some(Matrices { inner, .. }) = &mut gradient {
                for (row, slope) in inner.whole_chunks_mut(inputs).zip(code.iter()) {
                    K::add_scaled(row, *slope, x);
                }
            }
        }
    }

    /// Adds to the gradient with respect to the input what comes through the matrices.
    fn add_input_gradient<K: Kernels>(inner: &[f32], codes: &[f32], input: &mut [f32]) {
        let [inputs, _] = Self::WIDTHS;
        for (x, code) in input.whole_chunks_mut(inputs).zip(codes.whole_chunks(RANK)) {
            for (row, slope) in inner.whole_chunks(inputs).zip(code) {
                K::add_scaled(x, *slope, row);
            }
        }
    }
}

impl<L: Layer + Shape, const RANK: usize> Layer for LowRank<L, RANK> {
    const INPUTS: usize = L::INPUTS;
    const OUTPUTS: usize = L::OUTPUTS;
    const PARAMETERS: usize = RANK * (Self::WIDTHS[0] + Self::WIDTHS[1]);
    const FROZEN: usize = L::FROZEN;
    const ACTIVATIONS: usize = L::ACTIVATIONS + Self::CODES;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (Matrices { inner, outer }, own) = Self::parameters(parameters)?;
        let samples = samples::<Self>(input, output)?;
        let [inside, codes] = Self::cut(samples, activations)?;
        L::forward::<K>(own, input, inside, output)?;
        let [inputs, outputs] = Self::WIDTHS;
        let positions = input.whole_chunks(inputs).zip(output.whole_chunks_mut(outputs));
        for ((x, y), code) in positions.zip(codes.whole_chunks_mut(RANK)) {
            for (number, row) in code.iter_mut().zip(inner.whole_chunks(inputs)) {
                *number = K::dot(row, x);
            }
            for (y, row) in y.iter_mut().zip(outer.whole_chunks(RANK)) {
                *y += K::dot(row, code);
            }
        }
        Ok(())
    }

    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let (Matrices { outer, .. }, _) = Self::parameters(parameters)?;
        let samples = samples::<Self>(input, output_gradient)?;
        let [_, codes] = Self::cut(samples, activations)?;
        let gradient = Self::gradients(gradient)?;
        Self::back::<K>(outer, input, codes, output_gradient, Some(gradient));
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let (Matrices { inner, outer }, own) = Self::parameters(parameters)?;
        let samples = samples::<Self>(input, output_gradient)?;
        let [inside, codes] = Self::cut(samples, activations)?;
        Self::back::<K>(outer, input, codes, output_gradient, None);
        L::backward_input::<K>(own, input, inside, output_gradient)?;
        Self::add_input_gradient::<K>(inner, codes, input);
        Ok(())
    }

    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let (Matrices { inner, outer }, own) = Self::parameters(parameters)?;
        let samples = samples::<Self>(input, output_gradient)?;
        let [inside, codes] = Self::cut(samples, activations)?;
        let gradient = Self::gradients(gradient)?;
        Self::back::<K>(outer, input, codes, output_gradient, Some(gradient));
        L::backward_input::<K>(own, input, inside, output_gradient)?;
        Self::add_input_gradient::<K>(inner, codes, input);
        Ok(())
    }

    /// He's uniform initialisation of `A`; `B` is zero.
    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        Error::check_length("parameters", Self::PARAMETERS, theta.len())?;
        let [inputs, _] = Self::WIDTHS;
        let (inner, outer) = split_mut("parameters", theta, RANK.saturating_mul(inputs))?;
        let bound = crate::math::sqrt(6.0 / inputs as f32);
        inner.fill_with(|| bound * uniform());
        outer.fill(0.0);
        Ok(())
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        let [inputs, outputs] = Self::WIDTHS;
        let mut tell = |count, length| {
            (0..count).for_each(|_| tell(Filter { kind: ParameterKind::Weight, length }));
        };
        tell(RANK, inputs);
        tell(outputs, RANK);
    }
}

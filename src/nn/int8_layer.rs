//! A frozen layer in eight-bit integers among layers in `f32`.

use super::int8::{Differentiable, Int8Backbone};
use super::layer::{Layer, count, each_backward_input, each_forward};
use super::parameters::Parameters;
use super::sample::Input;
use super::split::split_mut;
use super::window::Shape;
use super::{Backbone, activation::BITS};
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// A frozen layer `L` of [`int8`](super::int8) anywhere among layers in `f32`, such as behind the
/// first that is trained: a quarter of the flash of its `f32` form.
///
/// Forward, it quantises its input and gives the numbers that the bytes of its output stand for,
/// with the bits of an [`Int8Backbone`]. Backward, the gradient with respect to its input is
/// computed from the int8 weights and their scales as if nothing had been rounded (the
/// straight-through estimator). It is 0 where something was cut: for a value of the input that has
/// no byte, and through an output at an end of its clamps, which a fused ReLU is.
///
/// Frozen parameters: the bytes of an `Int8Backbone<L>` with their scales, as they lie in memory,
/// four in an `f32`, with zeros at the end up to a whole one. On a little-endian target
/// [`floats_from_le_bytes`](super::floats_from_le_bytes) makes them of a file; on a big-endian one
/// the bytes of each float that it makes are in the other order, which is refused.
///
/// Cost of a sample: that of the int8 layer, a product for each value to quantise it, and a look at
/// each multiplier and bias, since they are checked each time; backward as many multiply-adds, in
/// `f32`. RAM: a bit is kept for each value of the input and of the output. The bytes lie where the
/// output will be, and beside it only where they have no room there.
///
/// ```
/// use rolling_ball::nn::{Dense, Int8, Layer, LowRank, Network, int8};
///
/// type Frozen = Int8<int8::Dense<2, 1>>;
/// type Net<'a> = Network<'a, (Dense<2, 2>, Frozen)>;
/// // A header of 14 bytes, zeros and clamps, multiplier, bias, shift, two weights: in floats.
/// assert_eq!(Frozen::FROZEN, (14 + 4 + 4 + 4 + 1 + 2_usize).div_ceil(4));
/// assert_eq!((Frozen::PARAMETERS, Frozen::ACTIVATIONS), (0, 1 + 1));
/// // A low rank beside it.
/// assert_eq!(LowRank::<Frozen, 1>::PARAMETERS, 2 + 1);
///
/// // y = 2 a + b with 10 steps per unit of the input, weights in halves, and steps of a tenth in
/// // the output.
/// let mut bytes = Vec::from(*b"RBQ2");
/// bytes.extend(10.0f32.to_le_bytes()); // steps per unit of the input
/// bytes.extend(0.1f32.to_le_bytes()); // scale of the output
/// bytes.extend([0, 0]); // zero of the input, zero of the output
/// bytes.extend([0i8, 0, -128, 127].map(|value| value as u8)); // zeros and clamps of the layer
/// bytes.extend((1i32 << 30).to_le_bytes()); // multiplier: (0.1 * 0.5) / 0.1 is 2^30 / 2^31
/// bytes.extend(0i32.to_le_bytes()); // bias
/// bytes.extend([31]); // shift
/// bytes.extend([4, 2]); // weights, in halves
/// bytes.resize(4 * Frozen::FROZEN, 0);
/// let floats = bytes.as_chunks().0.iter().map(|bytes| f32::from_ne_bytes(*bytes));
/// let frozen: Vec<f32> = floats.collect();
///
/// let network = Net::new(&frozen)?;
/// let theta = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
/// let mut scratch = [0.0; Net::INFERENCE_SCRATCH];
/// assert_eq!(network.predict(&theta, &[1.5, -0.5], &mut scratch)?, [2.5]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Int8<L>(PhantomData<L>);

impl<L: Shape> Shape for Int8<L> {
    const MAP: [usize; 3] = L::MAP;
}

impl<L: Differentiable> Int8<L> {
    const BYTES: usize = Int8Backbone::<'static, L>::BYTES;
    const SCRATCH: usize = <Int8Backbone<'static, L> as Backbone>::SCRATCH;
    /// Whether the int8 layer works where the output will be.
    const IN_OUTPUT: bool = Self::SCRATCH <= L::OUTPUTS;
    /// Floats of bits: what of the input has a byte, and what of the output was not cut.
    const KEPT: [usize; 2] = [L::INPUTS.div_ceil(BITS), L::OUTPUTS.div_ceil(BITS)];

    fn layer(parameters: Parameters<'_>) -> Result<Int8Backbone<'_, L>, Error> {
        let Parameters { theta, frozen } = parameters;
        Error::check_length("layer parameters", 0, theta.len())?;
        Error::check_length("frozen layer parameters", Self::FROZEN, frozen.len())?;
        let bytes: &[u8] = bytemuck::must_cast_slice(frozen);
        Int8Backbone::new(bytes.get(..Self::BYTES).unwrap_or_default())
    }

    fn cut(activations: &mut [f32]) -> Result<[&mut [f32]; 3], Error> {
        let [inputs, outputs] = Self::KEPT;
        let (inputs, rest) = split_mut("layer activations", activations, inputs)?;
        let (outputs, scratch) = split_mut("layer activations", rest, outputs)?;
        Ok([inputs, outputs, scratch])
    }

    fn forward_one(
        layer: &Int8Backbone<L>,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let [of_input, of_output, beside] = Self::cut(activations)?;
        keep(of_input, input.iter().map(|value| layer.has_byte(*value)));
        let [least, largest] = layer.clamps()?;
        let is_whole = |byte: &i8| *byte > least && *byte < largest;
        let scratch = match Self::IN_OUTPUT {
            true => split_mut("layer output", output, Self::SCRATCH)?.0,
            false => &mut *beside,
        };
        let bytes = layer.infer(input, scratch)?;
        let Some(bytes) = bytes else {
            // The loss can tell.
            output.fill(f32::NAN);
            return Ok(());
        };
        keep(of_output, bytes.iter().map(is_whole));
        if Self::IN_OUTPUT {
            widen(layer, output);
            return Ok(());
        }
        let bytes: &[i8] = bytemuck::must_cast_slice(beside);
        layer.kept(bytes.get(..L::OUTPUTS).unwrap_or_default()).write(output)
    }
}

impl<L: Differentiable> Layer for Int8<L> {
    const INPUTS: usize = L::INPUTS;
    const OUTPUTS: usize = L::OUTPUTS;
    const PARAMETERS: usize = 0;
    const FROZEN: usize = Self::BYTES.div_ceil(size_of::<f32>());
    const ACTIVATIONS: usize =
        Self::KEPT[0] + Self::KEPT[1] + if Self::IN_OUTPUT { 0 } else { Self::SCRATCH };
    const FORGETS_INPUT: bool = true;

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let layer = Self::layer(parameters)?;
        let samples = each_forward::<Self>(input, output)?;
        for ((input, output), activations) in samples.zip(of_each::<Self>(input, activations)?) {
            Self::forward_one(&layer, input, activations, output)?;
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let layer = Self::layer(parameters)?;
        let activations = of_each::<Self>(input, activations)?;
        let samples = each_backward_input::<Self>(input, output_gradient)?;
        for ((input, output_gradient), activations) in samples.zip(activations) {
            let [of_input, of_output, _] = Self::cut(activations)?;
            let each = output_gradient.iter().zip(kept(of_output));
            let slopes = each.map(|(slope, is_whole)| if is_whole { *slope } else { 0.0 });
            layer.input_gradient(slopes, input)?;
            for (x, has_byte) in input.iter_mut().zip(kept(of_input)) {
                if !has_byte {
                    *x = 0.0;
                }
            }
        }
        Ok(())
    }
}

/// The activations of each sample.
fn of_each<'a, L: Layer>(
    input: &[f32],
    activations: &'a mut [f32],
) -> Result<impl Iterator<Item = &'a mut [f32]> + use<'a, L>, Error> {
    let expected = count::<L>(input).saturating_mul(L::ACTIVATIONS);
    Error::check_length("layer activations", expected, activations.len())?;
    Ok(activations.whole_chunks_mut(L::ACTIVATIONS))
}

/// Overwrites an output at whose beginning its bytes lie with what they stand for, from the end on:
/// a number covers its own byte and those after it, which have been read.
fn widen<L: Differentiable>(layer: &Int8Backbone<L>, output: &mut [f32]) {
    let scale = layer.kept(&[]);
    for place in (0..output.len()).rev() {
        let bytes: &[i8] = bytemuck::must_cast_slice(output);
        let byte = bytes.get(place).copied().unwrap_or_default();
        if let Some(number) = output.get_mut(place) {
            *number = scale.number(byte);
        }
    }
}

/// Keeps a bit for each value.
fn keep(kept: &mut [f32], mut each: impl Iterator<Item = bool>) {
    let kept: &mut [u32] = bytemuck::must_cast_slice_mut(kept);
    for bits in kept {
        *bits = 0;
        for (place, bit) in (0..BITS as u32).zip(&mut each) {
            *bits |= u32::from(bit).wrapping_shl(place);
        }
    }
}

/// The bits that were kept.
fn kept(kept: &[f32]) -> impl Iterator<Item = bool> {
    let kept: &[u32] = bytemuck::must_cast_slice(kept);
    kept.iter()
        .flat_map(|bits| (0..BITS as u32).map(move |place| bits.wrapping_shr(place) & 1 == 1))
}

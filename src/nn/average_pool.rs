//! Averages over windows, and over the whole map.

use super::layer::{Layer, each_backward_input, each_forward};
use super::parameters::Parameters;
use super::window::{Border, Bounds, Gaps, Geometry, InTime, Padding, Shape, Sliding, Whole};
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// The mean of each channel over every window `W` on the map `M`. A sum is in the order of the
/// window's positions; it is divided by the number of those in the map or in the padding that
/// counts.
///
/// All of the padding counts where nothing else is said, as in PyTorch. With `Padding<0>` as
/// `Counted` none does, as in TFLite and Keras, and in PyTorch with `count_include_pad=False`. With
/// another [`Border`] so much of it counts, which leaves out what `ceil_mode` puts at the end.
///
/// ```
/// use rolling_ball::nn::{AveragePool, Kernel, Map, Shape, Stride, Window};
///
/// type Half = AveragePool<Map<8, 6, 4>, Window<Kernel<2>, Stride<2>>>;
/// assert_eq!(Half::MAP, [4, 3, 4]);
/// ```
///
/// ```
/// use rolling_ball::nn::{
///     AveragePool, Kernel, Network, Padding, PaddingBySide, Signal, Stride, Window,
/// };
///
/// // Three moments, of which the second window sees one.
/// type Ceiling = Window<Kernel<1, 2>, Stride<1, 2>, PaddingBySide<0, 0, 0, 1>>;
/// type Counting = AveragePool<Signal<3, 1>, Ceiling>;
/// type InTheMap = AveragePool<Signal<3, 1>, Ceiling, Padding<0>>;
/// let (input, mut scratch) = ([1.0, 3.0, 4.0], [0.0; 5]);
/// let counting = Network::<Counting>::new(&[])?;
/// assert_eq!(counting.predict(&[], &input, &mut scratch)?, [2.0, 2.0]);
/// let in_the_map = Network::<InTheMap>::new(&[])?;
/// assert_eq!(in_the_map.predict(&[], &input, &mut scratch)?, [2.0, 4.0]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AveragePool<M, W, Counted = Padding<{ usize::MAX }>>(PhantomData<(M, W, Counted)>);

/// [`AveragePool`] on a signal `M` in time.
///
/// ```
/// use rolling_ball::nn::{AveragePool1d, Kernel, Shape, Signal, Stride, Window};
///
/// assert_eq!(AveragePool1d::<Signal<12, 3>, Window<Kernel<4>, Stride<4>>>::MAP, [1, 3, 3]);
/// ```
pub type AveragePool1d<M, W, Counted = Padding<{ usize::MAX }>> =
    AveragePool<M, InTime<M, W>, Counted>;

/// The mean of each channel over the whole map `M`: as many outputs as channels.
///
/// ```
/// use rolling_ball::nn::{GlobalAveragePool, Layer, Map};
///
/// assert_eq!(GlobalAveragePool::<Map<8, 6, 4>>::OUTPUTS, 4);
/// ```
pub type GlobalAveragePool<M> = AveragePool<M, Whole<M>>;

impl<M: Shape, W: Sliding, Counted: Border> AveragePool<M, W, Counted> {
    const GEOMETRY: Geometry<W::Gaps> = Geometry::of::<M, W>();
    const COUNTED: Bounds = Self::GEOMETRY.bounds(W::PADDING, Counted::PADDING);
}

impl<M: Shape, W: Sliding, Counted: Border> Shape for AveragePool<M, W, Counted> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(M::MAP[2]);
}

impl<M: Shape, W: Sliding, Counted: Border> Layer for AveragePool<M, W, Counted> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const PARAMETERS: usize = 0;
    const FORGETS_INPUT: bool = true;

    fn forward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        for (input, output) in each_forward::<Self>(input, output)? {
            forward(Self::GEOMETRY, Self::COUNTED, input, output);
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        _parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        for (input, output_gradient) in each_backward_input::<Self>(input, output_gradient)? {
            input_gradient(Self::GEOMETRY, Self::COUNTED, output_gradient, input);
        }
        Ok(())
    }
}

fn forward(geometry: Geometry<impl Gaps>, counted: Bounds, input: &[f32], output: &mut [f32]) {
    let channels = geometry.channels();
    let windows = geometry.each().zip(geometry.counts(counted));
    for ((runs, count), place) in windows.zip(output.whole_chunks_mut(channels)) {
        place.fill(0.0);
        for run in runs {
            for position in run.of_map(input).whole_chunks(channels) {
                for (sum, x) in place.iter_mut().zip(position) {
                    *sum += x;
                }
            }
        }
        for mean in place {
            *mean /= count as f32;
        }
    }
}

fn input_gradient(
    geometry: Geometry<impl Gaps>,
    counted: Bounds,
    output_gradient: &[f32],
    input: &mut [f32],
) {
    let channels = geometry.channels();
    let windows = geometry.each().zip(geometry.counts(counted));
    input.fill(0.0);
    for ((runs, count), slopes) in windows.zip(output_gradient.whole_chunks(channels)) {
        for run in runs {
            for position in run.of_map_mut(input).whole_chunks_mut(channels) {
                for (x, slope) in position.iter_mut().zip(slopes) {
                    *x += slope / count as f32;
                }
            }
        }
    }
}

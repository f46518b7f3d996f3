//! Averages over windows, and over the whole map.

use super::layer::{Layer, each_backward_input, each_forward};
use super::parameters::Parameters;
use super::window::{Geometry, InTime, Shape, Sliding, Whole};
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// The mean of each channel over every window `W` on the map `M`. The zeros of the padding count:
/// every sum is divided by the number of the window's positions, as PyTorch does where it is not
/// told otherwise. A sum is in the order of the window's positions.
///
/// ```
/// use rolling_ball::nn::{AveragePool, Kernel, Map, Shape, Stride, Window};
///
/// type Half = AveragePool<Map<8, 6, 4>, Window<Kernel<2>, Stride<2>>>;
/// assert_eq!(Half::MAP, [4, 3, 4]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AveragePool<M, W>(PhantomData<(M, W)>);

/// [`AveragePool`] on a signal `M` in time.
///
/// ```
/// use rolling_ball::nn::{AveragePool1d, Kernel, Shape, Signal, Stride, Window};
///
/// assert_eq!(AveragePool1d::<Signal<12, 3>, Window<Kernel<4>, Stride<4>>>::MAP, [1, 3, 3]);
/// ```
pub type AveragePool1d<M, W> = AveragePool<M, InTime<M, W>>;

/// The mean of each channel over the whole map `M`: as many outputs as channels.
///
/// ```
/// use rolling_ball::nn::{GlobalAveragePool, Layer, Map};
///
/// assert_eq!(GlobalAveragePool::<Map<8, 6, 4>>::OUTPUTS, 4);
/// ```
pub type GlobalAveragePool<M> = AveragePool<M, Whole<M>>;

impl<M: Shape, W: Sliding> AveragePool<M, W> {
    const GEOMETRY: Geometry = Geometry::of::<M, W>();
}

impl<M: Shape, W: Sliding> Shape for AveragePool<M, W> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(M::MAP[2]);
}

impl<M: Shape, W: Sliding> Layer for AveragePool<M, W> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const PARAMETERS: usize = 0;

    fn forward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        _activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        for (input, output) in each_forward::<Self>(input, output)? {
            forward(Self::GEOMETRY, input, output);
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        _parameters: Parameters,
        input: &mut [f32],
        _activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        for (input, output_gradient) in each_backward_input::<Self>(input, output_gradient)? {
            input_gradient(Self::GEOMETRY, output_gradient, input);
        }
        Ok(())
    }
}

fn forward(geometry: Geometry, input: &[f32], output: &mut [f32]) {
    let channels = geometry.channels();
    let count = geometry.positions() as f32;
    for (runs, place) in geometry.each().zip(output.whole_chunks_mut(channels)) {
        place.fill(0.0);
        for run in runs {
            for position in run.of_map(input).whole_chunks(channels) {
                for (sum, x) in place.iter_mut().zip(position) {
                    *sum += x;
                }
            }
        }
        for mean in place {
            *mean /= count;
        }
    }
}

fn input_gradient(geometry: Geometry, output_gradient: &[f32], input: &mut [f32]) {
    let channels = geometry.channels();
    let count = geometry.positions() as f32;
    input.fill(0.0);
    for (runs, slopes) in geometry.each().zip(output_gradient.whole_chunks(channels)) {
        for run in runs {
            for position in run.of_map_mut(input).whole_chunks_mut(channels) {
                for (x, slope) in position.iter_mut().zip(slopes) {
                    *x += slope / count;
                }
            }
        }
    }
}

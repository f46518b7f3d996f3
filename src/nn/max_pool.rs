//! Maxima over windows.

use super::layer::{Layer, each_backward_input, each_forward, samples};
use super::parameters::Parameters;
use super::window::{Gaps, Geometry, InTime, Run, Shape, Sliding};
use crate::Error;
use crate::chunks::Chunked;
use crate::kernels::{Kernels, LANES};
use core::marker::PhantomData;

/// The largest value of each channel in every window `W` on the map `M`; the padding never is the
/// largest. Of equal values the first takes the gradient, as in PyTorch. NaN counts as the largest,
/// so that the loss can tell.
///
/// Where windows overlap, the layer keeps where each maximum was found; where they do not, it looks
/// again on the way back, and keeps nothing.
///
/// ```
/// use rolling_ball::nn::{Kernel, Layer, Map, MaxPool, Padding, Shape, Stride, Window};
///
/// type Half = MaxPool<Map<8, 6, 4>, Window<Kernel<2>, Stride<2>>>;
/// assert_eq!((Half::MAP, Half::ACTIVATIONS), ([4, 3, 4], 0));
/// type Overlapping = MaxPool<Map<8, 6, 4>, Window<Kernel<3>, Stride<1>, Padding<1>>>;
/// assert_eq!((Overlapping::MAP, Overlapping::ACTIVATIONS), ([8, 6, 4], 8 * 6 * 4));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MaxPool<M, W>(PhantomData<(M, W)>);

/// [`MaxPool`] on a signal `M` in time.
///
/// ```
/// use rolling_ball::nn::{Kernel, MaxPool1d, Shape, Signal, Stride, Window};
///
/// assert_eq!(MaxPool1d::<Signal<50, 3>, Window<Kernel<2>, Stride<2>>>::MAP, [1, 25, 3]);
/// ```
pub type MaxPool1d<M, W> = MaxPool<M, InTime<M, W>>;

impl<M: Shape, W: Sliding> MaxPool<M, W> {
    const GEOMETRY: Geometry<W::Gaps> = {
        assert!(M::LENGTH <= 1 << 24, "MaxPool: expected a map whose places an f32 can count");
        Geometry::of::<M, W>()
    };
}

impl<M: Shape, W: Sliding> Shape for MaxPool<M, W> {
    const MAP: [usize; 3] = Self::GEOMETRY.output(M::MAP[2]);
}

impl<M: Shape, W: Sliding> Layer for MaxPool<M, W> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = Self::LENGTH;
    const PARAMETERS: usize = 0;
    const ACTIVATIONS: usize = if Self::GEOMETRY.overlaps() { Self::OUTPUTS } else { 0 };
    const FORGETS_INPUT: bool = Self::GEOMETRY.overlaps();

    fn forward<K: Kernels>(
        _parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let expected = samples::<Self>(input, output)?.saturating_mul(Self::ACTIVATIONS);
        Error::check_length("layer activations", expected, activations.len())?;
        let mut winners = activations.chunks_up_to_mut(Self::OUTPUTS);
        for (input, output) in each_forward::<Self>(input, output)? {
            forward(Self::GEOMETRY, input, winners.next().unwrap_or_default(), output);
        }
        Ok(())
    }

    fn backward_input<K: Kernels>(
        _parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        let expected = samples::<Self>(input, output_gradient)?.saturating_mul(Self::ACTIVATIONS);
        Error::check_length("layer activations", expected, activations.len())?;
        let mut winners = activations.chunks_up_to(Self::OUTPUTS);
        for (input, output_gradient) in each_backward_input::<Self>(input, output_gradient)? {
            if Self::GEOMETRY.overlaps() {
                scatter(winners.next().unwrap_or_default(), output_gradient, input);
            } else {
                replace(Self::GEOMETRY, output_gradient, input);
            }
        }
        Ok(())
    }
}

/// Keeps where the maxima were found if there is room for it.
fn forward(geometry: Geometry<impl Gaps>, input: &[f32], winners: &mut [f32], output: &mut [f32]) {
    let channels = geometry.channels();
    let mut winners = winners.iter_mut();
    for (runs, place) in geometry.each().zip(output.whole_chunks_mut(channels)) {
        let mut first = 0_usize;
        for place in place.chunks_up_to_mut(LANES) {
            let maxima = Maxima::find(runs.clone(), channels, first, input);
            // A channel's number, like all places in the map, fits a usize: nothing wraps.
            first = first.wrapping_add(LANES);
            for (y, largest) in place.iter_mut().zip(maxima.values) {
                *y = largest;
            }
            for (winner, _) in maxima.places().zip(place) {
                if let Some(kept) = winners.next() {
                    *kept = winner as f32;
                }
            }
        }
    }
}

/// Windows that overlap may have a winner in common: it takes the sum.
fn scatter(winners: &[f32], output_gradient: &[f32], input: &mut [f32]) {
    input.fill(0.0);
    for (winner, slope) in winners.iter().zip(output_gradient) {
        if let Some(x) = input.get_mut(*winner as usize) {
            *x += slope;
        }
    }
}

/// Windows that do not overlap are overwritten one by one, then what lies between them.
fn replace(geometry: Geometry<impl Gaps>, output_gradient: &[f32], input: &mut [f32]) {
    let channels = geometry.channels();
    for (runs, slopes) in geometry.each().zip(output_gradient.whole_chunks(channels)) {
        let mut first = 0_usize;
        for slopes in slopes.chunks_up_to(LANES) {
            let maxima = Maxima::find(runs.clone(), channels, first, input);
            for run in runs.clone() {
                for position in run.of_map_mut(input).whole_chunks_mut(channels) {
                    for (x, _) in position.iter_mut().skip(first).zip(slopes) {
                        *x = 0.0;
                    }
                }
            }
            for (winner, slope) in maxima.places().zip(slopes) {
                if let Some(x) = input.get_mut(winner) {
                    *x = *slope;
                }
            }
            first = first.wrapping_add(LANES);
        }
    }
    for (index, position) in (0..input.len()).zip(input.whole_chunks_mut(channels)) {
        if !geometry.covers(index) {
            position.fill(0.0);
        }
    }
}

/// Of each of some neighbouring channels, the first of the largest values in a window.
struct Maxima {
    values: [f32; LANES],
    /// Where the position of each begins in the map, from the first channel on.
    positions: [usize; LANES],
}

impl Maxima {
    /// Of the channels from this one on. Every window sees some of the map.
    #[inline(always)]
    fn find(
        runs: impl Iterator<Item = Run> + Clone,
        channels: usize,
        first: usize,
        input: &[f32],
    ) -> Self {
        let start = runs.clone().next().map_or(0, |run| run.map).wrapping_add(first);
        let mut maxima = Self { values: [f32::NEG_INFINITY; LANES], positions: [start; LANES] };
        for run in runs {
            let mut position = run.map.wrapping_add(first);
            for values in run.of_map(input).whole_chunks(channels) {
                maxima.compare(values.get(first..).unwrap_or_default(), position);
                position = position.wrapping_add(channels);
            }
        }
        maxima
    }

    #[inline(always)]
    fn compare(&mut self, values: &[f32], position: usize) {
        let largest = self.values.iter_mut().zip(&mut self.positions);
        for ((largest, place), x) in largest.zip(values) {
            if x.is_nan() || *x > *largest {
                (*largest, *place) = (*x, position);
            }
        }
    }

    /// Where each lies in the map.
    #[inline(always)]
    fn places(&self) -> impl Iterator<Item = usize> {
        (0..LANES).zip(self.positions).map(|(channel, position)| position.wrapping_add(channel))
    }
}

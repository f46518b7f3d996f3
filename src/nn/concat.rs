//! The outputs of two layers side by side.

use super::branches::{Branches, Join};
use super::identity::copy;
use super::layer::{Layer, larger};
use super::message::Message;
use super::window::Shape;
use crate::chunks::Chunked;

/// At every position the channels of `First(x)`, then those of `Second(x)`; of plain vectors, all
/// of one and then all of the other. Either may be [`Identity`](super::Identity), and three are
/// `Concat<First, Concat<Second, Third>>`.
///
/// Both maps have as many rows and columns. A tuple should end with a layer over a shape
/// ([`over`](super::over)), since `Relu<512>` and its like make a plain vector of a map.
///
/// Parameters: those of `First`, then those of `Second`. Cost: that of both, and a copy or two of
/// each value. The [`ACTIVATIONS`](Layer::ACTIVATIONS) have room for the longer of the two outputs,
/// and for a copy of the input where neither is the identity. A prediction keeps a copy of the
/// input while `First` is evaluated.
///
/// ```
/// use rolling_ball::nn::{
///     Concat, Conv2d, Dense, Kernel, Layer, Map, Padding, Shape, Stride, Window,
/// };
///
/// type Input = Map<14, 14, 3>;
/// type Fine = Conv2d<Input, Window<Kernel<1>>, 8>;
/// type Coarse = Conv2d<Input, Window<Kernel<5>, Stride<1>, Padding<2>>, 4>;
/// assert_eq!(Concat::<Fine, Coarse>::MAP, [14, 14, 8 + 4]);
/// assert_eq!(Concat::<Dense<16, 8>, Dense<16, 3>>::OUTPUTS, 8 + 3);
/// ```
///
/// Maps of different sizes do not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Concat, Conv2d, Kernel, Layer, Map, Window};
///
/// type Input = Map<14, 14, 3>;
/// type Fine = Conv2d<Input, Window<Kernel<1>>, 8>;
/// type Smaller = Conv2d<Input, Window<Kernel<5>>, 4>;
/// const _: usize = Concat::<Fine, Smaller>::OUTPUTS;
/// ```
pub type Concat<First, Second> = Branches<First, Second, SideBySide>;

/// Outputs whose channels lie side by side.
#[derive(Clone, Copy, Debug, Default)]
pub struct SideBySide;

const fn joined<First: Shape, Second: Shape>() -> [usize; 3] {
    let ([rows, columns, channels], [other_rows, other_columns, more]) = (First::MAP, Second::MAP);
    let message = Message::new()
        .text("Concat: one map has ")
        .number(rows)
        .text(" x ")
        .number(columns)
        .text(" positions, the other has ")
        .number(other_rows)
        .text(" x ")
        .number(other_columns)
        .text("; they must be equal");
    assert!(rows == other_rows && columns == other_columns, "{}", message.as_str());
    [rows, columns, channels + more]
}

impl<First: Layer + Shape, Second: Layer + Shape> Join<First, Second> for SideBySide {
    const OUTPUTS: usize = {
        assert!(
            First::OUTPUTS == First::LENGTH && Second::OUTPUTS == Second::LENGTH,
            "Concat: expected layers whose shape is that of their output"
        );
        let [rows, columns, channels] = joined::<First, Second>();
        rows * columns * channels
    };
    const GATHERED: usize = larger(First::OUTPUTS, Second::OUTPUTS);

    fn join(output: &mut [f32], second: &[f32]) {
        spread([First::MAP[2], Second::MAP[2]], output, second);
    }

    fn first<'a>(output_gradient: &'a mut [f32], gathered: &'a mut [f32]) -> &'a mut [f32] {
        gather([0, First::MAP[2], Second::MAP[2]], output_gradient, gathered)
    }

    fn second<'a>(output_gradient: &'a mut [f32], gathered: &'a mut [f32]) -> &'a mut [f32] {
        gather([First::MAP[2], Second::MAP[2], 0], output_gradient, gathered)
    }
}

impl<First: Shape, Second: Shape> Shape for Branches<First, Second, SideBySide> {
    const MAP: [usize; 3] = joined::<First, Second>();
}

// The loops know numbers of channels as values, so that they are compiled once for all layers. The
// number of values fits a usize: the arithmetic never wraps.

/// Puts the second channels of each position behind its first ones, all of which lie at the
/// beginning of `output`: from the last position on, so that none is overwritten before it moves.
fn spread([first, second]: [usize; 2], output: &mut [f32], seconds: &[f32]) {
    let all = first.wrapping_add(second);
    for position in (0..seconds.len() / second.max(1)).rev() {
        let (from, to) = (position.wrapping_mul(first), position.wrapping_mul(all));
        for channel in (0..first).rev() {
            if let Some(value) = output.get(from.wrapping_add(channel)).copied()
                && let Some(place) = output.get_mut(to.wrapping_add(channel))
            {
                *place = value;
            }
        }
        let place = output.get_mut(to.wrapping_add(first)..to.wrapping_add(all));
        let values = seconds.get(position.wrapping_mul(second)..).unwrap_or_default();
        copy(place.unwrap_or_default(), values);
    }
}

/// Of each position, skips some values, takes some and skips some, and puts them side by side.
fn gather<'a>(
    [before, length, after]: [usize; 3],
    values: &[f32],
    gathered: &'a mut [f32],
) -> &'a mut [f32] {
    let all = before.wrapping_add(length).wrapping_add(after);
    let mut count = 0_usize;
    for (to, from) in gathered.whole_chunks_mut(length).zip(values.whole_chunks(all)) {
        copy(to, from.get(before..).unwrap_or_default());
        count = count.wrapping_add(length);
    }
    gathered.get_mut(..count).unwrap_or_default()
}

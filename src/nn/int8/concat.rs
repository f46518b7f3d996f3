//! Two outputs side by side.

use super::layer::{Buffers, Layer, buffer, split};
use super::residual::keep;
use crate::Error;
use crate::chunks::Chunked;
use crate::nn::layer::larger;
use crate::nn::window::Shape;
use core::marker::PhantomData;

/// The channels of `A(x)` and after them those of `B(x)`, position by position. Both may be tuples,
/// and either may be an [`Identity`](super::Identity); their outputs must have the same scale and
/// zero, which a [`Rescale`](super::Rescale) at the end of a side gives them.
///
/// RAM: what `B` needs for its input beside the two buffers. Cost: that of both, and a copy.
///
/// ```
/// use rolling_ball::nn::int8::{Concat, Conv2d, Identity};
/// use rolling_ball::nn::{Kernel, Map, Padding, Shape, Stride, Window};
///
/// type Input = Map<8, 8, 4>;
/// type Grown = Conv2d<Input, Window<Kernel<3>, Stride<1>, Padding<1>>, 6>;
/// assert_eq!(Concat::<Identity<Input>, Grown>::MAP, [8, 8, 10]);
/// ```
///
/// Maps of different sizes do not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::int8::{Concat, Conv2d, Identity};
/// use rolling_ball::nn::{Kernel, Map, Shape, Window};
///
/// type Input = Map<8, 8, 4>;
/// const _: usize = Concat::<Identity<Input>, Conv2d<Input, Window<Kernel<3>>, 6>>::LENGTH;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Concat<A, B>(PhantomData<(A, B)>);

impl<A: Shape, B: Shape> Shape for Concat<A, B> {
    const MAP: [usize; 3] = {
        let ([height, width, first], [other_height, other_width, second]) = (A::MAP, B::MAP);
        assert!(
            height == other_height && width == other_width,
            "int8::Concat<A, B>: expected maps of the same height and width"
        );
        [height, width, first + second]
    };
}

impl<A: Layer + Shape, B: Layer + Shape> Layer for Concat<A, B> {
    const INPUTS: usize = A::INPUTS;
    const OUTPUTS: usize = Self::LENGTH;
    const BYTES: usize = {
        assert!(A::INPUTS == B::INPUTS, "int8::Concat<A, B>: expected as many inputs on each side");
        A::BYTES + B::BYTES
    };
    const WIDTH: usize = larger(larger(A::WIDTH, B::WIDTH), Self::OUTPUTS);
    const INSIDE: usize = B::WIDTH + larger(A::INSIDE, B::INSIDE);
    // The output is written over what the first side leaves free.
    const ENDS_IN_BACK: bool = !A::ENDS_IN_BACK;

    fn check(bytes: &[u8]) -> Result<(), Error> {
        let (first, second) = split(bytes, A::BYTES)?;
        A::check(first)?;
        B::check(second)
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let (first, second) = split(bytes, A::BYTES)?;
        let (kept, inside) = buffer(inside, B::WIDTH)?;
        keep(kept, front, Self::INPUTS);
        let (left, free) = A::infer(first, front, back, inside)?;
        B::infer(second, kept, free, inside)?;
        if B::ENDS_IN_BACK {
            keep(kept, free, B::OUTPUTS);
        }
        let [_, _, channels] = Self::MAP;
        let ([_, _, of_left], [_, _, of_right]) = (A::MAP, B::MAP);
        let sides = left.whole_chunks(of_left).zip(kept.whole_chunks(of_right));
        let (output, _) = buffer(free, Self::OUTPUTS)?;
        for (values, (left, right)) in output.whole_chunks_mut(channels).zip(sides) {
            for (y, value) in values.iter_mut().zip(left.iter().chain(right)) {
                *y = *value;
            }
        }
        Ok((free, left))
    }
}

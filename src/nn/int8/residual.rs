//! A sum of two ways.

use super::affine::Range;
use super::factor::check_shift;
use super::identity::Identity;
use super::layer::{Buffers, Layer, PARAMETERS, buffer, split};
use crate::Error;
use crate::nn::layer::larger;
use crate::nn::window::Shape;
use core::marker::PhantomData;

/// `y = S(x) + L(x)`, for layers `L` and a shortcut `S` with as many inputs and outputs; the
/// shortcut is the input itself where nothing else is said. Both may be tuples.
///
/// Each way has its own scale and zero: `y = clamp(round(sum / 2^shift) + zero)` with
/// `sum = (l - zero_l) * multiplier_l + (s - zero_s) * multiplier_s`, in `i32`, halves rounded up.
/// A multiplier is the way's scale over the output's in units of `2^-shift`, at most `2^21` in
/// magnitude, so that nothing overflows; a negative one subtracts. The larger should lie above
/// `2^20`: rounding the two then moves the sum, before it is rounded itself, by less than a
/// four-thousandth of a step, times the larger quotient of the scales where that is above 1.
///
/// RAM: what `S` needs for its input beside the two buffers, which is the input's length where `S`
/// is the input. Cost: that of both, and two multiply-adds a value.
///
/// ```
/// use rolling_ball::nn::int8::{Conv2d, DepthwiseConv2d, Layer, Residual};
/// use rolling_ball::nn::{Kernel, Map, Padding, Stride, Window};
///
/// type Input = Map<8, 8, 4>;
/// type First = Conv2d<Input, Window<Kernel<3>, Stride<1>, Padding<1>>, 4>;
/// type Second = DepthwiseConv2d<First, Window<Kernel<3>, Stride<1>, Padding<1>>>;
/// type Block = Residual<(First, Second)>;
/// // The input, and four windows that the first gathers.
/// assert_eq!(Block::INSIDE, 8 * 8 * 4 + 4 * 3 * 3 * 4);
///
/// // Half as large, through a shortcut of 1 x 1.
/// type Halved = Conv2d<Input, Window<Kernel<3>, Stride<2>, Padding<1>>, 8>;
/// type Shortcut = Conv2d<Input, Window<Kernel<1>, Stride<2>>, 8>;
/// assert_eq!(Residual::<Halved, Shortcut>::OUTPUTS, 4 * 4 * 8);
/// ```
///
/// Ways of different lengths do not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::int8::{Dense, Layer, Residual};
///
/// const _: usize = Residual::<Dense<16, 8>>::BYTES;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Residual<L, S = Identity<L>>(PhantomData<(L, S)>);

impl<L: Shape, S> Shape for Residual<L, S> {
    const MAP: [usize; 3] = L::MAP;
}

impl<L: Layer, S: Layer> Layer for Residual<L, S> {
    const INPUTS: usize = L::INPUTS;
    const OUTPUTS: usize = L::OUTPUTS;
    const BYTES: usize = {
        assert!(
            L::INPUTS == S::INPUTS && L::OUTPUTS == S::OUTPUTS,
            "int8::Residual<L, S>: expected as many inputs and outputs on either way"
        );
        L::BYTES + S::BYTES + Sum::BYTES
    };
    const WIDTH: usize = larger(L::WIDTH, S::WIDTH);
    const INSIDE: usize = S::WIDTH + larger(L::INSIDE, S::INSIDE);
    const ENDS_IN_BACK: bool = L::ENDS_IN_BACK;

    fn check(bytes: &[u8]) -> Result<(), Error> {
        let (layers, rest) = split(bytes, L::BYTES)?;
        let (shortcut, sum) = split(rest, S::BYTES)?;
        L::check(layers)?;
        S::check(shortcut)?;
        Sum::read(sum)?.check()
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let (layers, rest) = split(bytes, L::BYTES)?;
        let (shortcut, sum) = split(rest, S::BYTES)?;
        let sum = Sum::read(sum)?;
        let (kept, inside) = buffer(inside, S::WIDTH)?;
        keep(kept, front, Self::INPUTS);
        let (output, free) = L::infer(layers, front, back, inside)?;
        let (other, _) = S::infer(shortcut, kept, free, inside)?;
        for (y, other) in output.iter_mut().zip(other).take(Self::OUTPUTS) {
            *y = sum.of(*y, *other);
        }
        Ok((output, free))
    }
}

/// Copies an input aside.
pub(super) fn keep(kept: &mut [i8], input: &[i8], length: usize) {
    for (kept, value) in kept.iter_mut().zip(input).take(length) {
        *kept = *value;
    }
}

/// How two ways are added.
struct Sum {
    /// The input is that of `L`.
    range: Range,
    other_zero: i32,
    multiplier: i32,
    other_multiplier: i32,
    shift: u32,
}

impl Sum {
    const BYTES: usize = 4 + 1 + 4 + 4 + 1;
    /// Two products of at most 255 * 2^21 and half of 2^30 stay below 2^31.
    const LARGEST_MULTIPLIER: u32 = 1 << 21;
    const LARGEST_SHIFT: u32 = 30;

    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let (range, rest) = Range::read(bytes)?;
        let actual = bytes.len();
        let wrong = Error::Length { what: PARAMETERS, expected: Self::BYTES, actual };
        let [other_zero, a, b, c, d, e, f, g, h, shift] = rest.try_into().map_err(|_| wrong)?;
        Ok(Self {
            range,
            other_zero: i32::from(other_zero.cast_signed()),
            multiplier: i32::from_le_bytes([a, b, c, d]),
            other_multiplier: i32::from_le_bytes([e, f, g, h]),
            shift: u32::from(shift),
        })
    }

    fn check(&self) -> Result<(), Error> {
        self.range.check()?;
        for multiplier in [self.multiplier, self.other_multiplier] {
            if multiplier.unsigned_abs() > Self::LARGEST_MULTIPLIER {
                return Err(Error::Setting {
                    name: "multiplier of an int8 sum",
                    value: multiplier as f32,
                    expected: "at most 2^21 in magnitude",
                });
            }
        }
        check_shift(self.shift, Self::LARGEST_SHIFT)
    }

    #[inline(always)]
    fn of(&self, value: i8, other: i8) -> i8 {
        let part = |value: i8, zero: i32, multiplier: i32| {
            i32::from(value).wrapping_sub(zero).wrapping_mul(multiplier)
        };
        let half = 1_i32.wrapping_shl(self.shift.wrapping_sub(1));
        let sum = part(value, self.range.input_zero, self.multiplier)
            .wrapping_add(part(other, self.other_zero, self.other_multiplier))
            .wrapping_add(half);
        self.range.output(sum.wrapping_shr(self.shift))
    }
}

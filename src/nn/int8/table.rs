//! Functions of one value.

use super::layer::{Buffers, Layer, PARAMETERS, input_and_output};
use crate::Error;
use crate::nn::window::Shape;
use core::marker::PhantomData;

/// Any function of each value of the shape `M`, such as a sigmoid, as a table: the outputs for the
/// bytes from -128 to 127, with whatever scale and zero they have.
///
/// Cost: a load a value.
///
/// ```
/// use rolling_ball::nn::Map;
/// use rolling_ball::nn::int8::{Layer, Table};
///
/// assert_eq!(Table::<Map<4, 4, 2>>::BYTES, 256);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Table<M>(PhantomData<M>);

impl<M: Shape> Shape for Table<M> {
    const MAP: [usize; 3] = M::MAP;
}

impl<M: Shape> Layer for Table<M> {
    const INPUTS: usize = M::LENGTH;
    const OUTPUTS: usize = M::LENGTH;
    const BYTES: usize = 256;

    fn check(bytes: &[u8]) -> Result<(), Error> {
        Error::check_length(PARAMETERS, Self::BYTES, bytes.len())
    }

    fn infer<'s>(
        bytes: &[u8],
        front: &'s mut [i8],
        back: &'s mut [i8],
        _inside: &mut [i8],
    ) -> Result<Buffers<'s>, Error> {
        let (expected, actual) = (Self::BYTES, bytes.len());
        let table: &[u8; 256] =
            bytes.try_into().map_err(|_| Error::Length { what: PARAMETERS, expected, actual })?;
        let (input, output) = input_and_output::<Self>(front, back)?;
        look_up(table, input, output);
        Ok((back, front))
    }
}

fn look_up(table: &[u8; 256], input: &[i8], output: &mut [i8]) {
    for (y, x) in output.iter_mut().zip(input) {
        let place = usize::from(x.cast_unsigned() ^ 128);
        *y = table.get(place).copied().unwrap_or_default().cast_signed();
    }
}

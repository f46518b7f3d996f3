//! Theta in a checkpoint: whole, or in few bits.
//!
//! In few bits it goes block by block: the step of the block, an `f32`, then the whole numbers that
//! it is multiplied by, in two's complement, the first in the lowest bits of a word. The last block
//! may be shorter; what is left of its last word is 0.

use super::encoding::{Reader, Writer};
use super::flash::Flash;
use crate::chunks::Chunked;
use crate::few_bits::Scale;

/// In how many bits a checkpoint holds each parameter of theta.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ThetaBits {
    /// As it is.
    #[default]
    ThirtyTwo,
    /// Rounded to 8 bits, with a scale for each 32 parameters: 9 bits a parameter.
    Eight,
    /// Rounded to 4 bits, with a scale for each 32 parameters: 5 bits a parameter.
    Four,
}

/// Parameters that share a scale.
const BLOCK: u8 = 32;

impl ThetaBits {
    /// The bits of a parameter, but for what its scale takes.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::ThirtyTwo => 32,
            Self::Eight => 8,
            Self::Four => 4,
        }
    }

    pub(super) fn of_bits(bits: u8) -> Option<Self> {
        match bits {
            32 => Some(Self::ThirtyTwo),
            8 => Some(Self::Eight),
            4 => Some(Self::Four),
            _ => None,
        }
    }

    /// Words of so many parameters.
    pub(super) const fn words(self, parameters: u64) -> u64 {
        let in_a_word = match self {
            Self::ThirtyTwo => return parameters,
            Self::Eight => 4,
            Self::Four => 8,
        };
        parameters.div_ceil(BLOCK as u64).saturating_add(parameters.div_ceil(in_a_word))
    }

    /// How many parameters there are in a word.
    fn in_a_word(self) -> u8 {
        match self {
            Self::ThirtyTwo => 1,
            Self::Eight => 4,
            Self::Four => 8,
        }
    }

    /// Writes theta, which is finite.
    pub(super) fn write<F: Flash>(
        self,
        theta: &[f32],
        writer: &mut Writer<'_, F>,
    ) -> Result<(), F::Error> {
        if self == Self::ThirtyTwo {
            return theta.iter().try_for_each(|element| writer.word(element.to_bits()));
        }
        let bits = self.bits();
        for block in theta.chunks_up_to(BLOCK.into()) {
            let scale = Scale::of(block, bits);
            writer.word(scale.step.to_bits())?;
            for elements in block.chunks_up_to(self.in_a_word().into()) {
                let mut word = 0_u32;
                for element in elements.iter().rev() {
                    let whole = u32::from(scale.whole(*element).cast_unsigned());
                    word = word.wrapping_shl(bits)
                        | whole & u32::MAX.wrapping_shr(32_u32.wrapping_sub(bits));
                }
                writer.word(word)?;
            }
        }
        Ok(())
    }

    /// Reads so many parameters, and tells each.
    pub(super) fn read<F: Flash>(
        self,
        parameters: usize,
        reader: &mut Reader<'_, F>,
        mut tell: impl FnMut(f32),
    ) -> Result<(), F::Error> {
        let (mut left, bits, in_a_word) = (parameters, self.bits(), self.in_a_word());
        while left > 0 {
            let first = f32::from_bits(reader.word()?);
            if self == Self::ThirtyTwo {
                tell(first);
                left = left.saturating_sub(1);
                continue;
            }
            let mut block = left.min(BLOCK.into());
            left = left.saturating_sub(block);
            while block > 0 {
                let mut word = reader.word()?;
                for _ in 0..block.min(in_a_word.into()) {
                    tell(whole(word, bits) * first);
                    word = word.wrapping_shr(bits);
                }
                block = block.saturating_sub(in_a_word.into());
            }
        }
        Ok(())
    }
}

/// The number in the lowest bits.
fn whole(word: u32, bits: u32) -> f32 {
    let above = 32_u32.saturating_sub(bits);
    let number = word.wrapping_shl(above).cast_signed().wrapping_shr(above);
    // Of 8 bits at most.
    f32::from(number as i8)
}

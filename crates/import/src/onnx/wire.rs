//! The wire format of Protocol Buffers, in which an ONNX file is written: numbered fields, of which
//! some are messages again. Nothing is copied, and no message is entered unasked, so a file decides
//! neither how deep this goes nor how much memory it takes.

use anyhow::{Context, Result, bail, ensure};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field<'a> {
    /// An integer, a boolean or an enumerator.
    Varint(u64),
    /// A `float`.
    Fixed32([u8; 4]),
    /// A `double`.
    Fixed64([u8; 8]),
    /// A text, bytes, a message, or numbers that are packed.
    Bytes(&'a [u8]),
}

/// The fields of a message, each with its number.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// Goes over the fields of a message.
pub fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<(u64, Field<'a>)> {
        let tag = varint(&mut self.rest)?;
        let field = match tag & 7 {
            0 => Field::Varint(varint(&mut self.rest)?),
            1 => Field::Fixed64(fixed(&mut self.rest)?),
            2 => {
                let length = varint(&mut self.rest)?;
                let split = usize::try_from(length).ok();
                let split = split.and_then(|length| self.rest.split_at_checked(length));
                let (bytes, rest) = split.with_context(|| {
                    format!("expected {length} bytes more, found {}", self.rest.len())
                })?;
                self.rest = rest;
                Field::Bytes(bytes)
            }
            5 => Field::Fixed32(fixed(&mut self.rest)?),
            other => bail!("expected a field of wire type 0, 1, 2 or 5, found {other}"),
        };
        Ok((tag >> 3, field))
    }
}

fn varint(rest: &mut &[u8]) -> Result<u64> {
    let mut value = 0;
    // Ten times seven bits hold 64; the last of them holds one.
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().context("the file ends in a number")?;
        *rest = after;
        let bits = u64::from(byte & 0x7f);
        ensure!(shift < 63 || bits <= 1, "a number has more than 64 bits");
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    bail!("a number has more than ten bytes")
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk().context("the file ends in a number")?;
    *rest = after;
    Ok(*bytes)
}

impl<'a> Field<'a> {
    /// An `int64`, `int32` or enumerator.
    pub fn integer(self) -> Result<i64> {
        match self {
            // Negative numbers are written as their two's complement in 64 bits.
            Self::Varint(value) => Ok(value.cast_signed()),
            other => bail!("expected an integer, found {}", other.kind()),
        }
    }

    /// A `float`.
    pub fn float(self) -> Result<f32> {
        match self {
            Self::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            other => bail!("expected a float, found {}", other.kind()),
        }
    }

    /// Bytes, or a message.
    pub fn bytes(self) -> Result<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            other => bail!("expected bytes, found {}", other.kind()),
        }
    }

    /// A text.
    pub fn text(self) -> Result<&'a str> {
        str::from_utf8(self.bytes()?).context("expected a text in UTF-8")
    }

    /// Integers: one, or some that are packed.
    pub fn integers(self, to: &mut Vec<i64>) -> Result<()> {
        match self {
            Self::Bytes(mut packed) => {
                while !packed.is_empty() {
                    to.push(varint(&mut packed)?.cast_signed());
                }
            }
            one => to.push(one.integer()?),
        }
        Ok(())
    }

    /// Floats: one, or some that are packed.
    pub fn floats(self, to: &mut Vec<f32>) -> Result<()> {
        match self {
            Self::Bytes(packed) => {
                let (chunks, rest) = packed.as_chunks();
                ensure!(rest.is_empty(), "expected floats of four bytes each");
                to.extend(chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)));
            }
            one => to.push(one.float()?),
        }
        Ok(())
    }

    /// Doubles: one, or some that are packed.
    pub fn doubles(self, to: &mut Vec<f64>) -> Result<()> {
        match self {
            Self::Bytes(packed) => {
                let (chunks, rest) = packed.as_chunks();
                ensure!(rest.is_empty(), "expected doubles of eight bytes each");
                to.extend(chunks.iter().map(|bytes| f64::from_le_bytes(*bytes)));
            }
            Self::Fixed64(bytes) => to.push(f64::from_le_bytes(bytes)),
            other => bail!("expected a double, found {}", other.kind()),
        }
        Ok(())
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Varint(_) => "an integer",
            Self::Fixed32(_) => "four bytes",
            Self::Fixed64(_) => "eight bytes",
            Self::Bytes(_) => "bytes",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(message: &[u8]) -> String {
        let fields: Result<Vec<_>> = fields(message).collect();
        fields.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn fields_of_every_kind_are_read_in_order() -> Result<()> {
        let message = [
            &[0x08, 0x96, 0x01][..],
            &[0x15, 0, 0, 0x80, 0x3f],
            &[0x19, 0, 0, 0, 0, 0, 0, 0, 0x40],
            &[0x22, 2, b'o', b'k'],
        ];
        let message = message.concat();
        let fields: Vec<_> = fields(&message).collect::<Result<_>>()?;
        let numbers: Vec<u64> = fields.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
        assert_eq!(fields[0].1.integer()?, 150);
        assert_eq!(fields[1].1.float()?, 1.0);
        let mut doubles = Vec::new();
        fields[2].1.doubles(&mut doubles)?;
        assert_eq!(doubles, [2.0]);
        assert_eq!(fields[3].1.text()?, "ok");
        Ok(())
    }

    #[test]
    fn negative_and_packed_integers_are_read() -> Result<()> {
        let minus_one = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        let mut integers = Vec::new();
        Field::Bytes(&[&minus_one[..], &[3]].concat()).integers(&mut integers)?;
        Field::Varint(7).integers(&mut integers)?;
        assert_eq!(integers, [-1, 3, 7]);
        Ok(())
    }

    #[test]
    fn a_number_or_length_that_the_file_does_not_have_is_refused() {
        for (message, why) in [
            (&[0x80][..], "ends in a number"),
            (&[0x08], "ends in a number"),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], "64 bits"),
            (&[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0], "ten bytes"),
            (&[0x15, 0, 0], "ends in a number"),
            (&[0x22, 3, 0], "expected 3 bytes more, found 1"),
            (&[0x22, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], "bytes more"),
            (&[0x0b], "wire type 0, 1, 2 or 5, found 3"),
        ] {
            let said = complaint(message);
            assert!(said.contains(why), "{message:?}: {said}");
        }
    }
}

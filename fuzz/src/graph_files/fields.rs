//! Changes of the fields of a message in the encoding of Protocol Buffers, with lengths that fit.

use crate::input::Input;

/// A field: its number with how it is encoded, and what it has.
#[derive(Clone)]
struct Field {
    key: u64,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Number(u64),
    Bytes(Vec<u8>),
    /// Four or eight bytes.
    Fixed(Vec<u8>),
}

impl Field {
    /// The bytes that it has inside.
    fn size(&self) -> usize {
        match &self.content {
            Content::Bytes(bytes) => bytes.len(),
            Content::Number(_) | Content::Fixed(_) => 0,
        }
    }
}

/// A message with one field changed: itself, something inside it, or one that comes from another.
pub fn edited(message: &[u8], other: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let Some(mut fields) = fields(message).filter(|fields| !fields.is_empty()) else {
        let mut bytes = message.to_vec();
        if !bytes.is_empty() {
            let at = input.below(bytes.len().min(256));
            bytes[at] = input.byte();
        }
        return bytes;
    };
    let index = match input.below(3) {
        // The largest, in which most lies.
        0 => (0..fields.len()).max_by_key(|index| fields[*index].size()).unwrap_or(0),
        _ => input.below(fields.len().min(256)),
    };
    let others = self::fields(other).unwrap_or_default();
    // One of the same number in the other message.
    let same = others.iter().find(|field| field.key == fields[index].key);
    match (&mut fields[index].content, input.below(12)) {
        (Content::Bytes(bytes), 0..=8) => {
            let inside = match same.map(|field| &field.content) {
                Some(Content::Bytes(inside)) => inside.as_slice(),
                _ => &[],
            };
            *bytes = edited(bytes, inside, input);
        }
        (Content::Number(number), 0..=8) => *number = self::number(input),
        (Content::Fixed(bytes), 0..=8) => {
            let float = input.float().to_le_bytes();
            bytes.iter_mut().zip(float).for_each(|(byte, new)| *byte = new);
        }
        (_, 9) => drop(fields.remove(index)),
        (_, 10) => {
            let again = fields[index].clone();
            fields.insert(index, again);
        }
        _ => {
            if let Some(field) = same {
                fields.insert(index, field.clone());
            }
        }
    }
    bytes(&fields)
}

/// A number: mostly small, sometimes negative or absurd.
fn number(input: &mut Input<'_>) -> u64 {
    match input.below(10) {
        0..=4 => u64::from(input.byte() % 9),
        5 => u64::from(input.byte()),
        6 => i64::from(input.byte().cast_signed()).cast_unsigned(),
        7 => 1 << (input.byte() % 64),
        8 => i64::MAX.cast_unsigned(),
        _ => u64::from(input.word()),
    }
}

fn fields(mut message: &[u8]) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let content = match key & 7 {
            0 => Content::Number(varint(&mut message)?),
            1 => Content::Fixed(taken(&mut message, 8)?),
            2 => {
                let count = varint(&mut message)?;
                Content::Bytes(taken(&mut message, usize::try_from(count).ok()?)?)
            }
            5 => Content::Fixed(taken(&mut message, 4)?),
            _ => return None,
        };
        fields.push(Field { key, content });
    }
    Some(fields)
}

fn taken(bytes: &mut &[u8], count: usize) -> Option<Vec<u8>> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken.to_vec())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn bytes(fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        put(field.key, &mut bytes);
        match &field.content {
            Content::Number(number) => put(*number, &mut bytes),
            Content::Fixed(fixed) => bytes.extend_from_slice(fixed),
            Content::Bytes(inside) => {
                put(inside.len() as u64, &mut bytes);
                bytes.extend_from_slice(inside);
            }
        }
    }
    bytes
}

fn put(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_as_it_was_read() {
        let message = [0x08, 0x96, 0x01, 0x12, 0x03, b'a', b'b', b'c', 0x1d, 0, 0, 0x80, 0x3f];
        assert_eq!(fields(&message).map(|fields| bytes(&fields)).as_deref(), Some(&message[..]));
    }

    #[test]
    fn a_longer_field_makes_its_message_longer() {
        // Field 1 is a message whose field 1 is the number 5, and becomes 2 to the power of 40.
        let changed = edited(&[0x0a, 2, 0x08, 5], &[], &mut Input::new(&[0, 0, 0, 0, 7, 40]));
        assert_eq!(changed, [0x0a, 7, 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
    }
}

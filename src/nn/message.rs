//! Messages that are put together when a program is compiled, so that a compile error can name
//! numbers.

/// A text of at most 256 bytes; what is more is left away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    bytes: [u8; 256],
    length: usize,
}

impl Message {
    pub const fn new() -> Self {
        Self { bytes: [0; 256], length: 0 }
    }

    /// Appends this text to the message.
    pub const fn text(mut self, text: &str) -> Self {
        let mut rest = text.as_bytes();
        while let [byte, others @ ..] = rest {
            self = self.byte(*byte);
            rest = others;
        }
        self
    }

    /// Appends this number to the message, in decimal digits.
    pub const fn number(mut self, number: usize) -> Self {
        let mut place = 1;
        while number / place >= 10 {
            place *= 10;
        }
        while place > 0 {
            self = self.byte(b'0' + (number / place % 10) as u8);
            place /= 10;
        }
        self
    }

    const fn byte(mut self, byte: u8) -> Self {
        if let Some((_, [place, ..])) = self.bytes.split_at_mut_checked(self.length) {
            *place = byte;
            self.length += 1;
        }
        self
    }

    pub const fn as_str(&self) -> &str {
        if let Some((text, _)) = self.bytes.split_at_checked(self.length)
            && let Ok(text) = core::str::from_utf8(text)
        {
            return text;
        }
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_holds_texts_and_numbers_in_their_order() {
        const MESSAGE: Message = Message::new().text("needs ").number(1048576).text(" of ");
        assert_eq!(MESSAGE.number(0).as_str(), "needs 1048576 of 0");
        assert_eq!(Message::new().number(usize::MAX).as_str().parse(), Ok(usize::MAX));
    }

    #[test]
    fn what_does_not_fit_a_message_is_left_away() {
        let mut message = Message::new();
        for _ in 0..30 {
            message = message.text("ten bytes.");
        }
        assert_eq!(message.as_str().len(), 256);
    }
}

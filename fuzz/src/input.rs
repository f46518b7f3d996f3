//! What a target reads from its bytes. Where they end there are zeros, so every input is one.

use arbitrary::Unstructured;
use rolling_ball::Schedule;

/// The bytes that are left.
#[derive(Debug)]
pub struct Input<'a>(Unstructured<'a>);

impl<'a> Input<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self(Unstructured::new(data))
    }

    pub fn ended(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub fn word(&mut self) -> u32 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Less than `count`, which is at most 256.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    /// A few, none, or as many as there can be.
    pub fn count(&mut self) -> u32 {
        match self.byte() {
            255 => u32::MAX,
            byte => u32::from(byte) % 8,
        }
    }

    /// Any number: ordinary more often than not.
    pub fn float(&mut self) -> f32 {
        let kind = self.byte();
        let sign = if kind & 128 == 0 { 1.0 } else { -1.0 };
        match kind % 20 {
            0..=6 => f32::from(self.byte().cast_signed()) / 16.0,
            7 => sign * f32::from(self.byte()) * 1e-3,
            8 => sign * f32::from(self.byte()) * 10.0,
            9 => sign,
            10 => sign * 0.0,
            11 => sign * power(60 + u32::from(self.byte()) % 68),
            12 => sign / power(40 + u32::from(self.byte()) % 86),
            13 => sign * f32::from_bits(u32::from(self.byte()) + 1),
            14 => sign * f32::MAX,
            15 => f32::NAN,
            16 => sign * f32::INFINITY,
            17 => f32::from_bits(self.word()),
            18 => sign * power(u32::from(self.byte()) % 60),
            _ => sign / power(u32::from(self.byte()) % 40),
        }
    }

    /// Any number but those that are not finite.
    pub fn finite(&mut self) -> f32 {
        let float = self.float();
        if float.is_finite() { float } else { 1.0 }
    }

    /// A setting: mostly one that makes sense, then one at the edge of its range or beyond it.
    pub fn setting(&mut self) -> f32 {
        match self.byte() {
            byte @ ..=199 => f32::from(1 + (byte & 3)) * power(u32::from(byte / 4 % 16)) / 4096.0,
            200..=215 => 0.0,
            216..=223 => power(60 + u32::from(self.byte()) % 68),
            224..=231 => 1.0 / power(60 + u32::from(self.byte()) % 66),
            232..=239 => f32::MAX,
            240..=245 => f32::from_bits(1),
            _ => self.float(),
        }
    }

    /// A setting below 1, mostly.
    pub fn fraction(&mut self) -> f32 {
        match self.byte() {
            255 => self.float(),
            254 => 1.0_f32.next_down(),
            byte => f32::from(byte) / 256.0,
        }
    }

    pub fn schedule(&mut self) -> Schedule {
        const CUSTOM: [fn(u32) -> f32; 6] = [
            |step| 1.0 / (1.0 + step as f32),
            |step| if step < 3 { 0.1 } else { f32::NAN },
            |step| if step == 2 { f32::INFINITY } else { 0.1 },
            |step| 0.5 - step as f32 * 0.25,
            |step| if step % 2 == 0 { 0.0 } else { f32::MAX },
            |step| f32::from_bits(step),
        ];
        match self.byte() {
            ..=127 => Schedule::Constant(self.setting()),
            128..=163 => {
                let (from, to) = (self.setting(), self.setting());
                Schedule::Linear { from, to, steps: self.count() }
            }
            164..=199 => {
                let (from, to) = (self.setting(), self.setting());
                Schedule::Cosine { from, to, steps: self.count() }
            }
            200..=239 => {
                let (from, to) = (self.setting(), self.setting());
                Schedule::Exponential { from, to, steps: self.count() }
            }
            byte => Schedule::Custom(CUSTOM[usize::from(byte) % CUSTOM.len()]),
        }
    }
}

/// 2 to this power, which is below 128.
fn power(exponent: u32) -> f32 {
    f32::from_bits((127 + exponent) << 23)
}

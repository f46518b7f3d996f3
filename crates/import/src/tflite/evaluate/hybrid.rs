//! Int8 weights under real numbers, as converters make them to save space.

/// How real numbers become integers that int8 weights are multiplied with: each sample by the
/// range of its own values.
#[derive(Clone, Copy, Debug)]
pub struct Dynamic {
    /// The number of samples that the values are divided into.
    pub samples: usize,
    /// Whether the range is from the least to the largest value, with a zero point; otherwise it is
    /// as far below 0 as above.
    pub asymmetric: bool,
}

impl Dynamic {
    /// Replaces the values by integers without their zero, and returns the scale of each sample.
    pub fn quantise(self, values: &mut [f64]) -> Vec<f64> {
        let length = values.len() / self.samples;
        values.chunks_exact_mut(length).map(|sample| self.sample(sample)).collect()
    }

    fn sample(self, values: &mut [f64]) -> f64 {
        // LiteRT looks for the ends of the range in f32, so it is done in f32 here too.
        let least = values.iter().fold(0.0f32, |least, value| least.min(*value as f32));
        let most = values.iter().fold(0.0f32, |most, value| most.max(*value as f32));
        if least == most {
            values.fill(0.0);
            return 1.0;
        }
        let (scale, zero) = if self.asymmetric {
            let scale = (f64::from(most) - f64::from(least)) / 255.0;
            let (low, high) = (f64::from(least) / scale, f64::from(most) / scale);
            // The end whose rounding errs less decides.
            let zero = if 128.0 - low < 127.0 + high { -128.0 - low } else { 127.0 - high };
            (scale as f32, zero.clamp(-128.0, 127.0).round() as f32)
        } else {
            (most.max(-least) / 127.0, 0.0)
        };
        let (inverse, lowest) = (1.0 / scale, if self.asymmetric { -128.0 } else { -127.0 });
        for value in values {
            let steps = (zero + *value as f32 * inverse).round();
            *value = f64::from(steps.clamp(lowest, 127.0) - zero);
        }
        f64::from(scale)
    }
}

//! The readings that stand in for a sensor.

use rolling_ball_import::{Samples, Sizes};

/// Draws readings for who has none yet: each class is a pattern, and a reading is its pattern with
/// noise. They only show that everything runs.
pub fn drawn(sizes: &Sizes, (scale, offset): (f32, f32), count: usize) -> Samples {
    let mut random = oorandom::Rand32::new(1);
    let patterns: Vec<Vec<u8>> = (0..sizes.outputs)
        .map(|_| (0..sizes.inputs).map(|_| byte(&mut random)).collect())
        .collect();
    let classes = (0..sizes.outputs).cycle().take(count);
    let labels: Vec<u8> = classes.map(|class| class as u8).collect();
    let mut noisy = |value: &u8| value.saturating_sub(byte(&mut random) / 8);
    let inputs = labels.iter().flat_map(|class| &patterns[usize::from(*class)]);
    Samples { inputs: inputs.map(&mut noisy).collect(), labels, scale, offset }
}

fn byte(random: &mut oorandom::Rand32) -> u8 {
    random.rand_range(0..256) as u8
}

/// So many of the readings, from all over the file, as the project holds them: the class, then the
/// input.
pub fn packed(samples: &Samples, width: usize, count: usize) -> Vec<u8> {
    let mut records = Vec::with_capacity(count * (1 + width));
    for index in 0..count {
        let index = index * samples.labels.len() / count;
        records.push(samples.labels[index]);
        records.extend(&samples.inputs[index * width..][..width]);
    }
    records
}

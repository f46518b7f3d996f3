//! Labelled samples as bytes, and how they are split and drawn.

use oorandom::Rand32;
use scenario::Samples;

/// Inputs one after another, a label for each, and how a byte becomes a number.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The inputs.
    pub inputs: Vec<u8>,
    /// The classes.
    pub labels: Vec<u8>,
    /// Length of one input.
    pub width: usize,
    /// Multiplies a byte.
    pub scale: f32,
    /// Added after.
    pub offset: f32,
}

impl Dataset {
    /// The samples by reference.
    pub fn samples(&self) -> Samples<'_> {
        let Self { inputs, labels, width, scale, offset } = self;
        Samples { inputs, labels, width: *width, scale: *scale, offset: *offset }
    }

    /// The samples at these indices, in this order.
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut inputs = Vec::with_capacity(indices.len() * self.width);
        for index in indices {
            inputs.extend_from_slice(&self.inputs[index * self.width..][..self.width]);
        }
        let labels = indices.iter().map(|index| self.labels[*index]).collect();
        Self { inputs, labels, ..*self }
    }

    /// Gives each label another of the ten classes with this probability.
    pub fn mislabel(&mut self, probability: f32, seed: u64) {
        let mut random = Rand32::new(seed);
        for label in &mut self.labels {
            let (chance, shift) = (random.rand_float(), random.rand_range(1..10) as u8);
            if chance < probability {
                *label = (*label + shift) % 10;
            }
        }
    }

    /// Draws `count` samples, as evenly over the ten classes as they go, in an order that goes round the
    /// classes; the second part is all the others, in their order.
    pub fn draw(&self, count: usize, seed: u64) -> (Self, Self) {
        let mut by_class = vec![Vec::new(); 10];
        for index in shuffled(self.labels.len(), seed) {
            by_class[usize::from(self.labels[index])].push(index);
        }
        let mut drawn = Vec::new();
        let mut class = 0;
        while drawn.len() < count.min(self.labels.len()) {
            drawn.extend(by_class[class % 10].pop());
            class += 1;
        }
        let others: Vec<usize> = (0..self.labels.len()).filter(|i| !drawn.contains(i)).collect();
        (self.select(&drawn), self.select(&others))
    }
}

/// `0 .. count` in an order that the seed decides.
pub fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut random = Rand32::new(seed);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, random.rand_range(0..last as u32 + 1) as usize);
    }
    order
}

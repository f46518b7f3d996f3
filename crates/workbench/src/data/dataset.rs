//! Labelled samples as bytes, and how they are split and drawn.

use oorandom::Rand32;
use rolling_ball::nn::QuantizedSamples;

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
    pub fn samples(&self) -> QuantizedSamples<'_> {
        let Self { inputs, labels, width, scale, offset } = self;
        QuantizedSamples { inputs, labels, width: *width, scale: *scale, offset: *offset }
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

    /// Draws `count` samples, as evenly over the classes as they go, in an order that goes round
    /// the classes; the second part is all the others, in their order.
    pub fn draw(&self, count: usize, seed: u64) -> (Self, Self) {
        let classes = self.labels.iter().max().map_or(1, |last| usize::from(*last) + 1);
        let mut by_class = vec![Vec::new(); classes];
        for index in shuffled(self.labels.len(), seed) {
            by_class[usize::from(self.labels[index])].push(index);
        }
        let mut drawn = Vec::new();
        let mut class = 0;
        while drawn.len() < count.min(self.labels.len()) {
            drawn.extend(by_class[class % classes].pop());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve samples of each class; each input tells its own index.
    fn dataset() -> Dataset {
        Dataset {
            inputs: (0..120).flat_map(|index| [index, 255 - index]).collect(),
            labels: (0..120).map(|index| index % 10).collect(),
            width: 2,
            scale: 1.0,
            offset: 0.0,
        }
    }

    #[test]
    fn a_draw_is_even_over_the_classes_and_leaves_all_others() {
        let (drawn, others) = dataset().draw(20, 3);
        for class in 0..10 {
            assert_eq!(drawn.labels.iter().filter(|label| **label == class).count(), 2);
            assert_eq!(others.labels.iter().filter(|label| **label == class).count(), 10);
        }
        let mut all: Vec<u8> =
            drawn.inputs.iter().chain(&others.inputs).copied().step_by(2).collect();
        all.sort_unstable();
        assert_eq!(all, (0..120).collect::<Vec<u8>>());
    }

    #[test]
    fn a_draw_depends_on_its_seed_alone() {
        assert_eq!(dataset().draw(20, 3).0.inputs, dataset().draw(20, 3).0.inputs);
        assert_ne!(dataset().draw(20, 3).0.inputs, dataset().draw(20, 4).0.inputs);
    }

    #[test]
    fn labels_stay_with_their_inputs() {
        let (drawn, others) = dataset().draw(30, 5);
        for part in [drawn, others] {
            for (input, label) in part.inputs.chunks_exact(2).zip(&part.labels) {
                assert_eq!(input[0] % 10, *label);
            }
        }
    }

    #[test]
    fn mislabelling_gives_as_many_labels_as_asked_for_another_class() {
        let clean = dataset();
        let wrong = |probability| {
            let mut noisy = dataset();
            noisy.mislabel(probability, 1);
            noisy.labels.iter().zip(&clean.labels).filter(|(noisy, clean)| noisy != clean).count()
        };
        assert_eq!(wrong(0.0), 0);
        assert_eq!(wrong(1.0), 120);
        // Five standard deviations around 36.
        assert!((11..=61).contains(&wrong(0.3)), "{}", wrong(0.3));
    }

    #[test]
    fn mislabelling_stays_within_the_ten_classes() {
        let mut noisy = dataset();
        noisy.mislabel(1.0, 1);
        assert!(noisy.labels.iter().all(|label| *label < 10), "{:?}", noisy.labels);
        assert_eq!(noisy.inputs, dataset().inputs);
    }

    #[test]
    fn a_draw_goes_round_the_classes_and_leaves_the_others_in_their_order() {
        let (drawn, others) = dataset().draw(25, 3);
        let classes: Vec<u8> = (0..25).map(|index| index % 10).collect();
        assert_eq!(drawn.labels, classes);
        let order: Vec<u8> = others.inputs.iter().copied().step_by(2).collect();
        assert!(order.is_sorted(), "{order:?}");
    }

    #[test]
    fn a_draw_of_more_than_there_are_is_all_of_them() {
        for count in [120, 121, usize::MAX] {
            let (drawn, others) = dataset().draw(count, 3);
            let mut all: Vec<u8> = drawn.inputs.iter().copied().step_by(2).collect();
            all.sort_unstable();
            assert_eq!(all, (0..120).collect::<Vec<u8>>());
            assert!(others.labels.is_empty() && others.inputs.is_empty());
        }
    }

    #[test]
    fn a_class_that_runs_out_is_passed_over() {
        // One sample of class 7, three of class 2.
        let few = dataset().select(&[2, 12, 7, 22]);
        assert_eq!(few.draw(3, 1).0.labels, [2, 7, 2]);
        assert_eq!(few.draw(4, 1).0.labels, [2, 7, 2, 2]);
    }

    #[test]
    fn shuffling_gives_each_index_once_in_an_order_of_the_seed() {
        for count in [0, 1, 2, 100] {
            let mut order = shuffled(count, 5);
            order.sort_unstable();
            assert_eq!(order, (0..count).collect::<Vec<_>>());
        }
        assert_eq!(shuffled(100, 5), shuffled(100, 5));
        assert_ne!(shuffled(100, 5), shuffled(100, 6));
    }
}

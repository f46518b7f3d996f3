//! How likely a network finds a label.

use super::super::binary_cross_entropy::BinaryCrossEntropyWithLogits;
use super::super::loss::Loss;
use super::super::network::class_of;
use super::super::softmax_cross_entropy::SoftmaxCrossEntropy;
use crate::{Error, Math};

/// What an output says of a label.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Opinion {
    /// The probability that the network gives the label; 0 where the output is not finite.
    pub probability: f32,
    /// Whether the network would answer with this label.
    pub agrees: bool,
}

/// A loss whose network says how likely a label is: what [`FineTuning`](super::FineTuning) needs to
/// tell credible labels from others. The losses for numbers have no such probability, since they do
/// not say how large an error is usual.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives a label no probability, which `FineTuning` judges by",
    note = "take SoftmaxCrossEntropy or BinaryCrossEntropyWithLogits; for a loss of numbers, \
            implement Likelihood with the spread of errors that you expect"
)]
pub trait Likelihood<Y>: Loss<Y> {
    /// The number of labels that there are, for an output of this length.
    fn labels(outputs: usize) -> usize;

    /// Whether two targets are the same label.
    fn same(a: &Y, b: &Y) -> bool;

    /// What the output says of the label `target`. The output may be overwritten.
    ///
    /// # Errors
    /// [`Error::Class`] where the target is none of the classes, [`Error::Length`] where it is not
    /// as long as the output.
    fn opinion(&self, output: &mut [f32], target: &Y) -> Result<Opinion, Error>;
}

impl<F: Math> Likelihood<usize> for SoftmaxCrossEntropy<'_, F> {
    fn labels(outputs: usize) -> usize {
        outputs
    }

    fn same(a: &usize, b: &usize) -> bool {
        a == b
    }

    fn opinion(&self, output: &mut [f32], target: &usize) -> Result<Opinion, Error> {
        let error = Error::Class { class: *target, classes: output.len() };
        let wanted = *output.get(*target).ok_or(error)?;
        let Ok(best) = class_of(output) else { return Ok(Opinion::default()) };
        let sum: f32 = output.iter().map(|other| F::exp(*other - wanted)).sum();
        // Where the sum overflows, the probability is 0.
        Ok(Opinion { probability: at_most_1(1.0 / sum), agrees: best == *target })
    }
}

impl<'t, F: Math> Likelihood<&'t [f32]> for BinaryCrossEntropyWithLogits<F> {
    /// Two for each answer of yes or no; several answers count as one label with two values.
    fn labels(_outputs: usize) -> usize {
        2
    }

    fn same(a: &&'t [f32], b: &&'t [f32]) -> bool {
        let yes = |target: &f32| *target > 0.5;
        a.iter().map(yes).eq(b.iter().map(yes))
    }

    fn opinion(&self, output: &mut [f32], target: &&'t [f32]) -> Result<Opinion, Error> {
        let agree = |(logit, target): (&f32, &f32)| (*logit > 0.0) == (*target > 0.5);
        let agrees = output.iter().zip(*target).all(agree);
        // The geometric mean of the answers' probabilities.
        let loss = self.evaluate(output, target, 0.0)?;
        let probability = F::exp(-loss);
        let finite = probability.is_finite();
        let probability = at_most_1(probability);
        Ok(if finite { Opinion { probability, agrees } } else { Opinion::default() })
    }
}

/// Rounding, or an exponential that is not exact, may carry a probability past 1.
fn at_most_1(probability: f32) -> f32 {
    if probability > 1.0 { 1.0 } else { probability }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "micromath")]
    #[test]
    fn an_exponential_that_is_not_exact_gives_no_probability_above_1() -> Result<(), Error> {
        use crate::Micromath;
        let softmax = SoftmaxCrossEntropy::new().with_math(Micromath);
        let binary = BinaryCrossEntropyWithLogits::new().with_math(Micromath);
        for logit in 0..200 {
            let logit = f32_of(logit);
            let opinion = softmax.opinion(&mut [logit, 0.0], &0)?;
            assert!((0.5..=1.0).contains(&opinion.probability), "{logit}: {opinion:?}");
            let opinion = binary.opinion(&mut [logit], &[1.0].as_slice())?;
            assert!((0.49..=1.0).contains(&opinion.probability), "{logit}: {opinion:?}");
        }
        Ok(())
    }

    #[cfg(feature = "micromath")]
    fn f32_of(tenths: u8) -> f32 {
        f32::from(tenths) / 10.0
    }

    #[test]
    fn the_probability_is_that_of_the_loss() -> Result<(), Error> {
        let loss = SoftmaxCrossEntropy::new();
        let outputs = [0.3, -1.2, 2.0];
        for class in 0..3 {
            let opinion = loss.opinion(&mut outputs.clone(), &class)?;
            let value = loss.evaluate(&mut outputs.clone(), &class, 1.0)?;
            assert!((opinion.probability - libm::expf(-value)).abs() < 1e-6);
            assert_eq!(opinion.agrees, class == 2);
        }
        Ok(())
    }

    #[test]
    fn an_output_that_is_not_finite_says_nothing_for_a_label() -> Result<(), Error> {
        let loss = SoftmaxCrossEntropy::new();
        for bad in [f32::NAN, f32::INFINITY] {
            assert_eq!(loss.opinion(&mut [bad, 1.0], &1)?, Opinion::default());
        }
        let loss = BinaryCrossEntropyWithLogits::new();
        assert_eq!(loss.opinion(&mut [f32::NAN], &[1.0].as_slice())?.probability, 0.0);
        Ok(())
    }

    #[test]
    fn logits_far_apart_give_a_probability_of_0() -> Result<(), Error> {
        let loss = SoftmaxCrossEntropy::new();
        assert_eq!(loss.opinion(&mut [500.0, -500.0], &1)?.probability, 0.0);
        assert_eq!(loss.opinion(&mut [500.0, -500.0], &0)?.probability, 1.0);
        Ok(())
    }
}

//! Two layers beside each other, which see the same input: what a residual and a concatenation have
//! in common.

use super::identity::copy;
use super::layer::{Layer, infer_forward, larger, samples};
use super::message::Message;
use super::parameters::{Filter, Gradient, Parameters};
use super::split::{split, split_mut};
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// The layers `First` and `Second` of the same input, whose outputs `J` joins: what
/// [`Residual`](super::Residual) and [`Concat`](super::Concat) are made of.
#[derive(Debug)]
pub struct Branches<First, Second, J>(PhantomData<(First, Second, J)>);

/// How the outputs of two layers become one.
pub trait Join<First: Layer, Second: Layer> {
    /// How many values a sample's output has. Where the two do not fit, it does not compile.
    const OUTPUTS: usize;
    /// Floats of memory, of each sample, in which a part of the output's gradient is gathered.
    const GATHERED: usize;

    /// At the beginning of `output` are the first layer's outputs; makes of them, and of the second
    /// layer's, the output.
    fn join(output: &mut [f32], second: &[f32]);

    /// The first layer's part of the output's gradient, which that layer may spend; `gathered` is
    /// memory for it.
    fn first<'a>(output_gradient: &'a mut [f32], gathered: &'a mut [f32]) -> &'a mut [f32];

    /// As [`first`](Self::first), the second layer's.
    fn second<'a>(output_gradient: &'a mut [f32], gathered: &'a mut [f32]) -> &'a mut [f32];
}

/// Does not compile where the two have inputs of different lengths; the message has both numbers.
const fn assert_same_input(first: usize, second: usize) {
    let message = Message::new()
        .text("layers beside each other: one has ")
        .number(first)
        .text(" inputs, the other has ")
        .number(second)
        .text("; they must be equal");
    assert!(first == second, "{}", message.as_str());
}

impl<First: Layer, Second: Layer, J: Join<First, Second>> Branches<First, Second, J> {
    /// Whether one of the layers hands its input on: then no copy of the input is needed, since
    /// only one of the two overwrites it.
    const ONE_PASSES: bool = First::PASSES_THROUGH || Second::PASSES_THROUGH;
    /// Floats of each sample for a copy of the input on the way back.
    const COPY: usize = if Self::ONE_PASSES { 0 } else { First::INPUTS };
    /// Floats of each sample for the second layer's output on the way forward.
    const ASIDE: usize = if Second::PASSES_THROUGH { 0 } else { Second::OUTPUTS };
    /// Memory that serves both ways.
    const BESIDE: usize = larger(Self::ASIDE, Self::COPY + J::GATHERED);

    /// What a prediction needs where it lets buffers take turns: two of them, and the memory
    /// inside. The output lies where the first layer ends; the second begins in a copy of the
    /// input, inside, and takes turns with the buffer that the first has left free.
    const TURNS: ([usize; 2], usize) = {
        let [front, back] = First::BUFFERS;
        let [kept, free] = Second::BUFFERS;
        let buffers = if First::ENDS_IN_BACK {
            [larger(front, free), larger(back, J::OUTPUTS)]
        } else {
            [larger(front, J::OUTPUTS), larger(back, free)]
        };
        (buffers, kept + larger(First::INFERENCE, Second::INFERENCE))
    };
    /// Whether that is no more than what the forward pass of a training needs.
    const TAKES_TURNS: bool = {
        let ([front, back], inside) = Self::TURNS;
        front + back + inside <= Self::INPUTS + Self::ACTIVATIONS + Self::OUTPUTS
    };

    fn parameters<'a>(parameters: Parameters<'a>) -> Result<[Parameters<'a>; 2], Error> {
        let (all, frozen) = (Self::PARAMETERS, Self::FROZEN);
        Error::check_length("layer parameters", all, parameters.theta.len())?;
        Error::check_length("frozen layer parameters", frozen, parameters.frozen.len())?;
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        Ok([first, second])
    }

    fn gradients<'a>(gradient: Gradient<'a>) -> Result<[Gradient<'a>; 2], Error> {
        Error::check_length("gradient", Self::PARAMETERS, gradient.values.len())?;
        let (first, second) = gradient.split(First::PARAMETERS)?;
        Ok([first, second])
    }

    /// The activations of each layer, and what lies beside them.
    fn cut(samples: usize, activations: &mut [f32]) -> Result<[&mut [f32]; 3], Error> {
        let of = |floats| samples.saturating_mul(floats);
        Error::check_length("layer activations", of(Self::ACTIVATIONS), activations.len())?;
        let (first, rest) = split_mut("activations", activations, of(First::ACTIVATIONS))?;
        let (second, beside) = split_mut("activations", rest, of(Second::ACTIVATIONS))?;
        Ok([first, second, beside])
    }

    /// The way back to the input, and through the parameters as well where there is a gradient.
    #[inline(always)]
    fn back<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Option<Gradient>,
    ) -> Result<(), Error> {
        let [first, second] = Self::parameters(parameters)?;
        let samples = samples::<Self>(input, output_gradient)?;
        let [first_gradient, second_gradient] = match gradient {
            Some(gradient) => Self::gradients(gradient)?.map(Some),
            None => [None, None],
        };
        let [inside, second_inside, beside] = Self::cut(samples, activations)?;
        let (kept, gathered) =
            split_mut("activations", beside, samples.saturating_mul(Self::COPY))?;
        if First::PASSES_THROUGH {
            let slopes = J::second(output_gradient, gathered);
            back::<Second, K>(second, input, second_inside, slopes, second_gradient)?;
            add(input, J::first(output_gradient, gathered));
            return Ok(());
        }
        copy(kept, input);
        let slopes = J::first(output_gradient, gathered);
        back::<First, K>(first, input, inside, slopes, first_gradient)?;
        let slopes = J::second(output_gradient, gathered);
        if Second::PASSES_THROUGH {
            add(input, slopes);
            return Ok(());
        }
        back::<Second, K>(second, kept, second_inside, slopes, second_gradient)?;
        add(input, kept);
        Ok(())
    }
}

impl<First: Layer, Second: Layer, J: Join<First, Second>> Layer for Branches<First, Second, J> {
    const INPUTS: usize = First::INPUTS;
    const OUTPUTS: usize = J::OUTPUTS;
    const PARAMETERS: usize = {
        assert_same_input(First::INPUTS, Second::INPUTS);
        assert!(J::OUTPUTS > 0, "layers beside each other: expected at least one output");
        First::PARAMETERS + Second::PARAMETERS
    };
    const FROZEN: usize = First::FROZEN + Second::FROZEN;
    const ACTIVATIONS: usize = First::ACTIVATIONS + Second::ACTIVATIONS + Self::BESIDE;
    const FORGETS_INPUT: bool = First::FORGETS_INPUT && Second::FORGETS_INPUT;
    const BUFFERS: [usize; 2] =
        if Self::TAKES_TURNS { Self::TURNS.0 } else { [First::INPUTS, J::OUTPUTS] };
    const ENDS_IN_BACK: bool = !Self::TAKES_TURNS || First::ENDS_IN_BACK;
    const INFERENCE: usize = if Self::TAKES_TURNS { Self::TURNS.1 } else { Self::ACTIVATIONS };

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let [first, second] = Self::parameters(parameters)?;
        let samples = samples::<Self>(input, output)?;
        let [inside, second_inside, beside] = Self::cut(samples, activations)?;
        let length = samples.saturating_mul(First::OUTPUTS);
        let (beginning, _) = split_mut("layer output", output, length)?;
        First::forward::<K>(first, input, inside, beginning)?;
        if Second::PASSES_THROUGH {
            J::join(output, input);
            return Ok(());
        }
        let length = samples.saturating_mul(Second::OUTPUTS);
        let (aside, _) = split_mut("activations", beside, length)?;
        Second::forward::<K>(second, input, second_inside, aside)?;
        J::join(output, aside);
        Ok(())
    }

    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let [first, second] = Self::parameters(parameters)?;
        let samples = samples::<Self>(input, output_gradient)?;
        let [first_gradient, second_gradient] = Self::gradients(gradient)?;
        let [inside, second_inside, gathered] = Self::cut(samples, activations)?;
        let slopes = J::first(output_gradient, gathered);
        First::backward::<K>(first, input, inside, slopes, first_gradient)?;
        let slopes = J::second(output_gradient, gathered);
        Second::backward::<K>(second, input, second_inside, slopes, second_gradient)
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        Self::back::<K>(parameters, input, activations, output_gradient, None)
    }

    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        Self::back::<K>(parameters, input, activations, output_gradient, Some(gradient))
    }

    fn infer<'s, K: Kernels>(
        parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        if !Self::TAKES_TURNS {
            return infer_forward::<Self, K>(parameters, front, back, inside);
        }
        let [first, second] = Self::parameters(parameters)?;
        let (kept, inside) = split_mut("inference activations", inside, Second::BUFFERS[0])?;
        copy(kept, split("inference buffer", front, Self::INPUTS)?.0);
        let (output, free) = First::infer::<K>(first, front, back, inside)?;
        let (other, _) = Second::infer::<K>(second, kept, &mut *free, inside)?;
        let (joined, _) = split_mut("inference buffer", output, Self::OUTPUTS)?;
        J::join(joined, split("inference buffer", other, Second::OUTPUTS)?.0);
        Ok((output, free))
    }

    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        Error::check_length("parameters", Self::PARAMETERS, theta.len())?;
        let (first, second) = split_mut("parameters", theta, First::PARAMETERS)?;
        First::initialise(first, uniform)?;
        Second::initialise(second, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        First::filters(tell);
        Second::filters(tell);
    }
}

#[inline(always)]
fn back<L: Layer, K: Kernels>(
    parameters: Parameters,
    input: &mut [f32],
    activations: &mut [f32],
    output_gradient: &mut [f32],
    gradient: Option<Gradient>,
) -> Result<(), Error> {
    match gradient {
        Some(gradient) => {
            L::backward_through::<K>(parameters, input, activations, output_gradient, gradient)
        }
        None => L::backward_input::<K>(parameters, input, activations, output_gradient),
    }
}

pub(super) fn add(y: &mut [f32], x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

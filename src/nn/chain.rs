//! How layers are put one after another: a tuple of layers is a layer.

use super::layer::{Layer, count, larger};
use super::message::Message;
use super::parameters::{Filter, Gradient, Parameters};
use super::split::split_mut;
use super::turns::{Below, Turns};
use super::window::Shape;
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `Last` after `First`: what tuples of layers are made of.
#[derive(Debug)]
pub struct Chain<First, Last>(PhantomData<(First, Last)>);

/// A tuple of 1 to 16 types, as a chain that is nested to the left: what comes before a layer is a
/// single one, in whose output the layer may put its own.
pub trait Tuple {
    /// The chain.
    type Nested;
}

macro_rules! nested {
    ($before:ty;) => { $before };
    ($before:ty; $next:ident $($rest:ident)*) => {
        nested!(Chain<$before, $next>; $($rest)*)
    };
}

macro_rules! tuples {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first, $($rest),*> Tuple for ($first, $($rest,)*) {
            type Nested = nested!($first; $($rest)*);
        }
        tuples!($($rest)*);
    };
}

tuples!(L1 L2 L3 L4 L5 L6 L7 L8 L9 L10 L11 L12 L13 L14 L15 L16);

/// Does not compile where two neighbours do not fit; the message has both numbers.
pub(super) const fn assert_neighbours_fit(outputs: usize, inputs: usize) {
    let message = Message::new()
        .text("layers in a row: a layer has ")
        .number(outputs)
        .text(" outputs, but the layer after it has ")
        .number(inputs)
        .text(" inputs; they must be equal");
    assert!(outputs == inputs, "{}", message.as_str());
}

impl<First, Last: Shape> Shape for Chain<First, Last> {
    const MAP: [usize; 3] = Last::MAP;
}

impl<First: Layer, Last: Layer> Chain<First, Last> {
    /// Whether the last layer is evaluated in place: then there is nothing between the two.
    const IN_PLACE: bool = {
        let in_place = Last::IN_PLACE.is_some();
        assert!(
            !in_place || (Last::PARAMETERS == 0 && Last::INPUTS == Last::OUTPUTS),
            "a layer in place: expected one that trains nothing and has as many outputs as inputs"
        );
        in_place
    };
    /// What the last layer keeps where it is evaluated in place, or else as it is.
    const LAST_KEPT: usize = match Last::IN_PLACE {
        Some(kept) => kept,
        None => Last::ACTIVATIONS,
    };
    /// Whether the vector between the two is free once the last layer has read it.
    const FREES: bool = !Self::IN_PLACE && Last::FORGETS_INPUT;
    /// Whether it lies where an earlier one was: a second vector that is free too.
    const IN_TURNS: bool = Self::FREES && First::TURNS.buffers[1] > 0;
    /// Floats of each sample for the vector between the two.
    const BETWEEN: usize = if Self::IN_PLACE { 0 } else { First::OUTPUTS };

    /// The activations of the first, what lies between, and the activations of the last.
    fn cut(samples: usize, activations: &mut [f32]) -> Result<[&mut [f32]; 3], Error> {
        let of = |floats| samples.saturating_mul(floats);
        let (first, rest) = split_mut("activations", activations, of(First::ACTIVATIONS))?;
        let (between, last) = split_mut("activations", rest, of(Self::BETWEEN))?;
        Ok([first, between, last])
    }

    /// What the first keeps and what the last keeps, and the two buffers.
    fn cut_in_turns(samples: usize, activations: &mut [f32]) -> Result<[&mut [f32]; 4], Error> {
        let of = |floats| samples.saturating_mul(floats);
        let Turns { kept, buffers: [first, _], .. } = First::TURNS;
        let (inside, rest) = split_mut("activations", activations, of(kept))?;
        let (last, rest) = split_mut("activations", rest, of(Self::LAST_KEPT))?;
        let (first, second) = split_mut("activations", rest, of(first))?;
        Ok([inside, last, first, second])
    }

    /// The backward pass where the vectors between layers take turns. Where they do not, the three
    /// backward passes of the trait are written out: one body for all of them took a fifth more
    /// stack on a Cortex-M4F.
    #[inline(always)]
    fn back_in_turns<K: Kernels>(
        parameters: Parameters,
        below: Below,
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Option<Gradient>,
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let [first_gradient, gradient] = Self::gradients(gradient)?;
        let samples = below.samples::<First>();
        let [inside, last, one, other] = Self::cut_in_turns(samples, activations)?;
        let (between, other) =
            if First::TURNS.ends_in_second { (other, one) } else { (one, other) };
        let length = samples.saturating_mul(First::OUTPUTS);
        let (slopes, _) = split_mut("activations", &mut *between, length)?;
        Self::back_last::<K>(second, &below, slopes, last, output_gradient, gradient)?;
        if Self::stops(&below) {
            return Ok(());
        }
        First::backward_in_turns::<K>(first, below, inside, between, other, first_gradient)
    }

    /// The backward pass of the last, which overwrites what lies between with the gradient with
    /// respect to it, unless nobody below needs that.
    #[inline(always)]
    fn back_last<K: Kernels>(
        parameters: Parameters,
        below: &Below,
        between: &mut [f32],
        last: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Option<Gradient>,
    ) -> Result<(), Error> {
        let between =
            if Self::stops(below) { Below::Kept(between) } else { Below::Overwritten(between) };
        between.backward::<Last, K>(parameters, last, output_gradient, gradient)
    }

    /// Whether nobody below learns, so that the gradient goes no further.
    fn stops(below: &Below) -> bool {
        First::PARAMETERS == 0 && matches!(below, Below::Kept(_))
    }

    fn gradients(gradient: Option<Gradient>) -> Result<[Option<Gradient>; 2], Error> {
        let Some(gradient) = gradient else { return Ok([None, None]) };
        let (first, second) = gradient.split(First::PARAMETERS)?;
        Ok([Some(first), Some(second)])
    }
}

impl<First: Layer, Last: Layer> Layer for Chain<First, Last> {
    const INPUTS: usize = First::INPUTS;
    const OUTPUTS: usize = Last::OUTPUTS;
    const PARAMETERS: usize = {
        assert_neighbours_fit(First::OUTPUTS, Last::INPUTS);
        First::PARAMETERS + Last::PARAMETERS
    };
    const FROZEN: usize = First::FROZEN + Last::FROZEN;
    const ACTIVATIONS: usize = Self::LAST_KEPT
        + if Self::IN_TURNS {
            let Turns { kept, buffers: [first, second], .. } = First::TURNS;
            kept + first + second
        } else {
            First::ACTIVATIONS + Self::BETWEEN
        };
    const FORGETS_INPUT: bool = First::FORGETS_INPUT;
    const TURNS: Turns = {
        let Turns { kept, buffers: [first, second], ends_in_second } = First::TURNS;
        let kept = kept + Self::LAST_KEPT;
        if Self::IN_PLACE {
            Turns { kept, ..First::TURNS }
        } else if !Self::FREES {
            let (kept, buffers) = (Self::ACTIVATIONS, [Self::OUTPUTS, 0]);
            Turns { kept, buffers, ends_in_second: false }
        } else if ends_in_second {
            let buffers = [larger(first, Last::OUTPUTS), second];
            Turns { kept, buffers, ends_in_second: false }
        } else {
            Turns { kept, buffers: [first, larger(second, Last::OUTPUTS)], ends_in_second: true }
        }
    };
    const SPENDS_GRADIENT: bool = Self::IN_PLACE || Last::SPENDS_GRADIENT;
    const BUFFERS: [usize; 2] = {
        let [front, back] = First::BUFFERS;
        let [input, output] = Last::BUFFERS;
        let [last_front, last_back] =
            if First::ENDS_IN_BACK { [output, input] } else { [input, output] };
        [larger(front, last_front), larger(back, last_back)]
    };
    const ENDS_IN_BACK: bool = First::ENDS_IN_BACK != Last::ENDS_IN_BACK;
    const INFERENCE: usize = larger(First::INFERENCE, Last::INFERENCE);

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        if Self::IN_TURNS {
            let samples = count::<First>(input);
            let [inside, last, one, other] = Self::cut_in_turns(samples, activations)?;
            let (between, _) = First::forward_in_turns::<K>(first, input, inside, one, other)?;
            let length = samples.saturating_mul(First::OUTPUTS);
            let (between, _) = split_mut("activations", between, length)?;
            return Last::forward::<K>(second, between, last, output);
        }
        let [inside, between, last] = Self::cut(count::<First>(input), activations)?;
        if Self::IN_PLACE {
            First::forward::<K>(first, input, inside, output)?;
            return Last::forward_in_place(second, output, last);
        }
        First::forward::<K>(first, input, inside, between)?;
        Last::forward::<K>(second, between, last, output)
    }

    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        if Self::IN_TURNS {
            let below = Below::Kept(input);
            return Self::back_in_turns::<K>(
                parameters,
                below,
                activations,
                output_gradient,
                Some(gradient),
            );
        }
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let (first_gradient, second_gradient) = gradient.split(First::PARAMETERS)?;
        let [inside, between, last] = Self::cut(count::<First>(input), activations)?;
        if Self::IN_PLACE {
            if First::PARAMETERS == 0 {
                // Nobody learns.
                return Ok(());
            }
            Last::backward_in_place(second, last, output_gradient)?;
            return First::backward::<K>(first, input, inside, output_gradient, first_gradient);
        }
        if First::PARAMETERS == 0 {
            // Nobody below learns: the gradient goes no further.
            return Last::backward::<K>(second, between, last, output_gradient, second_gradient);
        }
        Last::backward_through::<K>(second, between, last, output_gradient, second_gradient)?;
        First::backward::<K>(first, input, inside, between, first_gradient)
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        if Self::IN_TURNS {
            let below = Below::Overwritten(input);
            return Self::back_in_turns::<K>(parameters, below, activations, output_gradient, None);
        }
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let [inside, between, last] = Self::cut(count::<First>(input), activations)?;
        if Self::IN_PLACE {
            Last::backward_in_place(second, last, output_gradient)?;
            return First::backward_input::<K>(first, input, inside, output_gradient);
        }
        Last::backward_input::<K>(second, between, last, output_gradient)?;
        First::backward_input::<K>(first, input, inside, between)
    }

    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        if Self::IN_TURNS {
            let below = Below::Overwritten(input);
            return Self::back_in_turns::<K>(
                parameters,
                below,
                activations,
                output_gradient,
                Some(gradient),
            );
        }
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let (first_gradient, second_gradient) = gradient.split(First::PARAMETERS)?;
        let [inside, between, last] = Self::cut(count::<First>(input), activations)?;
        if Self::IN_PLACE {
            Last::backward_in_place(second, last, output_gradient)?;
            return First::backward_through::<K>(
                first,
                input,
                inside,
                output_gradient,
                first_gradient,
            );
        }
        Last::backward_through::<K>(second, between, last, output_gradient, second_gradient)?;
        First::backward_through::<K>(first, input, inside, between, first_gradient)
    }

    fn forward_in_turns<'s, K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        kept: &mut [f32],
        one: &'s mut [f32],
        other: &'s mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        let of = |floats| count::<First>(input).saturating_mul(floats);
        if !Self::IN_PLACE && !Self::FREES {
            let (output, _) = split_mut("activations", &mut *one, of(Self::OUTPUTS))?;
            Self::forward::<K>(parameters, input, kept, output)?;
            return Ok((one, other));
        }
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let (inside, last) = split_mut("activations", kept, of(First::TURNS.kept))?;
        let (front, back) = First::forward_in_turns::<K>(first, input, inside, one, other)?;
        let (between, _) = split_mut("activations", &mut *front, of(First::OUTPUTS))?;
        if Self::IN_PLACE {
            Last::forward_in_place(second, between, last)?;
            return Ok((front, back));
        }
        let (output, _) = split_mut("activations", &mut *back, of(Self::OUTPUTS))?;
        Last::forward::<K>(second, between, last, output)?;
        Ok((back, front))
    }

    fn backward_in_turns<K: Kernels>(
        parameters: Parameters,
        below: Below,
        kept: &mut [f32],
        slopes: &mut [f32],
        other: &mut [f32],
        gradient: Option<Gradient>,
    ) -> Result<(), Error> {
        let samples = below.samples::<First>();
        let of = |floats| samples.saturating_mul(floats);
        let (own, _) = split_mut("activations", &mut *slopes, of(Self::OUTPUTS))?;
        if !Self::IN_PLACE && !Self::FREES {
            return below.backward::<Self, K>(parameters, kept, own, gradient);
        }
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let (inside, last) = split_mut("activations", kept, of(First::TURNS.kept))?;
        if Self::IN_PLACE {
            Last::backward_in_place(second, last, own)?;
            return First::backward_in_turns::<K>(first, below, inside, slopes, other, gradient);
        }
        let [first_gradient, gradient] = Self::gradients(gradient)?;
        let (between, _) = split_mut("activations", &mut *other, of(First::OUTPUTS))?;
        Self::back_last::<K>(second, &below, between, last, own, gradient)?;
        if Self::stops(&below) {
            return Ok(());
        }
        First::backward_in_turns::<K>(first, below, inside, other, slopes, first_gradient)
    }

    fn infer<'s, K: Kernels>(
        parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let (front, back) = First::infer::<K>(first, front, back, inside)?;
        Last::infer::<K>(second, front, back, inside)
    }

    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        let (first, second) = split_mut("parameters", theta, First::PARAMETERS)?;
        First::initialise(first, uniform)?;
        Last::initialise(second, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        First::filters(tell);
        Last::filters(tell);
    }
}

// Tuples hand everything on to their chain, inlined, so that they cost nothing.

impl<T: Tuple<Nested: Shape>> Shape for T {
    const MAP: [usize; 3] = T::Nested::MAP;
}

/// Layers one after another: tuples of 1 to 16, which may nest.
impl<T: Tuple<Nested: Layer>> Layer for T {
    const INPUTS: usize = T::Nested::INPUTS;
    const OUTPUTS: usize = T::Nested::OUTPUTS;
    const PARAMETERS: usize = T::Nested::PARAMETERS;
    const FROZEN: usize = T::Nested::FROZEN;
    const ACTIVATIONS: usize = T::Nested::ACTIVATIONS;
    const IN_PLACE: Option<usize> = T::Nested::IN_PLACE;
    const FORGETS_INPUT: bool = T::Nested::FORGETS_INPUT;
    const TURNS: Turns = T::Nested::TURNS;
    const SPENDS_GRADIENT: bool = T::Nested::SPENDS_GRADIENT;
    const BUFFERS: [usize; 2] = T::Nested::BUFFERS;
    const ENDS_IN_BACK: bool = T::Nested::ENDS_IN_BACK;
    const PASSES_THROUGH: bool = T::Nested::PASSES_THROUGH;
    const INFERENCE: usize = T::Nested::INFERENCE;

    #[inline(always)]
    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        T::Nested::forward::<K>(parameters, input, activations, output)
    }

    #[inline(always)]
    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        T::Nested::backward::<K>(parameters, input, activations, output_gradient, gradient)
    }

    #[inline(always)]
    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
    ) -> Result<(), Error> {
        T::Nested::backward_input::<K>(parameters, input, activations, output_gradient)
    }

    #[inline(always)]
    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        T::Nested::backward_through::<K>(parameters, input, activations, output_gradient, gradient)
    }

    #[inline(always)]
    fn forward_in_place(
        parameters: Parameters,
        values: &mut [f32],
        kept: &mut [f32],
    ) -> Result<(), Error> {
        T::Nested::forward_in_place(parameters, values, kept)
    }

    #[inline(always)]
    fn backward_in_place(
        parameters: Parameters,
        kept: &[f32],
        gradient: &mut [f32],
    ) -> Result<(), Error> {
        T::Nested::backward_in_place(parameters, kept, gradient)
    }

    #[inline(always)]
    fn forward_in_turns<'s, K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        kept: &mut [f32],
        first: &'s mut [f32],
        second: &'s mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        T::Nested::forward_in_turns::<K>(parameters, input, kept, first, second)
    }

    #[inline(always)]
    fn backward_in_turns<K: Kernels>(
        parameters: Parameters,
        below: Below,
        kept: &mut [f32],
        slopes: &mut [f32],
        other: &mut [f32],
        gradient: Option<Gradient>,
    ) -> Result<(), Error> {
        T::Nested::backward_in_turns::<K>(parameters, below, kept, slopes, other, gradient)
    }

    #[inline(always)]
    fn infer<'s, K: Kernels>(
        parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        T::Nested::infer::<K>(parameters, front, back, inside)
    }

    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        T::Nested::initialise(theta, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        T::Nested::filters(tell);
    }
}

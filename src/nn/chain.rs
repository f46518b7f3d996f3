//! How layers are put one after another: a tuple of layers is a layer.

use super::layer::{Layer, count, larger};
use super::message::Message;
use super::parameters::{Filter, Gradient, Parameters};
use super::split::split_mut;
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
    /// Floats of each sample for the vector between the two.
    const BETWEEN: usize = if Self::IN_PLACE { 0 } else { First::OUTPUTS };

    /// The activations of the first, what lies between, and the activations of the last.
    fn cut(samples: usize, activations: &mut [f32]) -> Result<[&mut [f32]; 3], Error> {
        let of = |floats| samples.saturating_mul(floats);
        let (first, rest) = split_mut("activations", activations, of(First::ACTIVATIONS))?;
        let (between, last) = split_mut("activations", rest, of(Self::BETWEEN))?;
        Ok([first, between, last])
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
    const ACTIVATIONS: usize = First::ACTIVATIONS
        + Self::BETWEEN
        + match Last::IN_PLACE {
            Some(kept) => kept,
            None => Last::ACTIVATIONS,
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

//! How layers are put one after another: a tuple of layers is a layer.

use super::layer::{Layer, count, larger};
use super::message::Message;
use super::parameters::{Filter, Gradient, Parameters};
use super::split::split_mut;
use super::window::Shape;
use crate::Error;
use crate::kernels::Kernels;
use core::marker::PhantomData;

/// `Rest` after `First`: what tuples of layers are made of.
#[derive(Debug)]
pub struct Chain<First, Rest>(PhantomData<(First, Rest)>);

/// A tuple of 1 to 16 types, as a chain that is nested to the right.
pub trait Tuple {
    /// The chain.
    type Nested;
}

macro_rules! nested {
    ($last:ident) => { $last };
    ($first:ident $($rest:ident)+) => { Chain<$first, nested!($($rest)+)> };
}

macro_rules! tuples {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first, $($rest),*> Tuple for ($first, $($rest,)*) {
            type Nested = nested!($first $($rest)*);
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

impl<First, Rest: Shape> Shape for Chain<First, Rest> {
    const MAP: [usize; 3] = Rest::MAP;
}

impl<First: Layer, Rest: Layer> Layer for Chain<First, Rest> {
    const INPUTS: usize = First::INPUTS;
    const OUTPUTS: usize = Rest::OUTPUTS;
    const PARAMETERS: usize = {
        assert_neighbours_fit(First::OUTPUTS, Rest::INPUTS);
        First::PARAMETERS + Rest::PARAMETERS
    };
    const FROZEN: usize = First::FROZEN + Rest::FROZEN;
    const ACTIVATIONS: usize = First::ACTIVATIONS + First::OUTPUTS + Rest::ACTIVATIONS;
    const BUFFERS: [usize; 2] = {
        let [front, back] = First::BUFFERS;
        let [input, output] = Rest::BUFFERS;
        let [rest_front, rest_back] =
            if First::ENDS_IN_BACK { [output, input] } else { [input, output] };
        [larger(front, rest_front), larger(back, rest_back)]
    };
    const ENDS_IN_BACK: bool = First::ENDS_IN_BACK != Rest::ENDS_IN_BACK;
    const INFERENCE: usize = larger(First::INFERENCE, Rest::INFERENCE);

    fn forward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output: &mut [f32],
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let samples = count::<First>(input);
        let (inside, rest) = split_mut("activations", activations, samples * First::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, samples * First::OUTPUTS)?;
        First::forward::<K>(first, input, inside, middle)?;
        Rest::forward::<K>(second, middle, rest, output)
    }

    fn backward<K: Kernels>(
        parameters: Parameters,
        input: &[f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let (first_gradient, second_gradient) = gradient.split(First::PARAMETERS)?;
        let samples = count::<First>(input);
        let (inside, rest) = split_mut("activations", activations, samples * First::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, samples * First::OUTPUTS)?;
        if First::PARAMETERS == 0 {
            // Nobody below learns: the gradient goes no further.
            return Rest::backward::<K>(second, middle, rest, output_gradient, second_gradient);
        }
        Rest::backward_through::<K>(second, middle, rest, output_gradient, second_gradient)?;
        First::backward::<K>(first, input, inside, middle, first_gradient)
    }

    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let samples = count::<First>(input);
        let (inside, rest) = split_mut("activations", activations, samples * First::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, samples * First::OUTPUTS)?;
        Rest::backward_input::<K>(second, middle, rest, output_gradient)?;
        First::backward_input::<K>(first, input, inside, middle)
    }

    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let (first_gradient, second_gradient) = gradient.split(First::PARAMETERS)?;
        let samples = count::<First>(input);
        let (inside, rest) = split_mut("activations", activations, samples * First::ACTIVATIONS)?;
        let (middle, rest) = split_mut("activations", rest, samples * First::OUTPUTS)?;
        Rest::backward_through::<K>(second, middle, rest, output_gradient, second_gradient)?;
        First::backward_through::<K>(first, input, inside, middle, first_gradient)
    }

    fn infer<'s, K: Kernels>(
        parameters: Parameters,
        front: &'s mut [f32],
        back: &'s mut [f32],
        inside: &mut [f32],
    ) -> Result<(&'s mut [f32], &'s mut [f32]), Error> {
        let (first, second) = parameters.split(First::PARAMETERS, First::FROZEN)?;
        let (front, back) = First::infer::<K>(first, front, back, inside)?;
        Rest::infer::<K>(second, front, back, inside)
    }

    fn initialise(theta: &mut [f32], uniform: &mut impl FnMut() -> f32) -> Result<(), Error> {
        let (first, second) = split_mut("parameters", theta, First::PARAMETERS)?;
        First::initialise(first, uniform)?;
        Rest::initialise(second, uniform)
    }

    fn filters(tell: &mut impl FnMut(Filter)) {
        First::filters(tell);
        Rest::filters(tell);
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
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        T::Nested::backward::<K>(parameters, input, activations, output_gradient, gradient)
    }

    #[inline(always)]
    fn backward_input<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
    ) -> Result<(), Error> {
        T::Nested::backward_input::<K>(parameters, input, activations, output_gradient)
    }

    #[inline(always)]
    fn backward_through<K: Kernels>(
        parameters: Parameters,
        input: &mut [f32],
        activations: &mut [f32],
        output_gradient: &[f32],
        gradient: Gradient,
    ) -> Result<(), Error> {
        T::Nested::backward_through::<K>(parameters, input, activations, output_gradient, gradient)
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
